"""The loops over people are vector instructions: numba or LLVM can lose them silently, three to six times slower.

Each function is compiled anew, alone, and its machine code searched for the packed instructions that its work takes.
"""

from __future__ import annotations

import platform
import re

import numba
import numpy as np
import pytest

from hisim.accelerate import FASTMATH, compiled
from hisim.lanes import add_products, add_times, lanes_sum
from hisim.model import exposure, hazard, random, ratio, slots

PEOPLE = 1280
ROW = np.zeros(PEOPLE, np.float32)
ROWS = np.zeros((4, PEOPLE), np.float32)
WHICH, SPANS, TOTALS = np.arange(4), np.array([0, PEOPLE]), np.zeros(16)
ONE, COUNT = np.float32(1.0), np.zeros(1, np.float32)
BIG = np.uint64(1)


@compiled
def add_up(weight, row, totals):
    add_products(weight, row, 0, 80, totals)
    add_times(2.0, totals, totals)
    return lanes_sum(totals)


LOOPS = {
    "linear terms": (hazard.combine.py_func, (ONE, ROWS, WHICH, ROWS[0, :4], 4, ROW), r"v?mulps\b.*[yz]mm"),
    "ratios": (ratio.set_ratio.py_func, (ROW, ONE, ROW, ROW, ROW), r"v?mulps\b.*[yz]mm"),
    "survival": (hazard.survive.py_func, (ROW, ROW, ROW), r"v?maxps\b.*[yz]mm"),
    "random numbers": (random.philox.py_func, (BIG,) * 6 + (np.zeros((4, PEOPLE), np.uint32),), r"v?pmuludq\b.*[yz]mm"),
    "states": (exposure.set_flag.py_func, (ROW, ONE, ROW), r"v?cmp\w*ps\b.*[yz]mm"),
    "levels": (exposure.set_above.py_func, (ROW, ONE, ROW), r"v?cmp\w*ps\b.*[yz]mm"),
    "who is served": (slots.flag_reached.py_func, (ROW, ROW, ROW, COUNT, COUNT, SPANS, ROW), r"v?cmp\w*ps\b.*[yz]mm"),
    "effects gained": (
        slots.add_gained.py_func, (ROW, ROW, ROW, COUNT, COUNT, SPANS, ONE, ROW, ROW), r"v?cmp\w*ps\b.*[yz]mm",
    ),
    "strata": (ratio.add_by_stratum.py_func, (COUNT, SPANS, ROW), r"v?addps\b.*[yz]mm"),
    "sums, first in single precision": (add_up.py_func, (ROW, ROW, TOTALS), r"v?mulps\b.*[yz]mm"),
    "sums, then in double": (add_up.py_func, (ROW, ROW, TOTALS), r"v?addpd\b.*[yz]mm"),
}  # fmt: skip


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks for instructions of x86")
@pytest.mark.parametrize("name", LOOPS)
def test_the_kernels_loops_are_vectors(name):
    function, arguments, wanted = LOOPS[name]
    options = {"nogil": True, "fastmath": set(FASTMATH), "error_model": "numpy"}
    fresh = numba.njit(**options)(function)
    fresh(*arguments)
    code = "\n".join(fresh.inspect_asm().values())
    assert re.search(wanted, code)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks for instructions of x86")
def test_a_loop_that_is_none_is_seen_as_such():
    def one_by_one(row):
        for i in range(1, row.size):
            row[i] = row[i - 1] * row[i] + row[i]

    fresh = numba.njit(one_by_one)
    fresh(ROW.copy())
    assert not re.search(r"v?mulps\b.*[yz]mm", "\n".join(fresh.inspect_asm().values()))
