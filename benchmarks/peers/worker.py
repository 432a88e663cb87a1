"""One runner in its own environment: a request (JSON) on each line in, an answer (JSON) on each line out.

    python worker.py NAME DISTRIBUTION      # NAME_runner.py beside this file; DISTRIBUTION for its version

The first line out says that it is ready: everything imported, and compiled by a run of a few people.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import model
from expected import expected

AS_IT_IS = tuple(model.SERVICE["quitting_times"])
STRONG = [10.0] * 5
FEW = 1_000
"""People of the run that has everything compiled before the worker is ready."""


def peak_mb() -> float:
    """The most memory this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def version_of(distribution: str) -> str:
    """The version installed here."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def answer(run: Callable[[int, int, bool], Any], request: dict[str, Any]) -> dict[str, Any]:
    """What one request asks for."""
    # The service as it is moves deaths by little more than chance does: the check also asks for a far stronger one.
    model.SERVICE["quitting_times"] = STRONG if request["service"] == "strong" else list(AS_IT_IS)
    what = (request["people"], request["seed"], request["service"] != "off")
    if request["ask"] == "expected":
        return expected(*what)
    model.initial_people(*what[:2])  # the same for all, so kept out of the time: a runner finds them made
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    deaths = run(*what)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        "margins": model.margins(deaths),
        "person_years": model.person_years(what[0], deaths),
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_mb": peak_mb(),
    }


def main(name: str, distribution: str) -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a framework prints must not end up among the answers

    def say(what: dict[str, Any]) -> None:
        print(json.dumps(what), file=answers, flush=True)

    run = importlib.import_module(f"{name}_runner").run
    run(FEW, 0, True)
    say({"version": version_of(distribution), "start_cpu_s": time.process_time()})
    for line in sys.stdin:
        say(answer(run, json.loads(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])
