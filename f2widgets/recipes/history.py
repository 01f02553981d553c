"""What a frame remembers of a run: the steps carried out, and the files that went in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from f2widgets.core.frame import Entry, Frame, Origin
from f2widgets.recipes.bands import Call, Source

#: The reference's name for reading a raw file and making its headers fit.
READ_VERB = "prepare"
#: Name under which the writing of a product is told and timed, and the reference's for it.
WRITE, WRITE_VERB = "write", "storeProcessed"
#: The calibrations of one call, by kind.
Chosen = Mapping[str, Source | None]


def filename(source: Source) -> str:
    """Return the name of the file behind a source, or its own name.

    Parameters
    ----------
    source : Source
        An open file or a Frame.

    Returns
    -------
    str
        Without folder.
    """
    path = getattr(source, "path", None)
    return path.name if path is not None else source.name


def entry(call: Call, chosen: Chosen, started: datetime) -> Entry:
    """Return the line of history for a call that has just ended.

    Parameters
    ----------
    call : Call
        The step and its values; one left out is written down as that.
    chosen : mapping of str to Source or None
        The calibrations it used.
    started : `~datetime.datetime`
        When it began.

    Returns
    -------
    Entry
        All values are written down, the defaults too: they may change.
    """
    files = {kind: None if source is None else filename(source) for kind, source in chosen.items()}
    arguments = {"left_out": True} if call.left_out else {**files, **call.values}
    return Entry(call.step.name, call.step.verb, arguments, started, datetime.now(UTC))


def used(call: Call, chosen: Chosen) -> list[tuple[Source, str]]:
    """Return the calibrations that a call used, each with the verb that brought it in."""
    return [(source, call.step.verb) for source in chosen.values() if source is not None]


def origins(pairs: Iterable[tuple[Source, str]], when: datetime) -> tuple[Origin, ...]:
    """Return the files behind sources, each with its checksum and the verb that brought it in.

    Parameters
    ----------
    pairs : iterable of (Source, str)
        Those that are no files are passed over.
    when : `~datetime.datetime`
        The same for one run, so that equal origins are told to be equal.

    Returns
    -------
    tuple of Origin
        In the order given.
    """
    return tuple(Origin(filename(x), x.md5, verb, when) for x, verb in pairs if hasattr(x, "md5"))


def joined(*several: Iterable[Origin]) -> tuple[Origin, ...]:
    """Return origins one after the other, each once."""
    return tuple(dict.fromkeys(origin for some in several for origin in some))


def with_origins(frame: Frame, more: Iterable[Origin]) -> Frame:
    """Return a frame with more files in its provenance."""
    return frame.with_(provenance=joined(frame.provenance, more))
