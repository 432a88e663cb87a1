"""Treatment: coverage by threshold, and effect by years since start.

Person i has one lifelong uniform per drug or service and is covered when it lies below the coverage of the day, so
that more coverage covers a superset of people. With f_l the share of the full effect reached in the l-th year (at
mid-year) and c(y) the coverage that counts in year y, the effect is

    effect_i(y) = sum_l (f_l - f_{l-1}) [u_i < c(y - l)],

which is f_l for someone who started l years ago, 1 for the long treated and 0 for everyone else.

Where a condition has a register, coverage is the share known times the share of those known who are served, each with
a uniform of its own: finding people and serving those found are different steps, and reach different people.
"""

from __future__ import annotations

import math

import numpy as np

from hisim.declare.delivery import STEPS, changed_coverage, effect_in_place, reached
from hisim.declare.intervention import Treatment
from hisim.declare.scenario import Use
from hisim.model.mechanisms.case_finding import product
from hisim.model.states import eligible_cells
from hisim.model.tables import Float32, Float64


def effect_steps(lag_years: float, lags: int) -> Float32:
    """Share of the full effect gained with each year served; (lags,), adds up to 1."""
    reached_by = np.array([effect_in_place(year, lag_years) for year in range(lags)])
    reached_by[-1] = 1.0
    return np.diff(reached_by, prepend=0.0).astype(np.float32)


def lags_of(lag_years: float) -> int:
    """Years after which an effect is full, the first included."""
    return 1 + math.ceil(max(0.0, lag_years - 0.5))


def coverage(known: Float64, served: Float64, use: Use, year: int, registered: bool) -> tuple[Float64, Float64]:
    """Shares known, and served of those known, in ``year`` by one use; each (quintile, sex, age).

    Parameters
    ----------
    known, served
        The same in the comparator; ``known`` is 1 where the condition has no register.
    registered
        Whether the first step of the chain is the register's.
    """
    scope = eligible_cells(use.intervention.eligible.ages, use.intervention.eligible.sexes) > 0
    if use.change is None:
        now, after = use.intervention.delivery.steps_now, use.chain(year)
        rest = STEPS[1:] if registered else STEPS
        later = reached(served, product(now, rest)[:, None, None], product(after, rest)[:, None, None])
        told = known
        if registered:
            told = reached(
                known, np.array(now["need_known"])[:, None, None], np.array(after["need_known"])[:, None, None]
            )
        return np.where(scope, told, known), np.where(scope, later, served)
    kind, values = use.change
    item = use.intervention
    stays = item.stays if isinstance(item, Treatment) else 1.0
    whole = known * served
    wanted = changed_coverage(whole, kind, np.array(values)[:, None, None], use.scale_in_place(year), stays)
    wanted = np.where(scope, wanted, whole)
    told = np.maximum(known, np.where(wanted > known, wanted, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        later = np.where(wanted == whole, served, np.minimum(np.where(known > 0, wanted / known, 0.0), 1.0))
    return told, np.where(told > known, 1.0, later)
