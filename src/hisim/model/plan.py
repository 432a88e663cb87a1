"""From labelled inputs and scenarios to the plain arrays the kernel reads.

Nothing random happens here, and nothing here knows about people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from hisim.declare.intervention import SmokingCessation, Treatment
from hisim.declare.scenario import Scenario, Use
from hisim.model.conditions import ever_shares
from hisim.model.mechanisms import smoking_cessation, treatment
from hisim.model.tables import CONDITIONS, EXPOSURES, GROUPS, SLOTS, TREATMENTS, Float32, Float64, StratumTables
from hisim.variables import AGES, OLDEST_AGE, QUINTILES, SEXES, SMOKING_GROUPS

FIXED_RISKS = ("cholesterol", "bmi", *CONDITIONS)
COVERAGE_NOW = {
    "antihypertensive": ("antihypertensive_coverage", None),
    "statin": ("statin_coverage_history", "statin_coverage_primary"),
}
"""Inputs that hold each treatment's coverage now, by eligibility group."""

Library = Mapping[str, Treatment | SmokingCessation]


@dataclass(frozen=True)
class Cohort:
    """People of one quintile (index), sex (index) and birth year; the oldest stands for everyone older."""

    quintile: int
    sex: int
    birth_year: int


@dataclass(frozen=True)
class Plan:
    """A run in plain arrays: tables by [quintile][sex], histories of disease and people to stand for."""

    start: int
    end: int
    scenarios: tuple[Scenario, ...]
    tables: tuple[tuple[StratumTables, ...], ...]
    conditions: Float32
    """(5, 2, cohorts of a stratum, years, 3): share ever diseased, by birth year from the oldest."""
    weights: Float64
    """(5, 2, cohorts of a stratum) [person-years of the cohort's first year]."""

    @cached_property
    def cohorts(self) -> tuple[Cohort, ...]:
        """Every cohort, in the fixed order in which results are added up."""
        births = range(self.start - OLDEST_AGE, self.end + 1)
        return tuple(Cohort(q, s, b) for q in range(len(QUINTILES)) for s in range(len(SEXES)) for b in births)

    def index(self, cohort: Cohort) -> tuple[int, int, int]:
        """Where ``conditions`` and ``weights`` hold the cohort."""
        return cohort.quintile, cohort.sex, cohort.birth_year - (self.start - OLDEST_AGE)


def make_plan(inputs: xr.Dataset, scenarios: Sequence[Scenario], library: Library) -> Plan:
    """The plan of a run: the comparator first, then ``scenarios`` in their order.

    Raises
    ------
    ImpossibleModelError
        When ``inputs`` does not match the data dictionary.
    """
    years = inputs["year"].values.tolist()
    drugs = _treatments(library)
    quits = _quit_probability(inputs, scenarios, years)
    thresholds = _thresholds(inputs, scenarios, years, drugs)
    tables = tuple(
        tuple(_stratum(inputs, q, s, quits, thresholds, drugs) for s in range(len(SEXES)))
        for q in range(len(QUINTILES))
    )
    return Plan(
        start=years[0],
        end=years[-1],
        scenarios=tuple(scenarios),
        tables=tables,
        conditions=_conditions(inputs),
        weights=_weights(inputs),
    )


def uses_of(scenario: Scenario, kind: str) -> list[Use]:
    """Uses in ``scenario`` of a treatment by its name, or of ``smoking_cessation``."""
    return [use for use in scenario.interventions if served_state(use) == kind]


def served_state(use: Use) -> str:
    """What the use of an intervention puts people on: a treatment, or ``smoking_cessation``."""
    item = use.intervention
    return item.treatment if isinstance(item, Treatment) else item.mechanism


def _treatments(library: Library) -> list[Treatment]:
    found: dict[str, Treatment] = {item.treatment: item for item in library.values() if isinstance(item, Treatment)}
    return [found[name] for name in TREATMENTS]


def _thresholds(
    inputs: xr.Dataset, scenarios: Sequence[Scenario], years: Sequence[int], drugs: Sequence[Treatment]
) -> Float32:
    """(scenario, year, quintile, sex, age, treatment, group, lag) coverage that counts."""
    lags = treatment.lags_of(drugs)
    shape = (1 + len(scenarios), len(years), len(QUINTILES), len(SEXES), len(AGES), len(TREATMENTS), GROUPS, lags)
    out = np.zeros(shape, np.float32)
    for t, name in enumerate(TREATMENTS):
        for g, variable in enumerate(COVERAGE_NOW[name]):
            if variable is None:
                continue
            now = inputs[variable].values
            out[..., t, g, :] = now[..., None]
            for k, scenario in enumerate(scenarios, start=1):
                uses = uses_of(scenario, name)
                for y, year in enumerate(years if uses else ()):
                    for lag in range(lags):
                        out[k, y, ..., t, g, lag] = treatment.coverage(now, uses, year - lag)
    return out


def _quit_probability(inputs: xr.Dataset, scenarios: Sequence[Scenario], years: Sequence[int]) -> Float32:
    """(scenario, year, quintile, sex, age) probability that a smoker stops within the year."""
    now, reach_now = inputs["quit_probability"].values, inputs["stop_smoking_reach"].values
    out = np.empty((1 + len(scenarios), len(years), *now.shape), np.float32)
    out[0] = now
    for k, scenario in enumerate(scenarios, start=1):
        uses = uses_of(scenario, "smoking_cessation")
        for y, year in enumerate(years):
            extra = smoking_cessation.extra_quits(reach_now, uses, year)
            out[k, y] = np.clip(now + extra, 0.0, 1.0)
    return out


def _stratum(
    inputs: xr.Dataset, q: int, s: int, quits: Float32, thresholds: Float32, drugs: Sequence[Treatment]
) -> StratumTables:
    cell = inputs.isel(quintile=q, sex=s)
    log_rr = cell["log_rr"].transpose("age", "risk", "cause")
    pressure = log_rr.sel(risk="sbp").values[:, None, :]
    direct = np.stack([treatment.log_hazard_ratios(drug) for drug in drugs])
    given = thresholds[:, :, q, s].max(axis=(0, 1, 4, 5)) > 0
    direct = given[:, :, None] * direct
    remaining, relapse = _smoking_slots(inputs)
    fixed = log_rr.sel(risk=list(FIXED_RISKS)).values
    changed = np.concatenate([pressure, direct], axis=1)
    excess = cell["smoking_rr"].values - 1.0
    return StratumTables(
        start_year=int(inputs["year"].values[0]),
        rate=np.ascontiguousarray(cell["mortality_rate"].values, dtype=np.float64),
        fixed_log_hr=_single(fixed),
        changed_log_hr=_single(changed),
        smoking_excess=_single(excess),
        active=(fixed != 0).any(axis=1) | (changed != 0).any(axis=1) | (excess != 0),
        smoking_group=inputs["smoking_group_of_cause"].values.astype(np.int64),
        remaining_excess=remaining,
        relapse=relapse,
        quit=_single(quits[:, :, q, s]),
        smoking_current=_single(cell["smoking_current"].values),
        smoking_ever=_single(cell["smoking_current"].values + cell["smoking_former"].values),
        quit_years_cumulative=_single(np.cumsum(inputs["years_since_quit_share"].values, axis=1)),
        exposure_mean=_single(np.stack([cell[f"{name}_mean"].values for name in EXPOSURES], axis=1)),
        exposure_sd=_single(np.stack([cell[f"{name}_sd"].values for name in EXPOSURES], axis=1)),
        exposure_floor=_single(inputs["risk_reference"].sel(risk=list(EXPOSURES)).values),
        percentile_mixing=_single(np.linalg.cholesky(inputs["exposure_correlation"].values)),
        threshold=_single(thresholds[:, :, q, s]),
        known=_single(cell["hypertension_known"].values),
        effect_step=np.stack([treatment.effect_steps(d.lag_years.value, thresholds.shape[-1]) for d in drugs]),
        sbp_shift=_single(np.array([treatment.exposure_shift(drug, "sbp") for drug in drugs])),
    )


def _single(values: np.ndarray) -> Float32:
    return np.ascontiguousarray(values, dtype=np.float32)


def _smoking_slots(inputs: xr.Dataset) -> tuple[Float32, Float32]:
    """Remaining excess (3, 42) and relapse (42,) by smoking slot: never, current, then years since quitting."""
    decay = inputs["smoking_decay"].values
    remaining = np.zeros((len(SMOKING_GROUPS), SLOTS), np.float32)
    remaining[:, 1] = 1.0
    remaining[:, 2:] = decay[:, 1:]
    relapse = np.zeros(SLOTS, np.float32)
    relapse[2:] = inputs["relapse_probability"].values[1:]
    return remaining, relapse


def _weights(inputs: xr.Dataset) -> Float64:
    """(quintile, sex, cohort) people of the first year: the oldest first, then those born year by year."""
    first = inputs["population"].values[..., ::-1]
    born = inputs["births"].transpose("quintile", "sex", "year").values[..., 1:]
    return np.concatenate([first, born], axis=-1)


def _conditions(inputs: xr.Dataset) -> Float32:
    """(quintile, sex, cohort, year, condition) share of the cohort who have ever had the condition."""
    prevalence = np.stack(
        [inputs[name].values for name in ("diabetes_prevalence", "chd_prevalence", "stroke_prevalence")]
    )
    log_hr = inputs["log_rr"].sel(risk=list(CONDITIONS)).values
    return np.moveaxis(ever_shares(prevalence, log_hr, inputs["mortality_rate"].values), 0, -1).astype(np.float32)
