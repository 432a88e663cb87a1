"""The compiled kernel against its twin in plain NumPy and float64, which shares no code with it.

Tolerance: 2e-6 relative on every cohort's deaths by year and cause, on person-years and on people
served. The kernel computes in float32, so one person in some millions falls on the other side of a
threshold; the seeds here have no such person.
"""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import library_of, log_rr, make_inputs, make_scenario, make_service, make_treatment

from hisim.model import twin
from hisim.model.kernel import run_cohort
from hisim.model.plan import make_plan
from hisim.model.random import cohort_number
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
        diabetes_prevalence=near(0.08, 0.3), chd_prevalence=near(0.07, 0.3), stroke_prevalence=near(0.03, 0.3),
        hypertension_known=near(0.6, 0.3), antihypertensive_coverage=near(0.5, 0.3),
        statin_coverage_history=near(0.7, 0.2),
        statin_coverage_primary=near(0.25, 0.3), stop_smoking_reach=near(0.08, 0.3),
        smoking_rr=rng.uniform(1, 9, len(CAUSES)),
        smoking_group_of_cause=rng.integers(0, 3, len(CAUSES)),
        log_rr=log_rr(
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


def cohort_runs(plan, birth_year, seed, sampled, people=320):
    q, s = seed % 5, seed % len(SEXES)
    chosen = next(c for c in plan.cohorts if (c.quintile, c.sex, c.birth_year) == (q, s, birth_year))
    where = plan.index(chosen)
    arguments = (
        plan.tables[q][s], plan.conditions[where], cohort_number(q + 1, s, birth_year), birth_year, people,
        plan.weights[where], 0, seed, sampled,
    )  # fmt: skip
    return run_cohort(*arguments), twin.run_cohort(*arguments)


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("birth_year", [1911, 1925, 1947, 1966, 1990, 2005, 2012])
@pytest.mark.parametrize("seed", range(3))
def test_kernel_and_twin_agree(seed, birth_year, sampled):
    kernel, plain = cohort_runs(varied_plan(seed), birth_year, seed, sampled)
    for ours, theirs in zip(kernel, plain, strict=True):
        assert ours.shape == theirs.shape
        assert theirs.sum() > 0
        by_year = (ours.sum(axis=1), theirs.sum(axis=1)) if ours.ndim > 3 else (ours, theirs)
        np.testing.assert_allclose(*by_year, rtol=TOLERANCE, atol=1e-9)
