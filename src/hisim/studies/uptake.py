"""What if the same people come to everything? A mix at several correlations of people's readiness across services."""

from __future__ import annotations

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.model.inputs import inputs_of
from hisim.model.projection import project
from hisim.model.slot_plan import Library
from hisim.outcomes.bands import QUINTILE_LABELS, add_total

CORRELATIONS = (0.0, 0.25, 0.5, 0.75, 0.95)
"""Correlations that are tried; what they are in life is not known."""


def by_uptake_correlation(
    scenario: Scenario,
    inputs: xr.Dataset | None = None,
    *,
    by: int,
    threads: int | None = None,
    library: Library | None = None,
) -> xr.Dataset:
    """Deaths averted by a mix where people's readiness to be served is correlated across its services.

    Coverage of each service is the same at every correlation; what changes is how far it is the same people who have
    several. The comparator changes with it too, because services of today then reach the same people.

    Parameters
    ----------
    scenario, inputs, threads, library
        As in :func:`hisim.model.projection.project`; the scenario's own ``uptake_correlation`` is put aside.
    by
        Year to whose end deaths averted are counted.

    Returns
    -------
    Dataset with ``deaths_averted_cumulative`` (uptake_correlation, quintile) [persons], quintiles "1".."5" and "all".
    """
    inputs = inputs_of(scenario) if inputs is None else inputs
    averted = [_averted(_with(scenario, each), inputs, by, threads, library) for each in CORRELATIONS]
    whole = xr.concat(
        averted, xr.DataArray(np.array(CORRELATIONS), dims="uptake_correlation", name="uptake_correlation")
    )
    whole.attrs = {"units": "persons", "long_name": f"Deaths prevented or postponed by the end of {by}"}
    return xr.Dataset({"deaths_averted_cumulative": whole})


def _with(scenario: Scenario, correlation: float) -> Scenario:
    settings = scenario.simulation.model_copy(update={"uptake_correlation": correlation})
    return scenario.model_copy(update={"simulation": settings})


def _averted(
    scenario: Scenario, inputs: xr.Dataset, by: int, threads: int | None, library: Library | None
) -> xr.DataArray:
    deaths = project(scenario, inputs, threads=threads, library=library)["deaths"].isel(draw=0, drop=True)
    died = deaths.sel(year=slice(None, by)).sum(("year", "sex", "age", "cause"))
    return add_total(died.isel(scenario=0, drop=True) - died.isel(scenario=1, drop=True), "quintile", QUINTILE_LABELS)
