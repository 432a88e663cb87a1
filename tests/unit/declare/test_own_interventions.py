"""Intervention files of a scenario's author: read, refused at their line, and part of what a result holds."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from synthetic import make_scenario

from hisim.declare.files import load_library, read_scenario, read_scenario_text, write_scenario
from hisim.errors import ImpossibleModelError, InvalidFileError
from hisim.inputs.load import load_inputs
from hisim.model.projection import project
from hisim.model.slot_plan import library_of_run

CLINIC = (files("hisim") / "interventions" / "rapid-tia-clinics.yaml").read_text("utf-8")
SCENARIO = """hisim: 1
name: mine
title: My own clinic
start: 2011
end: 2012
simulation: {people_per_cohort: 16}
interventions:
  - use: rapid-tia-clinics
    file: rapid-tia-clinics.yaml
    profile: industrial_scale
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A scenario with a file of its own, in which clinics are twice as good."""
    (tmp_path / "rapid-tia-clinics.yaml").write_text(CLINIC.replace("value: 0.38", "value: 0.24"), "utf-8")
    (tmp_path / "mine.yaml").write_text(SCENARIO, "utf-8")
    return tmp_path / "mine.yaml"


def refusal(path: Path) -> str:
    with pytest.raises(InvalidFileError) as refused:
        read_scenario(path)
    return str(refused.value).replace(str(path.parent) + "/", "")


def test_a_file_of_ones_own_goes_before_the_library(mine: Path) -> None:
    (use,) = read_scenario(mine).interventions
    assert use.intervention.effects[0].hazard_ratio.value == 0.24
    assert library_of_run([read_scenario(mine)])["rapid-tia-clinics"] == use.intervention
    assert load_library()["rapid-tia-clinics"].effects[0].hazard_ratio.value == 0.38


def test_a_result_can_be_computed_again_from_itself(mine: Path) -> None:
    scenario, inputs = read_scenario(mine), load_inputs(2011, 2012)
    result = project(scenario, inputs)
    text = json.loads(result.attrs["scenarios"])["mine"]
    again = read_scenario_text(text, own=json.loads(result.attrs["own_interventions"])["mine"])
    assert again == scenario
    assert project(again, inputs)["deaths"].equals(result["deaths"])
    packaged = project(make_scenario((load_library()["rapid-tia-clinics"], {"profile": "industrial_scale"}),
                                     end=2012, people_per_cohort=16, seed=2011), inputs)  # fmt: skip
    assert float(result["deaths"][1].sum()) < float(packaged["deaths"][1].sum())


def test_mistakes_of_the_file_show_at_their_place_in_it(mine: Path) -> None:
    own = mine.parent / "rapid-tia-clinics.yaml"
    own.write_text(CLINIC.replace("value: 0.38", "value: 3.8"), "utf-8")
    line = CLINIC[: CLINIC.index("value: 0.38")].count("\n") + 1
    assert refusal(mine).startswith(f"rapid-tia-clinics.yaml:{line}:14: effects[0].hazard_ratio.value: low 0.23, value")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other.yaml", "mine.yaml:9:11: file: other.yaml: no such file; allowed: "),
        ("/etc/hosts", "mine.yaml:9:11: file: '/etc/hosts'; allowed: the name of one file, relative to this one"),
        ("''", "mine.yaml:9:11: file: ''; allowed: the name of one file, relative to this one"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused_at_the_name(mine: Path, name: str, message: str) -> None:
    mine.write_text(SCENARIO.replace("file: rapid-tia-clinics.yaml", f"file: {name}"), "utf-8")
    assert message in refusal(mine)


def test_the_file_must_hold_what_the_scenario_uses(mine: Path) -> None:
    mine.write_text(SCENARIO.replace("use: rapid-tia-clinics", "use: statins"), "utf-8")
    assert "mine.yaml:8:10: interventions[0].use: 'statins'; allowed: 'rapid-tia-clinics', as in" in refusal(mine)


def test_a_text_alone_reads_no_disk(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mine.parent)
    with pytest.raises(InvalidFileError, match=r"scenario:9:11: file: .*allowed: a scenario that stands alone"):
        read_scenario_text(SCENARIO)
    read_scenario_text(SCENARIO, own={"rapid-tia-clinics.yaml": CLINIC})


def test_a_file_cannot_set_what_the_reader_fills_in(mine: Path) -> None:
    mine.write_text(SCENARIO + "    file_text: anything\n", "utf-8")
    assert "the unknown key 'file_text'" in refusal(mine)


def test_what_the_author_must_supply_is_refused_until_supplied(mine: Path, root: Path) -> None:
    lines = (root / "scenarios" / "housing.yaml").read_text("utf-8").splitlines()
    mine.write_text("\n".join(line for line in lines if "file:" not in line), "utf-8")
    message = refusal(mine)
    assert "interventions[1].use: 'overcrowding-relief', of which this is not known: how overcrowding" in message
    assert "allowed: 'file' with an intervention file of your own that states it" in message
    assert read_scenario(root / "scenarios" / "housing.yaml").interventions[1].intervention.author_must_supply is None


def test_a_run_has_one_definition_of_a_drug(mine: Path) -> None:
    own = read_scenario(mine)
    packaged = read_scenario_text(SCENARIO.replace("    file: rapid-tia-clinics.yaml\n", "").replace("mine", "theirs"))
    with pytest.raises(ImpossibleModelError, match="rapid-tia-clinics: found two definitions, the second in 'theirs'"):
        project([own, packaged])


def test_it_is_written_as_it_was_read(mine: Path) -> None:
    scenario = read_scenario(mine)
    text = write_scenario(scenario)
    assert 'file: "rapid-tia-clinics.yaml"' in text and "file_text" not in text
