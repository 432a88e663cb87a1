"""Coverage worked out from the inputs against the people whom a projection serves, and against the plan's reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from synthetic import (
    effects,
    library_of,
    make_acting,
    make_check,
    make_inputs,
    make_scenario,
    make_service,
    with_strata,
)

from hisim.declare.files import read_scenario
from hisim.model.coverage import coverage
from hisim.model.inputs import inputs_of
from hisim.model.projection import project
from hisim.model.reach import reach

ROOT = Path(__file__).parents[2]


def share(found: xr.Dataset) -> xr.DataArray:
    whole = found.sum("sex")
    return whole["served"] / whole["eligible"]


@pytest.mark.parametrize("name", ["statins", "stop-smoking", "cancer", "diabetes", "by-ethnicity"])
def test_it_is_what_the_projection_serves_beyond_the_comparator(name: str) -> None:
    scenario = read_scenario(ROOT / "scenarios" / f"{name}.yaml")
    inputs = inputs_of(scenario)
    mine = share(coverage(scenario, inputs))
    more = mine.sel(scenario=scenario.name) - mine.sel(scenario="comparator")
    projection = project(scenario, inputs, batches=False).isel(draw=0).sel(scenario=scenario.name)
    people = projection[["covered", "people_eligible"]].sum(("sex", "age"))
    theirs = people["covered"] / people["people_eligible"]
    several = {use.id for use in scenario.interventions} & {
        "diabetes-blood-pressure",
        "diabetes-glucose",
        "health-checks",
    }
    for use in scenario.interventions:
        if use.id in several and name == "diabetes":
            continue  # another action finds people for these: the projection shares them out
        one, other = more.sel(intervention=use.id), theirs.sel(intervention=use.id)
        np.testing.assert_allclose(one.sel(year=[2012, 2015]), other.sel(year=[2012, 2015]), atol=0.02)


def test_it_begins_where_the_plan_begins_and_reaches_what_an_action_alone_reaches() -> None:
    for name in ("statins", "stop-smoking", "cancer", "alcohol-harm-reduction"):
        scenario = read_scenario(ROOT / "scenarios" / f"{name}.yaml")
        inputs = inputs_of(scenario)
        mine, plan = share(coverage(scenario, inputs)), reach(scenario, inputs)
        for use in scenario.interventions:
            for who, year, served in (
                ("comparator", scenario.start, "served_now"),
                (scenario.name, use.full_from, "served_full"),
            ):
                one = mine.sel(scenario=who, intervention=use.id, year=year)
                other = (plan[served] / plan["eligible"]).sel(intervention=use.id)
                np.testing.assert_allclose(one, other, atol=1e-6)


def test_people_found_by_another_action_count() -> None:
    """A check finds diabetes; the pill for people who know of it then reaches more of all who have it."""
    pill = make_acting(
        "mortality_effect", "pill", "diabetes", effects({"ihd": 0.9}), now={"offered": 0.5}, ages=(0, 100)
    )
    check = make_check("check", ("diabetes",), (), ages=(0, 100), now={"offered": 0.0}, achievable={"offered": 1.0})
    inputs = make_inputs(2011, 2012, diabetes_prevalence=0.2, diabetes_known=0.4)
    alone = make_scenario((pill, {"profile": "as_now"}), end=2012)
    both = make_scenario((pill, {"profile": "as_now"}), (check, {"profile": "industrial_scale"}), end=2012)
    library = library_of(pill, check)
    less, more = (share(coverage(one, inputs, library)).sel(intervention="pill", year=2012) for one in (alone, both))
    np.testing.assert_allclose(less.sel(scenario="mix"), 0.4 * 0.5, atol=1e-6)
    np.testing.assert_allclose(more.sel(scenario="mix"), 1.0 * 0.5, atol=1e-6)
    np.testing.assert_allclose(more.sel(scenario="comparator"), 0.4 * 0.5, atol=1e-6)


def test_a_service_counts_the_year_and_no_action_gives_nothing() -> None:
    service = make_service(now={"taken_up": 0.1})
    inputs = make_inputs(2011, 2012, smoking_current=0.25, stop_smoking_reach=0.1)
    found = coverage(make_scenario((service, {"relative": 2.0}), end=2012), inputs, library_of(service))
    np.testing.assert_allclose(share(found).sel(scenario="comparator"), 0.1, atol=1e-6)
    np.testing.assert_allclose(share(found).sel(scenario="mix", year=2012), 0.2, atol=1e-6)
    assert coverage(make_scenario(end=2012), inputs, library_of()).sizes["intervention"] == 0


def test_strata_divide_it_and_change_no_whole() -> None:
    pill = make_acting(
        "mortality_effect", "pill", "everyone", effects({"ihd": 0.9}), now={"offered": 0.3}, ages=(0, 100)
    )
    inputs = with_strata(make_inputs(2011, 2012), [0.5, 0.5])
    plain = coverage(make_scenario((pill, {"to": 0.6}), end=2012), make_inputs(2011, 2012), library_of(pill))
    apart = make_scenario((pill, {"to": 0.6}), end=2012, strata=("a", "b"))
    np.testing.assert_allclose(share(coverage(apart, inputs, library_of(pill))), share(plain), atol=1e-6)
