"""What if: one step done again on a cut-out with other parameters, before and after side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.display import limits, plane_values, stretched
from f2widgets.core.frame import Frame
from f2widgets.products import Products
from f2widgets.recipes.parameters import Param
from f2widgets.teaching.checkpoint_panel import own_script, own_style
from f2widgets.teaching.rerun import Measure, Source, measures, prepared
from f2widgets.widgets.deeds import Deed, Name
from f2widgets.widgets.panel import Panel, from_page, table_html

#: Percentage of the pixels between black and white, before the change; after it the same values are used.
_LIMITS = 99.5
#: Flags shown as coloured pixels: those that steps set.
_SHOWN = flags.BAD | flags.SATURATED | flags.COSMIC | flags.PROBE | flags.PERSISTENCE | flags.OBJECT


class WhatIf(Panel):
    """A step with its parameters, tried on a small piece of real frames.

    Parameters
    ----------
    step : str
        Name of a step.
    frames : Products or sequence of Frame or path
        A reduction that kept frames before this step, or frames that have come that far.
    at : tuple of int, optional
        Middle x, y of the piece; by default that of the frame.
    side : int, optional
        Its side in pixels.
    then : sequence of str, optional
        Steps to do afterwards, to see what comes of it.
    calibrations : mapping, optional
        By kind, what the step takes besides.
    only : sequence of str, optional
        Parameters to offer; by default all.
    measure : callable, optional
        Takes the frames that come out and returns further numbers by their names.
    shown : int, optional
        The frame to look at.

    Attributes
    ----------
    values : dict
        Parameters as they are set.
    before, after : tuple of Frame
        What comes out by default, and as they are set.
    seconds : float
        How long it took.

    Raises
    ------
    ParameterError
        If there is no such step.
    WrongInputs
        If there are no frames, or a calibration is missing.
    """

    title = "What if"
    _esm = own_script("pictures.js", "whatif.js")
    _css = own_style()

    def __init__(
        self,
        step: str,
        frames: Products | Sequence[Source],
        *,
        at: tuple[int, int] | None = None,
        side: int = 256,
        then: Sequence[str] = (),
        calibrations: Mapping[str, str | os.PathLike[str] | Frame] | None = None,
        only: Sequence[str] = (),
        measure: Measure | None = None,
        shown: int = 0,
    ) -> None:
        self._rerun = prepared(step, frames, at=at, side=side, then=then, calibrations=calibrations)
        self._measure, self._frame = measure, shown
        self.params = tuple(p for p in self._rerun.step.params if not only or p.name in only)
        self.values: dict[str, Any] = {}
        self.before = self.after = self._rerun({})
        self.seconds = 0.0
        super().__init__()
        self._title = f"What if: {self._rerun.step.name}"

    def arrived(self) -> None:
        """Send controls, numbers and both pictures."""
        before, after = self._seen(self.before), self._seen(self.after)
        values = plane_values(before, "data", flags.NO_DATA)
        low, high = limits(values, _LIMITS)
        same = np.array_equal(before.data, after.data) and before.shape == self._rerun.frames[0].shape
        ny, nx = before.shape
        content = {
            "kind": "tried",
            "summary": self._rerun.step.summary,
            "params": [_control(param, self.values.get(param.name, param.default)) for param in self.params],
            "rows": [{"id": row["number"], "cells": row} for row in self.numbers()],
            "seconds": self.seconds,
            "shape": [nx, ny],
            "frame": before.name,
            "flags": same or bool(np.mean(before.data == before.data[0, 0]) > 0.5),  # or nothing else to see
        }
        grey = [_grey(frame, low, high, (ny, nx)) for frame in (before, after)]
        given = self._seen(self._rerun.frames)
        marked = [_marked(frame, given, (ny, nx)) for frame in (before, after)]
        self.send(content, [*grey, *marked])

    @from_page
    def set(self, parameter: str, value: Any) -> None:
        """Change a parameter and do the step again.

        Parameters
        ----------
        parameter : str
            Its name.
        value : object
            Its value, or text to be read as one.

        Raises
        ------
        ParameterError
            If there is no such parameter, or the value does not fit.
        """
        step = self._rerun.step
        wanted = {**self.values, parameter: value}
        settled = step.settled(wanted)
        begin = perf_counter()
        self.after = self._rerun(wanted)
        self.seconds = perf_counter() - begin
        self.values = {p.name: settled[p.name] for p in step.params if settled[p.name] != p.default}
        self.arrived()

    @from_page
    def reset(self) -> None:
        """Go back to what the step does by default."""
        self.values, self.after, self.seconds = {}, self.before, 0.0
        self.arrived()

    def numbers(self) -> list[dict[str, Any]]:
        """Return the numbers that can be told, before and after; those that changed first."""
        own = self._measure or (lambda frames: {})
        old, new = ({**own(x), **measures(x, self._frame)} for x in (self.before, self.after))
        rows = [
            {"number": name, "before": _digits(old[name]), "after": _digits(new.get(name, np.nan))}
            for name in old
        ]
        return sorted(rows, key=lambda row: row["before"] == row["after"])  # those that changed first

    def code(self) -> tuple[Deed, ...]:
        """Return the call that reduces with these parameters."""
        settings = {f"{self._rerun.step.name}:{name}": value for name, value in self.values.items()}
        return (Deed("reduce", (Name("science"),), {"settings": settings, "suffix": "_whatif"}),)

    def poster(self) -> Mapping[str, Any]:
        """Return the numbers as a table."""
        rows = [list(row.values()) for row in self.numbers()]
        set_to = ", ".join(f"{name} = {value}" for name, value in self.values.items()) or "nothing changed"
        return {"text/html": table_html(["number", "before", "after"], rows, f"{self._title}: {set_to}")}

    def _seen(self, frames: Sequence[Frame]) -> Frame:
        """Return the frame to look at."""
        return frames[min(self._frame, len(frames) - 1)]


def _control(param: Param, value: Any) -> dict[str, Any]:
    """Return what a page needs to ask for a parameter."""
    bounds = param.limits
    return {
        "name": param.name,
        "type": param.type.__name__,
        "value": value,
        "default": param.default,
        "low": None if bounds is None else bounds.low,
        "high": None if bounds is None else bounds.high,
        "choices": list(param.choices),
        "unit": param.unit,
        "help": param.help,
        "kind": param.kind,
    }


def _grey(frame: Frame, low: float, high: float, shape: tuple[int, int]) -> bytes:
    """Return a frame's grey values, as many as the picture before the change has."""
    values = np.full(shape, np.nan, np.float32)
    ny, nx = (min(a, b) for a, b in zip(shape, frame.shape, strict=True))
    values[:ny, :nx] = plane_values(frame, "data", flags.NO_DATA)[:ny, :nx]
    return (np.nan_to_num(stretched(values, low, high, "asinh")) * 255).astype(np.uint8).tobytes()


def _marked(frame: Frame, given: Frame, shape: tuple[int, int]) -> bytes:
    """Return 1 where a pixel bears a flag that it did not bear before the step, or any on another grid."""
    marks = np.zeros(shape, np.uint8)
    ny, nx = (min(a, b) for a, b in zip(shape, frame.shape, strict=True))
    fresh = frame.mask & ~given.mask if given.shape == frame.shape else frame.mask
    marks[:ny, :nx] = (fresh[:ny, :nx] & _SHOWN) != 0
    return marks.tobytes()


def _digits(number: float) -> str:
    """Write a number with four digits."""
    return f"{number:.4g}" if np.isfinite(number) else "-"
