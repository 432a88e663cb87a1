"""hisim: the years of its compiled kernel, on cohorts of one age in which quintile and sex are strata.

What hisim calls an age is here the years since the youngest age, and a person's lifelong place in an exposure is the
value they would have had at that age: so one set of tables serves every cohort.
"""

from __future__ import annotations

import model
import numpy as np
from model import (
    BASE_RATES,
    CAUSES,
    CURRENT,
    EX,
    LOG_RATIO,
    PARAMS,
    RISKS,
    SMOKING_RATIO,
    YEARS,
    YOUNGEST,
    People,
    age_band,
    initial_people,
    no_deaths,
)

from hisim.accelerate import compiled, lend
from hisim.model.exposure import change_smoking
from hisim.model.fastmath import fill
from hisim.model.kernel import run_year, set_comparator_terms, set_comparator_year
from hisim.model.random import EVENT, LIFELONG_ROWS, REGISTER_EVENTS, SMOKING_CHANGE, YEARLY_BLOCK, fill_uniforms
from hisim.model.results import first_of, room_for
from hisim.model.tables import CURRENT as CURRENT_SLOT
from hisim.model.tables import FLAGS, KEPT, NEVER, SLOTS, Array, CohortResult, CohortTables, Strata, Task
from hisim.model.workspace import BLOCK, Lives, Workspace, make_lives, make_workspace
from hisim.variables import CONDITIONS, EXPOSURES, HISTORIES, LANES, REGISTERS

COHORTS = model.AGES["oldest"] - YOUNGEST + 1
AGES = COHORTS + YEARS - 1
"""Ages anybody may reach."""
QUINTILES, SEXES = 5, 2
GROUPS = QUINTILES * SEXES
"""Strata of a cohort: quintile x 2 + sex."""
EXPOSURE = np.array([EXPOSURES.index(name) for name in ("sbp", "cholesterol")])
"""What hisim calls the risks, in their order."""


def mortality() -> dict[str, Array]:
    """Rates of the first stratum without any risk, and how the others' differ."""
    rate = BASE_RATES[:AGES].transpose(0, 2, 1, 3).reshape(AGES, GROUPS, len(CAUSES))
    return {
        "rate": np.repeat(rate[None, :, 0], YEARS, axis=0),
        "active": np.ones((AGES, len(CAUSES)), bool),
        "stratum_log_hr": np.log(rate / rate[:, :1]),
    }


def exposures() -> dict[str, Array]:
    """The risks: drift, floor and effect of the two there are."""
    mean, sd, floor = np.zeros((AGES, len(EXPOSURES))), np.zeros((AGES, len(EXPOSURES))), np.zeros(len(EXPOSURES))
    log_hr = np.zeros((AGES, len(EXPOSURES), len(CAUSES)))
    for name, e in zip(RISKS, EXPOSURE, strict=True):
        risk = PARAMS[name]
        mean[:, e] = risk["drift"] * np.arange(1, AGES + 1)  # they drift before the first year's hazards
        sd[:, e], floor[e] = 1.0, risk["no_harm_below"]
        log_hr[:, e] = LOG_RATIO[name] / risk["unit"]
    return {"exposure_mean": mean, "exposure_sd": sd, "exposure_floor": floor, "exposure_log_hr": log_hr}


def smoking(intervention: bool) -> dict[str, Array]:
    """Excess hazards, and quitting at the end of each year: the model's at the beginning of the next."""
    excess = SMOKING_RATIO[CURRENT] - 1.0
    left, group = np.unique(((SMOKING_RATIO[EX] - 1.0) / excess).astype(np.float32), return_inverse=True)
    remaining = np.zeros((len(left), SLOTS))
    remaining[:, CURRENT], remaining[:, CURRENT + 1 :] = 1.0, left[:, None]
    quit = np.array([model.quit_chance(year + 1, intervention) for year in range(YEARS)])
    return {
        "smoking_excess": np.tile(excess, (AGES, 1)),
        "smoking_group": group,
        "remaining_excess": remaining,
        "relapse": np.zeros(SLOTS),
        "quit": np.repeat(np.repeat(quit, SEXES, axis=1)[None, :, None], AGES, axis=2),
    }


def make_tables(intervention: bool) -> CohortTables:
    """All the kernel needs to know of the model, with nobody ill, nobody served and no service but for smokers."""
    none, ages = {}, (1, YEARS, AGES)
    for name, shape in {
        "condition_log_hr": (AGES, len(CONDITIONS), len(CAUSES)), "slot_log_hr": (AGES, 0, len(CAUSES)),
        "smoking_current": (AGES,), "smoking_ever": (AGES,), "quit_years_cumulative": (AGES, 41),
        "drinkers": (AGES,), "drinker_grams": (2,), "percentile_mixing": (3, 3),
        "prevalence": (AGES, len(CONDITIONS) - len(HISTORIES)), "coverage": (1, YEARS, 0, AGES, 1),
        "known": (1, YEARS, len(REGISTERS), AGES, 1), "effect_step": (0, 1), "shift": (0, len(EXPOSURES)),
        "stratum_odds": (LIFELONG_ROWS, GROUPS),
    }.items():  # fmt: skip
        none[name] = np.zeros(shape)
    never = {
        "wanted": (len(FLAGS),), "differs": (*ages, 0), "changes": ages, "present": (AGES, 0), "in_scope": (AGES, 0),
        "counted": (0,), "used": (0,), "apart": (0,), "sorts": (LIFELONG_ROWS,),
    }  # fmt: skip
    tables = {**none, **mortality(), **exposures(), **smoking(intervention)}
    single = {name: array.astype(np.float32) for name, array in tables.items() if array.dtype == np.float64}
    whole = {name: np.zeros(0, np.int64) for name in ("slot_flag", "slot_register", "slot_block")}
    return CohortTables(
        **{**tables, **single, **whole, "rate": tables["rate"]},
        **{name: np.zeros(shape, bool) for name, shape in never.items()},
        start_year=0,
        observed=False,
        correlation=0.0,
    )


@compiled
def settle(work: Workspace, lives: Lives, people: Array) -> None:
    """Put a cohort's ``people`` (4, places) in its blocks; who is left over there is nobody."""
    blocks, size = work.lived.shape
    lives.alone[0] = lives.smoking[0] = True
    for b in range(blocks):
        here = people[:, b * size : (b + 1) * size]
        alive, slot, percentile = lives.alive[0, b], lives.slot[0, b], work.percentile[b]
        for row in REGISTER_EVENTS:
            fill(np.float32(1.0), work.uniforms[b, row])
        for e in range(percentile.shape[0]):
            fill(np.float32(0.0), percentile[e])
        fill(np.float32(0.0), alive)
        fill(np.int32(NEVER), slot)
        for i in range(here.shape[1]):
            alive[i], slot[i] = here[0, i], np.int32(here[1, i])
            for risk in range(EXPOSURE.size):
                percentile[EXPOSURE[risk], i] = here[2 + risk, i]


@compiled
def live(tables: CohortTables, strata: Strata, task: Task, quit: Array, people: Array, out: CohortResult) -> int:
    """Every year of one cohort, as ``hisim.model.kernel.run_piece`` has them, of the ``people`` given.

    ``quit`` (G,) is the chance of quitting before the first year, which the kernel would have in the year before.
    What it returns keeps until the end what is lent.
    """
    years = tables.coverage.shape[1]
    own = make_workspace(tables, strata, task.people, task.block)
    their_lives = make_lives(tables, strata, own)
    tables, strata, work, lives, found = lend(tables), lend(strata), lend(own), lend(their_lives), lend(out)
    blocks, size = work.lived.shape
    settle(work, lives, people)
    for b in range(blocks):
        uniforms, block = work.yearly[b, SMOKING_CHANGE], YEARLY_BLOCK + SMOKING_CHANGE
        fill_uniforms(b * size, task.cohort, years, block, task.draw, task.seed, work.words, uniforms)
        change_smoking(uniforms[0], quit, tables.relapse, work.bounds[b], lives.slot[0, b])
    for event in range(work.drawn.size):
        work.drawn[event] = event != EVENT
    healthy = np.zeros(KEPT, np.float32)
    for y in range(years):
        age = y - task.birth_year
        set_comparator_terms(tables, work, age, healthy)
        for b in range(blocks):
            set_comparator_year(
                tables, work, b, b * size, age, y, y == 0, task.cohort, task.draw, task.seed, lives.slot[0, b]
            )  # fmt: skip
        run_year(tables, strata, work, lives, y, age, 0.0, 1.0, task.sampled, task.whole, found)
    return int(own.lived.size + their_lives.alive.size)


def places(start: People) -> tuple[Array, Array]:
    """Where strata begin in each cohort (cohorts, G + 1), in whole rows of 16; and everyone's place."""
    cell = (start.age.astype(np.int16) - YOUNGEST) * GROUPS + start.quintile * SEXES + start.sex
    order = np.argsort(cell, kind="stable")
    count = np.bincount(cell, minlength=COHORTS * GROUPS)
    rows = -(-count // LANES) * LANES
    first = np.cumsum(rows) - rows
    place = np.empty(len(cell), np.int64)
    place[order] = np.arange(len(cell)) + np.repeat(first - (np.cumsum(count) - count), count)
    bounds = np.append(first, rows.sum())
    return np.column_stack([bounds[:-1].reshape(COHORTS, GROUPS), bounds[GROUPS::GROUPS]]), place


def laid_out(start: People, place: Array, size: int) -> Array:
    """Rows of whether anybody is there, smoking slot, and both risks as at the youngest age."""
    people = np.zeros((2 + len(RISKS), size), np.float32)
    people[0, place] = 1.0
    people[1, place] = np.array([NEVER, CURRENT_SLOT, CURRENT_SLOT + 1], np.float32)[start.smoking]
    passed = start.age.astype(np.int64) - YOUNGEST
    for row, name in enumerate(RISKS, start=2):
        people[row, place] = getattr(start, name) - PARAMS[name]["drift"] * passed
    return people


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    start = initial_people(people, seed)
    bounds, place = places(start)
    there = laid_out(start, place, bounds[-1, -1])
    tables, quit = make_tables(intervention), np.repeat(model.quit_chance(0, intervention), SEXES).astype(np.float32)
    weight, share = np.ones(GROUPS, np.float32), np.ones((LIFELONG_ROWS, GROUPS), np.float32)
    found = np.zeros((COHORTS, YEARS, GROUPS, len(CAUSES)))
    for cohort in range(COHORTS):
        first, last = bounds[cohort, 0], bounds[cohort, -1]
        if first < last:
            own = bounds[cohort] - first
            strata = Strata(own, own[[0, -1]], weight, share)
            task = Task(-cohort, int(last - first), 1, cohort, 0, seed, True, False, BLOCK)
            out = first_of(room_for(tables, strata, 1))
            live(tables, strata, task, quit, there[:, first:last], out)
            found[cohort] = out.stratum_deaths[0]
    deaths, (cohort, year) = no_deaths(), np.ogrid[:COHORTS, :YEARS]
    cells = found.astype(np.int64).reshape(COHORTS, YEARS, QUINTILES, SEXES, len(CAUSES))
    np.add.at(deaths.transpose(0, 3, 1, 2, 4), (year, age_band(YOUNGEST + cohort + year)), cells)
    return deaths
