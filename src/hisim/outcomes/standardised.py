"""Directly standardised rates per 100,000, with Dobson's confidence limits.

A standard population is a list of age groups made of whole :data:`hisim.variables.AGE_BANDS`, with a
weight for each. Everything works on the last axis (the 20 age bands) and broadcasts over those before it.

References
----------
.. [1] Eurostat (2013). Revision of the European Standard Population: report of Eurostat's task force.
   Luxembourg: Publications Office of the European Union. ISBN 978-92-79-31094-2. doi:10.2785/11470
.. [2] Waterhouse J, Muir C, Correa P, Powell J, editors (1976). Cancer Incidence in Five Continents,
   volume III, page 456. IARC Scientific Publications 15. Lyon: IARC.
.. [3] Dobson AJ, Kuulasmaa K, Eberle E, Scherer J (1991). Confidence intervals for weighted sums of Poisson
   parameters. Statistics in Medicine 10: 457-462. doi:10.1002/sim.4780100317
.. [4] Breslow NE, Day NE (1987). Statistical Methods in Cancer Research, volume II, page 69 (Byar's limits).
   IARC Scientific Publications 82. Lyon: IARC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hisim.variables import AGE_BAND_STARTS

PER = 100_000.0
"""Rates are deaths per this many person-years."""
NORMAL_95 = 1.959963984540054
"""97.5th percentile of the standard normal distribution."""


@dataclass(frozen=True)
class Standard:
    """A standard population: first age of each group [years] and its weight [persons].

    ``end`` is the age below which people are counted; ``None`` where the last group is open.
    """

    name: str
    starts: tuple[int, ...]
    weights: tuple[int, ...]
    end: int | None = None

    def under(self, age: int) -> Standard:
        """This standard cut off at ``age``, where one of its groups starts; those above count for nothing."""
        keep = self.starts.index(age)
        return Standard(f"{self.name}, under {age}", self.starts[:keep], self.weights[:keep], age)


ESP2013 = Standard(
    "European Standard Population 2013",
    (0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90),
    (5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000, 7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000),
)
"""19 groups [1]_: 0-4 (1,000 aged 0 and 4,000 aged 1-4) and 90 and over (800 and 200) are one group each."""
ESP1976 = Standard(
    "European Standard Population 1976",
    (0, 1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85),
    (1600, 6400, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 7000, 6000, 5000, 4000, 3000, 2000, 1000, 1000),
)
"""19 groups [2]_: its last is 85 and over. The 2010 national target was set on it."""


def group_bands(values: np.ndarray, standard: Standard) -> np.ndarray:
    """Sum the 20 age bands (last axis) into the groups of ``standard``; bands from its end on are left out."""
    first = [AGE_BAND_STARTS.index(start) for start in standard.starts]
    bands = len(AGE_BAND_STARTS) if standard.end is None else AGE_BAND_STARTS.index(standard.end)
    grouped: np.ndarray = np.add.reduceat(np.asarray(values, dtype=float)[..., :bands], first, axis=-1)
    return grouped


def standardised_rate(deaths: np.ndarray, population: np.ndarray, standard: Standard = ESP2013) -> np.ndarray:
    """Directly standardised rate: sum of w_i d_i / n_i over sum of w_i.

    Parameters
    ----------
    deaths : (..., 20 age bands) [persons].
    population : (..., 20 age bands) [person-years].
    standard : groups and weights; ``ESP2013.under(75)`` for the rate under 75.

    Returns
    -------
    (...) [deaths per 100,000 person-years]; not-a-number where a group has nobody.
    """
    weights = np.asarray(standard.weights, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = group_bands(deaths, standard) / group_bands(population, standard)
    rate: np.ndarray = (rates * weights).sum(axis=-1) * (PER / weights.sum())
    return rate


def standardised_rate_limits(
    deaths: np.ndarray, population: np.ndarray, standard: Standard = ESP2013
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper 95 % confidence limits of the standardised rate by Dobson's method [3]_.

    The limits of the count of deaths, by Byar's approximation [4]_, are carried to the rate by the ratio of
    their standard errors. They are about chance in real deaths, not the Monte Carlo error of a simulation.

    Returns
    -------
    Two arrays (...) [deaths per 100,000 person-years]; not-a-number under ten deaths, where the
    approximation is not good enough (and a published rate would be suppressed).
    """
    rate = standardised_rate(deaths, population, standard)
    weights = np.asarray(standard.weights, dtype=float)
    counts = group_bands(deaths, standard)
    total = counts.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = weights / weights.sum() * PER / group_bands(population, standard)
        scale = np.sqrt((share**2 * counts).sum(axis=-1) / total)
        low, high = byar_limits(total)
    low, high = (np.where(total >= 10, rate + scale * (limit - total), np.nan) for limit in (low, high))
    return low, high


def byar_limits(count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper 95 % limits of the mean of a Poisson count, by Byar's approximation [4]_ [persons]."""
    above = count + 1.0
    low = count * (1.0 - 1.0 / (9.0 * count) - NORMAL_95 / (3.0 * np.sqrt(count))) ** 3
    high = above * (1.0 - 1.0 / (9.0 * above) + NORMAL_95 / (3.0 * np.sqrt(above))) ** 3
    return low, high
