import pytest

from f2widgets.io.tags import TAGS, tags_of
from tests import real_headers
from tests.raw_files import raw_headers

SKY = {"F2", "GEMINI", "SOUTH", "SIDEREAL", "RAW", "UNPREPARED"}
PARKED = {"F2", "GEMINI", "SOUTH", "NON_SIDEREAL", "AZEL_TARGET", "AT_ZENITH", "RAW", "UNPREPARED"}
LAMP = PARKED | {"CAL", "FLAT", "GCALFLAT", "IMAGE"}


def tags(kind="science", **keywords):
    return set(tags_of(raw_headers(kind, **keywords)[0]))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("science", SKY | {"IMAGE"}),
        ("dark", PARKED | {"CAL", "DARK"}),
        ("lamp_on", LAMP | {"GCAL_IR_ON", "LAMPON"}),
        ("lamp_off", LAMP | {"GCAL_IR_OFF", "LAMPOFF"}),
        ("spectrum", SKY | {"LS", "SPECT"}),
    ],
)
def test_the_usual_frames(kind, expected):
    assert tags(kind) == expected


def test_a_dark_behind_slit_and_grism_is_no_spectrum():
    assert not tags("dark", GRISM="JH_G5801", MOSPOS="4pix-slit") & {"LS", "SPECT", "IMAGE"}


def test_an_image_through_a_slit_is_an_image():
    assert {"IMAGE", "LS", "THRUSLIT"} <= tags(MOSPOS="6pix-slit")


def test_a_weak_lamp_is_a_lamp_but_no_flat():
    found = tags("lamp_on", GCALLAMP="IRlow", OBSTYPE="OBJECT")
    assert "LAMPON" in found
    assert not found & {"GCALFLAT", "FLAT"}


def test_a_lamp_without_a_name_behind_the_shutter_is_off():
    assert "LAMPOFF" in tags("lamp_off", GCALLAMP="No Value")


def test_twilight_in_imaging_stays_a_flat():
    assert {"TWILIGHT", "FLAT", "CAL"} <= tags(OBJECT="Twilight", OBSTYPE="FLAT")
    assert "FLAT" not in tags("spectrum", OBJECT="Twilight", OBSTYPE="FLAT")


def test_a_moving_target_and_no_target():
    assert "NON_SIDEREAL" in tags(RATRACK=0.1)
    assert not tags(FRAME="No Value", TRKFRAME="No Value") & {"SIDEREAL", "NON_SIDEREAL"}


@pytest.mark.parametrize(
    ("kind", "mark", "given", "gone"),
    [
        ("dark", "PROCDARK", {"PROCESSED", "DARK", "CAL", "PREPARED"}, {"RAW", "UNPREPARED"}),
        ("lamp_on", "PROCFLAT", {"PROCESSED", "FLAT", "CAL"}, {"RAW", "LAMPON"}),
        ("lamp_on", "PROCBPM", {"PROCESSED", "BPM", "CAL"}, {"RAW", "IMAGE", "LAMPON", "GCALFLAT"}),
        ("dark", "BPMASK", {"PROCESSED", "BPM", "CAL"}, {"DARK"}),
        ("science", "PROCSCI", {"PROCESSED", "PROCESSED_SCIENCE", "IMAGE"}, {"RAW"}),
    ],
)
def test_products(kind, mark, given, gone):
    stamps = {mark: "2024-01-01", "PREPARE": "2024-01-01", "GEM-TLM": "2024-01-01"}
    found = tags(kind, **stamps)
    assert given <= found
    assert not gone & found


def test_another_instrument():
    assert "F2" not in tags(INSTRUME="GMOS-S")
    assert "F2" in tags(INSTRUME="Flam")


def legacy(found):
    """Translate into the names of tags that listings used until 2018."""
    old = found - {"FLAT", "ARC", "DARK", "GCALFLAT", "LAMPON", "LAMPOFF", "THRUSLIT", "SOUTH"}
    if "THRUSLIT" in found:
        old -= {"IMAGE", "LS"}
    old |= {"GEMINI_SOUTH"}
    for sort in {"IMAGE", "SPECT"} & old:
        old.add(f"F2_{sort}")
    for mask in {"LS", "MOS"} & old if "SPECT" in old else ():
        old.add(f"F2_{mask}")
        old |= {f"F2_{mask}_{lamp}" for lamp in ("FLAT", "ARC") if lamp in found}
    if {"IMAGE", "FLAT"} <= found:
        old.add("F2_IMAGE_FLAT")
    return old | {f"F2_{sort}" for sort in ("CAL", "DARK") if sort in found}


@pytest.mark.real
@real_headers.each
def test_real_headers_have_the_tags_of_the_archive(name):
    listed = real_headers.archive(name)["types"]
    found = set(tags_of(real_headers.headers(name).phu))
    assert found <= TAGS
    if name == "S20221020S0034":  # imaging through a slit: an older release had no rule for it
        listed |= {"LS", "THRUSLIT"}
    assert (legacy(found) if "GEMINI_SOUTH" in listed else found) == listed
