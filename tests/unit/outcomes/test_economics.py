from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from hisim.errors import ImpossibleModelError
from hisim.outcomes import economics, mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, FIFTHS, PERSONS, QUINTILE_LABELS, banded
from hisim.outcomes.economics import (
    AGE_GROUPS,
    ALL_AGES,
    OPPORTUNITY_COST,
    OPPORTUNITY_SHARES,
    VERDICTS,
    cost_effectiveness,
    discount_factors,
    needed_to_cover,
    nhs_spend,
    programme_cost,
    qalys,
    qalys_gained_by_age,
)
from hisim.outcomes.lifetable import life_table
from hisim.outcomes.quality import qale, qale_distribution
from hisim.variables import AGES, COMPARATOR, PROJECTION, QUINTILES, SEXES

YEARS = (2011, 2012, 2013)


def flat_values(utility=0.8, nhs_cost=2000.0) -> xr.Dataset:
    coords = {"quintile": list(QUINTILES), "sex": list(SEXES), "age": list(AGES)}
    return xr.Dataset(
        {
            "utility": (("quintile", "age"), np.full((5, 101), float(utility))),
            "nhs_cost": (("quintile", "sex", "age"), np.full((5, 2, 101), float(nhs_cost))),
        },
        coords,
    )


def plain(gained=(0.0, 0.0, 0.0), cost=(0.0, 0.0, 0.0), place=1) -> xr.Dataset:
    """1,000 person-years in every cell; the scenario gains ``gained`` in one cell of fifth ``place`` each year.

    Its programme there costs ``cost`` [GBP] each year, half for each of two interventions.
    """
    lived = np.full((2, 1, len(YEARS), 5, 2, 101), 1000.0)
    lived[1, 0, :, place - 1, 0, 70] += gained
    spent = np.zeros((2, 1, 2, len(YEARS), 5))
    spent[1, 0, :, :, place - 1] = np.asarray(cost) / 2
    return xr.Dataset(
        {"person_years": (PROJECTION["person_years"].dims, lived), "cost_gbp": (PROJECTION["cost_gbp"].dims, spent)},
        {
            "scenario": [COMPARATOR, "act"], "draw": [0], "year": list(YEARS), "quintile": list(QUINTILES),
            "sex": list(SEXES), "age": list(AGES), "intervention": ["one", "other"],
        },
    )  # fmt: skip


def act(dataset, quintile=ENGLAND):
    return dataset.sel(scenario="act", draw=0, quintile=quintile)


def test_discounting_by_hand():
    weights = discount_factors(xr.DataArray([2011, 2012, 2015], dims="year"), 0.035)
    np.testing.assert_allclose(weights, [1.0, 1 / 1.035, 1 / 1.035**4], rtol=1e-15)
    assert (discount_factors(xr.DataArray([2011, 2012], dims="year"), 0.0) == 1).all()


@pytest.mark.parametrize("rate", [-0.01, np.nan, np.inf])
def test_an_impossible_discount_is_refused(rate):
    with pytest.raises(ImpossibleModelError, match=r"discount: found .*; allowed: 0 or more"):
        discount_factors(xr.DataArray([2011], dims="year"), rate)


def test_qalys_and_spending_by_hand():
    projection, values = plain(gained=(10, 20, 30)), flat_values()
    lived = qalys(projection, values)
    assert lived.dims == ("scenario", "draw", "year", "quintile")
    assert lived["quintile"].values.tolist() == list(QUINTILE_LABELS)
    # 202 cells of 1,000 and 20 more, at 0.8, a year later.
    assert float(act(lived, "1").sel(year=2012)) == pytest.approx(202_020 * 0.8 / 1.035, rel=1e-12)
    assert float(act(lived, "2").sel(year=2011)) == pytest.approx(202_000 * 0.8, rel=1e-12)
    assert float(act(lived).sel(year=2011)) == pytest.approx((5 * 202_000 + 10) * 0.8, rel=1e-12)
    spent = nhs_spend(projection, values, 0.0)
    assert float(act(spent, "1").sel(year=2013)) == pytest.approx(202_030 * 2000, rel=1e-12)


def test_utility_goes_by_fifth_and_age():
    values = flat_values(0.0)
    values["utility"].loc[{"quintile": 1, "age": 70}] = 0.5
    lived = qalys(plain(gained=(10, 10, 10)), values, 0.0)
    np.testing.assert_allclose(act(lived, "1"), 2010 * 0.5, rtol=1e-14)
    np.testing.assert_array_equal(act(lived, "2"), 0.0)


def test_programme_cost_adds_interventions_and_discounts():
    cost = programme_cost(plain(cost=(100.0, 200.0, 300.0)), 0.1)
    np.testing.assert_allclose(act(cost, "1"), [100, 200 / 1.1, 300 / 1.21], rtol=1e-14)
    np.testing.assert_allclose(act(cost), [100, 200 / 1.1, 300 / 1.21], rtol=1e-14)
    assert (cost.sel(scenario=COMPARATOR) == 0).all()


def test_cost_effectiveness_by_hand():
    projection = plain(gained=(10, 0, 0), cost=(0.0, 103_500.0, 0.0))
    result = cost_effectiveness(projection, flat_values())
    assert COMPARATOR not in result["scenario"].values
    one, two, all_of_it = (act(result, label) for label in ("1", "2", ENGLAND))
    assert float(one["qalys_gained"]) == pytest.approx(8.0, rel=1e-9)
    assert float(one["programme_cost"]) == pytest.approx(100_000.0, rel=1e-12)
    assert float(one["nhs_spend_change"]) == pytest.approx(20_000.0, rel=1e-9)
    assert float(one["cost_per_qaly"]) == pytest.approx(15_000.0, rel=1e-9)
    assert float(one["programme_cost_per_qaly"]) == pytest.approx(12_500.0, rel=1e-9)
    assert float(all_of_it["cost_per_qaly"]) == pytest.approx(15_000.0, rel=1e-9)
    assert str(one["verdict"].values) == "gains at a cost"
    displaced = 120_000 / 12_936
    assert float(one["net_health_benefit"]) == pytest.approx(8 - 0.26 * displaced, rel=1e-9)
    # Fifth 2 gains nothing and pays all the same.
    assert float(two["qalys_gained"]) == 0
    assert float(two["net_health_benefit"]) == pytest.approx(-0.22 * displaced, rel=1e-9)
    assert np.isnan(float(two["cost_per_qaly"]))
    assert str(two["verdict"].values) == "no change"


def test_gross_benefit_is_not_net_benefit():
    result = act(cost_effectiveness(plain(gained=(10, 0, 0), cost=(2e5, 0, 0)), flat_values()))
    assert float(result["qalys_gained"]) > 0 > float(result["net_health_benefit"])


@settings(deadline=None, max_examples=20)
@given(
    st.floats(-50.0, 50.0), st.floats(-1e6, 1e6), st.floats(1e3, 1e5),
    st.lists(st.floats(0.1, 1.0), min_size=5, max_size=5),
)  # fmt: skip
def test_net_is_gross_minus_cost_over_threshold_and_fifths_add_up(gained, cost, threshold, parts):
    shares = np.array(parts) / sum(parts)
    result = cost_effectiveness(
        plain(gained=(gained, 0, 0), cost=(cost, 0, 0)),
        flat_values(),
        opportunity_cost_gbp_per_qaly=threshold,
        opportunity_shares=shares.tolist(),
    )
    england = act(result)
    net = float(england["qalys_gained"] - england["total_cost"] / threshold)
    assert float(england["net_health_benefit"]) == pytest.approx(net, rel=1e-9, abs=1e-9)
    fifths = act(result, list(FIFTHS))["net_health_benefit"]
    assert float(fifths.sum()) == pytest.approx(net, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("gained", "cost", "verdict"),
    [
        (0.0, 0.0, "no change"),
        (5.0, 1e5, "gains at a cost"),
        (5.0, -1e5, "dominant"),
        (0.0, -1e5, "dominant"),
        (-5.0, 1e5, "dominated"),
        (0.0, 1e5, "dominated"),
        (-5.0, -1e5, "saves at a loss"),
    ],
)
def test_verdicts_and_what_is_withheld(gained, cost, verdict):
    result = act(cost_effectiveness(plain(gained=(gained, 0, 0), cost=(cost, 0, 0)), flat_values(nhs_cost=0.0)))
    assert str(result["verdict"].values) == verdict in VERDICTS
    assert np.isnan(float(result["cost_per_qaly"])) == (gained <= 0)
    assert np.isfinite(float(result["net_health_benefit"]))


def test_health_may_be_discounted_at_a_rate_of_its_own():
    projection = plain(gained=(0, 10, 0), cost=(0, 1000.0, 0))
    result = cost_effectiveness(projection, flat_values(nhs_cost=0.0), discount=0.035, discount_health=0.015)
    assert float(act(result)["qalys_gained"]) == pytest.approx(8 / 1.015, rel=1e-8)
    assert float(act(result)["programme_cost"]) == pytest.approx(1000 / 1.035, rel=1e-12)
    assert result.attrs["discount_health"] == 0.015


def test_a_rate_of_health_that_is_impossible_is_refused_by_its_own_name():
    with pytest.raises(ImpossibleModelError, match=r"discount_health: found -0\.1; allowed: 0 or more"):
        cost_effectiveness(plain(), flat_values(), discount_health=-0.1)
    with pytest.raises(ImpossibleModelError, match=r"^discount: found -0\.1; allowed: 0 or more"):
        cost_effectiveness(plain(), flat_values(), discount=-0.1)


def test_qalys_by_age_by_hand():
    """More person-years at the ages at the ends of the groups, in both sexes, in the second of three years."""
    projection, values = plain(), flat_values(0.5)
    values["utility"].loc[{"age": 74}] = 0.25
    more = {0: 1.0, 1: 2.0, 64: 4.0, 65: 8.0, 74: 16.0, 75: 32.0, 100: 64.0}
    for age, years in more.items():
        projection["person_years"].loc[{"scenario": "act", "year": 2012, "quintile": 3, "age": age}] += years
    gained = qalys_gained_by_age(projection, values, 0.25)
    assert gained.dims == ("scenario", "draw", "age_group", "quintile")
    assert gained["scenario"].values.tolist() == ["act"]
    assert gained["age_group"].values.tolist() == ["under 1", "1-64", "65-74", "75 and over", "all ages"]
    # Twice the years (both sexes), at utility 0.5 (0.25 at 74), a year later at 25 %.
    expected = np.array([1.0, 2.0 + 4.0, 8.0 + 16.0 / 2, 32.0 + 64.0, 1 + 6 + 16 + 96]) / 1.25
    np.testing.assert_allclose(act(gained, "3"), expected, rtol=1e-9)
    np.testing.assert_allclose(act(gained), expected, rtol=1e-9)
    assert (act(gained, ["1", "2", "4", "5"]) == 0).all()


def test_ages_add_up_to_the_total_exactly():
    """Whole person-years at utilities that are exact in binary, so that no rounding can hide a person lost."""
    projection, values = plain(gained=(10, 20, 30), place=2), flat_values(0.75, nhs_cost=0.0)
    lived = projection["person_years"]
    lived.loc[{"scenario": "act"}] += np.random.default_rng(1).integers(-9, 10, lived.sel(scenario="act").shape)
    gained = qalys_gained_by_age(projection, values, 0.0)
    whole = cost_effectiveness(projection, values, discount=0.0)["qalys_gained"]
    np.testing.assert_array_equal(gained.sel(age_group=list(AGE_GROUPS)).sum("age_group"), whole)
    np.testing.assert_array_equal(gained.sel(age_group=ALL_AGES), whole)


def test_ages_are_discounted_as_the_total_is(projection):
    values = flat_values(0.9)
    values["utility"].values[:] *= np.linspace(1.0, 0.5, 101)
    gained = qalys_gained_by_age(projection, values, 0.015).sel(age_group=ALL_AGES)
    many = qalys(projection, values, 0.015).sum("year")
    whole = (many - many.sel(scenario=COMPARATOR)).sel(scenario=gained["scenario"])
    np.testing.assert_allclose(gained.values, whole.values, rtol=1e-9)


def test_defaults_are_the_published_ones():
    assert OPPORTUNITY_COST == 12_936
    assert sum(OPPORTUNITY_SHARES) == pytest.approx(1.0, abs=1e-12)
    assert OPPORTUNITY_SHARES[0] == 0.26
    assert economics.NICE_THRESHOLD == 20_000


@pytest.mark.parametrize("shares", [(0.2,) * 4, (0.3,) * 5, (1.2, -0.2, 0, 0, 0)])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(ImpossibleModelError, match=r"opportunity_shares: found .*; allowed: five parts"):
        cost_effectiveness(plain(), flat_values(), opportunity_shares=shares)


@pytest.mark.parametrize("threshold", [0.0, -1.0, np.nan])
def test_an_impossible_opportunity_cost_is_refused(threshold):
    with pytest.raises(ImpossibleModelError, match=r"opportunity_cost_gbp_per_qaly: found .*; allowed: above 0"):
        cost_effectiveness(plain(), flat_values(), opportunity_cost_gbp_per_qaly=threshold)


def test_missing_or_impossible_values_are_refused():
    with pytest.raises(ImpossibleModelError, match="utility: missing from the dataset"):
        qalys(plain(), flat_values().drop_vars("utility"))
    with pytest.raises(ImpossibleModelError, match=r"utility: found values from 1\.5"):
        qalys(plain(), flat_values(utility=1.5))
    with pytest.raises(ImpossibleModelError, match="cost_gbp: missing from the dataset"):
        programme_cost(plain().drop_vars("cost_gbp"))


def test_full_quality_is_life_expectancy_and_half_is_half(projection):
    years = mortality.life_expectancy(banded(projection))
    whole = qale(projection, flat_values(1.0))
    assert whole.dims == years.dims
    np.testing.assert_allclose(whole.values, years.values, rtol=1e-12)
    np.testing.assert_allclose(qale(projection, flat_values(0.5)).values, years.values / 2, rtol=1e-12)


def test_qale_by_hand_with_quality_until_65_only(projection):
    values = flat_values(0.9)
    values["utility"].loc[{"age": range(65, 101)}] = 0.0
    place = {"scenario": "one", "year": 2014, "quintile": "2", "sex": "Male", "draw": 0}
    data = banded(projection).sel({**place, "quintile": 2})
    table = life_table(data["deaths"].sum("cause").values, data["person_years"].values)
    found = float(qale(projection, values).sel(place))
    assert found == pytest.approx(0.9 * table.person_years[:14].sum(), rel=1e-12)


def test_the_weights_within_a_band_are_the_comparators(projection):
    # A scenario that moves people within a band, at the same rates, has the same expectancy.
    values = flat_values(0.9)
    values["utility"].loc[{"age": 72}] = 0.1
    moved = projection.copy(deep=True)
    for name in ("deaths", "person_years"):
        cell = {"scenario": "one"}
        moved[name].loc[{**cell, "age": 70}] += moved[name].loc[{**cell, "age": 72}].values
        moved[name].loc[{**cell, "age": 72}] = 0.0
    before, after = (qale(one, values).sel(scenario="one") for one in (projection, moved))
    np.testing.assert_allclose(after.values, before.values, rtol=1e-12)


def test_distribution_of_qale(projection):
    values = flat_values(0.9)
    values["utility"].values[:] *= np.linspace(0.9, 1.0, 5)[:, None]
    told = qale_distribution(projection, values)
    five = told["qale"].sel(quintile=list(FIFTHS))
    assert (told["qale_ede"] > five.min("quintile")).all()
    assert (told["qale_ede"] < five.max("quintile")).all()
    assert ((told["qale_atkinson"] > 0) & (told["qale_atkinson"] < 1)).all()
    calm = qale_distribution(projection, values, aversion=1.0)
    assert (calm["qale_atkinson"] < told["qale_atkinson"]).all()
    assert calm.attrs["aversion"] == 1.0


def with_cover(projection, each=7.0):
    """``each`` person covered in every cell and year by both of two interventions in every scenario but the first."""
    dims = PROJECTION["covered"].dims
    cover = np.full((projection.sizes["scenario"], 1, 2, projection.sizes["year"], 5, 2, 101), each)
    cover[0] = 0.0
    return projection.assign_coords(intervention=["one", "other"]).assign(covered=(dims, cover))


def test_cover_needed_by_hand_cumulative_over_cumulative(projection):
    needed = needed_to_cover(with_cover(projection))
    assert needed.dims == ("scenario", "draw", "year", "quintile")
    assert COMPARATOR not in needed["scenario"].values
    deaths = projection["deaths"].sel(draw=0, year=slice(2011, 2013)).sum(["year", "sex", "age", "cause"])
    averted = deaths.sel(scenario=COMPARATOR) - deaths.sel(scenario="two")
    covered = 7.0 * 2 * 3 * 2 * 101
    at = {"scenario": "two", "year": 2013, "draw": 0}
    assert float(needed.sel(at | {"quintile": "3"})) == pytest.approx(
        covered / float(averted.sel(quintile=3)), rel=1e-9
    )
    assert float(needed.sel(at | {"quintile": ENGLAND})) == pytest.approx(5 * covered / float(averted.sum()), rel=1e-9)


def test_cover_needed_is_withheld_where_no_deaths_are_averted(make_projection):
    effect = np.array([0.1, 0.0, -0.1, 0.1, 0.1])
    needed = needed_to_cover(with_cover(make_projection({"mixed": effect}))).sel(scenario="mixed", draw=0)
    assert np.isnan(needed.sel(quintile=["2", "3"])).all()
    assert (needed.sel(quintile=["1", "4", "5"]) > 0).all()
    fewer = needed_to_cover(with_cover(make_projection({"less": 0.1}), each=-1.0))
    assert np.isnan(fewer).all()


def test_needed_to_cover_uses_all_causes_and_both_sexes(projection):
    averted = mortality.deaths_averted_cumulative(banded(projection)).sel(sex=PERSONS, cause_group=ALL_CAUSES)
    needed = needed_to_cover(with_cover(projection))
    whole = (needed * averted).sel(scenario="one", quintile=ENGLAND, year=2016, draw=0)
    assert float(whole) == pytest.approx(7.0 * 2 * 6 * 5 * 2 * 101, rel=1e-12)
