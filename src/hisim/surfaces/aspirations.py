"""``hisim aspirations``: what good looks like by objective, printed and as files; and a locality's own targets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hisim.declare.files import read_scenario
from hisim.declare.scenario import Scenario
from hisim.errors import ImpossibleModelError, StoppedError
from hisim.outcomes.indicators import Indicator
from hisim.studies.aspirations import (
    OBJECTIVES,
    TOGETHER,
    Aspiration,
    Compared,
    aspirations,
    compared,
    without_action,
    years_of,
)
from hisim.studies.trajectories import Trajectories, for_areas, indicators_of
from hisim.surfaces import aspirations_files as files
from hisim.surfaces.export import check_folder, make_folder
from hisim.surfaces.field import category
from hisim.surfaces.text import Row, Table, render, significant, wrapped

FOLDER = "aspirations"
WIDTH = 150
COLUMNS = ("", "1 (most)", "2", "3", "4", "5 (least)", "England", "gap 1 to 5")
WHO = {"Male": ", men", "Female": ", women", "Persons": ""}
Progress = Callable[[float], None]


def aspirations_file(
    file: Path,
    out: Path | None,
    years: str | None,
    draws: int,
    *,
    template: Path | None = None,
    filled: Path | None = None,
    overwrite: bool = False,
    threads: int = 1,
    progress: Progress | None = None,
    as_json: bool = False,
) -> str:
    """The aspirations table of the scenario in ``file``; writes it and returns what to print.

    With ``template``, writes only the template that a locality fills; with ``filled``, reads one and says where its
    targets stand.

    Raises
    ------
    InvalidFileError
        For a scenario or a filled template that cannot be read, with every problem.
    """
    scenario = read_scenario(file)
    chosen = years_of(scenario, _years(years))
    if template is not None and filled is not None:
        raise ImpossibleModelError("--template: found beside --filled; allowed: one of the two")
    own = files.read_filled(filled, scenario) if filled is not None else []
    if template is not None:
        files.check_template(template, overwrite=overwrite)
        found = _found(scenario, draws, threads, progress)
        files.write_template(template, scenario, [line for one in found for line in aspirations(one, chosen)])
        return f"Fill in the columns 'Local baseline' and 'Local target', then: hisim aspirations {file} --filled " + (
            f"{template}\nWritten: {template}\n"
        )
    if filled is not None:
        health = any(indicators_of(scenario)[one.indicator].kind == "outcome" for one in own)
        beside = compared(own, _found(scenario, draws, threads, progress, outcomes=health)[0])
        return _records(beside) if as_json else beside_words(beside, scenario, draws)
    folder = out or Path("results") / scenario.name / FOLDER
    check_folder(folder, files.FILES, overwrite=overwrite)
    found = _found(scenario, draws, threads, progress)
    lines = [line for one in found for line in aspirations(one, chosen)]
    make_folder(folder)
    written = files.write_all(folder, scenario, lines, chosen, draws)
    if as_json:
        return json.dumps({"files": written, "aspirations": files.records(lines, scenario)}, indent=2)
    return "\n".join([*(described(one, aspirations(one, chosen), chosen, draws) for one in found), _written(written)])


def areas_of(scenario: Scenario) -> list[tuple[str, Scenario]]:
    """The areas that the table is for, each with the scenario in it: England, the only one there is."""
    return [("England", scenario)]


def _found(
    scenario: Scenario, draws: int, threads: int, progress: Progress | None, *, outcomes: bool = True
) -> list[Trajectories]:
    try:
        return for_areas(areas_of(scenario), draws, outcomes=outcomes, threads=threads, progress=progress)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None


def _years(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    wrong = next((part for part in parts if not (part.isascii() and part.isdigit() and len(part) == 4)), None)
    if wrong is not None:
        raise ImpossibleModelError(f"years: found '{wrong}'; allowed: years with commas, such as 2012,2015")
    return [int(part) for part in parts]


def _written(places: Sequence[str]) -> str:
    return "Written: " + "\n         ".join(places) + "\n"


def described(found: Trajectories, lines: Sequence[Aspiration], years: Sequence[int], draws: int) -> str:
    """The table of one area as a person reads it."""
    scenario = found.scenario
    lead = [
        f"{scenario.title}: what good looks like",
        f"{found.area}, baseline {years[0]}, then {', '.join(map(str, years[1:]))}, by deprivation fifth from 1 (most "
        "deprived) to 5 (least deprived).",
        "",
        f"Each action is measured by its coverage: of the people it is for, how many have it (per cent; those it "
        f"serves in the year, where people are served anew). Ranges are 95 % uncertainty intervals from {draws} draws "
        "of all uncertain numbers. A gap is how much worse off the most deprived fifth is; below 0, it is better off.",
        *(f"No action of the plan serves: {one}." for one in without_action(scenario)),
        "",
    ]
    tables = [
        _objective(number, objective, [line for line in lines if line.objective == objective], years)
        for number, objective in enumerate((*OBJECTIVES, TOGETHER), start=1)
    ]
    end = [
        f"If all carries on as now, the same figures are in the files. Chance in the simulated people adds to none of "
        f"the coverages, and at most {_most_chance(lines)} to a central life expectancy.",
    ]
    return wrapped(lead) + "\n" + render([one for one in tables if one.rows], WIDTH) + wrapped(end) + "\n"


def _most_chance(lines: Sequence[Aspiration]) -> str:
    errors = [error for line in lines if line.indicator.unit == "years" for error in line.errors.values()]
    return f"±{significant(max(errors), 2)} years" if errors else "nothing"


def _objective(number: int, objective: str, lines: Sequence[Aspiration], years: Sequence[int]) -> Table:
    title = objective if objective == TOGETHER else f"Objective {number}. {objective}"
    rows: list[Row] = []
    for (_, sex), several in _indicators(lines):
        one = several[0]
        head = f"{one.priority}: {one.action}" if one.objective != TOGETHER else f"{one.priority}, {one.indicator.unit}"
        rows.append(Row([head + WHO[sex], *[""] * len(several)], strong=True))
        for index, year in enumerate(years):
            when = "good" if index else "baseline"
            rows.append(Row([f"  {year}, {when}", *(spelled(one, year) for one in several)]))
            if index:
                rows.append(Row(["    95 % interval", *(_range(one, year) for one in several)]))
    return Table(title, COLUMNS, rows, 1)


def _indicators(lines: Sequence[Aspiration]) -> Iterator[tuple[tuple[str, str], list[Aspiration]]]:
    """The fifths, England and the gap between 1 and 5 of each indicator and sex."""
    for level in lines:
        if level.indicator.measure == "level" and level.fifth == "1":
            same = [one for one in lines if one.sex == level.sex and one.indicator.level == level.indicator.id]
            yield (
                (level.indicator.id, level.sex),
                [one for one in same if one.indicator.measure in ("level", "gap_q5")],
            )


def spelled(line: Aspiration, year: int) -> str:
    """The central value in a year."""
    return figure(line.indicator, line.values[year][0])


def _range(line: Aspiration, year: int) -> str:
    _, low, high = line.values[year]
    return between(line.indicator, low, high)


def between(indicator: Indicator, low: float, high: float) -> str:
    """An interval."""
    return f"{figure(indicator, low)} to {figure(indicator, high)}"


def figure(indicator: Indicator, value: float) -> str:
    """A figure of an indicator: one decimal for percentages and years, two for gaps of years, else three digits."""
    if value != value:
        return "n/a"
    if indicator.unit == "years":
        return f"{value:.{1 if indicator.measure == 'level' else 2}f}"
    return f"{value:.1f}" if indicator.kind == "process" else significant(value)


def beside_words(beside: Sequence[Compared], scenario: Scenario, draws: int) -> str:
    """A locality's targets beside the plan, in a table."""
    rows = []
    for one in beside:
        most = "" if one.achievable is None else figure(one.indicator, one.achievable)
        rows.append(
            Row([
                one.indicator.id, category(one.aspired.fifth) + WHO[one.aspired.sex], one.verdict,
                str(one.aspired.year), figure(one.indicator, one.aspired.target), figure(one.indicator, one.plan[0]),
                between(one.indicator, *one.plan[1:]), f"{one.chance:.0%}", most,
            ])
        )  # fmt: skip
    columns = ("indicator", "of whom", "target", "year", "wanted", "plan", "95 % interval", "chance", "achievable")
    note = (
        "plan: the model's central figure, from the locality's own baseline where it states one. chance: share of "
        f"{draws} draws that reach\nthe target. achievable: coverage at industrial scale."
    )
    lead = [f"{scenario.title}: the locality's own targets", ""]
    return wrapped(lead) + "\n" + render([Table("Targets beside the plan", columns, rows, 3, note)], WIDTH)


def _records(beside: Sequence[Compared]) -> str:
    return json.dumps(
        {
            "targets": [
                {
                    "indicator": one.indicator.id, "sex": one.aspired.sex, "category": category(one.aspired.fifth),
                    "year": one.aspired.year, "target": one.aspired.target, "plan": one.plan[0], "low": one.plan[1],
                    "high": one.plan[2], "chance": one.chance, "achievable": one.achievable, "verdict": one.verdict,
                }
                for one in beside
            ]
        },
        indent=2,
    )  # fmt: skip
