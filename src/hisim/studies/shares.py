"""What each intervention of a mix contributes: the mix's effect split among its uses by Shapley value.

The parts of a mix reach the same people and act on the same deaths, so the effects of each alone do not add up to
the effect of all. The Shapley value is the only split that adds up, treats equal interventions equally, gives
nothing to one that never changes anything, and is additive over effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import xarray as xr

from hisim.declare.files import load_library
from hisim.declare.scenario import Scenario
from hisim.errors import ImpossibleModelError
from hisim.model.inputs import inputs_of
from hisim.model.projection import Progress, project
from hisim.model.slot_plan import Library
from hisim.outcomes.bands import ALL_CAUSES, PERSONS, banded, with_totals
from hisim.outcomes.estimands import estimate
from hisim.outcomes.jackknife import CELLS_AT_ONCE, replicates
from hisim.studies.game import (
    Order,
    Shares,
    alone_and_last,
    exact_shares,
    needed_coalitions,
    sampled_orders,
    sampled_shares,
)
from hisim.variables import COMPARATOR

Value = Callable[[xr.Dataset], xr.Dataset]
"""From a banded dataset to estimands by scenario; must keep dimensions it does not know, such as ``replicate``."""
AT_ONCE = 16
"""Most subsets projected together: their results are held in memory until they are reduced to values."""
MOST_EXACT, PERMUTATIONS, SEED = 8, 16, 2011
NEEDED = ("deaths", "person_years", "deaths_batch", "person_years_batch")
DEATHS, GAP = "deaths_averted_cumulative", "life_expectancy_0_gap_q5"
KINDS = {
    "share": "share of each intervention (Shapley value)",
    "alone": "each intervention alone",
    "last": "what the mix loses without the intervention",
    "mix": "the whole mix",
    "overlap": "each alone, added up, minus the mix",
}
"""What is said of every value: the suffix of its variable, and what it means."""


def impact(by: int) -> Value:
    """Deaths averted to the end of year ``by``, by quintile, and the gap in life expectancy at birth in that year.

    Returns
    -------
    A function to ``deaths_averted_cumulative`` (scenario, ..., quintile) [persons], both sexes and all causes,
    quintiles "1".."5" and "all", and ``life_expectancy_0_gap_q5`` (scenario, ..., sex) [years].
    """

    def value(dataset: xr.Dataset) -> xr.Dataset:
        data = with_totals(dataset)
        everyone = {"year": by, "sex": PERSONS, "cause_group": ALL_CAUSES}
        averted = estimate(DEATHS, data).sel(everyone, drop=True)
        gap = estimate(GAP, data.sel(year=[by])).isel(year=0, drop=True)
        return xr.Dataset({DEATHS: averted, GAP: gap})

    return value


def shapley(
    scenario: Scenario,
    inputs: xr.Dataset | None = None,
    *,
    value: Value,
    most_exact: int = MOST_EXACT,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
    threads: int | None = None,
    progress: Progress | None = None,
    library: Library | None = None,
) -> xr.Dataset:
    """Split the effect of a mix among its interventions.

    The value of a set of uses is what the scenario with only those uses changes against the comparator. All sets
    share the simulated people, so no result depends on which sets are projected together.

    Parameters
    ----------
    scenario, inputs, threads, progress, library
        As in :func:`hisim.model.projection.project`; all sets have the settings of ``scenario``.
    value
        What is split; see :func:`impact`. Its change against the comparator is taken.
    most_exact
        With up to so many uses every one of their 2^n - 1 sets is projected, and the shares are exact.
    permutations, seed
        With more uses, the orders in which they come in, drawn in antithetic pairs, and the seed of the draw. The
        shares then have a standard error, and still add up to the mix exactly.

    Returns
    -------
    xr.Dataset
        For each variable ``x`` of ``value``: ``x_share``, ``x_alone``, ``x_last`` (intervention, ...), ``x_mix`` and
        ``x_overlap`` (...), each with its Monte Carlo standard error ``..._se``, and ``x_share_sampling_se``, the
        standard error from the sampled orders (0 where exact). Interventions are in the order of the scenario.

    Raises
    ------
    ImpossibleModelError
        For a scenario without interventions, or a number of permutations that is not even and at least 8.
    """
    orders = orders_of(scenario, most_exact, permutations, seed)
    inputs = inputs_of(scenario) if inputs is None else inputs
    library = load_library() if library is None else library
    count = len(scenario.interventions)
    wanted = needed_coalitions(count, orders)
    told: dict[int, xr.Dataset] = {}
    for batch in _batches(wanted):
        subsets = [_subset(scenario, bits) for bits in batch]
        part = _share_of_progress(progress, len(told), len(batch), len(wanted))
        projection = project(subsets, inputs, threads=threads, progress=part, library=library)
        told |= zip(batch, _values(projection, subsets, value), strict=True)
    result = _split(count, told, orders)
    result = result.assign_coords(intervention=[use.id for use in scenario.interventions])
    result["intervention"].attrs["long_name"] = "id of an intervention"
    return result.assign_attrs(
        title=f"What each intervention contributes to '{scenario.name}'",
        scenario=scenario.name,
        method="exact" if orders is None else "sampled permutations",
        permutations=0 if orders is None else len(orders),
        permutation_seed=seed,
        runs=len(wanted),
        people_per_cohort=scenario.simulation.people,
        seed=str(scenario.simulation.seed),
        estimator=scenario.simulation.estimator,
    )


def orders_of(scenario: Scenario, most_exact: int, permutations: int, seed: int) -> list[Order] | None:
    """The orders to sample, as positions in the scenario; None where all sets are projected.

    They are drawn for the interventions sorted by id, so that the order of the uses in a file does not matter.
    """
    ids = [use.id for use in scenario.interventions]
    if not ids:
        raise ImpossibleModelError(f"interventions: found none in '{scenario.name}'; allowed: at least one to split")
    drawn = sampled_orders(len(ids), permutations, seed)
    if len(ids) <= most_exact:
        return None
    place = sorted(range(len(ids)), key=ids.__getitem__)
    return [tuple(place[player] for player in order) for order in drawn]


def _batches(wanted: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(wanted)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def _subset(scenario: Scenario, bits: int) -> Scenario:
    """The scenario with only the uses in ``bits``, under a name of its own."""
    uses = tuple(use for i, use in enumerate(scenario.interventions) if bits >> i & 1)
    return scenario.model_copy(update={"name": f"set-{bits:x}", "interventions": uses})


def _share_of_progress(progress: Progress | None, done: int, batch: int, whole: int) -> Progress | None:
    return None if progress is None else lambda share: progress((done + share * batch) / whole)


def _values(projection: xr.Dataset, subsets: Sequence[Scenario], value: Value) -> Iterator[xr.Dataset]:
    """Change of the values against the comparator, one dataset a subset; ``replicate`` 0 holds the estimate.

    A few subsets at a time, because the replicates are many times as large as what they are reduced to.
    """
    calibrated = projection.attrs["estimator"] == "expected"
    central = projection[list(NEEDED)].isel(draw=[0])
    step = max(1, CELLS_AT_ONCE // central["deaths_batch"].isel(scenario=0).size)
    for first in range(0, len(subsets), step):
        names = [subset.name for subset in subsets[first : first + step]]
        some = central.sel(scenario=[COMPARATOR, *names])
        estimates = value(banded(some)).expand_dims(replicate=1)
        others = value(replicates(some, calibrated=calibrated))
        both = xr.concat([estimates, others], "replicate", join="exact").isel(draw=0, drop=True)
        change = both - both.sel(scenario=COMPARATOR, drop=True)
        for name, array in estimates.items():
            change[name].attrs = array.attrs
        yield from (change.sel(scenario=name, drop=True) for name in names)


def _split(count: int, told: dict[int, xr.Dataset], orders: Sequence[Order] | None) -> xr.Dataset:
    """The result's variables from the values of all sets that were projected."""
    whole = told[(1 << count) - 1]
    result = {}
    for name in map(str, whole.data_vars):
        like = whole[name].transpose("replicate", ...)
        values = {bits: one[name].transpose(*like.dims).values for bits, one in told.items()}
        shares: Shares = exact_shares(count, values) if orders is None else sampled_shares(orders, values)
        alone, last = alone_and_last(count, values)
        mix = like.values
        arrays = {"share": shares.share, "alone": alone, "last": last, "mix": mix, "overlap": alone.sum(axis=0) - mix}
        for kind, array in arrays.items():
            estimates, error = _with_error(array, axis=array.ndim - like.ndim)
            result[f"{name}_{kind}"] = _labelled(estimates, like, KINDS[kind])
            result[f"{name}_{kind}_se"] = _labelled(error, like, f"{KINDS[kind]}: Monte Carlo standard error")
        text = f"{KINDS['share']}: standard error from the sampled orders"
        result[f"{name}_share_sampling_se"] = _labelled(shares.error[:, 0], like, text)
    return xr.Dataset(result)


def _with_error(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimate and jackknife standard error; ``axis`` holds the estimate and then its replicates."""
    estimates, others = np.take(values, 0, axis), np.delete(values, 0, axis)
    steps = others - others.mean(axis=axis, keepdims=True)
    batches = others.shape[axis]
    return estimates, np.sqrt((steps**2).sum(axis=axis) * ((batches - 1) / batches))


def _labelled(values: np.ndarray, like: xr.DataArray, text: str) -> xr.DataArray:
    dims = [dim for dim in like.dims if dim != "replicate"]
    coords = {str(dim): like[dim].values for dim in dims}
    attrs = {**like.attrs, "long_name": f"{like.attrs['long_name']}: {text}"}
    return xr.DataArray(values, coords, ["intervention", *dims][-values.ndim :], attrs=attrs)
