"""From process start to a first result: 1e5 people, 20 years. Standard library only.

    python benchmarks/start.py [--repeats 5] [--empty]

Every figure is the median over fresh processes [seconds], with files and compiled code warm; ``--empty`` adds one
run with an empty cache, which compiles (minutes). Stages follow each other in one process, so each import is what it
adds to those before it. Run on a quiet machine: every stage is single-threaded but the kernel.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parents[1]
PEOPLE_PER_COHORT, FIRST, LAST = 96, 2011, 2030
USES = (("antihypertensives", 1.4), ("statins", 1.4), ("stop-smoking-services", 2.0))

WHOLE = """
import sys
import hisim
scenario = hisim.read_scenario(sys.argv[1])
projection = hisim.project(scenario)
deaths = projection["deaths"].sum(["year", "quintile", "sex", "age", "cause"]).values
print(float(deaths[0, 0] - deaths[1, 0]), flush=True)
"""
STAGES = """
import json, os, sys, time
spent, last = {}, time.perf_counter()
def lap(name):
    global last
    now = time.perf_counter()
    spent[name], last = now - last, time.perf_counter()
import numpy; lap("import numpy")
import pydantic, ruamel.yaml; lap("import pydantic, ruamel.yaml")
import pandas; lap("import pandas")
import xarray; lap("import xarray")
import llvmlite.binding; lap("import llvmlite")
from hisim.declare.files import load_library, read_scenario; lap("import hisim.declare")
import hisim.model.projection as model
import hisim.outcomes.bands, hisim.outcomes.estimands; lap("import hisim.model, outcomes")
scenario = read_scenario(sys.argv[1]); lap("read scenario")
load_library(); lap("read library")
inputs = model.inputs_of(scenario); lap("load inputs")
plan = model.make_plan(inputs, [scenario], model.library_of_run([scenario])); lap("make plan")
model.run_some(plan, scenario, model.run_cohorts, plan.cohorts[:1]); lap("load compiled code, first cohort")
one = lambda piece: model.run_some(plan, scenario, model.run_cohorts, piece)
results = list(model._run_all(model.pieces_of(plan), one, os.cpu_count(), None, None)); lap("kernel")
projection = model._add_up(plan, iter(results))
projection.attrs.update(model.provenance([scenario], inputs)); lap("add up")
banded = hisim.outcomes.bands.banded(projection)
hisim.outcomes.estimands.estimate("deaths_averted_cumulative", banded); lap("estimand")
print(json.dumps({"spent": spent, "cohorts": len(plan.cohorts)}))
"""


def timed(code: str, scenario: Path, environment: dict[str, str]) -> tuple[float, float, str]:
    """Seconds until a fresh process prints its one line, and until it has ended; and the line."""
    begin = time.perf_counter()
    command = [sys.executable, "-c", code, str(scenario)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        printed = time.perf_counter() - begin
        process.wait()
    if process.returncode:
        sys.exit(process.returncode)
    return printed, time.perf_counter() - begin, line


def scenario_text() -> str:
    """Three actions of the packaged library."""
    head = ["hisim: 1", "name: start", "title: From process start to a first result", f"start: {FIRST}", f"end: {LAST}"]
    uses = [f"  - {{use: {name}, relative: {times}, from: {FIRST}}}" for name, times in USES]
    return "\n".join([*head, f"simulation: {{people_per_cohort: {PEOPLE_PER_COHORT}}}", "interventions:", *uses, ""])


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--empty", action="store_true", help="also one run with an empty cache: minutes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "start.yaml"
        scenario.write_text(scenario_text(), "utf-8")
        # An installed package has its bytecode; a checkout may be told to write none, which is not what is measured.
        path = os.pathsep.join(filter(None, [str(HERE / "src"), os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        timed(WHOLE, scenario, environment)
        timed(STAGES, scenario, environment)
        bare = [timed("pass", scenario, environment)[1] for _ in range(asked.repeats)]
        whole = [timed(WHOLE, scenario, environment) for _ in range(asked.repeats)]
        runs = [json.loads(timed(STAGES, scenario, environment)[2]) for _ in range(asked.repeats)]
        result = {
            "people": runs[0]["cohorts"] * PEOPLE_PER_COHORT,
            "years": LAST - FIRST + 1,
            "python -c pass": median(bare),
            "stages": {name: round(median(run["spent"][name] for run in runs), 4) for name in runs[0]["spent"]},
            "process start to first result": median(printed for printed, _, _ in whole),
            "process start to its end": median(ended for _, ended, _ in whole),
            "deaths averted": float(whole[0][2]),
        }
        if asked.empty:
            empty = {**environment, "XDG_CACHE_HOME": str(Path(folder) / "empty")}
            empty.pop("NUMBA_CACHE_DIR", None)
            result["the same with an empty cache"] = timed(WHOLE, scenario, empty)[0]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
