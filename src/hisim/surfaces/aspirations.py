"""``hisim aspirations``: what good looks like by objective, printed and as files; and a locality's own targets."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hisim.declare.aspired import Aspired
from hisim.declare.files import read_scenario
from hisim.declare.scenario import Scenario
from hisim.errors import ImpossibleModelError, StoppedError
from hisim.studies.aspirations import (
    NOT_SAID,
    OBJECTIVES,
    TOGETHER,
    Aspiration,
    Compared,
    areas_of,
    aspirations,
    compared,
    without_action,
    years_of,
)
from hisim.studies.trajectories import Trajectories, for_areas, indicators_of
from hisim.surfaces import aspirations_files as files
from hisim.surfaces.aspirations_areas import COLUMNS, WHO, WIDTH, between, figure, named, of_the_area, side_by_side
from hisim.surfaces.export import check_folder, make_folder
from hisim.surfaces.field import category, for_json
from hisim.surfaces.place import of_area
from hisim.surfaces.text import Row, Table, render, significant, wrapped

FOLDER = "aspirations"
Progress = Callable[[float], None]


def aspirations_file(
    file: Path,
    out: Path | None,
    years: str | None,
    draws: int,
    *,
    areas: Sequence[str] = (),
    template: Path | None = None,
    filled: Path | None = None,
    overwrite: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
    as_json: bool = False,
) -> str:
    """The aspirations table of the scenario in ``file``; writes it and returns what to print.

    Of the scenario's area, or of ``areas``, each group with its members. With ``template``, writes only the template
    that a locality fills; with ``filled``, reads one and says where its targets stand.

    Raises
    ------
    InvalidFileError
        For a scenario or a filled template that cannot be read, with every problem.
    ImpossibleModelError
        For years or areas that there are not.
    """
    scenario = read_scenario(file)
    chosen, several = years_of(scenario, _years(years)), areas_of(scenario, areas)
    if template is not None and filled is not None:
        raise ImpossibleModelError("--template: found beside --filled; allowed: one of the two")

    def drawn(of: Sequence[Scenario], *, outcomes: bool = True) -> list[Trajectories]:
        try:
            return for_areas(of, draws, outcomes=outcomes, workers=workers, progress=progress)
        except KeyboardInterrupt:
            raise StoppedError("stopped; nothing was written") from None

    if template is not None:
        files.check_template(template, overwrite=overwrite)
        lines = [line for one in drawn(several) for line in aspirations(one, chosen)]
        files.write_template(template, scenario, lines)
        again = " ".join([str(file), *(f"--areas {shlex.quote(name)}" for name in areas), "--filled", str(template)])
        return (
            f"Fill in the columns 'Local baseline' and 'Local target', then: hisim aspirations {again}\n"
            f"Written: {template}\n"
        )
    if filled is not None:
        return _beside(files.read_filled(filled, scenario, several), several, drawn, draws, as_json=as_json)
    folder = out or Path("results") / scenario.name / FOLDER
    check_folder(folder, files.FILES, overwrite=overwrite)
    found = drawn(several)
    by_area = [(one, aspirations(one, chosen)) for one in found]
    make_folder(folder)
    written = files.write_all(folder, by_area, chosen, draws)
    if as_json:
        told = {"files": written, "aspirations": files.records(by_area, chosen)}
        return json.dumps(for_json(told), indent=2)
    tables = side_by_side(found, chosen) if len(found) > 1 else ""
    return described(*by_area[0], chosen, draws) + tables + "\n" + _written(written)


def _beside(
    own: Sequence[Aspired], several: Sequence[Scenario], drawn: Callable[..., list[Trajectories]], draws: int, *,
    as_json: bool,
) -> str:  # fmt: skip
    """A locality's targets beside the plan, of the areas that have any."""
    named = indicators_of(several[0])
    health = any(named[one.indicator].kind == "outcome" for one in own)
    found = drawn([one for one in several if one.area in {target.area for target in own}], outcomes=health)
    beside = [one for of in found for one in compared([target for target in own if target.area == of.area.key], of)]
    return _records(beside) if as_json else beside_words(beside, several[0], draws)


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
        f"{named(found.area)}, baseline {years[0]}, then {', '.join(map(str, years[1:]))}, by deprivation fifth from 1 "
        "(most deprived) to 5 (least deprived).",
        "",
        f"Each action is measured by its coverage: of the people it is for, how many have it (per cent; those it "
        f"serves in the year, where people are served anew). Ranges are 95 % uncertainty intervals from {draws} draws "
        "of all uncertain numbers. A gap is how much worse off the most deprived fifth is; below 0, it is better off.",
        *(f"No action of the plan serves: {one}." for one in without_action(scenario)),
        *of_the_area(found),
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
    shown = of_area([one for one in tables if one.rows], found.area.name)
    return wrapped(lead) + "\n" + render(shown, WIDTH) + wrapped(end) + "\n"


def _most_chance(lines: Sequence[Aspiration]) -> str:
    errors = [
        error for line in lines if line.indicator.unit == "years" for error in line.errors.values() if error == error
    ]
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


def beside_words(beside: Sequence[Compared], scenario: Scenario, draws: int) -> str:
    """A locality's targets beside the plan, in a table."""
    rows, many = [], len({one.area.key for one in beside}) > 1
    for one in beside:
        most = "" if one.achievable is None else figure(one.indicator, one.achievable)
        rows.append(
            Row([
                *([one.area.name] if many else []),
                one.indicator.id, category(one.aspired.fifth) + WHO[one.aspired.sex], one.verdict,
                str(one.aspired.year), figure(one.indicator, one.aspired.target), figure(one.indicator, one.plan[0]),
                between(one.indicator, *one.plan[1:]), f"{one.chance:.0%}" if one.chance == one.chance else "n/a", most,
            ])
        )  # fmt: skip
    columns = (
        *(["area"] if many else []), "indicator", "of whom", "target", "year", "wanted", "plan", "95 % interval",
        "chance", "achievable",
    )  # fmt: skip
    note = (
        "plan: the model's central figure, from the locality's own baseline where it states one. chance: share of "
        f"{draws} draws that reach\nthe target. achievable: coverage at industrial scale."
    )
    if any(one.verdict == NOT_SAID for one in beside):
        note += " not said: nobody, or too few, live or die there."
    lead = [f"{scenario.title}: the locality's own targets", ""]
    return (
        wrapped(lead) + "\n" + render([Table("Targets beside the plan", columns, rows, 4 if many else 3, note)], WIDTH)
    )


def _records(beside: Sequence[Compared]) -> str:
    told = [
        {
            "area": one.area.name, "area_code": one.area.code or None, "indicator": one.indicator.id,
            "sex": one.aspired.sex, "category": category(one.aspired.fifth), "year": one.aspired.year,
            "target": one.aspired.target, "plan": one.plan[0], "low": one.plan[1], "high": one.plan[2],
            "chance": one.chance, "achievable": one.achievable, "verdict": one.verdict,
        }
        for one in beside
    ]  # fmt: skip
    return json.dumps(for_json({"targets": told}), indent=2)
