"""Every shipped scenario and intervention file loads, says what it should and names its schema."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from hisim.declare.evidence import Marmot, Workbook
from hisim.declare.files import library_names, load_library, read_intervention, read_scenario, read_scenario_text
from hisim.declare.files import write_scenario as written
from hisim.model.projection import project
from hisim.surfaces.catalogue import explanation

ROOT = Path(__file__).parents[1]
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
THREE = ("antihypertensives", "statins", "stop-smoking")
ACTIONS = ("antihypertensives", "statins", "stop-smoking-services")
OWN = sorted((ROOT / "scenarios" / "own").glob("*.yaml"))
LIBRARY = sorted((ROOT / "src" / "hisim" / "interventions").glob("*.yaml"))


def test_what_is_shipped() -> None:
    assert {"three-actions", *THREE} <= {path.stem for path in SHIPPED}
    assert tuple(path.stem for path in LIBRARY) == library_names()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_loads_under_its_own_name(path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario.name == path.stem
    assert read_scenario_text(written(scenario), own=scenario.own_files) == scenario


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_a_packaged_intervention_loads_from_its_file(path: Path) -> None:
    assert read_intervention(path) == load_library()[path.stem]


@pytest.mark.parametrize("path", [*SHIPPED, *OWN, *LIBRARY], ids=lambda path: path.stem)
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


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_explains_itself_and_runs(path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario.description
    text = " ".join(explanation(path).split())
    assert scenario.title in text
    assert all(f"({use.id};" in text for use in scenario.interventions)
    few = scenario.simulation.model_copy(
        update={"people_per_cohort": 128 if scenario.strata else 64, "one_to_one": False}
    )
    deaths = project(scenario.model_copy(update={"simulation": few}))["deaths"].isel(draw=0)
    assert float(deaths.sel(scenario=scenario.name).sum()) < float(deaths.sel(scenario="comparator").sum())


def test_the_list_of_scenarios_is_whole() -> None:
    text = (ROOT / "scenarios" / "README.md").read_text("utf-8").split("| file |")[1].split("\n- How much")[0]
    assert set(re.findall(r"(?<![/\w-])([a-z0-9-]+)\.yaml", text)) == {path.stem for path in SHIPPED}


def test_every_workbook_has_its_scenario() -> None:
    """One file each, with an action of the workbook and the file's name in its words."""
    library = load_library()
    of = {"copd": "Chronic obstructive pulmonary disease", "low-income-and-debt": "Low income, debt and health",
          "housing": "Housing and health"}  # fmt: skip
    for workbook in get_args(Workbook)[:-1]:
        name = next((file for file, words in of.items() if words == workbook), workbook.lower().replace(" ", "-"))
        scenario = read_scenario(ROOT / "scenarios" / f"{name}.yaml")
        assert any(workbook in library[use.id].workbooks for use in scenario.interventions)


def test_scenarios_of_one_kind_hold_all_of_that_kind() -> None:
    library = {name: item for name, item in load_library().items() if not item.author_must_supply}

    def ids(name: str) -> list[str]:
        return [use.id for use in read_scenario(ROOT / "scenarios" / f"{name}.yaml").interventions]

    for category, name in (("population", "population"), ("personal health", "personal"),
                           ("community health", "community")):  # fmt: skip
        assert ids(f"{name}-only") == [key for key, item in library.items() if item.category == category]
    short = {key for key, item in library.items() if item.gestation == "A"}
    assert set(ids("spearhead-2010")) == short | {"stop-smoking-services"}
    objectives = [get_args(Marmot).index(library[name].marmot) for name in ids("kent-2012-15")]
    assert objectives == sorted(objectives)


def test_bench_and_industrial_scale_differ_in_scale_alone() -> None:
    bench, industrial = (
        read_scenario(ROOT / "scenarios" / f"three-actions-{name}.yaml") for name in ("bench", "industrial")
    )
    assert [use.id for use in bench.interventions] == [use.id for use in industrial.interventions] == list(ACTIONS)
    assert {use.profile for use in bench.interventions} == {"bench_experiment"}
    assert {use.profile for use in industrial.interventions} == {"industrial_scale"}
