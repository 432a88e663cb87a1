"""What a scenario costs beside its comparator, against a run of its own in which everyone is worked out.

    python benchmarks/paired.py [--size small|medium|large] [--repeats 5] [--json]

Jobs take turns on one thread, over the same sample of cohorts of all fifths and ages.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from common import (
    DEMO,
    ONE_THREAD,
    PEOPLE,
    SAMPLE,
    Row,
    comparator_only,
    main,
    over,
    person_years,
    plan_of,
    scenario,
    turns,
)

if TYPE_CHECKING:
    from hisim.declare.scenario import Scenario

TARGETING = ("targeting-most-deprived", "targeting-proportionate", "targeting-by-segment")


def in_first_fifth(one: Scenario) -> Scenario:
    """The same actions in the most deprived fifth alone."""
    uses = tuple(
        use.model_copy(update={"relative": (use.relative[0], 1.0, 1.0, 1.0, 1.0)}) for use in one.interventions
    )
    return one.model_copy(update={"interventions": uses, "name": f"{one.name}-first-fifth"})


def beside(label: str, several: Sequence[Scenario], size: str, repeats: int) -> Row:
    """Times of one set of scenarios [ns per simulated person-year and scenario] and their ratios."""
    from hisim.model.kernel import run_cohorts

    alone, plan = plan_of([comparator_only(several[0])]), plan_of(several)
    cohorts = plan.cohorts[:: SAMPLE[size]]
    jobs = {
        "comparator": over(alone, run_cohorts, cohorts),
        "paired": over(plan, run_cohorts, cohorts),
        "whole": over(plan, partial(run_cohorts, whole=True), cohorts),
    }
    times = {name: np.array(found) for name, found in turns(jobs, repeats, clock=ONE_THREAD).items()}
    count, base = len(several), times["comparator"]
    marginal, whole = (times["paired"] - base) / count, (times["whole"] - base) / count
    unit = 1e9 * (1 + count) / person_years(plan, cohorts)
    return {
        "scenarios": label,
        "comparator_ns": round(float(np.median(base)) * unit, 2),
        "marginal_ns": round(float(np.median(marginal)) * unit, 2),
        "separate_ns": round(float(np.median(base + whole)) * unit, 2),
        "over_separate": round(float(np.median(marginal / (base + whole))), 3),
        "over_scenario_worked_out_whole": round(float(np.median(marginal / whole)), 3),
    }


def figures(asked: Namespace) -> list[Row]:
    """A row for each set of scenarios."""
    people = PEOPLE[asked.size]
    demo = [scenario(name, people) for name in DEMO]
    subjects = {
        "stop-smoking in the most deprived fifth": [in_first_fifth(scenario("stop-smoking", people))],
        "statins in the most deprived fifth": [in_first_fifth(scenario("statins", people))],
        **{f"{name} (8 ethnic groups)": [scenario(name, people)] for name in TARGETING},
        **{one.name: [one] for one in demo},
        "the demonstration's four together": demo,
        "whole-list": [scenario("whole-list", people)],
    }
    return [beside(label, several, asked.size, asked.repeats) for label, several in subjects.items()]


if __name__ == "__main__":
    main(__doc__, figures)
