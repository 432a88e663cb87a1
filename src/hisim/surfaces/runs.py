"""Running scenarios and comparing results: from files to files and text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hisim.declare.files import read_scenario, read_scenario_text
from hisim.declare.scenario import ONE_TO_ONE, Scenario
from hisim.errors import ImpossibleModelError, InvalidFileError, ProblemsError, StoppedError
from hisim.surfaces.export import DEATHS, ECONOMICS, RESULT, STRATA, TIDY, check_folder, files_of

if TYPE_CHECKING:
    import xarray as xr

    from hisim.surfaces.studying import Way
    from hisim.surfaces.text import Table


def read_all(files: Sequence[Path]) -> list[Scenario]:
    """Every scenario, or every problem in all the files together."""
    scenarios, problems = [], []
    for file in files:
        try:
            scenarios.append(read_scenario(file))
        except ProblemsError as error:
            problems += list(error.problems)
    if problems:
        raise InvalidFileError(problems)
    return scenarios


def run_files(
    files: Sequence[Path],
    out: Path | None,
    *,
    overwrite: bool,
    threads: int | None,
    progress: Callable[[float], None] | None,
    as_json: bool,
    draws: int | None = None,
    memory: int = 0,
    way: Callable[[Path], Way] | None = None,
) -> str:
    """Project the scenarios of ``files`` and write the results; returns what to print.

    With ``draws``, so many joint draws of every uncertain number as well, done the ``way`` of the folder.
    """
    scenarios = read_all(files)
    folder = out or Path("results") / scenarios[0].name
    study, gone_on = None, False
    if draws is not None:
        from hisim.surfaces.studying import was_begun

        gone_on = was_begun(folder)
    check_folder(folder, files_of(scenarios[0]), overwrite=overwrite or gone_on)
    if draws is not None and way is not None:
        from hisim.surfaces.draws import begin

        study = begin(scenarios, draws, way(folder), memory)
    here = None if way is None else way(folder)
    inputs, projection = projected(scenarios, threads, progress)
    text = write_and_describe(projection, inputs, scenarios, folder, as_json=as_json)
    if study is None or here is None:
        return text
    from hisim.surfaces.draws import drawn_beside

    return drawn_beside(study, here, memory, text, as_json=as_json)


def projected(
    scenarios: Sequence[Scenario], threads: int | None, progress: Callable[[float], None] | None
) -> tuple[xr.Dataset, xr.Dataset]:
    """The inputs of ``scenarios`` and their projection.

    Raises
    ------
    StoppedError
        When the user interrupts it.
    """
    try:
        from hisim.model.inputs import inputs_of
        from hisim.model.projection import project

        inputs = inputs_of(scenarios[0])
        return inputs, project(scenarios, inputs, threads=threads, progress=progress)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None


def write_and_describe(
    projection: xr.Dataset, inputs: xr.Dataset, scenarios: Sequence[Scenario], folder: Path, *, as_json: bool
) -> str:
    """Write the projection, its comparison, deaths and economics, and say what they show and where they are."""
    from hisim.outcomes.comparison import tidy
    from hisim.outcomes.economics import cost_effectiveness
    from hisim.surfaces import strata
    from hisim.surfaces.export import deaths_table, economics_table, make_folder, write_csv, write_projection
    from hisim.surfaces.place import area_record

    comparison, effects = _compared(projection, scenarios), cost_effectiveness(projection, inputs)
    told_apart = strata.figures(projection)
    table = tidy(comparison)
    make_folder(folder)
    write_projection(projection, folder / RESULT)
    write_csv(table, folder / TIDY)
    write_csv(deaths_table(projection), folder / DEATHS)
    write_csv(economics_table(effects), folder / ECONOMICS)
    if told_apart:
        write_csv(strata.strata_csv(told_apart), folder / STRATA)
    places = [str(folder / name) for name in files_of(scenarios[0])]
    if as_json:
        by_stratum = {"strata": _records(strata.strata_csv(told_apart))} if told_apart else {}
        found = {"files": places, **area_record(projection), "comparison": _records(table), **by_stratum}
        return json.dumps(found, indent=2)
    told = {scenario.name: scenario for scenario in scenarios}
    more = [
        strata.strata_table(told_apart, scenarios[0].name),
        strata.targeting_table(told_apart, _titles(told)),
        _value(effects, _titles(told), folder / RESULT),
    ]
    text = describe(projection, comparison, told, inputs, [one for one in more if one])
    return text + "\nWritten: " + "\n         ".join(places) + "\n"


def _value(effects: xr.Dataset, titles: dict[str, str], result: Path) -> Table:
    """Cost per QALY, with where to read on."""
    from hisim.surfaces.economics_tables import value_table

    qaly = (
        "A QALY is one year of life in full health. Years of life after the last year shown are not counted, so a "
        "QALY looks dearer than over whole lives."
    )
    more = f"{qaly} By fifth and age, and net of what the money would do elsewhere: hisim economics {result}"
    return value_table(effects.isel(draw=0), titles, [more])


def _compared(projection: xr.Dataset, scenarios: Sequence[Scenario], by: Sequence[int] | None = None) -> xr.Dataset:
    from hisim.outcomes.comparison import compare

    mix, parts = overlap_of(scenarios)
    calibrated = projection.attrs["estimator"] == "expected"
    return compare(projection, by=by, mix=mix, parts=parts, calibrated=calibrated)


def overlap_of(scenarios: Sequence[Scenario]) -> tuple[str | None, tuple[str, ...]]:
    """The mix and its parts, where one scenario does exactly what others of the run do one by one."""
    alone = [(s.interventions[0], s.name) for s in scenarios if len(s.interventions) == 1]
    for scenario in scenarios:
        parts = [name for use in scenario.interventions for other, name in alone if other == use]
        if len(parts) > 1 and len(parts) == len(scenario.interventions):
            return scenario.name, tuple(parts)
    return None, ()


def _titles(scenarios: Mapping[str, Scenario]) -> dict[str, str]:
    return {name: scenario.title for name, scenario in scenarios.items()}


def describe(
    projection: xr.Dataset,
    comparison: xr.Dataset,
    scenarios: Mapping[str, Scenario],
    inputs: xr.Dataset,
    more: Sequence[Table] = (),
) -> str:
    """Findings first, then the tables behind them, ``more`` last."""
    from hisim.surfaces import summary
    from hisim.surfaces.delivery import Chains, weakest_sentence, weakest_table
    from hisim.surfaces.place import area_lines, at_start, of_area, place_of
    from hisim.surfaces.strata import assumption_lines
    from hisim.surfaces.text import render, wrapped

    names, titles = summary.scenarios(comparison), _titles(scenarios)
    if not names:
        return "No scenario beside the comparator.\n"
    lead = names[0]
    chains = Chains(scenarios[lead], inputs)
    years = [int(year) for year in projection["year"].values]
    settings = projection.attrs
    place = place_of(settings)
    lines = [
        titles.get(lead, lead),
        f"{at_start(place)}, {years[0]} to {years[-1]}, compared with carrying on as now.",
        "",
        *summary.findings(comparison, lead),
        *weakest_sentence(chains),
        *_cautions(scenarios),
        *assumption_lines(scenarios[lead]),
        *_for_nobody(projection, scenarios),
        *area_lines(projection),
        "",
    ]
    tables = [
        summary.averted_table(comparison, lead, titles.get(lead, lead)),
        *(summary.cause_table(comparison, lead, year) for year in summary.horizons(comparison)),
        summary.scenario_table(comparison, titles) if len(names) > 1 else None,
        summary.gap_table(comparison, lead),
        summary.level_table(comparison, lead),
        summary.infant_table(comparison, lead),
        summary.winter_table(comparison, lead),
        weakest_table(chains) if scenarios[lead].interventions else None,
        summary.cost_table(projection, lead),
        *more,
    ]
    how_sure = [
        f"± is the Monte Carlo standard error: what chance adds with {people_of(projection)} "
        f"(seed {settings['seed']}, estimator {settings['estimator']}). "
        "It says nothing of how uncertain the effects, coverage and trends themselves are: --draws 500 gives those "
        "intervals.",
        "Deaths are postponed, not abolished: who does not die in one year dies later.",
    ]
    return wrapped(lines) + "\n" + render(of_area(tables, place)) + wrapped(how_sure)


def _cautions(scenarios: Mapping[str, Scenario]) -> list[str]:
    """What would mislead if it were not said: each intervention's caution once."""
    used = {use.id: use.intervention for scenario in scenarios.values() for use in scenario.interventions}
    return [f"Caution, {item.name}: {item.caution}" for item in used.values() if item.caution]


def _for_nobody(projection: xr.Dataset, scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    """A warning for every intervention that nobody is eligible for."""
    from hisim.surfaces.explain import nobody_eligible

    for name, scenario in scenarios.items():
        people = projection["people_eligible"].sel(scenario=name).sum(("draw", "year", "quintile", "sex", "age"))
        for use in scenario.interventions:
            if float(people.sel(intervention=use.id)) == 0:
                yield f"Note: {nobody_eligible(use, scenario)}"


def people_of(projection: xr.Dataset) -> str:
    """How many people a result simulates, in words."""
    people = projection.attrs["people_per_cohort"]
    if people == ONE_TO_ONE:
        return "one simulated person for each there is"
    lived = projection["person_years"].sum(("scenario", "draw", "year", "age"))
    cells = int((lived > 0).sum())
    return f"{people} simulated people in each of {cells * (100 + projection.sizes['year'])} cohorts"


def compare_files(results: Sequence[Path], by: Sequence[int] | None, *, as_json: bool) -> str:
    """Compare the scenarios of one or more results with the same comparator."""
    from hisim.model.inputs import inputs_of
    from hisim.outcomes.comparison import tidy
    from hisim.surfaces.strata import figures, strata_table, targeting_table

    projection, scenarios = read_results(results)
    comparison = _compared(projection, list(scenarios.values()), by)
    if as_json:
        return json.dumps({"comparison": _records(tidy(comparison))}, indent=2)
    found = figures(projection)
    tables = (strata_table(found, next(iter(scenarios))), targeting_table(found, _titles(scenarios)))
    inputs = inputs_of(next(iter(scenarios.values())))
    return describe(projection, comparison, scenarios, inputs, [table for table in tables if table])


def read_results(results: Sequence[Path]) -> tuple[xr.Dataset, dict[str, Scenario]]:
    """One or more results as one projection, and the scenarios in them by name.

    Raises
    ------
    OutputError
        For a file that is not a result.
    ImpossibleModelError
        For results with different comparators.
    """
    from hisim.surfaces.export import read_projection

    projections = [read_projection(path) for path in results]
    texts = {name: text for one in projections for name, text in json.loads(one.attrs["scenarios"]).items()}
    own: dict[str, dict[str, str]] = {}
    for one in projections:
        own |= json.loads(one.attrs.get("own_interventions", "{}"))
    projection = _joined(projections, results)
    return projection, {name: read_scenario_text(text, name, own.get(name)) for name, text in texts.items()}


def _joined(projections: Sequence[xr.Dataset], results: Sequence[Path]) -> xr.Dataset:
    import xarray as xr

    first = projections[0]
    shared = [name for name in first.data_vars if "scenario" not in first[name].dims]
    rest = []
    for other, path in zip(projections[1:], results[1:], strict=True):
        same = first["deaths_batch"].isel(scenario=0).equals(other["deaths_batch"].isel(scenario=0))
        if not same or not first[shared].equals(other[shared]):
            raise ImpossibleModelError(
                f"{path}: found another comparator than in {results[0]}; allowed: the same area, years, trend, seed "
                "and people in all results that are compared"
            )
        rest.append(other.isel(scenario=slice(1, None)))
    if not rest:
        return first
    joined = xr.concat(
        [first, *rest], dim="scenario", data_vars="minimal", coords="minimal", compat="override", join="outer",
        fill_value=0.0, combine_attrs="override",
    )  # fmt: skip
    names = joined["scenario"].values.tolist()
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ImpossibleModelError(f"scenario: found '{twice}' in two results; allowed: a name of its own for each")
    return joined


def _records(table: object) -> object:
    import pandas as pd

    assert isinstance(table, pd.DataFrame)
    return json.loads(table.to_json(orient="records"))
