"""What a year is worth and costs, and how much of mortality is winter's."""

from __future__ import annotations

import numpy as np

from hisim.inputs.catalogue import find_entry
from hisim.inputs.life_table import Tables
from hisim.inputs.tables import grid
from hisim.variables import AGE_BAND_STARTS, AGES, band_of_age

WINTER_MONTHS = (12, 1, 2, 3)
POOLED_BELOW = 45
"""Below this age deaths are too few for a share of their own in each age group."""


def winter_share(tables: Tables) -> np.ndarray:
    """Share of a year's deaths that are excess winter deaths, (age): December to March, less half of the rest."""
    deaths = grid("deaths_by_month", tables["deaths_by_month"], "deaths")
    young = np.asarray(AGE_BAND_STARTS) < POOLED_BELOW
    deaths[young] = deaths[young].sum(axis=0)
    winter = deaths[:, [month - 1 for month in WINTER_MONTHS]].sum(axis=1)
    total = deaths.sum(axis=1)
    return np.asarray(((winter - (total - winter) / 2) / total)[band_of_age()])


def utility(tables: Tables) -> np.ndarray:
    """EQ-5D utility of the general population [QALY per year], (quintile, age); the oldest band goes on."""
    starts = [int(str(band).split("-")[0]) for band in find_entry("utility").keys["age_band"]]
    band = np.searchsorted(starts, np.asarray(AGES), side="right") - 1
    return grid("utility", tables["utility"], "utility")[:, band]


def nhs_cost(tables: Tables) -> np.ndarray:
    """NHS spending [GBP per person-year, 2011/12], (quintile, sex, age); the oldest age goes on."""
    cost = grid("nhs_cost", tables["nhs_cost"], "cost")
    return cost[:, :, np.minimum(np.asarray(AGES), cost.shape[-1] - 1)]
