"""The trend from what was known in any year: the nation's pace of ten years, and how fifths and causes differ from it.

Deaths by fifth and cause begin in 2001, so that in 2003 there are three years of them, too few for a slope: one mild
winter turns it round. Rates of all England and Wales by sex and single year of age go back to 1990. The yearly change
in log mortality from all causes is therefore that of the nation by sex and age group, over the last ten years known,
plus the change of the fifth less that of all fifths, shrunk. All causes then divide what the fifth has, and their
shares shift by each cause's own change, shrunk too: causes extrapolated one by one would add up to an ever slower
fall, because those that fall fast soon count for little [2]_.

Differences are shrunk by what they can tell [1]_: with variance v, among differences that truly spread with variance
T, a difference counts T / (T + v).

References
----------
.. [1] DerSimonian R, Laird N (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7: 177-188.
   doi:10.1016/0197-2456(86)90046-2 (variance between, by the method of moments).
.. [2] Wilmoth JR (1995). Are mortality projections always more pessimistic when disaggregated by cause of death?
   Mathematical Population Studies 5: 293-319. doi:10.1080/08898489509525409
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.inputs.mortality import by_band
from hisim.inputs.trend import STEEPEST, broad_of_band, poisson_slopes
from hisim.variables import band_of_age

FIRST_NATIONAL_YEAR = 1990
WINDOW = 10
"""Years of national rates that give the pace: as many as a run from 2011 is fitted on, 2001 to 2010."""
FEWEST_POOLED = 3
"""Years of deaths by fifth and cause below which these have no changes of their own: two have no scatter."""


class Pooled(NamedTuple):
    """Yearly changes in log mortality."""

    all_causes: np.ndarray
    """(quintile, sex, age group): of mortality from all causes together."""
    by_cause: np.ndarray
    """(age group, cause): of each cause, beyond that."""


def national_bands(rates: np.ndarray, people: np.ndarray) -> np.ndarray:
    """National rates by age group, (year, sex, 20 age groups), with one mix of ages inside a group in all years.

    Parameters
    ----------
    rates
        (year, sex, age 0..100) [deaths per person-year].
    people
        (sex, age 0..100) [persons]: the mix.
    """
    return np.asarray(by_band(rates * people) / by_band(people))


def national_pace(rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares yearly change in log mortality, and the scatter of years about it.

    Parameters
    ----------
    rates
        (year, sex, age group) [deaths per person-year]: the last ten of them are used.

    Returns
    -------
    Change, and standard deviation of the logs of a year, both (sex, age group).
    """
    logs = np.log(rates[-WINDOW:])
    time = _time(len(logs))
    slope = np.tensordot(time, logs, 1) / (time**2).sum()
    left = logs - logs.mean(axis=0) - time[:, None, None] * slope
    return slope, np.sqrt((left**2).sum(axis=0) / (len(logs) - 2))


def pooled_slopes(deaths: np.ndarray, population: np.ndarray, national: np.ndarray) -> Pooled:
    """Yearly changes in log mortality from what is given, which is all that was known.

    Parameters
    ----------
    deaths
        (year, quintile, sex, age group, cause) [persons], consecutive years, none after 2010.
    population
        (year, quintile, sex, age group) [persons].
    national
        (year, sex, age group) [deaths per person-year], consecutive years; ten of them at least.

    Returns
    -------
    Pooled
        Men and women differ as the nation's do; fifths and causes differ alike in both, by broad age group. None is
        steeper than 10 % a year.
    """
    pace, scatter = national_pace(national)
    broad = broad_of_band()
    fifths, causes = np.zeros((deaths.shape[1], len(broad))), np.zeros((len(broad), deaths.shape[-1]))
    if len(deaths) >= FEWEST_POOLED:
        fifths, causes = _of_fifths(deaths, population)[:, broad], _of_causes(deaths, population, scatter)[broad]
    both = np.clip(pace + fifths[:, None], -STEEPEST, STEEPEST)
    return Pooled(both, np.clip(causes, -STEEPEST, STEEPEST))


def pooled_rates(last: np.ndarray, slopes: Pooled, years: int, faster: float = 1.0) -> np.ndarray:
    """Mortality of the ``years`` after the last observed one, (year, quintile, sex, age, cause).

    Parameters
    ----------
    last
        Rates of the last observed year [deaths per person-year], (quintile, sex, age 0..100, cause).
    slopes
        Changes; both kinds are multiplied by ``faster``.
    """
    elapsed, band = faster * np.arange(1, years + 1), band_of_age()
    total = np.exp(np.multiply.outer(elapsed, slopes.all_causes[..., band]))[..., None]
    parts = last * np.exp(np.multiply.outer(elapsed, slopes.by_cause[band]))[:, None, None]
    every, before = parts.sum(axis=-1, keepdims=True), last.sum(axis=-1, keepdims=True)
    return np.asarray(parts * total * np.divide(before, every, out=np.ones_like(every), where=every > 0))


def shrunk(difference: np.ndarray, variance: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Differences along the last axis times T / (T + v), less their mean by ``weight``.

    T is what is left of the weighted mean square of the differences when ``variance`` is taken off, or 0.
    """
    share = weight / weight.sum(axis=-1, keepdims=True)
    between = np.maximum((share * (difference**2 - variance)).sum(axis=-1, keepdims=True), 0.0)
    kept = difference * between / (between + variance)
    return np.asarray(kept - (share * kept).sum(axis=-1, keepdims=True))


def _of_fifths(deaths: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Shrunk differences of fifths from all fifths, (quintile, broad age).

    v is chance in their deaths alone: fifths share their winters, which drop out of a difference.
    """
    every, broad, fifths = deaths.sum(axis=-1, keepdims=True), broad_of_band(), np.arange(deaths.shape[1])
    of_all = poisson_slopes(every, population, 0 * fifths, broad)[0]
    own = poisson_slopes(every, population, fifths, broad)[..., 0]
    counted = _broadly(every)[..., 0].T
    return shrunk(own.T - of_all, _chance(counted, len(deaths)), counted).T


def _of_causes(deaths: np.ndarray, population: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """Shrunk differences of causes from all causes, all fifths together, (broad age, cause).

    v is chance in their deaths and the scatter of whole years about a line, for which the nation's stands.
    """
    every, broad, together = deaths.sum(axis=-1, keepdims=True), broad_of_band(), np.zeros(deaths.shape[1], dtype=int)
    own = poisson_slopes(deaths, population, together, broad)[0]
    of_all = poisson_slopes(every, population, together, broad)[0]
    counted = _broadly(deaths).sum(axis=0)
    years = float(np.median(scatter)) ** 2 / (_time(len(deaths)) ** 2).sum()
    return shrunk(own - of_all, _chance(counted, len(deaths)) + years, counted)


def _broadly(deaths: np.ndarray) -> np.ndarray:
    """Deaths of all years and both sexes, (quintile, broad age, cause)."""
    starts = np.flatnonzero(np.diff(broad_of_band(), prepend=-1))
    return np.asarray(np.add.reduceat(deaths.sum(axis=(0, 2)), starts, axis=1))


def _chance(counted: np.ndarray, years: int) -> np.ndarray:
    """Variance of a slope because ``counted`` deaths of all ``years`` are chance events."""
    return np.asarray(years / (np.maximum(counted, 0.5) * (_time(years) ** 2).sum()))


def _time(years: int) -> np.ndarray:
    return np.arange(years) - (years - 1) / 2
