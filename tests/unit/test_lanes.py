"""Sums by batch: compiled and in NumPy, the same bytes, for any rows."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from hisim.accelerate import compiled
from hisim.lanes import add_products, add_times, lanes_sum, set_products, weigh_rows
from hisim.variables import LANES, UNIT


@compiled
def sums(weight, row, first, last, times, more, totals):
    add_products(weight, row, first, last, totals)
    add_times(times, more, totals)
    return lanes_sum(totals)


def plain(weight, row, first, last, times, more, totals):
    """The order of sums, once more, one lane at a time."""
    single = np.float32
    for n in range(LANES):
        at = lambda r, n=n: single(weight[r * LANES + n]) * single(row[r * LANES + n])  # noqa: E731
        r = first
        while r < last:
            unit = r % UNIT == 0 and r + UNIT <= last
            one = (at(r) + at(r + 1)) + (at(r + 2) + at(r + 3)) if unit else at(r)
            totals[n] += float(one)
            r += UNIT if unit else 1
        totals[n] += times * more[n]
    half = [float(x) for x in totals]
    while len(half) > 1:
        half = [half[i] + half[i + len(half) // 2] for i in range(len(half) // 2)]
    return half[0]


@pytest.mark.parametrize(("first", "last"), [(0, 20), (0, 1), (3, 3), (1, 3), (2, 9), (4, 8), (5, 20), (3, 18)])
def test_lanes_add_up_in_one_order(first, last):
    rng = np.random.default_rng(first)
    weight, row = rng.uniform(0, 3, (2, 320)).astype(np.float32)
    more, start = rng.uniform(0, 9, (2, LANES))
    ours, theirs = start.copy(), start.copy()
    assert sums(weight, row, first, last, 0.3, more, ours) == plain(weight, row, first, last, 0.3, more, theirs)
    np.testing.assert_array_equal(ours, theirs)


@compiled
def set_anew(weight, row, first, last, totals):
    set_products(weight, row, first, last, totals)


@pytest.mark.parametrize(("first", "last"), [(0, 20), (3, 3), (2, 9), (4, 8)])
def test_sums_begun_anew_are_those_added_to_nothing(first, last):
    rng = np.random.default_rng(last)
    weight, row = rng.uniform(0, 3, (2, 320)).astype(np.float32)
    ours, theirs = rng.uniform(0, 9, LANES), np.zeros(LANES)
    set_anew(weight, row, first, last, ours)
    add_products.py_func(weight, row, first, last, theirs)
    np.testing.assert_array_equal(ours, theirs)


@compiled
def linear(start, rows, term, weight, terms, out):
    weigh_rows(start, rows, term, weight, terms, out)


@pytest.mark.parametrize("people", [1, 17, 64, 100, 128])
@pytest.mark.parametrize("terms", range(10))
def test_rows_are_weighed_in_one_order(terms, people):
    rng = np.random.default_rng(terms)
    rows, weight = rng.normal(0, 1, (12, 128)).astype(np.float32), rng.normal(0, 1, 12).astype(np.float32)
    term, start = rng.permutation(12), np.float32(0.3)
    ours, theirs = np.empty(128, np.float32), np.empty(people, np.float32)
    linear(start, rows, term, weight, terms, ours[:people])
    weigh_rows.py_func(start, rows, term, weight, terms, theirs)
    np.testing.assert_array_equal(ours[:people], theirs)


def test_uncompiled_gives_the_same():
    code = """
import numpy as np
from hisim.lanes import add_products, add_times, lanes_sum
rng = np.random.default_rng(1)
weight, row = rng.uniform(0, 3, (2, 320)).astype(np.float32)
totals = np.zeros(16)
add_products(weight, row, 3, 18, totals)
add_times(0.7, totals.copy(), totals)
print(totals.tobytes().hex(), lanes_sum(totals).hex())
"""
    rng = np.random.default_rng(1)
    weight, row = rng.uniform(0, 3, (2, 320)).astype(np.float32)
    totals = np.zeros(LANES)
    sums(weight, row, 3, 18, 0.0, totals, totals)
    whole = sums(weight, row, 0, 0, 0.7, totals.copy(), totals)
    environment = {**os.environ, "HISIM_COMPILE": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [totals.tobytes().hex(), whole.hex()]
