"""The tutorials run from top to bottom, alone, and print the numbers they promise."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[1] / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
#: Cells with this tag keep their outputs, which are compared.
CHECKED = "nbval-check-output"
#: Seconds that a tutorial may take on two processors when its frames are made; what it takes of processors is
#: measured, since other programs may be busy besides, and the frames are made here as well.
LIMIT = 2 * 30
#: Words that have a place in the glossary, as links name them.
GLOSSARY = TUTORIALS / "GLOSSARY.md"

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    found = json.loads(path.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def lesson(path):
    """Return what names of exercises begin with: the number of a tutorial, or its first word."""
    return path.stem.partition("_")[0]


def processor_seconds():
    """Return what programs that were started and have ended have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_there_are_tutorials():
    names = [path.name for path in NOTEBOOKS]
    assert names[:2] == ["00_start_here.ipynb", "01_dither_on_target.ipynb"]
    assert len({lesson(path) for path in NOTEBOOKS}) == len(names)


@pytest.mark.notebook
@each_notebook
def test_notebook_runs_alone_and_prints_what_it_promises(path, tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    shutil.copy(path, folder)
    words = [
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:playwright",
        "-p",
        "no:cacheprovider",
        "-q",
        path.name,
    ]
    own = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    environment = {**os.environ, **{name: str(tmp_path / name.lower()) for name in own}}
    begin = processor_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert processor_seconds() - begin < LIMIT
    assert "skipped" not in done.stdout


@each_notebook
def test_only_checked_cells_keep_outputs(path):
    checked = 0
    for cell in cells(path, "code"):
        assert not cell["execution_count"]  # 0, not null, in a checked cell: nbval takes null for not run
        if CHECKED in cell["metadata"].get("tags", []):
            assert cell["execution_count"] == 0
            assert cell["outputs"], "a checked cell without outputs is not compared"
            assert all(output["name"] == "stdout" for output in cell["outputs"])
            checked += 1
        else:
            assert not cell["outputs"]
    assert checked >= 5


@each_notebook
def test_cells_are_short(path):
    for cell in cells(path, "code"):
        assert "".join(cell["source"]).count("\n") + 1 < 15, cell["source"]


@each_notebook
def test_notebook_begins_with_what_one_will_have_and_ends_with_something_to_try(path):
    texts = ["".join(cell["source"]) for cell in cells(path, "markdown")]
    number = lesson(path)
    title = f"# {int(number)}. " if number.isdigit() else f"# {path.stem.replace('_', ' ').capitalize()}\n"
    assert texts[0].startswith(title)
    assert "At the end you will have" in texts[0]
    assert "## Something to try" in texts[-1]


@each_notebook
def test_every_verb_beside_a_step_exists(path):
    from f2widgets.cli.main import VERBS

    lines = [line for cell in cells(path, "markdown") for line in "".join(cell["source"]).splitlines()]
    verbs = {line.split()[1] for line in lines if line.startswith("f2 ")}
    assert verbs <= set(VERBS)
    assert "reduce" in verbs


def anchors():
    """Return the places in the glossary, as headings of notebooks and of the web name them."""
    heads = re.findall(r"^## (.*)$", GLOSSARY.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


def links(path):
    return re.findall(
        r"GLOSSARY\.md(?:#([\w-]+))?", "".join("".join(c["source"]) for c in cells(path, "markdown"))
    )


@each_notebook
def test_links_to_the_glossary_lead_somewhere(path):
    named = {name for name in links(path) if name}
    assert named
    assert named <= anchors()
    assert len([name for name in links(path) if name]) == len(named), "a term is linked at its first use only"


@each_notebook
def test_a_word_of_the_glossary_is_linked_where_it_first_appears(path):
    """Headings and code do not count, nor words that are no terms in most places: a dark corner, weigh."""
    text = "\n".join("".join(c["source"]) for c in cells(path, "markdown"))
    text = re.sub(r"```.*?```|`[^`\n]*`|^#[^\n]*$|\$+[^$]+\$+", "", text, flags=re.S | re.M)
    for word in re.findall(r"^## (.*)$", GLOSSARY.read_text(), re.M):
        if word in ("Dark", "Flat", "Sky", "Weight"):
            continue
        pattern, place = word.replace(" ", r"\s+"), word.lower().replace(" ", "-")
        used = re.search(rf"(?<![\w#-]){pattern}s?(?![\w-])", text, re.I)
        linked = re.search(rf"\[[^\]]*\]\(GLOSSARY\.md#{place}\)", text)
        assert not used or (linked and linked.start() < used.end()), text[used.start() - 40 : used.end() + 20]


def test_every_word_of_the_glossary_is_used_in_a_tutorial():
    assert anchors() == {name for path in NOTEBOOKS for name in links(path) if name}
    heads = re.findall(r"^## (.*)$", GLOSSARY.read_text(), re.M)
    assert heads == sorted(heads, key=str.lower)


@each_notebook
def test_pictures_have_words_beside_them(path):
    """A picture without words of its own has titles; figures that are drawn here need words."""
    for cell in cells(path, "code"):
        source = "".join(cell["source"])
        assert "plt." not in source, "draw on a Figure, and show it as Picture(figure, words)"
        if "Figure(figsize" in source:
            assert re.search(r'Picture\(figure, "[^"]{20,}"', source)
        for call in re.findall(r"f2\.show\((.*?)\n\)", source, re.S):
            assert "alt=" in call


@each_notebook
def test_notebooks_teach_with_checkpoints_and_pictures(path):
    source = "".join("".join(cell["source"]) for cell in cells(path, "code"))
    number = lesson(path)
    assert len(set(re.findall(rf'checkpoint\(f?"{number}\.', source))) == 1
    assert source.count(f'checkpoint("{number}.') >= 3
    assert f'ProgressPanel("{number}")' in source or number == "00"
    assert "ImageInspector(" in source
