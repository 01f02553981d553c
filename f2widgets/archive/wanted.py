"""From names to files of the archive: examples, programmes, observations, files, and those on this disk."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from f2widgets.archive.associated import associated
from f2widgets.archive.download import Outcome
from f2widgets.archive.records import Archived
from f2widgets.archive.service import Archive
from f2widgets.errors import ParameterError
from f2widgets.io.identity import root_of
from f2widgets.io.names import read_list

#: The frames of the observatory's two tutorials on Flamingos-2 imaging, in ranges.
EXAMPLES = {
    # Dither on target, Y, 120 s; its darks, short darks, and flats with the lamp on and off.
    "example1": (
        "S20131121S0075-083 S20131120S0115-120 S20131121S0010 S20131122S0012 S20131122S0438-439"
        " S20131121S0369-375 S20131129S0320-323 S20131126S1111-116"
    ),
    # Two cycles of a deep sequence, K-red, 5 s; its darks, those for the flats, and lamp-off flats.
    "example2": (
        "S20200104S0075-092 S20200107S0049-055 S20200111S0159-161"
        " S20200107S0035-041 S20200111S0257-260 S20200108S0010-019"
    ),
}
#: Files that are asked for one by one at most, where a night's frames of Flamingos-2 have none of that name.
MOST_ASKED = 20
_RANGE = re.compile(r"(?P<night>[NS]\d{8}S)(?P<first>\d{4})(-(?P<last>\d{1,4}))?(\.fits)?(\.bz2)?")
#: Programmes, old and new; further numbers make an observation and a data label of one.
_PROGRAMME = r"(G[NS]-\d{4}[AB]-[A-Z]{1,3}-\d+|G[NS]-(CAL|ENG)\d{8}|G-\d{4}[AB]-\d{4}-[A-Z])"
_TERMS = (
    ("progid", re.compile(_PROGRAMME)),
    ("obsid", re.compile(rf"{_PROGRAMME}-\d+")),
    ("datalabel", re.compile(rf"{_PROGRAMME}-\d+-\d+")),
)


@dataclass
class Wanted:
    """What shall be fetched.

    Parameters
    ----------
    files : list of Archived
        To be fetched.
    left_out : list of Outcome
        What was asked for and is not fetched, and why.
    notes : list of str
        What there is to say about calibrations.
    """

    files: list[Archived] = field(default_factory=list)
    left_out: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def wanted(
    archive: Archive, names: Sequence[str], calibrations: bool = False, everything: bool = False
) -> Wanted:
    """Find out which files names stand for.

    Parameters
    ----------
    archive : Archive
        Whom to ask.
    names : sequence of str
        As `f2widgets.archive.fetch` takes them.
    calibrations : bool, optional
        Add the calibrations of the science frames.
    everything : bool, optional
        Keep spectra, and frames that failed quality control.

    Returns
    -------
    Wanted
        Each file once.

    Raises
    ------
    NotFetched
        If the archive cannot be reached.
    ParameterError
        If a name is none that is known.
    """
    found = Wanted()
    files, here, selections = _sorted_out(names)
    if not (files or selections or calibrations):
        raise ParameterError(
            "Only files that are here were named. To have their calibrations, ask for those."
        )
    if files or here:
        of_files = _of_files(archive, [*files, *here], found)
        frames = [of_files[name] for name in (*files, *here) if name in of_files]
        found.files += [of_files[name] for name in files if name in of_files]
    else:
        frames = []
    for key, value in selections:
        for file in _selected(archive, key, value):
            why = None if everything else _unfit(file)
            if why:
                found.left_out.append(Outcome(file, "left out", why=why))
            else:
                found.files.append(file)
                frames.append(file)
    if calibrations:
        more, notes = associated(archive, frames)
        found.files += more
        found.notes += notes
    on_disk = set(here)
    found.files = [f for f in dict.fromkeys(found.files) if root_of(f.name) not in on_disk]
    return found


def _sorted_out(names: Iterable[str]) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Return roots of files to fetch, roots of files on this disk, and terms for the archive."""
    files: list[str] = []
    here: list[str] = []
    selections: list[tuple[str, str]] = []
    for name in _expanded(names):
        if name in EXAMPLES:
            files += [root for word in EXAMPLES[name].split() for root in _roots(word)]
        elif roots := _roots(name):  # a name without a folder means the archive's file, be it here or not
            files += roots
        elif os.path.isfile(name):
            here.append(root_of(name))
        elif key := next((key for key, form in _TERMS if form.fullmatch(name.upper())), None):
            selections.append((key, name.upper()))
        else:
            raise ParameterError(
                f"{name!r} is neither a programme (GS-2013B-Q-15), nor a file of the archive"
                f" (S20131121S0075), nor a file here, nor one of {', '.join(EXAMPLES)}."
            )
    return list(dict.fromkeys(files)), list(dict.fromkeys(here)), list(dict.fromkeys(selections))


def _expanded(names: Iterable[str]) -> Iterator[str]:
    """Replace lists by what they hold."""
    for name in names:
        yield from read_list(name[1:]) if name.startswith("@") and not os.path.exists(name) else [name]


def _roots(word: str) -> list[str]:
    """Return the names in a range of files, without endings; none if it is no name of a file."""
    found = _RANGE.fullmatch(word)
    if not found:
        return []
    first = found["first"]
    last = first[: 4 - len(found["last"])] + found["last"] if found["last"] else first
    return [f"{found['night']}{number:04d}" for number in range(int(first), int(last) + 1)]


def _of_files(archive: Archive, roots: Sequence[str], found: Wanted) -> dict[str, Archived]:
    """Ask for the records of files, one question for each night."""
    nights = Counter(root[:10] for root in roots)
    known: dict[str, Archived] = {}
    for night, count in nights.items():
        if count > 1:
            known |= _by_root(archive.records(f"filepre={night}", "inst=F2"))
    unknown = [root for root in roots if root not in known]
    for root in unknown if len(unknown) <= MOST_ASKED else ():
        known |= _by_root(archive.records(f"filename={root}.fits"))
    for root in dict.fromkeys(roots):
        if root not in known:
            none = Archived(f"{root}.fits", f"{root}.fits", 0, 0)
            found.left_out.append(Outcome(none, "failed", why="the archive has no such frame"))
        elif "F2" not in known[root].facts.tags:
            why = f"is from {known[root].facts.instrument or 'another instrument'}, not from Flamingos-2"
            found.left_out.append(Outcome(known.pop(root), "failed", why=why))
    return known


def _by_root(files: Iterable[Archived]) -> dict[str, Archived]:
    """Return files by their names without endings."""
    return {root_of(file.name): file for file in files}


def _selected(archive: Archive, key: str, value: str) -> list[Archived]:
    """Ask for the files of a programme, an observation or a data label."""
    files = archive.records(f"{key}={value}", "inst=F2")
    if not files:
        raise ParameterError(f"The archive has no frames of Flamingos-2 for {value}. Check the name.")
    return files


def _unfit(file: Archived) -> str | None:
    """Say why a frame of a programme cannot be reduced here."""
    if "SPECT" in file.facts.tags:
        return "is a spectrum; name it, or add --all, to have it all the same"
    if file.facts.qa_state == "Fail":
        return "failed the observatory's quality control; name it, or add --all, to have it all the same"
    return None
