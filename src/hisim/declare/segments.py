"""Segments of one's own from a CSV text: hostile until read.

The first line that does not start with ``#`` names the columns, in any order: ``area``, ``quintile``, ``segment``,
``share``, ``relative_need`` and ``relative_uptake``; where wanted ``sex``, ``intervention`` and one for each risk
channel. Every mistake is reported together, each at its line and column.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from math import fsum, isfinite
from typing import NamedTuple, cast

from hisim.areas import key_of
from hisim.declare.cells import Cell, rows_of_cells
from hisim.declare.nodes import LONGEST_NUMBER, NUMBER, shown
from hisim.declare.quintiles import QUINTILES, FiveFloats
from hisim.declare.strata import ALL, HIGHEST_RATIO, LOWEST_RATIO, Both, Segment, Segments
from hisim.errors import InvalidFileError, Problem, nearest_name
from hisim.variables import SEXES

REQUIRED = ("area", "quintile", "segment", "share", "relative_need", "relative_uptake")
CHANNELS = {"relative_diabetes": "diabetes", "relative_chd": "chd", "relative_smoking": "current_smoker"}
"""Columns of odds ratios by risk channel, as :data:`hisim.variables.RISK_CHANNELS` names them."""
COLUMNS = (*REQUIRED, "sex", "intervention", *CHANNELS)
RATIOS = ("relative_need", "relative_uptake", *CHANNELS)
MOST_ROWS, MOST_SEGMENTS, LONGEST_NAME = 5_000, 100, 100
ROUNDING = 1e-6
"""How far shares may be from adding up to 1."""
RATIO = f"{LOWEST_RATIO} to {HIGHEST_RATIO} (1 = no difference)"
FIFTHS = "1, 2, 3, 4 and 5 (1 = most deprived)"
FEW_PROBLEMS = 50
"""Most problems of rows that are reported; more would only follow from the same slip."""


class Stated(NamedTuple):
    """A number and the line that states it."""

    value: float
    line: int


Row = dict[str, Cell]
Key = tuple[str, str, str]
"""Segment, sex, and the column that a ratio stands in or the intervention that a ratio of uptake is for."""


def read_segments(text: str, file: str, area: str, interventions: Collection[str]) -> Segments:
    """The segments in ``text``.

    Parameters
    ----------
    file
        What stands for the file in messages.
    area
        Key of the area that the file must be for (:class:`hisim.areas.Area`).
    interventions
        Ids that the column ``intervention`` may name.

    Raises
    ------
    InvalidFileError
        With every problem found.
    """
    return _Reader(file, area, interventions).read(text)


class _Reader:
    """Gathers what rows state and what is wrong with them."""

    def __init__(self, file: str, area: str, interventions: Collection[str]) -> None:
        self.file, self.area, self.interventions = file, area, interventions
        self.areas = {area}
        """Areas met; another than :attr:`area` is reported once."""
        self.problems: list[Problem] = []
        self.first: dict[str, Cell] = {}
        """Where each segment first has a share, in order of appearance."""
        self.shares: dict[tuple[int, str, str], Stated] = {}
        self.unsure: set[tuple[int, str]] = set()
        """Quintile and sex of shares that do not read, so that no total is judged."""
        self.ratios: dict[Key, Stated] = {}
        self.elsewhere: list[Cell] = []
        """Segments of rows for an intervention."""
        self.need: Cell | None = None
        self.risk: tuple[str, Cell] | None = None
        """Where :attr:`need` and a risk channel, with its column, first depart from 1."""

    def refuse(self, cell: Cell, column: str, found: str, allowed: str = "", nearest: str = "") -> None:
        self.problems.append(Problem(self.file, cell.line, cell.column, column, found, allowed, nearest))

    def read(self, text: str) -> Segments:
        rows = rows_of_cells(text, self.file, MOST_ROWS, self.problems)
        header = next(rows, None)
        if header is None:
            self.refuse(Cell("", 1, 1), "", "an empty file", f"a line with the columns {', '.join(REQUIRED)}")
            raise InvalidFileError(self.problems)
        names = self._columns(header)
        for cells in rows:
            if len(cells) != len(names):
                found = f"{len(cells)} field{'s' * (len(cells) != 1)}"
                self.refuse(cells[0], "", found, f"{len(names)}, as in line {header[0].line}")
                self.unsure.update((q, sex) for q in QUINTILES for sex in SEXES)
            elif any(cell.text for cell in cells):
                self._row(dict(zip(names, cells, strict=True)))
            if len(self.problems) >= FEW_PROBLEMS:
                break
        else:
            self._whole(header[0])
        if self.problems:
            raise InvalidFileError(self.problems)
        return self._segments(names)

    def _columns(self, header: list[Cell]) -> list[str]:
        """Names of the columns; raises where they are not as they must be, since no row can be read then."""
        names = [cell.text for cell in header]
        for index, cell in enumerate(header):
            if cell.text not in COLUMNS:
                near = nearest_name(cell.text, [name for name in COLUMNS if name not in names])
                self.refuse(cell, "", f"the unknown column {shown(cell.text)}", ", ".join(COLUMNS), near)
            elif cell.text in names[:index]:
                self.refuse(cell, cell.text, f"the column {shown(cell.text)} a second time", "each column once")
        meant = {problem.nearest for problem in self.problems}
        for name in REQUIRED:
            if name not in names and name not in meant:
                self.refuse(header[0], name, "missing: this column is required")
        if self.problems:
            raise InvalidFileError(self.problems)
        return names

    def _row(self, row: Row) -> None:
        segment, sexes = row["segment"], self._sexes(row)
        if key_of(row["area"].text) not in self.areas:
            self.areas.add(key_of(row["area"].text))
            found = f"a segment file for another area: {shown(row['area'].text)}"
            self.refuse(row["area"], "area", found, f"'{self.area}', the area of the scenario")
        if not segment.text or not segment.text.isprintable() or len(segment.text) > LONGEST_NAME:
            allowed = f"a name of at most {LONGEST_NAME} printable characters"
            self.refuse(segment, "segment", shown(segment.text) if segment.text else "nothing", allowed)
            self.unsure.update((q, sex) for q in QUINTILES for sex in SEXES)
            return
        if "intervention" in row and row["intervention"].text:
            self._uptake_row(row, sexes)
            return
        self.first.setdefault(segment.text, segment)
        quintile = row["quintile"]
        if quintile.text not in {str(q) for q in QUINTILES}:
            found = f"the unknown quintile {shown(quintile.text)}" if quintile.text else "nothing"
            digits = re.sub(r"[^1-5]", "", quintile.text)
            self.refuse(quintile, "quintile", found, FIFTHS, digits if len(digits) == 1 else "")
            self.unsure.update((q, sex) for q in QUINTILES for sex in SEXES)
            return
        self._share(row, int(quintile.text), sexes)
        for name in RATIOS:
            if name in row:
                self._ratio(row, name, sexes, name)

    def _sexes(self, row: Row) -> tuple[str, ...]:
        cell = row.get("sex")
        if cell is None or not cell.text:
            return SEXES
        if cell.text in SEXES:
            return (cell.text,)
        found = f"the unknown sex {shown(cell.text)}"
        self.refuse(
            cell, "sex", found, f"{', '.join(SEXES)}, or nothing for both", nearest_name(cell.text.title(), SEXES)
        )
        self.unsure.update((q, sex) for q in QUINTILES for sex in SEXES)
        return ()

    def _share(self, row: Row, quintile: int, sexes: tuple[str, ...]) -> None:
        cell, segment = row["share"], row["segment"].text
        value = self._number(cell, "share")
        if value is not None and not 0 <= value <= 1:
            hint = f": for {value:g} % write {value / 100:g}" if 1 < value <= 100 else ""
            self.refuse(cell, "share", cell.text, f"a fraction, 0 to 1{hint}")
            value = None
        if value is None:
            self.unsure.update((quintile, sex) for sex in sexes)
        again = [self.shares[key] for sex in sexes if (key := (quintile, sex, segment)) in self.shares]
        if again:
            found = f"{shown(segment)} in quintile {quintile} a second time (see line {again[0].line})"
            self.refuse(row["segment"], "segment", found, "one row for each segment, quintile and sex")
            self.unsure.update((quintile, sex) for sex in sexes)
        for sex in sexes:
            self.shares.setdefault((quintile, sex, segment), Stated(value or 0.0, cell.line))

    def _uptake_row(self, row: Row, sexes: tuple[str, ...]) -> None:
        """A row that sets the uptake of one intervention only."""
        name, segment = row["intervention"], row["segment"]
        if name.text not in self.interventions:
            found, near = f"the unknown intervention {shown(name.text)}", nearest_name(name.text, self.interventions)
            self.refuse(name, "intervention", found, ", ".join(sorted(self.interventions)), near)
            return
        for key in ("quintile", "share", "relative_need", *CHANNELS):
            if key in row and row[key].text:
                allowed = "nothing in a row for one intervention, which sets relative_uptake in all quintiles"
                self.refuse(row[key], key, shown(row[key].text), allowed)
        self.elsewhere.append(segment)
        places = [(segment.text, sex, name.text) for sex in sexes]
        again = [self.ratios[place] for place in places if place in self.ratios]
        if again:
            found = f"{shown(segment.text)} for '{name.text}' a second time (see line {again[0].line})"
            self.refuse(segment, "segment", found, "one row for each segment, intervention and sex")
            return
        self._ratio(row, "relative_uptake", sexes, name.text)

    def _ratio(self, row: Row, column: str, sexes: tuple[str, ...], key: str) -> None:
        cell, segment = row[column], row["segment"].text
        value = self._number(cell, column) if cell.text else 1.0
        if value is None:
            return
        if not LOWEST_RATIO <= value <= HIGHEST_RATIO:
            self.refuse(cell, column, cell.text, RATIO)
            return
        if value != 1.0 and column == "relative_need":
            self.need = self.need or cell
        if value != 1.0 and column in CHANNELS:
            self.risk = self.risk or (column, cell)
        stated = [self.ratios.setdefault((segment, sex, key), Stated(value, cell.line)) for sex in sexes]
        other = next((each for each in stated if each.value != value), None)
        if other is not None:
            found = f"{value:g} for {shown(segment)}, and {other.value:g} in line {other.line}"
            self.refuse(cell, column, found, "one number for a segment in all quintiles; nothing is 1")

    def _number(self, cell: Cell, column: str) -> float | None:
        """The number in ``cell``; None after a problem."""
        if NUMBER.fullmatch(cell.text) and len(cell.text) <= LONGEST_NUMBER and isfinite(float(cell.text)):
            return float(cell.text)
        self.refuse(cell, column, shown(cell.text) if cell.text else "nothing", "a finite number")
        return None

    def _whole(self, header: Cell) -> None:
        """What only all rows together show."""
        if not self.first:
            self.refuse(header, "", "no segment", "rows with segments")
            return
        if len(self.first) > MOST_SEGMENTS:
            self.refuse(header, "segment", f"{len(self.first)} segments", f"at most {MOST_SEGMENTS}")
            return
        for cell in self.elsewhere:
            if cell.text not in self.first:
                near = nearest_name(cell.text, self.first)
                self.refuse(cell, "segment", f"{shown(cell.text)}, which has no share", ", ".join(self.first), near)
        if self.need is not None and self.risk is not None:
            column, cell = self.risk
            found = f"both risk channel and all-cause multiplier asked (see line {self.need.line})"
            allowed = f"relative_need or {column} other than 1: together they count the same deaths twice"
            self.refuse(cell, column, found, allowed)
        for name in self.first:
            self._everywhere(name)
        for quintile in QUINTILES:
            self._total(quintile)

    def _everywhere(self, name: str) -> None:
        """Refuse a segment without a share in some quintile."""
        women, men = (
            [q for q in QUINTILES if (q, sex) not in self.unsure and (q, sex, name) not in self.shares] for sex in SEXES
        )
        for gaps, of in [(women, "")] if women == men else [(women, f", {SEXES[0]}"), (men, f", {SEXES[1]}")]:
            if gaps:
                where = f"quintile{'s' * (len(gaps) > 1)} {', '.join(map(str, gaps))}{of}"
                self.refuse(self.first[name], "segment", f"no share of {shown(name)} in {where}", "all five quintiles")

    def _total(self, quintile: int) -> None:
        """Refuse shares that do not add up to everyone in ``quintile``, of both sexes at once where they are alike."""
        stated = [[self.shares.get((quintile, sex, name)) for name in self.first] for sex in SEXES]
        alike = stated[0] == stated[1]
        for sex, each in list(zip(SEXES, stated, strict=True))[: 1 if alike else 2]:
            given = [one for one in each if one is not None]
            total = fsum(one.value for one in given)
            if (quintile, sex) in self.unsure or len(given) < len(each) or abs(total - 1.0) <= ROUNDING:
                continue
            found = f"shares that add up to {total:.9g} in quintile {quintile}" + ("" if alike else f", {sex}")
            self.refuse(Cell("", max(one.line for one in given), 1), "share", found, "shares that add up to 1")

    def _segments(self, names: list[str]) -> Segments:
        totals = {
            (q, sex): fsum(self.shares[q, sex, name].value for name in self.first) for q in QUINTILES for sex in SEXES
        }
        keys = dict.fromkeys(key for _, _, key in self.ratios)
        asked = [key for key in keys if key not in RATIOS]
        channels = [name for name in CHANNELS if name in names]

        def both(segment: str, key: str, otherwise: str = "") -> Both:
            given = [self.ratios.get((segment, sex, key)) for sex in SEXES]
            least = [self.ratios.get((segment, sex, otherwise)) for sex in SEXES]
            women, men = ((a or b or Stated(1.0, 0)).value for a, b in zip(given, least, strict=True))
            return women, men

        def shares(segment: str, sex: str) -> FiveFloats:
            five = tuple(self.shares[q, sex, segment].value / totals[q, sex] for q in QUINTILES)
            return cast(FiveFloats, five)

        return Segments(
            Segment(
                name,
                (shares(name, SEXES[0]), shares(name, SEXES[1])),
                both(name, "relative_need"),
                ((ALL, both(name, "relative_uptake")), *((key, both(name, key, "relative_uptake")) for key in asked)),
                tuple((CHANNELS[column], both(name, column)) for column in channels),
            )
            for name in self.first
        )
