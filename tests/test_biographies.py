"""Biographies lead from the raw frames to what the products hold."""

import shutil

import numpy as np
import pytest

from f2widgets.biographies import Biographer, biography
from f2widgets.core import flags
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.read import read_frame
from f2widgets.recipes.recipes import recipe_named
from f2widgets.recipes.steps import STEPS
from f2widgets.reduction import reduce

#: Rounding: single precision keeps the sky, some 25,000 electrons, to 0.002; the noise of a frame is 150.
#: Where sums go another way round, a few such steps add up.
_TOLERANCE = 0.01


@pytest.fixture(scope="module")
def made(example1_calibrated, example1_lists, tmp_path_factory, no_configuration):
    """A stack whose frames were kept after every step, a pixel of one frame struck by a bright ray."""
    folder = tmp_path_factory.mktemp("biography")
    shutil.copytree(example1_calibrated, folder, dirs_exist_ok=True)
    raw = folder / "raw"
    raw.mkdir()
    for path in example1_lists["science"]:
        shutil.copy(path, raw)
    _strike(raw / example1_lists["science"][2].name)
    keep = {step.name for step in recipe_named("image").steps}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        return reduce(sorted(raw.glob("*.fits")), keep=keep, out=folder)


def _strike(path):
    """Add a cosmic ray to a raw frame."""
    from astropy.io import fits

    with fits.open(path, mode="update") as hdus:
        hdus[1].data[..., 300, 250] += 20_000


@pytest.fixture(scope="module")
def teller(made):
    return Biographer(made.path, [made.plan.files[0].path.parent])


def places(frame, number=200):
    """Return pixels all over a stack: anywhere, on stars, at edges, where frames were left out."""
    rng = np.random.default_rng(11)
    ny, nx = frame.shape
    anywhere = rng.integers(0, (nx, ny), (number // 2, 2))
    stars = np.stack([frame.tables["OBJCAT"]["X_IMAGE"], frame.tables["OBJCAT"]["Y_IMAGE"]], 1).round() - 1
    edges = [(0, 0), (nx - 1, ny - 1), (nx // 2, 0), (nx // 2, 3), (nx - 4, ny // 2), (2, ny // 3)]
    seconds = frame.planes["EXPMAP"]
    fewer = np.argwhere((seconds > 0) & (seconds < seconds.max()))[:, ::-1]
    nothing = np.argwhere(seconds == 0)[:, ::-1]
    inner = np.argwhere(seconds == seconds.max() - seconds.max() / 9)[:, ::-1]
    some = [a[rng.integers(0, len(a), k)] for a, k in ((stars, 30), (fewer, 30), (nothing, 10), (inner, 30))]
    return np.concatenate([anywhere, edges, *some]).astype(int)


@pytest.mark.slow
def test_every_pixel_ends_as_the_stack_holds_it(made, teller):
    frame = read_frame(made.path)
    for x, y in places(frame):
        told = teller.tell(int(x), int(y))
        assert told.problems == ()
        last = told.stages[-1]
        assert last.value == pytest.approx(float(frame.data[y, x]), rel=1e-6, abs=_TOLERANCE)
        assert last.sigma == pytest.approx(float(np.sqrt(frame.variance[y, x])), rel=1e-5)
        assert last.flags == flags.names(frame.mask[y, x])
        assert told.agrees
        assert sum(share.weight for share in told.shares) == pytest.approx(
            1 if any(s.used for s in told.shares) else 0
        )
        assert sum(120 for s in told.shares if s.used) == frame.planes["EXPMAP"][y, x]


def test_every_step_of_a_frame_is_as_in_the_run(made, teller):
    kept = {}
    endings = {step.ending or step.name: step.name for step in STEPS}
    for path in made.kept:
        root, _, ending = path.stem.partition("_")
        kept[root, endings[ending]] = path
    rng = np.random.default_rng(2)
    name = made.plan.files[4].name
    frames = {step: read_frame(path) for (root, step), path in kept.items() if root == name}
    for x, y in rng.integers(0, 512, (60, 2)):
        told = teller.tell(int(x), int(y), name)
        last = {stage.step: stage for stage in told.stages}  # of a step done twice, what it left at last
        assert list(last)[-1] == "match_counts"
        for step, stage in last.items():
            if step == "read":
                continue
            frame = frames[step]
            assert stage.value == pytest.approx(float(frame.data[y, x]), rel=1e-6, abs=_TOLERANCE), step
            if frame.variance is not None:
                assert stage.sigma == pytest.approx(float(np.sqrt(frame.variance[y, x])), rel=1e-5), step
            hidden = flags.INTERNAL
            assert set(stage.flags) - set(flags.names(hidden)) == set(
                flags.names(int(frame.mask[y, x]) & ~hidden)
            ), step


def test_a_struck_pixel_tells_which_frame_was_left_out_and_why(made, teller):
    grid = teller._replay.grid
    x, y = np.linalg.solve(grid.matrices[2][:, :2], np.array([250, 300]) - grid.matrices[2][:, 2]).round()
    told = teller.tell(int(x), int(y))
    assert [share.used for share in told.shares] == [True, True, False, *[True] * 6]
    struck = told.shares[2]
    assert "cosmic" in struck.flags
    assert "cosmic ray" in struck.why
    assert struck.weight == 0
    stages = {stage.step: stage for stage in struck.stages}
    assert stages["read"].value > 20_000
    assert "cosmic" not in stages["flag_objects"].flags
    assert "cosmic" in stages["flag_outliers"].flags
    assert "left out: cosmic ray" in str(told)


@pytest.mark.parametrize("kind", ["dark", "flat", "bpm"])
def test_calibrations_tell_their_frames(kind, made, example1_folder):
    (path,) = made.path.parent.glob(f"*_{kind}.fits")
    frame = read_frame(path)
    teller = Biographer(path, [example1_folder])
    for x, y in np.random.default_rng(5).integers(0, 512, (60, 2)):
        told = teller.tell(int(x), int(y))
        assert told.problems == ()
        last = told.stages[-1]
        assert last.value == pytest.approx(float(frame.data[y, x]), rel=3e-6)
        assert last.flags == flags.names(frame.mask[y, x])
        assert told.agrees
        assert len(told.shares) == {"dark": 10, "flat": 10, "bpm": 17}[kind]
        averaged = sum(share.weight for share in told.shares if np.isfinite(share.weight))
        assert averaged == pytest.approx(1 if kind == "dark" else 2)


def test_a_dark_tells_which_frame_was_struck(example1_lists, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in example1_lists["darks_120s"]:
        shutil.copy(path, tmp_path)
    _strike(tmp_path / example1_lists["darks_120s"][5].name)
    dark = reduce([tmp_path / path.name for path in example1_lists["darks_120s"]])
    told = biography(dark.path, 250, 300)
    assert [share.used for share in told.shares].index(False) == 5
    assert told.shares[5].why == "differs from the median of the others"
    assert told.agrees


def test_missing_and_changed_files_are_named(made, tmp_path):
    path = shutil.copy(made.path, tmp_path)
    raw = tmp_path / "raw"
    shutil.copytree(made.plan.files[0].path.parent, raw)
    (raw / "S20131121S0077.fits").unlink()
    _strike(raw / "S20131121S0078.fits")
    told = biography(path, 200, 200, search=[raw, made.path.parent])
    assert told.stages == (told.product,)
    gone, other = told.problems
    assert gone.startswith("S20131121S0077.fits is not there. Looked in")
    assert "S20131121S0078.fits is not the file that was used: its MD5 sum differs" in other


def test_a_raw_frame_and_a_kept_one_tell_what_they_know(made):
    raw = made.plan.files[0].path
    told = biography(raw, 3, 4)
    assert told.stages == (told.product,)
    assert "a raw frame" in told.problems[0]
    kept = {path.stem: path for path in made.kept}
    flat = biography(kept[f"{raw.stem}_flatCorrected"], 30, 40, search=[raw.parent])
    assert [stage.step for stage in flat.stages][-1] == "divide_flat"
    assert flat.problems == ()
    assert flat.agrees
    sky = biography(kept[f"{raw.stem}_skyCorrected"], 30, 40, search=[raw.parent])
    assert "takes all frames of the set together" in sky.problems[0]


def test_a_stack_in_memory_is_told_like_its_file(made, teller):
    frame = read_frame(made.path)
    told = biography(frame, 222, 111, search=[made.plan.files[0].path.parent, made.path.parent])
    assert told.stages == teller.tell(222, 111).stages


@pytest.mark.parametrize(
    "options",
    [
        {"without": ["resample"]},
        {"without": ["flatten_background", "match_counts"]},
        {"settings": {"subtract_sky:scale": "offset", "resample:interpolant": "linear"}},
        {"settings": {"subtract_sky:group": 5, "refine_sky:group": 5, "combine:method": "median"}},
    ],
    ids=lambda options: str(options)[:40],
)
def test_other_ways_to_reduce_are_followed_too(options, made, monkeypatch):
    monkeypatch.chdir(made.path.parent)
    other = reduce([file.path for file in made.plan.files], suffix="_other", overwrite=True, **options)
    frame, teller = read_frame(other.path), Biographer(other.path, [made.plan.files[0].path.parent])
    for x, y in np.random.default_rng(8).integers(0, min(frame.shape), (25, 2)):
        told = teller.tell(int(x), int(y))
        assert told.problems == ()
        assert told.stages[-1].value == pytest.approx(float(frame.data[y, x]), rel=1e-6, abs=_TOLERANCE)
        assert told.stages[-1].flags == flags.names(frame.mask[y, x])


def test_pixels_frames_and_files_that_are_not_there(made, teller, tmp_path):
    with pytest.raises(ParameterError, match="is no pixel of S20131121S0075_image: x goes from 0 to"):
        teller.tell(5000, 3)
    with pytest.raises(ParameterError, match="S1 did not go into S20131121S0075_image"):
        teller.tell(3, 3, "S1")
    with pytest.raises(NotF2Data):
        biography(tmp_path / "none.fits", 1, 1)
