"""Which slots there are, who routes people to them, and what share is served in each year.

A slot is one drug or service for people in one state. One intervention defines it, by its effects; any number of
uses in a scenario may route people to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, cast

import numpy as np
import xarray as xr

from hisim.declare.delivery import moved, part_within
from hisim.declare.files import load_library
from hisim.declare.intervention import (
    AnyIntervention,
    BirthOutcome,
    CaseFinding,
    ExposureShift,
    MortalityEffect,
    Start,
    Treatment,
)
from hisim.declare.scenario import Scenario, Use
from hisim.errors import ImpossibleModelError
from hisim.model.mechanisms import case_finding, treatment
from hisim.model.mechanisms.case_finding import product
from hisim.model.states import REGISTER_OF, eligible_cells, flags_of, left_when_too_old, share_in, values_of
from hisim.model.tables import Float32, Float64
from hisim.variables import OLDEST_AGE, QUINTILES, REGISTERS

Library = Mapping[str, AnyIntervention]
Acting = Treatment | ExposureShift | MortalityEffect | BirthOutcome
BASE_TABLES = {
    ("antihypertensive", "hypertension"): "antihypertensive_coverage",
    ("statin", "cvd_history"): "statin_coverage_history",
    ("statin", "high_risk"): "statin_coverage_primary",
}
"""Slots whose coverage now is an input by age; of the others it is the chain of delivery of their file."""


@dataclass(frozen=True, eq=False)
class Slot:
    """One drug or service (``name``) for people with one ``flag`` from an age on, as ``item`` defines it."""

    name: str
    flag: str
    youngest: int
    item: Acting

    @property
    def register(self) -> int:
        """Index of the register a person must be on; -1 for none."""
        name = REGISTER_OF.get(self.flag)
        return -1 if name is None else REGISTERS.index(name)

    @property
    def scope(self) -> Float64:
        """1 where the slot is for people of that sex and age, else 0; (sex, age)."""
        youngest, oldest = self.item.eligible.ages
        return eligible_cells((max(youngest, self.youngest), oldest), self.item.eligible.sexes)

    @property
    def afterwards(self) -> Float64:
        """What is left of it, by age, for people who had it when they grew too old for it; 0 within scope. (age,)

        It fades over the same years as after delivery ends. What is done for newborns acts in their first year alone.
        """
        oldest = self.item.eligible.ages[1]
        years = 0.0 if isinstance(self.item, BirthOutcome) else self.item.persistence_years.value
        return left_when_too_old(oldest, years)

    @property
    def acting(self) -> Float64:
        """1 where people of that sex and age may have it, served in the year or before, else 0; (sex, age)."""
        older = eligible_cells((self.item.eligible.ages[1], OLDEST_AGE), self.item.eligible.sexes)
        return np.asarray(np.maximum(self.scope, older * (self.afterwards > 0)))


class Route(NamedTuple):
    """A use that puts people in a slot; ``start`` where they come from a check."""

    use: Use
    start: Start | None


def drug_of(item: object) -> str | None:
    """The drug or service that an intervention puts people on; None where it has no slot of its own."""
    if isinstance(item, Treatment):
        return item.treatment
    return item.id if isinstance(item, ExposureShift | MortalityEffect | BirthOutcome) else None


def library_of_run(scenarios: Iterable[Scenario], library: Library | None = None) -> Library:
    """``library`` (by default the packaged one), with the definitions that ``scenarios`` bring in files of their own.

    Raises
    ------
    ImpossibleModelError
        When two scenarios of a run define one intervention differently: a drug can have one effect only.
    """
    own: dict[str, AnyIntervention] = {}
    for scenario in scenarios:
        for use in scenario.interventions:
            item = cast(AnyIntervention, use.intervention)
            if own.setdefault(use.id, item) != item:
                raise ImpossibleModelError(
                    f"{use.id}: found two definitions, the second in '{scenario.name}'; allowed: the same in all "
                    "scenarios of a run"
                )
    return {**(load_library() if library is None else library), **own}


def slots_of(library: Library) -> list[Slot]:
    """Every slot that ``library`` defines, in the order of their names.

    Raises
    ------
    ImpossibleModelError
        When two interventions define the same drug differently, or put people on one that nobody defines.
    """
    found: dict[tuple[str, str], Slot] = {}
    for key in sorted(library):
        item = library[key]
        if not isinstance(item, Treatment | ExposureShift | MortalityEffect | BirthOutcome):
            continue
        name = drug_of(item)
        assert name is not None
        for flag, youngest in flags_of(item.eligible.state):
            other = found.setdefault((name, flag), Slot(name, flag, youngest, item)).item
            if (other.effects, other.lag_years) != (item.effects, item.lag_years):
                raise ImpossibleModelError(
                    f"{name}: found two definitions, in '{other.id}' and '{item.id}'; allowed: one, which the other "
                    "names under 'also'"
                )
    for item in library.values():
        for name, state in _other_drugs(item):
            if not any((name, flag) in found for flag, _ in flags_of(state)):
                names = sorted({drug for drug, flag in found if flag in dict(flags_of(state))})
                raise ImpossibleModelError(
                    f"{item.id}: found the treatment '{name}' for the state '{state}'; allowed: "
                    f"{', '.join(names) or 'none, because no intervention treats that state'}"
                )
    return [found[key] for key in sorted(found)]


def _other_drugs(item: AnyIntervention) -> tuple[tuple[str, str], ...]:
    """Treatments that an intervention puts people on and does not define, and the state they are for."""
    if isinstance(item, Treatment):
        return tuple((name, item.eligible.state) for name in item.also)
    return tuple((start.treatment, start.state) for start in item.starts) if isinstance(item, CaseFinding) else ()


def routes(slot: Slot, scenario: Scenario) -> Iterator[Route]:
    """The uses in ``scenario`` that put people in ``slot``."""
    for use in scenario.interventions:
        item = use.intervention
        in_state = slot.flag in dict(flags_of(item.eligible.state))
        if in_state and (drug_of(item) == slot.name or (isinstance(item, Treatment) and slot.name in item.also)):
            yield Route(use, None)
        for start in item.starts if isinstance(item, CaseFinding) else ():
            if start.treatment == slot.name and slot.flag in dict(flags_of(start.state)):
                yield Route(use, start)


def known_now(inputs: xr.Dataset) -> Float64:
    """Share of people with each registered condition who are diagnosed; (quintile, sex, age, register).

    Nobody is treated who is not diagnosed: where more are treated for blood pressure, more are known.
    """
    known = [values_of(inputs, f"{name}_known") for name in REGISTERS]
    known[0] = np.maximum(known[0], values_of(inputs, "antihypertensive_coverage"))
    return np.stack(known, axis=-1)


def served_now(slot: Slot, inputs: xr.Dataset, known: Float64) -> Float64:
    """Share served in the comparator, of those known where there is a register; (quintile, sex, age)."""
    table = BASE_TABLES.get((slot.name, slot.flag))
    told = _told(slot, known)
    if table is not None:
        whole = values_of(inputs, table)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(told > 0, whole / told, 0.0)
        return np.asarray(share * slot.scope)
    chain: dict[str, tuple[float, ...]] = dict(slot.item.delivery.steps_now)
    if slot.register >= 0:
        chain["need_known"] = (1.0,) * len(QUINTILES)
    return np.asarray(product(chain)[:, None, None] * slot.scope)


def _told(slot: Slot, known: Float64) -> Float64:
    return known[..., slot.register] if slot.register >= 0 else np.ones(known.shape[:-1])


def in_year(
    slot: Slot, several: Sequence[Route], inputs: xr.Dataset, known: Float64, served: Float64, year: int
) -> tuple[Float64, Float64]:
    """Shares known, and served of those known, in ``year``; each (quintile, sex, age).

    Several routes to a slot do not add: whoever has it by one gains nothing from another, so the widest counts at
    each step.
    """
    told_now = _told(slot, known)
    told, later = told_now, served
    for route in several:
        one_told, one = _by_route(slot, route, inputs, told_now, served, year)
        told, later = np.maximum(told, one_told), np.maximum(later, one)
    if len(several) == 1:
        told, later = one_told, one
    return told, later * slot.scope


def _by_route(
    slot: Slot, route: Route, inputs: xr.Dataset, told: Float64, served: Float64, year: int
) -> tuple[Float64, Float64]:
    use = route.use
    if route.start is not None:
        share, people = np.array(route.start.share.values)[:, None, None], checked_people(use, inputs)

        def begun(then: int) -> Float64:
            return case_finding.started(served, *_by_cell(case_finding.checked(use, people, then)), share)

        return told, case_finding.kept(served, use, year, begun)
    told_later, later = treatment.coverage(told, served, use, year, slot.register >= 0)
    part = 1.0
    if use.capacity_per_year is not None:
        people = values_of(inputs, "population") * share_in(inputs, slot.flag) * slot.scope
        now, asked = float((people * told * served).sum()), float((people * told_later * later).sum())
        part = part_within(now, asked, use.capacity_per_year)
    return moved(told, told_later, part), moved(served, later, part)


def checked_people(use: Use, inputs: xr.Dataset) -> Float64:
    """People of the ages and sexes that a check is for, by quintile [persons of the first year]; (5,)."""
    eligible = use.intervention.eligible
    return np.asarray(
        (values_of(inputs, "population") * eligible_cells(eligible.ages, eligible.sexes)).sum(axis=(1, 2))
    )


def known_in(register: int, uses: Iterable[Use], inputs: xr.Dataset, known: Float64, year: int) -> Float64:
    """Share diagnosed on a register in ``year`` by the checks among ``uses``; (quintile, sex, age) like ``known``."""
    after = known
    for use in uses:
        item = use.intervention
        if isinstance(item, CaseFinding) and REGISTERS[register] in item.finds:
            find = partial(_found, known, use, checked_people(use, inputs))
            told = case_finding.kept(known, use, year, find)
            after = np.maximum(after, told)
    return after


def _found(known: Float64, use: Use, people: Float64, year: int) -> Float64:
    return case_finding.found(known, *_by_cell(case_finding.checked(use, people, year)))


def _by_cell(pair: tuple[Float64, Float64]) -> tuple[Float64, Float64]:
    """Two shares by quintile, to broadcast with (quintile, sex, age)."""
    return pair[0][:, None, None], pair[1][:, None, None]


def keep_afterwards(coverage: Float32, slot: Slot) -> None:
    """Beyond a slot's oldest age, (scenario, year, quintile, sex, age, P) coverage is what is left of what it was."""
    oldest, left = slot.item.eligible.ages[1], slot.afterwards
    for age in np.flatnonzero(left > 0):
        gap = int(age) - oldest
        coverage[..., age, :] = left[age] * coverage[0, 0, :, :, oldest]
        coverage[:, gap:, :, :, age] = left[age] * coverage[:, : max(coverage.shape[1] - gap, 0), :, :, oldest]
