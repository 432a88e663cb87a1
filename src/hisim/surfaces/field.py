"""Tables in the column names that people's tools already read, as CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from math import isfinite
from pathlib import Path

from hisim.declare.observed import (
    AREA,
    CATEGORY,
    COUNT,
    DENOMINATOR,
    HIGH,
    INDICATOR,
    LOW,
    PERIOD,
    SEX,
    VALUE,
)
from hisim.outcomes.indicators import Indicator
from hisim.surfaces.export import write_text
from hisim.surfaces.text import fifth
from hisim.variables import QUINTILES

NAME, AREA_NAME, AREA_TYPE, AGE, CATEGORY_TYPE = "Indicator Name", "Area Name", "Area Type", "Age", "Category Type"
NOTE, SORTABLE, SCENARIO, STATISTIC = "Value note", "Time period Sortable", "Scenario", "Statistic"
COLUMNS = (
    INDICATOR, NAME, AREA, AREA_NAME, AREA_TYPE, SEX, AGE, CATEGORY_TYPE, CATEGORY, PERIOD, VALUE, LOW, HIGH, COUNT,
    DENOMINATOR, NOTE, SORTABLE, SCENARIO, STATISTIC,
)  # fmt: skip
"""Columns of every tidy CSV of indicators, in the order of the field."""
FIFTHS = "Deprivation fifths within England (IMD 2015)"
ENGLAND = "E92000001"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How text begins that a spreadsheet would work out."""
INTERVAL_NOTE = "limits are a 95 % uncertainty interval"


def about(indicator: Indicator, area: tuple[str, str], sex: str, quintile: str, period: str) -> dict[str, str]:
    """What a row says of the indicator, place and time it is of; ``area`` is code and name."""
    code, name = area
    return {
        INDICATOR: indicator.id,
        NAME: indicator.name,
        AREA: code,
        AREA_NAME: name,
        AREA_TYPE: "Country" if code == ENGLAND else "",
        SEX: sex,
        AGE: indicator.ages,
        CATEGORY_TYPE: "" if quintile not in map(str, QUINTILES) else FIFTHS,
        CATEGORY: category(quintile),
        PERIOD: period,
        SORTABLE: f"{period[:4]}0000",
    }


def category(quintile: str) -> str:
    """A fifth in the field's words; "all" for everyone, and for a gap."""
    return fifth(int(quintile)) if quintile.isdigit() else quintile


def number(value: float) -> str:
    """A number as CSV files hold it, to six significant figures; nothing where there is none."""
    return f"{value:.6g}" if isfinite(value) else ""


def as_text(text: str) -> str:
    """``text`` that a spreadsheet does not take for a formula: with an apostrophe before what looks like one."""
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, str | float]]) -> str:
    """Rows as CSV; numbers as numbers, text never as a formula, what a row leaves out empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (row.get(name, "") for name in columns)
        writer.writerow([as_text(cell) if isinstance(cell, str) else number(cell) for cell in cells])
    return out.getvalue()


def write_rows(columns: Sequence[str], rows: Iterable[Mapping[str, str | float]], path: Path) -> None:
    """Rows as a CSV file in UTF-8."""
    write_text(csv_text(columns, rows), path)
