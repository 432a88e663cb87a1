"""Hazards of people, their sums by batch, and the calibration that makes the comparator exact.

Compiled; every function works on the people of one block as lanes, with rates and coefficients as scalars.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.lanes import add_products, lanes_sum, set_products, weigh_rows
from hisim.model.fastmath import exp32, set_lived
from hisim.model.tables import Array
from hisim.model.workspace import Lives, Workspace
from hisim.variables import LANES

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_MOST_STEPS = 30
_TOLERANCE = 1e-6


@compiled
def combine(start: np.float32, rows: Array, term: Array, weight: Array, terms: int, out: Array) -> None:
    """``out`` = ``start`` + the sum of ``weight[j] * rows[term[j]]`` over the first ``terms``; see ``lanes``."""
    weigh_rows(start, rows, term, weight, terms, out)


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
def whole_sum(sums: Array, c: int) -> float:
    """The sum over strata and batches of row ``c`` of ``sums`` (G, C + 1, 16)."""
    whole = 0.0
    for g in range(sums.shape[0]):
        whole += lanes_sum(sums[g, c])
    return whole


@compiled
def weigh(
    active: Array, ratio: Array, weight: Array, bounds: Array, work: Workspace, sums: Array, first_block: bool
) -> None:
    """Add to ``sums`` (G, C + 1, 16) the sums over the people of each stratum of a block of ``weight``.

    Row c sums it times the ratio of cause c, where the cause is ``active``; the last row sums it alone, which
    stands for the other causes too. The ``first_block`` begins them. Which rows go together follows from their place
    in the cohort and the bounds of strata, so the bytes do not depend on blocks, which are whole units.
    """
    causes = active.size
    for g in range(bounds.size - 1):
        first, last = bounds[g] // LANES, bounds[g + 1] // LANES
        if first_block:
            for c in range(causes):
                if active[c]:
                    set_products(weight, ratio[c], first, last, sums[g, c])
            set_products(weight, work.ones, first, last, sums[g, causes])
        elif first < last:
            for c in range(causes):
                if active[c]:
                    add_products(weight, ratio[c], first, last, sums[g, c])
            add_products(weight, work.ones, first, last, sums[g, causes])


@compiled
def live_year(
    rate: Array,
    active: Array,
    wanted: Array,
    ratio: Array,
    alive: Array,
    bounds: Array,
    work: Workspace,
    hazard: Array,
    lived: Array,
    sums: Array,
    first_block: bool,
) -> None:
    """Person-years of a block at the all-cause hazard; adds to ``sums`` as :func:`weigh` does, of causes ``wanted``."""
    set_hazard(rate, ratio, active, work, hazard)
    set_lived(hazard, alive, lived)
    weigh(wanted, ratio, lived, bounds, work, sums, first_block)


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
    sampled: bool,
    death_rate: Array,
) -> None:
    """Find the factors that make the comparator's deaths by cause equal rate times person-years.

    ``death_rate`` (C,) float64 is rate / (mean of ratio weighted by person-years) at the last step, so the
    identity holds to rounding. ``lives.rate`` (C,) float32 is what the person-years follow from; they differ by
    less than 1e-6 relative. ``lives.known`` (2, C) carries from year to year what makes that quick: how far the answer
    was from the first guess, which weighs by people alive, and how much of a change of hazards comes back in the
    next guess. Until the second try strata are not told apart, which adding them up at each try would pay for. Rates
    that are not ``observed`` are those of a person without any risk: there is nothing to find, and where deaths are
    ``sampled`` nothing to add up by cause.
    """
    causes, alive, sums, hazard_rate, known = rate.size, lives.alive[0], lives.sums, lives.rate, lives.known
    if not observed:
        for c in range(causes):
            hazard_rate[c], death_rate[c] = np.float32(rate[c]), rate[c]
        for b in range(alive.shape[0]):
            live_year(
                hazard_rate, active, work.no_cause if sampled else active, work.comparator_ratio[b], alive[b],
                work.bounds[b], work, work.hazard[b], work.lived[b], sums, b == 0,
            )  # fmt: skip
        return
    groups = sums.shape[0]
    for b in range(alive.shape[0]):
        weigh(active, work.comparator_ratio[b], alive[b], work.bounds[b, ::groups], work, sums, b == 0)
    set_rate(rate, active, sums[:1], death_rate)
    first, tried, before, found = lives.tried[0], lives.tried[1], lives.tried[2], lives.tried[3]
    for c in range(causes):
        first[c], tried[c], before[c], found[c] = death_rate[c], death_rate[c] * known[0, c], 0.0, 0.0
    for step in range(_MOST_STEPS):
        for c in range(causes):
            hazard_rate[c] = np.float32(tried[c])
        every = groups if step == 0 else 1
        for b in range(alive.shape[0]):
            live_year(
                hazard_rate, active, active, work.comparator_ratio[b], alive[b], work.bounds[b, ::every], work,
                work.hazard[b], work.lived[b], sums, b == 0,
            )  # fmt: skip
        set_rate(rate, active, sums[: groups // every], death_rate)
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
    if every > 1:
        for b in range(alive.shape[0]):
            weigh(active, work.comparator_ratio[b], work.lived[b], work.bounds[b], work, sums, b == 0)
        set_rate(rate, active, sums, death_rate)
    for c in range(causes):
        known[0, c] = death_rate[c] / first[c] if first[c] > 0.0 else 1.0


@compiled
def draw_deaths(
    death: Array,
    cause_of: Array,
    hazard_rate: Array,
    active: Array,
    ratio: Array,
    hazard: Array,
    bounds: Array,
    alive: Array,
    weight: float,
    dies: Array,
    died: Array,
) -> None:
    """Who dies this year, and of what: adds ``weight`` times ``alive`` to ``died`` (G, C, 16), leaving 0.

    ``death`` and ``cause_of`` (people,) are uniforms, ``dies`` (people,) is scratch: who dies is worked out for
    everyone as lanes, of what for those alone.
    """
    for i in range(dies.size):
        dies[i] = _ONE if (alive[i] > _ZERO) & (death[i] >= exp32(-hazard[i])) else _ZERO
    for g in range(bounds.size - 1):
        for i in range(bounds[g], bounds[g + 1]):
            if dies[i] != _ZERO:
                stood_for, alive[i] = weight * alive[i], _ZERO
                left = cause_of[i] * hazard[i]
                cause, last = -1, 0
                for c in range(hazard_rate.size):
                    if hazard_rate[c] > _ZERO:
                        last = c
                        left -= hazard_rate[c] * (ratio[c, i] if active[c] else _ONE)
                        if left < _ZERO and cause < 0:
                            cause = c
                died[g, cause if cause >= 0 else last, i % LANES] += stood_for
