"""Where a result came from: enough to check it and to run it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
import xarray as xr

from hisim.declare.files import write_scenario
from hisim.declare.scenario import Scenario
from hisim.version import __version__

COPIED = (
    "digests", "sources", "quality", "assumptions", "area", "area_name", "members", "trend", "damping", "observed_to",
)  # fmt: skip


def provenance(scenarios: Sequence[Scenario], inputs: xr.Dataset) -> dict[str, str]:
    """Attributes of a projection: scenario texts, table digests, versions, seed, estimator."""
    settings = scenarios[0].simulation
    attrs = {name: str(inputs.attrs[name]) for name in COPIED if name in inputs.attrs}
    return attrs | {
        "title": "hisim projection",
        "scenarios": json.dumps({scenario.name: write_scenario(scenario) for scenario in scenarios}),
        "own_interventions": json.dumps(_own_files(scenarios)),
        "hisim_version": __version__,
        "versions": json.dumps({"numpy": np.__version__, "numba": version("numba"), "xarray": xr.__version__}),
        "seed": str(settings.seed),
        "estimator": settings.estimator,
        "people_per_cohort": settings.people,
    }


def _own_files(scenarios: Sequence[Scenario]) -> dict[str, dict[str, str]]:
    """What the files hold that each scenario names itself, by scenario and the name it gives."""
    return {scenario.name: dict(scenario.own_files) for scenario in scenarios}
