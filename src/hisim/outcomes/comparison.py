"""Scenarios beside their comparator: what changes, by when, for whom, and how sure the simulation is of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import xarray as xr

if TYPE_CHECKING:
    import pandas as pd

from hisim.errors import ImpossibleModelError, nearest_name
from hisim.outcomes.bands import banded, with_totals
from hisim.outcomes.estimands import (
    BENEFITS,
    BURDEN,
    ESTIMANDS,
    LEVELS,
    MEASURES,
    WELFARE,
    Estimand,
    attributes,
    ranked_population,
)
from hisim.outcomes.jackknife import monte_carlo_se
from hisim.outcomes.withheld import area_attribute
from hisim.variables import COMPARATOR, PROJECTION, check

TARGET_YEAR = 2015
"""Year named in the plans that the packaged scenarios answer; reported when it is in the projection."""
NEEDED = ("deaths", "person_years", "deaths_batch", "person_years_batch")
SE = "_se"
COLUMNS = (
    "estimand", "scenario", "year", "quintile", "sex", "cause_group", "value", "monte_carlo_se", "unit", "title",
)  # fmt: skip
OVERLAP = "overlap"


def compare(
    projection: xr.Dataset,
    *,
    by: Sequence[int] | None = None,
    mix: str | None = None,
    parts: Sequence[str] = (),
    calibrated: bool = True,
) -> xr.Dataset:
    """Every scenario of a projection beside its comparator, with Monte Carlo standard errors.

    Parameters
    ----------
    projection : as :data:`hisim.variables.PROJECTION` declares it; without ``winter_share``, excess winter deaths
        are left out.
    by : years to report beside the first; 2015 (if projected) and the last year by default. Benefits are
        cumulative from the first year to the end of each of them.
    mix, parts : a scenario that does several things, and the scenarios that do each alone, for ``overlap``:
        deaths averted by the parts, added up, minus deaths averted by the mix.
    calibrated : False for a projection made by the ``sampled`` estimator (see
        :func:`hisim.outcomes.jackknife.monte_carlo_se`).

    Returns
    -------
    xr.Dataset
        For each estimand ``x`` of :data:`hisim.outcomes.estimands.ESTIMANDS` reported here, ``x`` and its
        Monte Carlo standard error ``x_se``, by scenario, draw, year and, where they apply, quintile
        ("1".."5", "all"), sex (with "Persons") and cause_group (with "All causes"). Differences from the
        comparator are zero for the comparator itself.

    Raises
    ------
    ImpossibleModelError
        For a year outside the projection, or a scenario that is not in it.
    """
    check(projection, PROJECTION, required=NEEDED)
    years = reported_years(projection, by)
    _check_scenarios(projection, mix, parts)
    estimates = partial(_estimates, years=years, mix=mix, parts=tuple(parts))
    values = estimates(banded(projection))
    errors = monte_carlo_se(projection, estimates, calibrated=calibrated)
    result = values.merge(errors.rename({name: f"{name}{SE}" for name in errors.data_vars}), combine_attrs="override")
    return _described(result, projection, years, mix, parts)


def tidy(comparison: xr.Dataset, *, draw: int = 0) -> pd.DataFrame:
    """A comparison as one long table, a row for each figure, for CSV files and printed tables.

    Columns are :data:`COLUMNS`; ``cause_group``, ``quintile`` and ``sex`` are empty text where they do not
    apply. The comparator's zero differences from itself are left out; withheld figures stay, as missing.

    Parameters
    ----------
    comparison : what :func:`compare` returned.
    draw : which joint draw of the uncertain inputs; 0 holds the central values.
    """
    import pandas as pd

    one = comparison.sel(draw=draw, drop=True)
    names = [str(name) for name in one.data_vars if f"{name}{SE}" in one]
    mix = str(comparison.attrs.get("mix", ""))
    table = pd.concat([_rows(one[name], one[f"{name}{SE}"], mix) for name in names], ignore_index=True)
    return table[list(COLUMNS)]


def _rows(values: xr.DataArray, errors: xr.DataArray, mix: str) -> pd.DataFrame:
    name, attrs = str(values.name), values.attrs
    if "scenario" in values.dims and name in ESTIMANDS and ESTIMANDS[name].against_comparator:
        others = [one for one in values["scenario"].values.tolist() if one != COMPARATOR]
        values, errors = values.sel(scenario=others), errors.sel(scenario=others)
    table = values.rename("value").to_dataframe().reset_index()
    table["monte_carlo_se"] = errors.transpose(*values.dims).values.ravel()
    blank = {"scenario": mix, "quintile": "", "sex": "", "cause_group": ""}
    added = {column: text for column, text in blank.items() if column not in table}
    return table.assign(estimand=name, title=attrs["long_name"], unit=attrs["units"], **added)


def reported_years(projection: xr.Dataset, by: Sequence[int] | None) -> list[int]:
    """The first year and those of ``by``; 2015 (if projected) and the last year by default.

    Raises
    ------
    ImpossibleModelError
        For a year outside the projection.
    """
    years = [int(year) for year in projection["year"].values]
    asked = [year for year in (TARGET_YEAR, years[-1]) if year in years] if by is None else [int(year) for year in by]
    for year in asked:
        if year not in years:
            raise ImpossibleModelError(f"by: found {year}; allowed: a projected year, {years[0]} to {years[-1]}")
    return sorted({years[0], *asked})


def _check_scenarios(projection: xr.Dataset, mix: str | None, parts: Sequence[str]) -> None:
    names = [str(name) for name in projection["scenario"].values]
    for name in (COMPARATOR, *(() if mix is None else (mix,)), *parts):
        if name not in names:
            near = nearest_name(name, names)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ImpossibleModelError(f"scenario: found '{name}'; allowed: {', '.join(names)}{hint}")
    if (mix is None) != (not parts):
        raise ImpossibleModelError("overlap: found a mix without parts, or parts without a mix; allowed: both")


def _estimates(dataset: xr.Dataset, *, years: Sequence[int], mix: str | None, parts: tuple[str, ...]) -> xr.Dataset:
    """Everything :func:`compare` reports, of one banded dataset or of a stack of replicates."""
    data = with_totals(dataset)
    values = {one.name: one.compute(data).sel(year=years) for one in (*BENEFITS, *BURDEN) if one.reads in data}
    snapshot = data.sel(year=years)
    values |= {one.name: one.compute(snapshot) for one in WELFARE}
    population = ranked_population(snapshot)
    for level in LEVELS:
        values[level.name] = level.compute(snapshot)
        for measure in MEASURES:
            unequal = measure.compute(values[level.name], population, level.good == "higher")
            values[f"{level.name}_{measure.suffix}"] = unequal
    if mix is not None:
        averted = values["deaths_averted_cumulative"]
        values[OVERLAP] = averted.sel(scenario=list(parts)).sum("scenario") - averted.sel(scenario=mix, drop=True)
    return xr.Dataset(values)


def _described(
    result: xr.Dataset, projection: xr.Dataset, years: Sequence[int], mix: str | None, parts: Sequence[str]
) -> xr.Dataset:
    for name in map(str, result.data_vars):
        plain = name.removesuffix(SE)
        attrs = attributes(ESTIMANDS[plain] if plain in ESTIMANDS else _overlap_estimand())
        if area_attribute(projection):
            attrs = {key: text.replace("England", "the whole area") for key, text in attrs.items()}
        if plain != name:
            attrs["long_name"] += ": Monte Carlo standard error"
        result.variables[name].attrs = result.variables[name].attrs | attrs
    told = {"years_reported": ", ".join(map(str, years)), "comparator": COMPARATOR}
    if mix is not None:
        told |= {"mix": mix, "parts": ", ".join(parts)}
    return result.assign_attrs(projection.attrs | told)


def _overlap_estimand() -> Estimand:
    averted = ESTIMANDS["deaths_averted_cumulative"]
    title = f"{averted.title}: the parts added up, minus the mix"
    return replace(averted, name=OVERLAP, good="not applicable", title=title, source="sum of parts minus mix")
