"""What the search of ``hisim portfolio`` finds, beside simpler ways to spend the same budget.

    python benchmarks/portfolio.py [--size small|medium|large] [--repeats 1] [--json]

Small: the three key actions to 2013 and 50 random mixes; medium and large: the whole list to 2015 for 100 million
pounds a year and 1,000 random mixes. Every mix spends all of the budget, at the same prices.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from common import Row, main, scenario

if TYPE_CHECKING:
    from hisim.studies.portfolio import Setting

STREAMS = (1, 2)
"""Other chance with which the mixes are compared again."""


def setting_of(size: str) -> Setting:
    """The portfolio that is to be bought."""
    from hisim.declare.portfolio import Portfolio
    from hisim.studies.portfolio import setting_of

    small = size == "small"
    one = scenario("three-actions" if small else "whole-list-2015", 64 if small else 1280)
    budget = {"per_year": 4e7 if small else 1e8}
    asked = Portfolio.model_validate({
        "hisim": 1, "name": "bench", "title": "Benchmark", "scenario": "x", "budget": budget,
        "objective": [{"estimand": "deaths_averted_cumulative"}], "people_per_cohort": 32 if small else 128,
    })  # fmt: skip
    return setting_of(asked, one.model_copy(update={"end": 2013}) if small else one)


def filled(setting: Setting, order: Iterable[Sequence[int]]) -> np.ndarray:
    """The mix that takes groups of levers in ``order``, each all the way, until the budget is spent."""
    from hisim.studies.portfolio import straight

    matrix, most = straight(setting, setting.portfolio.budget.amount)
    point = setting.levers.low.copy()
    for group in order:
        step = np.zeros(len(point))
        step[list(group)] = setting.levers.high[list(group)] - point[list(group)]
        taken, room = matrix @ step, most - matrix @ point
        part = np.min(room[taken > 0] / taken[taken > 0], initial=1.0)
        point = point + max(part, 0.0) * step
    return point


def mixes_of(setting: Setting, random: int) -> dict[str, np.ndarray]:
    """The answer of the search, two greedy answers, and random mixes."""
    from hisim.studies.portfolio import best_for, starts_of, wanted

    amount, measures, levers = setting.portfolio.budget.amount, setting.measures, setting.levers
    row = wanted(setting, amount)
    worth = row @ measures.slopes(levers.low)[1]
    price = np.maximum(setting.price.max(axis=0), 1e-9)
    groups = [np.flatnonzero(levers.first[:, 0] == i) for i in range(len(levers.ids))]
    whole = sorted((one for one in groups if len(one)), key=lambda one: -worth[one].sum() / price[one].sum())
    rng = np.random.default_rng(1)
    return {
        "the search": best_for(setting, amount, row, starts_of(setting, amount)).best.point,
        "greedy by action and fifth": filled(setting, [[v] for v in np.argsort(-worth / price)]),
        "greedy by action": filled(setting, whole),
        **{
            f"random {number}": filled(setting, [[v] for v in rng.permutation(len(price))])
            for number in range(1, 1 + random)
        },
    }


def figures(asked: Namespace) -> list[Row]:
    """A row for each way to spend, and the best of the random mixes."""
    from hisim.studies.measured import DEATHS, elsewhere

    setting = setting_of(asked.size)
    every = mixes_of(setting, 50 if asked.size == "small" else 1000)
    points = np.array(list(every.values()))
    row = setting.measures.row(DEATHS)
    deaths = setting.measures.at(points) @ row
    kept = [0, 1, 2, 3 + int(deaths[3:].argmax())]
    anew = np.mean([elsewhere(setting.measures, one).at(points[kept]) @ row for one in STREAMS], axis=0)
    names = [*list(every)[:3], f"best of {len(points) - 3:,} random mixes"]
    return [
        {
            "mix": name,
            "deaths": round(float(deaths[k]), 1),
            "less_than_search": round(1 - float(deaths[k] / deaths[0]), 4),
            "deaths_with_other_chance": round(float(other), 1),
            "spent_million": round(setting.spent_at(points[k]) / 1e6, 2),
        }
        for name, k, other in zip(names, kept, anew, strict=True)
    ]


if __name__ == "__main__":
    main(__doc__, figures)
