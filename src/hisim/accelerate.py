"""The one door to numba.

Kernels are plain module-level functions of arrays decorated with :func:`compiled`. The uncompiled
function stays reachable as ``kernel.py_func``, and ``HISIM_COMPILE=0`` runs everything uncompiled. Numba
takes long to import, so that waits until one of them is called; with an :func:`entry`, whose machine code
is kept, it may never come to that.

Numba writes compiled code beside the source or into a cache it picks at import time, and fails where
neither can be written, so a private per-user folder is chosen before numba is first imported. Numba also
looks only at the file of the function it loads, not at those of the functions called from there; so each
state of the sources has a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property, update_wrapper
from itertools import accumulate, count
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from hisim.kept import oldest, private_folder, read_whole, write_whole
from hisim.native import Machine, flat, loaded, name_of, packed_code, possible

Function = TypeVar("Function", bound=Callable[..., Any])
Several = TypeVar("Several", bound=tuple[Any, ...])

FASTMATH = frozenset({"nnan", "ninf", "nsz"})
"""Freedoms LLVM may take. Not ``reassoc``, ``arcp`` or ``contract``: sums keep their order, divisions
stay divisions and multiply-add is not fused, so a loop gives the same bytes however it is vectorised."""


MOST_CACHES = 8
"""Folders of compiled code that are kept; the oldest go first."""


def cache_folder() -> Path:
    """The private folder for compiled code, made with mode 0700; a temporary one as the last resort."""
    folder = private_folder() / "numba" / sources_digest()
    try:
        new = not folder.exists()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(folder)
        if new:
            _forget_oldest(folder.parent)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="hisim-numba-"))
    return folder


def sources_digest() -> str:
    """A name for the present state of the sources that compiled code is made of: their names, sizes and times.

    Those are the model and the ground floor; ``test_accelerate`` holds it, so that a change elsewhere compiles nothing.
    """
    digest, package = hashlib.sha256(), Path(__file__).parent
    for path in sorted([*package.glob("*.py"), *(package / "model").rglob("*.py")]):
        state = path.stat()
        digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _forget_oldest(caches: Path) -> None:
    for path in oldest((path for path in caches.iterdir() if path.is_dir()), MOST_CACHES):
        shutil.rmtree(path, ignore_errors=True)


class Late:
    """A function that ``make`` makes known to numba when it is called, or compiled into another one."""

    def __init__(self, function: Callable[..., Any], make: Callable[[], Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function
        self._make = make

    @cached_property
    def made(self) -> Any:
        """What numba has of the function."""
        _choose_cache()
        return self._make()

    @property
    def _numba_type_(self) -> Any:
        """Under this name numba looks for the type of an object that it does not know."""
        from numba.core.registry import cpu_target

        found, known = self.made, cpu_target.typing_context
        known.refresh()
        return known.resolve_value_type(found)

    def __call__(self, *arguments: Any) -> Any:
        return self.made(*arguments)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.made, name)


class Entry(Late):
    """A function that is called from Python and returns an integer, by machine code that is kept between processes."""

    def __init__(self, function: Callable[..., Any], make: Callable[[], Any]) -> None:
        super().__init__(function, make)
        self._lock = Lock()
        self._machines: dict[str, Machine | None] = {}
        self._recent: tuple[Any, tuple[bytes, str] | None] = None, None

    def __call__(self, *arguments: Any) -> Any:
        # The first argument is a large tuple, and the same for many calls on end.
        recent, first = self._recent
        if recent is not arguments[0]:
            first = flat(arguments[:1])
            self._recent = arguments[0], first
        rest = flat(arguments[1:])
        machine = None
        if first is not None and rest is not None:
            machine = self._machine(f"{first[1]} {rest[1]}", arguments)
        if first is None or rest is None or machine is None:
            return self.made(*arguments)
        return machine(first[0] + rest[0])

    def _machine(self, kinds: str, arguments: Sequence[Any]) -> Machine | None:
        with self._lock:
            if kinds not in self._machines:
                self._machines[kinds] = self._kept(kinds, arguments) if possible() else None
        return self._machines[kinds]

    def _kept(self, kinds: str, arguments: Sequence[Any]) -> Machine | None:
        """Code for such arguments: what is kept, or else what numba makes now, which is kept then."""
        path = _chosen_folder() / name_of(self.py_func.__name__, kinds, sources_digest())
        content = read_whole(path)
        if content is None:
            content = _machine_code(self.made, arguments)
            write_whole(path, content)
        return loaded(content)


def _late(function: Function, kind: type[Late], make: Callable[[], Any]) -> Function:
    return function if os.environ.get("HISIM_COMPILE") == "0" else cast(Function, kind(function, make))


def compiled(function: Function) -> Function:
    """Compile ``function`` with numba: no Python objects, no global lock, cached between processes."""
    return _compile(function, Late, False)


def inlined(function: Function) -> Function:
    """The same for a small function called per slot or cause, whose many arguments would cost more than its work."""
    return _compile(function, Late, True)


def entry(function: Function) -> Function:
    """The same for a function that Python calls with arrays, numbers and tuples, and that returns an integer."""
    return _compile(function, Entry, False)


def extended(function: Function) -> Function:
    """Within compiled code, the function of the same name that :mod:`hisim.extension` adds to numba."""

    def make() -> Any:
        import hisim.extension as added

        return getattr(added, function.__name__)

    return _late(function, Late, make)


@extended
def lend(several: Several) -> Several:
    """Write a tuple of arrays down once, for compiled functions to hand on by where it lies; uncompiled, as it is.

    Numba passes a tuple of arrays by value: eighty arrays are some six hundred words, copied at every call, and it
    counts who holds each array at every slice. Attributes of what is lent are read from there, with nobody counted.
    The tuple must outlive what it is lent to, and is never changed.
    """
    return several


def _compile(function: Function, kind: type[Late], inline: bool) -> Function:
    def make() -> Any:
        import numba

        return numba.njit(cache=True, **_options(), forceinline=inline)(function)

    return _late(function, kind, make)


def _options() -> dict[str, Any]:
    return {"nogil": True, "fastmath": set(FASTMATH), "error_model": "numpy"}


def _chosen_folder() -> Path:
    if "NUMBA_CACHE_DIR" not in os.environ:
        os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
    return Path(os.environ["NUMBA_CACHE_DIR"])


def _choose_cache() -> None:
    folder = _chosen_folder()
    import numba

    # Where numba was imported before the line above, it has read its settings already.
    vars(numba.config)["CACHE_DIR"] = str(folder)


def _machine_code(function: Any, arguments: Sequence[Any]) -> bytes:
    """What :func:`hisim.native.loaded` reads, for a compiled function and arguments of these kinds."""
    import llvmlite.binding as llvm
    import numba
    from numba.core.compiler_lock import global_compiler_lock

    take = _taker(numba.types.Tuple([numba.typeof(one) for one in arguments]))

    def whole(words: int) -> int:
        return int(function(*take(words)))

    compiler: Any = numba.njit
    made = compiler(**_options(), no_cpython_wrapper=True, no_cfunc_wrapper=True)(whole)
    with global_compiler_lock:
        result = made._compiler.compile((numba.types.intp,), numba.types.int64)
        code, bitcode = result.library.serialize_using_object_code()[2]
    module = llvm.parse_bitcode(bitcode)
    declared = [one.name for one in [*module.functions, *module.global_variables] if one.is_declaration]
    needed = [name for name in declared if not name.startswith("llvm.")]
    return packed_code(result.fndesc.llvm_func_name, needed, code)


def _taker(several: Any) -> Any:
    """For compiled code: the arguments that :func:`hisim.native.flat` has laid out at an address."""
    from llvmlite import ir
    from numba.core import types
    from numba.extending import intrinsic
    from numba.np.arrayobj import populate_array

    word: Any = ir.IntType(64)
    base: Any = types.BaseTuple

    def taken(context: Any, builder: Any, kind: Any, words: Any) -> Any:
        if isinstance(kind, base):
            return context.make_tuple(builder, kind, [taken(context, builder, one, words) for one in kind.types])
        value = builder.load(next(words))
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder)
            size = ir.Constant(word, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
            shape = [builder.load(next(words)) for _ in range(kind.ndim)]
            strides = list(accumulate(reversed(shape[1:]), builder.mul, initial=size))[::-1]
            populate_array(array, builder.inttoptr(value, array.data.type), shape, strides, size, None)
            return array._getvalue()
        if isinstance(kind, types.Float):
            return builder.bitcast(value, context.get_value_type(kind))
        if isinstance(kind, types.Boolean):
            return builder.trunc(value, context.get_value_type(kind))
        return value

    @intrinsic
    def take(typing: Any, address: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            row = builder.inttoptr(arguments[0], word.as_pointer())
            words = (builder.gep(row, [ir.Constant(word, i)]) for i in count())
            return taken(context, builder, several, words)

        return several(address), build

    return take
