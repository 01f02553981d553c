"""Exercises of the fault clinic: a diagnosis for each case."""

from __future__ import annotations

from typing import Any

from f2widgets.errors import WrongInputs
from f2widgets.teaching.cases import Case
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.faults import FAULTS
from f2widgets.teaching.questions import Choice

_OPTIONS = {fault.diagnosis: fault.look for fault in FAULTS}
_PRAISE = {fault.diagnosis: f"Yes. {fault.shows}" for fault in FAULTS}


def _diagnosis(case: Any) -> str:
    """Return the sealed diagnosis of a case."""
    if not isinstance(case, Case):
        raise WrongInputs("Give one case of the clinic: cases[0] is the first.")
    return case.sealed


EXERCISES = [
    Exercise(
        f"09.case_{number}",
        f"case {number}",
        f"What went wrong in case {number}?",
        Choice(_OPTIONS, _diagnosis, _PRAISE),
        (
            "Begin with the table of the raw frames: is there what should be there? Then the notes of the "
            "reduction.",
            "Compare with the healthy night: the quality table line by line, a frame after dark and flat, "
            "the flat.",
            "Take each diagnosis in turn and ask: if it were this, what would I see? Whoever chooses a "
            "wrong one here "
            "is told.",
        ),
    )
    for number in range(1, len(FAULTS) + 1)
]
