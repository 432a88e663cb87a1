"""Who lives where: population by single year of age, and births."""

from __future__ import annotations

import numpy as np

from hisim.inputs.life_table import FIRST_YEAR, LAST_YEAR, OPEN_AGE, YEARS, Tables, open_age_share, period_of_year
from hisim.inputs.tables import grid


def observed_population(tables: Tables, shape: np.ndarray) -> np.ndarray:
    """Mid-year population [persons], (year 2001..2011, quintile, sex, age 0..100).

    The open group 90 and over is divided among ages 90..100 in the proportions of a stationary
    population under ``shape``, see :func:`hisim.inputs.life_table.open_age_share`.
    """
    counted = grid("population", tables["population"], "population")
    share = open_age_share(shape)[[period_of_year(year) for year in YEARS]]
    return np.concatenate([counted[..., :OPEN_AGE], counted[..., OPEN_AGE:] * share], axis=-1)


def births(population: np.ndarray, start: int, end: int, observed_to: int = LAST_YEAR) -> np.ndarray:
    """Births of every year of a projection [persons], (year, quintile, sex).

    The population aged 0 at mid-year stands for births: observed to ``observed_to``, then held (an assumption).
    """
    years = np.minimum(np.arange(start, end + 1), observed_to)
    return np.asarray(population[years - FIRST_YEAR, :, :, 0])
