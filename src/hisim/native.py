"""Machine code of an entry point, kept between processes and loaded by llvmlite alone.

A process that finds it need not import numba, which takes longer than the rest of a small run. It is kept beside
numba's own cache, in the private folder of ``accelerate``, under a name that says what it was made from and for: the
sources, numba and llvmlite as installed, the processor, the kinds of the arguments. Whatever is missing, damaged or
unforeseen leads back to numba, and no result depends on it. Tried on Linux, and done there only.

Arguments travel as one row of words of 8 bytes, depth first: of an array its address, then its shape; of a number
itself. Whoever calls keeps the arrays alive.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np

Machine = Callable[[bytes], int]
"""Compiled code that takes a row of words; what it returns is the entry's own result."""
HELPERS = {"core/runtime/_nrt_python": "NRT_", "_helperlib": "numba_"}
"""Numba's modules in C that compiled code calls, for memory and to reshape, and how numba names what is in them."""


def flat(arguments: Sequence[object]) -> tuple[bytes, str] | None:
    """``arguments`` as words, and their kinds; None where one has no such form, such as an array with gaps."""
    words, kinds = array("q"), []
    for one in arguments:
        if isinstance(one, np.ndarray) and one.flags.carray:
            words.append(one.__array_interface__["data"][0])
            words.extend(one.shape)
            kinds.append(f"{one.dtype.str}{one.ndim}")
        elif isinstance(one, tuple) and (inner := flat(one)) is not None:
            words.frombytes(inner[0])
            kinds.append(f"({inner[1]})")
        elif type(one) is bool or (type(one) is int and abs(one) < 2**63):
            words.append(one)
            kinds.append(type(one).__name__)
        elif type(one) is float:
            words.frombytes(pack("d", one))
            kinds.append("float")
        else:
            return None
    return words.tobytes(), " ".join(kinds)


@cache
def possible() -> bool:
    """Whether code may be kept here and loaded again."""
    compiles = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
    return sys.platform == "linux" and sys.maxsize > 2**32 and compiles and len(_helpers()) == len(HELPERS)


@cache
def circumstances() -> str:
    """Everything but the sources that code depends on: interpreter, numba and llvmlite, settings, processor."""
    import llvmlite
    import llvmlite.binding as llvm

    libraries = Path(llvm.__file__).parent.glob("libllvmlite*")
    files = [_numba() / "_version.py", *_helpers(), *sorted(libraries)]
    installed = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    settings = sorted(item for item in os.environ.items() if item[0].startswith("NUMBA_"))
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return json.dumps([sys.version, llvmlite.__version__, installed, settings, processor])


def name_of(entry: str, kinds: str, sources: str) -> str:
    """The name under which the code of ``entry`` is kept."""
    return f"{entry}-{sha256(json.dumps([entry, kinds, sources, circumstances()]).encode()).hexdigest()[:32]}"


def packed_code(symbol: str, needed: Sequence[str], code: bytes) -> bytes:
    """What is kept: which symbol to call, which ones it needs, and the machine code."""
    return b"".join([json.dumps([symbol, list(needed)]).encode(), b"\n", code])


def loaded(content: bytes) -> Machine | None:
    """The function in ``content``, or None where this process lacks a symbol that it needs."""
    import llvmlite.binding as llvm

    start = content.index(b"\n") + 1
    symbol, needed = json.loads(content[:start])
    _name_helpers()
    engine = _engine()
    # LLVM ends the process when a symbol is missing, so each is asked for first; the engine knows those of the process.
    if not all(llvm.address_of_symbol(name) for name in needed):
        return None
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(content[start:]))
    engine.finalize_object()
    address = engine.get_function_address(symbol)
    if not address:
        return None
    # Numba's own convention: where to put the result, where to put an exception, the arguments; 0 where all went well.
    call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(address)

    def run(words: bytes) -> int:
        result, exception = ctypes.c_int64(), ctypes.c_void_p()
        if call(ctypes.addressof(result), ctypes.addressof(exception), words):
            raise MemoryError(f"compiled code gave up in {symbol}")
        return result.value

    return run


@cache
def _engine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


@cache
def _name_helpers() -> None:
    """Make what compiled code calls known by name, as numba does, without importing the rest of it."""
    import llvmlite.binding as llvm

    for file, prefix in _helpers().items():
        spec = spec_from_file_location(file.name.partition(".")[0], file)
        assert spec is not None
        for name, address in module_from_spec(spec).c_helpers.items():
            llvm.add_symbol(name if name.startswith("_") else prefix + name, address)


@cache
def _helpers() -> dict[Path, str]:
    """The files of :data:`HELPERS` that there are."""
    return {file: prefix for name, prefix in HELPERS.items() for file in _numba().glob(f"{name}.*.so")}


@cache
def _numba() -> Path:
    spec = find_spec("numba")
    return Path("" if spec is None or spec.origin is None else spec.origin).parent
