"""The one orchestrator: scenarios + inputs -> plan -> cohorts -> Projection.

Cohorts are independent, so a pool of threads runs them in any order; results are added up in the order
of the cohorts, which is why threads and chunks change nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.errors import ImpossibleModelError
from hisim.inputs.load import load_inputs
from hisim.model.kernel import run_cohort
from hisim.model.plan import Cohort, Plan, make_plan
from hisim.model.provenance import provenance
from hisim.model.random import cohort_number
from hisim.model.served import interventions_of, people_in_state, served
from hisim.model.slot_plan import Library, library_of_run
from hisim.model.tables import LANES, CohortResult, Float64
from hisim.variables import (
    AGE_BANDS,
    AGES,
    CAUSES,
    COMPARATOR,
    INPUTS,
    OLDEST_AGE,
    PROJECTION,
    QUINTILES,
    REGISTERS,
    SEXES,
    STATES,
    band_of_age,
    check,
    describe,
)

RunCohort = Callable[..., tuple[Float64, Float64, Float64, Float64]]
Progress = Callable[[float], None]
DRAW = 0
"""Index of the central values of all uncertain inputs."""


def project(
    scenarios: Scenario | Sequence[Scenario],
    inputs: xr.Dataset | None = None,
    *,
    threads: int | None = None,
    chunk: int = 8,
    progress: Progress | None = None,
    library: Library | None = None,
    run: RunCohort = run_cohort,
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

    Returns
    -------
    Dataset of ``variables.PROJECTION``, comparator first, with its provenance in the attributes.

    Raises
    ------
    ImpossibleModelError
        When the scenarios cannot be compared with each other or do not fit ``inputs``.
    """
    several = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    first = _common_settings(several)
    if inputs is None:
        inputs = inputs_of(first)
    check(inputs, INPUTS)
    _same_years(first, inputs)
    plan = make_plan(inputs, several, library_of_run(several, library))
    results = _run_all(plan, first, run, threads or os.cpu_count() or 1, chunk)
    dataset = _add_up(plan, inputs, results, progress)
    dataset.attrs.update(provenance(several, inputs))
    return describe(dataset, PROJECTION)


def inputs_of(scenario: Scenario) -> xr.Dataset:
    """The packaged inputs for the area, years and trend of ``scenario``."""
    return load_inputs(
        scenario.start,
        scenario.end,
        trend=scenario.trend.kind,
        damping=1.0 if scenario.trend.damping is None else scenario.trend.damping,
        observed_to=scenario.observed_to,
        area=scenario.area,
    )


def _common_settings(scenarios: Sequence[Scenario]) -> Scenario:
    if not scenarios:
        raise ImpossibleModelError("no scenario to project; allowed: one or more")
    first = scenarios[0]
    for other in scenarios[1:]:
        for name in ("area", "start", "end", "trend", "observed_to", "simulation"):
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


def _same_years(scenario: Scenario, inputs: xr.Dataset) -> None:
    years = inputs["year"].values.tolist()
    if years != list(range(scenario.start, scenario.end + 1)):
        raise ImpossibleModelError(
            f"inputs: found years {years[0]} to {years[-1]}; allowed: {scenario.start} to {scenario.end}, as in "
            f"'{scenario.name}'"
        )


def _run_one(plan: Plan, scenario: Scenario, run: RunCohort, cohort: Cohort) -> CohortResult:
    where = plan.index(cohort)
    number = cohort_number(QUINTILES[cohort.quintile], cohort.sex, cohort.birth_year)
    settings = scenario.simulation
    return CohortResult(
        *run(
            plan.tables[cohort.quintile][cohort.sex],
            plan.conditions[where],
            number,
            cohort.birth_year,
            settings.people_per_cohort,
            plan.weights[where],
            DRAW,
            settings.seed,
            settings.estimator == "sampled",
        )
    )


def _run_all(
    plan: Plan, scenario: Scenario, run: RunCohort, threads: int, chunk: int
) -> Iterator[tuple[Cohort, CohortResult]]:
    """Results in the order of the cohorts, whatever the order in which threads finish."""
    pieces = [plan.cohorts[i : i + chunk] for i in range(0, len(plan.cohorts), chunk)]

    def work(piece: Sequence[Cohort]) -> list[CohortResult]:
        return [_run_one(plan, scenario, run, cohort) for cohort in piece]

    pool = ThreadPoolExecutor(threads)
    try:
        for piece, results in zip(pieces, pool.map(work, pieces), strict=True):
            yield from zip(piece, results, strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


def _add_up(
    plan: Plan,
    inputs: xr.Dataset,
    results: Iterator[tuple[Cohort, CohortResult]],
    progress: Progress | None,
) -> xr.Dataset:
    """Lay the cohorts' results on the cells of the projection."""
    names = [COMPARATOR, *(scenario.name for scenario in plan.scenarios)]
    years = np.arange(plan.start, plan.end + 1)
    shape = (len(names), len(years), len(QUINTILES), len(SEXES))
    deaths = np.zeros((*shape, len(AGES), len(CAUSES)))
    lived = np.zeros((*shape, len(AGES)))
    counts = np.zeros((*shape, len(AGES), 2 * len(plan.slots) + len(REGISTERS) + 1))
    reference = np.zeros((*shape[1:], len(AGES), len(CAUSES)))
    deaths_batch = np.zeros((shape[0], LANES, *shape[1:], len(AGE_BANDS), len(CAUSES)))
    lived_batch = np.zeros((shape[0], LANES, *shape[1:], len(AGE_BANDS)))
    bands, every_year = band_of_age(), np.arange(len(years))
    for done, (cohort, result) in enumerate(results, start=1):
        q, s = cohort.quintile, cohort.sex
        ages = np.clip(years - cohort.birth_year, None, OLDEST_AGE)
        y = every_year[ages >= 0]
        a, b = ages[y], bands[ages[y]]
        deaths[:, y, q, s, a] += result.deaths[:, :, y].sum(axis=1)
        lived[:, y, q, s, a] += result.person_years[:, :, y].sum(axis=1)
        counts[:, y, q, s, a] += result.served[:, y]
        reference[y, q, s, a] = result.reference[y]
        deaths_batch[:, :, y, q, s, b] += result.deaths[:, :, y]
        lived_batch[:, :, y, q, s, b] += result.person_years[:, :, y]
        if progress is not None:
            progress(done / len(plan.cohorts))
    use = served(plan, inputs, counts, lived)
    arrays = {
        "deaths": deaths[:, None],
        "person_years": lived[:, None],
        "deaths_batch": deaths_batch[:, None],
        "person_years_batch": lived_batch[:, None],
        "covered": use.covered[:, None],
        "people_eligible": use.eligible[:, None],
        "offered": use.offered[:, None],
        "people_in_state": np.moveaxis(people_in_state(plan, counts), -1, 1)[:, None],
        "cost_gbp": use.cost[:, None],
        "winter_share": plan.winter_share[:, None],
        "reference_rate": reference[None],
    }
    coords = {
        "scenario": names,
        "draw": [DRAW],
        "batch": np.arange(LANES),
        "year": years,
        "quintile": list(QUINTILES),
        "sex": list(SEXES),
        "age": list(AGES),
        "age_band": list(AGE_BANDS),
        "cause": list(CAUSES),
        "intervention": interventions_of(plan),
        "state": list(STATES),
    }
    return xr.Dataset({name: (PROJECTION[name].dims, array) for name, array in arrays.items()}, coords)
