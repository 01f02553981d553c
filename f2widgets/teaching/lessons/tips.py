"""Exercises beside tips and limits."""

from __future__ import annotations

from typing import Any

from f2widgets.core.detector import SIDE
from f2widgets.errors import WrongInputs
from f2widgets.products import Products
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, must_be
from f2widgets.teaching.questions import Choice, Number, Product, Verdict, right, wrong

#: Bytes of a pixel: its value, its variance, its flags.
_BYTES = 4 + 4 + 2
#: The right answer about flats in K.
_WARM = "The telescope itself is warm enough to shine, so the lamp stays off."


def _check_kept(made: Any) -> Verdict:
    """Say whether a reduction kept frames between steps."""
    if not isinstance(made, Products):
        raise WrongInputs(f"Give what f2.reduce returned, not a {type(made).__name__}.")
    if not made.kept:
        return wrong("No frames were kept. Say after which steps: keep=[...].")
    gone = [path for path in made.kept if not path.exists()]
    if gone:
        return wrong(f"{gone[0].name} was kept, and is gone by now. Reduce again.")
    steps = dict.fromkeys(path.parent.name.partition("_")[2] for path in made.kept)
    return right(f"{len(made.kept)} frames lie in {made.kept[0].parts[0]}, after {' and '.join(steps)}.")


def _check_without(stack: Any) -> Verdict:
    """Say whether the background was not flattened by a stack's history, and all else was done."""
    frame = frame_of(stack, "your stack")
    must_be(frame, "PROCESSED_SCIENCE")
    steps = {entry.step for entry in frame.history if not entry.arguments.get("left_out")}
    if "flatten_background" in steps:
        return wrong("By its history flatten_background was done.")
    needed = ("divide_flat", "align", "combine")
    missing = [step for step in needed if step not in steps]
    if missing:
        return wrong(f"Its history lacks {' and '.join(missing)} as well.")
    return right("All steps were done but this one, and anybody who gets the file can see that.")


EXERCISES = [
    Exercise(
        "tips.band",
        "a flat without a lamp",
        "Flats in K are taken with the lamp off. Why?",
        Choice(
            {
                "The lamp gives no light in K.": "It gives more than enough.",
                _WARM: "Yes. In K whatever is warm shines, evenly over the field. The dark of the same "
                "exposure is subtracted, and what is left is the response.",
                "In K the pixels are all alike.": "They differ as much as elsewhere.",
                "To save time.": "Both take the same time.",
            },
            _WARM,
        ),
        (
            "Compare the levels of raw flats in K with those of Y with the lamp off.",
            "What has the temperature of the room, and fills the field?",
            "The telescope and the dome shine at two micrometres.",
        ),
    ),
    Exercise(
        "tips.without",
        "leave a step out",
        "Give a stack that was made without flatten_background, and with all else.",
        Product(_check_without),
        (
            "What was done, and what was left out, stands in the history of a product.",
            "Name the step in without, and give the product another suffix.",
            'plain = f2.reduce(night.science, without=["flatten_background"], suffix="_plain")',
        ),
    ),
    Exercise(
        "tips.kept",
        "look between two steps",
        "Give a reduction that has kept its frames after a step.",
        Product(_check_kept),
        (
            "The frames between the steps are thrown away unless they are asked for.",
            "Name the steps in keep.",
            'made = f2.reduce(night.science, keep=["divide_flat"], suffix="_kept")',
        ),
    ),
    Exercise(
        "tips.memory",
        "how large is a frame?",
        f"How much memory does a frame of {SIDE} x {SIDE} pixels need, with a value and a variance of four "
        "bytes each, and flags of two?",
        Number(
            SIDE**2 * _BYTES / 1e6,
            "Mbyte",
            0.06,  # MB of 1024 x 1024 bytes are taken as well
            [
                (lambda whole: 0.4 * whole, "This is one plane alone. There are also variance and flags."),
                (lambda whole: 0.8 * whole, "The flags need two bytes more."),
                (lambda whole: 8 * whole, "These are bits."),
            ],
        ),
        (
            "How many pixels are there?",
            "Ten bytes for each of them.",
            "2048 * 2048 * 10 / 1e6, in Mbyte.",
        ),
    ),
]
