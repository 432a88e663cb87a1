"""Rival forecasts: Lee-Carter gives back what it is given, and all start from the last year known."""

from __future__ import annotations

import numpy as np
import pytest

from hisim.studies.forecasts import held, lee_carter, lee_carter_by_fifth, lee_carter_of_the_nation, on_a_line

AGES, YEARS = 20, 14
LEVEL = np.linspace(-9.0, -1.0, AGES)
RESPONSE = np.linspace(2.0, 0.5, AGES) / np.linspace(2.0, 0.5, AGES).sum()
COURSE = -3.0 * np.arange(YEARS) + np.resize([1.0, -1.5, 0.5], YEARS)
COURSE -= COURSE.mean()
PEOPLE = np.full((YEARS, AGES), 4e6)


def made_up() -> np.ndarray:
    """Deaths of a population that is exactly Lee and Carter's."""
    return PEOPLE * np.exp(LEVEL + np.multiply.outer(COURSE, RESPONSE))


def test_lee_carter_gives_back_its_parameters() -> None:
    found = lee_carter(made_up(), PEOPLE)
    np.testing.assert_allclose(found.level, LEVEL, atol=1e-9)
    np.testing.assert_allclose(found.response, RESPONSE, atol=1e-9)
    np.testing.assert_allclose(found.course, COURSE, atol=1e-7)
    assert found.drift == pytest.approx((COURSE[-1] - COURSE[0]) / (YEARS - 1), abs=1e-8)


def test_lee_carter_recovers_parameters_from_chance_deaths() -> None:
    """Within four standard errors of a slope: 0.02 of a yearly change of 3 with deaths by the hundred thousand."""
    deaths = np.random.default_rng(1).poisson(made_up()).astype(float)
    found = lee_carter(deaths, PEOPLE)
    assert found.response.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.response, RESPONSE, atol=0.01)
    assert found.drift == pytest.approx((COURSE[-1] - COURSE[0]) / (YEARS - 1), rel=0.05)


def test_the_second_stage_gives_the_deaths_of_every_year() -> None:
    deaths = np.random.default_rng(2).poisson(made_up()).astype(float)
    found = lee_carter(deaths, PEOPLE)
    again = (PEOPLE * np.exp(found.level + np.multiply.outer(found.course, found.response))).sum(axis=1)
    np.testing.assert_allclose(again, deaths.sum(axis=1), rtol=1e-6)


def test_the_first_stage_is_the_nearest_of_its_kind() -> None:
    """No other b and k of rank one are nearer to the logs: alternating least squares, another way to the same."""
    deaths = np.random.default_rng(3).poisson(made_up() / 50).astype(float)
    logs = np.log(np.maximum(deaths, 0.5) / PEOPLE)
    left = logs - logs.mean(axis=0)
    b = np.ones(AGES)
    for _ in range(500):
        k = left @ b / (b @ b)
        b = k @ left / (k @ k)
    np.testing.assert_allclose(lee_carter(deaths, PEOPLE).response, b / b.sum(), atol=1e-8)


def test_a_year_that_no_course_explains_keeps_the_first_stage() -> None:
    """Responses of both signs can have no k with the deaths of a year; nothing runs away."""
    rng = np.random.default_rng(4)
    deaths = rng.poisson(3.0, (3, AGES)).astype(float)
    found = lee_carter(deaths, np.full((3, AGES), 1e4))
    assert np.isfinite(found.course).all() and np.isfinite(found.response).all()


def test_every_forecast_starts_from_the_last_rates_and_follows_its_drift() -> None:
    deaths = np.broadcast_to(made_up()[:, None, None], (YEARS, 5, 2, AGES))
    people = np.broadcast_to(PEOPLE[:, None, None], deaths.shape)
    last = deaths[-1] / people[-1]
    drift = RESPONSE * (COURSE[-1] - COURSE[0]) / (YEARS - 1)
    wanted = last * np.exp(np.multiply.outer([1, 2, 3], drift))[:, None, None]
    np.testing.assert_allclose(lee_carter_by_fifth(deaths, people, 3), wanted, rtol=1e-6)
    np.testing.assert_allclose(on_a_line(deaths, people, 3), wanted, rtol=1e-9)
    nation = lee_carter_of_the_nation(last, deaths[:, 0] / people[:, 0], people[0, 0], 3)
    np.testing.assert_allclose(nation, wanted, rtol=1e-6)
    np.testing.assert_array_equal(held(last, 3), np.stack([last] * 3))
