"""The kernel's own compiled pieces, put together as often as a run needs them and no oftener; see ``floor.py``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from needs import Needs

from hisim.accelerate import compiled, lend
from hisim.model.fastmath import exp32, normal_quantile32, set_lived
from hisim.model.hazard import combine, live_year, set_hazard, survive, weigh
from hisim.model.random import fill_uniforms
from hisim.model.ratio import set_ratio
from hisim.model.tables import Array, CohortTables
from hisim.variables import LANES

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


class Arrays(NamedTuple):
    """The few arrays of ``CohortTables``, ``Workspace`` and ``Needs`` that hazards take, under the same names.

    Years are those lived; ``rate`` (Y, C) is what calibration found, ``new_hazard`` and ``left`` (people,) are scratch.
    """

    active: Array
    smoking_excess: Array
    smoking_group: Array
    rate: Array
    terms: Array
    term: Array
    weight: Array
    touched: Array
    differ: Array
    apart: Array
    features: Array
    excess: Array
    base_ratio: Array
    comparator_ratio: Array
    ratio: Array
    alive: Array
    left: Array
    hazard: Array
    lived: Array
    bounds: Array
    row: Array
    cause: Array
    cause_rate: Array
    ones: Array
    sums: Array


def arrays_of(tables: CohortTables, needs: Needs, reference: np.ndarray) -> Arrays:
    """What the pieces take of one cohort; ``reference`` (Y, C) are the calibrated rates of a run of it."""
    rate = np.ascontiguousarray(reference[-needs.ages.size :], dtype=np.float32)
    work, size = needs.work, needs.work.row.size
    own = {
        "active": tables.active[needs.ages], "smoking_excess": tables.smoking_excess[needs.ages], "rate": rate,
        "alive": np.ones(work.lived.shape, np.float32), "left": np.empty(size, np.float32),
        "sums": np.zeros((1, rate.shape[1] + 1, LANES)),
    }  # fmt: skip
    found = {**work._asdict(), "smoking_group": tables.smoking_group, **needs._asdict(), **own}
    return Arrays(*(found[name] for name in Arrays._fields))


@compiled
def random(calls: int, normals: int, cohort: int, seed: int, words: Array, out: Array, blocks: int) -> None:
    """The random numbers of all people over all years, four to a call, and the normal deviates among them."""
    for b in range(blocks):
        for call in range(calls):
            fill_uniforms(b * words.shape[1], cohort, call, 0, 0, seed, words, out)
        for _ in range(normals):
            for i in range(words.shape[1]):
                out[1, i] = normal_quantile32(out[0, i])


@compiled
def comparator(own: Arrays) -> int:
    """Hazard ratios, hazards, person-years, sums and who is alive, once a year for everyone."""
    a = lend(own)
    for y in range(a.rate.shape[0]):
        for b in range(a.alive.shape[0]):
            ratio = a.comparator_ratio[b]
            for c in range(a.active.shape[1]):
                if a.touched[0, y, c]:
                    combine(_ZERO, a.features[b], a.term[0, y, c], a.weight[0, y, c], a.terms[0, y, c], a.row)
                    excess = a.excess[b, a.smoking_group[c]]
                    set_ratio(a.row, a.smoking_excess[y, c], excess, a.base_ratio[b, c], ratio[c])
            live_year(
                a.rate[y], a.active[y], a.active[y], ratio, a.alive[b], a.bounds[b], a, a.hazard[b], a.lived[b],
                a.sums, b == 0,
            )  # fmt: skip
            survive(a.hazard[b], a.lived[b], a.left)
    return own.rate.size


@compiled
def scenarios(own: Arrays) -> int:
    """The same for each scenario: ratios of those who differ in the year, the rest for those who ever did."""
    a = lend(own)
    bounds = np.zeros(2, np.int64)
    for k in range(1, a.differ.shape[0]):
        for y in range(a.rate.shape[0]):
            for b in range(a.alive.shape[0]):
                n, m = a.differ[k, y, b], -(-a.apart[k, y, b] // LANES) * LANES
                for c in range(a.active.shape[1]):
                    if a.touched[k, y, c] and n > 0:
                        change, base, out = a.row[:n], a.base_ratio[b, c], a.ratio[c]
                        smoker, excess = a.smoking_excess[y, c], a.excess[b, a.smoking_group[c]]
                        combine(_ZERO, a.features[b], a.term[k, y, c], a.weight[k, y, c], a.terms[k, y, c], change)
                        for i in range(n):
                            out[i] = base[i] * (exp32(change[i]) * (_ONE + smoker * excess[i]))
                if m > 0:
                    hazard, lived, bounds[1] = a.hazard[b, :m], a.lived[b], m
                    set_hazard(a.rate[y], a.ratio, a.active[y], a, hazard)
                    set_lived(hazard, a.alive[b, :m], lived[:m])
                    weigh(a.active[y], a.ratio, lived, bounds, a, a.sums, b == 0)
                    survive(hazard, lived[:m], a.left[:m])
    return own.rate.size


@compiled
def memory(needed: Array, rows: Array, scratch: Array) -> None:
    """Read and write as many rows of each block as each year needs (Y, 2), out of ``rows`` (blocks, rows, people)."""
    for y in range(needed.shape[0]):
        reads, writes = needed[y]
        for b in range(rows.shape[0]):
            for r in range(0, reads - 3, 4):
                p, q, s, t = rows[b, r], rows[b, r + 1], rows[b, r + 2], rows[b, r + 3]
                for i in range(scratch.size):
                    scratch[i] = max(max(p[i], q[i]), max(s[i], t[i]))
            for r in range(reads // 4 * 4, reads):
                p = rows[b, r]
                for i in range(scratch.size):
                    scratch[i] = max(scratch[i], p[i])
            for r in range(reads, reads + writes):
                p = rows[b, r]
                for i in range(scratch.size):
                    p[i] = scratch[i]
