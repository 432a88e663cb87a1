"""Targets that a locality has filled into the template of the aspirations table: hostile until read.

Rows without a target of one's own are passed over. Every mistake is reported together, each at its line (row of a
sheet) and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hisim.areas import Area
from hisim.declare.cells import MOST_PROBLEMS, Cell, Row, plain_number, rows_named
from hisim.declare.nodes import shown
from hisim.declare.observed import (
    AREA,
    AREA_NAME,
    CATEGORIES,
    CATEGORY,
    CATEGORY_WORDS,
    EVERYONE,
    INDICATOR,
    NO_CODE,
    SEX,
    Known,
    area_of,
)
from hisim.errors import InvalidFileError, Problem, nearest_name

BEGUN, YEAR, BASELINE, TARGET, LEAD, NOTES = (
    "Baseline year", "Target year", "Local baseline", "Local target", "Lead", "Notes",
)  # fmt: skip
REQUIRED = (INDICATOR, CATEGORY, SEX, BEGUN, YEAR, TARGET)
OPTIONAL = (BASELINE, LEAD, NOTES, AREA, AREA_NAME)
LONGEST_TEXT, MOST_NAMED = 2_000, 3


class Aspired(NamedTuple):
    """A locality's own target for one indicator."""

    area: str
    """Key of its area."""
    indicator: str
    sex: str
    fifth: str
    begun: int
    """Year of the baseline."""
    year: int
    """Year of the target."""
    baseline: float | None
    target: float
    lead: str
    notes: str
    line: int


def read_aspired(
    rows: Iterator[list[Cell]], file: str, known: Mapping[str, Known], years: tuple[int, int], areas: Sequence[Area]
) -> list[Aspired]:
    """The targets in the ``rows`` of a filled template, header first.

    Parameters
    ----------
    known
        Indicators of the scenario, by id.
    years
        First and last projected year.
    areas
        Those that rows may be of; where there is one only, rows need not say.

    Raises
    ------
    InvalidFileError
        With every problem found.
    """
    problems: list[Problem] = []
    first: dict[tuple[str, str, str, str, int], int] = {}
    found = []
    for row in rows_named(rows, file, REQUIRED, OPTIONAL, problems):
        if not row[TARGET].text:
            continue
        noted, wrong = len(problems), _Noted(file, problems)
        one = _row(row, known, years, areas, wrong)
        if one is not None and len(problems) == noted:
            key = (one.area, one.indicator, one.sex, one.fifth, one.year)
            if first.setdefault(key, one.line) != one.line:
                same = f"the same indicator, category, sex and year a second time (see line {first[key]})"
                wrong(row[INDICATOR], "", same, "one target for each")
            found.append(one)
        if len(problems) >= MOST_PROBLEMS:
            break
    if not found and not problems:
        problems.append(Problem(file, 0, 0, TARGET, "no target filled in", f"a number in the column {TARGET}"))
    if problems:
        raise InvalidFileError(problems)
    return found


class _Noted:
    """Notes problems of one file."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems

    def __call__(self, cell: Cell, column: str, found: str, allowed: str, nearest: str = "") -> None:
        self.problems.append(Problem(self.file, cell.line, cell.column, column, found, allowed, nearest))


def _row(
    row: Row, known: Mapping[str, Known], years: tuple[int, int], areas: Sequence[Area], wrong: _Noted
) -> Aspired | None:
    name, sex, fifth = row[INDICATOR], row[SEX], CATEGORIES.get(row[CATEGORY].text)
    if name.text not in known:
        found = f"the unknown indicator {shown(name.text)}" if name.text else "nothing"
        wrong(name, INDICATOR, found, "an id of the template", nearest_name(name.text, known))
        return None
    what, sexes = known[name.text], known[name.text].sexes
    if fifth is None or (not what.by_fifth and fifth != EVERYONE):
        allowed = CATEGORY_WORDS if what.by_fifth else "all, or nothing: a gap is between fifths"
        wrong(row[CATEGORY], CATEGORY, shown(row[CATEGORY].text), allowed)
    if sex.text not in sexes:
        wrong(sex, SEX, shown(sex.text), ", ".join(sexes), nearest_name(sex.text, sexes))
    begun, year = (_year(row[column], column, years, wrong) for column in (BEGUN, YEAR))
    if begun is not None and year is not None and year <= begun:
        wrong(row[YEAR], YEAR, str(year), f"a year after the baseline, {begun}")
    target = _number(row[TARGET], TARGET, what, wrong)
    given = row.get(BASELINE)
    baseline = _number(given, BASELINE, what, wrong) if given is not None and given.text else None
    lead, notes = (_text(row.get(column), column, wrong) for column in (LEAD, NOTES))
    area = _area(row, areas, wrong)
    if fifth is None or begun is None or year is None or target is None or area is None:
        return None
    return Aspired(area.key, name.text, sex.text, fifth, begun, year, baseline, target, lead, notes, name.line)


def _area(row: Row, areas: Sequence[Area], wrong: _Noted) -> Area | None:
    """The area that a row is of: by its code, or by its name where it gives none."""
    said = area_of(row)
    if said is None and len(areas) == 1:
        return areas[0]
    cell, column = said or (row[INDICATOR], AREA)
    text = "" if said is None else cell.text
    named = {name.casefold(): area for area in areas for name in (area.key, area.name)}
    if text.casefold() not in named:
        names = [f"{area.name} ({area.code or NO_CODE})" for area in areas]
        most = ", ".join(names[:MOST_NAMED]) + f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
        near = nearest_name(text, [name for area in areas for name in (area.key, area.name)])
        wrong(cell, column, shown(text) if text else "nothing", most, near)
    return named.get(text.casefold())


def _year(cell: Cell, column: str, years: tuple[int, int], wrong: _Noted) -> int | None:
    if cell.text.isascii() and cell.text.isdigit() and len(cell.text) == 4 and years[0] <= int(cell.text) <= years[1]:
        return int(cell.text)
    wrong(cell, column, shown(cell.text) if cell.text else "nothing", f"a projected year, {years[0]} to {years[1]}")
    return None


def _number(cell: Cell, column: str, what: Known, wrong: _Noted) -> float | None:
    number = plain_number(cell.text)
    if number is None:
        wrong(cell, column, shown(cell.text), "a number, such as 12.5")
    elif not what.low <= number <= what.high:
        wrong(cell, column, cell.text, f"{what.words} ({what.unit})")
    return number


def _text(cell: Cell | None, column: str, wrong: _Noted) -> str:
    if cell is None:
        return ""
    if len(cell.text) > LONGEST_TEXT:
        wrong(cell, column, f"{len(cell.text)} characters", f"at most {LONGEST_TEXT}")
    return cell.text
