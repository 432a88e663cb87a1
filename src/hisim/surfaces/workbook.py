"""Workbooks (xlsx) as the Government Analysis Function asks: cover, notes, one table a sheet, no merged cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from hisim.declare.cells import Cell
from hisim.errors import InvalidFileError, MissingPackageError, Problem
from hisim.surfaces.export import in_one_piece

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MOST_BYTES, MOST_UNPACKED, MOST_ROWS, MOST_COLUMNS = 4 * 1024 * 1024, 64 * 1024 * 1024, 20_000, 100
WIDEST, NARROWEST = 60, 10
TITLE_FONT = 14
LONGEST_NAME, NO_NAME, NO_WORD = 31, r"[\\/*?:\[\]]", r"\W"
OWN = ("Cover", "Notes", "History")
"""Names that no other sheet may have; Excel keeps the last for itself."""


class Sheet(NamedTuple):
    """One sheet with one table: its name, a title, a line about it, columns and rows."""

    name: str
    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]


def sheet_names(wanted: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """Names that sheets may have, each unlike the others in any case of letters: at most 31 characters."""
    used, names = {name.casefold() for name in (*OWN, *taken)}, list[str]()
    for text in wanted:
        whole, number = re.sub(NO_NAME, "", text).strip(" '") or "Area", 1
        name = whole[:LONGEST_NAME]
        while name.casefold() in used:
            number += 1
            name = f"{whole[: LONGEST_NAME - len(str(number)) - 1]} {number}"
        used.add(name.casefold())
        names.append(name)
    return names


def write_workbook(path: Path, title: str, cover: Sequence[str], notes: Sequence[str], sheets: Sequence[Sheet]) -> None:
    """A workbook with a cover, notes and ``sheets``; text is text, whatever it begins with.

    Raises
    ------
    MissingPackageError
        Where openpyxl is not installed.
    OutputError
        Where the file cannot be written.
    """
    book = _book()
    book.remove(book.worksheets[0])
    contents = [f"{sheet.name}: {sheet.title}" for sheet in sheets]
    _lines(
        book.create_sheet("Cover"),
        title,
        [*cover, "This workbook has these sheets:", "Notes: how to read the figures", *contents],
    )
    _lines(book.create_sheet("Notes"), "Notes", notes)
    for number, sheet in enumerate(sheets, start=1):
        _table(book.create_sheet(sheet.name), sheet, f"T{number}_{re.sub(NO_WORD, '_', sheet.name)}")
    in_one_piece(path, lambda part: book.save(part))


def _book() -> Workbook:
    try:
        from openpyxl import Workbook
    except ImportError:
        raise missing() from None
    return Workbook()


def missing() -> MissingPackageError:
    """What to do where workbooks cannot be written or read."""
    return MissingPackageError("workbooks (.xlsx) need the package openpyxl: pip install 'hisim[workbook]'")


def _put(sheet: Worksheet, row: int, column: int, value: str | float | None) -> Any:
    """One cell; a string is never a formula, and no number is text."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
    elif value is not None and value == value:
        cell.value = value
    return cell


def _lines(sheet: Worksheet, title: str, lines: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Font

    _put(sheet, 1, 1, title).font = Font(bold=True, size=TITLE_FONT)
    for number, line in enumerate(lines, start=2):
        _put(sheet, number, 1, line).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width = 2 * WIDEST


def _table(sheet: Worksheet, content: Sheet, name_of_table: str) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.table import Table

    _put(sheet, 1, 1, content.title).font = Font(bold=True, size=TITLE_FONT)
    _put(sheet, 2, 1, content.about)
    for column, name in enumerate(content.columns, start=1):
        head = _put(sheet, 3, column, name)
        head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        longest = max([len(str(row[column - 1])) for row in content.rows if isinstance(row[column - 1], str)] or [0])
        sheet.column_dimensions[get_column_letter(column)].width = min(WIDEST, max(NARROWEST, len(name) // 2, longest))
    for number, row in enumerate(content.rows, start=4):
        for column, value in enumerate(row, start=1):
            cell = _put(sheet, number, column, value)
            if isinstance(value, float):
                cell.number_format = "0.0"
    last = f"{get_column_letter(len(content.columns))}{3 + max(1, len(content.rows))}"
    sheet.add_table(Table(displayName=name_of_table, ref=f"A3:{last}"))
    sheet.freeze_panes = "A4"


def read_sheet(path: Path, name: str, header: str) -> Iterator[list[Cell]]:
    """The rows of the sheet ``name`` from the one that begins with ``header`` on, as text with row and column.

    A formula comes as its text, so that it is refused where a number is wanted.

    Raises
    ------
    InvalidFileError
        For what is no workbook, is too large, or has no such sheet.
    MissingPackageError
        Where openpyxl is not installed.
    """
    content = _content(path)
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise missing() from None
    try:
        book = load_workbook(BytesIO(content), read_only=True, keep_links=False)
        names = list(book.sheetnames)
        rows = list(_limited(book[name].iter_rows(values_only=True), str(path))) if name in names else []
    except InvalidFileError:
        raise
    except Exception:  # whatever a damaged workbook makes openpyxl raise, it is the file's fault
        raise _refused(path, "a damaged workbook", "a workbook (.xlsx)") from None
    if name not in names:
        raise _refused(path, f"the sheets {', '.join(names)}", f"one called {name}")
    begun = False
    for number, row in enumerate(rows, start=1):
        begun = begun or (bool(row) and _text(row[0]) == header)
        if begun:
            yield [Cell(_text(value), number, column) for column, value in enumerate(row, start=1)]


def _content(path: Path) -> bytes:
    """The bytes of a workbook that is small, packed and unpacked."""
    try:
        if path.exists() and not path.is_file():
            raise _refused(path, "something that is not a file", "a workbook (.xlsx)")
        if path.stat().st_size > MOST_BYTES:
            raise _refused(path, f"{path.stat().st_size // 1024} KB", f"at most {MOST_BYTES // 1024} KB")
        content = path.read_bytes()
        with ZipFile(BytesIO(content)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except FileNotFoundError:
        raise _refused(path, "no such file", "a workbook (.xlsx)") from None
    except (OSError, BadZipFile):
        raise _refused(path, "no workbook", "a workbook (.xlsx)") from None
    if size > MOST_UNPACKED:
        raise _refused(path, f"{size // 1024} KB unpacked", f"at most {MOST_UNPACKED // 1024} KB")
    return content


def _limited(rows: Iterator[tuple[Any, ...]], file: str) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS or len(row) > MOST_COLUMNS:
            found = f"more than {MOST_ROWS} rows or {MOST_COLUMNS} columns"
            raise InvalidFileError([Problem(file, number, 1, "", found, "a smaller sheet")])
        yield row


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _refused(path: Path, found: str, allowed: str) -> InvalidFileError:
    return InvalidFileError([Problem(str(path), 0, 0, "", found, allowed)])
