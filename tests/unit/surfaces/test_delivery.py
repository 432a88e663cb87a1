"""The chain of delivery as a person reads it: sentences, tables and JSON against the shares of the file."""

from __future__ import annotations

import json
from math import prod

import pytest
from synthetic import effects, library_of, make_acting, make_inputs, make_scenario, make_service

from hisim.declare.delivery import STEPS
from hisim.surfaces import delivery
from hisim.surfaces.cli import main

NOW = {"need_known": 0.9, "offered": (0.3, 0.5, 0.6, 0.7, 0.8), "taken_up": (0.9, 0.6, 0.6, 0.6, 0.6), "sustained": 0.8}
THEN = {"offered": 0.9, "taken_up": 0.7}
CLINIC = make_acting("mortality_effect", "clinic", "everyone", effects({"ihd": 0.5}), now=NOW, achievable=THEN)
INPUTS = make_inputs(2011, 2012)


@pytest.fixture(autouse=True)
def synthetic_library(monkeypatch):
    monkeypatch.setattr("hisim.model.slot_plan.load_library", lambda: library_of(CLINIC, make_service()))


def chains(*uses):
    return delivery.Chains(make_scenario(*uses, end=2012), INPUTS)


def test_the_weakest_step_is_the_one_that_loses_most_people_in_each_fifth():
    industrial = chains((CLINIC, {"profile": "industrial_scale"}))
    (use,) = industrial.scenario.interventions
    weakest = [industrial.of(use, "now", quintile).weakest for quintile in range(1, 6)]
    assert weakest == ["offered", "offered", "offered", "offered", "taken_up"]
    sentence = delivery.sentence(use, industrial)
    assert "most are lost now because they are not offered it" in sentence
    assert "63%" in sentence and "not so in every fifth" in sentence
    assert "adequate service volumes" in sentence


def test_shares_multiply_and_people_are_shares_of_need():
    industrial = chains((CLINIC, {"profile": "industrial_scale"}))
    (use,) = industrial.scenario.interventions
    for quintile in range(1, 6):
        one = industrial.of(use, "full", quintile)
        now = [step if isinstance(step := NOW.get(name, 1.0), float) else step[quintile - 1] for name in STEPS]
        later = [max(share, THEN.get(name, 0.0)) for name, share in zip(STEPS, now, strict=True)]
        assert one.need == pytest.approx(float(INPUTS["population"].sel(quintile=quintile).sum()))
        assert one.shares[-1] == pytest.approx(prod(later))
        assert one.served / one.need == pytest.approx(prod(later))
        assert one.lost.sum() == pytest.approx(one.need * (1 - prod(later)))


def test_the_table_marks_the_weakest_step_and_shows_both_times():
    industrial = chains((CLINIC, {"profile": "industrial_scale", "full_from": 2012}))
    table = delivery.chain_table(industrial.scenario.interventions[0], industrial)
    offered = next(row for row in table.rows if row.cells[0] == "offered it, within capacity")
    assert offered.cells[1:] == ["now", "27.0*", "45.0*", "54.0*", "63.0*", "72.0 "]
    assert table.rows[table.rows.index(offered) + 1].cells[1:3] == ["2012", "81.0 "]
    amounts = chains((CLINIC, {"relative": 1.5}))
    table = delivery.chain_table(amounts.scenario.interventions[0], amounts)
    assert "changes coverage as a whole" in table.note
    assert [row.cells[1] for row in table.rows] == ["people", *["now"] * 6, "2011"]


def test_a_service_counts_quit_dates_and_says_so():
    service = chains((make_service(now={"taken_up": 0.1}), {"relative": 2.0}))
    table = delivery.chain_table(service.scenario.interventions[0], service)
    assert any(row.cells[0] == "setting a quit date in the year" for row in table.rows)


def test_where_nobody_is_in_need_or_nobody_is_lost_the_sentence_says_so():
    pill = make_acting("mortality_effect", "pill", "hypertension", effects({"ihd": 0.5}))
    everyone = make_acting("mortality_effect", "clinic", "everyone", effects({"ihd": 0.5}))
    both = chains((pill, {"profile": "as_now"}), (everyone, {"profile": "as_now"}))
    words = [delivery.sentence(use, both) for use in both.scenario.interventions]
    assert "nobody in the most deprived fifth is in need" in words[0]
    assert words[1] == "clinic: no step loses anybody."
    assert "No intervention" in delivery.described(chains())


def test_json_holds_every_chain():
    found = json.loads(delivery.records(chains((CLINIC, {"profile": "industrial_scale"}))))["chains"]
    assert [(one["intervention"], one["quintile"]) for one in found] == [("clinic", q) for q in range(1, 6)]
    assert set(found[0]["now"]["people"]) == {"in_need", *STEPS}
    assert found[0]["now"]["weakest"] == "offered"


def test_the_command_prints_the_chain(capsys, root, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(SystemExit) as stopped:
        main(["delivery", str(root / "scenarios" / "three-actions.yaml")])
    out = capsys.readouterr().out
    assert not stopped.value.code
    assert "The weakest step of each intervention, most deprived fifth" in out
    assert out.count("* marks the step that loses most") == 3
