"""What it would take: against every choice there is, and at the edges of what can be reached."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from hisim.declare.files import read_scenario
from hisim.declare.scenario import Scenario
from hisim.declare.target import Bound, Goal, Target
from hisim.model.projection import project
from hisim.outcomes.asked import figures, reduced
from hisim.studies import mixes
from hisim.studies.answer import Answer
from hisim.studies.levers import levers_of
from hisim.studies.targets import answered, cost_of, searched, setting_of, values_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"
LEVELS = (0.0, 0.5, 1.0)


def scenario(name: str = "three-actions", people: int = 64) -> Scenario:
    whole = read_scenario(SCENARIOS / f"{name}.yaml")
    settings = whole.simulation.model_copy(update={"people_per_cohort": people})
    return whole.model_copy(update={"end": 2015, "simulation": settings})


def averted(level: float, **place: str) -> Goal:
    return Goal(estimand="deaths_averted_cumulative", level=level, **place)


def target(*goals: Goal, **more: object) -> Target:
    given = {"draws": 0, "people_per_cohort": 64, **more}
    return Target(hisim=1, name="t", title="A target", scenario="s.yaml", reach=goals, **given)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def columns() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every combination of levels of three actions: deaths averted and cost in each fifth, (27, 5) each, and levels."""
    setting = setting_of(target(averted(1.0)), scenario())
    levers = setting.ground.levers
    choices = np.array(list(product(LEVELS, repeat=3)))
    points = np.zeros((len(choices), len(levers.low)))
    for v, (i, _) in enumerate(levers.first):
        points[:, v] = choices[:, i]
    found = figures(mixes.simulated(setting.ground, points), setting.asked)
    everyone = {"sex": "Persons", "cause_group": "All causes", "year": 2015}
    deaths = found["goal1"].sel(everyone).isel(draw=0).sel(quintile=list("12345")).transpose("scenario", "quintile")
    cost = found["cost"].isel(draw=0).sel(quintile=list("12345")).transpose("scenario", "quintile")
    return deaths.values, cost.values, choices


def cheapest(most_deprived: float, everyone: float) -> float:
    """The least cost among all 3^15 mixes that avert so many deaths in the first fifth and in all."""
    deaths, cost, _ = columns()
    rest_deaths, rest_cost = np.zeros(1), np.zeros(1)
    for q in range(1, 5):
        rest_deaths = np.add.outer(rest_deaths, deaths[:, q]).ravel()
        rest_cost = np.add.outer(rest_cost, cost[:, q]).ravel()
    best = np.inf
    for own, price in zip(deaths[:, 0], cost[:, 0], strict=True):
        if own >= most_deprived:
            enough = rest_deaths + own >= everyone
            best = min(best, float(np.where(enough, rest_cost, np.inf).min() + price))
    return best


@pytest.mark.parametrize(("most_deprived", "everyone"), [(0.3, 0.3), (0.2, 0.7), (0.9, 0.9)])
def test_the_cost_is_within_one_per_cent_of_the_cheapest_choice(most_deprived: float, everyone: float) -> None:
    deaths, _, _ = columns()
    goals = (most_deprived * deaths[-1, 0], everyone * deaths[-1].sum())
    wanted = target(averted(goals[0], quintile="1"), averted(goals[1]), levels=LEVELS)
    found = searched(setting_of(wanted, scenario()), wanted)
    paid = found.best.values[0] * found.setting.price
    assert found.best.reached
    assert paid <= 1.01 * cheapest(*goals)
    assert paid >= cheapest(goals[0] * 0.998, goals[1] * 0.998) * (1 - 1e-9)  # a limit is kept to a thousandth
    assert found.lower <= paid * (1 + 1e-6)
    free = target(averted(goals[0], quintile="1"), averted(goals[1]))
    anything = searched(setting_of(free, scenario()), free)
    assert anything.best.reached
    assert anything.best.values[0] * anything.setting.price <= 1.01 * cheapest(*goals)


def test_fifths_of_different_mixes_make_the_mix_that_is_simulated() -> None:
    setting = setting_of(target(averted(1.0), averted(1.0, quintile="3")), scenario())
    levers = setting.ground.levers
    low, high = levers.low, levers.high
    own = np.where(np.isin(levers.first[:, 1], [0, 3]), high, low)
    small = mixes.simulated(setting.ground, np.array([low, high]))
    spliced = mixes.spliced(small, np.array([[1, 0, 0, 1, 0]]))
    whole = mixes.simulated(setting.ground, own[None])
    assert np.allclose(values_of(setting, spliced), values_of(setting, whole), rtol=1e-9)
    for name in whole.data_vars:
        assert np.allclose(spliced[name].values, whole[name].transpose(*spliced[name].dims).values, rtol=1e-9), name


def test_slopes_are_those_of_single_levers() -> None:
    setting = setting_of(target(averted(1.0)), scenario())
    point = (setting.ground.levers.low + setting.ground.levers.high) / 2
    values, slopes = mixes.slopes(setting.ground, lambda small: values_of(setting, small), point)
    for v in (0, 4, 7, len(point) - 1):
        other = point.copy()
        other[v] += 0.25
        both = values_of(setting, mixes.simulated(setting.ground, np.array([point, other])))
        assert np.allclose(both[0], values)
        assert np.allclose((both[1] - both[0]) / 0.25, slopes[:, v], rtol=1e-6, atol=1e-12)


def answer(*goals: Goal, of: Scenario | None = None, **more: object) -> Answer:
    return answered(target(*goals, **more), of or scenario())


def test_what_cannot_be_reached_says_how_near_one_comes_and_what_holds_it_back() -> None:
    told = answer(averted(1e6, quintile="1"))
    assert not told.reached
    (goal,) = told.told
    everything = figures_of(told.levers.scenario)
    assert goal.value == pytest.approx(everything, rel=0.02)
    stuck = [told.levers.first[v][1] for v in np.flatnonzero(told.worth > 0)]
    assert stuck == [0, 0, 0]


def figures_of(whole: Scenario) -> float:
    """Deaths averted in the first fifth when all of it goes all the way."""
    uses = tuple(use.model_copy(update={"relative": None, "achievable": (1.0,) * 5}) for use in whole.interventions)
    setting = setting_of(target(averted(1.0, quintile="1")), whole)
    projection = project(whole.model_copy(update={"interventions": uses, "name": "all"}), batches=False)
    found = figures(reduced(projection, setting.ground.inputs), setting.asked)
    return float(found["goal1"].sel(quintile="1", sex="Persons", cause_group="All causes", year=2015).squeeze())


def test_goals_that_contradict_each_other_are_told_apart_from_those_out_of_reach() -> None:
    few = Goal(estimand="deaths", quintile="5", change=-800.0)
    narrow = Goal(estimand="under_75_rate_gap_q5", percent=-2.0)
    told = answer(few, narrow)
    assert not told.reached
    assert [one.alone for one in told.told] == [True, True]
    told = answer(narrow, averted(1e6))
    assert [one.alone for one in told.told] == [True, False]


def test_what_is_there_already_costs_nothing() -> None:
    told = answer(Goal(estimand="life_expectancy_0", sex="Male", level=70.0))
    assert told.reached
    assert told.cost == 0
    assert not told.scenario.interventions


def test_bounds_are_kept_and_the_answer_is_a_scenario_that_gives_what_it_says() -> None:
    bound = Bound(use="statins", at_most=(0.5,) * 5, at_least=(0.45,) * 5)
    goal = averted(0.35 * float(columns()[0][-1].sum()))
    told = answer(goal, bounds=(bound,))
    assert told.reached
    setting = setting_of(target(goal, bounds=(bound,)), scenario())
    own = [use for use in told.scenario.interventions if use.id == "statins"]
    chain = own[0].chain(own[0].full_from)
    coverage = np.prod([chain[step] for step in chain], axis=0)
    assert (coverage >= 0.45 - 1e-3).all()
    assert (coverage <= 0.5 + 1e-3).all()
    people = told.scenario.simulation.model_copy(update={"people_per_cohort": 1280})
    projection = project(told.scenario.model_copy(update={"simulation": people}), batches=False)
    found = figures(reduced(projection, setting.ground.inputs), setting.asked)
    by_use = projection["cost_gbp"].isel(scenario=1, draw=0).sum(["year", "quintile"])
    for use, paid in zip(told.scenario.interventions, told.cost_by.sum(axis=1), strict=True):
        assert paid == pytest.approx(float(by_use.sel(intervention=use.id)), rel=0.15)  # discounted
    assert cost_of(found)[0] == pytest.approx(told.cost, rel=0.05)  # 64 people a cohort, four times
    assert float(found["goal1"].sel(quintile="all", sex="Persons", cause_group="All causes", year=2015).squeeze()) == (
        pytest.approx(told.told[0].value, rel=0.05)
    )


def test_capacity_is_kept_across_fifths() -> None:
    whole = scenario()
    first = whole.interventions[0]
    free = setting_of(target(averted(1.0)), whole)
    served = mixes.reach(whole, free.ground.inputs).isel(intervention=0)
    more = float((served["served_full"] - served["served_now"]).sum())
    limit = float(served["served_now"].sum()) + 0.4 * more
    limited = whole.model_copy(
        update={"interventions": (first.model_copy(update={"capacity": limit}), *whole.interventions[1:])}
    )
    told = answer(averted(1e6), of=limited)
    one = told.scenario.model_copy(update={"interventions": told.scenario.interventions[:1]})
    asked = one.interventions[0].model_copy(update={"capacity": 1e9})
    unlimited = one.model_copy(update={"interventions": (asked,)})
    people = mixes.reach(unlimited, free.ground.inputs)["served_full"].values.sum()
    assert people <= limit * 1.001
    assert people > float(served["served_now"].sum()) + 0.3 * more


def test_the_probability_asked_for_is_reached_in_draws() -> None:
    goal = averted(0.3 * float(columns()[0][-1].sum()))
    central, likely = answer(goal), answer(goal, draws=50, probability=0.8)
    assert likely.reached
    assert likely.chance >= 0.8
    assert likely.cost > central.cost
    assert central.chance != central.chance  # no draws, no chance


def test_levers_of_the_population_as_a_whole_go_alike() -> None:
    whole = scenario("tobacco-control")
    policy = [use.id for use in whole.interventions if use.intervention.category == "population"]
    assert policy
    levers = levers_of(target(averted(1.0)), whole)
    for i, use in enumerate(whole.interventions):
        assert (len(set(levers.lever[i])) == 1) == (use.id in policy)
    assert len(levers_of(target(averted(1.0), alike=()), whole).low) > len(levers.low)
