"""Packages that only charts need, imported when something of them is first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hisim.errors import MissingPackageError


class Late:
    """A package that stands in for itself until it is needed; ``needs`` says in a message who needs it."""

    def __init__(self, package: str, needs: str) -> None:
        self._package, self._needs = package, needs

    def __getattr__(self, name: str) -> Any:
        """The attribute of the package.

        Raises
        ------
        MissingPackageError
            When the package is not installed.
        """
        try:
            module = import_module(self._package)
        except ModuleNotFoundError:
            raise MissingPackageError(self._needs) from None
        return getattr(module, name)


def late(package: str) -> Any:
    """``package`` of the extra ``charts``."""
    return Late(package, f"charts need the package {package}; allowed: pip install 'hisim[charts]'")
