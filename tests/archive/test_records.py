from datetime import date, datetime

import pytest

from f2widgets.archive.records import archived
from tests import real_headers

#: A record as the archive writes it, shortened.
RECORD = {
    "name": "S20221020S0034.fits",
    "filename": "S20221020S0034.fits.bz2",
    "compressed": True,
    "file_size": 2751438,
    "data_size": 16801920,
    "file_md5": "86e04a9a4fb6609a441335b5f0f6816e",
    "data_md5": "f06bbeb4af6745160b5d0cb51dc059bb",
    "instrument": "F2",
    "ut_datetime": "2022-10-20 04:11:25.700000",
    "observation_type": "OBJECT",
    "observation_class": "acq",
    "filter_name": "Get_Timed_Out?",
    "exposure_time": 20.0,
    "disperser": "Open",
    "focal_plane_mask": "6pix-slit",
    "detector_readmode_setting": "1",
    "spectroscopy": False,
    "gcal_lamp": None,
    "qa_state": "Pass",
    "release": "2023-04-20",
    "types": "{'F2', 'RAW'}",
}


def test_a_record():
    file = archived(RECORD)
    assert (file.name, file.filename) == ("S20221020S0034.fits", "S20221020S0034.fits.bz2")
    assert (file.size, file.data_size, file.is_packed) == (2751438, 16801920, True)
    assert file.md5 == "86e04a9a4fb6609a441335b5f0f6816e"
    assert file.release == date(2023, 4, 20)
    assert file.facts.ut_start == datetime(2022, 10, 20, 4, 11, 25, 700000)
    assert file.facts.filter_name is None  # the wheel could not be read in time
    assert file.facts.tags == {"F2", "IMAGE", "ACQUISITION"}


@pytest.mark.parametrize(
    ("stated", "tags"),
    [
        ({"observation_type": "DARK", "observation_class": "dayCal"}, {"F2", "DARK", "CAL"}),
        (
            {"observation_type": "FLAT", "observation_class": "dayCal", "gcal_lamp": "IRhigh"},
            {"LAMPON", "FLAT"},
        ),
        (
            {"observation_type": "FLAT", "observation_class": "dayCal", "gcal_lamp": "Off"},
            {"LAMPOFF", "FLAT"},
        ),
        ({"observation_type": "OBJECT", "spectroscopy": True}, {"SPECT"}),
        ({"object": "Twilight"}, {"TWILIGHT", "IMAGE"}),
    ],
)
def test_tags_follow_from_what_is_stated_and_not_from_its_list_of_tags(stated, tags):
    assert tags <= archived(RECORD | stated).facts.tags


@pytest.mark.parametrize(
    "change",
    [
        {"filename": "../../S20221020S0034.fits"},
        {"filename": "/etc/passwd"},
        {"filename": ".bashrc.fits", "name": ".bashrc.fits"},
        {"filename": "other.fits.bz2"},
        {"file_size": None},
        {"file_size": "many"},
    ],
)
def test_nonsense_is_refused(change):
    with pytest.raises(ValueError, match=r"record|many"):
        archived(RECORD | change)


def test_what_is_missing_is_none():
    file = archived({key: RECORD[key] for key in ("name", "filename", "file_size", "data_size")})
    assert (file.md5, file.release, file.facts.ut_start, file.facts.qa_state) == (None, None, None, None)
    assert archived(RECORD | {"file_md5": "short"}).md5 is None


@pytest.mark.real
@real_headers.each
def test_real_records_say_what_the_headers_say(name):
    from f2widgets.io.headers import facts_of

    headers, listed = real_headers.headers(name), real_headers.archive(name)
    told, own = archived(listed).facts, facts_of(headers.phu, headers.image, name)
    assert told.exposure_time == own.exposure_time
    assert told.read_mode == own.read_mode
    assert told.tags <= own.tags
    assert told.qa_state == own.qa_state
    if name != "S20221020S0034":  # its filter wheel timed out
        assert told.filter_name == own.filter_name
