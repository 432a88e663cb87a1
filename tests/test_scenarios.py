"""Every shipped scenario and intervention file loads, says what it should and names its schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from hisim.declare.files import library_names, load_library, read_intervention, read_scenario, read_scenario_text
from hisim.declare.files import write_scenario as written

ROOT = Path(__file__).parents[1]
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
THREE = ("antihypertensives", "statins", "stop-smoking")
LIBRARY = sorted((ROOT / "src" / "hisim" / "interventions").glob("*.yaml"))


def test_what_is_shipped() -> None:
    assert {"three-actions", *THREE} <= {path.stem for path in SHIPPED}
    assert tuple(path.stem for path in LIBRARY) == library_names()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_loads_under_its_own_name(path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario.name == path.stem
    assert read_scenario_text(written(scenario)) == scenario


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_a_packaged_intervention_loads_from_its_file(path: Path) -> None:
    assert read_intervention(path) == load_library()[path.stem]


@pytest.mark.parametrize("path", [*SHIPPED, *LIBRARY], ids=lambda path: path.stem)
def test_editors_find_the_schema(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    mark = "# yaml-language-server: $schema="
    assert first.startswith(mark)
    assert (path.parent / first.removeprefix(mark)).is_file()


def test_each_action_alone_is_the_action_in_the_three() -> None:
    three = read_scenario(ROOT / "scenarios" / "three-actions.yaml")
    alone = [read_scenario(ROOT / "scenarios" / f"{name}.yaml") for name in THREE]
    assert [scenario.interventions for scenario in alone] == [(use,) for use in three.interventions]
    assert [use.change.values[0] for use in three.interventions] == [1.4, 1.4, 2.0]
    assert {(use.start, use.full_from, use.until) for use in three.interventions} == {(2011, 2012, None)}
