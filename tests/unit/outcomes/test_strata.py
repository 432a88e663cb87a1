"""Figures by stratum, of projections whose strata are divided by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes import groups, mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS, banded, of_comparator
from hisim.outcomes.comparison import compare
from hisim.outcomes.economics import qalys_gained_by_age
from hisim.outcomes.estimands import estimate
from hisim.outcomes.groups import EVERYONE, FEWEST_PERSON_YEARS
from hisim.outcomes.older import older
from hisim.outcomes.quality import qale
from hisim.outcomes.strata import COLUMNS, by_stratum, quality_by_stratum, tidy
from hisim.outcomes.targeting import efficiency_and_equity, reached
from hisim.stratum_variables import STRATUM_PROJECTION
from hisim.variables import (
    AGE_BAND_STARTS,
    AGES,
    COMPARATOR,
    QUINTILES,
    describe,
)

ONE = np.array([0.10, 0.08, 0.06, 0.04, 0.02])
WHOLE = {"quintile": ENGLAND, "sex": PERSONS, "cause_group": ALL_CAUSES}
ALL = {"quintile": ENGLAND, "stratum": EVERYONE}


def divide(projection, share, risk=1.0, effect=1.0, noise=0.0):
    """Strata with ``share`` of the time lived, ``risk`` times the deaths, and ``effect`` times the deaths averted.

    ``noise``: relative spread of the first stratum's part of each batch of all scenarios, balanced over batches.
    """
    share, risk, effect = (np.broadcast_to(np.asarray(one, float), (len(share),)) for one in (share, risk, effect))
    died, lived = banded(projection)["deaths"], banded(projection)["person_years"]
    base, batch_base = died.sel(scenario=[COMPARATOR]), projection["deaths_batch"].sel(scenario=[COMPARATOR])
    part, gain = share * risk / (share @ risk), share * effect / (share @ effect)
    stray = np.zeros((projection.sizes["batch"], len(share)))
    stray[:, 0] = np.random.default_rng(5).normal(0.0, noise, len(stray))
    stray[:, 0] -= stray[:, 0].mean()
    stray[:, -1] -= stray[:, 0]
    split = lambda whole, parts: whole.values[..., None] * parts  # noqa: E731
    change, batch_change = base.values - died.values, (batch_base.values - projection["deaths_batch"].values).sum(-1)
    batch = split(batch_base.sum("cause"), (part + stray).reshape(len(stray), *[1] * 4, len(share)))
    arrays = {
        "stratum_deaths": split(base, part) - change[..., None] * gain,
        "stratum_person_years": split(lived, share),
        "stratum_deaths_batch": batch - batch_change[..., None] * gain,
        "stratum_person_years_batch": split(projection["person_years_batch"], share),
    }
    served = np.zeros((projection.sizes["scenario"], 1, 2, *lived.shape[2:], len(share)))
    served[1, 0, 0, ..., 0] = 2.0
    served[1, 0, 1, :, 0, ..., 0] = 1.0
    arrays |= {"stratum_covered": served, "stratum_eligible": np.full(served.shape, 4.0)}
    strata = [f"group {index}" for index in range(len(share))]
    out = projection.assign_coords(stratum=strata, intervention=["pill", "check"]).assign(
        {name: (STRATUM_PROJECTION[name].dims, array) for name, array in arrays.items()}
    )
    return describe(out, {name: STRATUM_PROJECTION[name] for name in arrays})


def utility(low=0.6, high=0.9) -> xr.Dataset:
    values = np.linspace(high, low, len(AGES)) - 0.02 * np.arange(5, 0, -1)[:, None]
    return xr.Dataset({"utility": (("quintile", "age"), values)}, {"quintile": list(QUINTILES), "age": list(AGES)})


@pytest.fixture(scope="module")
def three(projection):
    """Three strata; the smallest is at twice the risk of the largest and gains four times what it would."""
    return divide(projection, [0.7, 0.2, 0.1], [1.0, 1.0, 2.0], [1.0, 1.0, 4.0])


@pytest.fixture(scope="module")
def result(three):
    return by_stratum(three)


def test_strata_and_fifths_add_up_to_the_whole(projection, result):
    for name in ("deaths_averted", "years_of_life_gained", "deaths_comparator", "person_years_comparator"):
        values = result[name]
        parts = values.isel(stratum=slice(0, 3)).sum("stratum")
        np.testing.assert_allclose(parts, values.sel(stratum=EVERYONE).transpose(*parts.dims), rtol=1e-9, atol=1e-6)
        parts = values.isel(quintile=slice(0, 5)).sum("quintile")
        np.testing.assert_allclose(parts, values.sel(quintile=ENGLAND), rtol=1e-9, atol=1e-6)
    assert result["year"].values.tolist() == [2011, 2015, 2016]


def test_all_strata_are_the_ordinary_figures_with_the_ordinary_errors(projection, result):
    ordinary = compare(projection)
    names = {
        "deaths_averted": "deaths_averted_cumulative",
        "deaths_averted_per_100000": "deaths_averted_per_100000",
        "years_of_life_gained": "years_of_life_gained",
        "life_expectancy": "life_expectancy_0",
    }
    for name, usual in names.items():
        for suffix in ("", "_se"):
            expected = ordinary[f"{usual}{suffix}"]
            expected = expected.sel(
                {dim: one for dim, one in WHOLE.items() if dim in expected.dims and dim != "quintile"}
            )
            found = result[f"{name}{suffix}"].sel(stratum=EVERYONE)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, err_msg=name + suffix)
    rate = mortality.standardised_rate(banded(projection)).sel(sex=PERSONS, year=result["year"])
    np.testing.assert_allclose(result["standardised_rate"].sel(stratum=EVERYONE), rate, rtol=1e-9)


def test_one_stratum_that_holds_everybody_is_everybody(projection):
    alone = by_stratum(divide(projection, [1.0]), by=[2014])
    for name, values in alone.items():
        mine, all_people = values.sel(stratum="group 0"), values.sel(stratum=EVERYONE)
        np.testing.assert_allclose(mine, all_people, rtol=1e-9, atol=1e-9, err_msg=str(name))
    assert float(alone["deaths_averted_se"].sel(scenario="two", stratum="group 0", year=2014, quintile="1").max()) > 0
    fifth = alone["gap_fifth"].sel(stratum="group 0")
    np.testing.assert_allclose(fifth, 0.0, atol=1e-9)


def test_equal_batches_have_no_error(make_projection):
    still = divide(make_projection({"one": ONE}), [0.6, 0.4], [1.0, 1.5])
    found = by_stratum(still)
    for name in ("deaths_averted", "life_expectancy", "gap_fifth_widening", "deaths_comparator"):
        scale = float(abs(found[name]).max())
        assert float(abs(found[f"{name}_se"]).max()) < 1e-9 * scale


def test_the_comparators_total_is_exact_and_its_split_is_chance(make_projection):
    found = by_stratum(divide(make_projection({"one": ONE}), [0.6, 0.4], noise=0.05))
    error = found["deaths_comparator_se"].sel(year=2016, quintile="3", draw=0)
    assert float(error.sel(stratum="group 0")) == pytest.approx(float(error.sel(stratum="group 1")), rel=1e-6)
    assert float(error.sel(stratum=EVERYONE)) < 1e-6 < float(error.sel(stratum="group 0"))
    # What moves between strata moves in all scenarios: deaths averted are far surer than deaths.
    averted = found["deaths_averted_se"].sel(year=2016, quintile="3", draw=0, scenario="one", stratum="group 0")
    assert float(averted) < 0.2 * float(error.sel(stratum="group 0"))


def test_error_of_a_split_by_hand(make_projection):
    """Deaths of a stratum: total times its share of the batches that remain, so the jackknife is that of a ratio."""
    projection = divide(make_projection({"one": ONE}), [0.6, 0.4], noise=0.05)
    batch = projection["stratum_deaths_batch"].sel(scenario=COMPARATOR, draw=0, quintile=2, year=2011)
    left = batch.sum("batch") - batch
    total = banded(projection)["deaths"].sum("cause").sel(scenario=COMPARATOR, draw=0, quintile=2, year=2011)
    theta = (total * (left / left.sum("stratum")).sel(stratum="group 0")).sum(["sex", "age_band"])
    expected = np.sqrt(float(theta.var("batch")) * (theta.sizes["batch"] - 1))
    found = by_stratum(projection)["deaths_comparator_se"].sel(year=2011, quintile="2", stratum="group 0", draw=0)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def simulated(repeats=300, people=480, batches=16):
    """Independent simulations along ``draw``: lognormal hazards, a quarter of people in the second stratum.

    The comparator's deaths are fixed at 1,000 in all, as the model's are; its split among strata is chance.
    """
    rng = np.random.default_rng(12)
    hazard = rng.lognormal(0.0, 1.0, (repeats, batches, people // batches))
    member = np.arange(hazard.shape[2]) % 4 == 0
    helped = np.where(rng.random(hazard.shape) < np.where(member, 0.7, 0.3), 0.6, 1.0)
    each = np.stack([hazard, hazard * helped])
    each *= 1000.0 / hazard.sum(axis=(1, 2))[None, :, None, None]
    died = np.stack([each[..., ~member].sum(-1), each[..., member].sum(-1)], axis=-1)
    cell, lead, band = ("year", "quintile", "sex"), ("scenario", "draw"), len(AGE_BAND_STARTS)
    place = np.zeros((2, repeats, batches, 1, 5, 2, band, 2))
    place[:, :, :, 0, 0, 0, 12] = died
    single = np.zeros((2, repeats, 1, 5, 2, 101, 1))
    single[:, :, 0, 0, 0, AGE_BAND_STARTS[12], 0] = died.sum(axis=(2, 3))
    lived = np.ones((2, repeats, batches, 1, 5, 2, band, 2))
    years = np.zeros((2, repeats, 1, 5, 2, 101))
    years[..., list(AGE_BAND_STARTS)] = 2 * batches
    return xr.Dataset(
        {
            "deaths": ((*lead, *cell, "age", "cause"), single),
            "person_years": ((*lead, *cell, "age"), years),
            "deaths_batch": ((*lead, "batch", *cell, "age_band", "cause"), place.sum(-1)[..., None]),
            "person_years_batch": ((*lead, "batch", *cell, "age_band"), lived.sum(-1)),
            "stratum_deaths": ((*lead, *cell, "age_band", "cause", "stratum"), place.sum(2)[..., None, :]),
            "stratum_person_years": ((*lead, *cell, "age_band", "stratum"), lived.sum(2)),
            "stratum_deaths_batch": ((*lead, "batch", *cell, "age_band", "stratum"), place),
            "stratum_person_years_batch": ((*lead, "batch", *cell, "age_band", "stratum"), lived),
        },
        {"scenario": [COMPARATOR, "act"], "draw": range(repeats), "year": [2011], "stratum": ["most", "few"]},
    )


def test_errors_agree_with_the_spread_of_independent_simulations():
    """As in test_jackknife: the average of 300 jackknife variances against the variance between simulations."""
    projection = simulated()

    def counts(data):
        whole = groups.with_totals(data).sel(quintile=ENGLAND)
        averted = -groups.gained(whole["deaths"])
        return xr.Dataset(
            {"averted": averted.sel(scenario="act", drop=True), "died": of_comparator(whole["deaths"]).sum("age_band")}
        )

    values, errors = counts(groups.people(projection)), groups.monte_carlo_se(projection, counts)
    for name in ("averted", "died"):
        for stratum in ("most", "few"):
            truth = float(values[name].sel(stratum=stratum, year=2011).var("draw", ddof=1))
            found = float((errors[name].sel(stratum=stratum, year=2011) ** 2).mean())
            assert found == pytest.approx(truth, rel=0.3), (name, stratum)
    assert float(errors["died"].sel(stratum=EVERYONE).max()) < 1e-6


def test_draws_in_chunks_give_the_same_errors(monkeypatch):
    projection = simulated(repeats=3)
    count = lambda data: xr.Dataset({"died": groups.with_totals(data)["deaths"].sum("age_band")})  # noqa: E731
    whole = groups.monte_carlo_se(projection, count)
    monkeypatch.setattr(groups, "CELLS_AT_ONCE", 1)
    xr.testing.assert_allclose(groups.monte_carlo_se(projection, count), whole)


def test_gaps_widen_and_narrow(make_projection):
    """Group 1 is at higher risk; the mix helps it more than its part, or not at all; group 0 the other way about."""
    plain = make_projection({"one": 0.05})
    at = {"scenario": "one", "draw": 0, "year": 2016, "quintile": "2"}
    helps, passes = (by_stratum(divide(plain, [0.8, 0.2], [1.0, 1.6], effect)) for effect in ([1, 6], [1, 0]))
    for found in (helps, passes):
        assert float(found["gap_fifth"].sel(**at, stratum="group 1")) > 0 > float(found["gap_fifth"].sel(at)[0])
        england = found["life_expectancy"].sel(at | ALL).item() - found["life_expectancy"].sel(at)[1].item()
        assert float(found["gap_england"].sel(**at, stratum="group 1")) == pytest.approx(england)
        assert (found["gap_fifth_widening"].sel(scenario=COMPARATOR) == 0).all()
    for index in (0, 1):
        assert (
            float(helps["gap_fifth_widening"].sel(at)[index]) < 0 < float(passes["gap_fifth_widening"].sel(at)[index])
        )


def test_life_expectancy_of_few_people_is_withheld(projection):
    lived = float(banded(projection)["person_years"].sel(scenario=COMPARATOR, year=2011, quintile=3).sum())
    share = 0.9 * FEWEST_PERSON_YEARS / lived
    found = by_stratum(divide(projection, [1 - share, share])).sel(year=2011, stratum="group 1", scenario="one", draw=0)
    for name in ("life_expectancy", "life_expectancy_se", "gap_fifth", "gap_england_widening"):
        assert np.isnan(found[name].sel(quintile="3"))
        assert np.isfinite(found[name].sel(quintile=ENGLAND))
    assert np.isfinite(found["deaths_averted"]).all()
    assert np.isfinite(found["standardised_rate"]).all()


def test_nobody_in_an_age_band_is_withheld(three):
    empty = three.copy(deep=True)
    for name in ("stratum_deaths", "stratum_person_years", "stratum_deaths_batch", "stratum_person_years_batch"):
        empty[name].loc[{"age_band": "90+", "stratum": "group 2"}] = 0.0
    found = by_stratum(empty)
    for name in ("life_expectancy", "standardised_rate"):
        assert np.isnan(found[name].sel(stratum="group 2")).all()
        assert np.isfinite(found[name].sel(stratum="group 1")).all()
    assert np.isfinite(quality_by_stratum(empty, utility())["qalys_gained"]).all()


@pytest.mark.parametrize("name", ["stratum_deaths", "stratum_person_years_batch"])
def test_a_projection_without_strata_says_what_to_do(projection, three, name):
    with pytest.raises(ImpossibleModelError, match=f"{name}: missing from the projection; add a `strata:` section"):
        by_stratum(three.drop_vars(name))
    for function in (reached, efficiency_and_equity):
        with pytest.raises(ImpossibleModelError, match=r"add a `strata:` section"):
            function(projection)
    with pytest.raises(ImpossibleModelError, match=r"add a `strata:` section"):
        quality_by_stratum(projection, utility())


def test_refusals(three):
    with pytest.raises(ImpossibleModelError, match=r"by: found 1999; allowed: a projected year"):
        by_stratum(three, by=[1999])
    with pytest.raises(ImpossibleModelError, match=r"batch: found 1 batches"):
        by_stratum(three.isel(batch=[0]))


def test_tidy_has_a_row_for_each_figure(three, result):
    table = tidy(result)
    assert tuple(table.columns) == COLUMNS
    rows = table[table["estimand"] == "deaths_averted"]
    assert len(rows) == 3 * 3 * 6 * 4 and COMPARATOR not in set(rows["scenario"])
    one = rows.query("scenario == 'one' and year == 2015 and quintile == 'all' and stratum == 'group 2'").iloc[0]
    at = {"scenario": "one", "year": 2015, "quintile": ENGLAND, "stratum": "group 2", "draw": 0}
    assert one["value"] == float(result["deaths_averted"].sel(at))
    assert one["monte_carlo_se"] == float(result["deaths_averted_se"].sel(at))
    assert set(table[table["estimand"] == "deaths_comparator"]["scenario"]) == {COMPARATOR}
    for other in (reached(three), efficiency_and_equity(three), older(three, utility())):
        assert tuple(tidy(other).columns) == COLUMNS


def test_reach_by_hand(three):
    found = reached(three).sel(draw=0)
    at = {"scenario": "one", "year": 2015, "intervention": "pill"}
    cells = 2 * len(AGE_BAND_STARTS)
    assert float(found["reached"].sel(**at, quintile="4", stratum="group 0")) == 2.0 * cells * 5
    assert float(found["reached"].sel(at | ALL)) == 2.0 * cells * 5 * 5
    assert float(found["share_reached"].sel(**at, quintile="4", stratum="group 0")) == 0.5
    assert float(found["share_reached"].sel(at | ALL)) == pytest.approx(0.5 / 3)
    both = {"scenario": "one", "year": 2015, "quintile": "1", "stratum": "group 0"}
    # Two interventions: people count once for each.
    assert float(found["people_reached"].sel(both)) == 3.0 * cells * 5
    averted = by_stratum(three).sel(**both, draw=0)
    for suffix in ("", "_se"):
        expected = float(averted[f"deaths_averted{suffix}"]) / (3.0 * cells * 5) * 1000
        assert float(found[f"deaths_averted_per_1000_reached{suffix}"].sel(both)) == pytest.approx(expected, rel=1e-9)
    assert COMPARATOR not in found["scenario"]


def test_nobody_reached_is_withheld(three):
    found = reached(three)["deaths_averted_per_1000_reached"].sel(draw=0)
    assert np.isnan(found.sel(scenario="two")).all()
    assert np.isnan(found.sel(scenario="one", stratum="group 1")).all()
    nobody = three.copy(deep=True)
    nobody["stratum_eligible"].values[:] = 0.0
    assert np.isnan(reached(nobody)["share_reached"]).all()


def test_efficiency_and_equity(projection, three):
    found = efficiency_and_equity(three, by=[2015]).sel(draw=0)
    at = {"year": 2015, "scenario": "one"}
    averted = estimate("deaths_averted_cumulative", banded(projection)).sel(**at, draw=0, sex=PERSONS)
    averted = averted.sel(cause_group=ALL_CAUSES)
    assert float(found["deaths_averted"].sel(at)) == pytest.approx(float(averted.sel(quintile=ENGLAND)))
    expected = float(averted.sel(quintile="1") / averted.sel(quintile=ENGLAND))
    assert float(found["share_most_deprived"].sel(at)) == pytest.approx(expected)
    ordinary = compare(projection, by=[2015]).sel(**at, draw=0, sex=PERSONS, cause_group=ALL_CAUSES)
    for suffix in ("", "_se"):
        index = float(ordinary[f"deaths_averted_per_100000_sii{suffix}"])
        assert float(found[f"deaths_averted_sii{suffix}"].sel(at)) == pytest.approx(index, rel=1e-6)
    share, deaths = np.array([0.7, 0.2, 0.4]) / 1.3, np.array([0.7, 0.2, 0.2]) / 1.1
    np.testing.assert_allclose(found["share_of_deaths_averted"].sel(at), share, rtol=1e-9)
    np.testing.assert_allclose(found["share_of_deaths"].sel(year=2015), deaths, rtol=1e-9)
    np.testing.assert_allclose(found["averted_to_deaths"].sel(at), share / deaths, rtol=1e-9)
    per = float(found["deaths_averted"].sel(at) / found["people_reached"].sel(at)) * 1000
    assert float(found["deaths_averted_per_1000_reached"].sel(at)) == pytest.approx(per)


def test_shares_of_nothing_are_withheld(make_projection):
    found = efficiency_and_equity(divide(make_projection({"one": 0.0}), [0.5, 0.5]))
    assert np.isnan(found["share_most_deprived"]).all()
    assert np.isnan(found["averted_to_deaths"]).all()


def test_quality_of_all_strata_is_the_ordinary_one(projection, three):
    values = utility()
    found = quality_by_stratum(three, values)
    expected = qale(projection, values).sel(sex=PERSONS, year=found["year"])
    np.testing.assert_allclose(found["qale"].sel(stratum=EVERYONE), expected, rtol=1e-9)
    parts = found["qalys_gained"].isel(stratum=slice(0, 3)).sum("stratum")
    np.testing.assert_allclose(parts, found["qalys_gained"].sel(stratum=EVERYONE), rtol=1e-9, atol=1e-9)
    flat = values.copy(deep=True)
    flat["utility"].values[:] = 0.5
    half = quality_by_stratum(three, flat, discount=0.0)
    whole = by_stratum(three)
    np.testing.assert_allclose(half["qalys_gained"], 0.5 * whole["years_of_life_gained"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(half["qale"], 0.5 * whole["life_expectancy"], rtol=1e-9)
    assert float(half["qale"].sel(ALL)[0, 0, 0]) > float(half["qale"].sel(quintile=ENGLAND, stratum="group 2")[0, 0, 0])


def test_older_people_without_strata(projection):
    values = utility()
    found = older(projection, values)
    assert "stratum" not in found.dims and found["from_age"].values.tolist() == [65, 75]
    old = (
        projection["deaths"].sel(age=slice(75, None)).sum(["age", "cause", "sex"]).cumsum("year").sel(draw=0, year=2015)
    )
    expected = old.sel(scenario=COMPARATOR) - old.sel(scenario="one")
    at = {"scenario": "one", "draw": 0, "year": 2015, "from_age": 75}
    np.testing.assert_allclose(found["deaths_averted"].sel(at)[:5], expected, rtol=1e-9)
    assert (found["deaths_averted_se"].sel(at) > 0).all()
    for age in (65, 75):
        usual = mortality.life_expectancy(banded(projection), age).sel(sex=PERSONS, year=found["year"])
        np.testing.assert_allclose(found["life_expectancy"].sel(from_age=age), usual, rtol=1e-9)
    assert (found["qale"] < found["life_expectancy"]).all()
    # One utility for all ages: band means and single ages agree.
    values["utility"].values[:] = 0.8
    by_age = qalys_gained_by_age(projection, values).sel(age_group="75 and over")
    mine = older(projection, values)["qalys_gained"].sel(from_age=75, year=2016).sel(scenario=by_age["scenario"])
    np.testing.assert_allclose(mine, by_age, rtol=1e-9)


def test_older_people_by_strata(projection, three):
    found, plain = older(three, utility()), older(projection, utility())
    for name in ("deaths_averted", "deaths_averted_se", "life_expectancy", "qale", "qalys_gained"):
        np.testing.assert_allclose(found[name].sel(stratum=EVERYONE), plain[name], rtol=1e-6, atol=1e-6, err_msg=name)
    parts = found["deaths_averted"].isel(stratum=slice(0, 3)).sum("stratum")
    np.testing.assert_allclose(parts, plain["deaths_averted"], rtol=1e-9, atol=1e-6)
