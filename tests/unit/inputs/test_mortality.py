"""Deaths, life expectancy and trends, against published figures and closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hisim.inputs.life_table import mortality_shape, open_age_share, period_of_year
from hisim.inputs.load import load_inputs
from hisim.inputs.mortality import by_band, observed_deaths, observed_rates
from hisim.inputs.population import observed_population
from hisim.inputs.tables import grid
from hisim.inputs.trend import change_since, poisson_slopes, yearly_slopes

Tables = dict[str, pd.DataFrame]
WIDTHS = np.array([1, 4] + [5] * 17)


def chiang(deaths: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Life expectancy at birth from 20 age groups on the last axis (Chiang 1984; a0 = 0.1, half elsewhere)."""
    rate = deaths / population
    part = np.array([0.1] + [0.5] * 18)
    q = WIDTHS * rate[..., :-1] / (1 + WIDTHS * (1 - part) * rate[..., :-1])
    alive = np.concatenate([np.ones((*rate.shape[:-1], 1)), np.cumprod(1 - q, axis=-1)], axis=-1)
    lived = WIDTHS * (alive[..., 1:] + part * (alive[..., :-1] - alive[..., 1:]))
    return np.asarray(lived.sum(axis=-1) + alive[..., -1] / rate[..., -1])


@pytest.mark.parametrize(("year", "deaths"), [(2009, 459_241), (2010, 461_016), (2011, 452_863)])
def test_deaths_of_the_first_year(year: int, deaths: int) -> None:
    inputs = load_inputs(start=year, end=year, observed_to=year)
    expected = (inputs.mortality_rate.isel(year=0) * inputs.population).sum()
    assert float(expected) == pytest.approx(deaths, rel=1e-12)


def test_deaths_of_every_cell_are_exact(tables: Tables) -> None:
    shape = mortality_shape(tables)
    population, deaths = observed_population(tables, shape), observed_deaths(tables)
    rates = observed_rates(deaths, population, shape)
    again = by_band(np.moveaxis(rates * population[..., None], -1, -2))
    np.testing.assert_allclose(np.moveaxis(again, -2, -1), deaths, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(deaths.sum(axis=-1), grid("deaths", tables["deaths"], "deaths"), rtol=1e-13)


def test_population_keeps_its_total_when_the_open_group_is_divided(tables: Tables) -> None:
    shape = mortality_shape(tables)
    population = observed_population(tables, shape)
    counted = grid("population", tables["population"], "population")
    np.testing.assert_allclose(population.sum(axis=-1), counted.sum(axis=-1), rtol=1e-13)
    assert (np.diff(open_age_share(shape)[..., :-1], axis=-1) < 0).all()


def test_life_expectancy_by_quintile_and_sex(tables: Tables) -> None:
    late = slice(6, 11)
    deaths = grid("deaths", tables["deaths"], "deaths")[late].sum(axis=0)
    population = grid("deaths", tables["deaths"], "population")[late].sum(axis=0)
    published = pd.read_csv(Path(__file__).parent / "life_expectancy_2007_2011.csv")
    wanted = published.pivot(index="quintile", columns="sex", values="at_birth").to_numpy()
    np.testing.assert_allclose(chiang(deaths, population), wanted, atol=0.1)


def test_single_year_rates_give_the_same_life_expectancy(tables: Tables) -> None:
    shape = mortality_shape(tables)
    population = observed_population(tables, shape)
    rate = observed_rates(observed_deaths(tables), population, shape).sum(axis=-1)[6:].mean(axis=0)
    alive = np.exp(-(np.cumsum(rate, axis=-1) - rate))
    lived = -alive * np.expm1(-rate) / rate
    lived[..., -1] = alive[..., -1] / rate[..., -1]
    published = pd.read_csv(Path(__file__).parent / "life_expectancy_2007_2011.csv")
    wanted = published.pivot(index="quintile", columns="sex", values="at_birth").to_numpy()
    np.testing.assert_allclose(lived.sum(axis=-1), wanted, atol=0.15)


def test_quintiles_keep_their_order_within_the_open_group(tables: Tables) -> None:
    shape = mortality_shape(tables)
    ratio = shape[..., 90:] / shape[:, 4:5, :, 90:]
    np.testing.assert_allclose(ratio, ratio[..., :1] * np.ones(11), rtol=1e-12)


def test_periods_of_the_life_table() -> None:
    assert [period_of_year(year) for year in (2001, 2003, 2004, 2006, 2007, 2011)] == [0, 0, 1, 1, 2, 2]


def test_births_are_observed_and_then_held() -> None:
    inputs = load_inputs(start=2009, end=2014)
    np.testing.assert_array_equal(inputs.births.isel(year=0), inputs.population.sel(age=0))
    np.testing.assert_array_equal(inputs.births.sel(year=2014), inputs.births.sel(year=2011))
    assert (inputs.births.sel(year=2010) != inputs.births.sel(year=2009)).all()


def made_up(slope: float, years: int = 10) -> tuple[np.ndarray, np.ndarray]:
    time = np.arange(years)
    population = np.full((years, 5, 2, 20), 1e5) * (1 + 0.02 * time)[:, None, None, None]
    rate = 0.01 * np.exp(slope * time)[:, None, None, None, None] * np.arange(1, 21)[:, None] / 10
    return population[..., None] * rate * np.ones(16), population


@pytest.mark.parametrize("slope", [-0.06, 0.0, 0.03])
def test_a_log_linear_series_gives_back_its_slope(slope: float) -> None:
    np.testing.assert_allclose(yearly_slopes(*made_up(slope)), slope, atol=1e-10)


def test_ageing_inside_a_broad_group_is_no_trend() -> None:
    _, population = made_up(0.0)
    population[:, :, :, 19] *= np.exp(0.05 * np.arange(10))[:, None, None]
    rate = 0.01 * np.arange(1, 21)[:, None] * np.ones(16)
    np.testing.assert_allclose(yearly_slopes(population[..., None] * rate, population), 0, atol=1e-10)


def test_steep_slopes_are_cut_and_short_series_have_none() -> None:
    assert yearly_slopes(*made_up(-0.3)).min() == -0.1
    assert not yearly_slopes(*made_up(-0.05, years=4)).any()


def test_small_cells_take_the_slope_of_all_quintiles() -> None:
    deaths, population = made_up(-0.04)
    deaths[:, 0] = 0.001 * np.exp(0.08 * np.arange(10))[:, None, None, None]
    slopes = yearly_slopes(deaths, population)
    np.testing.assert_allclose(slopes[0], -0.04, atol=1e-4)
    assert not yearly_slopes(deaths / 1e7, population).any()


def test_the_coding_change_of_2011_is_never_fitted() -> None:
    late = load_inputs(start=2010, end=2012, observed_to=2011, trend="continue").mortality_rate
    early = load_inputs(start=2010, end=2012, observed_to=2010, trend="continue").mortality_rate
    for cause in ("stroke", "dementia", "ihd"):
        change = [float(rate.sel(year=2012) / rate.sel(year=2011)) for rate in (cell(late, cause), cell(early, cause))]
        assert change[0] == pytest.approx(change[1], rel=1e-12)


def cell(rates: xr.DataArray, cause: str) -> xr.DataArray:
    return rates.sel(cause=cause, age=78, quintile=1, sex="Male")


def test_flat_continue_and_damped() -> None:
    slopes = np.array([-0.05])
    np.testing.assert_array_equal(change_since(slopes, 3, "flat", 0.9), 1)
    np.testing.assert_allclose(change_since(slopes, 3, "continue", 0.9)[:, 0], np.exp(-0.05 * np.array([1, 2, 3])))
    damped = np.exp(-0.05 * np.array([0.5, 0.75, 0.875]))
    np.testing.assert_allclose(change_since(slopes, 3, "damped", 0.5)[:, 0], damped)
    np.testing.assert_allclose(change_since(slopes, 3, "damped", 1.0), change_since(slopes, 3, "continue", 0.9))


def test_a_hindcast_uses_nothing_after_its_last_observed_year(tables: Tables) -> None:
    hindcast = load_inputs(start=2006, end=2011, observed_to=2006, trend="continue")
    deaths = observed_deaths(tables)[:6]
    population = observed_population(tables, mortality_shape(tables))[:6]
    slopes = poisson_slopes(deaths, by_band(population), np.arange(5), np.repeat([0, 1, 2, 3, 4], [8, 6, 2, 2, 2]))
    found = np.log(hindcast.mortality_rate.sel(year=2007) / hindcast.mortality_rate.sel(year=2006))
    np.testing.assert_allclose(found.sel(cause="ihd", age=70), slopes[:, 2, [0, 0]], rtol=1e-6)
