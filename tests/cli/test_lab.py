"""``f2 lab``: copies of the tutorials, never written over, and JupyterLab, or what is missing for it."""

import os
import sys

import pytest
from click.testing import CliRunner

from f2widgets import notebooks
from f2widgets.cli import lab
from f2widgets.errors import NotWritten, ParameterError, WrongInputs
from f2widgets.notebooks import copy_tutorials, tutorial_named, tutorials_folder

NOTEBOOKS = ("00_start_here.ipynb", "01_dither_on_target.ipynb", "03_darks_and_bad_pixels.ipynb")
NAMES = (*NOTEBOOKS, "GLOSSARY.md", "TEACHING.md")


@pytest.fixture
def source(tmp_path, monkeypatch):
    folder = tmp_path / "came"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(f"{name} as it came")
    monkeypatch.setattr(notebooks, "tutorials_folder", lambda: folder)
    return folder


def run(*words):
    return CliRunner().invoke(lab.lab, [str(word) for word in words], standalone_mode=False)


def test_tutorials_of_the_checkout_are_found():
    assert (tutorials_folder() / "01_dither_on_target.ipynb").exists()


def test_tutorials_of_an_installed_package_are_found(tmp_path, monkeypatch):
    class File:
        name = "00_start_here.ipynb"

        def locate(self):
            return tmp_path / "share" / self.name

    monkeypatch.setattr(notebooks, "__file__", str(tmp_path / "site" / "f2widgets" / "notebooks.py"))
    monkeypatch.setattr("importlib.metadata.files", lambda name: [File()])
    assert tutorials_folder() == tmp_path / "share"
    monkeypatch.setattr("importlib.metadata.files", lambda name: None)
    with pytest.raises(WrongInputs, match="installed without them"):
        tutorials_folder()


@pytest.mark.parametrize("word", ["1", "01", "01_dither", "01_dither_on_target.ipynb", "Dither"])
def test_tutorial_is_known_by_number_or_name(source, word):
    assert tutorial_named(word) == "01_dither_on_target.ipynb"


@pytest.mark.parametrize(
    ("word", "said"), [("7", "'7' is none"), ("0", "00_start_here"), ("_", "fits several")]
)
def test_unknown_tutorial_is_met_by_a_list(source, word, said):
    if word == "0":
        assert tutorial_named(word) == "00_start_here.ipynb"
    else:
        with pytest.raises(ParameterError, match=said):
            tutorial_named(word)


def test_copies_are_made_renewed_and_never_written_over_when_changed(source, tmp_path):
    target = tmp_path / "mine"
    assert copy_tutorials(target) == (sorted(NAMES), [])
    (target / NAMES[1]).write_text("with my notes")
    for name in NAMES:
        (source / name).write_text(f"{name}, a newer one")
    fresh, kept = copy_tutorials(target)
    assert kept == [NAMES[1]]
    assert (target / NAMES[1]).read_text() == "with my notes"
    assert (target / NAMES[0]).read_text() == f"{NAMES[0]}, a newer one"
    assert len(fresh) == 4


def test_file_of_the_same_name_that_was_there_before_is_left_alone(source, tmp_path):
    target = tmp_path / "mine"
    target.mkdir()
    (target / NAMES[0]).write_text("mine")
    (target / ".f2_lab.json").write_text("damaged")
    assert copy_tutorials(target)[1] == [NAMES[0]]
    assert (target / NAMES[0]).read_text() == "mine"


def test_copying_onto_themselves_is_refused(source):
    with pytest.raises(NotWritten, match="choose another folder"):
        copy_tutorials(source)


def test_folder_that_cannot_be_written_is_told(source, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritten):
        copy_tutorials(tmp_path / "file" / "below")


def test_copy_only_starts_nothing(source, tmp_path, monkeypatch):
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("started something"))
    done = run("--copy-only", "--folder", tmp_path / "mine")
    assert done.output == f"5 files in {tmp_path / 'mine'}.\n"


def test_lab_is_started_with_the_tutorial_in_the_folder(source, tmp_path, monkeypatch):
    started = {}

    def begin(words, cwd, env):
        started.update(words=words, cwd=cwd, env=env)
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr("subprocess.run", begin)
    monkeypatch.delenv("PYTHONSTARTUP", raising=False)
    assert run("3", "--folder", tmp_path / "mine", "--no-browser", "--port", 9999).return_value == 0
    assert started["words"][1:] == ["-m", "jupyterlab", NAMES[2], "--no-browser", "--port=9999"]
    assert started["words"][0] == sys.executable
    assert started["cwd"] == tmp_path / "mine"
    assert os.path.exists(started["env"]["PYTHONSTARTUP"])


def test_without_jupyterlab_it_says_what_to_install(source, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = run("--folder", tmp_path / "mine")
    assert 'pip install "f2widgets[lab]"' in str(done.exception)
    assert not (tmp_path / "mine").exists()


@pytest.mark.notebook
def test_kernel_restarted_in_the_middle_speaks_in_a_sentence(tmp_path, monkeypatch):
    from jupyter_client.manager import KernelManager

    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    kernel = KernelManager()
    kernel.start_kernel(env=lab._environment() | {"PYTHONPATH": os.pathsep.join(sys.path)})
    client = kernel.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        said = []
        client.execute_interactive("f2.show(stack)", output_hook=said.append, timeout=60)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    (error,) = [message["content"] for message in said if message["msg_type"] == "error"]
    (text,) = error["traceback"]
    assert text.startswith("f2 is not there yet. Run the cells above first")
