"""The error bounds that the docstrings of ``fastmath`` state."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from hisim.accelerate import compiled
from hisim.model.fastmath import copy, exp32, fill, log32, mean_survival32, normal_quantile32, set_lived


@compiled
def _each_exp(x, out):
    for i in range(x.size):
        out[i] = exp32(x[i])


@compiled
def _each_survival(x, out):
    for i in range(x.size):
        out[i] = mean_survival32(x[i])


def test_exp_is_within_its_bound_and_clips():
    x = np.linspace(-79.9, 79.9, 500_001).astype(np.float32)
    out = np.empty_like(x)
    _each_exp(x, out)
    error = np.abs(out / np.exp(x.astype(float)) - 1)
    assert (error < 2e-7 + 8e-8 * np.abs(x)).all()
    assert exp32(np.float32(0.0)) == 1.0
    assert exp32(np.float32(-1000.0)) == exp32(np.float32(-80.0))


def test_mean_survival_is_within_its_bound_from_tiny_to_huge_hazards():
    h = np.concatenate([10 ** np.linspace(-12, 1.9, 400_000), np.linspace(0.29, 0.31, 2001)]).astype(np.float32)
    out = np.empty_like(h)
    _each_survival(h, out)
    exact = -np.expm1(-h.astype(float)) / h.astype(float)
    assert np.abs(out / exact - 1).max() < 5e-7
    assert mean_survival32(np.float32(0.0)) == 1.0


def test_the_lives_of_a_block_are_the_same_bytes_whether_all_hazards_are_small_or_not():
    hazard, alive = np.linspace(0, 0.29, 64).astype(np.float32), np.linspace(0.1, 2, 64).astype(np.float32)
    small, large = np.empty_like(hazard), np.empty(65, np.float32)
    set_lived(hazard, alive, small)
    set_lived(np.append(hazard, np.float32(2)), np.append(alive, np.float32(1)), large)
    np.testing.assert_array_equal(small, large[:64])


@compiled
def _each_log(x, out):
    for i in range(x.size):
        out[i] = log32(x[i])


def test_log_is_within_its_bound():
    x = np.concatenate([10 ** np.linspace(-30, 30, 200_001), np.linspace(0.5, 2, 100_001)]).astype(np.float32)
    out = np.empty_like(x)
    _each_log(x, out)
    exact = np.log(x.astype(float))
    assert (np.abs(out - exact) < np.maximum(3e-7 * np.abs(exact), 6e-8)).all()


@compiled
def _each_quantile(p, out):
    for i in range(p.size):
        out[i] = normal_quantile32(p[i])


def test_normal_quantile_is_within_its_bound_at_every_uniform_there_is():
    p = (np.arange(2**23) * 2.0**-23 + 2.0**-24).astype(np.float32)
    out = np.empty_like(p)
    _each_quantile(p, out)
    assert np.abs(out - ndtri(p.astype(float))).max() < 1e-6


def test_fill_and_copy():
    row = np.zeros(7, np.float32)
    fill(np.float32(2.5), row)
    other = np.zeros(7, np.float32)
    copy(row, other)
    assert row.tolist() == other.tolist() == [2.5] * 7


@pytest.mark.parametrize(
    ("loop", "least"), [(_each_exp, 7), (_each_survival, 8), (_each_log, 8), (_each_quantile, 8)]
)  # the exponential has seven multiplications
def test_the_loops_become_vector_instructions(loop, least):
    """numba or LLVM can lose vectorisation silently; a fresh compilation shows it."""
    import numba

    fresh = numba.njit(nogil=True, fastmath={"nnan", "ninf", "nsz"}, error_model="numpy")(loop.py_func)
    fresh(np.zeros(64, np.float32), np.zeros(64, np.float32))
    code = "".join(fresh.inspect_asm().values())
    packed = sum(code.count(name) for name in ("mulps", "fmul.4s", "fmul\tv"))
    assert packed >= least
