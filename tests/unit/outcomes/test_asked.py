"""Figures that a study keeps of every run: the same as a comparison's, in rows that can be taken apart again."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from hisim.declare.files import read_scenario_text
from hisim.errors import ImpossibleModelError
from hisim.model.inputs import inputs_of
from hisim.model.projection import project
from hisim.outcomes.asked import Asked, array, chance_in, everything, figures, joined, layout, reduced, rows
from hisim.outcomes.comparison import compare
from hisim.outcomes.economics import cost_effectiveness
from hisim.outcomes.uncertainty import STATISTICS, as_dataset, beats, chance_of, statistics, tidy_rows

SCENARIO = """hisim: 1
name: two
title: Two
start: 2011
end: 2016
simulation: {people_per_cohort: 16}
interventions:
  - {use: statins, relative: 1.4}
  - {use: stop-smoking-services, relative: 2}
"""
ASKED = everything(range(2011, 2017))


@pytest.fixture(scope="module")
def made() -> tuple[xr.Dataset, xr.Dataset]:
    scenario = read_scenario_text(SCENARIO)
    inputs = inputs_of(scenario)
    return project(scenario, inputs), inputs


def test_figures_are_those_of_a_comparison(made: tuple[xr.Dataset, xr.Dataset]) -> None:
    projection, inputs = made
    small = reduced(projection, inputs)
    found, comparison = figures(small, ASKED), compare(projection)
    errors = chance_in(projection, ASKED, found, calibrated=True)
    for one in ASKED:
        values = found[one.key].isel(draw=0)
        if one.estimand in comparison and not one.change and "year" in one.at:
            there = comparison[one.estimand].isel(draw=0).sel(scenario=values["scenario"])
            assert np.array_equal(values, there.transpose(*values.dims), equal_nan=True), one.key
            se = comparison[f"{one.estimand}_se"].isel(draw=0).sel(scenario=values["scenario"])
            assert np.allclose(errors[one.key].isel(draw=0), se.transpose(*values.dims), rtol=1e-9, equal_nan=True)
    gained = cost_effectiveness(projection, inputs)["qalys_gained"].isel(draw=0)
    assert np.array_equal(found["qalys_gained"].isel(draw=0), gained)


def test_a_change_is_the_scenario_minus_the_comparator(made: tuple[xr.Dataset, xr.Dataset]) -> None:
    found = figures(reduced(*made), ASKED)
    level, change = found["life_expectancy_0"], found["life_expectancy_0_change"]
    whole = level.sel(scenario="two") - level.sel(scenario="comparator")
    assert np.allclose(change.sel(scenario="two"), whole.transpose(*change.sel(scenario="two").dims))
    assert change["scenario"].values.tolist() == ["two"]


def test_rows_of_joined_draws_are_those_of_each(made: tuple[xr.Dataset, xr.Dataset]) -> None:
    small = reduced(*made)
    other = small.assign(deaths=small["deaths"] * 1.01).assign_coords(draw=[7])
    both = figures(joined([small, other]), ASKED)
    each = [rows(figures(one, ASKED)) for one in (small, other)]
    assert np.allclose(rows(both), np.concatenate(each), rtol=1e-12, equal_nan=True)


def test_a_row_is_taken_apart_again(made: tuple[xr.Dataset, xr.Dataset]) -> None:
    found = figures(reduced(*made), ASKED)
    cells, row = layout(found, ASKED), rows(found)
    assert cells[-1].stop == row.shape[1]
    for cell in cells:
        again = array(cell, row[:, cell.start : cell.stop], labels=[0])
        assert again.equals(found[cell.key].reset_coords(drop=True).assign_coords(draw=[0]).rename(cell.key)), cell.key
    dataset = as_dataset(cells, row, "draw", [0])
    assert set(dataset.data_vars) == {cell.key for cell in cells}
    assert dataset["deaths_averted_cumulative_by_year"].dims[2].startswith("year_")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked("x", "deaths_avert", {}), "did you mean 'deaths_averted'"),
        (Asked("x", "deaths", {"year": (2040,)}), "x, year: found 2040; allowed: a projected year, 2011 to 2016"),
        (Asked("x", "deaths", {"year": (2015,), "sex": ("male",)}), "x, sex: found 'male'; .*did you mean 'Male'"),
        (Asked("x", "deaths", {"scenario": ("three",)}), "x, scenario: found 'three'; allowed: comparator, two"),
    ],
)
def test_what_is_not_there_is_refused(made: tuple[xr.Dataset, xr.Dataset], asked: Asked, said: str) -> None:
    with pytest.raises(ImpossibleModelError, match=said):
        figures(reduced(*made), [asked])


def test_statistics_of_normal_draws() -> None:
    rng = np.random.default_rng(2)
    draws = stats.norm(10.0, 5.0).ppf(rng.permuted((np.arange(20_000) + 0.5) / 20_000))[:, None]
    got = dict(zip(STATISTICS, statistics(np.array([9.0]), np.array([3.0]), draws)[:, 0], strict=True))
    assert got["central"] == 9.0 and got["monte_carlo_se"] == 3.0
    assert got["mean"] == pytest.approx(10.0) and got["sd"] == pytest.approx(5.0, rel=1e-3)
    assert got["low_95"] == pytest.approx(10 - 1.96 * 5, abs=0.02)
    assert got["parameter_sd"] == pytest.approx(4.0, rel=2e-3), "25 = 16 of the numbers + 9 of chance"
    assert got["mean_se"] == pytest.approx(5.0 / np.sqrt(20_000), rel=1e-3)


def test_chances() -> None:
    assert chance_of(np.arange(10.0), 5.0, None)[0] == 0.5
    assert chance_of(np.arange(10.0), None, 2.0) == (pytest.approx(0.3), pytest.approx(np.sqrt(0.3 * 0.7 / 10)))


def test_which_of_two_is_better_follows_the_estimand() -> None:
    values = xr.DataArray([[1.0, 2.0], [3.0, 2.0], [1.0, 5.0]], {"scenario": ["a", "b"]}, ("draw", "scenario"))
    higher = beats(values.assign_attrs(good="higher"))
    assert float(higher.sel(scenario="b", scenario_other="a")) == pytest.approx(2 / 3)
    lower = beats(values.assign_attrs(good="lower"))
    assert float(lower.sel(scenario="b", scenario_other="a")) == pytest.approx(1 / 3)


def test_the_long_table_has_every_figure_once(made: tuple[xr.Dataset, xr.Dataset]) -> None:
    found = figures(reduced(*made), ASKED)
    cells, row = layout(found, ASKED), rows(found)
    table = tidy_rows(cells, np.repeat(row, len(STATISTICS), axis=0))
    assert len(table) == row.shape[1]
    one = table[
        (table["figure"] == "deaths") & (table["year"] == 2015) & (table["quintile"] == "1") & (table["sex"] == "Male")
    ]
    assert set(one["cause_group"]) >= {"All causes"} and set(one["scenario"]) == {"comparator", "two"}
