"""The configuration file: where it lies and how its lines are read."""

import pytest

from f2widgets.calibrations.config import find_config, parse_line, read_config, standard_file
from f2widgets.errors import ParameterError


@pytest.fixture
def home(tmp_path):
    return {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}


def configured(tmp_path, text, home):
    file = tmp_path / "my.ini"
    file.write_text(text)
    return read_config(file, folder=tmp_path, environment=home)


def test_without_a_configuration_the_working_folder_gets_and_stores(tmp_path, home):
    config = read_config(folder=tmp_path, environment=home)
    (one,) = config.databases
    assert (one.path, one.get, one.store) == (tmp_path / "f2_calibrations.db", True, True)
    assert config.source is None


def test_databases_keep_their_order_and_words(tmp_path, home):
    text = f"[calibs]\ndatabases = {tmp_path}/a.db get store\n            'b c.db'\n    # x\n  d.db store\n"
    config = configured(tmp_path, text, home)
    assert [(d.path.name, d.get, d.store) for d in config.databases] == [
        ("a.db", True, True),
        ("b c.db", True, False),
        ("d.db", False, True),
    ]
    assert config.databases[1].path.parent == tmp_path


def test_a_folder_means_the_database_inside(tmp_path):
    (tmp_path / "there").mkdir()
    for name in ("there", "there/", "not_yet/"):
        database, _ = parse_line(f"{name} get", tmp_path)
        assert database.path == tmp_path / name / "f2_calibrations.db"


def test_a_bare_name_is_a_file_and_no_server(tmp_path):
    database, note = parse_line("cal.db get", tmp_path)
    assert database.path == tmp_path / "cal.db"
    assert note is None


def test_a_server_is_left_out_with_a_word(tmp_path, home):
    config = configured(tmp_path, "[calibs]\ndatabases = https://archive.gemini.edu get\n", home)
    assert "on disk only" in config.notes[0]
    assert [d.path.name for d in config.databases] == ["f2_calibrations.db"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[calibs]\ndatabases = a.db get sore\n", "'sore'"),
        ("[calibs]\ndatabases = 'a.db get\n", "No closing quotation"),
        ("databases = a.db\n", "cannot be understood"),
        ("[calibs]\nx=1\nx=2\n", "cannot be understood"),
    ],
)
def test_a_wrong_line_is_told_with_its_file(tmp_path, home, text, word):
    with pytest.raises(ParameterError, match=r"my\.ini") as caught:
        configured(tmp_path, text, home)
    assert word in str(caught.value)


def test_the_old_key_for_a_folder_is_understood_with_a_note(tmp_path, home):
    config = configured(tmp_path, f"[calibs]\ndatabase_dir = {tmp_path}\n", home)
    assert config.databases[0].path == tmp_path / "f2_calibrations.db"
    assert "old name" in config.notes[0]


def test_what_is_named_wins_then_the_variable_then_the_standard_file(tmp_path, home):
    standard = standard_file(home)
    assert find_config(None, home) is None
    standard.parent.mkdir(parents=True)
    standard.write_text("")
    assert find_config(None, home) == standard
    for name in ("variable.ini", "given.ini"):
        (tmp_path / name).write_text("")
    home["F2WIDGETSRC"] = str(tmp_path / "variable.ini")
    assert find_config(None, home).name == "variable.ini"
    assert find_config(tmp_path / "given.ini", home).name == "given.ini"


def test_a_named_file_that_is_not_there_is_an_error(tmp_path, home):
    with pytest.raises(ParameterError, match="no configuration file"):
        find_config(tmp_path / "none.ini", home)
    with pytest.raises(ParameterError, match="F2WIDGETSRC"):
        find_config(None, home | {"F2WIDGETSRC": str(tmp_path / "none.ini")})


def test_a_configuration_of_the_reference_pipeline_is_never_looked_for(tmp_path, home, monkeypatch):
    (tmp_path / ".dragons").mkdir()
    (tmp_path / ".dragons" / "dragonsrc").write_text("[calibs]\ndatabases = /x/cal_manager.db get\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    home["DRAGONSRC"] = str(tmp_path / ".dragons" / "dragonsrc")
    assert read_config(folder=tmp_path, environment=home).source is None
    named = read_config(tmp_path / ".dragons" / "dragonsrc", folder=tmp_path, environment=home)
    assert named.databases[0].path.name == "cal_manager.db"
