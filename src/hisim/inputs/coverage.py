"""Who is diagnosed and treated for blood pressure, and who takes a statin, as care is now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hisim.inputs.catalogue import find_entry
from hisim.inputs.exposures import ADULT_AGE, over_ages
from hisim.inputs.life_table import Tables
from hisim.inputs.tables import grid
from hisim.variables import AGES

CARE_YEAR, SURVEY_YEAR = 2011, 2006
STATIN_AGE = 40
"""People without a history of heart disease or stroke are eligible for a statin from this age."""
ADULT_SURVEY_AGE = 18


@dataclass(frozen=True)
class BloodPressureCare:
    """Underlying pressure [mmHg] and care, each (quintile, sex, age): shares of people with hypertension."""

    mean: np.ndarray
    hypertensive: np.ndarray
    known: np.ndarray
    treated: np.ndarray


def blood_pressure_care(
    tables: Tables, mean: np.ndarray, sd: np.ndarray, population: np.ndarray, parameters: dict[str, float]
) -> BloodPressureCare:
    """What pressure would be if nobody were treated, with the care that brings it back to what was observed.

    Parameters
    ----------
    mean, sd
        Observed usual systolic pressure, treatment as it was [mmHg], (quintile, sex, age).
    population
        (quintile, sex, age) [persons].

    Notes
    -----
    A fixed point of: hypertensive h = P(underlying >= threshold) under a normal distribution; treated share
    c = shape with age, levelled to the published share of each sex over its people with hypertension;
    underlying = observed + h c effect. Thirty steps reach it to rounding. The standard deviation is left
    as observed (an assumption: treatment narrows it a little).
    """
    from scipy.special import ndtr  # only where inputs are worked out anew: it takes long to import

    shape = _medication_shape(tables)
    aware, treated = _care_of_sex(tables)
    underlying, adult = mean, np.asarray(AGES) >= ADULT_AGE
    for _ in range(30):
        hypertensive = ndtr((underlying - parameters["hypertension_threshold"]) / sd)
        coverage = _levelled(shape, hypertensive * population * adult, treated) * adult
        underlying = mean + hypertensive * coverage * parameters["treatment_effect_sbp"]
    told = (aware - treated) / (1 - treated)
    known = (coverage + (1 - coverage) * told[None, :, None]) * adult
    return BloodPressureCare(underlying, hypertensive, known, coverage)


def statin_coverage_history(shape: tuple[int, ...], parameters: dict[str, float]) -> np.ndarray:
    """Share of people with heart disease or stroke who take a statin: halfway between 2003 and 2009, all ages."""
    level = (parameters["statin_coverage_history_2003"] + parameters["statin_coverage_history_2009"]) / 2
    return np.full(shape, level)


def statin_coverage_primary(
    history: np.ndarray,
    high_risk: np.ndarray,
    history_coverage: np.ndarray,
    population: np.ndarray,
    parameters: dict[str, float],
) -> np.ndarray:
    """Share on a statin among people at high risk without a history, (quintile, sex, age).

    Parameters
    ----------
    history
        Share with heart disease or stroke, (quintile, sex, age).
    high_risk
        Share of the others with hypertension or diabetes.
    history_coverage
        Share of people with a history who take a statin.

    Notes
    -----
    One share at every age from 40, such that with secondary prevention the published share of adults
    takes a statin. Nobody outside the two groups is taken to have one.
    """
    adults = np.asarray(AGES) >= ADULT_SURVEY_AGE
    eligible = np.asarray(AGES) >= STATIN_AGE
    wanted = parameters["adults_on_statins"] * (population * adults).sum()
    secondary = (population * adults * history * history_coverage).sum()
    level = (wanted - secondary) / (population * eligible * (1 - history) * high_risk).sum()
    return np.asarray(np.clip(level, 0, 1) * eligible * np.ones_like(history))


def either(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Share with at least one of two conditions, taken to be independent inside a stratum."""
    return np.asarray(1 - (1 - first) * (1 - second))


def _medication_shape(tables: Tables) -> np.ndarray:
    """Log odds of medication by age, (1, sex, age); the first line goes on below the table's first age."""
    points = np.array(find_entry("medication_by_age").keys["age"], dtype=float) + 0.5
    share = grid("medication_by_age", tables["medication_by_age"], "share").mean(axis=-1)
    logit = np.log(share / (1 - share))
    slope = (logit[:, 1] - logit[:, 0]) / (points[1] - points[0])
    first = logit[:, 0] + slope * (ADULT_AGE - points[0])
    lines = over_ages(np.concatenate([[ADULT_AGE], points]), np.concatenate([first[:, None], logit], axis=1))
    return np.asarray(lines[None])


def _care_of_sex(tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Shares of people with hypertension who know it and who are treated, (sex,): 2006 by sex at the level of 2011."""
    frame = tables["hypertension_care"]
    share = {(y, str(s), str(step)): v for y, s, step, v in frame[["year", "sex", "step", "share"]].to_numpy().tolist()}
    levels = [
        [
            share[SURVEY_YEAR, sex, step] * share[CARE_YEAR, "Both", step] / share[SURVEY_YEAR, "Both", step]
            for sex in ("Female", "Male")
        ]
        for step in ("aware", "treated")
    ]
    return np.array(levels[0]), np.array(levels[1])


def _levelled(shape: np.ndarray, people: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Log odds ``shape`` shifted by sex so that the average over ``people`` is ``level``; Newton's method."""
    shift = np.zeros(len(level))
    total = people.sum(axis=(0, 2))
    for _ in range(6):
        share = 1 / (1 + np.exp(-(shape + shift[None, :, None])))
        average = (share * people).sum(axis=(0, 2)) / total
        slope = (share * (1 - share) * people).sum(axis=(0, 2)) / total
        shift = shift + (level - average) / slope
    share = 1 / (1 + np.exp(-(shape + shift[None, :, None])))
    return np.broadcast_to(share, people.shape)
