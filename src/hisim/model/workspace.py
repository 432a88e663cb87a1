"""The arrays of one cohort, laid out for the first cache."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.accelerate import compiled
from hisim.model.random import LIFELONG_BLOCKS
from hisim.model.tables import LANES, Array

_MOST_ROWS = 80


class Workspace(NamedTuple):
    """Arrays of one cohort; people lie in blocks small enough for the first cache.

    Those with a leading ``blocks`` hold the whole cohort, the others one block at a time.
    """

    words: Array
    uniforms: Array
    """(blocks, 12, people): lifelong, in the order of ``random.LIFELONG``."""
    percentile: Array
    """(blocks, 3, people)"""
    yearly: Array
    """(blocks, 4, people): drawn afresh each year."""
    sbp: Array
    """(blocks, people)"""
    fixed: Array
    eligible: Array
    """(blocks, T, G, people)"""
    fixed_ratio: Array
    """(blocks, C, people)"""
    comparator_ratio: Array
    """(blocks, C, people)"""
    hazard: Array
    """(blocks, people)"""
    lived: Array
    """(blocks, people)"""
    ratio: Array
    changed: Array
    excess: Array
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
def make_workspace(blocks: int, size: int, treatments: int, causes: int) -> Workspace:
    """Uninitialised arrays for a cohort of ``blocks`` times ``size`` people."""
    single = np.float32
    return Workspace(
        np.empty((4, size), np.uint32),
        np.empty((blocks, 4 * LIFELONG_BLOCKS, size), single),
        np.empty((blocks, 3, size), single),
        np.empty((blocks, 4, size), single),
        np.empty((blocks, size), single),
        np.empty((5, size), single),
        np.empty((blocks, treatments, 2, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, causes, size), single),
        np.empty((blocks, size), single),
        np.empty((blocks, size), single),
        np.empty((causes, size), single),
        np.empty((1 + treatments, size), single),
        np.empty((3, size), single),
        np.ones((1, size), single),
        np.empty((1, size), single),
        np.empty(size, single),
        np.empty((causes + 1, LANES)),
    )
