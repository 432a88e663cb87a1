"""Who is in which slot, and how much of its effect they have.

Compiled; every function works on the people of one block as lanes.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled, inlined
from hisim.model.fastmath import copy, fill
from hisim.model.random import REGISTER_EVENTS
from hisim.model.tables import FIRST_EFFECT, FIRST_FLAG, Array, CohortTables
from hisim.model.workspace import Workspace

_ZERO = np.float32(0.0)


@compiled
def flag_reached(
    ready: Array, known: Array, flag: Array, coverage: Array, told: Array, spans: Array, out: Array
) -> None:
    """The flag of those below ``coverage`` (P,) and, on the register, below ``told`` (P,); else 0."""
    for p in range(coverage.size):
        a, b, first, last = coverage[p], told[p], spans[p], spans[p + 1]
        row, u, v, having = out[first:last], ready[first:last], known[first:last], flag[first:last]
        for i in range(row.size):
            row[i] = having[i] if (u[i] < a) & (v[i] < b) else _ZERO


@compiled
def add_gained(
    ready: Array,
    known: Array,
    flag: Array,
    coverage: Array,
    told: Array,
    spans: Array,
    by: np.float32,
    now: Array,
    out: Array,
) -> None:
    """Add ``by`` to those whom :func:`flag_reached` flags and ``now`` (0 or 1) does not; take it the other way."""
    for p in range(coverage.size):
        a, b, first, last = coverage[p], told[p], spans[p], spans[p + 1]
        row, u, v, having = out[first:last], ready[first:last], known[first:last], flag[first:last]
        before = now[first:last]
        for i in range(row.size):
            row[i] += by * ((having[i] if (u[i] < a) & (v[i] < b) else _ZERO) - before[i])


@inlined
def same_reach(tables: CohortTables, k: int, y: int, other: int, then: int, age: int, t: int) -> bool:
    """Whether scenario ``k`` reaches in slot ``t`` in year ``y`` whom scenario ``other`` reaches in year ``then``."""
    for p in range(tables.coverage.shape[4]):
        if tables.coverage[k, y, t, age, p] != tables.coverage[other, then, t, age, p]:
            return False
        d = tables.slot_register[t]
        if d >= 0 and tables.known[k, y, d, age, p] != tables.known[other, then, d, age, p]:
            return False
    return True


@inlined
def spans_of(tables: CohortTables, work: Workspace, b: int, t: int) -> tuple[int, Array]:
    """How many thresholds slot ``t`` has, and where in block ``b`` each begins to apply."""
    spans = work.spans[b]
    own = spans.size - 1
    return (own, spans[::1]) if tables.apart[t] else (1, spans[::own])


@inlined
def set_reached(tables: CohortTables, work: Workspace, b: int, k: int, y: int, age: int, t: int, out: Array) -> None:
    """Who of block ``b`` is in slot ``t`` by the coverage of year ``y``, as 0 or 1."""
    flag, ready, d = work.features[b, FIRST_FLAG + tables.slot_flag[t]], work.readiness[b, t], tables.slot_register[t]
    own, spans = spans_of(tables, work, b, t)
    a = tables.coverage[k, y, t, age, :own]
    fill(_ZERO, out)
    if d >= 0:
        flag_reached(
            ready, work.uniforms[b, REGISTER_EVENTS[d]], flag, a, tables.known[k, y, d, age, :own], spans, out
        )  # fmt: skip
    else:
        flag_reached(ready, ready, flag, a, a, spans, out)


@compiled
def set_change(tables: CohortTables, work: Workspace, b: int, k: int, y: int, age: int) -> None:
    """How effects and exposures of block ``b`` in scenario ``k`` differ from the comparator's: ``work.change``.

    An effect is the sum of the steps of the years that people have been in the slot; years before the start, and
    those in which the scenario reaches the comparator's people, make no difference. ``work.row`` is not 0 where
    anything differs.
    """
    u, effect = work.uniforms[b], work.features[b, FIRST_EFFECT:]
    fill(_ZERO, work.row)
    for t in range(effect.shape[0]):
        if not work.moved[FIRST_EFFECT + t]:
            continue
        out, ready, d = work.change[FIRST_EFFECT + t], work.readiness[b, t], tables.slot_register[t]
        flag, now = work.features[b, FIRST_FLAG + tables.slot_flag[t]], effect[t]
        if not work.there[FIRST_EFFECT + t]:
            fill(_ZERO, now)
        own, spans = spans_of(tables, work, b, t)
        fill(_ZERO, out)
        lag, lags = 0, min(tables.effect_step.shape[1], y + 1)
        while lags > 0 and tables.effect_step[t, lags - 1] == _ZERO:
            lags -= 1
        while lag < lags:
            gain, then = tables.effect_step[t, lag], y - lag
            lag += 1
            while lag < lags and same_reach(tables, k, y - lag, k, then, age, t):
                gain += tables.effect_step[t, lag]
                lag += 1
            if gain == _ZERO or same_reach(tables, k, then, 0, 0, age, t):
                continue
            a = tables.coverage[k, then, t, age, :own]
            if d >= 0:
                told = tables.known[k, then, d, age, :own]
                add_gained(ready, u[REGISTER_EVENTS[d]], flag, a, told, spans, gain, now, out)
            else:
                add_gained(ready, ready, flag, a, a, spans, gain, now, out)
        for i in range(out.size):
            work.row[i] = max(work.row[i], abs(out[i]))
    for e in range(FIRST_FLAG):
        if work.moved[e]:
            out, before, raw, floor = work.change[e], work.features[b, e], work.raw[b, e], tables.exposure_floor[e]
            copy(raw, out)
            for t in range(effect.shape[0]):
                shift = tables.shift[t, e]
                if shift != _ZERO and work.moved[FIRST_EFFECT + t]:
                    change = work.change[FIRST_EFFECT + t]
                    for i in range(out.size):
                        out[i] += shift * change[i]
            for i in range(out.size):
                out[i] = max(out[i] - floor, _ZERO) - before[i]
