"""The example of real observed figures, made again from the packaged tables of registered deaths."""

from __future__ import annotations

import numpy as np

from hisim.inputs.life_table import FIRST_YEAR
from hisim.inputs.load import _observed, _tables
from hisim.inputs.mortality import by_band, observed_deaths
from hisim.outcomes.lifetable import life_expectancy, life_expectancy_limits
from hisim.outcomes.standardised import ESP2013, standardised_rate, standardised_rate_limits
from hisim.variables import CAUSE_GROUPS, CAUSES, QUINTILE_NAMES, SEXES

HEADER = "Indicator ID,Area Code,Sex,Category,Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Count"
TOLD = (
    "# Registered deaths and mid-year population of England by fifths of small areas (IMD 2015), as in the packaged",
    "# tables deaths, deaths_by_cause and population (hisim data): nothing in this file comes from the model.",
    "# Life expectancy by Chiang's method with Silcocks' interval; rates standardised to the European Standard",
    "# Population of 2013 with Dobson's interval.",
)
RATES = {"under-75-circulatory-rate": "Circulatory disease", "under-75-cancer-rate": "Cancer"}


def with_all(values: np.ndarray, axis: int) -> np.ndarray:
    """``values`` with their sum over ``axis`` appended."""
    return np.concatenate([values, values.sum(axis=axis, keepdims=True)], axis=axis)


def spearhead(years: range = range(2007, 2011)) -> str:
    """The text of scenarios/observed/spearhead-2010.csv."""
    places = [year - FIRST_YEAR for year in years]
    died = with_all(observed_deaths(_tables())[places], 1)
    people = with_all(by_band(_observed()[1][places]), 1)
    categories = [*QUINTILE_NAMES.values(), "all"]
    whole = died.sum(axis=-1)
    lines = [*TOLD, HEADER]
    years_left, limits = life_expectancy(whole, people)[..., 0], life_expectancy_limits(whole, people)
    for s in reversed(range(len(SEXES))):
        for y, year in enumerate(years):
            for q, category in enumerate(categories):
                low, high = (one[y, q, s, 0] for one in limits)
                figures = f"{years_left[y, q, s]:.3f},{low:.3f},{high:.3f},{whole[y, q, s].sum():.0f}"
                lines.append(f"life-expectancy-0,E92000001,{SEXES[s]},{category},{year},{figures}")
    young, both = ESP2013.under(75), people.sum(axis=2)
    for name, group in RATES.items():
        causes = [CAUSES.index(cause) for cause in CAUSE_GROUPS[group]]
        counts = died[..., causes].sum(axis=(2, -1))
        rates, (low, high) = standardised_rate(counts, both, young), standardised_rate_limits(counts, both, young)
        for y, year in enumerate(years):
            for q, category in enumerate(categories):
                figures = f"{rates[y, q]:.2f},{low[y, q]:.2f},{high[y, q]:.2f},{counts[y, q, :15].sum():.0f}"
                lines.append(f"{name},E92000001,Persons,{category},{year},{figures}")
    return "\n".join(lines) + "\n"
