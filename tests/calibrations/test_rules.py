"""The association rules, case by case."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from f2widgets.calibrations.match import Candidate, in_time
from f2widgets.calibrations.rules import filter_parts, judge, kind_of, match, needed
from f2widgets.core.frame import Facts
from f2widgets.errors import NoCalibration
from f2widgets.io.headers import facts_of
from tests import real_headers

NIGHT = datetime(2013, 11, 21, 3, 0)
SCIENCE = Facts(
    tags=frozenset({"F2", "IMAGE", "RAW"}),
    observation_type="OBJECT",
    ut_start=NIGHT,
    exposure_time=120.0,
    read_mode="1",
    filter_name="Y",
    filter_id="Y_G0811&Open",
    disperser="Open",
    lyot_stop="f/16_G5830",
    focal_plane_mask="Open",
)


def at(days, name="cal.fits", order=0, shape=None, refused=None, **facts):
    when = NIGHT + timedelta(days=days)
    return Candidate(Path(name), replace(SCIENCE, ut_start=when, **facts), "db", shape, order, refused)


def chosen(kind, candidates, facts=SCIENCE, **more):
    found = match(kind, facts, candidates, **more)
    return found.chosen.path.name if found.chosen else None


def test_the_dark_nearest_in_time_with_the_same_exposure_is_taken():
    darks = [at(-1, "before"), at(0.2, "after"), at(0, "short", exposure_time=2.0)]
    assert chosen("dark", darks) == "after"


@pytest.mark.parametrize(
    ("days", "fits"), [(89.9, True), (90, False), (-90, False), (-89.9, True), (91, False)]
)
@pytest.mark.parametrize("kind", ["dark", "flat"])
def test_darks_and_flats_are_less_than_90_days_away(kind, days, fits):
    assert (chosen(kind, [at(days)]) is not None) == fits


def test_the_age_limit_can_be_widened_on_purpose():
    assert chosen("dark", [at(91)], max_age=120) == "cal.fits"


def test_too_old_a_dark_is_told_as_the_nearest_miss():
    found = match("dark", SCIENCE, [at(-91, "old.fits")], name="S1")
    assert found.chosen is None
    (miss,) = found.misses
    assert [(f.key, f.found, f.needed) for f in miss.failures] == [
        ("age", "91.0 days before", "less than 90 days")
    ]
    assert "old.fits: age is 91.0 days before, needed less than 90 days" in found.explain()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"read_mode": "8"}, "read mode"),
        ({"coadds": 2}, "coadds"),
        ({"exposure_time": 120.02}, "exposure time"),
        ({"qa_state": "Fail"}, "QA state"),
        ({"ut_start": None}, "time"),
    ],
)
def test_a_dark_that_differs_in_one_thing_is_refused_for_it(change, key):
    candidate = Candidate(Path("d"), replace(SCIENCE, **change))
    (miss,) = match("dark", SCIENCE, [candidate]).misses
    assert [failure.key for failure in miss.failures] == [key]


def test_exposure_times_may_differ_by_a_hundredth_of_a_second():
    assert chosen("dark", [at(0, exposure_time=120.009)]) == "cal.fits"


def test_a_dark_that_failed_quality_gives_way_to_the_next():
    assert chosen("dark", [at(0, "bad", qa_state="Fail"), at(5, "good", qa_state="Pass")]) == "good"


def test_darks_keep_the_optics_of_the_night_and_are_not_compared_in_them():
    assert chosen("dark", [at(0, filter_id="H_G0803", disperser="DK_G5804", focal_plane_mask="x")])


def test_flats_are_not_compared_in_read_mode_or_exposure():
    assert chosen("flat", [at(0, read_mode="8", exposure_time=20.0, coadds=3)])


@pytest.mark.parametrize(
    ("flat", "science", "fits"),
    [
        ("JH_G0809&Open", "JH_G0816&Open", False),
        ("J_G0802&Open", "Open&J_G0802", True),
        ("HK_G0806_good&Open", "HK_G0806&Open", True),
        ("J&Open", "J_G0802&Open", True),
        ("J_G0802&Open", "H_G0803&Open", False),
        ("Open&Open&YJH_G0818", "YJH_G0818&Open", True),
        ("K-long_G0812&Open", "K-blue_G0814&Open", False),
    ],
)
def test_filters_agree_by_name_and_component_in_whichever_wheel(flat, science, fits):
    found = match("flat", replace(SCIENCE, filter_id=science), [at(0, filter_id=flat)])
    assert (found.chosen is not None) == fits


def test_filters_without_wheel_names_are_compared_by_name_with_a_note():
    found = match("flat", SCIENCE, [at(0, filter_id=None)])
    assert found.chosen
    assert "compared by name alone" in found.notes[0]
    assert match("flat", SCIENCE, [at(0)]).notes == ()


@pytest.mark.parametrize("change", [{"disperser": "JH"}, {"lyot_stop": "GEMS"}, {"focal_plane_mask": "slit"}])
def test_a_flat_through_other_optics_is_refused(change):
    assert chosen("flat", [at(0, **change)]) is None


def test_in_k_a_flat_of_another_night_is_used_with_a_note():
    k = {"filter_name": "Ks", "filter_id": "Ks_G0804&Open"}
    facts = replace(SCIENCE, **k)
    assert "same night" in match("flat", facts, [at(3, **k)]).notes[0]
    assert match("flat", facts, [at(0.3, **k)]).notes == ()


@pytest.mark.parametrize(("days", "fits"), [(-730, True), (-0.1, True), (8, True), (91, False)])
def test_a_bad_pixel_mask_serves_ever_after_and_90_days_before(days, fits):
    found = match("bpm", SCIENCE, [at(days, exposure_time=20.0, filter_id="J_G0802")])
    assert (found.chosen is not None) == fits
    assert bool(found.notes) == (days > 0 and fits)


def test_an_old_mask_before_the_frame_is_taken_rather_than_a_new_one_after():
    assert chosen("bpm", [at(1, "after"), at(-300, "before"), at(-400, "earlier")]) == "before"


def test_an_old_mask_is_taken_and_a_new_one_made_just_after_is_named():
    found = match("bpm", SCIENCE, [at(1, "after"), at(-300, "before")])
    assert found.chosen.path.name == "before"
    (note,) = found.notes
    assert note.startswith("this mask is 300 days older than the frame; after, made 1.0 days after it, fits")
    assert match("bpm", SCIENCE, [at(1, "after"), at(-30, "before")]).notes == ()
    assert match("bpm", SCIENCE, [at(-300, "before"), at(-400, "earlier")]).notes == ()
    assert match("dark", SCIENCE, [at(1, "after"), at(-30, "before")]).notes == ()


def test_of_two_at_the_same_distance_the_later_added_wins():
    assert chosen("dark", [at(-1, "first", order=1), at(1, "second", order=2)]) == "second"
    assert chosen("dark", [at(-1, "first", order=3), at(1, "second", order=2)]) == "first"


def test_a_calibration_of_another_size_does_not_fit():
    assert chosen("bpm", [at(-1, shape=(512, 512))], shape=(2048, 2048)) is None
    assert chosen("bpm", [at(-1, shape=(512, 512))], shape=(512, 512))


def test_a_refused_file_gives_way_and_says_why():
    found = match("dark", SCIENCE, [at(0, "near", refused="the file is missing"), at(2, "far")])
    assert found.chosen.path.name == "far"
    assert str(found.misses[0]) == "near: the file is missing"


def test_nearest_misses_come_first():
    worse = at(0, "worse", read_mode="8", coadds=4)
    far, near = at(20, "far", read_mode="8"), at(10, "near", read_mode="8")
    misses = match("dark", SCIENCE, [worse, far, near]).misses
    assert [miss.candidate.path.name for miss in misses] == ["near", "far", "worse"]


def test_a_match_says_which_file_and_why():
    text = match("dark", SCIENCE, [at(-1.2, "d.fits")], name="S1").explain()
    assert text == (
        "S1: dark d.fits (from db): exposure time 120 s, read mode 1, coadds 1 agree; taken 1.2 days before."
    )


def test_what_is_missing_is_raised_with_near_misses_and_ways_out():
    found = match("dark", SCIENCE, [at(0, f"{n}.fits", exposure_time=2.0) for n in range(5)], name="S1")
    with pytest.raises(NoCalibration) as caught:
        found.require()
    text = str(caught.value)
    assert "it needs exposure time 120 s" in text
    assert text.count("exposure time is 2 s, needed 120 s") == 3
    assert "and 2 more" in text
    assert "--without subtract_dark" in text


@pytest.mark.parametrize(
    ("tags", "kind", "wants"),
    [
        ("IMAGE RAW", "OBJECT", ("dark", "flat", "bpm")),
        ("IMAGE RAW ACQUISITION", "OBJECT", ("bpm",)),
        ("FLAT IMAGE CAL", "FLAT", ("bpm",)),
        ("DARK CAL", "DARK", ("bpm",)),
        ("BPM CAL PROCESSED", "FLAT", ()),
        ("IMAGE PROCESSED PROCESSED_SCIENCE", "OBJECT", ()),
        ("SPECT LS", "OBJECT", ()),
        ("TWILIGHT CAL IMAGE FLAT", "OBJECT", ("dark", "bpm")),
        ("ARC CAL IMAGE", "ARC", ()),
    ],
)
def test_what_a_frame_needs(tags, kind, wants):
    assert needed(Facts(tags=frozenset(tags.split()), observation_type=kind, filter_name="Y")) == wants


def test_a_flat_in_k_needs_a_dark():
    facts = Facts(tags=frozenset({"FLAT"}), observation_type="FLAT", filter_name="K-red")
    assert needed(facts) == ("dark", "bpm")


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ("PROCESSED DARK CAL", "dark"),
        ("PROCESSED FLAT", "flat"),
        ("PROCESSED BPM FLAT", "bpm"),
        ("PREPARED DARK", None),
        ("PROCESSED PROCESSED_SCIENCE IMAGE", None),
    ],
)
def test_the_kind_follows_from_the_tags(tags, kind):
    assert kind_of(tags.split()) == kind


def test_filter_parts_leave_out_open():
    assert filter_parts(Facts(filter_id="HK_G0806_good&Open")) == {"HK": "0806"}
    assert filter_parts(Facts(filter_name="open")) == {}


@pytest.mark.parametrize(
    ("age", "words"),
    [(-1.25, "taken 1.2 days before"), (0.5, "taken 12.0 hours after"), (None, "taken at an unknown time")],
)
def test_distance_in_time_is_said_in_words(age, words):
    assert in_time(age) == words


@given(st.lists(st.integers(-200, 200), max_size=8))
def test_the_chosen_dark_is_the_nearest_of_those_that_fit(days):
    found = match("dark", SCIENCE, [at(d) for d in days])
    fitting = [abs(d) for d in days if abs(d) < 90]
    assert (abs(found.age) if found.chosen else None) == min(fitting, default=None)
    assert len(days) == len(found.misses) + len(found.others) + (found.chosen is not None)


#: What an imaging reduction asks for, by real frame; spectra ask for nothing.
ASKED = {
    "S20150101S0261": ("dark", "flat", "bpm"),
    "S20150103S0144": ("bpm",),  # a dark behind slit and filter
    "S20150113S0186": ("bpm",),  # a lamp-off flat in J
    "S20170905S0318": ("dark", "flat", "bpm"),
    "S20191214S0301": ("bpm",),
    "S20210522S0033": ("dark", "flat", "bpm"),
    "S20220912S0299": ("bpm",),
    "S20221020S0034": ("bpm",),  # an acquisition image through a slit
    "S20230301S0170": ("dark", "flat", "bpm"),
}
#: What speaks against one real frame as the calibration of another; everything else about them agrees.
AGAINST = {
    ("flat", "S20150101S0261", "S20150113S0186"): [],
    ("flat", "S20210522S0033", "S20150113S0186"): ["age"],
    ("flat", "S20230301S0170", "S20150113S0186"): ["filter", "age"],
    # The filter of the acquisition is known from FILTER alone, and agrees.
    ("flat", "S20221020S0034", "S20220912S0299"): ["focal plane mask"],
    ("dark", "S20150101S0261", "S20150103S0144"): ["exposure time"],
    ("dark", "S20230301S0170", "S20191214S0301"): ["exposure time", "age"],
}


def real_facts(name):
    headers = real_headers.headers(name)
    return facts_of(headers.phu, headers.image, f"{name}.fits")


@pytest.mark.real
@real_headers.each
def test_real_frames_need_what_their_kind_needs(name):
    assert needed(real_facts(name)) == ASKED.get(name, ())


@pytest.mark.real
@pytest.mark.skipif(not real_headers.NAMES, reason=f"no real headers in {real_headers.FOLDER.resolve()}")
@pytest.mark.parametrize(("kind", "frame", "calibration"), AGAINST)
def test_real_calibrations_fit_real_frames_by_the_rules(kind, frame, calibration):
    judged = judge(kind, real_facts(frame), Candidate(Path(calibration), real_facts(calibration)))
    assert [failure.key for failure in judged.failures] == AGAINST[kind, frame, calibration]
