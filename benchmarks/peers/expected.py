"""What every runner should find on average, and how far chance may take it, worked out without drawing anything.

Nothing random happens to a person but quitting and dying, so each one's chances follow year by year from the chance of
being alive in each smoking state. A count of deaths is then a sum of independent yes-or-no outcomes with known chances:
its mean is the sum of the chances p and its variance, for these very people, the sum of p(1 - p).
"""

from __future__ import annotations

import numpy as np
from model import (
    AGES,
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
    quit_chance,
    risk_ratio,
)


def chances(people: int, seed: int, intervention: bool) -> dict[str, np.ndarray]:
    """Each person's chance of dying in each year, in each age band and of each cause: (people, ...)."""
    start = initial_people(people, seed)
    values = {name: getattr(start, name) for name in RISKS}
    alive = np.stack([start.smoking == state for state in range(3)]).astype(float)
    found = {
        "year": np.zeros((people, YEARS)),
        "age band": np.zeros((people, AGES["bands"])),
        "cause": np.zeros((people, len(CAUSES))),
    }
    for year in range(YEARS):
        quitting = alive[CURRENT] * quit_chance(year, intervention)[start.quintile]
        alive[CURRENT] -= quitting
        alive[EX] += quitting
        values = {name: drifted(name, values[name]) for name in RISKS}
        age = start.age + year
        hazard = BASE_RATES[age.astype(int) - YOUNGEST, start.sex, start.quintile] * risk_ratio(values)
        dying = np.zeros_like(hazard)
        for state in range(3):
            each = hazard * SMOKING_RATIO[state]
            total = each.sum(axis=1)
            dying += each * (alive[state] * -np.expm1(-total) / total)[:, None]
            alive[state] *= np.exp(-total)
        found["year"][:, year] = dying.sum(axis=1)
        found["age band"][np.arange(people), age_band(age)] += dying.sum(axis=1)
        found["cause"] += dying
    return found


def expected(people: int, seed: int, intervention: bool) -> dict[str, dict[str, list[float]]]:
    """Mean and variance of the deaths in total and along each axis, as ``model.margins`` gives the counts."""
    start, found = initial_people(people, seed), chances(people, seed, intervention)
    found["total"] = found["year"].sum(axis=1, keepdims=True)
    for name, group, groups in (("quintile", start.quintile, 5), ("sex", start.sex, 2)):
        found[name] = found["total"] * (group[:, None] == np.arange(groups))
    return {
        "mean": {name: chance.sum(axis=0).tolist() for name, chance in found.items()},
        "variance": {name: (chance * (1.0 - chance)).sum(axis=0).tolist() for name, chance in found.items()},
    }
