"""Who is served, by scenario, year and stratum: the thresholds that people's uniforms are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.delivery import moved, part_within
from hisim.declare.intervention import CaseFinding, SmokingCessation
from hisim.declare.scenario import Scenario, Use
from hisim.model.mechanisms import case_finding, smoking_cessation, treatment
from hisim.model.slot_plan import (
    Route,
    Slot,
    in_year,
    keep_afterwards,
    known_in,
    routes,
)
from hisim.model.states import eligible_cells, share_in, smokers_now, values_of
from hisim.model.strata import Sorting, Within, chain_odds, make_up, split, whole_of
from hisim.model.tables import Float32, Float64
from hisim.variables import REGISTERS, STATES, STEPS

Pair = tuple[Float64, Float64]


@dataclass(frozen=True)
class Delivered:
    """Who is served, by scenario and year; the comparator first. P = 1, or G where strata have their own thresholds."""

    known: Float32
    """(scenario, year, quintile, sex, age, register, P)"""
    coverage: Float32
    """(scenario, year, quintile, sex, age, slot, P)"""
    quits: Float32
    """(scenario, year, quintile, sex, age, G) probability that a smoker stops within the year."""
    used: np.ndarray
    """(slot,) slots that any scenario routes people to."""
    counted: np.ndarray
    """(slot,) those, and the ones that are always counted."""


class World(NamedTuple):
    """What says who can be served: inputs, and the strata with their order."""

    inputs: xr.Dataset
    strata: Within
    order: Sorting
    known: Float64
    """(quintile, sex, age, register) in the comparator."""
    remembered: dict[tuple[int, float], Pair]
    """What :func:`checked` and :func:`reach` found, by use and how much of its change is in place: they are asked for
    often."""


def uses_of_cessation(scenario: Scenario) -> list[Use]:
    """Uses in ``scenario`` that make smokers stop."""
    return [use for use in scenario.interventions if isinstance(use.intervention, SmokingCessation)]


def stands_apart(use: Use, strata: Within) -> bool:
    """Whether a use reaches strata by thresholds of their own: it names some, or is a check taken up unevenly."""
    return use.strata is not None or (isinstance(use.intervention, CaseFinding) and use.id in strata.uptake_odds)


def named(use: Use, strata: Within) -> np.ndarray:
    """Which strata a use is for; (G,) of bool."""
    return np.array([use.strata is None or name in use.strata for name in strata.names])


def delivered(
    world: World,
    scenarios: Sequence[Scenario],
    slots: Sequence[Slot],
    base: Sequence[Float64],
    used: set[tuple[str, str]],
) -> Delivered:
    """Shares known, served and stopping smoking in every scenario and year."""
    inputs, known, groups = world.inputs, world.known, len(world.strata.names)
    apart = any(stands_apart(use, world.strata) for scenario in scenarios for use in scenario.interventions)
    own = groups if apart else 1
    years = values_of(inputs, "year").tolist()
    size = (1 + len(scenarios), len(years), *known.shape[:-1])
    told, coverage = (_by_cell(size, several, own) for several in (len(REGISTERS), len(slots)))
    quits = np.empty((*size, groups), np.float32)
    told[:], quits[:] = known[..., None], values_of(inputs, "quit_probability")[..., None]
    coverage[:] = np.stack(base, axis=-1)[..., None] if base else 0.0
    for k, scenario in enumerate(scenarios, start=1):
        by_slot = [(t, several) for t, slot in enumerate(slots) if (several := list(routes(slot, scenario)))]
        stops = uses_of_cessation(scenario)
        checks = any(isinstance(use.intervention, CaseFinding) for use in scenario.interventions)
        before: dict[tuple[int, tuple[float, ...]], Pair] = {}
        for y, year in enumerate(years):
            now = np.repeat(known[..., None], own, axis=-1)
            if checks:
                now = np.stack([_known_in(d, scenario, world, year, own) for d in range(len(REGISTERS))], axis=-2)
            for t, several in by_slot:
                key = t, _in_place([route.use for route in several], year)
                if key not in before or any(route.start is not None for route in several):
                    before[key] = _in_year(slots[t], t, several, world, base[t], year, own)
                reached, coverage[k, y, ..., t, :] = before[key]
                if slots[t].register >= 0:
                    now[..., slots[t].register, :] = np.maximum(now[..., slots[t].register, :], reached)
            told[k, y] = now
            if stops:
                key = -1, _in_place(stops, year)
                if key not in before:
                    more = np.clip(quits[0, 0] + _extra_quits(world, stops, year), 0.0, 1.0)
                    before[key] = more, more
                quits[k, y] = before[key][0]
    for t, slot in enumerate(slots):
        keep_afterwards(coverage[..., t, :], slot)
    routed = np.array([(slot.name, slot.flag) in used for slot in slots], bool)
    return Delivered(told, coverage, quits, routed, routed | np.array([slot.name in STATES for slot in slots], bool))


def _by_cell(size: Sequence[int], several: int, own: int) -> Float32:
    """Room by (scenario, year, quintile, sex, age, slot or register, P), each cell in one piece, as its tables are."""
    scenarios, years, quintiles, sexes, ages = size
    room = np.empty((quintiles, sexes, scenarios, years, several, ages, own), np.float32)
    return room.transpose(2, 3, 0, 1, 5, 4, 6)


def _in_place(uses: Sequence[Use], year: int) -> tuple[float, ...]:
    """How much of each change is in place: all that a year makes, but for who comes from a check."""
    return tuple(use.scale_in_place(year) for use in uses)


def _in_year(slot: Slot, t: int, several: Sequence[Route], world: World, served: Float64, year: int, own: int) -> Pair:
    """Shares known, and served of those known, that count in ``year``; each (quintile, sex, age, P)."""
    if not any(stands_apart(route.use, world.strata) for route in several):
        told, later = in_year(slot, several, world.inputs, world.known, served, year)
        return np.repeat(told[..., None], own, axis=-1), np.repeat(later[..., None], own, axis=-1)
    each = [by_route(slot, t, route, world, served, year) for route in several]
    if len(each) == 1:
        return each[0]
    now = told_now(slot, world)[..., None]
    told = np.maximum.reduce([now * np.ones(own), *(one for one, _ in each)])
    return told, np.maximum.reduce([served[..., None] * np.ones(own), *(one for _, one in each)])


def told_now(slot: Slot, world: World) -> Float64:
    """Share known in the comparator, 1 where there is no register; (quintile, sex, age)."""
    return world.known[..., slot.register] if slot.register >= 0 else np.ones(world.known.shape[:-1])


def by_route(slot: Slot, t: int, route: Route, world: World, served: Float64, year: int) -> Pair:
    """Shares known and served that one use asks for, as thresholds common to all; each (quintile, sex, age, G)."""
    use, strata = route.use, world.strata
    ones = np.ones(len(strata.names))
    if not stands_apart(use, strata):
        told, later = in_year(slot, [route], world.inputs, world.known, served, year)
        return told[..., None] * ones, later[..., None] * ones
    before, scope = told_now(slot, world), slot.scope[None, :, :, None]
    serving = world.order.slot(t)
    own_served = split(served, *serving)
    if route.start is not None:
        share = np.array(route.start.share.values)[:, None, None, None]
        after = _kept(use, year, own_served, lambda one: case_finding.started(own_served, *one, share), world)
        return before[..., None] * ones, whole_of(after, *serving) * scope
    knowing = world.order.register(slot.register) if slot.register >= 0 else (ones, strata.share)
    own_told = split(before, *knowing) if slot.register >= 0 else before[..., None] * ones
    changed = [
        treatment.coverage(own_told[..., g], own_served[..., g], use, year, slot.register >= 0)
        for g in range(ones.size)
    ]
    wanted_told, wanted = (np.stack(values, axis=-1) for values in zip(*changed, strict=True))
    chosen = named(use, strata)
    people = people_in(world, slot.flag) * scope * chosen
    part = part_within(
        float((people * own_told * own_served).sum()),
        float((people * wanted_told * wanted).sum()),
        use.capacity_per_year,
    )
    told = np.where(chosen, moved(own_told, wanted_told, part), own_told)
    later = np.where(chosen, moved(own_served, wanted, part), own_served)
    same = ~chosen | ((told == own_told) & (later == own_served))
    return (
        np.where(same, before[..., None], whole_of(told, *knowing)),
        np.where(same, served[..., None], whole_of(later, *serving)) * scope,
    )


def people_in(world: World, flag: str) -> Float64:
    """People of each stratum with a flag [persons of the first year]; (quintile, sex, age, G)."""
    people = values_of(world.inputs, "population") * share_in(world.inputs, flag)
    return np.asarray(people[..., None] * make_up(world.strata, flag))


def checked(use: Use, world: World, year: int) -> Pair:
    """Share of each stratum checked now and in ``year``; each (quintile, G)."""
    key = id(use), use.scale_in_place(year)
    if key not in world.remembered:
        world.remembered[key] = _checked(use, world, year)
    return world.remembered[key]


def _checked(use: Use, world: World, year: int) -> Pair:
    strata, item = world.strata, use.intervention
    scope = eligible_cells(item.eligible.ages, item.eligible.sexes)[None, :, :, None]
    people = (values_of(world.inputs, "population")[..., None] * strata.share * scope).sum(axis=(1, 2))
    who = people / np.where(people.sum(axis=-1, keepdims=True) > 0, people.sum(axis=-1, keepdims=True), 1.0)
    chosen = named(use, strata)
    now, after = case_finding.checked(use, (people * chosen).sum(axis=-1), year)
    odds = chain_odds(strata, use.id, item.delivery.steps_now, STEPS, np.repeat(who[:, None], 2, axis=1)).mean(axis=1)
    before, later = split(now, odds, who), split(after, odds, who)
    return before, np.where(chosen, later, before)


def _kept(use: Use, year: int, now: Float64, then: Callable[[Pair], Float64], world: World) -> Float64:
    """As :func:`case_finding.kept`, for every stratum; ``now``, out (quintile, sex, age, G)."""
    by_year: dict[int, Float64] = {}

    def of(g: int, one: int) -> Float64:
        if one not in by_year:
            before, after = checked(use, world, one)
            by_year[one] = then((before[:, None, None], after[:, None, None]))
        return by_year[one][..., g]

    groups = range(now.shape[-1])
    return np.stack([case_finding.kept(now[..., g], use, year, partial(of, g)) for g in groups], axis=-1)


def _known_in(register: int, scenario: Scenario, world: World, year: int, own: int) -> Float64:
    """Threshold of being known on a register in ``year`` by checks alone; (quintile, sex, age, P)."""
    known = world.known[..., register]
    alike = [use for use in scenario.interventions if not stands_apart(use, world.strata)]
    plain = known_in(register, alike, world.inputs, known, year)
    after = plain[..., None] * np.ones(own)
    for use in scenario.interventions:
        item = use.intervention
        if isinstance(item, CaseFinding) and REGISTERS[register] in item.finds and stands_apart(use, world.strata):
            order = world.order.register(register)
            mine = split(known, *order)
            found = _kept(use, year, mine, lambda one, mine=mine: case_finding.found(mine, *one), world)  # type: ignore[misc]
            after = np.maximum(after, np.where(found == mine, known[..., None], whole_of(found, *order)))
    return after


def reach(use: Use, world: World, year: int) -> Pair:
    """Share of the smokers of each stratum whom a service or policy reaches now and in ``year``.

    Each (quintile, sex, age, G) [fraction per year].
    """
    key = id(use), use.scale_in_place(year)
    if key not in world.remembered:
        world.remembered[key] = _reach(use, world, year)
    return world.remembered[key]


def _reach(use: Use, world: World, year: int) -> Pair:
    strata, base = world.strata, values_of(world.inputs, "stop_smoking_reach")
    now = smoking_cessation.reach_now(base, use)
    who = make_up(strata, "current_smoker")
    item = use.intervention
    odds = chain_odds(strata, use.id, item.delivery.steps_now, smoking_cessation.REACHING, who.mean(axis=2))
    odds = odds[:, :, None]
    before = split(now, odds, who)
    smokers = smokers_now(world.inputs)
    if use.strata is None:
        return before, split(smoking_cessation.reach(base, use, smokers, year), odds, who)
    chosen = named(use, strata)
    asked = np.stack([smoking_cessation.asked(one, use, year) for one in np.moveaxis(before, -1, 0)], axis=-1)
    people = smokers[..., None] * who * chosen
    part = part_within(float((people * before).sum()), float((people * asked).sum()), use.capacity_per_year)
    return before, np.where(chosen, moved(before, asked, part), before)


def _extra_quits(world: World, uses: Sequence[Use], year: int) -> Float64:
    """Yearly probability of stopping that services and policies add; (quintile, sex, age, G)."""
    pairs = [reach(use, world, year) for use in uses]
    each = [
        smoking_cessation.extra_quits([(a[..., g], b[..., g]) for a, b in pairs], uses, year)
        for g in range(len(world.strata.names))
    ]
    return np.stack(each, axis=-1)
