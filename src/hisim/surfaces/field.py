"""Tables in the column names that people's tools already read, as CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

from hisim.areas import Area
from hisim.declare.observed import (
    AREA,
    AREA_NAME,
    CATEGORY,
    COUNT,
    DENOMINATOR,
    HIGH,
    INDICATOR,
    LOW,
    NO_CODE,
    PERIOD,
    SEX,
    VALUE,
)
from hisim.outcomes.indicators import Indicator
from hisim.surfaces.export import write_text
from hisim.surfaces.text import fifth
from hisim.variables import QUINTILES

NAME, AREA_TYPE, AGE, CATEGORY_TYPE = "Indicator Name", "Area Type", "Age", "Category Type"
NOTE, SORTABLE, SCENARIO, STATISTIC = "Value note", "Time period Sortable", "Scenario", "Statistic"
COLUMNS = (
    INDICATOR, NAME, AREA, AREA_NAME, AREA_TYPE, SEX, AGE, CATEGORY_TYPE, CATEGORY, PERIOD, VALUE, LOW, HIGH, COUNT,
    DENOMINATOR, NOTE, SORTABLE, SCENARIO, STATISTIC,
)  # fmt: skip
"""Columns of every tidy CSV of indicators, in the order of the field."""
FIFTHS = "Deprivation fifths within England (IMD 2015)"
TYPES = {
    "country": "England", "region": "Region", "county": "County", "metropolitan county": "County",
    "part of London": "Part of London", "primary care trust": "PCT", "primary care trusts": "PCT",
}  # fmt: skip
"""Area Type by kind of area, as the field says it; local authorities of every kind are of one type."""
AUTHORITY, GROUP = "District & UA", "Group of local authorities"
ROUNDING = 1e-12
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How text begins that a spreadsheet would work out."""
INTERVAL_NOTE = "limits are a 95 % uncertainty interval"


def area_cells(area: Area) -> dict[str, str]:
    """Code, name and type of an area."""
    one = area.members == (area.code,)
    return {
        AREA: area.code or NO_CODE,
        AREA_NAME: area.name,
        AREA_TYPE: AUTHORITY if one else TYPES.get(area.kind, GROUP),
    }


def about(indicator: Indicator, area: Area, sex: str, quintile: str, period: str) -> dict[str, str]:
    """What a row says of the indicator, place and time it is of."""
    return {
        INDICATOR: indicator.id,
        NAME: indicator.name,
        **area_cells(area),
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
    """A number as CSV files hold it, to six significant figures; nothing where there is none, 0 for rounding."""
    return f"{value if abs(value) > ROUNDING else 0.0:.6g}" if isfinite(value) else ""


def for_json(value: Any) -> Any:
    """``value`` with nothing in the place of every number that is none, since JSON has no word for it."""
    if isinstance(value, Mapping):
        return {name: for_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [for_json(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


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
