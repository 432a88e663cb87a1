"""Monte Carlo standard errors by the delete-a-group jackknife over batches of simulated people.

Leave one batch out, scale the rest up, compute the estimand again: the spread of the results over the
batches is the error that chance in the simulated people leaves in it [1]_. It holds for anything smooth
(life expectancy and slope indices as well as counts). Because the model is calibrated so that its comparator
equals the input deaths whatever the sample, each replicate is calibrated in the same way before use; without
that step the error of a level would be overstated many times.

References
----------
.. [1] Kott PS (2001). The delete-a-group jackknife. Journal of Official Statistics 17: 521-526.
.. [2] Wolter KM (2007). Introduction to Variance Estimation, second edition, chapter 4. New York: Springer.
   doi:10.1007/978-0-387-35099-8
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes.bands import banded
from hisim.variables import COMPARATOR

CELLS_AT_ONCE = 8_000_000
"""Cells of deaths held at once: about 64 MB for each of a few temporary arrays."""
Estimates = TypeVar("Estimates", xr.DataArray, xr.Dataset)


def monte_carlo_se(
    projection: xr.Dataset,
    function: Callable[[xr.Dataset], Estimates],
    *,
    calibrated: bool = True,
    cells_at_once: int = CELLS_AT_ONCE,
) -> Estimates:
    """Monte Carlo standard error of ``function`` of a banded dataset.

    Parameters
    ----------
    projection : with ``deaths``, ``person_years`` and their ``*_batch``, which add up to them over ``batch``.
    function : banded dataset to array or dataset of estimands; it must treat draws apart and keep
        dimensions it does not know.
    calibrated : whether the comparator is tied to its input deaths, as it is under the ``expected`` estimator;
        False for ``sampled``, where the comparator's deaths are chance too.
    cells_at_once : replicates and draws are taken in chunks of at most about this many cells of deaths.

    Returns
    -------
    Shaped as ``function(banded(projection))``, in its unit. Not-a-number where a replicate is.

    Raises
    ------
    ImpossibleModelError
        With fewer than two batches.
    """
    require_batches(projection)
    parts = [
        _combine(function, projection.isel(draw=draws), calibrated, cells_at_once)
        for draws in _chunks(projection.sizes["draw"], _cells(projection) * 2, cells_at_once)
    ]
    return parts[0] if len(parts) == 1 else xr.concat(parts, "draw", join="exact")


def require_batches(projection: xr.Dataset) -> None:
    """Raise unless there are batches enough for a standard error.

    Raises
    ------
    ImpossibleModelError
        With fewer than two.
    """
    batches = projection.sizes.get("batch", 0)
    if batches < 2:
        raise ImpossibleModelError(f"batch: found {batches} batches; allowed: 2 or more, for a standard error")


def spread(thetas: Estimates) -> Estimates:
    """Standard error from estimates with each batch left out, along ``replicate``, which it drops.

    Taken from the first replicate, so that equal ones give exactly 0.
    """
    count = thetas.sizes["replicate"]
    steps = thetas - thetas.isel(replicate=0)
    squares = ((steps - steps.mean("replicate", skipna=False)) ** 2).sum("replicate", skipna=False)
    error: Estimates = (squares * ((count - 1) / count)) ** 0.5
    return error


def replicates(projection: xr.Dataset, batches: slice = slice(None), *, calibrated: bool = True) -> xr.Dataset:
    """Banded datasets with one batch left out each, along a new dimension ``replicate``.

    Each is (total - batch) B / (B - 1). When ``calibrated``, each cell (year, quintile, sex, age band, cause)
    of every scenario is then multiplied by comparator total / comparator replicate, so that all replicates of the
    comparator equal its total exactly. Where the comparator's replicate is empty a ratio is impossible and
    the difference is added instead.

    Returns
    -------
    ``deaths`` (scenario, draw, replicate, year, quintile, sex, age_band, cause) and ``person_years``; if the
    projection has it, ``winter_share`` without ``replicate``: it follows from coverage, not from who is simulated.
    """
    total, count = banded(projection), projection.sizes["batch"]
    data = {
        name: _replicate(total[name], projection[f"{name}_batch"].isel(batch=batches), count, calibrated)
        for name in ("deaths", "person_years")
    }
    rest = {name: total[name] for name in total.data_vars if name not in data}
    return xr.Dataset(data | rest, attrs=total.attrs)


def _replicate(total: xr.DataArray, batch: xr.DataArray, count: int, calibrated: bool) -> xr.DataArray:
    axis = batch.get_axis_num("batch")
    assert isinstance(axis, int)
    whole = np.expand_dims(total.transpose(*(dim for dim in batch.dims if dim != "batch")).values, axis)
    values = whole - batch.values
    values *= count / (count - 1)
    if calibrated:
        _calibrate(values, whole, batch["scenario"].values.tolist().index(COMPARATOR))
    coords = {str(dim): batch[dim].values for dim in batch.dims if dim != "batch" and dim in batch.coords}
    return xr.DataArray(values, coords, [dim if dim != "batch" else "replicate" for dim in batch.dims])


def _calibrate(values: np.ndarray, whole: np.ndarray, comparator: int) -> None:
    """Tie ``values`` to the comparator's totals, in place; scenario is the first axis of both."""
    found, wanted = values[comparator].copy(), np.broadcast_to(whole[comparator], values.shape[1:])
    empty = found <= 0
    ratio = np.divide(wanted, found, out=np.ones_like(found), where=~empty)
    values *= ratio
    if empty.any():
        values += np.where(empty, wanted - found, 0.0)
    values[comparator] = wanted


def _combine(
    function: Callable[[xr.Dataset], Estimates], projection: xr.Dataset, calibrated: bool, cells: int
) -> Estimates:
    """The standard error, the replicates made in chunks."""
    count = projection.sizes["batch"]
    chunks = _chunks(count, _cells(projection) * projection.sizes["draw"], cells)
    results = [function(replicates(projection, chunk, calibrated=calibrated)) for chunk in chunks]
    return spread(results[0] if len(results) == 1 else xr.concat(results, "replicate", join="exact"))


def _cells(projection: xr.Dataset) -> int:
    """Cells of deaths in one batch of one draw."""
    sizes = projection["deaths_batch"].sizes
    return int(np.prod([size for dim, size in sizes.items() if dim not in ("draw", "batch")]))


def _chunks(length: int, cells_each: int, cells: int) -> Iterator[slice]:
    step = max(1, cells // max(1, cells_each))
    return (slice(first, first + step) for first in range(0, length, step))
