"""JupyterLab with a server of its own, and a page of it in headless Chromium."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

#: No graphics card, no network beyond our own server, no first-run questions.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Where Jupyter keeps what it keeps of a person.
PLACES = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]
PLACES += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
#: Ready means that the kernel answered, not that its lamp looks idle.
READY = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.sessionContext.ready;
    await panel.context.ready;
    await panel.sessionContext.session.kernel.info;
}"""
RUN_ALL = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
#: What each code cell holds: its number of execution, and every output with type, mime types and text.
CELLS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .filter(cell => cell.cell_type === 'code')
    .map(cell => ({source: cell.source, count: cell.execution_count, outputs: cell.toJSON().outputs}))"""


@contextmanager
def server(folder, home):
    """Serve a folder with JupyterLab; gives the address and the token."""
    token, port = secrets.token_hex(16), _free_port()
    places = {name: str(home / name.lower()) for name in PLACES}
    settings = home / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    command += ["--LabApp.extension_manager=readonly"]
    with open(home / "server.log", "w") as log:
        running = subprocess.Popen(command, env={**os.environ, **places}, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            _until_answered(f"{address}/api?token={token}", running, home / "server.log")
            yield address, token
        finally:
            running.terminate()
            running.wait(timeout=20)


@contextmanager
def page(chromium, address, token, notebook):
    """Open a notebook in Chromium; gives the page and the list of errors in its console."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS, headless=True)
        try:
            opened = browser.new_page(viewport={"width": 1300, "height": 900})
            opened.set_default_timeout(60_000)
            errors = []
            opened.on(
                "console", lambda message: errors.append(message.text) if message.type == "error" else None
            )
            opened.on("pageerror", lambda error: errors.append(str(error)))
            opened.goto(f"{address}/lab/tree/{notebook}?token={token}&reset")
            opened.wait_for_function("() => window.jupyterapp !== undefined")
            opened.wait_for_function("() => window.jupyterapp.shell.currentWidget?.sessionContext")
            opened.evaluate(READY)
            yield opened, errors
        finally:
            browser.close()


def _free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _until_answered(url, running, log, seconds=60):
    """Wait until the server answers."""
    for _ in range(seconds * 10):
        assert running.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not answer in {seconds} s:\n{log.read_text()}")
