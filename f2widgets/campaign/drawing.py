"""The graph of a folder as a drawing: a box for each job, a line from what is made to what takes it."""

from __future__ import annotations

import html
from collections.abc import Mapping

from f2widgets.campaign.graph import Graph, Task

#: Columns from left to right, by what is made.
_COLUMNS = ("dark", "bpm", "flat", "image")
#: Points: width and height of a box, and from box to box across and down.
_BOX, _STEP = (176, 34), (226, 46)
#: Around the drawing, and above it for the heads of the columns.
_EDGE, _HEAD = 8, 26
#: What each state is drawn with: filling, outline, and a sign, as colours alone do not tell everybody.
_STATES = {
    "": ("#ffffff", "#555555", ""),
    "at work": ("#fff4cc", "#8a6d00", "…"),
    "made": ("#d9efe4", "#00684a", "✓"),
    "as it was": ("#e3ecf7", "#1f4e8c", "="),
    "failed": ("#fbe0d8", "#a33300", "✗"),
    "not begun": ("#eeeeee", "#666666", "–"),
}
_HEADS = {"dark": "darks", "bpm": "bad pixels", "flat": "flats", "image": "targets"}
#: Characters of a title that a box holds.
_LONGEST = 23


def drawn(graph: Graph, states: Mapping[str, str] | None = None) -> str:
    """Draw a graph.

    Parameters
    ----------
    graph : Graph
        What is planned.
    states : mapping of str to str, optional
        State of each task by its key: ``at work``, or what `Outcome.state` says.

    Returns
    -------
    str
        An SVG element, every text in it escaped.
    """
    known = states or {}
    used = [kind for kind in _COLUMNS if any(task.kind == kind for task in graph.tasks)]
    places: dict[str, tuple[float, float]] = {}
    for x, kind in enumerate(used):
        for y, task in enumerate(task for task in graph.tasks if task.kind == kind):
            places[task.key] = _EDGE + x * _STEP[0], _HEAD + _EDGE + y * _STEP[1]
    deepest = max((y for _, y in places.values()), default=0.0)
    width = 2 * _EDGE + max(0, len(used) - 1) * _STEP[0] + _BOX[0]
    height = deepest + _BOX[1] + _EDGE
    heads = [
        f'<text x="{_EDGE + x * _STEP[0] + _BOX[0] / 2}" y="18" text-anchor="middle" font-weight="bold">'
        f"{_HEADS[kind]}</text>"
        for x, kind in enumerate(used)
    ]
    lines = [_line(places[key], places[task.key]) for task in graph.tasks for key in task.after]
    boxes = [_box(i, task, places[task.key], known) for i, task in enumerate(graph.tasks, 1)]
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="12" '
        f'aria-label="{html.escape(told(graph, known))}">' + "".join([*heads, *lines, *boxes]) + "</svg>"
    )


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Draw a line from the right of one box to the left of another."""
    (x, y), (u, v) = (start[0] + _BOX[0], start[1] + _BOX[1] / 2), (end[0], end[1] + _BOX[1] / 2)
    middle = (x + u) / 2
    return f'<path d="M{x},{y} C{middle},{y} {middle},{v} {u},{v}" fill="none" stroke="#8899aa"/>'


def _box(number: int, task: Task, place: tuple[float, float], states: Mapping[str, str]) -> str:
    """Draw a job."""
    state = states.get(task.key, "not begun" if task.lacking else "")
    fill, outline, sign = _STATES[state]
    title = task.title if len(task.title) <= _LONGEST else f"{task.title[: _LONGEST - 1]}…"
    (x, y), (width, height) = place, _BOX
    frames = f"{len(task.job.files)} frame{'' if len(task.job.files) == 1 else 's'}"
    hint = f"job {number}: {task.title}, {frames}, {task.product.name}"
    return (
        f"<g><title>{html.escape(f'{hint}, {state}' if state else hint)}</title>"
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}" stroke="{outline}"/>'
        f'<text x="{x + 6}" y="{y + 14}" fill="#111">{number} {html.escape(title)}</text>'
        f'<text x="{x + 6}" y="{y + 28}" fill="#333" font-size="10">{frames}</text>'
        f'<text x="{x + width - 6}" y="{y + 28}" text-anchor="end" fill="{outline}" font-size="11">'
        f"{state} {sign}</text></g>"
    )


def told(graph: Graph, states: Mapping[str, str]) -> str:
    """Say in words what is drawn.

    Parameters
    ----------
    graph, states
        As for `drawn`.

    Returns
    -------
    str
        Plain text.
    """
    jobs: list[str] = []
    for i, task in enumerate(graph.tasks, 1):
        takes = graph.takes(task)
        state = states.get(task.key, "cannot be done" if task.lacking else "")
        jobs.append(
            ", ".join(filter(None, (f"job {i} makes {task.title}", takes and f"takes {takes}", state)))
        )
    return "; ".join(jobs) or "nothing to reduce"
