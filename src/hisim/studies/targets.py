"""What it would take: the least-cost delivery that reaches a target, checked with other chance and by draws."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.refusals import Places
from hisim.declare.scenario import Scenario
from hisim.declare.sweep import PEOPLE
from hisim.declare.target import LEAST, Goal, Target, goals_of
from hisim.model.projection import project
from hisim.outcomes.asked import Asked, figures, reduced
from hisim.outcomes.bands import ENGLAND
from hisim.outcomes.worth import DISCOUNT, discount_factors
from hisim.studies import goals, levels, mixes
from hisim.studies.answer import Answer, Told
from hisim.studies.drawing import draws_of
from hisim.studies.execute import How
from hisim.studies.goals import COST
from hisim.studies.levers import levers_of, mix
from hisim.studies.mixes import DIGITS, FRESH, Say
from hisim.studies.optimise import KEPT, PRICE, Found, adjusted, best_of, bound, descend, rank, repriced, room_worth
from hisim.studies.optimise import Problem as Rows

MARGIN = 0.001
"""More than was found wanting, in parts of the distance from nothing to the goal."""
UNSURE = 0.01
"""More than draws were found wanting, likewise: the next mix has other draws' luck."""
WHATEVER = 1e4
"""Times by which cost counts for less where goals are out of reach."""
TRIFLE = 1e-3
"""Part of what all levers bring that one has to bring to be worth naming, where a goal is out of reach."""
LITTLE = 0.05
"""Parts of the distance to a goal up to which more to spare is found without measuring slopes again."""
ROUNDS = 3
"""Times that a search goes on with more to spare, where other chance or draws find too little."""


class Setting(NamedTuple):
    """A target made ready: what to simulate, and how to read it."""

    ground: mixes.Ground
    goals: Mapping[str, Goal]
    asked: list[Asked]
    unit: np.ndarray
    """Of each goal."""
    price: float
    """GBP that are the unit of cost."""
    capacity: tuple[np.ndarray, np.ndarray]
    """Its straight limits on levers."""
    blocks: levels.Blocks | None = None
    """What is chosen where there are levels, once it has been simulated."""

    @property
    def last(self) -> int:
        """Last year."""
        return self.ground.levers.scenario.end


def cost_of(found: Mapping[str, xr.DataArray]) -> np.ndarray:
    """Cost of every mix [GBP], (mix,)."""
    return np.asarray(found[COST].sel(quintile=ENGLAND).transpose("draw", "scenario").values[0])


def setting_of(target: Target, scenario: Scenario, where: Places | None = None, threads: int | None = None) -> Setting:
    """A target made ready.

    Raises
    ------
    InvalidFileError
        With every problem of the target's goals and bounds, at its line.
    """
    wishes = goals_of(target)
    goals.check_wishes(wishes, scenario, where, "reach")
    ground = mixes.ground_of(levers_of(target, scenario, where), target.people_per_cohort, threads)
    asked = goals.asked_for(wishes, scenario.end)
    levers = ground.levers
    found = figures(mixes.simulated(ground, np.array([levers.low, levers.high])), asked)
    goals.check_labels(wishes, found, where, "reach")
    goals.check_said(wishes, found, scenario, where, "reach")
    unit = goals.scales(wishes, found, scenario.end)
    price = max(float(np.abs(cost_of(found)).max()), 1.0)
    return Setting(ground, wishes, asked, unit, price, mixes.capacities(ground)[:2])


def values_of(setting: Setting, small: xr.Dataset) -> np.ndarray:
    """Cost and how far short of each goal every mix is, (mix, 1 + goal)."""
    found = figures(small, setting.asked)
    short = goals.rows_of(setting.goals, found, setting.unit, setting.last)
    return np.column_stack([cost_of(found) / setting.price, short])


def rows_of(setting: Setting) -> Rows:
    """The target as rows of numbers at points of levers."""
    ground, values = setting.ground, partial(values_of, setting)
    low, high = ground.levers.low, ground.levers.high
    return Rows(
        low, high, lambda points: values(mixes.simulated(ground, points)), partial(mixes.slopes, ground, values),
        *setting.capacity,
    )  # fmt: skip


class Search(NamedTuple):
    """What a search found."""

    setting: Setting
    """With the unit of cost that the answer costs."""
    best: Found
    every: list[Found]
    lower: float


def searched(setting: Setting, target: Target, shift: np.ndarray | float = 0.0, start: Found | None = None) -> Search:
    """The cheapest mix that reaches the goals with ``shift`` to spare; from one start where there is one already."""
    if target.levels is not None:
        near = None if start is None else start.point
        problem = rows_of(setting)
        blocks = setting.blocks or levels.blocks_of(setting.ground, partial(values_of, setting), problem, target.levels)
        setting = setting._replace(blocks=blocks)
        best = levels.chosen(blocks, problem, shift, near)
        return Search(setting, best.found, [best.found], best.lower * setting.price)
    levers = setting.ground.levers
    first = descend(rows_of(setting), levers.low if start is None else start.point, shift)
    if first.reached:
        dear = max(first.values[0] * setting.price, 1.0)
        first, setting = repriced(first, setting.price / dear), setting._replace(price=dear)
    problem, every = rows_of(setting), [first]
    if start is None:  # the other end may lead elsewhere
        every = sorted([first, descend(problem, levers.high, shift)], key=lambda one: rank(one.values))
    if not every[0].reached:
        setting, every = _whatever_it_costs(setting, every[0], shift)
        problem = rows_of(setting)
    nothing = problem.values(problem.low[None])[0]
    nothing[1:] += shift
    lower = bound(problem, every, nothing) if every[0].reached else -np.inf
    return Search(setting, every[0], every, lower * setting.price)


def _whatever_it_costs(setting: Setting, near: Found, shift: np.ndarray | float) -> tuple[Setting, list[Found]]:
    """As near as can be, cost counting for little; and should that reach the goals, the cheapest from there."""
    setting = setting._replace(price=setting.price * WHATEVER)
    every = best_of(rows_of(setting), [near.point, setting.ground.levers.high], shift)
    if every[0].reached:
        setting = setting._replace(price=max(every[0].values[0] * setting.price, 1.0))
        every = [descend(rows_of(setting), every[0].point, shift)]
    else:
        every[0] = _without_trifles(rows_of(setting), every[0], shift)
    return setting, every


def _without_trifles(problem: Rows, found: Found, shift: np.ndarray | float) -> Found:
    """``found`` without levers that bring what is out of reach no nearer than chance might."""
    broken = found.values[1:] > KEPT
    nearer = -found.slopes[1:][broken].sum(axis=0) * (found.point - problem.low)
    point = np.where(nearer < TRIFLE * nearer.sum(), problem.low, found.point)
    values = problem.values(point[None])[0]
    values[1:] += shift
    return found._replace(point=point, values=values)


def answered(
    target: Target,
    scenario: Scenario,
    where: Places | None = None,
    *,
    how: How | None = None,
    say: Say = lambda _: None,
    threads: int | None = None,
) -> Answer:
    """The least-cost delivery that reaches ``target``, or the nearest to it.

    Parameters
    ----------
    scenario
        The target's scenario: its actions, years and area.
    where
        Where the lines of the target's file are, for messages.
    how
        Where draws are worked out; by default one process.
    say
        Told in words what is being done.

    Raises
    ------
    InvalidFileError
        For goals or bounds that cannot be, at their line.
    ImpossibleModelError
        Where the model refuses the scenario.
    """
    say("searching")
    setting = setting_of(target, scenario, where, threads)
    search, shift = searched(setting, target), np.zeros(len(setting.goals))
    name, title = f"{target.name}-mix", f"What it would take: {target.title}"[:200]
    draw = partial(_drawn, setting, target=target, how=how or How(), say=say)
    drawn: dict[str, np.ndarray] = {}
    for attempt in range(1 + ROUNDS):
        one = mix(setting.ground.levers, search.best.point, name, title, DIGITS)
        say("checking with other chance")
        anew, spare = worked_out_anew(setting, one), np.full(len(setting.goals), -np.inf)
        if target.probability is not None and search.best.reached:
            drawn = draw(one, target.draws if attempt else max(target.draws // 2, LEAST))
            spare = _spare(setting, drawn, target.probability, shift)
        spare = np.maximum(anew.short, spare)
        if (spare <= 0).all() or not search.best.reached or attempt == ROUNDS:
            break
        say("searching with more to spare")
        more = np.where(spare > 0, spare + MARGIN, 0.0)
        shift = shift + more
        search = _further(search, target, shift, little=bool(more.max() <= LITTLE))
    if target.draws and (not drawn or len(drawn[COST]) < target.draws):
        drawn = draw(one, target.draws)
    say("")
    return _answer(target, search, one, anew, drawn)


def _further(search: Search, target: Target, shift: np.ndarray, *, little: bool) -> Search:
    """The search gone on with ``shift`` to spare: where that is little more than before, by the slopes there are."""
    if little and target.levels is None:
        near = adjusted(rows_of(search.setting), search.best, shift)
        if near.reached:
            return search._replace(best=near)
    again = searched(search.setting, target, shift, search.best)
    return again._replace(every=search.every, lower=search.lower)


class Anew(NamedTuple):
    """A mix worked out with other chance and the scenario's own number of people."""

    told: list[goals.Reached]
    """By goal, arrays (stream,)."""
    short: np.ndarray
    """(goal,) mean of how far short it is, in its unit."""
    cost: np.ndarray
    """(intervention, quintile) GBP, all years together at their worth in the first."""


def worked_out_anew(setting: Setting, one: Scenario) -> Anew:
    """The mix ``one`` with :data:`FRESH` other streams of chance."""
    told: list[list[goals.Reached]] = []
    costs = []
    inputs, threads = setting.ground.inputs, setting.ground.threads
    levers = setting.ground.levers.scenario.model_copy(update={"simulation": one.simulation})
    for stream in range(1, 1 + FRESH):
        several = [one] if one.interventions else [levers.model_copy(update={"interventions": (), "name": one.name})]
        projection = project(several, inputs, threads=threads, batches=False, stream=stream)
        found = figures(reduced(projection, inputs), setting.asked)
        weight = discount_factors(projection["year"], DISCOUNT)
        paid = (projection["cost_gbp"].isel(scenario=1, draw=0) * weight).sum("year")
        ids = [use.id for use in one.interventions]
        costs.append(paid.sel(intervention=ids).transpose("intervention", "quintile").values)
        told.append([goals.short_of(goal, found[key], setting.last) for key, goal in setting.goals.items()])
    each = [goals.Reached(*(np.ravel([part[k] for part in row]) for k in range(4))) for row in zip(*told, strict=True)]
    short = np.array([one.short.mean() for one in each]) / setting.unit
    return Anew(each, short, np.mean(costs, axis=0))


def _drawn(setting: Setting, one: Scenario, draws: int, target: Target, how: How, say: Say) -> dict[str, np.ndarray]:
    """Cost, and by goal how far short the mix is, in so many draws."""
    found = draws_of(
        one, setting.asked, draws, how, min(target.people_per_cohort, PEOPLE), lambda done: say(f"drawing {done:.0%}")
    )
    cost = found[COST].sel(quintile=ENGLAND).values[:, 0]
    shorts = {key: goals.short_of(goal, found[key], setting.last).short[:, 0] for key, goal in setting.goals.items()}
    return {COST: cost, **shorts}


def _spare(setting: Setting, drawn: Mapping[str, np.ndarray], wanted: float, shift: np.ndarray) -> np.ndarray:
    """How much more of each goal is needed for it to be reached with the probability ``wanted``, in its unit; (goal,).

    In a draw in which less comes of everything, less comes of what is added: what is needed is divided by that share.
    """
    shorts = np.array([drawn[key] for key in setting.goals]) / setting.unit[:, None]
    if (shorts <= 0).all(axis=0).mean() >= wanted:
        return np.full(len(shorts), -np.inf)
    parts = (wanted, 1 - (1 - wanted) / len(shorts))
    several = (np.quantile(shorts, part, axis=1, method="higher") for part in parts)
    each = next((one for one in several if (one > 0).any()), shorts.max(axis=1))
    share = np.clip((1 - each) / (1 + shift), 0.2, 1.0)
    return np.where(each > 0, each / share + UNSURE, -np.inf)


def _answer(target: Target, search: Search, one: Scenario, anew: Anew, drawn: dict[str, np.ndarray]) -> Answer:
    setting, best = search.setting, search.best
    told = [
        Told(
            goal, float(own.value.mean()), float(own.threshold.mean()), float(own.comparator.mean()),
            float(own.value.std(ddof=1) / np.sqrt(len(own.value))), bool(short <= 0),
        )
        for goal, own, short in zip(setting.goals.values(), anew.told, anew.short, strict=True)
    ]  # fmt: skip
    if not all(own.reached for own in told) and len(told) > 1:
        told = [own._replace(alone=alone) for own, alone in zip(told, _alone(setting, best), strict=True)]
    reached = all(own.reached for own in told)
    worth = room_worth(rows_of(setting), best) * (setting.price if reached else 1 / PRICE)
    lower = min(search.lower, float(anew.cost.sum())) if reached else -np.inf
    return Answer(
        setting.ground.levers, best.point, one, told, float(anew.cost.sum()), anew.cost, worth, lower,
        len(search.every), drawn, target.probability,
    )  # fmt: skip


def _alone(setting: Setting, best: Found) -> list[bool]:
    """Whether each goal can be reached if the others do not matter."""
    out = []
    for k, (key, goal) in enumerate(setting.goals.items()):
        if best.values[1 + k] <= KEPT:
            out.append(True)
            continue
        own = setting._replace(
            goals={key: goal}, asked=[one for one in setting.asked if one.key in (key, COST)], unit=setting.unit[[k]]
        )
        out.append(descend(rows_of(own), best.point).reached)
    return out
