"""How mortality goes on after the last observed year: flat, continue or damped; pooled is in ``inputs.pooled``.

The yearly change is log-linear, by cause, quintile and broad age group; men and women share it.
"""

from __future__ import annotations

import numpy as np

from hisim.variables import AGE_BAND_STARTS, band_of_age

KINDS = ("flat", "continue", "damped", "pooled")
LAST_FITTED_YEAR = 2010
"""Cause coding changed in January 2011, so no slope is fitted across it."""
FEWEST_YEARS = 5
FEWEST_DEATHS = 50.0
"""Deaths a year below which a cell takes the slope of all quintiles together, or none."""
STEEPEST = 0.10
"""Largest yearly change in log mortality that is believed, either way."""
BROAD_AGE_STARTS = (0, 35, 65, 75, 85)
BROAD_AGES = ("0-34", "35-64", "65-74", "75-84", "85+")


def broad_of_band() -> np.ndarray:
    """Index of the broad age group of each of the 20 age groups."""
    return np.searchsorted(np.asarray(BROAD_AGE_STARTS), np.asarray(AGE_BAND_STARTS), side="right") - 1


def fitted_years(observed_to: int, first_year: int = 2001) -> int:
    """Number of years a slope may be fitted on: from the first to ``observed_to`` or 2010."""
    return min(observed_to, LAST_FITTED_YEAR) - first_year + 1


def yearly_slopes(deaths: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Yearly change in log mortality, (quintile, age group, cause).

    Parameters
    ----------
    deaths
        (year, quintile, sex, age group, cause) [persons], consecutive years.
    population
        (year, quintile, sex, age group) [persons].

    Returns
    -------
    numpy.ndarray
        Zero with fewer than five years. A quintile with under 50 deaths a year in a broad age group
        takes the slope of all quintiles together; where those have under 50 a year too, 0. No slope
        is steeper than 10 % a year.
    """
    years, quintiles, _, bands, causes = deaths.shape
    if years < FEWEST_YEARS:
        return np.zeros((quintiles, bands, causes))
    broad = broad_of_band()
    own = poisson_slopes(deaths, population, np.arange(quintiles), broad)
    pooled = poisson_slopes(deaths, population, np.zeros(quintiles, dtype=int), broad)
    yearly = np.add.reduceat(deaths.mean(axis=0).sum(axis=1), np.flatnonzero(np.diff(broad, prepend=-1)), axis=1)
    pooled = np.where(yearly.sum(axis=0, keepdims=True) < FEWEST_DEATHS, 0.0, pooled)
    slopes = np.where(yearly < FEWEST_DEATHS, pooled, own)
    return np.asarray(np.clip(slopes, -STEEPEST, STEEPEST)[:, broad])


def poisson_slopes(deaths: np.ndarray, population: np.ndarray, group: np.ndarray, broad: np.ndarray) -> np.ndarray:
    """Maximum-likelihood log-linear slopes, (group, broad age, cause).

    Poisson regression of deaths with an own level for every quintile, sex and age group (so ageing
    inside a broad group is no trend) and one slope per ``group`` of quintiles, broad age group and
    cause. The levels drop out on conditioning on each cell's deaths over all years; what is left is
    one equation in the slope b, solved by Newton's method:

        sum_cells sum_y D t  =  sum_cells D. (sum_y P t exp(b t)) / (sum_y P exp(b t)).
    """
    time = np.arange(deaths.shape[0]) - (deaths.shape[0] - 1) / 2
    total, observed = deaths.sum(axis=0), np.einsum("y,yqsbc->qsbc", time, deaths)
    slope = np.zeros((group.max() + 1, broad.max() + 1, deaths.shape[-1]))
    powers = population[..., None] * np.ones(deaths.shape[-1])
    for _ in range(8):
        weight = powers * np.exp(time[:, None, None, None, None] * slope[group][:, None, broad])
        first = np.einsum("y,yqsbc->qsbc", time, weight) / weight.sum(axis=0)
        second = np.einsum("y,yqsbc->qsbc", time**2, weight) / weight.sum(axis=0)
        score = _grouped(observed - total * first, group, broad)
        information = _grouped(total * (second - first**2), group, broad)
        step = np.divide(score, information, out=np.zeros_like(score), where=information > 0)
        slope = np.clip(slope + step, -1.0, 1.0)
    return np.asarray(slope)


def change_since(slopes: np.ndarray, years: int, kind: str, damping: float) -> np.ndarray:
    """Factor on mortality in each of the ``years`` after the last observed one, (year, ...slopes).

    flat: 1. continue: exp(slope k). damped: the k-th year's change is slope x damping^k, k = 1, 2, ...
    """
    k = np.arange(1, years + 1)
    elapsed = {"flat": 0.0 * k, "continue": 1.0 * k, "damped": np.cumsum(damping**k)}[kind]
    return np.asarray(np.exp(np.multiply.outer(elapsed, slopes)))


def projected_rates(last: np.ndarray, slopes: np.ndarray, years: int, kind: str, damping: float) -> np.ndarray:
    """Mortality of the ``years`` after the last observed one, (year, quintile, sex, age, cause).

    ``last`` are the rates of the last observed year, ``slopes`` by quintile, age group and cause.
    """
    factor = change_since(slopes, years, kind, damping)[:, :, band_of_age()]
    return np.asarray(last[None] * factor[:, :, None])


def _grouped(cells: np.ndarray, group: np.ndarray, broad: np.ndarray) -> np.ndarray:
    """Cells (quintile, sex, age group, cause) added up to (group, broad age group, cause)."""
    summed = cells.sum(axis=1)
    out = np.zeros((group.max() + 1, broad.max() + 1, cells.shape[-1]))
    np.add.at(out, (group[:, None], broad[None, :]), summed)
    return out
