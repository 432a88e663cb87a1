"""How many person-years are lived in each slot, eligible for it, diagnosed and smoking."""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.lanes import add_products, lanes_sum
from hisim.model.fastmath import fill
from hisim.model.random import REGISTER_EVENTS
from hisim.model.slots import flag_reached, same_reach, set_reached
from hisim.model.tables import CURRENT, FIRST_EFFECT, FIRST_FLAG, REGISTER_FLAGS, Array, CohortResult, CohortTables
from hisim.model.workspace import Workspace
from hisim.variables import LANES

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def add_counted(lived: Array, row: Array, bounds: Array, totals: Array) -> None:
    """Add the person-years of the people flagged in ``row`` to ``totals`` (G, 16)."""
    for g in range(bounds.size - 1):
        if bounds[g] < bounds[g + 1]:
            add_products(lived, row, bounds[g] // LANES, bounds[g + 1] // LANES, totals[g])


@compiled
def keep(weight: float, totals: Array, n: int, counts: Array) -> None:
    """Person-years of ``totals`` (G, 16) into ``counts[n]``, leaving 0."""
    counts[n] = 0.0
    for g in range(totals.shape[0]):
        counts[n] += weight * lanes_sum(totals[g])
        fill(0.0, totals[g])


@compiled
def keep_each(weight: float, totals: Array, n: int, counts: Array, u: int, by_stratum: Array) -> None:
    """The same, and of each stratum into ``by_stratum[:, u]``."""
    for g in range(totals.shape[0]):
        by_stratum[g, u] = weight * lanes_sum(totals[g])
    keep(weight, totals, n, counts)


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
    totals, last, u = work.totals, work.bounds.shape[1] - 1, -1
    served, by_stratum = out.served[k, y], out.stratum_served[k, y]
    uses = by_stratum.shape[1] // 2
    for g in range(totals.shape[0]):
        fill(0.0, totals[g])
    for t in range(slots):
        if tables.used[t]:
            u += 1
        if not (tables.counted[t] and tables.in_scope[age, t]):
            continue
        step, flag = (1 if tables.used[t] else last), FIRST_FLAG + tables.slot_flag[t]
        for b in range(blocks):
            add_counted(lived[b], work.features[b, flag], work.bounds[b, ::step], totals)
        if tables.used[t]:
            keep_each(weight, totals, slots + t, served, uses + u, by_stratum)
        else:
            keep(weight, totals, slots + t, served)
        if not tables.coverage[k, y, age, t].any():
            continue
        f = FIRST_EFFECT + t
        same = work.there[f] and same_reach(tables, k, y, 0, 0, age, t)
        for b in range(blocks):
            row = work.features[b, f] if same else work.flag
            if not same:
                set_reached(tables, work, b, k, y, age, t, work.flag)
            add_counted(lived[b], row, work.bounds[b, ::step], totals)
        if tables.used[t]:
            keep_each(weight, totals, t, served, u, by_stratum)
        else:
            keep(weight, totals, t, served)
    for d in range(registers):
        told, same = tables.known[k, y, age, d], (tables.known[k, y, age, d] == tables.known[0, 0, age, d]).all()
        if not told.any():
            continue
        for b in range(blocks):
            row = work.told[b, d] if same else work.flag
            if not same:
                u, flag = work.uniforms[b, REGISTER_EVENTS[d]], work.features[b, FIRST_FLAG + REGISTER_FLAGS[d]]
                fill(_ZERO, work.flag)
                flag_reached(u, u, flag, told, told, work.spans[b], work.flag)
            add_counted(lived[b], row, work.bounds[b, ::last], totals)
        keep(weight, totals, 2 * slots + d, served)
    for b in range(blocks):
        for i in range(slot.shape[1]):
            work.flag[i] = _ONE if slot[b, i] == CURRENT else _ZERO
        add_counted(lived[b], work.flag, work.bounds[b], totals)
    keep_each(weight, totals, 2 * slots + registers, served, 2 * uses, by_stratum)
