"""A command's wall time, processor time, and the peak memory of all its processes together."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Seconds between two looks at the memory.
EVERY = 0.02


@dataclass(frozen=True)
class Run:
    """What a command took.

    Parameters
    ----------
    wall, cpu : float
        Seconds.
    peak : float
        Most memory of the command and its children at one time, MB.
    output : str
        What it printed.
    """

    wall: float
    cpu: float
    peak: float
    output: str


def watched(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> Run:
    """Run a command and watch it.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    folder : Path
        Where it runs.
    environment : dict, optional
        Variables to set beside those there are.

    Returns
    -------
    Run
        What it took. The peak is the largest sum seen every 20 ms (shared pages of a lone process
        count in full, of several by share), or what the system says the largest process ever held.

    Raises
    ------
    SystemExit
        If the command fails; with its output.
    """
    log = folder / ".benchmark.log"
    with log.open("w+") as stream:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        seen = Sampler(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        # Before its program starts, a child is a copy of this process, whose memory would count.
        own, most = _highest(os.getpid()), usage.ru_maxrss * 1024
        peak = max(seen.stop(), most if most > own else 0)
        stream.seek(0)
        output = stream.read()
    log.unlink()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with status {process.returncode}:\n{output}")
    return Run(wall, usage.ru_utime + usage.ru_stime, peak / 1e6, output)


class Sampler:
    """Looks at the memory of a process and its children until told to stop."""

    def __init__(self, pid: int, every: float = EVERY) -> None:
        self._pid, self._every, self._peak, self._done = pid, every, 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Return the most bytes seen."""
        self._done.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        """Look again and again."""
        while not self._done.wait(self._every):
            found = tree(self._pid)
            total = sum(_highest(pid) if len(found) == 1 else _proportional(pid) for pid in found)
            self._peak = max(self._peak, total)


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in path.read_text().split()]
            except OSError:  # it has ended meanwhile
                continue
    return found


def _highest(pid: int) -> int:
    """Return the most bytes a process has held, shared ones in full."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _proportional(pid: int) -> int:
    """Return the bytes a process holds, shared ones by its share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
