"""Case finding: checks diagnose the undiagnosed, who are then treated as the diagnosed are.

The product of a check's chain of delivery is the share of people who have been checked, with what they had found.
More of it finds the same share of the undiagnosed at every age; a treatment that follows a check without a
diagnosis is started by a share of those checked. Whoever has been found stays known when too old to be checked, fading
over the check's persistence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hisim.declare.delivery import STEPS, changed_coverage, moved, part_within, reached
from hisim.declare.scenario import Use
from hisim.model.states import eligible_cells, left_when_too_old
from hisim.model.tables import Float64
from hisim.variables import OLDEST_AGE


def checked(use: Use, people: Float64, year: int) -> tuple[Float64, Float64]:
    """Share of ``people`` (5,) [persons] checked now and in ``year``, within capacity, by quintile; each (5,)."""
    now = product(use.intervention.delivery.steps_now)
    if use.change is None:
        after = product(use.chain(year))
    else:
        kind, values = use.change
        after = changed_coverage(now, kind, np.array(values), use.scale_in_place(year))
    part = part_within(float((people * now).sum()), float((people * after).sum()), use.capacity_per_year)
    return now, moved(now, after, part)


def product(chain: Mapping[str, tuple[float, ...]], steps: tuple[str, ...] = STEPS) -> Float64:
    """Product of the ``steps`` of a chain of delivery, by quintile; (5,)."""
    return np.asarray(np.prod([chain[step] for step in steps], axis=0))


def found(known: Float64, before: Float64, after: Float64) -> Float64:
    """Share of people with a condition who are diagnosed; (quintile, sex, age) like ``known``.

    ``before``, ``after``: share checked in the comparator and then, to broadcast with ``known``.
    """
    return reached(known, before, after)


def kept(now: Float64, use: Use, year: int, then: Callable[[int], Float64]) -> Float64:
    """``then(year)`` for people a check is for; for those too old for it what it was when they were not, fading.

    Parameters
    ----------
    now
        The same in the comparator; (quintile, sex, age).
    then
        From a year to the share found or started at every age, were the check for everyone.
    """
    eligible = use.intervention.eligible
    oldest, older = eligible.ages[1], eligible_cells((eligible.ages[1], OLDEST_AGE), eligible.sexes)
    after = np.where(eligible_cells(eligible.ages, eligible.sexes) > 0, then(year), now)
    left = left_when_too_old(oldest, use.intervention.persistence_years.value)
    for age in np.flatnonzero(left > 0).tolist():
        gained = then(year - (age - oldest))[..., age] - now[..., age]
        after[..., age] = now[..., age] + gained * left[age] * older[:, age]
    return after


def started(now: Float64, before: Float64, after: Float64, share: Float64) -> Float64:
    """Coverage of a treatment that a ``share`` of those checked start, all to broadcast with ``now``."""
    return now + (1.0 - now) * (np.maximum(after - before, 0.0) * share)
