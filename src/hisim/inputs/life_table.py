"""The single-year shape of mortality, and how people over 90 divide among single ages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hisim.inputs.tables import grid
from hisim.variables import OLDEST_AGE

Tables = Mapping[str, pd.DataFrame]
"""Every packaged table by name."""

FIRST_YEAR, LAST_YEAR = 2001, 2011
YEARS = tuple(range(FIRST_YEAR, LAST_YEAR + 1))
"""Years with observed deaths and population."""

OPEN_AGE = 90
"""First age of the open group of the population table."""


PERIOD_ENDS = (2003, 2006, 2011)
"""Last years of the periods of the life table."""


def period_of_year(year: int) -> int:
    """Index of the life-table period nearest to ``year``: 2001-2003, 2004-2006 or 2007-2011."""
    return int(np.searchsorted(PERIOD_ENDS[:-1], year, side="left"))


def known_shape(shape: np.ndarray, year: int) -> np.ndarray:
    """``shape`` with every period that had not ended in ``year`` like the last that had, or the first."""
    ended = max(int(np.searchsorted(PERIOD_ENDS, year, side="right")) - 1, 0)
    return np.asarray(shape[np.minimum(np.arange(len(PERIOD_ENDS)), ended)])


def mortality_shape(tables: Tables) -> np.ndarray:
    """All-cause mortality by single year of age [deaths per person-year], (period, quintile, sex, age 0..100).

    Below 90 the table's own rates. From 90 every quintile follows the slope of all England of its sex,
    from its own rate at 90: the table is extrapolated at those ages and its quintiles cross between 92
    and 97, which deaths by age group (one open group, 90 and over) can neither show nor refute. The
    level of the open group still comes from each quintile's own observed deaths. 100 stands for 100 and
    over: the reciprocal of remaining life expectancy.
    """
    rates = grid("life_table", tables["life_table"], "mortality_rate")
    quintiles, england = rates[:, :5], rates[:, 5:]
    slope = england[..., OPEN_AGE : OLDEST_AGE + 1].copy()
    slope[..., -1] = _open_rate(england[..., OLDEST_AGE:])
    slope /= england[..., OPEN_AGE : OPEN_AGE + 1]
    old = quintiles[..., OPEN_AGE : OPEN_AGE + 1] * slope
    return np.concatenate([quintiles[..., :OPEN_AGE], old], axis=-1)


def open_age_share(shape: np.ndarray) -> np.ndarray:
    """Share of people aged 90 and over at each age 90..100, (period, quintile, sex, 11), in a stationary population.

    Years lived L(a) = l(a) (1 - exp(-m)) / m under a constant hazard inside each year of age, and
    l(100) / m(100) for the open age. Shares add up to 1.
    """
    rate = shape[..., OPEN_AGE:]
    survivors = np.exp(-np.cumsum(rate, axis=-1) + rate)
    lived = -survivors * np.expm1(-rate) / rate
    lived[..., -1] = survivors[..., -1] / rate[..., -1]
    return np.asarray(lived / lived.sum(axis=-1, keepdims=True))


def _open_rate(rates: np.ndarray) -> np.ndarray:
    """Death rate of everyone at and above the first age of ``rates``, the last rate holding from there on."""
    before = np.cumsum(rates, axis=-1) - rates
    lived = -np.exp(-before) * np.expm1(-rates) / rates
    lived[..., -1] = np.exp(-before[..., -1]) / rates[..., -1]
    return np.asarray(1 / lived.sum(axis=-1))
