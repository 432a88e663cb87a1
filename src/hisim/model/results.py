"""What a cohort's years add up to, in one row of numbers for each scenario and year."""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.hazard import lanes_sum
from hisim.model.tables import LANES, Array, CohortResult, Float64


@compiled
def add_results(
    weight: float,
    death_rate: Array,
    active: Array,
    bounds: Array,
    sums: Array,
    died: Array,
    sampled: bool,
    out: Array,
) -> None:
    """A scenario's year from its ``sums`` into ``out`` (results,), laid out as :func:`results_of` says."""
    groups, causes = died.shape[:2]
    deaths, rest = out[: causes * LANES].reshape(causes, LANES), out[causes * LANES :]
    by_stratum = rest[: groups * causes].reshape(groups, causes)
    by_batch = rest[groups * causes : groups * (causes + LANES)].reshape(groups, LANES)
    person_years = rest[groups * (causes + LANES) : groups * (causes + 2 * LANES)].reshape(groups, LANES)
    for g in range(groups):
        if bounds[g] == bounds[g + 1]:
            continue
        for n in range(LANES):
            person_years[g, n] = weight * sums[g, causes, n]
        for c in range(causes):
            row, times = sums[g, c if active[c] else causes], weight * death_rate[c]
            if sampled:
                row, times = died[g, c], 1.0
            for n in range(LANES):
                one = times * row[n]
                deaths[c, n] += one
                by_batch[g, n] += one
            by_stratum[g, c] = times * lanes_sum(row)


def results_of(out: Float64, reference: Float64, groups: int) -> CohortResult:
    """The parts of ``out`` (K, Y, results): deaths, by stratum, by stratum and batch, person-years, served."""
    causes, shape = reference.shape[1], out.shape[:2]
    ends = np.cumsum([causes * LANES, groups * causes, groups * LANES, groups * LANES])
    deaths, by_stratum, by_batch, person_years, served = np.split(out, ends, axis=2)
    return CohortResult(
        deaths.reshape(*shape, causes, LANES),
        by_stratum.reshape(*shape, groups, causes),
        by_batch.reshape(*shape, groups, LANES),
        person_years.reshape(*shape, groups, LANES),
        served.reshape(*shape, groups, -1),
        reference,
    )
