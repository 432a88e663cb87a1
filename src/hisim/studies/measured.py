"""What mixes gain as one row of numbers, worked out once for every question that is asked of them; and what they cost.

Each figure is a gain over carrying on as now, in its own good way: more is better. An objective and a limit are then
sums of these numbers (:func:`posed`), and none needs a simulation of its own. What an action costs in a fifth is taken
as a straight line in its coverage (:func:`prices_of`), from many people: some services are for so few people a year
that a small sample has none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.portfolio import Objective
from hisim.declare.scenario import Scenario
from hisim.declare.target import Wish
from hisim.model.projection import project
from hisim.outcomes.asked import Asked, described, figures
from hisim.outcomes.bands import FIFTHS, PERSONS, add_places, of_comparator
from hisim.outcomes.inequality import equity_weights
from hisim.outcomes.quality import qale
from hisim.studies import goals, mixes
from hisim.studies.levers import Levers, mix
from hisim.studies.optimise import Problem
from hisim.variables import COMPARATOR

DEATHS, DEATHS_MOST, GAP = "deaths", "deaths1", "gap"
GAP_ESTIMAND = "life_expectancy_0_gap_average"
HEADLINES: Mapping[str, Wish] = {
    DEATHS: Wish(estimand="deaths_averted_cumulative"),
    DEATHS_MOST: Wish(estimand="deaths_averted_cumulative", quintile="1"),
    GAP: Wish(estimand=GAP_ESTIMAND),
}
"""What is told of every mix, whatever its objective, where it can be said."""


class Measures(NamedTuple):
    """Which figures are worked out of mixes, R in all, and those that were."""

    ground: mixes.Ground
    wishes: Mapping[str, Wish]
    asked: list[Asked]
    weights: Mapping[str, np.ndarray]
    """(5,) what a QALY in each fifth counts, for objectives with an aversion."""
    tried: dict[bytes, np.ndarray]
    sloped: dict[bytes, tuple[np.ndarray, np.ndarray]]

    @property
    def keys(self) -> list[str]:
        """Names of the row."""
        return list(self.wishes)

    def row(self, key: str) -> np.ndarray:
        """(R,) 1 for ``key``, 0 for the others."""
        return np.array([float(one == key) for one in self.keys])

    def at(self, points: np.ndarray) -> np.ndarray:
        """(n, V) to (n, R)."""
        new = {one.tobytes(): one for one in points if one.tobytes() not in self.tried}
        if new:
            found = self.values(mixes.simulated(self.ground, np.array(list(new.values()))))
            self.tried.update(zip(new, found, strict=True))
        return np.array([self.tried[one.tobytes()] for one in points])

    def slopes(self, point: np.ndarray, near: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """(V,) to (R,) and (R, V); where ``near`` will do, slopes of the nearest point where they were measured."""
        key = point.tobytes()
        if near and self.sloped and key not in self.sloped:
            every = np.array([np.frombuffer(one) for one in self.sloped])
            nearest = list(self.sloped.values())[int(np.square(every - point).sum(axis=1).argmin())]
            return self.at(point[None])[0], nearest[1]
        if key not in self.sloped:
            self.sloped[key] = mixes.slopes(self.ground, self.values, point)
            self.tried[key] = self.sloped[key][0]
        return self.sloped[key]

    def values(self, small: xr.Dataset) -> np.ndarray:
        """Every figure of what :func:`hisim.studies.mixes.simulated` gave, (mix, R)."""
        return np.column_stack([one[0] for one in self.gains(figures(small, self.asked)).values()])

    def gains(self, found: Mapping[str, xr.DataArray]) -> dict[str, np.ndarray]:
        """What every mix gains of every wish, (draw, mix)."""
        last = self.ground.levers.scenario.end
        return {
            key: gain_of(*both(wish, found[key], last, self.weights.get(key)), wish.estimand)
            for key, wish in self.wishes.items()
        }


def both(
    wish: Wish, found: xr.DataArray, last: int, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A wish's figure in every mix, (draw, mix), and carrying on as now, (draw, 1); 0 where it is a difference."""
    if weights is not None:
        values = xr.dot(found, xr.DataArray(weights, {"quintile": list(FIFTHS)}, "quintile"), dim="quintile")
        values = values.transpose("draw", "scenario")
    else:
        values = goals.value_of(found, wish, last)
    names = values["scenario"].values.tolist()
    against = values.sel(scenario=[COMPARATOR]).values if COMPARATOR in names else np.zeros((len(values), 1))
    return values.sel(scenario=[name for name in names if name != COMPARATOR]).values, against


def gain_of(values: np.ndarray, against: np.ndarray, estimand: str) -> np.ndarray:
    """How much better ``values`` are than ``against``, in the estimand's unit."""
    good = described(estimand)["good"]
    return np.asarray(goals.badness(against, good) - goals.badness(values, good))


def measures_of(ground: mixes.Ground, objectives: Mapping[str, Objective]) -> Measures:
    """The figures that ``objectives`` need, the headlines, and costs."""
    wishes = {**objectives, **HEADLINES}
    asked = goals.asked_for(wishes, ground.levers.scenario.end)
    aversions = {key: one.inequality_aversion for key, one in objectives.items() if one.inequality_aversion is not None}
    weights = {}
    if aversions:
        health, people = health_now(ground)
        weights = {key: equity_weights(health, people, aversion) for key, aversion in aversions.items()}
    return Measures(ground, wishes, asked, weights, {}, {})


def said(measures: Measures, found: Mapping[str, xr.DataArray], objectives: Mapping[str, Objective]) -> Measures:
    """The same without headlines that are withheld, as for few people, unless they are objectives."""
    last = measures.ground.levers.scenario.end
    there = {key: wish for key, wish in measures.wishes.items()
             if key in objectives or goals.is_said(wish, found[key], last)}  # fmt: skip
    return measures._replace(wishes=there)


def elsewhere(measures: Measures, stream: int) -> Measures:
    """The same with other chance."""
    return measures._replace(ground=measures.ground._replace(stream=stream), tried={}, sloped={})


def health_now(ground: mixes.Ground) -> tuple[np.ndarray, np.ndarray]:
    """Quality-adjusted life expectancy of each fifth in the first year as now [years], and its people; both (5,)."""
    nothing = ground.levers.scenario.model_copy(update={"interventions": (), "name": "nothing"})
    projection = project([nothing], ground.inputs, batches=False, threads=ground.threads, stream=ground.stream)
    first = projection.isel(year=[0])
    lived = add_places(of_comparator(first["person_years"]).sum("age", skipna=False))
    one = {"quintile": list(FIFTHS), "sex": PERSONS}
    health = of_comparator(qale(first, ground.inputs)).sel(one)
    return tuple(values.squeeze().transpose("quintile").values for values in (health, lived.sel(one)))  # type: ignore[return-value]


def costs_of(ground: mixes.Ground, several: Sequence[Scenario], stream: int = 0) -> np.ndarray:
    """What scenarios cost, (mix, intervention, year, quintile) [GBP, undiscounted]."""
    names = [one.model_copy(update={"name": f"mix-{number}"}) for number, one in enumerate(several)]
    projection = project(names, ground.inputs, batches=False, threads=ground.threads, stream=stream)
    return cost_by(projection, ground.levers.ids)


def cost_by(projection: xr.Dataset, ids: Sequence[str]) -> np.ndarray:
    """Cost of a projection's scenarios by the interventions ``ids``, (mix, intervention, year, quintile) [GBP]."""
    there = projection["cost_gbp"].isel(draw=0, scenario=slice(1, None))
    there = there.transpose("scenario", "intervention", "year", "quintile")
    out = np.zeros((len(there), len(ids), *there.shape[2:]))
    out[:, [ids.index(name) for name in there["intervention"].values.tolist()]] = there.values
    return out


def prices_of(ground: mixes.Ground, levers: Levers, streams: int) -> np.ndarray:
    """What every intervention's whole way costs, (intervention, year, quintile) [GBP], if there were no capacity.

    Mean over chance of everything done together by the people of ``levers``, as if cost were a straight line.
    """
    everything = mix(levers, np.ones(len(levers.low)), "everything")
    uses = [
        use if use.capacity_per_year is None else use.model_copy(update={"capacity": mixes.NO_LIMIT})
        for use in everything.interventions
    ]
    free = everything.model_copy(update={"interventions": tuple(uses)})
    found = np.mean([costs_of(ground, [free], stream)[0] for stream in range(1 + streams)], axis=0)
    return np.asarray(np.maximum(found, 0.0))


def by_lever(levers: Levers, costs: np.ndarray) -> np.ndarray:
    """Costs (intervention, year, quintile) added up to those of each lever, (year, V)."""
    out = np.zeros((costs.shape[1], len(levers.low)))
    for v in range(len(levers.low)):
        i, q = np.nonzero(levers.lever == v)
        out[:, v] = costs[i, :, q].sum(axis=0)
    return out


class Limit(NamedTuple):
    """A sum of figures that is at most ``most``."""

    of: np.ndarray
    """(R,)"""
    most: float
    unit: float


class Posed(NamedTuple):
    """A question as rows of numbers at points of levers, and the same of simulated mixes."""

    problem: Problem
    values: mixes.Values


def posed(
    measures: Measures, straight: tuple[np.ndarray, np.ndarray], objective: np.ndarray, limits: Sequence[Limit],
    use: np.ndarray | None = None, near: bool = False,
) -> Posed:  # fmt: skip
    """As much as possible of the sum ``objective`` (R,) of figures, within ``limits``.

    Parameters
    ----------
    straight
        Straight limits, (m, V) and (m,): budget and capacity.
    use
        (V,) taken off for every lever's whole way; only of points.
    near
        Whether slopes of the nearest point will do.
    """
    rows = np.array([-objective, *(one.of / one.unit for one in limits)])
    base = np.array([0.0, *(-one.most / one.unit for one in limits)])
    levers = measures.ground.levers
    taken = np.zeros((len(rows), len(levers.low)))
    if use is not None:
        taken[0] = use

    def at(points: np.ndarray) -> np.ndarray:
        return np.asarray(measures.at(points) @ rows.T + base + points @ taken.T)

    def slopes(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        there, slope = measures.slopes(point, near)
        return rows @ there + base + taken @ point, rows @ slope + taken

    problem = Problem(levers.low, levers.high, at, slopes, *straight)
    return Posed(problem, lambda small: measures.values(small) @ rows.T + base)
