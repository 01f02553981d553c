"""What is done already: a small record beside the products for each, by which it is known again."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from f2widgets.errors import NotF2Data, NotWritten
from f2widgets.io.atomic import not_written, written_whole
from f2widgets.io.identity import md5_of
from f2widgets.plan import Plan
from f2widgets.runs import described

#: Folder of the records, in that of the products.
DONE = "f2_done"
#: File there that is locked by the processes of a run while they work.
_WORKERS = "workers"
#: What a record says it is.
FORMAT, VERSION = "f2widgets product", 1


def fingerprint(what: Plan) -> str:
    """Return a text that is the same where the same would be made.

    Parameters
    ----------
    what : Plan
        Complete.

    Returns
    -------
    str
        SHA-256 of the version of this program, the recipe, names and MD5 sums of inputs and calibrations,
        and the value of every parameter, in 64 hexadecimal digits.
    """
    return hashlib.sha256(json.dumps(described(what), sort_keys=True, default=str).encode()).hexdigest()


def read_record(out: Path, key: str) -> dict[str, Any] | None:
    """Return the record of a product, if there is one and the product is as it was made.

    Parameters
    ----------
    out : `~pathlib.Path`
        Folder of the products.
    key : str
        Of the task.

    Returns
    -------
    dict or None
        What `write_record` was given.
    """
    record = _record(out, key)
    try:
        return record if record is not None and md5_of(out / record["product"]) == record["md5"] else None
    except (OSError, TypeError, KeyError, NotF2Data):
        return None


def is_made(out: Path, key: str) -> bool:
    """Tell whether a product of an earlier run is there; of what it was made is not looked at.

    Parameters
    ----------
    out : `~pathlib.Path`
        Folder of the products.
    key : str
        Of the task.

    Returns
    -------
    bool
        Whether there are a record of it and the file.
    """
    record = _record(out, key)
    return record is not None and (out / str(record.get("product"))).is_file()


def _record(out: Path, key: str) -> dict[str, Any] | None:
    """Read a record; None where there is none, or none of this version."""
    try:
        record = json.loads((out / DONE / f"{key}.json").read_text(encoding="utf-8"))
        return record if (record["format"], record["version"]) == (FORMAT, VERSION) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_record(out: Path, key: str, product: Path, told: dict[str, Any], picture: bytes) -> None:
    """Write the record of a product, whole or not at all.

    Parameters
    ----------
    out : `~pathlib.Path`
        Folder of the products.
    key : str
        Of the task.
    product : `~pathlib.Path`
        The product, in that folder.
    told : dict
        What is worth keeping; JSON can write it.
    picture : bytes
        A PNG file.

    Raises
    ------
    NotWritten
        If the system refuses.
    """
    with written_whole(picture_of(out, key)) as stream:
        stream.write(picture)
    head = {"format": FORMAT, "version": VERSION, "product": product.name, "md5": md5_of(product)}
    with written_whole(out / DONE / f"{key}.json") as stream:
        stream.write(json.dumps({**head, **told}, indent=1).encode())


def picture_of(out: Path, key: str) -> Path:
    """Return where the picture of a product is; it need not exist."""
    return out / DONE / f"{key}.png"


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Keep other runs out of a folder of products while this one lasts.

    Parameters
    ----------
    out : `~pathlib.Path`
        The folder; made if needed.

    Yields
    ------
    None

    Raises
    ------
    NotWritten
        If another run is at work there, or nothing can be written.
    """
    path = out / DONE / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream, workers = open(path, "ab"), open(out / DONE / _WORKERS, "ab")
    except OSError as error:
        raise not_written(path, error) from error
    with stream, workers:
        try:
            # Whoever holds it lets go when it ends, however it ends.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise NotWritten(
                f"Another run is at work in {out}. Wait for its end, or choose another folder with --out."
            ) from error
        # Those of a run that was killed end as soon as they notice; ours may begin then.
        fcntl.flock(workers, fcntl.LOCK_EX)
        fcntl.flock(workers, fcntl.LOCK_UN)
        yield


@contextmanager
def at_work_in(out: Path) -> Iterator[None]:
    """Let the next run in a folder of products wait for the end of this process, should ours be killed.

    Parameters
    ----------
    out : `~pathlib.Path`
        The folder; `alone_in` was there first.

    Yields
    ------
    None
    """
    with open(out / DONE / _WORKERS, "ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        yield
