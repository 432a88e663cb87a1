"""How much people drink: a log-normal among drinkers that puts the surveyed share over the guideline."""

from __future__ import annotations

import numpy as np

from hisim.inputs.exposures import ADULT_AGE
from hisim.inputs.life_table import Tables
from hisim.inputs.tables import grid
from hisim.variables import AGES

GUIDELINE = (16.0, 24.0)
"""14 units a week for women and 21 for men, of 8 g each [g/day]."""
FALLS_FROM = 65


def drinking(tables: Tables, parameters: dict[str, float]) -> dict[str, np.ndarray]:
    """Share who drink, and mean and standard deviation of log consumption [log g/day], (quintile, sex, age).

    The share over the guideline is that of the quintile, times the ratio of the sex, up to the age from
    which consumption falls. Nobody under 16 drinks.
    """
    from scipy.special import ndtri  # only where inputs are worked out anew: it takes long to import

    over = grid("drinking", tables["drinking"], "over_guideline")
    sexes = ("women", "men")
    drinkers = np.array([parameters[f"alcohol_drinkers_{sex}"] for sex in sexes])
    ratio = np.array([parameters[f"alcohol_over_guideline_{sex}"] for sex in sexes])
    spread = parameters["alcohol_log_sd"]
    mean = np.log(GUIDELINE) + spread * ndtri(over[:, None] * ratio / drinkers)
    fall = parameters["alcohol_fall_after_65"] * np.maximum(np.asarray(AGES) - FALLS_FROM, 0)
    log_mean = mean[:, :, None] - fall
    adult = np.asarray(AGES) >= ADULT_AGE
    return {
        "alcohol_drinkers": np.broadcast_to(drinkers[:, None] * adult, log_mean.shape).copy(),
        "alcohol_log_mean": log_mean,
        "alcohol_log_sd": np.full(log_mean.shape, spread),
    }
