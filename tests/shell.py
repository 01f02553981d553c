"""``f2`` as a user types it: in a process of its own, whose status, output and folder are looked at."""

import ctypes
import hashlib
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: Numbers of the Linux calls below, from linux/prctl.h and linux/capability.h.
_DROP, _MAY_WRITE_ANYWHERE, _MAY_READ_ANYWHERE = 24, 1, 2


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str


def f2(*words, folder, within=None, text=None):
    """Run ``f2`` in a folder; `within` is called in the new process before it starts."""
    done = subprocess.run(
        [sys.executable, "-m", "f2widgets", *map(str, words)],
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        preexec_fn=within,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def as_anybody():
    """Give up root's right to write into every folder, so that permissions count for us as well."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for right in (_MAY_WRITE_ANYWHERE, _MAY_READ_ANYWHERE):
            libc.prctl(_DROP, right, 0, 0, 0)


def no_big_files(size=100_000):
    """Let no file grow beyond a size: to a program it is like a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def contents(folder):
    """Return every file below a folder with the checksum of what it holds, and every folder."""
    return {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(Path(folder).rglob("*"))
    }


def refuses(done, *words, status=1):
    """Assert that a command refused in plain words, which contain those given."""
    assert "Traceback" not in done.out + done.err, done.err
    assert done.status == status, (done.status, done.out, done.err)
    said = [line for line in done.err.splitlines() if line.startswith(("f2: ", "Error: "))]
    assert len(said) == 1, done.err
    for word in words:
        assert word in done.err, (word, done.err)
