"""Gaps and indices of inequality between deprivation fifths.

Signs are fixed here, once:

- a **gap** says how much worse off the most deprived fifth is: positive when it is worse off, whatever the
  estimand. The relative gap is the gap over the value it is measured against. Against the England average
  (which includes the most deprived fifth) it has the form of the 2010 national target.
- the **slope index of inequality** (SII) is the fitted value at the least deprived end of the population
  minus that at the most deprived end: positive for life expectancy, negative for rates of death.
- the **relative index of inequality** (RII) is the fitted value at the least deprived end over that at the
  most deprived end: above 1 for life expectancy, below 1 for rates of death.

The line is fitted by least squares weighted by population, on each fifth's mid-point in the population ranked
from most (0) to least (1) deprived [1]_, [2]_; for rates, on their logarithms. The rank scale is given as an
argument, so that it can be held at the comparator's population while scenarios change who is alive.

The **equally distributed equivalent** is the level that, enjoyed by all alike, would be judged as good as the
unequal levels that there are; the **Atkinson index** is the share of the mean that would be given up for that [3]_.

References
----------
.. [1] Mackenbach JP, Kunst AE (1997). Measuring the magnitude of socio-economic inequalities in health: an
   overview of available measures illustrated with two examples from Europe. Social Science and Medicine
   44: 757-771. doi:10.1016/S0277-9536(96)00073-1
.. [2] Pamuk ER (1985). Social class inequality in mortality from 1921 to 1972 in England and Wales.
   Population Studies 39: 17-31. doi:10.1080/0032472031000141256
.. [3] Atkinson AB (1970). On the measurement of inequality. Journal of Economic Theory 2: 244-263.
   doi:10.1016/0022-0531(70)90039-6
.. [4] Robson M, Asaria M, Cookson R, Tsuchiya A, Ali S (2017). Eliciting the level of health inequality aversion
   in England. Health Economics 26: 1328-1334. doi:10.1002/hec.3430
.. [5] Asaria M, Griffin S, Cookson R (2016). Distributional cost-effectiveness analysis: a tutorial. Medical Decision
   Making 36: 8-19. doi:10.1177/0272989X15583266
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError

AVERSION = 10.95
"""Aversion to inequality in health: median answer of the general public in England, on Atkinson's scale [4]_."""
WITHHELD = (
    "not-a-number where the mean, or what it is divided by, is not above 0: a relative index would be "
    "meaningless or change sign there"
)
"""The reason a relative index is missing, in the attribute ``withheld`` of every relative index."""


def absolute_gap(value: xr.DataArray, against: xr.DataArray, *, higher_is_better: bool) -> xr.DataArray:
    """How much worse off ``value`` (most deprived fifth) is than ``against`` [unit of ``value``]."""
    return against - value if higher_is_better else value - against


def relative_gap(value: xr.DataArray, against: xr.DataArray, *, higher_is_better: bool) -> xr.DataArray:
    """:func:`absolute_gap` over ``against`` [fraction]; withheld where ``against`` is not above 0."""
    gap = absolute_gap(value, against, higher_is_better=higher_is_better)
    return _withhold(gap / against.where(against > 0))


def ranks(population: np.ndarray) -> np.ndarray:
    """Mid-point of each fifth in the population ranked from most to least deprived [fraction, 0 to 1].

    Parameters
    ----------
    population : (..., quintile) [persons or person-years], quintiles from most to least deprived.
    """
    middle = np.cumsum(population, axis=-1) - 0.5 * population
    rank: np.ndarray = middle / population.sum(axis=-1, keepdims=True)
    return rank


def fitted_ends(value: np.ndarray, population: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of the weighted least-squares line of ``value`` on :func:`ranks` of ``population``.

    Values are counted from the first fifth's, so that equal fifths give a slope of exactly 0.

    Parameters
    ----------
    value, population : (..., quintile), quintiles from most to least deprived.

    Returns
    -------
    Fitted values at the most deprived end (rank 0) and the least deprived end (rank 1), each (...).
    """
    weight = population / population.sum(axis=-1, keepdims=True)
    rank = ranks(population)
    centred = rank - (weight * rank).sum(axis=-1, keepdims=True)
    step = value - value[..., :1]
    slope = (weight * centred * step).sum(axis=-1) / (weight * centred**2).sum(axis=-1)
    start = value[..., 0] + (weight * step).sum(axis=-1) - slope * (weight * rank).sum(axis=-1)
    return start, start + slope


def slope_index(value: xr.DataArray, population: xr.DataArray, *, log: bool = False) -> xr.DataArray:
    """Slope index of inequality [unit of ``value``]: least deprived end minus most deprived end.

    Parameters
    ----------
    value : (..., quintile) the five fifths, most deprived first.
    population : (..., quintile) people who set the rank scale and the weights.
    log : fit the logarithm and carry both ends back, as is usual for rates, which cannot be negative;
        not-a-number where a rate is not above 0.
    """
    return _over_fifths(_slope_log if log else _slope, value, population)


def relative_index(value: xr.DataArray, population: xr.DataArray, *, log: bool = False) -> xr.DataArray:
    """Relative index of inequality [ratio]: least deprived end over most deprived end.

    Withheld (:data:`WITHHELD`) where the population-weighted mean or a fitted end is not above 0.
    """
    return _withhold(_over_fifths(_ratio_log if log else _ratio, value, population))


def equally_distributed_equivalent(
    value: xr.DataArray, population: xr.DataArray, aversion: float = AVERSION
) -> xr.DataArray:
    """Equally distributed equivalent of the five fifths [unit of ``value``] [3]_.

    (sum of w_i y_i^(1 - e))^(1 / (1 - e)) with population shares w; the geometric mean where e is 1. At e = 0 it
    is the mean; as e grows it falls towards the worst-off fifth.

    Parameters
    ----------
    value : (..., quintile) the five fifths, more is better, such as life expectancy.
    population : (..., quintile) weights, above 0 [persons or person-years].
    aversion : e, 0 or more; 10.95 is the public's [4]_.

    Returns
    -------
    (...). Withheld (:data:`WITHHELD`) where any fifth is not above 0.

    Raises
    ------
    ImpossibleModelError
        For an aversion that is negative or not finite.
    """
    if not (np.isfinite(aversion) and aversion >= 0):
        raise ImpossibleModelError(f"aversion: found {aversion:g}; allowed: 0 or more")
    return _withhold(_over_fifths(lambda y, people: _equivalent(y, people, aversion), value, population))


def atkinson_index(value: xr.DataArray, population: xr.DataArray, aversion: float = AVERSION) -> xr.DataArray:
    """Atkinson index [fraction]: 1 - equally distributed equivalent / population-weighted mean [3]_.

    0 for equal fifths, below 1 always, and higher the more aversion; arguments, errors and what is withheld as
    in :func:`equally_distributed_equivalent`.
    """
    mean = _over_fifths(_mean, value, population)
    return _withhold(1.0 - equally_distributed_equivalent(value, population, aversion) / mean)


def equity_weights(value: np.ndarray, population: np.ndarray, aversion: float = AVERSION) -> np.ndarray:
    """What one more unit of health for somebody in each fifth counts, so that the mean over all people is 1 [3]_, [5]_.

    y_i^-e / (sum of w_j y_j^-e) with population shares w: in proportion to what one more unit for a person of a fifth
    adds to the equally distributed equivalent. At e = 0 everybody counts alike.

    Parameters
    ----------
    value : (quintile) health now, above 0, such as quality-adjusted life expectancy.
    population : (quintile) weights, above 0 [persons or person-years].
    aversion : e, 0 or more; 10.95 is the public's [4]_.
    """
    power = (value / value.min()) ** -aversion
    weights: np.ndarray = power / (population / population.sum() @ power)
    return weights


def _equivalent(value: np.ndarray, population: np.ndarray, aversion: float) -> np.ndarray:
    """Counted from the lowest fifth's, so that equal fifths come back exactly and no power overflows."""
    sound = (value > 0).all(axis=-1)
    safe = np.where(np.asarray(sound)[..., None], value, 1.0)
    weight = population / population.sum(axis=-1, keepdims=True)
    lowest = safe.min(axis=-1)
    steps, power = np.log(safe / lowest[..., None]), 1.0 - aversion
    if power == 0:
        step = (weight * steps).sum(axis=-1)
    else:
        step = np.log1p((weight * np.expm1(power * steps)).sum(axis=-1)) / power
    return np.where(sound, lowest * np.exp(step), np.nan)


def _mean(value: np.ndarray, population: np.ndarray) -> np.ndarray:
    lowest = value.min(axis=-1)
    weight = population / population.sum(axis=-1, keepdims=True)
    mean: np.ndarray = lowest + (weight * (value - lowest[..., None])).sum(axis=-1)
    return mean


def _slope(value: np.ndarray, population: np.ndarray) -> np.ndarray:
    start, end = fitted_ends(value, population)
    slope: np.ndarray = end - start
    return slope


def _slope_log(value: np.ndarray, population: np.ndarray) -> np.ndarray:
    start, end = fitted_ends(_log(value), population)
    slope: np.ndarray = np.exp(end) - np.exp(start)
    return slope


def _ratio(value: np.ndarray, population: np.ndarray) -> np.ndarray:
    start, end = fitted_ends(value, population)
    sound = ((value * population).sum(axis=-1) > 0) & (start > 0) & (end > 0)
    ratio: np.ndarray = np.divide(end, start, out=np.full_like(start, np.nan), where=sound)
    return ratio


def _ratio_log(value: np.ndarray, population: np.ndarray) -> np.ndarray:
    start, end = fitted_ends(_log(value), population)
    ratio: np.ndarray = np.exp(end - start)
    return ratio


def _log(value: np.ndarray) -> np.ndarray:
    logarithm: np.ndarray = np.log(value, out=np.full(value.shape, np.nan), where=value > 0)
    return logarithm


def _over_fifths(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray], value: xr.DataArray, population: xr.DataArray
) -> xr.DataArray:
    core = [["quintile"], ["quintile"]]
    index: xr.DataArray = xr.apply_ufunc(function, value, population, input_core_dims=core)
    return index


def _withhold(index: xr.DataArray) -> xr.DataArray:
    return index.assign_attrs(withheld=WITHHELD)
