"""The arrays the kernel and its twin both read: one :class:`CohortTables` per quintile and sex.

Dimensions are written with these letters: scenarios K (0 is the comparator), years Y, ages A (101),
causes C (16), exposures E (4), conditions N (12), registers D (4), slots T, lag steps L, flags F, strata G
(1 where nobody is told apart), and P: 1 where all strata have the same thresholds, else G.

A *slot* is one drug or service for people in one state; everything that an intervention does to a person
is a slot. A *flag* says whether a person is in a state.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hisim.variables import CONDITIONS, EXPOSURES, HISTORIES, REGISTERS

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Array = NDArray[Any]

DERIVED = (
    "hypertension", "cvd_history", "high_risk", "diabetes_hypertension", "hazardous_drinker", "harmful_drinker",
)  # fmt: skip
"""States that follow from conditions and exposures."""
FLAGS = (*CONDITIONS, *DERIVED, "everyone")
HYPERTENSION, CVD_HISTORY, HIGH_RISK, DIABETES_HYPERTENSION, HAZARDOUS, HARMFUL, EVERYONE = (
    FLAGS.index(name) for name in (*DERIVED, "everyone")
)
DIABETES, CHD, STROKE_HISTORY, RECENT_TIA = (
    FLAGS.index(name) for name in ("diabetes", "chd", "stroke_history", "recent_tia")
)
FIRST_FLAG = len(EXPOSURES)
FIRST_EFFECT = FIRST_FLAG + len(FLAGS)
"""What hazards depend on, in rows: exposures above their floors, then flags, then effects of slots."""
KEPT = len(HISTORIES)
"""The first so many conditions are histories."""
REGISTER_FLAGS = np.array([FLAGS.index(name) for name in REGISTERS])
HYPERTENSION_MMHG = 135.0
"""Usual systolic pressure, untreated, from which a person counts as having hypertension: the level at which the
model has the prevalence that one-visit readings of 140 mmHg give (docs/decisions/0007)."""
DRINKER_GRAMS = {"Female": (16.0, 40.0), "Male": (24.0, 57.0)}
"""More than this many grams of alcohol a day is hazardous, and harmful: 14 and 35 units a week for women, 21 and 50
for men (8 g to the unit)."""
MOST_ALCOHOL = 150.0
"""Grams a day beyond which hazards rise no further: the dose-response studies end there."""
LAST_STARTING_AGE = 24
"""Nobody starts smoking after this age (starting at 25 or later is rare: an assumption)."""

NEVER, CURRENT, SLOTS = 0, 1, 42
"""Smoking slots: 0 never, 1 current, 1 + k former with k completed years since quitting (k = 1..40)."""


class CohortTables(NamedTuple):
    """What happens to people of one quintile and sex. Shapes in the letters of this module."""

    start_year: int
    observed: bool
    """Whether ``rate`` is that of everyone, which the comparator must have; else of a person without any risk."""
    rate: Float64
    """(Y, A, C) [deaths/person-year]: the comparator's mortality."""
    exposure_log_hr: Float32
    """(A, E, C) per mmHg, mmol/L, kg/m2, g/day above the floor."""
    condition_log_hr: Float32
    """(A, N, C) of having each condition."""
    slot_log_hr: Float32
    """(A, T, C) of a slot in full effect, its seasonal part included."""
    smoking_excess: Float32
    """(A, C) hazard ratio of current smokers, less 1."""
    active: NDArray[np.bool_]
    """(A, C) whether anything makes people differ in the hazard of the cause at that age."""
    smoking_group: NDArray[np.int64]
    """(C,) row of ``remaining_excess`` each cause follows."""
    remaining_excess: Float32
    """(groups, 42) share of a smoker's excess hazard at each smoking slot."""
    relapse: Float32
    """(42,) [probability/year] of starting again at each smoking slot."""
    quit: Float32
    """(K, Y, A, G) [probability/year] that a smoker stops."""
    smoking_current: Float32
    """(A,) share who smoke."""
    smoking_ever: Float32
    """(A,) share who smoke or did."""
    quit_years_cumulative: Float32
    """(A, 41) cumulative share of former smokers by completed years since quitting."""
    exposure_mean: Float32
    """(A, E) mean of systolic pressure [mmHg, untreated], cholesterol [mmol/L], bmi [kg/m2], log alcohol [g/day]."""
    exposure_sd: Float32
    """(A, E) standard deviations of the same."""
    exposure_floor: Float32
    """(E,) level below which hazards fall no further."""
    drinkers: Float32
    """(A,) share who drink."""
    drinker_grams: Float32
    """(2,) [g/day] from which drinking is hazardous, and harmful."""
    percentile_mixing: Float32
    """(3, 3) lower triangular: independent normals to correlated ones."""
    prevalence: Float32
    """(A, N - 6) of conditions that are no history: drawn each year, or by a lifelong percentile."""
    wanted: NDArray[np.bool_]
    """(F,) flags that anything in the run depends on."""
    coverage: Float32
    """(K, Y, T, A, P) share of eligible people, of those diagnosed where there is a register, who are served."""
    known: Float32
    """(K, Y, D, A, P) share of people with the condition who are diagnosed."""
    differs: NDArray[np.bool_]
    """(K, Y, A, T) whether the scenario's coverage, now or lagged, is other than the comparator's."""
    changes: NDArray[np.bool_]
    """(K, Y, A) whether the scenario differs from the comparator at all, quitting included."""
    present: NDArray[np.bool_]
    """(A, T) whether anybody at that age is in the slot in the comparator."""
    in_scope: NDArray[np.bool_]
    """(A, T) whether the slot is for people of that age and sex."""
    counted: NDArray[np.bool_]
    """(T,) slots whose people are counted."""
    used: NDArray[np.bool_]
    """(T,) slots that any scenario routes people to: counted by stratum."""
    slot_flag: NDArray[np.int64]
    """(T,) flag that makes a person eligible."""
    slot_register: NDArray[np.int64]
    """(T,) register a person must be on, or -1."""
    slot_block: NDArray[np.int64]
    """(T,) block of random numbers of the drug or service."""
    effect_step: Float32
    """(T, L) share of the full effect gained with the l-th year in the slot; each row adds to 1."""
    shift: Float32
    """(T, E) change of each exposure in full effect."""
    apart: NDArray[np.bool_]
    """(T,) whether strata have thresholds of their own for the slot, or for the register it needs."""
    correlation: float
    """Correlation of people's readiness across slots."""
    stratum_odds: Float32
    """(24 + T, G) odds of being below a share, against any one stratum: of each lifelong uniform, then each slot."""
    sorts: NDArray[np.bool_]
    """(24 + T,) whether strata differ in those odds."""
    stratum_log_hr: Float32
    """(A, G, C) log hazard ratio of each stratum."""


class Strata(NamedTuple):
    """Which people of a cohort are of which stratum: they lie one stratum after the other."""

    bounds: NDArray[np.int64]
    """(G + 1,) places at which strata begin; multiples of 16."""
    spans: NDArray[np.int64]
    """(P + 1,) the same where thresholds differ by stratum, else all people."""
    weight: Float32
    """(G,) people that a simulated person starts as; 1 on average."""
    share: Float32
    """(24 + T, G) make-up of the people whom each uniform decides about."""


class Task(NamedTuple):
    """Which people a cohort's run simulates, and how."""

    birth_year: int
    people: int
    """Simulated persons in a piece, a multiple of 16."""
    pieces: int
    """Parts of the cohort, each of ``people`` persons and calibrated on its own."""
    cohort: int
    draw: int
    seed: int
    """What the random numbers are keyed on, with the number of the person."""
    sampled: bool
    """Draw deaths (True) or carry survival weights (False)."""
    whole: bool
    """Whether scenarios are worked out for everyone; changes no byte."""
    block: int
    """Most people in a block; changes no byte."""


class CohortResult(NamedTuple):
    """What one cohort adds to a projection; batches B are 16, or none where they are not told apart."""

    deaths: Float64
    """(K, Y, C, B) [persons] by batch."""
    stratum_deaths: Float64
    """(K, Y, G, C) [persons]"""
    stratum_deaths_batch: Float64
    """(K, Y, G, B) [persons] by batch."""
    person_years: Float64
    """(K, Y, G, B or 1) [person-years] by batch, or all together."""
    served: Float64
    """(K, Y, N + D + 1) [person-years] in each of the N slots that are ``counted``, on each register, smoking."""
    stratum_served: Float64
    """(K, Y, G, 2 U + 1) [person-years] in each of the U slots that are ``used``, eligible for each, smoking."""
    reference: Float64
    """(Y, C) [deaths/person-year] the comparator's rate of a person with every risk at its reference."""
