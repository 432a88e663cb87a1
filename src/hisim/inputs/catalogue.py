"""What every packaged table holds: its file, keys with their labels, units, bounds, totals and source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from hisim.errors import InvalidTableError, Problem, nearest_name

ENGLAND = Path(__file__).parents[1] / "data" / "england"

Label = int | str


@dataclass(frozen=True)
class Column:
    """A column of numbers: unit and inclusive bounds; ``optional`` ones may be blank."""

    unit: str
    low: float
    high: float
    optional: bool = False


@dataclass(frozen=True)
class Total:
    """What the rows of ``column`` where ``where`` holds must add up to, within ``tolerance``."""

    column: str
    where: Mapping[str, Label]
    value: float
    tolerance: float


@dataclass(frozen=True)
class Entry:
    """One table of the catalogue. ``sha256`` is of the file's bytes; ``rows`` only where it is no full grid."""

    name: str
    path: Path
    sha256: str
    title: str
    years: str
    source: tuple[str, ...]
    licence: str
    keys: Mapping[str, tuple[Label, ...]]
    values: Mapping[str, Column] = field(default_factory=dict)
    choices: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    totals: tuple[Total, ...] = ()
    method: str = ""
    status: str = ""
    rows: int | None = None

    @property
    def units(self) -> dict[str, str]:
        """Unit of every column of numbers."""
        return {name: column.unit for name, column in self.values.items()}


def labels(declared: str | list[Label], named: Mapping[str, str | list[Label]]) -> tuple[Label, ...]:
    """Spell out a set of labels: a list, a range of whole numbers ("0-90") or the name of another set."""
    if isinstance(declared, list):
        return tuple(declared)
    if declared in named:
        return labels(named[declared], named)
    first, last = declared.split("-")
    return tuple(range(int(first), int(last) + 1))


@lru_cache(maxsize=8)
def catalogue(folder: Path = ENGLAND) -> dict[str, Entry]:
    """Every table of ``folder`` by name, as its ``catalogue.toml`` declares it.

    Raises
    ------
    InvalidTableError
        When the catalogue or a file it names is missing.
    """
    declared = tomllib.loads(_bytes(folder / "catalogue.toml").decode("utf-8"))
    return {name: _entry(name, folder, table, declared["labels"]) for name, table in declared["tables"].items()}


def find_entry(name: str, folder: Path | None = None) -> Entry:
    """The entry called ``name``.

    Raises
    ------
    InvalidTableError
        When there is none, with the nearest name there is.
    """
    folder = ENGLAND if folder is None else folder
    tables = catalogue(folder)
    if name not in tables:
        place = str(folder / "catalogue.toml")
        raise InvalidTableError(
            [Problem(place, 0, 0, "tables", f"no table called '{name}'", ", ".join(tables), nearest_name(name, tables))]
        )
    return tables[name]


def list_tables(folder: Path | None = None) -> list[Entry]:
    """Every packaged table, in the order of the catalogue, with its digest, units, source and licence."""
    return list(catalogue(ENGLAND if folder is None else folder).values())


def packaged_bytes(folder: Path = ENGLAND) -> list[bytes]:
    """Name and content of every file of the packaged tables, in the order of their names."""
    return [part for path in sorted(folder.iterdir()) for part in (path.name.encode(), _bytes(path))]


def _entry(name: str, folder: Path, table: dict[str, Any], named: Mapping[str, Any]) -> Entry:
    path = folder / table["file"]
    return Entry(
        name=name,
        path=path,
        sha256=sha256(_bytes(path)).hexdigest(),
        title=table["title"],
        years=table["years"],
        source=tuple(table["source"]),
        licence=table["licence"],
        keys={key: labels(value, named) for key, value in table["keys"].items()},
        values={key: Column(**value) for key, value in table.get("values", {}).items()},
        choices={key: labels(value, named) for key, value in table.get("choices", {}).items()},
        totals=tuple(Total(**total) for total in table.get("totals", ())),
        method=table.get("method", ""),
        status=table.get("status", ""),
        rows=table.get("rows"),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidTableError([Problem(str(path), 0, 0, "", f"cannot be read ({error.strerror})")]) from error
