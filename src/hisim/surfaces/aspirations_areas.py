"""The aspirations of several areas side by side: a county's districts in one table, printed and as a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hisim.areas import ENGLAND as WHOLE
from hisim.areas import Area
from hisim.outcomes.bands import ENGLAND, FIFTHS, PERSONS
from hisim.outcomes.indicators import Indicator, subject
from hisim.studies.aspirations import BY_SEX, Three, why_not
from hisim.studies.trajectories import Trajectories
from hisim.studies.worlds import DEATHS
from hisim.surfaces.field import AREA_TYPE, NAME, area_cells
from hisim.surfaces.place import local_rates, withheld_words
from hisim.surfaces.text import Row, Table, people, render, significant, wrapped
from hisim.surfaces.workbook import Sheet
from hisim.variables import SEXES

WIDTH = 150
COLUMNS = ("", "1 (most)", "2", "3", "4", "5 (least)", "England", "gap 1 to 5")
WHO = {"Male": ", men", "Female": ", women", "Persons": ""}
ACTIONS = 3
"""Actions whose coverage stands in the printed table."""
LONG_LIFE = "life-expectancy-0"
PREVENTED = Indicator(
    "deaths-prevented-or-postponed", "Deaths prevented or postponed, from the first year of the projection",
    "deaths", "higher", "outcome", "deaths_averted_cumulative", "level", "All ages", float("-inf"), float("inf"),
)  # fmt: skip
"""Told beside the indicators; nobody can observe it."""


def named(area: Area) -> str:
    """An area by its name and code."""
    return f"{area.name} ({area.code or 'no code'})"


def of_the_area(found: Trajectories) -> Iterator[str]:
    """What must be known of the figures of an area within England."""
    if found.area.key != WHOLE:
        yield f"Fifths are England's. {local_rates(found.area.name, found.area.key)}"
        yield from withheld_words(found.area.name, found.empty, found.small)


def between(indicator: Indicator, low: float, high: float) -> str:
    """An interval."""
    return f"{figure(indicator, low)} to {figure(indicator, high)}" if low == low else "n/a"


def figure(indicator: Indicator, value: float) -> str:
    """A figure of an indicator: one decimal for percentages and years, two for gaps of years, else three digits."""
    if value != value:
        return "n/a"
    if indicator.unit == "years":
        return f"{value:z.{1 if indicator.measure == 'level' else 2}f}"
    return f"{value:z.1f}" if indicator.kind == "process" else significant(value)


def side_by_side(found: Sequence[Trajectories], years: Sequence[int]) -> str:
    """A row for each area: life expectancy of its most deprived, what is done most, and deaths prevented."""
    begun, last = years[0], years[-1]
    actions = _widest(found[0], last)
    columns = ("", "in fifth", "men", "women", *(one.of for one in actions), "deaths prevented")
    rows = [Row(list(_row(one, actions, begun, last)), strong=number == 0) for number, one in enumerate(found)]
    title = f"The areas side by side, {begun} → {last}"
    told = [
        "men, women: life expectancy at birth [years] in the fifth named beside it, the most deprived one with enough "
        f"people to say. Then coverage of everyone [%] of the {len(actions)} actions that reach most people more in "
        f"{found[0].area.name} by {last}, and deaths prevented or postponed to the end of {last} with their interval. "
        f"{begun} is as all carries on now. Coverage differs among areas by who lives there: how a fifth is served is "
        "England's.",
        *_nobody(found),
    ]
    return "\n" + render([Table(title, columns, rows, 2)], WIDTH) + wrapped(told) + "\n"


def _nobody(found: Sequence[Trajectories]) -> Iterator[str]:
    """Areas with a fifth in which nobody lives."""
    for fifth in map(int, FIFTHS):
        names = [one.area.name for one in found if fifth in one.empty]
        if names:
            yield f"Nobody lives in fifth {fifth} in: {', '.join(names)}."


def _widest(found: Trajectories, year: int) -> list[Indicator]:
    """Coverages that reach most people more in a year than carrying on as now does."""
    return sorted(
        (one for one in found.indicators.values() if one.kind == "process" and one.measure == "level"),
        key=lambda one: -_more(found, one, year),
    )[:ACTIONS]


def _more(found: Trajectories, one: Indicator, year: int) -> float:
    everyone = {"quintile": ENGLAND, "sex": PERSONS}
    plan, now = (found.counted(one.id, everyone, year, name) for name in (found.scenario.name, "comparator"))
    return plan[0] - now[0] if plan is not None and now is not None else 0.0


def _row(found: Trajectories, actions: Sequence[Indicator], begun: int, last: int) -> Iterator[str]:
    yield found.area.name
    long_life, fifth = found.indicators[LONG_LIFE], _most_deprived(found, begun)
    yield fifth or "n/a"
    for sex in reversed(SEXES):
        yield _arrow(found, long_life, {"quintile": fifth, "sex": sex}, begun, last) if fifth else "n/a"
    for one in actions:
        yield _arrow(found, one, {"quintile": ENGLAND, "sex": PERSONS}, begun, last)
    central, low, high = found.prevented(last, {"quintile": ENGLAND, "sex": PERSONS})
    yield f"{people(central)} ({people(low)} to {people(high)})"


def _most_deprived(found: Trajectories, year: int) -> str:
    """The most deprived fifth with a life expectancy for both sexes; "" where there is none."""
    for fifth in FIFTHS:
        both = [found.middle(LONG_LIFE, {"quintile": fifth, "sex": sex}, (year, year))[1] for sex in SEXES]
        if all(one == one for one in both):
            return fifth
    return ""


def _arrow(found: Trajectories, one: Indicator, place: Mapping[str, str], begun: int, last: int) -> str:
    now, then = (found.middle(one.id, place, (year, year)) for year in (begun, last))
    return f"{figure(one, now[1])} → {figure(one, then[0])}"


def prevented(found: Trajectories, year: int, fifth: str) -> Three:
    """Deaths prevented or postponed to the end of a year, with the interval; nothing where nobody lives."""
    if fifth.isdigit() and int(fifth) in found.empty:
        return (float("nan"),) * 3
    return found.prevented(year, {"quintile": fifth, "sex": PERSONS})


def summary_sheet(found: Sequence[Trajectories], years: Sequence[int]) -> Sheet:
    """Every indicator of every area in one table, the areas of an indicator under each other."""
    begun, places = years[0], {"All": ENGLAND, "1 (most deprived)": "1", "5 (least deprived)": "5"}
    columns = ["Indicator ID", NAME, "Unit", "Sex", "Area Code", "Area Name", AREA_TYPE]
    for place in (*places, "Gap 1 to 5"):
        columns += [f"{place}: baseline {begun}", *(f"{place}: what good looks like {year}" for year in years[1:])]
    rows: list[Sequence[str | float | None]] = []
    for one in found[0].indicators.values():
        if one.measure == "level":
            for sex in reversed(SEXES) if one.unit in BY_SEX else (PERSONS,):
                rows += [_summary(each, one, sex, list(places.values()), years) for each in found]
    if DEATHS in found[0].central:
        rows += [_summary_of_deaths(each, list(places.values()), years) for each in found]
    told = "One row for each indicator and area, areas under each other; empty where nothing is said (see Note)."
    return Sheet("Side by side", "The areas side by side", told, [*columns, "Note"], rows)


def _summary(
    found: Trajectories, one: Indicator, sex: str, fifths: Sequence[str], years: Sequence[int]
) -> list[str | float | None]:
    cells: list[str | float | None] = [one.id, subject(one), one.unit, sex, *area_cells(found.area).values()]
    why = ""
    for name, fifth in [*((one.id, fifth) for fifth in fifths), (f"{one.id}-gap-q5", ENGLAND)]:
        place = {"quintile": fifth, "sex": sex}
        values = [found.middle(name, place, (year, year))[int(year == years[0])] for year in years]
        cells += values
        if not why and any(value != value for value in values):
            why = why_not(found, found.indicators[name], fifth)
    return [*cells, why]


def _summary_of_deaths(found: Trajectories, fifths: Sequence[str], years: Sequence[int]) -> list[str | float | None]:
    cells: list[str | float | None] = [PREVENTED.id, PREVENTED.name, PREVENTED.unit, PERSONS]
    cells += area_cells(found.area).values()
    for fifth in fifths:
        cells += [None, *(prevented(found, year, fifth)[0] for year in years[1:])]
    return [*cells, *[None] * len(years), ""]
