"""How many people each intervention of a scenario would reach, before anything is simulated.

From the inputs alone: the people who are eligible in the first year, and the share of them at each step of delivery
now and when the change is fully in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from hisim.declare.delivery import STEPS
from hisim.declare.intervention import CaseFinding, SmokingCessation
from hisim.declare.scenario import Scenario, Use
from hisim.model.delivered import World, by_route, checked, people_in, told_now
from hisim.model.delivered import reach as stopping
from hisim.model.inputs import in_area
from hisim.model.slot_plan import Library, Route, Slot, drug_of, known_now, library_of_run, served_now, slots_of
from hisim.model.states import REGISTER_OF, eligible_cells, flags_of, share_in, values_of
from hisim.model.strata import sorting, split, within
from hisim.model.tables import Float64
from hisim.variables import REGISTERS


def reach(scenario: Scenario, inputs: xr.Dataset, library: Library | None = None) -> xr.Dataset:
    """Eligible people and people served now and at full scale, by intervention and quintile.

    Returns
    -------
    Dataset with ``eligible``, ``served_now`` and ``served_full`` (intervention, quintile) [persons; for a
    stop smoking service, persons per year].
    """
    return reach_by_cell(scenario, inputs, library).sum(("sex", "age", "stratum"))


def reach_by_cell(scenario: Scenario, inputs: xr.Dataset, library: Library | None = None) -> xr.Dataset:
    """The same by (intervention, quintile, sex, age, stratum); one stratum, "everyone", where none are told apart."""
    scenario = in_area(scenario, inputs)
    slots = slots_of(library_of_run([scenario], library))
    world = world_of(inputs, slots)
    rows = [_one(use, slots, world) for use in scenario.interventions]
    names = ("eligible", "served_now", "served_full")
    return _dataset({name: [row[i] for row in rows] for i, name in enumerate(names)}, scenario, world)


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
        "quintile": values_of(inputs, "quintile"),
    }
    dims = ("intervention", "step", "quintile")
    empty = np.zeros((0, 1 + len(STEPS), inputs.sizes["quintile"]))
    return xr.Dataset(
        {"now": (dims, np.stack(now) if now else empty), "full": (dims, np.stack(full) if full else empty)}, coords
    )


def in_scope(use: Use, inputs: xr.Dataset) -> Float64:
    """Share of people an intervention is for; (quintile, sex, age)."""
    item = use.intervention
    total = np.zeros_like(values_of(inputs, "population"))
    for flag, youngest in flags_of(item.eligible.state):
        ages = (max(youngest, item.eligible.ages[0]), item.eligible.ages[1])
        total = total + share_in(inputs, flag) * eligible_cells(ages, item.eligible.sexes)
    return total


def _in_need(use: Use, inputs: xr.Dataset) -> Float64:
    return np.asarray((in_scope(use, inputs) * values_of(inputs, "population")).sum(axis=(1, 2)))


def _known_share(use: Use, inputs: xr.Dataset, need: Float64) -> Float64 | None:
    """Share of those in need who are on the register, by quintile; None where there is none."""
    item = use.intervention
    register = REGISTER_OF.get(item.eligible.state)
    if register is None or isinstance(item, CaseFinding):
        return None
    known = known_now(inputs)[..., REGISTERS.index(register)]
    told = (in_scope(use, inputs) * values_of(inputs, "population") * known).sum(axis=(1, 2))
    return np.asarray(told / np.where(need > 0, need, 1.0))


def _left(need: Float64, steps: Mapping[str, tuple[float, ...]], known: Float64 | None) -> Float64:
    """People left at each step, by quintile; (1 + steps, quintile)."""
    shares = [np.array(steps[step]) for step in STEPS]
    if known is not None:
        shares[0] = known
    return np.asarray(need * np.cumprod([np.ones_like(need), *shares], axis=0))


def _one(use: Use, slots: list[Slot], world: World) -> tuple[Float64, Float64, Float64]:
    """Eligible, served now and at full scale; each (quintile, sex, age, stratum)."""
    full, item, strata = use.full_from, use.intervention, world.strata
    people = values_of(world.inputs, "population")[..., None] * strata.share
    scope = people * np.stack([in_scope(use, one) for one in strata.inputs], axis=-1)
    if isinstance(item, SmokingCessation):
        before, after = stopping(use, world, full)
        return scope, scope * before, scope * after
    if isinstance(item, CaseFinding):
        before, after = (share[:, None, None] for share in checked(use, world, full))
        return scope, scope * before, scope * after
    cells = [np.zeros_like(people)] * 3
    for t, slot in enumerate(slots):
        if drug_of(item) == slot.name and slot.flag in dict(flags_of(item.eligible.state)):
            cells = [a + b for a, b in zip(cells, _in_slot(use, slot, t, world), strict=True)]
    return cells[0], cells[1], cells[2]


def _in_slot(use: Use, slot: Slot, t: int, world: World) -> tuple[Float64, Float64, Float64]:
    """The same of one slot."""
    eligible = people_in(world, slot.flag) * slot.scope[None, :, :, None]
    now, served = told_now(slot, world)[..., None], served_now(slot, world.inputs, world.known)
    told, later = by_route(slot, t, Route(use, None), world, served, use.full_from)
    known = world.order.register(slot.register) if slot.register >= 0 else None
    begun = (now if known is None else split(now[..., 0], *known)) * split(served, *world.order.slot(t))
    after = [
        (told[..., g] if known is None else split(told[..., g], *known)[..., g])
        * split(later[..., g], *world.order.slot(t))[..., g]
        for g in range(eligible.shape[-1])
    ]
    return eligible, eligible * begun, eligible * np.stack(after, axis=-1)


def world_of(inputs: xr.Dataset, slots: Sequence[Slot]) -> World:
    """Inputs with the strata in them."""
    strata = within(inputs)
    return World(inputs, strata, sorting(strata, slots), known_now(inputs), {})


def _dataset(rows: dict[str, list[Float64]], scenario: Scenario, world: World) -> xr.Dataset:
    inputs, strata = world.inputs, world.strata
    coords = {
        "intervention": [use.id for use in scenario.interventions],
        **{name: values_of(inputs, name) for name in ("quintile", "sex", "age")},
        "stratum": list(strata.names),
    }
    empty = np.zeros((0, *strata.share.shape))
    dims = ("intervention", "quintile", "sex", "age", "stratum")
    return xr.Dataset({name: (dims, np.stack(values) if values else empty) for name, values in rows.items()}, coords)
