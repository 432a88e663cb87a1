"""``hisim run --draws``: the same scenarios with every uncertain number drawn, and what that leaves of the answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hisim.areas import find
from hisim.declare.scenario import Scenario
from hisim.declare.sweep import Sweep
from hisim.outcomes.asked import array
from hisim.outcomes.uncertainty import beats, tidy_rows
from hisim.studies.defined import define, everything
from hisim.studies.gather import (
    EVERYONE,
    all_statistics,
    cell_of,
    central_run,
    check_complete,
    figure,
    figures_each,
)
from hisim.studies.running import enough
from hisim.studies.study import cells_of, prepare
from hisim.surfaces.cli_shared import progress
from hisim.surfaces.export import write_csv
from hisim.surfaces.figure_words import INTERVAL_COLUMNS, interval_cells
from hisim.surfaces.place import WORD, of_area, place_of_study
from hisim.surfaces.study_charts import pictures_of_draws
from hisim.surfaces.study_export import write_netcdf
from hisim.surfaces.studying import Way, begun, bytes_in_words, complete, shard_done
from hisim.surfaces.text import Row, Table, fifth, fixed, people, render, significant, wrapped
from hisim.variables import QUINTILES

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from hisim.studies.store import Study

INTERVALS, KEPT = "uncertainty.csv", "draws.nc"
CHARTS = "charts"
AVERTED, GAP = "deaths_averted_cumulative", "life_expectancy_0_gap_average_change"
DAYS = 365.25
MEMORY = 512
"""Megabytes that all draws of all figures may take to be kept in one file, unless told otherwise."""


def sweep_of_draws(scenarios: Sequence[Scenario], draws: int) -> Sweep:
    """The sweep that ``--draws`` stands for: every uncertain number at once."""
    first = scenarios[0]
    return Sweep(
        hisim=1, name=first.name, title=first.title, scenarios=tuple(one.name for one in scenarios), design="draws",
        size=draws, seed=first.simulation.seed % 2**31,
    )  # fmt: skip


def defined(scenarios: Sequence[Scenario], draws: int) -> dict[str, object]:
    """The definition of the study that ``--draws`` makes."""
    years = range(scenarios[0].start, scenarios[0].end + 1)
    return define(sweep_of_draws(scenarios, draws), scenarios, asked=everything(years))


def begin(scenarios: Sequence[Scenario], draws: int, way: Way, memory: int) -> Study:
    """The study of the draws, new or gone on with, before anything is projected; says what will be kept of it."""
    study = begun(defined(scenarios, draws), way)
    if sys.stderr.isatty():
        numbers = len(study.definition["uncertain"])
        print(f"{draws:,} draws of {numbers} uncertain numbers. {_kept(study, memory)}", file=sys.stderr)
    return study


def size_of(study: Study) -> int:
    """Bytes that every figure of every draw takes."""
    return int(study.definition["runs"]) * figures_each(study.definition) * 8


def _kept(study: Study, memory: int) -> str:
    """Whether all draws are kept in one file under a budget [megabytes], in words."""
    size = size_of(study)
    if size <= memory * 1e6:
        return f"All figures of all draws are {bytes_in_words(size)}: kept whole in {KEPT}."
    return (
        f"All figures of all draws are {bytes_in_words(size)}, more than the {memory} MB of --memory, so only their "
        "summary is written; 'hisim study export FOLDER draws.nc' gives them all."
    )


def drawn_beside(study: Study, way: Way, memory: int, text: str, *, as_json: bool) -> str:
    """Do the draws in the way's folder and write what they say; returns that after ``text``, or beside it as JSON."""
    complete(study, way, progress("drawing"))
    if way.shard != (1, 1):
        return f"{text}\n{shard_done(way)}"
    if not as_json:
        return text + shown_draws(study, way.folder, memory)
    table, _ = _written(study, way.folder, memory)
    uncertainty = json.loads(table.to_json(orient="records"))
    return json.dumps({**json.loads(text), "uncertainty": uncertainty}, indent=2)


def shown_draws(study: Study, folder: Path, memory: int = MEMORY) -> str:
    """What finished draws say; writes their summary, and all of them where they fit the budget [megabytes]."""
    _, written = _written(study, folder, memory)
    about = study, prepare(study.definition).scenarios, figure(study, AVERTED).sel(EVERYONE)
    tables = of_area(list(_tables(*about)), find(about[1][0].area).name)
    return (
        "\n" + wrapped([*_lead(*about), ""]) + "\n" + render(tables)
        + wrapped([*_how_sure(*about), _kept(study, memory)])
        + "\nWritten: " + "\n         ".join(written) + "\n"
    )  # fmt: skip


def _written(study: Study, folder: Path, memory: int) -> tuple[pd.DataFrame, list[str]]:
    """The statistics of every figure as a long table, written with all draws, if they fit, and pictures; and where."""
    check_complete(study)
    table = tidy_rows(cells_of(study.definition), all_statistics(study))
    write_csv(table, folder / INTERVALS)
    written = [str(folder / INTERVALS)]
    if size_of(study) <= memory * 1e6:
        write_netcdf(study, folder / KEPT)
        written.append(str(folder / KEPT))
    return table, written + [str(path) for path in pictures_of_draws(study, folder / CHARTS)]


def _lead(study: Study, scenarios: Sequence[Scenario], averted: xr.DataArray) -> Iterator[str]:
    """What the first scenario would do, with its interval, in plain English."""
    runs, numbers = study.definition["runs"], len(study.definition["uncertain"])
    yield f"How sure: {runs:,} draws of {numbers} uncertain numbers at once."
    place = find(scenarios[0].area).name
    for year in averted["year"].values.tolist()[1:]:
        one = averted.sel(scenario=scenarios[0].name, year=year)
        most, every = (np.quantile(one.sel(quintile=q).values, [0.025, 0.975]) for q in ("1", "all"))
        there = f", {people(most[0])} and {people(most[1])} in the most deprived fifth" if most.any() else ""
        yield (
            f"By the end of {year}: 95 % between {people(every[0])} and {people(every[1])} deaths prevented or "
            f"postponed in {place}{there}."
        )


def _tables(study: Study, scenarios: Sequence[Scenario], averted: xr.DataArray) -> Iterator[Table]:
    name, titles = scenarios[0].name, {one.name: one.title for one in scenarios}
    for year in averted["year"].values.tolist()[1:]:
        rows = [
            _row(fifth(q), averted.sel(scenario=name, year=year, quintile=str(q)).values, people) for q in QUINTILES
        ]
        whole = _row(WORD, averted.sel(scenario=name, year=year, quintile="all").values, people)
        yield Table(
            f"{titles[name]}: deaths prevented or postponed by the end of {year}", ["Fifth", *INTERVAL_COLUMNS],
            [*rows, Row(whole.cells, True)], words=1,
        )  # fmt: skip
    yield _gap_table(study, name, titles)
    if len(scenarios) > 1:
        yield _beside_table(averted, titles)
    yield _value_table(study, titles)


def _row(words: str, draws: np.ndarray, spelled: Callable[[float], str]) -> Row:
    return Row([words, *interval_cells(draws, spelled)])


def _gap_table(study: Study, name: str, titles: Mapping[str, str]) -> Table:
    change = figure(study, GAP).sel(scenario=name)
    place = place_of_study(study.definition)
    year = change["year"].values.tolist()[-1]
    rows = []
    for sex, who in (("Male", "men"), ("Female", "women")):
        days = -change.sel(year=year, sex=sex).values * DAYS
        row = _row(who, days, lambda value: fixed(value, 1))
        rows.append(Row([*row.cells, f"{(days > 0).mean():.0%}" if np.isfinite(days).all() else "n/a"]))
    return Table(
        f"{titles[name]}: days by which the gap in life expectancy to {place} narrows in {year}",
        ["", *INTERVAL_COLUMNS, "chance it narrows"], rows, words=1,
    )  # fmt: skip


def _beside_table(averted: xr.DataArray, titles: Mapping[str, str]) -> Table:
    """How often each scenario postpones more deaths in the most deprived fifth than each other."""
    year = averted["year"].values.tolist()[-1]
    share = beats(averted.sel(year=year, quintile="1"))
    names = share["scenario"].values.tolist()
    rows = [
        Row([titles[one], *("" if one == other else f"{float(share.sel(scenario=one, scenario_other=other)):.0%}"
                            for other in names)])
        for one in names
    ]  # fmt: skip
    return Table(
        f"Chance that the row postpones more deaths in the most deprived fifth by {year} than the column",
        ["", *names], rows, words=1,
    )  # fmt: skip


def _value_table(study: Study, titles: Mapping[str, str]) -> Table:
    """Net health benefit of every scenario, and the chance that it is above 0."""
    benefit = figure(study, "net_health_benefit").sel(quintile="all")
    rows = []
    for name in benefit["scenario"].values.tolist():
        draws = benefit.sel(scenario=name).values
        row = _row(titles[name], draws, lambda value: significant(value))
        rows.append(Row([*row.cells, f"{(draws > 0).mean():.0%}"]))
    return Table(
        "QALYs gained net of what the money would do elsewhere",
        ["", *INTERVAL_COLUMNS, "chance above 0"],
        rows,
        words=1,
    )


def enough_words(draws: np.ndarray) -> str:
    """Whether there are draws enough, and how many would be."""
    if len(draws) < 8:
        return "Too few draws to say whether there are enough."
    told = enough(draws)
    change = max(float(told["mean_change"]), float(told["half_width_change"]))
    error = max(float(told["mean_error"]), float(told["half_width_error"]))
    said = (
        f"the second half of them moved the mean or the 95 % interval by {change:.1%} of half its width, and the "
        f"standard error of both is within {error:.1%} of it"
    )
    if bool(told["settled"]):
        return f"Enough draws: {said}."
    return f"More draws would make the interval steadier: {said}; about {int(told['draws_needed']):,} would do for 5 %."


MOST = "the most deprived fifth"
MUCH = 0.1
"""Part of the variance of draws from which on chance widens intervals enough to say so."""


def apart_words(sd: float, error: float, year: int, draws: int, whom: str = MOST) -> str:
    """What the numbers leave open, and what chance in the simulated people of a draw adds to that."""
    part = min(1.0, (error / sd) ** 2) if sd > 0 else 0.0
    said = (
        f"For {whom} by {year}, what the numbers leave open has a standard deviation of "
        f"{people(np.sqrt(max(sd**2 - error**2, 0.0)))}; chance in the few simulated people of a draw adds "
        f"±{people(error)}, {part:.0%} of the variance of the draws, and ±{significant(sd / np.sqrt(draws), 2)} to "
        "their mean."
    )
    if part < MUCH:
        return said
    return f"{said} So much chance makes the intervals too wide: a sweep of draws with more people_per_cohort has less."


def _how_sure(study: Study, scenarios: Sequence[Scenario], averted: xr.DataArray) -> list[str]:
    """Chance in the simulated people beside what the numbers leave open, and whether there are draws enough."""
    cell = cell_of(study, AVERTED)
    year, name = averted["year"].values.tolist()[-1], scenarios[0].name
    one, place = averted.sel(scenario=name, year=year), find(scenarios[0].area).name
    quintile, whom = ("1", MOST) if one.sel(quintile="1").values.any() else ("all", place)
    values = one.sel(quintile=quintile).values
    chance = array(cell, central_run(study)[1, cell.start : cell.stop]).sel(EVERYONE)
    error = float(chance.sel(scenario=name, year=year, quintile=quintile))
    sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return [
        apart_words(sd, error, year, len(values), whom),
        enough_words(values),
        "What is not in the intervals: how the model is built, and what nobody has put a range on"
        + ("" if place == WORD else f", nor who lives in {place} and how its deaths differ from England's")
        + ". "
        "Numbers without a published interval vary within ranges that are assumptions (hisim explain, hisim data).",
    ]
