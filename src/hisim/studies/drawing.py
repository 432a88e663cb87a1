"""Figures of a scenario under joint draws of everything that is uncertain, kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

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
    several: Scenario | Sequence[Scenario], asked: Sequence[Asked], draws: int, how: How, people: int,
    progress: Callable[[float], None] | None = None,
) -> dict[str, xr.DataArray]:  # fmt: skip
    """Every figure ``asked`` in every draw, (draw, ...), numbered from 1; scenarios of one draw have the same people.

    Parameters
    ----------
    several
        One scenario, or several with the same settings.
    people
        Simulated in each cohort of a draw.
    """
    scenarios = [several] if isinstance(several, Scenario) else list(several)
    first = scenarios[0]
    sweep = Sweep(
        hisim=1, name=first.name, title=first.title, scenarios=tuple(one.name for one in scenarios), design="draws",
        size=draws, seed=first.simulation.seed % 2**31, people_per_cohort=people, unit_runs=UNIT_RUNS,
    )  # fmt: skip
    definition = define(sweep, scenarios, asked=asked)
    cells = cells_of(definition)
    rows = np.empty((draws, cells[-1].stop))
    units = list(range(1, units_of(definition)))
    with closing(finished(definition, units, how)) as results:
        for done, (unit, payload) in enumerate(results, start=1):
            runs = runs_in(definition, unit)
            rows[runs.start - 1 : runs.stop - 1] = unpack(definition, unit, payload).T
            if progress is not None:
                progress(done / len(units))
    return {cell.key: array(cell, rows[:, cell.start : cell.stop], labels=range(1, 1 + draws)) for cell in cells}
