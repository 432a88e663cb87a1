"""Older people as a view of their own: what happens at 65 and over, and at 75 and over.

Deaths averted at those ages are the comparator's minus the scenario's *at those ages*: people who are saved younger
come to be old, and die there, so a scenario may avert fewer deaths at 75 and over than it postpones, or none.
Years of life and QALYs gained count years lived at those ages, whenever the death was postponed. With strata in the
projection every figure is by stratum too; errors are told in :mod:`hisim.outcomes.groups`.
"""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from hisim.outcomes.bands import require
from hisim.outcomes.comparison import reported_years
from hisim.outcomes.economics import DISCOUNT, discount_factors
from hisim.outcomes.groups import (
    COUNTED,
    OF_STRATA,
    band_utility,
    expectancy,
    gained,
    require_strata,
    with_errors,
    with_totals,
)
from hisim.variables import AGE_BAND_STARTS, PROJECTION

FROM_AGES = (65, 75)
"""Where old age begins [years]: each the start of an age band."""
ABOUT = {
    "deaths_averted": ("persons", "Deaths prevented or postponed at this age and over by the end of the year"),
    "years_of_life_gained": ("person-years", "Years of life gained at this age and over by the end of the year"),
    "qalys_gained": ("QALYs", "QALYs gained at this age and over by the end of the year"),
    "life_expectancy": ("years", "Life expectancy at this age"),
    "qale": ("quality-adjusted years", "Quality-adjusted life expectancy at this age"),
}
"""Unit and title of every figure."""


def older(
    projection: xr.Dataset,
    values: xr.Dataset,
    *,
    by: Sequence[int] | None = None,
    discount: float = DISCOUNT,
    calibrated: bool = True,
) -> xr.Dataset:
    """What every scenario does for people of 65 and over and of 75 and over, with Monte Carlo standard errors.

    Parameters
    ----------
    projection : with ``deaths``, ``person_years`` and their ``*_batch``; strata if there are any.
    values : with ``utility`` (quintile, age) [QALY per year].
    by : years to report beside the first; 2015 (if projected) and the last year by default.
    discount : rate per year of the QALYs gained, from the first year.
    calibrated : False for a projection made by the ``sampled`` estimator.

    Returns
    -------
    xr.Dataset
        By from_age (65, 75), scenario, draw, year, quintile ("1".."5", "all") and, with strata, stratum (with "all"),
        each with its error ``x_se``: from the first year to the end of each reported year ``deaths_averted``
        [persons], ``years_of_life_gained`` [person-years] and ``qalys_gained`` [QALYs] at that age and over; in each
        year ``life_expectancy`` [years] and ``qale`` [quality-adjusted years] at that age. Expectancies of fewer than
        5,000 person-years, at all ages, in the comparator's year are withheld.

    Raises
    ------
    ImpossibleModelError
        For a variable missing or not as declared, fewer than two batches, a year not projected, or a negative rate.
    """
    require(projection, PROJECTION, *COUNTED)
    if OF_STRATA[0] in projection:
        require_strata(projection, *OF_STRATA)
    years = reported_years(projection, by)
    utility, weights = band_utility(projection, values), discount_factors(projection["year"], discount)

    def estimates(data: xr.Dataset) -> xr.Dataset:
        whole = with_totals(data.assign(well=data["person_years"] * utility))
        return xr.concat([_from(whole, age, years, weights) for age in FROM_AGES], "from_age").assign_coords(
            from_age=list(FROM_AGES)
        )

    result = with_errors(projection, estimates, years, ABOUT, calibrated=calibrated)
    return result.assign_attrs(discount=discount)


def _from(whole: xr.Dataset, age: int, years: Sequence[int], weights: xr.DataArray) -> xr.Dataset:
    old, snapshot = whole.isel(age_band=slice(AGE_BAND_STARTS.index(age), None)), whole.sel(year=years)
    values = {
        "deaths_averted": -gained(old["deaths"]),
        "years_of_life_gained": gained(old["person_years"]),
        "qalys_gained": gained(old["well"], weights),
    }
    data = {name: one.sel(year=years) for name, one in values.items()}
    data["life_expectancy"] = expectancy(snapshot[["deaths", "person_years"]], age)
    data["qale"] = expectancy(snapshot, age)
    return xr.Dataset(data)
