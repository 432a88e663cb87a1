"""Who is in which slot, how much of its effect they have, and what that does to their hazards.

Compiled. The comparator is worked out whole; a scenario only where its coverage, now or lagged, is other than
the comparator's. So a scenario pays for what it changes, one that changes nothing is the comparator bit for bit,
and nothing depends on the other scenarios of a run.
"""

from __future__ import annotations

import math

import numpy as np

from hisim.accelerate import compiled
from hisim.model.exposure import set_excess, set_exposures, set_flags
from hisim.model.fastmath import exp32
from hisim.model.random import REGISTER_EVENTS, YEARLY_BLOCK, fill_uniforms
from hisim.model.tables import KEPT, Array, CohortTables, Strata
from hisim.model.workspace import Workspace

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@compiled
def add_reached(
    ready: Array, known: Array, flag: Array, coverage: Array, told: Array, spans: Array, by: np.float32, out: Array
) -> None:
    """Add ``by`` to everyone with the flag who is below ``coverage`` (P,) and, on the register, below ``told`` (P,)."""
    for p in range(coverage.size):
        a, b, first, last = coverage[p], told[p], spans[p], spans[p + 1]
        row, u, v, having = out[first:last], ready[first:last], known[first:last], flag[first:last]
        for i in range(row.size):
            row[i] += by * having[i] if (u[i] < a) & (v[i] < b) else _ZERO


@compiled
def set_effect(
    tables: CohortTables,
    spans: Array,
    k: int,
    y: int,
    age: int,
    t: int,
    uniforms: Array,
    ready: Array,
    flags: Array,
    effect: Array,
) -> None:
    """Share of the full effect of slot ``t`` each person has: the steps of the years they have been in it.

    Years before the start count with the comparator's coverage, which does not change over time.
    """
    for i in range(effect.size):
        effect[i] = _ZERO
    register = tables.slot_register[t]
    flag = flags[tables.slot_flag[t]]
    own = spans.size - 1 if tables.apart[t] else 1
    spans = spans if tables.apart[t] else spans[:: spans.size - 1]
    for lag in range(tables.effect_step.shape[1]):
        gain = tables.effect_step[t, lag]
        if gain == _ZERO:
            continue
        row, then = (k, y - lag) if y >= lag else (0, 0)
        a = tables.coverage[row, then, age, t, :own]
        if register >= 0:
            b = tables.known[row, then, age, register, :own]
            add_reached(ready, uniforms[REGISTER_EVENTS[register]], flag, a, b, spans, gain, effect)
        else:
            add_reached(ready, ready, flag, a, a, spans, gain, effect)


@compiled
def add_row(weight: np.float32, row: Array, touched: bool, out: Array) -> None:
    """``out`` plus ``weight`` times ``row``; the first time only the product."""
    if touched:
        for i in range(out.size):
            out[i] += weight * row[i]
    else:
        for i in range(out.size):
            out[i] = weight * row[i]


@compiled
def set_exposed(tables: CohortTables, e: int, raw: Array, effect: Array, wanted: Array, exposed: Array) -> None:
    """Exposure ``e`` above its floor after the slots ``wanted``; raw, exposed (people,), effect (T, people)."""
    for i in range(exposed.size):
        exposed[i] = raw[i]
    for t in range(effect.shape[0]):
        shift = tables.shift[t, e]
        if wanted[t] and shift != _ZERO:
            add_row(shift, effect[t], True, exposed)
    floor = tables.exposure_floor[e]
    for i in range(exposed.size):
        exposed[i] = max(exposed[i] - floor, _ZERO)


@compiled
def set_base_ratio(
    age: int, tables: CohortTables, bounds: Array, flags: Array, effect: Array, exposed: Array, ratio: Array
) -> None:
    """The comparator's hazard ratios (C, people) but for smoking, in the rows that are active at the age."""
    present = tables.present[age]
    for c in range(ratio.shape[0]):
        if not tables.active[age, c]:
            continue
        row, touched = ratio[c], False
        for e in range(exposed.shape[0]):
            b = tables.exposure_log_hr[age, e, c]
            if b != _ZERO:
                add_row(b, exposed[e], touched, row)
                touched = True
        for n in range(tables.condition_log_hr.shape[1]):
            b = tables.condition_log_hr[age, n, c]
            if b != _ZERO:
                add_row(b, flags[n], touched, row)
                touched = True
        for t in range(effect.shape[0]):
            b = tables.slot_log_hr[age, t, c]
            if present[t] and b != _ZERO:
                add_row(b, effect[t], touched, row)
                touched = True
        if touched:
            for i in range(row.size):
                row[i] = exp32(row[i])
        else:
            row[:] = _ONE
        for g in range(bounds.size - 1):
            if tables.stratum_log_hr[age, g, c] != _ZERO:
                times = np.float32(math.exp(tables.stratum_log_hr[age, g, c]))
                part = row[bounds[g] : bounds[g + 1]]
                for i in range(part.size):
                    part[i] *= times


@compiled
def with_smoking(base: Array, k: np.float32, excess: Array, ratio: Array) -> None:
    """Hazard ratio with smoking: ``base`` times one plus the excess that is left."""
    for i in range(ratio.size):
        ratio[i] = base[i] * (_ONE + k * excess[i])


@compiled
def set_comparator_year(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    b: int,
    age: int,
    year: int,
    histories: Array,
    cohort: int,
    draw: int,
    seed: int,
    slot: Array,
) -> None:
    """Chance, exposures, states and hazard ratios of block ``b`` in the comparator; ``histories`` (6,) shares."""
    first = b * work.lived.shape[1]
    fill_uniforms(first, cohort, year, YEARLY_BLOCK, draw, seed, work.words, work.yearly[b])
    u, raw, flags, effect, exposed = work.uniforms[b], work.raw[b], work.flags[b], work.effect[b], work.exposed[b]
    set_exposures(age, tables, u, work.percentile[b], raw)
    for n in range(work.share.size):
        work.share[n] = histories[n] if n < KEPT else tables.prevalence[age, n - KEPT]
    set_flags(work.share, tables, u, work.yearly[b], raw, flags)
    for t in range(effect.shape[0]):
        if tables.present[age, t]:
            set_effect(tables, strata.spans, 0, 0, age, t, u, work.readiness[b, t], flags, effect[t])
    for e in range(exposed.shape[0]):
        set_exposed(tables, e, raw[e], effect, tables.present[age], exposed[e])
    set_base_ratio(age, tables, strata.bounds, flags, effect, exposed, work.base_ratio[b])
    set_excess(slot, tables.remaining_excess, work.excess[b])
    for c in range(tables.active.shape[1]):
        if tables.active[age, c]:
            smoker, group = tables.smoking_excess[age, c], tables.smoking_group[c]
            with_smoking(work.base_ratio[b, c], smoker, work.excess[b, group], work.comparator_ratio[b, c])


@compiled
def set_change(tables: CohortTables, spans: Array, work: Workspace, b: int, k: int, y: int, age: int) -> None:
    """How slots' effects and exposures of block ``b`` in scenario ``k`` differ from the comparator's."""
    u, flags, effect, exposed = work.uniforms[b], work.flags[b], work.effect[b], work.exposed[b]
    differs, present = tables.differs[k, y, age], tables.present[age]
    work.moved[:] = False
    for t in range(differs.size):
        if not differs[t]:
            continue
        row, now = work.new_effect[t], effect[t]
        set_effect(tables, spans, k, y, age, t, u, work.readiness[b, t], flags, row)
        if present[t]:
            for i in range(row.size):
                row[i] -= now[i]
        for e in range(exposed.shape[0]):
            work.moved[e] |= tables.shift[t, e] != _ZERO
    floor = tables.exposure_floor
    for e in range(exposed.shape[0]):
        if work.moved[e]:
            row, before = work.new_exposed[e], exposed[e]
            for i in range(row.size):
                row[i] = work.raw[b, e, i]
            for t in range(differs.size):
                shift = tables.shift[t, e]
                if shift != _ZERO and present[t]:
                    add_row(shift, effect[t], True, row)
                if shift != _ZERO and differs[t]:
                    add_row(shift, work.new_effect[t], True, row)
            for i in range(row.size):
                row[i] = max(row[i] - floor[e], _ZERO) - before[i]


@compiled
def set_scenario_ratio(
    tables: CohortTables,
    spans: Array,
    work: Workspace,
    b: int,
    k: int,
    y: int,
    age: int,
    slot: Array,
    smoking: bool,
    ratio: Array,
) -> None:
    """Hazard ratios (C, people) of block ``b`` in scenario ``k``; ``smoking`` says whether that may differ too."""
    set_change(tables, spans, work, b, k, y, age)
    differs = tables.differs[k, y, age]
    if smoking:
        set_excess(slot, tables.remaining_excess, work.new_excess)
    for c in range(ratio.shape[0]):
        if not tables.active[age, c]:
            continue
        row, base, touched = ratio[c], work.base_ratio[b, c], False
        for e in range(work.moved.size):
            weight = tables.exposure_log_hr[age, e, c]
            if work.moved[e] and weight != _ZERO:
                add_row(weight, work.new_exposed[e], touched, row)
                touched = True
        for t in range(differs.size):
            weight = tables.slot_log_hr[age, t, c]
            if differs[t] and weight != _ZERO:
                add_row(weight, work.new_effect[t], touched, row)
                touched = True
        smoker, group = tables.smoking_excess[age, c], tables.smoking_group[c]
        excess = work.new_excess[group] if smoking else work.excess[b, group]
        if touched:
            for i in range(row.size):
                row[i] = base[i] * exp32(row[i]) * (_ONE + smoker * excess[i])
        elif smoking:
            with_smoking(base, smoker, excess, row)
        else:
            same = work.comparator_ratio[b, c]
            for i in range(row.size):
                row[i] = same[i]
