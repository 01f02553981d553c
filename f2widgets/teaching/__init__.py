"""Teaching: checkpoints with hints, progress, what-if, and nights with planted mistakes.

===================  =============================================================================
``begin``            a lesson's raw frames and folder
``checkpoint``       tests the learner's own product, or asks something
``ProgressPanel``    what is solved; the file to take away and to bring back
``progress``         the same without a panel
``collect``          the files of many students as one table
``seed_for``         a night of a student's own, from the name
``WhatIf``           a step done again with other parameters, before and after
``clinic``           simulated nights with a mistake in each
``gently``           lets errors in a notebook speak in a sentence
``Exercise``         a new exercise, of ``Choice``, ``Number``, ``Point`` or ``Product``
``seal``             hides the right answer of an exercise that is written in a notebook
===================  =============================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from f2widgets.teaching.cases import clinic
    from f2widgets.teaching.checkpoint_panel import Checkpoint, checkpoint
    from f2widgets.teaching.exercise import Exercise
    from f2widgets.teaching.gentle import gently
    from f2widgets.teaching.night import Night, begin
    from f2widgets.teaching.progress_panel import ProgressPanel
    from f2widgets.teaching.questions import (
        Choice,
        Number,
        Point,
        Product,
        Verdict,
        right,
        seal,
        unclear,
        wrong,
    )
    from f2widgets.teaching.record import Progress, collect, progress, seed_for
    from f2widgets.teaching.whatif import WhatIf

__all__ = [
    "Checkpoint",
    "Choice",
    "Exercise",
    "Night",
    "Number",
    "Point",
    "Product",
    "Progress",
    "ProgressPanel",
    "Verdict",
    "WhatIf",
    "begin",
    "checkpoint",
    "clinic",
    "collect",
    "gently",
    "progress",
    "right",
    "seal",
    "seed_for",
    "unclear",
    "wrong",
]

_NAMES = {
    "checkpoint_panel": ("Checkpoint", "checkpoint"),
    "exercise": ("Exercise",),
    "cases": ("clinic",),
    "gentle": ("gently",),
    "night": ("Night", "begin"),
    "record": ("Progress", "collect", "progress", "seed_for"),
    "progress_panel": ("ProgressPanel",),
    "questions": ("Choice", "Number", "Point", "Product", "Verdict", "right", "seal", "unclear", "wrong"),
    "whatif": ("WhatIf",),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, used or not."""
    return sorted({*globals(), *__all__})
