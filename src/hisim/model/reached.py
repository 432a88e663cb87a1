"""How many person-years are lived in each slot, eligible for it, diagnosed and smoking."""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.fastmath import fill
from hisim.model.hazard import ALWAYS, add_products, lanes_sum
from hisim.model.random import REGISTER_EVENTS
from hisim.model.slots import flag_reached, same_reach, set_reached
from hisim.model.tables import CURRENT, FIRST_EFFECT, FIRST_FLAG, REGISTER_FLAGS, Array, CohortTables
from hisim.model.workspace import Workspace

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def add_counted(lived: Array, rows: Array, bounds: Array, totals: Array) -> None:
    """Add the person-years of the people flagged in ``rows`` (1, people) to ``totals`` (G, 1, 16)."""
    for g in range(bounds.size - 1):
        if bounds[g] < bounds[g + 1]:
            add_products(lived, rows, ALWAYS, bounds[g], bounds[g + 1], totals[g])


@compiled
def keep(weight: float, totals: Array, out: Array) -> None:
    """Person-years of ``totals`` (G, 1, 16) into ``out`` (G,), leaving 0."""
    for g in range(out.size):
        out[g] = weight * lanes_sum(totals[g, 0])
    fill(0.0, totals.reshape(-1))


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
    served: Array,
) -> None:
    """Set ``served`` (G, 2 T + D + 1) to the person-years ``lived`` (blocks, people) in scenario ``k``.

    Slots that no scenario uses, and registers, are counted for everyone together, in the first row.
    """
    slots, registers, blocks = tables.counted.size, REGISTER_FLAGS.size, slot.shape[0]
    totals, last = work.totals, work.bounds.shape[1] - 1
    fill(0.0, totals.reshape(-1))
    for t in range(slots):
        if not (tables.counted[t] and tables.in_scope[age, t]):
            continue
        step, flag = (1 if tables.used[t] else last), FIRST_FLAG + tables.slot_flag[t]
        for b in range(blocks):
            add_counted(lived[b], work.features[b, flag : flag + 1], work.bounds[b, ::step], totals)
        keep(weight, totals, served[:, slots + t])
        if not tables.coverage[k, y, age, t].any():
            continue
        f = FIRST_EFFECT + t
        same = work.there[f] and same_reach(tables, k, y, 0, 0, age, t)
        for b in range(blocks):
            row = work.features[b, f : f + 1] if same else work.flag
            if not same:
                set_reached(tables, work, b, k, y, age, t, work.flag[0])
            add_counted(lived[b], row, work.bounds[b, ::step], totals)
        keep(weight, totals, served[:, t])
    for d in range(registers):
        told, same = tables.known[k, y, age, d], (tables.known[k, y, age, d] == tables.known[0, 0, age, d]).all()
        for b in range(blocks):
            row = work.told[b, d : d + 1] if same else work.flag
            if not same:
                u, flag = work.uniforms[b, REGISTER_EVENTS[d]], work.features[b, FIRST_FLAG + REGISTER_FLAGS[d]]
                fill(_ZERO, work.flag[0])
                flag_reached(u, u, flag, told, told, work.spans[b], work.flag[0])
            add_counted(lived[b], row, work.bounds[b, ::last], totals)
        keep(weight, totals, served[:, 2 * slots + d])
    for b in range(blocks):
        for i in range(slot.shape[1]):
            work.flag[0, i] = _ONE if slot[b, i] == CURRENT else _ZERO
        add_counted(lived[b], work.flag, work.bounds[b], totals)
    keep(weight, totals, served[:, 2 * slots + registers])
