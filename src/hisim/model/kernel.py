"""The compiled model: one cohort at a time, people as SIMD lanes, all years and scenarios in cache.

Within a cohort-year every rate and coefficient is a scalar, so the inner loops run over people only.
``model/twin.py`` says the same in plain NumPy and must agree.

Order of events within a year: (1) people of starting age take up smoking; (2) exposures, conditions and
who is served in the year are set; (3) deaths and person-years are counted at the age reached in the year,
at a constant hazard; (4) smokers quit and former smokers relapse, with effect from the next year.

A scenario is not simulated before the first year in which it differs from the comparator: until then its
people are the comparator's. After it, hazards are worked out anew only for those to whom it makes a difference.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.lent import lend
from hisim.model.exposure import (
    change_smoking,
    set_percentiles,
    set_readiness,
    set_smoking,
    sort_by_stratum,
    start_smoking,
)
from hisim.model.fastmath import copy, fill
from hisim.model.hazard import calibrate, draw_deaths, live_year, survive, whole_sum
from hisim.model.random import (
    CAUSE,
    CONDITION_EVENTS,
    DEATH,
    EVENT,
    LIFELONG_ROWS,
    SMOKING,
    SMOKING_CHANGE,
    YEARS_SINCE_QUIT,
    YEARS_TOGETHER,
)
from hisim.model.ratio import set_comparator_terms, set_comparator_year, set_scenario_ratio, set_scenario_terms
from hisim.model.reached import count_people
from hisim.model.results import add_results, parts_of, results_of
from hisim.model.tables import LANES, LAST_STARTING_AGE, Array, CohortResult, CohortTables, Strata
from hisim.model.workspace import BLOCK, Workspace, make_workspace
from hisim.variables import OLDEST_AGE


@compiled
def set_people(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    ages: tuple[int, int],
    cohort: int,
    draw: int,
    seed: int,
    slot: Array,
    alive: Array,
) -> None:
    """Everything people keep for life, and their smoking in the cohort's first year; slot, alive (blocks, people)."""
    blocks, size = work.lived.shape
    slots = tables.counted.size
    needed = np.zeros(slots, np.bool_)
    for t in range(slots):
        for age in range(ages[0], ages[1] + 1):
            needed[t] |= tables.present[age, t] or (tables.counted[t] and tables.in_scope[age, t])
            for k in range(tables.differs.shape[0]):
                needed[t] |= tables.differs[k, :, age, t].any()
    for b in range(blocks):
        u, bounds = work.uniforms[b], work.bounds[b]
        fill(0.0, alive[b])
        for g in range(strata.weight.size):
            fill(strata.weight[g], alive[b, bounds[g] : bounds[g + 1]])
        set_percentiles(b * size, cohort, draw, seed, tables.percentile_mixing, work.words, u, work.percentile[b])
        set_readiness(b * size, cohort, draw, seed, tables, needed, work, u, work.readiness[b])
        for e in range(tables.sorts.size):
            if tables.sorts[e]:
                row = u[e] if e < LIFELONG_ROWS else work.readiness[b, e - LIFELONG_ROWS]
                sort_by_stratum(tables.stratum_odds[e], strata.share[e], bounds, work.row, row)
        set_smoking(
            u[SMOKING], u[YEARS_SINCE_QUIT], tables.smoking_current[ages[0]], tables.smoking_ever[ages[0]],
            tables.quit_years_cumulative[ages[0]], slot[b],
        )  # fmt: skip


@compiled
def end_block(
    tables: CohortTables,
    work: Workspace,
    b: int,
    y: int,
    age: int,
    ratio: Array,
    rate: Array,
    lived: Array,
    alive: Array,
    weight: float,
    sampled: bool,
    died: Array,
) -> None:
    """Who is alive at the end of a block's year; sampled deaths are added to ``died`` (G, C, 16)."""
    if sampled:
        uniforms = work.yearly[b, :, (tables.start_year + y) % YEARS_TOGETHER]
        draw_deaths(
            uniforms, rate, tables.active[age], ratio, work.hazard[b], work.bounds[b], alive, weight, died
        )  # fmt: skip
    else:
        survive(work.hazard[b], lived, alive)


@compiled
def change_block(tables: CohortTables, work: Workspace, b: int, k: int, y: int, age: int, slot: Array) -> None:
    """Who of a block stops or starts smoking for next year."""
    chance = work.yearly[b, SMOKING_CHANGE, (tables.start_year + y) % YEARS_TOGETHER]
    change_smoking(chance, tables.quit[k, y, age], tables.relapse, work.bounds[b], slot)


@compiled
def run_scenario_year(
    tables: CohortTables,
    work: Workspace,
    k: int,
    y: int,
    age: int,
    rate: Array,
    weight: float,
    smoking: bool,
    sampled: bool,
    whole: bool,
    alive: Array,
    slot: Array,
    smoked: Array,
    sums: Array,
    died: Array,
    served: Array,
) -> None:
    """One year of scenario ``k``, whose own people are in ``alive`` and ``slot`` (blocks, people)."""
    active, lived = tables.active[age], work.new_lived
    set_scenario_terms(tables, work, k, y, age)
    for b in range(alive.shape[0]):
        if smoking and age <= LAST_STARTING_AGE:
            start_smoking(work.uniforms[b, SMOKING], tables.smoking_ever[age], slot[b])
        differs = set_scenario_ratio(tables, work, b, k, y, age, slot[b], smoked[b], smoking, whole)
        ratio = work.ratio if differs else work.comparator_ratio[b]
        live_year(rate, active, ratio, alive[b], work.bounds[b], work, work.hazard[b], lived[b], sums)
        end_block(tables, work, b, y, age, ratio, rate, lived[b], alive[b], weight, sampled, died)
    count_people(tables, work, k, y, age, weight, lived, slot, served)


@compiled
def part_ways(tables: CohortTables, y: int, age: int, whole: bool, alone: Array, alive: Array) -> None:
    """Give each scenario that first differs this year people of its own, as many alive as in the comparator now."""
    for k in range(1, alone.size):
        if not alone[k] and (whole or tables.changes[k, y, age]):
            alone[k] = True
            for b in range(alive.shape[1]):
                copy(alive[0, b], alive[k, b])


@compiled
def differ(one: Array, other: Array) -> bool:
    """Whether any of two rows of numbers is another."""
    found = False
    for i in range(one.size):
        found |= one[i] != other[i]
    return found


@compiled
def run_year(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    y: int,
    age: int,
    lived_to: float,
    weight: float,
    settings: tuple[bool, bool],
    alone: Array,
    smoking: Array,
    alive: Array,
    slot: Array,
    known: Array,
    sums: Array,
    died: Array,
    out: Array,
    reference: Array,
) -> float:
    """One year of every scenario into ``out`` (K, Y, results), the comparator first; returns real persons per person.

    ``weight`` is that number in the year before, or 0 in the cohort's first year. Survival weights are tied each
    year to the person-years ``lived_to`` of the comparator, drawn lives in the first year alone. ``alone`` (K,)
    scenarios that have people of their own; ``smoking`` (K,) those whose smoking may differ by now. ``settings``:
    deaths are drawn; scenarios are worked out whole.
    """
    sampled, whole = settings
    scenarios, blocks = alive.shape[:2]
    (groups, causes), active, rate = died.shape[:2], tables.active[age], np.empty(reference.size, np.float32)
    part_ways(tables, y, age, whole, alone, alive)
    calibrate(
        tables.rate[y, age], tables.observed, active, work, alive[0], sums, rate, reference, known
    )  # fmt: skip
    all_lived = whole_sum(sums, causes)
    if all_lived > 0.0 and (weight == 0.0 or (tables.observed and not sampled)):
        weight = lived_to / all_lived
    for k in range(scenarios):
        if not alone[k]:
            copy(out[0, y], out[k, y])
            continue
        fill(0.0, died.reshape(-1))
        served = parts_of(out[k, y], groups, causes)[4]
        if k > 0:
            fill(0.0, sums.reshape(-1))
            run_scenario_year(
                tables, work, k, y, age, rate, weight, smoking[k], sampled, whole, alive[k],
                slot[k] if smoking[k] else slot[0], slot[0], sums, died, served,
            )  # fmt: skip
        else:
            count_people(tables, work, 0, y, age, weight, work.lived, slot[0], served)
            for b in range(blocks):
                end_block(
                    tables, work, b, y, age, work.comparator_ratio[b], rate, work.lived[b], alive[0, b], weight,
                    sampled, died,
                )  # fmt: skip
        add_results(weight, reference, active, strata.bounds, sums, died, sampled, out[k, y])
    for k in range(scenarios - 1, -1, -1):
        if alone[k] and not smoking[k] and (whole or differ(tables.quit[k, y, age], tables.quit[0, y, age])):
            smoking[k] = True
            for b in range(blocks):
                copy(slot[0, b], slot[k, b])
        if k == 0 or smoking[k]:
            for b in range(blocks):
                change_block(tables, work, b, k, y, age, slot[k, b])
    return weight


@compiled
def run_years(
    tables: CohortTables,
    strata: Strata,
    conditions: Array,
    cohort: int,
    birth_year: int,
    people: int,
    person_years_to: Array,
    draw: int,
    seed: int,
    settings: tuple[bool, bool],
    block: int,
    out: Array,
    reference: Array,
) -> int:
    """What :func:`run_cohort` does, into ``out`` (K, Y, results) and ``reference`` (Y, C).

    Returns people in a block, which also keeps the workspace until the end: only lent, it would be gone at once.
    """
    (scenarios, years), causes, groups = out.shape[:2], reference.shape[1], strata.weight.size
    own = make_workspace(tables, strata, people, block)
    tables, strata, work = lend(tables), lend(strata), lend(own)
    blocks, size = work.lived.shape
    alive, slot = np.empty((scenarios, blocks, size), np.float32), np.empty((scenarios, blocks, size), np.int32)
    sums, died = np.zeros((groups, causes + 1, LANES)), np.zeros((groups, causes, LANES))
    alone, smoking = np.zeros(scenarios, np.bool_), np.zeros(scenarios, np.bool_)
    alone[0], smoking[0] = True, True
    first = max(0, birth_year - tables.start_year)
    entry = min(OLDEST_AGE, tables.start_year + first - birth_year)
    oldest = min(OLDEST_AGE, tables.start_year + years - 1 - birth_year)
    set_people(tables, strata, work, (entry, oldest), cohort, draw, seed, slot[0], alive[0])
    for event in range(work.drawn.size):
        work.drawn[event] = event == SMOKING_CHANGE or (settings[0] and event in (DEATH, CAUSE))
    for n in range(CONDITION_EVENTS.size):
        work.drawn[EVENT] |= tables.wanted[n] and CONDITION_EVENTS[n] < 0
    weight, known = 0.0, np.zeros((2, causes))
    fill(1.0, known[0])
    for y in range(first, years):
        year = tables.start_year + y
        age = min(OLDEST_AGE, year - birth_year)
        set_comparator_terms(tables, work, age, conditions[y])
        for b in range(blocks):
            if age <= LAST_STARTING_AGE:
                start_smoking(work.uniforms[b, SMOKING], tables.smoking_ever[age], slot[0, b])
            set_comparator_year(tables, work, b, b * size, age, year, y == first, cohort, draw, seed, slot[0, b])
        weight = run_year(
            tables, strata, work, y, age, person_years_to[y], weight, settings, alone, smoking, alive, slot, known,
            sums, died, out, reference[y],
        )  # fmt: skip
    return int(own.lived.shape[1])


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
    block: int = BLOCK,
    whole: bool = False,
) -> CohortResult:
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
    block, whole : most people in a block, and whether scenarios are worked out for everyone; neither changes a byte
    """
    (scenarios, years), causes, groups = tables.coverage.shape[:2], tables.rate.shape[2], strata.weight.size
    counts = 2 * tables.counted.size + tables.known.shape[3] + 1
    out = np.zeros((scenarios, years, causes * LANES + groups * (causes + 2 * LANES + counts)))
    reference = np.zeros((years, causes))
    run_years(
        tables, strata, conditions, cohort, birth_year, people, person_years_to, draw, seed, (sampled, whole), block,
        out, reference,
    )  # fmt: skip
    return results_of(out, reference, groups)
