"""From a projection by single age and cause to the banded table with totals that every estimand reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.variables import AGE_BAND_STARTS, AGE_BANDS, CAUSE_GROUPS, CAUSES, COMPARATOR, QUINTILES, SEXES

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
    projection : ``deaths`` (..., age, cause) [persons] and ``person_years`` (..., age) [person-years].

    Returns
    -------
    xr.Dataset
        The same variables with ``age_band`` in the place of ``age``.
    """
    return xr.Dataset({name: _sum_ages(projection[name]) for name in ("deaths", "person_years")})


def _sum_ages(values: xr.DataArray) -> xr.DataArray:
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
        (..., year, quintile, sex, age_band) [person-years]; any dimensions before those. A dataset that
        already has its totals comes back as it is.

    Returns
    -------
    xr.Dataset
        ``quintile`` is "1".."5" and "all" (England); ``sex`` gains "Persons"; ``cause`` becomes
        ``cause_group``, whose last label is "All causes". Totals sit on the same axes as their parts: select,
        never sum, along those three axes.
    """
    if "cause_group" in dataset["deaths"].dims:
        return dataset
    deaths = add_total(group_causes(dataset["deaths"]), "cause_group", CAUSE_GROUP_LABELS)
    return xr.Dataset({"deaths": _places(deaths), "person_years": _places(dataset["person_years"])})


def _places(values: xr.DataArray) -> xr.DataArray:
    return add_total(add_total(values, "sex", SEX_LABELS), "quintile", QUINTILE_LABELS)


def of_comparator(values: xr.DataArray) -> xr.DataArray:
    """The comparator's part of ``values``; all of it where there is one scenario only and no such dimension."""
    return values.sel(scenario=COMPARATOR, drop=True) if "scenario" in values.dims else values


def fifths(values: xr.DataArray) -> xr.DataArray:
    """The five fifths, without England."""
    return values.sel(quintile=list(FIFTHS))
