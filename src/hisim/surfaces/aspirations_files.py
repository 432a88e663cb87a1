"""The aspirations table as files: tidy CSV, a workbook, and the template that a locality fills and reads back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hisim.areas import ENGLAND, find
from hisim.declare.aspired import BASELINE, BEGUN, LEAD, NOTES, TARGET, YEAR, Aspired, read_aspired
from hisim.declare.cells import rows_of_cells
from hisim.declare.files import text_of
from hisim.declare.observed import (
    AREA,
    AREA_NAME,
    CATEGORY,
    COUNT,
    DENOMINATOR,
    HIGH,
    INDICATOR,
    LOW,
    MOST_BYTES,
    MOST_ROWS,
    NO_CODE,
    SEX,
    VALUE,
)
from hisim.declare.scenario import Scenario
from hisim.errors import MissingPackageError, OutputError
from hisim.outcomes.bands import PERSONS, QUINTILE_LABELS
from hisim.studies.aspirations import TOGETHER, WHOLE_PLAN, Aspiration, why_not
from hisim.studies.monitoring import known
from hisim.studies.trajectories import Trajectories, indicators_of
from hisim.surfaces.aspirations_areas import PREVENTED, named, prevented, summary_sheet
from hisim.surfaces.export import check_folder, make_folder
from hisim.surfaces.field import (
    COLUMNS,
    INTERVAL_NOTE,
    NAME,
    NOTE,
    SCENARIO,
    STATISTIC,
    about,
    category,
    write_rows,
)
from hisim.surfaces.place import withheld_words
from hisim.surfaces.workbook import Sheet, read_sheet, sheet_names, write_workbook
from hisim.variables import COMPARATOR

CSV, BOOK = "aspirations.csv", "aspirations.xlsx"
FILES = (CSV, BOOK)
PLAN = ("Objective", "Priority", "Action")
GOOD, LOWER, UPPER = "What good looks like", "Lower 95 % uncertainty limit", "Upper 95 % uncertainty limit"
TEMPLATE = (
    *PLAN, INDICATOR, NAME, "Unit", AREA, AREA_NAME, SEX, CATEGORY, BEGUN, "Baseline", YEAR, GOOD, LOWER, UPPER,
    BASELINE, TARGET, LEAD, NOTES,
)  # fmt: skip
"""Columns of the template; the last four are the locality's."""
SHEET = "Template"
OTHERS = ("Side by side", SHEET, "Indicators")
OfArea = tuple[Trajectories, list[Aspiration]]
"""An area and the lines of its table."""
IN_TEMPLATE = ("level", "gap_q5")
FIFTHS_IN_TEMPLATE = ("1", "5", "all")
NOTES_LINES = (
    "An indicator's id is a name that hisim gives it, no official number.",
    "Coverage: of the people an action is for, how many have it (per cent), whoever found them; for checks and stop "
    "smoking services, how many are served in the year. It is held against the people of the first year.",
    "Category: deprivation fifths within England (IMD 2015), 1 most deprived; 'all' is everyone. A gap is how much "
    "worse off the most deprived fifth is: below 0, it is better off.",
    "Limits are 95 % uncertainty intervals: 95 % of draws of all uncertain numbers lie between them. What is not in "
    "them: how the model is built, and what nobody has put a range on.",
    "Count and Denominator, in the CSV: people served and people it is for; deaths and person-years of all those ages "
    "behind a rate, which is standardised and so is not the one over the other.",
    "An area within England has England's fifths, so a fifth may be empty, and England's risks and services in each.",
    "Deaths are per 100,000 person-years, standardised to the European Standard Population of 2013.",
)


def write_all(folder: Path, by_area: Sequence[OfArea], years: Sequence[int], draws: int) -> list[str]:
    """Write the table as CSV, and as a workbook where openpyxl is installed; returns where."""
    found, scenario = [one for one, _ in by_area], by_area[0][0].scenario
    write_rows((*COLUMNS, *PLAN), records(by_area, years), folder / CSV)
    cover = [scenario.title, f"Written by hisim from {draws} draws; the scenario is {scenario.name}."]
    cover.append(f"Area{'s' * (len(found) > 1)}: {', '.join(named(one.area) for one in found)}")
    several = len(found) > 1
    names = sheet_names([one.area.name for one in found], OTHERS) if several else ["Aspirations"]
    sheets = [_aspirations_sheet(name, *both, years) for name, both in zip(names, by_area, strict=True)]
    lines = [line for _, own in by_area for line in own]
    try:
        write_workbook(
            folder / BOOK,
            f"{scenario.title}: what good looks like",
            cover,
            [*NOTES_LINES, *(f"{one.area.name}: {line}" for one in found for line in notes_of(one))],
            [
                *([summary_sheet(found, years)] if several else []),
                *sheets, _template_sheet(lines), _indicator_sheet(scenario),
            ],
        )  # fmt: skip
    except MissingPackageError as error:
        return [str(folder / CSV), f"(no workbook: {error})"]
    return [str(folder / CSV), str(folder / BOOK)]


def notes_of(found: Trajectories) -> Iterator[str]:
    """What is not shown of an area within England."""
    if found.area.key != ENGLAND:
        yield from withheld_words(found.area.name, found.empty, found.small)


def records(by_area: Sequence[OfArea], years: Sequence[int]) -> list[dict[str, str | float]]:
    """A row for each figure, in the field's columns: plan and carrying on as now, and Monte Carlo errors apart."""
    rows: list[dict[str, str | float]] = []
    for found, lines in by_area:
        for line in lines:
            rows += _of_line(line, found.scenario)
        rows += _of_deaths(found, years)
    return rows


def _of_line(line: Aspiration, scenario: Scenario) -> Iterator[dict[str, str | float]]:
    plan = dict(zip(PLAN, (line.objective, line.priority, line.action), strict=True))
    for year in line.values:
        where = {**about(line.indicator, line.area, line.sex, line.fifth, str(year)), **plan}
        for planned, name, values in ((True, scenario.name, line.values), (False, COMPARATOR, line.as_now)):
            value, low, high = values[year]
            note = INTERVAL_NOTE if value == value else line.why
            told: dict[str, str | float] = {NOTE: note, SCENARIO: name, STATISTIC: "central"}
            if value == value:
                told |= zip((COUNT, DENOMINATOR), line.counts.get((year, planned), ()), strict=False)
            yield {**where, **told, VALUE: value, LOW: low, HIGH: high}
        if line.errors[year] > 0:
            yield {
                **where, SCENARIO: scenario.name, STATISTIC: "Monte Carlo standard error", VALUE: line.errors[year],
            }  # fmt: skip


def _of_deaths(found: Trajectories, years: Sequence[int]) -> Iterator[dict[str, str | float]]:
    """Deaths prevented or postponed in every fifth, to the end of each year of the plan."""
    plan = dict(zip(PLAN, (TOGETHER, PREVENTED.name, WHOLE_PLAN), strict=True))
    for fifth in QUINTILE_LABELS:
        for year in years[1:]:
            value, low, high = prevented(found, year, fifth)
            note = INTERVAL_NOTE if value == value else why_not(found, PREVENTED, fifth)
            told = {NOTE: note, SCENARIO: found.scenario.name, STATISTIC: "central"}
            where = {**about(PREVENTED, found.area, PERSONS, fifth, f"{found.scenario.start}-{year}"), **plan}
            yield {**where, **told, VALUE: value, LOW: low, HIGH: high}


def _aspirations_sheet(name: str, found: Trajectories, lines: Sequence[Aspiration], years: Sequence[int]) -> Sheet:
    begun, later = years[0], years[1:]
    columns = [*PLAN, INDICATOR, NAME, "Unit", AREA, AREA_NAME, SEX, CATEGORY, f"Baseline {begun}"]
    for year in later:
        columns += [f"{GOOD} in {year}", f"{LOWER} {year}", f"{UPPER} {year}", f"If all carries on as now {year}"]
    rows: list[Sequence[str | float | None]] = []
    for line in lines:
        one = line.indicator
        row: list[str | float | None] = [
            line.objective, line.priority, line.action, one.id, one.name, one.unit, line.area.code or NO_CODE,
            line.area.name, line.sex, category(line.fifth), line.values[begun][0],
        ]  # fmt: skip
        for year in later:
            row += [*line.values[year], line.as_now[year][0]]
        rows.append([*row, line.why])
    title = f"What good looks like in {found.area.name}, by objective"
    return Sheet(name, title, "One row for each figure.", [*columns, "Note"], rows)


def _indicator_sheet(scenario: Scenario) -> Sheet:
    columns = (INDICATOR, NAME, "Unit", "Better when", "Kind", "Ages")
    rows = [(one.id, one.name, one.unit, one.good, one.kind, one.ages) for one in indicators_of(scenario).values()]
    return Sheet("Indicators", "What is measured", "One row for each indicator.", columns, rows)


def _template_sheet(lines: Sequence[Aspiration]) -> Sheet:
    told = "Fill in the last four columns; leave the target empty where there is none."
    rows = [[row[name] for name in TEMPLATE] for row in template_rows(lines)]
    return Sheet(SHEET, "A locality's own targets", told, TEMPLATE, rows)


def template_rows(lines: Iterable[Aspiration]) -> Iterator[dict[str, str | float]]:
    """The rows a locality fills: everyone, the most and the least deprived fifth, and the gap between them."""
    for line in lines:
        if line.indicator.measure not in IN_TEMPLATE or line.fifth not in FIFTHS_IN_TEMPLATE:
            continue
        begun, *later = line.values
        for year in later:
            if line.values[year][0] != line.values[year][0]:
                continue  # nobody, or too few, live there
            yield _template_row(line, begun, year)


def _template_row(line: Aspiration, begun: int, year: int) -> dict[str, str | float]:
    one, area = line.indicator, line.area
    good, low, high = line.values[year]
    cells = (
        line.objective, line.priority, line.action, one.id, one.name, one.unit, area.code or NO_CODE, area.name,
        line.sex, category(line.fifth), str(begun), line.values[begun][0], str(year), good, low, high, "", "", "", "",
    )  # fmt: skip
    return dict(zip(TEMPLATE, cells, strict=True))


def check_template(path: Path, *, overwrite: bool) -> None:
    """Say before any work is done why a template cannot be written to ``path``.

    Raises
    ------
    OutputError
        For another ending than .csv or .xlsx, a file that is there already, or a folder that cannot be written.
    MissingPackageError
        For a workbook where openpyxl is not installed.
    """
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise OutputError(f"{path}: found the ending '{path.suffix}'; allowed: .csv or .xlsx")
    check_folder(path.parent, (path.name,), overwrite=overwrite)
    if path.suffix.lower() == ".xlsx":
        from importlib.util import find_spec

        from hisim.surfaces.workbook import missing

        if find_spec("openpyxl") is None:
            raise missing()


def write_template(path: Path, scenario: Scenario, lines: Sequence[Aspiration]) -> None:
    """The template as CSV or as a workbook, by the ending of ``path``."""
    make_folder(path.parent)
    if path.suffix.lower() == ".csv":
        write_rows(TEMPLATE, template_rows(lines), path)
        return
    sheets = [_template_sheet(lines), _indicator_sheet(scenario)]
    write_workbook(path, f"{scenario.title}: template", [scenario.title], NOTES_LINES, sheets)


def read_filled(path: Path, scenario: Scenario, several: Sequence[Scenario]) -> list[Aspired]:
    """Targets of localities from a filled template, CSV or workbook; ``several`` is the scenario in each area.

    Raises
    ------
    InvalidFileError
        With every problem found.
    """
    years = (scenario.start, scenario.end)
    if path.suffix.lower() == ".xlsx":
        rows = read_sheet(path, SHEET, PLAN[0])
    else:
        rows = rows_of_cells(text_of(path, str(path), MOST_BYTES), str(path), MOST_ROWS)
    return read_aspired(rows, str(path), known(indicators_of(scenario)), years, [find(one.area) for one in several])
