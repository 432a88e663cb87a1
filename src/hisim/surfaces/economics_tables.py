"""The tables of ``hisim economics``: cost and value, by fifth, by age, cover needed, and length of life."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import xarray as xr

from hisim.outcomes.bands import ENGLAND, QUINTILE_LABELS
from hisim.surfaces.text import Row, Table, people, significant, wrapped
from hisim.variables import COMPARATOR

NONE = 0.5
"""Fewer QALYs or pounds than this are told as none."""
HEADS = ("1 (most\ndeprived)", "2", "3", "4", "5 (least\ndeprived)", "England")
SAVES, WITHHELD, NONE_GAINED = "saves money", "withheld", "none gained"
QALYS = {"qalys_gained": "gained (gross)", "qalys_displaced": "displaced", "net_health_benefit": "net gain"}
LENGTHS = ("qale", "life_expectancy_0")


def value_table(effects: xr.Dataset, titles: Mapping[str, str], more: Sequence[str] = ()) -> Table:
    """Cost, other spending, QALYs and cost per QALY of each scenario in England; ``more`` ends the note."""
    rows = []
    for name in effects["scenario"].values.tolist():
        here = effects.sel(scenario=name, quintile=ENGLAND)
        costs = [millions(float(here[key])) for key in ("programme_cost", "nhs_spend_change", "total_cost")]
        prices = [per_qaly(float(here[key])) for key in ("programme_cost_per_qaly", "cost_per_qaly")]
        rows.append(Row([titles.get(name, name), *costs, people(float(here["qalys_gained"])), *prices]))
    columns = ["compared with carrying on as now", "programmes\n£m", "other NHS\ncare, £m", "in all\n£m",
               "QALYs\ngained", "£ per QALY,\nprogrammes", "£ per QALY,\nin all"]  # fmt: skip
    rate = f"{100 * effects.attrs['discount']:g}%"
    note = (
        f"Totals over all years, each later year's costs counting {rate} less. Other NHS care: of people in the years "
        f"of life added.{_meaning(rows)}"
    )
    return Table("What it costs and what that buys", columns, rows, 1, wrapped([note, *more]))


def fifth_table(effects: xr.Dataset) -> Table:
    """QALYs gained, displaced elsewhere, and what is left, by fifth."""
    rows = []
    for name in effects["scenario"].values.tolist():
        for key, words in QALYS.items():
            cells = [people(float(effects[key].sel(scenario=name, quintile=label))) for label in QUINTILE_LABELS]
            rows.append(Row([name, words, *cells], strong=key == "net_health_benefit"))
    note = (
        "Displaced: QALYs that the same money would have gained elsewhere in the NHS. Net: gained less displaced. "
        "A minus sign is a loss."
    )
    return _shown("QALYs by fifth, before and after what the money would have done elsewhere", "QALYs", rows, note)


def age_table(by_age: xr.DataArray) -> Table:
    """QALYs gained by the age at which they are lived, and by fifth."""
    ages = by_age["age_group"].values.tolist()
    rows = []
    for name in by_age["scenario"].values.tolist():
        for age in ages:
            cells = [people(float(by_age.sel(scenario=name, age_group=age, quintile=q))) for q in QUINTILE_LABELS]
            rows.append(Row([name, age, *cells], strong=age == ages[-1]))
    return _shown("QALYs gained by age and fifth (gross)", "lived at age", rows, "")


def cover_table(cover: xr.DataArray, alone: Mapping[str, str]) -> Table:
    """Person-years of cover for each death postponed by the end of each reported year, by fifth."""
    rows = []
    for name in cover["scenario"].values.tolist():
        words = f"{name} ({alone[name]} only)" if alone.get(name, name) != name else name
        for year in cover["year"].values.tolist():
            here = cover.sel(scenario=name, year=year)
            rows.append(Row([words, f"{year}", *(_count(float(here.sel(quintile=q))) for q in QUINTILE_LABELS)]))
    note = (
        "A person served in a year beyond carrying on as now is one person-year of cover; who is served by two "
        "interventions counts twice. "
    )
    note += f"'{WITHHELD}': no deaths are postponed there, or fewer people are served than now."
    title = "Person-years of cover for each death postponed"
    if len(alone) == 1 == cover.sizes["scenario"]:
        title += f": {next(iter(alone.values()))}"
    return _shown(title, "by the end of", rows, note)


def expectancy_table(expectancy: xr.Dataset) -> Table:
    """Quality-adjusted and plain life expectancy at birth, both sexes, without and with each scenario."""
    there = expectancy.sel(sex="Persons")
    years = there["year"].values.tolist()
    rows = []
    for year in years:
        for name in there["scenario"].values.tolist():
            if name == COMPARATOR or year != years[0]:
                here = there.sel(scenario=name, year=year)
                cells = [cell for length in LENGTHS for cell in _length(here, length)]
                rows.append(Row(["as now" if name == COMPARATOR else name, f"{year}", *cells]))
    columns = ["at birth, men and women", "year", "quality-\nadjusted", "if equal", "inequality", "life ex-\npectancy",
               "if equal", "inequality"]  # fmt: skip
    note = (
        "Years. If equal: the length that, were it the same in every fifth, the public would judge as good as the "
        "unequal lengths there are (equally distributed equivalent). Inequality: the part of the mean that would be "
        f"given up for that (Atkinson index, aversion {expectancy.attrs['aversion']:g})."
    )
    return Table("Length of life, weighted for quality and not", columns, rows, 2, wrapped([note]))


def money(pounds: float) -> str:
    """Pounds to three significant figures, in millions where there are any; a minus sign in front."""
    sign, size = "-" if pounds < 0 else "", abs(pounds)
    return f"{sign}£{significant(size / 1e6)} million" if size >= 1e6 else f"{sign}£{people(size)}"


def millions(pounds: float) -> str:
    """Millions of pounds, for a column that says so."""
    return significant(pounds / 1e6) if abs(pounds) >= NONE else "0"


def per_qaly(pounds: float) -> str:
    """A cost per QALY, or the word that stands for it."""
    if not math.isfinite(pounds):
        return NONE_GAINED
    return people(pounds) if pounds > 0 else SAVES


def _count(value: float) -> str:
    return people(value) if math.isfinite(value) else WITHHELD


def _length(here: xr.Dataset, name: str) -> list[str]:
    """The mean, the equally distributed equivalent and the index of one kind of life expectancy."""
    mean, equal, index = here[name].sel(quintile=ENGLAND), here[f"{name}_ede"], here[f"{name}_atkinson"]
    told = [f"{float(mean):.3f}", f"{float(equal):.3f}", f"{float(index):.3%}"]
    return [WITHHELD if "nan" in cell else cell for cell in told]


def _meaning(rows: Sequence[Row]) -> str:
    """What the words among the figures mean, for those that occur."""
    cells = {cell for row in rows for cell in row.cells}
    words = f" '{SAVES}': more health at less cost." if SAVES in cells else ""
    return words + (f" '{NONE_GAINED}': there are no QALYs to divide the cost by." if NONE_GAINED in cells else "")


def _shown(title: str, second: str, rows: Sequence[Row], note: str) -> Table:
    """A table by scenario, ``second`` and fifth; without the first column where there is one scenario."""
    columns, words = ["scenario", second, *HEADS], 2
    if len({row.cells[0] for row in rows}) == 1:
        rows, columns, words = [Row(row.cells[1:], row.strong) for row in rows], columns[1:], 1
    return Table(title, columns, rows, words, wrapped([note]) if note else "")
