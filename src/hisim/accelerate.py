"""The one door to numba.

Kernels are plain module-level functions of arrays decorated with :func:`compiled`. The uncompiled
function stays reachable as ``kernel.py_func``, and ``HISIM_COMPILE=0`` runs everything uncompiled.

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
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from hisim.kept import oldest, private_folder

Function = TypeVar("Function", bound=Callable[..., Any])

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


def compiled(function: Function) -> Function:
    """Compile ``function`` with numba: no Python objects, no global lock, cached between processes."""
    return _compile(function, False)


def inlined(function: Function) -> Function:
    """The same for a small function called per slot or cause, whose many arguments would cost more than its work."""
    return _compile(function, True)


def choose_cache() -> None:
    """Import numba, with its cache in the private folder."""
    if "NUMBA_CACHE_DIR" not in os.environ:
        os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
    import numba

    # Where numba was imported before the line above, it has read its settings already.
    vars(numba.config)["CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"]


def _compile(function: Function, inline: bool) -> Function:
    if os.environ.get("HISIM_COMPILE") == "0":
        return function
    choose_cache()
    import numba

    jit = numba.njit(cache=True, nogil=True, fastmath=set(FASTMATH), error_model="numpy", forceinline=inline)
    return cast(Function, jit(function))
