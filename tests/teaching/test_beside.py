"""Exercises about the sky beside a target: the galaxy's light tells a sky of its own from one beside."""

import numpy as np
import pytest
from astropy.wcs import WCS

from f2widgets.core.frame import Facts, Frame
from f2widgets.simulate import load, simulated
from f2widgets.teaching.exercise import exercise_named
from f2widgets.teaching.lessons import beside

SIDE = 400


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Return the folder of a night; of its frames only the catalogue matters here."""
    folder = tmp_path_factory.mktemp("offset")
    simulated("offset", folder, size=256, seed=4, nsci=2, stars=0)
    return folder


def stack(raw, sky=0.0, angle=30.0):
    """Return a stack with nothing but the true galaxy, on a grid that is turned, and some sky left."""
    truth = load(raw)
    index = int(np.argmax(truth.catalogue["re"]))
    turn, scale = np.radians(angle), 0.1797 / 3600
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [truth.catalogue["ra"][index], truth.catalogue["dec"][index]]
    wcs.wcs.crpix = [SIDE / 2, SIDE / 2]
    wcs.wcs.cd = scale * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    mask = np.zeros((SIDE, SIDE), np.uint16)
    facts = Facts(tags=frozenset({"PROCESSED_SCIENCE"}))
    empty = Frame("stack", mask.astype(np.float32), None, mask, "electron", facts=facts, wcs=wcs)
    radius = float(truth.catalogue["re"][index]) / 0.1797
    light = beside._disc(empty, truth, index, radius, mask == 0).reshape(SIDE, SIDE)
    return empty.with_(data=(light + sky).astype(np.float32)), truth


def test_all_of_the_light_is_told_from_some_of_it(raw):
    good, truth = stack(raw)
    assert beside.faint_light(good, truth) == pytest.approx(1, abs=0.02)
    judge = exercise_named("11.light").judge
    assert judge(None, good, raw).right
    index = int(np.argmax(truth.catalogue["re"]))
    ring = float(np.median(good.data[np.s_[:]][np.hypot(*(np.indices(good.shape) - SIDE / 2)) < 20]))
    assert "the rest went with the sky" in judge(None, stack(raw, -0.2 * ring)[0], raw).text
    assert "there is sky left" in judge(None, stack(raw, 0.2 * ring)[0], raw).text
    assert truth.catalogue["kind"][index] == "galaxy"


def test_the_disc_has_the_light_of_the_catalogue(raw):
    good, truth = stack(raw)
    index = int(np.argmax(truth.catalogue["re"]))
    flux = float(truth.catalogue["flux"][index]) * 60 * float(np.mean(truth.frames["transparency"]))
    assert good.data.sum() == pytest.approx(flux, rel=0.02)


def test_distance_beside_follows_from_the_headers(raw):
    files = sorted(raw.glob("S20140312S004?.fits"))
    exercise = exercise_named("11.apart")
    assert exercise.judge(f"{beside._apart(files):.1f} arcsec", files).right
    assert "in pixels" in exercise.judge(f"{beside._apart(files) / 0.18:.1f} arcsec", files).text
    assert not exercise.judge("50 arcsec", "one.fits").counts


@pytest.mark.parametrize("name", ["11.why", "11.noise"])
def test_each_wrong_choice_has_an_answer_of_its_own(name):
    question = exercise_named(name).question
    verdicts = [question.judge(option) for option in question.options]
    assert sum(verdict.right for verdict in verdicts) == 1
    assert len({verdict.text for verdict in verdicts}) == len(verdicts)


def test_a_stack_of_another_night_is_refused_in_words(raw, example1_folder):
    verdict = exercise_named("11.light").judge(None, stack(raw)[0], example1_folder)
    assert not verdict.counts
    assert "the stack of the night" in verdict.text
