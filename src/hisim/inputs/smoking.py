"""Who smokes, who used to, how many stop and start again, and how the excess hazard fades."""

from __future__ import annotations

import numpy as np

from hisim.inputs.exposures import ADULT_AGE, over_ages
from hisim.inputs.life_table import Tables
from hisim.inputs.tables import grid
from hisim.variables import AGES, CAUSES, OLDEST_AGE, SMOKING_GROUPS, YEARS_SINCE_QUIT

SURVEY_AGE = 18
"""The published levels are of adults aged 18 and over; quitting is taken to begin at this age too."""
REFERENCE_AGE = 45
_CIRCULATORY = ("ihd", "stroke", "other_circulatory")
_RESPIRATORY = ("copd", "other_respiratory")


def current_smokers(tables: Tables, population: np.ndarray) -> np.ndarray:
    """Share who smoke, (quintile, sex, age): the national shape with age at the published level of the quintile.

    ``population`` (quintile, sex, age) [persons] weighs the ages when the level of adults 18+ is matched.
    """
    shape = over_ages(_points("smoking_by_age", tables), grid("smoking_by_age", tables["smoking_by_age"], "current"))
    shape = np.where(np.asarray(AGES) < ADULT_AGE, 0.0, shape)
    level = grid("smoking_by_quintile", tables["smoking_by_quintile"], "current").T
    people = population[..., SURVEY_AGE:]
    factor = level * people.sum(axis=-1) / (people * shape[:, SURVEY_AGE:]).sum(axis=-1)
    return np.asarray(np.minimum(factor[..., None] * shape, 0.95))


def former_smokers(
    tables: Tables, current: np.ndarray, population: np.ndarray, parameters: dict[str, float]
) -> np.ndarray:
    """Share who used to smoke, (quintile, sex, age).

    The odds of having stopped among people who ever smoked rise with age on the log scale (an assumed
    slope) from a level that gives the published share of each quintile and sex at 18 and over.
    """
    share = grid("smoking_by_quintile", tables["smoking_by_quintile"], "former_share_of_ever").T
    rise = np.exp(parameters["former_smoker_age_slope"] * (np.asarray(AGES) - REFERENCE_AGE))
    smokers = (population * current)[..., SURVEY_AGE:]
    level = share / (1 - share) * smokers.sum(axis=-1) / (smokers * rise[SURVEY_AGE:]).sum(axis=-1)
    return np.asarray(np.minimum(current * level[..., None] * rise, 0.95 - current))


def quit_probability(tables: Tables) -> np.ndarray:
    """Chance that a smoker stops within the year, (quintile, sex, age); none under 16.

    Attempts times success: social grade E for quintile 1, AB for quintile 5, a straight line between.
    """
    attempted = grid("quitting", tables["quitting"], "attempted")
    stopped = attempted * grid("quitting", tables["quitting"], "succeeded")
    by_quintile = np.linspace(stopped[1], stopped[0], 5)
    adult = np.asarray(AGES) >= ADULT_AGE
    return np.asarray(by_quintile[:, None, None] * adult * np.ones((1, 2, 1)))


def relapse_probability(tables: Tables) -> np.ndarray:
    """Chance that a former smoker starts again within the year, (years since quit 0..40), never rising.

    Isotonic regression weighted by the number at risk; 0 after the last year observed and at index 0,
    which nobody holds.
    """
    observed = grid("relapse", tables["relapse"], "probability")
    falling = non_increasing(observed, grid("relapse", tables["relapse"], "at_risk"))
    out = np.zeros(len(YEARS_SINCE_QUIT))
    out[1 : len(falling) + 1] = falling
    return out


def non_increasing(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Closest non-increasing sequence in weighted least squares, by pooling adjacent violators.

    References
    ----------
    Ayer M et al. Annals of Mathematical Statistics 1955;26:641.
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pools.append((float(value), float(weight), 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (a, m, i), (b, n, j) = pools[-2:]
            pools[-2:] = [((a * m + b * n) / (m + n), m + n, i + j)]
    return np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])


def years_since_quit_share(relapse: np.ndarray) -> np.ndarray:
    """Share of former smokers by completed years since quitting, (age, years 0..40); index 0 is empty.

    An assumption: quits are spread evenly over the ages from 18, and those still stopped after k years
    are the share whom relapse has spared. Index 40 holds 40 years and more.
    """
    spared = np.cumprod(1 - relapse)
    kept = np.concatenate([spared[1:], np.full(OLDEST_AGE, spared[-1])])
    out = np.zeros((len(AGES), len(YEARS_SINCE_QUIT)))
    for age in AGES:
        weight = kept[: max(1, age - SURVEY_AGE)]
        last = len(YEARS_SINCE_QUIT) - 1
        out[age, 1 : min(last, len(weight)) + 1] = weight[:last]
        out[age, last] += weight[last:].sum()
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def decay(tables: Tables) -> np.ndarray:
    """Share of the excess hazard that remains, (smoking group, years since quit), from 1, never rising."""
    remaining = grid("smoking_decay", tables["smoking_decay"], "remaining")
    return np.asarray(np.minimum.accumulate(np.clip(remaining, 0, 1), axis=1))


def group_of_cause() -> np.ndarray:
    """Index of the decay curve of every cause: circulatory, respiratory, and the slowest for all others."""
    groups = ["cvd" if cause in _CIRCULATORY else "copd" if cause in _RESPIRATORY else "cancer" for cause in CAUSES]
    return np.array([SMOKING_GROUPS.index(group) for group in groups])


def stop_smoking_reach(current: np.ndarray, population: np.ndarray, parameters: dict[str, float]) -> np.ndarray:
    """Share of smokers who set a quit date with a service in a year, (quintile, sex, age); none under 16.

    A straight line over quintiles: quintile 1 against the average of the others as Spearhead areas
    against the rest; the average over smokers is the national reach.
    """
    ratio = parameters["stop_smoking_reach_ratio"]
    relative = 1 + (ratio - 1) / (2 + ratio / 2) * (3 - np.arange(1, 6))
    smokers = (current * population).sum(axis=(1, 2))
    level = parameters["stop_smoking_reach"] * smokers.sum() / (smokers @ relative)
    adult = np.asarray(AGES) >= ADULT_AGE
    return np.asarray((level * relative)[:, None, None] * adult * np.ones((1, 2, 1)))


def _points(name: str, tables: Tables) -> np.ndarray:
    return np.unique(tables[name]["age"].to_numpy()) + 0.5
