"""The normal distribution without scipy, whose import takes longer than a small projection."""

from __future__ import annotations

from math import exp

import numpy as np

from hisim.model.tables import Float64

_SQRT_HALF = 0.70710678118654752440
_SMALLEST_LOG = -7.09782712893383996843e2
"""Logarithm of the largest double, with its sign turned: exp of less counts as 0."""
_P = (
    2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687, 4.86371970985681366614e1,
    1.96520832956077098242e2, 5.26445194995477358631e2, 9.34528527171957607540e2, 1.02755188689515710272e3,
    5.57535335369399327526e2,
)  # fmt: skip
_Q = (
    1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2,
    1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2,
)  # fmt: skip
_R = (
    5.64189583547755073984e-1, 1.27536670759978104416, 5.01905042251180477414, 6.16021097993053585195,
    7.40974269950448939160, 2.97886665372100240670,
)  # fmt: skip
_S = (
    1.0, 2.26052863220117276590, 9.39603524938001434673, 1.20489539808096656605e1, 1.70814450747565897222e1,
    9.60896809063285878198, 3.36907645100081516050,
)  # fmt: skip
_T = (
    9.60497373987051638749, 9.00260197203842689217e1, 2.23200534594684319226e3, 7.00332514112805075473e3,
    5.55923013010394962768e4,
)  # fmt: skip
_U = (
    1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3, 2.26290000613890934246e4,
    4.92673942608635921086e4,
)  # fmt: skip


def ndtr(values: Float64) -> Float64:
    """Share of a standard normal distribution below ``values``: to the last bit as ``scipy.special.ndtr``.

    Both follow Cephes (Moshier 1989): two ratios of polynomials for the complementary error function, and one for the
    error function near 0. ``tests/unit/model/test_normal.py`` compares them.
    """
    x = np.asarray(values, np.float64) * _SQRT_HALF
    z = np.abs(x)
    near = 0.5 + 0.5 * (x * _polynomial(x * x, _T) / _polynomial(x * x, _U))
    far = 0.5 * _upper(np.maximum(z, 1.0))
    return np.asarray(np.where(z < 1.0, near, np.where(x > 0, 1.0 - far, far)))


def _upper(z: Float64) -> Float64:
    """The complementary error function of ``z`` from 1 on."""
    power = -z * z
    decay = np.array([exp(max(each, _SMALLEST_LOG)) for each in power.ravel().tolist()]).reshape(z.shape)
    ratio = np.where(
        z < 8.0,
        decay * _polynomial(z, _P) / _polynomial(z, _Q),
        decay * _polynomial(z, _R) / _polynomial(z, _S),
    )
    return np.asarray(np.where(power < _SMALLEST_LOG, 0.0, ratio))


def _polynomial(x: Float64, coefficients: tuple[float, ...]) -> Float64:
    """The polynomial whose coefficients are given from the highest power down."""
    total = np.full(x.shape, coefficients[0])
    for each in coefficients[1:]:
        total = total * x + each
    return total
