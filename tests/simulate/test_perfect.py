import numpy as np
import pytest

from f2widgets.errors import WrongInputs
from f2widgets.simulate import perfect
from f2widgets.simulate.pointing import Pointing


def test_frames_are_stacked_at_whole_pixels(truth):
    stack = truth.perfect()
    assert stack["offsets"].dtype.kind == "i"
    assert np.abs(stack["offsets"][:, 0] - truth.frames["dx"]).max() <= 0.5
    assert stack["data"].dtype == np.float32
    assert stack["coverage"].max() == 9
    assert (stack["data"][stack["coverage"] == 0] == 0).all()


def test_noise_is_what_the_variance_says(truth):
    stack = truth.perfect()
    seen = stack["coverage"] >= 7
    pull = stack["data"][seen] / np.sqrt(stack["variance"][seen])
    # Objects make the bright side longer; the faint side is noise alone.
    low = np.percentile(pull, [2.275, 15.87])
    assert (low[0] - low[1]) == pytest.approx(-1, abs=0.06)


def test_bright_stars_lie_at_their_sky_positions(truth):
    stack = truth.perfect()
    wcs = stack["wcs"]
    pointing = Pointing(
        (wcs["CRVAL1"], wcs["CRVAL2"]),
        (wcs["CRPIX1"], wcs["CRPIX2"]),
        (wcs["CD1_1"], wcs["CD1_2"], wcs["CD2_1"], wcs["CD2_2"]),
    )
    x, y = pointing.pixels(truth.catalogue["ra"], truth.catalogue["dec"])
    flux, (ny, nx) = truth.catalogue["flux"], stack["data"].shape
    bright = (truth.catalogue["kind"] == "star") & (flux > 300)
    seen = found = 0
    for star in np.flatnonzero(bright):
        column, line = round(x[star]), round(y[star])
        near = np.hypot(x - x[star], y - y[star]) < 12
        crowded = flux[star] < 3 * (flux[near].sum() - flux[star])
        box = np.s_[line - 6 : line + 7, column - 6 : column + 7]
        if crowded or not (10 < column < nx - 10 and 10 < line < ny - 10):
            continue
        if (stack["coverage"][box] >= 8).all():
            top = np.unravel_index(stack["data"][box].argmax(), (13, 13))
            found += np.hypot(top[0] - 6, top[1] - 6) < 1.5
            seen += 1
    assert found == seen >= 3


def test_without_raw_frames_there_is_nothing_to_stack(tmp_path):
    with pytest.raises(WrongInputs, match="holds no simulated data set"):
        perfect(tmp_path)
