"""The twin: the same model in plain NumPy and float64, slow and easy to read.

It shares no code with the kernel: its own generator, quantile, exponential, sums and calibration. The
tests hold the two together (``tests/verification/test_twin.py``), and the benchmark compares their speed.
Pass :func:`run_cohort` as ``project(..., run=twin.run_cohort)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from hisim.model.tables import (
    CURRENT,
    HYPERTENSION_MMHG,
    LANES,
    LAST_STARTING_AGE,
    NEVER,
    SLOTS,
    STATIN_HISTORY_AGE,
    STATIN_PRIMARY_AGE,
    Float32,
    Float64,
    StratumTables,
)
from hisim.variables import OLDEST_AGE

Slots = NDArray[np.int64]
Flags = NDArray[np.bool_]


def uniforms(cohort: int, year: int, block: int, draw: int, seed: int, people: int) -> Float64:
    """Four uniforms for each person, from Philox4x32-10 written for arrays; (4, people)."""
    low = np.uint64(0xFFFFFFFF)
    word = [np.arange(people, dtype=np.uint64)]
    word += [np.full(people, value, np.uint64) for value in (cohort, year + (block << 16), draw)]
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


def run_cohort(
    tables: StratumTables,
    conditions: Float32,
    cohort: int,
    birth_year: int,
    people: int,
    weight_to: float,
    draw: int,
    seed: int,
    sampled: bool,
) -> tuple[Float64, Float64, Float64]:
    """Run one cohort; arguments and results as in :func:`hisim.model.kernel.run_cohort`."""
    scenarios, years, _, treatments = tables.threshold.shape[:4]
    causes = tables.rate.shape[2]
    deaths = np.zeros((scenarios, LANES, years, causes))
    person_years = np.zeros((scenarios, LANES, years))
    served = np.zeros((scenarios, years, treatments + 2))
    lifelong = np.concatenate([uniforms(cohort, 0, block, draw, seed, people) for block in range(3)])
    percentile = tables.percentile_mixing.astype(float) @ ndtri(lifelong[:3])
    first = max(0, birth_year - tables.start_year)
    entry_age = min(OLDEST_AGE, tables.start_year + first - birth_year)
    slot = [_first_slots(tables, entry_age, lifelong) for _ in range(scenarios)]
    alive = [np.ones(people) for _ in range(scenarios)]
    weight = 0.0
    for y in range(first, years):
        age = min(OLDEST_AGE, tables.start_year + y - birth_year)
        rate = tables.rate[y, age]
        yearly = uniforms(cohort, tables.start_year + y, 16, draw, seed, people)
        sick = lifelong[4:7] < conditions[y][:, None]
        pressure = tables.exposure_mean[age, 0] + tables.exposure_sd[age, 0] * percentile[0]
        groups = _eligible(age, pressure, sick)
        death_rate = rate
        for k in range(scenarios):
            if age <= LAST_STARTING_AGE:
                slot[k][(slot[k] == NEVER) & (lifelong[3] < tables.smoking_ever[age])] = CURRENT
            treated = _on_treatment(tables, k, y, age, lifelong[8:], groups)
            ratio = _ratio(tables, age, pressure, percentile, sick, treated, slot[k])
            if k == 0:
                death_rate = _calibrated(rate, ratio, alive[0])
            hazard = death_rate @ ratio
            lived = alive[k] * _share_lived(hazard)
            if k == 0 and y == first:
                weight = weight_to / lived.sum()
            person_years[k, :, y] = weight * _by_batch(lived)
            if sampled:
                died = (alive[k] > 0) & (yearly[1] >= np.exp(-hazard))
                cause = (np.cumsum(death_rate[:, None] * ratio, axis=0) <= yearly[2] * hazard).sum(axis=0)
                for c in range(causes):
                    deaths[k, :, y, c] = weight * _by_batch((died & (cause == c)).astype(float))
                alive[k] = np.where(died, 0.0, alive[k])
            else:
                for c in range(causes):
                    deaths[k, :, y, c] = weight * death_rate[c] * _by_batch(lived * ratio[c])
                alive[k] = alive[k] * np.exp(-hazard)
            for t in range(treatments):
                covered = groups[t] & (lifelong[8 + t] < tables.threshold[k, y, age, t, :, 0, None])
                served[k, y, t] = weight * lived[covered.any(axis=0)].sum()
            knows = lifelong[8] < max(tables.known[age], tables.threshold[k, y, age, 0, 0, 0])
            served[k, y, treatments] = weight * lived[groups[0][0] & knows].sum()
            served[k, y, treatments + 1] = weight * lived[slot[k] == CURRENT].sum()
            slot[k] = _next_slots(slot[k], yearly[0], tables.quit[k, y, age], tables.relapse)
    return deaths, person_years, served


def _first_slots(tables: StratumTables, age: int, lifelong: Float64) -> Slots:
    years = (lifelong[7][:, None] >= tables.quit_years_cumulative[age][:-1]).sum(axis=1)
    former = CURRENT + np.maximum(years, 1)
    smokes, ever = lifelong[3] < tables.smoking_current[age], lifelong[3] < tables.smoking_ever[age]
    return np.where(smokes, CURRENT, np.where(ever, former, NEVER))


def _next_slots(slot: Slots, u: Float64, quit_probability: float, relapse: Float32) -> Slots:
    stops = np.where(u < quit_probability, CURRENT + 1, CURRENT)
    stays = np.where(u > 1.0 - relapse[slot].astype(float), CURRENT, np.minimum(slot + 1, SLOTS - 1))
    return np.where(slot == NEVER, NEVER, np.where(slot == CURRENT, stops, stays))


def _eligible(age: int, pressure: Float64, sick: Flags) -> list[Flags]:
    """Who may have each treatment, by eligibility group; per treatment (2, people)."""
    hypertension = pressure >= HYPERTENSION_MMHG
    history = sick[1] | sick[2]
    return [
        np.stack([hypertension, np.zeros_like(hypertension)]),
        np.stack(
            [history & (age >= STATIN_HISTORY_AGE), (hypertension | sick[0]) & ~history & (age >= STATIN_PRIMARY_AGE)]
        ),
    ]


def _on_treatment(tables: StratumTables, k: int, y: int, age: int, u: Float64, groups: list[Flags]) -> Float64:
    """Share of the full effect of each treatment; (treatment, people)."""
    effect = np.zeros((len(groups), u.shape[1]))
    for t, eligible in enumerate(groups):
        for lag, gain in enumerate(tables.effect_step[t]):
            below = u[t] < tables.threshold[k, y, age, t, :, lag, None]
            effect[t] += float(gain) * (eligible & below).any(axis=0)
    return effect


def _ratio(
    tables: StratumTables, age: int, pressure: Float64, percentile: Float64, sick: Flags, treated: Float64, slot: Slots
) -> Float64:
    """Hazard relative to a reference person, by cause; (cause, people)."""
    floor = tables.exposure_floor.astype(float)
    mean, sd = tables.exposure_mean[age].astype(float), tables.exposure_sd[age].astype(float)
    after = pressure + tables.sbp_shift.astype(float) @ treated
    others = mean[1:, None] + sd[1:, None] * percentile[1:]
    fixed = np.concatenate([np.maximum(others - floor[1:, None], 0.0), sick.astype(float)])
    changed = np.concatenate([np.maximum(after - floor[0], 0.0)[None], treated])
    log_ratio = tables.fixed_log_hr[age].T.astype(float) @ fixed + tables.changed_log_hr[age].T.astype(float) @ changed
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


def _by_batch(values: Float64) -> Float64:
    return np.asarray(values.reshape(-1, LANES).sum(axis=0))
