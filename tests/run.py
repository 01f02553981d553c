"""Run all tests, every mark: ``python tests/run.py``; words behind it go to pytest.

The browser tests need Chromium. It is looked for, and where it is missing and we are root on a Debian
system, installed. Without it those tests are skipped, and fail where the variable CI is set.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What the browser is called on different systems.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: The browser, and one font so that it can draw letters.
PACKAGES = ("chromium", "fonts-dejavu-core")

#: The tests are shared among processes, one for each processor but not more than four; those of a file stay
#: together and in order, since some go on from where the one before has left a panel.
SHARED = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")


def browser():
    """Return the path of Chromium, or None: first what the variable CHROMIUM names."""
    names = [os.environ.get("CHROMIUM"), *BROWSERS]
    return next((path for path in (shutil.which(name) for name in names if name) if path), None)


def install_browser():
    """Install Chromium with the system's own packages; whether it worked is seen afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", *words], env=environment, stdout=subprocess.DEVNULL, check=False)


def main():
    """Look for the browser, then become pytest."""
    if browser() is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests.", flush=True)
        install_browser()
    if browser() is None:
        print("Chromium was not found: install it, or name it with CHROMIUM=PATH.", flush=True)
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *SHARED, *sys.argv[1:]])


if __name__ == "__main__":
    main()
