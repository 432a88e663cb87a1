"""The arrays of one cohort, laid out for the first caches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.accelerate import compiled
from hisim.model.random import LIFELONG_ROWS, YEARLY, YEARS_TOGETHER
from hisim.model.tables import FIRST_EFFECT, Array, CohortTables, Strata
from hisim.variables import CONDITIONS, EXPOSURES, LANES, REGISTERS, UNIT

BLOCK = 1280
"""People in a block, at most. Larger ones fall out of the second cache, smaller ones pay for starting loops."""
PIECE = 5120
"""People in a piece of a cohort, at most: what they carry stays in the third cache. Calibrating pieces one by one
makes deaths averted 0.007 % smaller than calibrating 16 pieces together; of 1,280 people it is 0.05 %."""
_YEARLY, _CONDITIONS, _EXPOSURES, _REGISTERS = len(YEARLY), len(CONDITIONS), len(EXPOSURES), len(REGISTERS)


class Workspace(NamedTuple):
    """Arrays of one cohort; people lie in blocks small enough for the second cache.

    Those with a leading ``blocks`` hold the whole cohort, the others one block at a time. Letters as in
    ``tables``; features R = E + F + T: exposures above their floors, flags, effects of slots. Places in the last
    block beyond the cohort's people are nobody: they are in no stratum, and nothing adds them up.
    """

    bounds: Array
    """(blocks, G + 1) where strata begin in each block."""
    spans: Array
    """(blocks, P + 1) the same where thresholds differ by stratum, else the whole block."""
    words: Array
    uniforms: Array
    """(blocks, 24, people): lifelong, in the order of ``random.LIFELONG``."""
    readiness: Array
    """(blocks, T, people): lifelong, one for each slot."""
    percentile: Array
    """(blocks, E, people)"""
    yearly: Array
    """(blocks, 4, 4, people): each of ``random.YEARLY`` for four years."""
    raw: Array
    """(blocks, E, people): the comparator's exposures."""
    features: Array
    """(blocks, R, people): what the comparator's hazards depend on."""
    told: Array
    """(blocks, D, people): 0 or 1, on each register in the comparator."""
    excess: Array
    """(blocks, groups, people): the comparator's share of a smoker's excess hazard."""
    base_ratio: Array
    """(blocks, C, people): the comparator's hazard ratios but for smoking."""
    comparator_ratio: Array
    """(blocks, C, people)"""
    hazard: Array
    """(blocks, people)"""
    lived: Array
    """(blocks, people)"""
    new_lived: Array
    """(blocks, people): of the scenario at hand."""
    ratio: Array
    change: Array
    """(E + F + T, people): a scenario's features, less the comparator's."""
    few: Array
    """The same of the people for whom anything differs, closed up."""
    who: Array
    """Their places in the block."""
    new_excess: Array
    row: Array
    term: Array
    """(C, R) for each cause, the features its log hazard ratio depends on, and"""
    weight: Array
    """(C, R) how much, in the first so many of each row as"""
    terms: Array
    """(C,) says."""
    new_term: Array
    new_weight: Array
    new_terms: Array
    moved: Array
    """(R,) whether a scenario changes the feature."""
    there: Array
    """(R,) whether anybody has the feature at the age."""
    needed: Array
    """(T,) slots that may decide about anybody of the cohort."""
    share: Array
    """(N,) of people with each condition."""
    drawn: Array
    """(4,) which of ``random.YEARLY`` the run needs."""
    cause: Array
    cause_rate: Array
    """(C,) causes in which people differ, closed up, and their rates."""
    no_cause: Array
    """(C,) none of them."""
    ones: Array
    flag: Array
    totals: Array
    """(G, 16)"""


class Lives(NamedTuple):
    """What people carry from year to year in each scenario, and the sums of the year at hand."""

    alive: Array
    """(K, blocks, people) those whom each person still stands for; 1 at the start, on average."""
    slot: Array
    """(K, blocks, people) smoking slots."""
    alone: Array
    """(K,) scenarios that have people of their own."""
    smoking: Array
    """(K,) scenarios whose smoking may differ by now."""
    sums: Array
    """(G, C + 1, 16) person-years times hazard ratio by cause, and person-years."""
    died: Array
    """(G, C, 16) sampled deaths."""
    every_death: Array
    """The same in one row."""
    rate: Array
    """(C,) [deaths/person-year] float32: calibrated, of a person without risk."""
    known: Array
    """(2, C) what the last years taught about calibration, see ``hazard.calibrate``, which has"""
    tried: Array
    """(4, C) to itself."""


@compiled
def make_lives(tables: CohortTables, strata: Strata, work: Workspace) -> Lives:
    """Room for everyone of a workspace."""
    blocks, size = work.lived.shape
    scenarios, causes, groups = tables.coverage.shape[0], tables.rate.shape[2], strata.weight.size
    sums, died = np.empty((groups, causes + 1, LANES)), np.zeros((groups, causes, LANES))
    return Lives(
        np.empty((scenarios, blocks, size), np.float32),
        np.empty((scenarios, blocks, size), np.int32),
        np.empty(scenarios, np.bool_),
        np.empty(scenarios, np.bool_),
        sums,
        died,
        died.reshape(-1),
        np.empty(causes, np.float32),
        np.empty((2, causes)),
        np.empty((4, causes)),
    )


@compiled
def block_size(people: int, most: int) -> int:
    """People in each block: as equal as can be, whole units of rows, and no more than ``most`` or one unit."""
    unit = UNIT * LANES
    blocks = -(-people // max(most, unit))
    return -(-people // (blocks * unit)) * unit


@compiled
def make_workspace(tables: CohortTables, strata: Strata, people: int, most: int) -> Workspace:
    """Arrays for a cohort in blocks of at most ``most`` people; uninitialised but for the places of strata."""
    single = np.float32
    size = block_size(people, most)
    blocks = -(-people // size)
    slots, causes, groups = tables.counted.size, tables.rate.shape[2], tables.remaining_excess.shape[0]
    features = FIRST_EFFECT + slots
    bounds, spans = np.empty((blocks, strata.bounds.size), np.int64), np.empty((blocks, strata.spans.size), np.int64)
    for b in range(blocks):
        for g in range(strata.bounds.size):
            bounds[b, g] = min(max(strata.bounds[g] - b * size, 0), size)
        for g in range(strata.spans.size):
            spans[b, g] = min(max(strata.spans[g] - b * size, 0), size)
    return Workspace(
        bounds,
        spans,
        np.empty((4, size), np.uint32),
        np.empty((blocks, LIFELONG_ROWS, size), single),
        np.empty((blocks, slots, size), single),
        np.empty((blocks, _EXPOSURES, size), single),
        np.empty((blocks, _YEARLY, YEARS_TOGETHER, size), single),
        np.empty((blocks, _EXPOSURES, size), single),
        np.empty((blocks, features, size), single),
        np.empty((blocks, _REGISTERS, size), single),
        np.empty((blocks, groups, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, size), single),
        np.empty((blocks, size), single),
        np.empty((blocks, size), single),
        np.empty((causes, size), single),
        np.empty((features, size), single),
        np.empty((features, size), single),
        np.empty(size, np.int64),
        np.empty((groups, size), single),
        np.empty(size, single),
        np.empty((causes, features), np.int64),
        np.empty((causes, features), single),
        np.empty(causes, np.int64),
        np.empty((causes, features), np.int64),
        np.empty((causes, features), single),
        np.empty(causes, np.int64),
        np.empty(features, np.bool_),
        np.empty(features, np.bool_),
        np.empty(slots, np.bool_),
        np.empty(_CONDITIONS, single),
        np.empty(_YEARLY, np.bool_),
        np.empty(causes, np.int64),
        np.empty(causes, single),
        np.zeros(causes, np.bool_),
        np.ones(size, single),
        np.empty(size, single),
        np.empty((strata.weight.size, LANES)),
    )
