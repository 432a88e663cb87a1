"""From a projection by single age and cause to the banded table with totals that every estimand reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes.withheld import area_attribute
from hisim.variables import (
    AGE_BAND_STARTS,
    AGE_BANDS,
    CAUSE_GROUPS,
    CAUSES,
    COMPARATOR,
    QUINTILES,
    SEXES,
    Variable,
    check,
)

ALL_CAUSES = "All causes"
ENGLAND = "all"
PERSONS = "Persons"
CAUSE_GROUP_LABELS = (*CAUSE_GROUPS, ALL_CAUSES)
QUINTILE_LABELS = (*(str(quintile) for quintile in QUINTILES), ENGLAND)
"""Quintiles as text, because the last label is "all": NetCDF cannot hold numbers and words on one axis."""
FIFTHS = QUINTILE_LABELS[:-1]
SEX_LABELS = (*SEXES, PERSONS)


def banded(projection: xr.Dataset) -> xr.Dataset:
    """``deaths`` and ``person_years`` of a projection, with single ages summed into age bands.

    Parameters
    ----------
    projection : ``deaths`` (..., age, cause) [persons] and ``person_years`` (..., age) [person-years]; if it has
        it, ``winter_share`` (..., age) [fraction of deaths].

    Returns
    -------
    xr.Dataset
        The same variables with ``age_band`` in the place of ``age``. A band's winter share is the mean of its
        ages', weighted with the deaths of the same scenario, year, quintile and sex, so that share times deaths
        of a band is the sum over its ages; 0 where nobody dies.
    """
    data = xr.Dataset({name: sum_ages(projection[name]) for name in ("deaths", "person_years")})
    data.attrs |= area_attribute(projection)
    if "winter_share" in projection:
        died = projection["deaths"].sum("cause", skipna=False)
        whole = sum_ages(died)
        data["winter_share"] = (sum_ages(died * projection["winter_share"]) / whole).where(whole != 0, 0.0)
    return data


def sum_ages(values: xr.DataArray) -> xr.DataArray:
    """``values`` by single ``age`` 0..100 summed into ``age_band``, on the same axis."""
    axis = values.get_axis_num("age")
    assert isinstance(axis, int)
    summed = np.add.reduceat(values.values, AGE_BAND_STARTS, axis=axis)
    dims = ["age_band" if dim == "age" else dim for dim in values.dims]
    coords = {str(dim): values[dim].values for dim in values.dims if dim != "age" and dim in values.coords}
    return xr.DataArray(summed, {**coords, "age_band": list(AGE_BANDS)}, dims)


def group_causes(deaths: xr.DataArray, groups: Mapping[str, Sequence[str]] = CAUSE_GROUPS) -> xr.DataArray:
    """Sum causes into groups that share no cause and leave none out, so that the groups may be added.

    Parameters
    ----------
    deaths : (..., cause) [persons], the dimension ``cause`` last.

    Raises
    ------
    ImpossibleModelError
        If a cause is in two groups, or in none.
    """
    members = [cause for group in groups.values() for cause in group]
    twice = sorted({cause for cause in members if members.count(cause) > 1})
    if twice:
        raise ImpossibleModelError(f"cause groups: found {', '.join(twice)} in two groups; allowed: each cause in one")
    if set(members) != set(CAUSES):
        raise ImpossibleModelError(f"cause groups: found {len(members)} causes; allowed: all {len(CAUSES)}")
    values = deaths.transpose(..., "cause")
    place = {cause: index for index, cause in enumerate(values["cause"].values.tolist())}
    out = np.empty((*values.shape[:-1], len(groups)))
    for index, group in enumerate(groups.values()):
        out[..., index] = values.values[..., place[group[0]]]
        for cause in group[1:]:
            out[..., index] += values.values[..., place[cause]]
    coords = {str(dim): values[dim].values for dim in values.dims[:-1] if dim in values.coords}
    return xr.DataArray(out, {**coords, "cause_group": list(groups)}, (*values.dims[:-1], "cause_group"))


def add_total(values: xr.DataArray, dim: str, labels: Sequence[str]) -> xr.DataArray:
    """``values`` with their sum over ``dim`` appended under the last of ``labels``."""
    axis = values.get_axis_num(dim)
    assert isinstance(axis, int)
    total = values.values.sum(axis=axis, keepdims=True)
    coords = {str(other): values[other].values for other in values.dims if other != dim and other in values.coords}
    return xr.DataArray(np.concatenate([values.values, total], axis), {**coords, dim: list(labels)}, values.dims)


def with_totals(dataset: xr.Dataset) -> xr.Dataset:
    """A banded dataset with causes grouped, and all causes, Persons and England beside their parts.

    Parameters
    ----------
    dataset : ``deaths`` (..., year, quintile, sex, age_band, cause) [persons] and ``person_years``
        (..., year, quintile, sex, age_band) [person-years]; any dimensions before those. A ``winter_share`` of
        the shape of ``person_years`` is optional. A dataset that already has its totals comes back as it is.

    Returns
    -------
    xr.Dataset
        ``quintile`` is "1".."5" and "all" (England); ``sex`` gains "Persons"; ``cause`` becomes
        ``cause_group``, whose last label is "All causes". Totals sit on the same axes as their parts: select,
        never sum, along those three axes. Shares cannot be summed, so ``winter_share`` becomes ``winter_deaths``
        (..., quintile, sex, age_band) [persons], deaths from all causes times share.
    """
    if "cause_group" in dataset["deaths"].dims:
        return dataset
    deaths = add_total(group_causes(dataset["deaths"]), "cause_group", CAUSE_GROUP_LABELS)
    data = {"deaths": add_places(deaths), "person_years": add_places(dataset["person_years"])}
    if "winter_share" in dataset:
        data["winter_deaths"] = add_places(dataset["deaths"].sum("cause", skipna=False) * dataset["winter_share"])
    return xr.Dataset(data, attrs=area_attribute(dataset))


def add_places(values: xr.DataArray) -> xr.DataArray:
    """``values`` (..., quintile, sex, ...) that may be summed, with Persons and England beside their parts."""
    return add_total(add_total(values, "sex", SEX_LABELS), "quintile", QUINTILE_LABELS)


def require(dataset: xr.Dataset, dictionary: Mapping[str, Variable], *names: str) -> None:
    """Raise unless ``names`` are in the dataset as the dictionary declares them; the rest of it is not looked at.

    Raises
    ------
    ImpossibleModelError
        As :func:`hisim.variables.check`.
    """
    check(xr.Dataset({name: dataset[name] for name in names if name in dataset}), dictionary, required=names)


def of_comparator(values: xr.DataArray) -> xr.DataArray:
    """The comparator's part of ``values``; all of it where there is one scenario only and no such dimension."""
    return values.sel(scenario=COMPARATOR, drop=True) if "scenario" in values.dims else values


def fifths(values: xr.DataArray) -> xr.DataArray:
    """The five fifths, without England."""
    return values.sel(quintile=list(FIFTHS))
