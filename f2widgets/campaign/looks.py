"""What a product looks like and how good it is, in few numbers: for the page of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.frame import Frame
from f2widgets.core.measures import QUALITY, flagged_part
from f2widgets.io.read import read_frame
from f2widgets.pictures import show
from f2widgets.quality import frame_lines, quality_table, stack_lines

#: Side of a picture, inches; there are 110 points to the inch.
_SIZE = 4.2
#: A normal distribution's sigma over its median absolute deviation.
_SIGMA = 1.4826


@dataclass(frozen=True)
class Look:
    """A product at a glance.

    Parameters
    ----------
    numbers : mapping of str to str
        What was measured, in words.
    frames : sequence of sequence of str
        Names of columns, their units, and a row for each frame of a stack; empty for what is none.
    """

    numbers: Mapping[str, str]
    frames: Sequence[Sequence[str]] = ()

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON can write it."""
        return {"numbers": dict(self.numbers), "frames": [list(row) for row in self.frames]}


def look_at(product: Path, kind: str | None) -> tuple[Look, bytes]:
    """Measure a product and draw it.

    Parameters
    ----------
    product : `~pathlib.Path`
        The file.
    kind : str or None
        'dark', 'bpm', 'flat' or 'image'.

    Returns
    -------
    look : Look
        Its numbers.
    picture : bytes
        A PNG file.

    Raises
    ------
    NotF2Data
        If the file cannot be read.
    """
    frame = read_frame(product)
    drawn = show(frame, plane="mask" if kind == "bpm" else "data", size=_SIZE).png()
    if QUALITY in frame.tables:
        table = quality_table(frame)
        return Look(stack_lines(table.meta), frame_lines(table)), drawn
    return Look(_numbers(frame, kind)), drawn


def _numbers(frame: Frame, kind: str | None) -> dict[str, str]:
    """Measure what is no stack."""
    lit = (frame.mask & (flags.NO_DATA | flags.UNLIT)) == 0
    if kind == "bpm":
        bad = int(((frame.mask & flags.BAD) != 0)[lit].sum())
        return {"bad pixels": f"{bad}, {100 * bad / max(1, int(lit.sum())):.2f} % of the lit ones"}
    values = frame.data[lit & ((frame.mask & flags.UNUSABLE) == 0)]
    values = values if values.size else np.full(1, np.nan, np.float32)
    middle = float(np.median(values))
    sigma = _SIGMA * float(np.median(np.abs(values - middle)))
    unit = {"electron": " electrons", "adu": " ADU", "": ""}[frame.unit]
    return {
        "level": f"{middle:.4g}{unit}, the pixels scatter by {sigma:.2g}",
        "flagged": f"{100 * flagged_part(frame, stride=1):.2f} % of the lit pixels have no good value",
    }
