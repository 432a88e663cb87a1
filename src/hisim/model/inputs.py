"""The inputs that a scenario asks for: tables of its area and years, and of the strata it tells apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from hisim.areas import ENGLAND
from hisim.declare.files import library_names
from hisim.declare.scenario import Scenario
from hisim.declare.strata import ALL, Strata
from hisim.inputs import strata as tables
from hisim.inputs.load import SHARE, load_inputs
from hisim.variables import AGES, QUINTILES, SEXES


def inputs_of(scenario: Scenario, values: Mapping[str, float] | None = None) -> xr.Dataset:
    """The packaged inputs for the area, years, trend and strata of ``scenario``, with drawn ``values`` by path."""
    inputs = load_inputs(
        scenario.start,
        scenario.end,
        trend=scenario.trend.kind,
        damping=1.0 if scenario.trend.damping is None else scenario.trend.damping,
        observed_to=scenario.observed_to,
        area=scenario.area,
        values=values,
    )
    return inputs if scenario.strata is None else with_strata(inputs, scenario)


def in_area(scenario: Scenario, inputs: xr.Dataset) -> Scenario:
    """``scenario`` with capacities, which are England's, cut to the share of people who live in the area."""
    share = float(inputs.attrs.get(SHARE, 1.0))
    limits = [use.capacity_per_year for use in scenario.interventions]
    if share == 1.0 or not any(limit is not None for limit in limits):
        return scenario
    uses = tuple(
        use if limit is None else use.model_copy(update={"capacity": limit * share})
        for use, limit in zip(scenario.interventions, limits, strict=True)
    )
    return scenario.model_copy(update={"interventions": uses})


def with_strata(inputs: xr.Dataset, scenario: Scenario) -> xr.Dataset:
    """``inputs`` with the strata of ``scenario`` in place of any they hold."""
    assert scenario.strata is not None
    plain = inputs.drop_dims(["stratum", "uptake_of"], errors="ignore")
    people = plain["population"]
    if scenario.area != ENGLAND:  # what people of a fifth are like is England's
        people = load_inputs(scenario.start, scenario.start)["population"]
    ids = [*library_names(), *(use.id for use in scenario.interventions if use.file)]
    added = _strata(scenario.strata, people.values, tuple(dict.fromkeys(ids)))
    return plain.merge(added, combine_attrs="drop_conflicts").assign_attrs(added.attrs | plain.attrs)


def _strata(strata: Strata, population: np.ndarray, ids: tuple[str, ...]) -> xr.Dataset:
    if strata.by == "ethnicity":
        return tables.ethnicity(
            population, risk_channels=bool(strata.risk_channels), mortality=strata.mortality_multipliers
        )
    if strata.by == "output-area-classification":
        return tables.segments()
    uptake = {name: _by_sex(strata.uptake.get(name, strata.uptake[ALL])) for name in ids}
    uptake = {name: odds for name, odds in uptake.items() if (odds != 1).any()}
    if strata.by == "inclusion-health":
        assert strata.group is not None and strata.prevalence is not None
        one = {name: float(odds[0, 0]) for name, odds in uptake.items()}
        return tables.inclusion(strata.group, strata.prevalence, strata.relative_need, one)
    share = np.array([[strata.share[q][sex] for sex in SEXES] for q in QUINTILES])
    need = np.repeat(_by_sex(strata.need)[:, None], len(AGES), axis=1)
    risk = {channel: _by_sex(odds) for channel, odds in strata.risk.items()}
    return tables.made(strata.levels, share, need, uptake, risk)


def _by_sex(values: Mapping[str, tuple[float, ...]]) -> np.ndarray:
    """(2, levels)"""
    return np.array([values[sex] for sex in SEXES])
