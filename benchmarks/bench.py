"""Time and memory of the main job, and of the kernel beside its plain NumPy twin, in one run.

    python benchmarks/bench.py                 # medians of 5, as in RESULTS.md
    python benchmarks/bench.py --size small --repeats 1   # a smoke run: does it still run?

Absolute times drift with the machine; read the ratios. The twin runs the same cohorts on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

    from hisim.declare.scenario import Scenario
    from hisim.model import projection
    from hisim.model.plan import Plan

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
NAMES = ("three-actions", "antihypertensives", "statins", "stop-smoking")
PEOPLE = {"small": 160, "medium": 1280, "large": 5120}
SAMPLE = {"small": 101, "medium": 20, "large": 20}


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median wall time of ``work`` after one warm-up."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def side_by_side(one: Callable[[], object], other: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median wall times of two jobs that take turns, so that a busy machine slows both."""
    pairs = [(seconds(one, 1), seconds(other, 1)) for _ in range(repeats)]
    first, second = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(second)


def benchmark(size: str, repeats: int) -> dict[str, object]:
    """Every subject at one size; times in seconds, or nanoseconds per person-year and scenario."""
    import numba
    import numpy as np

    from hisim.declare.files import load_library, read_scenario
    from hisim.declare.strata import Strata
    from hisim.model import kernel, projection, twin
    from hisim.model.inputs import inputs_of
    from hisim.model.plan import make_plan

    def sized(name: str) -> Scenario:
        scenario = read_scenario(SCENARIOS / f"{name}.yaml")
        settings = scenario.simulation.model_copy(update={"people_per_cohort": PEOPLE[size]})
        return scenario.model_copy(update={"simulation": settings})

    scenarios, whole = [sized(name) for name in NAMES], sized("whole-list")
    inputs = inputs_of(scenarios[0])
    plan = make_plan(inputs, scenarios, load_library())
    ethnic = [one.model_copy(update={"strata": Strata(by="ethnicity")}) for one in scenarios]
    ethnic_inputs = inputs_of(ethnic[0])
    ethnic_plan = make_plan(ethnic_inputs, ethnic, load_library())
    every = plan.cohorts[:: SAMPLE[size]]
    steps = sum(plan.end + 1 - max(plan.start, cohort.birth_year) for cohort in every) * (1 + len(scenarios))

    def over(run: projection.RunCohort, plan: Plan = plan) -> Callable[[], object]:
        return lambda: [projection._run_one(plan, scenarios[0], run, cohort) for cohort in every]

    def project(several: list[Scenario], inputs: xr.Dataset, threads: int) -> Callable[[], object]:
        return lambda: projection.project(several, inputs, threads=threads)

    unit = 1e9 / (steps * PEOPLE[size])
    compiled = seconds(over(kernel.run_cohort), repeats) * unit
    plain = seconds(over(twin.run_cohort), repeats) * unit
    with_strata, without = side_by_side(over(kernel.run_cohort, ethnic_plan), over(kernel.run_cohort), repeats)
    run_with, run_without = side_by_side(project(ethnic, ethnic_inputs, 1), project(scenarios, inputs, 1), repeats)
    demo = seconds(project(scenarios, inputs, 2), repeats)
    every_action = seconds(lambda: projection.project(whole, inputs, threads=2), repeats)
    return {
        "size": size,
        "people_per_cohort": PEOPLE[size],
        "scenarios_with_comparator": 1 + len(scenarios),
        "kernel_ns_per_person_year": round(compiled, 2),
        "twin_ns_per_person_year": round(plain, 1),
        "twin_over_kernel": round(plain / compiled, 1),
        "strata_kernel_ratio": round(with_strata / without, 2),
        "strata_project_ratio": round(run_with / run_without, 2),
        "project_one_thread_s": round(run_without, 3),
        "project_two_threads_s": round(demo, 3),
        "whole_list_two_threads_s": round(every_action, 3),
        "whole_list_over_demo": round(every_action / demo, 2),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "repeats": repeats,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=PEOPLE, default="medium")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print(json.dumps(benchmark(chosen.size, chosen.repeats), indent=2))
