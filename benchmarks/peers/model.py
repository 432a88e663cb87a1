"""The work itself, needing NumPy only: parameters, tables, initial people, and what is made of deaths.

One year, for everyone alive at its start:

1. a current smoker quits with the chance of their quintile (times the service's multiplier, once it runs);
2. blood pressure and cholesterol drift, held within their limits;
3. the hazard of each cause is its base rate (age in whole years, sex, quintile), times the ratio of the smoking state,
   times exp(log ratio x excess over what does no harm) for both risks; a person dies with chance 1 - exp(-sum),
   of a cause in proportion to the hazards;
4. the dead are counted at their age at the start of the year;
5. the others grow a year older.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PARAMS: dict[str, Any] = json.loads((Path(__file__).parent / "params.json").read_text("utf-8"))
YEARS: int = PARAMS["years"]
CAUSES: list[str] = PARAMS["causes"]
AGES: dict[str, int] = PARAMS["ages"]
YOUNGEST = AGES["youngest"]
SMOKING = PARAMS["smoking"]
SERVICE = PARAMS["stop_smoking_service"]
RISKS = ("blood_pressure", "cholesterol")
CURRENT, EX = 1, 2
AXES = ("year", "quintile", "sex", "age band", "cause")
SHAPE = (YEARS, 5, 2, AGES["bands"], len(CAUSES))


class People(NamedTuple):
    """The initial people: sex 0 is male; quintile 0 is the most deprived; smoking 0 never, 1 current, 2 ex."""

    age: np.ndarray
    sex: np.ndarray
    quintile: np.ndarray
    smoking: np.ndarray
    blood_pressure: np.ndarray
    cholesterol: np.ndarray


@lru_cache(maxsize=1)
def initial_people(people: int, seed: int) -> People:
    """The same people for every runner. Kept, so that making them can stay outside what is timed."""
    # A stream of its own (the 1): a runner may seed itself with the bare seed and must not meet the same numbers.
    rng = np.random.default_rng([seed, 1])
    ages = np.arange(YOUNGEST, AGES["oldest"] + 1)
    flat_to, end = PARAMS["age_weights"]["flat_to"], PARAMS["age_weights"]["at_the_oldest"]
    weight = 1.0 - (1.0 - end) * np.maximum(ages - flat_to, 0) / (AGES["oldest"] - flat_to)
    age = rng.choice(ages, people, p=weight / weight.sum()) + rng.random(people)
    sex = rng.integers(0, 2, people).astype(np.int8)
    quintile = rng.integers(0, 5, people).astype(np.int8)
    current, ex = (np.array(SMOKING[state])[quintile] for state in ("current", "ex"))
    place = rng.random(people)
    smoking = np.where(place < current, CURRENT, np.where(place < current + ex, EX, 0)).astype(np.int8)
    values = []
    for risk in (PARAMS[name] for name in RISKS):
        mean = risk["mean_at_30"] + risk["mean_per_year_of_age"] * (age - 30) + risk["men_above"] * (sex == 0)
        mean = mean + np.array(risk["above_by_quintile"])[quintile]
        values.append(np.clip(rng.normal(mean, risk["sd"]), risk["lowest"], risk["highest"]))
    made = People(age, sex, quintile, smoking, *values)
    for column in made:
        column.setflags(write=False)  # they are shared between runs: a runner that changes them must copy
    return made


def _base_rates() -> np.ndarray:
    """Yearly rates of never-smokers whose risks do no harm: [age - youngest, sex, quintile, cause]."""
    spec = PARAMS["base_rates"]
    ages = np.arange(YOUNGEST, AGES["oldest_in_table"] + 1)
    growth = np.exp(np.array(spec["growth_per_year_of_age"]) * (ages[:, None] + 0.5 - 60))
    at_60 = np.array([spec[f"{sex}_at_60"] for sex in PARAMS["sexes"]])
    quintile = np.array(spec["ratio_by_quintile"])
    return growth[:, None, None, :] * at_60[None, :, None, :] * quintile[None, None, :, None]


BASE_RATES = _base_rates()
SMOKING_RATIO = np.array([np.ones(len(CAUSES)), SMOKING["ratio_current"], SMOKING["ratio_ex"]])
LOG_RATIO = {name: np.array(PARAMS[name]["log_ratio_per_unit"]) for name in RISKS}


def quit_chance(year: int, intervention: bool) -> np.ndarray:
    """Each quintile's chance that a current smoker quits in ``year`` (0 is the first)."""
    chance = np.array(SMOKING["yearly_chance_of_quitting"])
    on = intervention and year >= SERVICE["first_year"]
    return chance * np.array(SERVICE["quitting_times"]) if on else chance


def drifted(name: str, values: np.ndarray) -> np.ndarray:
    """A risk's values one year on."""
    risk = PARAMS[name]
    return np.clip(values + risk["drift"], risk["lowest"], risk["highest"])


def excess(name: str, values: np.ndarray) -> np.ndarray:
    """How far a risk's values lie over what does no harm, in its units."""
    risk = PARAMS[name]
    return np.maximum(values - risk["no_harm_below"], 0.0) / risk["unit"]


def risk_ratio(values: dict[str, np.ndarray]) -> np.ndarray:
    """What both risks multiply each person's hazards by: [person, cause]."""
    over = np.stack([excess(name, each) for name, each in values.items()])
    log_ratio = over.T @ np.stack([LOG_RATIO[name] for name in values])
    return np.exp(log_ratio, out=log_ratio)


def age_band(age: np.ndarray) -> np.ndarray:
    """The five-year band of each age; the last one is open."""
    return np.minimum((np.asarray(age).astype(int) - YOUNGEST) // AGES["band_width"], AGES["bands"] - 1)


def no_deaths() -> np.ndarray:
    """An empty count by year, quintile, sex, age band and cause."""
    return np.zeros(SHAPE, dtype=np.int64)


def person_years(people: int, deaths: np.ndarray) -> int:
    """The work done: those alive at the start of each year, summed over the years."""
    by_year = deaths.reshape(YEARS, -1).sum(axis=1)
    return int(sum(people - by_year[:year].sum() for year in range(YEARS)))


def margins(deaths: np.ndarray) -> dict[str, list[float]]:
    """Deaths in total and along each axis."""
    along = {"total": [float(deaths.sum())]}
    for place, name in enumerate(AXES):
        others = tuple(axis for axis in range(len(AXES)) if axis != place)
        along[name] = deaths.sum(axis=others).astype(float).tolist()
    return along
