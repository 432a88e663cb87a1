"""Where in the space of uncertain parameters a model is run: points in the unit hypercube.

Every function returns ``(runs, parameters)`` float64 in the open interval (0, 1), so that the inverse of any
distribution function is finite there; only :func:`one_at_a_time` also holds NaN, for the central value, and
:func:`grid` holds indexes. Points depend on the arguments alone, and not on the machine or its threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from math import prod, sqrt
from types import ModuleType
from typing import Literal, get_args

import numpy as np

from hisim.errors import ImpossibleModelError

Kind = Literal["draws", "latin_hypercube", "one_at_a_time", "grid", "morris", "sobol"]
"""The designs; each has a function of its name."""
LOW, HIGH = 0.025, 0.975
HALF_CELL = 2.0**-31
"""Sobol' points are multiples of 2^-30 from 0; half a cell further on, none is 0 and the order is the same."""
EDGE = 2.0**-53
LEVELS = 4
SIZE_IS = {
    "draws": "draws",
    "latin_hypercube": "samples",
    "one_at_a_time": "rounds",
    "grid": "levels of each parameter",
    "morris": "trajectories",
    "sobol": "base samples",
}


def draws(count: int, parameters: int, seed: int, first: int = 0) -> np.ndarray:
    """Rows ``first`` to ``first + count`` of one endless scrambled Sobol' sequence.

    Rows never depend on how many are asked for, so a study can be extended, or shared among machines, and still hold
    the points it would have held at once. Balanced best at a power of two, and usable at any count.

    Scrambling is Matousek's, of the sequence with the direction numbers of Joe and Kuo (2008,
    doi:10.1137/070709359); Owen (2020, arXiv:2008.08051) says why the first point is kept.

    Parameters
    ----------
    count, first
        How many rows, and how many come before them.
    parameters
        How many columns, at most 21201.
    seed
        Of the scrambling: another seed is another, independent set of points.

    Returns
    -------
    (count, parameters) in (0, 1).

    Raises
    ------
    ImpossibleModelError
        For a count below 1, no parameters, or a negative first row or seed.
    """
    from scipy.stats import qmc

    _check(count=(count, 1), first=(first, 0), parameters=(parameters, 1), seed=(seed, 0))
    sequence = qmc.Sobol(parameters, seed=np.random.default_rng(seed))
    if first:
        return sequence.fast_forward(first).random(count) + HALF_CELL
    start = sequence.random(1)  # alone: a first call for a number that is not a power of two would warn
    rest = [sequence.random(count - 1)] if count > 1 else []
    return np.concatenate([start, *rest]) + HALF_CELL


def latin_hypercube(count: int, parameters: int, seed: int) -> np.ndarray:
    """Points of which each parameter has exactly one in each of ``count`` equal parts of (0, 1).

    McKay, Beckman, Conover (1979, doi:10.1080/00401706.1979.10489755). Unlike :func:`draws` it cannot be extended.

    Returns
    -------
    (count, parameters) in (0, 1).
    """
    from scipy.stats import qmc

    _check(count=(count, 1), parameters=(parameters, 1), seed=(seed, 0))
    return _inside(qmc.LatinHypercube(parameters, seed=np.random.default_rng(seed)).random(count))


def one_at_a_time(parameters: int, low: float = LOW, high: float = HIGH) -> np.ndarray:
    """The centre, then each parameter at ``low`` and at ``high`` while all others are central, for a tornado diagram.

    Parameters
    ----------
    low, high
        Quantiles, by default the bounds of a 95 % interval.

    Returns
    -------
    (1 + 2 parameters, parameters), NaN where a parameter has its central value: row 0 the centre, row 1 + 2 j
    parameter j low, row 2 + 2 j parameter j high.
    """
    _check(parameters=(parameters, 1))
    if not 0 < low < high < 1:
        raise ImpossibleModelError(f"low, high: found {low}, {high}; allowed: 0 < low < high < 1")
    points = np.full((1 + 2 * parameters, parameters), np.nan)
    each = np.arange(parameters)
    points[1 + 2 * each, each] = low
    points[2 + 2 * each, each] = high
    return points


def grid(levels: Sequence[int]) -> np.ndarray:
    """Every combination of the levels of each parameter, the last parameter changing fastest.

    Parameters
    ----------
    levels
        How many levels each parameter has.

    Returns
    -------
    (product of levels, parameters) of int: the index of the level.
    """
    _check(parameters=(len(levels), 1))
    for each in levels:
        _check(levels=(each, 1))
    indexes: np.ndarray = np.indices(tuple(levels))
    return indexes.reshape(len(levels), -1).T.copy()


def morris(trajectories: int, parameters: int, levels: int = LEVELS, seed: int = 0) -> np.ndarray:
    """Trajectories in which one parameter after another makes a step, for elementary effects.

    Morris (1991, doi:10.1080/00401706.1991.10484804), drawn by SALib without choosing among trajectories. His levels
    0, 1/(p-1), ..., 1 are moved to the middles of p equal parts of (0, 1), (0.5 + i)/p, because most
    distributions have no finite quantile at 0 and 1. His step p/(2(p-1)) so becomes exactly one half.

    Parameters
    ----------
    levels
        An even number, with which every level is as likely as every other.

    Returns
    -------
    (trajectories (parameters + 1), parameters) in (0, 1), trajectory after trajectory.
    """
    _check(trajectories=(trajectories, 1), parameters=(parameters, 1), seed=(seed, 0))
    check_levels(levels)
    sampled = salib("sample.morris").sample(_problem(parameters), trajectories, num_levels=levels, seed=seed)
    return np.asarray((np.round(sampled * (levels - 1)) + 0.5) / levels)


def sobol(base: int, parameters: int, seed: int, second_order: bool) -> np.ndarray:
    """Saltelli's rows for first-order, total and, if wanted, second-order Sobol' indices.

    From a scrambled Sobol' sequence of twice the dimensions come matrices A and B; AB_j is A with column j of B, BA_j
    the other way round. Saltelli (2002, doi:10.1016/S0010-4655(02)00280-1) and Saltelli et al. (2010,
    doi:10.1016/j.cpc.2009.09.018), by SALib.

    Returns
    -------
    (base (parameters + 2), parameters), or (base (2 parameters + 2), parameters) with the second order, in (0, 1). For
    each base sample in turn: A, AB_1, ..., AB_p, then BA_1, ..., BA_p with the second order, then B.

    Raises
    ------
    ImpossibleModelError
        For a base that is not a power of two, without which the points are not balanced.
    """
    _check(base=(base, 1), parameters=(parameters, 1), seed=(seed, 0))
    check_base(base)
    problem = _problem(parameters)
    sampled = salib("sample.sobol").sample(problem, base, calc_second_order=second_order, scramble=True, seed=seed)
    return np.asarray(sampled) + HALF_CELL


def correlated(points: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Uniform points with dependence: a Gaussian copula.

    Normal scores of independent points are multiplied by the Cholesky factor of ``correlation`` and turned back
    (NORTA: Cario, Nelson 1997). Each column stays uniform, and the rank correlation of two becomes 6/pi asin(r/2)
    (Kruskal 1958, doi:10.1080/01621459.1958.10501481), at most 0.018 nearer to 0 than r. Columns correlated with none
    before them are returned as they came. Every row is worked out from itself alone, so rows of slices agree.

    Parameters
    ----------
    points
        (runs, parameters) in (0, 1), such as :func:`draws`. Points of :func:`morris`, :func:`sobol` and
        :func:`one_at_a_time` lose their meaning, because they move one parameter while others stay.
    correlation
        (parameters, parameters) of the normal scores.

    Raises
    ------
    ImpossibleModelError
        For points outside (0, 1), or a matrix that is not square, symmetric, 1 on its diagonal and positive definite.
    """
    from scipy.special import ndtr, ndtri

    points = np.asarray(points, np.float64)
    factor = _cholesky(np.asarray(correlation, np.float64), points.shape[-1])
    if not ((points > 0) & (points < 1)).all():
        raise ImpossibleModelError("points: found some that are not between 0 and 1; allowed: 0 < point < 1")
    scores, result = ndtri(points), points.copy()
    for column in range(points.shape[1]):
        before = np.flatnonzero(factor[column, :column])
        if before.size:  # added up one by one: the order of a matrix product depends on the machine
            total = scores[:, column] * factor[column, column]
            for other in before:
                total = total + scores[:, other] * factor[column, other]
            result[:, column] = _inside(ndtr(total))
    return result


def fewest(kind: Kind, parameters: int) -> int:
    """The smallest size of a design with which its indices mean anything; most studies need far more.

    - draws: 40, so that one is expected beyond each bound of a 95 % interval;
    - latin_hypercube: parameters + 3, the least for an interval of a partial rank correlation
      (Marino et al. 2008, doi:10.1016/j.jtbi.2008.04.011, ask for more samples than parameters);
    - morris: 4 trajectories (Saltelli et al. 2008, doi:10.1002/9780470725184, use 4 to 10);
    - sobol: base 64 (assumption: below, intervals are commonly as wide as the indices);
    - grid: 2 levels; one_at_a_time: 1, it has no size.
    """
    least = {"draws": 40, "one_at_a_time": 1, "grid": 2, "morris": 4, "sobol": 64, "latin_hypercube": parameters + 3}
    return least[_known(kind)]


def check_size(kind: Kind, size: int, parameters: int) -> None:
    """Refuse a size below :func:`fewest`, or a base for Sobol' indices that is not a power of two.

    Raises
    ------
    ImpossibleModelError
        That names what was found and what is allowed.
    """
    least = fewest(kind, parameters)
    if size < least:
        what = f"{least} {SIZE_IS[kind]} for {kind} of {parameters} parameters"
        raise ImpossibleModelError(f"size: found {size}; allowed: at least {what}")
    if kind == "sobol":
        check_base(size)


def runs(kind: Kind, size: int, parameters: int, second_order: bool = False) -> int:
    """How many runs of the model a design makes.

    Parameters
    ----------
    size
        Samples; trajectories for morris; base samples for sobol; levels of each parameter for grid; not used for
        one_at_a_time.
    """
    each = {
        "draws": size,
        "latin_hypercube": size,
        "one_at_a_time": 1 + 2 * parameters,
        "morris": size * (parameters + 1),
        "sobol": size * ((2 * parameters if second_order else parameters) + 2),
    }
    return prod([size] * parameters) if kind == "grid" else each[_known(kind)]


def check_base(base: int) -> None:
    """Refuse a number of base samples that is not a power of two, naming the nearest."""
    below = 1 << (base.bit_length() - 1)
    if base != below:
        raise ImpossibleModelError(f"base: found {base}; allowed: a power of two, the nearest are {below}, {2 * below}")


def check_levels(levels: int) -> None:
    """Refuse an odd number of levels for elementary effects."""
    if levels < 2 or levels % 2:
        raise ImpossibleModelError(f"levels: found {levels}; allowed: an even number of at least 2")


def salib(module: str) -> ModuleType:
    """A module of SALib, which is installed for sweeps only.

    Raises
    ------
    ImpossibleModelError
        Where it is not installed.
    """
    try:
        return import_module(f"SALib.{module}")
    except ModuleNotFoundError as error:
        raise ImpossibleModelError(
            "SALib: found it not installed; allowed: hisim with its sweeps, 'pip install hisim[sweeps]'"
        ) from error


def _problem(parameters: int) -> dict[str, object]:
    names = [f"parameter {each}" for each in range(parameters)]
    return {"num_vars": parameters, "names": names, "bounds": [[0.0, 1.0]] * parameters}


def _inside(points: np.ndarray) -> np.ndarray:
    inside: np.ndarray = np.clip(points, EDGE, 1 - EDGE)
    return inside


def _known(kind: str) -> str:
    if kind not in get_args(Kind):
        raise ImpossibleModelError(f"kind: found '{kind}'; allowed: {', '.join(get_args(Kind))}")
    return kind


def _check(**numbers: tuple[float, int]) -> None:
    """Refuse what is not a whole number or below the least; each as its name, then what was found and the least."""
    for name, (found, least) in numbers.items():
        if not isinstance(found, int | np.integer) or found < least:
            raise ImpossibleModelError(f"{name}: found {found!r}; allowed: a whole number of at least {least}")


def _cholesky(matrix: np.ndarray, parameters: int) -> np.ndarray:
    """Lower factor of a correlation matrix, refused with what is wrong with it."""
    if matrix.shape != (parameters, parameters):
        shape = " by ".join(map(str, matrix.shape))
        raise ImpossibleModelError(f"correlation: found {shape}; allowed: {parameters} by {parameters}")
    if not np.isfinite(matrix).all():
        raise ImpossibleModelError("correlation: found a value that is not finite; allowed: -1 to 1")
    for name, other in (("symmetric", matrix.T), ("1 on its diagonal", np.where(np.eye(parameters), 1.0, matrix))):
        if (wrong := np.abs(matrix - other)).max() > 1e-12:
            row, column = np.unravel_index(wrong.argmax(), wrong.shape)
            place = f"{matrix[row, column]:g} in row {row}, column {column}"
            raise ImpossibleModelError(f"correlation: found {place}; allowed: a matrix that is {name}")
    smallest = float(np.linalg.eigvalsh(matrix).min())
    if smallest <= sqrt(np.finfo(float).eps) * 1e-3:
        found = f"smallest eigenvalue {smallest:.3g}"
        raise ImpossibleModelError(f"correlation: found {found}; allowed: positive definite, all eigenvalues above 0")
    factor: np.ndarray = np.linalg.cholesky(matrix)
    return factor
