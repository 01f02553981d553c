from datetime import datetime

import pytest

from f2widgets.calibrations.config import read_config
from f2widgets.calibrations.overview import held
from f2widgets.calibrations.store import Store
from f2widgets.errors import CalibrationStore
from tests.calibrations.processed import NIGHT, write_processed


@pytest.fixture
def config(tmp_path):
    return read_config(folder=tmp_path)


def test_what_is_held_with_properties_and_age(config, tmp_path):
    store = Store(tmp_path)
    store.init()
    store.add(write_processed(tmp_path / "d.fits", days=-2.0), write_processed(tmp_path / "f.fits", "flat"))
    dark, flat = held(config)
    assert (dark.entry.kind, dark.state, dark.trouble, dark.database) == ("dark", "present", None, store.path)
    assert dark.properties == "exposure time 120 s, read mode 1, coadds 1"
    assert flat.properties.startswith("filter Y_G0811, disperser Open")
    assert dark.age(NIGHT) == pytest.approx(-2.0)
    assert dark.age(datetime(2013, 11, 18, 3)) == pytest.approx(1.0)
    assert dark.age(None) is None


def test_missing_and_changed_files_are_told(config, tmp_path):
    store = Store(tmp_path)
    store.init()
    gone, other, same = (write_processed(tmp_path / f"{name}.fits") for name in "abc")
    store.add(gone, other, same)
    gone.unlink()
    other.write_bytes(other.read_bytes() + bytes(2880))
    found = held(config)
    assert [one.state for one in found] == ["missing", "changed", "present"]
    assert "md5" in found[1].trouble


def test_only_a_thorough_look_finds_a_change_that_keeps_size_and_time(config, tmp_path):
    import os

    file = write_processed(tmp_path / "a.fits")
    store = Store(tmp_path)
    store.init()
    store.add(file)
    before = file.stat()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [one.state for one in held(config)] == ["present"]
    assert [one.state for one in held(config, thorough=True)] == ["changed"]


def test_no_database_yet_holds_nothing_but_a_foreign_one_is_an_error(config, tmp_path):
    assert held(config) == []
    Store(tmp_path).path.write_text("no database")
    with pytest.raises(CalibrationStore, match="is not a calibration database"):
        held(config)
