"""Hazards of people, their sums by batch, and the calibration that makes the comparator exact.

Compiled; every function works on the people of one block as lanes, with rates and coefficients as scalars.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hisim.accelerate import compiled
from hisim.model.fastmath import exp32, fill, set_lived
from hisim.model.random import CAUSE, DEATH
from hisim.model.tables import LANES, Array
from hisim.model.workspace import UNIT, Lives, Workspace

ALWAYS = np.ones(1, np.bool_)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_MOST_STEPS = 30
_TOLERANCE = 1e-6
_LANES, _UNIT = np.uint64(LANES), np.uint64(UNIT)


@compiled
def combine(start: np.float32, rows: Array, term: Array, weight: Array, terms: int, out: Array) -> None:
    """``out`` = ``start`` + the sum of ``weight[j] * rows[term[j]]`` over the first ``terms``, four to a pass."""
    spare = terms % 4
    for i in range(out.size):
        out[i] = start
    for j in range(spare):
        w, x = weight[j], rows[term[j]]
        for i in range(out.size):
            out[i] += w * x[i]
    for j in range(spare, terms, 4):
        a, b, c, d = weight[j], weight[j + 1], weight[j + 2], weight[j + 3]
        p, q, r, s = rows[term[j]], rows[term[j + 1]], rows[term[j + 2]], rows[term[j + 3]]
        for i in range(out.size):
            out[i] += (a * p[i] + b * q[i]) + (c * r[i] + d * s[i])


@compiled
def set_hazard(rate: Array, ratio: Array, active: Array, work: Workspace, hazard: Array) -> None:
    """All-cause hazard [1/year] of each person: sum over causes of calibrated rate times ratio."""
    same, n = _ZERO, 0
    for c in range(rate.size):
        if not active[c]:
            same += rate[c]
        elif rate[c] != _ZERO:
            work.cause[n], work.cause_rate[n] = c, rate[c]
            n += 1
    combine(same, ratio, work.cause, work.cause_rate, n, hazard)


@compiled
def add_products(weight: Array, rows: Array, wanted: Array, first: int, last: int, totals: Array) -> None:
    """Add ``weight * rows[c]`` of people ``first`` to ``last`` to ``totals[c]`` (16,) by batch, where ``wanted[c]``.

    Four rows of 16 people together in float32, then one after the other in float64. Which rows go together follows
    from their place in the cohort and the bounds of strata, so the bytes do not depend on blocks. Unsigned indices
    spare the check for negative ones, which would keep the loops from becoming lanes.
    """
    begin, end = np.uint64(first // LANES), np.uint64(last // LANES)
    whole = min((begin + _UNIT - np.uint64(1)) // _UNIT * _UNIT, end)
    rest = max(end // _UNIT * _UNIT, whole)
    for c in range(np.uint64(rows.shape[0])):
        if wanted[c]:
            for r in range(begin, whole):
                _add_row(weight, rows, c, r * _LANES, totals)
            for r in range(whole, rest, _UNIT):
                i = r * _LANES
                j, k, m = i + _LANES, i + _LANES + _LANES, i + _LANES + _LANES + _LANES
                for n in range(_LANES):
                    totals[c, n] += (weight[i + n] * rows[c, i + n] + weight[j + n] * rows[c, j + n]) + (
                        weight[k + n] * rows[c, k + n] + weight[m + n] * rows[c, m + n]
                    )
            for r in range(rest, end):
                _add_row(weight, rows, c, r * _LANES, totals)


@compiled
def _add_row(weight: Array, rows: Array, c: Any, i: Any, totals: Array) -> None:
    for n in range(_LANES):
        totals[c, n] += weight[i + n] * rows[c, i + n]


@compiled
def add_few_products(weight: Array, rows: Array, wanted: Array, first: int, last: int, totals: Array) -> None:
    """What :func:`add_products` does for ``rows``, and for one more of ones, of people too few to be a whole unit."""
    begin, end, causes = np.uint64(first // LANES), np.uint64(last // LANES), np.uint64(wanted.size)
    for r in range(begin, end):
        i = r * _LANES
        for c in range(causes):
            if wanted[c]:
                for n in range(_LANES):
                    totals[c, n] += weight[i + n] * rows[c, i + n]
        for n in range(_LANES):
            totals[causes, n] += weight[i + n]


@compiled
def lanes_sum(row: Array) -> float:
    """The sum of 16 numbers, in pairs."""
    a = (row[0] + row[1]) + (row[2] + row[3])
    b = (row[4] + row[5]) + (row[6] + row[7])
    c = (row[8] + row[9]) + (row[10] + row[11])
    d = (row[12] + row[13]) + (row[14] + row[15])
    return float((a + b) + (c + d))


@compiled
def whole_sum(sums: Array, c: int) -> float:
    """The sum over strata and batches of row ``c`` of ``sums`` (G, C + 1, 16)."""
    whole = 0.0
    for g in range(sums.shape[0]):
        whole += lanes_sum(sums[g, c])
    return whole


@compiled
def weigh(active: Array, ratio: Array, weight: Array, bounds: Array, work: Workspace, sums: Array) -> None:
    """Add to ``sums`` (G, C + 1, 16) the sums over the people of each stratum of a block of ``weight``.

    Row c sums it times the ratio of cause c, where the cause is ``active``; the last row sums it alone, which
    stands for the other causes too.
    """
    causes = active.size
    for g in range(bounds.size - 1):
        if bounds[g + 1] - bounds[g] >= UNIT * LANES:
            add_products(weight, ratio, active, bounds[g], bounds[g + 1], sums[g])
            add_products(weight, work.ones, ALWAYS, bounds[g], bounds[g + 1], sums[g, causes:])
        else:
            add_few_products(weight, ratio, active, bounds[g], bounds[g + 1], sums[g])


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
    """Person-years of a block at the all-cause hazard; adds to ``sums`` as :func:`weigh` does."""
    set_hazard(rate, ratio, active, work, hazard)
    set_lived(hazard, alive, lived)
    weigh(active, ratio, lived, bounds, work, sums)


@compiled
def survive(hazard: Array, lived: Array, alive: Array) -> None:
    """Those alive at the end of the year: exp(-h) = 1 - h (1 - exp(-h)) / h of those alive at its start."""
    for i in range(alive.size):
        alive[i] = max(alive[i] - hazard[i] * lived[i], _ZERO)


@compiled
def set_rate(rate: Array, active: Array, sums: Array, death_rate: Array) -> float:
    """Rate over mean ratio, from ``sums`` (G, C + 1, 16), into ``death_rate``; returns all person-years."""
    causes = rate.size
    whole = whole_sum(sums, causes)
    for c in range(causes):
        weighted = whole_sum(sums, c) if active[c] else whole
        death_rate[c] = rate[c] * whole / weighted if weighted > 0.0 else 0.0
    return whole


@compiled
def calibrate(
    rate: Array,
    observed: bool,
    active: Array,
    work: Workspace,
    lives: Lives,
    death_rate: Array,
) -> None:
    """Find the factors that make the comparator's deaths by cause equal rate times person-years.

    ``death_rate`` (C,) float64 is rate / (mean of ratio weighted by person-years) at the last step, so the
    identity holds to rounding. ``lives.rate`` (C,) float32 is what the person-years follow from; they differ by
    less than 1e-6 relative. ``lives.known`` (2, C) carries from year to year what makes that quick: how far the answer
    was from the first guess, which weighs by people alive, and how much of a change of hazards comes back in the
    next guess. Rates that are not ``observed`` are those of a person without any risk: there is nothing to find.
    """
    causes, alive, sums, hazard_rate, known = rate.size, lives.alive[0], lives.sums, lives.rate, lives.known
    fill(0.0, lives.every_sum)
    if not observed:
        for c in range(causes):
            hazard_rate[c], death_rate[c] = np.float32(rate[c]), rate[c]
        for b in range(alive.shape[0]):
            live_year(
                hazard_rate, active, work.comparator_ratio[b], alive[b], work.bounds[b], work, work.hazard[b],
                work.lived[b], sums,
            )  # fmt: skip
        return
    for b in range(alive.shape[0]):
        weigh(active, work.comparator_ratio[b], alive[b], work.bounds[b], work, sums)
    set_rate(rate, active, sums, death_rate)
    first, tried, before, found = death_rate.copy(), np.empty(causes), np.zeros(causes), np.zeros(causes)
    for c in range(causes):
        tried[c] = first[c] * known[0, c]
    for step in range(_MOST_STEPS):
        for c in range(causes):
            hazard_rate[c] = np.float32(tried[c])
        fill(0.0, lives.every_sum)
        for b in range(alive.shape[0]):
            live_year(
                hazard_rate, active, work.comparator_ratio[b], alive[b], work.bounds[b], work, work.hazard[b],
                work.lived[b], sums,
            )  # fmt: skip
        set_rate(rate, active, sums, death_rate)
        change = 0.0
        for c in range(causes):
            if death_rate[c] > 0.0:
                change = max(change, abs(death_rate[c] - tried[c]) / death_rate[c])
        if change < _TOLERANCE:
            break
        for c in range(causes):
            moved = tried[c] - before[c]
            if step > 0 and abs(moved) > 1e-9 * tried[c]:
                known[1, c] = min(max((death_rate[c] - found[c]) / moved, -0.9), 0.9)
            before[c], found[c] = tried[c], death_rate[c]
            tried[c] += (death_rate[c] - tried[c]) / (1.0 - known[1, c])
    for c in range(causes):
        known[0, c] = death_rate[c] / first[c] if first[c] > 0.0 else 1.0


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
    died: Array,
) -> None:
    """Who dies this year, and of what: adds ``weight`` times ``alive`` to ``died`` (G, C, 16), leaving 0."""
    for g in range(bounds.size - 1):
        for i in range(bounds[g], bounds[g + 1]):
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
                died[g, cause if cause >= 0 else last, i % LANES] += stood_for
