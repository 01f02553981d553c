"""How long each step takes, when steps pull their frames from each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from f2widgets.recipes.bands import READ


class Clock:
    """Gives each moment to the step at work: one that waits for another's frames is not charged."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed = ""  #: the innermost step that raised
        self._stack: list[str] = []
        self._since = perf_counter()

    @property
    def now(self) -> str:
        """The step at work."""
        return self._stack[-1] if self._stack else READ

    def _charge(self) -> float:
        now = perf_counter()
        spent, self._since = now - self._since, now
        if self._stack:
            self.credit(self._stack[-1], spent)
        return spent

    def credit(self, name: str, seconds: float) -> None:
        """Add to the time of a step."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """Charge the enclosed work to a step."""
        self._charge()
        self._stack.append(name)
        try:
            yield
        except BaseException:
            self.failed = self.failed or name
            raise
        finally:
            self._charge()
            self._stack.pop()

    def spread(self, name: str, before: float, shares: Mapping[str, float]) -> None:
        """Share what a name was charged since it stood at `before` among others."""
        spent, whole = self.seconds[name] - before, sum(shares.values()) or 1.0
        self.seconds[name] = before
        for one, part in shares.items():
            self.credit(one, spent * part / whole)
