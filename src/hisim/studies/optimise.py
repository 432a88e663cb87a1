"""The least of one thing while others keep their limits: arrays in, arrays out; knows nothing of the model.

**Any share** (:func:`descend`): sequential linear programming with a trust region [1]_. Around a point every row is
taken as a straight line; HiGHS [2]_ solves the linear programme within the region, with limits that may be broken at a
price; the answer is worked out in full, what the lines had wrong is put right, and the region grows or shrinks by how
well they foretold. **Levels** (:func:`choose`): a mixed-integer programme over choices whose effects add, solved by
HiGHS, worked out in full, corrected, and repeated around the best found.

References
----------
.. [1] Fletcher R, Sainz de la Maza E (1989). Nonlinear programming and nonsmooth optimization by successive linear
   programming. Mathematical Programming 43: 235-256. doi:10.1007/BF01582292
.. [2] Huangfu Q, Hall JAJ (2018). Parallelizing the dual revised simplex method. Mathematical Programming Computation
   10: 119-142. doi:10.1007/s12532-017-0130-5
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

MOST_STEPS = 25
CORRECTIONS = 2
SMALLEST = 0.04
"""Half-width of the trust region at which a search stops."""
SETTLED = 2e-3
"""Part of the objective that a step must promise to gain, or the search ends."""
NEAR = 0.25
"""Half-width of the region in which slopes are taken as they were, where little more is wanted."""
KEPT = 1e-3
"""A limit broken by no more than this part of its unit is kept."""
PRICE = 100.0
"""What breaking a limit by its unit costs, in units of the objective."""
STEEP = 1e4
"""The same where there are levels only, and no way to break a limit by a little less."""
GOOD, POOR = 0.75, 0.2
"""Shares of what a step promised, above and below which the region grows and shrinks."""


class Problem(NamedTuple):
    """Rows of numbers at points of V levers: the objective, then K limits that are kept at 0 or below."""

    low: np.ndarray
    high: np.ndarray
    values: Callable[[np.ndarray], np.ndarray]
    """(n, V) to (n, 1 + K), each row of its own unit."""
    slopes: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    """(V,) to (1 + K,) and (1 + K, V)."""
    matrix: np.ndarray
    """(m, V) straight limits: matrix @ point is at most ``most``, never broken."""
    most: np.ndarray


class Found(NamedTuple):
    """Where a search ended."""

    point: np.ndarray
    values: np.ndarray
    """(1 + K,)"""
    slopes: np.ndarray
    """(1 + K, V) there, or at the last place where they were measured."""
    first: np.ndarray
    """(1 + K, V) slopes where the search began."""
    steps: int
    settled: bool
    """Whether no step promised to gain anything."""

    @property
    def reached(self) -> bool:
        """Whether every limit is kept."""
        return all_kept(self.values)


def all_kept(values: np.ndarray) -> bool:
    """Whether a row keeps every limit."""
    return bool((values[1:] <= KEPT).all())


def merit(values: np.ndarray) -> float:
    """Objective, and the price of every limit that is broken."""
    return float(values[0] + PRICE * np.maximum(values[1:], 0.0).sum())


def rank(values: np.ndarray) -> tuple[float, float]:
    """What is better sorts first: less broken, and among those that keep every limit, less of the objective."""
    broken = float(np.maximum(values[1:], 0.0).sum())
    return (0.0 if all_kept(values) else broken, float(values[0]))


def descend(problem: Problem, start: np.ndarray, shift: np.ndarray | float = 0.0) -> Found:
    """The best point that a search from ``start`` (V,) finds.

    Parameters
    ----------
    shift
        Added to every limit's row, (K,): how much more than kept it is to be.
    """
    point = _within(problem, start)
    values, slopes = problem.slopes(point)
    values, first = _shifted(values, shift), slopes
    radius, settled, steps = 1.0, False, 0
    while steps < MOST_STEPS:
        steps += 1
        step, promised = _step(problem, point, values, slopes, radius)
        gain = merit(values) - promised
        if gain <= SETTLED * abs(values[0]):
            settled = True
            break
        trial, there = _corrected(problem, point, values, slopes, radius, step, shift)
        kept = (merit(values) - merit(there)) / gain
        if kept > 0:
            point = trial
            values, slopes = problem.slopes(point)
            values = _shifted(values, shift)
        size = float(np.abs(step).max())
        radius = min(1.0, 2 * radius) if kept > GOOD else (min(radius, size) / 2.5 if kept < POOR else radius)
        if radius < SMALLEST:
            break
    return Found(point, values, slopes, first, steps, settled)


def adjusted(problem: Problem, found: Found, shift: np.ndarray | float) -> Found:
    """``found`` moved as little as it takes for limits to be kept with ``shift`` to spare, by the slopes it has."""
    values = _shifted(problem.values(found.point[None])[0], shift)
    step, _ = _step(problem, found.point, values, found.slopes, NEAR)
    point, there = _corrected(problem, found.point, values, found.slopes, NEAR, step, shift)
    return found._replace(point=point, values=there)


def _within(problem: Problem, start: np.ndarray) -> np.ndarray:
    """``start`` drawn back towards ``low`` until it keeps the straight limits."""
    further = np.clip(start, problem.low, problem.high) - problem.low
    asked, left = problem.matrix @ further, problem.most - problem.matrix @ problem.low
    over = asked > np.maximum(left, 0.0)
    part = float(np.min(np.maximum(left[over], 0.0) / asked[over], initial=1.0))
    return np.asarray(problem.low + part * further)


def _shifted(values: np.ndarray, shift: np.ndarray | float) -> np.ndarray:
    out = np.array(values, float)
    out[..., 1:] += shift
    return out


def _corrected(
    problem: Problem, point: np.ndarray, values: np.ndarray, slopes: np.ndarray, radius: float, step: np.ndarray,
    shift: np.ndarray | float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The best of a step and of steps that put right what the straight lines had wrong there; point and row."""
    best, wrong = (np.inf, point, values), np.zeros(len(values))
    for attempt in range(1 + CORRECTIONS):
        trial = np.clip(point + step, problem.low, problem.high)
        there = _shifted(problem.values(trial[None])[0], shift)
        if merit(there) < best[0]:
            best = (merit(there), trial, there)
        elif attempt > 0:
            break
        if abs(merit(there) - merit(values + slopes @ step)) <= SETTLED * abs(values[0]):
            break
        wrong = there - (values + slopes @ (trial - point))
        step, _promised = _step(problem, point, values + wrong, slopes, radius)
        if np.abs(step - (trial - point)).max() < 1e-6:
            break
    return best[1], best[2]


def _step(
    problem: Problem, point: np.ndarray, values: np.ndarray, slopes: np.ndarray, radius: float
) -> tuple[np.ndarray, float]:
    """The step of the linear programme within ``radius``, and the merit that it promises."""
    solved = _solved(problem, point, values, slopes, radius)
    if solved.x is None:
        return np.zeros(len(point)), merit(values)
    step = solved.x[: len(point)]
    return step, merit(values + slopes @ step)


def _solved(problem: Problem, point: np.ndarray, values: np.ndarray, slopes: np.ndarray, radius: float) -> Any:
    """The linear programme around ``point``: levers, then how far each limit is broken."""
    limits = len(values) - 1
    cost = np.concatenate([slopes[0], np.full(limits, PRICE)])
    rows = np.hstack([slopes[1:], -np.eye(limits)])
    straight = np.hstack([problem.matrix, np.zeros((len(problem.most), limits))])
    bounds = [
        *zip(np.maximum(problem.low - point, -radius), np.minimum(problem.high - point, radius), strict=True),
        *[(0.0, None)] * limits,
    ]  # fmt: skip
    most = np.concatenate([-values[1:], problem.most - problem.matrix @ point])
    return linprog(cost, np.vstack([rows, straight]), most, bounds=bounds, method="highs")


def repriced(found: Found, times: float) -> Found:
    """``found`` with the objective in a unit so many times smaller."""
    unit = np.array([times, *np.ones(len(found.values) - 1)])
    return found._replace(
        values=found.values * unit, slopes=found.slopes * unit[:, None], first=found.first * unit[:, None]
    )


def best_of(problem: Problem, starts: Sequence[np.ndarray], shift: np.ndarray | float = 0.0) -> list[Found]:
    """Searches from every start, the best first."""
    return sorted((descend(problem, start, shift) for start in starts), key=lambda one: rank(one.values))


def bound(problem: Problem, seen: Sequence[Found], nothing: np.ndarray) -> float:
    """The least that the objective can be if no lever does more, or costs less, than anywhere its slope was measured.

    Parameters
    ----------
    seen
        Searches, with the slopes where they began and ended.
    nothing
        The row at ``low``, (1 + K,).

    Returns
    -------
    A lower bound where levers only get in each other's way; minus infinity where limits cannot be kept even so.
    """
    slopes = np.min([part for one in seen for part in (one.slopes, one.first)], axis=0)
    room = problem.high - problem.low
    rows, most = np.vstack([slopes[1:], problem.matrix]), problem.most - problem.matrix @ problem.low
    solved = linprog(
        slopes[0],
        rows,
        np.concatenate([-nothing[1:] + KEPT, most]),
        bounds=[(0.0, one) for one in room],
        method="highs",
    )
    return float(nothing[0] + solved.fun) if solved.status == 0 else -np.inf


Expand = Callable[[Sequence[int]], Sequence[np.ndarray]]


class Chosen(NamedTuple):
    """One option of every block."""

    options: tuple[int, ...]
    values: np.ndarray
    rounds: int
    lower: float
    """The objective of the last mixed-integer programme: no choice has less where effects add as they do here."""

    @property
    def reached(self) -> bool:
        """Whether every limit is kept."""
        return all_kept(self.values)


MOST_ROUNDS = 12


def choose(
    expand: Expand,
    values: Callable[[Sequence[int]], np.ndarray],
    start: Sequence[int],
    shift: np.ndarray | float = 0.0,
    straight: Sequence[tuple[Sequence[np.ndarray], float]] = (),
) -> Chosen:
    """One option of every block such that the objective is least and limits are kept.

    The first option of each block keeps every straight limit; ``start`` counts where it does too.

    Parameters
    ----------
    expand
        From the options chosen to, for each block, the rows that each of its options would give, (options, 1 + K).
    values
        From options to their row, (1 + K,).
    straight
        Straight limits: for each, a number for every option of each block, and the most that those chosen add up to.
    """
    tried: dict[tuple[int, ...], np.ndarray] = {}

    def row(options: Sequence[int]) -> np.ndarray:
        key = tuple(options)
        if key not in tried:
            tried[key] = _shifted(values(key), shift)
        return tried[key]

    best, around, lower, done = tuple(start), None, -np.inf, 0
    if any(sum(own[k] for own, k in zip(numbers, best, strict=True)) > most for numbers, most in straight):
        best = (0,) * len(best)
    while best != around and done < MOST_ROUNDS:
        done += 1
        around, base = best, row(best)
        effects = [_shifted(one, shift) - base for one in expand(best)]
        wrong = np.zeros(len(base))
        for options, promised in _proposals(base, effects, wrong, straight, row):
            lower = promised if lower == -np.inf or options == best else lower
            if rank(row(options)) < rank(row(best)):
                best = options
    return Chosen(best, row(best), done, lower)


def _proposals(
    base: np.ndarray, effects: Sequence[np.ndarray], wrong: np.ndarray,
    straight: Sequence[tuple[Sequence[np.ndarray], float]], row: Callable[[Sequence[int]], np.ndarray],
) -> Iterator[tuple[tuple[int, ...], float]]:  # fmt: skip
    """Choices of the mixed-integer programme, each after putting right what the last had wrong."""
    before: tuple[int, ...] | None = None
    for _ in range(1 + CORRECTIONS):
        options, promised = _integer(base + wrong, effects, straight)
        yield options, promised
        if options == before:
            return
        before = options
        wrong = row(options) - base - sum(one[k] for one, k in zip(effects, options, strict=True))


def _integer(
    base: np.ndarray, effects: Sequence[np.ndarray], straight: Sequence[tuple[Sequence[np.ndarray], float]]
) -> tuple[tuple[int, ...], float]:
    """The mixed-integer programme: one option in each block, broken limits at their price."""
    sizes, limits = [len(one) for one in effects], len(base) - 1
    count = sum(sizes)
    every = np.concatenate(list(effects))
    cost = np.concatenate([every[:, 0], np.full(limits, STEEP)])
    one_each = np.zeros((len(sizes), count + limits))
    for block, (stop, size) in enumerate(zip(np.cumsum(sizes), sizes, strict=True)):
        one_each[block, stop - size : stop] = 1.0
    kept = np.hstack([every[:, 1:].T, -np.eye(limits)])
    constraints = [LinearConstraint(one_each, 1, 1), LinearConstraint(kept, -np.inf, -base[1:])]
    for numbers, most in straight:
        constraints.append(LinearConstraint(np.concatenate([*numbers, np.zeros(limits)])[None], -np.inf, most))
    solved = milp(
        cost, constraints=constraints, integrality=np.concatenate([np.ones(count), np.zeros(limits)]),
        bounds=Bounds(0.0, np.concatenate([np.ones(count), np.full(limits, np.inf)])),
    )  # fmt: skip
    assert solved.x is not None, solved.message
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    picked = tuple(int(np.argmax(solved.x[first : first + size])) for first, size in zip(starts, sizes, strict=True))
    return picked, float(base[0] + solved.fun)


def room_worth(problem: Problem, found: Found) -> np.ndarray:
    """What the objective (with the price of broken limits) would lose if a lever's upper bound were raised; (V,).

    Per unit of the lever; 0 where its bound does not bind.
    """
    solved = _solved(problem, found.point, found.values, found.slopes, 1.0)
    if solved.x is None:
        return np.zeros(len(found.point))
    stuck = found.point >= problem.high - KEPT
    return np.where(stuck, np.maximum(-solved.upper.marginals[: len(found.point)], 0.0), 0.0)
