"""How many person-years are lived in each slot, eligible for it, diagnosed and smoking."""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled, inlined
from hisim.lanes import add_products, lanes_sum, set_products
from hisim.model.fastmath import fill
from hisim.model.random import REGISTER_EVENTS
from hisim.model.slots import flag_reached, same_reach, set_reached
from hisim.model.tables import CURRENT, FIRST_EFFECT, FIRST_FLAG, REGISTER_FLAGS, Array, CohortResult, CohortTables
from hisim.model.workspace import Workspace
from hisim.variables import LANES

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@inlined
def count_block(lived: Array, row: Array, bounds: Array, b: int, totals: Array) -> None:
    """The person-years of the people of block ``b`` flagged in ``row``, added to ``totals`` (G, 16) of those before."""
    for g in range(bounds.size - 1):
        first, last = bounds[g] // LANES, bounds[g + 1] // LANES
        if b == 0:
            set_products(lived, row, first, last, totals[g])
        elif first < last:
            add_products(lived, row, first, last, totals[g])


@inlined
def keep(weight: float, totals: Array, n: int, counts: Array) -> None:
    """Person-years of ``totals`` (G, 16) into ``counts[n]``."""
    whole = 0.0
    for g in range(totals.shape[0]):
        whole += weight * lanes_sum(totals[g])
    counts[n] = whole


@inlined
def keep_each(weight: float, totals: Array, u: int, by_stratum: Array) -> float:
    """The same of each stratum into ``by_stratum[:, u]``; returns their sum."""
    whole = 0.0
    for g in range(totals.shape[0]):
        by_stratum[g, u] = weight * lanes_sum(totals[g])
        whole += by_stratum[g, u]
    return whole


@inlined
def anybody(shares: Array) -> bool:
    """Whether any share is not 0."""
    found = False
    for p in range(shares.size):
        found |= shares[p] != _ZERO
    return found


@inlined
def alike(shares: Array, others: Array) -> bool:
    """Whether two rows of shares are the same."""
    found = True
    for p in range(shares.size):
        found &= shares[p] == others[p]
    return found


@compiled
def count_people(
    tables: CohortTables,
    work: Workspace,
    k: int,
    y: int,
    age: int,
    weight: float,
    lived: Array,
    slot: Array,
    out: CohortResult,
) -> None:
    """Count the person-years ``lived`` (blocks, people) in scenario ``k`` that are served, eligible, diagnosed, smoked.

    Those in slots that no scenario uses, and on registers, of all strata together.
    """
    slots, registers, blocks = tables.counted.size, REGISTER_FLAGS.size, slot.shape[0]
    every, last = work.totals, work.bounds.shape[1] - 1
    served, by_stratum = out.served[k, y], out.stratum_served[k, y]
    uses, n, u = by_stratum.shape[1] // 2, -1, -1
    for t in range(slots):
        n, u = n + tables.counted[t], u + tables.used[t]
        if not (tables.counted[t] and tables.in_scope[age, t]):
            continue
        used = tables.used[t]
        step, totals = (1, every) if used else (last, every[:1])
        if used:
            flag = FIRST_FLAG + tables.slot_flag[t]
            for b in range(blocks):
                count_block(lived[b], work.features[b, flag], work.bounds[b], b, totals)
            keep_each(weight, totals, uses + u, by_stratum)
        if not anybody(tables.coverage[k, y, t, age]):
            continue
        f = FIRST_EFFECT + t
        same = work.there[f] and same_reach(tables, k, y, 0, 0, age, t)
        for b in range(blocks):
            row = work.features[b, f] if same else work.flag
            if not same:
                set_reached(tables, work, b, k, y, age, t, work.flag)
            count_block(lived[b], row, work.bounds[b, ::step], b, totals)
        if used:
            served[n] = keep_each(weight, totals, u, by_stratum)
        else:
            keep(weight, totals, n, served)
    first, totals = served.size - registers - 1, every[:1]
    for d in range(registers):
        told = tables.known[k, y, d, age]
        if not anybody(told):
            continue
        same = alike(told, tables.known[0, 0, d, age])
        for b in range(blocks):
            row = work.told[b, d] if same else work.flag
            if not same:
                uniform, flag = work.uniforms[b, REGISTER_EVENTS[d]], work.features[b, FIRST_FLAG + REGISTER_FLAGS[d]]
                fill(_ZERO, work.flag)
                flag_reached(uniform, uniform, flag, told, told, work.spans[b], work.flag)
            count_block(lived[b], row, work.bounds[b, ::last], b, totals)
        keep(weight, totals, first + d, served)
    for b in range(blocks):
        for i in range(slot.shape[1]):
            work.flag[i] = _ONE if slot[b, i] == CURRENT else _ZERO
        count_block(lived[b], work.flag, work.bounds[b], b, every)
    served[first + registers] = keep_each(weight, every, 2 * uses, by_stratum)
