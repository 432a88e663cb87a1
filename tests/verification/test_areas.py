"""Areas within England: the comparator is what the inputs promise, and areas add up to England."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hisim.areas import find
from hisim.declare.files import read_scenario_text
from hisim.declare.scenario import Scenario
from hisim.inputs.areas import local_mortality
from hisim.inputs.load import load_inputs
from hisim.model.inputs import in_area, inputs_of
from hisim.model.plan import make_plan
from hisim.model.projection import project
from hisim.model.reach import reach
from hisim.model.slot_plan import library_of_run
from hisim.outcomes.comparison import compare
from hisim.variables import COMPARATOR

FEW = 160
EMPTY = {"E07000005": {1}, "E09000012": {4, 5}, "E06000053": {1, 2, 3, 5}, "E07000191": {1, 4, 5}}
"""Chiltern, Hackney, the Isles of Scilly and West Somerset, and the fifths where nobody lives."""


TEXT = """hisim: 1
name: mix
title: Mix
start: 2011
end: 2013
area: {area}
simulation: {{people_per_cohort: {people}}}
interventions:
  - {{use: statins, {how}}}
  - {{use: stop-smoking-services, {how}}}
"""


def scenario(area: str, how: str = "relative: 1.5", people: int = FEW) -> Scenario:
    return read_scenario_text(TEXT.format(area=area, how=how, people=people))


@pytest.mark.parametrize("area", ["Kent", "Ashford", "Bradford", "most-deprived-fifth", *EMPTY])
def test_deaths_of_the_comparator_are_local_rates_times_person_years(area: str) -> None:
    """To 1e-9 relative in every cell of every year; in the first they are England's rates, shrunk factor and people."""
    one = scenario(area)
    inputs = inputs_of(one)
    now = project(one, inputs).sel(scenario=COMPARATOR).isel(draw=0)
    expected = (inputs["mortality_rate"] * now["person_years"]).values
    np.testing.assert_allclose(now["deaths"].values, expected, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(now["person_years"].isel(year=0), inputs["population"], rtol=1e-9)


def test_a_district_has_its_own_factor_on_englands_rates() -> None:
    rates = load_inputs(area="E07000105")["mortality_rate"] / load_inputs()["mortality_rate"]
    factor = local_mortality()["factor"].sel(authority="E07000105")
    for ages, part in ((slice(0, 74), "0-74"), (slice(75, 100), "75+")):
        for sex in ("Female", "Male"):
            ratio = rates.sel(age=ages, sex=sex).values
            np.testing.assert_allclose(ratio[np.isfinite(ratio)], float(factor.sel(sex=sex, ages=part)), rtol=1e-12)


def test_the_326_authorities_add_up_to_england() -> None:
    """People and births exactly; deaths to 0.5 % in all and to 2.5 % in any quintile and sex: factors are shrunk."""
    england, people, births, deaths = load_inputs(), 0.0, 0.0, 0.0
    first = england["mortality_rate"].isel(year=0).sum("cause")
    for code in find("England").members:
        one = load_inputs(area=code)
        people, births = people + one["population"].values, births + one["births"].values
        local = (one["mortality_rate"].isel(year=0).sum("cause") * one["population"]).sum("age")
        deaths = deaths + local.values
    np.testing.assert_allclose(people, england["population"].values, rtol=1e-11)
    np.testing.assert_allclose(births, england["births"].values, rtol=1e-11)
    expected = (first * england["population"]).sum("age").values
    print(f"all authorities: {np.sum(deaths):,.0f} deaths, {np.sum(deaths) / np.sum(expected) - 1:+.3%} of England's")
    assert np.sum(deaths) == pytest.approx(np.sum(expected), rel=0.005)
    np.testing.assert_allclose(deaths, expected, rtol=0.025)


@pytest.mark.parametrize(("area", "fifths"), EMPTY.items())
@pytest.mark.filterwarnings("error")
def test_fifths_where_nobody_lives_are_not_simulated_and_hold_nothing(area: str, fifths: set[int]) -> None:
    one = scenario(area)
    inputs = inputs_of(one)
    plan = make_plan(inputs, [one], library_of_run([one]))
    assert {1 + cohort.quintile for cohort in plan.cohorts} == set(range(1, 6)) - fifths
    projection = project(one, inputs)
    for name in ("deaths", "person_years", "deaths_batch", "covered", "people_eligible", "cost_gbp", "reference_rate"):
        assert not projection[name].sel(quintile=sorted(fifths)).any(), name
    comparison = compare(projection)
    assert comparison["deaths_averted_per_100000"].sel(quintile=[str(q) for q in fifths]).isnull().all()
    assert np.isfinite(comparison["deaths_averted_cumulative"]).all()


@pytest.mark.parametrize("area", ["Ashford", "Chiltern"])
def test_doing_nothing_is_carrying_on_as_now_bit_for_bit(area: str) -> None:
    nothing = scenario(area, "relative: 1")
    projection = project(nothing)
    for name in ("deaths", "person_years", "deaths_batch", "people_in_state", "cost_gbp"):
        now, same = (projection[name].sel(scenario=each) for each in (COMPARATOR, nothing.name))
        np.testing.assert_array_equal(now.values, same.values)


def test_capacity_is_englands_and_an_area_has_its_share_by_people() -> None:
    england, kent = (scenario(area, "relative: 2, capacity: 500000", 64) for area in ("England", "Kent"))
    inputs = inputs_of(kent)
    share = inputs.attrs["share_of_england"]
    assert share == pytest.approx(float(inputs["population"].sum()) / 53_107_169, rel=1e-6)
    assert [use.capacity for use in in_area(kent, inputs).interventions] == pytest.approx([500_000 * share] * 2)
    assert in_area(england, inputs_of(england)) is england
    served = reach(kent, inputs)["served_full"].sel(intervention="stop-smoking-services")
    free = reach(scenario("Kent", "relative: 2", 64), inputs)["served_full"].sel(intervention="stop-smoking-services")
    now = reach(kent, inputs)["served_now"].sel(intervention="stop-smoking-services")
    assert float(now.sum()) <= float(served.sum()) < float(free.sum())


def test_a_scenario_of_an_area_can_be_run_again_from_its_own_record() -> None:
    one = scenario("Ashford")
    attrs = project(one).attrs
    assert (attrs["area"], attrs["area_name"], attrs["members"]) == ("E07000105", "Ashford", "E07000105")
    assert "areas/population.csv.gz" in attrs["digests"]
    assert read_scenario_text(json.loads(attrs["scenarios"])["mix"]) == one
