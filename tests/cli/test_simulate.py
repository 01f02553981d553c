import pytest
from click.testing import CliRunner

from f2widgets.cli.simulate import simulate


def test_simulate_makes_frames_and_says_where(tmp_path):
    folder = tmp_path / "with a blank"
    result = CliRunner().invoke(
        simulate, ["example1", str(folder), "--size", "128", "--seed", "2", "--perfect"]
    )
    assert result.exit_code == 0, result.output
    assert "Example 1 at 128 x 128, seed 2: " in result.output
    assert f"36 raw frames in {folder}" in result.output
    assert (folder / "truth" / "perfect.npz").exists()


def test_quiet_says_nothing(tmp_path):
    result = CliRunner().invoke(simulate, ["example1", str(tmp_path), "--size", "128", "-q"])
    assert result.exit_code == 0
    assert result.output == ""


@pytest.mark.parametrize(
    ("name", "number", "title"),
    [("kred", 33, "Example 2"), ("offset", 45, "Offset to sky"), ("twilight", 25, "Twilight")],
)
def test_every_data_set_is_made(tmp_path, name, number, title):
    few = ["--nsci", "2"] if name == "kred" else []
    result = CliRunner().invoke(simulate, [name, str(tmp_path), "--size", "128", *few])
    assert result.exit_code == 0, result.output
    assert f"{title} at 128 x 128, seed 1" in result.output
    assert f"{number} raw frames" in result.output


def test_help_names_every_option():
    text = CliRunner().invoke(simulate, ["example1", "--help"]).output
    for (
        option
    ) in "size seed sky drift stars seeing transparency pointing hot bad-wcs perfect threads".split():
        assert f"--{option} " in text or f"--{option}\n" in text
