"""Birth outcome: newborns who are reached lose the hazard of what they would have been exposed to.

The same arithmetic takes any condition of the model away from those who are served, such as being out of work.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hisim.declare.intervention import RemovedExposure
from hisim.model.mechanisms.exposure_shift import AnyEffect
from hisim.model.tables import Float64
from hisim.variables import CONDITIONS


def removes(effects: Iterable[AnyEffect]) -> bool:
    """Whether any effect takes a condition away."""
    return any(isinstance(effect, RemovedExposure) for effect in effects)


def log_hazard_ratios(effects: Iterable[AnyEffect], condition_log_hr: Float64) -> Float64:
    """Log hazard ratio of losing a condition; (age, cause).

    Parameters
    ----------
    condition_log_hr
        (age, condition, cause) log hazard ratio of having each condition.
    """
    out = np.zeros((condition_log_hr.shape[0], condition_log_hr.shape[2]))
    for effect in effects:
        if isinstance(effect, RemovedExposure):
            out -= condition_log_hr[:, CONDITIONS.index(effect.removes)]
    return out
