"""From labelled inputs and scenarios to the plain arrays the kernel reads.

Nothing random happens here, and nothing here knows about people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.model.cells import RISK_OF_CONDITION, cells, single
from hisim.model.conditions import ever_shares
from hisim.model.delivered import Delivered, World, delivered
from hisim.model.inputs import in_area
from hisim.model.mechanisms import birth_outcome, mortality_effect
from hisim.model.slot_plan import Library, Slot, known_now, routes, served_now, slots_of
from hisim.model.states import share_in, values_of
from hisim.model.strata import places, sorting, within
from hisim.model.tables import (
    CVD_HISTORY,
    DERIVED,
    FLAGS,
    HIGH_RISK,
    CohortTables,
    Float32,
    Float64,
    Strata,
)
from hisim.variables import (
    AGES,
    CAUSES,
    CONDITIONS,
    HISTORIES,
    OLDEST_AGE,
    QUINTILES,
    REGISTERS,
    RISKS,
    SEXES,
)

NEEDS = {
    "cvd_history": ("chd", "stroke_history"),
    "high_risk": ("chd", "stroke_history", "cvd_history", "hypertension", "diabetes"),
    "diabetes_hypertension": ("hypertension", "diabetes"),
}
"""Flags that a derived flag is made of."""


@dataclass(frozen=True)
class Cohort:
    """People of one quintile (index), sex (index) and birth year; the oldest stands for everyone older."""

    quintile: int
    sex: int
    birth_year: int


@dataclass(frozen=True)
class Plan:
    """A run in plain arrays: tables by [quintile][sex], histories of disease, strata and people to stand for."""

    start: int
    end: int
    scenarios: tuple[Scenario, ...]
    slots: tuple[Slot, ...]
    tables: tuple[tuple[CohortTables, ...], ...]
    conditions: Float32
    """(5, 2, cohorts of a table, years, 6): share ever diseased, by birth year from the oldest."""
    person_years: Float64
    """(5, 2, cohorts of a table, years) [person-years] that each cohort lives in the comparator."""
    world: World
    """What is known of people before any is simulated."""
    winter_share: Float64
    """(scenarios, years, 5, 2, ages) share of deaths that are excess winter deaths."""

    @cached_property
    def cohorts(self) -> tuple[Cohort, ...]:
        """Every cohort of a quintile and sex with any people, in the fixed order in which results are added up."""
        births = range(self.start - OLDEST_AGE, self.end + 1)
        return tuple(Cohort(int(q), int(s), b) for q, s in zip(*self.lived_in.nonzero(), strict=True) for b in births)

    @cached_property
    def lived_in(self) -> np.ndarray:
        """(5, 2) whether anybody lives in a quintile and sex, in any year."""
        return np.asarray((self.person_years > 0).any(axis=(2, 3)))

    def index(self, cohort: Cohort) -> tuple[int, int, int]:
        """Where ``conditions`` and ``person_years`` hold the cohort."""
        return cohort.quintile, cohort.sex, cohort.birth_year - (self.start - OLDEST_AGE)

    def strata(self, cohorts: Sequence[Cohort], people: Sequence[int]) -> Strata:
        """Which of the simulated ``people`` of each cohort are of which stratum; arrays with a first axis of cohorts.

        The cohorts are of one quintile and sex.

        Raises
        ------
        ImpossibleModelError
            When there are too few people for the strata there are.
        """
        here = cohorts[0].quintile, cohorts[0].sex
        ages = [min(max(self.start - cohort.birth_year, 0), OLDEST_AGE) for cohort in cohorts]
        share = self.world.strata.share[here]
        found = [places(share[age], several) for age, several in zip(ages, people, strict=True)]
        bounds, stands_for = (np.stack(values) for values in zip(*found, strict=True))
        together = self.tables[here[0]][here[1]].coverage.shape[-1] == 1
        spans = np.ascontiguousarray(bounds[:, [0, -1]]) if together else bounds
        return Strata(bounds, spans, single(stands_for), single(self.world.order.share[here][ages]))


def make_plan(inputs: xr.Dataset, scenarios: Sequence[Scenario], library: Library) -> Plan:
    """The plan of a run: the comparator first, then ``scenarios`` in their order.

    Raises
    ------
    ImpossibleModelError
        When ``inputs`` does not match the data dictionary, or the library contradicts itself.
    """
    scenarios = [in_area(scenario, inputs) for scenario in scenarios]
    every = slots_of(library)
    slots, world, reach = delivery_of(inputs, scenarios, every)
    arrays = {str(name): values_of(inputs, str(name)) for name in inputs.data_vars}
    effects = [_slot_log_hr(arrays, slot) for slot in every]
    affected = (
        np.any([effect != 0 for effect in effects], axis=0)
        if effects
        else np.zeros((5, 2, len(AGES), len(CAUSES)), bool)
    )
    log_hr = [effects[every.index(slot)] for slot in slots]
    wanted = _wanted(slots, arrays["log_rr"])
    years = values_of(inputs, "year")
    return Plan(
        start=int(years[0]),
        end=int(years[-1]),
        scenarios=tuple(scenarios),
        slots=tuple(slots),
        tables=cells(world, arrays, slots, log_hr, (affected, wanted), reach, scenarios),
        conditions=_conditions(inputs),
        person_years=_person_years(inputs),
        world=world,
        winter_share=_winter_share(world, slots, log_hr, reach),
    )


def delivery_of(
    inputs: xr.Dataset, scenarios: Sequence[Scenario], every: Sequence[Slot]
) -> tuple[list[Slot], World, Delivered]:
    """The slots of a run among ``every`` one, who can be served, and who is, the comparator first."""
    known = known_now(inputs)
    used = {
        (slot.name, slot.flag) for slot in every for scenario in scenarios if any(True for _ in routes(slot, scenario))
    }
    base = {slot: served_now(slot, inputs, known) for slot in every}
    slots = [slot for slot in every if base[slot].any() or (slot.name, slot.flag) in used]
    strata = within(inputs)
    world = World(inputs, strata, sorting(strata, slots), known, {})
    return slots, world, delivered(world, scenarios, slots, [base[slot] for slot in slots], used)


def _slot_log_hr(arrays: Mapping[str, np.ndarray], slot: Slot) -> Float64:
    """(quintile, sex, age, cause) log hazard ratio of a slot in full effect; 0 where nobody can have it."""
    winter, effects = arrays["winter_share"], slot.item.effects
    direct = [mortality_effect.log_hazard_ratios(effects, q, winter) for q in range(len(QUINTILES))]
    whole = np.array(direct)[:, None]
    if birth_outcome.removes(effects):
        conditions = arrays["log_rr"][RISK_OF_CONDITION].transpose(1, 2, 0, 3)
        removed = [birth_outcome.log_hazard_ratios(effects, conditions[s]) for s in range(len(SEXES))]
        whole = whole + np.array(removed)[None]
    return np.asarray(whole * slot.acting[None, :, :, None])


def _wanted(slots: Sequence[Slot], log_rr: np.ndarray) -> np.ndarray:
    """(flag,) what hazards or slots depend on, and what those flags are made of."""
    names = {slot.flag for slot in slots} | {*REGISTERS}
    names |= {name for name, ratios in zip(CONDITIONS, log_rr[RISK_OF_CONDITION], strict=True) if ratios.any()}
    for name in DERIVED:
        names |= set(NEEDS.get(name, ())) if name in names else set()
    wanted = np.array([name in names for name in FLAGS])
    wanted[CVD_HISTORY] |= wanted[HIGH_RISK]
    return wanted


def _person_years(inputs: xr.Dataset) -> Float64:
    """(quintile, sex, cohort, year) lived in the comparator: cohorts from the oldest to those born last.

    Of P people at the start of a year with the rate m, L = P (1 - exp(-m)) / m years are lived and P - m L people are
    left; the first year's are the mid-year population, or the births.
    """
    first = values_of(inputs, "population")[..., ::-1]
    born = inputs["births"].transpose("quintile", "sex", "year").values[..., 1:]
    people = np.concatenate([first, born], axis=-1)
    rate = values_of(inputs, "mortality_rate").sum(axis=-1)
    years, cohorts = rate.shape[0], np.arange(people.shape[-1])
    out, left = np.zeros((*people.shape, years)), np.zeros(people.shape)
    for y in range(years):
        age = np.minimum(OLDEST_AGE - cohorts + y, OLDEST_AGE)
        m = rate[y][..., np.maximum(age, 0)]
        lived = np.where(m > 0, -np.expm1(-m) / np.where(m > 0, m, 1.0), 1.0)
        enters = (age == 0) if y else (age >= 0)
        left = np.where(enters, people / lived, left)
        out[..., y] = np.where(enters, people, np.where(age >= 0, left * lived, 0.0))
        left = left * np.exp(-m)
    return out


def _conditions(inputs: xr.Dataset) -> Float32:
    """(quintile, sex, cohort, year, condition) share of the cohort who have ever had each history."""
    prevalence = np.stack([values_of(inputs, f"{name}_prevalence") for name in HISTORIES])
    log_hr = values_of(inputs, "log_rr")[[RISKS.index(name) for name in HISTORIES]]
    return single(np.moveaxis(ever_shares(prevalence, log_hr, values_of(inputs, "mortality_rate")), 0, -1))


def _winter_share(world: World, slots: Sequence[Slot], log_hr: Sequence[Float64], delivered: Delivered) -> Float64:
    """(scenario, year, quintile, sex, age) share of deaths that are excess winter deaths.

    Deaths out of the excess are the same in every scenario but for what acts all year; so with s the ratio of
    deaths to the comparator's that seasonal slots make, the share is 1 - (1 - w) / s. Served people are taken to
    have the average hazard.
    """
    inputs = world.inputs
    rate, winter = values_of(inputs, "mortality_rate"), values_of(inputs, "winter_share")
    seasonal = [t for t, slot in enumerate(slots) if mortality_effect.is_seasonal(slot.item.effects)]
    registers = [slots[t].register for t in seasonal if slots[t].register >= 0]
    reached = delivered.known[..., registers, :], delivered.coverage[..., seasonal, :]
    others = [k for k in range(len(delivered.quits)) if any((one[k] != one[0]).any() for one in reached)]
    out = np.broadcast_to(winter, delivered.quits.shape[:-1]).copy()
    if not others:
        return out
    chosen = [0, *others]
    ratio = np.ones((len(chosen), *delivered.quits.shape[1:-1], len(CAUSES)))
    share = world.strata.share if delivered.coverage.shape[-1] > 1 else np.ones(1)
    for t in seasonal:
        slot, coverage = slots[t], delivered.coverage[chosen, ..., t, :]
        told = delivered.known[chosen, ..., slot.register, :] if slot.register >= 0 else 1.0
        served = share_in(inputs, slot.flag) * (told * coverage * share).sum(axis=-1)
        ratio *= 1.0 + served[..., None] * np.expm1(log_hr[t])
    whole = rate.sum(axis=-1)
    mean = np.where(whole > 0, (ratio * rate).sum(axis=-1) / np.where(whole > 0, whole, 1.0), 1.0)
    out[others] = winter + (1.0 - winter) * (1.0 - mean[0] / mean[1:])
    return out
