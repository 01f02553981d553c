"""What all tests share: no configuration of the person who runs them, and the example's frames, made once."""

import pytest


@pytest.fixture(autouse=True)
def _nobodys_configuration(tmp_path_factory, monkeypatch):
    """Keep the configuration and the display of the person who runs the tests out of them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no configuration"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
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
