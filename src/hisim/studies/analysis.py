"""What a finished sweep says: for each figure, which numbers carry it, by the design that was used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from hisim.outcomes.asked import Cell, array
from hisim.outcomes.uncertainty import chance_of
from hisim.studies import indices, information, store, study
from hisim.studies.cohorts import Definition
from hisim.studies.gather import cell_of, central_run, numbers, runs_of

RESAMPLES = 200
"""Bootstrap samples of intervals of indices."""


class Figure(NamedTuple):
    """One figure of a sweep: which, at which place, its central value and that of every run."""

    key: str
    estimand: str
    at: Mapping[str, Any]
    central: float
    chance: float
    """Monte Carlo standard error of the central value."""
    runs: np.ndarray


def figures_of(done: store.Study) -> Iterator[Figure]:
    """Every single figure of a sweep, in their order."""
    central = central_run(done)
    for cell in study.cells_of(done.definition):
        runs = runs_of(done, cell)
        for place, at in enumerate(_places(cell)):
            column = cell.start + place
            yield Figure(
                cell.key, cell.estimand, at, float(central[0, column]), float(central[1, column]), runs[:, place]
            )


def _places(cell: Cell) -> Iterator[dict[str, Any]]:
    sizes = [len(labels) for labels in cell.labels]
    for index in np.ndindex(*sizes):
        yield {dim: own[i] for dim, own, i in zip(cell.dims, cell.labels, index, strict=True)}


def names_of(definition: Definition) -> list[str]:
    """Paths of what varies."""
    return [str(one["path"]) for one in definition["uncertain"]]


def drawn_numbers(done: store.Study) -> np.ndarray:
    """What varies in every run, (run, number), where the analysis of the design looks at it; else nothing."""
    wanted = done.definition["kind"] in (study.DRAWS, study.LATIN, study.GRID)
    return numbers(done) if wanted else np.empty((0, 0))


def analysed(done: store.Study, figure: Figure, drawn: np.ndarray) -> xr.Dataset:
    """What carries one figure, by parameter: effects, indices or correlations, as the design allows.

    Parameters
    ----------
    drawn
        What :func:`drawn_numbers` gave.

    Returns
    -------
    xr.Dataset
        ``one_at_a_time``: low, high, swing, central. ``morris``: mu, mu_star with its interval, sigma. ``sobol``:
        first and total order (and second) with intervals. Others: partial rank correlations with intervals, nothing
        where there are too few runs for them.
    """
    definition, settings = done.definition, done.definition["design"]
    names, kind, values = names_of(definition), definition["kind"], figure.runs
    if kind == study.ONE_AT_A_TIME:
        return indices.tornado(np.concatenate([[figure.central], values]), names)
    if kind == study.SOBOL:
        return indices.sobol_indices(
            values, names, settings["size"], settings["seed"], settings["second_order"], resamples=RESAMPLES
        )
    if kind == study.MORRIS:
        points = study.points_in(definition, 1, int(definition["runs"]) + 1)
        return indices.morris_effects(points, values, names, settings["levels"])
    if len(values) < len(names) + 3:
        return xr.Dataset(coords={"parameter": names})
    return indices.rank_correlation(drawn, values, names)


class Chance(NamedTuple):
    """How likely a target is reached."""

    target: Mapping[str, Any]
    at: Mapping[str, Any]
    share: float
    error: float


def chances(done: store.Study) -> Iterator[Chance]:
    """The share of draws that reach each target, at each of its places."""
    for target in done.definition["targets"]:
        cell = cell_of(done, target["key"])
        runs = runs_of(done, cell)
        for place, at in enumerate(_places(cell)):
            share, error = chance_of(runs[:, place], target["at_least"], target["at_most"])
            yield Chance(target, at, share, error)


class Information(NamedTuple):
    """What it would be worth to know more before choosing between scenarios, carrying on as now among them."""

    options: list[str]
    benefit: np.ndarray
    """(draw, option) net health benefit [QALYs]."""
    perfect: xr.Dataset
    """Of knowing everything."""
    parts: xr.Dataset
    """Of knowing one number, for those that most may be gained by: (parameter,)."""


def value_of_information(done: store.Study, drawn: np.ndarray, most: int = 20) -> Information | None:
    """Value of information where the sweep asked for it, for the numbers whose rank correlations are largest."""
    rate = done.definition["opportunity_cost"]
    if rate is None:
        return None
    gained, cost = (_of_england(done, name) for name in ("qalys_gained", "total_cost"))
    benefit = gained - cost / float(rate)
    options = ["comparator", *map(str, benefit["scenario"].values)]
    values = np.concatenate([np.zeros((len(benefit), 1)), benefit.values], axis=1)
    names = names_of(done.definition)
    spread = values[:, 1:].max(axis=1)
    order = np.argsort(-np.abs([_correlation(drawn[:, i], spread) for i in range(len(names))]), kind="stable")[:most]
    parts = [information.partial(values, drawn[:, i]) for i in order]
    stacked = xr.concat(parts, "parameter").assign_coords(parameter=[names[i] for i in order])
    perfect = information.expected_value_of_perfect_information(values)
    return Information(options, values, perfect, stacked)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _of_england(done: store.Study, estimand: str) -> xr.DataArray:
    cell = next(
        cell for cell in study.cells_of(done.definition) if cell.estimand == estimand and ("all",) in cell.labels
    )
    return array(cell, runs_of(done, cell)).sel(quintile="all").transpose("draw", "scenario")
