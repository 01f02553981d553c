"""One page about a run: what was made, what it looks like, how good it is, and what could not be done."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from f2widgets import __version__
from f2widgets.campaign.done import picture_of, read_record
from f2widgets.campaign.drawing import drawn
from f2widgets.campaign.graph import Graph, Task
from f2widgets.campaign.work import Outcome
from f2widgets.io.atomic import written_whole

#: Name of the page, in the folder of the products.
PAGE = "f2_summary.html"

_STYLE = """
body { font: 15px/1.45 sans-serif; color: #222; background: #fff; margin: 2em auto; max-width: 72em;
  padding: 0 1em; }
table { border-collapse: collapse; margin: .6em 0; } th, td { padding: .15em .7em; text-align: left; }
th { border-bottom: 1px solid #888; } td.n { text-align: right; font-variant-numeric: tabular-nums; }
section.product { display: flex; flex-wrap: wrap; gap: 1.5em; border-top: 1px solid #ccc; margin-top: 1.2em; }
.amiss { color: #a33300; } .drawing { overflow-x: auto; } pre { white-space: pre-wrap; margin: 0; }
img { max-width: 100%; }
"""


def write_page(graph: Graph, outcomes: Mapping[str, Outcome], said: str) -> Path:
    """Write the page of a run beside its products.

    Parameters
    ----------
    graph : Graph
        What was planned.
    outcomes : mapping of str to Outcome
        What became of each task, by its key.
    said : str
        How it came out, in a sentence.

    Returns
    -------
    `~pathlib.Path`
        The page: one file that asks for nothing else.

    Raises
    ------
    NotWritten
        If the system refuses.
    """
    path = graph.options.out / PAGE
    with written_whole(path) as stream:
        stream.write(page(graph, outcomes, said).encode())
    return path


def page(graph: Graph, outcomes: Mapping[str, Outcome], said: str) -> str:
    """Return the page of a run.

    Parameters
    ----------
    graph, outcomes, said
        As for `write_page`.

    Returns
    -------
    str
        HTML. Whatever comes from a header or a name is escaped; no script is in it or may run, and nothing
        is fetched.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    states = {key: one.state for key, one in outcomes.items()}
    parts = [
        f"<h1>Reduction of {escape(now)}</h1>",
        f"<p>{escape(said)} {escape(graph.found)}</p>",
        f'<div class="drawing">{drawn(graph, states)}</div>',
        *_jobs(graph, outcomes),
        *_amiss(graph, outcomes),
        *(_product(i, graph, task, outcomes[task.key]) for i, task in enumerate(graph.tasks, 1)),
        f"<p>Made by f2widgets {escape(__version__)}.</p>",
    ]
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><title>Reduction of {escape(now)}</title>'
        f"<style>{_STYLE}</style></head><body><main>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def _jobs(graph: Graph, outcomes: Mapping[str, Outcome]) -> Iterable[str]:
    """Give the table of all jobs."""
    rows = []
    for i, task in enumerate(graph.tasks, 1):
        one = outcomes[task.key]
        name = one.product.name if one.product else ""
        time = f"{one.seconds:.1f}" if one.state == "made" else ""
        rows.append([str(i), task.title, str(len(task.job.files)), graph.takes(task), name, one.state, time])
    yield "<h2>Jobs</h2>"
    yield _table(["job", "makes", "frames", "takes", "product", "", "s"], rows, numbers={0, 2, 6})


def _amiss(graph: Graph, outcomes: Mapping[str, Outcome]) -> Iterable[str]:
    """Give what could not be done, and what was left out."""
    from f2widgets.campaign.graph import left_out

    told = []
    for i, task in enumerate(graph.tasks, 1):
        one = outcomes[task.key]
        reasons = [one.reason] if one.product is None else []
        reasons += [*one.problems, *(f"Left out of it: {reason}" for _, reason in one.unused)]
        told += [f"job {i}, {task.title}: {reason}" for reason in reasons]
    for head, texts in (("Could not be done", told), ("Left out", left_out(graph.aside))):
        if texts:
            yield f"<h2>{head}</h2><ul>"
            yield from (f'<li class="amiss"><pre>{escape(text.strip())}</pre></li>' for text in texts)
            yield "</ul>"


def _product(number: int, graph: Graph, task: Task, one: Outcome) -> str:
    """Return the picture and the numbers of a product; nothing where there is none."""
    if one.product is None:
        return ""
    record: dict[str, Any] = read_record(graph.options.out, task.key) or {}
    picture = picture_of(graph.options.out, task.key)
    alt = escape(f"{task.title}, {one.product.name}")
    shown = ""
    if picture.exists():
        pixels = base64.b64encode(picture.read_bytes()).decode("ascii")
        shown = f'<img alt="{alt}" src="data:image/png;base64,{pixels}">'
    words = [f"<h2>{number} {escape(task.title)}</h2>", f"<p>{escape(one.product.name)}</p>"]
    words.append(_table([], [[name, told] for name, told in record.get("numbers", {}).items()]))
    frames = record.get("frames") or []
    if frames:
        head = [f"{name} ({unit})" if unit else name for name, unit in zip(*frames[:2], strict=True)]
        words.append(_table(head, frames[2:], numbers=set(range(1, len(head)))))
    words += [f"<p>Note: {escape(note)}</p>" for note in dict.fromkeys([*task.notes, *one.notes])]
    return f'<section class="product"><div>{shown}</div><div>{"".join(words)}</div></section>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    """Return a table, some of its columns numbers."""
    right = set(numbers)
    lines = ["<tr>" + "".join(f"<th>{escape(name)}</th>" for name in head) + "</tr>"] if head else []
    for row in rows:
        begin = ('<td class="n">' if i in right else "<td>" for i in range(len(row)))
        cells = (f"{start}{escape(text)}</td>" for start, text in zip(begin, row, strict=True))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(lines)}</table>" if lines else ""
