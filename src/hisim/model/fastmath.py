"""Single-precision functions that vectorise, with stated error bounds.

numba's own ``exp`` and ``log`` are library calls per person; these are a few multiplications the compiler lays
across SIMD lanes. Polynomials are least-maximum fits of our own. ``tests/unit/model/test_fastmath.py`` measures
every bound.
"""

from __future__ import annotations

import numpy as np

from hisim.accelerate import compiled
from hisim.model.tables import Array

_LOG2E = np.float32(1.4426950408889634)
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
_BIAS = np.float32(12582912.0 + 127.0)
"""1.5 * 2**23 + 127: added to a small number, it leaves the nearest integer, plus 127, in the lowest bits."""
_SMALLEST, _LARGEST = np.float32(-80.0), np.float32(80.0)
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_E1, _E2, _E3, _E4, _E5 = (
    np.float32(c) for c in (0.6931470036, 0.2402224243, 0.05550733581, 0.009671512991, 0.001326472731)
)  # fmt: skip
_C2, _C3, _C4, _C5, _C6, _C7 = (np.float32(1 / k) for k in (2, 6, 24, 120, 720, 5040))
SMALL_HAZARD = np.float32(0.3)
"""Hazard [1/year] below which a series is used."""
_ROOT_HALF = np.int32(0x3F3504F3)
"""The bits of the square root of 1/2."""
_L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = (
    np.float32(c)
    for c in (
        0.3333333171, -0.2500082103, 0.2000122689, -0.1662335733, 0.1420175763, -0.1316018223, 0.1276157970,
        -0.07634500292,
    )
)  # fmt: skip
_CENTRAL = tuple(
    np.float32(c)
    for c in (
        2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
        -0.00417768164, 0.246640727, 1.50140941,
    )
)  # fmt: skip
_TAIL = tuple(
    np.float32(c)
    for c in (
        -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
        1.00167406, 2.83297682,
    )
)  # fmt: skip
_SPLIT, _MIDDLE, _THREE, _ROOT_TWO = (np.float32(c) for c in (5.0, 2.5, 3.0, 2.0**0.5))


@compiled
def fill(value: np.float32 | float, row: Array) -> None:
    """``value`` everywhere; a loop, because an assignment to a slice does not become lanes."""
    for i in range(row.size):
        row[i] = value


@compiled
def copy(row: Array, out: Array) -> None:
    """``out`` = ``row``; a loop for the same reason."""
    for i in range(out.size):
        out[i] = row[i]


@compiled
def exp32(x: np.float32) -> np.float32:
    """exp(x) for float32 ``x``, clipped to [-80, 80]; relative error below 2e-7 + 8e-8 abs(x), and exactly 1 at 0.

    2**t with t = x log2(e) = k + f, abs(f) <= 1/2: a polynomial in f, times the float whose exponent bits are k + 127.
    """
    t = min(max(x, _SMALLEST), _LARGEST) * _LOG2E
    shifted = np.float32(t + _BIAS)
    f = t - (shifted - _BIAS)
    p = _ONE + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * _E5))))
    return p * np.int32(shifted.view(np.int32) << np.int32(23)).view(np.float32)


@compiled
def log32(x: np.float32) -> np.float32:
    """log(x) for normal positive float32 ``x``; relative error below 3e-7, or absolute below 6e-8 near 1."""
    bits = np.float32(x).view(np.int32)
    k = np.int32(np.int32(bits - _ROOT_HALF) >> np.int32(23))
    f = np.int32(bits - np.int32(k << np.int32(23))).view(np.float32) - _ONE
    q = _L3 + f * (_L4 + f * (_L5 + f * (_L6 + f * (_L7 + f * (_L8 + f * (_L9 + f * _L10))))))
    n = np.float32(k)
    return n * _LN2_HIGH + (f - f * f * (_C2 - f * q) + n * _LN2_LOW)


@compiled
def _series(h: np.float32) -> np.float32:
    return _ONE - h * (_C2 - h * (_C3 - h * (_C4 - h * (_C5 - h * (_C6 - h * _C7)))))


@compiled
def mean_survival32(h: np.float32) -> np.float32:
    """(1 - exp(-h)) / h, the share of the year lived at constant hazard ``h`` [1/year]; 1 at h = 0.

    Relative error below 5e-7 for 0 <= h <= 80: a series below 0.3, where the difference would cancel.
    """
    closed = (_ONE - exp32(-h)) / max(h, SMALL_HAZARD)
    return _series(h) if h < SMALL_HAZARD else closed


@compiled
def set_lived(hazard: Array, alive: Array, lived: Array) -> None:
    """``alive`` times :func:`mean_survival32` of each person's hazard: the same bytes, sooner where all are small."""
    most = _ZERO
    for i in range(hazard.size):
        most = max(most, hazard[i])
    if most < SMALL_HAZARD:
        for i in range(lived.size):
            lived[i] = alive[i] * _series(hazard[i])
    else:
        for i in range(lived.size):
            lived[i] = alive[i] * mean_survival32(hazard[i])


@compiled
def _polynomial(c: tuple[np.float32, ...], w: np.float32) -> np.float32:
    p = c[0] * w + c[1]
    p = p * w + c[2]
    p = p * w + c[3]
    p = p * w + c[4]
    p = p * w + c[5]
    p = p * w + c[6]
    p = p * w + c[7]
    return p * w + c[8]


@compiled
def normal_quantile32(p: np.float32) -> np.float32:
    """The standard normal quantile of ``p`` in (0, 1), a multiple of 2**-24; absolute error below 1e-6 (Giles 2010).

    References
    ----------
    Giles M (2010). Approximating the erfinv function. GPU Computing Gems, chapter 10.
    """
    x = p + p - _ONE
    w = -log32((_ONE - x) * (_ONE + x))
    central = _polynomial(_CENTRAL, w - _MIDDLE)
    tail = _polynomial(_TAIL, np.sqrt(w) - _THREE)
    return _ROOT_TWO * x * (central if w < _SPLIT else tail)
