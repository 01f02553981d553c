"""The progress of whoever learns: what is solved, and the file to take away and to bring back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from f2widgets.teaching.checkpoint_panel import own_script, own_style
from f2widgets.teaching.exercise import exercises
from f2widgets.teaching.record import FILE, Progress, progress, seed_for
from f2widgets.widgets.panel import Panel, asked_by_page, from_page, table_html


class ProgressPanel(Panel):
    """What is solved so far.

    Parameters
    ----------
    lesson : str, optional
        Number of a tutorial, ``"01"``, whose exercises are listed; by default all.
    keep : Progress, optional
        By default the file beside the notebook.
    """

    title = "Your progress"
    _esm = own_script("progress_panel.js")
    _css = own_style()

    def __init__(self, lesson: str | None = None, *, keep: Progress | None = None) -> None:
        self.lesson = lesson
        self.progress = progress() if keep is None else keep
        super().__init__()
        self.progress.observe(lambda _: self.arrived(), ["student", "solved", "problem"])

    def arrived(self) -> None:
        """Send name, state of each exercise, and what is wrong with the file."""
        rows = self._rows()
        self.send(
            {
                "kind": "progress",
                "student": self.progress.student,
                "seed": seed_for(self.progress.student),
                "problem": self.progress.problem,
                "solved": sum(row["state"] == "solved" for row in rows),
                "total": len(rows),
                "rows": [{"id": row["name"], "cells": row} for row in rows],
            }
        )

    @from_page
    def call_me(self, student: str) -> int:
        """Keep the name of whoever learns; returns the seed that belongs to it."""
        self.progress.call(student)
        return seed_for(self.progress.student)

    @asked_by_page
    def file(self) -> dict[str, str]:
        """Return the file to take away: its name and content."""
        who = "".join(letter if letter.isalnum() else "_" for letter in self.progress.student)
        return {"name": f"f2_progress_{who}.json" if who else FILE, "text": self.progress.text()}

    @from_page
    def restore(self, text: str) -> None:
        """Take up the content of a file that was taken away.

        Parameters
        ----------
        text : str
            The file.

        Raises
        ------
        ParameterError
            If it is no such file.
        """
        self.progress.restore(text)
        self.tell(f"Brought back: {sum(one['right'] for one in self.progress.solved.values())} solved.")

    def show_code(self) -> dict[str, str]:
        """Return the calls behind the buttons."""
        python = "from f2widgets.teaching import progress\n\nprogress().call('your name')\nprogress().text()"
        return {"python": python, "shell": ""}

    show_code = asked_by_page(show_code)

    def poster(self) -> Mapping[str, Any]:
        """Return what is solved, as a table."""
        rows = [list(row.values()) for row in self._rows()]
        return {
            "text/html": table_html(
                ["exercise", "about", "state", "tries", "hints"], rows, self.title, most=60
            )
        }

    def _rows(self) -> list[dict[str, Any]]:
        """Return a row for each exercise of the course, and for others that were tried."""
        titles = {one.name: one.title for one in exercises(self.lesson)}
        if self.lesson is None:
            titles |= {name: "" for name in self.progress.solved if name not in titles}
        rows = []
        for name, title in titles.items():
            known = self.progress.of(name)
            state = "solved" if known["right"] else "tried" if known["tries"] else "open"
            row = {"name": name, "title": title, "state": state}
            rows.append(row | {"tries": known["tries"] or None, "hints": known["hints"] or None})
        return rows
