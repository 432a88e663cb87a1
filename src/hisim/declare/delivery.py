"""How a change of coverage comes about over time: ramp, fade, lag, and what people keep up.

Plain arithmetic that takes floats or arrays alike. A change of nothing returns its
input bit for bit, so that a null intervention is the comparator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from hisim.variables import STEPS as STEPS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Number = TypeVar("Number", float, npt.NDArray[np.float64])
else:
    Number = TypeVar("Number")

ChangeKind = Literal["relative", "to", "add"]
STEP_WORDS = {
    "need_known": "in need and known to services",
    "offered": "offered it, within capacity",
    "taken_up": "taking it up",
    "delivered": "getting the effective service",
    "sustained": "staying with it",
}
CHRISTMAS_TREE = {
    "need_known": ("known population health needs", "engaging the public"),
    "offered": (
        "equitable resourcing", "adequate service volumes", "balanced service portfolio",
        "networks, leadership and co-ordination",
    ),
    "taken_up": ("expressed demand", "accessibility", "responsive services"),
    "delivered": ("known intervention efficacy", "local service effectiveness", "cost effectiveness"),
    "sustained": ("supported self-management",),
}  # fmt: skip
"""The thirteen components of the support team's commissioning framework, by the step they feed (from memory of the
framework; none could be read: docs/explanation/delivery.md)."""


class Profile(NamedTuple):
    """A named way to deliver: how far each step goes from today's share to the achievable one, by fifth."""

    shares: tuple[float, float, float, float, float]
    """Share of the way in quintiles 1 (most deprived) to 5; an assumption of hisim."""
    years: int | None
    """Years it lasts where a scenario does not say; None = to the end."""
    words: str


PROFILES = {
    "as_now": Profile((0.0, 0.0, 0.0, 0.0, 0.0), None, "as now: nothing changes"),
    "bench_experiment": Profile(
        (0.1, 0.1, 0.1, 0.1, 0.1), 3, "a bench experiment: a tenth of the way, everywhere alike, for three years"
    ),
    "industrial_scale": Profile(
        (1.0, 1.0, 1.0, 1.0, 1.0), None, "industrial scale: all the way to what is achievable, and kept there"
    ),
    "most_deprived_first": Profile(
        (1.0, 0.5, 0.0, 0.0, 0.0), None, "the most deprived first: all the way there, half way in the next fifth"
    ),
    "proportionate": Profile(
        (1.0, 0.85, 0.7, 0.55, 0.4), None, "proportionate: everywhere, with more where need is greater"
    ),
    "by_segment": Profile(
        (1.0, 1.0, 1.0, 1.0, 1.0), None, "by segment: all the way in the named strata, nothing elsewhere"
    ),
}
"""Named delivery profiles. The shares are assumptions; the words are those of the Christmas Tree's users."""

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


def part_of_the_way(
    now: tuple[float, ...], full: tuple[float, ...], shares: tuple[float, ...], scale: float
) -> tuple[float, ...]:
    """Each fifth's share of a step on its way from ``now`` to ``full``; exactly ``now`` where nothing changes."""
    return tuple(a + (b - a) * (share * scale) for a, b, share in zip(now, full, shares, strict=True))


def reached(now: Number, chain_now: Number, chain: Number) -> Number:
    """Coverage [fraction] when a chain of delivery goes from ``chain_now`` to ``chain``.

    The same share of the people not covered is reached at every age and sex, so that coverage never exceeds
    need: now + (1 - now) (chain - chain_now) / (1 - chain_now). Where the chain falls, coverage falls in
    proportion. Exactly ``now`` where the chain does not change; arguments broadcast.
    """
    gained = (chain - chain_now) * (chain > chain_now) / (1.0 - chain_now * (chain_now < 1.0))
    lost = (chain_now - chain) * (chain < chain_now) / (chain_now + (chain_now <= 0.0))
    return now + (1.0 - now) * gained - now * lost


def part_within(now: float, asked: float, limit: float | None) -> float:
    """Share of a change that capacity allows: all of it where ``asked`` people are within ``limit``, or fewer than now.

    Parameters
    ----------
    now, asked
        People served now, and people whom the change would serve [persons].
    limit
        Most people served [persons]; None for no limit. Who is served now stays so, even above it.
    """
    if limit is None or asked <= limit or asked <= now:
        return 1.0
    return max(0.0, limit - now) / (asked - now)


def moved(now: Number, later: Number, part: float) -> Number:
    """``part`` of the way from ``now`` to ``later``; exactly ``later`` at 1."""
    return later if part >= 1.0 else now + part * (later - now)


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
