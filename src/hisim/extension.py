"""What hisim adds to numba's compiler: tuples handed on by reference, and sums over rows of 16 lanes as vectors.

Imported when something is compiled. What each does is said, in Python, by the function of the same name in
``accelerate`` and ``lanes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, lower_getattr_generic, models, register_model

from hisim.variables import LANES, UNIT


class Lent(types.Type):
    """The place of a named tuple whose type is ``several``."""

    def __init__(self, several: Any) -> None:
        self.several = several
        super().__init__(name=f"Lent({several.name})")

    @property
    def key(self) -> Any:
        """What makes two of them the same type."""
        return self.several


@register_model(Lent)
class _Place(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Lent) -> None:
        super().__init__(manager, kind, manager.lookup(kind.several).get_value_type().as_pointer())


@infer_getattr
class _Attributes(AttributeTemplate):
    key = Lent

    def generic_resolve(self, kind: Lent, name: str) -> Any:  # type: ignore[override]
        fields = kind.several.fields
        return kind.several.types[fields.index(name)] if name in fields else None


def _load(builder: Any, place: Any, *fields: int) -> Any:
    """A value in the tuple. It never changes, so loops need not look again after they wrote to an array."""
    value = builder.load(cgutils.gep_inbounds(builder, place, 0, *fields))
    value.set_metadata("invariant.load", builder.module.add_metadata([]))
    return value


@lower_getattr_generic(Lent)
def _get(context: Any, builder: Any, kind: Lent, place: Any, name: str) -> Any:
    n = kind.several.fields.index(name)
    wanted = kind.several.types[n]
    if not isinstance(wanted, types.Array):
        return _load(builder, place, n)
    array, at = context.make_array(wanted)(context, builder), context.data_model_manager[wanted].get_field_position
    array.nitems, array.data = (_load(builder, place, n, at(part)) for part in ("nitems", "data"))
    array.shape, array.strides = (
        cgutils.pack_array(builder, [_load(builder, place, n, at(part), d) for d in range(wanted.ndim)])
        for part in ("shape", "strides")
    )
    size = context.get_abi_sizeof(context.get_data_type(wanted.dtype))
    array.itemsize = context.get_constant(types.intp, size)
    array.meminfo, array.parent = (cgutils.get_null_value(kind.type) for kind in (array.meminfo, array.parent))
    return array._getvalue()


@intrinsic
def lend(typing: Any, several: Any) -> Any:
    """Where ``several`` is written down."""

    def written(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = cgutils.alloca_once_value(builder, arguments[0])
        # An assembly of nothing: the compiler must take the tuple as written, and its reader as knowing no more.
        kind = ir.FunctionType(place.type, [place.type])
        return builder.asm(kind, "", "=r,0,~{memory}", [place], True)

    return Lent(several)(several), written


_SINGLE, _DOUBLE = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.DoubleType(), LANES)


def _rows(context: Any, builder: Any, kind: Any, array: Any, vector: Any) -> Any:
    """Where the rows of an array lie."""
    return builder.bitcast(context.make_array(kind)(context, builder, array).data, vector.as_pointer())


def _row(builder: Any, rows: Any, r: Any, size: int) -> Any:
    return builder.load(builder.gep(rows, [r]), align=size)


def _products(kinds: Sequence[Any], fresh: bool) -> Any:
    """Sums of products, onto those there are or ``fresh``."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        w, x = (_rows(context, builder, signature.args[k], arguments[k], _SINGLE) for k in (0, 1))
        out = _rows(context, builder, signature.args[4], arguments[4], _DOUBLE)
        begin, end = arguments[2], arguments[3]
        number = begin.type
        begun = ir.Constant(_DOUBLE, [0.0] * LANES) if fresh else builder.load(out, align=8)
        sums = cgutils.alloca_once_value(builder, begun)

        def add(several: Any) -> None:
            builder.store(builder.fadd(builder.load(sums), builder.fpext(several, _DOUBLE)), sums)

        def product(r: Any) -> Any:
            return builder.fmul(_row(builder, w, r, 4), _row(builder, x, r, 4))

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

    weight, row, totals = kinds
    return types.void(weight, row, types.intp, types.intp, totals), build


@intrinsic
def add_products(typing: Any, weight: Any, row: Any, first: Any, last: Any, totals: Any) -> Any:
    """As ``lanes``: in vectors."""
    return _products((weight, row, totals), fresh=False)


@intrinsic
def set_products(typing: Any, weight: Any, row: Any, first: Any, last: Any, totals: Any) -> Any:
    """As ``lanes``: in vectors."""
    return _products((weight, row, totals), fresh=True)


@intrinsic
def weigh_rows(typing: Any, start: Any, rows: Any, term: Any, weight: Any, terms: Any, out: Any) -> Any:
    """As ``lanes``: in vectors, a unit of people at a time, whose sums stay in registers."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        matrix, which, weights, to = (
            context.make_array(kinds[k])(context, builder, arguments[k]) for k in (1, 2, 3, 5)
        )
        number, begun = arguments[4].type, _every(builder, arguments[0])
        stride = builder.sdiv(builder.extract_value(matrix.strides, 0), number(LANES * 4))
        vectors, there = (builder.bitcast(one.data, _SINGLE.as_pointer()) for one in (matrix, to))
        most = number(UNIT * LANES)
        units = builder.sdiv(builder.add(to.nitems, number(UNIT * LANES - 1)), most)
        sums = [cgutils.alloca_once(builder, _SINGLE) for _ in range(UNIT)]

        def weighed(j: Any, first: Any) -> list[Any]:
            row = builder.add(builder.mul(builder.load(builder.gep(which.data, [j])), stride), first)
            by = _every(builder, builder.load(builder.gep(weights.data, [j])))
            rest = (builder.add(row, number(k)) for k in range(UNIT))
            return [builder.fmul(by, _row(builder, vectors, r, 4)) for r in rest]

        def add(several: Sequence[Any]) -> None:
            for place, one in zip(sums, several, strict=True):
                builder.store(builder.fadd(builder.load(place), one), place)

        def both(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
            return [builder.fadd(a, b) for a, b in zip(one, other, strict=True)]

        spare = builder.and_(arguments[4], number(3))
        with cgutils.for_range(builder, units) as loop:
            first = builder.mul(loop.index, number(UNIT))
            for place in sums:
                builder.store(begun, place)
            with cgutils.for_range_slice(builder, number(0), spare, number(1), number) as (j, _):
                add(weighed(j, first))
            with cgutils.for_range_slice(builder, spare, arguments[4], number(4), number) as (j, _):
                a, b, c, d = (weighed(builder.add(j, number(k)), first) for k in range(4))
                add(both(both(a, b), both(c, d)))
            for k, place in enumerate(sums):
                builder.store(builder.load(place), builder.gep(there, [builder.add(first, number(k))]), align=4)
        return context.get_dummy_value()

    return types.void(types.float32, rows, term, weight, types.intp, out), build


def _every(builder: Any, value: Any) -> Any:
    """The same number in every lane."""
    several = ir.Constant(_SINGLE, ir.Undefined)
    index = ir.IntType(32)
    one = builder.insert_element(several, value, index(0))
    return builder.shuffle_vector(one, several, ir.Constant(ir.VectorType(index, LANES), [0] * LANES))


@intrinsic
def add_times(typing: Any, times: Any, row: Any, to: Any) -> Any:
    """As ``lanes``: in vectors."""

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
    """As ``lanes``: in vectors."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        half = builder.load(_rows(context, builder, signature.args[0], arguments[0], _DOUBLE), align=8)
        size, index = LANES, ir.IntType(32)
        while size > 1:
            size //= 2
            kind = ir.VectorType(index, size)
            which = (ir.Constant(kind, list(range(k, k + size))) for k in (0, size))
            half = builder.fadd(*(builder.shuffle_vector(half, half, lanes) for lanes in which))
        return builder.extract_element(half, index(0))

    return types.float64(row), build
