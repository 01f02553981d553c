import platform
import subprocess
import sys

import pytest

FILL = """
import resource
import numpy as np
from f2widgets.core.memory import keep_memory

if {kept}:
    keep_memory()
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    planes = [np.ones(100_000, np.float32) for _ in range(40)]
    del planes
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


HELD = """
import os
import numpy as np
from f2widgets.core.memory import give_back, keep_memory

keep_memory()
held = lambda: int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
planes = [np.ones(1_000_000, np.float32) for _ in range(40)]
last = np.ones(1_000_000, np.float32)
del planes
before = held()
give_back()
print(before - held())
"""


def faults(kept: bool) -> int:
    """Return how many pages the system has given to arrays that follow others of their size."""
    run = [sys.executable, "-c", FILL.format(kept=kept)]
    return int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of the GNU C library")
def test_memory_of_earlier_arrays_is_used_again():
    assert faults(kept=True) < 100 < 1000 < faults(kept=False)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a call of the GNU C library")
def test_memory_that_lies_free_is_given_back():
    done = subprocess.run([sys.executable, "-c", HELD], check=True, capture_output=True, text=True)
    assert int(done.stdout) > 100_000_000
