"""People and seconds that deaths averted in the most deprived fifth take to be known to 1 %, in three ways.

    python benchmarks/precision.py [--size small|medium|large] [--repeats 1] [--json]

Every way simulates the cohorts of the most deprived fifth from 2011 to 2020 under many seeds. The spread over seeds is
the Monte Carlo standard error at that number of people, and is scaled by one over the square root of people. README.md
says how sure the figures themselves are.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from math import sqrt
from statistics import mean, median, stdev
from typing import TYPE_CHECKING

import numpy as np
from common import ONE_THREAD, Row, comparator_only, main, over, plan_of, scenario, turns

if TYPE_CHECKING:
    from hisim.declare.scenario import Scenario
    from hisim.model.plan import Plan

PEOPLE = {"small": 32, "medium": 320, "large": 1280}
"""Simulated people in each cohort at which the spread is taken."""
SEEDS = {"small": 4, "medium": 24, "large": 40}
WANTED = 0.01
"""Standard error over deaths averted."""
WAYS = {
    "common random numbers, survival weights": ("expected", 0),
    "common random numbers, drawn deaths": ("sampled", 0),
    "independent seeds, drawn deaths": ("sampled", 1),
}
"""Estimator, and how many seeds the scenario is ahead of the comparator it is set against."""


def without(one: Scenario, action: str) -> Scenario:
    """The same scenario without one of its actions."""
    left = tuple(use for use in one.interventions if use.id != action)
    return one.model_copy(update={"interventions": left, "name": f"{one.name}-without-{action}"})


def seeded(plan: Plan, estimator: str, seed: int) -> Plan:
    """The same plan under another estimator and seed, which its tables do not depend on."""
    from dataclasses import replace

    [one] = plan.scenarios
    simulation = one.simulation.model_copy(update={"estimator": estimator, "seed": seed})
    return replace(plan, scenarios=(one.model_copy(update={"simulation": simulation}),))


def deaths(plan: Plan, estimator: str, seeds: Sequence[int]) -> np.ndarray:
    """(seed, 2) deaths in the most deprived fifth over all years, in the comparator and in the scenario."""
    from hisim.model.kernel import run_cohorts

    cohorts = [cohort for cohort in plan.cohorts if cohort.quintile == 0]
    runs = (over(seeded(plan, estimator, seed), run_cohorts, cohorts)() for seed in seeds)
    return np.array([sum(result.deaths.sum(axis=(1, 2, 3)) for result in results) for results in runs])


def ways(label: str, one: Scenario, size: str, repeats: int) -> list[Row]:
    """A row for each way: the error at this size, then people and seconds of one thread for an error of 1 %."""
    from hisim.model.kernel import run_cohorts

    plan, alone = plan_of([one]), plan_of([comparator_only(one)])
    cohorts = [cohort for cohort in plan.cohorts if cohort.quintile == 0]
    people = PEOPLE[size] * len(cohorts)
    seeds = range(1, 1 + SEEDS[size])
    jobs = {
        (estimator, name): over(seeded(which, estimator, 1), run_cohorts, cohorts)
        for estimator in ("expected", "sampled")
        for name, which in (("pair", plan), ("alone", alone))
    }
    times = turns(jobs, repeats, clock=ONE_THREAD)
    died = {estimator: deaths(plan, estimator, seeds) for estimator in ("expected", "sampled")}
    averted = mean((died["expected"][:, 0] - died["expected"][:, 1]).tolist())
    rows: list[Row] = []
    for way, (estimator, ahead) in WAYS.items():
        found = died[estimator][:, 0] - np.roll(died[estimator][:, 1], ahead)
        error = stdev(found.tolist()) / averted
        more = (error / WANTED) ** 2
        taken = 2 * median(times[estimator, "alone"]) if ahead else median(times[estimator, "pair"])
        rows.append({
            "scenario": label, "way": way, "people": people, "error_percent": round(100 * error, 2),
            "people_for_1_percent": round(people * more), "seconds_for_1_percent": float(f"{taken * more:.3g}"),
            "over_first": round(more / (rows[0]["people_for_1_percent"] / people), 1) if rows else 1.0,
            "seconds_over_first": round(taken * more / rows[0]["seconds_for_1_percent"], 1) if rows else 1.0,
            "averted": round(averted), "sure_to_percent": round(100 / sqrt(2 * (len(seeds) - 1))),
        })  # fmt: skip
    return rows


def figures(asked: Namespace) -> list[Row]:
    """The rows of both scenarios."""
    three = scenario("three-actions", PEOPLE[asked.size])
    subjects = {
        "stop-smoking": scenario("stop-smoking", PEOPLE[asked.size]),
        "antihypertensives and statins": without(three, "stop-smoking-services"),
    }
    return [row for label, one in subjects.items() for row in ways(label, one, asked.size, asked.repeats)]


if __name__ == "__main__":
    main(__doc__, figures)
