"""What is not said of few people: the rules of published figures for small areas, in one place.

Life expectancy is withheld for 5,000 people or fewer, and rates for fewer than 10 deaths in the year, as in the tables
of the Public Health Outcomes Framework: not-a-number, in everything that is made of them too. Both are judged by the
comparator, so that a figure is there for every scenario or for none. Runs of England are not looked at: no fifth of
it is small.
"""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from hisim.areas import ENGLAND
from hisim.variables import COMPARATOR, QUINTILES

MOST_WITHHELD_PEOPLE, FEWEST_DEATHS = 5_000, 10
AREA = "area"
"""Attribute of datasets of deaths that are of an area within England."""
FIFTHS_OF_AREA = "people_by_fifth"
"""Attribute beside it: person-years of the comparator's first year by quintile, as JSON."""


def area_attribute(projection: xr.Dataset) -> dict[str, str]:
    """What marks a dataset made of ``projection`` as one of an area; nothing for England."""
    area = str(projection.attrs.get(AREA, ENGLAND))
    if area == ENGLAND:
        return {}
    if FIFTHS_OF_AREA in projection.attrs:
        return {name: str(projection.attrs[name]) for name in (AREA, FIFTHS_OF_AREA)}
    people = _of_comparator(projection["person_years"]).isel(draw=0, year=0)
    fifths = people.sum([dim for dim in people.dims if dim != "quintile"]).values
    return {AREA: area, FIFTHS_OF_AREA: json.dumps(fifths.tolist())}


def few_people(values: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """``values`` (..., year, quintile, sex), not-a-number where 5,000 people or fewer live.

    Parameters
    ----------
    data : with totals, ``person_years`` (..., year, quintile, sex, age_band) [person-years].
    """
    if AREA not in data.attrs:
        return values
    return values.where(_of_comparator(data["person_years"]).sum("age_band") > MOST_WITHHELD_PEOPLE)


def few_deaths(values: xr.DataArray, deaths: xr.DataArray, data: xr.Dataset) -> xr.DataArray:
    """``values`` (..., year, quintile, sex), not-a-number where ``deaths`` of the same dimensions are below 10."""
    if AREA not in data.attrs:
        return values
    return values.where(_of_comparator(deaths) >= FEWEST_DEATHS)


def empty_fifths(projection: xr.Dataset) -> list[int]:
    """Quintiles in which nobody lives."""
    lived = projection["person_years"].sum([dim for dim in projection["person_years"].dims if dim != "quintile"])
    return [quintile for quintile in QUINTILES if float(lived.sel(quintile=quintile)) == 0]


def small_fifths(projection: xr.Dataset) -> list[int]:
    """Quintiles with 5,000 people or fewer of either sex in the first year, but some."""
    first = _of_comparator(projection["person_years"]).isel(draw=0, year=0).sum("age").min("sex")
    empty = empty_fifths(projection)
    return [q for q in QUINTILES if q not in empty and float(first.sel(quintile=q)) <= MOST_WITHHELD_PEOPLE]


def yearly_deaths(projection: xr.Dataset) -> tuple[float, float, float]:
    """Deaths in the comparator's first year, and the 95 % limits that chance gives a count with that mean [deaths]."""
    count = float(_of_comparator(projection["deaths"]).isel(draw=0, year=0).sum())
    low, high = _limits(count)
    return count, low, high


def _limits(mean: float) -> tuple[float, float]:
    """Between which a Poisson count of that mean lies in 95 of 100 years."""
    from scipy.special import pdtrik

    low, high = (np.ceil(pdtrik(share, mean)) for share in (0.025, 0.975))
    return float(low), float(high)


def _of_comparator(values: xr.DataArray) -> xr.DataArray:
    return values.sel(scenario=COMPARATOR, drop=True) if "scenario" in values.dims else values
