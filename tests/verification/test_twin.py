"""The compiled kernel against its twin in plain NumPy and float64, which shares no code with it.

Tolerance: 2e-6 relative on every cohort's deaths by year and cause, on person-years and on people
served. The kernel computes in float32, so one person in some millions falls on the other side of a
threshold; the seeds here have no such person.
"""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import (
    effects,
    library_of,
    log_rr,
    make_acting,
    make_check,
    make_inputs,
    make_policy,
    make_scenario,
    make_service,
    make_treatment,
    with_strata,
)

from hisim.model import twin
from hisim.model.kernel import run_cohorts
from hisim.model.plan import make_plan
from hisim.model.random import cohort_number
from hisim.model.tables import CohortResult, Strata
from hisim.variables import CAUSES, SEXES

TOLERANCE = 2e-6


def varied_inputs(seed):
    """Inputs with every risk, state and coverage at random plausible values, other in every cell."""
    rng = np.random.default_rng(seed)
    cell = (5, 2, 101)
    near = lambda value, spread: value * rng.uniform(1 - spread, 1 + spread, cell)  # noqa: E731
    rates = rng.uniform(0, 0.02, (3, *cell, len(CAUSES))) * (rng.random(len(CAUSES)) > 0.2)
    ratios = {cause: rng.uniform(-0.2, 0.9) for cause in CAUSES if rng.random() < 0.6}
    correlation = np.array([[1, 0.2, 0.3], [0.2, 1, 0.1], [0.3, 0.1, 1]])
    return make_inputs(
        2011, 2013, mortality_rate=rates, sbp_mean=near(138, 0.05), sbp_sd=near(13, 0.2),
        cholesterol_mean=near(5.4, 0.1), cholesterol_sd=near(1.0, 0.2), bmi_mean=near(27, 0.05),
        bmi_sd=near(4.5, 0.2), exposure_correlation=correlation, smoking_current=near(0.25, 0.5),
        smoking_former=near(0.3, 0.3), years_since_quit_share=np.r_[0, np.full(40, 1 / 40)],
        quit_probability=near(0.06, 0.3), relapse_probability=np.r_[0, np.linspace(0.15, 0, 40)],
        diabetes_prevalence=near(0.08, 0.3), chd_prevalence=near(0.07, 0.3), stroke_history_prevalence=near(0.03, 0.3),
        hypertension_known=near(0.6, 0.3), antihypertensive_coverage=near(0.5, 0.3),
        statin_coverage_history=near(0.7, 0.2),
        statin_coverage_primary=near(0.25, 0.3), stop_smoking_reach=near(0.08, 0.3),
        smoking_rr=rng.uniform(1, 9, len(CAUSES)),
        smoking_group_of_cause=rng.integers(0, 3, len(CAUSES)),
        alcohol_drinkers=near(0.8, 0.2), alcohol_log_mean=near(2.0, 0.2), alcohol_log_sd=near(1.2, 0.2),
        atrial_fibrillation_prevalence=near(0.04, 0.3), heart_failure_prevalence=near(0.03, 0.3),
        copd_prevalence=near(0.05, 0.3), recent_tia_prevalence=near(0.01, 0.3), unemployed_prevalence=near(0.1, 0.3),
        income_deprived_prevalence=near(0.2, 0.3), fuel_poor_prevalence=near(0.1, 0.3),
        smoked_in_pregnancy_prevalence=near(0.15, 0.3) * (np.arange(101) == 0), winter_share=np.full(101, 0.06),
        diabetes_known=near(0.75, 0.1), atrial_fibrillation_known=near(0.6, 0.1), copd_known=near(0.5, 0.2),
        log_rr=log_rr(
            alcohol={"liver_disease": 0.02, "ihd": 0.001}, atrial_fibrillation={"stroke": 0.8},
            heart_failure={"other_circulatory": 1.0}, copd={"copd": 2.0}, recent_tia={"stroke": 2.0},
            unemployed={"other": 0.2}, smoked_in_pregnancy={"neonatal": 0.3, "other": 0.4},
            sbp={"ihd": 0.03, "stroke": 0.04, "other_circulatory": 0.03}, cholesterol={"ihd": 0.4},
            bmi={"other": 0.03, "liver_disease": 0.05}, diabetes=ratios, chd={"ihd": 1.1, "stroke": 0.4},
            stroke_history={"stroke": 1.2},
        ),
    )  # fmt: skip


def varied_plan(seed):
    rng = np.random.default_rng(1000 + seed)
    pill = make_treatment("antihypertensive", sbp=-rng.uniform(4, 12), lag_years=rng.uniform(0, 4), sustained=0.8)
    statin = make_treatment("statin", hazard_ratios={"ihd": 0.8, "stroke": 0.95}, lag_years=rng.uniform(0, 3))
    service = make_service(success=rng.uniform(0.1, 0.3), unaided=0.05)
    uses = [(pill, {"relative": rng.uniform(0.5, 1.8)}), (statin, {"add": rng.uniform(-0.2, 0.3)}),
            (service, {"relative": rng.uniform(0, 3)})]  # fmt: skip
    mix = make_scenario(*uses, end=2013)
    return make_plan(varied_inputs(seed), [mix], library_of(pill, statin, service))


def every_mechanism(rng):
    """Uses of all six mechanisms, in all their forms, at random scales."""
    pill = make_treatment("antihypertensive", sbp=-rng.uniform(4, 12), lag_years=2.5, sustained=0.8)
    statin = make_treatment("statin", hazard_ratios={"ihd": 0.8, "stroke": 0.95}, lag_years=1.0)
    after = make_treatment("three-drugs", hazard_ratios={"all": 0.9, "ihd": 0.7}, state="cvd_history", also=("statin",),
                           now={"offered": 0.5}, achievable={"offered": (0.9, 0.8, 0.8, 0.7, 0.6)})  # fmt: skip
    thin = make_treatment("anticoagulant", hazard_ratios={"stroke": 0.4}, state="atrial_fibrillation",
                          now={"need_known": 0.6, "offered": 0.5},
                          achievable={"need_known": 0.8, "offered": 0.9})  # fmt: skip
    advice = make_acting("exposure_shift", "advice", "hazardous_drinker", effects(alcohol=-rng.uniform(1, 6)),
                         now={"offered": 0.05}, achievable={"offered": 0.6})  # fmt: skip
    salt = make_acting("exposure_shift", "salt", "everyone", effects(sbp=-0.8, cholesterol=-0.1, bmi=-0.2),
                       now={"offered": 0.0}, achievable={"offered": 1.0})  # fmt: skip
    vaccine = make_acting("mortality_effect", "vaccine", "everyone", effects({"all": 0.8}, season="winter"),
                          ages=(65, 100), now={"taken_up": 0.7}, achievable={"taken_up": 0.9})  # fmt: skip
    clinic = make_acting("mortality_effect", "clinic", "recent_tia", effects({"stroke": 0.3}),
                         now={"offered": 0.2}, achievable={"offered": 0.8})  # fmt: skip
    births = make_acting("birth_outcome", "births", "smoked_in_pregnancy", effects(removes="smoked_in_pregnancy"),
                         ages=(0, 0), now={"delivered": 0.04}, achievable={"delivered": 0.2})  # fmt: skip
    check = make_check(starts=(("statin", "high_risk", 0.3),), ages=(40, 74), now={"offered": 0.2, "delivered": 0.5},
                       achievable={"offered": 0.8, "delivered": 0.7})  # fmt: skip
    items = (pill, statin, after, thin, advice, salt, vaccine, clinic, births, check, make_service(), make_policy())
    profiles = ("industrial_scale", "most_deprived_first", "proportionate", "bench_experiment")
    uses = [
        (item, {"relative": rng.uniform(0.5, 1.8)} if i % 3 == 0 and item.id in ("antihypertensive", "statin")
         else {"profile": profiles[rng.integers(4)], "full_from": 2011 + int(rng.integers(3))})
        for i, item in enumerate(items)
    ]  # fmt: skip
    return items, uses


def plan_of_everything(seed, correlation):
    items, uses = every_mechanism(np.random.default_rng(2000 + seed))
    mix = make_scenario(*uses, end=2013, uptake_correlation=correlation)
    return make_plan(varied_inputs(seed), [mix], library_of(*items))


def run_cohort(run, tables, strata, conditions, cohort, birth_year, people, lived_to, *rest, pieces=1, **how):
    """One cohort alone."""
    one, who = Strata(*(array[None] for array in strata)), np.array([[birth_year, people, pieces, cohort]])
    several = run(tables, one, conditions[None], lived_to[None], who, *rest, **how)
    return CohortResult(*(array[0] for array in several))


def strata_of(plan, cohort, people):
    """Where the strata of one cohort lie."""
    return Strata(*(array[0] for array in plan.strata([cohort], [people])))


def cohort_runs(plan, birth_year, seed, sampled, people=320):
    q, s = seed % 5, seed % len(SEXES)
    chosen = next(c for c in plan.cohorts if (c.quintile, c.sex, c.birth_year) == (q, s, birth_year))
    where = plan.index(chosen)
    arguments = (
        plan.tables[q][s], strata_of(plan, chosen, people), plan.conditions[where],
        cohort_number(q + 1, s, birth_year), birth_year, people, plan.person_years[where], 0, seed, sampled,
    )  # fmt: skip
    return run_cohort(run_cohorts, *arguments), run_cohort(twin.run_cohorts, *arguments)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("birth_year", [1911, 1925, 1947, 1966, 1990, 2005, 2012])
@pytest.mark.parametrize("seed", range(3))
def test_kernel_and_twin_agree(seed, birth_year, sampled):
    same(*cohort_runs(varied_plan(seed), birth_year, seed, sampled))


@pytest.mark.parametrize("correlation", [0.0, 0.4])
@pytest.mark.parametrize("birth_year", [1911, 1930, 1947, 1966, 1990, 2011, 2013])
@pytest.mark.parametrize("seed", range(3))
def test_kernel_and_twin_agree_on_every_mechanism(seed, birth_year, correlation):
    kernel, plain = cohort_runs(plan_of_everything(seed, correlation), birth_year, seed, sampled=False)
    same(kernel, plain)
    assert (kernel.deaths[0] != kernel.deaths[1]).any()


def plan_of_strata(seed, targeted):
    """Every mechanism, with four strata that differ in everything; where ``targeted``, some uses are for some only."""
    rng = np.random.default_rng(3000 + seed)
    items, uses = every_mechanism(rng)
    names = [item.id for item in items]
    uptake = {name: {step: rng.uniform(0.3, 3.0, 4) for step in ("need_known", "taken_up")} for name in names}
    if not targeted:
        uptake.pop("check", None)
    inputs = with_strata(
        varied_inputs(seed), rng.dirichlet([8, 1, 1, 1], (5, 2, 101)), risk=rng.uniform(0.3, 3.0, (2, 3, 4)),
        hazard=rng.uniform(0.5, 2.0, (2, 101, 16, 4)), uptake=uptake,
    )  # fmt: skip
    if targeted:
        uses = [(item, {**amount, "strata": ("b", "d")}) if i % 2 else (item, amount) for i, (item, amount) in
                enumerate(uses)]  # fmt: skip
    mix = make_scenario(*uses, end=2013, strata=("a", "b", "c", "d"))
    return make_plan(inputs, [mix], library_of(*items))


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("birth_year", [1911, 1930, 1947, 1966, 1990, 2011, 2013])
@pytest.mark.parametrize("seed", range(3))
def test_kernel_and_twin_agree_on_strata(seed, birth_year, targeted):
    kernel, plain = cohort_runs(plan_of_strata(seed, targeted), birth_year, seed, sampled=seed == 2, people=640)
    same(kernel, plain)
    assert (kernel.person_years.sum(axis=(1, 3)) > 0).all()


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("birth_year", [1911, 1947, 1990])
def test_rates_of_a_person_without_risk_need_no_calibration(birth_year, sampled):
    """With the rates that calibration found, as they are, the years go as they did with it."""
    plan = plan_of_everything(1, 0.0)
    chosen = next(c for c in plan.cohorts if (c.quintile, c.sex, c.birth_year) == (1, 1, birth_year))
    where, number = plan.index(chosen), cohort_number(2, 1, birth_year)
    rest = (plan.conditions[where], number, birth_year, 320, plan.person_years[where], 0, 1, sampled)
    observed, strata = plan.tables[1][1], strata_of(plan, chosen, 320)
    found = run_cohort(run_cohorts, observed, strata, *rest).reference
    rate = np.zeros_like(observed.rate)
    rate[:] = found[:, None]
    plain = observed._replace(observed=False, rate=rate)
    kernel = run_cohort(run_cohorts, plain, strata, *rest)
    same(kernel, run_cohort(twin.run_cohorts, plain, strata, *rest))
    np.testing.assert_array_equal(kernel.reference[kernel.reference > 0], found[kernel.reference > 0])


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("birth_year", [1930, 1966, 1990])
def test_neither_blocks_nor_who_is_worked_out_anew_change_a_byte(birth_year, targeted, sampled):
    """Blocks of any size; and a scenario's hazards worked out for everyone, or only for those who differ."""
    plan = plan_of_strata(2, targeted)
    chosen = next(c for c in plan.cohorts if (c.quintile, c.sex, c.birth_year) == (3, 0, birth_year))
    where, number = plan.index(chosen), cohort_number(4, 0, birth_year)
    arguments = (plan.tables[3][0], strata_of(plan, chosen, 2080), plan.conditions[where], number, birth_year, 2080,
                 plan.person_years[where], 0, 5, sampled)  # fmt: skip
    one = run_cohort(run_cohorts, *arguments)
    assert (one.deaths[0] != one.deaths[1]).any()
    for block, whole in ((1280, True), (64, False), (192, True), (704, False), (4096, False)):
        for ours, theirs in zip(one, run_cohort(run_cohorts, *arguments, block=block, whole=whole), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("birth_year", [1911, 1947, 2012])
def test_pieces_of_a_cohort_are_other_people_each_calibrated_on_its_own(birth_year, sampled):
    plan = plan_of_strata(2, True)
    chosen = next(c for c in plan.cohorts if (c.quintile, c.sex, c.birth_year) == (3, 0, birth_year))
    where, number = plan.index(chosen), cohort_number(4, 0, birth_year)
    arguments = (plan.tables[3][0], strata_of(plan, chosen, 208), plan.conditions[where], number, birth_year, 208,
                 plan.person_years[where], 0, 5, sampled)  # fmt: skip
    one, three = (run_cohort(run_cohorts, *arguments, pieces=pieces) for pieces in (1, 3))
    same(three, run_cohort(twin.run_cohorts, *arguments, pieces=3))
    assert (one.deaths != three.deaths).any()
    alive = one.person_years.sum(axis=(2, 3))[0] > 0
    if not sampled:
        np.testing.assert_allclose(three.person_years.sum(axis=(2, 3))[0], plan.person_years[where])
        np.testing.assert_allclose(three.deaths.sum(axis=-1)[0][alive], one.deaths.sum(axis=-1)[0][alive], rtol=1e-12)


def same(kernel, plain):
    for name, ours, theirs in zip(CohortResult._fields, kernel, plain, strict=True):
        assert ours.shape == theirs.shape
        assert theirs.sum() > 0
        batched = name in ("deaths", "person_years", "stratum_deaths_batch")
        by_year = (ours.sum(axis=-1), theirs.sum(axis=-1)) if batched else (ours, theirs)
        np.testing.assert_allclose(*by_year, rtol=TOLERANCE, atol=1e-9)
