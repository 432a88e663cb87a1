"""The compiled model: one cohort at a time, people as SIMD lanes, all years and scenarios in cache.

Within a cohort-year every rate and coefficient is a scalar, so the inner loops run over people only.
``model/twin.py`` says the same in plain NumPy and must agree.

Order of events within a year: (1) people of starting age take up smoking; (2) exposures, conditions and
who is served in the year are set; (3) deaths and person-years are counted at the age reached in the year,
at a constant hazard; (4) smokers quit and former smokers relapse, with effect from the next year.

Large cohorts are run in pieces, each calibrated on its own, so that what people carry stays in the caches and in
bounded memory, however many there are.

A scenario is not simulated before the first year in which it differs from the comparator: until then its
people are the comparator's. After it, hazards are worked out anew only for those to whom it makes a difference.
"""

from __future__ import annotations

from hisim.accelerate import compiled, entry, lend
from hisim.model.exposure import change_smoking, set_people, start_smoking
from hisim.model.fastmath import copy, fill
from hisim.model.hazard import calibrate, draw_deaths, live_year, survive, whole_sum
from hisim.model.random import (
    CAUSE,
    CONDITION_EVENTS,
    DEATH,
    EVENT,
    SMOKING,
    SMOKING_CHANGE,
    YEARS_TOGETHER,
)
from hisim.model.ratio import set_comparator_terms, set_comparator_year, set_scenario_ratio, set_scenario_terms
from hisim.model.reached import count_people
from hisim.model.results import add_piece, add_results, first_of, room_for, same_results
from hisim.model.tables import LAST_STARTING_AGE, Array, CohortResult, CohortTables, Strata, Task
from hisim.model.workspace import BLOCK, Lives, Workspace, make_lives, make_workspace
from hisim.variables import OLDEST_AGE


@compiled
def end_block(
    tables: CohortTables,
    work: Workspace,
    lives: Lives,
    b: int,
    k: int,
    y: int,
    age: int,
    ratio: Array,
    lived: Array,
    weight: float,
    sampled: bool,
) -> None:
    """Who is alive at the end of a block's year; sampled deaths are added to those of the year."""
    if sampled:
        word = (tables.start_year + y) % YEARS_TOGETHER
        draw_deaths(
            work.yearly[b, DEATH, word], work.yearly[b, CAUSE, word], lives.rate, tables.active[age], ratio,
            work.hazard[b], work.bounds[b], lives.alive[k, b], weight, work.row, lives.died,
        )  # fmt: skip
    else:
        survive(work.hazard[b], lived, lives.alive[k, b])


@compiled
def change_block(tables: CohortTables, work: Workspace, b: int, k: int, y: int, age: int, slot: Array) -> None:
    """Who of a block stops or starts smoking for next year."""
    chance = work.yearly[b, SMOKING_CHANGE, (tables.start_year + y) % YEARS_TOGETHER]
    change_smoking(chance, tables.quit[k, y, age], tables.relapse, work.bounds[b], slot)


@compiled
def run_scenario_year(
    tables: CohortTables,
    work: Workspace,
    lives: Lives,
    k: int,
    y: int,
    age: int,
    weight: float,
    sampled: bool,
    whole: bool,
    out: CohortResult,
) -> None:
    """One year of scenario ``k``, which has people of its own; counts them in ``out``."""
    active, lived, smoking = tables.active[age], work.new_lived, lives.smoking[k]
    own = k if smoking else 0
    set_scenario_terms(tables, work, k, y, age)
    for b in range(lived.shape[0]):
        slot = lives.slot[own, b]
        if smoking and age <= LAST_STARTING_AGE:
            start_smoking(work.uniforms[b, SMOKING], tables.smoking_ever[age], slot)
        differs = set_scenario_ratio(tables, work, b, k, y, age, slot, lives.slot[0, b], smoking, whole)
        ratio = work.ratio if differs else work.comparator_ratio[b]
        live_year(
            lives.rate, active, work.no_cause if sampled else active, ratio, lives.alive[k, b], work.bounds[b], work,
            work.hazard[b], lived[b], lives.sums, b == 0,
        )  # fmt: skip
        end_block(tables, work, lives, b, k, y, age, ratio, lived[b], weight, sampled)
    count_people(tables, work, k, y, age, weight, lived, lives.slot[own], out)


@compiled
def part_ways(tables: CohortTables, lives: Lives, y: int, age: int, whole: bool) -> None:
    """Give each scenario that first differs this year people of its own, as many alive as in the comparator now."""
    for k in range(1, lives.alone.size):
        if not lives.alone[k] and (whole or tables.changes[k, y, age]):
            lives.alone[k] = True
            for b in range(lives.alive.shape[1]):
                copy(lives.alive[0, b], lives.alive[k, b])


@compiled
def differ(one: Array, other: Array) -> bool:
    """Whether any of two rows of numbers is another."""
    found = False
    for i in range(one.size):
        found |= one[i] != other[i]
    return found


@compiled
def run_year(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    lives: Lives,
    y: int,
    age: int,
    lived_to: float,
    weight: float,
    sampled: bool,
    whole: bool,
    out: CohortResult,
) -> float:
    """One year of every scenario into ``out``, the comparator first; returns real persons per person.

    ``weight`` is that number in the year before, or 0 in the cohort's first year. Survival weights are tied each
    year to the person-years ``lived_to`` of the comparator, drawn lives in the first year alone.
    """
    scenarios, blocks = lives.alive.shape[:2]
    causes, active = tables.rate.shape[2], tables.active[age]
    part_ways(tables, lives, y, age, whole)
    calibrate(tables.rate[y, age], tables.observed, active, work, lives, sampled, out.reference[y])
    all_lived = whole_sum(lives.sums, causes)
    if all_lived > 0.0 and (weight == 0.0 or (tables.observed and not sampled)):
        weight = lived_to / all_lived
    for k in range(scenarios):
        if not lives.alone[k]:
            same_results(k, y, out)
            continue
        if sampled:
            fill(0.0, lives.every_death)
        if k > 0:
            run_scenario_year(tables, work, lives, k, y, age, weight, sampled, whole, out)
        else:
            count_people(tables, work, 0, y, age, weight, work.lived, lives.slot[0], out)
            for b in range(blocks):
                end_block(
                    tables, work, lives, b, 0, y, age, work.comparator_ratio[b], work.lived[b], weight, sampled
                )  # fmt: skip
        add_results(lives, weight, active, strata.bounds, sampled, k, y, out)
    for k in range(scenarios - 1, -1, -1):
        if (
            lives.alone[k]
            and not lives.smoking[k]
            and (whole or differ(tables.quit[k, y, age], tables.quit[0, y, age]))
        ):
            lives.smoking[k] = True
            for b in range(blocks):
                copy(lives.slot[0, b], lives.slot[k, b])
        if lives.smoking[k]:
            for b in range(blocks):
                change_block(tables, work, b, k, y, age, lives.slot[k, b])
    return weight


@compiled
def run_piece(
    tables: CohortTables,
    strata: Strata,
    work: Workspace,
    lives: Lives,
    task: Task,
    first: int,
    conditions: Array,
    person_years_to: Array,
    out: CohortResult,
) -> None:
    """All years and scenarios of the people from number ``first`` on, into ``out``."""
    years, (blocks, size) = tables.coverage.shape[1], work.lived.shape
    begin = max(0, task.birth_year - tables.start_year)
    for k in range(lives.alone.size):
        lives.alone[k] = lives.smoking[k] = k == 0
    fill(1.0, lives.known[0])
    fill(0.0, lives.known[1])
    set_people(tables, strata, work, lives, task, begin, first)
    for event in range(work.drawn.size):
        work.drawn[event] = event == SMOKING_CHANGE or (task.sampled and event in (DEATH, CAUSE))
    for n in range(CONDITION_EVENTS.size):
        work.drawn[EVENT] |= tables.wanted[n] and CONDITION_EVENTS[n] < 0
    weight = 0.0
    for y in range(begin, years):
        year = tables.start_year + y
        age = min(OLDEST_AGE, year - task.birth_year)
        set_comparator_terms(tables, work, age, conditions[y])
        for b in range(blocks):
            slot = lives.slot[0, b]
            if age <= LAST_STARTING_AGE:
                start_smoking(work.uniforms[b, SMOKING], tables.smoking_ever[age], slot)
            set_comparator_year(
                tables, work, b, first + b * size, age, year, y == begin, task.cohort, task.draw, task.seed, slot
            )  # fmt: skip
        lived_to = person_years_to[y] / task.pieces
        weight = run_year(
            tables, strata, work, lives, y, age, lived_to, weight, task.sampled, task.whole, out
        )  # fmt: skip


@compiled
def run_pieces(
    tables: CohortTables,
    strata: Strata,
    conditions: Array,
    person_years_to: Array,
    task: Task,
    part: CohortResult,
    out: CohortResult,
) -> int:
    """One cohort, into ``out``; ``part`` holds the piece at hand where there are several.

    What it returns is of no use, but keeps until the end what is lent: else that would be gone at once.
    """
    own = make_workspace(tables, strata, task.people, task.block)
    their_lives = make_lives(tables, strata, own)
    tables, strata, work, lives = lend(tables), lend(strata), lend(own), lend(their_lives)
    piece, whole = lend(part if task.pieces > 1 else out), lend(out)
    for n in range(task.pieces):
        run_piece(tables, strata, work, lives, task, n * task.people, conditions, person_years_to, piece)
        if task.pieces > 1:
            add_piece(piece, task.pieces, whole)
    return int(own.lived.size + their_lives.alive.size)


@entry
def run_each(
    tables: CohortTables,
    strata: Strata,
    conditions: Array,
    person_years_to: Array,
    who: Array,
    task: Task,
    part: CohortResult,
    out: CohortResult,
) -> int:
    """What :func:`run_cohorts` does, into ``out``; of each row of ``who`` and what else is in ``task``."""
    size = 0
    for i in range(who.shape[0]):
        own = Task(
            who[i, 0], who[i, 1], who[i, 2], who[i, 3], task.draw, task.seed, task.sampled, task.whole, task.block
        )  # fmt: skip
        size += run_pieces(
            tables, Strata(strata.bounds[i], strata.spans[i], strata.weight[i], strata.share[i]), conditions[i],
            person_years_to[i], own, part,
            CohortResult(
                out.deaths[i], out.stratum_deaths[i], out.stratum_deaths_batch[i], out.person_years[i], out.served[i],
                out.stratum_served[i], out.reference[i],
            ),
        )  # fmt: skip
    return size


def run_cohorts(
    tables: CohortTables,
    strata: Strata,
    conditions: Array,
    person_years_to: Array,
    who: Array,
    draw: int,
    seed: int,
    sampled: bool,
    block: int = BLOCK,
    whole: bool = False,
    batches: bool = True,
) -> CohortResult:
    """Run some cohorts of one quintile and sex through all years and scenarios.

    Parameters
    ----------
    tables : CohortTables
    strata : Strata
        Of a piece of each cohort: every array with a first axis of cohorts (n,).
    conditions : (n, Y, 6) float32, share of the cohort who have ever had each of ``variables.HISTORIES`` by each year
    person_years_to : (n, Y) [person-years] that the cohort lives in the comparator
    who : (n, 4) int64, of each cohort the first four of ``tables.Task``
    draw, seed, sampled, block, whole : as in ``tables.Task``
    batches : whether to tell the 16 batches of people apart, or to add them up

    Returns
    -------
    Every array with a first axis of cohorts.
    """
    birth_year, people, pieces, cohort = who[0].tolist()
    task = Task(birth_year, people, pieces, cohort, draw, seed, sampled, whole, block)
    out = room_for(tables, strata, len(who), batches)
    part = room_for(tables, strata, int((who[:, 2] > 1).any()), batches)
    run_each(tables, strata, conditions, person_years_to, who, task, first_of(part), out)
    return out
