"""The twin: the same model in plain NumPy and float64, slow and easy to read.

It shares no code with the kernel: its own generator, quantile, exponential, sums and calibration. The
tests hold the two together (``tests/verification/test_twin.py``), and the benchmark compares their speed.
Pass :func:`run_cohorts` as ``project(..., run=twin.run_cohorts)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from hisim.model.tables import (
    CURRENT,
    FLAGS,
    HYPERTENSION_MMHG,
    LAST_STARTING_AGE,
    MOST_ALCOHOL,
    NEVER,
    SLOTS,
    CohortResult,
    CohortTables,
    Float32,
    Float64,
    Strata,
)
from hisim.variables import CONDITIONS, LANES, OLDEST_AGE, REGISTERS

Slots = NDArray[np.int64]
Flags = NDArray[np.bool_]


def uniforms(cohort: int, year: int, block: int, draw: int, seed: int, people: range) -> Float64:
    """Four uniforms for each of ``people``, from Philox4x32-10 written for arrays; (4, people)."""
    low = np.uint64(0xFFFFFFFF)
    word = [np.array(people, dtype=np.uint64)]
    word += [np.full(len(people), value, np.uint64) for value in (cohort, year + (block << 16), draw)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * word[0], np.uint64(0xCD9E8D57) * word[2]
        shift = np.uint64(32)
        word = [
            (right >> shift) ^ word[1] ^ np.uint64(key[0]), right & low,
            (left >> shift) ^ word[3] ^ np.uint64(key[1]), left & low,
        ]  # fmt: skip
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return (np.stack(word) >> np.uint64(9)).astype(float) * 2.0**-23 + 2.0**-24


LIFELONG = {
    "smoking": 3, "diabetes": 4, "chd": 5, "stroke_history": 6, "years_since_quit": 7, "atrial_fibrillation": 8,
    "heart_failure": 9, "copd": 10, "alcohol": 11, "drinks": 12, "unemployed": 13, "income_deprived": 14,
    "fuel_poor": 15, "overcrowded": 16, "smoked_in_pregnancy": 17, "hypertension_known": 18, "diabetes_known": 19,
    "atrial_fibrillation_known": 20, "copd_known": 21, "uptake": 22,
}  # fmt: skip
"""Place of each lifelong uniform, written down a second time on purpose."""


def run_cohorts(
    tables: CohortTables,
    strata: Strata,
    conditions: Float32,
    person_years_to: Float64,
    who: NDArray[np.int64],
    draw: int,
    seed: int,
    sampled: bool,
    batches: bool = True,
) -> tuple[Float64, ...]:
    """Run some cohorts; arguments and results as in :func:`hisim.model.kernel.run_cohorts`."""
    several = []
    for i, (birth_year, people, pieces, cohort) in enumerate(who.tolist()):
        one = Strata(*(array[i] for array in strata))
        parts = [
            _run_piece(
                tables, one, conditions[i], cohort, birth_year, range(n * people, (n + 1) * people),
                person_years_to[i] / pieces, draw, seed, sampled,
            )
            for n in range(pieces)
        ]  # fmt: skip
        *sums, reference = (sum(several) for several in zip(*parts, strict=True))
        several.append((*sums, reference / pieces))
    out = CohortResult(*map(np.stack, zip(*several, strict=True)))
    if batches:
        return out
    none, whole = slice(0), out.person_years.sum(axis=-1, keepdims=True)
    return out._replace(
        deaths=out.deaths[..., none], stratum_deaths_batch=out.stratum_deaths_batch[..., none], person_years=whole
    )


def _run_piece(
    tables: CohortTables,
    strata: Strata,
    conditions: Float32,
    cohort: int,
    birth_year: int,
    people: range,
    person_years_to: Float64,
    draw: int,
    seed: int,
    sampled: bool,
) -> tuple[Float64, ...]:
    """Run ``people``, by their numbers, through all years and scenarios."""
    scenarios, years, slots = tables.coverage.shape[:3]
    causes, groups = tables.rate.shape[2], len(strata.weight)
    deaths = np.zeros((scenarios, years, groups, causes, LANES))
    person_years = np.zeros((scenarios, years, groups, LANES))
    served = np.zeros((scenarios, years, groups, 2 * slots + len(REGISTERS) + 1))
    reference = np.zeros((years, causes))
    group = np.searchsorted(strata.bounds, np.arange(len(people)), side="right") - 1
    lifelong = np.concatenate([uniforms(cohort, 0, block, draw, seed, people) for block in range(6)])
    ready = _readiness(tables, lifelong, cohort, draw, seed, people)
    percentile = np.concatenate([tables.percentile_mixing.astype(float) @ ndtri(lifelong[:3]), ndtri(lifelong[11:12])])
    for e, row in enumerate([*lifelong, *ready]):
        row[:] = _sorted(tables.stratum_odds[e].astype(float), strata.share[e].astype(float), group, row)
    first = max(0, birth_year - tables.start_year)
    entry_age = min(OLDEST_AGE, tables.start_year + first - birth_year)
    slot = [_first_slots(tables, entry_age, lifelong) for _ in range(scenarios)]
    alive = [strata.weight.astype(float)[group] for _ in range(scenarios)]
    weight = 0.0
    for y in range(first, years):
        age = min(OLDEST_AGE, tables.start_year + y - birth_year)
        rate = tables.rate[y, age]
        change, death, cause_of, event = _yearly(cohort, tables.start_year + y, draw, seed, people)
        raw = _exposures(tables, age, percentile, lifelong)
        flags = _flags(tables, age, conditions[y], raw, lifelong, event)
        death_rate = rate
        for k in range(scenarios):
            if age <= LAST_STARTING_AGE:
                slot[k][(slot[k] == NEVER) & (lifelong[3] < tables.smoking_ever[age])] = CURRENT
            effect = _effects(tables, k, y, age, lifelong, ready, flags, group)
            ratio = _ratio(tables, age, raw, flags, effect, slot[k]) * np.exp(
                tables.stratum_log_hr[age].astype(float)[group].T
            )
            if k == 0:
                death_rate = _calibrated(rate, ratio, alive[0]) if tables.observed else rate
                reference[y] = death_rate
            hazard = death_rate @ ratio
            lived = alive[k] * _share_lived(hazard)
            if k == 0 and (y == first or (tables.observed and not sampled)):
                weight = person_years_to[y] / lived.sum()
            person_years[k, y] = weight * _by_batch(lived, group, groups)
            each, left = death_rate[:, None] * ratio * lived, alive[k] * np.exp(-hazard)
            if sampled:
                each, left = _drawn(alive[k], death_rate[:, None] * ratio, death, cause_of)
            alive[k] = left
            deaths[k, y] = weight * np.stack([_by_batch(one, group, groups) for one in each], axis=1)
            for g in range(groups):
                mine = lived * (group == g)
                served[k, y, g] = weight * _counts(tables, k, y, age, lifelong, ready, flags, mine, slot[k], group)
            slot[k] = _next_slots(slot[k], change, tables.quit[k, y, age].astype(float)[group], tables.relapse)
    used, counted = np.flatnonzero(tables.used), np.flatnonzero(tables.counted)
    whole = served.sum(axis=2)[..., [*counted, *range(2 * slots, served.shape[-1])]]
    died = (deaths.sum(axis=2), deaths.sum(axis=-1), deaths.sum(axis=3))
    return *died, person_years, whole, served[..., [*used, *(slots + used), -1]], reference


def _drawn(alive: Float64, hazard: Float64, death: Float64, cause_of: Float64) -> tuple[Float64, Float64]:
    """Those who die of each cause (C, people), and those left, from hazards by cause (C, people)."""
    whole = hazard.sum(axis=0)
    died = (alive > 0) & (death >= np.exp(-whole))
    cause = (np.cumsum(hazard, axis=0) <= cause_of * whole).sum(axis=0)
    return alive * (died & (cause == np.arange(len(hazard))[:, None])), np.where(died, 0.0, alive)


def _yearly(cohort: int, year: int, draw: int, seed: int, people: range) -> list[Float64]:
    """The uniforms of one year for who changes smoking, dies, of what, and has an event; one block for four years."""
    return [uniforms(cohort, year - year % 4, 16 + event, draw, seed, people)[year % 4] for event in range(4)]


def _sorted(odds: Float64, share: Float64, group: Slots, u: Float64) -> Float64:
    """Share of everyone below a person who stands at ``u`` in a stratum with those odds; the same as ``u`` for all."""
    ratio = odds[:, None] / odds[group]
    return np.asarray((share[:, None] * ratio * u / (1.0 - u + ratio * u)).sum(axis=0)) if np.ptp(odds) else u


def _readiness(tables: CohortTables, lifelong: Float64, cohort: int, draw: int, seed: int, people: range) -> Float64:
    """One lifelong uniform for each slot, correlated through the readiness for anything; (slot, people)."""
    own = [uniforms(cohort, 0, int(block), draw, seed, people)[0] for block in tables.slot_block]
    ready = np.array(own).reshape(-1, len(people))
    r = tables.correlation
    if r == 0:
        return ready
    return np.asarray(ndtr(np.sqrt(r) * ndtri(lifelong[LIFELONG["uptake"]]) + np.sqrt(1 - r) * ndtri(ready)))


def _exposures(tables: CohortTables, age: int, percentile: Float64, lifelong: Float64) -> Float64:
    """Exposures if nobody were served; (4, people)."""
    mean, sd = tables.exposure_mean[age].astype(float), tables.exposure_sd[age].astype(float)
    raw: Float64 = mean[:, None] + sd[:, None] * percentile
    raw[3] = np.where(
        lifelong[LIFELONG["drinks"]] < tables.drinkers[age], np.minimum(np.exp(raw[3]), MOST_ALCOHOL), 0.0
    )
    return raw


def _flags(
    tables: CohortTables, age: int, histories: Float32, raw: Float64, lifelong: Float64, event: Float64
) -> dict[str, Flags]:
    """Who is in which state, by its name; each (people,)."""
    share = dict(zip(CONDITIONS, [*histories, *tables.prevalence[age]], strict=True))
    flags = {name: (lifelong[LIFELONG[name]] if name in LIFELONG else event) < share[name] for name in CONDITIONS}
    flags["hypertension"] = raw[0] >= HYPERTENSION_MMHG
    flags["cvd_history"] = flags["chd"] | flags["stroke_history"]
    flags["high_risk"] = (flags["hypertension"] | flags["diabetes"]) & ~flags["cvd_history"]
    flags["diabetes_hypertension"] = flags["hypertension"] & flags["diabetes"]
    flags["hazardous_drinker"], flags["harmful_drinker"] = (raw[3] >= grams for grams in tables.drinker_grams)
    flags["everyone"] = np.ones_like(flags["chd"])
    return flags


def _reached(
    tables: CohortTables,
    t: int,
    k: int,
    y: int,
    age: int,
    lifelong: Float64,
    ready: Float64,
    flags: dict[str, Flags],
    group: Slots,
) -> Flags:
    """Who is in slot ``t`` by the coverage of year ``y``; before the start, by the comparator's."""
    row, then = (k, y) if y >= 0 else (0, 0)
    own = group if tables.coverage.shape[-1] > 1 else np.zeros_like(group)
    inside = flags[FLAGS[tables.slot_flag[t]]] & (ready[t] < tables.coverage[row, then, t, age][own])
    register = tables.slot_register[t]
    if register >= 0:
        told = lifelong[LIFELONG[f"{REGISTERS[register]}_known"]] < tables.known[row, then, register, age][own]
        inside = inside & told
    return np.asarray(inside)


def _effects(
    tables: CohortTables,
    k: int,
    y: int,
    age: int,
    lifelong: Float64,
    ready: Float64,
    flags: dict[str, Flags],
    group: Slots,
) -> Float64:
    """Share of the full effect of each slot; (slot, people)."""
    effect = np.zeros(ready.shape)
    for t in range(len(ready)):
        for lag, gain in enumerate(tables.effect_step[t]):
            effect[t] += float(gain) * _reached(tables, t, k, y - lag, age, lifelong, ready, flags, group)
    return effect


def _counts(
    tables: CohortTables,
    k: int,
    y: int,
    age: int,
    lifelong: Float64,
    ready: Float64,
    flags: dict[str, Flags],
    lived: Float64,
    slot: Slots,
    group: Slots,
) -> Float64:
    """Simulated person-years served in each slot, eligible, diagnosed and smoking; (2 T + D + 1,)."""
    slots = len(ready)
    out = np.zeros(2 * slots + len(REGISTERS) + 1)
    for t in range(slots):
        if tables.counted[t] and tables.in_scope[age, t]:
            out[t] = lived[_reached(tables, t, k, y, age, lifelong, ready, flags, group)].sum()
            out[slots + t] = lived[flags[FLAGS[tables.slot_flag[t]]]].sum()
    for d, name in enumerate(REGISTERS):
        own = group if tables.known.shape[-1] > 1 else np.zeros_like(group)
        told = lifelong[LIFELONG[f"{name}_known"]] < tables.known[k, y, d, age][own]
        out[2 * slots + d] = lived[flags[name] & told].sum()
    out[-1] = lived[slot == CURRENT].sum()
    return out


def _first_slots(tables: CohortTables, age: int, lifelong: Float64) -> Slots:
    years = (lifelong[7][:, None] >= tables.quit_years_cumulative[age][:-1]).sum(axis=1)
    former = CURRENT + np.maximum(years, 1)
    smokes, ever = lifelong[3] < tables.smoking_current[age], lifelong[3] < tables.smoking_ever[age]
    return np.where(smokes, CURRENT, np.where(ever, former, NEVER))


def _next_slots(slot: Slots, u: Float64, quit_probability: Float64, relapse: Float32) -> Slots:
    stops = np.where(u < quit_probability, CURRENT + 1, CURRENT)
    stays = np.where(u > 1.0 - relapse[slot].astype(float), CURRENT, np.minimum(slot + 1, SLOTS - 1))
    return np.where(slot == NEVER, NEVER, np.where(slot == CURRENT, stops, stays))


def _ratio(
    tables: CohortTables, age: int, raw: Float64, flags: dict[str, Flags], effect: Float64, slot: Slots
) -> Float64:
    """Hazard relative to a reference person, by cause; (cause, people)."""
    after = raw + tables.shift.astype(float).T @ effect
    exposed = np.maximum(after - tables.exposure_floor.astype(float)[:, None], 0.0)
    having = np.array([flags[name] for name in CONDITIONS], float)
    log_ratio = (
        tables.exposure_log_hr[age].T.astype(float) @ exposed
        + tables.condition_log_hr[age].T.astype(float) @ having
        + tables.slot_log_hr[age].T.astype(float) @ effect
    )
    excess = tables.remaining_excess.astype(float)[tables.smoking_group][:, slot]
    return np.asarray(np.exp(log_ratio) * (1.0 + tables.smoking_excess[age].astype(float)[:, None] * excess))


def _share_lived(hazard: Float64) -> Float64:
    safe = np.where(hazard > 0, hazard, 1.0)
    return np.where(hazard > 0, -np.expm1(-safe) / safe, 1.0)


def _calibrated(rate: Float64, ratio: Float64, alive: Float64) -> Float64:
    """Rates of a reference person, by cause, at which the comparator's deaths are rate times person-years."""
    lived = alive
    found = rate
    for _ in range(200):
        previous = found
        found = rate * lived.sum() / (ratio @ lived)
        lived = alive * _share_lived(found @ ratio)
        if np.all(np.abs(found - previous) <= 1e-14 * found):
            break
    return found


def _by_batch(values: Float64, group: Slots, groups: int) -> Float64:
    """(stratum, batch)"""
    return np.stack([(values * (group == g)).reshape(-1, LANES).sum(axis=0) for g in range(groups)])
