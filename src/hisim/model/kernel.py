"""The compiled model: one cohort at a time, people as SIMD lanes, all years and scenarios in cache.

Within a cohort-year every rate and coefficient is a scalar, so the inner loops run over people only.
``model/twin.py`` says the same in plain NumPy and must agree.

Order of events within a year: (1) people of starting age take up smoking; (2) exposures, conditions and
who is served in the year are set; (3) deaths and person-years are counted at the age reached in the year,
at a constant hazard; (4) smokers quit and former smokers relapse, with effect from the next year.

A scenario is not simulated before the first year in which it differs from the comparator: until then its
people are the comparator's.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.exposure import (
    change_smoking,
    set_percentiles,
    set_readiness,
    set_smoking,
    sort_by_stratum,
    start_smoking,
)
from hisim.model.fastmath import exp32
from hisim.model.hazard import ALWAYS, calibrate, draw_deaths, live_year, sum_products
from hisim.model.random import LIFELONG_ROWS, REGISTER_EVENTS, SMOKING, SMOKING_CHANGE, YEARS_SINCE_QUIT
from hisim.model.slots import add_reached, set_comparator_year, set_scenario_ratio
from hisim.model.tables import (
    CURRENT,
    LANES,
    LAST_STARTING_AGE,
    REGISTER_FLAGS,
    Array,
    CohortTables,
    Float64,
    Strata,
)
from hisim.model.workspace import Workspace, make_workspace
from hisim.variables import OLDEST_AGE

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@compiled
def add_counted(weight: float, lived: Array, bounds: Array, work: Workspace, served: Array) -> None:
    """Add the person-years of the people in ``work.flag`` to ``served`` (G,)."""
    for g in range(served.size):
        if bounds[g] < bounds[g + 1]:
            sum_products(lived, work.flag, ALWAYS, bounds[g], bounds[g + 1], work.scratch, work.totals)
            served[g] += weight * work.totals[0].sum()


@compiled
def flag_below(ready: Array, known: Array, flag: Array, coverage: Array, told: Array, spans: Array, row: Array) -> None:
    """Set ``row`` to the flag of those below ``coverage`` (P,) and, on the register, below ``told`` (P,)."""
    row[:] = _ZERO
    add_reached(ready, known, flag, coverage, told, spans, _ONE, row)


@compiled
def count_people(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    b: int,
    k: int,
    y: int,
    age: int,
    weight: float,
    slot: Array,
    served: Array,
) -> None:
    """Add the person-years of a block served in each slot, eligible for it, diagnosed and smoking to ``served``."""
    slots, registers = tables.counted.size, tables.known.shape[3]
    lived, u, flags, row = work.lived[b], work.uniforms[b], work.flags[b], work.flag[0]
    bounds, whole = strata.bounds, strata.spans[:: strata.spans.size - 1]
    for t in range(slots):
        if not (tables.counted[t] and tables.in_scope[age, t]):
            continue
        own, spans = (strata.spans.size - 1, strata.spans) if tables.apart[t] else (1, whole)
        ready, flag, a = work.readiness[b, t], flags[tables.slot_flag[t]], tables.coverage[k, y, age, t, :own]
        row[:] = flag
        add_counted(weight, lived, bounds, work, served[:, slots + t])
        if not a.any():
            continue
        register = tables.slot_register[t]
        if register >= 0:
            told = tables.known[k, y, age, register, :own]
            flag_below(ready, u[REGISTER_EVENTS[register]], flag, a, told, spans, row)
        else:
            flag_below(ready, ready, flag, a, a, spans, row)
        add_counted(weight, lived, bounds, work, served[:, t])
    for d in range(registers):
        share = tables.known[k, y, age, d]
        if share.any():
            known = u[REGISTER_EVENTS[d]]
            flag_below(known, known, flags[REGISTER_FLAGS[d]], share, share, strata.spans, row)
            add_counted(weight, lived, bounds, work, served[:, 2 * slots + d])
    for i in range(row.size):
        row[i] = _ONE if slot[i] == CURRENT else _ZERO
    add_counted(weight, lived, bounds, work, served[:, 2 * slots + registers])


@compiled
def set_people(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    age: int,
    cohort: int,
    draw: int,
    seed: int,
    slot: Array,
    alive: Array,
) -> None:
    """Everything people keep for life, and their smoking in the cohort's first year; slot, alive (blocks, people)."""
    blocks, size = work.lived.shape
    for b in range(blocks):
        u = work.uniforms[b]
        for g in range(strata.weight.size):
            alive[b, strata.bounds[g] : strata.bounds[g + 1]] = strata.weight[g]
        set_percentiles(b * size, cohort, draw, seed, tables.percentile_mixing, work.words, u, work.percentile[b])
        set_readiness(b * size, cohort, draw, seed, tables, work, u, work.readiness[b])
        for e in range(tables.sorts.size):
            if tables.sorts[e]:
                row = u[e] if e < LIFELONG_ROWS else work.readiness[b, e - LIFELONG_ROWS]
                sort_by_stratum(tables.stratum_odds[e], strata.share[e], strata.bounds, work.scratch, row)
        set_smoking(
            u[SMOKING], u[YEARS_SINCE_QUIT], tables.smoking_current[age], tables.smoking_ever[age],
            tables.quit_years_cumulative[age], slot[b],
        )  # fmt: skip


@compiled
def end_year(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    b: int,
    k: int,
    y: int,
    age: int,
    ratio: Array,
    alive: Array,
    slot: Array,
    rate: Array,
    weight: float,
    sampled: bool,
    deaths: Array,
    served: Array,
) -> None:
    """Who was served, who died, and who stops or starts smoking for next year; the last steps of a block's year."""
    hazard = work.hazard[b]
    count_people(tables, strata, work, b, k, y, age, weight, slot, served)
    if sampled:
        draw_deaths(work.yearly[b], rate, tables.active[age], ratio, hazard, strata.bounds, alive, weight, deaths)
    else:
        for i in range(alive.size):
            alive[i] *= exp32(-hazard[i])
    change_smoking(work.yearly[b, SMOKING_CHANGE], tables.quit[k, y, age], tables.relapse, strata.bounds, slot)


@compiled
def run_scenario_year(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    k: int,
    y: int,
    age: int,
    hazard_rate: Array,
    weight: float,
    smoking: bool,
    sampled: bool,
    alive: Array,
    slot: Array,
    sums: Array,
    deaths: Array,
    served: Array,
) -> None:
    """One year of scenario ``k``, whose own people are in ``alive`` and ``slot`` (blocks, people)."""
    active = tables.active[age]
    for b in range(alive.shape[0]):
        if age <= LAST_STARTING_AGE:
            start_smoking(work.uniforms[b, SMOKING], tables.smoking_ever[age], slot[b])
        if smoking or tables.changes[k, y, age]:
            set_scenario_ratio(tables, strata.spans, work, b, k, y, age, slot[b], smoking, work.ratio)
            ratio = work.ratio
        else:
            ratio = work.comparator_ratio[b]
        live_year(hazard_rate, active, ratio, alive[b], strata.bounds, work, work.hazard[b], work.lived[b], sums)
        end_year(
            tables, strata, work, b, k, y, age, ratio, alive[b], slot[b], hazard_rate, weight, sampled, deaths,
            served,
        )  # fmt: skip


@compiled
def part_ways(tables: CohortTables, y: int, age: int, alone: Array, alive: Array, slot: Array) -> None:
    """Give each scenario that first differs this year people of its own, as the comparator's are now."""
    for k in range(1, alone.size):
        if not alone[k] and tables.changes[k, y, age]:
            alone[k] = True
            for b in range(alive.shape[1]):
                for i in range(alive.shape[2]):
                    alive[k, b, i] = alive[0, b, i]
                    slot[k, b, i] = slot[0, b, i]


@compiled
def copy_year(k: int, y: int, deaths: Array, person_years: Array, served: Array) -> None:
    """Give scenario ``k`` the comparator's results of a year in which they do not differ."""
    person_years[k, :, :, y] = person_years[0, :, :, y]
    deaths[k, :, :, y] = deaths[0, :, :, y]
    served[k, y] = served[0, y]


@compiled
def run_year(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    y: int,
    age: int,
    lived_to: float,
    weight: float,
    sampled: bool,
    alone: Array,
    quitting: Array,
    alive: Array,
    slot: Array,
    deaths: Array,
    person_years: Array,
    served: Array,
    reference: Array,
) -> float:
    """One year of every scenario, the comparator first; returns real persons per simulated person.

    ``weight`` is that number in the year before, or 0 in the cohort's first year. Survival weights are tied each
    year to the person-years ``lived_to`` of the comparator, drawn lives in the first year alone. ``alone`` (K,)
    scenarios that have people of their own; ``quitting`` (K,) those whose smoking may differ by now.
    """
    scenarios, blocks = alive.shape[:2]
    causes = tables.rate.shape[2]
    groups = strata.weight.size
    sums = np.zeros((groups, causes + 1, LANES))
    hazard_rate, death_rate = np.empty(causes, np.float32), np.zeros(causes)
    part_ways(tables, y, age, alone, alive, slot)
    calibrate(
        tables.rate[y, age], tables.active[age], work, strata.bounds, alive[0], sums, hazard_rate, death_rate
    )  # fmt: skip
    for c in range(causes):
        reference[c] = death_rate[c]
    whole = sums[:, causes].sum()
    if whole > 0.0 and (weight == 0.0 or not sampled):
        weight = lived_to / whole
    for k in range(scenarios):
        if k == 0:
            for b in range(blocks):
                end_year(
                    tables, strata, work, b, 0, y, age, work.comparator_ratio[b], alive[0, b], slot[0, b],
                    hazard_rate, weight, sampled, deaths[0, :, :, y], served[0, y],
                )  # fmt: skip
        elif alone[k]:
            sums[:] = 0.0
            run_scenario_year(
                tables, strata, work, k, y, age, hazard_rate, weight, quitting[k], sampled, alive[k], slot[k], sums,
                deaths[k, :, :, y], served[k, y],
            )  # fmt: skip
            if (tables.quit[k, y, age] != tables.quit[0, y, age]).any():
                quitting[k] = True
        else:
            copy_year(k, y, deaths, person_years, served)
            continue
        for g in range(groups):
            for lane in range(LANES):
                person_years[k, g, lane, y] = weight * sums[g, causes, lane]
                if not sampled:
                    for c in range(causes):
                        deaths[k, g, lane, y, c] = weight * death_rate[c] * sums[g, c, lane]
    return weight


@compiled
def run_cohort(
    tables: CohortTables,
    strata: Strata,
    conditions: Array,
    cohort: int,
    birth_year: int,
    people: int,
    person_years_to: Array,
    draw: int,
    seed: int,
    sampled: bool,
) -> tuple[Float64, Float64, Float64, Float64]:
    """Run one cohort through all years and scenarios.

    Parameters
    ----------
    tables : CohortTables
    strata : Strata
    conditions : (Y, 6) float32, share of the cohort who have ever had each of ``variables.HISTORIES`` by each year
    cohort, draw, seed : what the random numbers are keyed on
    people : simulated persons, a multiple of 16
    person_years_to : (Y,) [person-years] that the cohort lives in the comparator
    sampled : draw deaths (True) or carry survival weights (False)

    Returns
    -------
    deaths (K, G, 16, Y, C), person_years (K, G, 16, Y), served (K, Y, G, 2 T + D + 1), reference (Y, C), as in
    ``CohortResult``
    """
    scenarios, years, _, slots = tables.coverage.shape[:4]
    causes, groups = tables.rate.shape[2], strata.weight.size
    deaths = np.zeros((scenarios, groups, LANES, years, causes))
    person_years = np.zeros((scenarios, groups, LANES, years))
    served = np.zeros((scenarios, years, groups, 2 * slots + tables.known.shape[3] + 1))
    reference = np.zeros((years, causes))
    size = strata.bounds[groups]
    blocks = people // size
    work = make_workspace(blocks, size, slots, causes)
    alive = np.empty((scenarios, blocks, size), np.float32)
    slot = np.empty((scenarios, blocks, size), np.int32)
    alone, quitting = np.zeros(scenarios, np.bool_), np.zeros(scenarios, np.bool_)
    first = max(0, birth_year - tables.start_year)
    entry = min(OLDEST_AGE, tables.start_year + first - birth_year)
    set_people(tables, strata, work, entry, cohort, draw, seed, slot[0], alive[0])
    weight = 0.0
    for y in range(first, years):
        year = tables.start_year + y
        age = min(OLDEST_AGE, year - birth_year)
        for b in range(blocks):
            if age <= LAST_STARTING_AGE:
                start_smoking(work.uniforms[b, SMOKING], tables.smoking_ever[age], slot[0, b])
            set_comparator_year(tables, strata, work, b, age, year, conditions[y], cohort, draw, seed, slot[0, b])
        weight = run_year(
            tables, strata, work, y, age, person_years_to[y], weight, sampled, alone, quitting, alive, slot, deaths,
            person_years, served, reference[y],
        )  # fmt: skip
    return deaths, person_years, served, reference
