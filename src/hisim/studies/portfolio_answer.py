"""A portfolio's answer: the best mix and others with other chance and in draws, and what more money would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hisim.declare.portfolio import Portfolio
from hisim.declare.refusals import Places
from hisim.declare.scenario import Scenario
from hisim.model.projection import project
from hisim.outcomes.asked import figures, reduced
from hisim.outcomes.bands import ENGLAND
from hisim.studies.drawing import draws_of
from hisim.studies.execute import How
from hisim.studies.goals import COST
from hisim.studies.levers import mix, shares
from hisim.studies.measured import both, cost_by, costs_of, elsewhere, gain_of
from hisim.studies.mixes import DIGITS, FRESH, Say
from hisim.studies.optimise import KEPT
from hisim.studies.portfolio import (
    Point,
    Search,
    Setting,
    affordable,
    alternatives,
    best_for,
    frontier,
    setting_of,
    starts_of,
    wanted,
)

MEASURED = 0.05
"""Share of the way from which on what it costs tells what the whole way costs."""
SETTLED = 5e-4
"""Part of the budget by which its cost as searched and as run may differ."""
ROUNDS = 4
"""Times that a mix is brought to what it costs as it will be run."""
SPARE = 1e-5
"""Part of the budget that is then left on top."""
LEAST = 0.001
"""Share of the way that is taken off at least: what rounding may add."""
NEXT = 100_000.0
"""GBP whose use is shown."""
ROOM = 0.005
"""Part of the way from which on there is room for more."""


class Told(NamedTuple):
    """One figure of a mix, worked out with other chance: arrays by stream."""

    value: np.ndarray
    comparator: np.ndarray
    gain: np.ndarray

    @property
    def error(self) -> float:
        """Standard error of the mean gain."""
        return float(self.gain.std(ddof=1) / np.sqrt(len(self.gain)))


class Mix(NamedTuple):
    """A mix as it would be run."""

    scenario: Scenario
    point: np.ndarray
    told: dict[str, Told]
    """By objective and headline."""
    cost: np.ndarray
    """(intervention, year, quintile) [GBP, undiscounted], as ``hisim run`` has it."""
    mean_cost: np.ndarray
    """The same, as the mean over streams of chance."""
    draws: dict[str, np.ndarray]
    """(draw,) gain of every figure, and cost in all; empty without draws."""


class Next(NamedTuple):
    """What more money would do for one intervention in one fifth, or in all."""

    intervention: str
    fifth: str
    """1 to 5, or all."""
    full: str
    """Why there is no more to be had; empty where there is."""
    room: float
    """GBP that going all the way would cost, of the budget's kind."""
    gains: dict[str, float]
    """By figure: what 100,000 GBP more would gain."""
    worth: float
    """The same of what there is to be most of; infinity where it costs nothing."""


class Seen(NamedTuple):
    """A point of the frontier with other chance."""

    kind: str
    budget: float
    spent: float
    """GBP of the budget's kind."""
    gains: dict[str, float]


class Answer(NamedTuple):
    """What the budget buys."""

    setting: Setting
    amount: float
    affordable: bool
    """Whether as little as the bounds allow is within the budget."""
    search: Search
    best: Mix
    others: list[Mix]
    frontier: list[Seen]
    next: list[Next]
    """The most worth first; what is full last."""

    @property
    def upper(self) -> float:
        """Part of the best that could be more at most; infinity unknown."""
        return float(self.search.upper / self.search.gain - 1) if self.search.gain > 0 else float("inf")


def answered(
    portfolio: Portfolio,
    scenario: Scenario,
    where: Places | None = None,
    *,
    how: How | None = None,
    say: Say = lambda _: None,
    threads: int | None = None,
) -> Answer:
    """What the portfolio's budget buys.

    Parameters
    ----------
    scenario
        The portfolio's scenario: its actions, years and area.
    where
        Where the lines of the portfolio's file are, for messages.
    how
        Where draws are worked out; by default one process.
    say
        Told in words what is being done.

    Raises
    ------
    InvalidFileError
        For objectives or bounds that cannot be, at their line.
    ImpossibleModelError
        Where the model refuses the scenario.
    """
    say("searching")
    setting = setting_of(portfolio, scenario, where, threads)
    amount = portfolio.budget.amount
    objective = wanted(setting, amount)
    able = affordable(setting, amount)
    search = best_for(setting, amount, objective, starts_of(setting, amount))
    points, others = [search.best.point], list[Point]()
    if able:
        setting, search = calibrated(setting, search, amount)
        say("looking for alternatives")
        points = fitted(setting, search, [search.best.point, *alternatives(setting, amount, search)], amount)
        say("looking along the frontier")
        others = frontier(setting, amount, search, points[0])
    say("checking with other chance")
    told = _mixes(setting, points)
    if portfolio.draws and any(one.scenario.interventions for one in told):
        say(f"drawing {portfolio.draws} times")
        told = _drawn(setting, told, how or How())
    seen, more = _seen(setting, others), marginal(setting, search)
    say("")
    return Answer(setting, amount, able, search, told[0], told[1:], seen, more)


def scenario_of(setting: Setting, point: np.ndarray, number: int = 0) -> Scenario:
    """The mix at ``point``, as a scenario of its own; the best has the number 0."""
    asked = setting.portfolio
    name = f"{asked.name[:40]}-alternative-{number}" if number else f"{asked.name[:50]}-mix"
    title = f"Alternative {number}: {asked.title}" if number else f"What the budget buys: {asked.title}"
    what = "A mix that does nearly as well as the best" if number else "The best mix that was found"
    told = f"{what} for GBP {asked.budget.amount:,.0f} {asked.budget.spelled}."
    return mix(setting.levers, point, name, title[:200], DIGITS).model_copy(update={"description": told})


def calibrated(setting: Setting, search: Search, amount: float) -> tuple[Setting, Search]:
    """The best mix with costs as they are around it, and no less than ``hisim run`` will have them."""
    for _ in range(ROUNDS if amount else 0):
        every = np.array([own[0] for own in _costs(setting, [scenario_of(setting, search.best.point)])])
        mean, run = every.mean(axis=0), every[0]
        share = shares(setting.levers, search.best.point)
        dearer = max(setting.spent(run.sum(axis=(0, 2))) / max(setting.spent(mean.sum(axis=(0, 2))), 1.0), 1.0)
        costs = setting.costs.copy()
        for i, q in np.argwhere(share > MEASURED):
            costs[i, :, q] = dearer * mean[i, :, q] / share[i, q]
        change = setting.spent_at(search.best.point)
        setting = setting._replace(costs=costs)
        if abs(setting.spent_at(search.best.point) / max(change, 1.0) - 1) < SETTLED:
            break
        again = best_for(setting, amount, search.objective, [search.best.point])
        search = again._replace(every=[*search.every, *again.every])
    return setting, search


def fitted(setting: Setting, search: Search, points: Sequence[np.ndarray], amount: float) -> list[np.ndarray]:
    """The points, with so much less of what is least worth that each is within the budget as it will be run.

    Searches take costs as straight lines, and shares of the way before they are rounded. Where only levels may be
    chosen, alternatives that cost more are left out.
    """
    price = np.maximum(setting.price.max(axis=0), 1e-9)
    order = np.argsort(search.objective @ setting.measures.slopes(search.best.point)[1] / price)
    out = [np.array(point) for point in points]
    for _ in range(ROUNDS):
        every = np.array(_costs(setting, [scenario_of(setting, point) for point in out])).sum(axis=(2, 4))
        over = np.array([[setting.spent(one) for one in (run, mean)] for run, mean in zip(every[0], every.mean(axis=0),
                         strict=True)]).max(axis=1) - amount  # fmt: skip
        if max(over) <= 0:
            break
        if setting.portfolio.levels is not None:
            return [out[0], *(point for point, excess in zip(out[1:], over[1:], strict=True) if excess <= 0)]
        for point, excess in zip(out, over, strict=True):
            if excess > 0:
                _less(setting.levers.low, point, order, price, excess + SPARE * amount)
    return out


def _less(low: np.ndarray, point: np.ndarray, order: np.ndarray, price: np.ndarray, excess: float) -> None:
    """Take ``excess`` [GBP] off ``point``, from the levers in ``order``."""
    for v in order:
        if excess <= 0:
            return
        part = min(point[v] - low[v], max(excess / price[v], LEAST))
        point[v] -= part
        excess -= part * price[v]


def _costs(setting: Setting, several: Sequence[Scenario]) -> list[np.ndarray]:
    """(mix, intervention, year, quintile) [GBP, undiscounted] by stream; the first as ``hisim run`` has it."""
    return [costs_of(setting.measures.ground, several, stream) for stream in range(1 + FRESH)]


def _mixes(setting: Setting, points: Sequence[np.ndarray]) -> list[Mix]:
    """The points as mixes, worked out with :data:`FRESH` other streams of chance."""
    several = [scenario_of(setting, point, number) for number, point in enumerate(points)]
    measures, ground = setting.measures, setting.measures.ground
    parts: dict[str, list[list[np.ndarray]]] = {key: [] for key in measures.wishes}
    costs = [costs_of(ground, several)]
    for stream in range(1, 1 + FRESH):
        projection = project(several, ground.inputs, batches=False, threads=ground.threads, stream=stream)
        costs.append(cost_by(projection, ground.levers.ids))
        found = figures(reduced(projection, ground.inputs), measures.asked)
        for key, wish in measures.wishes.items():
            value, against = both(wish, found[key], setting.levers.scenario.end, measures.weights.get(key))
            gain = gain_of(value, against, wish.estimand)
            parts[key].append([value[0], np.broadcast_to(against[0], value[0].shape), gain[0]])
    return [
        Mix(
            one,
            points[k],
            {key: Told(*np.array(own)[:, :, k].T) for key, own in parts.items()},
            costs[0][k],
            np.array([one[k] for one in costs]).mean(axis=0),
            {},
        )
        for k, one in enumerate(several)
    ]


def _drawn(setting: Setting, told: Sequence[Mix], how: How) -> list[Mix]:
    """The mixes with what each gains and costs in every draw; those that do nothing stay without."""
    doing = [one for one in told if one.scenario.interventions]
    portfolio, measures = setting.portfolio, setting.measures
    several = [one.scenario for one in doing]
    found = draws_of(several, measures.asked, portfolio.draws, how, portfolio.people_per_cohort)
    gains = measures.gains(found)
    gains[COST] = found[COST].sel(quintile=ENGLAND).transpose("draw", "scenario").values
    own = {id(one): {key: rows[:, k] for key, rows in gains.items()} for k, one in enumerate(doing)}
    return [one._replace(draws=own.get(id(one), {})) for one in told]


def _seen(setting: Setting, points: Sequence[Point]) -> list[Seen]:
    """The points of the frontier, as the mean over :data:`FRESH` other streams of chance."""
    if not points:
        return []
    every = np.array([one.point for one in points])
    full = setting.measures._replace(ground=setting.measures.ground._replace(levers=setting.levers))
    rows = np.mean([elsewhere(full, stream).at(every) for stream in range(1, 1 + FRESH)], axis=0)
    keys = list(setting.measures.wishes)
    return [
        Seen(one.kind, one.budget, setting.spent_at(one.point), dict(zip(keys, row.tolist(), strict=False)))
        for one, row in zip(points, rows, strict=True)
    ]


def marginal(setting: Setting, search: Search) -> list[Next]:
    """What the next 100,000 GBP would do by lever, around the best mix; the most worth first."""
    levers, point, measures = setting.levers, search.best.point, setting.measures
    slope, price = measures.slopes(point)[1], setting.price.max(axis=0)
    matrix, most = setting.capacity
    tight = {name for name, row, limit in zip(setting.served, matrix, most, strict=True)
             if row @ point >= limit - KEPT * max(abs(limit), 1.0)}  # fmt: skip
    out = []
    for v, (i, q) in enumerate(levers.first):
        left = float(levers.high[v] - point[v])
        full = "as far as achievable" if levers.high[v] >= 1 - KEPT else "as far as its bound"
        full = "its capacity is used" if levers.ids[i] in tight and left > ROOM else full if left <= ROOM else ""
        for_money = price[v] > 0
        gains = {key: float(g * NEXT / price[v]) if for_money else float("nan")
                 for key, g in zip(measures.wishes, slope[:, v], strict=False)}  # fmt: skip
        gain = float(search.objective @ slope[:, v])
        worth = gain * NEXT / price[v] if for_money else (float("inf") if gain > 0 else 0.0)
        fifth = ENGLAND if levers.alike(v) else str(q + 1)
        out.append(Next(levers.ids[i], fifth, full, float(max(price[v], 0.0) * left), gains, float(worth)))
    return sorted(out, key=lambda one: (bool(one.full), -one.worth))
