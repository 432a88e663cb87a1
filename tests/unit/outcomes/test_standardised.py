from __future__ import annotations

import numpy as np
import pytest

from hisim.outcomes.standardised import (
    ESP1976,
    ESP2013,
    group_bands,
    standardised_rate,
    standardised_rate_limits,
)
from hisim.variables import AGE_BAND_STARTS


@pytest.mark.parametrize("standard", [ESP1976, ESP2013])
def test_a_standard_is_100_000_people_in_19_groups(standard):
    assert sum(standard.weights) == 100_000
    assert len(standard.weights) == len(standard.starts) == 19
    assert set(standard.starts) <= set(AGE_BAND_STARTS)


def test_groups_merge_the_bands_each_standard_merges():
    bands = np.arange(20.0)
    assert group_bands(bands, ESP2013)[0] == 0 + 1
    assert group_bands(bands, ESP1976)[-1] == 18 + 19
    for standard in (ESP1976, ESP2013):
        assert group_bands(bands, standard).sum() == bands.sum()
        assert group_bands(bands, standard.under(75)).sum() == bands[:16].sum()


@pytest.mark.parametrize("standard", [ESP1976, ESP2013, ESP1976.under(75), ESP2013.under(75)])
def test_equal_rates_standardise_to_themselves(standard):
    lived = np.random.default_rng(1).uniform(1e3, 1e5, (4, 20))
    np.testing.assert_allclose(standardised_rate(0.012 * lived, lived, standard), 1200.0, rtol=1e-13)


def test_deaths_at_75_and_over_do_not_count_under_75():
    lived, died = np.full(20, 1e4), np.full(20, 10.0)
    more = died.copy()
    more[16:] *= 7.0
    young = ESP2013.under(75)
    assert standardised_rate(more, lived, young) == standardised_rate(died, lived, young)
    assert standardised_rate(more, lived, ESP2013) > standardised_rate(died, lived, ESP2013)


def test_by_hand_one_group():
    # 7,000 of the 91,000 under 75 (1976: of 96,000) are 40-44; 30 deaths in 10,000 there and none elsewhere.
    lived, died = np.full(20, 1e4), np.zeros(20)
    died[AGE_BAND_STARTS.index(40)] = 30.0
    assert standardised_rate(died, lived, ESP2013) == pytest.approx(300 * 0.07, rel=1e-14)
    assert standardised_rate(died, lived, ESP2013.under(75)) == pytest.approx(300 * 7 / 91, rel=1e-14)
    assert standardised_rate(died, lived, ESP1976.under(75)) == pytest.approx(300 * 7 / 96, rel=1e-14)


def test_limits_surround_the_rate_and_are_withheld_under_ten_deaths():
    lived, died = np.full((2, 20), 1e4), np.full((2, 20), 5.0)
    died[1] = 0.4
    low, high = standardised_rate_limits(died, lived)
    rate = standardised_rate(died, lived)
    assert low[0] < rate[0] < high[0]
    assert np.isnan(low[1])
    assert np.isnan(high[1])


def test_limits_hold_the_truth_95_times_in_100():
    # 4,000 sets of Poisson deaths: 95 % give or take 3.5 standard errors of a share, 1.2 points.
    rng = np.random.default_rng(2)
    lived = np.linspace(2e4, 2e3, 20)
    mean = lived * np.linspace(0.0005, 0.08, 20)
    truth = standardised_rate(mean, lived)
    low, high = standardised_rate_limits(rng.poisson(mean, (4000, 20)), lived)
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.012)
