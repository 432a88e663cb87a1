"""Names, codes and members of the areas that hisim knows; who lives there is for ``inputs.areas`` to say.

An area is England, a local authority of 2013, a county, region or part of London, what one or more primary care
trusts of 2011 covered, the most deprived fifth of local authorities, or a list of those. Everything is made of local
authorities. What has no official code has none here: its name stands for it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from hisim.errors import ImpossibleModelError, nearest_name

TABLE = Path(__file__).parent / "data" / "areas" / "authorities.csv"
ENGLAND = "E92000001"
MOST_DEPRIVED = "most-deprived-fifth"
"""The 65 of 326 local authorities with the highest mean score of the 2010 index: a stand-in that anyone can work out
again, and not the list of Spearhead areas."""
FIFTH_OF_AUTHORITIES = 65
LIST = "list"
BETWEEN = "; "
"""Between the areas of a list where one text names it."""
ALLOWED = "the name or code of an area (hisim areas lists them)"
KINDS = {
    "E06": "unitary authority", "E07": "district", "E08": "metropolitan district", "E09": "London borough",
    "E10": "county", "E11": "metropolitan county", "E12": "region", "E13": "part of London", "E92": "country",
}  # fmt: skip
"""Kind of area by the first three characters of its code."""
TRUST = "primary care trust"


class Area(NamedTuple):
    """A place; ``members`` are codes of local authorities, in the order of their codes."""

    key: str
    """What results and scenarios call it: its code, or its name where there is none; of a list, those of its areas."""
    code: str
    """Official code of nine characters; empty where there is none."""
    name: str
    kind: str
    """A word of :data:`KINDS`, 'primary care trust' or 'primary care trusts', 'most deprived fifth' or 'list'."""
    members: tuple[str, ...]


class Refusal(NamedTuple):
    """Why something names no area: where in a list, what was found, what is allowed, and the nearest name."""

    at: int | None
    found: str
    allowed: str = ALLOWED
    nearest: str = ""


def find(name_or_code: str | Sequence[str]) -> Area:
    """The area of that name or code, in any case of letters; of several, the area they make together.

    Parameters
    ----------
    name_or_code
        ``Kent``, ``E07000105``, ``Hartlepool PCT``, ``most-deprived-fifth``, or several of them.

    Raises
    ------
    ImpossibleModelError
        When there is no such area, with the nearest name; when several have the name; when areas of a list overlap.
    """
    found = look_up(name_or_code)
    if isinstance(found, Area):
        return found
    hint = f"; did you mean '{found.nearest}'?" if found.nearest else ""
    raise ImpossibleModelError(f"area: found {found.found}; allowed: {found.allowed}{hint}")


def look_up(wanted: object) -> Area | Refusal:
    """As :func:`find`, of anything, with a refusal in place of an error."""
    if isinstance(wanted, str):
        parts = wanted.split(BETWEEN)
        return _one(wanted, None) if len(parts) == 1 else _together(parts)
    if not isinstance(wanted, list | tuple) or not wanted:
        return Refusal(None, "an empty list" if wanted in ([], ()) else f"'{wanted}'")
    return _together(wanted)


def key_of(wanted: object) -> str:
    """Key of an area; of what names none, its text."""
    found = look_up(wanted)
    return found.key if isinstance(found, Area) else str(wanted)


def members(area: Area | str | Sequence[str]) -> tuple[Area, ...]:
    """The local authorities of an area, in the order of their codes: those of Kent are its 12 districts."""
    whole = area if isinstance(area, Area) else find(area)
    return tuple(_by_key()[code] for code in whole.members)


@lru_cache(maxsize=1)
def every_area() -> tuple[Area, ...]:
    """All areas but lists: England, regions, counties and parts of London, authorities, trusts, the stand-in."""
    rows = authorities()
    every = [Area(ENGLAND, ENGLAND, "England", KINDS["E92"], tuple(row["code"] for row in rows))]
    every += _groups(rows, "region_code", "region")
    every += [area for area in _groups(rows, "upper_tier_code", "upper_tier") if area.members != (area.code,)]
    every += [Area(row["code"], row["code"], row["name"], KINDS[row["code"][:3]], (row["code"],)) for row in rows]
    trusts = _groups(rows, "", "primary_care_trust")
    worst = tuple(row["code"] for row in rows if int(row["imd2010_rank"]) <= FIFTH_OF_AUTHORITIES)
    name = f"the {FIFTH_OF_AUTHORITIES} most deprived local authorities"
    return (*every, *trusts, Area(MOST_DEPRIVED, "", name, "most deprived fifth", worst))


@lru_cache(maxsize=1)
def authorities() -> tuple[Mapping[str, str], ...]:
    """Rows of the packaged table of local authorities, in the order of codes."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _groups(rows: Iterable[Mapping[str, str]], code: str, name: str) -> list[Area]:
    """Areas whose authorities have the same ``code``, or the same ``name`` where there are no codes."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row[code] if code else "", row[name]), []).append(row["code"])
    return sorted(_group(*both, tuple(codes)) for both, codes in found.items())


def _group(code: str, name: str, codes: tuple[str, ...]) -> Area:
    if code:
        return Area(code, code, name, KINDS[code[:3]], codes)
    many = "s" * (" + " in name or " / " in name)
    return Area(f"{name} PCT{many}", "", f"{name} PCT{many}", f"{TRUST}{many}", codes)


@lru_cache(maxsize=1)
def _by_key() -> dict[str, Area]:
    return {area.key: area for area in every_area()}


@lru_cache(maxsize=1)
def _by_name() -> dict[str, list[Area]]:
    """Areas by code, name and key in small letters."""
    found: dict[str, list[Area]] = {}
    for area in every_area():
        for name in {area.key.casefold(), area.name.casefold()}:
            found.setdefault(name, []).append(area)
    return found


def _one(wanted: object, at: int | None) -> Area | Refusal:
    if not isinstance(wanted, str):
        return Refusal(at, f"'{wanted}'")
    there = _by_name().get(wanted.strip().casefold(), [])
    if len(there) == 1:
        return there[0]
    if there:
        kinds = " and ".join(f"a {area.kind}" for area in there)
        return Refusal(at, f"'{wanted}', the name of {kinds}", " or ".join(f"'{area.code}'" for area in there))
    shown = wanted if wanted.isprintable() else ascii(wanted)
    return Refusal(at, f"'{shown}'", nearest=_nearest(wanted))


def _nearest(wanted: str) -> str:
    """The name with all the words of ``wanted`` in it, or else the one most like it."""
    names = sorted({area.name for area in every_area()} | _by_key().keys())
    words = wanted.casefold().split()
    holding = [name for name in names if words and all(word in name.casefold() for word in words)]
    return min(holding, key=len) if holding else nearest_name(wanted, names)


def _together(wanted: Sequence[object]) -> Area | Refusal:
    """The area that several make; they may not overlap."""
    found: list[Area] = []
    for at, each in enumerate(wanted):
        area = _one(each, at)
        if isinstance(area, Refusal):
            return area
        twice = next((other for other in found if set(other.members) & set(area.members)), None)
        if twice is not None:
            what = f"'{area.name}', which overlaps '{twice.name}'"
            return Refusal(at, what, "areas without a local authority in common")
        found.append(area)
    if len(found) == 1:
        return found[0]
    names = [area.name for area in found]
    name = ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) < 4 else f"{names[0]} and {len(names) - 1} more"
    codes = sorted(code for area in found for code in area.members)
    return Area(BETWEEN.join(area.key for area in found), "", name, LIST, tuple(codes))
