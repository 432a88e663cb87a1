"""The Priority Action List library: complete, traceable to the last number, and every file does what it says."""

from __future__ import annotations

from typing import get_args

import pytest
from synthetic import make_scenario

from hisim.declare.evidence import Category, Marmot, Workbook
from hisim.declare.files import library_names, load_library, read_scenario
from hisim.declare.intervention import MECHANISMS, CaseFinding, quantities
from hisim.inputs.load import load_inputs
from hisim.model.projection import project
from hisim.surfaces.catalogue import intervention_sheet
from hisim.surfaces.explain import intervention_lines, number, numbers

NAMES = library_names()
CANDIDATES = {
    "antihypertensives", "statins", "health-checks", "secondary-prevention", "atrial-fibrillation", "heart-failure",
    "cardiac-rehabilitation", "rapid-tia-clinics", "diabetes-glucose", "diabetes-blood-pressure", "copd-care",
    "flu-vaccination", "affordable-warmth", "stop-smoking-services", "tobacco-control", "smoking-in-pregnancy",
    "infant-package", "alcohol-brief-advice", "alcohol-minimum-price", "bowel-screening", "breast-screening",
    "cervical-screening", "early-cancer-presentation", "salt-reduction", "trans-fat-ban", "income-maximisation",
}  # fmt: skip
"""The 25 candidate actions, breast and cervical screening apart (docs/explanation/priority-action-list.md)."""
NO_RATIO_KNOWN = "overcrowding-relief"
NO_EFFECT_FOUND = "cardiac-rehabilitation"
FEW = 64


@pytest.fixture(scope="module")
def alone():
    """Every intervention alone and all together at industrial scale, England 2011 to 2015, few people."""
    library = load_library()
    use = {"profile": "industrial_scale", "full_from": 2012}
    one_each = [make_scenario((item, use), name=name, people_per_cohort=FEW) for name, item in library.items()]
    whole = make_scenario(*((item, use) for item in library.values()), name="all-of-it", people_per_cohort=FEW)
    return project([whole, *one_each], load_inputs(2011, 2015)).isel(draw=0)


def averted(result, name):
    """Deaths averted to the end, by quintile."""
    dead = result["deaths"].sum(("year", "sex", "age", "cause"))
    return (dead.sel(scenario="comparator") - dead.sel(scenario=name)).values


def test_every_candidate_action_is_there() -> None:
    assert set(NAMES) >= CANDIDATES
    assert set(NAMES) - CANDIDATES == {"employment-support", NO_RATIO_KNOWN}


def test_every_workbook_category_mechanism_and_marmot_objective_but_one_is_served() -> None:
    library = load_library().values()
    assert {workbook for item in library for workbook in item.workbooks} == set(get_args(Workbook))
    assert {item.category for item in library} == set(get_args(Category))
    assert {item.mechanism for item in library} == set(MECHANISMS)
    assert {item.gestation for item in library} == {"A", "B", "C"}
    unserved = set(get_args(Marmot)) - {item.marmot for item in library}
    assert unserved <= {name for name in get_args(Marmot) if name.startswith("Enable all children")}


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_traced_by_one_command(name: str) -> None:
    item, sheet = load_library()[name], intervention_sheet(name, as_json=False)
    lines = [" ".join(line.split()) for line in intervention_lines(item)]
    assert "".join("".join(lines).split()) == "".join(sheet.split())
    for (path, quantity), (same, label, told, fifths) in zip(quantities(item), numbers(item), strict=True):
        assert (path, quantity) == (same, told)
        (line,) = [one for one in lines if one == f"{label}: {number(quantity, fifths)}"]
        if quantity.status == "assumption":
            assert "ASSUMPTION" in line and quantity.note
        else:
            assert any(one.startswith(f"[{quantity.source}] ") and len(one) > 20 for one in lines)


@pytest.mark.parametrize("name", NAMES)
def test_every_source_is_used_and_every_key_in_a_text_is_a_source(name: str) -> None:
    item = load_library()[name]
    texts = " ".join(
        [item.summary, item.reach_now, item.evidence_against, item.evidence_grade.why, item.caution or ""]
        + [f"{quantity.source} {quantity.note}" for _, quantity in quantities(item)]
    )
    for key in item.sources:
        assert key in texts, f"{key} is listed and never cited"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_achievable_is_more_than_now_somewhere(name: str) -> None:
    delivery = load_library()[name].delivery
    now, then = delivery.coverage(delivery.steps_now), delivery.coverage(delivery.steps_achievable)
    assert all(a <= b <= 1 for a, b in zip(now, then, strict=True))
    assert sum(then) > sum(now)


@pytest.mark.parametrize("name", NAMES)
def test_each_runs_alone_serves_people_at_a_cost_and_postpones_deaths(alone, name: str) -> None:
    here = alone.sel(scenario=name, intervention=name)
    assert float(here["covered"].sum()) > 0
    assert (here["covered"].sum(("year", "sex", "age")) >= 0).all()
    assert float(here["people_eligible"].sum()) > 0
    assert float(here["cost_gbp"].sum()) > 0
    if name in (NO_RATIO_KNOWN, NO_EFFECT_FOUND):
        assert (
            alone["deaths"]
            .sel(scenario=name)
            .equals(alone["deaths"].sel(scenario="comparator").assign_coords(scenario=name))
        )
    else:
        assert averted(alone, name).sum() > 0


def test_the_whole_is_less_than_the_sum_of_its_parts_in_every_quintile(alone) -> None:
    parts = sum(averted(alone, name) for name in NAMES)
    whole = averted(alone, "all-of-it")
    assert (whole > 0).all()
    assert (whole < parts).all()


def test_the_whole_list_uses_all_of_the_library(root) -> None:
    ids = {use.id for use in read_scenario(root / "scenarios" / "whole-list.yaml").interventions}
    assert ids == set(NAMES) - {NO_RATIO_KNOWN}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cardiac-rehabilitation", "after 2000"),
        ("diabetes-glucose", "1.02"),
        ("flu-vaccination", "confound"),
        ("secondary-prevention", "75%"),
    ],
)
def test_evidence_against_is_where_a_reader_would_be_misled(name: str, words: str) -> None:
    item = load_library()[name]
    assert words in item.evidence_against
    assert item.caution
    assert f"CAUTION: {item.caution}" in " ".join(" ".join(intervention_lines(item)).split())


def test_the_conditions_that_checks_find_have_registers() -> None:
    found = {condition for item in load_library().values() if isinstance(item, CaseFinding) for condition in item.finds}
    assert found == {"hypertension", "diabetes"}
