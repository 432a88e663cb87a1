"""The one door to numba.

Kernels are plain module-level functions of arrays decorated with :func:`compiled`. The uncompiled
function stays reachable as ``kernel.py_func``, and ``HISIM_COMPILE=0`` runs everything uncompiled.

Numba writes compiled code beside the source or into a cache it picks at import time, and fails where
neither can be written, so a private per-user folder is chosen before numba is first imported.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

FASTMATH = frozenset({"nnan", "ninf", "nsz"})
"""Freedoms LLVM may take. Not ``reassoc``, ``arcp`` or ``contract``: sums keep their order, divisions
stay divisions and multiply-add is not fused, so a loop gives the same bytes however it is vectorised."""


def cache_folder() -> Path:
    """The private folder for compiled code, made with mode 0700; a temporary one as the last resort."""
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = root / "hisim" / "numba"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(folder)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="hisim-numba-"))
    return folder


def compiled(function: Function) -> Function:
    """Compile ``function`` with numba: no Python objects, no global lock, cached between processes."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder()))
    if os.environ.get("HISIM_COMPILE") == "0":
        return function
    import numba

    jit = numba.njit(cache=True, nogil=True, fastmath=set(FASTMATH), error_model="numpy")
    return cast(Function, jit(function))
