from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from hisim.outcomes.lifetable import (
    life_expectancy,
    life_expectancy_limits,
    life_expectancy_se,
    life_table,
    probability_of_death,
)
from hisim.variables import AGE_BAND_STARTS, AGES


def central_rates(hazard, starts, end=140.0):
    """Deaths over person-years of a stationary population in each band, by numerical integration."""
    alive = lambda age: np.exp(-quad(hazard, 0.0, age, limit=200)[0])  # noqa: E731
    edges = [*starts, end]
    died = np.array([alive(low) - alive(high) for low, high in pairwise(edges)])
    lived = np.array([quad(alive, low, high)[0] for low, high in pairwise(edges)])
    return died, lived


@pytest.mark.parametrize("starts", [AGE_BAND_STARTS, AGES])
def test_constant_hazard_lives_one_over_the_hazard(starts):
    lived = np.full(len(starts), 1e6)
    expected = life_expectancy(0.02 * lived, lived, starts)
    # A constant hazard h gives 1 / h at every age. People are taken to die evenly within a band (or at 0.1
    # of the first year), so the table is off by (h n)^2 / 12 of a band at most: here under 0.1 %.
    np.testing.assert_allclose(expected, 50.0, rtol=1e-3)
    assert expected[-1] == pytest.approx(50.0, rel=1e-14)


def test_gompertz_single_years_agrees_with_its_integral():
    hazard = lambda age: 3e-5 * np.exp(0.095 * age)  # noqa: E731
    died, lived = central_rates(hazard, AGES)
    exact = lived.sum()
    table = life_expectancy(died, lived, AGES)
    assert table[0] == pytest.approx(exact, abs=0.002)
    survivors = np.exp(-quad(hazard, 0.0, 65.0)[0])
    assert table[65] == pytest.approx(lived[65:].sum() / survivors, abs=0.002)


def test_gompertz_bands_agree_with_the_integral_to_a_month():
    died, lived = central_rates(lambda age: 3e-5 * np.exp(0.095 * age), AGE_BAND_STARTS)
    assert life_expectancy(died, lived)[0] == pytest.approx(lived.sum(), abs=0.08)


def test_stationary_population_gives_back_its_own_years():
    # Build deaths and person-years from a life table, scale them, and get the same table back exactly.
    rng = np.random.default_rng(3)
    start = life_table(rng.uniform(0.001, 0.2, 20), np.ones(20))
    died = 1e5 * start.survivors * start.probability
    again = life_table(died, 1e5 * start.person_years)
    for one, other in zip(start, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert again.expectation[0] == pytest.approx(start.person_years.sum(), rel=1e-12)


def test_leading_dimensions_are_independent():
    rng = np.random.default_rng(4)
    died, lived = rng.uniform(1, 50, (3, 2, 20)), rng.uniform(1e3, 1e4, (3, 2, 20))
    whole = life_expectancy(died, lived)
    np.testing.assert_array_equal(whole[1, 0], life_expectancy(died[1, 0], lived[1, 0]))


def test_probability_of_death_is_never_above_one():
    assert probability_of_death(np.full(20, 3.0)).max() == 1.0


def test_bands_without_people_or_an_open_band_without_deaths_have_no_expectation():
    lived = np.full(20, 1e4)
    died = np.full(20, 10.0)
    died[-1] = 0.0
    assert np.isnan(life_expectancy(died, lived)).all()
    died[-1], lived[3] = 10.0, 0.0
    assert np.isnan(life_expectancy(died, lived)[0])


def test_closed_bands_without_deaths_leave_the_standard_error_finite():
    died, lived = np.full(20, 10.0), np.full(20, 1e4)
    died[2] = 0.0
    assert np.isfinite(life_expectancy_se(died, lived)).all()


def test_standard_error_agrees_with_simulated_deaths():
    # Silcocks' variance against the spread of 4,000 tables of Poisson deaths; its own error is 1.1 %.
    rng = np.random.default_rng(5)
    lived = np.linspace(9e4, 1e4, 20)
    mean = lived * np.minimum(3e-5 * np.exp(0.095 * (np.array(AGE_BAND_STARTS) + 2.5)), 0.4)
    spread = life_expectancy(rng.poisson(mean, (4000, 20)), lived)[:, 0].std()
    assert life_expectancy_se(mean, lived)[0] == pytest.approx(spread, rel=0.05)


def test_limits_are_symmetric_about_the_expectation():
    died, lived = np.full(20, 10.0), np.full(20, 1e4)
    low, high = life_expectancy_limits(died, lived)
    np.testing.assert_allclose((low + high) / 2, life_expectancy(died, lived), rtol=1e-14)
    assert (low < high).all()
