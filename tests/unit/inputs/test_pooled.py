"""The pooled trend: the nation's pace, differences shrunk by what they tell, and nothing of later years."""

from __future__ import annotations

import numpy as np

from hisim.inputs import load
from hisim.inputs.life_table import known_shape
from hisim.inputs.pooled import Pooled, national_pace, pooled_rates, pooled_slopes, shrunk
from hisim.inputs.trend import broad_of_band
from hisim.variables import OLDEST_AGE


def nation(change: float, years: int = 14) -> np.ndarray:
    """National rates that fall along a line, (year, sex, age group)."""
    level = np.geomspace(1e-4, 0.2, 20) * np.array([[1.0], [1.5]])
    return np.asarray(level * np.exp(change * np.arange(years))[:, None, None])


def england(fifths: np.ndarray, causes: np.ndarray, years: int) -> tuple[np.ndarray, np.ndarray]:
    """Many deaths on lines: changes by quintile and by cause added up, (year, quintile, sex, age group, cause)."""
    rate = np.geomspace(1e-4, 0.2, 20)[None, None, None, :, None] / len(causes)
    change = fifths[:, None, None, None] + causes
    population = np.full((years, 5, 2, 20), 1e9)
    time = np.arange(years)[:, None, None, None, None]
    return np.asarray(population[..., None] * rate * np.exp(change * time)), population


def test_the_pace_is_that_of_the_last_ten_years() -> None:
    rates = nation(-0.02)
    rates[:4] *= 3.0
    pace, scatter = national_pace(rates)
    np.testing.assert_allclose(pace, -0.02, atol=1e-12)
    np.testing.assert_allclose(scatter, 0, atol=1e-12)


def test_differences_that_are_certain_are_kept_whole() -> None:
    fifths = np.array([0.02, 0.01, 0.0, -0.01, -0.02])
    slopes = pooled_slopes(*england(fifths, np.zeros(16), 8), nation(-0.03))
    np.testing.assert_allclose(slopes.all_causes, np.broadcast_to(-0.03 + fifths[:, None, None], (5, 2, 20)), atol=1e-3)
    assert np.abs(slopes.by_cause).max() < 1e-9


def test_all_causes_follow_their_own_line_however_causes_differ() -> None:
    """Not the sum of causes, each on its line, which falls ever more slowly."""
    slopes = Pooled(np.full((5, 2, 20), -0.03), np.broadcast_to(np.linspace(-0.08, 0.08, 16), (20, 16)))
    last = np.full((5, 2, OLDEST_AGE + 1, 16), 0.01)
    rates = pooled_rates(last, slopes, 30)
    elapsed = np.arange(1, 31)[:, None, None, None]
    total = np.broadcast_to(0.16 * np.exp(-0.03 * elapsed), rates.shape[:-1])
    np.testing.assert_allclose(rates.sum(axis=-1), total, rtol=1e-12)
    assert (np.diff(rates[:, 0, 0, 50, 0] / rates[:, 0, 0, 50, 15]) < 0).all()
    np.testing.assert_allclose(pooled_rates(last, slopes, 3, 0.0), np.broadcast_to(last, (3, *last.shape)), rtol=1e-12)


def test_what_says_little_is_shrunk_and_what_says_nothing_goes() -> None:
    difference, weight = np.array([0.03, -0.03]), np.ones(2)
    np.testing.assert_allclose(shrunk(difference, np.zeros(2), weight), difference)
    np.testing.assert_allclose(shrunk(difference, np.full(2, 0.0003), weight), difference * 2 / 3)
    assert not shrunk(difference, np.full(2, 0.001), weight).any()


def test_short_and_steep_series() -> None:
    slopes = pooled_slopes(*england(np.linspace(0.05, -0.05, 5), np.zeros(16), 2), nation(-0.03))
    np.testing.assert_allclose(slopes.all_causes, -0.03, atol=1e-12)
    assert pooled_slopes(*england(np.zeros(5), np.zeros(16), 5), nation(-0.4)).all_causes.min() == -0.1


def test_three_years_move_causes_less_than_nine() -> None:
    """Differences of causes as found in England: nearer to none from 2003 than from 2009."""
    early, late = (load._pooled(year).by_cause[np.searchsorted(broad_of_band(), 2)] for year in (2003, 2009))
    assert np.sqrt((early**2).mean()) < np.sqrt((late**2).mean())


def test_a_shape_of_unfinished_periods_is_that_of_the_last_finished() -> None:
    shape = np.arange(3.0)
    for year, wanted in ((2002, [0, 0, 0]), (2003, [0, 0, 0]), (2005, [0, 0, 0]), (2006, [0, 1, 1]), (2011, [0, 1, 2])):
        np.testing.assert_array_equal(known_shape(shape, year), wanted)
