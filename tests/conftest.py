"""What all tests share: no configuration of the person who runs them, and the example's frames, made once."""

import pytest


def pytest_addoption(parser):
    """Let the browser go through every tutorial, which takes half a minute for each."""
    parser.addoption("--all-tutorials", action="store_true", help="run every tutorial in the browser")


@pytest.fixture(scope="session")
def no_configuration(tmp_path_factory):
    """Return an empty folder for programs that look for their configuration."""
    return str(tmp_path_factory.mktemp("no_configuration"))


@pytest.fixture(autouse=True)
def _nobodys_configuration(no_configuration, tmp_path_factory, monkeypatch):
    """Keep the configuration of the person who runs the tests out of them, with cache and memory."""
    monkeypatch.setenv("XDG_CONFIG_HOME", no_configuration)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "nobodys_state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "nobodys_cache"))
    monkeypatch.delenv("F2WIDGETSRC", raising=False)


@pytest.fixture(scope="session")
def example1_folder(tmp_path_factory):
    """Return a folder with the 36 raw frames of Example 1 at 512 x 512; to be read only."""
    from f2widgets.simulate import example1

    folder = tmp_path_factory.mktemp("raw") / "playdata" / "example1"
    example1(folder, size=512, seed=1)
    return folder


@pytest.fixture(scope="session")
def raw(example1_folder):
    """Return the paths of the raw frames of Example 1 by what they are."""

    def named(night, first, last):
        return [example1_folder / f"S{night}S{i:04d}.fits" for i in range(first, last + 1)]

    return {
        "darks": [*named(20131120, 115, 120), *named(20131122, 438, 439)],
        "short": named(20131121, 369, 375),
        "on": named(20131129, 320, 323),
        "off": named(20131126, 1111, 1116),
        "science": named(20131121, 75, 83),
    }


@pytest.fixture(scope="session")
def example1_lists(example1_folder):
    """Return the frames of Example 1 by what they are."""
    ranges = {
        "science": ("S20131121", range(75, 84)),
        "darks_2s": ("S20131121", range(369, 376)),
        "lamp_on": ("S20131129", range(320, 324)),
        "lamp_off": ("S20131126", range(1111, 1117)),
    }
    lists = {kind: [f"{day}S{number:04d}" for number in some] for kind, (day, some) in ranges.items()}
    lists["darks_120s"] = [f"S20131120S{number:04d}" for number in range(115, 121)]
    lists["darks_120s"] += ["S20131121S0010", "S20131122S0012", "S20131122S0438", "S20131122S0439"]
    lists["flats"] = lists["lamp_on"] + lists["lamp_off"]
    return {kind: [example1_folder / f"{name}.fits" for name in some] for kind, some in lists.items()}


@pytest.fixture(scope="session")
def example1_calibrated(example1_lists, no_configuration, tmp_path_factory):
    """Return a folder with dark, mask and flat of Example 1 and their database; to be copied."""
    from f2widgets.reduction import reduce

    folder = tmp_path_factory.mktemp("calibrated")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        reduce(example1_lists["darks_120s"])
        mask = reduce([*example1_lists["flats"], *example1_lists["darks_2s"]]).path
        reduce(example1_lists["flats"], user_cals={"bpm": mask})
    return folder
