"""How many people each intervention of a scenario would reach, before anything is simulated.

From the inputs alone: the people who are eligible in the first year, and the share of them at each step of delivery
now and when the change is fully in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from hisim.declare.delivery import STEPS
from hisim.declare.intervention import CaseFinding, SmokingCessation
from hisim.declare.scenario import Scenario, Use
from hisim.model.mechanisms import case_finding, smoking_cessation
from hisim.model.slot_plan import (
    Library,
    Route,
    Slot,
    checked_people,
    drug_of,
    in_year,
    known_now,
    library_of_run,
    served_now,
    slots_of,
)
from hisim.model.states import REGISTER_OF, eligible_cells, flags_of, share_in, smokers_now
from hisim.model.tables import Float64
from hisim.variables import REGISTERS


def reach(scenario: Scenario, inputs: xr.Dataset, library: Library | None = None) -> xr.Dataset:
    """Eligible people and people served now and at full scale, by intervention and quintile.

    Returns
    -------
    Dataset with ``eligible``, ``served_now`` and ``served_full`` (intervention, quintile) [persons; for a
    stop smoking service, persons per year].
    """
    slots = slots_of(library_of_run([scenario], library))
    rows = [_one(use, slots, inputs) for use in scenario.interventions]
    names = ("eligible", "served_now", "served_full")
    return _dataset({name: [row[i] for row in rows] for i, name in enumerate(names)}, scenario, inputs)


def chain(scenario: Scenario, inputs: xr.Dataset) -> xr.Dataset:
    """People left at each step of delivery, now and at full scale, by intervention and quintile.

    Returns
    -------
    Dataset with ``now`` and ``full`` (intervention, step, quintile) [persons of the first year], the steps those of
    :data:`hisim.declare.delivery.STEPS` after ``in_need``; each is a share of the people at the step before.
    """
    now, full = [], []
    for use in scenario.interventions:
        need = _in_need(use, inputs)
        known = _known_share(use, inputs, need)
        now.append(_left(need, use.intervention.delivery.steps_now, known))
        later = known
        if known is not None:
            before, after = use.intervention.delivery.steps_now, use.chain(use.full_from)
            gained = (np.array(after["need_known"]) - before["need_known"]) / (
                1 - np.minimum(before["need_known"], 0.999999)
            )
            later = known + (1 - known) * gained
        full.append(_left(need, use.chain(use.full_from), later))
    coords = {
        "intervention": [use.id for use in scenario.interventions],
        "step": ["in_need", *STEPS],
        "quintile": inputs["quintile"].values,
    }
    dims = ("intervention", "step", "quintile")
    empty = np.zeros((0, 1 + len(STEPS), inputs.sizes["quintile"]))
    return xr.Dataset(
        {"now": (dims, np.stack(now) if now else empty), "full": (dims, np.stack(full) if full else empty)}, coords
    )


def in_scope(use: Use, inputs: xr.Dataset) -> Float64:
    """Share of people an intervention is for; (quintile, sex, age)."""
    item = use.intervention
    total = np.zeros_like(inputs["population"].values)
    for flag, youngest in flags_of(item.eligible.state):
        ages = (max(youngest, item.eligible.ages[0]), item.eligible.ages[1])
        total = total + share_in(inputs, flag) * eligible_cells(ages, item.eligible.sexes)
    return total


def _in_need(use: Use, inputs: xr.Dataset) -> Float64:
    return np.asarray((in_scope(use, inputs) * inputs["population"].values).sum(axis=(1, 2)))


def _known_share(use: Use, inputs: xr.Dataset, need: Float64) -> Float64 | None:
    """Share of those in need who are on the register, by quintile; None where there is none."""
    item = use.intervention
    register = REGISTER_OF.get(item.eligible.state)
    if register is None or isinstance(item, CaseFinding):
        return None
    known = known_now(inputs)[..., REGISTERS.index(register)]
    told = (in_scope(use, inputs) * inputs["population"].values * known).sum(axis=(1, 2))
    return np.asarray(told / np.where(need > 0, need, 1.0))


def _left(need: Float64, steps: Mapping[str, tuple[float, ...]], known: Float64 | None) -> Float64:
    """People left at each step, by quintile; (1 + steps, quintile)."""
    shares = [np.array(steps[step]) for step in STEPS]
    if known is not None:
        shares[0] = known
    return np.asarray(need * np.cumprod([np.ones_like(need), *shares], axis=0))


def _one(use: Use, slots: list[Slot], inputs: xr.Dataset) -> tuple[Float64, Float64, Float64]:
    people, full, item = inputs["population"].values, use.full_from, use.intervention
    scope = in_scope(use, inputs) * people
    if isinstance(item, SmokingCessation):
        base = inputs["stop_smoking_reach"].values
        now = smoking_cessation.reach_now(base, use)
        after = smoking_cessation.reach(base, use, smokers_now(inputs), full)
        cells = [scope, scope * now, scope * after]
    elif isinstance(item, CaseFinding):
        shares = case_finding.checked(use, checked_people(use, inputs), full)
        cells = [scope, *(scope * share[:, None, None] for share in shares)]
    else:
        cells = [np.zeros_like(people)] * 3
        for one in _by_slot(use, slots, inputs):
            cells = [a + b for a, b in zip(cells, one, strict=True)]
    eligible, served, later = (np.asarray(cell).sum(axis=(1, 2)) for cell in cells)
    return eligible, served, later


def _by_slot(use: Use, slots: list[Slot], inputs: xr.Dataset) -> Iterator[tuple[Float64, Float64, Float64]]:
    known, people = known_now(inputs), inputs["population"].values
    for slot in slots:
        if drug_of(use.intervention) != slot.name or slot.flag not in dict(flags_of(use.intervention.eligible.state)):
            continue
        eligible = people * share_in(inputs, slot.flag) * slot.scope
        told = known[..., slot.register] if slot.register >= 0 else np.ones_like(people)
        served = served_now(slot, inputs, known)
        told_later, later = in_year(slot, [Route(use, None)], inputs, known, served, use.full_from)
        yield eligible, eligible * told * served, eligible * told_later * later


def _dataset(rows: dict[str, list[Float64]], scenario: Scenario, inputs: xr.Dataset) -> xr.Dataset:
    coords = {"intervention": [use.id for use in scenario.interventions], "quintile": inputs["quintile"].values}
    empty = np.zeros((0, inputs.sizes["quintile"]))
    return xr.Dataset(
        {name: (("intervention", "quintile"), np.stack(values) if values else empty) for name, values in rows.items()},
        coords,
    )
