"""What the tests of teaching share: a night reduced once, and progress of nobody's."""

import pytest

from f2widgets.teaching.record import Progress
from tests.widgets.conftest import Page


@pytest.fixture
def page():
    """Return the class of pages that are not there: ``page(panel)``."""
    return Page


@pytest.fixture
def keep(tmp_path):
    """Return progress in a file of its own."""
    return Progress(tmp_path / "progress.json")


@pytest.fixture(scope="session")
def reduced(example1_lists, example1_calibrated, no_configuration):
    """Return the stack of Example 1, with frames kept before the outliers are looked for."""
    from f2widgets.reduction import reduce

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(example1_calibrated)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        return reduce(
            example1_lists["science"],
            keep=["divide_flat", "flag_objects"],
            suffix="_teaching",
            out=example1_calibrated / "teaching",
        )
