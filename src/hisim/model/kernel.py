"""The compiled model: one cohort at a time, people as SIMD lanes, all years and scenarios in cache.

Within a cohort-year every rate and coefficient is a scalar, so the inner loops run over people only.
``model/twin.py`` says the same in plain NumPy and must agree.

Order of events within a year: (1) people of starting age take up smoking; (2) exposures, histories and
treatments of the year are set; (3) deaths and person-years are counted at the age reached in the year,
at a constant hazard; (4) smokers quit and former smokers relapse, with effect from the next year.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.accelerate import compiled
from hisim.model.fastmath import exp32, mean_survival32, normal_quantile
from hisim.model.random import YEARLY_BLOCK, fill_uniforms
from hisim.model.tables import (
    HYPERTENSION_MMHG,
    LANES,
    LAST_STARTING_AGE,
    STATIN_HISTORY_AGE,
    STATIN_PRIMARY_AGE,
    Array,
    Float64,
    StratumTables,
)

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HYPERTENSION = np.float32(HYPERTENSION_MMHG)
_OLDEST = 100
_MOST_STEPS = 30
_ALWAYS = np.ones(1, np.bool_)
_UNIT, _TWO, _LANES = np.uint64(1), np.uint64(2), np.uint64(LANES)
_TOLERANCE = 1e-6
_MOST_ROWS = 80
_FULLY_QUIT = np.int32(41)


@compiled
def set_percentiles(
    first: int, cohort: int, draw: int, seed: int, mixing: Array, words: Array, uniforms: Array, percentile: Array
) -> None:
    """Lifelong uniforms (12, people) and the correlated standard normals (3, people) made of the first three."""
    for block in range(3):
        fill_uniforms(first, cohort, 0, block, draw, seed, words, uniforms[4 * block : 4 * block + 4])
    for i in range(percentile.shape[1]):
        a = normal_quantile(np.float64(uniforms[0, i]))
        b = normal_quantile(np.float64(uniforms[1, i]))
        c = normal_quantile(np.float64(uniforms[2, i]))
        percentile[0, i] = a * mixing[0, 0]
        percentile[1, i] = a * mixing[1, 0] + b * mixing[1, 1]
        percentile[2, i] = a * mixing[2, 0] + b * mixing[2, 1] + c * mixing[2, 2]


@compiled
def set_smoking(u_smoking: Array, u_years: Array, current: float, ever: float, cumulative: Array, slot: Array) -> None:
    """Smoking slot of everyone in a cohort's first year, from the shares at that age."""
    for i in range(slot.size):
        if u_smoking[i] < current:
            slot[i] = 1
        elif u_smoking[i] < ever:
            k = 0
            while k < 40 and u_years[i] >= cumulative[k]:
                k += 1
            slot[i] = 1 + max(k, 1)
        else:
            slot[i] = 0


@compiled
def start_smoking(u_smoking: Array, ever: float, slot: Array) -> None:
    """Never smokers whose lifelong uniform lies below the share who have ever smoked at this age start."""
    for i in range(slot.size):
        if slot[i] == 0 and u_smoking[i] < ever:
            slot[i] = 1


@compiled
def change_smoking(u: Array, quit: float, relapse: Array, slot: Array) -> None:
    """Quit below ``quit``, relapse above 1 - ``relapse``: by one uniform, more quitting never means more smokers."""
    for i in range(slot.size):
        s = slot[i]
        stays = min(s + np.int32(1), _FULLY_QUIT) if u[i] <= _ONE - relapse[s] else np.int32(1)
        stops = np.int32(2) if u[i] < quit else np.int32(1)
        slot[i] = np.int32(0) if s == 0 else (stops if s == 1 else stays)


@compiled
def set_features(
    age: int,
    tables: StratumTables,
    conditions: Array,
    uniforms: Array,
    percentile: Array,
    sbp: Array,
    fixed: Array,
    eligible: Array,
) -> None:
    """What every scenario shares in the year: untreated pressure, other exposures, histories, eligibility.

    ``sbp`` (people,) [mmHg]; ``fixed`` (5, people); ``eligible`` (T, G, people) as 0 or 1.
    """
    mean, sd, floor = tables.exposure_mean[age], tables.exposure_sd[age], tables.exposure_floor
    for i in range(sbp.size):
        sbp[i] = mean[0] + sd[0] * percentile[0, i]
        fixed[0, i] = max(mean[1] + sd[1] * percentile[1, i] - floor[1], _ZERO)
        fixed[1, i] = max(mean[2] + sd[2] * percentile[2, i] - floor[2], _ZERO)
    for d in range(3):
        u, row = uniforms[4 + d], fixed[2 + d]
        for i in range(row.size):
            row[i] = _ONE if u[i] < conditions[d] else _ZERO
    of_age_history = _ONE if age >= STATIN_HISTORY_AGE else _ZERO
    of_age_primary = _ONE if age >= STATIN_PRIMARY_AGE else _ZERO
    for i in range(sbp.size):
        hypertension = _ONE if sbp[i] >= _HYPERTENSION else _ZERO
        history = max(fixed[3, i], fixed[4, i])
        eligible[0, 0, i] = hypertension
        eligible[0, 1, i] = _ZERO
        eligible[1, 0, i] = history * of_age_history
        eligible[1, 1, i] = max(hypertension, fixed[2, i]) * of_age_primary * (_ONE - history)


@compiled
def set_effect(u: Array, eligible: Array, threshold: Array, step: Array, effect: Array) -> None:
    """Share of a treatment's full effect each person has: the steps of the years they have been on it."""
    for i in range(effect.size):
        effect[i] = _ZERO
    for lag in range(step.size):
        a, b, gain = threshold[0, lag], threshold[1, lag], step[lag]
        for i in range(effect.size):
            effect[i] += gain if u[i] < eligible[0, i] * a + eligible[1, i] * b else _ZERO


@compiled
def set_fixed_ratio(fixed: Array, log_hr: Array, active: Array, ratio: Array) -> None:
    """exp of the part of the log hazard ratio that no scenario changes; ``ratio`` (C, people), ``active`` rows."""
    people = ratio.shape[1]
    for c in range(ratio.shape[0]):
        if not active[c]:
            continue
        touched = False
        for r in range(fixed.shape[0]):
            b = log_hr[r, c]
            if b != _ZERO and touched:
                for i in range(people):
                    ratio[c, i] += b * fixed[r, i]
            elif b != _ZERO:
                touched = True
                for i in range(people):
                    ratio[c, i] = b * fixed[r, i]
        if touched:
            for i in range(people):
                ratio[c, i] = exp32(ratio[c, i])
        else:
            for i in range(people):
                ratio[c, i] = _ONE


@compiled
def set_ratio(
    fixed_ratio: Array,
    changed: Array,
    log_hr: Array,
    excess: Array,
    group: Array,
    smoker_excess: Array,
    active: Array,
    scratch: Array,
    ratio: Array,
) -> None:
    """Hazard of each person relative to a reference person, by cause; ``ratio`` (C, people), ``active`` rows."""
    people = ratio.shape[1]
    for c in range(ratio.shape[0]):
        if not active[c]:
            continue
        g, k = group[c], smoker_excess[c]
        touched = False
        for d in range(changed.shape[0]):
            b = log_hr[d, c]
            if b != _ZERO and touched:
                for i in range(people):
                    scratch[i] += b * changed[d, i]
            elif b != _ZERO:
                touched = True
                for i in range(people):
                    scratch[i] = b * changed[d, i]
        if touched:
            for i in range(people):
                ratio[c, i] = fixed_ratio[c, i] * exp32(scratch[i]) * (_ONE + k * excess[g, i])
        else:
            for i in range(people):
                ratio[c, i] = fixed_ratio[c, i] * (_ONE + k * excess[g, i])


@compiled
def set_hazard(rate: Array, ratio: Array, active: Array, hazard: Array) -> None:
    """All-cause hazard [1/year] of each person: sum over causes of calibrated rate times ratio."""
    same = _ZERO
    for c in range(rate.size):
        if not active[c]:
            same += rate[c]
    for i in range(hazard.size):
        hazard[i] = same
    for c in range(rate.size):
        m = rate[c]
        if active[c] and m != _ZERO:
            for i in range(hazard.size):
                hazard[i] += m * ratio[c, i]


@compiled
def fold_products(weight: Array, rows: Array, wanted: Array, scratch: Array, totals: Array) -> None:
    """Sum ``weight * rows[c]`` (people,) by batch into ``totals[c]`` (16,) float64, where ``wanted[c]``.

    The upper half of the rows of 16 is added to the lower half until one row is left: pairwise, in an order
    that only the number of people decides. Unsigned indices spare the check for negative ones, which would
    keep the loops from becoming lanes.
    """
    whole = np.uint64(weight.size // LANES)
    for c in range(np.uint64(rows.shape[0])):
        if wanted[c]:
            half = whole // _TWO
            upper = (whole - half) * _LANES
            for i in range(half * _LANES):
                scratch[i] = weight[i] * rows[c, i] + weight[i + upper] * rows[c, i + upper]
            for i in range(half * _LANES, upper):
                scratch[i] = weight[i] * rows[c, i]
            left = whole - half
            while left > _UNIT:
                half = left // _TWO
                upper = (left - half) * _LANES
                for i in range(half * _LANES):
                    scratch[i] += scratch[i + upper]
                left -= half
            for lane in range(_LANES):
                totals[c, lane] = scratch[lane]
        else:
            for lane in range(_LANES):
                totals[c, lane] = 0.0


@compiled
def live_year(
    rate: Array, active: Array, ratio: Array, alive: Array, work: Workspace, hazard: Array, lived: Array, sums: Array
) -> None:
    """Person-years of a block at the all-cause hazard; adds to ``sums`` (C + 1, 16).

    Row c sums person-years weighted by the ratio of cause c, which is 1 for everyone where the cause is not
    ``active``; the last row sums them alone.
    """
    set_hazard(rate, ratio, active, hazard)
    for i in range(alive.size):
        lived[i] = alive[i] * mean_survival32(hazard[i])
    weigh(active, ratio, lived, work, sums)


@compiled
def weigh(active: Array, ratio: Array, weight: Array, work: Workspace, sums: Array) -> None:
    """Add sums over the people of a block of ``weight`` as in :func:`live_year`."""
    causes, totals = active.size, work.totals
    fold_products(weight, ratio, active, work.scratch, totals)
    fold_products(weight, work.ones, _ALWAYS, work.scratch, totals[causes:])
    for c in range(causes + 1):
        row = c if c == causes or active[c] else causes
        for lane in range(LANES):
            sums[c, lane] += totals[row, lane]


@compiled
def set_death_rate(rate: Array, sums: Array, death_rate: Array) -> float:
    """Rate over the mean ratio, from ``sums`` (C + 1, 16), into ``death_rate``; returns the largest relative change."""
    whole, change = sums[rate.size].sum(), 0.0
    for c in range(rate.size):
        weighted = sums[c].sum()
        new = rate[c] * whole / weighted if weighted > 0.0 else 0.0
        if new > 0.0:
            change = max(change, abs(new - death_rate[c]) / new)
        death_rate[c] = new
    return change


@compiled
def calibrate(
    rate: Array, active: Array, work: Workspace, alive: Array, sums: Array, hazard_rate: Array, death_rate: Array
) -> None:
    """Find the factors that make the comparator's deaths by cause equal rate times person-years.

    ``death_rate`` (C,) float64 is rate / (mean of ratio weighted by person-years) at the last step, so the
    identity holds to rounding. ``hazard_rate`` (C,) float32 is the step before, from which the person-years
    follow; they differ by less than 1e-6 relative.
    """
    blocks = alive.shape[0]
    sums[:] = 0.0
    for b in range(blocks):
        weigh(active, work.comparator_ratio[b], alive[b], work, sums)
    set_death_rate(rate, sums, death_rate)
    for _ in range(_MOST_STEPS):
        for c in range(rate.size):
            hazard_rate[c] = np.float32(death_rate[c])
        sums[:] = 0.0
        for b in range(blocks):
            live_year(
                hazard_rate, active, work.comparator_ratio[b], alive[b], work, work.hazard[b], work.lived[b], sums
            )
        if set_death_rate(rate, sums, death_rate) < _TOLERANCE:
            break


@compiled
def draw_deaths(
    uniforms: Array,
    hazard_rate: Array,
    active: Array,
    ratio: Array,
    hazard: Array,
    alive: Array,
    weight: float,
    deaths: Array,
) -> None:
    """Who dies this year, and of what: adds ``weight`` for each to ``deaths`` (16, C) and empties their ``alive``."""
    for i in range(alive.size):
        if alive[i] > _ZERO and uniforms[1, i] >= exp32(-hazard[i]):
            alive[i] = _ZERO
            left = uniforms[2, i] * hazard[i]
            cause, last = -1, 0
            for c in range(hazard_rate.size):
                if hazard_rate[c] > _ZERO:
                    last = c
                    left -= hazard_rate[c] * (ratio[c, i] if active[c] else _ONE)
                    if left < _ZERO and cause < 0:
                        cause = c
            deaths[i % LANES, cause if cause >= 0 else last] += weight


@compiled
def count_served(u: Array, eligible: Array, threshold: Array, lived: Array, work: Workspace) -> float:
    """Person-years on a treatment at this year's coverage."""
    a, b = threshold[0, 0], threshold[1, 0]
    first, second, flag = eligible[0], eligible[1], work.flag[0]
    for i in range(flag.size):
        flag[i] = _ONE if u[i] < first[i] * a + second[i] * b else _ZERO
    fold_products(lived, work.flag, _ALWAYS, work.scratch, work.totals)
    return float(work.totals[0].sum())


@compiled
def count_smokers(slot: Array, lived: Array, work: Workspace) -> float:
    """Person-years as a current smoker."""
    flag = work.flag[0]
    for i in range(flag.size):
        flag[i] = _ONE if slot[i] == 1 else _ZERO
    fold_products(lived, work.flag, _ALWAYS, work.scratch, work.totals)
    return float(work.totals[0].sum())


@compiled
def set_excess(slot: Array, remaining: Array, excess: Array) -> None:
    """Share of a smoker's excess hazard each person has, by group of causes; ``excess`` (3, people)."""
    for g in range(excess.shape[0]):
        row, table = excess[g], remaining[g]
        for i in range(slot.size):
            row[i] = table[np.uint32(slot[i])]


@compiled
def set_scenario(
    tables: StratumTables,
    k: int,
    y: int,
    age: int,
    uniforms: Array,
    eligible: Array,
    sbp: Array,
    slot: Array,
    changed: Array,
    excess: Array,
) -> None:
    """What scenario ``k`` changes in the year: pressure after treatment, treatment effects, smoking excess."""
    treatments = eligible.shape[0]
    for t in range(treatments):
        set_effect(uniforms[8 + t], eligible[t], tables.threshold[k, y, age, t], tables.effect_step[t], changed[1 + t])
    floor, after = tables.exposure_floor[0], changed[0]
    for i in range(sbp.size):
        after[i] = sbp[i]
    for t in range(treatments):
        shift = tables.sbp_shift[t]
        if shift != _ZERO:
            effect = changed[1 + t]
            for i in range(sbp.size):
                after[i] += shift * effect[i]
    for i in range(sbp.size):
        after[i] = max(after[i] - floor, _ZERO)
    set_excess(slot, tables.remaining_excess, excess)


class Workspace(NamedTuple):
    """Arrays of one cohort; people lie in blocks small enough for the first cache.

    Those with a leading ``blocks`` hold the whole cohort, the others one block at a time.
    """

    words: Array
    uniforms: Array
    """(blocks, 12, people): lifelong, in the order of ``random.LIFELONG_BLOCKS``."""
    percentile: Array
    """(blocks, 3, people)"""
    yearly: Array
    """(blocks, 4, people): drawn afresh each year."""
    sbp: Array
    """(blocks, people)"""
    fixed: Array
    eligible: Array
    """(blocks, T, G, people)"""
    fixed_ratio: Array
    """(blocks, C, people)"""
    comparator_ratio: Array
    """(blocks, C, people)"""
    hazard: Array
    """(blocks, people)"""
    lived: Array
    """(blocks, people)"""
    ratio: Array
    changed: Array
    excess: Array
    ones: Array
    flag: Array
    scratch: Array
    totals: Array
    """(C + 1, 16)"""


@compiled
def block_size(people: int) -> int:
    """The largest multiple of 16, up to 320, that divides ``people``."""
    rows = people // LANES
    size = 1
    for d in range(2, min(rows, _MOST_ROWS) + 1):
        if rows % d == 0:
            size = d
    return size * LANES


@compiled
def make_workspace(blocks: int, size: int, treatments: int, causes: int) -> Workspace:
    """Uninitialised arrays for a cohort of ``blocks`` times ``size`` people."""
    single = np.float32
    return Workspace(
        np.empty((4, size), np.uint32),
        np.empty((blocks, 12, size), single),
        np.empty((blocks, 3, size), single),
        np.empty((blocks, 4, size), single),
        np.empty((blocks, size), single),
        np.empty((5, size), single),
        np.empty((blocks, treatments, 2, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, size), single),
        np.empty((blocks, size), single),
        np.empty((causes, size), single),
        np.empty((1 + treatments, size), single),
        np.empty((3, size), single),
        np.ones((1, size), single),
        np.empty((1, size), single),
        np.empty(size, single),
        np.empty((causes + 1, LANES)),
    )


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
                u[3], u[7], tables.smoking_current[age], tables.smoking_ever[age],
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
        start_smoking(u[3], tables.smoking_ever[age], slot)
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
    treatments = served.size - 1
    lived, hazard, u = work.lived[b], work.hazard[b], work.uniforms[b]
    for t in range(treatments):
        threshold = tables.threshold[k, y, age, t]
        served[t] += weight * count_served(u[8 + t], work.eligible[b, t], threshold, lived, work)
    served[treatments] += weight * count_smokers(slot, lived, work)
    if sampled:
        draw_deaths(work.yearly[b], rate, tables.active[age], ratio, hazard, alive, weight, deaths)
    else:
        for i in range(alive.size):
            alive[i] *= exp32(-hazard[i])
    change_smoking(work.yearly[b, 0], tables.quit[k, y, age], tables.relapse, slot)


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
    deaths (K, 16, Y, C), person_years (K, 16, Y), served (K, Y, T + 1), as in ``CohortResult``
    """
    scenarios, years, _, treatments = tables.threshold.shape[:4]
    causes = tables.rate.shape[2]
    deaths = np.zeros((scenarios, LANES, years, causes))
    person_years = np.zeros((scenarios, LANES, years))
    served = np.zeros((scenarios, years, treatments + 1))
    size = block_size(people)
    blocks = people // size
    work = make_workspace(blocks, size, treatments, causes)
    alive = np.ones((scenarios, blocks, size), np.float32)
    slot = np.empty((scenarios, blocks, size), np.int32)
    sums = np.empty((causes + 1, LANES))
    hazard_rate, death_rate = np.empty(causes, np.float32), np.zeros(causes)
    first = max(0, birth_year - tables.start_year)
    set_people(tables, work, min(_OLDEST, tables.start_year + first - birth_year), cohort, draw, seed, slot)
    weight = 0.0
    for y in range(first, years):
        year = tables.start_year + y
        age = min(_OLDEST, year - birth_year)
        for b in range(blocks):
            set_year(tables, work, b, age, year, conditions[y], cohort, draw, seed)
            set_scenario_year(tables, work, b, 0, y, age, slot[0, b], work.comparator_ratio[b])
        calibrate(tables.rate[y, age], tables.active[age], work, alive[0], sums, hazard_rate, death_rate)
        if y == first:
            whole = sums[causes].sum()
            weight = weight_to / whole if whole > 0.0 else 0.0
        for k in range(scenarios):
            if k > 0:
                sums[:] = 0.0
            for b in range(blocks):
                ratio = work.comparator_ratio[b] if k == 0 else work.ratio
                if k > 0:
                    set_scenario_year(tables, work, b, k, y, age, slot[k, b], ratio)
                    live_year(
                        hazard_rate, tables.active[age], ratio, alive[k, b], work, work.hazard[b], work.lived[b], sums
                    )
                end_year(
                    tables, work, b, k, y, age, ratio, alive[k, b], slot[k, b], hazard_rate, weight, sampled,
                    deaths[k, :, y], served[k, y],
                )  # fmt: skip
            for lane in range(LANES):
                person_years[k, lane, y] = weight * sums[causes, lane]
                if not sampled:
                    for c in range(causes):
                        deaths[k, lane, y, c] = weight * death_rate[c] * sums[c, lane]
    return deaths, person_years, served
