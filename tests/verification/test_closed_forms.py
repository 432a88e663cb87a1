"""The model against formulas: each test is one number, one equation."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import by_cause, library_of, log_rr, make_inputs, make_scenario, make_service, make_treatment

from hisim.model.projection import project
from hisim.variables import AGES, CAUSES


def run(inputs, *uses, library=(), **settings):
    years = inputs["year"].values
    scenario = make_scenario(*uses, start=int(years[0]), end=int(years[-1]), **settings)
    return project(scenario, inputs, library=library_of(*library, *(item for item, _ in uses)))


def cohort(array, age):
    """Follow people who are ``age`` in the first year: (..., year)."""
    years = array.sizes["year"]
    steps = [array.isel(year=y).sel(age=age + y) for y in range(years)]
    return np.stack([step.isel(quintile=0, sex=0, draw=0).values for step in steps], axis=-1)


def test_constant_hazard():
    """D(t) = N (1 - exp(-m)) exp(-m t), N the people alive at the start of the first year."""
    m, result = 0.05, run(make_inputs(mortality_rate=by_cause(ihd=0.05)))
    alive = 1000.0 * m / -np.expm1(-m)
    expected = alive * -np.expm1(-m) * np.exp(-m * np.arange(5))
    assert cohort(result["deaths"].sel(cause="ihd"), 40)[0] == pytest.approx(expected, rel=1e-6)


def test_gompertz():
    """Survivors to each birthday are exp(-(B/b)(exp(b a) - exp(b a0))) for hazard B exp(b a)."""
    big, b, ages = 5e-5, 0.09, np.array(AGES)
    mean_hazard = big / b * np.exp(b * ages) * np.expm1(b)
    rate = np.zeros((1, 1, 1, len(AGES), len(CAUSES)))
    rate[..., 0] = mean_hazard
    lived = cohort(run(make_inputs(2002, 2040, mortality_rate=rate))["person_years"], 30)[0]
    share = lambda m: -np.expm1(-m) / m  # noqa: E731
    start = 1000.0 / share(mean_hazard[30])
    a = ages[30:69]
    survivors = start * np.exp(-big / b * (np.exp(b * a) - np.exp(b * 30)))
    assert lived == pytest.approx(survivors * share(mean_hazard[30:69]), rel=1e-5)


def test_competing_risks():
    """Cumulative incidence of cause c is N m_c / M (1 - exp(-M t)), whatever else kills."""
    rates = {"ihd": 0.02, "stroke": 0.01, "other": 0.03}
    result = run(make_inputs(mortality_rate=by_cause(**rates)))
    total = sum(rates.values())
    start = 1000.0 * total / -np.expm1(-total)
    for cause, m in rates.items():
        expected = start * m / total * -np.expm1(-total * 5)
        assert cohort(result["deaths"].sel(cause=cause), 50)[0].sum() == pytest.approx(expected, rel=1e-6)


def test_impact_fraction_of_one_exposure():
    """Removing an exposure everyone has averts 1 - 1/RR of deaths from its cause in the first year.

    Pressure 155 mmHg in all, log hazard ratio 0.03 per mmHg, treatment that takes off all 40: the
    impact fraction is 1 - exp(-1.2), to first order in the (tiny) hazard.
    """
    inputs = make_inputs(sbp_mean=155.0, mortality_rate=by_cause(ihd=1e-7), log_rr=log_rr(sbp={"ihd": 0.03}))
    result = run(inputs, (make_treatment(sbp=-40.0), {"to": 1.0}))
    deaths = result["deaths"].isel(year=0).sel(cause="ihd").sum(("quintile", "sex", "age")).values[:, 0]
    assert 1 - deaths[1] / deaths[0] == pytest.approx(1 - np.exp(-1.2), rel=1e-5)


def test_impact_fraction_of_a_mixture():
    """With a share p exposed at hazard ratio r and treated at ratio h: p r (1 - h) / (1 - p + p r)."""
    p, r, h = 0.3, 2.5, 0.6
    inputs = make_inputs(chd_prevalence=p, mortality_rate=by_cause(ihd=1e-7), log_rr=log_rr(chd={"ihd": np.log(r)}))
    statin = make_treatment("statin", hazard_ratios={"ihd": h})
    result = run(inputs, (statin, {"to": 1.0}), people_per_cohort=1280)
    adults = result["deaths"].isel(year=0).sel(cause="ihd", age=slice(40, 100)).sum(("quintile", "sex", "age"))
    averted = 1 - float(adults[1, 0] / adults[0, 0])
    expected = p * r * (1 - h) / (1 - p + p * r)
    people = 10 * 61 * 1280  # standard error of a share among this many people, carried through the ratio
    error = expected * np.sqrt((1 - p) / p / people) / (1 - p + p * r)
    assert abs(averted - expected) < 5 * error


def test_two_overlapping_interventions():
    """Two independent coverages a, b with ratios g, h on one cause leave (1 - a(1-g))(1 - b(1-h)) of deaths."""
    a, g, b, h = 0.5, 0.7, 0.4, 0.6
    inputs = make_inputs(sbp_mean=150.0, mortality_rate=by_cause(ihd=1e-7))
    pressure = make_treatment("antihypertensive", hazard_ratios={"ihd": g})
    statin = make_treatment("statin", hazard_ratios={"ihd": h})
    result = run(inputs, (pressure, {"to": a}), (statin, {"to": b}), people_per_cohort=1280)
    adults = result["deaths"].isel(year=0).sel(cause="ihd", age=slice(40, 100)).sum(("quintile", "sex", "age"))
    left = float(adults[1, 0] / adults[0, 0])
    expected = (1 - a * (1 - g)) * (1 - b * (1 - h))
    people = 10 * 61 * 1280
    variance = (1 - a + a * g * g) * (1 - b + b * h * h) - expected**2
    assert abs(left - expected) < 5 * np.sqrt(variance / people)
    apart = a * (1 - g) + b * (1 - h)
    assert 1 - left < apart  # the mix gives less than the sum of its parts


def test_survivor_selection_in_a_mixture():
    """A share p at hazard r m and the rest at m: the comparator's deaths still equal rate times person-years."""
    inputs = make_inputs(
        2002, 2030, chd_prevalence=0.4, mortality_rate=by_cause(ihd=0.2), log_rr=log_rr(chd={"ihd": 1.5})
    )
    result = run(inputs)
    deaths = cohort(result["deaths"].sel(cause="ihd"), 30)[0]
    assert deaths == pytest.approx(0.2 * cohort(result["person_years"], 30)[0], rel=1e-9)


def test_smokers_quit_at_the_stated_rate():
    """Without relapse the share of smokers left after t years is (1 - q)^t, and q + d with a service."""
    inputs = make_inputs(
        smoking_current=1.0, quit_probability=0.06, stop_smoking_reach=0.1, mortality_rate=by_cause(ihd=1e-7)
    )
    service = make_service(success=0.25, unaided=0.05)
    result = run(inputs, (service, {"relative": 2.0}), people_per_cohort=1280)
    served = result["covered"].sel(intervention="service").isel(draw=0, scenario=1)
    of_age = served.sel(age=slice(30, 90)).sum(("quintile", "sex", "age")).values
    quit_rate = 0.06 + 0.1 * 0.2
    share = of_age / (0.1 * 10 * 61 * 1000.0)
    for year, left in enumerate(share):
        expected = (1 - quit_rate) ** year
        error = np.sqrt(expected * (1 - expected) / (10 * 61 * 1280))
        assert abs(left - expected) <= 5 * error + 1e-6


def test_lag_builds_up_as_stated():
    """With a lag of 2 years the effect is 1/4, 3/4 and then all of the log hazard ratio's."""
    inputs = make_inputs(sbp_mean=150.0, mortality_rate=by_cause(ihd=1e-7))
    pill = make_treatment("antihypertensive", hazard_ratios={"ihd": 0.5}, lag_years=2.0)
    result = run(inputs, (pill, {"to": 1.0}))
    by_year = result["deaths"].sel(cause="ihd").isel(draw=0).sum(("quintile", "sex", "age")).values
    assert np.log(by_year[1] / by_year[0]) / np.log(0.5) == pytest.approx([0.25, 0.75, 1, 1, 1], abs=1e-5)


def test_ramp_reaches_full_scale_when_stated():
    """Coverage to 1 over four years from nothing: a quarter of people more each year."""
    inputs = make_inputs(sbp_mean=150.0, mortality_rate=by_cause(ihd=1e-7))
    pill = make_treatment("antihypertensive", hazard_ratios={"ihd": 0.5})
    result = run(inputs, (pill, {"to": 1.0, "from": 2011, "full_from": 2014}), people_per_cohort=1280)
    covered = result["covered"].isel(scenario=1, draw=0, intervention=0).sum(("quintile", "sex", "age")).values
    lived = result["person_years"].isel(scenario=1, draw=0).sum(("quintile", "sex", "age")).values
    assert covered / lived == pytest.approx([0.25, 0.5, 0.75, 1, 1], abs=0.005)
