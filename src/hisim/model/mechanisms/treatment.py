"""Treatment: coverage by threshold, and effect by years since start.

Person i has one lifelong uniform per treatment and is covered when it lies below the coverage of the
day, so that more coverage covers a superset of people. With f_l the share of the full effect reached in
the l-th year on treatment (at mid-year) and c(y) the coverage that counts in year y, the effect is

    effect_i(y) = sum_l (f_l - f_{l-1}) [u_i < c(y - l)],

which is f_l for someone who started l years ago, 1 for the long treated and 0 for everyone else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from hisim.declare.delivery import changed_coverage, effect_in_place
from hisim.declare.intervention import ExposureEffect, HazardEffect, SmokingCessation, Treatment
from hisim.declare.scenario import Use
from hisim.model.tables import Float32, Float64
from hisim.variables import AGES, CAUSES, SEXES


def effect_steps(lag_years: float, lags: int) -> Float32:
    """Share of the full effect gained with each year on treatment; (lags,), adds up to 1."""
    reached = np.array([effect_in_place(year, lag_years) for year in range(lags)])
    reached[-1] = 1.0
    return np.diff(reached, prepend=0.0).astype(np.float32)


def lags_of(treatments: Iterable[Treatment]) -> int:
    """Years after which every treatment is in full effect, the first included."""
    return max(1 + math.ceil(max(0.0, treatment.lag_years.value - 0.5)) for treatment in treatments)


def eligible_cells(treatment: Treatment | SmokingCessation) -> Float64:
    """1 where the intervention may change coverage, else 0; (sex, age)."""
    youngest, oldest = treatment.eligible.ages
    ages = np.array([youngest <= age <= oldest for age in AGES], float)
    sexes = np.array([sex in treatment.eligible.sexes for sex in SEXES], float)
    return np.asarray(sexes[:, None] * ages)


def coverage(now: Float64, uses: Sequence[Use], year: int) -> Float64:
    """Coverage [fraction] of one treatment in ``year``; (quintile, sex, age) like ``now``.

    Several uses of the same treatment do not add: whoever has it by one route gains nothing from another,
    so the widest coverage counts.
    """
    changed = [_one(now, use, year) for use in uses]
    return np.maximum.reduce(changed) if changed else now


def _one(now: Float64, use: Use, year: int) -> Float64:
    treatment = use.intervention
    assert isinstance(treatment, Treatment)
    values = np.array(use.change.values)[:, None, None]
    share = use.scale_in_place(year)
    after = changed_coverage(now, use.change.kind, values, share, treatment.sustained.value)
    return np.where(eligible_cells(treatment) > 0, after, now)


def log_hazard_ratios(treatment: Treatment) -> Float32:
    """Log hazard ratio in full effect by cause; (cause,)."""
    logs = np.zeros(len(CAUSES), np.float32)
    for effect in treatment.effects:
        if isinstance(effect, HazardEffect):
            logs[CAUSES.index(effect.cause)] = math.log(effect.hazard_ratio.value)
    return logs


def exposure_shift(treatment: Treatment, exposure: str) -> float:
    """Change of an exposure in full effect [its unit]; 0 where there is none."""
    return sum(e.change.value for e in treatment.effects if isinstance(e, ExposureEffect) and e.exposure == exposure)
