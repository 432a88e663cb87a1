from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from hisim.outcomes import mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS, banded, fifths, with_totals
from hisim.outcomes.estimands import ESTIMANDS, LEVELS, MEASURES, estimate, ranked_population
from hisim.outcomes.inequality import WITHHELD, slope_index
from hisim.variables import COMPARATOR, PROJECTION, describe


@pytest.fixture(scope="module")
def data(projection):
    return with_totals(banded(projection))


def test_every_level_has_every_measure_of_inequality():
    assert len(ESTIMANDS) == 4 + 7 + len(LEVELS) * (1 + len(MEASURES)) + 4 + 2
    for level in LEVELS:
        assert {f"{level.name}_{measure.suffix}" for measure in MEASURES} <= set(ESTIMANDS)


@pytest.mark.parametrize("name", ESTIMANDS)
def test_every_estimand_is_finite_and_labelled(name, data):
    values = estimate(name, data)
    assert values.name == name
    assert all(values.attrs[key] for key in ("units", "long_name", "good", "source"))
    assert {"scenario", "draw", "year", "sex"} <= set(values.dims)
    assert name == "deaths_averted_per_100000_rii" or np.isfinite(values.values).all()


@pytest.mark.parametrize("name", ESTIMANDS)
def test_leading_dimensions_broadcast(name, data):
    stacked = xr.concat([data, data * 1.5], xr.DataArray([0, 1], dims="replicate"))
    values, again = estimate(name, data), estimate(name, stacked)
    np.testing.assert_array_equal(again.sel(replicate=0).transpose(*values.dims).values, values.values)


def test_gaps_are_between_the_fifths_they_name(data):
    years = mortality.life_expectancy(data).sel(sex="Male", scenario="one", year=2016, draw=0)
    at = {"sex": "Male", "scenario": "one", "year": 2016, "draw": 0}
    gap = float(years.sel(quintile="5") - years.sel(quintile="1"))
    target = float(years.sel(quintile=ENGLAND) - years.sel(quintile="1"))
    assert gap > target > 0
    assert float(estimate("life_expectancy_0_gap_q5", data).sel(at)) == gap
    assert float(estimate("life_expectancy_0_gap_average", data).sel(at)) == target
    relative = float(estimate("life_expectancy_0_relative_gap_average", data).sel(at))
    assert relative == pytest.approx(target / float(years.sel(quintile=ENGLAND)), rel=1e-14)


def test_gaps_of_rates_are_positive_when_the_most_deprived_die_more(data):
    rate = mortality.standardised_rate(data).sel(sex=PERSONS, scenario=COMPARATOR, year=2011, draw=0)
    gap = estimate("all_age_rate_gap_q5", data).sel(sex=PERSONS, scenario=COMPARATOR, year=2011, draw=0)
    assert float(gap) == float(rate.sel(quintile="1") - rate.sel(quintile="5")) > 0
    assert (estimate("all_age_rate_sii", data) < 0).all()
    assert (estimate("life_expectancy_0_sii", data) > 0).all()


def test_acting_on_the_most_deprived_narrows_every_gap(data):
    for level in LEVELS:
        gap = estimate(f"{level.name}_gap_q5", data).sel(year=2016)
        assert (gap.sel(scenario="one") < gap.sel(scenario=COMPARATOR)).all(), level.name


def test_ranks_stay_with_the_comparators_population(projection):
    # A scenario that empties the most deprived fifth of people must not move the rank scale it is judged on.
    shrunk = projection.copy(deep=True)
    for name in ("deaths", "person_years"):
        shrunk[name].loc[{"scenario": "two", "quintile": 1}] *= 0.5
    before, after = (with_totals(banded(one)) for one in (projection, shrunk))
    xr.testing.assert_identical(ranked_population(before), ranked_population(after))
    for name in ("life_expectancy_0_sii", "under_75_rate_sii"):
        at = {"scenario": "two", "sex": PERSONS}
        np.testing.assert_allclose(estimate(name, after).sel(sex="Male", scenario="two"),
                                   estimate(name, before).sel(sex="Male", scenario="two"), rtol=1e-12)  # fmt: skip
        assert np.isfinite(estimate(name, after).sel(at)).all()
    years, own = mortality.life_expectancy(after), after["person_years"].sum("age_band")
    moved = slope_index(fifths(years), fifths(own)).sel(sex="Male", scenario="two", year=2016, draw=0)
    kept = estimate("life_expectancy_0_sii", after).sel(sex="Male", scenario="two", year=2016, draw=0)
    assert abs(float(moved - kept)) > 0.05


def test_relative_index_of_benefit_is_withheld_when_the_benefit_is_negative(make_projection):
    data = with_totals(banded(make_projection({"harm": -0.05, "help": 0.05})))
    index = estimate("deaths_averted_per_100000_rii", data).sel(cause_group=ALL_CAUSES)
    assert np.isnan(index.sel(scenario="harm")).all()
    assert np.isnan(index.sel(scenario=COMPARATOR)).all()
    assert (index.sel(scenario="help") < 1).all()
    assert index.attrs["withheld"] == WITHHELD
    slope = estimate("deaths_averted_per_100000_sii", data).sel(cause_group=ALL_CAUSES)
    assert (slope.sel(scenario="help") < 0).all()
    assert (slope.sel(scenario="harm") > 0).all()


def test_atkinson_and_its_equivalent_make_up_the_mean(data):
    years = fifths(mortality.life_expectancy(data))
    people = fifths(ranked_population(data))
    mean = (years * people).sum("quintile") / people.sum("quintile")
    equal, index = (estimate(f"life_expectancy_0_{name}", data) for name in ("ede", "atkinson"))
    np.testing.assert_allclose(equal / mean, 1.0 - index, rtol=1e-12)
    assert (index > 0).all()
    assert (equal > years.sel(quintile="1")).all()
    # "one" does most for the most deprived, "two" the same for all.
    assert (index.sel(scenario="one") < index.sel(scenario="two")).all()


def test_equal_fifths_have_no_inequality(projection):
    level = projection.copy(deep=True)
    for name in ("deaths", "person_years"):
        level[name].values[:] = level[name].isel(quintile=[2] * 5).values
    data = with_totals(banded(describe(level, {name: PROJECTION[name] for name in ("deaths", "person_years")})))
    for one in LEVELS:
        np.testing.assert_array_equal(estimate(f"{one.name}_sii", data), 0.0)
        np.testing.assert_array_equal(estimate(f"{one.name}_rii", data), 1.0)
        np.testing.assert_array_equal(estimate(f"{one.name}_gap_q5", data), 0.0)
    np.testing.assert_array_equal(estimate("life_expectancy_0_atkinson", data), 0.0)


def test_reversed_fifths_reverse_the_gap_and_the_slope(projection):
    turned = projection[["deaths", "person_years"]].isel(quintile=slice(None, None, -1))
    turned = turned.assign_coords(quintile=projection["quintile"])
    one, other = (with_totals(banded(each)) for each in (projection, turned))
    for level in LEVELS:
        for suffix in ("gap_q5", "sii"):
            name = f"{level.name}_{suffix}"
            np.testing.assert_allclose(estimate(name, other), -estimate(name, one), rtol=1e-9)
