"""Stopping smoking: a service adds quit attempts that succeed more often than unaided ones; a policy adds quits.

In quintile q a service's extra yearly probability that a smoker stops is

    reach(q, y) (success(q, y) - unaided(q)) - reach_now(q) (success(q) - unaided(q)),

reach being the share of smokers who set a quit date with the service in the year. Its first three steps of delivery
make the reach, the last two the success. Whoever stops may relapse by years since quitting, like anyone else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from hisim.declare.delivery import changed_coverage, moved, part_within
from hisim.declare.intervention import SmokingCessation
from hisim.declare.scenario import Use
from hisim.model.mechanisms.case_finding import product
from hisim.model.states import eligible_cells, values_of
from hisim.model.tables import SLOTS, Float32, Float64
from hisim.variables import SMOKING_GROUPS

REACHING = ("need_known", "offered", "taken_up")
SUCCEEDING = ("delivered", "sustained")


def reach(now: Float64, use: Use, smokers: Float64, year: int) -> Float64:
    """Share of ``smokers`` served in ``year`` [fraction per year], within capacity; (quintile, sex, age) like ``now``.

    Of a policy, the share of smokers whom it reaches.
    """
    before, after = reach_now(now, use), asked(now, use, year)
    part = part_within(float((smokers * before).sum()), float((smokers * after).sum()), use.capacity_per_year)
    return moved(before, after, part)


def asked(now: Float64, use: Use, year: int) -> Float64:
    """What :func:`reach` would be without a limit."""
    item = _cessation(use)
    scope = eligible_cells(item.eligible.ages, item.eligible.sexes) > 0
    if use.change is None and item.extra_quits_per_year is None:
        before, after = product(item.delivery.steps_now, REACHING), product(use.chain(year), REACHING)
        later = np.minimum(now * _times(before, after)[:, None, None], 1.0)
        return np.where(scope & (after != before)[:, None, None], later, now)
    if use.change is None:
        return np.where(scope, product(use.chain(year))[:, None, None], 0.0)
    kind, values = use.change
    later = changed_coverage(reach_now(now, use), kind, np.array(values)[:, None, None], use.scale_in_place(year))
    return np.where(scope, later, reach_now(now, use))


def reach_now(now: Float64, use: Use) -> Float64:
    """Share of smokers served in the comparator; (quintile, sex, age)."""
    item = _cessation(use)
    if item.extra_quits_per_year is None:
        return now
    scope = eligible_cells(item.eligible.ages, item.eligible.sexes) > 0
    return np.where(scope, product(item.delivery.steps_now)[:, None, None], 0.0)


def gain(use: Use, year: int | None = None) -> Float64:
    """Chance of stopping with the service less that without, now or in ``year``; of a policy, its quits. (5, 1, 1)."""
    item = _cessation(use)
    if item.extra_quits_per_year is not None:
        return np.array(item.extra_quits_per_year.values)[:, None, None]
    assert item.success_12_months is not None and item.unaided_success_12_months is not None
    helped = np.array(item.success_12_months.by_quintile)
    if year is not None and use.change is None:
        before, after = product(item.delivery.steps_now, SUCCEEDING), product(use.chain(year), SUCCEEDING)
        helped = np.minimum(helped * _times(before, after), 1.0)
    return np.asarray((helped - np.array(item.unaided_success_12_months.by_quintile))[:, None, None])


def extra_quits(reached: Sequence[tuple[Float64, Float64]], uses: Sequence[Use], year: int) -> Float64:
    """Yearly probability of stopping that services and policies add; (quintile, sex, age).

    Several services share the same smokers: the largest addition of a service counts, and policies add to it.

    Parameters
    ----------
    reached
        Share of smokers that each of ``uses`` reaches in the comparator and in ``year``.
    """
    services, policies = np.zeros_like(reached[0][0]), np.zeros_like(reached[0][0])
    for use, (before, after) in zip(uses, reached, strict=True):
        extra = after * gain(use, year) - before * gain(use)
        if _cessation(use).extra_quits_per_year is None:
            services = np.where(np.abs(extra) > np.abs(services), extra, services)
        else:
            policies += extra
    return services + policies


def _times(before: Float64, after: Float64) -> Float64:
    """How many times what it was a product of steps is; 1 where it does not change or was nothing."""
    return np.where((after == before) | (before <= 0), 1.0, after / np.where(before > 0, before, 1.0))


def _cessation(use: Use) -> SmokingCessation:
    assert isinstance(use.intervention, SmokingCessation)
    return use.intervention


def slots(inputs: xr.Dataset) -> tuple[Float32, Float32]:
    """Remaining excess (3, 42) and relapse (42,) by smoking slot: never, current, then years since quitting."""
    decay = values_of(inputs, "smoking_decay")
    remaining = np.zeros((len(SMOKING_GROUPS), SLOTS), np.float32)
    remaining[:, 1] = 1.0
    remaining[:, 2:] = decay[:, 1:]
    relapse = np.zeros(SLOTS, np.float32)
    relapse[2:] = values_of(inputs, "relapse_probability")[1:]
    return remaining, relapse
