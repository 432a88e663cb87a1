"""Small made-up inputs with known answers, for tests that need an exact truth rather than England."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from hisim.declare.distribution import Money, Quantity, Ratio, Share, Years
from hisim.declare.intervention import (
    AttemptCost,
    Eligible,
    ExposureEffect,
    Grade,
    Graded,
    HazardEffect,
    Reach,
    SmokingCessation,
    Treatment,
    TreatmentCost,
)
from hisim.declare.scenario import Scenario, Simulation
from hisim.model.tables import TREATMENTS
from hisim.variables import CAUSES, DIMENSIONS, INPUTS, OLDEST_AGE, RISKS, SEXES, YEARS_SINCE_QUIT

SIZES = {name: len(d.labels) for name, d in DIMENSIONS.items() if d.labels is not None}


def make_inputs(start: int = 2011, end: int = 2015, **values: object) -> xr.Dataset:
    """Inputs in which nobody has a risk and everyone dies at 0.01 a year, of ischaemic heart disease.

    ``values`` replaces variables: a number, or an array that broadcasts to the variable's dimensions.
    """
    years = np.arange(start, end + 1)
    sizes = SIZES | {"year": len(years)}
    rate = np.zeros(len(CAUSES))
    rate[0] = 0.01
    share = np.zeros(len(YEARS_SINCE_QUIT))
    share[1] = 1.0
    defaults: Mapping[str, object] = {
        "population": 1000.0, "births": 1000.0, "mortality_rate": rate, "sbp_mean": 115.0,
        "cholesterol_mean": 4.0, "bmi_mean": 22.0, "exposure_correlation": np.eye(3),
        "years_since_quit_share": share, "risk_reference": [115.0, 4.0, 22.0, 0.0, 0.0, 0.0],
        "smoking_rr": 1.0, "smoking_decay": np.exp(-np.arange(41) / 5.0),
    }  # fmt: skip
    arrays = {}
    for name, variable in INPUTS.items():
        shape = tuple(sizes[dim] for dim in variable.dims)
        value = np.asarray(values.get(name, defaults.get(name, 0.0)), float)
        arrays[name] = (variable.dims, np.broadcast_to(value, shape).copy())
    coords = {name: list(d.labels) for name, d in DIMENSIONS.items() if d.labels is not None}
    used = {dim for variable in INPUTS.values() for dim in variable.dims}
    coords = {name: labels for name, labels in coords.items() if name in used}
    return xr.Dataset(arrays, {**coords, "year": years})


def log_rr(**per_cause: Mapping[str, float]) -> np.ndarray:
    """The ``log_rr`` variable from risk=dict(cause=log hazard ratio per unit)."""
    out = np.zeros((len(RISKS), len(SEXES), OLDEST_AGE + 1, len(CAUSES)))
    for risk, causes in per_cause.items():
        for cause, value in causes.items():
            out[RISKS.index(risk), :, :, CAUSES.index(cause)] = value
    return out


def by_cause(**rates: float) -> np.ndarray:
    """A ``mortality_rate`` that is the same in every year, quintile, sex and age; (cause,)."""
    return np.array([rates.get(cause, 0.0) for cause in CAUSES])


def number(kind: type[Quantity], value: float, unit: str, **more: object) -> Quantity:
    """A number taken as certain."""
    return kind(
        value=value, low=value, high=value, interval="taken as certain", distribution="uniform", unit=unit,
        status="assumption", note="made up for a test", **more,
    )  # fmt: skip


def _common(name: str, state: str, lag_years: float, persistence_years: float) -> dict[str, object]:
    return {
        "hisim": 1, "id": name, "name": name, "summary": "made up for a test", "category": "personal health",
        "workbook": "Cardiovascular disease", "gestation": "A",
        "marmot": "Strengthen the role and impact of ill-health prevention",
        "eligible": Eligible(ages=(0, 100), sexes=("Female", "Male"), state=state),
        "lag_years": number(Years, lag_years, "years"),
        "persistence_years": number(Years, persistence_years, "years"),
        "achievable": number(Share, 1.0, "fraction"),
        "reach_now": Reach(words="made up", tables=("stop_smoking_reach",)),
        "evidence_grade": Grade(grade="C", why="made up"), "evidence_against": "made up",
        "sources": {"NONE": "made up"},
    }  # fmt: skip


def make_treatment(
    treatment: str = "antihypertensive",
    *,
    sbp: float = 0.0,
    hazard_ratios: Mapping[str, float] | None = None,
    lag_years: float = 0.0,
    persistence_years: float = 0.0,
    sustained: float = 1.0,
    name: str | None = None,
) -> Treatment:
    """A treatment with the given effects and no uncertainty."""
    state = "hypertension" if treatment == "antihypertensive" else "cvd_history_or_high_risk"
    effects: list[object] = [ExposureEffect(exposure="sbp", change=number(Quantity, sbp, "mmHg"))]
    for cause, ratio in (hazard_ratios or {}).items():
        effects.append(HazardEffect(cause=cause, hazard_ratio=number(Ratio, ratio, "hazard ratio")))
    return Treatment(
        **_common(name or treatment, state, lag_years, persistence_years),
        mechanism="treatment", treatment=treatment, sustained=number(Share, sustained, "fraction"),
        effects=tuple(effects),
        cost=TreatmentCost(per_person_year_gbp=number(Money, 10.0, "GBP per person-year", price_year="2010")),
    )  # fmt: skip


def make_service(success: float = 0.15, unaided: float = 0.05, name: str = "service") -> SmokingCessation:
    """A stop smoking service without uncertainty or gradient."""
    return SmokingCessation(
        **_common(name, "current_smoker", 0.0, 0.0), mechanism="smoking_cessation",
        success_12_months=Graded(level=number(Share, success, "fraction")),
        unaided_success_12_months=Graded(level=number(Share, unaided, "fraction")),
        cost=AttemptCost(per_attempt_gbp=number(Money, 100.0, "GBP per attempt", price_year="2010")),
    )  # fmt: skip


def make_scenario(
    *uses: tuple[Treatment | SmokingCessation, Mapping[str, object]],
    name: str = "mix",
    start: int = 2011,
    end: int = 2015,
    **settings: object,
) -> Scenario:
    """A scenario from pairs of an intervention and what a use of it says, e.g. ``{"relative": 1.4}``."""
    return Scenario(
        hisim=1, name=name, title=name, start=start, end=end,
        simulation=Simulation(**{"people_per_cohort": 320, "seed": 7, **settings}),
        interventions=[{"use": item.id, "intervention": item, **use} for item, use in uses],
    )  # fmt: skip


def library_of(*items: Treatment | SmokingCessation) -> dict[str, Treatment | SmokingCessation]:
    """A library that defines both treatments: those given, and ones without effect for the rest."""
    library = {item.id: item for item in items}
    given = {item.treatment for item in items if isinstance(item, Treatment)}
    for treatment in TREATMENTS:
        if treatment not in given:
            library[f"no-{treatment}"] = make_treatment(treatment, name=f"no-{treatment}")
    return library
