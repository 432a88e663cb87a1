"""Plain NumPy: arrays of the living, shortened as people die."""

from __future__ import annotations

import numpy as np
from model import (
    BASE_RATES,
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


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    rng = np.random.default_rng(seed)
    start = initial_people(people, seed)
    age, sex, quintile, smoking = start.age, start.sex, start.quintile, start.smoking.copy()
    values = {name: getattr(start, name) for name in RISKS}
    deaths = no_deaths()
    for year in range(YEARS):
        chance = quit_chance(year, intervention)[quintile]
        smoking[(smoking == CURRENT) & (rng.random(len(age)) < chance)] = EX
        values = {name: drifted(name, each) for name, each in values.items()}
        hazard = BASE_RATES[age.astype(int) - YOUNGEST, sex, quintile] * SMOKING_RATIO[smoking] * risk_ratio(values)
        reached = hazard.cumsum(axis=1)
        total = reached[:, -1]
        dead = rng.random(len(age)) < -np.expm1(-total)
        point = rng.random(dead.sum()) * total[dead]
        cause = (point[:, None] > reached[dead]).sum(axis=1)
        np.add.at(deaths, (year, quintile[dead], sex[dead], age_band(age[dead]), cause), 1)
        left = ~dead
        age, sex, quintile, smoking = age[left] + 1.0, sex[left], quintile[left], smoking[left]
        values = {name: each[left] for name, each in values.items()}
    return deaths
