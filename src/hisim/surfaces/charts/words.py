"""What charts say: names, units, numbers and lines of text."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from textwrap import wrap

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleChartError
from hisim.surfaces.text import significant
from hisim.variables import QUINTILE_NAMES

INTERVAL = "Spread: what uncertain numbers leave open, and the little that chance within a draw adds."
"""What every chart says of its intervals."""


def name_of(values: xr.DataArray, fallback: str = "The result") -> str:
    """What ``values`` are, in words."""
    return str(values.attrs.get("long_name") or fallback)


def inside(name: str) -> str:
    """``name`` as it stands inside a sentence: without its capital, unless it begins with an abbreviation."""
    return name[:1].lower() + name[1:] if name[1:2].islower() or name[1:2] == " " else name


def unit_of(values: xr.DataArray, fallback: str = "") -> str:
    """The unit of ``values``."""
    return str(values.attrs.get("units") or fallback)


def axis_title(name: str, unit: str) -> str:
    """The title of an axis: what is on it, and its unit."""
    return f"{name} ({unit})" if unit else name


def amount(value: float, unit: str) -> str:
    """``value`` to three significant figures with its unit."""
    plain = significant(float(value))
    return plain if unit in ("", "fraction", "1") else f"{plain} {unit}"


def per_cent(share: float) -> str:
    """A share as a percentage that is 0 or 100 only where it is so exactly."""
    if 0.0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1.0:
        return "over 99 %"
    return f"{100.0 * share:.0f} %"


def listed(items: Iterable[str]) -> str:
    """``items`` as one phrase."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def many(count: int, one: str, more: str = "") -> str:
    """``count`` things, in words, with thousands separated."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def label(dimension: Hashable, value: object) -> str:
    """A coordinate as a person reads it; deprivation fifths say which end is which."""
    if dimension == "quintile":
        names = {str(key): f"Fifth {name}" for key, name in QUINTILE_NAMES.items()} | {"all": "England"}
        return names.get(str(value), str(value))
    return str(value)


def lines(text: str, width: int) -> list[str]:
    """``text`` broken into as few lines of at most ``width`` characters as it needs, all about equally long."""
    fewest = len(broken(text, width))
    narrowest = next(most for most in range(max(1, width // 2), width + 1) if len(broken(text, most)) == fewest)
    return broken(text, width if fewest == 1 else narrowest)


def broken(text: str, width: int) -> list[str]:
    """``text`` broken into lines of at most ``width`` characters; percentages stay whole."""
    return wrap(text.replace(" %", "\u00a0%"), width, break_long_words=False, break_on_hyphens=False)


def check(values: xr.DataArray, dimensions: tuple[str, ...], what: str) -> None:
    """Hold that ``values`` have ``dimensions``, at least one value, and only finite ones.

    Raises
    ------
    ImpossibleChartError
        Where they do not.
    """
    if set(values.dims) != set(dimensions):
        found = ", ".join(map(str, values.dims)) or "none"
        raise ImpossibleChartError(f"{what}: found dimensions {found}; allowed: {', '.join(dimensions)}")
    if not values.size:
        raise ImpossibleChartError(f"{what}: found no values; allowed: at least one")
    missing = int((~np.isfinite(values)).sum())
    if missing:
        raise ImpossibleChartError(f"{what}: found {missing:,} values that are no numbers; allowed: finite numbers")


def check_all(data: xr.Dataset, names: Iterable[str], dimension: str) -> None:
    """:func:`check` for the variables ``names`` of ``data``, each along ``dimension``.

    Raises
    ------
    ImpossibleChartError
        Where one is missing or is not so.
    """
    for name in names:
        if name not in data:
            raise ImpossibleChartError(f"{name}: found no such variable; allowed: a dataset with {name}")
        check(data[name], (dimension,), name)


def sampled(values: xr.DataArray, what: str) -> xr.DataArray:
    """``values`` without draw 0, which holds the central values.

    Raises
    ------
    ImpossibleChartError
        When fewer than two draws are left: there would be no interval.
    """
    kept = values.sel(draw=values["draw"] != 0) if "draw" in values.coords else values
    if kept.sizes["draw"] < 2:
        raise ImpossibleChartError(f"{what}: found {many(kept.sizes['draw'], 'draw')}; allowed: 2 or more")
    return kept
