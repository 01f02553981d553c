from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from f2widgets.simulate.sequence import conditions, exposures
from f2widgets.simulate.settings import Settings


def test_the_36_frames_of_the_data_set():
    found = exposures()
    names = [exposure.name for exposure in found]
    assert len(found) == len(set(names)) == 36
    assert names == sorted(names)
    assert Counter((e.kind, e.seconds) for e in found) == {
        ("science", 120.0): 9,
        ("dark", 120.0): 10,
        ("dark", 2.0): 7,
        ("lamp on", 20.0): 4,
        ("lamp off", 20.0): 6,
    }
    assert {"S20131121S0075", "S20131121S0083", "S20131122S0439", "S20131126S1116", "S20131129S0323"} <= set(
        names
    )


def test_times_agree_with_names_and_exposures_do_not_overlap():
    for exposure in exposures():
        day = int(exposure.name[7:9])
        assert exposure.start.day in (day, day - 1)
    science = [e.start for e in exposures() if e.kind == "science"]
    gaps = {round((b - a).total_seconds(), 1) for a, b in pairwise(science)}
    assert gaps == {135.2}


def test_sky_has_the_nominal_mean_and_ramp():
    steady = [now.sky for now in conditions(Settings(drift=0.0))]
    assert steady == pytest.approx([190.0] * 9)
    levels = np.array([[now.sky for now in conditions(Settings(seed=seed))] for seed in range(40)])
    assert levels.mean(axis=1) == pytest.approx(190.0)
    slopes = [abs(np.polyfit(np.linspace(-0.5, 0.5, 9), row, 1)[0]) / 190 for row in levels]
    assert np.mean(slopes) == pytest.approx(0.20, abs=0.02)


def test_spread_of_seeing_transparency_and_pointing():
    nights = [conditions(Settings(seed=seed)) for seed in range(60)]
    assert np.mean([now.fwhm for night in nights for now in night]) == pytest.approx(3.5, rel=0.01)
    assert np.std([now.transparency for night in nights for now in night]) == pytest.approx(0.025, rel=0.1)
    errors = []
    for night in nights:
        wrong = [3600 * (now.pointing.crval[1] - (-47.844250 + now.offset[1] / 3600)) for now in night]
        errors.append(np.std(wrong, ddof=1))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(0.15, rel=0.1)


def test_gradient_is_one_per_cent_across_the_field_and_turns():
    settings = Settings(size=512)
    angles = []
    for now in conditions(settings):
        assert np.hypot(*now.gradient) * 2 * settings.radius == pytest.approx(0.01)
        angles.append(np.arctan2(*now.gradient))
    assert abs(np.unwrap(angles)[-1] - angles[0]) == pytest.approx(1.0)


def test_dithers_shrink_with_the_array_and_change_with_the_seed():
    full, small = conditions(Settings()), conditions(Settings(size=512))
    for a, b in zip(full, small, strict=True):
        assert a.offset[0] / 4 == pytest.approx(b.offset[0], abs=0.01)
    assert full[3].offset != conditions(Settings(seed=2))[3].offset


def test_bad_wcs_gives_the_header_of_the_frame_before():
    plain, bad = conditions(Settings()), conditions(Settings(bad_wcs=5))
    assert bad[4].header_pointing == bad[3].header_pointing == plain[3].header_pointing
    assert bad[4].pointing == plain[4].pointing
    assert bad[5].header_pointing == plain[5].header_pointing
