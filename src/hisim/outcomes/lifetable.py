"""Abridged life tables by Chiang's second method, with Silcocks' variance.

Everything works on the last axis (age bands, youngest first, the last one open) and broadcasts over the
axes before it, so one call serves every scenario, draw, year, quintile and sex.

References
----------
.. [1] Chiang CL (1984). The Life Table and its Applications. Malabar, Florida: Krieger.
   ISBN 978-0-89874-570-2.
.. [2] Silcocks PBS, Jenner DA, Reza R (2001). Life expectancy as a summary of mortality in a population:
   statistical considerations and suitability for use by health authorities. Journal of Epidemiology and
   Community Health 55: 38-43. doi:10.1136/jech.55.1.38
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hisim.variables import AGE_BAND_STARTS

FIRST_YEAR_SHARE = 0.1
"""Share of the first year of life lived by those who die in it: most die soon after birth [1]_."""
NORMAL_95 = 1.959963984540054
"""97.5th percentile of the standard normal distribution: half-width of a 95 % interval."""


class LifeTable(NamedTuple):
    """Columns of a life table, each with age bands on the last axis."""

    probability: np.ndarray
    """Probability of death within the band [fraction]."""
    survivors: np.ndarray
    """Share of the newborn alive at the band's start [fraction]."""
    person_years: np.ndarray
    """Years lived in the band per newborn [years]."""
    expectation: np.ndarray
    """Expected further years of those alive at the band's start [years]."""


def widths(starts: Sequence[int] = AGE_BAND_STARTS) -> np.ndarray:
    """Width of each closed age band [years]: one fewer than ``starts``, as the last band is open."""
    return np.diff(np.asarray(starts, dtype=float))


def separation(starts: Sequence[int] = AGE_BAND_STARTS) -> np.ndarray:
    """Share of each closed band lived by those who die in it: 0.1 in the first year of life, else a half."""
    share = np.full(len(starts) - 1, 0.5)
    share[np.asarray(starts[:-1]) == 0] = FIRST_YEAR_SHARE
    return share


def probability_of_death(rate: np.ndarray, starts: Sequence[int] = AGE_BAND_STARTS) -> np.ndarray:
    """Probability of death in each band from its mortality rate: q = n m / (1 + (1 - a) n m), 1 in the last.

    Parameters
    ----------
    rate : (..., bands) mortality rate [deaths per person-year].
    starts : first age of each band [years].

    Returns
    -------
    (..., bands) [fraction]; held at 1 where a band's rate is too high for its width.
    """
    width, share = widths(starts), separation(starts)
    closed = rate[..., :-1] * width
    probability = np.ones_like(rate)
    np.minimum(closed / (1.0 + (1.0 - share) * closed), 1.0, out=probability[..., :-1])
    return probability


def life_table(deaths: np.ndarray, population: np.ndarray, starts: Sequence[int] = AGE_BAND_STARTS) -> LifeTable:
    """Life table of a period from its deaths and person-years [1]_.

    Parameters
    ----------
    deaths : (..., bands) [persons].
    population : (..., bands) [person-years].
    starts : first age of each band [years]; single years of age are bands of width 1.

    Returns
    -------
    LifeTable
        Not-a-number where nobody lives in a band, nobody dies in the open band, or nobody lives to the band.
    """
    width, share = widths(starts), separation(starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.asarray(deaths, dtype=float) / np.asarray(population, dtype=float)
        probability = probability_of_death(rate, starts)
        survivors = np.ones_like(rate)
        np.cumprod(1.0 - probability[..., :-1], axis=-1, out=survivors[..., 1:])
        lived = np.empty_like(rate)
        dying = survivors[..., :-1] * probability[..., :-1]
        lived[..., :-1] = width * (survivors[..., 1:] + share * dying)
        lived[..., -1] = np.where(rate[..., -1] > 0, survivors[..., -1] / rate[..., -1], np.nan)
        remaining = np.cumsum(lived[..., ::-1], axis=-1)[..., ::-1]
        expectation = np.where(survivors > 0, remaining / survivors, np.nan)
    return LifeTable(probability, survivors, lived, expectation)


def life_expectancy(deaths: np.ndarray, population: np.ndarray, starts: Sequence[int] = AGE_BAND_STARTS) -> np.ndarray:
    """Expected further years at the start of every band; shapes as :func:`life_table`."""
    return life_table(deaths, population, starts).expectation


def life_expectancy_se(
    deaths: np.ndarray, population: np.ndarray, starts: Sequence[int] = AGE_BAND_STARTS
) -> np.ndarray:
    """Standard error of life expectancy when deaths are chance events [2]_.

    The variance of the expectation at x is the sum over bands i from x of
    (l_i / l_x)^2 ((1 - a_i) n_i + e_{i+1})^2 var(q_i), with var(q) = q^2 (1 - q) / D, and, for the open
    band, (l / l_x)^2 / (D m^2), the part of Silcocks that Chiang leaves out. It is about chance in the
    *real* deaths of a population of this size: it is not the Monte Carlo error of a simulation.

    Returns
    -------
    (..., bands) [years]. A closed band without deaths adds nothing.
    """
    table = life_table(deaths, population, starts)
    width, share = widths(starts), separation(starts)
    counts = np.asarray(deaths, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        q, closed = table.probability[..., :-1], counts[..., :-1]
        variance_of_q = np.where(closed > 0, q**2 * (1.0 - q) / closed, 0.0)
        term = np.empty_like(table.expectation)
        term[..., :-1] = ((1.0 - share) * width + table.expectation[..., 1:]) ** 2 * variance_of_q
        mean_years = np.asarray(population, dtype=float)[..., -1] / counts[..., -1]
        term[..., -1] = mean_years**2 / counts[..., -1]
        total = np.cumsum((table.survivors**2 * term)[..., ::-1], axis=-1)[..., ::-1]
        error: np.ndarray = np.sqrt(total) / table.survivors
    return error


def life_expectancy_limits(
    deaths: np.ndarray, population: np.ndarray, starts: Sequence[int] = AGE_BAND_STARTS
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper 95 % confidence limits of life expectancy [years], by Silcocks' variance."""
    centre = life_expectancy(deaths, population, starts)
    half = NORMAL_95 * life_expectancy_se(deaths, population, starts)
    return centre - half, centre + half
