"""What it would be worth to know more before deciding between options.

``net_benefit`` is (draw, option): for each joint draw of the uncertain parameters what each option yields, in money or
health, higher is better; draws are equally likely, and the central run is not one of them. Values of information are
per decision, in the unit of the net benefit; the caller multiplies by how many people the decision is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError

OPTION, THRESHOLD = "option", "threshold"
KNOTS = 20
"""Intervals of the spline of one parameter; the penalty, and not their number, decides how far it bends."""
PENALTIES = np.logspace(-8, 8, 81)
"""Penalties that are tried, relative to the largest squared singular value of the bends."""
SIMULATIONS = 400
SAME, SMALLEST_BEND = 1e-12, 1e-9
DRAWS_FOR_EACH = 4
"""Fewest draws for each coefficient of a straight regression."""
BENEFIT = "unit of the net benefit"
EVPI = "expected value of perfect information"


def expected_value_of_perfect_information(
    net_benefit: np.ndarray, options: Sequence[str] | None = None, units: str = BENEFIT
) -> xr.Dataset:
    """What knowing every parameter before deciding is worth: E[max over options] - max over options of E.

    Raiffa and Schlaifer (1961); Claxton (1999, doi:10.1016/S0167-6296(98)00039-3). The largest of the mean benefits is
    a little too large by chance, so that few draws give a little too low a value.

    Parameters
    ----------
    net_benefit
        (draw, option), at least 2 draws.
    options
        Names of the options; without them 0, 1 and so on.
    units
        Of the net benefit.

    Returns
    -------
    ``evpi`` () and its standard error over independent draws ``evpi_se`` [units]; ``mean_net_benefit`` (option)
    [units]; ``probability_best`` (option) [1], options that tie sharing the draw equally; ``best`` () [1]: the index
    of the option with the highest mean, the first of several, whose name is in the attribute ``best``.

    Raises
    ------
    ImpossibleModelError
        For an array of another shape, or a net benefit that is not finite.
    """
    benefit, names = _benefit(net_benefit, options)
    best = int(benefit.mean(axis=0).argmax())
    value, error = _evpi(benefit)
    return xr.Dataset(
        {
            "evpi": _scalar(value, EVPI, units),
            "evpi_se": _scalar(error, f"{EVPI}: standard error", units),
            "mean_net_benefit": _by_option(benefit.mean(axis=0), "mean net benefit", units),
            "probability_best": _by_option(_shares(benefit), "share of draws in which the option is best", "1"),
            "best": _scalar(best, "index of the best option on current information", "1"),
        },
        {OPTION: (OPTION, names, {"long_name": "option"})},
        {"best": names[best], "draws": len(benefit)},
    )


def partial(net_benefit: np.ndarray, parameter_values: np.ndarray, units: str = BENEFIT, seed: int = 0) -> xr.Dataset:
    """What knowing one parameter, or a group of them, before deciding is worth (EVPPI).

    Strong, Oakley, Brennan (2014, doi:10.1177/0272989X13505910): the benefit that an option has over the best one on
    current information is regressed on the parameters over all draws; the fitted values are what would be expected
    once they are known. The regression is a sum of one cubic spline for each parameter, with a penalty on second
    differences (Eilers, Marx 1996, doi:10.1214/ss/1038425655) chosen by generalised cross-validation (Craven, Wahba
    1979, doi:10.1007/BF01404567), so that straight lines are fitted as such. What parameters of a group do only in
    combination (products, if not part of a sum) is left out, and the value of a group then too low. Correlated
    parameters are allowed: the value is that of knowing these and what they tell about others.

    Parameters
    ----------
    net_benefit
        (draw, option).
    parameter_values
        (draw,) of one parameter or (draw, parameters) of a group, on any scale.
    units
        Of the net benefit.
    seed
        Of the simulation for the standard error.

    Returns
    -------
    ``evppi`` (), from 0 to ``evpi`` (), and its standard error ``evppi_se`` () [units]: the standard deviation of the
    value when the fitted values are drawn from their distribution, and the sampling error over draws, added as
    variances, which leaves out that the penalty was chosen; ``degrees_of_freedom`` () [1]: of the most bent of the
    regressions, 1 + parameters where all are straight.

    Raises
    ------
    ImpossibleModelError
        For arrays that do not fit one another, or values that are not finite.
    """
    benefit, _ = _benefit(net_benefit, None)
    values = _parameters(parameter_values, len(benefit))
    whole, _ = _evpi(benefit)
    best = int(benefit.mean(axis=0).argmax())
    others = np.delete(benefit - benefit[:, [best]], best, axis=1)
    fitted, used, simulated = _regressed(others, values, np.random.default_rng(seed))
    value, sampling = _gain(fitted)
    error = float(np.hypot(np.std([_gain(each)[0] for each in simulated]), sampling))
    return xr.Dataset(
        {
            "evppi": _scalar(min(max(value, 0.0), whole), "expected value of partial perfect information", units),
            "evppi_se": _scalar(error, "expected value of partial perfect information: standard error", units),
            "evpi": _scalar(whole, EVPI, units),
            "degrees_of_freedom": _scalar(used, "effective degrees of freedom of the regression", "1"),
        },
        attrs={"estimator": "regression on splines, Strong et al. 2014", "draws": len(benefit), "seed": seed},
    )


def curve(
    benefits_qaly: np.ndarray, costs: np.ndarray, thresholds: Sequence[float], options: Sequence[str] | None = None
) -> xr.Dataset:
    """Acceptability of each option, the frontier, and the value of information, by what a QALY is worth.

    Net benefit is threshold x QALYs - costs. Acceptability curves: van Hout et al. (1994,
    doi:10.1002/hec.4730030505); the frontier, which is the probability that the option with the highest mean is the
    best: Fenwick, Claxton, Sculpher (2001, doi:10.1002/hec.635).

    Parameters
    ----------
    benefits_qaly, costs
        (draw, option) [QALY] and [GBP], each against the same comparator; the comparator itself may be an option.
    thresholds
        GBP a QALY, 0 or above.

    Returns
    -------
    By threshold: ``probability_best`` (threshold, option) [1]; ``mean_net_benefit`` (threshold, option) [GBP];
    ``best`` [1], index of the option with the highest mean; ``frontier`` [1], its probability of being best;
    ``evpi`` and ``evpi_se`` [GBP].
    """
    qaly, names = _benefit(benefits_qaly, options)
    cost, _ = _benefit(costs, options)
    worth = np.asarray(thresholds, np.float64)
    if cost.shape != qaly.shape:
        raise ImpossibleModelError(f"costs: found {_shape(cost)} values; allowed: {_shape(qaly)}, those of benefits")
    if worth.ndim != 1 or not worth.size or not (worth >= 0).all() or not np.isfinite(worth).all():
        raise ImpossibleModelError(f"thresholds: found {thresholds}; allowed: one or more numbers of 0 or above")
    benefits = [each * qaly - cost for each in worth]
    means = np.stack([benefit.mean(axis=0) for benefit in benefits])
    shares = np.stack([_shares(benefit) for benefit in benefits])
    best = means.argmax(axis=1)
    value, error = np.array([_evpi(benefit) for benefit in benefits]).T
    by, money = [THRESHOLD], {"units": "GBP"}
    return xr.Dataset(
        {
            "probability_best": ([*by, OPTION], shares, _said("share of draws in which the option is best", "1")),
            "mean_net_benefit": ([*by, OPTION], means, {**money, "long_name": "mean net benefit"}),
            "best": (by, best, _said("index of the option with the highest mean net benefit", "1")),
            "frontier": (by, shares[np.arange(worth.size), best], _said("probability that that option is best", "1")),
            "evpi": (by, value, {**money, "long_name": EVPI}),
            "evpi_se": (by, error, {**money, "long_name": f"{EVPI}: standard error"}),
        },
        {
            THRESHOLD: (THRESHOLD, worth, _said("what a QALY is worth", "GBP/QALY")),
            OPTION: (OPTION, names, {"long_name": "option"}),
        },
        {"draws": len(qaly)},
    )


def _said(text: str, units: str) -> dict[str, str]:
    return {"units": units, "long_name": text}


def _scalar(value: float, text: str, units: str) -> xr.DataArray:
    return xr.DataArray(value, attrs=_said(text, units))


def _by_option(values: np.ndarray, text: str, units: str) -> xr.DataArray:
    return xr.DataArray(values, dims=OPTION, attrs=_said(text, units))


def _shape(array: np.ndarray) -> str:
    return " by ".join(map(str, array.shape))


def _benefit(values: np.ndarray, options: Sequence[str] | None) -> tuple[np.ndarray, list[str]]:
    """(draw, option) as float64, and the names of the options."""
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or len(array) < 2 or not array.shape[1]:
        raise ImpossibleModelError(f"net benefit: found {_shape(array)} values; allowed: 2 or more draws by options")
    if wrong := int((~np.isfinite(array)).sum()):
        raise ImpossibleModelError(f"net benefit: found {wrong} values that are not finite; allowed: finite numbers")
    names = list(map(str, range(array.shape[1]))) if options is None else list(options)
    if len(names) != array.shape[1] or len(set(names)) != len(names):
        raise ImpossibleModelError(f"options: found {names}; allowed: {array.shape[1]} different names")
    return array, names


def _parameters(values: np.ndarray, draws: int) -> np.ndarray:
    """(draw, parameters) float64 of those parameters that vary, each from 0 to 1."""
    array = np.asarray(values, np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or len(array) != draws:
        raise ImpossibleModelError(f"parameter values: found {_shape(array)}; allowed: {draws} draws by parameters")
    if draws < (least := DRAWS_FOR_EACH * (1 + array.shape[1])):
        raise ImpossibleModelError(f"draws: found {draws}; allowed: at least {least} for {array.shape[1]} parameters")
    if not np.isfinite(array).all():
        raise ImpossibleModelError("parameter values: found some that are not finite; allowed: finite numbers")
    array = array[:, np.ptp(array, axis=0) > SAME * np.abs(array).max(axis=0)]
    return np.asarray((array - array.min(axis=0)) / np.ptp(array, axis=0)) if array.size else array


def _evpi(benefit: np.ndarray) -> tuple[float, float]:
    """Value of perfect information and its standard error."""
    best = benefit.mean(axis=0).argmax()
    gained = benefit.max(axis=1) - benefit[:, best]
    return float(gained.mean()), float(gained.std(ddof=1) / np.sqrt(len(gained)))


def _shares(benefit: np.ndarray) -> np.ndarray:
    """(option,): in what share of draws each is best; options that tie share the draw."""
    tied = benefit == benefit.max(axis=1, keepdims=True)
    shares: np.ndarray = (tied / tied.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def _gain(over_best: np.ndarray) -> tuple[float, float]:
    """What choosing by expected benefits over the best option (draw, other options) gains, with its sampling error."""
    chosen = np.maximum(over_best.max(axis=1, initial=0.0), 0.0)
    certain = max(0.0, float(over_best.mean(axis=0).max(initial=0.0)))
    return float(chosen.mean()) - certain, float(chosen.std(ddof=1) / np.sqrt(len(chosen)))


def _regressed(
    outputs: np.ndarray, values: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, float, Iterator[np.ndarray]]:
    """Fitted values (draw, outputs), effective degrees of freedom, and fitted values drawn from their distribution.

    Lines are fitted freely; bends, what the splines have beside lines, as a ridge regression on what lines leave.
    """
    draws, count = outputs.shape
    lines, _ = np.linalg.qr(np.column_stack([np.ones(draws), values]))
    bends = np.concatenate([np.empty((draws, 0)), *map(_bends, values.T)], axis=1)
    left, sizes, _ = np.linalg.svd(bends - lines @ (lines.T @ bends), full_matrices=False)
    kept = sizes > SMALLEST_BEND * sizes.max(initial=0.0)
    left, squares = left[:, kept], sizes[kept] ** 2
    shrinks = np.zeros((squares.size, count))
    for each in range(count):
        shrinks[:, each] = _shrinkage(outputs[:, each], lines, left, squares)
    fitted = lines @ (lines.T @ outputs) + left @ (shrinks * (left.T @ outputs))
    used = lines.shape[1] + float(shrinks.sum(axis=0).max(initial=0.0))
    residuals = outputs - fitted
    factor = _root(residuals.T @ residuals / (draws - used))

    def simulated() -> Iterator[np.ndarray]:
        for _ in range(SIMULATIONS):
            straight = random.standard_normal((lines.shape[1], count)) @ factor.T
            bent = np.sqrt(shrinks) * (random.standard_normal(shrinks.shape) @ factor.T)
            yield fitted + lines @ straight + left @ bent

    return fitted, used, simulated()


def _bends(values: np.ndarray) -> np.ndarray:
    """(draw, columns): a cubic spline on 0 to 1 without its straight lines, in coefficients whose sum of squares is
    that of the spline's second differences, so that its penalty is a ridge."""
    from scipy.interpolate import BSpline

    distinct = len(np.unique(values))
    if distinct < 3:
        return np.empty((len(values), 0))
    intervals = min(KNOTS, distinct - 1)
    knots = np.arange(-3, intervals + 4) / intervals
    basis = BSpline.design_matrix(np.clip(values, 0.0, 1.0), knots, 3).toarray()
    differences = np.diff(np.eye(basis.shape[1]), 2, axis=0)
    return np.asarray(basis @ np.linalg.pinv(differences))


def _shrinkage(output: np.ndarray, lines: np.ndarray, left: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """How much of each bend is kept, (bends,) from 0 to 1, with the penalty of least generalised cross-validation."""
    draws, straight = lines.shape
    if not squares.size:
        return np.empty(0)
    remains = output - lines @ (lines.T @ output)
    along = left.T @ remains
    shrinks = squares / (squares + squares.max() * PENALTIES[:, None])
    squared = np.sum(remains**2) - np.sum(along**2) + ((1 - shrinks) ** 2 @ along**2)
    free = draws - straight - shrinks.sum(axis=1)
    best: np.ndarray = shrinks[int(np.argmin(np.where(free > draws / 2, squared / free**2, np.inf)))]
    return best


def _root(covariance: np.ndarray) -> np.ndarray:
    """A matrix whose product with its transpose is the covariance, which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)))
