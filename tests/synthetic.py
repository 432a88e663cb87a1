"""Small made-up inputs with known answers, for tests that need an exact truth rather than England."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from hisim.declare.distribution import FileText, Money, Quantity, Ratio, Share, Step, Years
from hisim.declare.evidence import Chain, Cost, Delivery, Eligible, Grade, Graded
from hisim.declare.intervention import (
    MECHANISMS,
    AnyIntervention,
    CaseFinding,
    ExposureEffect,
    HazardEffect,
    RemovedExposure,
    SmokingCessation,
    Start,
    Treatment,
)
from hisim.declare.scenario import Scenario, Simulation
from hisim.declare.strata import ALL, Segment, Segments, Strata
from hisim.stratum_variables import STRATA
from hisim.variables import (
    CAUSES,
    DIMENSIONS,
    INPUTS,
    OLDEST_AGE,
    RISK_CHANNELS,
    RISKS,
    SEXES,
    STEPS,
    YEARS_SINCE_QUIT,
)

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
        "years_since_quit_share": share, "risk_reference": [115.0, 4.0, 22.0] + [0.0] * (len(RISKS) - 3),
        "utility": 0.8,
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


def with_strata(
    inputs: xr.Dataset,
    share: object,
    *,
    risk: object = 1.0,
    hazard: object = 1.0,
    uptake: Mapping[str, Mapping[str, object]] | None = None,
) -> xr.Dataset:
    """``inputs`` with strata called "a", "b", ... that differ as told.

    ``share`` (..., G) and ``hazard`` (..., G) broadcast to their variables, ``risk`` to (sex, channel, G); ``uptake``
    gives odds (G,) by intervention and step.
    """
    share = np.asarray(share, float)
    names = list("abcdefgh"[: share.shape[-1]])
    odds = np.ones((len(uptake or {}), len(STEPS), len(SEXES), len(names)))
    for i, steps in enumerate((uptake or {}).values()):
        for step, values in steps.items():
            odds[i, STEPS.index(step)] = values
    values = {
        "stratum_share": share, "stratum_risk_odds": risk, "stratum_hazard_ratio": hazard, "stratum_uptake_odds": odds,
        "stratum_uptake_known": odds != 1.0,
    }  # fmt: skip
    sizes = {**SIZES, "stratum": len(names), "uptake_of": len(uptake or {})}
    arrays = {
        name: (
            variable.dims,
            np.broadcast_to(np.asarray(values[name], float), [sizes[d] for d in variable.dims]).copy(),
        )
        for name, variable in STRATA.items()
    }
    coords = {
        "stratum": names,
        "uptake_of": list(uptake or {}),
        "step": list(STEPS),
        "risk_channel": list(RISK_CHANNELS),
    }
    return inputs.merge(xr.Dataset(arrays, coords))


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


def share(value: float) -> Share:
    """A fraction taken as certain."""
    return number(Share, value, "fraction")


def chain(**steps: float | tuple[float, ...]) -> Chain:
    """A chain of delivery from the steps that lose somebody: one share, or five by quintile."""
    made = {}
    for step, value in steps.items():
        five = value if isinstance(value, tuple) else None
        made[step] = number(Step, value if five is None else float(np.mean(five)), "fraction", by_quintile=five)
    return Chain(**made)


def _common(
    name: str,
    state: str,
    *,
    lag_years: float = 0.0,
    persistence_years: float = 0.0,
    ages: tuple[int, int] = (0, 100),
    now: Mapping[str, object] | None = None,
    achievable: Mapping[str, object] | None = None,
    cost: Cost | None = None,
) -> dict[str, object]:
    yearly = number(Money, 10.0, "GBP per person-year", price_year="2010")
    return {
        "hisim": 1, "id": name, "name": name, "summary": "made up for a test", "category": "personal health",
        "workbooks": ("Cardiovascular disease",), "gestation": "A",
        "marmot": "Strengthen the role and impact of ill-health prevention",
        "eligible": Eligible(ages=ages, sexes=("Female", "Male"), state=state),
        "lag_years": number(Years, lag_years, "years"),
        "persistence_years": number(Years, persistence_years, "years"),
        "delivery": Delivery(now=chain(**(now or {})), achievable=chain(**(achievable or {}))),
        "reach_now": "made up", "cost": cost or Cost(per_person_year_gbp=yearly),
        "evidence_grade": Grade(grade="C", why="made up"), "evidence_against": "made up",
        "sources": {"NONE": "made up"},
    }  # fmt: skip


def effects(
    hazard_ratios: Mapping[str, float] | None = None,
    *,
    season: str = "year",
    removes: str | None = None,
    **shifts: float,
) -> tuple[object, ...]:
    """Effects taken as certain: hazard ratios by cause, shifts by exposure, a condition that is taken away."""
    units = {"sbp": "mmHg", "cholesterol": "mmol/L", "bmi": "kg/m2", "alcohol": "g/day"}
    made: list[object] = [
        ExposureEffect(exposure=name, change=number(Quantity, value, units[name])) for name, value in shifts.items()
    ]
    for cause, ratio in (hazard_ratios or {}).items():
        made.append(HazardEffect(cause=cause, hazard_ratio=number(Ratio, ratio, "hazard ratio"), season=season))
    if removes is not None:
        made.append(RemovedExposure(removes=removes))
    return tuple(made)


def make_treatment(
    treatment: str = "antihypertensive",
    *,
    sbp: float = 0.0,
    hazard_ratios: Mapping[str, float] | None = None,
    sustained: float = 1.0,
    name: str | None = None,
    state: str | None = None,
    also: tuple[str, ...] = (),
    **more: object,
) -> Treatment:
    """A treatment with the given effects and no uncertainty."""
    default = "hypertension" if treatment == "antihypertensive" else "cvd_history_or_high_risk"
    return Treatment(
        **_common(name or treatment, state or default, **more),
        mechanism="treatment", treatment=treatment, also=also, sustained=share(sustained),
        effects=effects(hazard_ratios, sbp=sbp),
    )  # fmt: skip


def make_acting(mechanism: str, name: str, state: str, made: tuple[object, ...], **more: object) -> AnyIntervention:
    """An exposure shift, a mortality effect or a birth outcome with effects from :func:`effects`."""
    return MECHANISMS[mechanism](**_common(name, state, **more), mechanism=mechanism, effects=made)


def make_check(
    name: str = "check",
    finds: tuple[str, ...] = ("hypertension", "diabetes"),
    starts: tuple[tuple[str, str, float], ...] = (),
    **more: object,
) -> CaseFinding:
    """A check that finds conditions and starts (treatment, state, share)."""
    begun = tuple(Start(treatment=t, state=s, share=number(Step, value, "fraction")) for t, s, value in starts)
    return CaseFinding(**_common(name, "everyone", **more), mechanism="case_finding", finds=finds, starts=begun)


def make_service(
    success: float = 0.15, unaided: float = 0.05, name: str = "service", **more: object
) -> SmokingCessation:
    """A stop smoking service without uncertainty or gradient."""
    attempt = Cost(per_attempt_gbp=number(Money, 100.0, "GBP per attempt", price_year="2010"))
    return SmokingCessation(
        **_common(name, "current_smoker", cost=attempt, **more), mechanism="smoking_cessation",
        success_12_months=Graded(level=share(success)), unaided_success_12_months=Graded(level=share(unaided)),
    )  # fmt: skip


def make_policy(quits: float = 0.02, name: str = "policy", **more: object) -> SmokingCessation:
    """A policy that makes a share of all smokers stop each year."""
    return SmokingCessation(
        **_common(name, "current_smoker", **{"now": {"offered": 0.0}, "achievable": {"offered": 1.0}, **more}),
        mechanism="smoking_cessation", extra_quits_per_year=number(Step, quits, "fraction per year"),
    )  # fmt: skip


def _segments(names: tuple[str, ...]) -> Strata:
    share, one = (1 / len(names),) * 5, (1.0, 1.0)
    segments = Segments(Segment(name, (share, share), one, ((ALL, one),), ()) for name in names)
    return Strata(by="file", file="made-up.csv", segments=segments, file_text=FileText("made up"))


def make_scenario(
    *uses: tuple[AnyIntervention, Mapping[str, object]],
    name: str = "mix",
    start: int = 2011,
    end: int = 2015,
    strata: tuple[str, ...] = (),
    **settings: object,
) -> Scenario:
    """A scenario from pairs of an intervention and what a use of it says, e.g. ``{"relative": 1.4}``.

    ``strata`` names those of :func:`with_strata`, whose inputs say what they are like.
    """
    return Scenario(
        hisim=1, name=name, title=name, start=start, end=end,
        simulation=Simulation(**{"people_per_cohort": 320, "seed": 7, **settings}),
        strata=_segments(strata) if strata else None,
        interventions=[
            {"use": item.id, "intervention": item, **use} for item, use in uses
        ],
    )  # fmt: skip


def library_of(*items: AnyIntervention) -> dict[str, AnyIntervention]:
    """A library that defines both drugs whose coverage is in the inputs: as given, or without effect."""
    library = {item.id: item for item in items}
    given = {item.treatment for item in items if isinstance(item, Treatment)}
    for treatment in ("antihypertensive", "statin"):
        if treatment not in given:
            library[f"no-{treatment}"] = make_treatment(treatment, name=f"no-{treatment}")
    return library
