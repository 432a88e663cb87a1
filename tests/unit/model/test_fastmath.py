"""The error bounds that the docstrings of ``fastmath`` state."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from hisim.accelerate import compiled
from hisim.model.fastmath import exp32, mean_survival32, normal_quantile


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
    assert np.abs(out / np.exp(x.astype(float)) - 1).max() < 3e-7
    assert exp32(np.float32(0.0)) == 1.0
    assert exp32(np.float32(-1000.0)) == exp32(np.float32(-80.0))


def test_mean_survival_is_within_its_bound_from_tiny_to_huge_hazards():
    h = np.concatenate([10 ** np.linspace(-12, 1.9, 400_000), np.linspace(0.29, 0.31, 2001)]).astype(np.float32)
    out = np.empty_like(h)
    _each_survival(h, out)
    exact = -np.expm1(-h.astype(float)) / h.astype(float)
    assert np.abs(out / exact - 1).max() < 5e-7
    assert mean_survival32(np.float32(0.0)) == 1.0


def test_normal_quantile_is_within_its_bound():
    p = np.concatenate([np.linspace(2.0**-24, 1 - 2.0**-24, 20_001), [1e-7, 1 - 1e-7, 0.5]])
    ours = np.array([normal_quantile(value) for value in p])
    assert np.abs(ours - ndtri(p)).max() < 1e-6


def test_the_loops_become_vector_instructions():
    """numba or LLVM can lose vectorisation silently; a fresh compilation shows it."""
    import numba

    fresh = numba.njit(nogil=True, fastmath={"nnan", "ninf", "nsz"}, error_model="numpy")(_each_exp.py_func)
    fresh(np.zeros(64, np.float32), np.zeros(64, np.float32))
    code = "".join(fresh.inspect_asm().values())
    packed = sum(code.count(name) for name in ("mulps", "fmul.4s", "fmul\tv"))
    assert packed >= 8
