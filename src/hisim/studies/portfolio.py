"""What a budget buys: the best mix for one objective or several, by searches over how far every action goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.portfolio import Portfolio, objectives_of
from hisim.declare.refusals import Places
from hisim.declare.scenario import Scenario
from hisim.outcomes.asked import figures
from hisim.outcomes.worth import DISCOUNT, discount_factors
from hisim.studies import goals, levels, mixes
from hisim.studies.levers import Levers, levers_of
from hisim.studies.measured import DEATHS, GAP, Limit, Measures, Posed, by_lever, measures_of, posed, prices_of, said
from hisim.studies.mixes import FRESH
from hisim.studies.optimise import KEPT, Found, bound, descend, rank

KEPT_WITHIN = 0.01
"""Part of its best that an earlier objective may lose to a later one."""
SHARES = 8
"""Budgets of a frontier, unless they are given."""
BETWEEN = (0.25, 0.5, 0.75)
"""Parts of the way between the smallest gap and the fewest deaths at which trade-offs are shown."""
USED = 0.01
"""Part of the money from which on an action counts as used."""
TIE = 0.02
"""Weight of the objective where an alternative is looked for, so that money which is left does good."""
APART = 0.02
"""Part of the money that goes elsewhere in an alternative, at least."""
LADDER = (0.5, 0.3, 0.15, 0.05)
"""Parts of the money that are to go elsewhere, tried in turn, where only levels may be chosen."""


class Setting(NamedTuple):
    """A portfolio made ready: what to simulate, and how to read it."""

    portfolio: Portfolio
    levers: Levers
    """With the people of the scenario's own file."""
    measures: Measures
    capacity: tuple[np.ndarray, np.ndarray]
    served: list[str]
    """Interventions of the rows of capacity."""
    whole: np.ndarray
    """(R,) figures of doing everything."""
    costs: np.ndarray
    """(intervention, year, quintile) [GBP] of every intervention's whole way."""

    @property
    def price(self) -> np.ndarray:
        """What a lever's whole way takes of the budget [GBP]: (year, V), or (1, V) for all years together."""
        yearly = by_lever(self.levers, self.costs)
        return yearly if self.portfolio.budget.total is None else self.discounted(yearly)[None]

    @property
    def in_all(self) -> np.ndarray:
        """(V,) what a lever's whole way costs in all years together, at their worth in the first [GBP]."""
        return self.discounted(by_lever(self.levers, self.costs))

    def discounted(self, yearly: np.ndarray) -> np.ndarray:
        """Amounts by year (year, ...) added up at their worth in the first."""
        years = xr.DataArray(np.arange(len(yearly)), dims="year")
        return np.asarray(discount_factors(years, DISCOUNT).values @ yearly)

    def worth(self, yearly: np.ndarray) -> float:
        """Costs by year (year,) added up at their worth in the first."""
        return float(self.discounted(yearly))

    def spent(self, yearly: np.ndarray) -> float:
        """What costs by year (year,) take of the budget: the dearest year, or all together [GBP]."""
        return float(yearly.max() if self.portfolio.budget.total is None else self.worth(yearly))

    def spent_at(self, point: np.ndarray) -> float:
        """The same at a point (V,) of the levers."""
        return float((self.price @ point).max())


class Search(NamedTuple):
    """What a search found: the best, and the sum of figures that it was to have most of."""

    best: Found
    objective: np.ndarray
    """(R,)"""
    gain: float
    every: list[Found]
    upper: float
    """No mix has more, if no action does more anywhere than where its slope was measured; infinity unknown."""


class Point(NamedTuple):
    """A mix on the frontier."""

    kind: str
    """ "budget", or what it is in a trade-off."""
    budget: float
    point: np.ndarray


def setting_of(
    portfolio: Portfolio, scenario: Scenario, where: Places | None = None, threads: int | None = None
) -> Setting:
    """A portfolio made ready.

    Raises
    ------
    InvalidFileError
        With every problem of its objectives and bounds, at its line.
    """
    wishes = objectives_of(portfolio)
    goals.check_wishes(wishes, scenario, where, "objective")
    levers = levers_of(portfolio, scenario, where)
    ground = mixes.ground_of(levers, portfolio.people_per_cohort, threads)
    measures = measures_of(ground, wishes)
    small = mixes.simulated(ground, levers.high[None])
    found = figures(small, measures.asked)
    goals.check_labels(wishes, found, where, "objective")
    goals.check_said(wishes, found, scenario, where, "objective")
    measures = said(measures, found, wishes)
    matrix, most, served = mixes.capacities(ground)
    costs = prices_of(ground, levers, FRESH)
    return Setting(portfolio, levers, measures, (matrix, most), served, measures.values(small)[0], costs)


def straight(setting: Setting, amount: float) -> tuple[np.ndarray, np.ndarray]:
    """Budget and capacity as straight limits of levers, (m, V) and (m,)."""
    matrix, most = setting.capacity
    price = setting.price
    return np.vstack([price, matrix]), np.concatenate([np.full(len(price), amount), most])


def affordable(setting: Setting, amount: float) -> bool:
    """Whether as little as allowed is within the budget."""
    return setting.spent_at(setting.levers.low) <= amount * (1 + KEPT)


def most_of(
    setting: Setting, amount: float, objective: np.ndarray, starts: Sequence[np.ndarray],
    limits: Sequence[Limit] = (), *, near: bool = False,
) -> Search:  # fmt: skip
    """The mix with most of the sum ``objective`` (R,) of figures, for a budget and within ``limits``.

    ``near``: a quick search that takes slopes of the nearest point where they were measured.
    """
    scale, within = abs(float(objective @ setting.whole)) or 1.0, straight(setting, amount)
    first = found_from(setting, posed(setting.measures, within, objective / scale, limits, near=near), starts[0])
    scale *= abs(float(first.values[0])) or 1.0
    question = posed(setting.measures, within, objective / scale, limits, near=near)
    every = [found_from(setting, question, start) for start in (first.point, *starts[1:])]
    every.sort(key=lambda one: rank(one.values))
    gain = float(-every[0].values[0] * scale)
    upper = max(_upper(question, every) * scale, gain) if not near else np.inf
    return Search(every[0], objective, gain, every, upper)


def found_from(setting: Setting, question: Posed, start: np.ndarray) -> Found:
    """The best around ``start``: any share of the way, or one of the levels that are allowed.

    Levels are looked for from as little as allowed: those nearest to another start may be beyond the budget.
    """
    allowed = setting.portfolio.levels
    if allowed is None:
        return descend(question.problem, start)
    blocks = levels.blocks_of(setting.measures.ground, question.values, question.problem, allowed)
    return levels.chosen(blocks, question.problem).found


def _upper(question: Posed, every: Sequence[Found]) -> float:
    problem = question.problem
    values, slopes = problem.slopes(problem.low)
    return -bound(problem, [*every, Found(problem.low, values, slopes, slopes, 0, True)], values)


def starts_of(setting: Setting, amount: float) -> list[np.ndarray]:
    """Where searches begin: as little as allowed, and the same part of the way everywhere."""
    low, high = setting.levers.low, setting.levers.high
    matrix, most = straight(setting, amount)
    room, taken = most - matrix @ low, matrix @ (high - low)
    part = float(np.clip(np.min(room[taken > 0] / taken[taken > 0], initial=1.0), 0.0, 1.0))
    return [low, low + part * (high - low)]


def wanted(setting: Setting, amount: float) -> np.ndarray:
    """The sum of figures (R,) that there is to be most of: the objectives, each in parts of its best for ``amount``."""
    measures, portfolio = setting.measures, setting.portfolio
    rows = np.array([measures.row(key) for key in objectives_of(portfolio)])
    if len(rows) == 1 or portfolio.order == "lexicographic":
        return np.asarray(rows[0])
    best = [abs(most_of(setting, amount, row, [setting.levers.low]).gain) for row in rows]
    units = [gain or abs(float(row @ setting.whole)) or 1.0 for gain, row in zip(best, rows, strict=True)]
    return np.asarray([one.weight or 1.0 for one in portfolio.objective] / np.array(units) @ rows)


def best_for(
    setting: Setting, amount: float, objective: np.ndarray, starts: Sequence[np.ndarray], *, near: bool = False
) -> Search:  # fmt: skip
    """The best mix for a budget; where there is an order, each objective after those before it."""
    first = search = most_of(setting, amount, objective, starts, near=near)
    if setting.portfolio.order == "weighted":
        return search
    limits: list[Limit] = []
    for key in list(objectives_of(setting.portfolio))[1:]:
        limits.append(kept(search.objective, search.gain, setting.portfolio.keep_within or KEPT_WITHIN))
        row = setting.measures.row(key)
        search = most_of(setting, amount, row, [search.best.point], limits, near=near)
    there = setting.measures.at(search.best.point[None])[0]
    return first._replace(best=search.best, gain=float(objective @ there), every=[*first.every, search.best])


def kept(objective: np.ndarray, gain: float, within: float) -> Limit:
    """The limit that a sum of figures loses no more than the part ``within`` of ``gain``."""
    return Limit(-objective, -(gain - within * abs(gain)), abs(gain) or 1.0)


def frontier(setting: Setting, amount: float, search: Search, best: np.ndarray) -> list[Point]:
    """What other budgets buy, and trade-offs between deaths and the gap for this one."""
    portfolio = setting.portfolio
    shares = [amount * part / SHARES for part in range(1, SHARES)] if amount else []
    budgets = sorted({*(portfolio.frontier.budgets if portfolio.frontier else shares)} - {amount})
    out, start = [], setting.levers.low
    for budget in budgets:
        if affordable(setting, budget):
            start = best_for(setting, budget, search.objective, [start], near=True).best.point
            out.append(Point("budget", budget, start))
    out.append(Point("budget", amount, best))
    return [*out, *(_trade_offs(setting, amount, best) if amount else [])]


def _trade_offs(setting: Setting, amount: float, start: np.ndarray) -> list[Point]:
    """The mixes with fewest deaths and with the smallest gap for a budget, and some between them."""
    measures = setting.measures
    if GAP not in measures.wishes:
        return []
    deaths, gap = measures.row(DEATHS), measures.row(GAP)
    ends = [most_of(setting, amount, row, [start], near=True).best.point for row in (deaths, gap)]
    most, least = (float(deaths @ measures.at(point[None])[0]) for point in ends)
    out = [Point("fewest deaths", amount, ends[0])]
    for part in reversed(BETWEEN if most > least else ()):
        floor = Limit(-deaths, -(least + part * (most - least)), most - least)
        between = most_of(setting, amount, gap, [out[-1].point], [floor], near=True).best
        out.append(Point(f"{part:.0%} of the way", amount, between.point))
    return [*out, Point("smallest gap", amount, ends[1])]


def alternatives(setting: Setting, amount: float, search: Search) -> list[np.ndarray]:
    """Mixes that spend the money on something else and keep the objective nearly [1]_.

    Each spends as little as possible on what earlier answers spend on.

    References
    ----------
    .. [1] Brill ED, Chang S-Y, Hopkins LD (1982). Modeling to generate alternatives: the HSJ approach and an
       illustration using a problem in land use planning. Management Science 28: 221-235. doi:10.1287/mnsc.28.3.221
    """
    asked = setting.portfolio.alternatives
    there = setting.measures.at(search.best.point[None])[0]
    rows = [search.objective]
    if setting.portfolio.order == "lexicographic":
        rows = [setting.measures.row(key) for key in objectives_of(setting.portfolio)]
    limits = [kept(row, float(row @ there), asked.within) for row in rows]
    found, price = [search.best.point], setting.in_all
    while len(found) <= asked.number and (price * (found[0] - setting.levers.low)).sum() > 0:
        other = _another(setting, amount, limits, search, found)
        if other is None or min(apart(setting.levers, price, one, other) for one in found) < APART:
            break
        found.append(other)
    return found[1:]


def _another(
    setting: Setting, amount: float, limits: Sequence[Limit], search: Search, found: Sequence[np.ndarray]
) -> np.ndarray | None:  # fmt: skip
    """A mix with as little as possible of what those found do, and do in the same fifths; none where there is none."""
    levers, price = setting.levers, setting.in_all
    of, within = levers.first[:, 0], straight(setting, amount)
    times = np.zeros(len(price))
    for point in found:
        own = price * (point - levers.low)
        by_action = np.bincount(of, own, len(levers.ids))[of]
        times += (by_action >= USED * own.sum()).astype(float) + (own >= USED * own.sum())
    use = times * price
    use = use / float(use @ (found[0] - levers.low))
    aim = search.objective / (abs(search.gain) or 1.0)
    if setting.portfolio.levels is None:
        best = descend(posed(setting.measures, within, aim * TIE, limits, use, near=True).problem, found[0])
        return best.point if best.reached else None
    for part in LADDER:
        narrower = np.vstack([within[0], use]), np.append(within[1], use @ levers.low + 1.0 - part)
        best = found_from(setting, posed(setting.measures, narrower, aim, limits), levers.low)
        if best.reached:
            return best.point
    return None


def apart(levers: Levers, price: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """Part of the money of ``other`` that goes where ``one`` spends less."""
    first, second = (price * (point - levers.low) for point in (one, other))
    return float(np.maximum(second - first, 0.0).sum() / max(second.sum(), 1e-9))
