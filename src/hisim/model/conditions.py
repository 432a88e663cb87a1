"""Disease histories: who has ever had diabetes, coronary heart disease or a stroke, by cohort and year.

Each person has one lifelong uniform per condition and gets it when the cohort's share who have ever had
it passes that uniform: an age at onset by inverse distribution, without yearly draws. Incidence is what
keeps the prevalence among survivors at its table while the diseased die faster; it follows the
comparator's hazards in every scenario and no intervention feeds back on it.
"""

from __future__ import annotations

import numpy as np

from hisim.model.tables import Float64
from hisim.variables import OLDEST_AGE


def ever_shares(prevalence: Float64, log_hazard_ratio: Float64, rate: Float64) -> Float64:
    """Share of each cohort who have ever had each condition.

    Parameters
    ----------
    prevalence
        (condition, quintile, sex, age) [fraction] among people of that age.
    log_hazard_ratio
        (condition, sex, age, cause) for having the condition.
    rate
        (year, quintile, sex, age, cause) [deaths/person-year].

    Returns
    -------
    (condition, quintile, sex, cohort, year) [fraction]; cohorts from the oldest (``OLDEST_AGE`` at the
    start) to those born in the last year; 0 before birth.
    """
    conditions, quintiles, sexes, _ = prevalence.shape
    years = rate.shape[0]
    ever = np.zeros((years, conditions, quintiles, sexes, OLDEST_AGE + years))
    new = _incidence(prevalence, np.exp(log_hazard_ratio), rate[:-1]) if years > 1 else prevalence[None]
    place = np.arange(OLDEST_AGE + years)
    for y in range(years):
        there = OLDEST_AGE + 1 + y
        age = np.minimum(there - 1 - place[:there], OLDEST_AGE)
        if y == 0:
            ever[y, ..., :there] = prevalence[..., age]
            continue
        share = ever[y - 1, ..., : there - 1]
        ever[y, ..., : there - 1] = share + (1.0 - share) * new[y - 1][..., age[:-1] - 1]
        ever[y, ..., there - 1] = prevalence[..., 0]
    return np.moveaxis(ever, 0, -1)


def _incidence(prevalence: Float64, hazard_ratio: Float64, rate: Float64) -> Float64:
    """Share of the free who get the condition from each age to the next; (year, condition, quintile, sex, age).

    With P the prevalence and survival S_d of the diseased, S_f of the free, the prevalence would become
    P S_d / (P S_d + (1 - P) S_f) without new cases; incidence makes up the difference to the table.
    """
    all_causes = rate.sum(axis=-1)[:, None, ..., :-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.array([np.einsum("qsac,dsac->dqsa", one, hazard_ratio) for one in rate])[..., :-1] / all_causes
    ratio = np.where(all_causes > 0, ratio, 1.0)
    share = prevalence[..., :-1]
    free = all_causes / (1.0 + share * (ratio - 1.0))
    kept_sick, kept_free = share * np.exp(-free * ratio), (1.0 - share) * np.exp(-free)
    without_new = kept_sick / (kept_sick + kept_free)
    free_left = np.where(without_new < 1.0, 1.0 - without_new, 1.0)
    return np.asarray(np.clip((prevalence[..., 1:] - without_new) / free_left, 0.0, 1.0))
