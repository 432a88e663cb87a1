"""What the benchmarks share: sizes, scenarios, jobs that take turns, fresh processes, the machine, tables.

Nothing here imports hisim or numba before it is called, so that ``--vectors`` still decides what numba compiles for.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hisim.declare.scenario import Scenario
    from hisim.model.plan import Cohort, Plan
    from hisim.model.projection import RunCohorts

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE.parent / "scenarios"
DEMO = ("three-actions", "antihypertensives", "statins", "stop-smoking")
"""The scenarios of ``hisim demo``."""
PEOPLE = {"small": 160, "medium": 1280, "large": 5120}
"""Simulated people in each cohort."""
SAMPLE = {"small": 101, "medium": 20, "large": 20}
"""Every so many-th cohort is run where a sample of cohorts of all ages will do."""
WIDE = ("avx512", "avx10", "evex512")
"""How the names of processor features begin that stand for registers of 512 bits."""
ONE_THREAD = time.thread_time
"""The clock for jobs of one thread: it stands still while the machine does something else."""
Row = dict[str, Any]


def scenario(name: str, people: int, **settings: object) -> Scenario:
    """A packaged scenario with so many people in each cohort, and other settings of the simulation."""
    from hisim.declare.files import read_scenario

    found = read_scenario(SCENARIOS / f"{name}.yaml")
    simulation = found.simulation.model_copy(update={"people_per_cohort": people, **settings})
    return found.model_copy(update={"simulation": simulation})


def comparator_only(one: Scenario) -> Scenario:
    """The same scenario with nothing done: a run of it is a run of the comparator."""
    return one.model_copy(update={"interventions": (), "name": "nothing"})


def plan_of(several: Sequence[Scenario], inputs: Any = None) -> Plan:
    """The plan of a run of the scenarios, on inputs of their own if none are given."""
    from hisim.model.inputs import inputs_of
    from hisim.model.plan import make_plan
    from hisim.model.slot_plan import library_of_run

    return make_plan(inputs_of(several[0]) if inputs is None else inputs, several, library_of_run(several))


def over(plan: Plan, run: RunCohorts, cohorts: Sequence[Cohort]) -> Callable[[], list[Any]]:
    """A job: run these cohorts of a plan, those of one quintile and sex together; a result of each."""
    from hisim.model.projection import run_some
    from hisim.model.tables import CohortResult

    alike = [list(several) for _, several in groupby(cohorts, lambda one: (one.quintile, one.sex))]

    def job() -> list[Any]:
        found = [(several, run_some(plan, plan.scenarios[0], run, several)) for several in alike]
        return [CohortResult(*(array[i] for array in one)) for several, one in found for i in range(len(several))]

    return job


def person_years(plan: Plan, cohorts: Sequence[Cohort] | None = None) -> int:
    """Simulated person-years of a run of the cohorts (of all, unless given), counted once for every scenario."""
    people = plan.scenarios[0].simulation.people_per_cohort
    years = sum(plan.end + 1 - max(plan.start, one.birth_year) for one in (cohorts or plan.cohorts))
    return years * people * (1 + len(plan.scenarios))


def turns(
    jobs: dict[str, Callable[[], object]],
    repeats: int,
    *,
    warm: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Times [s] of jobs that take turns, so that a busy machine slows all of them; one more round unless ``warm``.

    Jobs of one thread are timed by :data:`ONE_THREAD`.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for again in range(warm, repeats + 1):
        for name, job in jobs.items():
            began = clock()
            job()
            if again:
                times[name].append(clock() - began)
    return times


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """Median over turns of the time of one job over that of another in the same turn."""
    return median(a / b for a, b in zip(one, other, strict=True))


def peak_memory() -> int:
    """The most memory this process has held [MB]; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def compile_kernel() -> None:
    """Compile the kernel in a process of its own, so that the memory of no subject holds the compiler."""
    steps = (
        "import common; from hisim.model.kernel import run_cohorts",
        "plan = common.plan_of([common.scenario('stop-smoking', 16)])",
        "common.over(plan, run_cohorts, plan.cohorts[:1])()",
    )
    subprocess.run([sys.executable, "-c", "; ".join(steps)], cwd=HERE, check=True)


def fresh(asked: argparse.Namespace, subject: str) -> Row:
    """One subject of the program at hand in a process of its own, with the peak memory of that process."""
    command = [sys.executable, sys.argv[0], "--one", subject, *words_of(asked)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def words_of(asked: argparse.Namespace) -> list[str]:
    """The options that a program hands on to another process."""
    vectors = ["--vectors", asked.vectors] if asked.vectors else []
    return ["--size", asked.size, "--repeats", str(asked.repeats), *vectors]


def choose_vectors(name: str | None) -> None:
    """Have numba compile for AVX2 or AVX-512 in this process and those it starts, with a cache of its own."""
    if name is None:
        return
    import llvmlite.binding as llvm

    from hisim.accelerate import cache_folder

    features = llvm.get_host_cpu_features()
    if name == "avx512" and not features.get("avx512f"):
        sys.exit("--vectors: found avx512; allowed on this processor: avx2")
    for feature in features:
        features[feature] &= name == "avx512" or not feature.startswith(WIDE)
    os.environ["NUMBA_CPU_NAME"], os.environ["NUMBA_CPU_FEATURES"] = llvm.get_host_cpu_name(), features.flatten()
    if Path(os.environ.get("NUMBA_CACHE_DIR", "")).name != name:
        os.environ["NUMBA_CACHE_DIR"] = str(cache_folder() / name)


def machine() -> dict[str, str]:
    """What ran: processor, vector registers in the compiled code, cores, system and versions."""
    import numba
    import numpy as np

    from hisim.model.fastmath import copy

    loop = numba.njit(getattr(copy, "py_func", copy))
    loop(np.zeros(64, np.float32), np.zeros(64, np.float32))
    code = "".join(loop.inspect_asm().values())
    bits = next((bits for name, bits in (("zmm", 512), ("ymm", 256), ("xmm", 128)) if name in code), 0)
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text("utf-8").splitlines() if cpu.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "date": date.today().isoformat(),
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "vectors": f"vectors of {bits} bits" if bits else "vectors not known",
        "cores": f"{os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "versions": f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}",
    }


def table(rows: Sequence[Row]) -> str:
    """Rows with the same keys as a Markdown table, as wide as need be."""
    cells = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
    wide = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(line, wide, strict=True)) + " |" for line in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in wide) + "|", *lines[1:]])


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def options(doc: str | None) -> argparse.ArgumentParser:
    """The options all programs have."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=PEOPLE, default="medium")
    parser.add_argument("--repeats", type=int, default=5, help="turns of every job; figures are their medians")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument("--vectors", choices=("avx2", "avx512"), help="compile for these instead of what there is")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser


def main(
    doc: str | None,
    figures: Callable[[argparse.Namespace], list[Row]],
    one: Callable[[argparse.Namespace], Row] | None = None,
) -> None:
    """Run a program: print the rows of ``figures``; or, in a process that :func:`fresh` started, what ``one`` finds."""
    asked = options(doc).parse_args()
    choose_vectors(asked.vectors)
    if asked.one is not None and one is not None:
        print(json.dumps({**one(asked), "peak_memory_mb": peak_memory()}))
        return
    if one is not None:
        compile_kernel()
    began = time.perf_counter()
    rows, about = figures(asked), machine()
    head = {"program": Path(sys.argv[0]).stem, "title": (doc or "").partition("\n")[0]}
    how = {"size": asked.size, "repeats": asked.repeats, "took_s": round(time.perf_counter() - began, 1)}
    result = {**head, **how, "machine": about, "figures": rows}
    print(json.dumps(result, indent=2) if asked.json else f"{'; '.join(about.values())}\n\n{table(rows)}")
