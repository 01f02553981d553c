"""JupyterLab with a server of its own, and a page of it in headless Chromium."""

import json
import os
import secrets
import socket
import subprocess
import sys
import textwrap
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
#: A kernel goes on without its page: it is ended, so that others have its memory.
END = "async () => { await window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown(); }"
RUN_ALL = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
#: What each code cell holds: its number of execution, and every output with type, mime types and text.
CELLS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .filter(cell => cell.cell_type === 'code')
    .map(cell => ({source: cell.source, count: cell.execution_count, outputs: cell.toJSON().outputs}))"""


@contextmanager
def server(folder, home, older=None):
    """Serve a folder with JupyterLab, and Notebook 7 beside it; gives the address and the token.

    `older` is a folder into which another version of JupyterLab was installed.
    """
    token, port = secrets.token_hex(16), _free_port()
    places = {name: str(home / name.lower()) for name in PLACES}
    settings = home / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    command += ["--LabApp.extension_manager=readonly", "--JupyterNotebookApp.expose_app_in_browser=True"]
    if older is not None:
        places["JUPYTERLAB_DIR"] = str(older / "share" / "jupyter" / "lab")
        paths = [str(older), *filter(None, [os.environ.get("PYTHONPATH")])]
        places["PYTHONPATH"] = os.pathsep.join(paths)
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
def voila(folder, home, notebook):
    """Serve one notebook with Voila; gives the address."""
    port = _free_port()
    places = {name: str(home / name.lower()) for name in PLACES}
    command = [sys.executable, "-m", "voila", str(folder / notebook), "--no-browser", f"--port={port}"]
    command += ["--Voila.ip=127.0.0.1", "--show_tracebacks=True"]
    with open(home / "voila.log", "w") as log:
        running = subprocess.Popen(command, env={**os.environ, **places}, stdout=log, stderr=log, cwd=folder)
        try:
            address = f"http://127.0.0.1:{port}"
            _until_answered(f"{address}/voila/static/voila.js", running, home / "voila.log")
            yield address
        finally:
            running.terminate()
            running.wait(timeout=20)


def write_notebook(path, *cells):
    """Write a notebook of code cells."""
    made = [
        {"cell_type": "code", "id": f"cell{k}", "metadata": {}, "execution_count": None, "outputs": []}
        | {"source": textwrap.dedent(source).strip()}
        for k, source in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(whole))


@contextmanager
def browsing(chromium, address, size=(1300, 900)):
    """Open a page that reaches our server only; gives the page and a list of what went wrong.

    Errors of the console and of scripts count, and so does every request to another place, which is refused.
    """
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    try:
        page = context.new_page()
        page.set_default_timeout(60_000)
        errors = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))

        def guard(route):
            url = route.request.url
            if url.startswith((f"{address}/", "data:", "blob:")):
                return route.continue_()
            errors.append(f"a request to {url}")
            return route.abort()

        context.route("**/*", guard)
        yield page, errors
    finally:
        context.close()


@contextmanager
def page(chromium, address, token, notebook, place="lab/tree"):
    """Open a notebook in JupyterLab, or in Notebook 7 (place "notebooks"); gives what `browsing` does."""
    with browsing(chromium, address) as (opened, errors):
        opened.goto(f"{address}/{place}/{notebook}?token={token}&reset")
        opened.wait_for_function("() => window.jupyterapp !== undefined")
        opened.wait_for_function("() => window.jupyterapp.shell.currentWidget?.sessionContext")
        opened.evaluate(READY)
        yield opened, errors
        told = len(errors)
        opened.evaluate(END)
    del errors[told:]  # a page may stumble over the end of its kernel, which is no fault of what was tried


def failed_cells(opened):
    """Return what went wrong in the cells of the open notebook."""
    every = [output for cell in opened.evaluate(CELLS) for output in cell["outputs"]]
    return [output for output in every if output["output_type"] == "error"]


def violations(opened, selector=".f2-root"):
    """Return what axe-core finds seriously wrong for people who cannot see or use a mouse."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(opened, context=selector).response["violations"]
    return [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


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
