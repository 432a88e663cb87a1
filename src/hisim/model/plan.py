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
from hisim.model.conditions import ever_shares
from hisim.model.delivered import Delivered, World, delivered
from hisim.model.mechanisms import birth_outcome, exposure_shift, mortality_effect, smoking_cessation, treatment
from hisim.model.random import slot_block
from hisim.model.slot_plan import Library, Slot, known_now, routes, served_now, slots_of
from hisim.model.states import share_in
from hisim.model.strata import places, sorting, within
from hisim.model.tables import (
    CVD_HISTORY,
    DERIVED,
    DRINKER_GRAMS,
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
    EXPOSURES,
    HISTORIES,
    OLDEST_AGE,
    QUINTILES,
    REGISTERS,
    SEXES,
)

NEEDS = {
    "cvd_history": ("chd", "stroke_history"),
    "high_risk": ("chd", "stroke_history", "cvd_history", "hypertension", "diabetes"),
    "diabetes_hypertension": ("hypertension", "diabetes"),
}
"""Flags that a derived flag is made of."""
RISK_OF_CONDITION = slice(len(EXPOSURES), None)
"""Where ``log_rr`` holds conditions: the order of ``variables.RISKS``, which :func:`variables.check` holds."""


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
        """Every cohort, in the fixed order in which results are added up."""
        births = range(self.start - OLDEST_AGE, self.end + 1)
        return tuple(Cohort(q, s, b) for q in range(len(QUINTILES)) for s in range(len(SEXES)) for b in births)

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
        return Strata(bounds, spans, _single(stands_for), _single(self.world.order.share[here][ages]))


def make_plan(inputs: xr.Dataset, scenarios: Sequence[Scenario], library: Library) -> Plan:
    """The plan of a run: the comparator first, then ``scenarios`` in their order.

    Raises
    ------
    ImpossibleModelError
        When ``inputs`` does not match the data dictionary, or the library contradicts itself.
    """
    known = known_now(inputs)
    every = slots_of(library)
    used = {
        (slot.name, slot.flag) for slot in every for scenario in scenarios if any(True for _ in routes(slot, scenario))
    }
    base = {slot: served_now(slot, inputs, known) for slot in every}
    slots = [slot for slot in every if base[slot].any() or (slot.name, slot.flag) in used]
    strata = within(inputs)
    world = World(inputs, strata, sorting(strata, slots), known, {})
    reach = delivered(world, scenarios, slots, [base[slot] for slot in slots], used)
    arrays = {str(name): inputs[name].values for name in inputs.data_vars}
    effects = [_slot_log_hr(arrays, slot) for slot in every]
    affected = (
        np.any([effect != 0 for effect in effects], axis=0)
        if effects
        else np.zeros((5, 2, len(AGES), len(CAUSES)), bool)
    )
    log_hr = [effects[every.index(slot)] for slot in slots]
    wanted = _wanted(slots, arrays["log_rr"])
    tables = tuple(
        tuple(
            _tables(world, arrays, (q, s), slots, log_hr, (affected, wanted), reach, scenarios)
            for s in range(len(SEXES))
        )
        for q in range(len(QUINTILES))
    )
    years = inputs["year"].values
    return Plan(
        start=int(years[0]),
        end=int(years[-1]),
        scenarios=tuple(scenarios),
        slots=tuple(slots),
        tables=tables,
        conditions=_conditions(inputs),
        person_years=_person_years(inputs),
        world=world,
        winter_share=_winter_share(world, slots, log_hr, reach),
    )


def _slot_log_hr(arrays: Mapping[str, np.ndarray], slot: Slot) -> Float64:
    """(quintile, sex, age, cause) log hazard ratio of a slot in full effect; 0 where nobody can have it."""
    conditions = arrays["log_rr"][RISK_OF_CONDITION].transpose(1, 2, 0, 3)
    winter, effects = arrays["winter_share"], slot.item.effects
    direct = [mortality_effect.log_hazard_ratios(effects, q, winter) for q in range(len(QUINTILES))]
    removed = [birth_outcome.log_hazard_ratios(effects, conditions[s]) for s in range(len(SEXES))]
    whole = np.array(direct)[:, None] + np.array(removed)[None]
    return np.asarray(whole * slot.acting[None, :, :, None])


def _tables(
    world: World,
    arrays: Mapping[str, np.ndarray],
    place: tuple[int, int],
    slots: Sequence[Slot],
    log_hr: Sequence[Float64],
    matters: tuple[np.ndarray, np.ndarray],
    delivered: Delivered,
    scenarios: Sequence[Scenario],
) -> CohortTables:
    q, s = place
    relative = np.log(world.strata.hazard_ratio[s]).transpose(0, 2, 1)
    log_rr = arrays["log_rr"][:, s].swapaxes(0, 1)
    exposures, conditions = log_rr[:, : len(EXPOSURES)], log_rr[:, RISK_OF_CONDITION]
    direct = np.stack([one[q, s] for one in log_hr], axis=1) if slots else np.zeros((len(AGES), 0, len(CAUSES)))
    shift = np.array([exposure_shift.shifts(slot.item.effects, q) for slot in slots]).reshape(-1, len(EXPOSURES))
    remaining, relapse = smoking_cessation.slots(world.inputs)
    excess = arrays["smoking_rr"][s] - 1.0
    known, coverage = delivered.known[:, :, q, s], delivered.coverage[:, :, q, s]
    lags = max([treatment.lags_of(slot.item.lag_years.value) for slot in slots], default=1)
    steps = [treatment.effect_steps(slot.item.lag_years.value, lags) for slot in slots]
    register = np.array([slot.register for slot in slots], np.int64)
    differs = _differs(known, coverage, register, np.array(steps).reshape(-1, lags))
    quit = delivered.quits[:, :, q, s]
    settings = scenarios[0].simulation if scenarios else None
    return CohortTables(
        **_people(arrays, q, s),
        start_year=int(world.inputs["year"].values[0]),
        observed=True,
        rate=np.ascontiguousarray(arrays["mortality_rate"][:, q, s], dtype=np.float64),
        exposure_log_hr=_single(exposures),
        condition_log_hr=_single(conditions),
        slot_log_hr=_single(direct),
        smoking_excess=_single(excess),
        active=np.ascontiguousarray(
            (exposures != 0).any(axis=1)
            | (conditions != 0).any(axis=1)
            | matters[0][q, s]
            | (excess != 0)
            | (relative != 0).any(axis=1)
        ),
        smoking_group=arrays["smoking_group_of_cause"].astype(np.int64),
        remaining_excess=remaining,
        relapse=relapse,
        quit=_single(quit),
        wanted=matters[1],
        coverage=_single(coverage),
        known=_single(known),
        differs=differs,
        changes=differs.any(axis=-1) | (known != known[0]).any(axis=(-1, -2)) | (quit != quit[0]).any(axis=-1),
        present=np.ascontiguousarray((coverage[0, 0] > 0).any(axis=-1) if slots else np.zeros((len(AGES), 0), bool)),
        in_scope=np.ascontiguousarray(np.array([slot.scope[s] > 0 for slot in slots], bool).reshape(-1, len(AGES)).T),
        counted=delivered.counted,
        used=delivered.used,
        slot_flag=np.array([FLAGS.index(slot.flag) for slot in slots], np.int64),
        slot_register=register,
        slot_block=np.array([slot_block(slot.name) for slot in slots], np.int64),
        effect_step=_single(np.array(steps).reshape(-1, lags)),
        shift=_single(shift),
        apart=_apart(known, coverage, register),
        correlation=0.0 if settings is None else settings.uptake_correlation,
        stratum_odds=_single(world.order.odds[q, s]),
        sorts=(world.order.odds[q, s] != world.order.odds[q, s, :, :1]).any(axis=-1),
        stratum_log_hr=_single(relative),
    )


def _people(arrays: Mapping[str, np.ndarray], q: int, s: int) -> dict[str, Float32]:
    """The tables of what people are like before any service: smoking, exposures and conditions of one cell."""

    def cell(name: str) -> np.ndarray:
        return np.asarray(arrays[name][q, s])

    def cells(*names: str) -> Float32:
        return _single(np.stack([cell(name) for name in names], axis=1))

    return {
        "smoking_current": _single(cell("smoking_current")),
        "smoking_ever": _single(cell("smoking_current") + cell("smoking_former")),
        "quit_years_cumulative": _single(np.cumsum(arrays["years_since_quit_share"], axis=1)),
        "exposure_mean": cells(*(f"{name}_mean" for name in EXPOSURES[:3]), "alcohol_log_mean"),
        "exposure_sd": cells(*(f"{name}_sd" for name in EXPOSURES[:3]), "alcohol_log_sd"),
        "exposure_floor": _single(arrays["risk_reference"][: len(EXPOSURES)]),
        "drinkers": _single(cell("alcohol_drinkers")),
        "drinker_grams": np.array(DRINKER_GRAMS[SEXES[s]], np.float32),
        "percentile_mixing": _single(np.linalg.cholesky(arrays["exposure_correlation"])),
        "prevalence": cells(*(f"{name}_prevalence" for name in CONDITIONS[len(HISTORIES) :])),
    }


def _single(values: np.ndarray) -> Float32:
    return np.ascontiguousarray(values, dtype=np.float32)


def _apart(known: Float32, coverage: Float32, register: np.ndarray) -> np.ndarray:
    """(slot,) whether any stratum has another threshold, for the slot or for the register it needs."""
    told = (known != known[..., :1]).any(axis=(0, 1, 2, 4))
    served = (coverage != coverage[..., :1]).any(axis=(0, 1, 2, 4))
    return np.asarray(served | np.where(register >= 0, told[register], False)) if register.size else served


def _differs(known: Float32, coverage: Float32, register: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(scenario, year, age, slot) whether coverage in the year, or in one whose effect still grows, is another."""
    other = coverage != coverage[0, 0]
    told = known != known[0, 0]
    for t, d in enumerate(register):
        if d >= 0:
            other[..., t, :] |= told[..., d, :] & (coverage[..., t, :] > 0)
    other = other.any(axis=-1)
    out = np.zeros_like(other)
    years = other.shape[1]
    for lag in range(min(steps.shape[1], years)):
        grows = steps[:, lag] != 0
        out[:, lag:] |= other[:, : years - lag] & grows
    return np.asarray(out | other)


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
    first = inputs["population"].values[..., ::-1]
    born = inputs["births"].transpose("quintile", "sex", "year").values[..., 1:]
    people = np.concatenate([first, born], axis=-1)
    rate = inputs["mortality_rate"].values.sum(axis=-1)
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
    prevalence = np.stack([inputs[f"{name}_prevalence"].values for name in HISTORIES])
    log_hr = inputs["log_rr"].sel(risk=list(HISTORIES)).values
    return _single(np.moveaxis(ever_shares(prevalence, log_hr, inputs["mortality_rate"].values), 0, -1))


def _winter_share(world: World, slots: Sequence[Slot], log_hr: Sequence[Float64], delivered: Delivered) -> Float64:
    """(scenario, year, quintile, sex, age) share of deaths that are excess winter deaths.

    Deaths out of the excess are the same in every scenario but for what acts all year; so with s the ratio of
    deaths to the comparator's that seasonal slots make, the share is 1 - (1 - w) / s. Served people are taken to
    have the average hazard.
    """
    inputs = world.inputs
    rate = inputs["mortality_rate"].values
    ratio = np.ones((*delivered.quits.shape[:-1], len(CAUSES)))
    share = world.strata.share if delivered.coverage.shape[-1] > 1 else np.ones(1)
    for t, slot in enumerate(slots):
        if mortality_effect.is_seasonal(slot.item.effects):
            told = delivered.known[..., slot.register, :] if slot.register >= 0 else 1.0
            served = share_in(inputs, slot.flag) * (told * delivered.coverage[..., t, :] * share).sum(axis=-1)
            ratio *= 1.0 + served[..., None] * np.expm1(log_hr[t])
    whole = rate.sum(axis=-1)
    mean = np.where(whole > 0, (ratio * rate).sum(axis=-1) / np.where(whole > 0, whole, 1.0), 1.0)
    less = mean[0] / mean
    winter = inputs["winter_share"].values
    return np.asarray(winter + (1.0 - winter) * (1.0 - less))
