"""Tables and numbers as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from shutil import get_terminal_size

from hisim.variables import QUINTILE_NAMES

NOTHING = 1e-6
"""Smaller figures are rounding, not results."""
NARROWEST, WIDEST = 80, 120


@dataclass(frozen=True)
class Row:
    """Cells of one line; ``strong`` lines carry totals."""

    cells: Sequence[str]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """A titled table; the first ``words`` columns are text, the others numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    words: int = 2
    note: str = field(default="")


def fifth(quintile: int) -> str:
    """A deprivation fifth in words."""
    return QUINTILE_NAMES[quintile]


def significant(value: float, digits: int = 3) -> str:
    """``value`` to three significant figures, with thousands separated."""
    if not math.isfinite(value):
        return "n/a"
    if abs(value) < NOTHING:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:,.{max(0, places)}f}"


def plain(value: float) -> str:
    """Three significant figures without noughts at the end of a fraction."""
    told = significant(value)
    return told.rstrip("0").rstrip(".") if "." in told else told


def pounds(value: float) -> str:
    """An amount of money [GBP] in words."""
    return f"£{plain(value / 1e6)} million" if abs(value) >= 1e6 else f"£{plain(value)}"


def people(value: float) -> str:
    """A count of people: three significant figures, never a fraction of a person."""
    if not math.isfinite(value) or round(value) == 0:
        return "0" if math.isfinite(value) else "n/a"
    return f"{round(value, 2 - math.floor(math.log10(abs(round(value))))):,.0f}"


def fixed(value: float, digits: int) -> str:
    """``value`` with so many decimals, thousands separated."""
    return f"{value:,.{digits}f}" if math.isfinite(value) else "n/a"


def with_error(value: float, error: float) -> str:
    """A count and its Monte Carlo standard error."""
    return f"{people(value)} ±{significant(error, 2)}" if math.isfinite(value) else "n/a"


def terminal_width() -> int:
    """Columns to write in: those of the terminal, from 80 to 120; 120 where there is none."""
    return min(WIDEST, max(NARROWEST, get_terminal_size((WIDEST, 24)).columns))


def wrapped(lines: Iterable[str]) -> str:
    """Lines broken at the width of the terminal, each going on under its own indent."""
    from textwrap import fill

    width = terminal_width() - 2
    return "\n".join(
        fill(
            line,
            width,
            subsequent_indent=" " * (len(line) - len(line.lstrip()) + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        if line
        else ""
        for line in lines
    )


def render(tables: Iterable[Table], width: int | None = None) -> str:
    """Tables as plain text, aligned, without colour."""
    from io import StringIO

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable

    out = StringIO()
    console = Console(file=out, width=width or WIDEST, no_color=True, highlight=False)
    for table in tables:
        rich = RichTable(box=SIMPLE_HEAD, title=table.title, title_justify="left", title_style="bold", pad_edge=False)
        for i, name in enumerate(table.columns):
            rich.add_column(
                name, justify="left" if i < table.words else "right", no_wrap=i >= table.words, overflow="fold"
            )
        for row in table.rows:
            rich.add_row(*row.cells, style="bold" if row.strong else None)
        console.print(rich)
        if table.note:
            console.print(table.note + "\n")
    return out.getvalue()
