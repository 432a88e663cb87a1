"""The dataset as a whole: its shape, its refusals, what it says about itself, and its levels against surveys."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtr

from hisim.errors import ImpossibleModelError
from hisim.inputs.exposures import observed_sbp
from hisim.inputs.load import load_inputs
from hisim.inputs.smoking import non_increasing
from hisim.variables import CAUSES, INPUTS, check

THRESHOLD, EFFECT = 135.0, 7.6


def average(values: xr.DataArray, inputs: xr.Dataset, youngest: int, *dims: str) -> np.ndarray:
    people = inputs.population.where(inputs.age >= youngest, 0.0)
    over = [dim for dim in ("quintile", "sex", "age") if dim not in dims]
    return np.asarray(((values * people).sum(over) / people.sum(over)).values)


def hypertensive(inputs: xr.Dataset) -> xr.DataArray:
    return inputs.sbp_mean.copy(data=ndtr((inputs.sbp_mean - THRESHOLD) / inputs.sbp_sd))


def test_inputs_are_what_the_dictionary_declares(inputs: xr.Dataset) -> None:
    check(inputs, INPUTS)
    assert set(inputs.data_vars) == set(INPUTS)
    assert inputs.mortality_rate.sizes["year"] == 10
    assert float(inputs.population.sum()) == pytest.approx(53_107_169, abs=1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": 2001}, "start: found 2001; allowed: 2002 to 2011"),
        ({"start": 2012, "end": 2020}, "start: found 2012"),
        ({"end": 2010}, "end: found 2010; allowed: 2011 to 2051"),
        ({"end": 2052}, "end: found 2052"),
        ({"observed_to": 2010}, "observed_to: found 2010; allowed: 2011 to 2011"),
        ({"observed_to": 2012}, "observed_to: found 2012"),
        ({"trend": "up"}, "trend: found 'up'; allowed: flat, continue, damped"),
        ({"damping": 0.0}, "damping: found 0"),
        ({"damping": math.nan}, "damping: found nan"),
        ({"area": "W92000004"}, "area: found 'W92000004'; allowed: the name or code of an area"),
        (
            {"area": "West Midlands"},
            "area: found 'West Midlands', the name of a region and a metropolitan county; "
            "allowed: 'E12000005' or 'E11000005'",
        ),
    ],
)
def test_impossible_requests(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        load_inputs(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", [2002, 2006, 2011])
@pytest.mark.parametrize("trend", ["flat", "continue", "damped"])
def test_every_start_and_trend_loads(start: int, trend: str) -> None:
    inputs = load_inputs(start=start, end=start + 40, trend=trend, observed_to=start)
    assert inputs.mortality_rate.sizes["year"] == 41


def test_what_the_dataset_says_about_itself(inputs: xr.Dataset) -> None:
    assert inputs.attrs["area"] == "E92000001"
    digests, sources = json.loads(inputs.attrs["digests"]), json.loads(inputs.attrs["sources"])
    assert len(digests["deaths.csv"]) == 64
    assert "006925" in sources["deaths"]
    quality = json.loads(inputs.attrs["quality"])
    assert set(quality) == set(CAUSES)
    assert quality["liver_disease"] == {"A": 0.0, "B": 0.0, "C": 1.0}
    assumed = json.loads(inputs.attrs["assumptions"])
    assert all(set(item) == {"name", "value", "note"} and item["note"] for item in assumed)
    assert any("chd on ihd" in item["name"] for item in assumed)


def test_quality_grades_follow_the_year() -> None:
    quality = json.loads(load_inputs(start=2009, end=2009).attrs["quality"])
    assert quality["lung_cancer"] == {"A": 0.0, "B": 1.0, "C": 0.0}


def test_smoking_reproduces_the_published_levels(inputs: xr.Dataset) -> None:
    by_cell = average(inputs.smoking_current, inputs, 18, "quintile", "sex")
    np.testing.assert_allclose(by_cell[[0, 1, 4]], [[0.261, 0.329], [0.2, 0.257], [0.102, 0.143]], rtol=1e-9)
    assert float(average(inputs.smoking_current, inputs, 18)) == pytest.approx(0.195, abs=0.003)
    former = average(inputs.smoking_former, inputs, 18, "quintile", "sex")
    share = former / (former + by_cell)
    np.testing.assert_allclose(share[[0, 4]], [[0.485, 0.465], [0.76, 0.74]], rtol=1e-9)
    assert float((inputs.smoking_current + inputs.smoking_former).max()) < 0.95
    assert not inputs.smoking_current.sel(age=slice(0, 15)).any()


def test_blood_pressure_after_treatment_is_what_was_observed(inputs: xr.Dataset, tables: dict) -> None:  # type: ignore[type-arg]
    relief = hypertensive(inputs) * inputs.antihypertensive_coverage * EFFECT
    np.testing.assert_allclose(inputs.sbp_mean - relief, observed_sbp(tables)[0], atol=1e-9)


def test_treatment_reaches_the_published_share_of_people_with_hypertension(inputs: xr.Dataset) -> None:
    people = hypertensive(inputs) * inputs.population.where(inputs.age >= 16, 0)
    treated = (people * inputs.antihypertensive_coverage).sum(["quintile", "age"]) / people.sum(["quintile", "age"])
    np.testing.assert_allclose(treated, np.array([0.62, 0.47]) * 0.58 / 0.54, rtol=1e-6)
    assert bool((inputs.hypertension_known >= inputs.antihypertensive_coverage).all())


def test_hypertension_is_as_common_as_the_survey_found(inputs: xr.Dataset) -> None:
    """HSE 2009: 26.9 % of women, 32.0 % of men, on one visit's measurement and counting diastolic pressure."""
    women, men = average(hypertensive(inputs), inputs, 16, "sex")
    assert 0.24 < women < 0.29
    assert 0.29 < men < 0.35


def test_adults_on_statins(inputs: xr.Dataset) -> None:
    history = 1 - (1 - inputs.chd_prevalence) * (1 - inputs.stroke_history_prevalence)
    risk = 1 - (1 - hypertensive(inputs)) * (1 - inputs.diabetes_prevalence)
    taking = history * inputs.statin_coverage_history + (1 - history) * risk * inputs.statin_coverage_primary
    assert float(average(taking, inputs, 18)) == pytest.approx(0.132, abs=1e-9)
    assert float(inputs.statin_coverage_primary.max()) < float(inputs.statin_coverage_history.min())
    assert not inputs.statin_coverage_primary.sel(age=slice(0, 39)).any()


def test_disease_prevalence(inputs: xr.Dataset) -> None:
    assert float(average(inputs.diabetes_prevalence, inputs, 16)) == pytest.approx(0.08, abs=1e-9)
    assert float(average(inputs.diabetes_prevalence, inputs, 50)) == pytest.approx(0.115 / (1 - 0.231), abs=0.01)
    assert 0.03 < float(average(inputs.chd_prevalence, inputs, 0)) < 0.045
    assert 0.015 < float(average(inputs.stroke_history_prevalence, inputs, 0)) < 0.025
    for name in ("diabetes_prevalence", "chd_prevalence", "stroke_history_prevalence"):
        assert bool((inputs[name].diff("age") >= 0).all()), name
        assert bool((inputs[name].diff("quintile") <= 0).sel(age=70).all()), name


def test_quitting_and_relapse(inputs: xr.Dataset) -> None:
    quits = inputs.quit_probability.sel(age=40, sex="Male")
    np.testing.assert_allclose(quits[[0, 4]], [0.413 * 0.114, 0.427 * 0.204])
    assert not inputs.quit_probability.sel(age=slice(0, 15)).any()
    relapse = inputs.relapse_probability.values
    assert relapse[0] == 0 and relapse[1] == 0.151
    assert (np.diff(relapse[1:]) <= 0).all()


def test_pooling_adjacent_violators() -> None:
    np.testing.assert_allclose(
        non_increasing(np.array([3.0, 1.0, 2.0, 0.0]), np.array([1.0, 1.0, 3.0, 1.0])), [3, 1.75, 1.75, 0]
    )


def test_years_since_quitting(inputs: xr.Dataset) -> None:
    share = inputs.years_since_quit_share
    np.testing.assert_allclose(share.sum("years_since_quit"), 1)
    assert not share.sel(years_since_quit=0).any()
    assert not share.sel(age=30, years_since_quit=slice(13, 40)).any()
    assert float(share.sel(age=80, years_since_quit=40)) > 0.2


def test_stop_smoking_services_reach_the_published_share(inputs: xr.Dataset) -> None:
    smokers = inputs.population * inputs.smoking_current
    reach = (smokers * inputs.stop_smoking_reach).sum() / smokers.sum()
    assert float(reach) == pytest.approx(0.08, abs=1e-12)
    by_quintile = inputs.stop_smoking_reach.sel(age=40, sex="Male").values
    assert by_quintile[0] / by_quintile[1:].mean() == pytest.approx(1.25)


def test_hazard_ratios(inputs: xr.Dataset) -> None:
    log_rr = inputs.log_rr
    twenty = np.exp(20 * log_rr.sel(risk="sbp", cause="stroke", age=[35, 45, 75, 95]).isel(sex=0))
    np.testing.assert_allclose(twenty, 1 / np.array([0.36, 0.36, 0.5, 0.67]))
    vascular = ["sbp", "cholesterol", "bmi", "diabetes", "chd", "stroke_history", "heart_failure", "copd"]
    assert not log_rr.sel(age=slice(0, 29), risk=vascular).any()
    assert float(np.exp(5 * log_rr.sel(risk="bmi", cause="ihd", age=60).isel(sex=0))) == pytest.approx(1.15)
    assert not log_rr.sel(risk="cholesterol", cause="stroke", age=slice(70, 100)).any()
    assert bool((log_rr >= 0).all())


def test_smoking_hazard_ratios_attenuate_with_age(inputs: xr.Dataset) -> None:
    men = inputs.smoking_rr.sel(sex="Male", cause="ihd")
    np.testing.assert_allclose(men.sel(age=[29, 30, 50, 65, 75, 85]), [1, 5.51, 3.04, 1.88, 1.44, 1.38])
    assert bool((inputs.smoking_rr >= 1).all())
    decay = inputs.smoking_decay
    np.testing.assert_array_equal(decay.sel(years_since_quit=0), 1)
    assert bool((decay.diff("years_since_quit") <= 0).all())
    group = dict(zip(CAUSES, inputs.smoking_group_of_cause.values, strict=True))
    assert (group["stroke"], group["copd"], group["lung_cancer"], group["other"]) == (0, 1, 2, 2)


def test_cholesterol_is_lower_in_the_most_deprived_at_older_ages(inputs: xr.Dataset) -> None:
    assert bool(
        (inputs.cholesterol_mean.sel(quintile=1, age=75) < inputs.cholesterol_mean.sel(quintile=5, age=75)).all()
    )


def test_percentiles_have_a_proper_correlation(inputs: xr.Dataset) -> None:
    assert np.linalg.eigvalsh(inputs.exposure_correlation.values).min() > 0


def test_conditions_have_their_published_levels(inputs: xr.Dataset) -> None:
    assert average(inputs.atrial_fibrillation_prevalence, inputs, 0) == pytest.approx(0.0176 * 1.47)
    assert average(inputs.heart_failure_prevalence, inputs, 0) == pytest.approx(0.007)
    assert average(inputs.recent_tia_prevalence, inputs, 0) == pytest.approx(0.0005)
    np.testing.assert_allclose(average(inputs.copd_prevalence, inputs, 15, "sex"), [0.024, 0.039])
    np.testing.assert_allclose(inputs.atrial_fibrillation_known, 1 / 1.47)
    for name in ("atrial_fibrillation", "heart_failure", "copd", "recent_tia"):
        share = inputs[f"{name}_prevalence"]
        assert not share.sel(age=slice(0, 29)).any()
        assert (share.sel(age=slice(30, None)).diff("age") >= 0).all() or name == "copd"


def test_heart_failure_follows_the_published_gradient(inputs: xr.Dataset) -> None:
    share = inputs.heart_failure_prevalence.sel(age=80)
    np.testing.assert_allclose(share.sel(quintile=1) / share.sel(quintile=5), 1.61)


def test_copd_follows_the_published_gradient(inputs: xr.Dataset) -> None:
    standardised = (inputs.copd_prevalence * inputs.population.sum("quintile")).sum(("age", "sex"))
    assert (standardised.diff("quintile") < 0).all()
    assert float(standardised.sel(quintile=1) / standardised.sel(quintile=5)) == pytest.approx(3.29, rel=0.005)


def test_circumstances(inputs: xr.Dataset) -> None:
    work = inputs.unemployed_prevalence
    np.testing.assert_allclose(work.sel(age=40, sex="Male"), [0.2014, 0.1196, 0.082, 0.0591, 0.0407])
    assert not work.sel(age=[15, 65]).any()
    smoked = inputs.smoked_in_pregnancy_prevalence.sel(age=0)
    newborns = inputs.population.sel(age=0)
    assert float((smoked * newborns).sum() / newborns.sum()) == pytest.approx(0.134)
    np.testing.assert_allclose(smoked.sel(quintile=1) / smoked.sel(quintile=5), 4.76)
    assert not inputs.smoked_in_pregnancy_prevalence.sel(age=slice(1, None)).any()


def test_drinking_puts_the_surveyed_share_over_the_guideline(inputs: xr.Dataset) -> None:
    at = inputs.sel(age=40)
    for sex, grams, ratio in (("Female", 16.0, 0.649), ("Male", 24.0, 1.372)):
        who = at.sel(sex=sex)
        over = who.alcohol_drinkers * ndtr((who.alcohol_log_mean - np.log(grams)) / who.alcohol_log_sd)
        np.testing.assert_allclose(over, ratio * np.array([0.1769, 0.1844, 0.2203, 0.2604, 0.2653]))
    assert not inputs.alcohol_drinkers.sel(age=slice(0, 15)).any()


def test_winter_takes_the_published_share_of_deaths(inputs: xr.Dataset) -> None:
    """About 27,000 excess winter deaths a year in England (2006-16; Public Health 2016;141:207)."""
    deaths = (inputs.mortality_rate.isel(year=0).sum("cause") * inputs.population).sum(("quintile", "sex"))
    assert 22_000 < float((deaths * inputs.winter_share).sum()) < 30_000
    assert inputs.winter_share.sel(age=95) > inputs.winter_share.sel(age=70) > inputs.winter_share.sel(age=30) > 0


def test_values_of_a_year(inputs: xr.Dataset) -> None:
    assert float(inputs.utility.sel(quintile=1, age=62)) == 0.7493
    assert (
        inputs.utility.sel(quintile=1, age=slice(20, None)) < inputs.utility.sel(quintile=5, age=slice(20, None))
    ).all()
    assert (inputs.nhs_cost.sel(age=100) == inputs.nhs_cost.sel(age=85)).all()
    mean = float((inputs.nhs_cost * inputs.population).sum() / inputs.population.sum())
    assert 1_200 < mean < 2_500
