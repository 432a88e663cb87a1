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

References
----------
.. [1] Mackenbach JP, Kunst AE (1997). Measuring the magnitude of socio-economic inequalities in health: an
   overview of available measures illustrated with two examples from Europe. Social Science and Medicine
   44: 757-771. doi:10.1016/S0277-9536(96)00073-1
.. [2] Pamuk ER (1985). Social class inequality in mortality from 1921 to 1972 in England and Wales.
   Population Studies 39: 17-31. doi:10.1080/0032472031000141256
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

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
