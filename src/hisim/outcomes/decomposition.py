"""Where a gap in life expectancy comes from: ages, causes of death, and risks that the model knows.

A gap has the sign of :mod:`hisim.outcomes.inequality`: positive where the first population is worse off.

References
----------
.. [1] Arriaga EE (1984). Measuring and explaining the change in life expectancies. Demography 21: 83-96.
   doi:10.2307/2061029
.. [2] Arriaga EE (1989). Changing trends in mortality decline during the last decades. In: Ruzicka L, Wunsch G, Kane P,
   editors. Differential Mortality: Methodological Issues and Biosocial Factors, pages 105-129. Oxford: Clarendon.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from hisim.outcomes import mortality
from hisim.outcomes.bands import ENGLAND, add_places, banded, of_comparator, require, sum_ages, with_totals
from hisim.outcomes.inequality import WITHHELD
from hisim.outcomes.lifetable import life_expectancy, life_table, probability_of_death, separation, widths
from hisim.outcomes.withheld import AREA, few_people
from hisim.variables import AGE_BAND_STARTS, CAUSE_GROUPS, PROJECTION

GAPS = {"gap_q5": "5", "gap_average": ENGLAND}
"""Whom quintile 1 is set against."""


def gap_by_age_and_cause(
    deaths_a: np.ndarray,
    person_years_a: np.ndarray,
    deaths_b: np.ndarray,
    person_years_b: np.ndarray,
    starts: Sequence[int] = AGE_BAND_STARTS,
) -> np.ndarray:
    """What each age band and cause adds to b's life expectancy at birth over a's, by Arriaga's method [1]_, [2]_.

    The direct, indirect and interaction effects of a closed band are together l_a (q_a - q_b) ((1 - s) n + e_b), with
    a's survivors to the start of the band, the width n, the share s of it lived by those who die, and b's expectation
    at its end; of the open band, l_a (e_b - e_a). Causes share a band in proportion to their differences in rate.
    Both q and e are written as multiples of the difference in rate, so causes whose differences cancel within a
    band keep their opposite contributions, and nothing is divided by a difference.

    Parameters
    ----------
    deaths_a, deaths_b : (..., bands, causes) [persons], causes that do not overlap and leave none out.
    person_years_a, person_years_b : (..., bands) [person-years].
    starts : first age of each band [years]; the last band is open.

    Returns
    -------
    (..., bands, causes) [years]; they add up to the life expectancy of b minus that of a. Not-a-number throughout
    where a band of either is empty, or the last band is without deaths.
    """
    width, share = widths(starts), separation(starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_cause_a = deaths_a / np.asarray(person_years_a, dtype=float)[..., None]
        by_cause_b = deaths_b / np.asarray(person_years_b, dtype=float)[..., None]
        rate_a, rate_b = np.broadcast_arrays(by_cause_a.sum(axis=-1), by_cause_b.sum(axis=-1))
        survivors = life_table(rate_a, np.ones_like(rate_a), starts).survivors
        factor = np.empty(rate_a.shape)
        later = (1.0 - share) * width + _expectations(rate_b, starts)[..., 1:]
        factor[..., :-1] = survivors[..., :-1] * _probability_by_rate(rate_a, rate_b, starts) * later
        last = rate_a[..., -1] * rate_b[..., -1]
        factor[..., -1] = np.where(last > 0, survivors[..., -1] / last, np.nan)
        parts = factor[..., None] * (by_cause_a - by_cause_b)
    whole: np.ndarray = np.where(np.isfinite(parts).all(axis=(-2, -1), keepdims=True), parts, np.nan)
    return whole


def gap_decomposition(projection: xr.Dataset) -> xr.Dataset:
    """The gap in life expectancy at birth by age band and cause group, for quintile 1 against 5 and against England.

    Parameters
    ----------
    projection : with ``deaths`` and ``person_years`` as :data:`hisim.variables.PROJECTION` declares them.

    Returns
    -------
    xr.Dataset
        ``gap_q5`` and ``gap_average`` (scenario, draw, year, sex, age_band, cause) [years], ``sex`` with "Persons" and
        ``cause`` the groups of :data:`hisim.variables.CAUSE_GROUPS`, which do not overlap: contributions add up over
        both to the estimands ``life_expectancy_0_gap_q5`` and ``life_expectancy_0_gap_average``.

    Raises
    ------
    ImpossibleModelError
        For a variable that is missing or not as declared.
    """
    require(projection, PROJECTION, "deaths", "person_years")
    data = with_totals(banded(projection[["deaths", "person_years"]]))
    died = data["deaths"].sel(cause_group=list(CAUSE_GROUPS)).rename(cause_group="cause")
    lived = data["person_years"]
    shown = few_people(lived.sum("age_band"), data)
    bands, cells = ["age_band"], ["age_band", "cause"]
    gaps = {}
    for name, against in GAPS.items():
        most, other = ({"quintile": label} for label in ("1", against))
        gap = xr.apply_ufunc(
            gap_by_age_and_cause,
            *(values.sel(place, drop=True) for place in (most, other) for values in (died, lived)),
            input_core_dims=[cells, bands, cells, bands],
            output_core_dims=[cells],
        )
        told = [shown.sel(place, drop=True).notnull() for place in (most, other)]
        gap = gap.where(told[0] & told[1]) if AREA in data.attrs else gap
        whom = "England" if against == ENGLAND else f"quintile {against}"
        gaps[name] = gap.assign_attrs(units="years", long_name=f"Life expectancy at birth: {whom} minus quintile 1")
    return xr.Dataset(gaps)


def explained_share(projection: xr.Dataset) -> xr.Dataset:
    """How much of the comparator's gap in life expectancy at birth the risks in the model explain.

    ``reference_rate`` is the mortality of a person with every risk at its reference; the mean ratio of a cell is its
    rate over that one, by sex, age and cause. Give every fifth the ratios of quintile 5 and keep its own
    reference rates: the gap that closes is explained, what stays is residual. A ratio that cannot be formed counts
    as 1. More than all may be explained, or less than nothing.

    Parameters
    ----------
    projection : with ``deaths``, ``person_years`` and ``reference_rate`` (draw, year, quintile, sex, age, cause).

    Returns
    -------
    xr.Dataset
        By draw, year and sex (with "Persons"), for quintile 5 minus quintile 1: ``gap`` and
        ``gap_with_equal_risks`` [years]; ``explained`` and ``residual`` [fraction of ``gap``], which add to 1 and are
        withheld where the gap is not above 0.

    Raises
    ------
    ImpossibleModelError
        For a variable that is missing or not as declared.
    """
    require(projection, PROJECTION, "deaths", "person_years", "reference_rate")
    lived, reference = of_comparator(projection["person_years"]), projection["reference_rate"]
    died = of_comparator(projection["deaths"])
    sound = (reference > 0) & (died > 0) & (lived > 0)
    ratio = (died / lived / reference).where(sound, 1.0)
    equal = (reference * ratio.sel(quintile=5, drop=True)).sum("cause", skipna=False) * lived
    found = mortality.life_expectancy(
        banded(xr.Dataset({"deaths": died, "person_years": lived}, attrs=projection.attrs))
    )
    gap = _gap(found)
    closed = _gap(_at_birth(equal.transpose(*lived.dims), lived))
    explained = ((gap - closed) / gap).where(gap > 0)
    whose = "Share of the gap that risks in the model"
    unit = {"units": "fraction", "withheld": WITHHELD}
    return xr.Dataset(
        {
            "gap": gap.assign_attrs(units="years", long_name="Life expectancy at birth, quintile 5 minus quintile 1"),
            "gap_with_equal_risks": closed.assign_attrs(units="years", long_name="Gap with quintile 5's risks in all"),
            "explained": explained.assign_attrs(unit | {"long_name": f"{whose} explain"}),
            "residual": (1.0 - explained).assign_attrs(unit | {"long_name": f"{whose} do not explain"}),
        }
    )


def _gap(years: xr.DataArray) -> xr.DataArray:
    return years.sel(quintile="5", drop=True) - years.sel(quintile="1", drop=True)


def _at_birth(died: xr.DataArray, lived: xr.DataArray) -> xr.DataArray:
    """Life expectancy at birth from deaths and person-years by single age, with England and Persons."""
    years: xr.DataArray = xr.apply_ufunc(
        lambda deaths, population: life_expectancy(deaths, population)[..., 0],
        add_places(sum_ages(died)),
        add_places(sum_ages(lived)),
        input_core_dims=[["age_band"], ["age_band"]],
    )
    return years


def _expectations(rate: np.ndarray, starts: Sequence[int]) -> np.ndarray:
    """Life expectancy at the start of every band, from the last band back: also where nobody gets there."""
    width, share = widths(starts), separation(starts)
    probability = probability_of_death(rate, starts)
    years = np.empty(rate.shape)
    years[..., -1] = np.where(rate[..., -1] > 0, 1.0 / rate[..., -1], np.nan)
    for band in reversed(range(len(width))):
        q = probability[..., band]
        years[..., band] = width[band] * (1.0 - (1.0 - share[band]) * q) + (1.0 - q) * years[..., band + 1]
    return years


def _probability_by_rate(rate_a: np.ndarray, rate_b: np.ndarray, starts: Sequence[int]) -> np.ndarray:
    """(q_a - q_b) / (m_a - m_b) of the closed bands [years], from the formula of q: sound for equal rates too."""
    width, share = widths(starts), separation(starts)
    low, high = (np.asarray(rate)[..., :-1] for rate in (rate_a, rate_b))
    late = (1.0 - share) * width
    smooth = width / ((1.0 + late * low) * (1.0 + late * high))
    limit = 1.0 / (share * width)
    held = (low > limit) | (high > limit)
    q_low, q_high = (probability_of_death(rate, starts)[..., :-1] for rate in (rate_a, rate_b))
    differ = low != high
    plain = np.where(differ, (q_low - q_high) / np.where(differ, low - high, 1.0), 0.0)
    return np.where(held, plain, smooth)
