"""What an exercise can ask for: a product, a choice, a number with its unit, a place in an image.

Each kind judges an answer in words. Nothing here is on a screen, and nothing of it is written into
a notebook.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from f2widgets.core.frame import Frame
from f2widgets.errors import ParameterError

#: Begins a sealed answer; the hash is of so many bytes, enough that nobody finds a word by chance.
_SEAL, _BYTES = "sealed", 12
#: A comma that may part thousands, as the scales of our pictures have it, or stand for the point.
_THOUSANDS = re.compile(r"\d,\d{3}(?!\d)")


@dataclass(frozen=True)
class Verdict:
    """What became of an answer.

    Parameters
    ----------
    right : bool
        Whether it is.
    text : str
        In words: what is good, or what is wrong and where to look.
    counts : bool, optional
        False if it could not be judged, as a number without its unit: then no try is counted.
    measured : mapping of str to float, optional
        Numbers behind it, kept with the progress for the teacher.
    """

    right: bool
    text: str
    counts: bool = True
    measured: Mapping[str, float] = field(default_factory=dict)


def right(text: str, **measured: float) -> Verdict:
    """Return the verdict on a good answer."""
    return Verdict(True, text, measured=measured)


def wrong(text: str, **measured: float) -> Verdict:
    """Return the verdict on an answer that is not right yet."""
    return Verdict(False, text, measured=measured)


def unclear(text: str) -> Verdict:
    """Return the verdict on what cannot be judged; it does not count as a try."""
    return Verdict(False, text, counts=False)


@dataclass(frozen=True)
class Product:
    """Something that the learner has made, given to the checkpoint in the cell.

    Parameters
    ----------
    check : callable
        Takes what the learner gives, in the order of its arguments, and returns a `Verdict`.
    """

    check: Callable[..., Verdict]

    def judge(self, answer: Any, *about: Any) -> Verdict:
        """Test what was given; the answer itself is not used."""
        return self.check(*about)


@dataclass(frozen=True)
class Choice:
    """One of several answers.

    Parameters
    ----------
    options : mapping of str to str
        Each answer, with what to say to whoever gives it.
    right : str or callable
        The good one as it stands in `options`, or what `seal` made of it, so that a notebook does not tell; a
        callable finds it in what the learner gives to the checkpoint.
    praise : mapping of str to str, optional
        What to say to each option if it is the good one, where that is not known beforehand.
    """

    options: Mapping[str, str]
    right: str | Callable[..., str]
    praise: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a question without a good answer."""
        if isinstance(self.right, str) and not any(_opens(self.right, option) for option in self.options):
            raise ParameterError(f"None of the options is the right answer, {self.right!r}: {self._list()}.")

    def judge(self, answer: Any, *about: Any) -> Verdict:
        """Say what there is to say to this choice."""
        if answer not in self.options:
            return unclear(f"Choose one of these: {self._list()}.")
        good = _opens(self.right(*about) if callable(self.right) else self.right, answer)
        return Verdict(good, self.praise.get(answer, self.options[answer]) if good else self.options[answer])

    def _list(self) -> str:
        """Write the options in one line."""
        return ", ".join(repr(option) for option in self.options)


@dataclass(frozen=True)
class Number:
    """A number, with its unit unless it has none.

    Parameters
    ----------
    value : float or callable
        The right one in `unit`; a callable finds it in what the learner gives to the checkpoint, so that it
        is that of the learner's own data.
    unit : str, optional
        Unit as astropy reads it: ``"electron / s"``. Any unit that can be converted to it is taken.
    tolerance : float, optional
        Relative difference that is still right.
    wrong : sequence of (callable, str), optional
        Numbers that one gets by a mistake, made from the right one, with what to say about it.
    """

    value: float | Callable[..., float]
    unit: str = ""
    tolerance: float = 0.05
    wrong: Sequence[tuple[Callable[[float], float], str]] = ()

    def judge(self, answer: Any, *about: Any) -> Verdict:
        """Compare with the right number, and with those of usual mistakes."""
        number = quantity(answer, self.unit)
        if isinstance(number, Verdict):
            return number
        wanted = float(self.value(*about) if callable(self.value) else self.value)
        if _near(number, wanted, self.tolerance):
            return right(f"Yes. Measured here: {_said(wanted, self.unit)}.", given=number)
        for mistake, text in self.wrong:
            if _near(number, mistake(wanted), self.tolerance):
                return wrong(text, given=number)
        hint = "far too" if not 0.1 < abs(number) / max(abs(wanted), 1e-30) < 10 else "too"
        side = "large" if abs(number) > abs(wanted) else "small"
        return wrong(f"{_said(number, self.unit)} is {hint} {side}.", given=number)


@dataclass(frozen=True)
class Point:
    """A place in an image, shown in the checkpoint.

    Parameters
    ----------
    check : callable
        Takes x and y in pixels, counted from 0, then what the learner gives, and returns a `Verdict`.
    image : callable
        Takes what the learner gives, and returns the frame to point at.
    """

    check: Callable[..., Verdict]
    image: Callable[..., Frame]

    def judge(self, answer: Any, *about: Any) -> Verdict:
        """Look at the place."""
        try:
            x, y = (float(value) for value in answer)
        except (TypeError, ValueError):
            return unclear("Give a place as two numbers, x and y in pixels: (120, 85).")
        ny, nx = self.image(*about).shape
        if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5):
            return unclear(f"({x:g}, {y:g}) lies outside the image, which has {nx} x {ny} pixels.")
        return self.check(x, y, *about)


Question = Product | Choice | Number | Point


def quantity(answer: Any, unit: str) -> float | Verdict:
    """Return a number in a unit, or what is wrong with the answer.

    Parameters
    ----------
    answer : str, float or `~astropy.units.Quantity`
        ``"4.4 electron"``, ``"4.4 e-/s"``, a quantity, or a plain number if there is no unit.
    unit : str
        As astropy reads it; empty for a plain number.

    Returns
    -------
    float or Verdict
        The number, or the verdict that no try is counted for.
    """
    from astropy import units as u

    if answer is None or isinstance(answer, bool | bytes) or str(answer).strip() == "":
        return unclear(f"Type a number{f' and its unit, such as 1.5 {unit}' if unit else ''}.")
    try:
        text = str(answer).replace("e-", "electron").replace("−", "-")
        if _THOUSANDS.search(text):
            return unclear(f"{answer!r} can be read in two ways: write it without a comma.")
        text = text.replace(",", ".")
        found = answer if isinstance(answer, u.Quantity) else u.Quantity(text)
    except (TypeError, ValueError):
        return unclear(f"{answer!r} is no number{f' with a unit; write it as 1.5 {unit}' if unit else ''}.")
    if np.size(found.value) != 1 or not np.all(np.isfinite(found.value)):
        return unclear("Give one number.")
    wanted, value = u.Unit(unit), float(np.asarray(found.value, float).item())
    if found.unit == u.dimensionless_unscaled and wanted != u.dimensionless_unscaled:
        return unclear(f"Give the unit as well: {value:g} of what?")
    try:
        return float(found.to_value(wanted))
    except u.UnitConversionError:
        told = f"this is asked for in {unit}" if unit else "this number has no unit"
        return wrong(f"{value:g} {found.unit} is of another kind: {told}.")


def seal(answer: str, salt: str = "") -> str:
    """Return an answer in a form that tells whether another one equals it, but not what it is.

    Parameters
    ----------
    answer : str
        The good one.
    salt : str, optional
        Makes the same answer look different in two exercises: their names, for instance.

    Returns
    -------
    str
        For `Choice`.

    Examples
    --------
    >>> question = Choice({"4": "Yes.", "5": "Count again."}, right=seal("4"))
    >>> question.judge("5").text
    'Count again.'
    """
    digest = hashlib.scrypt(answer.encode(), salt=salt.encode(), n=1024, r=8, p=1, dklen=_BYTES)
    return f"{_SEAL}:{salt}:{digest.hex()}"


def _opens(sealed: str, answer: str) -> bool:
    """Say whether an answer is the right one, sealed or plain."""
    kind, _, rest = sealed.partition(":")
    if kind != _SEAL or ":" not in rest:
        return sealed == answer
    return hmac.compare_digest(seal(answer, rest.rpartition(":")[0]), sealed)


def _near(number: float, wanted: float, tolerance: float) -> bool:
    """Say whether two numbers agree."""
    return abs(number - wanted) <= tolerance * abs(wanted)


def _said(number: float, unit: str) -> str:
    """Write a number with its unit."""
    return f"{number:.4g} {unit}".strip()
