"""How much whole years differ by more than chance: from packaged deaths, and from series whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from hisim.outcomes.indicators import outcome_values
from hisim.studies.yearly import FIRST, LAST, _beyond_chance, _errors, observed, year_to_year


def test_a_straight_line_has_no_spread_and_chance_is_taken_away() -> None:
    years = np.arange(10.0)
    zigzag = np.where(np.arange(10) % 2, 1.0, -1.0)
    assert _beyond_chance(80 + 0.3 * years, 0.0) == pytest.approx(0, abs=1e-9)
    residual = np.sqrt(_beyond_chance(80 + 0.3 * years + zigzag, 0.0) ** 2)
    assert 1.0 < residual < 1.2, "8 degrees of freedom"
    assert _beyond_chance(80 + zigzag, 0.6) == pytest.approx(np.sqrt(residual**2 - 0.36))
    assert _beyond_chance(80 + zigzag, 2.0) == 0.0


def test_the_spread_of_made_up_years_is_found_on_average() -> None:
    random, spread, error = np.random.default_rng(3), 0.5, 0.3
    series = 80 + 0.2 * np.arange(10) + random.normal(0, np.hypot(spread, error), (2_000, 10))
    found = np.array([_beyond_chance(one, error) for one in series])
    assert np.sqrt(np.mean(found**2)) == pytest.approx(spread, rel=0.05)


def test_a_year_is_what_registered_deaths_say() -> None:
    data = observed()
    assert data["year"].values.tolist() == list(range(FIRST, LAST + 1))
    found = year_to_year()
    assert found["life-expectancy-0", "Female", "all"] == pytest.approx(0.143, abs=0.001)
    assert found["life-expectancy-0-gap-q5", "Female", "all"] == pytest.approx(0.090, abs=0.001)
    assert found["under-75-cancer-rate", "Persons", "all"] < 1, "cancer deaths do not have winters"
    assert found["all-age-rate", "Persons", "all"] > 10
    assert all(np.isfinite(one) for one in found.values())


def test_errors_by_chance_explain_what_has_no_winters() -> None:
    """Cancer under 75 in England: the spread around the line is about that of counting deaths."""
    data = observed()
    at = {"quintile": "all", "sex": "Male"}
    series = outcome_values(data)["under-75-cancer-rate"].sel(at).values
    errors = _errors(data)["under-75-cancer-rate"].sel(at).values
    years = np.arange(series.size)
    residuals = series - np.polynomial.Polynomial.fit(years, series, 1)(years)
    assert chi2.sf(float((residuals**2).sum() / np.mean(errors**2)), 8) > 0.01
