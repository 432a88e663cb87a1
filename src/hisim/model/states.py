"""Who is of an age and sex, and how many are in each state: normal exposures and independent conditions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import xarray as xr

from hisim.declare.delivery import fade
from hisim.model.normal import ndtr
from hisim.model.tables import DRINKER_GRAMS, HYPERTENSION_MMHG, Float64
from hisim.variables import AGES, CONDITIONS, REGISTERS, SEXES

GROUPS: dict[str, tuple[tuple[str, int], ...]] = {
    "cvd_history_or_high_risk": (("cvd_history", 35), ("high_risk", 40)),
}
"""States that are several flags, each from an age of its own."""
REGISTER_OF = {**{name: name for name in REGISTERS}, "diabetes_hypertension": "diabetes"}
"""Which register a person must be on to be served for a state."""


def flags_of(state: str) -> tuple[tuple[str, int], ...]:
    """The flags, with the youngest age of each, that a state stands for."""
    return GROUPS.get(state, ((state, 0),))


def values_of(inputs: xr.Dataset, name: str) -> Float64:
    """The numbers of a variable. Asking a dataset for it with its labels takes as long as most sums with it do."""
    return np.asarray(inputs.variables[name].values)


@lru_cache(maxsize=256)
def eligible_cells(ages: tuple[int, int], sexes: tuple[str, ...]) -> Float64:
    """1 where somebody is in scope, else 0; (sex, age), which nobody may write to: it is asked for often."""
    within = np.array([ages[0] <= age <= ages[1] for age in AGES], float)
    cells: Float64 = np.array([sex in sexes for sex in SEXES], float)[:, None] * within
    cells.flags.writeable = False
    return cells


def left_when_too_old(oldest: int, persistence_years: float) -> Float64:
    """By age, the share left of what people had at the ``oldest`` age they could have it; 0 up to that age; (age,)."""
    return np.array([fade(age, oldest, persistence_years) if age > oldest else 0.0 for age in AGES])


def share_in(inputs: xr.Dataset, flag: str) -> Float64:
    """Share of people in a state; (quintile, sex, age)."""
    if flag in CONDITIONS:
        return np.asarray(values_of(inputs, f"{flag}_prevalence"))
    if flag == "everyone":
        return np.ones_like(values_of(inputs, "population"))
    if flag == "current_smoker":
        return np.asarray(values_of(inputs, "smoking_current"))
    if flag in ("hazardous_drinker", "harmful_drinker"):
        level = np.log([DRINKER_GRAMS[sex][flag == "harmful_drinker"] for sex in SEXES])[None, :, None]
        spread = np.maximum(values_of(inputs, "alcohol_log_sd"), 1e-9)
        return np.asarray(
            values_of(inputs, "alcohol_drinkers") * ndtr((values_of(inputs, "alcohol_log_mean") - level) / spread)
        )
    hypertension = ndtr(
        (values_of(inputs, "sbp_mean") - HYPERTENSION_MMHG) / np.maximum(values_of(inputs, "sbp_sd"), 1e-9)
    )
    if flag == "hypertension":
        return np.asarray(hypertension)
    diabetes = share_in(inputs, "diabetes")
    if flag == "diabetes_hypertension":
        return np.asarray(hypertension * diabetes)
    history = 1 - (1 - share_in(inputs, "chd")) * (1 - share_in(inputs, "stroke_history"))
    if flag == "cvd_history":
        return np.asarray(history)
    assert flag == "high_risk", flag
    return np.asarray((1 - (1 - hypertension) * (1 - diabetes)) * (1 - history))


def smokers_now(inputs: xr.Dataset) -> Float64:
    """People who smoke in the first year [persons]; (quintile, sex, age)."""
    return np.asarray(values_of(inputs, "population") * values_of(inputs, "smoking_current"))
