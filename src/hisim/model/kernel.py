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
from hisim.model.fastmath import exp32, mean_survival32, normal_quantile
from hisim.model.random import YEARLY_BLOCK, fill_uniforms
from hisim.model.tables import (
    HYPERTENSION_MMHG,
    LANES,
    LAST_STARTING_AGE,
    STATIN_HISTORY_AGE,
    STATIN_PRIMARY_AGE,
)

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HYPERTENSION = np.float32(HYPERTENSION_MMHG)
_OLDEST = 100
_MOST_STEPS = 30
_TOLERANCE = 1e-7
_FULLY_QUIT = np.int32(41)


@compiled
def set_percentiles(cohort, draw, seed, mixing, words, uniforms, percentile):  # type: ignore[no-untyped-def]
    """Lifelong uniforms (12, people) and the correlated standard normals (3, people) made of the first three."""
    for block in range(3):
        fill_uniforms(0, cohort, 0, block, draw, seed, words, uniforms[4 * block : 4 * block + 4])
    for i in range(percentile.shape[1]):
        a = normal_quantile(np.float64(uniforms[0, i]))
        b = normal_quantile(np.float64(uniforms[1, i]))
        c = normal_quantile(np.float64(uniforms[2, i]))
        percentile[0, i] = a * mixing[0, 0]
        percentile[1, i] = a * mixing[1, 0] + b * mixing[1, 1]
        percentile[2, i] = a * mixing[2, 0] + b * mixing[2, 1] + c * mixing[2, 2]


@compiled
def set_smoking(u_smoking, u_years, current, ever, cumulative, slot):  # type: ignore[no-untyped-def]
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
def start_smoking(u_smoking, ever, slot):  # type: ignore[no-untyped-def]
    """Never smokers whose lifelong uniform lies below the share who have ever smoked at this age start."""
    for i in range(slot.size):
        if slot[i] == 0 and u_smoking[i] < ever:
            slot[i] = 1


@compiled
def change_smoking(u, quit, relapse, slot):  # type: ignore[no-untyped-def]
    """Quit below ``quit``, relapse above 1 - ``relapse``: one uniform, so that more quitting never means more smokers."""
    for i in range(slot.size):
        s = slot[i]
        stays = min(s + np.int32(1), _FULLY_QUIT) if u[i] <= _ONE - relapse[s] else np.int32(1)
        stops = np.int32(2) if u[i] < quit else np.int32(1)
        slot[i] = np.int32(0) if s == 0 else (stops if s == 1 else stays)


@compiled
def set_features(age, tables, conditions, uniforms, percentile, sbp, fixed, eligible):  # type: ignore[no-untyped-def]
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
def set_effect(u, eligible, threshold, step, effect):  # type: ignore[no-untyped-def]
    """Share of a treatment's full effect each person has: the steps of the years they have been on it."""
    effect[:] = _ZERO
    first, second = eligible[0], eligible[1]
    for lag in range(step.size):
        a, b, gain = threshold[0, lag], threshold[1, lag], step[lag]
        for i in range(effect.size):
            effect[i] += gain if u[i] < first[i] * a + second[i] * b else _ZERO


@compiled
def set_fixed_ratio(fixed, log_hr, ratio):  # type: ignore[no-untyped-def]
    """exp of the part of the log hazard ratio that no scenario changes; ``ratio`` (C, people)."""
    for c in range(ratio.shape[0]):
        row = ratio[c]
        row[:] = _ZERO
        touched = False
        for r in range(fixed.shape[0]):
            b = log_hr[r, c]
            if b != _ZERO:
                touched = True
                x = fixed[r]
                for i in range(row.size):
                    row[i] += b * x[i]
        if touched:
            for i in range(row.size):
                row[i] = exp32(row[i])
        else:
            row[:] = _ONE


@compiled
def set_ratio(fixed_ratio, changed, log_hr, excess, group, smoker_excess, scratch, ratio):  # type: ignore[no-untyped-def]
    """Hazard of each person relative to a reference person, by cause; ``ratio`` (C, people)."""
    for c in range(ratio.shape[0]):
        row, base, smoke, k = ratio[c], fixed_ratio[c], excess[group[c]], smoker_excess[c]
        touched = False
        for d in range(changed.shape[0]):
            b = log_hr[d, c]
            if b != _ZERO:
                x = changed[d]
                if touched:
                    for i in range(row.size):
                        scratch[i] += b * x[i]
                else:
                    for i in range(row.size):
                        scratch[i] = b * x[i]
                touched = True
        if touched:
            for i in range(row.size):
                row[i] = base[i] * exp32(scratch[i]) * (_ONE + k * smoke[i])
        else:
            for i in range(row.size):
                row[i] = base[i] * (_ONE + k * smoke[i])


@compiled
def set_hazard(rate, ratio, hazard):  # type: ignore[no-untyped-def]
    """All-cause hazard [1/year] of each person: sum over causes of calibrated rate times ratio."""
    hazard[:] = _ZERO
    for c in range(rate.size):
        m = rate[c]
        if m != _ZERO:
            row = ratio[c]
            for i in range(hazard.size):
                hazard[i] += m * row[i]


@compiled
def fold(values, total):  # type: ignore[no-untyped-def]
    """Sum ``values`` (people,) by batch into ``total`` (16,) float64; overwrites ``values``.

    The upper half of the rows of 16 is added to the lower half until one row is left: pairwise, in an
    order that only the number of people decides, and in long loops that become lanes.
    """
    rows = values.size // LANES
    while rows > 1:
        half = rows // 2
        low, high = values[: half * LANES], values[(rows - half) * LANES : rows * LANES]
        for i in range(low.size):
            low[i] += high[i]
        rows -= half
    for lane in range(LANES):
        total[lane] = values[lane]


@compiled
def fold_product(weight, row, scratch, total):  # type: ignore[no-untyped-def]
    """Sum ``weight * row`` (people,) by batch into ``total`` (16,) float64."""
    for i in range(scratch.size):
        scratch[i] = weight[i] * row[i]
    fold(scratch, total)


@compiled
def weigh(rate, ratio, weight, scratch, sums):  # type: ignore[no-untyped-def]
    """Sums over people of ``weight``, weighted by ratio and alone: ``sums`` (C + 1, 16); 0 where the rate is."""
    causes = ratio.shape[0]
    for c in range(causes):
        if rate[c] > 0.0:
            fold_product(weight, ratio[c], scratch, sums[c])
        else:
            sums[c] = 0.0
    scratch[:] = weight
    fold(scratch, sums[causes])


@compiled
def live_year(rate, ratio, alive, hazard, lived, scratch, sums):  # type: ignore[no-untyped-def]
    """Person-years of each person at the all-cause hazard, and their sums as in :func:`weigh`."""
    set_hazard(rate, ratio, hazard)
    for i in range(alive.size):
        lived[i] = alive[i] * mean_survival32(hazard[i])
    weigh(rate, ratio, lived, scratch, sums)


@compiled
def set_death_rate(rate, sums, death_rate):  # type: ignore[no-untyped-def]
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
def calibrate(rate, ratio, alive, hazard, lived, scratch, sums, hazard_rate, death_rate):  # type: ignore[no-untyped-def]
    """Find the factors that make the comparator's deaths by cause equal rate times person-years.

    ``death_rate`` (C,) float64 is rate / (mean of ratio weighted by person-years) at the last step, so the
    identity holds to rounding. ``hazard_rate`` (C,) float32 is the step before, from which the person-years
    follow; they differ by less than 1e-7 relative.
    """
    weigh(rate, ratio, alive, scratch, sums)
    set_death_rate(rate, sums, death_rate)
    for _ in range(_MOST_STEPS):
        for c in range(rate.size):
            hazard_rate[c] = np.float32(death_rate[c])
        live_year(hazard_rate, ratio, alive, hazard, lived, scratch, sums)
        if set_death_rate(rate, sums, death_rate) < _TOLERANCE:
            break


@compiled
def draw_deaths(uniforms, hazard_rate, ratio, hazard, alive, deaths):  # type: ignore[no-untyped-def]
    """Who dies this year, and of what: adds whole people to ``deaths`` (16, C) and empties their ``alive``."""
    for i in range(alive.size):
        if alive[i] > _ZERO and uniforms[1, i] >= exp32(-hazard[i]):
            alive[i] = _ZERO
            left = uniforms[2, i] * hazard[i]
            cause, last = -1, 0
            for c in range(hazard_rate.size):
                if hazard_rate[c] > _ZERO:
                    last = c
                    left -= hazard_rate[c] * ratio[c, i]
                    if left < _ZERO and cause < 0:
                        cause = c
            deaths[i % LANES, cause if cause >= 0 else last] += 1.0


@compiled
def count_served(u, eligible, threshold, lived, scratch, total):  # type: ignore[no-untyped-def]
    """Person-years on a treatment at this year's coverage."""
    a, b = threshold[0, 0], threshold[1, 0]
    first, second = eligible[0], eligible[1]
    for i in range(lived.size):
        scratch[i] = lived[i] if u[i] < first[i] * a + second[i] * b else _ZERO
    fold(scratch, total)
    return total.sum()


@compiled
def count_smokers(slot, lived, scratch, total):  # type: ignore[no-untyped-def]
    """Person-years as a current smoker."""
    for i in range(lived.size):
        scratch[i] = lived[i] if slot[i] == 1 else _ZERO
    fold(scratch, total)
    return total.sum()


@compiled
def set_scenario(tables, k, y, age, uniforms, eligible, sbp, slot, changed, excess):  # type: ignore[no-untyped-def]
    """What scenario ``k`` changes in the year: pressure after treatment, treatment effects, smoking excess."""
    treatments = eligible.shape[0]
    for t in range(treatments):
        set_effect(
            uniforms[8 + t], eligible[t], tables.threshold[k, y, age, t], tables.effect_step[t], changed[1 + t]
        )
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
    for g in range(excess.shape[0]):
        row, remaining = excess[g], tables.remaining_excess[g]
        for i in range(slot.size):
            row[i] = remaining[slot[i]]


@compiled
def run_cohort(tables, conditions, cohort, birth_year, people, weight_to, draw, seed, sampled):  # type: ignore[no-untyped-def]
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

    words = np.empty((4, people), np.uint32)
    uniforms = np.empty((12, people), np.float32)
    yearly = np.empty((4, people), np.float32)
    percentile = np.empty((3, people), np.float32)
    sbp = np.empty(people, np.float32)
    fixed = np.empty((5, people), np.float32)
    eligible = np.empty((treatments, 2, people), np.float32)
    changed = np.empty((1 + treatments, people), np.float32)
    excess = np.empty((3, people), np.float32)
    fixed_ratio = np.empty((causes, people), np.float32)
    ratio = np.empty((causes, people), np.float32)
    scratch = np.empty(people, np.float32)
    hazard = np.empty(people, np.float32)
    lived = np.empty(people, np.float32)
    alive = np.ones((scenarios, people), np.float32)
    slot = np.empty((scenarios, people), np.int32)
    sums = np.empty((causes + 1, LANES))
    hazard_rate = np.empty(causes, np.float32)
    death_rate = np.zeros(causes)

    first = max(0, birth_year - tables.start_year)
    age = min(_OLDEST, tables.start_year + first - birth_year)
    set_percentiles(cohort, draw, seed, tables.percentile_mixing, words, uniforms, percentile)
    for k in range(scenarios):
        set_smoking(
            uniforms[3], uniforms[7], tables.smoking_current[age], tables.smoking_ever[age],
            tables.quit_years_cumulative[age], slot[k],
        )  # fmt: skip
    weight = 0.0
    for y in range(first, years):
        year = tables.start_year + y
        age = min(_OLDEST, year - birth_year)
        fill_uniforms(0, cohort, year, YEARLY_BLOCK, draw, seed, words, yearly)
        set_features(age, tables, conditions[y], uniforms, percentile, sbp, fixed, eligible)
        set_fixed_ratio(fixed, tables.fixed_log_hr[age], fixed_ratio)
        for k in range(scenarios):
            if age <= LAST_STARTING_AGE:
                start_smoking(uniforms[3], tables.smoking_ever[age], slot[k])
            set_scenario(tables, k, y, age, uniforms, eligible, sbp, slot[k], changed, excess)
            set_ratio(
                fixed_ratio, changed, tables.changed_log_hr[age], excess, tables.smoking_group,
                tables.smoking_excess[age], scratch, ratio,
            )  # fmt: skip
            if k == 0:
                calibrate(tables.rate[y, age], ratio, alive[0], hazard, lived, scratch, sums, hazard_rate, death_rate)
            else:
                live_year(hazard_rate, ratio, alive[k], hazard, lived, scratch, sums)
            if y == first and k == 0:
                whole = sums[causes].sum()
                weight = weight_to / whole if whole > 0.0 else 0.0
            for lane in range(LANES):
                person_years[k, lane, y] = weight * sums[causes, lane]
            if sampled:
                draw_deaths(yearly, hazard_rate, ratio, hazard, alive[k], deaths[k, :, y])
                for lane in range(LANES):
                    for c in range(causes):
                        deaths[k, lane, y, c] *= weight
            else:
                for lane in range(LANES):
                    for c in range(causes):
                        deaths[k, lane, y, c] = weight * death_rate[c] * sums[c, lane]
                row = alive[k]
                for i in range(people):
                    row[i] *= exp32(-hazard[i])
            for t in range(treatments):
                served[k, y, t] = weight * count_served(
                    uniforms[8 + t], eligible[t], tables.threshold[k, y, age, t], lived, scratch, sums[0]
                )
            served[k, y, treatments] = weight * count_smokers(slot[k], lived, scratch, sums[0])
            change_smoking(yearly[0], tables.quit[k, y, age], tables.relapse, slot[k])
    return deaths, person_years, served
