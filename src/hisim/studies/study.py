"""A study: many runs of the same scenarios with other numbers, cut into units of work that can be done anywhere.

A *definition* is plain data: whoever has it and the package can work out any unit, with the same bytes. The order of
its keys means nothing, that of its lists does. Run 0 has the central values and is a unit of its own, with its Monte
Carlo standard errors; the runs after it follow the design. Figures of a unit lie one after the other, each of all its
runs, so that one figure of all runs can be read by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.errors import StudyError
from hisim.model.drawn import drawn
from hisim.model.projection import project
from hisim.model.slot_plan import Library, library_of_run
from hisim.outcomes.asked import Asked, Cell, chance_in, figures, joined, reduced, rows
from hisim.studies import design
from hisim.studies.cohorts import COHORTS, TRAJECTORIES, Definition, run_cohort_unit, scenarios_of
from hisim.studies.worlds import run_worlds_unit
from hisim.uncertain import Uncertain, drawn_values

DRAWS, ONE_AT_A_TIME, GRID, LATIN, MORRIS, SOBOL = (
    "draws", "one_at_a_time", "grid", "latin_hypercube", "morris", "sobol",
)  # fmt: skip
COMMON_CHANCE = 0
"""Random numbers of every run of a sweep: what differs between two runs is then due to their numbers alone."""


class Prepared(NamedTuple):
    """What the runs of a definition share."""

    scenarios: list[Scenario]
    library: Library
    uncertain: list[Uncertain]
    asked: list[Asked]


def units_of(definition: Definition) -> int:
    """How many units the runs of a definition make, with that of the central run."""
    if definition["kind"] == COHORTS:
        return int(definition["runs"])
    return 1 + -(-int(definition["runs"]) // int(definition["unit_runs"]))


def runs_in(definition: Definition, unit: int) -> range:
    """Numbers of the runs of a unit; run 0 is the central one."""
    if unit == 0:
        return range(1)
    first = 1 + (unit - 1) * int(definition["unit_runs"])
    return range(first, min(first + int(definition["unit_runs"]), 1 + int(definition["runs"])))


def run_unit(definition: Definition, unit: int) -> bytes:
    """The figures of a unit as bytes: little-endian float64, (figures, runs).

    Unit 0 holds the central run and its Monte Carlo standard errors.

    Raises
    ------
    StudyError
        Where the model refuses the numbers of a run.
    """
    if definition["kind"] == COHORTS:
        return run_cohort_unit(definition, unit)
    if definition["kind"] == TRAJECTORIES:
        return run_worlds_unit(definition, unit)
    prepared = prepare(definition)
    if unit == 0:
        found = central_figures(prepared, *_reduced(prepared, 0, {}, COMMON_CHANCE, lean=False))
    else:
        found = rows(figures(joined(_reduced_runs(definition, prepared, unit)), prepared.asked))
    return np.ascontiguousarray(found.T, "<f8").tobytes()


def central_figures(prepared: Prepared, small: xr.Dataset, projection: xr.Dataset) -> np.ndarray:
    """Figures of the central run and their Monte Carlo standard errors, (2, figures)."""
    found = figures(small, prepared.asked)
    calibrated = prepared.scenarios[0].simulation.estimator == "expected"
    return np.concatenate([rows(found), rows(chance_in(projection, prepared.asked, found, calibrated=calibrated))])


def central(definition: Definition) -> dict[str, xr.DataArray]:
    """The figures of the central run, with a draw dimension of one; for where a definition is made."""
    prepared = prepare(definition)
    small, _ = _reduced(prepared, 0, {}, COMMON_CHANCE, lean=True)
    return figures(small, prepared.asked)


def _reduced_runs(definition: Definition, prepared: Prepared, unit: int) -> list[xr.Dataset]:
    """What figures are made of in each run of a unit."""
    runs, paths = runs_in(definition, unit), [one.path for one in prepared.uncertain]
    own = definition["kind"] == DRAWS
    return [
        _reduced(prepared, run, dict(zip(paths, values, strict=True)), run if own else COMMON_CHANCE, lean=True)[0]
        for run, values in zip(runs, values_in(definition, runs.start, runs.stop).tolist(), strict=True)
    ]


def _reduced(
    prepared: Prepared, run: int, values: Mapping[str, float], stream: int, *, lean: bool
) -> tuple[xr.Dataset, xr.Dataset]:
    """What figures are made of in one run with such values, and its projection."""
    try:
        now = drawn(prepared.scenarios, prepared.library, values)
        projection = project(
            now.scenarios, now.inputs, library=now.library, threads=1, draw=run, stream=stream, batches=not lean
        )
    except (ValueError, ArithmeticError, KeyError) as error:
        raise StudyError(
            f"run {run}: found numbers that the model refuses ({error}); allowed: narrower ranges"
        ) from None
    return reduced(projection, now.inputs), projection


def values_in(definition: Definition, first: int, stop: int) -> np.ndarray:
    """Values of the uncertain numbers in runs ``first`` to ``stop`` (not included) from 1 on, (run, number)."""
    prepared = prepare(definition)
    points = points_in(definition, first, stop)
    if definition["kind"] != GRID:
        return drawn_values(prepared.uncertain, points)
    levels = [one["values"] for one in definition["uncertain"]]
    return np.array([[own[int(i)] for own, i in zip(levels, point, strict=True)] for point in points])


def points_in(definition: Definition, first: int, stop: int) -> np.ndarray:
    """Points of the unit cube (or of the grid) of runs ``first`` to ``stop`` from 1 on, (run, number)."""
    settings, count = definition["design"], len(definition["uncertain"])
    if definition["kind"] == DRAWS:
        points = design.draws(stop - first, count, settings["seed"], first - 1)
    else:
        points = _whole_design(json.dumps([definition["kind"], settings, count, _levels(definition)]))[
            first - 1 : stop - 1
        ]
    return points if not definition["correlations"] else design.correlated(points, correlation_of(definition))


def _levels(definition: Definition) -> list[int]:
    return [len(one["values"]) for one in definition["uncertain"]] if definition["kind"] == GRID else []


@lru_cache(maxsize=2)
def _whole_design(text: str) -> np.ndarray:
    kind, settings, count, levels = json.loads(text)
    size, seed = settings.get("size", 0), settings.get("seed", 0)
    if kind == ONE_AT_A_TIME:
        return design.one_at_a_time(count)[1:]
    if kind == GRID:
        return design.grid(levels)
    if kind == LATIN:
        return design.latin_hypercube(size, count, seed)
    if kind == MORRIS:
        return design.morris(size, count, settings["levels"], seed)
    return design.sobol(size, count, seed, settings["second_order"])


def correlation_of(definition: Definition) -> np.ndarray:
    """Rank correlation of the uncertain numbers, (number, number)."""
    paths = [str(one["path"]) for one in definition["uncertain"]]
    out = np.eye(len(paths))
    for one, other, coefficient in definition["correlations"]:
        i, j = paths.index(one), paths.index(other)
        out[i, j] = out[j, i] = coefficient
    return out


def prepare(definition: Definition) -> Prepared:
    """Scenarios, interventions and uncertain numbers of a definition; made once in a process."""
    parts = {name: definition[name] for name in ("scenarios", "own", "uncertain", "asked")}
    return _prepared(json.dumps(parts, sort_keys=False))


@lru_cache(maxsize=2)
def _prepared(text: str) -> Prepared:
    parts = json.loads(text)
    scenarios = scenarios_of(parts)
    uncertain = [
        Uncertain(**{name: one[name] for name in Uncertain._fields if name != "support"}, support=_support(one))
        for one in parts["uncertain"]
    ]
    asked = [
        Asked(one["key"], one["estimand"], {dim: tuple(at) for dim, at in one["at"].items()}, one["change"])
        for one in parts["asked"]
    ]
    return Prepared(scenarios, library_of_run(scenarios), uncertain, asked)


def _support(one: Mapping[str, Any]) -> tuple[float, float]:
    low, high = one["support"]
    return (-np.inf if low is None else float(low), np.inf if high is None else float(high))


def plain(one: Uncertain) -> dict[str, Any]:
    """An uncertain number as plain data; a bound that is not finite is none."""
    low, high = one.support
    ends = [low if np.isfinite(low) else None, high if np.isfinite(high) else None]
    return {**one._asdict(), "support": ends}


def cells_of(definition: Definition) -> list[Cell]:
    """Where each figure lies among those of a run."""
    return [
        Cell(
            one["key"], one["estimand"], tuple(one["dims"]), tuple(tuple(labels) for labels in one["labels"]),
            one["start"], one["stop"],
        )
        for one in definition["layout"]
    ]  # fmt: skip


def unpack(definition: Definition, unit: int, payload: bytes) -> np.ndarray:
    """The figures of a unit, (figures, runs)."""
    width = 2 if unit == 0 else len(runs_in(definition, unit))
    return np.frombuffer(payload, "<f8").reshape(-1, width)


def slabs(figures_each: int, width: int) -> Iterator[slice]:
    """The figures of a run in slices of at most ``width``."""
    return (slice(start, min(start + width, figures_each)) for start in range(0, figures_each, width))
