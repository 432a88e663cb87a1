"""Units of a study on a dask cluster of one worker with one thread, against the same units in one process.

    python benchmarks/cluster.py                          # medians of 5: three actions, 10 years, 128 people
    python benchmarks/cluster.py --size small --repeats 1

Both take turns. A turn is UNITS units after the first, of which the time is not counted: it is start-up, and stands in
a column of its own. Seconds of processor, of all processes and with connecting, drift less with the machine.
A round trip is a unit without its work; on a busy machine it is the figure to read.
``draws`` keeps every figure of every run, as ``hisim run --draws`` does, ``sweep`` only few.
"""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from pathlib import Path
from statistics import median
from typing import Any

from common import Row, main, scenario
from crashes import Cluster, below, cluster

PEOPLE = {"small": 16, "medium": 128, "large": 1280}
"""In a cohort; 128 is what sweeps take unless told otherwise."""
UNITS = {"small": 2, "medium": 3, "large": 4}
"""Of a turn."""


def definitions(asked: Namespace) -> dict[str, dict[str, Any]]:
    """A study that keeps every figure, and one that keeps few."""
    from hisim.outcomes.asked import everything
    from hisim.studies.defined import define
    from hisim.surfaces.draws import sweep_of_draws

    several = [scenario("three-actions", PEOPLE[asked.size])]
    sweep = sweep_of_draws(several, 1000).model_copy(update={"people_per_cohort": PEOPLE[asked.size]})
    years = range(several[0].start, several[0].end + 1)
    return {"draws": define(sweep, several, asked=everything(years)), "sweep": define(sweep, several)}


def turn(definition: dict[str, Any], units: range, scheduler: str) -> tuple[float, float]:
    """Seconds to the end of the first unit, and of all that follow."""
    from hisim.studies.execute import How, finished

    began = time.perf_counter()
    results = finished(definition, units, How(scheduler=scheduler))
    next(results)
    first = time.perf_counter()
    assert len(list(results)) == len(units) - 1
    return first - began, time.perf_counter() - first


def processor(made: Cluster | None) -> float:
    """Seconds of processor so far of this process and, if there is one, of a cluster: they do not wait for others."""
    import psutil

    commands = made.processes.values() if made else []
    several = [
        psutil.Process(),
        *(one for command in commands for one in (psutil.Process(command.pid), *below(command.pid))),
    ]
    return sum(sum(process.cpu_times()[:2]) for process in several)


def round_trip(definition: dict[str, Any], size: int, address: str) -> float:
    """Seconds that a unit takes on the way to a worker and back, where the worker only makes ``size`` bytes or so."""
    from operator import mul
    from unittest.mock import patch

    from hisim.studies import cluster as studied
    from hisim.studies.sent import packed

    times = max(1, size // len(packed(definition)))
    with patch.object(studied, "run_packed", mul):
        results = studied.by_dask(definition, range(times, times + 50), address)
        next(results)
        began = time.perf_counter()
        count = len(list(results))
        return (time.perf_counter() - began) / count


def row(name: str, definition: dict[str, Any], asked: Namespace, made: Cluster) -> Row:
    """One study both ways, in turns."""
    from hisim.studies.sent import packed
    from hisim.studies.study import run_unit

    units = range(1, 2 + UNITS[asked.size])
    payload = run_unit(definition, units[0])
    turn(definition, units, made.address)
    here, there, starts, busy = [], [], [], []
    for _ in range(asked.repeats):
        began = processor(None)
        here.append(turn(definition, units, "")[1])
        alone, began = processor(None) - began, processor(made)
        start, seconds = turn(definition, units, made.address)
        busy.append((processor(made) - began) / alone)
        starts.append(start)
        there.append(seconds)
    each = median(here) / UNITS[asked.size]
    way = median(round_trip(definition, len(payload), made.address) for _ in range(asked.repeats))
    return {
        "study": name,
        "one_process_s_per_unit": each,
        "cluster_s_per_unit": median(there) / UNITS[asked.size],
        "overhead_percent": 100 * (median(b / a for a, b in zip(here, there, strict=True)) - 1),
        "processor_overhead_percent": 100 * (median(busy) - 1),
        "round_trip_ms": 1000 * way,
        "round_trip_percent": 100 * way / each,
        "connecting_s": median(starts) - each,
        "sent_kb_per_unit": len(packed(definition)) / 1000,
        "returned_kb_per_unit": len(payload) / 1000,
    }


def figures(asked: Namespace) -> list[Row]:
    """A row for each study."""
    with tempfile.TemporaryDirectory(prefix="hisim-cluster-") as folder, cluster(Path(folder), workers=1) as made:
        return [row(name, definition, asked, made) for name, definition in definitions(asked).items()]


if __name__ == "__main__":
    main(__doc__, figures)
