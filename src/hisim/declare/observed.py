"""Observed figures from a CSV in the column names of the field: hostile until read.

The first line that does not start with ``#`` names the columns, in any order; others than those known here are
passed over. Every mistake is reported together, each at its line and column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple

from hisim.areas import Area
from hisim.declare.cells import MOST_PROBLEMS, Cell, Row, plain_number, rows_named, rows_of_cells
from hisim.declare.nodes import shown
from hisim.errors import InvalidFileError, Problem, nearest_name
from hisim.variables import QUINTILE_NAMES, SEXES

INDICATOR, CATEGORY, SEX, PERIOD, VALUE = "Indicator ID", "Category", "Sex", "Time period", "Value"
LOW, HIGH, COUNT, DENOMINATOR = "Lower CI 95.0 limit", "Upper CI 95.0 limit", "Count", "Denominator"
AREA, AREA_NAME = "Area Code", "Area Name"
NO_CODE = "no code"
"""Area Code of areas to which nobody gives one; their name says which they are."""
REQUIRED = (INDICATOR, CATEGORY, SEX, PERIOD, VALUE)
OPTIONAL = (LOW, HIGH, COUNT, DENOMINATOR, AREA, AREA_NAME)
PERSONS, EVERYONE = "Persons", "all"
CATEGORIES = {"": EVERYONE, EVERYONE: EVERYONE} | {
    text: str(fifth) for fifth, name in QUINTILE_NAMES.items() for text in (str(fifth), name)
}
"""What the column ``Category`` may hold, and the fifth that it means."""
CATEGORY_WORDS = "1 (most deprived), 2, 3, 4, 5 (least deprived), or all"
PERIODS = "a year (2015), a financial year (2015/16) or several years (2013-15)"
PERIOD_FORM = re.compile(r"(\d{4})(?:\s*([-\u2013/])\s*(\d{4}|\d{2}))?")
MOST_ROWS, MOST_BYTES, FEWEST_EVENTS = 20_000, 4 * 1024 * 1024, 10
ROUNDING = 0.6
"""Percentage points by which a coverage may differ from its count over its denominator."""
ERROR_WORDS = f"{LOW} and {HIGH}, or {COUNT} and {DENOMINATOR}"


class Known(NamedTuple):
    """What a figure of one indicator may be."""

    low: float
    high: float
    by_fifth: bool
    """Whether it has a value in each fifth; a gap has one only."""
    proportion: bool
    """Whether it is a percentage of a denominator."""
    unit: str
    sexes: tuple[str, ...] = (PERSONS, *SEXES)
    """Whom it may be of."""

    @property
    def words(self) -> str:
        """The bounds in words."""
        return f"{self.low:g} to {self.high:g}" if isfinite(self.high) else f"{self.low:g} or more"


class Observed(NamedTuple):
    """One observed figure, as its row states it; what the row leaves out is None."""

    indicator: str
    sex: str
    fifth: str
    """ "1" (most deprived) to "5", or "all"."""
    first: int
    last: int
    """Calendar years of the period, both included."""
    value: float
    low: float | None
    high: float | None
    events: float | None
    people: float | None
    line: int


class Seen(NamedTuple):
    """What a file says of one area."""

    figures: list[Observed]
    left_out: int
    """Rows of other areas, in a file that has some of this one."""


def read_observed(text: str, file: str, known: Mapping[str, Known], years: tuple[int, int], area: Area) -> Seen:
    """The figures in ``text`` of one area.

    Files of the field hold all areas together, so rows of others are left out where any names this one; where none
    does, they are refused, since the file is then of another place.

    Parameters
    ----------
    file
        What stands for the file in messages.
    known
        Indicators that may be observed, by id.
    years
        First and last projected year.
    area
        The area that rows are of, where they say: by code, or by name where there is no code.

    Raises
    ------
    InvalidFileError
        With every problem found.
    """
    return _Reader(file, known, years, area).read(text)


def area_of(row: Row) -> tuple[Cell, str] | None:
    """What a row says of its area, and in which column: its code, or its name where it gives none."""
    said = ((row[column], column) for column in (AREA, AREA_NAME) if column in row)
    return next(((cell, column) for cell, column in said if cell.text not in ("", NO_CODE)), None)


class _Reader:
    """Gathers figures and what is wrong with them."""

    def __init__(self, file: str, known: Mapping[str, Known], years: tuple[int, int], area: Area) -> None:
        self.file, self.known, self.years, self.area = file, known, years, area
        self.names = {name.casefold() for name in (area.key, area.name)}
        self.problems: list[Problem] = []

    def refuse(self, cell: Cell, column: str, found: str, allowed: str = "", nearest: str = "") -> None:
        self.problems.append(Problem(self.file, cell.line, cell.column, column, found, allowed, nearest))

    def read(self, text: str) -> Seen:
        cells, found = rows_of_cells(text, self.file, MOST_ROWS, self.problems), []
        first: dict[tuple[str, str, str, int, int], int] = {}
        rows = list(rows_named(cells, self.file, REQUIRED, OPTIONAL, self.problems))
        named = any(self._other(row) is None and area_of(row) is not None for row in rows)
        mine = [row for row in rows if not named or self._other(row) is None]
        for row in mine:
            before = len(self.problems)
            one = self._row(row)
            if len(self.problems) >= MOST_PROBLEMS:
                break
            if one is None or len(self.problems) > before:
                continue
            key = (one.indicator, one.sex, one.fifth, one.first, one.last)
            if first.setdefault(key, one.line) != one.line:
                same = f"the same indicator, category, sex and period a second time (see line {first[key]})"
                self.refuse(row[INDICATOR], "", same, "one row for each")
            found.append(one)
        if not found and not self.problems:
            self.refuse(Cell("", 1, 1), "", "no row", "one row for each observed figure")
        if self.problems:
            raise InvalidFileError(self.problems)
        return Seen(found, len(rows) - len(mine))

    def _other(self, row: Row) -> tuple[Cell, str] | None:
        """Where a row says that it is of another area, and in which column."""
        said = area_of(row)
        return None if said is None or said[0].text.casefold() in self.names else said

    def _row(self, row: Row) -> Observed | None:
        known = self._indicator(row[INDICATOR])
        fifth, sex = self._fifth(row[CATEGORY], known), self._sex(row[SEX], known)
        period, value = self._period(row[PERIOD]), self._number(row[VALUE], VALUE)
        other = self._other(row)
        if other is not None:
            allowed = f"{self.area.code or self.area.name}, the area of the scenario"
            self.refuse(*other, shown(other[0].text), f"{allowed} ({self.area.name})" if self.area.code else allowed)
        low, high, count, people = (
            self._number(row[name], name) if name in row and row[name].text else None for name in OPTIONAL[:4]
        )
        if known is None or fifth is None or sex is None or period is None or value is None:
            return None
        if not known.low <= value <= known.high:
            self.refuse(row[VALUE], VALUE, row[VALUE].text, f"{known.words} ({known.unit})")
            return None
        one = Observed(row[INDICATOR].text, sex, fifth, *period, value, low, high, count, people, row[VALUE].line)
        self._error(one, row, known)
        return one

    def _indicator(self, cell: Cell) -> Known | None:
        if cell.text not in self.known:
            found = f"the unknown indicator {shown(cell.text)}" if cell.text else "nothing"
            near = nearest_name(cell.text, self.known)
            self.refuse(cell, INDICATOR, found, "an id that hisim aspirations --template writes for the scenario", near)
        return self.known.get(cell.text)

    def _fifth(self, cell: Cell, known: Known | None) -> str | None:
        fifth = CATEGORIES.get(cell.text)
        if fifth is None:
            self.refuse(cell, CATEGORY, shown(cell.text), CATEGORY_WORDS, nearest_name(cell.text, CATEGORIES))
        elif known is not None and not known.by_fifth and fifth != EVERYONE:
            self.refuse(cell, CATEGORY, shown(cell.text), "all, or nothing: a gap is between fifths")
        return fifth

    def _sex(self, cell: Cell, known: Known | None) -> str | None:
        allowed = (PERSONS, *SEXES) if known is None else known.sexes
        if cell.text in allowed:
            return cell.text
        self.refuse(cell, SEX, shown(cell.text), ", ".join(allowed), nearest_name(cell.text, allowed))
        return None

    def _period(self, cell: Cell) -> tuple[int, int] | None:
        match = PERIOD_FORM.fullmatch(cell.text)
        if match is None:
            self.refuse(cell, PERIOD, shown(cell.text) if cell.text else "nothing", PERIODS)
            return None
        first = last = int(match[1])
        if match[3]:
            last = int(match[3]) if len(match[3]) == 4 else first // 100 * 100 + int(match[3])
            if match[2] == "/" and last == first + 1:
                last = first
        start, end = self.years
        if not start <= first <= last <= end:
            self.refuse(cell, PERIOD, cell.text, f"years from {start} to {end}, which the scenario projects")
            return None
        return first, last

    def _error(self, one: Observed, row: Row, known: Known) -> None:
        """Refuse what does not say how large the error of a figure is, or contradicts it."""
        value = row[VALUE]
        if one.low is not None and one.high is not None:
            if not one.low <= one.value <= one.high or one.low == one.high:
                found = f"{one.low:g} to {one.high:g} around {one.value:g}"
                self.refuse(row[LOW], LOW, found, "a lower limit below the value, and an upper one above it")
        elif one.low is not None or one.high is not None:
            name, other = (LOW, HIGH) if one.low is not None else (HIGH, LOW)
            self.refuse(row[name], name, f"{name} without {other}", "both limits, or neither")
        elif one.events is None or (known.proportion and one.people is None) or not known.by_fifth:
            allowed = ERROR_WORDS if known.proportion else f"{LOW} and {HIGH}, or {COUNT} of a rate"
            allowed = allowed if known.by_fifth else f"{LOW} and {HIGH}"
            self.refuse(value, VALUE, f"{one.value:g} without its error", allowed)
        elif known.unit == "years":
            self.refuse(value, VALUE, f"{one.value:g} {known.unit} without its interval", f"{LOW} and {HIGH}")
        elif not known.proportion and one.events < FEWEST_EVENTS:
            self.refuse(row[COUNT], COUNT, f"{one.events:g}", f"{FEWEST_EVENTS} deaths or more, or an interval")
        self._counts(one, row, known)

    def _counts(self, one: Observed, row: Row, known: Known) -> None:
        count, people = one.events, one.people
        if count is not None and count < 0:
            self.refuse(row[COUNT], COUNT, f"{count:g}", "0 or more")
        elif people is not None and people <= 0:
            self.refuse(row[DENOMINATOR], DENOMINATOR, f"{people:g}", "above 0")
        elif known.proportion and count is not None and people is not None:
            if count > people:
                self.refuse(row[COUNT], COUNT, f"{count:g}", f"at most the denominator, {people:g}")
            elif abs(100 * count / people - one.value) > ROUNDING:
                found = f"{one.value:g}, but {COUNT} over {DENOMINATOR} is {100 * count / people:.1f} %"
                self.refuse(row[VALUE], VALUE, found, "per cent, the same as they give")

    def _number(self, cell: Cell, column: str) -> float | None:
        number = plain_number(cell.text)
        if number is None:
            self.refuse(cell, column, shown(cell.text) if cell.text else "nothing", "a number, such as 12.5")
        return number
