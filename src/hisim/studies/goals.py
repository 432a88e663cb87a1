"""From what a target wants to numbers: how far each goal is from being reached, in mixes or in draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from hisim.areas import find
from hisim.declare.refusals import Places, problem_at
from hisim.declare.scenario import Scenario
from hisim.declare.target import Baseline, Goal, Wish
from hisim.errors import InvalidFileError, Problem, nearest_name
from hisim.outcomes.asked import ECONOMIC, Asked, described, known_estimands
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS
from hisim.studies.levers import KIND
from hisim.variables import COMPARATOR

COST = "cost"
"""Key of the cost of programmes, all years together at their worth in the first [GBP], among figures."""
EVERYONE = {"quintile": ENGLAND, "sex": PERSONS, "cause_group": ALL_CAUSES}
"""Where a wish is for when it does not say."""


class Reached(NamedTuple):
    """A goal beside what mixes give: arrays of one shape, by mix or by draw."""

    value: np.ndarray
    threshold: np.ndarray
    """What it must be, or better."""
    comparator: np.ndarray
    """What it is without doing anything."""
    short: np.ndarray
    """How far short it is, in the estimand's unit; 0 or below where it is reached."""


def asked_for(wishes: Mapping[str, Wish], last: int) -> list[Asked]:
    """What has to be asked of a projection that ends with the year ``last``, by the wishes' keys, and the cost."""
    wanted = [Asked(key, wish.estimand, _years(wish, last)) for key, wish in wishes.items()]
    return [*wanted, Asked(COST, "programme_cost", {})]


def _years(wish: Wish, last: int) -> dict[str, tuple[Any, ...]]:
    if wish.estimand in ECONOMIC:
        return {}
    years = {wish.year or last} | ({wish.against} if isinstance(wish, Goal) and type(wish.against) is int else set())
    return {"year": tuple(sorted(years))}


def labels_of(wish: Wish) -> dict[str, Any]:
    """Label of every dimension along which the estimand of a wish may be told apart."""
    return {dim: getattr(wish, dim) or everyone for dim, everyone in EVERYONE.items()}


def value_of(found: xr.DataArray, wish: Wish, last: int, year: int | None = None) -> xr.DataArray:
    """A wish's figure, (draw, scenario); those of ``year`` where it is not the wish's own."""
    at = {dim: label for dim, label in labels_of(wish).items() if dim in found.dims}
    if "year" in found.dims:
        at["year"] = year or wish.year or last
    return found.sel(at, drop=True).transpose("draw", "scenario")


def short_of(goal: Goal, found: xr.DataArray, last: int) -> Reached:
    """How far short of ``goal`` every mix is in every draw, (draw, scenario) without the comparator."""
    values = value_of(found, goal, last)
    names = [name for name in values["scenario"].values.tolist() if name != COMPARATOR]
    against = COMPARATOR in values["scenario"].values
    comparator = values.sel(scenario=COMPARATOR).values[:, None] if against else np.zeros((values.sizes["draw"], 1))
    base = comparator
    if isinstance(goal.against, Baseline):
        base = np.full_like(comparator, goal.against.value)
    elif isinstance(goal.against, int):
        base = value_of(found, goal, last, goal.against).sel(scenario=[COMPARATOR]).values
    own = values.sel(scenario=names).values
    good = described(goal.estimand)["good"]
    threshold = _threshold(goal, base, good) * np.ones_like(own)
    return Reached(own, threshold, comparator * np.ones_like(own), badness(own, good) - badness(threshold, good))


def _threshold(goal: Goal, base: np.ndarray, good: str) -> np.ndarray:
    if goal.level is not None:
        return np.full_like(base, goal.level)
    if goal.change is not None:
        return base + goal.change
    assert goal.percent is not None
    nought = 1.0 if good == "nearer 1" else 0.0
    return nought + (base - nought) * (1 + goal.percent / 100)


def badness(values: np.ndarray, good: str) -> np.ndarray:
    """The figure such that less is better."""
    if good == "higher":
        return -values
    return np.abs(values - 1.0) if good == "nearer 1" else np.abs(values) if good == "nearer 0" else values


def better(goal: Goal) -> str:
    """ "at least" or "at most", as the estimand's good way says."""
    good = described(goal.estimand)["good"]
    return {"higher": "at least", "lower": "at most"}.get(good, "no further from nought than")


def scales(goals: Mapping[str, Goal], found: Mapping[str, xr.DataArray], last: int) -> np.ndarray:
    """How far short each goal is without doing anything, as the unit of its row; (goal,)."""
    out = []
    for key, goal in goals.items():
        told = short_of(goal, found[key], last)
        good = described(goal.estimand)["good"]
        nothing = badness(told.comparator, good) - badness(told.threshold, good)
        size = max(abs(float(nothing[0, 0])), 0.01 * abs(float(told.threshold[0, 0])))
        out.append(size or 1.0)
    return np.array(out)


def rows_of(goals: Mapping[str, Goal], found: Mapping[str, xr.DataArray], unit: Sequence[float] | np.ndarray, last: int
) -> np.ndarray:  # fmt: skip
    """How far short of each goal every mix is, in its ``unit``; (mix, goal), 0 or below where it is reached."""
    shorts = [
        short_of(goal, found[key], last).short[0] / one for (key, goal), one in zip(goals.items(), unit, strict=True)
    ]
    return np.stack(shorts, axis=1)


def check_wishes(wishes: Mapping[str, Wish], scenario: Scenario, where: Places | None, key: str) -> None:
    """Raise where an estimand, a year or a label of a wish is not there, each at its line.

    Raises
    ------
    InvalidFileError
        With every problem.
    """
    problems = [
        problem for index, wish in enumerate(wishes.values()) for problem in _wrong(wish, scenario, where, (key, index))
    ]
    if problems:
        raise InvalidFileError(problems)


def _wrong(wish: Wish, scenario: Scenario, where: Places | None, at: tuple[str, int]) -> list[Problem]:
    known = known_estimands()
    if wish.estimand not in known:
        found = f"'{wish.estimand}'"
        return [
            problem_at(
                where,
                KIND,
                (*at, "estimand"),
                found,
                "an estimand of the reference",
                nearest_name(wish.estimand, known),
            )
        ]
    out = []
    years = f"a year of the scenario, {scenario.start} to {scenario.end}"
    for name in ("year", "against"):
        year = getattr(wish, name, None)
        if type(year) is int and wish.estimand in ECONOMIC:
            out.append(
                problem_at(
                    where, KIND, (*at, name), f"a year for '{wish.estimand}'", "no year: it is for all years together"
                )
            )
        elif type(year) is int and not scenario.start <= year <= scenario.end:
            out.append(problem_at(where, KIND, (*at, name), f"{year}", years))
    return out


def is_said(wish: Wish, found: xr.DataArray, last: int) -> bool:
    """Whether a wish's figure is there: it is withheld where nobody, or too few people, live to say it of."""
    values = [value_of(found, wish, last)]
    if isinstance(wish, Goal) and isinstance(wish.against, int) and "year" in found.dims:
        values.append(value_of(found, wish, last, wish.against))
    return all(bool(np.isfinite(one.values).all()) for one in values)


def check_said(
    wishes: Mapping[str, Wish], found: Mapping[str, xr.DataArray], scenario: Scenario, where: Places | None, key: str
) -> None:
    """Raise where a figure of a wish is withheld, at its line."""
    problems = []
    for index, (name, wish) in enumerate(wishes.items()):
        if not is_said(wish, found[name], scenario.end):
            place = find(scenario.area).name
            told = f"'{wish.estimand}' for too few people in {place}"
            problems.append(problem_at(where, KIND, (key, index, "estimand"), told, f"what can be said of {place}"))
    if problems:
        raise InvalidFileError(problems)


def check_labels(wishes: Mapping[str, Wish], found: Mapping[str, xr.DataArray], where: Places | None, key: str) -> None:
    """Raise where a wish is for a fifth, sex or group of causes that its estimand does not have, at its line."""
    problems = []
    for index, (name, wish) in enumerate(wishes.items()):
        for dim in EVERYONE:
            label = getattr(wish, dim)
            if label is None:
                continue
            there = [str(one) for one in found[name][dim].values] if dim in found[name].dims else []
            if label not in there:
                allowed = ", ".join(there) if there else f"no {dim}: '{wish.estimand}' is not told apart by it"
                problems.append(
                    problem_at(where, KIND, (key, index, dim), f"'{label}'", allowed, nearest_name(label, there))
                )
    if problems:
        raise InvalidFileError(problems)
