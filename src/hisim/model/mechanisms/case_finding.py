"""Case finding: checks diagnose the undiagnosed, who are then treated as the diagnosed are.

The product of a check's chain of delivery is the share of people who have been checked, with what they had found.
More of it finds the same share of the undiagnosed at every age; a treatment that follows a check without a
diagnosis is started by a share of those checked.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hisim.declare.delivery import STEPS, changed_coverage, reached
from hisim.declare.scenario import Use
from hisim.model.tables import Float64


def checked(use: Use, year: int) -> tuple[Float64, Float64]:
    """Share of people checked now and in ``year``, by quintile; each (5,)."""
    now = product(use.intervention.delivery.steps_now)
    if use.change is None:
        return now, product(use.chain(year))
    kind, values = use.change
    return now, changed_coverage(now, kind, np.array(values), use.scale_in_place(year))


def product(chain: Mapping[str, tuple[float, ...]], steps: tuple[str, ...] = STEPS) -> Float64:
    """Product of the ``steps`` of a chain of delivery, by quintile; (5,)."""
    return np.asarray(np.prod([chain[step] for step in steps], axis=0))


def found(known: Float64, use: Use, year: int) -> Float64:
    """Share of people with a condition who are diagnosed in ``year``; (quintile, sex, age) like ``known``."""
    now, after = checked(use, year)
    return reached(known, now[:, None, None], after[:, None, None])


def started(now: Float64, use: Use, share: Float64, year: int) -> Float64:
    """Coverage of a treatment that ``share`` (5,) of those checked start; (quintile, sex, age) like ``now``."""
    before, after = checked(use, year)
    return now + (1.0 - now) * (np.maximum(after - before, 0.0) * share)[:, None, None]
