"""Draws of the demonstration's four scenarios and the comparator over 20 years: time and memory as draws double.

    python benchmarks/draws.py [--size small|medium|large] [--json]

Each row is a study of its own in a process of its own: every figure of every draw, worked out in as many processes as
there are cores, kept in a store, and summed up. ``memory_mb`` is the most that the first process and its workers held.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from argparse import Namespace
from pathlib import Path

from common import DEMO, Row, fresh, main, scenario

DRAWS = {"small": (40, 48), "medium": (250, 500, 1000), "large": (1000, 10_000)}
PEOPLE = {"small": 16, "medium": 96, "large": 96}
"""In a cohort; 96 are 97,000 at the start, and those born later."""
LAST = {"small": 2012, "medium": 2030, "large": 2030}


def one(asked: Namespace) -> Row:
    """A study of so many draws from its definition to its summary."""
    import resource

    from hisim.outcomes.asked import everything
    from hisim.studies.defined import define
    from hisim.studies.execute import How
    from hisim.studies.gather import all_statistics, figures_each
    from hisim.surfaces.draws import sweep_of_draws
    from hisim.surfaces.studying import Way, begun, complete

    draws, people, last = int(asked.one), PEOPLE[asked.size], LAST[asked.size]
    several = [scenario(name, people).model_copy(update={"end": last}) for name in DEMO]
    sweep = sweep_of_draws(several, draws).model_copy(update={"people_per_cohort": people})
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        definition = define(sweep, several, asked=everything(range(several[0].start, last + 1)))
        way = Way(Path(folder) / "draws", How(os.cpu_count() or 1))
        study = begun(definition, way)
        complete(study, way, None)
        worked = time.perf_counter() - began
        statistics = all_statistics(study)
        seconds = time.perf_counter() - began
    assert statistics.shape[1] == figures_each(definition)
    held = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "draws": draws, "figures": figures_each(definition), "seconds": round(seconds, 1),
        "seconds_a_draw": round(worked / draws, 4), "summary_seconds": round(seconds - worked, 1),
        "first_process_mb": round(held[0], 1), "worker_mb": round(held[1], 1),
    }  # fmt: skip


def figures(asked: Namespace) -> list[Row]:
    """A row for each number of draws, and how much memory one more draw takes in the first process."""
    rows = []
    for draws in DRAWS[asked.size]:
        found = fresh(asked, json.dumps(draws))
        found.pop("peak_memory_mb", None)
        more = None
        if rows:
            more = (found["first_process_mb"] - rows[-1]["first_process_mb"]) * 1024 / (draws - rows[-1]["draws"])
        memory = found["first_process_mb"] + (os.cpu_count() or 1) * found["worker_mb"]
        rows.append({**found, "memory_mb": round(memory), "kb_a_draw": None if more is None else round(more, 2)})
    return rows


if __name__ == "__main__":
    main(__doc__, figures, one)
