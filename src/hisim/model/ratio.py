"""What people carry into a year does to their hazards.

Compiled. The comparator is worked out whole. A scenario is worked out only where its coverage, now or lagged, is
other than the comparator's, and its hazards only for the people to whom that makes a difference in the year; the
others have the comparator's, bit for bit. So a scenario pays for what it changes, one that changes nothing is the
comparator, and nothing depends on the other scenarios of a run.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled, inlined
from hisim.model.exposure import set_excess, set_exposures, set_flags
from hisim.model.fastmath import copy, exp32, fill
from hisim.model.hazard import combine
from hisim.model.random import EVENT, REGISTER_EVENTS, YEARLY_BLOCK, YEARS_TOGETHER, fill_uniforms
from hisim.model.slots import flag_reached, set_change, set_reached
from hisim.model.tables import FIRST_EFFECT, FIRST_FLAG, KEPT, REGISTER_FLAGS, Array, CohortTables
from hisim.model.workspace import Workspace

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
MOST_SHARE = 0.5
"""Of more people than this share of a block, all are worked out: closing up and laying back costs more then,"""
FEW = 128
"""and of blocks of no more people than this."""


@compiled
def set_terms(
    tables: CohortTables, age: int, there: Array, conditions: bool, term: Array, weight: Array, terms: Array
) -> None:
    """For each cause the features ``there`` (R,) that its hazard depends on, closed up, and how many they are.

    Without ``conditions``, which are the same in all scenarios, only exposures and effects of slots.
    """
    most = FIRST_FLAG + tables.condition_log_hr.shape[1] if conditions else FIRST_FLAG
    for c in range(terms.size):
        terms[c] = 0
    for f in range(there.size):
        if not there[f] or most <= f < FIRST_EFFECT:
            continue
        by = tables.exposure_log_hr[age, min(f, FIRST_FLAG - 1)]
        if f >= FIRST_EFFECT:
            by = tables.slot_log_hr[age, f - FIRST_EFFECT]
        elif f >= FIRST_FLAG:
            by = tables.condition_log_hr[age, f - FIRST_FLAG]
        for c in range(terms.size):
            if by[c] != _ZERO:
                n = terms[c]
                term[c, n], weight[c, n], terms[c] = f, by[c], n + 1


@compiled
def set_comparator_terms(tables: CohortTables, work: Workspace, age: int, histories: Array) -> None:
    """What the comparator's hazards at an age depend on; ``histories`` (6,) shares ever diseased."""
    conditions = work.share.size
    work.there[:] = False
    for e in range(FIRST_FLAG):
        work.there[e] = e != FIRST_FLAG - 1 or tables.drinkers[age] != _ZERO
    for n in range(conditions):
        work.share[n] = histories[n] if n < KEPT else tables.prevalence[age, n - KEPT]
        work.there[FIRST_FLAG + n] = tables.wanted[n] and work.share[n] != _ZERO
    for t in range(tables.counted.size):
        flag = tables.slot_flag[t]
        work.there[FIRST_EFFECT + t] = tables.present[age, t] and (flag >= conditions or work.share[flag] != _ZERO)
    set_terms(tables, age, work.there, True, work.term, work.weight, work.terms)


@compiled
def set_comparator_year(
    tables: CohortTables,
    work: Workspace,
    b: int,
    first: int,
    age: int,
    year: int,
    fresh: bool,
    cohort: int,
    draw: int,
    seed: int,
    slot: Array,
) -> None:
    """Chance, exposures, states and hazard ratios of block ``b``, of people from ``first`` on, in the comparator."""
    u, raw, features, ratio = work.uniforms[b], work.raw[b], work.features[b], work.base_ratio[b]
    exposed, flags, effect = features[:FIRST_FLAG], features[FIRST_FLAG:FIRST_EFFECT], features[FIRST_EFFECT:]
    word = year % YEARS_TOGETHER
    for event in range(work.drawn.size):
        if work.drawn[event] and (fresh or word == 0):
            block = YEARLY_BLOCK + event
            fill_uniforms(first, cohort, year - word, block, draw, seed, work.words, work.yearly[b, event])
    set_exposures(age, tables, u, work.percentile[b], raw)
    set_flags(work.share, tables, u, work.yearly[b, EVENT, word], raw, flags)
    for d in range(REGISTER_FLAGS.size):
        known, told = u[REGISTER_EVENTS[d]], tables.known[0, 0, d, age]
        fill(_ZERO, work.told[b, d])
        if told.any():
            flag_reached(known, known, flags[REGISTER_FLAGS[d]], told, told, work.spans[b], work.told[b, d])
    for t in range(effect.shape[0]):
        if work.there[FIRST_EFFECT + t]:
            set_reached(tables, work, b, 0, 0, age, t, effect[t])
    for e in range(FIRST_FLAG):
        for t in range(effect.shape[0]):
            shift = tables.shift[t, e]
            if shift != _ZERO and work.there[FIRST_EFFECT + t]:
                for i in range(raw.shape[1]):
                    raw[e, i] += shift * effect[t, i]
        floor = tables.exposure_floor[e]
        for i in range(raw.shape[1]):
            exposed[e, i] = max(raw[e, i] - floor, _ZERO)
    set_excess(slot, tables.remaining_excess, work.excess[b])
    for c in range(ratio.shape[0]):
        if tables.active[age, c]:
            combine(_ZERO, features, work.term[c], work.weight[c], work.terms[c], work.row)
            add_by_stratum(tables.stratum_log_hr[age, :, c], work.bounds[b], work.row)
            smoker, excess = tables.smoking_excess[age, c], work.excess[b, tables.smoking_group[c]]
            set_ratio(work.row, smoker, excess, ratio[c], work.comparator_ratio[b, c])


@compiled
def add_by_stratum(by: Array, bounds: Array, row: Array) -> None:
    """Add ``by`` (G,) to everyone of each stratum."""
    for g in range(by.size):
        if by[g] != _ZERO:
            part, more = row[bounds[g] : bounds[g + 1]], by[g]
            for i in range(part.size):
                part[i] += more


@compiled
def set_ratio(log_ratio: Array, smoker: np.float32, excess: Array, base: Array, ratio: Array) -> None:
    """Hazard ratios but for smoking, and with it: times one plus the excess that is left."""
    for i in range(ratio.size):
        base[i] = exp32(log_ratio[i])
    for i in range(ratio.size):
        ratio[i] = base[i] * (_ONE + smoker * excess[i])


@compiled
def set_scenario_terms(tables: CohortTables, work: Workspace, k: int, y: int, age: int) -> None:
    """Which features scenario ``k`` changes in a year, and what hazards depend on among them."""
    work.moved[:] = False
    for t in range(tables.counted.size):
        if tables.differs[k, y, age, t]:
            work.moved[FIRST_EFFECT + t] = True
            for e in range(FIRST_FLAG):
                work.moved[e] |= tables.shift[t, e] != _ZERO
    set_terms(tables, age, work.moved, False, work.new_term, work.new_weight, work.new_terms)


@compiled
def close_up(differs: Array, who: Array) -> int:
    """The places at which ``differs`` is not 0 go to the front of ``who``; returns how many."""
    n = 0
    for i in range(differs.size):
        who[n] = i
        n += 1 if differs[i] != _ZERO else 0
    return n


@compiled
def set_scenario_ratio(
    tables: CohortTables,
    work: Workspace,
    b: int,
    k: int,
    y: int,
    age: int,
    slot: Array,
    smoked: Array,
    smoking: bool,
    whole: bool,
) -> bool:
    """Hazard ratios (C, people) of block ``b`` in scenario ``k``, in ``work.ratio``; False if all are the comparator's.

    ``slot`` and ``smoked`` (people,) are what people smoke in the scenario and in the comparator, which may differ
    if ``smoking``. ``whole`` works everyone out: the same bytes, for a test to see.
    """
    set_change(tables, work, b, k, y, age)
    if smoking:
        for i in range(slot.size):
            work.row[i] = max(work.row[i], np.float32(abs(slot[i] - smoked[i])))
    size = slot.size
    n = close_up(work.row, work.who)
    if n == 0 and not whole:
        return False
    everyone = whole or n > MOST_SHARE * size or size <= FEW
    if everyone:
        if smoking:
            set_excess(slot, tables.remaining_excess, work.new_excess)
        else:
            for g in range(tables.remaining_excess.shape[0]):
                copy(work.excess[b, g], work.new_excess[g])
    else:
        for g in range(tables.remaining_excess.shape[0]):
            for j in range(n):
                i = work.who[j]
                work.new_excess[g, j] = tables.remaining_excess[g, slot[i]] if smoking else work.excess[b, g, i]
        for f in range(work.moved.size):
            if work.moved[f]:
                row, few = work.change[f], work.few[f]
                for j in range(n):
                    few[j] = row[work.who[j]]
    for c in range(tables.active.shape[1]):
        if tables.active[age, c]:
            set_cause(tables, work, b, age, c, n, smoking, everyone)
    return True


@inlined
def set_cause(
    tables: CohortTables, work: Workspace, b: int, age: int, c: int, n: int, smoking: bool, everyone: bool
) -> None:
    """Hazard ratios of cause ``c``: of everyone, or of the ``n`` people who differ, the others the comparator's."""
    smoker, group, terms = tables.smoking_excess[age, c], tables.smoking_group[c], work.new_terms[c]
    base, excess, out = work.base_ratio[b, c], work.new_excess[group], work.ratio[c]
    touched = terms > 0 or (smoking and smoker != _ZERO)
    if not (touched and everyone):
        copy(work.comparator_ratio[b, c], out)
    if not touched:
        return
    change = work.row if everyone else work.row[:n]
    combine(_ZERO, work.change if everyone else work.few, work.new_term[c], work.new_weight[c], terms, change)
    for j in range(change.size):
        change[j] = exp32(change[j]) * (_ONE + smoker * excess[j])
    if everyone:
        for i in range(out.size):
            out[i] = base[i] * change[i]
    else:
        for j in range(n):
            i = work.who[j]
            out[i] = base[i] * change[j]
