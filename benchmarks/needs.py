"""What a run of a cohort cannot do without, counted with the kernel's own functions and from its own tables.

The years are gone through as ``kernel.run_piece`` does, but only as far as who differs: states, smoking and slots, with
no hazard worked out. README.md says what counts as needed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.model import exposure, kernel, ratio, slots
from hisim.model.plan import NEEDS, Cohort, Plan
from hisim.model.random import CONDITION_EVENTS, LIFELONG, REGISTER_EVENTS, SMOKING, cohort_number
from hisim.model.tables import (
    FIRST_EFFECT,
    FIRST_FLAG,
    FLAGS,
    LAST_STARTING_AGE,
    NEVER,
    REGISTER_FLAGS,
    CohortTables,
    Strata,
    Task,
)
from hisim.model.workspace import BLOCK, Workspace, make_lives, make_workspace
from hisim.variables import CONDITIONS, EXPOSURES, OLDEST_AGE, QUINTILES

EXPOSURE_DRAWS = (("sbp",), ("cholesterol",), ("bmi",), ("alcohol", "drinks"))
"""The lifelong uniforms that each of ``EXPOSURES`` goes by."""
MADE_OF = {**NEEDS, "hypertension": ("sbp",), "hazardous_drinker": ("alcohol",), "harmful_drinker": ("alcohol",)}
"""What derived states follow from: conditions, states or exposures."""
Draws = set[tuple[str, int | str]]


class Needs(NamedTuple):
    """One cohort's needs by scenario K (the comparator first), year Y, cause C, feature R and block of people B."""

    work: Workspace
    """The people as they are in the last year."""
    ages: np.ndarray
    """(Y,) age in each year lived; years before birth are left out everywhere."""
    terms: np.ndarray
    """(K, Y, C) linear terms: of the comparator all, of a scenario those that it changes."""
    term: np.ndarray
    weight: np.ndarray
    """(K, Y, C, R) their features and coefficients, closed up."""
    touched: np.ndarray
    """(K, Y, C) whether the hazard ratio of the cause needs an exponential."""
    differ: np.ndarray
    """(K, Y, B) people whose hazards in the year are other than the comparator's; of the comparator all people."""
    apart: np.ndarray
    """(K, Y, B) people who may be alive in another measure: those who differ in the year or in one before."""
    draws: int
    """Random numbers of each person over all years."""
    normals: int
    """Of those, how many are turned into normal deviates."""
    rows: np.ndarray
    """(Y, 2) rows that a year must read of what people carry through the years, and write of what hazards depend on."""


def made_of(names: list[str]) -> tuple[set[str], set[int]]:
    """The conditions that states called ``names`` follow from, in the end, and the exposures."""
    conditions: set[str] = set()
    exposures: set[int] = set()
    while names:
        name = names.pop()
        if name in EXPOSURES:
            exposures.add(EXPOSURES.index(name))
        elif name in CONDITIONS:
            conditions.add(name)
        names += MADE_OF.get(name, ())
    return conditions, exposures


def draws_of_year(tables: CohortTables, age: int, features: set[int], smokers: bool) -> Draws:
    """The random numbers that decide about ``features`` (rows as in ``Workspace``), registers and smoking at an age."""
    served = {f - FIRST_EFFECT for f in features if f >= FIRST_EFFECT}
    served |= set(np.flatnonzero(tables.counted & tables.in_scope[age]).tolist())
    states = {f - FIRST_FLAG for f in features if FIRST_FLAG <= f < FIRST_EFFECT} | set(REGISTER_FLAGS.tolist())
    states |= {int(tables.slot_flag[t]) for t in served}
    conditions, exposures = made_of([FLAGS[n] for n in states])
    exposures |= {f for f in features if f < FIRST_FLAG}
    events = [int(CONDITION_EVENTS[CONDITIONS.index(name)]) for name in conditions]
    draws: Draws = {("life", LIFELONG[event]) if event >= 0 else ("year", "event") for event in events}
    draws |= {("life", name) for e in exposures for name in EXPOSURE_DRAWS[e]}
    draws |= {("life", LIFELONG[event]) for event in REGISTER_EVENTS}
    draws |= {("slot", int(tables.slot_block[t])) for t in served}
    if tables.correlation > 0.0 and served:
        draws.add(("life", "uptake"))
    if smokers:
        draws |= {("life", "smoking"), ("life", "years_since_quit"), ("year", "smoking_change")}
    return draws


def who_differs(
    tables: CohortTables, needs: Needs, i: int, k: int, y: int, smoked: np.ndarray, ever: np.ndarray
) -> set[int]:
    """Count the people who differ in the ``i``-th year of scenario ``k``; returns the features that it changes.

    ``smoked`` (K, B, people) what they smoke; ``ever`` (K, B, people) who has differed so far, which is kept up.
    """
    work, age = needs.work, int(needs.ages[i])
    ratio.set_scenario_terms(tables, work, k, y, age)
    active = tables.active[age]
    smoking = bool((smoked[k] != smoked[0]).any())
    keep(needs, k, i, work.new_terms * active, work.new_term, work.new_weight)
    needs.touched[k, i] = active & ((work.new_terms > 0) | (smoking & (tables.smoking_excess[age] != 0)))
    for b in range(ever.shape[1]):
        slots.set_change(tables, work, b, k, y, age)
        differs = ((work.row != 0) | (smoked[k, b] != smoked[0, b]))[: work.bounds[b, -1]]
        ever[k, b, : differs.size] |= differs
        needs.differ[k, i, b], needs.apart[k, i, b] = differs.sum(), ever[k, b].sum()
    return set(np.flatnonzero(work.moved).tolist())


def keep(needs: Needs, k: int, i: int, terms: np.ndarray, term: np.ndarray, weight: np.ndarray) -> None:
    """Keep a year's linear terms, closed up for each cause."""
    needs.terms[k, i], needs.term[k, i], needs.weight[k, i] = terms, term, weight


def count(plan: Plan, cohort: Cohort) -> Needs:
    """Go through the years of a cohort and count."""
    tables, settings = plan.tables[cohort.quintile][cohort.sex], plan.scenarios[0].simulation
    number, those = number_of(cohort), plan.strata([cohort], [settings.people_per_cohort])
    strata = Strata(*(array[0] for array in those))
    work = make_workspace(tables, strata, settings.people_per_cohort, BLOCK)
    first = max(plan.start, cohort.birth_year)
    ages = np.minimum(np.arange(first, plan.end + 1) - cohort.birth_year, OLDEST_AGE)
    (blocks, people), scenarios = work.lived.shape, tables.coverage.shape[0]
    needs = no_needs(work, ages, scenarios)
    lives, ever = make_lives(tables, strata, work), np.zeros((scenarios, blocks, people), bool)
    smoked = lives.slot
    of_whom = (number, 0, settings.seed)
    task = Task(cohort.birth_year, settings.people_per_cohort, 1, *of_whom, False, False, BLOCK)
    exposure.set_people(tables, strata, work, lives, task, first - plan.start, 0)
    smoked[:] = smoked[0]
    work.drawn[:] = True
    life: Draws = set()
    yearly = 0
    for i, age in enumerate(map(int, ages)):
        year, y = first + i, first + i - plan.start
        ratio.set_comparator_terms(tables, work, age, plan.conditions[plan.index(cohort)][y])
        keep(needs, 0, i, work.terms * tables.active[age], work.term, work.weight)
        needs.touched[0, i] = tables.active[age]
        for b in range(blocks):
            for k in range(scenarios if age <= LAST_STARTING_AGE else 0):
                exposure.start_smoking(work.uniforms[b, SMOKING], tables.smoking_ever[age], smoked[k, b])
            ratio.set_comparator_year(
                tables, work, b, b * people, age, year, i == 0, *of_whom, smoked[0, b]
            )  # fmt: skip
        shifting = np.flatnonzero(work.there[FIRST_EFFECT:] & (tables.shift != 0).any(axis=1)) + FIRST_EFFECT
        features = set(shifting.tolist()).union(*(who_differs(tables, needs, i, k, y, smoked, ever)
                                                  for k in range(1, scenarios)))  # fmt: skip
        used = {
            int(f) for k in range(scenarios) for c, n in enumerate(needs.terms[k, i]) for f in needs.term[k, i, c, :n]
        }
        smokers = bool((smoked[0] != NEVER).any())
        draws = draws_of_year(tables, age, features | used, smokers)
        needs.rows[i] = len(draws) + smokers, len(used) + smokers
        life |= {draw for draw in draws if draw[0] != "year"}
        yearly += len(draws - life)
        for b in range(blocks):
            for k in range(scenarios):
                kernel.change_block(tables, work, b, k, y, age, smoked[k, b])
    normals = len(life & {("life", names[0]) for names in EXPOSURE_DRAWS})
    return needs._replace(draws=len(life) + yearly, normals=normals)


def number_of(cohort: Cohort) -> int:
    """What a cohort's random numbers are keyed on."""
    return cohort_number(QUINTILES[cohort.quintile], cohort.sex, cohort.birth_year)


def no_needs(work: Workspace, ages: np.ndarray, scenarios: int) -> Needs:
    """Room to count in, with the comparator's people filled in."""
    by_cause = (scenarios, ages.size, work.terms.size)
    by_block = (scenarios, ages.size, work.lived.shape[0])
    everyone = np.zeros(by_block, np.int64)
    everyone[0] = work.bounds[:, -1]
    rows = work.term.shape[1]
    return Needs(
        work, ages, np.zeros(by_cause, np.int64), np.zeros((*by_cause, rows), np.int64),
        np.zeros((*by_cause, rows), np.float32), np.zeros(by_cause, np.bool_), everyone, everyone.copy(), 0, 0,
        np.zeros((ages.size, 2), np.int64),
    )  # fmt: skip
