"""Figures of a scenario under joint draws of everything that is uncertain, kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.declare.sweep import Sweep
from hisim.outcomes.asked import Asked, array
from hisim.studies.defined import define
from hisim.studies.execute import How, finished
from hisim.studies.study import cells_of, runs_in, units_of, unpack

UNIT_RUNS = 8


def draws_of(
    scenario: Scenario, asked: Sequence[Asked], draws: int, how: How, people: int,
    progress: Callable[[float], None] | None = None,
) -> dict[str, xr.DataArray]:  # fmt: skip
    """Every figure ``asked`` in every draw, (draw, ...), numbered from 1.

    Parameters
    ----------
    people
        Simulated in each cohort of a draw.
    """
    sweep = Sweep(
        hisim=1, name=scenario.name, title=scenario.title, scenarios=(scenario.name,), design="draws", size=draws,
        seed=scenario.simulation.seed % 2**31, people_per_cohort=people, unit_runs=UNIT_RUNS,
    )  # fmt: skip
    definition = define(sweep, [scenario], asked=asked)
    cells = cells_of(definition)
    rows = np.empty((draws, cells[-1].stop))
    units = list(range(1, units_of(definition)))
    for done, (unit, payload) in enumerate(finished(definition, units, how), start=1):
        runs = runs_in(definition, unit)
        rows[runs.start - 1 : runs.stop - 1] = unpack(definition, unit, payload).T
        if progress is not None:
            progress(done / len(units))
    return {cell.key: array(cell, rows[:, cell.start : cell.stop], labels=range(1, 1 + draws)) for cell in cells}
