"""Read a packaged table, refusing gaps, duplicates, values out of bounds and wrong totals."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from hisim.errors import InvalidTableError, Problem, nearest_name
from hisim.inputs.catalogue import Entry, Label, Total, find_entry, list_tables

__all__ = ["grid", "list_tables", "read_table"]

MOST_PROBLEMS = 20
"""Problems of one kind listed before the rest are counted."""


def read_table(name: str, folder: Path | None = None) -> pd.DataFrame:
    """The packaged table called ``name``, checked against its catalogue entry.

    Parameters
    ----------
    name
        Name in the catalogue.
    folder
        Folder with ``catalogue.toml`` and its files; the packaged tables of England by default.

    Returns
    -------
    pandas.DataFrame
        Keys, numbers and text columns in the order of the file.

    Raises
    ------
    InvalidTableError
        With every mistake found, each as file:line:column: column name: what was found; what is allowed.
    """
    entry = find_entry(name, folder)
    text = _text(entry)
    frame = _parsed(entry, text)
    found = _column_problems(entry, frame)
    if not found:
        found = _label_problems(entry, frame) + _value_problems(entry, frame) + _row_problems(entry, frame)
        found = found or _total_problems(entry, frame)
    if found:
        raise InvalidTableError(_placed(found, text))
    return _typed(entry, frame)


def grid(name: str, frame: pd.DataFrame, column: str, folder: Path | None = None) -> np.ndarray:
    """``column`` of a full table as an array whose axes are the table's keys in catalogue order."""
    entry = find_entry(name, folder)
    shape = tuple(len(labels) for labels in entry.keys.values())
    array = np.full(int(np.prod(shape)), np.nan)
    array[_places(entry, frame)] = frame[column].to_numpy(dtype=float)
    return array.reshape(shape)


_LAST: dict[Path, tuple[pd.DataFrame, np.ndarray]] = {}
"""The last frame that :func:`grid` was asked for of each file, with the places of its rows: draws ask again."""


def _places(entry: Entry, frame: pd.DataFrame) -> np.ndarray:
    known = _LAST.get(entry.path)
    if known is None or known[0] is not frame:
        known = _LAST[entry.path] = (frame, _positions(entry, frame))
    return known[1]


def _text(entry: Entry) -> str:
    data = entry.path.read_bytes()
    try:
        if entry.path.suffix == ".gz":
            data = gzip.decompress(data)
        return data.decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        place = str(entry.path)
        raise InvalidTableError([Problem(place, 0, 0, "", f"cannot be read ({error})", "CSV in UTF-8")]) from error


def _parsed(entry: Entry, text: str) -> pd.DataFrame:
    place = str(entry.path)
    try:
        frame = pd.read_csv(BytesIO(text.encode()), na_filter=False, index_col=False, dtype=_dtypes(entry))
    except ValueError as error:
        return _as_text(place, text, error)
    return frame


def _as_text(place: str, text: str, error: ValueError) -> pd.DataFrame:
    """Read again without types, so that the bad cell can be named."""
    try:
        return pd.read_csv(BytesIO(text.encode()), na_filter=False, index_col=False, dtype=str)
    except (ValueError, pd.errors.ParserError):
        message = str(error).strip().splitlines()[-1] if str(error) else "no rows"
        raise InvalidTableError(
            [Problem(place, 0, 0, "", f"not a table ({message})", "one value per column")]
        ) from error


def _dtypes(entry: Entry) -> dict[str, str]:
    """How each column is best read: labels that are words as categories, which is several times faster."""
    words = {key: "category" for key, labels in entry.keys.items() if isinstance(labels[0], str)}
    return words | {key: "str" for key in entry.choices}


Found = tuple[Entry, int, str, str, str, str]
"""Entry, row (0 = first after the header, -1 = header or whole file), column, found, allowed, nearest."""


def _column_problems(entry: Entry, frame: pd.DataFrame) -> list[Found]:
    wanted = [*entry.keys, *entry.values, *entry.choices]
    missing = [name for name in wanted if name not in frame.columns]
    extra = [str(name) for name in frame.columns if name not in wanted]
    found = [(entry, -1, name, "column missing", ", ".join(wanted), "") for name in missing]
    return found + [
        (entry, -1, name, f"unknown column '{name}'", ", ".join(wanted), nearest_name(name, missing or wanted))
        for name in extra
    ]


def _label_problems(entry: Entry, frame: pd.DataFrame) -> list[Found]:
    found: list[Found] = []
    for name, labels in {**entry.keys, **{key: value for key, value in entry.choices.items() if value}}.items():
        bad = np.flatnonzero(_codes(frame[name], labels) < 0)
        words = _spelled(labels)
        found += [
            (
                entry,
                int(row),
                name,
                f"'{frame[name].iloc[row]}'",
                words,
                nearest_name(frame[name].iloc[row], map(str, labels)),
            )
            for row in bad[:MOST_PROBLEMS]
        ] + _rest(entry, name, len(bad))
    return found


def _value_problems(entry: Entry, frame: pd.DataFrame) -> list[Found]:
    found: list[Found] = []
    for name, column in entry.values.items():
        values = _numbers(frame[name])
        blank = (frame[name].astype(str) == "").to_numpy() if column.optional else np.zeros(len(values), dtype=bool)
        bad = np.flatnonzero(~blank & ~((values >= column.low) & (values <= column.high) & np.isfinite(values)))
        allowed = f"{column.low:g} to {column.high:g} {column.unit}"
        found += [(entry, int(row), name, f"'{frame[name].iloc[row]}'", allowed, "") for row in bad[:MOST_PROBLEMS]]
        found += _rest(entry, name, len(bad))
    return found


def _row_problems(entry: Entry, frame: pd.DataFrame) -> list[Found]:
    """Rows that occur twice, and rows that should be there and are not."""
    positions = _positions(entry, frame)
    known = positions[positions >= 0]
    repeated = np.flatnonzero(pd.Series(positions).duplicated().to_numpy() & (positions >= 0))
    keys = list(entry.keys)
    found: list[Found] = [
        (entry, int(row), keys[0], f"a second row for {_named(entry, positions[row])}", "one row", "")
        for row in repeated[:MOST_PROBLEMS]
    ] + _rest(entry, keys[0], len(repeated))
    if entry.rows is not None:
        if len(frame) != entry.rows:
            found.append((entry, -1, keys[0], f"{len(frame)} rows", f"{entry.rows} rows", ""))
        return found
    missing = np.setdiff1d(np.arange(_size(entry)), known)
    found += [
        (entry, -1, keys[0], f"no row for {_named(entry, row)}", "one row", "") for row in missing[:MOST_PROBLEMS]
    ]
    return found + _rest(entry, keys[0], len(missing))


def _total_problems(entry: Entry, frame: pd.DataFrame) -> list[Found]:
    found: list[Found] = []
    for total in entry.totals:
        value = _sum(frame, total)
        if not abs(value - total.value) <= total.tolerance:
            where = ", ".join(f"{key} {label}" for key, label in total.where.items())
            allowed = f"{total.value:,.0f}, give or take {total.tolerance:g}"
            found.append((entry, -1, total.column, f"a total of {value:,.1f} for {where}", allowed, ""))
    return found


def _sum(frame: pd.DataFrame, total: Total) -> float:
    chosen = np.ones(len(frame), dtype=bool)
    for key, label in total.where.items():
        chosen &= _codes(frame[key], (label,)) == 0
    return float(_numbers(frame[total.column])[chosen].sum())


def _codes(column: pd.Series, labels: tuple[Label, ...]) -> np.ndarray:
    """Place of every cell in ``labels``, -1 for a cell that is none of them."""
    if isinstance(labels[0], int):
        return pd.Index(labels).get_indexer(pd.Index(_numbers(column)))
    if isinstance(column.dtype, pd.CategoricalDtype):
        of_category = pd.Index(labels).get_indexer(column.cat.categories)
        return np.asarray(of_category[column.cat.codes.to_numpy()])
    return pd.Index(labels).get_indexer(pd.Index(column.astype(str)))


def _positions(entry: Entry, frame: pd.DataFrame) -> np.ndarray:
    """Place of every row in the full grid of keys, -1 where a key is unknown."""
    position = np.zeros(len(frame), dtype=np.int64)
    unknown = np.zeros(len(frame), dtype=bool)
    for name, labels in entry.keys.items():
        code = _codes(frame[name], labels)
        unknown |= code < 0
        position = position * len(labels) + code
    return np.where(unknown, -1, position)


def _numbers(column: pd.Series) -> np.ndarray:
    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=float)
    return pd.to_numeric(column.astype(str), errors="coerce").to_numpy(dtype=float)


def _typed(entry: Entry, frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as numbers (blank ones NaN); keys that are whole numbers as integers."""
    for name, labels in entry.keys.items():
        if isinstance(labels[0], int):
            frame[name] = _numbers(frame[name]).astype(np.int64)
    for name in entry.values:
        frame[name] = _numbers(frame[name])
    return frame


def _size(entry: Entry) -> int:
    return int(np.prod([len(labels) for labels in entry.keys.values()]))


def _named(entry: Entry, position: int) -> str:
    places = np.unravel_index(position, [len(labels) for labels in entry.keys.values()])
    return ", ".join(f"{key} {entry.keys[key][int(i)]}" for key, i in zip(entry.keys, places, strict=True))


def _spelled(labels: tuple[Label, ...]) -> str:
    if isinstance(labels[0], int) and labels == tuple(range(labels[0], labels[0] + len(labels))):
        return f"{labels[0]} to {labels[-1]}"
    return ", ".join(map(str, labels))


def _rest(entry: Entry, name: str, number: int) -> list[Found]:
    if number <= MOST_PROBLEMS:
        return []
    return [(entry, -1, name, f"{number - MOST_PROBLEMS} more of the same", "", "")]


def _placed(found: list[Found], text: str) -> list[Problem]:
    """The problems with the line and character column an editor can jump to."""
    lines = text.splitlines()
    header = lines[0].split(",") if lines else []
    problems = []
    for entry, row, name, what, allowed, nearest in found:
        field = header.index(name) if name in header else 0
        line = row + 2 if row >= 0 else 1
        column = _column(lines[line - 1], field) if line <= len(lines) else 1
        problems.append(Problem(str(entry.path), line, column, name, what, allowed, nearest))
    return problems


def _column(line: str, field: int) -> int:
    """Character, from 1, at which a field of a CSV line starts."""
    start, quoted = 0, False
    for place, character in enumerate(line):
        quoted ^= character == '"'
        if character == "," and not quoted:
            field -= 1
            if field < 0:
                break
            start = place + 1
    return start + 1
