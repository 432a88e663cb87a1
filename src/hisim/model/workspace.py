"""The arrays of one cohort, laid out for the first caches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.accelerate import compiled
from hisim.model.random import LIFELONG_BLOCKS
from hisim.model.tables import FLAGS, LANES, Array

_MOST_ROWS = 80
_CONDITIONS = 12
_FLAGS = len(FLAGS)


class Workspace(NamedTuple):
    """Arrays of one cohort; people lie in blocks small enough for the first caches.

    Those with a leading ``blocks`` hold the whole cohort, the others one block at a time. Letters as in
    ``tables``.
    """

    words: Array
    uniforms: Array
    """(blocks, 24, people): lifelong, in the order of ``random.LIFELONG``."""
    readiness: Array
    """(blocks, T, people): lifelong, one for each slot."""
    percentile: Array
    """(blocks, E, people)"""
    yearly: Array
    """(blocks, 4, people): drawn afresh each year."""
    raw: Array
    """(blocks, E, people): exposures if nobody were served."""
    flags: Array
    """(blocks, F, people): 0 or 1."""
    effect: Array
    """(blocks, T, people): the comparator's share of each slot's full effect."""
    exposed: Array
    """(blocks, E, people): the comparator's exposures above their floors."""
    excess: Array
    """(blocks, 3, people): the comparator's share of a smoker's excess hazard."""
    base_ratio: Array
    """(blocks, C, people): the comparator's hazard ratios but for smoking."""
    comparator_ratio: Array
    """(blocks, C, people)"""
    hazard: Array
    """(blocks, people)"""
    lived: Array
    """(blocks, people)"""
    ratio: Array
    new_excess: Array
    new_effect: Array
    """(T, people): a scenario's share of each slot's full effect, less the comparator's."""
    new_exposed: Array
    """(E, people): a scenario's exposures above their floors, less the comparator's."""
    share: Array
    """(N,) of people with each condition."""
    moved: Array
    """(E,) whether a scenario moves the exposure."""
    ones: Array
    flag: Array
    scratch: Array
    totals: Array
    """(C + 1, 16)"""


@compiled
def block_size(people: int) -> int:
    """The largest multiple of 16, up to 1280, that divides ``people``."""
    rows = people // LANES
    size = 1
    for d in range(2, min(rows, _MOST_ROWS) + 1):
        if rows % d == 0:
            size = d
    return size * LANES


@compiled
def make_workspace(blocks: int, size: int, slots: int, causes: int) -> Workspace:
    """Uninitialised arrays for a cohort of ``blocks`` times ``size`` people."""
    single = np.float32
    return Workspace(
        np.empty((4, size), np.uint32),
        np.empty((blocks, 4 * LIFELONG_BLOCKS, size), single),
        np.empty((blocks, slots, size), single),
        np.empty((blocks, 4, size), single),
        np.empty((blocks, 4, size), single),
        np.empty((blocks, 4, size), single),
        np.empty((blocks, _FLAGS, size), single),
        np.empty((blocks, slots, size), single),
        np.empty((blocks, 4, size), single),
        np.empty((blocks, 3, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, size), single),
        np.empty((blocks, size), single),
        np.empty((causes, size), single),
        np.empty((3, size), single),
        np.empty((slots, size), single),
        np.empty((4, size), single),
        np.empty(_CONDITIONS, single),
        np.empty(4, np.bool_),
        np.ones((1, size), single),
        np.empty((1, size), single),
        np.empty(size, single),
        np.empty((causes + 1, LANES)),
    )
