"""Stopping smoking: a service adds quit attempts that succeed more often than unaided ones.

In quintile q the extra yearly probability that a smoker stops is

    (reach(q, y) - reach_now(q)) * (success(q) - unaided success(q)),

reach being the share of smokers who set a quit date with the service in the year. Whoever stops may
relapse by years since quitting, like anyone else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hisim.declare.delivery import changed_coverage
from hisim.declare.intervention import SmokingCessation
from hisim.declare.scenario import Use
from hisim.model.mechanisms.treatment import eligible_cells
from hisim.model.tables import Float64


def reach(now: Float64, use: Use, year: int) -> Float64:
    """Share of smokers served in ``year`` [fraction per year]; (quintile, sex, age) like ``now``."""
    values = np.array(use.change.values)[:, None, None]
    after = changed_coverage(now, use.change.kind, values, use.scale_in_place(year))
    return np.where(eligible_cells(use.intervention) > 0, after, now)


def gain(service: SmokingCessation) -> Float64:
    """Chance of stopping with the service less that without, by quintile; (quintile, 1, 1)."""
    helped = np.array(service.success_12_months.by_quintile)
    unaided = np.array(service.unaided_success_12_months.by_quintile)
    return np.asarray((helped - unaided)[:, None, None])


def extra_quits(reach_now: Float64, uses: Sequence[Use], year: int) -> Float64:
    """Yearly probability of stopping that the services add; (quintile, sex, age)."""
    total = np.zeros_like(reach_now)
    for use in uses:
        service = use.intervention
        assert isinstance(service, SmokingCessation)
        total += (reach(reach_now, use, year) - reach_now) * gain(service)
    return total
