"""Sums over people by batch: rows of 16 lanes, in an order that is the same on every machine.

Loops over 16 lanes are too short for the compiler to make vectors of: it writes out sixteen single steps. So compiled
code has these as vectors, from ``extension``, and here they are in NumPy; both give the same bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hisim.accelerate import extended
from hisim.variables import LANES, UNIT


@extended
def add_products(
    weight: NDArray[np.float32], row: NDArray[np.float32], first: int, last: int, totals: NDArray[np.float64]
) -> None:
    """Add ``weight * row`` of the people in rows ``first`` to ``last`` of 16 to ``totals`` (16,).

    Whole units of rows, counted from row 0, together in float32, ((a + b) + (c + d)); other rows one by one.
    """
    one = (weight * row).reshape(-1, LANES)
    r = first
    while r < last:
        if r % UNIT == 0 and r + UNIT <= last:
            totals += ((one[r] + one[r + 1]) + (one[r + 2] + one[r + 3])).astype(np.float64)
            r += UNIT
        else:
            totals += one[r].astype(np.float64)
            r += 1


@extended
def set_products(
    weight: NDArray[np.float32], row: NDArray[np.float32], first: int, last: int, totals: NDArray[np.float64]
) -> None:
    """The same into ``totals``, whatever they were."""
    totals[:] = 0.0
    add_products(weight, row, first, last, totals)


@extended
def weigh_rows(
    start: np.float32,
    rows: NDArray[np.float32],
    term: NDArray[np.int64],
    weight: NDArray[np.float32],
    terms: int,
    out: NDArray[np.float32],
) -> None:
    """``out`` = ``start`` + the sum of ``weight[j] * rows[term[j]]`` over the first ``terms``, four to a pass.

    Compiled, whole units of people are worked out: those beyond the last of ``out``, which must be there, are anything.
    """
    spare, few = terms % 4, rows[:, : out.size]
    out[:] = start
    for j in range(spare):
        out += weight[j] * few[term[j]]
    for j in range(spare, terms, 4):
        p, q, r, s = (weight[k] * few[term[k]] for k in range(j, j + 4))
        out += (p + q) + (r + s)


@extended
def add_times(times: float, row: NDArray[np.float64], to: NDArray[np.float64]) -> None:
    """``to`` += ``times * row``, 16 lanes."""
    to += times * row


@extended
def lanes_sum(row: NDArray[np.float64]) -> float:
    """The sum of 16 numbers, by halves."""
    half = row
    while half.size > 1:
        half = half[: half.size // 2] + half[half.size // 2 :]
    return float(half[0])
