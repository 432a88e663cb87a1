"""The one orchestrator: scenarios + inputs -> plan -> cohorts -> Projection.

Cohorts are independent, so a pool of threads runs them in any order; results are added up in the order
of the cohorts, which is why threads and chunks change nothing.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import groupby

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario, Simulation
from hisim.errors import ImpossibleModelError
from hisim.garbage import unsearched
from hisim.model.inputs import inputs_of
from hisim.model.kernel import run_cohorts
from hisim.model.laid import by_band, lay_out
from hisim.model.plan import Cohort, Plan, make_plan
from hisim.model.provenance import provenance
from hisim.model.random import cohort_number
from hisim.model.served import interventions_of, people_in_state, served, told_apart
from hisim.model.slot_plan import Library, library_of_run
from hisim.model.tables import CohortResult, Float64
from hisim.model.workspace import PIECE
from hisim.stratum_variables import STRATUM_PROJECTION
from hisim.variables import (
    AGE_BANDS,
    AGES,
    CAUSES,
    COMPARATOR,
    INPUTS,
    LANES,
    PROJECTION,
    QUINTILES,
    SEXES,
    STATES,
    check,
    describe,
)

RunCohorts = Callable[..., tuple[Float64, ...]]
Through = Callable[[int], Iterable[CohortResult]]
CHUNK = 16
"""Cohorts in a piece of work."""
Progress = Callable[[float], None]
MOST_STREAM = 2**32 - 1
"""The generator takes a draw of 32 bits."""


@unsearched()
def project(
    scenarios: Scenario | Sequence[Scenario],
    inputs: xr.Dataset | None = None,
    *,
    threads: int | None = None,
    chunk: int = CHUNK,
    progress: Progress | None = None,
    library: Library | None = None,
    run: RunCohorts = run_cohorts,
    batches: bool = True,
    draw: int = 0,
    stream: int | None = None,
    through: Through | None = None,
) -> xr.Dataset:
    """Project deaths by year, quintile, sex, age and cause, for the comparator and every scenario.

    Parameters
    ----------
    scenarios
        One or more scenarios with the same area, years, trend and simulation settings, and names of
        their own.
    inputs
        Dataset of ``variables.INPUTS``; by default what :func:`hisim.load_inputs` gives for the scenarios.
    threads, chunk
        Threads, by default one per core, and cohorts per piece of work. Neither changes a byte.
    progress
        Called with the share done [0..1] after each piece of work; what it raises stops the run.
    library
        Interventions that define each treatment's effect; by default the packaged library.
    run
        The compiled kernel, or its twin.
    batches
        Whether to tell the batches of people apart, for Monte Carlo error. Without, there are no variables by
        ``batch`` and it takes less time; the others differ by rounding, less than 1e-12 relative.
    draw, stream
        Label of the dataset's only draw (0 = central values), and what chance is keyed on beside the seed, by default
        the same: draws with one ``stream`` have the same people.
    through
        What gives the results of all pieces of work in order (:func:`run_piece`); by default they are done here.

    Returns
    -------
    Dataset of ``variables.PROJECTION``, comparator first, with its provenance in the attributes.

    Raises
    ------
    ImpossibleModelError
        When the scenarios cannot be compared with each other or do not fit ``inputs``, or ``draw`` or ``stream`` is
        no number of 32 bits.
    """
    several = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    first = _common_settings(several)
    if inputs is None:
        inputs = inputs_of(first)
    check(inputs, INPUTS)
    _same_strata(first, inputs)
    _same_years(first, inputs)
    key = _stream(draw, stream)
    plan = make_plan(inputs, several, library_of_run(several, library))
    every = threads or os.cpu_count() or 1
    one = partial(run_some, plan, first, run, stream=key, batches=batches)
    if every == 1 and not batches:
        chunk = CHUNK * len(plan.cohorts)  # they take little room, and no other thread waits for work
    results = _run_all(pieces_of(plan, chunk), one, every, progress, through)
    dataset = _add_up(plan, results, draw, batches)
    dataset.attrs.update(provenance(several, inputs))
    if key != draw:
        dataset.attrs["stream"] = str(key)
    dictionary = {**PROJECTION, **(STRATUM_PROJECTION if first.strata is not None else {})}
    return describe(dataset, {name: one for name, one in dictionary.items() if batches or "batch" not in one.dims})


def _stream(draw: int, stream: int | None) -> int:
    for name, value in (("draw", draw), ("stream", stream)):
        if value is not None and not 0 <= value <= MOST_STREAM:
            raise ImpossibleModelError(f"{name}: found {value}; allowed: 0 to {MOST_STREAM}")
    return draw if stream is None else stream


def _common_settings(scenarios: Sequence[Scenario]) -> Scenario:
    if not scenarios:
        raise ImpossibleModelError("no scenario to project; allowed: one or more")
    first = scenarios[0]
    for other in scenarios[1:]:
        for name in ("area", "start", "end", "trend", "observed_to", "simulation", "strata"):
            if getattr(other, name) != getattr(first, name):
                raise ImpossibleModelError(
                    f"{name}: found {getattr(other, name)} in '{other.name}' and {getattr(first, name)} in "
                    f"'{first.name}'; allowed: the same in all scenarios that are compared"
                )
    names = [scenario.name for scenario in scenarios]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ImpossibleModelError(f"name: found '{min(twice)}' twice; allowed: a name of its own for every scenario")
    return first


def _same_strata(scenario: Scenario, inputs: xr.Dataset) -> None:
    wanted = () if scenario.strata is None else scenario.strata.levels
    found = tuple(map(str, inputs["stratum"].values)) if "stratum_share" in inputs else ()
    if wanted != found:
        raise ImpossibleModelError(
            f"inputs: found {len(found)} strata; allowed: the {len(wanted)} of the section strata in '{scenario.name}'"
        )


def _same_years(scenario: Scenario, inputs: xr.Dataset) -> None:
    years = inputs["year"].values.tolist()
    if years != list(range(scenario.start, scenario.end + 1)):
        raise ImpossibleModelError(
            f"inputs: found years {years[0]} to {years[-1]}; allowed: {scenario.start} to {scenario.end}, as in "
            f"'{scenario.name}'"
        )


def run_some(
    plan: Plan,
    scenario: Scenario,
    run: RunCohorts,
    cohorts: Sequence[Cohort],
    *,
    stream: int = 0,
    batches: bool = True,
) -> CohortResult:
    """Run cohorts of one quintile and sex."""
    settings, (q, s) = scenario.simulation, (cohorts[0].quintile, cohorts[0].sex)
    births = [cohort.birth_year for cohort in cohorts]
    sizes = [simulated(plan, cohort, settings) for cohort in cohorts]
    who = [(birth, *size, cohort_number(QUINTILES[q], s, birth)) for birth, size in zip(births, sizes, strict=True)]
    places = [plan.index(cohort)[2] for cohort in cohorts]
    return CohortResult(
        *run(
            plan.tables[q][s],
            plan.strata(cohorts, [people for people, _ in sizes]),
            plan.conditions[q, s, places],
            plan.person_years[q, s, places],
            np.array(who, np.int64),
            stream,
            settings.seed,
            settings.estimator == "sampled",
            **({} if batches else {"batches": False}),
        )
    )


def simulated(plan: Plan, cohort: Cohort, settings: Simulation) -> tuple[int, int]:
    """Simulated persons in each piece of a cohort, whole rows of 16, and how many pieces; they may be a few more."""
    people: float = settings.people_per_cohort
    if settings.one_to_one:
        first = max(0, cohort.birth_year - plan.start)
        people = max(LANES * len(plan.world.strata.names), plan.person_years[plan.index(cohort)][first])
    pieces = math.ceil(people / PIECE)
    return math.ceil(people / pieces / LANES) * LANES, pieces


def pieces_of(plan: Plan, chunk: int = CHUNK) -> list[list[Cohort]]:
    """The cohorts in pieces of work of at most ``chunk``, each of one quintile and sex, in their fixed order."""
    alike = [list(several) for _, several in groupby(plan.cohorts, lambda cohort: (cohort.quintile, cohort.sex))]
    return [cohorts[i : i + chunk] for cohorts in alike for i in range(0, len(cohorts), chunk)]


def run_piece(plan: Plan, scenario: Scenario, number: int) -> CohortResult:
    """The piece of that number of :func:`pieces_of`, with batches: what ``through`` of :func:`project` gives."""
    return run_some(plan, scenario, run_cohorts, pieces_of(plan)[number])


def _run_all(
    pieces: Sequence[Sequence[Cohort]],
    one: Callable[[Sequence[Cohort]], CohortResult],
    threads: int,
    progress: Progress | None,
    through: Through | None,
) -> Iterator[tuple[Cohort, CohortResult]]:
    """Results in the order of the cohorts, some at a time beside the first, whatever the order threads finish in."""
    with ExitStack() as stack:
        results: Iterable[CohortResult] = map(one, pieces) if through is None else through(len(pieces))
        if threads > 1 and through is None:
            pool = ThreadPoolExecutor(threads)
            stack.callback(pool.shutdown, cancel_futures=True)
            results = pool.map(one, pieces)
        for done, (piece, result) in enumerate(zip(pieces, results, strict=True), start=1):
            yield piece[0], result
            if progress is not None:
                progress(done / len(pieces))


def _add_up(
    plan: Plan, results: Iterator[tuple[Cohort, CohortResult]], draw: int = 0, batches: bool = True
) -> xr.Dataset:
    """The cells of the projection, from the cohorts' results."""
    labels = _labels(plan, draw, batches)
    laid = lay_out(plan, {dim: len(names) for dim, names in labels.items()}, results)
    counts, told, lived = (laid.pop(name) for name in ("counts", "told", "lived"))
    use = served(plan, dict(zip(told_apart(plan), told, strict=True)), lived)
    laid |= {
        "covered": use.covered.sum(axis=-1),
        "people_eligible": use.eligible.sum(axis=-1),
        "offered": use.offered,
        "people_in_state": people_in_state(plan, counts),
        "cost_gbp": use.cost,
        "winter_share": plan.winter_share,
    }
    if len(plan.world.strata.names) > 1:
        laid |= {"stratum_covered": by_band(use.covered, -2), "stratum_eligible": by_band(use.eligible, -2)}
    dictionary = {**PROJECTION, **STRATUM_PROJECTION}
    dims = {name: variable.dims for name, variable in dictionary.items() if name in laid}
    dataset = xr.Dataset({name: (own, np.expand_dims(laid[name], own.index("draw"))) for name, own in dims.items()})
    return dataset.assign_coords({dim: names for dim, names in labels.items() if dim in dataset.dims})


def _labels(plan: Plan, draw: int, batches: bool) -> dict[str, list[str] | list[int]]:
    """Labels of every dimension a projection may have."""
    return {
        "scenario": [COMPARATOR, *(scenario.name for scenario in plan.scenarios)],
        "draw": [draw],
        **({"batch": list(range(LANES))} if batches else {}),
        "year": list(range(plan.start, plan.end + 1)),
        "quintile": list(QUINTILES),
        "sex": list(SEXES),
        "age": list(AGES),
        "age_band": list(AGE_BANDS),
        "cause": list(CAUSES),
        "intervention": interventions_of(plan),
        "state": list(STATES),
        "stratum": list(plan.world.strata.names),
    }
