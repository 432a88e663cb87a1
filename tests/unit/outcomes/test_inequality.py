from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from hisim.errors import ImpossibleModelError
from hisim.outcomes.inequality import (
    WITHHELD,
    absolute_gap,
    atkinson_index,
    equally_distributed_equivalent,
    fitted_ends,
    ranks,
    relative_gap,
    relative_index,
    slope_index,
)

EQUAL = np.full(5, 1e6)
UNEQUAL = np.array([1.1e6, 0.7e6, 1.3e6, 0.9e6, 1.2e6])


def over_fifths(*values: float) -> xr.DataArray:
    return xr.DataArray(np.array(values, dtype=float), dims="quintile")


def test_ranks_of_equal_fifths_are_their_mid_points():
    np.testing.assert_allclose(ranks(EQUAL), [0.1, 0.3, 0.5, 0.7, 0.9], rtol=1e-14)


@pytest.mark.parametrize("population", [EQUAL, UNEQUAL])
def test_a_straight_line_is_found_exactly(population):
    start, end = fitted_ends(70.0 + 12.0 * ranks(population), population)
    assert start == pytest.approx(70.0, rel=1e-13)
    assert end == pytest.approx(82.0, rel=1e-13)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("population", [EQUAL, UNEQUAL])
def test_equal_fifths_have_slope_0_and_ratio_1_exactly(population, log):
    values, people = over_fifths(*[78.123456789] * 5), xr.DataArray(population, dims="quintile")
    assert float(slope_index(values, people, log=log)) == 0.0
    assert float(relative_index(values, people, log=log)) == 1.0


@pytest.mark.parametrize("log", [False, True])
def test_reversed_fifths_flip_the_sign(log):
    values, people = over_fifths(9.0, 7.5, 7.0, 6.0, 4.0), xr.DataArray(UNEQUAL, dims="quintile")
    turned = {"quintile": slice(None, None, -1)}
    forward, back = (slope_index(values.isel(at), people.isel(at), log=log) for at in ({}, turned))
    assert float(forward) < 0
    assert float(back) == pytest.approx(-float(forward), rel=1e-12)
    ratio, inverse = (relative_index(values.isel(at), people.isel(at), log=log) for at in ({}, turned))
    assert float(ratio) * float(inverse) == pytest.approx(1.0, rel=1e-12)


def test_logs_find_a_geometric_gradient_exactly():
    people = xr.DataArray(UNEQUAL, dims="quintile")
    values = xr.DataArray(1500.0 * 0.6 ** ranks(UNEQUAL), dims="quintile")
    assert float(relative_index(values, people, log=True)) == pytest.approx(0.6, rel=1e-12)
    assert float(slope_index(values, people, log=True)) == pytest.approx(1500.0 * -0.4, rel=1e-12)


def test_the_rank_scale_is_the_one_given():
    values = over_fifths(74.0, 77.0, 79.0, 80.0, 82.0)
    one, other = (slope_index(values, xr.DataArray(people, dims="quintile")) for people in (EQUAL, UNEQUAL))
    assert abs(float(one) - float(other)) > 0.1


@pytest.mark.parametrize(
    "values", [(-5.0, -4.0, -3.0, -2.0, -1.0), (-9.0, -1.0, 1.0, 2.0, 3.0), (0.0, 0.0, 0.0, 0.0, 0.0)]
)
def test_relative_index_is_withheld_where_the_mean_is_not_above_0(values):
    people = xr.DataArray(EQUAL, dims="quintile")
    index = relative_index(over_fifths(*values), people)
    assert np.isnan(float(index))
    assert index.attrs["withheld"] == WITHHELD
    assert np.isfinite(float(slope_index(over_fifths(*values), people)))


def test_relative_index_is_withheld_where_the_line_crosses_0():
    index = relative_index(over_fifths(-1.0, 2.0, 4.0, 6.0, 9.0), xr.DataArray(EQUAL, dims="quintile"))
    assert np.isnan(float(index))


def test_a_rate_of_0_has_no_logarithm():
    people, values = xr.DataArray(EQUAL, dims="quintile"), over_fifths(0.0, 2.0, 4.0, 6.0, 9.0)
    assert np.isnan(float(slope_index(values, people, log=True)))
    assert np.isnan(float(relative_index(values, people, log=True)))


def test_gaps_are_positive_when_the_most_deprived_are_worse_off():
    years, england = xr.DataArray(74.0), xr.DataArray(78.0)
    assert float(absolute_gap(years, england, higher_is_better=True)) == 4.0
    assert float(relative_gap(years, england, higher_is_better=True)) == pytest.approx(4 / 78)
    rate, average = xr.DataArray(1500.0), xr.DataArray(1200.0)
    assert float(absolute_gap(rate, average, higher_is_better=False)) == 300.0
    assert float(relative_gap(rate, average, higher_is_better=False)) == pytest.approx(0.25)


def test_relative_gap_is_withheld_against_nothing():
    gap = relative_gap(xr.DataArray([3.0, 3.0]), xr.DataArray([0.0, -1.0]), higher_is_better=False)
    assert np.isnan(gap.values).all()
    assert gap.attrs["withheld"] == WITHHELD


LEVELS_OF_FIFTHS = st.lists(st.floats(1.0, 100.0), min_size=5, max_size=5)


def test_atkinson_by_hand_at_aversion_2():
    # The harmonic mean of 60, 60, 80, 80, 120 is 5 / (2/60 + 2/80 + 1/120) = 75, their mean 80.
    values, people = over_fifths(60, 60, 80, 80, 120), xr.DataArray(EQUAL, dims="quintile")
    assert float(equally_distributed_equivalent(values, people, 2.0)) == pytest.approx(75.0, rel=1e-14)
    assert float(atkinson_index(values, people, 2.0)) == pytest.approx(1 - 75 / 80, rel=1e-12)


def test_aversion_1_is_the_geometric_mean_and_no_seam():
    values, people = over_fifths(50, 60, 70, 80, 90), xr.DataArray(UNEQUAL, dims="quintile")
    geometric = float(np.exp((UNEQUAL / UNEQUAL.sum()) @ np.log(values.values)))
    for aversion in (1.0, 1.0 - 1e-12, 1.0 + 1e-12):
        assert float(equally_distributed_equivalent(values, people, aversion)) == pytest.approx(geometric, rel=1e-11)


@given(LEVELS_OF_FIFTHS, st.floats(0.0, 30.0))
def test_equally_distributed_equivalent_lies_between_the_lowest_and_the_mean(values, aversion):
    levels, people = over_fifths(*values), xr.DataArray(UNEQUAL, dims="quintile")
    equal = float(equally_distributed_equivalent(levels, people, aversion))
    mean = float(np.average(values, weights=UNEQUAL))
    assert min(values) * (1 - 1e-12) <= equal <= mean * (1 + 1e-12)
    assert -1e-12 <= float(atkinson_index(levels, people, aversion)) < 1.0


@given(LEVELS_OF_FIFTHS, st.floats(0.0, 20.0), st.floats(0.0, 20.0))
def test_atkinson_rises_with_aversion(values, one, other):
    levels, people = over_fifths(*values), xr.DataArray(UNEQUAL, dims="quintile")
    less, more = (float(atkinson_index(levels, people, aversion)) for aversion in sorted((one, other)))
    assert less <= more + 1e-12


@pytest.mark.parametrize("aversion", [0.0, 0.5, 1.0, 10.95, 1000.0])
def test_atkinson_of_equal_fifths_is_0_exactly(aversion):
    values, people = over_fifths(*[66.123456789] * 5), xr.DataArray(UNEQUAL, dims="quintile")
    assert float(atkinson_index(values, people, aversion)) == 0.0
    assert float(equally_distributed_equivalent(values, people, aversion)) == 66.123456789


def test_without_aversion_inequality_costs_nothing():
    values, people = over_fifths(50, 60, 70, 80, 90), xr.DataArray(UNEQUAL, dims="quintile")
    assert float(atkinson_index(values, people, 0.0)) == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("lowest", [0.0, -1.0, np.nan])
def test_atkinson_is_withheld_where_a_fifth_is_not_above_0(lowest):
    values, people = over_fifths(lowest, 2.0, 4.0, 6.0, 9.0), xr.DataArray(EQUAL, dims="quintile")
    for measure in (atkinson_index, equally_distributed_equivalent):
        found = measure(values, people)
        assert np.isnan(float(found))
        assert found.attrs["withheld"] == WITHHELD


@pytest.mark.parametrize("aversion", [-0.1, np.inf, np.nan])
def test_an_impossible_aversion_is_refused(aversion):
    people = xr.DataArray(EQUAL, dims="quintile")
    with pytest.raises(ImpossibleModelError, match=r"aversion: found .*; allowed: 0 or more"):
        atkinson_index(over_fifths(1, 2, 3, 4, 5), people, aversion)
