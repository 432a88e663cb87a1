"""What mixes come to: many points of levers simulated together, with the same people and the same chance.

A fifth's deaths depend on what is done in that fifth alone; what ties fifths together, capacity, is kept by limits of
its own (:func:`capacities`). So a mix's fifths may be taken from different simulated mixes (:func:`spliced`), which
makes the slope along every lever cost one simulated mix for each intervention instead of one for each lever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.model.inputs import in_area, inputs_of
from hisim.model.projection import project
from hisim.model.reach import reach
from hisim.model.slot_plan import library_of_run
from hisim.outcomes.asked import reduced
from hisim.studies.levers import NONE, Levers, mix
from hisim.variables import COMPARATOR

TOGETHER = 32
"""Mixes in one projection: more take more memory, fewer more time."""
Values = Callable[[xr.Dataset], np.ndarray]
"""From what :func:`hisim.outcomes.asked.reduced` gave to a row of numbers for each mix, (mix, row)."""
NO_LIMIT = 1e9
FRESH = 4
"""Other streams of chance that costs and answers are worked out with."""
DIGITS = 3
"""Decimals of a share of the way in an answer."""
Say = Callable[[str], None]
"""Told in words what is being done."""


class Ground(NamedTuple):
    """What all mixes share."""

    levers: Levers
    inputs: xr.Dataset
    people: int
    """Simulated in each cohort while mixes are tried."""
    stream: int = 0
    """What chance is keyed on beside the seed: mixes with one stream have the same people."""
    threads: int | None = None


def ground_of(levers: Levers, people: int, threads: int | None = None) -> Ground:
    """Levers with the inputs of their scenario, simulated with ``people`` in each cohort."""
    return Ground(levers, inputs_of(levers.scenario), people, threads=threads)


def simulated(ground: Ground, points: np.ndarray) -> xr.Dataset:
    """What figures are made of at ``points`` (n, V), by scenario: the comparator, then "0", "1" and so on."""
    settings = ground.levers.scenario.simulation
    few = settings.model_copy(update={"people_per_cohort": ground.people, "one_to_one": False})
    scenarios = [
        _unlimited(mix(ground.levers, point, str(number))).model_copy(update={"simulation": few})
        for number, point in enumerate(points)
    ]
    parts = [
        reduced(one, ground.inputs)
        for one in _projected(ground, [scenarios[i : i + TOGETHER] for i in range(0, len(scenarios), TOGETHER)])
    ]
    if len(parts) == 1:
        return parts[0]
    return xr.concat([parts[0], *(part.isel(scenario=slice(1, None)) for part in parts[1:])], dim="scenario")


def _unlimited(scenario: Scenario) -> Scenario:
    """``scenario`` without capacities, whose limits are kept by :func:`capacities`: else fifths would not be apart."""
    uses = [
        use if use.capacity_per_year is None else use.model_copy(update={"capacity": NO_LIMIT})
        for use in scenario.interventions
    ]
    return scenario.model_copy(update={"interventions": tuple(uses)})


def _projected(ground: Ground, several: Sequence[Sequence[Scenario]]) -> Iterator[xr.Dataset]:
    library = library_of_run(list(several[0]))
    for scenarios in several:
        yield project(
            list(scenarios), ground.inputs, library=library, threads=ground.threads, batches=False, stream=ground.stream
        )


def spliced(small: xr.Dataset, table: np.ndarray) -> xr.Dataset:
    """Mixes whose fifths come from different mixes of ``small``.

    Parameters
    ----------
    small
        What :func:`simulated` gave.
    table
        (n, 5) for each new mix and fifth, the number of the mix it comes from; the comparator is -1.

    Returns
    -------
    The same variables, by scenario: the comparator, then "0" to "n - 1".
    """
    rows = 1 + np.concatenate([np.full((1, table.shape[1]), -1), table])
    data = {}
    for name, values in small.data_vars.items():
        if "scenario" not in values.dims:
            data[name] = values
            continue
        moved = values.transpose("scenario", "quintile", ...)
        picked = moved.values[rows, np.arange(table.shape[1])]
        data[name] = xr.DataArray(picked, dims=moved.dims).transpose(*values.dims)
    names = [COMPARATOR, *map(str, range(len(table)))]
    others = {dim: small[dim] for dim in small.dims if dim != "scenario"}
    plain = {name: values.drop_vars(list(values.coords)) for name, values in data.items()}
    return xr.Dataset(plain, {"scenario": names, **others}, small.attrs)


def slopes(ground: Ground, values: Values, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row of ``values`` at ``point`` (V,), and its slope along every lever; (R,) and (R, V).

    A slope is measured half-way to the further bound: chance in the simulated people makes steps of a small change.
    """
    levers = ground.levers
    step = _steps(levers, point)
    rows = [point]
    for own in levers.lever:
        one = point.copy()
        one[own[own != NONE]] += step[own[own != NONE]]
        rows.append(one)
    small = simulated(ground, np.array(rows))
    table = np.zeros((1 + len(point), levers.lever.shape[1]), int)
    for i, own in enumerate(levers.lever):
        for quintile, v in enumerate(own):
            if v != NONE:
                table[1 + v, quintile] = 1 + i
    found = values(spliced(small, table))
    return found[0], np.where(step == 0, 0.0, (found[1:] - found[0]).T / np.where(step == 0, 1.0, step))


def _steps(levers: Levers, point: np.ndarray) -> np.ndarray:
    """Half-way to the further bound, up or down."""
    up, down = levers.high - point, point - levers.low
    return np.asarray(np.where(up >= down, up, -down) / 2)


def capacities(ground: Ground) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Limits of capacity as rows of levers: served (m, V), at most (m,), and of which interventions.

    People served are taken as a straight line between both ends of every lever; who is served now stays so.
    """
    levers, rows, limits, names = ground.levers, [], [], []
    for i, use in enumerate(in_area(levers.scenario, ground.inputs).interventions):
        own = levers.lever[i]
        if use.capacity_per_year is None or not (own != NONE).any():
            continue
        ends = (np.zeros(len(levers.low)), np.where(levers.first[:, 0] == i, 1.0, 0.0))
        served = []
        for end in ends:
            one = _unlimited(mix(levers, end, "limited")).interventions[i]
            alone = levers.scenario.model_copy(update={"interventions": (one,)})
            served.append(reach(alone, ground.inputs)["served_full"].values[0])
        row = np.zeros(len(levers.low))
        for quintile, v in enumerate(own):
            if v != NONE:
                row[v] += served[1][quintile] - served[0][quintile]
        rows.append(row)
        limits.append(max(use.capacity_per_year - served[0].sum(), 0.0))
        names.append(use.id)
    size = (len(rows), len(levers.low))
    return np.array(rows).reshape(size), np.array(limits), names
