"""``hisim sweep``: from a sweep file to its runs, and from those to tables and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hisim.declare.sweep_files import read_sweep
from hisim.declare.uncertain import scenario_paths
from hisim.errors import ImpossibleModelError
from hisim.model.drawn import uncertain_of
from hisim.model.slot_plan import library_of_run
from hisim.studies.analysis import (
    Figure,
    Information,
    analysed,
    chances,
    drawn_numbers,
    figures_of,
    value_of_information,
)
from hisim.studies.defined import define
from hisim.studies.gather import check_complete, figures_each
from hisim.studies.study import units_of, values_in
from hisim.surfaces.export import write_csv
from hisim.surfaces.figure_words import INTERVAL_COLUMNS, interval_cells, named
from hisim.surfaces.place import place_of_study
from hisim.surfaces.study_charts import pictures_of_sweep
from hisim.surfaces.study_export import write_netcdf
from hisim.surfaces.studying import STORE, Way, begun, bytes_in_words, complete, estimate, in_words, shard_done
from hisim.surfaces.text import Row, Table, people, render, significant, wrapped

if TYPE_CHECKING:
    import xarray as xr

    from hisim.studies.store import Study

MOST_ROWS = 20
"""Numbers in a table, those that matter most first; the file has them all."""
TABLE, FIGURES, CHARTS = "indices.csv", "figures.nc", "charts"
KIND_WORDS = {
    "draws": "draws of all numbers at once",
    "one_at_a_time": "each number at both ends of its interval, the others central",
    "grid": "every combination of values",
    "latin_hypercube": "a Latin hypercube",
    "morris": "Morris trajectories",
    "sobol": "Sobol indices (Saltelli's design)",
}


def sweep_file(file: Path, plan: bool, progress: Callable[[float], None] | None, out: Callable[[str], Way]) -> str:
    """Do the sweep in ``file`` or say what it would take; returns what to print.

    Parameters
    ----------
    out
        From the sweep's name to how and where it is to be done.
    """
    sweep, scenarios, where = read_sweep(file)
    definition = define(sweep, scenarios, where)
    way = out(sweep.name)
    if plan:
        return planned(definition, way)
    study = begun(definition, way)
    complete(study, way, progress)
    if way.shard != (1, 1):
        return shard_done(way)
    return shown(study, way.folder)


def paths_of(file: Path) -> str:
    """Every number that could vary in the scenarios of a sweep file, with its central value and interval."""

    _, scenarios, _ = read_sweep(file)
    rows = [
        Row([one.path, f"{one.value:.4g}", f"{one.low:.4g} to {one.high:.4g}", one.distribution, one.unit])
        for one in uncertain_of(scenarios, library_of_run(scenarios))
    ]
    rows += [Row([path, _spelled(value), "", "", ""]) for path, value in scenario_paths(scenarios).items()]
    table = Table("Numbers that may vary", ["path", "value", "interval", "distribution", "unit"], rows, words=1)
    return render([table], width=190)


def _spelled(value: Any) -> str:
    return " ".join(f"{one:g}" for one in value) if isinstance(value, tuple) else f"{value:g}"


def planned(definition: Mapping[str, Any], way: Way) -> str:
    """What a study would take: runs, units, time and disk, before it starts."""
    seconds, size = estimate(definition, way)
    workers = (
        "one process"
        if way.how.workers == 1
        else f"{way.how.workers} {'processes' if way.how.processes else 'threads'}"
    )
    lines = [
        f"{definition['title']}: {KIND_WORDS[definition['kind']]}.",
        f"{len(definition['uncertain'])} numbers vary; {definition['runs']:,} runs of "
        f"{_scenarios(definition)} and the comparator, {figures_each(definition):,} figures kept of each.",
        f"{units_of(definition):,} units of work, about {in_words(seconds)} on {workers} of this machine"
        + (f" for shard {way.shard[0]} of {way.shard[1]}" if way.shard != (1, 1) else "")
        + f" (from {min(3, definition['runs'])} runs timed now), {bytes_in_words(size)} on disk in "
        f"{way.folder / STORE}.",
    ]
    return "\n".join(lines) + "\n"


def _scenarios(definition: Mapping[str, Any]) -> str:
    count = len(definition["scenarios"])
    return f"{count} scenario{'s' * (count != 1)}"


def shown(study: Study, folder: Path) -> str:
    """What a finished study says; writes its tables and pictures into ``folder``."""
    check_complete(study)
    drawn = drawn_numbers(study)
    every = list(figures_of(study))
    found = [(figure, analysed(study, figure, drawn)) for figure in every if isfinite(figure.central)]
    if not found:
        raise ImpossibleModelError(_left_out(every, study.definition) + "; allowed: a figure that is shown of the area")
    worth = value_of_information(study, drawn)
    write_csv(_long(found), folder / TABLE)
    write_netcdf(study, folder / FIGURES)
    pictures = pictures_of_sweep(study, found, folder / CHARTS)
    kind, definition = study.definition["kind"], study.definition
    tables = [table for figure, effects in found for table in _tables(kind, figure, effects, definition)]
    lead = f"{definition['title']}: {KIND_WORDS[kind]}, {definition['runs']:,} runs."
    written = [str(folder / name) for name in (TABLE, FIGURES)] + [str(path) for path in pictures]
    text = wrapped([lead]) + "\n\n" + render(tables) + render(list(_more(study, worth))) + wrapped(_remarks(kind))
    if len(found) < len(every):
        text += "\n" + wrapped([_left_out(every, study.definition) + "."])
    return text + "\nWritten: " + "\n         ".join(written) + "\n"


def _left_out(figures: Sequence[Figure], definition: Mapping[str, Any]) -> str:
    """Which figures are withheld of an area."""
    place = place_of_study(definition)
    names = "; ".join(named(figure, place) for figure in figures if not isfinite(figure.central))
    return f"Not shown, for nobody or too few people or deaths: {names}"


def _number(figure: Figure) -> Callable[[float], str]:
    return people if abs(figure.central) >= 100 else significant


def _long(found: list[tuple[Figure, xr.Dataset]]) -> Any:
    """Every index of every figure as one long table."""
    parts = []
    for figure, effects in found:
        flat = effects[[name for name, one in effects.data_vars.items() if one.dims == ("parameter",)]]
        frame = flat.to_dataframe().reset_index()
        frame = frame[["parameter", *map(str, flat.data_vars)]]
        parts.append(frame.assign(figure=figure.key, **{dim: str(label) for dim, label in figure.at.items()}))
    return pd.concat(parts, ignore_index=True)


def _tables(kind: str, figure: Figure, effects: xr.Dataset, definition: Mapping[str, Any]) -> Iterator[Table]:
    title = f"{named(figure, place_of_study(definition))}: {_number(figure)(figure.central)} with central values"
    if figure.chance == figure.chance:
        title += f" (±{significant(figure.chance, 2)} by chance in the simulated people)"
    if kind == "one_at_a_time":
        yield _tornado_table(title, figure, effects, definition)
    elif kind == "sobol":
        yield _interval_table(title, effects, "total", {"first order": "first_order", "total": "total"})
    elif kind == "morris":
        yield _interval_table(title, effects, "mu_star", {"mean effect (mu*)": "mu_star", "mu": "mu", "sigma": "sigma"})
    else:
        yield _spread_table(title, figure)
        if "correlation" in effects:
            yield _interval_table("Partial rank correlation with it", effects, "correlation", {"r": "correlation"})


def _sorted(effects: xr.Dataset, by: str) -> xr.Dataset:
    order = np.argsort(-np.abs(effects[by].values), kind="stable")[:MOST_ROWS]
    return effects.isel(parameter=order)


def _tornado_table(title: str, figure: Figure, effects: xr.Dataset, definition: Mapping[str, Any]) -> Table:
    ends = values_in(definition, 1, 1 + int(definition["runs"]))
    spelled, paths = _number(figure), [one["path"] for one in definition["uncertain"]]
    rows = []
    for path in _sorted(effects, "swing")["parameter"].values.tolist():
        one, place = effects.sel(parameter=path), paths.index(path)
        low, high = ends[2 * place, place], ends[2 * place + 1, place]
        rows.append(
            Row([path, f"{low:.4g}", f"{high:.4g}", spelled(float(one["low"])), spelled(float(one["high"])),
                 spelled(abs(float(one["swing"])))])
        )  # fmt: skip
    return Table(title, ["number", "low end", "high end", "at low", "at high", "swing"], rows, words=1)


def _interval_table(title: str, effects: xr.Dataset, by: str, wanted: Mapping[str, str]) -> Table:
    rows = []
    for path in _sorted(effects, by)["parameter"].values.tolist():
        one = effects.sel(parameter=path)
        rows.append(Row([path, *(_with_interval(one, name) for name in wanted.values())]))
    return Table(title, ["number", *wanted], rows, words=1)


def _with_interval(one: xr.Dataset, name: str) -> str:
    value = f"{float(one[name]):.3g}"
    if f"{name}_low" not in one:
        return value
    return f"{value} ({float(one[f'{name}_low']):.3g} to {float(one[f'{name}_high']):.3g})"


def _spread_table(title: str, figure: Figure) -> Table:
    spelled = _number(figure)
    cells = interval_cells(figure.runs, spelled)
    return Table(title, ["", *INTERVAL_COLUMNS], [Row(["over the runs", *cells])], words=1)


def _more(study: Study, worth: Information | None) -> Iterator[Table]:
    rows = []
    for one in chances(study):
        side = (
            f"at least {one.target['at_least']:g}"
            if one.target["at_least"] is not None
            else f"at most {one.target['at_most']:g}"
        )
        words = " ".join(map(str, one.at.values()))
        rows.append(Row([f"{one.target['estimand']} {words}", side, f"{one.share:.0%} ±{one.error:.1%}"]))
    if rows:
        yield Table("Chance of reaching each target", ["estimand", "target", "chance"], rows)
    if worth is not None:
        yield _worth_table(worth)


def _worth_table(worth: Information) -> Table:
    perfect = worth.perfect
    best = [
        f"{name}: {float(share):.0%}"
        for name, share in zip(worth.options, perfect["probability_best"].values, strict=True)
    ]
    rows = [Row(["everything", significant(float(perfect["evpi"])), significant(float(perfect["evpi_se"]), 2)], True)]
    for path in worth.parts["parameter"].values.tolist():
        one = worth.parts.sel(parameter=path)
        rows.append(Row([path, significant(float(one["evppi"])), significant(float(one["evppi_se"]), 2)]))
    return Table(
        "Worth of knowing before choosing [QALYs]", ["what", "worth", "±"], rows, words=1,
        note=f"How often each is best: {', '.join(best)}.",
    )  # fmt: skip


def _remarks(kind: str) -> list[str]:
    lines = ["Runs share their random numbers, so what differs between two of them is due to their numbers alone."]
    if kind == "draws":
        lines = ["Every draw has random numbers of its own; chance in the simulated people is in its spread."]
    if kind == "sobol":
        lines.append(
            "Intervals of indices are 95 %, by bootstrap; first order: alone; total: with all its interactions."
        )
    return lines
