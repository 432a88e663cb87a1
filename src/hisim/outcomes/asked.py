"""Figures that a study keeps of every run: estimands at some years and places, and the same as one row of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError, nearest_name
from hisim.outcomes.bands import ALL_CAUSES, PERSONS, banded, with_totals
from hisim.outcomes.comparison import reported_years
from hisim.outcomes.economics import effects_of, yearly
from hisim.outcomes.estimands import (
    BENEFITS,
    BURDEN,
    ESTIMANDS,
    INEQUALITIES,
    LEVELS,
    UNEQUAL,
    WELFARE,
    ranked_population,
)
from hisim.outcomes.jackknife import monte_carlo_se
from hisim.variables import COMPARATOR

ECONOMIC: Mapping[str, tuple[str, str, str]] = {
    "qalys_gained": ("QALYs", "QALYs gained, gross", "higher"),
    "programme_cost": ("GBP", "Cost of the scenario's programmes", "lower"),
    "total_cost": ("GBP", "Programmes and other care together", "lower"),
    "net_health_benefit": ("QALYs", "QALYs gained minus QALYs displaced", "higher"),
}
"""Figures of :func:`hisim.outcomes.economics.cost_effectiveness` that may be asked for: unit, title, which is good."""
DIMS = ("scenario", "year", "quintile", "sex", "cause_group")
"""Dimensions that a figure may be narrowed along."""
CHANGE = "_change"
"""Ends the key of a figure that is a scenario's minus the comparator's."""
EVERY_YEAR = "_by_year"
"""Ends the key of a figure that is kept for every year as well."""


class Asked(NamedTuple):
    """One estimand, at some of its places; every place of a dimension that is not named."""

    key: str
    """The name it has among the figures."""
    estimand: str
    at: Mapping[str, tuple[Any, ...]]
    change: bool = False
    """Minus the comparator's, for what is not a difference already."""


class Cell(NamedTuple):
    """Where one figure lies in a row: dimensions and labels in order, and the slice."""

    key: str
    estimand: str
    dims: tuple[str, ...]
    labels: tuple[tuple[Any, ...], ...]
    start: int
    stop: int


def everything(years: Sequence[int], by: Sequence[int] | None = None) -> list[Asked]:
    """What a comparison reports at its years, cost effectiveness, and deaths averted and the gap in every year."""
    data = xr.Dataset(coords={"year": list(years)})
    at = {"year": tuple(reported_years(data, by))}
    levels = [one.name for one in (*LEVELS, *INEQUALITIES, *WELFARE)]
    names = [*(one.name for one in (*BENEFITS, *BURDEN)), *levels]
    series = {"sex": (PERSONS,), "cause_group": (ALL_CAUSES,)}
    averted, gap = "deaths_averted_cumulative", "life_expectancy_0_gap_average"
    return [
        *(Asked(name, name, at) for name in names),
        *(Asked(name + CHANGE, name, at, True) for name in levels),
        *(Asked(name, name, {}) for name in ECONOMIC),
        Asked(averted + EVERY_YEAR, averted, series),
        Asked(gap + CHANGE + EVERY_YEAR, gap, {}, True),
    ]


def known_estimands() -> tuple[str, ...]:
    """Every name that may be asked for."""
    return (*ESTIMANDS, *ECONOMIC)


def described(name: str) -> dict[str, str]:
    """Unit, title and which way is good of an estimand or figure of economics."""
    if name in ECONOMIC:
        units, title, good = ECONOMIC[name]
        return {"units": units, "long_name": title, "good": good}
    one = ESTIMANDS[name]
    return {"units": one.unit, "long_name": one.title, "good": one.good}


def reduced(projection: xr.Dataset, inputs: xr.Dataset) -> xr.Dataset:
    """What :func:`figures` reads of a projection: a small part of it. Parts of several draws may be joined."""
    return banded(projection).merge(yearly(projection, inputs), join="exact")


def joined(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """What :func:`reduced` gave of several projections with the same labels, along ``draw``."""
    first = parts[0]
    draws = np.concatenate([one["draw"].values for one in parts])
    data = {}
    for name, values in first.data_vars.items():
        axis = values.get_axis_num("draw")
        assert isinstance(axis, int)
        data[name] = (values.dims, np.concatenate([one[name].values for one in parts], axis=axis))
    labels = {dim: first[dim].values for dim in first.dims if dim != "draw"}
    return xr.Dataset(data, {**labels, "draw": draws}, first.attrs)


def figures(data: xr.Dataset, asked: Sequence[Asked]) -> dict[str, xr.DataArray]:
    """Everything ``asked`` of what :func:`reduced` or :func:`joined` gave, draws first.

    Raises
    ------
    ImpossibleModelError
        For an estimand or a label that is not there.
    """
    economic = [one for one in asked if one.estimand in ECONOMIC]
    found = _of_deaths(data.drop_vars(["qalys", "nhs_spend", "programme_cost"]), asked)
    if economic:
        effects = effects_of(data[["qalys", "nhs_spend", "programme_cost"]])
        found |= {one.key: _narrowed(effects[one.estimand], one) for one in economic}
    return {one.key: found[one.key].transpose("draw", ...) for one in asked if one.key in found}


def _of_deaths(data: xr.Dataset, asked: Sequence[Asked]) -> dict[str, xr.DataArray]:
    """What rests on deaths and person-years; each estimand is worked out once."""
    data = with_totals(data)
    wanted = [one for one in asked if one.estimand not in ECONOMIC]
    for one in wanted:
        if one.estimand not in ESTIMANDS:
            raise _unknown("estimand", one.estimand, known_estimands())
    found: dict[str, xr.DataArray] = {}
    known: dict[tuple[str, tuple[int, ...] | None], xr.DataArray] = {}
    snapshots: dict[tuple[int, ...] | None, xr.Dataset] = {None: data}
    for one in wanted:
        estimand = ESTIMANDS[one.estimand]
        if estimand.reads not in data:
            continue
        years = None if estimand.against_comparator else one.at.get("year")
        if years not in snapshots:
            snapshots[years] = _years(data, one)
        found[one.key] = _narrowed(_computed(one.estimand, snapshots[years], years, known), one)
    return found


def _computed(
    name: str,
    data: xr.Dataset,
    years: tuple[int, ...] | None,
    known: dict[tuple[str, tuple[int, ...] | None], xr.DataArray],
) -> xr.DataArray:
    """One estimand of the data of some years; it and the level it is of are worked out once."""
    if (name, years) not in known:
        if name in UNEQUAL:
            level, measure = UNEQUAL[name]
            values = _computed(level.name, data, years, known)
            if ("ranked", years) not in known:
                known["ranked", years] = ranked_population(data)
            known[name, years] = measure.compute(values, known["ranked", years], level.good == "higher")
        else:
            known[name, years] = ESTIMANDS[name].compute(data)
    return known[name, years]


def _years(data: xr.Dataset, one: Asked) -> xr.Dataset:
    years = data["year"].values.tolist()
    for year in one.at["year"]:
        if year not in years:
            raise ImpossibleModelError(
                f"{one.key}, year: found {year}; allowed: a projected year, {years[0]} to {years[-1]}"
            )
    return data.sel(year=list(one.at["year"]))


def _narrowed(values: xr.DataArray, one: Asked) -> xr.DataArray:
    """``values`` at the places asked for; the comparator's differences from itself are left out."""
    against = one.change or one.estimand in ECONOMIC or ESTIMANDS[one.estimand].against_comparator
    if one.change:
        values = values - values.sel(scenario=COMPARATOR, drop=True)
    at = {dim: list(labels) for dim, labels in one.at.items() if dim in values.dims}
    if against and "scenario" in values.dims and "scenario" not in at:
        at["scenario"] = [name for name in values["scenario"].values.tolist() if name != COMPARATOR]
    for dim, labels in at.items():
        there = values[dim].values.tolist()
        wrong = next((label for label in labels if label not in there), None)
        if wrong is not None:
            raise _unknown(f"{one.key}, {dim}", wrong, [str(label) for label in there])
    return values.sel(at) if at else values


def _unknown(what: str, found: object, allowed: Sequence[str]) -> ImpossibleModelError:
    near = nearest_name(str(found), allowed)
    hint = f"; did you mean '{near}'?" if near else ""
    return ImpossibleModelError(f"{what}: found '{found}'; allowed: {', '.join(allowed)}{hint}")


def chance_in(
    projection: xr.Dataset, asked: Sequence[Asked], found: Mapping[str, xr.DataArray], *, calibrated: bool
) -> dict[str, xr.DataArray]:
    """Monte Carlo standard errors of ``found``, what :func:`figures` gave for ``asked``; NaN for economics."""
    wanted = [one for one in asked if one.estimand not in ECONOMIC]

    def estimates(data: xr.Dataset) -> xr.Dataset:
        return xr.Dataset(_unaligned(_of_deaths(data, wanted)))

    errors = monte_carlo_se(projection, estimates, calibrated=calibrated)
    out = {}
    for key, values in found.items():
        there = key in errors
        out[key] = _aligned(errors[key], values) if there else xr.full_like(values, np.nan)
    return out


def _unaligned(found: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """The same with names of dimensions of each figure's own, so that a dataset does not join their labels."""
    return {
        key: values.rename({dim: f"{dim} of {key}" for dim in values.dims if dim in DIMS})
        for key, values in found.items()
    }


def _aligned(values: xr.DataArray, like: xr.DataArray) -> xr.DataArray:
    own = values.rename({dim: str(dim).split(" of ")[0] for dim in values.dims if " of " in str(dim)})
    return own.transpose(*like.dims)


def layout(found: Mapping[str, xr.DataArray], asked: Iterable[Asked]) -> list[Cell]:
    """Where each figure lies in a row."""
    names, cells, start = {one.key: one.estimand for one in asked}, [], 0
    for key, every in found.items():
        values = every.isel(draw=0)
        dims = tuple(map(str, values.dims))
        labels = tuple(tuple(values[dim].values.tolist()) for dim in dims)
        cells.append(Cell(key, names[key], dims, labels, start, start + values.size))
        start += values.size
    return cells


def rows(found: Mapping[str, xr.DataArray]) -> np.ndarray:
    """The figures of every draw as a row, (draw, figures) float64."""
    return np.concatenate([np.asarray(one.values, np.float64).reshape(len(one), -1) for one in found.values()], axis=1)


def array(cell: Cell, values: np.ndarray, dim: str = "draw", labels: Sequence[Any] | None = None) -> xr.DataArray:
    """One figure of rows (run, cells) as an array with ``dim`` first; of one row (cells,) without it."""
    sizes = [len(one) for one in cell.labels]
    coords: dict[str, Any] = {name: list(own) for name, own in zip(cell.dims, cell.labels, strict=True)}
    whole = np.asarray(values)
    if whole.ndim == 1:
        made = xr.DataArray(whole.reshape(sizes), coords, cell.dims)
    else:
        coords[dim] = list(range(len(whole))) if labels is None else list(labels)
        made = xr.DataArray(whole.reshape([len(whole), *sizes]), coords, (dim, *cell.dims))
    return made.rename(cell.key).assign_attrs(described(cell.estimand))
