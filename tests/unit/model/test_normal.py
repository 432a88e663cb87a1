"""The normal distribution is scipy's, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from hisim.model.normal import ndtr

EDGES = [0.0, 1.0, 2**0.5, np.nextafter(2**0.5, 0), 8 * 2**0.5, 37.5, 38.5, 1e300, np.inf]


@pytest.mark.parametrize(
    "values",
    [np.linspace(-40, 40, 80_001), np.random.default_rng(2011).normal(size=50_000), np.array(EDGES), -np.array(EDGES)],
)
def test_shares_below_are_those_of_scipy(values: np.ndarray) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        np.testing.assert_array_equal(ndtr(values), special.ndtr(values))


def test_any_shape_is_kept() -> None:
    assert ndtr(np.zeros((5, 2, 101))).shape == (5, 2, 101)
    assert ndtr(np.array(0.0)) == 0.5
