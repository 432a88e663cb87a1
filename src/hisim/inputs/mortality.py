"""How fast people die of what: observed deaths turned into rates by single year of age and cause."""

from __future__ import annotations

import numpy as np

from hisim.inputs.life_table import YEARS, Tables, period_of_year
from hisim.inputs.tables import grid
from hisim.variables import AGE_BAND_STARTS, band_of_age


def observed_deaths(tables: Tables) -> np.ndarray:
    """Deaths [persons], (year 2001..2011, quintile, sex, age band, cause).

    Deaths by cause are rescaled inside each cell to add up to the whole number of deaths from all
    causes (they were published rounded or re-allocated; the factors are within 0.1 %).
    """
    by_cause = grid("deaths_by_cause", tables["deaths_by_cause"], "deaths")
    total = grid("deaths", tables["deaths"], "deaths")
    added = by_cause.sum(axis=-1)
    factor = np.divide(total, added, out=np.ones_like(total), where=added > 0)
    return np.asarray(by_cause * factor[..., None])


def observed_rates(deaths: np.ndarray, population: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Mortality rates [deaths per person-year], (year, quintile, sex, age 0..100, cause).

    Inside each age group every cause has the all-cause ``shape`` of its quintile, sex and period,
    scaled so that rate x population, summed over the single ages, is the observed number of deaths.
    """
    single = shape[[period_of_year(year) for year in YEARS]]
    expected = by_band(single * population)
    factor = deaths / expected[..., None]
    return np.asarray(single[..., None] * factor[..., band_of_age(), :])


def by_band(values: np.ndarray) -> np.ndarray:
    """``values`` of single ages 0..100 on the last axis, added up to the 20 age groups."""
    return np.asarray(np.add.reduceat(values, AGE_BAND_STARTS, axis=-1))
