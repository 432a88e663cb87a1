"""What a cohort's years add up to."""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.lanes import add_times, lanes_sum
from hisim.model.fastmath import copy, fill
from hisim.model.tables import Array, CohortResult, CohortTables, Strata
from hisim.model.workspace import Lives
from hisim.variables import LANES


def room_for(tables: CohortTables, strata: Strata, cohorts: int, batches: bool = True) -> CohortResult:
    """Results of nobody, with a first axis of cohorts: all 0."""
    lanes = LANES if batches else 0
    (scenarios, years), groups, causes = tables.coverage.shape[:2], strata.weight.shape[-1], tables.rate.shape[2]
    counts = int(tables.counted.sum()) + tables.known.shape[2] + 1
    return CohortResult(
        np.zeros((cohorts, scenarios, years, causes, lanes)),
        np.zeros((cohorts, scenarios, years, groups, causes)),
        np.zeros((cohorts, scenarios, years, groups, lanes)),
        np.zeros((cohorts, scenarios, years, groups, max(lanes, 1))),
        np.zeros((cohorts, scenarios, years, counts)),
        np.zeros((cohorts, scenarios, years, groups, 2 * int(tables.used.sum()) + 1)),
        np.zeros((cohorts, years, causes)),
    )


def first_of(cohorts: CohortResult) -> CohortResult:
    """Results of the first cohort; of no years, where there is none."""
    return CohortResult(*(one[0] if len(one) else np.zeros((0,) * (one.ndim - 1)) for one in cohorts))


@compiled
def add_results(
    lives: Lives, weight: float, active: Array, bounds: Array, sampled: bool, k: int, y: int, out: CohortResult
) -> None:
    """A scenario's year from the sums of its ``lives``, by batch where ``out`` has room for that."""
    groups, causes = lives.died.shape[:2]
    batches = out.deaths.shape[3] == LANES
    deaths, death_rate = out.deaths[k, y], out.reference[y]
    for g in range(groups):
        if bounds[g] == bounds[g + 1]:
            continue
        by_stratum, by_batch, sums = out.stratum_deaths[k, y, g], out.stratum_deaths_batch[k, y, g], lives.sums[g]
        person_years = out.person_years[k, y, g]
        if batches:
            add_times(weight, sums[causes], person_years)
        else:
            person_years[0] += weight * lanes_sum(sums[causes])
        for c in range(causes):
            row, times, to = sums[c if active[c] else causes], weight * death_rate[c], deaths[c]
            if sampled:
                row, times = lives.died[g, c], 1.0
            by_stratum[c] = times * lanes_sum(row)
            if batches:
                add_times(times, row, to)
                add_times(times, row, by_batch)


@compiled
def same_results(k: int, y: int, out: CohortResult) -> None:
    """Give scenario ``k`` the comparator's year."""
    for c in range(out.deaths.shape[2]):
        copy(out.deaths[0, y, c], out.deaths[k, y, c])
    for g in range(out.person_years.shape[2]):
        copy(out.stratum_deaths[0, y, g], out.stratum_deaths[k, y, g])
        copy(out.stratum_deaths_batch[0, y, g], out.stratum_deaths_batch[k, y, g])
        copy(out.person_years[0, y, g], out.person_years[k, y, g])
        copy(out.stratum_served[0, y, g], out.stratum_served[k, y, g])
    copy(out.served[0, y], out.served[k, y])


@compiled
def move(part: Array, times: float, out: Array) -> None:
    """Add ``times * part`` to ``out``, leaving 0."""
    of, to = part.reshape(-1), out.reshape(-1)
    for i in range(to.size):
        to[i] += times * of[i]
    fill(0.0, of)


@compiled
def add_piece(part: CohortResult, pieces: int, out: CohortResult) -> None:
    """Add what one of so many equal ``pieces`` of a cohort gave, leaving 0; rates are averaged."""
    move(part.deaths, 1.0, out.deaths)
    move(part.stratum_deaths, 1.0, out.stratum_deaths)
    move(part.stratum_deaths_batch, 1.0, out.stratum_deaths_batch)
    move(part.person_years, 1.0, out.person_years)
    move(part.served, 1.0, out.served)
    move(part.stratum_served, 1.0, out.stratum_served)
    move(part.reference, 1.0 / pieces, out.reference)
