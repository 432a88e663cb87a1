"""What people carry into a year: percentiles, smoking, exposures, conditions and who is eligible for what.

Compiled; every function works on the people of one block as lanes.
"""

from __future__ import annotations

import math

import numpy as np

from hisim.accelerate import compiled
from hisim.model.fastmath import exp32, fill, normal_quantile32
from hisim.model.random import (
    ALCOHOL,
    CONDITION_EVENTS,
    DRINKS,
    LIFELONG_BLOCKS,
    LIFELONG_ROWS,
    SMOKING,
    UPTAKE,
    YEARS_SINCE_QUIT,
    fill_uniforms,
)
from hisim.model.tables import (
    CHD,
    CURRENT,
    CVD_HISTORY,
    DIABETES,
    DIABETES_HYPERTENSION,
    EVERYONE,
    HARMFUL,
    HAZARDOUS,
    HIGH_RISK,
    HYPERTENSION,
    HYPERTENSION_MMHG,
    MOST_ALCOHOL,
    NEVER,
    SLOTS,
    STROKE_HISTORY,
    Array,
    CohortTables,
    Strata,
    Task,
)
from hisim.model.workspace import Lives, Workspace
from hisim.variables import OLDEST_AGE

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HYPERTENSION = np.float32(HYPERTENSION_MMHG)
_MOST_ALCOHOL = np.float32(MOST_ALCOHOL)
_NEVER, _CURRENT, _JUST_QUIT, _FULLY_QUIT = (np.int32(slot) for slot in (NEVER, CURRENT, CURRENT + 1, SLOTS - 1))
_LEAST = np.float32(2.0**-24)
_MOST = np.float32(1.0 - 2.0**-24)


@compiled
def set_percentiles(
    first: int, cohort: int, draw: int, seed: int, mixing: Array, words: Array, uniforms: Array, percentile: Array
) -> None:
    """Lifelong uniforms (24, people) and the standard normals (4, people) of the exposures, three correlated."""
    for block in range(LIFELONG_BLOCKS):
        fill_uniforms(first, cohort, 0, block, draw, seed, words, uniforms[4 * block : 4 * block + 4])
    for e in range(4):
        row, u = percentile[e], uniforms[e if e < 3 else ALCOHOL]
        for i in range(row.size):
            row[i] = normal_quantile32(u[i])
    x, y, z = percentile[0], percentile[1], percentile[2]
    for i in range(x.size):
        a, b = x[i], y[i]
        x[i] = a * mixing[0, 0]
        y[i] = a * mixing[1, 0] + b * mixing[1, 1]
        z[i] = a * mixing[2, 0] + b * mixing[2, 1] + z[i] * mixing[2, 2]


@compiled
def set_readiness(
    first: int,
    cohort: int,
    draw: int,
    seed: int,
    tables: CohortTables,
    needed: Array,
    work: Workspace,
    uniforms: Array,
    ready: Array,
) -> None:
    """Lifelong uniforms of the slots ``needed``, correlated across drugs and services where a scenario says so.

    Slots of one drug share their uniform. With correlation r each is Phi(sqrt(r) z + sqrt(1 - r) x), z being the
    person's readiness for anything and x their own normal for the drug.
    """
    own = work.raw[0]
    shared, alone = math.sqrt(tables.correlation), math.sqrt(1.0 - tables.correlation)
    for t in range(ready.shape[0]):
        if not needed[t]:
            continue
        fill_uniforms(first, cohort, 0, tables.slot_block[t], draw, seed, work.words, own)
        for i in range(ready.shape[1]):
            ready[t, i] = own[0, i]
        if tables.correlation > 0.0:
            for i in range(ready.shape[1]):
                z = normal_quantile32(uniforms[UPTAKE, i])
                x = shared * z + alone * normal_quantile32(ready[t, i])
                ready[t, i] = min(max(np.float32(0.5 * math.erfc(-x / math.sqrt(2.0))), _LEAST), _MOST)


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
def change_smoking(u: Array, quit: Array, relapse: Array, bounds: Array, slot: Array) -> None:
    """Quit below ``quit`` (G,), relapse above 1 - ``relapse``: so that more quitting is never more smokers."""
    if not ever_smoked(slot):
        return
    for g in range(quit.size):
        below, part, chance = quit[g], slot[bounds[g] : bounds[g + 1]], u[bounds[g] : bounds[g + 1]]
        for i in range(part.size):
            s = part[i]
            stays = min(s + np.int32(1), _FULLY_QUIT) if chance[i] <= _ONE - relapse[s] else _CURRENT
            stops = _JUST_QUIT if chance[i] < below else _CURRENT
            part[i] = _NEVER if s == _NEVER else (stops if s == _CURRENT else stays)


@compiled
def sort_by_stratum(odds: Array, share: Array, bounds: Array, scratch: Array, u: Array) -> None:
    """Put people of strata with higher ``odds`` (G,) at lower uniforms, in place; over all, ``u`` stays uniform.

    A person of stratum g at u stands where the whole has sum_h share_h r u / (1 - u + r u), r = odds_h / odds_g,
    below it. So a share c of all is, in stratum g, the share whose odds are ``odds[g]`` times what makes it c in all.
    """
    for g in range(odds.size):
        mine, below = u[bounds[g] : bounds[g + 1]], scratch[bounds[g] : bounds[g + 1]]
        for i in range(mine.size):
            below[i] = _ZERO
        for h in range(odds.size):
            r, part = odds[h] / odds[g], share[h]
            for i in range(mine.size):
                below[i] += part * (r * mine[i]) / ((_ONE - mine[i]) + r * mine[i])
        for i in range(mine.size):
            mine[i] = min(max(below[i], _LEAST), _MOST)


@compiled
def ever_smoked(slot: Array) -> bool:
    """Whether anybody smokes or did."""
    most = _NEVER
    for i in range(slot.size):
        most = max(most, slot[i])
    return bool(most != _NEVER)


@compiled
def set_excess(slot: Array, remaining: Array, excess: Array) -> None:
    """Share of a smoker's excess hazard each person has, by group of causes; ``excess`` (groups, people)."""
    if not ever_smoked(slot):
        fill(_ZERO, excess.reshape(-1))
        return
    for g in range(excess.shape[0]):
        row, table = excess[g], remaining[g]
        for i in range(slot.size):
            row[i] = table[np.uint32(slot[i])]


@compiled
def set_exposures(age: int, tables: CohortTables, uniforms: Array, percentile: Array, raw: Array) -> None:
    """Exposures (4, people) at an age if nobody were served: mmHg, mmol/L, kg/m2 and g of alcohol a day."""
    mean, sd = tables.exposure_mean[age], tables.exposure_sd[age]
    for e in range(3):
        row, z, m, s = raw[e], percentile[e], mean[e], sd[e]
        for i in range(row.size):
            row[i] = m + s * z[i]
    row, z, m, s, u, drinkers = raw[3], percentile[3], mean[3], sd[3], uniforms[DRINKS], tables.drinkers[age]
    if drinkers == _ZERO:
        fill(_ZERO, row)
    else:
        for i in range(row.size):
            row[i] = min(exp32(m + s * z[i]), _MOST_ALCOHOL) if u[i] < drinkers else _ZERO


@compiled
def set_flag(u: Array, share: np.float32, row: Array) -> None:
    """1 for people below ``share``, else 0."""
    for i in range(row.size):
        row[i] = _ONE if u[i] < share else _ZERO


@compiled
def set_above(x: Array, level: np.float32, row: Array) -> None:
    """1 for people at ``level`` or above, else 0."""
    for i in range(row.size):
        row[i] = _ONE if x[i] >= level else _ZERO


@compiled
def set_flags(share: Array, tables: CohortTables, uniforms: Array, event: Array, raw: Array, flags: Array) -> None:
    """Who is in which state, as 0 or 1; ``flags`` (F, people), ``share`` (N,) of people with each condition.

    ``event`` (people,) are the uniforms of conditions drawn afresh each year.
    """
    wanted = tables.wanted
    for n in range(share.size):
        if wanted[n]:
            row = CONDITION_EVENTS[n]
            set_flag(uniforms[row] if row >= 0 else event, share[n], flags[n])
    if wanted[HYPERTENSION]:
        set_above(raw[0], _HYPERTENSION, flags[HYPERTENSION])
    if wanted[CVD_HISTORY]:
        for i in range(flags.shape[1]):
            flags[CVD_HISTORY, i] = max(flags[CHD, i], flags[STROKE_HISTORY, i])
    if wanted[HIGH_RISK]:
        for i in range(flags.shape[1]):
            risk = max(flags[HYPERTENSION, i], flags[DIABETES, i])
            flags[HIGH_RISK, i] = risk * (_ONE - flags[CVD_HISTORY, i])
    if wanted[DIABETES_HYPERTENSION]:
        for i in range(flags.shape[1]):
            flags[DIABETES_HYPERTENSION, i] = flags[HYPERTENSION, i] * flags[DIABETES, i]
    if wanted[HAZARDOUS]:
        set_above(raw[3], tables.drinker_grams[0], flags[HAZARDOUS])
    if wanted[HARMFUL]:
        set_above(raw[3], tables.drinker_grams[1], flags[HARMFUL])
    fill(_ONE, flags[EVERYONE])


@compiled
def set_needed(tables: CohortTables, birth_year: int, begin: int, needed: Array) -> None:
    """Which slots (T,) may decide about anybody of a cohort, from year ``begin`` on."""
    for t in range(needed.size):
        needed[t] = False
    for y in range(begin, tables.differs.shape[1]):
        age = min(OLDEST_AGE, tables.start_year + y - birth_year)
        for t in range(needed.size):
            needed[t] |= tables.present[age, t] | (tables.counted[t] & tables.in_scope[age, t])
        for k in range(1, tables.differs.shape[0]):
            for t in range(needed.size):
                needed[t] |= tables.differs[k, y, age, t]


@compiled
def set_people(
    tables: CohortTables, strata: Strata, work: Workspace, lives: Lives, task: Task, begin: int, first: int
) -> None:
    """Everything people from number ``first`` on keep for life, and their smoking in ``begin``, the first year."""
    blocks, size = work.lived.shape
    entry, needed = min(OLDEST_AGE, tables.start_year + begin - task.birth_year), work.needed
    set_needed(tables, task.birth_year, begin, needed)
    for b in range(blocks):
        u, bounds, alive, number = work.uniforms[b], work.bounds[b], lives.alive[0, b], first + b * size
        fill(0.0, alive)
        for g in range(strata.weight.size):
            fill(strata.weight[g], alive[bounds[g] : bounds[g + 1]])
        set_percentiles(
            number, task.cohort, task.draw, task.seed, tables.percentile_mixing, work.words, u, work.percentile[b]
        )  # fmt: skip
        set_readiness(number, task.cohort, task.draw, task.seed, tables, needed, work, u, work.readiness[b])
        for e in range(tables.sorts.size):
            if tables.sorts[e]:
                row = u[e] if e < LIFELONG_ROWS else work.readiness[b, e - LIFELONG_ROWS]
                sort_by_stratum(tables.stratum_odds[e], strata.share[e], bounds, work.row, row)
        set_smoking(
            u[SMOKING], u[YEARS_SINCE_QUIT], tables.smoking_current[entry], tables.smoking_ever[entry],
            tables.quit_years_cumulative[entry], lives.slot[0, b],
        )  # fmt: skip
