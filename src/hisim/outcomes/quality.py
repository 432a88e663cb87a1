"""Years of life weighed by how well they are lived: quality-adjusted life expectancy, and how unequal it is.

Projections are as :data:`hisim.variables.PROJECTION` declares them; ``values`` holds ``utility`` as
:data:`hisim.variables.INPUTS` does.

References
----------
.. [1] Sullivan DF (1971). A single index of mortality and morbidity. HSMHA Health Reports 86: 347-354.
.. [2] Love-Koh J, Asaria M, Cookson R, Griffin S (2015). The social distribution of health: estimating
   quality-adjusted life expectancy in England. Value in Health 18: 655-662. doi:10.1016/j.jval.2015.03.1784
"""

from __future__ import annotations

import xarray as xr

from hisim.outcomes.bands import (
    ALL_CAUSES,
    add_places,
    banded,
    fifths,
    of_comparator,
    require,
    sum_ages,
    with_totals,
)
from hisim.outcomes.inequality import AVERSION, atkinson_index, equally_distributed_equivalent
from hisim.outcomes.lifetable import life_table
from hisim.outcomes.withheld import few_people
from hisim.variables import INPUTS, PROJECTION


def qale(projection: xr.Dataset, values: xr.Dataset) -> xr.DataArray:
    """Quality-adjusted life expectancy at birth by Sullivan's method [1]_, [2]_.

    A healthy life expectancy in which years count by their utility, not as healthy or not. The years that the life
    table (:mod:`hisim.outcomes.lifetable`) gives to each age band count at the band's mean utility. That mean is taken
    over the comparator's person-years by single age, quintile and sex, so that scenarios differ in mortality alone.

    Parameters
    ----------
    projection : with ``deaths`` and ``person_years``.
    values : with ``utility`` (quintile, age) [QALY per year].

    Returns
    -------
    (scenario, draw, year, quintile, sex) [quality-adjusted years], ``sex`` with "Persons".

    Raises
    ------
    ImpossibleModelError
        For a variable that is missing or not as declared.
    """
    require(projection, PROJECTION, "deaths", "person_years")
    require(values, INPUTS, "utility")
    data = with_totals(banded(projection))
    died, lived = data["deaths"].sel(cause_group=ALL_CAUSES, drop=True), data["person_years"]
    well = add_places(sum_ages(of_comparator(projection["person_years"]) * values["utility"]))
    years: xr.DataArray = xr.apply_ufunc(
        lambda deaths, population: life_table(deaths, population).person_years,
        died,
        lived,
        input_core_dims=[["age_band"], ["age_band"]],
        output_core_dims=[["age_band"]],
    )
    expected: xr.DataArray = xr.dot(years, well / of_comparator(lived), dim="age_band")
    expected = few_people(expected.transpose(*(dim for dim in died.dims if dim != "age_band")), data).rename("qale")
    return expected.assign_attrs(units="quality-adjusted years", long_name="Quality-adjusted life expectancy at birth")


def qale_distribution(projection: xr.Dataset, values: xr.Dataset, *, aversion: float = AVERSION) -> xr.Dataset:
    """:func:`qale` with its equally distributed equivalent and Atkinson index across the five fifths.

    Returns
    -------
    xr.Dataset
        ``qale`` (scenario, draw, year, quintile, sex) and, without ``quintile``, ``qale_ede`` [quality-adjusted
        years] and ``qale_atkinson`` [fraction]. Fifths are weighted with the comparator's person-years.

    Raises
    ------
    ImpossibleModelError
        As :func:`qale`, or for a negative ``aversion``.
    """
    expected = qale(projection, values)
    people = fifths(add_places(of_comparator(projection["person_years"]).sum("age", skipna=False)))
    equal = equally_distributed_equivalent(fifths(expected), people, aversion)
    index = atkinson_index(fifths(expected), people, aversion)
    title = "Quality-adjusted life expectancy at birth"
    equal = equal.assign_attrs(units=expected.attrs["units"], long_name=f"{title}: equally distributed equivalent")
    index = index.assign_attrs(units="fraction", long_name=f"{title}: Atkinson index")
    return xr.Dataset({"qale": expected, "qale_ede": equal, "qale_atkinson": index}, attrs={"aversion": aversion})
