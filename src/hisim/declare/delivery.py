"""How a change of coverage comes about over time: ramp, fade, lag, and what people keep up.

Plain arithmetic that takes floats or arrays alike and imports nothing. A change of nothing returns its
input bit for bit, so that a null intervention is the comparator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Number = TypeVar("Number", float, npt.NDArray[np.float64])
else:
    Number = TypeVar("Number")

ChangeKind = Literal["relative", "to", "add"]
QUINTILE_STEPS = (-2, -1, 0, 1, 2)
"""Quintiles 1 (most deprived) to 5 away from the middle one."""
DECILES_PER_QUINTILE = 2


def ramp(year: int, start: int, full_from: int) -> float:
    """Share of the change in place in ``year`` while it is being scaled up.

    A straight line that is 0 before ``start`` and 1 from ``full_from`` on.
    """
    return min(1.0, max(0.0, (year - start + 1) / (full_from - start + 1)))


def fade(year: int, until: int | None, persistence_years: float) -> float:
    """Share of what was gained that is left in ``year`` when delivery ends with the year ``until``.

    A straight line from 1 at the end of ``until`` to 0 after ``persistence_years``, taken at mid-year.
    """
    if until is None or year <= until:
        return 1.0
    if persistence_years <= 0:
        return 0.0
    return max(0.0, 1.0 - max(0.0, year - until - 0.5) / persistence_years)


def scale(year: int, start: int, full_from: int, until: int | None, persistence_years: float) -> float:
    """Share of the change in place in ``year``: :func:`ramp` up to ``until``, then :func:`fade`."""
    reached = ramp(year if until is None else min(year, until), start, full_from)
    return reached * fade(year, until, persistence_years)


def effect_in_place(years_since: int, lag_years: float) -> float:
    """Share of the full effect in place in year ``years_since`` (0 = the first), taken at mid-year."""
    if years_since < 0:
        return 0.0
    return 1.0 if lag_years <= 0 else min(1.0, (years_since + 0.5) / lag_years)


def changed_coverage(now: Number, kind: ChangeKind, value: Number, share: float, sustained: float = 1.0) -> Number:
    """Coverage [fraction] after a change, given the coverage ``now``.

    Parameters
    ----------
    now
        Coverage in the comparator [fraction], a float or an array.
    kind, value
        ``relative``: times what is done now; ``to``: this fraction; ``add``: this fraction more.
        An array must broadcast with ``now``.
    share
        Share of the change in place (:func:`scale`).
    sustained
        Share of people newly covered who stay so. It applies to gains only: nobody has to stay on a
        treatment that was taken away.

    Returns
    -------
    The coverage, from 0 to 1; exactly ``now`` where the change is nothing.
    """
    if kind == "relative":
        change = now * (value - 1.0) * share
    elif kind == "to":
        change = (value - now) * share
    else:
        change = (now * 0.0 + value) * share
    changed = now + change * (1.0 + (sustained - 1.0) * (change > 0.0))
    changed = changed * (changed > 0.0)
    return changed - (changed - 1.0) * (changed > 1.0)


def graded(level: float, odds_ratio_per_decile: float) -> tuple[float, ...]:
    """A probability in each quintile, from its level in the middle one and a gradient of odds.

    Parameters
    ----------
    level
        Probability in quintile 3, below 1.
    odds_ratio_per_decile
        Odds ratio for each decile of deprivation *more* deprived.
    """
    if odds_ratio_per_decile == 1.0:
        return (level,) * len(QUINTILE_STEPS)
    odds = [level / (1.0 - level) * odds_ratio_per_decile ** (-step * DECILES_PER_QUINTILE) for step in QUINTILE_STEPS]
    return tuple(odd / (1.0 + odd) for odd in odds)
