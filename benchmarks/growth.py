"""How time and peak memory grow as each size of a run doubles, and how flat the time per person-year stays.

    python benchmarks/growth.py [--size small|medium|large] [--repeats 3] [--json]

Every row is ``hisim.project`` over all cohorts of England in a process of its own: warm code, median of repeats.
"""

from __future__ import annotations

import json
import os
import time
from argparse import Namespace
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from common import Row, fresh, main, person_years, plan_of, scenario, turns

if TYPE_CHECKING:
    from hisim.declare.scenario import Scenario

PEOPLE = {"small": 32, "medium": 1280, "large": 5120}
"""People in each cohort where something else grows."""
YEARS = {"small": 2, "medium": 10, "large": 10}
"""Years where something else grows."""
MOST = {"small": 2, "medium": 16, "large": 64}
"""How far the other sizes double at most, where nothing else stops them."""
PER_COHORT = {
    "small": (16, 32),
    "medium": (96, 192, 384, 768, 1536, 3072, 6144),
    "large": (96, 192, 384, 768, 1536, 3072, 6144, 12288, 24576, 49152),
}
"""Simulated people in each cohort: from 1e5 to 5e7 in all at the largest size."""
LIMITS = {"years": 32, "causes": 16, "interventions": 27, "scenarios": 16, "threads": os.cpu_count() or 1}


def points(size: str) -> list[Row]:
    """What is run: along each axis all is at its least or usual but the size that doubles."""
    usual = {
        "people": PEOPLE[size],
        "years": YEARS[size],
        "causes": 16,
        "interventions": 3,
        "scenarios": 1,
        "threads": 1,
    }
    rows = [{"axis": "people", **usual, "people": people} for people in PER_COHORT[size]]
    for axis, limit in LIMITS.items():
        first = max(1, limit // MOST[size]) if axis == "causes" else 1
        values = [first * 2**i for i in range(8) if 2**i <= MOST[size] and first * 2**i <= limit]
        values += [limit] if axis == "interventions" and MOST[size] > 16 else []
        rows += [{"axis": axis, **usual, axis: value} for value in values]
    return rows


def scenarios_of(point: Row) -> list[Scenario]:
    """So many scenarios with so many actions, over so many years; three-actions, or the first of the whole list."""
    name = "three-actions" if point["interventions"] == 3 else "whole-list"
    one = scenario(name, point["people"])
    update: Row = {"end": one.start + point["years"] - 1, "interventions": one.interventions[: point["interventions"]]}
    return [one.model_copy(update={**update, "name": f"{name}-{i}"}) for i in range(point["scenarios"])]


def only_causes(causes: int) -> Callable[..., Any]:
    """The kernel, with people differing in the first so many causes alone: in the others all die at the same rate."""
    from hisim.model.kernel import run_cohorts

    def run(tables: Any, *rest: Any) -> Any:
        active = tables.active & (np.arange(tables.active.shape[1]) < causes)
        return run_cohorts(tables._replace(active=np.ascontiguousarray(active)), *rest)

    return run


def one(asked: Namespace) -> Row:
    """Seconds of one row, and nanoseconds per simulated person-year and scenario."""
    import hisim
    from hisim.model.inputs import inputs_of

    point = json.loads(asked.one)
    several = scenarios_of(point)
    inputs, run = inputs_of(several[0]), only_causes(point["causes"])
    least = [each.model_copy(update={"simulation": each.simulation.model_copy(update={"people_per_cohort": 16})})
             for each in several]  # fmt: skip
    hisim.project(least, inputs, threads=1, run=run)
    job = {"job": lambda: hisim.project(several, inputs, threads=point["threads"], run=run)}
    began = time.process_time()
    taken = median(turns(job, asked.repeats, warm=True)["job"])
    cpu = (time.process_time() - began) / asked.repeats
    plan = plan_of(several, inputs)
    return {
        "seconds": taken,
        "cpu_seconds": cpu,
        "people": len(plan.cohorts) * point["people"],
        "person_years": person_years(plan),
    }


def figures(asked: Namespace) -> list[Row]:
    """A row for each point: time and memory, and how they grow from the point before on the same axis."""
    rows: list[Row] = []
    before: Row = {}
    known: dict[str, Row] = {}
    for point in points(asked.size):
        axis, settings = point["axis"], json.dumps({**point, "axis": None})
        if settings not in known:
            known[settings] = fresh(asked, settings)
        found = {"axis": axis, "value": point[axis], **known[settings]}
        same = before.get("axis") == axis
        more = found["person_years"] - before["person_years"] if same else 0
        rows.append({
            "axis": axis, "value": point[axis], "people": found["people"], "person_years": found["person_years"],
            "seconds": round(found["seconds"], 3), "ns": round(found["seconds"] * 1e9 / found["person_years"], 1),
            "ns_of_those_added": round((found["seconds"] - before["seconds"]) * 1e9 / more, 1) if more else None,
            "times_value": point[axis] / before["value"] if same else None,
            "times_seconds": round(found["seconds"] / before["seconds"], 2) if same else None,
            "cpu_seconds": round(found["cpu_seconds"], 3), "peak_memory_mb": found["peak_memory_mb"],
        })  # fmt: skip
        before = found
    return [*rows, flatness([row for row in rows if row["axis"] == "people"])]


def flatness(rows: list[Row]) -> Row:
    """The highest over the lowest time of a person-year, of all and of those added, as people double."""
    out: Row = dict.fromkeys(rows[0])
    for column in ("ns", "ns_of_those_added"):
        found = [row[column] for row in rows if row[column] is not None and row[column] > 0]
        out[column] = round(max(found) / min(found), 2) if found else None
    return {**out, "axis": "people, highest over lowest"}


if __name__ == "__main__":
    main(__doc__, figures, one)
