"""The desk: its panels share one workspace, and what was clicked can be done again by script and notebook."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.cli.desk import _command, _notebook
from f2widgets.widgets import Desk

#: Columns that tell when something was done; the checksum of a product changes with the moments in it.
_TIMES = {"timestamp", "timestamp_start", "timestamp_stop", "md5"}


@pytest.fixture
def desk(example1_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)  # where the database of calibrations is kept
    return Desk(example1_folder, out=tmp_path / "clicked")


def test_all_panels_share_one_workspace(desk):
    assert list(desk.panels) == ["Files", "Table", "Calibrations", "Reduce", "All", "Look"]
    assert {panel.workspace for panel in (desk.session, *desk.panels.values())} == {desk.workspace}


def test_what_is_to_be_looked_at_brings_its_tab_forward(desk, raw):
    assert desk.tabs.selected_index == 0
    desk.workspace.looking_at = (raw["science"][0],)
    assert desk.tabs.selected_index == list(desk.panels).index("Look")


def test_files_and_products_are_looked_at_from_where_they_stand(desk, page, raw, tmp_path):
    files, headers, look = (page(desk.panels[name]) for name in ("Files", "Table", "Look"))
    tab = list(desk.panels).index("Look")
    files.call("inspect", rows=[0])
    assert (desk.tabs.selected_index, len(look.panel.images)) == (tab, 1)
    desk.bring("Table")
    headers.call("inspect", rows=[0])  # the same: it comes forward all the same
    assert desk.tabs.selected_index == tab
    for at in (files, headers):
        assert "Pick one file" in at.error("inspect", rows=[])
        assert "20 at most" in at.error("inspect", rows=list(range(21)))
    look.call("open_file", path=raw["science"][0].name, add=True)
    assert [image.path for image in look.panel.images] == [raw["darks"][0], raw["science"][0]]
    assert look.panel.view["image"] == 1
    look.call("open_file", path=str(raw["science"][1]))
    assert [image.path for image in look.panel.images] == [raw["science"][1]]
    assert "There is no file none.fits" in look.error("open_file", path="none.fits")
    assert "made nothing yet" in page(desk.panels["Reduce"]).error("inspect", number=0)


def test_without_a_kernel_the_posters_of_all_panels_stand(desk):
    bundle = desk._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    for title in ("Session", "Reduction"):
        assert title in bundle["text/html"]


def test_a_restored_desk_shows_what_it_showed(desk, page, tmp_path):
    files, headers = page(desk.panels["Files"]), page(desk.panels["Table"])
    files.call("pick_values", picks={"tags": ["DARK"]})
    files.call("include", rows=[0], on=False)
    files.call("sort_by", column="night", down=True)
    headers.call("set_columns", names=["airmass", "object"])
    headers.call("try_filter", expression="exposure_time > 60s")
    headers.call("sort_by", column="airmass")
    desk.session.save()
    before = desk.workspace.files
    assert 0 < len(before) < 36

    again = Desk(tmp_path, out=tmp_path / "clicked")
    read = {name: counted(again.panels[name], "_found") for name in ("Files", "Table")}
    files, headers = page(again.panels["Files"]), page(again.panels["Table"])
    page(again.session).call("restore")
    assert again.panels["Files"].picks == {"tags": ("DARK",)}
    assert again.workspace.files == again.panels["Files"].value == before
    assert files.last("rows")["order"] == ("night", True)
    assert headers.last("rows")["shown_columns"] == ["airmass", "object"]
    assert headers.last("rows")["order"] == ("airmass", False)
    assert headers.last("filtered")["expression"] == "exposure_time > 60s"
    assert again.panels["Table"].value == desk.panels["Table"].value != ()
    assert {name: len(times) for name, times in read.items()} == {"Files": 1, "Table": 1}
    again.workspace.restore(again.workspace.state())  # the same once more: nothing has to be read
    assert {name: len(times) for name, times in read.items()} == {"Files": 1, "Table": 1}


def counted(panel, name):
    """Keep each time that a method is called."""
    times, method = [], getattr(panel, name)
    setattr(panel, name, lambda *words: times.append(words) or method(*words))
    return times


def test_a_state_of_the_first_version_is_restored_and_a_damaged_part_told(desk, page):
    files = page(desk.panels["Files"])
    files.call("pick_values", picks={"tags": ["DARK"]})
    state = desk.workspace.state()
    first = {name: value for name, value in state.items() if name != "panels"} | {"version": 1}
    desk.workspace.restore(first)
    assert desk.panels["Files"].picks == {"tags": ("DARK",)}
    damaged = {**state["panels"], "Files": {"left_out": 3}, "Headers": {**state["panels"]["Headers"]}}
    damaged["Headers"]["columns"] = ["airmass"]
    desk.workspace.restore({**state, "panels": damaged})
    assert "The saved state of this panel is damaged" in desk.panels["Files"].message["text"]
    assert desk.panels["Table"].columns == ("airmass",)


def test_the_view_of_images_comes_back(desk, page, raw):
    desk.workspace.looking_at = tuple(raw["science"][:2])
    look = desk.panels["Look"]
    look.look(image=1, stretch="log", limits=(10, 500))
    page(look).call("set_regions", regions=[{"shape": "circle", "x": 3, "y": 4, "radius": 5}])
    state = json.loads(json.dumps(desk.workspace.state()))
    shown, regions = dict(look.view), look.regions
    look.look(image=0, stretch="linear")
    look.regions = []
    desk.workspace.restore(state)
    assert (look.view, look.regions) == (shown, regions)
    gone = {**state, "looking_at": state["looking_at"][:1]}
    desk.workspace.restore(gone)
    assert look.view["image"] == 0


def contents(path):
    """Return all that a product says, but for when it was made."""
    told = []
    with fits.open(path) as hdus:
        for hdu in hdus:
            told.append([(c.keyword, c.value) for c in hdu.header.cards if not _when(c)])
            if isinstance(hdu, fits.BinTableHDU):
                told.append({n: hdu.data[n].tolist() for n in hdu.columns.names if n not in _TIMES})
            elif hdu.data is not None:
                told.append(np.asarray(hdu.data).tobytes())
    return told


def _when(card):
    """Say whether a card holds a moment."""
    return bool(re.match(r"\d{4}-\d\d-\d\dT", str(card.value)))


@pytest.mark.slow
def test_script_and_notebook_give_the_products_that_were_clicked(desk, page, raw, tmp_path):
    files = page(desk.panels["Files"])
    run = page(desk.panels["Reduce"])
    files.open()
    desk.workspace.select([*raw["darks"], *raw["short"], *raw["on"], *raw["off"], *raw["science"]])
    run.call("plan")
    run.call("run")
    desk.panels["Reduce"].worker.wait(300)
    made = sorted(path.name for path in desk.workspace.out.glob("*.fits"))
    assert len(made) == 4, (made, desk.panels["Reduce"].message)
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "none"), "XDG_CACHE_HOME": str(tmp_path)}
    for form, run_it in (("script", _run_script), ("notebook", _run_notebook)):
        again = tmp_path / form
        again.mkdir()
        text = Path(desk.session.export(form)).read_text()
        text = text.replace(str(desk.workspace.out), str(again))
        run_it(text, again, environment)
        assert sorted(path.name for path in again.glob("*.fits")) == made
        for name in made:
            assert contents(again / name) == contents(desk.workspace.out / name), (form, name)


def _run_script(text, folder, environment):
    """Run a script in its folder."""
    (folder / "again.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "again.py"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def _run_notebook(text, folder, environment):
    """Run the cells of a notebook, in its folder."""
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    _run_script("\n".join("".join(cell["source"]) for cell in cells), folder, environment)


def test_the_page_of_the_shell_is_the_desk(tmp_path):
    text = json.loads(_notebook(tmp_path / "it's raw", tmp_path, None))
    source = text["cells"][0]["source"]
    compile(source, "cell", "exec")
    assert repr(str(tmp_path / "it's raw")) in source
    words = _command(tmp_path / "desk.ipynb", 8877, True)
    assert "--port=8877" in words
    assert "--no-browser" in words
    assert "--Voila.ip=127.0.0.1" in words


@pytest.mark.parametrize("folder", ["nowhere", "file"])
def test_a_folder_that_is_none_is_named(folder, tmp_path):
    (tmp_path / "file").write_text("")
    words = [sys.executable, "-m", "f2widgets", "desk", folder, "--no-browser"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert folder in done.stderr
    assert "Traceback" not in done.stderr
