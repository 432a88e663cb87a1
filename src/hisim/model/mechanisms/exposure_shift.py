"""Exposure shift: whoever is reached has an exposure moved by so much."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hisim.declare.intervention import ExposureEffect, HazardEffect, RemovedExposure
from hisim.model.tables import Float64
from hisim.variables import EXPOSURES

AnyEffect = ExposureEffect | HazardEffect | RemovedExposure


def shifts(effects: Iterable[AnyEffect], quintile: int) -> Float64:
    """Change of each exposure in full effect [mmHg, mmol/L, kg/m2, g/day] in a quintile (index); (exposure,)."""
    out = np.zeros(len(EXPOSURES))
    for effect in effects:
        if isinstance(effect, ExposureEffect):
            out[EXPOSURES.index(effect.exposure)] = effect.values[quintile]
    return out
