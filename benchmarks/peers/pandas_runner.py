"""Plain pandas: one table of the living, joined with the table of rates each year."""

from __future__ import annotations

import numpy as np
import pandas as pd
from model import (
    BASE_RATES,
    CAUSES,
    CURRENT,
    EX,
    RISKS,
    SMOKING_RATIO,
    YEARS,
    YOUNGEST,
    age_band,
    drifted,
    initial_people,
    no_deaths,
    quit_chance,
    risk_ratio,
)

BY = ["whole_age", "sex", "quintile"]


def rates_table() -> pd.DataFrame:
    """The base rates, one row for each age, sex and quintile."""
    ages = range(YOUNGEST, YOUNGEST + len(BASE_RATES))
    rows = pd.MultiIndex.from_product([ages, range(2), range(5)], names=BY)
    return pd.DataFrame(BASE_RATES.reshape(len(rows), -1), index=rows, columns=CAUSES)


def count(deaths: np.ndarray, year: int, died: pd.DataFrame) -> None:
    """Add a year's dead to the counts."""
    died = died.assign(age_band=age_band(died["age"]))
    found = died.groupby(["quintile", "sex", "age_band", "cause"]).size()
    deaths[(year, *(found.index.get_level_values(level) for level in range(4)))] = found


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    rng = np.random.default_rng([seed, 2])  # not NumPy's stream: the two must be independent to be compared
    rates, ratio = rates_table(), pd.DataFrame(SMOKING_RATIO, columns=CAUSES)
    living = pd.DataFrame(initial_people(people, seed)._asdict())
    deaths = no_deaths()
    for year in range(YEARS):
        chance = living["quintile"].map(pd.Series(quit_chance(year, intervention)))
        living.loc[(living["smoking"] == CURRENT) & (rng.random(len(living)) < chance), "smoking"] = EX
        groups = living[["sex", "quintile"]].assign(whole_age=living["age"].astype(int))
        for name in RISKS:
            living[name] = drifted(name, living[name])
        hazard = groups.join(rates, on=BY)[CAUSES] * ratio.loc[living["smoking"]].to_numpy()
        hazard = hazard * risk_ratio({name: living[name] for name in RISKS})
        total = hazard.sum(axis=1)
        dead = rng.random(len(living)) < -np.expm1(-total)
        died = living[dead]
        point = rng.random(len(died)) * total[dead]
        cause = hazard[dead].cumsum(axis=1).lt(point, axis=0).sum(axis=1)
        count(deaths, year, died.assign(cause=cause))
        living = living[~dead].assign(age=living["age"] + 1.0)
    return deaths
