"""Tuples of arrays that compiled code hands from function to function by reference.

Numba passes a tuple of arrays by value: eighty arrays are some six hundred words, copied at every call, and it
counts who holds each array at every slice. :func:`lend` writes the tuple down once and passes where it lies;
attributes are read from there, with nobody counted. The tuple must outlive what it is lent to, and is never changed.
Uncompiled, :func:`lend` gives back the tuple itself.
"""

from __future__ import annotations

import os
from typing import Any, TypeVar

from hisim.accelerate import choose_cache

Several = TypeVar("Several", bound=tuple[Any, ...])

if os.environ.get("HISIM_COMPILE") == "0":

    def lend(several: Several) -> Several:
        """``several`` itself."""
        return several

else:
    choose_cache()
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.core.typing.templates import AttributeTemplate, infer_getattr
    from numba.extending import intrinsic, lower_getattr_generic, models, register_model

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
