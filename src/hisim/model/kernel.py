"""The compiled model: one cohort at a time, people as SIMD lanes, all years and scenarios in cache.

Within a cohort-year every rate and coefficient is a scalar, so the inner loops run over people only.
``model/twin.py`` says the same in plain NumPy and must agree.

Order of events within a year: (1) people of starting age take up smoking; (2) exposures, histories and
treatments of the year are set; (3) deaths and person-years are counted at the age reached in the year,
at a constant hazard; (4) smokers quit and former smokers relapse, with effect from the next year.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.exposure import change_smoking, set_features, set_percentiles, set_scenario, set_smoking, start_smoking
from hisim.model.fastmath import exp32
from hisim.model.hazard import ALWAYS, calibrate, draw_deaths, fold_products, live_year, set_fixed_ratio, set_ratio
from hisim.model.random import (
    FIRST_TREATMENT,
    SMOKING,
    SMOKING_CHANGE,
    YEARLY_BLOCK,
    YEARS_SINCE_QUIT,
    fill_uniforms,
)
from hisim.model.tables import CURRENT, LANES, LAST_STARTING_AGE, Array, Float64, StratumTables
from hisim.model.workspace import Workspace, block_size, make_workspace
from hisim.variables import OLDEST_AGE

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@compiled
def count_served(u: Array, eligible: Array, a: np.float32, b: np.float32, lived: Array, work: Workspace) -> float:
    """Person-years of people below coverage ``a`` or ``b``, by the group in which they are eligible."""
    first, second, flag = eligible[0], eligible[1], work.flag[0]
    for i in range(flag.size):
        flag[i] = _ONE if u[i] < first[i] * a + second[i] * b else _ZERO
    fold_products(lived, work.flag, ALWAYS, work.scratch, work.totals)
    return float(work.totals[0].sum())


@compiled
def count_smokers(slot: Array, lived: Array, work: Workspace) -> float:
    """Person-years as a current smoker."""
    flag = work.flag[0]
    for i in range(flag.size):
        flag[i] = _ONE if slot[i] == CURRENT else _ZERO
    fold_products(lived, work.flag, ALWAYS, work.scratch, work.totals)
    return float(work.totals[0].sum())


@compiled
def set_people(
    tables: StratumTables, work: Workspace, age: int, cohort: int, draw: int, seed: int, slot: Array
) -> None:
    """Everything people keep for life, and their smoking in the cohort's first year, in every scenario."""
    blocks, size = work.sbp.shape
    for b in range(blocks):
        u = work.uniforms[b]
        set_percentiles(b * size, cohort, draw, seed, tables.percentile_mixing, work.words, u, work.percentile[b])
        for k in range(slot.shape[0]):
            set_smoking(
                u[SMOKING], u[YEARS_SINCE_QUIT], tables.smoking_current[age], tables.smoking_ever[age],
                tables.quit_years_cumulative[age], slot[k, b],
            )  # fmt: skip


@compiled
def set_year(
    tables: StratumTables,
    work: Workspace,
    b: int,
    age: int,
    year: int,
    conditions: Array,
    cohort: int,
    draw: int,
    seed: int,
) -> None:
    """What every scenario shares in the year: chance, features and the fixed part of the hazard ratios."""
    first = b * work.sbp.shape[1]
    fill_uniforms(first, cohort, year, YEARLY_BLOCK, draw, seed, work.words, work.yearly[b])
    set_features(
        age, tables, conditions, work.uniforms[b], work.percentile[b], work.sbp[b], work.fixed, work.eligible[b]
    )
    set_fixed_ratio(work.fixed, tables.fixed_log_hr[age], tables.active[age], work.fixed_ratio[b])


@compiled
def set_scenario_year(
    tables: StratumTables, work: Workspace, b: int, k: int, y: int, age: int, slot: Array, ratio: Array
) -> None:
    """Hazard ratios of the people of block ``b`` in scenario ``k``."""
    u = work.uniforms[b]
    if age <= LAST_STARTING_AGE:
        start_smoking(u[SMOKING], tables.smoking_ever[age], slot)
    set_scenario(tables, k, y, age, u, work.eligible[b], work.sbp[b], slot, work.changed, work.excess)
    set_ratio(
        work.fixed_ratio[b], work.changed, tables.changed_log_hr[age], work.excess, tables.smoking_group,
        tables.smoking_excess[age], tables.active[age], work.scratch, ratio,
    )  # fmt: skip


@compiled
def end_year(
    tables: StratumTables,
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
    treatments = work.eligible.shape[1]
    lived, hazard, u = work.lived[b], work.hazard[b], work.uniforms[b]
    for t in range(treatments):
        threshold = tables.threshold[k, y, age, t]
        first, second = threshold[0, 0], threshold[1, 0]
        served[t] += weight * count_served(u[FIRST_TREATMENT + t], work.eligible[b, t], first, second, lived, work)
    diagnosed = max(tables.known[age], tables.threshold[k, y, age, 0, 0, 0])
    served[treatments] += weight * count_served(u[FIRST_TREATMENT], work.eligible[b, 0], diagnosed, _ZERO, lived, work)
    served[treatments + 1] += weight * count_smokers(slot, lived, work)
    if sampled:
        draw_deaths(work.yearly[b], rate, tables.active[age], ratio, hazard, alive, weight, deaths)
    else:
        for i in range(alive.size):
            alive[i] *= exp32(-hazard[i])
    change_smoking(work.yearly[b, SMOKING_CHANGE], tables.quit[k, y, age], tables.relapse, slot)


@compiled
def run_year(
    tables: StratumTables,
    work: Workspace,
    y: int,
    age: int,
    weight_to: float,
    weight: float,
    sampled: bool,
    alive: Array,
    slot: Array,
    deaths: Array,
    person_years: Array,
    served: Array,
) -> float:
    """One year of every scenario, the comparator first; returns real persons per simulated person.

    ``weight`` is that number, or 0 in the cohort's first year, when it is found.
    """
    scenarios, blocks = alive.shape[:2]
    causes = tables.rate.shape[2]
    sums = np.zeros((causes + 1, LANES))
    hazard_rate, death_rate = np.empty(causes, np.float32), np.zeros(causes)
    active = tables.active[age]
    calibrate(tables.rate[y, age], active, work, alive[0], sums, hazard_rate, death_rate)
    whole = sums[causes].sum()
    if weight == 0.0 and whole > 0.0:
        weight = weight_to / whole
    for k in range(scenarios):
        if k > 0:
            sums[:] = 0.0
        for b in range(blocks):
            ratio = work.comparator_ratio[b] if k == 0 else work.ratio
            if k > 0:
                set_scenario_year(tables, work, b, k, y, age, slot[k, b], ratio)
                live_year(hazard_rate, active, ratio, alive[k, b], work, work.hazard[b], work.lived[b], sums)
            end_year(
                tables, work, b, k, y, age, ratio, alive[k, b], slot[k, b], hazard_rate, weight, sampled,
                deaths[k, :, y], served[k, y],
            )  # fmt: skip
        for lane in range(LANES):
            person_years[k, lane, y] = weight * sums[causes, lane]
            if not sampled:
                for c in range(causes):
                    deaths[k, lane, y, c] = weight * death_rate[c] * sums[c, lane]
    return weight


@compiled
def run_cohort(
    tables: StratumTables,
    conditions: Array,
    cohort: int,
    birth_year: int,
    people: int,
    weight_to: float,
    draw: int,
    seed: int,
    sampled: bool,
) -> tuple[Float64, Float64, Float64]:
    """Run one cohort through all years and scenarios.

    Parameters
    ----------
    tables : StratumTables
    conditions : (Y, 3) float32, share of the cohort who have ever had diabetes, chd, stroke by each year
    cohort, draw, seed : what the random numbers are keyed on
    people : simulated persons, a multiple of 16
    weight_to : real persons [person-years of the cohort's first year]
    sampled : draw deaths (True) or carry survival weights (False)

    Returns
    -------
    deaths (K, 16, Y, C), person_years (K, 16, Y), served (K, Y, T + 2), as in ``CohortResult``
    """
    scenarios, years, _, treatments = tables.threshold.shape[:4]
    causes = tables.rate.shape[2]
    deaths = np.zeros((scenarios, LANES, years, causes))
    person_years = np.zeros((scenarios, LANES, years))
    served = np.zeros((scenarios, years, treatments + 2))
    size = block_size(people)
    blocks = people // size
    work = make_workspace(blocks, size, treatments, causes)
    alive = np.ones((scenarios, blocks, size), np.float32)
    slot = np.empty((scenarios, blocks, size), np.int32)
    first = max(0, birth_year - tables.start_year)
    set_people(tables, work, min(OLDEST_AGE, tables.start_year + first - birth_year), cohort, draw, seed, slot)
    weight = 0.0
    for y in range(first, years):
        year = tables.start_year + y
        age = min(OLDEST_AGE, year - birth_year)
        for b in range(blocks):
            set_year(tables, work, b, age, year, conditions[y], cohort, draw, seed)
            set_scenario_year(tables, work, b, 0, y, age, slot[0, b], work.comparator_ratio[b])
        weight = run_year(tables, work, y, age, weight_to, weight, sampled, alive, slot, deaths, person_years, served)
    return deaths, person_years, served
