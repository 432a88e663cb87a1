"""The cheapest choice where every action may stand at some levels only.

Few actions: every combination of levels is simulated, once for all fifths together, and a mixed-integer programme
picks one combination for each fifth (:func:`by_fifth`). Many: it picks one level for each lever, from what each level
of each action does alone (:func:`by_lever`). Either way what it picks is worked out in full, and put right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import xarray as xr

from hisim.studies.levers import NONE
from hisim.studies.mixes import Ground, Values, simulated, spliced
from hisim.studies.optimise import Chosen, Found, Problem, choose

MOST_COMBINATIONS = 256
"""Combinations of levels that are all simulated."""


class Level(NamedTuple):
    """A choice of levels."""

    found: Found
    lower: float
    """The objective below which no choice lies, where effects add as they do around the one found."""


class Blocks(NamedTuple):
    """What is chosen: one option of each block."""

    settings: list[np.ndarray]
    """Of each block, (options, V) what it adds to the point."""
    expand: Callable[[Sequence[int]], list[np.ndarray]]
    values: Callable[[Sequence[int]], np.ndarray]


def blocks_of(ground: Ground, values: Values, problem: Problem, levels: Sequence[float]) -> Blocks:
    """What is to be chosen of ``levels``; those outside a lever's bounds are moved to the bound."""
    own = [np.unique(np.clip(levels, low, high)) for low, high in zip(problem.low, problem.high, strict=True)]
    fifths = _by_fifth(ground, own)
    every = [len(one) for one in fifths] if fifths else []
    few = bool(every) and max(every) <= MOST_COMBINATIONS
    return by_fifth(ground, values, fifths) if few else by_lever(ground, values, own)


def chosen(blocks: Blocks, problem: Problem, shift: np.ndarray | float = 0.0, near: np.ndarray | None = None) -> Level:
    """The cheapest choice for which every limit is kept with ``shift`` to spare.

    ``near``: a point (V,) around which to begin; as little as allowed unless given.
    """
    straight = [
        ([one @ row for one in blocks.settings], float(most))
        for row, most in zip(problem.matrix, problem.most, strict=True)
    ]
    start = problem.low if near is None else near
    options = [int(np.abs(one - start * (one.max(axis=0) > 0)).sum(axis=1).argmin()) for one in blocks.settings]
    picked = choose(blocks.expand, blocks.values, options, shift, straight)
    return Level(_found(picked, blocks, problem), picked.lower)


def _found(picked: Chosen, blocks: Blocks, problem: Problem) -> Found:
    point = _point(blocks.settings, picked.options)
    _, slopes = problem.slopes(point)
    return Found(point, picked.values, slopes, slopes, picked.rounds, True)


def _point(settings: Sequence[np.ndarray], options: Sequence[int]) -> np.ndarray:
    return np.asarray(np.sum([one[k] for one, k in zip(settings, options, strict=True)], axis=0))


def _by_fifth(ground: Ground, own: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Every combination of levels in each fifth, (options, V); none where a lever moves several fifths."""
    lever = ground.levers.lever
    if any(ground.levers.alike(v) for v in range(len(own))):
        return []
    out = []
    for quintile in range(lever.shape[1]):
        mine = [v for v in lever[:, quintile] if v != NONE]
        if np.prod([float(len(own[v])) for v in mine]) > MOST_COMBINATIONS:
            return []
        rows = np.zeros((int(np.prod([len(own[v]) for v in mine])), len(own)))
        rows[:, mine] = np.array(list(product(*(own[v] for v in mine)))).reshape(len(rows), len(mine))
        out.append(rows)
    return out


def by_fifth(ground: Ground, values: Values, settings: list[np.ndarray]) -> Blocks:
    """A block for each fifth, an option for each combination of levels in it."""
    most = max(map(len, settings))
    rows = [sum(one[min(k, len(one) - 1)] for one in settings) for k in range(most)]
    small = simulated(ground, np.array(rows))

    def at(table: Sequence[Sequence[int]]) -> np.ndarray:
        return values(spliced(small, np.array(table, int)))

    def expand(options: Sequence[int]) -> list[np.ndarray]:
        return [
            at([[k if block == q else one for q, one in enumerate(options)] for k in range(len(own))])
            for block, own in enumerate(settings)
        ]

    return Blocks(settings, expand, lambda options: at([options])[0])


def by_lever(ground: Ground, values: Values, own: Sequence[np.ndarray]) -> Blocks:
    """A block for each lever, an option for each level of it."""
    count, most = len(own), max(map(len, own))
    settings = [np.outer(one, np.arange(count) == v) for v, one in enumerate(own)]

    def expand(options: Sequence[int]) -> list[np.ndarray]:
        point, rows = _point(settings, options), []
        for mine in ground.levers.lever:
            for k in range(most):
                row = point.copy()
                for v in mine[mine != NONE]:
                    row[v] = own[v][min(k, len(own[v]) - 1)]
                rows.append(row)
        small = simulated(ground, np.array([point, *rows]))
        return [_alone(ground, values, small, v, len(one), most) for v, one in enumerate(own)]

    def one(options: Sequence[int]) -> np.ndarray:
        return np.asarray(values(simulated(ground, _point(settings, options)[None]))[0])

    return Blocks(settings, expand, one)


def _alone(ground: Ground, values: Values, small: xr.Dataset, v: int, options: int, most: int) -> np.ndarray:
    """Rows where lever ``v`` alone stands at each of its levels, (options, 1 + K)."""
    i = int(ground.levers.first[v, 0])
    moves = ground.levers.lever[i] == v
    table = [np.where(moves, 1 + i * most + k, 0) for k in range(options)]
    return np.asarray(values(spliced(small, np.array(table))))
