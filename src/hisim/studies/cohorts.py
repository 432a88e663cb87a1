"""One projection in units of some cohorts, worked out anywhere and added up in one place, the same to the byte."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr

from hisim.declare.files import read_scenario_text, write_scenario
from hisim.declare.scenario import Scenario
from hisim.inputs.catalogue import list_tables
from hisim.model.inputs import inputs_of
from hisim.model.plan import Plan, make_plan
from hisim.model.projection import pieces_of, project, run_piece
from hisim.model.slot_plan import library_of_run
from hisim.model.tables import CohortResult
from hisim.studies import store
from hisim.version import __version__

COHORTS = "cohorts"
"""Kind of such a definition: its units are pieces of cohorts, not runs."""
TRAJECTORIES = "trajectories"
"""Kind of a definition whose units are indicators of a plan in several areas (:mod:`hisim.studies.worlds`)."""
FORMAT = 1
"""Of definitions: raised when what a unit holds changes."""
SHAPES_END = b"\n"
Definition = Mapping[str, Any]


def texts_of(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """What a definition holds of its scenarios, and of the tables and the program they are run with."""
    return {
        "format": FORMAT,
        "program": f"hisim {__version__}",
        "scenarios": [{"name": one.name, "text": write_scenario(one)} for one in scenarios],
        "own": {one.name: dict(one.own_files) for one in scenarios},
        "data": {entry.path.name: entry.sha256 for entry in list_tables()},
    }


def scenarios_of(definition: Definition) -> list[Scenario]:
    """The scenarios of any definition."""
    own = definition["own"]
    return [read_scenario_text(one["text"], one["name"], own.get(one["name"])) for one in definition["scenarios"]]


def in_study(scenario: Scenario, people: int) -> Scenario:
    """A scenario as the runs of a study simulate it."""
    settings = scenario.simulation.model_copy(update={"people_per_cohort": people, "one_to_one": False})
    return scenario.model_copy(update={"simulation": settings})


def define_cohorts(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """The definition of one projection of ``scenarios`` whose units are pieces of cohorts."""
    first = scenarios[0]
    told = {"kind": COHORTS, "name": first.name, "title": first.title, **texts_of(scenarios)}
    plan, _ = _plan(json.dumps(told))
    return {**told, "runs": len(pieces_of(plan)), "unit_runs": 1, "uncertain": []}


@lru_cache(maxsize=1)
def _plan(text: str) -> tuple[Plan, Scenario]:
    scenarios = scenarios_of(json.loads(text))
    return make_plan(inputs_of(scenarios[0]), scenarios, library_of_run(scenarios)), scenarios[0]


def run_cohort_unit(definition: Definition, unit: int) -> bytes:
    """What the cohorts of a unit add up to: the shapes of the arrays in a line of JSON, then the arrays, float64."""
    told = {name: one for name, one in definition.items() if name not in ("runs", "unit_runs", "uncertain")}
    result = run_piece(*_plan(json.dumps(told)), unit)
    shapes = json.dumps([one.shape for one in result]).encode()
    return shapes + SHAPES_END + b"".join(np.ascontiguousarray(one, "<f8").tobytes() for one in result)


def unpacked(payload: bytes) -> CohortResult:
    """What :func:`run_cohort_unit` gave, as arrays again."""
    shapes, _, rest = payload.partition(SHAPES_END)
    arrays, start = [], 0
    for shape in json.loads(shapes):
        size = int(np.prod(shape, dtype=np.int64))
        arrays.append(np.frombuffer(rest, "<f8", size, start).reshape(shape))
        start += 8 * size
    return CohortResult(*arrays)


def assembled(study: store.Study) -> tuple[list[Scenario], xr.Dataset, xr.Dataset]:
    """Scenarios, inputs and the projection of a finished study of cohorts.

    Raises
    ------
    StudyError
        Where a unit is missing or damaged.
    """
    scenarios = scenarios_of(study.definition)
    inputs = inputs_of(scenarios[0])

    def stored(pieces: int) -> Iterator[CohortResult]:
        return (unpacked(payload) for _, payload in store.payloads(study, range(pieces)))

    return scenarios, inputs, project(scenarios, inputs, threads=1, through=stored)
