"""What people carry into a year: percentiles, histories, smoking, who may be treated and who is.

Compiled; every function works on the people of one block as lanes.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.fastmath import normal_quantile
from hisim.model.random import FIRST_CONDITION, FIRST_TREATMENT, LIFELONG_BLOCKS, fill_uniforms
from hisim.model.tables import (
    CURRENT,
    HYPERTENSION_MMHG,
    NEVER,
    SLOTS,
    STATIN_HISTORY_AGE,
    STATIN_PRIMARY_AGE,
    Array,
    StratumTables,
)

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HYPERTENSION = np.float32(HYPERTENSION_MMHG)
_NEVER, _CURRENT, _JUST_QUIT, _FULLY_QUIT = (np.int32(slot) for slot in (NEVER, CURRENT, CURRENT + 1, SLOTS - 1))


@compiled
def set_percentiles(
    first: int, cohort: int, draw: int, seed: int, mixing: Array, words: Array, uniforms: Array, percentile: Array
) -> None:
    """Lifelong uniforms (12, people) and the correlated standard normals (3, people) made of the first three."""
    for block in range(LIFELONG_BLOCKS):
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
            slot[i] = CURRENT
        elif u_smoking[i] < ever:
            k = 0
            while k < 40 and u_years[i] >= cumulative[k]:
                k += 1
            slot[i] = CURRENT + max(k, 1)
        else:
            slot[i] = NEVER


@compiled
def start_smoking(u_smoking: Array, ever: float, slot: Array) -> None:
    """Never smokers whose lifelong uniform lies below the share who have ever smoked at this age start."""
    for i in range(slot.size):
        if slot[i] == NEVER and u_smoking[i] < ever:
            slot[i] = CURRENT


@compiled
def change_smoking(u: Array, quit: float, relapse: Array, slot: Array) -> None:
    """Quit below ``quit``, relapse above 1 - ``relapse``: by one uniform, more quitting never means more smokers."""
    for i in range(slot.size):
        s = slot[i]
        stays = min(s + np.int32(1), _FULLY_QUIT) if u[i] <= _ONE - relapse[s] else _CURRENT
        stops = _JUST_QUIT if u[i] < quit else _CURRENT
        slot[i] = _NEVER if s == _NEVER else (stops if s == _CURRENT else stays)


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
        u, row = uniforms[FIRST_CONDITION + d], fixed[2 + d]
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
        u = uniforms[FIRST_TREATMENT + t]
        set_effect(u, eligible[t], tables.threshold[k, y, age, t], tables.effect_step[t], changed[1 + t])
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
