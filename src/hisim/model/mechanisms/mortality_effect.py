"""Mortality effect: whoever is reached has other hazards of death, all year or in the winter excess alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hisim.declare.intervention import HazardEffect
from hisim.model.mechanisms.exposure_shift import AnyEffect
from hisim.model.tables import Float64
from hisim.variables import AGES, CAUSES


def log_hazard_ratios(effects: Iterable[AnyEffect], quintile: int, winter_share: Float64) -> Float64:
    """Log hazard ratio in full effect in a quintile (index); (age, cause).

    A ratio h on the winter excess, which is a share w of a year's deaths, is 1 - w (1 - h) on the year's.
    A line for ``all`` causes holds where a cause has none of its own.

    Parameters
    ----------
    winter_share
        (age,) share of a year's deaths that are excess winter deaths.
    """
    out = np.zeros((len(AGES), len(CAUSES)))
    direct = [effect for effect in effects if isinstance(effect, HazardEffect)]
    for effect in sorted(direct, key=lambda one: one.cause != "all"):
        ratio = effect.values[quintile]
        column = (
            slice(None) if effect.cause == "all" else slice(CAUSES.index(effect.cause), CAUSES.index(effect.cause) + 1)
        )
        share = winter_share if effect.season == "winter" else np.ones(len(AGES))
        out[:, column] = np.log(1.0 - share * (1.0 - ratio))[:, None]
    return out


def is_seasonal(effects: Iterable[AnyEffect]) -> bool:
    """Whether any effect acts on the winter excess alone."""
    return any(isinstance(effect, HazardEffect) and effect.season == "winter" for effect in effects)
