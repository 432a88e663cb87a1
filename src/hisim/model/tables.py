"""The arrays the kernel and its twin both read: one :class:`StratumTables` per quintile and sex.

Dimensions are written with these letters: scenarios K (0 is the comparator), years Y, ages A (101),
causes C (16), risks R, treatments T, eligibility groups G (2), lag steps L.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Array = NDArray[Any]

LANES = 16
"""SIMD lanes, and the independent batches of people: person i is in batch i mod 16."""

EXPOSURES = ("sbp", "cholesterol", "bmi")
CONDITIONS = ("diabetes", "chd", "stroke_history")
TREATMENTS = ("antihypertensive", "statin")
GROUPS = 2
HYPERTENSION_MMHG = 135.0
"""Usual systolic pressure, untreated, from which a person counts as having hypertension: the level at which the
model has the prevalence that one-visit readings of 140 mmHg give (docs/decisions/0007)."""
STATIN_HISTORY_AGE = 35
STATIN_PRIMARY_AGE = 40
LAST_STARTING_AGE = 24
"""Nobody starts smoking after this age (starting at 25 or later is rare: an assumption)."""

NEVER, CURRENT, SLOTS = 0, 1, 42
"""Smoking slots: 0 never, 1 current, 1 + k former with k completed years since quitting (k = 1..40)."""


class StratumTables(NamedTuple):
    """What happens to people of one quintile and sex. Shapes in the letters of this module."""

    start_year: int
    rate: Float64
    """(Y, A, C) [deaths/person-year]: the comparator's mortality."""
    fixed_log_hr: Float32
    """(A, R, C) per mmol/L, kg/m2 or condition: cholesterol, bmi, diabetes, chd, stroke_history."""
    changed_log_hr: Float32
    """(A, 1 + T, C) per mmHg of systolic pressure, and of a treatment in full effect."""
    smoking_excess: Float32
    """(A, C) hazard ratio of current smokers, less 1."""
    active: NDArray[np.bool_]
    """(A, C) whether anything makes people differ in the hazard of the cause at that age."""
    smoking_group: NDArray[np.int64]
    """(C,) row of ``remaining_excess`` each cause follows."""
    remaining_excess: Float32
    """(3, 42) share of a smoker's excess hazard at each smoking slot."""
    relapse: Float32
    """(42,) [probability/year] of starting again at each smoking slot."""
    quit: Float32
    """(K, Y, A) [probability/year] that a smoker stops."""
    smoking_current: Float32
    """(A,) share who smoke."""
    smoking_ever: Float32
    """(A,) share who smoke or did."""
    quit_years_cumulative: Float32
    """(A, 41) cumulative share of former smokers by completed years since quitting."""
    exposure_mean: Float32
    """(A, 3) mean of systolic pressure [mmHg, untreated], cholesterol [mmol/L], bmi [kg/m2]."""
    exposure_sd: Float32
    """(A, 3) standard deviations of the same."""
    exposure_floor: Float32
    """(3,) level below which hazards fall no further."""
    percentile_mixing: Float32
    """(3, 3) lower triangular: independent normals to correlated ones."""
    threshold: Float32
    """(K, Y, A, T, G, L) coverage that counts for people who started l years ago."""
    known: Float32
    """(A,) share of people with hypertension who are diagnosed; whoever is treated is diagnosed too."""
    effect_step: Float32
    """(T, L) share of the full effect gained with the l-th year on treatment; each row adds to 1."""
    sbp_shift: Float32
    """(T,) change of systolic pressure [mmHg] in full effect."""


class CohortResult(NamedTuple):
    """What one cohort adds to a projection."""

    deaths: Float64
    """(K, 16, Y, C) [persons] by batch."""
    person_years: Float64
    """(K, 16, Y) [person-years] by batch."""
    served: Float64
    """(K, Y, T + 2) [person-years] in each of ``variables.STATES``."""
