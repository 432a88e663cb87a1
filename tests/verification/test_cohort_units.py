"""One projection in units of cohorts: the same to the byte as in one process, however the units are shared out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hisim.declare.files import read_scenario_text
from hisim.model.projection import project
from hisim.studies import store
from hisim.studies.cohorts import assembled, define_cohorts, run_cohort_unit, unpacked
from hisim.studies.study import run_unit, units_of

SCENARIO = """hisim: 1
name: {name}
title: Small
start: 2011
end: 2012
simulation: {{{simulation}}}
interventions:
  - {{use: statins, relative: {times}}}
"""


@pytest.mark.parametrize("simulation", ["people_per_cohort: 16", "people_per_cohort: 16, estimator: sampled"])
def test_units_add_up_to_the_projection(tmp_path: Path, simulation: str) -> None:
    scenarios = [
        read_scenario_text(SCENARIO.format(name=name, simulation=simulation, times=times))
        for name, times in (("some", 1.4), ("many", 2))
    ]
    definition = define_cohorts(scenarios)
    assert units_of(definition) == 10 * -(-102 // 16)
    parts = [store.create(tmp_path / f"part-{i}", definition, units_of(definition), shard=f"{i}/2") for i in (1, 2)]
    for part in reversed(parts):
        with store.writing(part) as writer:
            for unit in reversed(part.own_units()):
                writer.write(unit, run_unit(definition, unit))
    _, _, added = assembled(store.merge(tmp_path / "whole", [part.folder for part in parts]))
    whole = project(scenarios)
    assert added.identical(whole)
    for name in whole.data_vars:
        assert added[name].values.tobytes() == whole[name].values.tobytes(), name


def test_a_unit_comes_back_as_it_was() -> None:
    scenario = read_scenario_text(SCENARIO.format(name="some", simulation="people_per_cohort: 16", times=1.4))
    definition = define_cohorts([scenario])
    payload = run_cohort_unit(definition, 3)
    assert payload == run_cohort_unit(definition, 3)
    arrays = unpacked(payload)
    assert arrays.deaths.shape[0] == 16 and np.isfinite(arrays.deaths).all() and arrays.deaths.sum() > 0
