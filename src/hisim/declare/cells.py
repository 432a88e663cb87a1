"""The fields of a CSV text, each with the line and column where it starts: hostile until read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from hisim.declare.nodes import LONGEST_NUMBER, NUMBER
from hisim.errors import InvalidFileError, Problem, nearest_name

MOST_PROBLEMS = 50
"""Most problems of rows that are reported; more would only follow from the same slip."""


class Cell(NamedTuple):
    """One field of a row and the place where it starts."""

    text: str
    line: int
    column: int


Row = Mapping[str, Cell]


def rows_of_cells(text: str, file: str, most: int, problems: Sequence[Problem] = ()) -> Iterator[list[Cell]]:
    """The fields of each line that holds any; none before the header that start with ``#``.

    Raises
    ------
    InvalidFileError
        For what is not CSV of one line a row, with commas, or has more than ``most`` rows, beside the ``problems`` that
        its reader has noted by then.
    """
    begun, count = False, 0
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        if not line.strip() or (not begun and line.startswith("#")):
            continue
        count = count + 1
        if count > most:
            raise _refused(problems, file, number, f"more than {most} rows", f"at most {most}")
        try:
            fields = next(csv.reader([line], strict=True))
        except csv.Error as error:
            raise _refused(
                problems, file, number, f"not valid CSV: {error}", "fields between commas, in one line"
            ) from None
        if not begun and len(fields) == 1 and ";" in fields[0]:
            raise _refused(problems, file, number, "columns divided by ';'", "columns divided by commas")
        begun = True
        yield [Cell(field.strip(), number, start) for field, start in zip(fields, _starts(line), strict=False)]


def _refused(problems: Sequence[Problem], file: str, line: int, found: str, allowed: str) -> InvalidFileError:
    return InvalidFileError([*problems, Problem(file, line, 1, "", found, allowed)])


def _starts(line: str) -> list[int]:
    """The column, from 1, at which each field of a line of CSV starts."""
    quoted, starts = False, [1]
    for index, char in enumerate(line):
        if char == '"' and line[starts[-1] - 1] == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            starts.append(index + 2)
    return starts


def plain_number(text: str) -> float | None:
    """The finite number in ``text``; None where it is none."""
    good = NUMBER.fullmatch(text) and len(text) <= LONGEST_NUMBER and isfinite(float(text))
    return float(text) if good else None


def rows_named(
    rows: Iterator[list[Cell]], file: str, required: Sequence[str], optional: Sequence[str], problems: list[Problem]
) -> Iterator[Row]:
    """Each row that holds anything, by the names of its columns; rows of another length are noted as problems.

    Raises
    ------
    InvalidFileError
        Where columns are missing or named twice, since no row can be read then.
    """
    header = next(rows, None)
    if header is None:
        found, allowed = "an empty file", f"a line with the columns {', '.join(required)}"
        raise InvalidFileError([Problem(file, 1, 1, "", found, allowed)])
    names, known = [cell.text for cell in header], (*required, *optional)
    for name in required:
        if name not in names:
            near = nearest_name(name, [one for one in names if one not in known])
            found = "missing: this column is required" + (f"; found '{near}'" if near else "")
            problems.append(Problem(file, header[0].line, 1, name, found))
    for index, cell in enumerate(header):
        if cell.text in known and cell.text in names[:index]:
            found = f"the column '{cell.text}' a second time"
            problems.append(Problem(file, cell.line, cell.column, cell.text, found, "each column once"))
    if problems:
        raise InvalidFileError(problems)
    for cells in rows:
        if len(cells) != len(names):
            found, allowed = (
                f"{len(cells)} field{'s' * (len(cells) != 1)}",
                f"{len(names)}, as in line {header[0].line}",
            )
            problems.append(Problem(file, cells[0].line, cells[0].column, "", found, allowed))
            if len(problems) >= MOST_PROBLEMS:
                return
        elif any(cell.text for cell in cells):
            yield dict(zip(names, cells, strict=True))
