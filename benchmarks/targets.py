"""What a search for the least cost is worth: beside greedy choice and random mixes that reach the same goal.

    python benchmarks/targets.py [--size small|medium|large] [--json]

``cost_gbp_millions`` is the cheapest of each kind that reaches the goal: so many deaths averted in the most deprived
fifth by the last year, as a share of what everything at once would avert. Greedy takes the lever that averts most for
its money, all the way, again and again, and of the last as much as it needs. Random mixes take some levers, at random
shares of the way, and as much of the rest, in random order, as reaches the goal.
"""

from __future__ import annotations

import time
from argparse import Namespace

import numpy as np
from common import Row, main, scenario

RANDOM = {"small": 40, "medium": 1000, "large": 10_000}
PEOPLE = {"small": 64, "medium": 256, "large": 1024}
SHARES = (0.2, 0.5, 0.8)
NAMES = {"small": "three-actions", "medium": "whole-list-2015", "large": "whole-list-2015"}
ALONE = 64
"""Random mixes simulated at once."""


def figures(asked: Namespace) -> list[Row]:
    """A row for each goal and way."""
    from hisim.declare.target import Goal, Target
    from hisim.studies.targets import rows_of, searched, setting_of

    whole = scenario(NAMES[asked.size], PEOPLE[asked.size])
    rows: list[Row] = []
    for share in SHARES:

        def target(level: float) -> Target:
            goal = Goal(estimand="deaths_averted_cumulative", quintile="1", level=level)
            return Target(
                hisim=1, name="t", title="t", scenario="s", reach=(goal,), draws=0,
                people_per_cohort=PEOPLE[asked.size],
            )  # fmt: skip

        one = rows_of(setting_of(target(1.0), whole))
        everything = 1.0 - float(one.values(one.high[None])[0, 1])
        goal = target(share * everything)
        began = time.perf_counter()
        found = searched(setting_of(goal, whole), goal)
        seconds = time.perf_counter() - began
        problem = rows_of(found.setting)
        price = found.setting.price / 1e6
        paid = {
            "search": found.best.values[0] * price,
            "lower bound": found.lower / 1e6,
            "greedy": greedy(problem) * price,
            f"best of {RANDOM[asked.size]} random": random(problem, RANDOM[asked.size]) * price,
        }
        for name, cost in paid.items():
            rows.append(
                {"share_of_everything": share, "way": name, "cost_gbp_millions": round(float(cost), 2),
                 "over_search": round(float(cost / paid["search"]), 3),
                 "seconds": round(seconds, 1) if name == "search" else None}
            )  # fmt: skip
    return rows


def as_needed(problem: object, order: np.ndarray, most: np.ndarray) -> float:
    """Cost of the levers in ``order``, each to ``most``, the last as far as the goal needs; by halving, simulated."""
    low, high = 0.0, float(len(order))
    point = problem.low  # type: ignore[attr-defined]
    best = np.inf
    for _ in range(12):
        middle = (low + high) / 2
        share = np.clip(middle - np.arange(len(order)), 0, 1)
        one = point.copy()
        one[order] = point[order] + share * (most[order] - point[order])
        cost, short = problem.values(one[None])[0][:2]  # type: ignore[attr-defined]
        low, high = (low, middle) if short <= 0 else (middle, high)
        best = min(best, cost) if short <= 0 else best
    return float(best)


def greedy(problem: object) -> float:
    """Cost of the mix that takes what averts most for its money, measured anew after every lever."""
    point, taken = problem.low.copy(), []  # type: ignore[attr-defined]
    while True:
        values, slopes = problem.slopes(point)  # type: ignore[attr-defined]
        if values[1] <= 0 or len(taken) == len(point):
            break
        worth = np.where(np.isin(np.arange(len(point)), taken), -np.inf, -slopes[1] / np.maximum(slopes[0], 1e-12))
        best = int(np.argmax(worth))
        taken.append(best)
        point[best] = problem.high[best]  # type: ignore[attr-defined]
    return as_needed(problem, np.array(taken), problem.high)  # type: ignore[attr-defined]


def random(problem: object, count: int) -> float:
    """The cheapest of ``count`` random mixes that reach the goal."""
    rng = np.random.default_rng(1)
    low, high = problem.low, problem.high  # type: ignore[attr-defined]
    mixes = []
    for _ in range(count):
        some = rng.random(len(low)) < rng.random()
        mixes.append(np.where(some, low + rng.random(len(low)) * (high - low), low))
    mixes = np.array(mixes)
    values = np.concatenate([problem.values(mixes[i : i + ALONE]) for i in range(0, count, ALONE)])  # type: ignore[attr-defined]
    cheap = np.argsort(np.where(values[:, 1] <= 0, values[:, 0], np.inf))[:20]
    best = float(values[cheap[0], 0]) if values[cheap[0], 1] <= 0 else np.inf
    for k in cheap[values[cheap, 1] <= 0]:
        used = rng.permutation(np.flatnonzero(mixes[k] > low))
        best = min(best, as_needed(problem, used, mixes[k]))
    return best


if __name__ == "__main__":
    main(__doc__, figures)
