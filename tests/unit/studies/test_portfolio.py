"""What a budget buys, beside everything that it could buy: small problems that can be worked out whole."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hisim.declare.files import read_scenario
from hisim.declare.portfolio import Portfolio
from hisim.declare.scenario import Scenario
from hisim.errors import InvalidFileError
from hisim.model.projection import project
from hisim.outcomes.asked import figures
from hisim.outcomes.bands import FIFTHS
from hisim.outcomes.inequality import equally_distributed_equivalent, equity_weights
from hisim.studies import portfolio as part
from hisim.studies.levers import coverage, shares
from hisim.studies.measured import DEATHS, DEATHS_MOST, GAP, health_now
from hisim.studies.mixes import simulated
from hisim.studies.portfolio_answer import answered

ROOT = Path(__file__).resolve().parents[3]
LEVELS = (0.0, 0.5, 1.0)
DEATHS_BY_ACTION = {"estimand": "deaths_averted_cumulative"}


def three_actions() -> Scenario:
    """The three key actions over three years, with few people."""
    scenario = read_scenario(ROOT / "scenarios" / "three-actions.yaml")
    few = scenario.simulation.model_copy(update={"people_per_cohort": 64})
    return scenario.model_copy(update={"end": 2013, "simulation": few})


def portfolio(**more: Any) -> Portfolio:
    """A portfolio of the three actions."""
    told = {"hisim": 1, "name": "small", "title": "Small", "scenario": "three-actions.yaml", "draws": 0,
            "people_per_cohort": 32, "budget": {"total": 60e6}, "objective": [DEATHS_BY_ACTION]}  # fmt: skip
    return Portfolio.model_validate({**told, **more})


@pytest.fixture(scope="module")
def setting() -> part.Setting:
    """A budget for about a tenth of everything."""
    return part.setting_of(portfolio(), three_actions())


def exhaustive(setting: part.Setting, amount: float) -> float:
    """Most deaths averted by any of the 3^15 combinations of levels within the budget."""
    levers, ground = setting.levers, setting.measures.ground
    combinations = np.array(list(product(LEVELS, repeat=3)))
    points = np.array([np.where(levers.lever >= 0, one[levers.first[:, 0]][levers.lever], 0) for one in combinations])
    rows = np.array([[point[levers.first[v, 0], levers.first[v, 1]] for v in range(15)] for point in points])
    found = figures(simulated(ground, rows), setting.measures.asked)[DEATHS]
    at = {"year": levers.scenario.end, "sex": "Persons", "cause_group": "All causes", "quintile": list(FIFTHS)}
    averted = found.isel(draw=0).sel(at).transpose("scenario", "quintile").values
    matrix, most = part.straight(setting, amount)
    best = -np.inf
    fifth = [np.flatnonzero(levers.first[:, 1] == q) for q in range(5)]
    taken = [rows[:, own] @ matrix[:, own].T for own in fifth]
    gain, used = averted[:, 1], taken[1]
    for q in (2, 3, 4):
        gain = (gain[:, None] + averted[:, q]).ravel()
        used = (used[:, None] + taken[q]).reshape(-1, len(most))
    assert len(gain) * len(rows) == 3**15
    for first, mine in zip(averted[:, 0], taken[0], strict=True):
        within = (used + mine <= most + 1e-9 * np.abs(most)).all(axis=1)
        best = max(best, first + gain[within].max(initial=-np.inf))
    return float(best)


@pytest.mark.parametrize("amount", [20e6, 60e6, 200e6])
def test_within_one_per_cent_of_every_combination_of_levels(setting: part.Setting, amount: float) -> None:
    best = exhaustive(setting, amount)
    by_level = setting._replace(portfolio=portfolio(levels=LEVELS))
    row = setting.measures.row(DEATHS)
    chosen = part.best_for(by_level, amount, row, part.starts_of(setting, amount))
    assert setting.spent_at(chosen.best.point) <= amount * (1 + 1e-9)
    assert set(chosen.best.point.round(6)) <= set(LEVELS)
    assert 0.99 * best <= chosen.gain <= best * (1 + 1e-9)
    free = part.best_for(setting, amount, row, part.starts_of(setting, amount))
    assert setting.spent_at(free.best.point) <= amount * (1 + 1e-9)
    assert 0.99 * best <= free.gain <= free.upper


def test_a_budget_of_nothing_buys_nothing_and_says_what_the_first_money_would_do() -> None:
    answer = answered(portfolio(budget={"per_year": 0.0}), three_actions())
    assert answer.affordable and not answer.best.scenario.interventions
    assert answer.best.cost.sum() == 0 and not answer.others
    first = answer.next[0]
    assert first.intervention == "statins" and first.gains[DEATHS] > 0 and not first.full
    assert [one.worth for one in answer.next] == sorted((one.worth for one in answer.next), reverse=True)
    assert len(answer.next) == 15


def test_more_money_than_can_be_used_buys_everything() -> None:
    answer = answered(portfolio(budget={"total": 1e11}, alternatives={"number": 0}), three_actions())
    assert (shares(answer.setting.levers, answer.best.point) == 1).all()
    assert {one.full for one in answer.next} == {"as far as achievable"}


def test_a_budget_below_the_least_allowed_is_a_no() -> None:
    bounds = [{"use": "statins", "at_least": 0.6}]
    answer = answered(portfolio(budget={"per_year": 1e6}, bounds=bounds), three_actions())
    assert not answer.affordable and not answer.frontier and not answer.others


def test_a_bound_below_coverage_now_is_refused() -> None:
    bounds = [{"use": "statins", "at_most": 0.2}]
    with pytest.raises(InvalidFileError, match=r"0\.2, below today's coverage of 'statins' in fifth 1; allowed: 0\.39"):
        part.setting_of(portfolio(bounds=bounds), three_actions())


def test_an_unknown_estimand_or_place_is_refused() -> None:
    with pytest.raises(InvalidFileError, match=r"'deaths_avertd'; allowed: .*; did you mean 'deaths_averted'"):
        part.setting_of(portfolio(objective=[{"estimand": "deaths_avertd"}]), three_actions())
    with pytest.raises(InvalidFileError, match=r"objective\.0\.quintile: '6'; allowed: 1, 2, 3, 4, 5, all"):
        part.setting_of(portfolio(objective=[{**DEATHS_BY_ACTION, "quintile": "6"}]), three_actions())


@pytest.fixture(scope="module")
def answer() -> Any:
    """The whole answer for a budget a year."""
    return answered(portfolio(budget={"per_year": 30e6}), three_actions())


def test_what_it_costs_is_what_a_run_costs_and_within_the_budget(answer: Any) -> None:
    for one in (answer.best, *answer.others):
        alone = project(one.scenario)["cost_gbp"].isel(draw=0, scenario=1)
        by_year = alone.sum(["intervention", "quintile"]).values
        np.testing.assert_allclose(one.cost.sum(axis=(0, 2)), by_year)
        assert max(by_year.max(), one.mean_cost.sum(axis=(0, 2)).max()) <= 30e6
    assert answer.best.cost.sum(axis=(0, 2)).max() > 0.97 * 30e6


def test_alternatives_are_nearly_as_good_and_spend_elsewhere(answer: Any) -> None:
    assert answer.others
    measures = answer.setting.measures
    gains = measures.at(np.array([one.point for one in (answer.best, *answer.others)])) @ measures.row(DEATHS)
    assert (gains[1:] >= 0.92 * gains[0]).all()  # 5 %, and what fitting to the budget as run takes
    for one in answer.others:
        moved = np.maximum(one.cost - answer.best.cost, 0).sum() / one.cost.sum()
        assert moved > part.APART / 2


def test_the_frontier_rises_with_the_budget_and_trades_deaths_for_the_gap(answer: Any) -> None:
    budgets = [one for one in answer.frontier if one.kind == "budget"]
    assert [one.budget for one in budgets] == [30e6 * k / 8 for k in range(1, 9)]
    deaths = [one.gains[DEATHS] for one in budgets]
    assert deaths == sorted(deaths)
    traded = [one for one in answer.frontier if one.kind != "budget"]
    assert traded[0].gains[DEATHS] > traded[-1].gains[DEATHS]
    assert traded[0].gains[GAP] < traded[-1].gains[GAP]
    assert all(one.spent <= one.budget * (1 + 1e-6) for one in answer.frontier)


def test_the_mix_does_what_its_scenario_says(answer: Any) -> None:
    levers = answer.setting.levers
    then = coverage(levers, answer.best.point)
    for use in answer.best.scenario.interventions:
        i = levers.ids.index(use.id)
        chain = use.chain(levers.scenario.end)
        np.testing.assert_allclose(np.prod(list(chain.values()), axis=0), then[i], atol=5e-4)


def test_an_earlier_objective_is_kept_while_a_later_one_gains(setting: part.Setting) -> None:
    ordered = portfolio(order="lexicographic", keep_within=0.1,
                        objective=[{"estimand": "life_expectancy_0_gap_average"}, DEATHS_BY_ACTION])  # fmt: skip
    own = part.setting_of(ordered, three_actions())
    row = own.measures.row("objective1")
    alone = part.most_of(own, 60e6, row, part.starts_of(own, 60e6))
    both = part.best_for(own, 60e6, row, part.starts_of(own, 60e6))
    gaps, deaths = ([float(own.measures.row(key) @ own.measures.at(one.best.point[None])[0]) for one in (alone, both)]
                    for key in ("objective1", DEATHS))  # fmt: skip
    assert 0.89 * gaps[0] <= gaps[1] < gaps[0]
    assert deaths[1] > deaths[0]


def test_weights_count_in_parts_of_what_each_could_be(setting: part.Setting) -> None:
    heavy = [{**DEATHS_BY_ACTION, "weight": 1}, {**DEATHS_BY_ACTION, "quintile": "1", "weight": 1000}]
    own = part.setting_of(portfolio(objective=heavy), three_actions())
    both = part.best_for(own, 60e6, part.wanted(own, 60e6), part.starts_of(own, 60e6))
    most = part.most_of(own, 60e6, own.measures.row(DEATHS_MOST), [own.levers.low])
    reached = float(own.measures.row(DEATHS_MOST) @ own.measures.at(both.best.point[None])[0])
    assert reached >= 0.99 * most.gain


def test_aversion_weighs_a_qaly_as_the_equally_distributed_equivalent_does() -> None:
    averse = portfolio(objective=[{"estimand": "net_health_benefit", "inequality_aversion": 10.95}])
    own = part.setting_of(averse, three_actions())
    weights = own.measures.weights["objective1"]
    health, people = health_now(own.measures.ground)
    assert (np.diff(weights) < 0).all() and 60 < health.min() < health.max() < 80
    assert weights @ people / people.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(equity_weights(health, people, 0.0), 1.0)
    small = 1e-4
    lifted = [_equivalent(health + small * np.eye(5)[q], people) - _equivalent(health, people) for q in range(5)]
    np.testing.assert_allclose(np.array(lifted) / lifted[0], weights * people / (weights * people)[0], rtol=1e-4)


def _equivalent(health: np.ndarray, people: np.ndarray) -> float:
    import xarray as xr

    return float(equally_distributed_equivalent(xr.DataArray(health, dims="quintile"),
                                                xr.DataArray(people, dims="quintile")))  # fmt: skip
