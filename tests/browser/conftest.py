"""What the browser tests share: the browser, and a JupyterLab that serves a folder."""

import os

import pytest

from tests.browser.lab import FLAGS, server
from tests.run import browser


@pytest.fixture(scope="session")
def chromium():
    """Give the browser, started once; without one skip, but fail where CI is set."""
    found = browser()
    if found is None and os.environ.get("CI"):
        pytest.fail("Chromium was not found: python tests/run.py installs it")
    if found is None:
        pytest.skip("Chromium was not found: python tests/run.py installs it where it can")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=found, args=FLAGS, headless=True)
        yield started
        started.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Serve an empty folder with JupyterLab, for all tests; gives the folder, the address and the token."""
    folder, home = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CACHE", "CONFIG", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        with server(folder, home) as (address, token):
            yield folder, address, token


@pytest.fixture(scope="module")
def lab(served, tmp_path_factory):
    """Give a module a folder of its own in what is served, with the address and the token.

    A notebook in it is opened as ``f"{folder.name}/some.ipynb"``.
    """
    folder, address, token = served
    own = folder / tmp_path_factory.mktemp("own").name
    own.mkdir()
    return own, address, token
