"""Which uncertain parameter matters for which result: from the results of a design's runs to indices.

Everywhere ``values`` are the results of the rows of a design of :mod:`hisim.studies.design`, in their order: (runs,
...) as array or DataArray, whose trailing dimensions are kept. ``names`` are those of the parameters, in the order of
the design's columns. Results are datasets over ``parameter``; an output that does not vary has indices of 0, and the
attribute ``constant_outputs`` says how many do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.studies.cells import PARAMETER, Cells, by_parameter, cells_of, check_names, constant
from hisim.studies.design import check_base, check_levels, salib

RESAMPLES = 100
OTHER = "parameter_other"
RATIO = "1"
WIDE = 1.959963984540054
"""Half a 95 % interval in standard errors: the 0.975 quantile of the normal distribution."""
ORDERS = {
    "first_order": "share of the variance that goes with the parameter alone",
    "total": "share of the variance that goes with the parameter, alone and with others",
    "second_order": "share of the variance that goes with two parameters together, beyond each alone",
}
ENDS = {"": "", "_low": ", lower 95 % bound", "_high": ", upper 95 % bound"}


def sobol_indices(
    values: np.ndarray | xr.DataArray,
    names: Sequence[str],
    base: int,
    seed: int,
    second_order: bool,
    resamples: int = RESAMPLES,
) -> xr.Dataset:
    """Sobol' indices from the rows of :func:`hisim.studies.design.sobol`, by SALib.

    First order by Saltelli et al. (2010, doi:10.1016/j.cpc.2009.09.018, table 2 b), total by Jansen (1999,
    doi:10.1016/S0010-4655(98)00154-4, their table 2 f), second order by Saltelli (2002,
    doi:10.1016/S0010-4655(02)00280-1). They are estimates: one may come out a little below 0 or above 1. They hold
    for independent parameters only.

    Parameters
    ----------
    base, second_order
        As the rows were made.
    seed, resamples
        Of the bootstrap. Intervals are 1.96 bootstrap standard errors to each side.

    Returns
    -------
    ``first_order`` and ``total`` (parameter, ...), with the second order also ``second_order`` (parameter,
    parameter_other, ...), symmetric and NaN on its diagonal; each with ``_low`` and ``_high``; all without unit.

    Raises
    ------
    ImpossibleModelError
        For values that are not finite or not as many as the design has rows, or a base that is no power of two.
    """
    cells, rows = _saltelli_rows(values, names, base)
    if rows != _rows(len(names), second_order):
        allowed = f"{_rows(len(names), second_order)}, with second_order {second_order}"
        raise ImpossibleModelError(f"values: found {rows} rows for each base sample; allowed: {allowed}")
    still = _still(cells.table, base)
    found = _all_cells(cells.table, still, len(names), _options(second_order, resamples, seed))
    arrays = _with_bounds(cells, found)
    dataset = by_parameter(arrays, names, still, base=base, seed=seed, resamples=resamples)
    estimators = "first order: Saltelli et al. 2010; total: Jansen 1999; second order: Saltelli 2002"
    dataset = dataset.assign_attrs(estimator=estimators, interval="95 %, 1.96 bootstrap standard errors to each side")
    other = (OTHER, list(names), {"long_name": "the other uncertain parameter"})
    return dataset.assign_coords({OTHER: other}) if second_order else dataset


def cross_check(values: np.ndarray | xr.DataArray, names: Sequence[str], base: int) -> xr.Dataset:
    """First-order and total indices from the same rows by ``scipy.stats.sobol_indices``, to hold against SALib.

    Both use the estimators of :func:`sobol_indices`. Total indices are the same to rounding. SciPy centres outputs at
    the mean of A and B, SALib at the mean of all rows, so first orders differ by the distance d of these two means
    times (mean of AB_j - mean of A) / variance, below 1e-6 from base 1024 in the functions tried; see ``centring``.

    Returns
    -------
    ``first_order``, ``total`` (parameter, ...), and ``centring`` (parameter, ...): what is to be added to
    ``first_order`` to centre it as SALib does; all without unit.
    """
    from scipy import stats

    cells, _ = _saltelli_rows(values, names, base)
    a, b, ab = _a_b_ab(cells.table, base, len(names))
    still = _still(cells.table, base)
    ab_t = ab.transpose(0, 2, 1)
    found = stats.sobol_indices(func={"f_A": _twice(a.T), "f_B": _twice(b.T), "f_AB": _twice(ab_t)}, n=base)
    shape = (2, still.size, len(names))
    variance = np.where(still, 1.0, np.var([a, b], axis=(0, 1)))
    distance = np.mean([a, b], axis=(0, 1)) - cells.table.mean(axis=0)
    orders = {
        "first_order": np.where(still, 0.0, np.reshape(found.first_order, shape)[0].T),
        "total": np.where(still, 0.0, np.reshape(found.total_order, shape)[0].T),
    }
    arrays = {name: cells.labelled(array, [PARAMETER], ORDERS[name], RATIO) for name, array in orders.items()}
    centring = np.where(still, 0.0, distance * (ab.mean(axis=1) - a.mean(axis=0)) / variance)
    arrays["centring"] = cells.labelled(centring, [PARAMETER], "first order of SALib less that of SciPy", RATIO)
    return by_parameter(arrays, names, still, base=base, estimator="scipy.stats.sobol_indices, saltelli_2010")


def morris_effects(
    points: np.ndarray, values: np.ndarray | xr.DataArray, names: Sequence[str], levels: int
) -> xr.Dataset:
    """Elementary effects from the rows of :func:`hisim.studies.design.morris`.

    An elementary effect is what a step of one parameter changes, over the step on the scale of the points: what the
    output would change from one end of the parameter's distribution to the other, were it linear. Morris (1991,
    doi:10.1080/00401706.1991.10484804); mu_star, the mean of absolute effects, is of Campolongo, Cariboni, Saltelli
    (2007, doi:10.1016/j.envsoft.2006.10.004).

    Parameters
    ----------
    points
        (runs, parameters), as they were run.
    levels
        As the points were made.

    Returns
    -------
    ``mu``, ``mu_star``, ``mu_star_low``, ``mu_star_high``, ``sigma`` (parameter, ...) in units of the output. Bounds
    are 95 % by Student's t over trajectories, not below 0; sigma is the standard deviation of effects, 0 where the
    output is linear in the parameter and it acts alone.
    """
    from scipy.special import stdtrit

    points = np.asarray(points, np.float64)
    check_names(names, points.shape[1])
    check_levels(levels)
    cells = cells_of(values, len(points))
    effects = _effects(points, cells.table, levels)
    count, sizes = len(effects), np.abs(effects)
    mu_star = sizes.mean(axis=0)
    wide = stdtrit(count - 1, 0.975) * sizes.std(axis=0, ddof=1) / np.sqrt(count)
    figures = {
        "mu": (effects.mean(axis=0), "mean elementary effect"),
        "mu_star": (mu_star, "mean absolute elementary effect"),
        "mu_star_low": (np.maximum(mu_star - wide, 0.0), "mean absolute elementary effect, lower 95 % bound"),
        "mu_star_high": (mu_star + wide, "mean absolute elementary effect, upper 95 % bound"),
        "sigma": (effects.std(axis=0, ddof=1), "standard deviation of elementary effects"),
    }
    arrays = {name: cells.labelled(array, [PARAMETER], text) for name, (array, text) in figures.items()}
    still = constant(cells.table)
    return by_parameter(arrays, names, still, trajectories=count, levels=levels, estimator="Morris 1991")


def tornado(values: np.ndarray | xr.DataArray, names: Sequence[str]) -> xr.Dataset:
    """What each parameter alone changes, from the rows of :func:`hisim.studies.design.one_at_a_time`.

    Returns
    -------
    ``central`` (...), ``low`` and ``high`` (parameter, ...): the output with the parameter low and high; ``swing``:
    the largest less the smallest of low, high and central, so that a parameter that acts the same way at both ends
    still shows; ``rank`` (parameter, ...): 1 for the largest swing, the earlier first of two alike. With a single
    output the attribute ``order`` holds the names from the largest swing to the smallest.
    """
    check_names(names, len(names))
    cells = cells_of(values, 1 + 2 * len(names))
    central, low, high = cells.table[0], cells.table[1::2], cells.table[2::2]
    ends = np.stack([low, high, np.broadcast_to(central, low.shape)])
    swing = np.ptp(ends, axis=0)
    order = np.argsort(-swing, axis=0, kind="stable")
    arrays = {
        "central": cells.labelled(central, [], "all parameters at their central values"),
        "low": cells.labelled(low, [PARAMETER], "the parameter at its lower value, all others central"),
        "high": cells.labelled(high, [PARAMETER], "the parameter at its upper value, all others central"),
        "swing": cells.labelled(swing, [PARAMETER], "largest difference the parameter makes alone"),
        "rank": cells.labelled(np.argsort(order, axis=0) + 1, [PARAMETER], "place by swing, 1 the largest", RATIO),
    }
    dataset = by_parameter(arrays, names, constant(cells.table))
    return dataset.assign_attrs(order=[names[i] for i in order[:, 0]]) if order.shape[1] == 1 else dataset


def rank_correlation(points: np.ndarray, values: np.ndarray | xr.DataArray, names: Sequence[str]) -> xr.Dataset:
    """Partial rank correlation of each parameter with the output, for draws and Latin hypercubes.

    Spearman's correlation of what remains of parameter and output when the ranks of all other parameters are taken
    out by linear regression: from -1 to 1, and near 1 in size for any rising or falling effect that is large beside
    those of the others. Marino et al. (2008, doi:10.1016/j.jtbi.2008.04.011). Bounds by Fisher's z with n - p - 2
    degrees of freedom, n runs, p parameters, as if the points were random: wide for low-discrepancy points.

    Returns
    -------
    ``correlation``, ``correlation_low``, ``correlation_high`` (parameter, ...), without unit.

    Raises
    ------
    ImpossibleModelError
        For fewer than p + 3 runs, or parameters of which one does not vary or follows from the others.
    """
    from scipy.stats import rankdata

    points = np.asarray(points, np.float64)
    runs, parameters = points.shape
    check_names(names, parameters)
    cells = cells_of(values, runs)
    if runs < parameters + 3:
        raise ImpossibleModelError(f"values: found {runs} runs; allowed: at least {parameters + 3}, 3 more than names")
    still = constant(cells.table)
    outputs = np.where(still, np.arange(runs)[:, None], cells.table)
    found = np.where(still, 0.0, _partial(_scores(rankdata(points, axis=0)), _scores(rankdata(outputs, axis=0))))
    z, wide = np.arctanh(np.clip(found, -1 + 1e-15, 1 - 1e-15)), WIDE / np.sqrt(runs - parameters - 2)
    bounds = {"": found, "_low": np.tanh(z - wide), "_high": np.tanh(z + wide)}
    text = "partial rank correlation with the parameter"
    arrays = {
        f"correlation{end}": cells.labelled(np.where(still, 0.0, array), [PARAMETER], text + ENDS[end], RATIO)
        for end, array in bounds.items()
    }
    return by_parameter(arrays, names, still, runs=runs, estimator="partial rank correlation, Marino et al. 2008")


def _rows(parameters: int, second_order: bool) -> int:
    return (2 * parameters if second_order else parameters) + 2


def _saltelli_rows(values: np.ndarray | xr.DataArray, names: Sequence[str], base: int) -> tuple[Cells, int]:
    """The results as cells, and how many rows each base sample has."""
    check_names(names, len(names))
    check_base(base)
    cells = cells_of(values)
    rows, rest = divmod(len(cells.table), base)
    allowed = [_rows(len(names), second) for second in (False, True)]
    if rest or rows not in allowed:
        either = " or ".join(str(base * each) for each in allowed)
        raise ImpossibleModelError(f"values: found {len(cells.table)} runs; allowed: {either} with base {base}")
    return cells, rows


def _a_b_ab(table: np.ndarray, base: int, parameters: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs of A and B (base, cells), and of each AB_j (parameters, base, cells)."""
    rows = table.reshape(base, -1, table.shape[1])
    return rows[:, 0], rows[:, -1], rows[:, 1 : 1 + parameters].transpose(1, 0, 2)


def _twice(outputs: np.ndarray) -> np.ndarray:
    """(..., outputs, base) with every output a second time: SciPy fails at one output of one parameter."""
    return np.concatenate([outputs, outputs], axis=-2)


def _still(table: np.ndarray, base: int) -> np.ndarray:
    """Which outputs do not vary over A and B, whose variance the indices are shares of."""
    return constant(table.reshape(base, -1, table.shape[1])[:, [0, -1]].reshape(2 * base, -1))


def _options(second_order: bool, resamples: int, seed: int) -> dict[str, object]:
    """For SALib, which takes seed 0 for no seed."""
    return {"calc_second_order": second_order, "num_resamples": resamples, "conf_level": 0.95, "seed": seed + 1}


def _all_cells(
    table: np.ndarray, still: np.ndarray, parameters: int, options: dict[str, object]
) -> dict[str, np.ndarray]:
    """What SALib finds in each cell: for each of its names (parameters, ..., cells)."""
    analyze = salib("analyze.sobol").analyze
    problem = {"num_vars": parameters, "names": list(map(str, range(parameters))), "bounds": [[0, 1]] * parameters}
    shapes: dict[str, tuple[int, ...]] = {"first_order": (parameters,), "total": (parameters,)}
    if options["calc_second_order"]:
        shapes["second_order"] = (parameters, parameters)
    keys = {"first_order": "S1", "total": "ST", "second_order": "S2"}
    found = {name + end: np.zeros((*shape, still.size)) for name, shape in shapes.items() for end in ("", "_conf")}
    for cell in np.flatnonzero(~still):
        told = analyze(problem, table[:, cell], **options)
        for name in shapes:
            for end in ("", "_conf"):
                found[name + end][..., cell] = told[keys[name] + end]
    return {name: _symmetric(array) if name.startswith("second") else array for name, array in found.items()}


def _symmetric(array: np.ndarray) -> np.ndarray:
    """(p, p, cells) from its upper triangle, NaN on the diagonal."""
    upper = np.where(np.triu(np.ones(array.shape[:2], bool), 1)[..., None], array, 0.0)
    return np.where(np.eye(len(array), dtype=bool)[..., None], np.nan, upper + upper.transpose(1, 0, 2))


def _with_bounds(cells: Cells, found: dict[str, np.ndarray]) -> dict[str, xr.DataArray]:
    arrays = {}
    for name in (name for name in ORDERS if name in found):
        dims = [PARAMETER, OTHER][: found[name].ndim - 1]
        for end, sign in (("", 0.0), ("_low", -1.0), ("_high", 1.0)):
            array = found[name] + sign * found[f"{name}_conf"]
            arrays[name + end] = cells.labelled(array, dims, ORDERS[name] + ENDS[end], RATIO)
    return arrays


def _effects(points: np.ndarray, table: np.ndarray, levels: int) -> np.ndarray:
    """(trajectories, parameters, cells): what each step changed, over its length."""
    parameters = points.shape[1]
    count, rest = divmod(len(points), parameters + 1)
    steps = np.diff(points[: count * (parameters + 1)].reshape(count, -1, parameters), axis=1)
    once = (steps != 0).sum(axis=1) == 1
    if rest or count < 2 or not once.all() or np.abs(points * levels % 1 - 0.5).max() > 1e-9:
        raise ImpossibleModelError(
            f"points: found {len(points)} that are not 2 or more trajectories on {levels} levels; "
            "allowed: those of design.morris with the same levels"
        )
    trajectory, row, parameter = np.nonzero(steps)
    changed = np.diff(table.reshape(count, parameters + 1, -1), axis=1)
    effects = np.empty((count, parameters, table.shape[1]))
    effects[trajectory, parameter] = changed[trajectory, row] / steps[trajectory, row, parameter][:, None]
    return effects


def _scores(ranks: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and length 1; NaN for one that does not vary."""
    centred = ranks - ranks.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(np.divide(centred, lengths, out=np.full_like(centred, np.nan), where=lengths > 0))


def _partial(parameters: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """(parameters, cells): partial correlations, from the inverse of the correlation matrix of all."""
    between = parameters.T @ parameters
    if not np.isfinite(between).all() or np.linalg.cond(between) > 1e12:
        raise ImpossibleModelError(
            "points: found parameters that do not vary or follow from others; allowed: each varies by itself"
        )
    inverse = np.linalg.inv(between)
    with_output = parameters.T @ outputs
    slopes = inverse @ with_output
    left = np.clip(1 - (slopes * with_output).sum(axis=0), 0.0, None)
    return np.asarray(slopes / np.sqrt(left * np.diag(inverse)[:, None] + slopes**2 + np.finfo(float).tiny))
