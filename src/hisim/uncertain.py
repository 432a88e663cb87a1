"""Numbers that are not known exactly: what is believed of each, and the inverse of its distribution.

``low`` and ``high`` hold ``level`` of the belief between them where the distribution has tails (normal, lognormal,
beta), and are its bounds where it has none (PERT, uniform).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite
from typing import TYPE_CHECKING, NamedTuple

from hisim.errors import ImpossibleModelError

if TYPE_CHECKING:
    import numpy as np

SHAPES = ("normal", "lognormal", "beta", "pert", "uniform")
USUAL_LEVEL = 0.95
"""Share of belief between ``low`` and ``high`` where their interval does not say, for distributions with tails."""
PERT_WEIGHT = 4.0
"""Weight of the most likely value in a PERT distribution."""


class Uncertain(NamedTuple):
    """One uncertain number."""

    path: str
    """Dotted place, by which sweeps name it."""
    title: str
    """What it is, in words."""
    value: float
    """Central value: the one used where nothing is drawn."""
    low: float
    high: float
    level: float
    """Share of belief between ``low`` and ``high`` [0..1]; of no meaning for PERT and uniform."""
    distribution: str
    """One of :data:`SHAPES`."""
    unit: str
    source: str
    """Key of the source; "assumption" where there is none."""
    support: tuple[float, float] = (-inf, inf)
    """Smallest and largest value that it could have at all."""


def level_of(interval: str) -> float:
    """Share of belief that an interval such as "95% CI" or "interquartile range" says it holds [0..1]."""
    words = interval.replace("%", " % ").lower().split()
    if len(words) > 1 and words[1] == "%" and words[0].replace(".", "", 1).isdigit():
        share = float(words[0]) / 100.0
        return share if 0.0 < share < 1.0 else USUAL_LEVEL
    return 0.5 if "interquartile" in words else USUAL_LEVEL


def quantiles(one: Uncertain, chances: np.ndarray) -> np.ndarray:
    """Values of ``one`` below which its distribution holds ``chances`` [0..1]; same shape.

    A value outside the support is taken to its edge: the tail of a normal distribution may leave it.

    Raises
    ------
    ImpossibleModelError
        As :func:`check_uncertain`.
    """
    import numpy as np

    check_uncertain(one)
    if one.low == one.high:
        return np.full(np.shape(chances), one.value)
    return np.asarray(np.clip(_INVERSE[one.distribution](one, np.asarray(chances, float)), *one.support))


def drawn_values(uncertain: Sequence[Uncertain], points: np.ndarray) -> np.ndarray:
    """Values of several numbers, (run, number), at ``points`` of the unit cube; NaN is the central value."""
    import numpy as np

    columns = [np.where(np.isnan(p), one.value, quantiles(one, p)) for one, p in zip(uncertain, points.T, strict=True)]
    return np.stack(columns, axis=1) if columns else np.empty((len(points), 0))


def check_uncertain(one: Uncertain) -> None:
    """Raise where a number and its distribution do not go together.

    Raises
    ------
    ImpossibleModelError
        For an unknown shape, an interval that does not hold the value, or a distribution outside its support.
    """
    smallest, largest = one.support
    found = f"low {one.low:g}, value {one.value:g}, high {one.high:g}"
    if one.distribution not in SHAPES:
        _refuse(one, f"the distribution '{one.distribution}'", ", ".join(SHAPES))
    if not all(map(isfinite, (one.low, one.value, one.high))) or not one.low <= one.value <= one.high:
        _refuse(one, found, "low <= value <= high")
    if not (smallest <= one.low and one.high <= largest):
        _refuse(one, f"{one.distribution} from {one.low:g} to {one.high:g}", f"{smallest:g} to {largest:g}")
    if one.distribution == "lognormal" and one.low <= 0:
        _refuse(one, f"a lognormal from {one.low:g}", "low above 0")
    if one.distribution == "beta" and one.low < one.high:
        mean, spread = one.value, _sd(one)
        if not (one.low >= 0 and one.high <= 1 and 0 < mean < 1 and spread**2 < mean * (1 - mean)):
            _refuse(one, f"a beta with {found}", "0 to 1, not so wide that both ends are likelier than what is between")


def _refuse(one: Uncertain, found: str, allowed: str) -> None:
    raise ImpossibleModelError(f"{one.path}: found {found}; allowed: {allowed}")


def _sd(one: Uncertain) -> float:
    """Standard deviation of a distribution that is nearly normal between ``low`` and ``high``."""
    return (one.high - one.low) / (2.0 * _deviate(one.level))


def _deviate(level: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + level / 2.0)


def _normal(one: Uncertain, chances: np.ndarray) -> np.ndarray:
    """Mean ``value``."""
    from scipy.special import ndtri

    return one.value + _sd(one) * ndtri(chances)


def _lognormal(one: Uncertain, chances: np.ndarray) -> np.ndarray:
    """Median ``value``; the width on the log scale is that of the interval."""
    import numpy as np
    from scipy.special import ndtri

    spread = np.log(one.high / one.low) / (2.0 * _deviate(one.level))
    return np.asarray(one.value * np.exp(spread * ndtri(chances)))


def _beta(one: Uncertain, chances: np.ndarray) -> np.ndarray:
    """Mean ``value``, standard deviation that of a normal distribution with the same interval."""
    from scipy.special import betaincinv

    size = one.value * (1.0 - one.value) / _sd(one) ** 2 - 1.0
    return betaincinv(one.value * size, (1.0 - one.value) * size, chances)


def _pert(one: Uncertain, chances: np.ndarray) -> np.ndarray:
    """Most likely ``value``, between ``low`` and ``high``: Clark 1962, doi:10.1287/opre.10.3.405."""
    from scipy.special import betaincinv

    width = one.high - one.low
    a = 1.0 + PERT_WEIGHT * (one.value - one.low) / width
    b = 1.0 + PERT_WEIGHT * (one.high - one.value) / width
    return one.low + width * betaincinv(a, b, chances)


def _uniform(one: Uncertain, chances: np.ndarray) -> np.ndarray:
    return one.low + (one.high - one.low) * chances


_INVERSE: Mapping[str, Callable[[Uncertain, np.ndarray], np.ndarray]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "beta": _beta,
    "pert": _pert,
    "uniform": _uniform,
}
