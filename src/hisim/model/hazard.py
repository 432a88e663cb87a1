"""Hazards of people, their sums by batch, and the calibration that makes the comparator exact.

Compiled; every function works on the people of one block as lanes, with rates and coefficients as scalars.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.fastmath import exp32, mean_survival32
from hisim.model.random import CAUSE, DEATH
from hisim.model.tables import LANES, Array
from hisim.model.workspace import Workspace

ALWAYS = np.ones(1, np.bool_)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_MOST_STEPS = 30
_TOLERANCE = 1e-6
_FEW = 8 * LANES
_UNIT, _TWO, _LANES = np.uint64(1), np.uint64(2), np.uint64(LANES)


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
def fold_products(
    weight: Array, rows: Array, wanted: Array, first: int, last: int, scratch: Array, totals: Array
) -> None:
    """Sum ``weight * rows[c]`` over the people ``first`` to ``last`` by batch into ``totals[c]``, if ``wanted[c]``.

    The upper half of the rows of 16 is added to the lower half until one row is left: pairwise, in an order
    that only the number of people decides. Unsigned indices spare the check for negative ones, which would
    keep the loops from becoming lanes.
    """
    whole, part = np.uint64((last - first) // LANES), weight[first:last]
    for c in range(np.uint64(rows.shape[0])):
        if wanted[c]:
            row = rows[c, first:last]
            half = whole // _TWO
            upper = (whole - half) * _LANES
            for i in range(half * _LANES):
                scratch[i] = part[i] * row[i] + part[i + upper] * row[i + upper]
            for i in range(half * _LANES, upper):
                scratch[i] = part[i] * row[i]
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
def add_products(weight: Array, rows: Array, wanted: Array, first: int, last: int, totals: Array) -> None:
    """What :func:`fold_products` does, one row of 16 after the other in float64: quicker for a few."""
    begin, end = np.uint64(first // LANES), np.uint64(last // LANES)
    for c in range(np.uint64(rows.shape[0])):
        for lane in range(_LANES):
            totals[c, lane] = 0.0
        if wanted[c]:
            for r in range(begin, end):
                start = r * _LANES
                for lane in range(_LANES):
                    totals[c, lane] += weight[start + lane] * rows[c, start + lane]


@compiled
def sum_products(
    weight: Array, rows: Array, wanted: Array, first: int, last: int, scratch: Array, totals: Array
) -> None:
    """Sum ``weight * rows[c]`` over people ``first`` to ``last`` by batch, the quicker way."""
    if last - first > _FEW:
        fold_products(weight, rows, wanted, first, last, scratch, totals)
    else:
        add_products(weight, rows, wanted, first, last, totals)


@compiled
def live_year(
    rate: Array,
    active: Array,
    ratio: Array,
    alive: Array,
    bounds: Array,
    work: Workspace,
    hazard: Array,
    lived: Array,
    sums: Array,
) -> None:
    """Person-years of a block at the all-cause hazard; adds to ``sums`` (G, C + 1, 16).

    Row c sums person-years weighted by the ratio of cause c, which is 1 for everyone where the cause is not
    ``active``; the last row sums them alone.
    """
    set_hazard(rate, ratio, active, hazard)
    for i in range(alive.size):
        lived[i] = alive[i] * mean_survival32(hazard[i])
    weigh(active, ratio, lived, bounds, work, sums)


@compiled
def weigh(active: Array, ratio: Array, weight: Array, bounds: Array, work: Workspace, sums: Array) -> None:
    """Add sums over the people of each stratum of a block of ``weight`` as in :func:`live_year`."""
    causes, totals = active.size, work.totals
    for g in range(sums.shape[0]):
        if bounds[g] == bounds[g + 1]:
            continue
        sum_products(weight, ratio, active, bounds[g], bounds[g + 1], work.scratch, totals)
        sum_products(weight, work.ones, ALWAYS, bounds[g], bounds[g + 1], work.scratch, totals[causes:])
        for c in range(causes + 1):
            row = c if c == causes or active[c] else causes
            for lane in range(LANES):
                sums[g, c, lane] += totals[row, lane]


@compiled
def set_death_rate(rate: Array, sums: Array, death_rate: Array) -> float:
    """Rate over mean ratio, from ``sums`` (G, C + 1, 16), into ``death_rate``; returns the largest relative change."""
    whole, change = sums[:, rate.size].sum(), 0.0
    for c in range(rate.size):
        weighted = sums[:, c].sum()
        new = rate[c] * whole / weighted if weighted > 0.0 else 0.0
        if new > 0.0:
            change = max(change, abs(new - death_rate[c]) / new)
        death_rate[c] = new
    return change


@compiled
def calibrate(
    rate: Array,
    active: Array,
    work: Workspace,
    bounds: Array,
    alive: Array,
    sums: Array,
    hazard_rate: Array,
    death_rate: Array,
) -> None:
    """Find the factors that make the comparator's deaths by cause equal rate times person-years.

    ``death_rate`` (C,) float64 is rate / (mean of ratio weighted by person-years) at the last step, so the
    identity holds to rounding. ``hazard_rate`` (C,) float32 is the step before, from which the person-years
    follow; they differ by less than 1e-6 relative.
    """
    blocks = alive.shape[0]
    whole, together = bounds[:: bounds.size - 1], sums[:1]
    sums[:] = 0.0
    for b in range(blocks):
        weigh(active, work.comparator_ratio[b], alive[b], whole, work, together)
    set_death_rate(rate, together, death_rate)
    for _ in range(_MOST_STEPS):
        for c in range(rate.size):
            hazard_rate[c] = np.float32(death_rate[c])
        sums[:] = 0.0
        for b in range(blocks):
            live_year(
                hazard_rate, active, work.comparator_ratio[b], alive[b], whole, work, work.hazard[b], work.lived[b],
                together,
            )  # fmt: skip
        if set_death_rate(rate, together, death_rate) < _TOLERANCE:
            break
    if sums.shape[0] > 1:
        sums[:] = 0.0
        for b in range(blocks):
            weigh(active, work.comparator_ratio[b], work.lived[b], bounds, work, sums)
        set_death_rate(rate, sums, death_rate)


@compiled
def draw_deaths(
    uniforms: Array,
    hazard_rate: Array,
    active: Array,
    ratio: Array,
    hazard: Array,
    bounds: Array,
    alive: Array,
    weight: float,
    deaths: Array,
) -> None:
    """Who dies this year, and of what: adds ``weight`` times ``alive`` to ``deaths`` (G, 16, C), leaving 0."""
    g = 0
    for i in range(alive.size):
        while i >= bounds[g + 1]:
            g += 1
        if alive[i] > _ZERO and uniforms[DEATH, i] >= exp32(-hazard[i]):
            stood_for, alive[i] = weight * alive[i], _ZERO
            left = uniforms[CAUSE, i] * hazard[i]
            cause, last = -1, 0
            for c in range(hazard_rate.size):
                if hazard_rate[c] > _ZERO:
                    last = c
                    left -= hazard_rate[c] * (ratio[c, i] if active[c] else _ONE)
                    if left < _ZERO and cause < 0:
                        cause = c
            deaths[g, i % LANES, cause if cause >= 0 else last] += stood_for
