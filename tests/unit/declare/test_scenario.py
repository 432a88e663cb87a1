"""Scenarios made in Python obey the same rules as files; remarks on valid ones; the exported schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from synthetic import chain, make_service, make_treatment

from hisim.declare.evidence import Delivery
from hisim.declare.files import library_names, load_library, read_scenario_text
from hisim.declare.intervention import AnyIntervention
from hisim.declare.notes import notes
from hisim.declare.scenario import Scenario, Simulation, Use
from hisim.declare.schema import schema_text

SCENARIOS = Path(__file__).parents[3] / "scenarios"
HEAD = "hisim: 1\nname: s\ntitle: S\nstart: 2011\nend: 2020\ninterventions:\n"


def use(**given: Any) -> Use:
    return Use(**{"id": "statins", "start": 2011, "intervention": load_library()["statins"], **given})


def scenario(**given: Any) -> Scenario:
    return Scenario(**{"hisim": 1, "name": "s", "title": "S", "start": 2011, "end": 2020, **given})


def made(*uses: tuple[AnyIntervention, dict[str, Any]]) -> Scenario:
    return scenario(interventions=[{"use": item.id, "intervention": item, **given} for item, given in uses])


def test_python_and_file_agree() -> None:
    written = read_scenario_text(HEAD + "  - use: statins\n    relative: 1.4\n    from: 2011\n")
    assert scenario(interventions=(use(relative=1.4),)) == written


def test_scale_in_place_takes_the_persistence_of_the_intervention() -> None:
    ending = use(relative=1.4, full_from=2012, until=2013)
    assert [ending.scale_in_place(year) for year in (2010, 2011, 2012, 2013)] == [0, 0.5, 1, 1]
    assert ending.scale_in_place(2014) == pytest.approx(1 - 0.5 / 20)


def test_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        scenario().name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"end": 2010}, "end: 2010, before start 2011; allowed: 2011 or later"),
        ({"name": "comparator"}, "kept for carrying on as now"),
        ({"interventions": (use(to=0.4), use(to=0.5))}, "'statins' a second time"),
        ({"interventions": (use(to=0.4, until=2030),)}, "interventions.0.until: 2030; allowed: a year from start"),
        ({"simulation": {"people_per_cohort": 1280.0}}, "valid integer"),
        ({"simulation": {"people_per_cohort": 640, "one_to_one": True}}, "one_to_one and people_per_cohort"),
        ({"hisim": True}, "Input should be a whole number"),
    ],
)
def test_a_scenario_that_cannot_be_made(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        scenario(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no amount; allowed: exactly one of relative, to, add, profile, achievable, steps"),
        ({"to": 0.5, "add": 0.1}, "'add' beside 'to'"),
        ({"to": 0.5, "profile": "proportionate"}, "'profile' beside 'to'"),
        ({"steps": {}}, "steps: no step; allowed: one or more of need_known, offered"),
        ({"steps": {"taken_up": 1.2}}, "less than or equal to 1"),
        ({"steps": {"uptake": 0.5}}, "Extra inputs are not permitted"),
        ({"profile": "fast"}, "'as_now', 'bench_experiment'"),
        ({"to": 0.5, "capacity": -1}, "greater than or equal to 0"),
        ({"to": 0.5, "start": 2013, "full_from": 2012}, "full_from: 2012, before from 2013"),
        ({"to": {1: 0.5}}, "quintiles 1 to 5"),
        ({"to": float("nan")}, "finite number|greater than or equal"),
    ],
)
def test_a_use_that_cannot_be_made(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        use(**given)


def test_a_trend_that_is_not_damped_has_no_damping() -> None:
    assert scenario(trend={"kind": "flat"}).trend.damping is None
    assert scenario(trend={"kind": "damped", "damping": None}).trend.damping == 0.9
    with pytest.raises(ValidationError, match="damping only with kind 'damped'"):
        scenario(trend={"kind": "continue", "damping": 0.5})


def test_defaults() -> None:
    assert scenario().simulation == Simulation(
        people_per_cohort=1280, seed=2011, estimator="expected", uptake_correlation=0.0
    )
    assert scenario().interventions == ()


def test_notes_say_what_a_reader_should_know() -> None:
    drug = make_treatment("statin", name="drug", hazard_ratios={"ihd": 0.8}, persistence_years=20.0,
                          now={"offered": 0.4})  # fmt: skip
    service = make_service(now={"offered": 0.1}, achievable={"offered": 0.5})
    pills = drug.model_copy(
        update={"delivery": Delivery(now=chain(offered=0.4), achievable=chain(offered=(0.75, 0.7, 0.7, 0.7, 0.7)))}
    )
    assumed = "assumptions, not evidence: lag_years, persistence_years, delivery.now.offered"
    ours = "effects[0].change, effects[1].hazard_ratio, sustained"
    plain = made((drug, {"relative": 1.4}))
    assert notes(plain) == (f"drug: {assumed}, cost.per_person_year_gbp, {ours}",)
    odd = made(
        (pills, {"to": 0.9, "start": 2019, "until": 2019}),
        (service, {"relative": 0.5, "until": 2015}),
    )
    assert notes(odd) == (
        "drug: coverage 0.9 is above the 0.75 thought achievable",
        "drug: delivery ends with 2019; what was gained fades over 20 years",
        f"drug: {assumed}, delivery.achievable.offered, cost.per_person_year_gbp, {ours}",
        "service: delivery ends with 2015; the extra quits end with it; "
        "people who have stopped stay so, apart from relapse",
        "service: coverage falls below what is done now",
        f"service: {assumed}, delivery.achievable.offered, cost.per_attempt_gbp, "
        "success_12_months.level, unaided_success_12_months.level",
    )


def test_a_note_says_what_a_profile_assumes_and_when_it_ends() -> None:
    (note, end, *_) = notes(made((make_treatment(name="drug"), {"profile": "bench_experiment"})))
    assert note == (
        "drug: how far the profile goes in each fifth is an assumption "
        "(a bench experiment: a tenth of the way, everywhere alike, for three years)"
    )
    assert end == "drug: delivery ends with 2013; what was gained ends at once"


def test_notes_say_that_times_nobody_is_nobody() -> None:
    new = make_treatment("new", state="copd", now={"offered": 0.0}, achievable={"offered": 0.5})
    said = "new: reaches nobody now, and any number times nobody is nobody; say 'to', 'add' or a profile"
    assert said in notes(made((new, {"relative": 2.0})))
    assert said not in notes(made((new, {"to": 0.2})))


def test_notes_see_two_routes_to_one_treatment() -> None:
    other = load_library()["statins"].model_copy(update={"id": "more-statins"})
    both = scenario(interventions=(use(to=0.4), use(id="more-statins", intervention=other, to=0.5)))
    assert notes(both)[-1] == (
        "statins and more-statins: two routes to the same treatment (statin); they overlap by person"
    )


@pytest.mark.parametrize("kind", ["scenario", "intervention", "sweep", "target", "portfolio"])
def test_the_exported_schema_is_the_code(kind: Any) -> None:
    assert (SCENARIOS / f"{kind}.schema.json").read_text("utf-8") == schema_text(kind)


def test_every_key_of_the_schema_is_described() -> None:
    schema = json.loads(schema_text("scenario"))
    use_keys = schema["$defs"]["Use"]["properties"]
    assert all(value.get("description") or "$ref" in value for value in schema["properties"].values())
    assert all(value["description"] for value in use_keys.values())
    assert list(use_keys) == [
        "use", "file", "relative", "to", "add", "profile", "achievable", "steps",
        "strata", "capacity", "from", "full_from", "until",
    ]  # fmt: skip
    assert schema["$defs"]["Use"]["required"] == ["use"]
    assert use_keys["use"]["anyOf"][0]["enum"] == list(library_names())


@pytest.mark.parametrize("kind", ["scenario", "intervention", "sweep", "target", "portfolio"])
def test_every_key_of_every_declaration_is_described(kind: Any) -> None:
    parts = json.loads(schema_text(kind))["$defs"]
    for name, one in parts.items():
        for key, value in one["properties"].items():
            shared = parts[value["$ref"].rsplit("/", 1)[1]] if "$ref" in value else {}
            assert value.get("description") or shared.get("description"), f"{name}.{key}"
