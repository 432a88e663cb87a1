"""Rival forecasts of mortality, as functions of arrays: rates held, rates on a line, and Lee-Carter.

Age groups are on the last axis, years on the first, and forecasts start from the rates of the last year known [2]_, so
that all rivals and hisim start alike.

References
----------
.. [1] Lee RD, Carter LR (1992). Modeling and forecasting U.S. mortality. Journal of the American Statistical
   Association 87: 659-671. doi:10.1080/01621459.1992.10475265
.. [2] Lee RD, Miller T (2001). Evaluating the performance of the Lee-Carter method for forecasting mortality.
   Demography 38: 537-549. doi:10.1353/dem.2001.0036
.. [3] Li N, Lee RD (2005). Coherent mortality forecasts for a group of populations: an extension of the Lee-Carter
   method. Demography 42: 575-594. doi:10.1353/dem.2005.0021
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FEWEST = 0.5
"""Deaths that stand for none where a logarithm is taken."""
ROUNDS = 50


class LeeCarter(NamedTuple):
    """log m(x, t) = a(x) + b(x) k(t), with the b adding up to 1 and the k of the first stage to 0 [1]_."""

    level: np.ndarray
    """a, (age group)."""
    response: np.ndarray
    """b, (age group)."""
    course: np.ndarray
    """k, (year): refitted so that deaths of every year come out as observed."""

    @property
    def drift(self) -> float:
        """Mean yearly change of k: the random walk's drift, (last k - first k) / (years - 1)."""
        return float((self.course[-1] - self.course[0]) / (len(self.course) - 1))


def held(last: np.ndarray, years: int) -> np.ndarray:
    """The rates ``last`` in each of ``years``, (year, ...)."""
    return np.repeat(last[None], years, axis=0)


def on_a_line(deaths: np.ndarray, population: np.ndarray, years: int) -> np.ndarray:
    """Rates of ``years`` with each cell's own log-linear drift from the first year known to the last, (year, ...).

    ``deaths`` [persons] and ``population`` [person-years], (year, ...); cells without deaths count half a death.
    """
    rates = np.maximum(deaths, FEWEST) / population
    change = np.log(rates[-1] / rates[0]) / (len(rates) - 1)
    return _moved(rates[-1], change, years)


def lee_carter(deaths: np.ndarray, population: np.ndarray) -> LeeCarter:
    """Lee and Carter's model [1]_ of one population.

    Parameters
    ----------
    deaths : (year, age group) [persons].
    population : (year, age group) [person-years].

    Returns
    -------
    LeeCarter
        a: means of the log rates; b and k: first singular vectors; k then refitted to the deaths of every year.
    """
    logs = np.log(np.maximum(deaths, FEWEST) / population)
    level = logs.mean(axis=0)
    left, sizes, right = np.linalg.svd(logs - level, full_matrices=False)
    scale = right[0].sum()
    response, index = right[0] / scale, left[:, 0] * sizes[0] * scale
    return LeeCarter(level, response, _refitted(level, response, index, deaths.sum(axis=1), population))


def lee_carter_by_fifth(deaths: np.ndarray, population: np.ndarray, years: int) -> np.ndarray:
    """Rates of ``years`` with a Lee-Carter model of its own for every fifth and sex, (year, quintile, sex, age group).

    ``deaths`` and ``population`` are (year, quintile, sex, age group).
    """
    last = np.maximum(deaths[-1], FEWEST) / population[-1]
    change = np.empty_like(last)
    for cell in np.ndindex(*last.shape[:2]):
        model = lee_carter(deaths[:, *cell], population[:, *cell])
        change[cell] = model.response * model.drift
    return _moved(last, change, years)


def lee_carter_of_the_nation(last: np.ndarray, national: np.ndarray, people: np.ndarray, years: int) -> np.ndarray:
    """Rates of ``years`` with one Lee-Carter model for each sex of the nation, (year, quintile, sex, age group).

    The common factor of Li and Lee [3]_: every fifth has the nation's b and k and its own rates to start from. Three to
    nine years are too few for the fifths' own factors, which in their method fade away besides.

    Parameters
    ----------
    last : (quintile, sex, age group) rates of the last year [deaths per person-year].
    national : (year, sex, age group) rates of the nation up to that year.
    people : (sex, age group) [persons]: k is refitted to the deaths that these people would have had.
    """
    change = np.empty(last.shape[1:])
    for sex in range(last.shape[1]):
        model = lee_carter(national[:, sex] * people[sex], np.broadcast_to(people[sex], national[:, sex].shape))
        change[sex] = model.response * model.drift
    return _moved(last, change, years)


def _moved(last: np.ndarray, change: np.ndarray, years: int) -> np.ndarray:
    return np.asarray(last * np.exp(np.multiply.outer(np.arange(1, years + 1), change * np.ones_like(last))))


def _refitted(
    level: np.ndarray, response: np.ndarray, index: np.ndarray, died: np.ndarray, population: np.ndarray
) -> np.ndarray:
    """Each year's k such that rates x people are the deaths, by Newton's method.

    The first k stays where no such k lies within twice the range of k of it: responses of both signs, which few years
    and few deaths give, may have none, or one in another world. Twice is where Lee-Carter by fifth does best here.
    """
    found, reach = index.copy(), 2.0 * np.ptp(index)
    for _ in range(ROUNDS):
        expected = population * np.exp(level + np.multiply.outer(found, response))
        steeper = (expected * response).sum(axis=1)
        step = np.divide(died - expected.sum(axis=1), steeper, out=np.zeros_like(found), where=steeper != 0)
        found = np.clip(found + step, index - reach, index + reach)
    expected = (population * np.exp(level + np.multiply.outer(found, response))).sum(axis=1)
    return np.where(np.abs(expected - died) <= 1e-6 * died, found, index)
