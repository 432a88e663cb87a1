"""What may be decided of a mix: how far each intervention goes in each fifth, as one row of numbers.

A *lever* is the share of the way, from today's coverage to what is achievable, that one intervention goes in one fifth,
or, where it acts on the population as a whole, in all of them. Coverage here is the product of the chain of delivery:
cost and effect are nearly straight lines in it, which is what makes optimising quick.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.declare.delivery import STEPS
from hisim.declare.refusals import Places, problem_at
from hisim.declare.scenario import CHANGE_KINDS, Scenario
from hisim.declare.target import Deliverable
from hisim.errors import InvalidFileError, Problem, nearest_name
from hisim.variables import QUINTILES

WHOLE = "population"
"""Category of interventions that cannot be kept to a fifth."""
HALVINGS = 50
NONE = -1
KIND = "target"
"""What the file is called in messages where there is none."""
ROUNDING = 1e-9


class Levers(NamedTuple):
    """What may be decided: I interventions, five fifths, V levers."""

    scenario: Scenario
    lever: np.ndarray
    """(I, 5) number of the lever that moves an intervention in a fifth; :data:`NONE` where there is no room."""
    now: np.ndarray
    """(I, 5) coverage now, the product of the chain."""
    full: np.ndarray
    """(I, 5) coverage achievable."""
    low: np.ndarray
    """(V,) least share of the way."""
    high: np.ndarray
    """(V,) greatest share of the way."""

    @property
    def ids(self) -> list[str]:
        """Interventions, in the scenario's order."""
        return [use.id for use in self.scenario.interventions]

    @property
    def first(self) -> np.ndarray:
        """(V, 2) the intervention of each lever, and its first fifth."""
        return np.array([np.argwhere(self.lever == v)[0] for v in range(len(self.low))], int).reshape(-1, 2)

    def alike(self, v: int) -> bool:
        """Whether a lever moves more than one fifth."""
        return int((self.lever == v).sum()) > 1


def levers_of(asked: Deliverable, scenario: Scenario, where: Places | None = None) -> Levers:
    """The levers that ``asked`` leaves open in ``scenario``.

    Raises
    ------
    InvalidFileError
        For bounds that are outside what is possible, or interventions that are not in the scenario.
    """
    problems = [*_unknown(asked, scenario, where)]
    if not scenario.interventions:
        problems.append(
            problem_at(where, KIND, ("scenario",), f"'{scenario.name}' without interventions", "one or more")
        )
    if problems:
        raise InvalidFileError(problems)
    now, full = (steps.prod(axis=1) for steps in _steps(scenario))
    room = full > now + ROUNDING
    low, high = np.zeros(now.shape), np.ones(now.shape)
    for index, bound in enumerate(asked.bounds):
        i = [use.id for use in scenario.interventions].index(bound.use)
        for key, side in (("at_least", low), ("at_most", high)):
            values = getattr(bound, key)
            if values is not None:
                problems += _outside(np.array(values), now[i], full[i], (where, ("bounds", index, key), bound.use))
                side[i] = np.where(room[i], (np.array(values) - now[i]) / np.where(room[i], full[i] - now[i], 1), 0)
    if problems:
        raise InvalidFileError(problems)
    together = {use.id for use in scenario.interventions if use.intervention.category == WHOLE}
    return _numbered(scenario, now, full, room, (low, high), together if asked.alike is None else set(asked.alike))


def _unknown(asked: Deliverable, scenario: Scenario, where: Places | None) -> list[Problem]:
    ids = [use.id for use in scenario.interventions]
    named = [(("bounds", i, "use"), bound.use) for i, bound in enumerate(asked.bounds)]
    named += [(("alike", i), name) for i, name in enumerate(asked.alike or ())]  # type: ignore[misc]
    return [
        problem_at(
            where, KIND, place, f"'{name}', which '{scenario.name}' does not use", ", ".join(ids),
            nearest_name(name, ids),
        )
        for place, name in named
        if name not in ids
    ]  # fmt: skip


def _outside(values: np.ndarray, now: np.ndarray, full: np.ndarray, at: tuple[Places | None, tuple[str | int, ...], str]
) -> list[Problem]:  # fmt: skip
    """One problem for the first fifth whose bound is below today's coverage or above the achievable."""
    where, place, name = at
    for quintile, value, least, most in zip(QUINTILES, values, now, full, strict=True):
        if value < least - ROUNDING or value > max(most, least) + ROUNDING:
            side = "below today's coverage" if value < least else "above what is achievable"
            found = f"{value:g}, {side} of '{name}' in fifth {quintile}"
            allowed = f"{np.ceil(least * 1e4) / 1e4:.4g} (today) to {np.floor(max(most, least) * 1e4) / 1e4:.4g} there"
            return [problem_at(where, KIND, place, found, allowed)]
    return []


def _numbered(
    scenario: Scenario, now: np.ndarray, full: np.ndarray, room: np.ndarray, ends: tuple[np.ndarray, np.ndarray],
    together: set[str],
) -> Levers:  # fmt: skip
    lever = np.full(now.shape, NONE)
    low: list[float] = []
    high: list[float] = []
    for i, use in enumerate(scenario.interventions):
        groups = [np.flatnonzero(room[i])] if use.id in together else [np.array([q]) for q in np.flatnonzero(room[i])]
        for group in groups:
            if group.size:
                lever[i, group] = len(low)
                low.append(float(ends[0][i, group].max()))
                high.append(max(float(ends[1][i, group].min()), low[-1]))
    return Levers(scenario, lever, now, full, np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0))


def _steps(scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Every step of delivery now and as achievable, each (I, step, 5)."""
    chains = [use.intervention.delivery for use in scenario.interventions]
    ends = [[one.steps_now for one in chains], [one.steps_achievable for one in chains]]
    now, full = (np.array([[one[step] for step in STEPS] for one in of]) for of in ends)
    return now, full


def shares(levers: Levers, point: np.ndarray) -> np.ndarray:
    """(I, 5) share of the way in coverage at a ``point`` (V,)."""
    return np.where(levers.lever == NONE, 0.0, np.asarray(point)[levers.lever])


def coverage(levers: Levers, point: np.ndarray) -> np.ndarray:
    """(I, 5) coverage, the product of the chain, at a ``point`` (V,)."""
    return np.asarray(levers.now + (levers.full - levers.now) * shares(levers, point))


def steps_share(levers: Levers, point: np.ndarray) -> np.ndarray:
    """(I, 5) share of the way of each step that brings coverage there, by halving."""
    wanted = shares(levers, point)
    now, full = _steps(levers.scenario)
    target = coverage(levers, point)
    low, high = np.zeros(wanted.shape), np.ones(wanted.shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = np.prod(now + (full - now) * middle[:, None], axis=1) < target
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.where(wanted <= 0.0, 0.0, np.where(wanted >= 1.0, 1.0, high))


def mix(levers: Levers, point: np.ndarray, name: str, title: str = "", digits: int | None = None) -> Scenario:
    """The scenario in which every intervention goes as far as ``point`` (V,) says; those that go nowhere stay out.

    ``digits``: to how many decimals shares of the way are rounded.
    """
    share = steps_share(levers, point)
    if digits is not None:
        share = np.round(share, digits)
    uses = []
    for use, own in zip(levers.scenario.interventions, share.tolist(), strict=True):
        if digits is None or any(own):
            change = dict.fromkeys(CHANGE_KINDS) | {"achievable": tuple(own)}
            uses.append(use.model_copy(update=change))
    told = {"name": name, "title": title or levers.scenario.title, "interventions": tuple(uses)}
    return levers.scenario.model_copy(update=told)
