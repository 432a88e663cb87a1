"""A run with some of its numbers drawn: scenarios, library and inputs with those values for the central ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.declare.uncertain import uncertain_interventions, with_values
from hisim.inputs.uncertain import PREFIX, uncertain_inputs
from hisim.model.inputs import inputs_of
from hisim.model.slot_plan import Library
from hisim.uncertain import Uncertain


class Drawn(NamedTuple):
    """What :func:`hisim.project` needs, with drawn values."""

    scenarios: list[Scenario]
    library: Library
    inputs: xr.Dataset


def uncertain_of(scenarios: Sequence[Scenario], library: Library) -> list[Uncertain]:
    """Every uncertain number of a run, of its interventions and of its inputs, in the order of their paths."""
    return sorted([*uncertain_interventions(scenarios, library), *uncertain_inputs()])


def drawn(scenarios: Sequence[Scenario], library: Library, values: Mapping[str, float]) -> Drawn:
    """``scenarios``, ``library`` and their inputs with the numbers in ``values`` (by path) changed.

    Raises
    ------
    KeyError
        Where a path leads to no number.
    ImpossibleModelError
        Where the inputs cannot be made with such values.
    """
    changed, effects = with_values(scenarios, library, values)
    of_inputs = {path: value for path, value in values.items() if path.startswith(PREFIX)}
    return Drawn(changed, effects, inputs_of(changed[0], of_inputs))
