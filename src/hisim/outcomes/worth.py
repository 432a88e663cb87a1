"""What each year of a projection is worth and costs: quality-adjusted years, care and programmes, discounted.

``values`` holds ``utility`` and ``nhs_cost`` as :data:`hisim.variables.INPUTS` does.

References
----------
.. [1] National Institute for Health and Clinical Excellence (2008). Guide to the methods of technology appraisal.
   London: NICE. Again in the edition of 2013 (PMG9), sections 5.5 and 5.6: 3.5 % a year for costs and for health.
.. [2] HM Treasury (2003, revised 2011). The Green Book: appraisal and evaluation in central government. London: TSO.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes.bands import QUINTILE_LABELS, add_total, require
from hisim.outcomes.withheld import area_attribute
from hisim.variables import INPUTS, PROJECTION

DISCOUNT = 0.035
"""Rate per year for costs and health alike: the reference case of NICE [1]_, after the Green Book [2]_."""


def discount_factors(years: xr.DataArray, rate: float) -> xr.DataArray:
    """Weight of each year, (year) [fraction]: (1 + rate)^-(year - first year), so the first counts in full.

    Raises
    ------
    ImpossibleModelError
        For a rate that is negative or not finite.
    """
    check_rate("discount", rate)
    weights = (1.0 + rate) ** -(years.values - years.values[0]).astype(float)
    return xr.DataArray(weights, {"year": years.values}, "year")


def qalys(projection: xr.Dataset, values: xr.Dataset, discount: float = DISCOUNT) -> xr.DataArray:
    """QALYs lived in each year: person-years times utility, discounted from the first year [1]_.

    Parameters
    ----------
    projection : with ``person_years`` (scenario, draw, year, quintile, sex, age).
    values : with ``utility`` (quintile, age) [QALY per year].
    discount : rate per year.

    Returns
    -------
    (scenario, draw, year, quintile) [QALYs].

    Raises
    ------
    ImpossibleModelError
        For a variable that is missing or not as declared, or a negative rate.
    """
    return _weighted_years(projection, values, "utility", discount)


def nhs_spend(projection: xr.Dataset, values: xr.Dataset, discount: float = DISCOUNT) -> xr.DataArray:
    """What the health service spends on everybody in each year, apart from the scenario's own programmes.

    Spending goes on for those who live longer, so a scenario that saves lives costs more here. The reference case of
    NICE [1]_ would leave care that has nothing to do with the intervention out; here all care is in.

    Parameters
    ----------
    projection : with ``person_years`` (scenario, draw, year, quintile, sex, age).
    values : with ``nhs_cost`` (quintile, sex, age) [GBP per person-year].
    discount : rate per year.

    Returns
    -------
    (scenario, draw, year, quintile) [GBP, at the prices of ``nhs_cost``].

    Raises
    ------
    ImpossibleModelError
        As :func:`qalys`.
    """
    return _weighted_years(projection, values, "nhs_cost", discount)


def programme_cost(projection: xr.Dataset, discount: float = DISCOUNT) -> xr.DataArray:
    """Cost of everything a scenario does beyond the comparator, in each year.

    Parameters
    ----------
    projection : with ``cost_gbp`` (scenario, draw, intervention, year, quintile) [GBP].
    discount : rate per year.

    Returns
    -------
    (scenario, draw, year, quintile) [GBP, at the price years that the interventions state].

    Raises
    ------
    ImpossibleModelError
        As :func:`qalys`.
    """
    require(projection, PROJECTION, "cost_gbp")
    cost = projection["cost_gbp"].sum("intervention", skipna=False)
    return discounted(cost, discount)


def yearly(projection: xr.Dataset, values: xr.Dataset) -> xr.Dataset:
    """What the benefits of scenarios are made of, by scenario, draw, year and quintile 1..5, undiscounted.

    Parameters
    ----------
    projection, values : as :func:`cost_effectiveness`.

    Returns
    -------
    ``qalys`` [QALYs], ``nhs_spend`` and ``programme_cost`` [GBP]. Those of several draws may be joined along ``draw``.

    Raises
    ------
    ImpossibleModelError
        As :func:`qalys`.
    """
    require(projection, PROJECTION, "cost_gbp")
    return xr.Dataset(
        {
            "qalys": _by_year(projection, values, "utility"),
            "nhs_spend": _by_year(projection, values, "nhs_cost"),
            "programme_cost": projection["cost_gbp"].sum("intervention", skipna=False),
        },
        attrs=area_attribute(projection),
    )


def check_rate(name: str, rate: float) -> None:
    """Raise for a rate that is negative or not finite."""
    if not (np.isfinite(rate) and rate >= 0):
        raise ImpossibleModelError(f"{name}: found {rate:g}; allowed: 0 or more, as a fraction per year")


def _weighted_years(projection: xr.Dataset, values: xr.Dataset, name: str, rate: float) -> xr.DataArray:
    return discounted(_by_year(projection, values, name), rate)


def _by_year(projection: xr.Dataset, values: xr.Dataset, name: str) -> xr.DataArray:
    require(projection, PROJECTION, "person_years")
    require(values, INPUTS, name)
    lived: xr.DataArray = xr.dot(projection["person_years"], values[name], dim=["sex", "age"])
    return lived


def discounted(values: xr.DataArray, rate: float) -> xr.DataArray:
    """``values`` of every year at their worth in the first, with England beside the fifths."""
    weighed = (values * discount_factors(values["year"], rate)).transpose("scenario", "draw", "year", "quintile")
    return add_total(weighed, "quintile", QUINTILE_LABELS)
