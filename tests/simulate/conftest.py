"""A small night, made once."""

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.simulate import example1, load, perfect

SIZE = 256


@pytest.fixture(scope="session")
def night(tmp_path_factory):
    folder = tmp_path_factory.mktemp("night")
    example1(folder, size=SIZE, seed=3, threads=1)
    perfect(folder)
    return folder


@pytest.fixture(scope="session")
def truth(night):
    return load(night)


@pytest.fixture(scope="session")
def raw(night):
    def read(name: str) -> np.ndarray:
        return fits.getdata(night / f"{name}.fits", 1)[0].astype(float)

    return read
