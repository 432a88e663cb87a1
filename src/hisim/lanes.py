"""Sums over people by batch: rows of 16 lanes, in an order that is the same on every machine.

Loops over 16 lanes are too short for the compiler to make vectors of: it writes out sixteen single steps. So these
three are written in its own terms, as vectors, and once more in NumPy, for when nothing is compiled; both give the
same bytes.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hisim.accelerate import choose_cache

LANES = 16
"""SIMD lanes, and the independent batches of people: person i is in batch i mod 16."""
UNIT = 4
"""Rows that are added up together in float32, before they go to float64."""

if os.environ.get("HISIM_COMPILE") == "0":

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

    def add_times(times: float, row: NDArray[np.float64], to: NDArray[np.float64]) -> None:
        """``to`` += ``times * row``, 16 lanes."""
        to += times * row

    def lanes_sum(row: NDArray[np.float64]) -> float:
        """The sum of 16 numbers, by halves."""
        half = row
        while half.size > 1:
            half = half[: half.size // 2] + half[half.size // 2 :]
        return float(half[0])

else:
    choose_cache()
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    _SINGLE, _DOUBLE = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.DoubleType(), LANES)

    def _rows(context: Any, builder: Any, kind: Any, array: Any, vector: Any) -> Any:
        """Where the rows of an array lie."""
        return builder.bitcast(context.make_array(kind)(context, builder, array).data, vector.as_pointer())

    def _load(builder: Any, rows: Any, r: Any, size: int) -> Any:
        return builder.load(builder.gep(rows, [r]), align=size)

    @intrinsic
    def add_products(typing: Any, weight: Any, row: Any, first: Any, last: Any, totals: Any) -> Any:
        """As above."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            w, x = (_rows(context, builder, signature.args[k], arguments[k], _SINGLE) for k in (0, 1))
            out = builder.bitcast(
                _rows(context, builder, signature.args[4], arguments[4], _DOUBLE), _DOUBLE.as_pointer()
            )
            begin, end = arguments[2], arguments[3]
            number = begin.type
            sums = cgutils.alloca_once_value(builder, builder.load(out, align=8))

            def add(several: Any) -> None:
                builder.store(builder.fadd(builder.load(sums), builder.fpext(several, _DOUBLE)), sums)

            def product(r: Any) -> Any:
                return builder.fmul(_load(builder, w, r, 4), _load(builder, x, r, 4))

            def each(start: Any, stop: Any) -> None:
                with cgutils.for_range_slice(builder, start, stop, number(1), number) as (r, _):
                    add(product(r))

            mask = number(-UNIT)
            up = builder.and_(builder.add(begin, number(UNIT - 1)), mask)
            whole = builder.select(builder.icmp_signed("<", up, end), up, end)
            down = builder.and_(end, mask)
            rest = builder.select(builder.icmp_signed(">", down, whole), down, whole)
            each(begin, whole)
            with cgutils.for_range_slice(builder, whole, rest, number(UNIT), number) as (r, _):
                a, b, c, d = (product(builder.add(r, number(k))) for k in range(UNIT))
                add(builder.fadd(builder.fadd(a, b), builder.fadd(c, d)))
            each(rest, end)
            builder.store(builder.load(sums), out, align=8)
            return context.get_dummy_value()

        return types.void(weight, row, types.intp, types.intp, totals), build

    @intrinsic
    def add_times(typing: Any, times: Any, row: Any, to: Any) -> Any:
        """As above."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            of, out = (_rows(context, builder, signature.args[k], arguments[k], _DOUBLE) for k in (1, 2))
            several = ir.Constant(_DOUBLE, [0.0] * LANES)
            for n in range(LANES):
                several = builder.insert_element(several, arguments[0], ir.IntType(32)(n))
            more = builder.fmul(several, builder.load(of, align=8))
            builder.store(builder.fadd(builder.load(out, align=8), more), out, align=8)
            return context.get_dummy_value()

        return types.void(types.float64, row, to), build

    @intrinsic
    def lanes_sum(typing: Any, row: Any) -> Any:
        """As above."""

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            half = builder.load(_rows(context, builder, signature.args[0], arguments[0], _DOUBLE), align=8)
            size, index = LANES, ir.IntType(32)
            while size > 1:
                size //= 2
                low, high = (
                    builder.shuffle_vector(
                        half, half, ir.Constant(ir.VectorType(index, size), list(range(k, k + size)))
                    )
                    for k in (0, size)
                )
                half = builder.fadd(low, high)
            return builder.extract_element(half, index(0))

        return types.float64(row), build
