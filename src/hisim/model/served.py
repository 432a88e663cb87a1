"""Who each intervention serves beyond the comparator, by stratum, and what it costs, from what the cohorts counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from hisim.declare.delivery import STEPS
from hisim.declare.evidence import Common
from hisim.declare.intervention import CaseFinding, SmokingCessation
from hisim.declare.scenario import Scenario, Use
from hisim.model.delivered import by_route, checked, reach, told_now
from hisim.model.mechanisms.case_finding import product
from hisim.model.plan import Plan
from hisim.model.reach import in_scope
from hisim.model.slot_plan import drug_of, routes, served_now
from hisim.model.states import flags_of
from hisim.model.tables import Float64
from hisim.variables import QUINTILES, REGISTERS, STATES

OFFERING = STEPS[: STEPS.index("offered") + 1]


class Served(NamedTuple):
    """By scenario, intervention, year, quintile, sex, age, stratum; offered without stratum, cost by quintile only."""

    covered: Float64
    eligible: Float64
    offered: Float64
    cost: Float64


def people_in_state(plan: Plan, counts: Float64) -> Float64:
    """(scenario, state, year, quintile, sex, age) person-years, from counts as ``CohortResult.served`` has them.

    Counts have their own axis first: (count, scenario, year, quintile, sex, age).
    """
    counted = [slot for slot, told in zip(plan.slots, plan.tables[0][0].counted, strict=True) if told]
    out = np.zeros((counts.shape[1], len(STATES), *counts.shape[2:]))
    for n, slot in enumerate(counted):
        if slot.name in STATES:
            out[:, STATES.index(slot.name)] += counts[n]
    for d, name in enumerate(REGISTERS):
        out[:, STATES.index(f"{name}_diagnosed")] = counts[len(counted) + d]
    out[:, STATES.index("current_smoker")] = counts[-1]
    return out


def interventions_of(plan: Plan) -> list[str]:
    """Ids of the interventions any scenario uses, in alphabetical order."""
    return sorted({use.id for scenario in plan.scenarios for use in scenario.interventions})


def told_apart(plan: Plan) -> list[str]:
    """Names of what ``CohortResult.stratum_served`` counts, in its order."""
    slots = np.flatnonzero(plan.tables[0][0].used).tolist()
    return [*(f"in {t}" for t in slots), *(f"eligible {t}" for t in slots), "smokers"]


def served(plan: Plan, counts: Mapping[str, Float64], person_years: Float64) -> Served:
    """People served, eligible and offered, and cost, of every use.

    Parameters
    ----------
    counts
        Each of :func:`told_apart`: (scenario, year, quintile, sex, age, stratum) [person-years].
    person_years
        (scenario, year, quintile, sex, age, stratum).

    Notes
    -----
    Where several uses of a scenario serve people in the same slot, those served are shared among them in
    proportion to what each would reach alone: nobody is paid for twice.
    """
    ids = interventions_of(plan)
    shape = (person_years.shape[0], len(ids), *person_years.shape[1:])
    out = Served(np.zeros(shape), np.zeros(shape), np.zeros(shape[:-1]), np.zeros(shape[:4]))
    for k, scenario in enumerate(plan.scenarios, start=1):
        for use in scenario.interventions:
            i = ids.index(use.id)
            covered, eligible = _one(plan, counts, person_years, k, scenario, use)
            whole, years = covered.sum(axis=-1), range(plan.start, plan.end + 1)
            offered = whole + _more_offered(use, eligible.sum(axis=-1), whole, years)
            out.covered[k, i], out.eligible[k, i], out.offered[k, i] = covered, eligible, offered
            out.cost[k, i] = _cost(use.intervention, use, plan, whole, offered, person_years[k].sum(axis=-1))
    return out


def _one(
    plan: Plan, counts: Mapping[str, Float64], person_years: Float64, k: int, scenario: Scenario, use: Use
) -> tuple[Float64, Float64]:
    """Covered and eligible (year, quintile, sex, age, stratum) of one use in scenario ``k``."""
    item, world = use.intervention, plan.world
    years = range(plan.start, plan.end + 1)
    if isinstance(item, SmokingCessation):
        eligible = counts["smokers"][k]
        pairs = (reach(use, world, year) for year in years)
        return np.stack([people * (b - a) for people, (a, b) in zip(eligible, pairs, strict=True)]), eligible
    if isinstance(item, CaseFinding):
        scope = np.stack([in_scope(use, one) for one in world.strata.inputs], axis=-1)
        eligible = person_years[k] * scope
        shares = [checked(use, world, year) for year in years]
        extra = [(after - before)[:, None, None] for before, after in shares]
        return np.stack([people * more for people, more in zip(eligible, extra, strict=True)]), eligible
    covered, eligible = np.zeros(person_years.shape[1:]), np.zeros(person_years.shape[1:])
    for t, slot in enumerate(plan.slots):
        if slot.name == drug_of(item) and slot.flag in dict(flags_of(item.eligible.state)):
            share = _share_of(plan, t, scenario, use, years)
            covered += (counts[f"in {t}"][k] - counts[f"in {t}"][0]) * share
            eligible += counts[f"eligible {t}"][k]
    return covered, eligible


def _more_offered(use: Use, eligible: Float64, covered: Float64, years: range) -> Float64:
    """People offered the intervention beyond the comparator who are not among those ``covered``."""
    now = use.intervention.delivery.steps_now
    offered_now = product(now, OFFERING)
    through_now = product(now) / np.where(offered_now > 0, offered_now, 1.0)
    out = np.zeros_like(covered)
    for y, year in enumerate(years):
        if use.change is None:
            more = product(use.chain(year), OFFERING) - offered_now
            out[y] = eligible[y] * more[:, None, None] - covered[y]
        else:
            out[y] = covered[y] / np.where(through_now > 0, through_now, 1.0)[:, None, None] - covered[y]
    return out


def _share_of(plan: Plan, t: int, scenario: Scenario, use: Use, years: range) -> Float64:
    """The part of a slot's people that ``use`` accounts for; (year, quintile, sex, age, G), 1 where it is alone."""
    slot, world = plan.slots[t], plan.world
    several = list(routes(slot, scenario))
    if len(several) == 1:
        return np.ones((len(years), *world.strata.share.shape))
    base = served_now(slot, world.inputs, world.known)
    now = (told_now(slot, world) * base)[..., None]
    mine, whole = [], []
    for year in years:
        each = [by_route(slot, t, route, world, base, year) for route in several]
        gains = [np.maximum(a * b - now, 0.0) for a, b in each]
        mine.append(
            sum(gain for gain, route in zip(gains, several, strict=True) if route.use is use and not route.start)
        )
        whole.append(np.sum(gains, axis=0))
    total = np.stack(whole)
    return np.where(total > 0, np.stack(mine) / np.where(total > 0, total, 1.0), 0.0)


def _cost(item: Common, use: Use, plan: Plan, covered: Float64, offered: Float64, person_years: Float64) -> Float64:
    """Cost beyond the comparator [GBP], (year, quintile); the fixed cost of a year is shared by population."""
    lines, cells = item.cost, (-2, -1)
    cost = np.zeros(covered.shape[:2])
    for line in (lines.per_person_year_gbp, lines.per_attempt_gbp, lines.per_person_gbp):
        if line is not None:
            cost += covered.sum(axis=cells) * line.value
    if lines.per_offer_gbp is not None:
        cost += offered.sum(axis=cells) * lines.per_offer_gbp.value
    if lines.per_year_gbp is not None:
        people = person_years.sum(axis=cells)
        running = np.array([_at_work(use, year) for year in range(plan.start, plan.end + 1)])
        running *= np.any(covered, axis=(1, 2, 3), keepdims=True)[:, :, 0, 0]
        cost += lines.per_year_gbp.value * running * people / people.sum(axis=1, keepdims=True)
    return cost


def _at_work(use: Use, year: int) -> Float64:
    """Share of the full scheme that is paid for in ``year`` in each fifth: nothing before it starts or after it ends.

    Where a fifth goes part of the way, that part; (5,).
    """
    over = year < use.start or (use.ends is not None and year > use.ends)
    shares = np.array(use.shares_of_the_way or (1.0,) * len(QUINTILES))
    return shares * (0.0 if over else use.scale_in_place(year))
