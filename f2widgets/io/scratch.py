"""Frames parked on disk while a run goes on: their planes become read-only maps of files.

A mapped plane is an array like any other, so the steps do not notice; the system keeps in memory
what fits.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.frame import Frame
from f2widgets.io.atomic import beside, not_written

#: Planes start at multiples of this many bytes, so that every type of pixel is aligned in the map.
ALIGNMENT = 64


class Scratch:
    """A folder of parked frames that lasts as long as a run.

    Parameters
    ----------
    folder : path-like
        Where the run keeps its intermediate files; it is made if needed. The frames lie in a folder
        of their own inside, named after computer and process, and removed at the end.

    Examples
    --------
    >>> with Scratch("f2_run") as scratch:  # doctest: +SKIP
    ...     parked = [scratch.park(frame) for frame in frames]
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder) / f"parked-{_here()}-{os.getpid()}-{os.urandom(3).hex()}"
        self._count = 0

    def __enter__(self) -> Scratch:
        """Make the folder."""
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise not_written(self.folder, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the folder with all that is parked in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def park(self, frame: Frame) -> Frame:
        """Return the same frame with its planes on disk.

        Parameters
        ----------
        frame : Frame
            Any frame.

        Returns
        -------
        Frame
            Equal, with read-only maps for planes. They can be read until they are let go, even
            after the folder was removed.

        Raises
        ------
        NotWritten
            If there is no room; nothing is left of the attempt.
        """
        planes = {"data": frame.data, "variance": frame.variance, "mask": frame.mask}
        planes |= {f"plane {name}": plane for name, plane in frame.planes.items()}
        arrays = {name: plane for name, plane in planes.items() if plane is not None}
        self._count += 1
        mapped = _mapped(self.folder / f"{self._count:04d}_{frame.name}", arrays)
        return frame.with_(
            data=mapped["data"],
            variance=mapped.get("variance"),
            mask=mapped["mask"],
            planes={name: mapped[f"plane {name}"] for name in frame.planes},
        )


def clear(folder: str | os.PathLike[str]) -> list[Path]:
    """Remove what runs that have died left behind.

    Parameters
    ----------
    folder : path-like
        Where runs keep their intermediate files.

    Returns
    -------
    list of `~pathlib.Path`
        What was removed: parked frames of processes of this computer that are no more. Those of
        other computers, which may share the disk, are left alone.
    """
    stale = [path for path in sorted(Path(folder).glob(f"parked-{_here()}-*")) if not _is_alive(path)]
    for path in stale:
        shutil.rmtree(path, ignore_errors=True)
    return [path for path in stale if not path.exists()]


def _here() -> str:
    """Return the name of this computer, without dashes."""
    return socket.gethostname().split(".")[0].replace("-", "_") or "localhost"


def _is_alive(path: Path) -> bool:
    """Tell whether the process that a folder is named after still runs; in doubt it does."""
    try:
        os.kill(int(path.name.split("-")[2]), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError, IndexError, OverflowError):
        return True
    return True


def _mapped(path: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Write arrays one after the other into a file and map them."""
    temporary = beside(path)
    offsets = {}
    try:
        with open(temporary, "xb") as stream:
            for name, array in arrays.items():
                stream.write(bytes(-stream.tell() % ALIGNMENT))
                offsets[name] = stream.tell()
                stream.write(memoryview(np.ascontiguousarray(array)).cast("B"))
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise not_written(path, error) from error
    whole = np.memmap(path, np.uint8, mode="r")
    return {
        name: np.asarray(whole[offsets[name] : offsets[name] + array.nbytes])
        .view(array.dtype)
        .reshape(array.shape)
        for name, array in arrays.items()
    }
