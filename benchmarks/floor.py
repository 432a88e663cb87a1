"""The least that the kernel's work can take, part by part, beside the kernel on the same cohorts in the same run.

    python benchmarks/floor.py [--size small|medium|large] [--repeats 5] [--json]

Each part is run alone, on one thread, with the kernel's own compiled pieces on blocks of its own size, exactly as
often as ``needs.py`` counts from the tables. README.md says what is in it and what is not.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from statistics import median
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
    ratio,
    scenario,
    turns,
)

if TYPE_CHECKING:
    from needs import Needs

    from hisim.declare.scenario import Scenario
    from hisim.model.plan import Cohort, Plan

WORDS = 4
"""Random numbers of one call of the generator."""
PARTS = ("random", "comparator", "scenarios", "memory")


def job(plan: Plan, needs: Needs, cohort: Cohort, part: str) -> Callable[[], object]:
    """One part of the floor of one cohort, ready to run."""
    import pieces

    from hisim.model.kernel import run_cohorts

    work, size = needs.work, needs.work.row.size
    blocks = work.lived.shape[0]
    if part == "random":
        calls, seed = -(-needs.draws // WORDS), plan.scenarios[0].simulation.seed
        scratch = work.words, np.empty((WORDS, size), np.float32)
        return lambda: pieces.random(calls, needs.normals, cohort.birth_year, seed, *scratch, blocks)
    if part == "memory":
        rows = np.zeros((blocks, int(needs.rows.sum(axis=1).max()), size), np.float32)
        return lambda: pieces.memory(needs.rows, rows, work.row)
    [found] = over(plan, run_cohorts, [cohort])()
    arrays = pieces.arrays_of(plan.tables[cohort.quintile][cohort.sex], needs, found.reference)
    return lambda: getattr(pieces, part)(arrays)


def beside(label: str, several: Sequence[Scenario], size: str, repeats: int) -> Row:
    """The floor and the kernel over a sample of cohorts [ns per simulated person-year and scenario]."""
    from needs import count

    from hisim.model.kernel import run_cohorts

    plan = plan_of(several)
    cohorts = plan.cohorts[:: SAMPLE[size]]
    needs = [count(plan, cohort) for cohort in cohorts]
    each = {part: [job(plan, one, cohort, part) for one, cohort in zip(needs, cohorts, strict=True)] for part in PARTS}
    jobs: dict[str, Callable[[], object]] = {
        part: lambda run=run: [one() for one in run] for part, run in each.items()
    }  # fmt: skip
    times = turns({**jobs, "kernel": over(plan, run_cohorts, cohorts)}, repeats, clock=ONE_THREAD)
    times["floor"] = [sum(parts) for parts in zip(*(times[part] for part in PARTS), strict=True)]
    unit = 1e9 / person_years(plan, cohorts)
    lived = sum(int(one.differ[0].sum()) for one in needs)
    exponentials = sum(float((one.touched.sum(axis=2)[..., None] * one.differ).sum()) for one in needs)
    terms = sum(float((one.terms.sum(axis=2)[..., None] * one.differ).sum()) for one in needs)
    people = plan.scenarios[0].simulation.people_per_cohort
    return {
        "run": label,
        **{f"{part}_ns": round(median(times[part]) * unit, 2) for part in (*PARTS, "floor", "kernel")},
        "share_of_floor": round(ratio(times["floor"], times["kernel"]), 3),
        "draws": round(sum(one.draws for one in needs) * people / lived, 2),
        "terms": round(terms / lived, 1),
        "exponentials": round(exponentials / lived, 1),
        "differ": round(sum(float(one.differ[1:].sum()) for one in needs) / lived / len(several), 3),
        "apart": round(sum(float(one.apart[1:].sum()) for one in needs) / lived / len(several), 3),
    }


def figures(asked: Namespace) -> list[Row]:
    """A row for the comparator alone, for the demonstration and for the whole list."""
    demo = [scenario(name, PEOPLE[asked.size]) for name in DEMO]
    subjects = {
        "comparator, and a scenario that does nothing": [comparator_only(demo[0])],
        "the demonstration's four scenarios": demo,
        "whole list": [scenario("whole-list", PEOPLE[asked.size])],
    }
    return [beside(label, several, asked.size, asked.repeats) for label, several in subjects.items()]


if __name__ == "__main__":
    main(__doc__, figures)
