"""What is sent to whoever works out units elsewhere: the definition in few bytes, and what must be the same there."""

from __future__ import annotations

import json
import platform
import zlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hisim.errors import StudyError
from hisim.inputs.catalogue import list_tables
from hisim.studies.cohorts import Definition
from hisim.studies.study import run_unit
from hisim.version import __version__

PACKAGES = ("numpy", "scipy", "pandas", "xarray", "numba", "llvmlite")
"""Packages that figures go through: another version may give other last digits."""


def packed(definition: Definition) -> bytes:
    """A definition as few bytes, to send along with every unit, and the versions of packages here."""
    return zlib.compress(json.dumps({"definition": definition, "packages": _packages()}).encode(), 6)


def run_packed(text: bytes, unit: int) -> bytes:
    """As :func:`hisim.studies.study.run_unit`, wherever it is sent.

    Raises
    ------
    StudyError
        Where hisim, its tables or the packages it uses are not those of whoever sent it.
    """
    return run_unit(_unpacked(text), unit)


@lru_cache(maxsize=2)
def _unpacked(text: bytes) -> dict[str, Any]:
    """The definition in ``text``, once what is here is known to be what it was made with."""
    sent = json.loads(zlib.decompress(text))
    definition: dict[str, Any] = sent["definition"]
    _refuse(definition["program"], f"hisim {__version__}")
    tables = {entry.path.name: entry.sha256 for entry in list_tables()}
    other = sorted(name for name, digest in definition["data"].items() if tables.get(name) != digest)
    if other:
        _refuse(f"the tables of whoever sent it ({', '.join(other[:3])})", "other ones")
    here = _packages()
    for name, wanted in sent["packages"].items():
        _refuse(f"{name} {wanted}", f"{name} {here[name]}")
    return definition


def _refuse(wanted: str, found: str) -> None:
    if found != wanted:
        raise StudyError(f"worker on {platform.node()}: found {found}; allowed: {wanted}, as where the study is kept")


@lru_cache(maxsize=1)
def _packages() -> dict[str, str]:
    return {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
