"""What a cohort's years add up to, in one row of numbers for each scenario and year."""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.hazard import lanes_sum
from hisim.model.tables import LANES, Array, CohortResult, Float64


@compiled
def parts_of(out: Array, groups: int, causes: int) -> tuple[Array, Array, Array, Array, Array]:
    """A year's row: deaths (C, 16), by stratum (G, C) and batch (G, 16), person-years (G, 16), served (G, counts)."""
    a = causes * LANES
    b = a + groups * causes
    c = b + groups * LANES
    d = c + groups * LANES
    return (
        out[:a].reshape(causes, LANES),
        out[a:b].reshape(groups, causes),
        out[b:c].reshape(groups, LANES),
        out[c:d].reshape(groups, LANES),
        out[d:].reshape(groups, (out.size - d) // groups),
    )


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
    """A scenario's year from its ``sums`` into ``out`` (results,)."""
    groups, causes = died.shape[:2]
    deaths, by_stratum, by_batch, person_years, _ = parts_of(out, groups, causes)
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
    """The parts of ``out`` (K, Y, results), as :func:`parts_of` has them for one year."""
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
