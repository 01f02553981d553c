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
