"""Every pixel flag: its bit, its name, what it means, and how such a pixel may be used.

The values up to 64 are those of the reference pipeline's DQ planes, so that each can read the
other's products; 256 and 512 are free there, and a reader that takes an unknown bit as bad leaves
such pixels out, which is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Use(StrEnum):
    """How a flagged pixel may be used in a stack."""

    NEVER = "never"
    LAST = "when nothing better is left"
    YES = "yes, with a note"


@dataclass(frozen=True)
class Flag:
    """One bit of a mask."""

    bit: int
    name: str
    meaning: str
    use: Use


FLAGS = (
    Flag(1, "bad", "bad pixel of the detector", Use.NEVER),
    Flag(2, "nonlinear", "in the detector's non-linear range", Use.YES),
    Flag(4, "saturated", "at or above saturation", Use.YES),
    Flag(8, "cosmic", "cosmic ray or other outlier in one frame", Use.LAST),
    Flag(16, "no_data", "outside the frame", Use.NEVER),
    Flag(32, "overlap", "overlap of slits; not used in imaging", Use.LAST),
    Flag(64, "unlit", "outside the illuminated field", Use.NEVER),
    Flag(256, "probe", "behind or beside the guide probe", Use.YES),
    Flag(512, "persistence", "afterglow of an earlier exposure", Use.LAST),
    Flag(1024, "object", "light of a source; written as OBJMASK, never into DQ", Use.YES),
    Flag(2048, "near_object", "where a source's faint wings may reach; never written", Use.YES),
)

BAD, NONLINEAR, SATURATED, COSMIC, NO_DATA, UNLIT = 1, 2, 4, 8, 16, 64
PROBE, PERSISTENCE, OBJECT, NEAR_OBJECT = 256, 512, 1024, 2048

#: Bits that keep a pixel out of every average: it holds no measure of the sky.
UNUSABLE = BAD | COSMIC | NO_DATA | 32 | UNLIT | PERSISTENCE

#: Bits that never reach a DQ plane on disk.
INTERNAL = OBJECT | NEAR_OBJECT

Mask = NDArray[np.uint16]


def names(value: int) -> tuple[str, ...]:
    """Return the names of the bits set in a mask value.

    Parameters
    ----------
    value : int
        One pixel of a mask.

    Returns
    -------
    tuple of str
        Names in order of the bits; an unknown bit is named by its number.

    Examples
    --------
    >>> names(6)
    ('nonlinear', 'saturated')
    """
    known = {flag.bit: flag.name for flag in FLAGS}
    bits = (1 << i for i in range(16) if int(value) & 1 << i)
    return tuple(known.get(bit, f"bit {bit}") for bit in bits)


def bits(*flag_names: str) -> int:
    """Return the mask value for flags given by name.

    Parameters
    ----------
    *flag_names : str
        Names from `FLAGS`.

    Returns
    -------
    int
        Their bits, joined.

    Raises
    ------
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> bits("bad", "unlit")
    65
    """
    known = {flag.name: flag.bit for flag in FLAGS}
    for name in flag_names:
        if name not in known:
            raise ValueError(f"unknown flag {name!r}: the flags are {', '.join(known)}")
    return sum({known[name] for name in flag_names})
