"""Frames parked on disk while a run goes on: their planes become read-only maps of a file without a name.

A mapped plane is an array like any other, so the steps do not notice. Pages that were read count as memory of
the process until they are let go; the system keeps them in its cache as long as it has room.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, BinaryIO, Self
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.frame import Frame
from f2widgets.errors import NotWritten
from f2widgets.io.atomic import not_written

#: Bytes of a file of parked planes, at most so much more than they need. Its blocks are taken from the disk
#: as they are written.
_SEGMENT = 2 << 30
#: Bytes that are written at once. Linux keeps together what comes together: of planes written whole, a look
#: at one row brings 2 MB into memory (measured with Linux 6.18 and ext4).
_PIECE = 1 << 16
#: Part of the room asked for that must be left on the disk besides: for products, and for others.
_SPARE = 0.05


class Scratch:
    """Room on disk for the frames of a run, gone with the process at the latest.

    Parameters
    ----------
    folder : path-like
        Where it is taken; made if needed. Nothing appears in it by name.
    need : float, optional
        Bytes that will be needed, for which is looked before anything is done.

    Raises
    ------
    NotWritten
        If the disk has no room for them.

    Examples
    --------
    >>> with Scratch(".") as scratch:  # doctest: +SKIP
    ...     parked = [scratch.park(frame) for frame in frames]
    """

    def __init__(self, folder: str | os.PathLike[str], need: float = 0.0) -> None:
        self.folder = Path(folder)
        self.need = need
        self._segments: list[_Segment] = []
        self._free: dict[int, list[tuple[_Segment, int]]] = defaultdict(list)

    def __enter__(self) -> Self:
        """Look for room."""
        require_room(self.folder, self.need)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files; planes that are still in use live on, and the disk is free when they are gone."""
        for segment in self._segments:
            segment.stream.close()

    def park(self, frame: Frame) -> Frame:
        """Return the same frame with its planes on disk.

        Parameters
        ----------
        frame : Frame
            Any frame; planes that are parked already stay where they are.

        Returns
        -------
        Frame
            Equal, with read-only maps for planes. They can be read until they are let go, also after the end;
            then their room is taken by others.

        Raises
        ------
        NotWritten
            If the disk is full.
        """
        self.let_go()
        variance = None if frame.variance is None else self._mapped(frame.variance)
        planes = {name: self._mapped(plane) for name, plane in frame.planes.items()}
        data, mask = self._mapped(frame.data), self._mapped(frame.mask)
        return frame.with_(data=data, variance=variance, mask=mask, planes=planes)

    def let_go(self) -> None:
        """Give back the memory of all pages that were read; reading them again brings them back."""
        for segment in self._segments:
            segment.map.madvise(mmap.MADV_DONTNEED)

    def _mapped(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Write a plane into a file and map it."""
        if _is_mapped(plane) or not plane.size:
            return plane
        size = -(-plane.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
        try:
            segment, offset = self._place(size)
            segment.write(np.ascontiguousarray(plane), offset)
        except OSError as error:
            raise not_written(self.folder / "frames between steps", error) from error
        flat = np.frombuffer(segment.map, plane.dtype, plane.size, offset)
        finalize(flat, self._free[size].append, (segment, offset)).atexit = False
        return flat.reshape(plane.shape)

    def _place(self, size: int) -> tuple[_Segment, int]:
        """Return where so many bytes may go: where planes were that are in use no more, or at the end."""
        if self._free[size]:
            return self._free[size].pop()
        if not self._segments or self._segments[-1].left < size:
            self._segments.append(_Segment(self.folder, max(size, _SEGMENT)))
        last = self._segments[-1]
        last.left -= size
        return last, last.size - last.left - size


def require_room(folder: Path, need: float) -> None:
    """Refuse a disk that is too small.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Made if needed.
    need : float
        Bytes that will be written in it.

    Raises
    ------
    NotWritten
        With how much room there is and how much is needed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise not_written(folder, error) from error
    if free < need * (1 + _SPARE):
        raise NotWritten(
            f"{folder.absolute()} has {_gigabytes(free)} of disk left, and {_gigabytes(need)} are needed for "
            "frames between steps. Make room, choose a folder on another disk with --out, or reduce fewer "
            "frames at a time."
        )


class _Segment:
    """A file without a name, mapped."""

    def __init__(self, folder: Path, size: int) -> None:
        self.stream: BinaryIO = tempfile.TemporaryFile(dir=folder, buffering=0)
        os.ftruncate(self.stream.fileno(), size)
        self.map = mmap.mmap(self.stream.fileno(), size, access=mmap.ACCESS_READ)
        self.size = self.left = size

    def write(self, plane: NDArray[Any], offset: int) -> None:
        """Write a plane at a place."""
        whole = memoryview(plane).cast("B")
        done = 0
        while done < len(whole):
            done += os.pwrite(self.stream.fileno(), whole[done : done + _PIECE], offset + done)


def _is_mapped(plane: NDArray[Any]) -> bool:
    """Tell whether the pixels of an array lie in a mapped file."""
    base: Any = plane
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap)


def _gigabytes(number: float) -> str:
    """Say a number of bytes in GB."""
    return f"{number / 1e9:.1f} GB"
