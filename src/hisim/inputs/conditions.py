"""Who has atrial fibrillation, heart failure, COPD or a transient ischaemic attack, and who of them knows."""

from __future__ import annotations

import numpy as np

from hisim.inputs.catalogue import find_entry
from hisim.inputs.exposures import YOUNGEST_HISTORY, expit, gradient, logit, over_ages, share_by_quintile
from hisim.inputs.life_table import Tables
from hisim.inputs.tables import grid
from hisim.variables import AGES

SURVEY_AGE = 15
"""Youngest age of the published prevalence of COPD."""


def prevalences(
    tables: Tables,
    population: np.ndarray,
    smoking: tuple[np.ndarray, np.ndarray],
    parameters: dict[str, float],
) -> dict[str, np.ndarray]:
    """Share with each condition, (quintile, sex, age); recent_tia within the year.

    Parameters
    ----------
    population
        (quintile, sex, age) [persons]; levels are averages over it.
    smoking
        Shares who smoke and who used to, each (quintile, sex, age).
    """
    flutter = parameters["atrial_fibrillation_recorded"] * parameters["atrial_fibrillation_expected_over_recorded"]
    stroke = gradient(grid("disease_history_standardised", tables["disease_history_standardised"], "prevalence")[1])
    return {
        "atrial_fibrillation_prevalence": _by_age(tables, "atrial_fibrillation", population, flutter, np.ones((5, 2))),
        "heart_failure_prevalence": _by_age(
            tables,
            "heart_failure",
            population,
            parameters["heart_failure_recorded"],
            np.repeat(share_by_quintile(parameters["heart_failure_ratio"], np.ones(5), 1.0)[:, None], 2, axis=1),
        ),
        "recent_tia_prevalence": _by_age(tables, "recent_tia", population, parameters["recent_tia"], stroke),
        "copd_prevalence": _copd(tables, population, smoking, parameters),
    }


def known(shape: tuple[int, ...], parameters: dict[str, float]) -> dict[str, np.ndarray]:
    """Share of people with each condition who are diagnosed, one figure for all, of ``shape``."""
    return {
        "diabetes_known": np.full(shape, parameters["diabetes_known"]),
        "atrial_fibrillation_known": np.full(shape, 1 / parameters["atrial_fibrillation_expected_over_recorded"]),
        "copd_known": np.full(shape, parameters["copd_known"]),
    }


def _by_age(tables: Tables, condition: str, population: np.ndarray, level: float, ratios: np.ndarray) -> np.ndarray:
    """The table's shape with age times ``ratios`` (quintile, sex), scaled so that ``level`` of everyone has it."""
    names = find_entry("conditions_by_age").keys
    points = np.array(names["age"], dtype=float) + 0.5
    row = grid("conditions_by_age", tables["conditions_by_age"], "prevalence")[names["condition"].index(condition)]
    shape = expit(over_ages(points, logit(row))) * (np.asarray(AGES) >= YOUNGEST_HISTORY)
    share = ratios[:, :, None] * shape
    return np.asarray(share * (level / ((share * population).sum() / population.sum())))


def _copd(
    tables: Tables,
    population: np.ndarray,
    smoking: tuple[np.ndarray, np.ndarray],
    parameters: dict[str, float],
) -> np.ndarray:
    """Survey prevalence by age at each stratum's smoking, scaled to the published level of each sex and to the
    published ratio of the most to the least deprived fifth, standardised for age and sex.
    """
    points = np.array(find_entry("copd").keys["age"], dtype=float) + 0.5
    by_smoking = logit(grid("copd", tables["copd"], "prevalence")).mean(axis=-1)
    never, former, current = (expit(over_ages(points, row)) for row in by_smoking)
    smokes, used_to = smoking
    share = never * (1 - smokes - used_to) + former * used_to + current * smokes
    share = share * (np.asarray(AGES) >= YOUNGEST_HISTORY)
    standardised = (share * population.sum(axis=0)).sum(axis=(1, 2))
    share *= (share_by_quintile(parameters["copd_ratio"], np.ones(5), 1.0) / standardised)[:, None, None]
    surveyed = population * (np.asarray(AGES) >= SURVEY_AGE)
    level = np.array([parameters["copd_women"], parameters["copd_men"]])
    found = (share * surveyed).sum(axis=(0, 2)) / surveyed.sum(axis=(0, 2))
    return np.asarray(np.minimum(share * (level / found)[:, None], 0.95))
