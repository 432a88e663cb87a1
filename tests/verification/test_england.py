"""England itself: the comparator is what was observed, and the default run is precise enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic import make_scenario

from hisim.declare.files import load_library, read_scenario
from hisim.declare.strata import Strata
from hisim.inputs.load import load_inputs
from hisim.model.inputs import inputs_of
from hisim.model.projection import project
from hisim.outcomes.comparison import compare
from hisim.variables import COMPARATOR

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = ("three-actions", "antihypertensives", "statins", "stop-smoking")
FEW = 160


@pytest.fixture(scope="module")
def demo():
    return project([read_scenario(SCENARIOS / f"{name}.yaml") for name in NAMES])


@pytest.mark.parametrize(("year", "deaths"), [(2009, 459_241), (2010, 461_016), (2011, 452_863)])
def test_first_year_deaths_are_those_registered(year, deaths):
    """ONS deaths registered in England, with that year's rates and population."""
    scenario = make_scenario(start=year, end=year, people_per_cohort=FEW)
    result = project(scenario)
    assert float(result["deaths"].sel(scenario=COMPARATOR).sum()) == pytest.approx(deaths, abs=0.5)


def test_every_cell_of_the_comparator_is_rate_times_person_years(demo):
    """To 1e-9 relative in every quintile, sex, age, year and cause, where there is a rate."""
    result = demo.sel(scenario=COMPARATOR).isel(draw=0)
    expected = (load_inputs()["mortality_rate"] * result["person_years"]).values
    np.testing.assert_allclose(result["deaths"].values, expected, rtol=1e-9, atol=0)


def test_population_of_the_first_year_is_the_mid_year_estimate(demo):
    lived = demo["person_years"].sel(scenario=COMPARATOR).isel(draw=0, year=0)
    assert float(lived.sum()) == pytest.approx(53_107_169, abs=0.5)


def test_people_are_diagnosed_treated_and_smoke_as_the_inputs_say(demo):
    """In the first year: whoever is treated is diagnosed, and shares are those of the inputs, within sampling."""
    inputs = load_inputs()
    now = demo["people_in_state"].sel(scenario=COMPARATOR).isel(draw=0, year=0)
    adults = {"age": slice(40, 80)}
    smokers = (inputs["smoking_current"] * inputs["population"]).sel(adults).sum()
    assert float(now.sel(state="current_smoker").sel(adults).sum()) == pytest.approx(float(smokers), rel=0.02)
    known, treated = (
        now.sel(state=state).sel(adults).sum() for state in ("hypertension_diagnosed", "antihypertensive")
    )
    assert 0.55 < float(treated / known) < 0.95
    everyone = demo["people_in_state"].isel(draw=0)
    diagnosed, on_drugs = everyone.sel(state="hypertension_diagnosed"), everyone.sel(state="antihypertensive")
    assert (diagnosed >= on_drugs * (1 - 1e-9)).all()
    last = diagnosed.isel(year=-1).sum(("quintile", "sex", "age"))
    assert float(last.sel(scenario="antihypertensives")) > float(last.sel(scenario=COMPARATOR))


def test_hindcast_from_2002_uses_no_later_rate():
    early = load_inputs(2002, 2008, observed_to=2002, trend="flat")["mortality_rate"]
    assert all(early.isel(year=y).equals(early.isel(year=0).assign_coords(year=2002 + y)) for y in range(7))


def test_a_null_scenario_on_england_is_the_comparator_bit_for_bit():
    library = load_library()
    uses = [(library[name], {"relative": 1.0}) for name in sorted(library)]
    result = project(make_scenario(*uses, end=2014, people_per_cohort=FEW))
    assert result["deaths"][0].values.tobytes() == result["deaths"][1].values.tobytes()
    assert result["person_years"][0].values.tobytes() == result["person_years"][1].values.tobytes()


def test_sampled_agrees_with_expected_on_england():
    """Deaths drawn against deaths expected in every fifth and cause, within 4 standard errors; 240 comparisons.

    Given the people, drawn deaths have at most Poisson variance in simulated people, each of whom stands for
    at most the heaviest cohort's weight. A false alarm in 65.
    """
    library = load_library()
    uses = [(library[name], {"relative": 1.5}) for name in sorted(library)]
    people = 640
    runs = [
        project(make_scenario(*uses, end=2012, people_per_cohort=people, estimator=estimator))["deaths"].isel(draw=0)
        for estimator in ("expected", "sampled")
    ]
    expected, drawn = (run.sum(("year", "sex", "age")).values for run in runs)
    heaviest = float(load_inputs(2011, 2011)["population"].max()) / people
    assert (np.abs(drawn - expected) <= 4 * np.sqrt(expected * heaviest) + 1e-9).all()
    assert np.abs(drawn - expected).max() > 1


def test_default_settings_give_a_monte_carlo_error_of_at_most_1_percent(demo):
    """Deaths averted in the most deprived fifth, by 2015 and by 2020, under the three actions."""
    comparison = compare(demo)
    cell = {"scenario": "three-actions", "quintile": "1", "sex": "Persons", "cause_group": "All causes", "draw": 0}
    for year in (2015, 2020):
        value = float(comparison["deaths_averted_cumulative"].sel({**cell, "year": year}))
        error = float(comparison["deaths_averted_cumulative_se"].sel({**cell, "year": year}))
        assert value > 0
        assert 0 < error / value <= 0.01


def test_the_monte_carlo_error_is_what_other_seeds_show():
    """Spread over 12 seeds against the stated error: their ratio is between 0.5 and 2 (chi-squared, 1 in 500)."""
    found, stated = [], []
    for seed in range(12):
        library = load_library()
        uses = [(library["statins"], {"relative": 1.4})]
        comparison = compare(project(make_scenario(*uses, end=2013, people_per_cohort=FEW, seed=seed)), by=(2013,))
        cell = {"scenario": "mix", "quintile": "all", "sex": "Persons", "cause_group": "All causes", "draw": 0}
        found.append(float(comparison["deaths_averted_cumulative"].sel({**cell, "year": 2013})))
        stated.append(float(comparison["deaths_averted_cumulative_se"].sel({**cell, "year": 2013})))
    assert 0.5 < np.std(found, ddof=1) / np.sqrt(np.mean(np.square(stated))) < 2.0


@pytest.mark.parametrize("strata", [{"by": "ethnicity"}, {"by": "ethnicity", "mortality_multipliers": "central"},
                                    {"by": "output-area-classification"}])  # fmt: skip
def test_telling_strata_apart_changes_no_cell_of_the_comparator(strata):
    """To 1e-12 relative by quintile, sex, age, cause and year; and strata are as many people as their tables say."""
    plain = read_scenario(SCENARIOS / "three-actions.yaml")
    few = plain.simulation.model_copy(update={"people_per_cohort": FEW})
    plain = plain.model_copy(update={"end": 2015, "simulation": few, "interventions": plain.interventions[:1]})
    apart = plain.model_copy(update={"strata": Strata(**strata)})
    inputs = inputs_of(apart)
    on, off = (one.sel(scenario=COMPARATOR) for one in (project(apart, inputs), project(plain)))
    for name in ("deaths", "person_years"):
        np.testing.assert_allclose(on[name].values, off[name].values, rtol=1e-12)
    np.testing.assert_allclose(on["stratum_deaths"].sum().item(), on["deaths"].sum().item(), rtol=1e-12)
    told = (inputs["stratum_share"] * inputs["population"]).sum(("sex", "age"))
    lived = on["stratum_person_years"].isel(draw=0, year=0).sum(("sex", "age_band"))
    np.testing.assert_allclose(lived.values, told.values, rtol=0.01 if "mortality_multipliers" in strata else 0.002)
