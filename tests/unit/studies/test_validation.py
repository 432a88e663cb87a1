"""Interventions at the ends of their intervals; situations of studies; comparisons worked again by hand."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from synthetic import by_cause, effects, library_of, log_rr, make_acting, make_inputs, make_scenario

from hisim.declare.files import load_library, packaged_intervention
from hisim.inputs.load import load_inputs
from hisim.inputs.published import PUBLISHED, published_results
from hisim.model.projection import project
from hisim.outcomes.bands import banded
from hisim.studies import figures
from hisim.studies.comparisons import FIGURES, Figure
from hisim.studies.ends import ENDS, at_end, library_at, scenario_at
from hisim.studies.situations import PAST, past, surveyed
from hisim.studies.validation import Comparison, measured
from hisim.variables import AGE_BAND_STARTS

LIBRARY = load_library()
EFFECTS = {"effects", "starts", "extra_quits_per_year", "success_12_months", "unaided_success_12_months"}


@pytest.fixture(scope="module")
def past_inputs() -> xr.Dataset:
    return load_inputs(*PAST)


# --- ends -----------------------------------------------------------------------------------------------------------


def test_the_centre_is_the_intervention_itself() -> None:
    assert all(at_end(item, "central") is item for item in LIBRARY.values())


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("end", ["weak", "strong"])
def test_only_effects_move_and_coming_back_is_possible(name: str, end: str) -> None:
    before, after = LIBRARY[name], at_end(LIBRARY[name], end)
    assert {key for key in type(before).model_fields if getattr(before, key) != getattr(after, key)} <= EFFECTS
    assert at_end(LIBRARY[name], "central") == before


@pytest.mark.parametrize(
    ("name", "weak", "strong"),
    [
        ("antihypertensives", [-6.29], [-9.32]),
        ("statins", [0.87, 1.09, 1.03], [0.74, 0.84, 0.83]),
        ("salt-reduction", [-0.18], [-1.1]),
    ],
)
def test_weak_and_strong_are_the_stated_ends(name: str, weak: list[float], strong: list[float]) -> None:
    for end, expected in (("weak", weak), ("strong", strong)):
        found = at_end(packaged_intervention(name), end).effects
        assert [getattr(one, "change", None) or one.hazard_ratio for one in found] == [
            pytest.approx(replaced(one, value)) for one, value in zip(found, expected, strict=True)
        ]


def replaced(effect: object, value: float) -> object:
    """The quantity of an effect, which must hold ``value``."""
    quantity = getattr(effect, "change", None) or effect.hazard_ratio
    assert quantity.value == value
    return quantity


def test_shifts_by_quintile_move_in_proportion_and_ratios_on_the_log_scale() -> None:
    price, fat = packaged_intervention("alcohol-minimum-price"), packaged_intervention("trans-fat-ban")
    shift, ratio = at_end(price, "strong").effects[0], at_end(fat, "weak").effects[0]
    assert shift.values == pytest.approx([2 * value for value in price.effects[0].values])
    power = math.log(0.993) / math.log(0.974)
    assert ratio.values == pytest.approx([value**power for value in fat.effects[0].values])


def test_a_service_at_its_strong_end_helps_more_than_unaided_attempts_at_their_low_end() -> None:
    service = packaged_intervention("stop-smoking-services")
    weak, strong = at_end(service, "weak"), at_end(service, "strong")
    assert (strong.success_12_months.level.value, strong.unaided_success_12_months.level.value) == (0.177, 0.03)
    assert (weak.success_12_months.level.value, weak.unaided_success_12_months.level.value) == (0.08, 0.05)
    assert strong.success_12_months.odds_ratio_per_decile == service.success_12_months.odds_ratio_per_decile


def test_quits_of_a_policy_and_shares_started_move_by_quintile() -> None:
    policy, checks = packaged_intervention("tobacco-control"), packaged_intervention("health-checks")
    quits = at_end(policy, "weak").extra_quits_per_year
    assert quits.values == pytest.approx([v * 0.0099 / 0.0205 for v in policy.extra_quits_per_year.values])
    (start,) = at_end(checks, "strong").starts
    assert start.share.values == pytest.approx([v * 0.39 / 0.093 for v in checks.starts[0].share.values])


def test_a_scenario_takes_its_interventions_from_the_library_at_the_end() -> None:
    item = make_acting("exposure_shift", "salt", "everyone", effects(sbp=-1.0), now={"offered": 0.0})
    effect = item.effects[0]
    wide = effect.model_copy(update={"change": effect.change.model_copy(update={"low": -3.0})})
    item = item.model_copy(update={"effects": (wide,)})
    scenario = scenario_at(make_scenario((item, {"to": 1.0})), library_at({"salt": item}, "strong"))
    assert scenario.interventions[0].intervention.effects[0].change.value == -3.0


# --- situations -----------------------------------------------------------------------------------------------------


def test_surveyed_levels_by_hand(past_inputs: xr.Dataset) -> None:
    facts = surveyed(past_inputs)
    assert facts["treated_2000"] == pytest.approx(48 - 3 * (54 - 48) / 3)
    assert facts["treated_2007"] == pytest.approx(54 + (facts["treated_now"] - 54) / 5)
    assert facts["pressure_fall"] == pytest.approx(2 * 0.47 + 5 * 0.27)
    assert facts["lipid_2000"] == pytest.approx(2.2 + 0.4 * (6.2 - 2.2))
    assert facts["primary_2000"] == pytest.approx(3.8 - facts["history_share"] / 100 * (30 + 0.4 * 36))
    per_user = (5.36 - 5.17) / 13.2
    without = [level + per_user * drugs for level, drugs in ((5.53, 2.2), (5.525, 6.2), (5.315, 11.0))]
    at_2000 = without[0] + 0.4 * (without[1] - without[0])
    at_2007 = without[2] + (5.36 - 0.1 - without[2]) / 5.5
    assert facts["cholesterol_fall"] == pytest.approx(at_2000 - at_2007)
    assert facts["cholesterol_fall_low"] == pytest.approx(at_2000 - without[2])


def test_ends_reach_the_scenarios_of_a_situation(past_inputs: xr.Dataset) -> None:
    situation = past(past_inputs, 16)
    (use,) = next(one for one in situation.at("strong").scenarios if one.name == "pressure-of-2000").interventions
    assert use.intervention.effects[0].change.value == pytest.approx(2 * 0.57 + 5 * 0.41)
    assert use.intervention == situation.at("strong").library[use.id]


# --- figures --------------------------------------------------------------------------------------------------------


def test_deaths_prevented_by_a_fall_of_pressure_by_hand() -> None:
    """Everyone is above the floor: a rise by 2 mmHg at a log ratio of 0.02 makes exp(0.04) times the deaths."""
    item = make_acting("exposure_shift", "rise", "everyone", effects(sbp=2.0), now={"offered": 0.0})
    inputs = make_inputs(
        2011, 2011, mortality_rate=by_cause(ihd=1e-7), sbp_mean=160.0, log_rr=log_rr(sbp={"ihd": 0.02})
    )
    scenario = make_scenario((item, {"to": 1.0}), name="rise", end=2011)
    projection = project(scenario, inputs, library=library_of(item))
    figure = Figure(
        "pressure-population", "past", lambda data, raw: figures.averted(data, raw, worse="rise", better="comparator")
    )
    found = measured(replace(figure, scenarios=("rise",)), projection, "central")
    assert found["central"] == pytest.approx(1e-7 * 1000 * 10 * 101 * math.expm1(0.04), rel=1e-5)
    assert found["error"] < 1e-3 * found["central"]


def test_attributable_deaths_by_hand() -> None:
    rate = np.zeros((1, 5, 1, 1, 16))
    rate[0, :, 0, 0, 0] = [0.005, 0.004, 0.003, 0.002, 0.001]
    projection = project(make_scenario(end=2011), make_inputs(2011, 2011, mortality_rate=rate), library=library_of())
    data = banded(projection)
    found = float(figures.attributable(data, projection).squeeze())
    assert found == pytest.approx(100 * (1 - 5 / 15), rel=1e-2)
    tenth = float(figures.attributable(data, projection, tenth=True).squeeze())
    assert tenth == pytest.approx(100 * (1 - 5 / 15 * (1 / 5) ** (0.05 / 0.8)), rel=1e-2)


def test_one_row_by_hand_on_the_projection(past_inputs: xr.Dataset) -> None:
    """Deaths from heart disease in 2007 with statins at the level of 2000, less those at the level of 2007."""
    situation = past(past_inputs, 16)
    projection = project(situation.scenarios, past_inputs, library=situation.library)
    figure = next(one for one in FIGURES if one.key == "statins")
    died = projection["deaths"].sel(year=2007, cause="ihd").values.sum(axis=(1, 2, 3, 4))
    names = projection["scenario"].values.tolist()
    by_hand = died[names.index("statins-2000")] - died[names.index("statins-2007")]
    found = measured(figure, projection, "central")
    assert found["central"] == pytest.approx(by_hand, rel=1e-9)
    assert found["central"] > 0 and found["error"] > 0


def test_age_limits_leave_out_the_bands_above() -> None:
    projection = project(make_scenario(end=2011), make_inputs(2011, 2011), library=library_of())
    data = banded(projection)
    young = float(figures.died(data, "comparator", {"under": 75}).squeeze())
    band = np.array([start < 75 for start in AGE_BAND_STARTS])
    assert young == pytest.approx(float(data["deaths"].isel(scenario=0, age_band=np.flatnonzero(band)).sum()))


# --- rows -----------------------------------------------------------------------------------------------------------


def test_every_row_has_citation_unit_and_verdict(study) -> None:
    assert len(study.comparisons) == len(FIGURES) > 50
    for one in study.comparisons:
        assert one.published.citation and one.unit and one.verdict
        assert one.kind == "not comparable" or math.isfinite(one.value)
        assert math.isnan(one.value) or one.low <= one.value <= one.high


def test_every_published_result_is_a_row_or_sets_one_up(study) -> None:
    rows = {one.published.key for one in study.comparisons}
    others = {key: one for key, one in published_results().items() if key not in rows}
    assert {one.study for one in others.values()} == {"survey"}
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)


def test_published_figures_are_those_of_the_table(study) -> None:
    with Path(PUBLISHED / "results.csv").open(encoding="utf-8", newline="") as file:
        table = {row["key"]: row for row in csv.DictReader(file)}
    for one in study.comparisons:
        row = table[one.published.key]
        assert one.published.value == float(row["value"])
        assert (one.published.low, one.published.high) == tuple(
            float(row[name]) if row[name] else None for name in ("low", "high")
        )


def test_what_is_calibrated_is_near_what_was_observed(study) -> None:
    for one in study.comparisons:
        if one.published.key.startswith(("life-", "circulatory", "cancer", "coronary")):
            assert one.value == pytest.approx(one.published.value, rel=0.02), one.published.key


@pytest.mark.parametrize(
    ("value", "low", "high", "ours", "expected"),
    [
        (10.0, 5.0, 15.0, (6.0, 1.0, 20.0), "inside the published interval; 0.60 times the published figure"),
        (10.0, 8.0, 15.0, (6.0, 1.0, 20.0), "below the published interval; 0.60 times the published figure"),
        (10.0, 8.0, 15.0, (16.0, 1.0, 20.0), "above the published interval; 1.60 times the published figure"),
        (
            10.0,
            None,
            None,
            (6.0, 1.0, 20.0),
            "published figure inside hisim's interval; 0.60 times the published figure",
        ),
        (10.0, None, None, (6.0, 5.0, 7.0), "hisim lower; 0.60 times the published figure"),
        (10.0, None, None, (12.0, 11.0, 13.0), "hisim higher; 1.20 times the published figure"),
    ],
)
def test_verdicts(value: float, low: float | None, high: float | None, ours: tuple[float, ...], expected: str) -> None:
    there = replace(published_results()["statins"], value=value, low=low, high=high)
    assert Comparison(there, "compared", "deaths", *ours, 0.0).verdict == expected


def test_verdicts_without_an_interval_on_either_side_are_differences() -> None:
    there = replace(published_results()["statins"], value=10.0)
    assert Comparison(there, "no interval", "%", 9.0, 9.0, 9.0, 0.0).verdict == "differs by -10.0%"
    assert Comparison(there, "no interval", "%", 10.001, 10.0, 10.0, 0.0).verdict == "no difference"
    assert Comparison(there, "not comparable", "%", 9.0, 9.0, 9.0, 0.0).verdict == "not comparable"


def test_the_ends_bracket_the_centre_of_what_an_intervention_does(study) -> None:
    found = {one.published.key: one for one in study.comparisons}
    for key in ("pressure-drugs", "pressure-population", "statins", "cholesterol-population", "minimum-price"):
        assert found[key].weak < found[key].value < found[key].strong
    assert ENDS == ("central", "weak", "strong")


def test_the_fall_that_would_give_what_was_published(study) -> None:
    """Deaths rise by exp(b x): the fall that is needed, put back in, gives the published number."""
    facts = study.facts
    risk = facts["pressure_risk"] / facts["pressure_fall"]
    assert facts["coronary_2007"] * math.expm1(risk * facts["pressure_needed"]) == pytest.approx(11200)
