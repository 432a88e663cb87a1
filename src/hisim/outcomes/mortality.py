"""Deaths, deaths averted, years of life gained and lost, and rates: each a function of a banded dataset.

Every function takes the dataset of :func:`hisim.outcomes.bands.with_totals` (or a banded one, which is
given its totals first) and keeps whatever dimensions lie before ``year``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes import bands, lifetable, standardised, withheld
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, of_comparator, with_totals
from hisim.variables import AGE_BAND_STARTS, SEXES

PER = 100_000.0
INFANT_PER = 1_000.0


def deaths(dataset: xr.Dataset) -> xr.DataArray:
    """Deaths at all ages in each year, (..., year, quintile, sex, cause_group) [persons]."""
    return with_totals(dataset)["deaths"].sum("age_band", skipna=False)


def deaths_averted(dataset: xr.Dataset) -> xr.DataArray:
    """Deaths of the comparator minus deaths of the scenario, in each year [persons].

    Deaths are postponed, so a later year's difference shrinks and may turn negative.
    """
    total = deaths(dataset)
    return (of_comparator(total) - total).transpose(*total.dims)


def deaths_averted_cumulative(dataset: xr.Dataset) -> xr.DataArray:
    """Deaths averted from the first year to the end of each year [persons]."""
    return deaths_averted(dataset).cumsum("year", skipna=False)


def deaths_averted_per_100000(dataset: xr.Dataset) -> xr.DataArray:
    """Cumulative deaths averted over the comparator's *cumulative* person-years [per 100,000 person-years].

    Both run from the first year to the end of each year: one year's people under many years' benefit would
    give each fifth the wrong weight wherever populations grow at different rates.
    """
    averted = deaths_averted_cumulative(dataset)
    return (averted / cumulative_person_years(dataset) * PER).transpose(*averted.dims)


def excess_winter_deaths(dataset: xr.Dataset) -> xr.DataArray:
    """Excess winter deaths at all ages in each year, (..., year, quintile, sex) [persons].

    Deaths from all causes times the share of them that is over the deaths of the months without winter
    (December to March against the mean of the other months, as the Office for National Statistics counts them).

    Raises
    ------
    ImpossibleModelError
        For a dataset made from a projection without ``winter_share``.
    """
    data = with_totals(dataset)
    if "winter_deaths" not in data:
        raise ImpossibleModelError("winter_share: missing from the dataset")
    return data["winter_deaths"].sum("age_band", skipna=False)


def excess_winter_deaths_averted_cumulative(dataset: xr.Dataset) -> xr.DataArray:
    """Excess winter deaths of the comparator minus the scenario's, from the first year to each year's end."""
    total = excess_winter_deaths(dataset)
    return (of_comparator(total) - total).transpose(*total.dims).cumsum("year", skipna=False)


def cumulative_person_years(dataset: xr.Dataset) -> xr.DataArray:
    """The comparator's person-years from the first year to the end of each year, at all ages."""
    lived = of_comparator(with_totals(dataset)["person_years"]).sum("age_band", skipna=False)
    return lived.cumsum("year", skipna=False)


def years_of_life_gained(dataset: xr.Dataset) -> xr.DataArray:
    """Person-years of the scenario minus those of the comparator, from the first year to each year's end."""
    lived = with_totals(dataset)["person_years"].sum("age_band", skipna=False)
    return (lived - of_comparator(lived)).transpose(*lived.dims).cumsum("year", skipna=False)


def life_expectancy(dataset: xr.Dataset, age: int = 0) -> xr.DataArray:
    """Period life expectancy at ``age``, (..., year, quintile, sex) [years], from the 20-band life table.

    Withheld for few people (:func:`hisim.outcomes.withheld.few_people`).
    """
    data = with_totals(dataset)
    years = _over_bands(
        lambda died, lived: lifetable.life_expectancy(died, lived)[..., AGE_BAND_STARTS.index(age)],
        data["deaths"].sel(cause_group=ALL_CAUSES, drop=True),
        data["person_years"],
    )
    return withheld.few_people(years, data)


def standardised_rate(
    dataset: xr.Dataset, cause_group: str = ALL_CAUSES, standard: standardised.Standard = standardised.ESP2013
) -> xr.DataArray:
    """Directly standardised rate, (..., year, quintile, sex) [deaths per 100,000 person-years]."""
    data = with_totals(dataset)
    died = data["deaths"].sel(cause_group=cause_group, drop=True)
    rate = _over_bands(
        lambda died, lived: standardised.standardised_rate(died, lived, standard), died, data["person_years"]
    )
    counted = died if standard.end is None else died.isel(age_band=slice(AGE_BAND_STARTS.index(standard.end)))
    return withheld.few_deaths(rate, counted.sum("age_band", skipna=False), data)


def infant_mortality(dataset: xr.Dataset) -> xr.DataArray:
    """Deaths under one year of age per 1,000 person-years lived at age 0, (..., year, quintile, sex).

    The population aged 0 stands in for live births, which are not known by deprivation fifth here.
    """
    data = with_totals(dataset).sel(age_band="0", drop=True)
    died = data["deaths"].sel(cause_group=ALL_CAUSES, drop=True)
    return withheld.few_deaths(died / data["person_years"] * INFANT_PER, died, data)


def years_of_life_lost(dataset: xr.Dataset) -> xr.DataArray:
    """Deaths times the years each would have had, (..., year, quintile, sex, cause_group) [years].

    The years are England's life expectancy in the comparator's first year, by sex, at the mean age of death
    in the age band: one reference for every quintile, year and scenario.
    """
    data = with_totals(dataset)
    return _weighted(data["deaths"], remaining_years(data))


def years_of_life_lost_to_75(dataset: xr.Dataset) -> xr.DataArray:
    """Deaths under 75 times the years to the 75th birthday, (..., year, quintile, sex, cause_group) [years]."""
    data = with_totals(dataset)
    left = np.maximum(75.0 - mean_age_at_death(), 0.0)
    return _weighted(data["deaths"], xr.DataArray(left, {"age_band": data["age_band"]}, "age_band"))


def mean_age_at_death(starts: Sequence[int] = AGE_BAND_STARTS) -> np.ndarray:
    """Mean age of those who die in each band, by the life table's separation; the start of the open band."""
    ages = np.array(starts, dtype=float)
    ages[:-1] += lifetable.widths(starts) * lifetable.separation(starts)
    return ages


def remaining_years(dataset: xr.Dataset) -> xr.DataArray:
    """England's life expectancy in the comparator's first year, by sex and age band [years].

    Taken at the mean age of death in the band, on the straight line between the bands' starts.
    """
    data = with_totals(dataset).isel(year=0, drop=True).sel(quintile=ENGLAND, sex=list(SEXES), drop=True)
    died = of_comparator(data["deaths"].sel(cause_group=ALL_CAUSES, drop=True)).transpose(..., "age_band")
    lived = of_comparator(data["person_years"]).transpose(*died.dims)
    years = lifetable.life_expectancy(died.values, lived.values)
    share = lifetable.separation()
    years[..., :-1] += share * (years[..., 1:] - years[..., :-1])
    return died.copy(data=years)


def _weighted(died: xr.DataArray, years: xr.DataArray) -> xr.DataArray:
    by_sex = died.sel(sex=list(SEXES))
    lost = xr.dot(by_sex, years, dim="age_band").transpose(*(dim for dim in died.dims if dim != "age_band"))
    return bands.add_total(lost, "sex", bands.SEX_LABELS)


def _over_bands(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray], died: xr.DataArray, lived: xr.DataArray
) -> xr.DataArray:
    core = [["age_band"], ["age_band"]]
    result: xr.DataArray = xr.apply_ufunc(function, died, lived, input_core_dims=core)
    return result
