"""``hisim portfolio``: what it prints and writes, and that it says no in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from hisim.declare.files import read_scenario
from hisim.declare.writing import standing_alone
from hisim.errors import HisimError, ImpossibleChartError
from hisim.surfaces import charts
from hisim.surfaces.charts.frontier import BUDGET, OTHER, TRADED, finding
from hisim.surfaces.cli import app

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = """\
hisim: 1
name: two-actions
title: Two actions
start: 2011
end: 2012
simulation: {people_per_cohort: 64}
interventions:
  - use: statins
    profile: industrial_scale
  - use: overcrowding-relief
    file: own/overcrowding-relief.yaml
    profile: industrial_scale
"""
TEXT = """\
hisim: 1
name: two
title: Two actions for ten million
scenario: two-actions.yaml
budget: {per_year: 10000000}
objective:
  - estimand: deaths_averted_cumulative
people_per_cohort: 32
draws: 40
alternatives: {number: 1, within: 0.2}
frontier: {budgets: [12000000, 5000000]}
"""


def place(folder: Path) -> Path:
    """The scenario with its own file below it; returns where it is."""
    (folder / "own").mkdir(exist_ok=True)
    shutil.copy(ROOT / "scenarios" / "own" / "overcrowding-relief.yaml", folder / "own")
    (folder / "two-actions.yaml").write_text(SCENARIO, "utf-8")
    return folder / "two-actions.yaml"


def run(folder: Path, text: str, *words: str) -> Any:
    place(folder)
    (folder / "two.yaml").write_text(text, "utf-8")
    return CliRunner().invoke(app, ["portfolio", str(folder / "two.yaml"), "--out", str(folder / "out"), *words])


def test_it_says_what_the_budget_buys_and_writes_what_runs(tmp_path: Path) -> None:
    done = run(tmp_path, TEXT, "--workers", "1")
    assert done.exit_code == 0, done.output
    words = " ".join(done.output.split())
    for told in ("The budget: £10 million a year.", "deaths prevented or postponed in England", "What it costs: £",
                 "How sure: in 40 draws", "Is it the best?", "The next £100,000 a year would do most in statins",
                 "What other budgets would buy"):  # fmt: skip
        assert told in words
    out = tmp_path / "out"
    names = {path.name for path in out.iterdir()}
    assert {"mix.yaml", "frontier.csv", "next-100000.csv", "delivery.csv"} <= names
    mix = read_scenario(out / "mix.yaml")
    assert mix.name == "two-mix" and {use.id for use in mix.interventions} <= {"statins", "overcrowding-relief"}
    delivery = pd.read_csv(out / "delivery.csv")
    assert (delivery["coverage_now"] <= delivery["coverage_then"] + 1e-9).all()
    frontier = pd.read_csv(out / "frontier.csv")
    budgets = frontier.loc[frontier["mix"] == "budget", "budget_gbp_a_year"].tolist()
    assert budgets == sorted(budgets) and 12e6 in budgets and frontier["spent_gbp_a_year"].max() <= 12e6 * (1 + 1e-6)
    again = run(tmp_path, TEXT)
    assert isinstance(again.exception, HisimError)
    assert "mix.yaml: exists; allowed: another folder with --out, or --overwrite" in str(again.exception)


def test_it_speaks_json(tmp_path: Path) -> None:
    done = run(tmp_path, TEXT.replace("draws: 40", "draws: 0"), "--json")
    found = json.loads(done.output)
    assert found["affordable"] and found["mixes"][0]["mix"] == "best"
    assert max(found["mixes"][0]["cost_gbp_by_year"]) <= 1e7
    assert found["mixes"][0]["gains"]["deaths"]["gain"] > 0
    assert len(found["files"]) >= 4


def test_a_budget_that_is_too_small_is_a_no_and_writes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, TEXT.replace("draws: 40", "draws: 0\nbounds:\n  - {use: statins, at_least: 0.7}"))
    assert done.exit_code == 1
    assert "No: the least that the bounds allow costs £" in done.output
    assert not (tmp_path / "out").exists()


def test_a_bad_file_is_one_message_and_writes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, TEXT.replace("deaths_averted_cumulative", "deaths_avertd"))
    assert isinstance(done.exception, HisimError) and done.exception.exit_code == 2
    assert "two.yaml:7:15: objective[0].estimand: 'deaths_avertd'" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_own_files_lie_beside_the_mix(tmp_path: Path) -> None:
    scenario, files = standing_alone(read_scenario(place(tmp_path)))
    assert list(files) == ["overcrowding-relief.yaml"] and scenario.interventions[1].file == "overcrowding-relief.yaml"


def test_an_area_with_few_in_its_most_deprived_fifth_says_so_and_of_which_area_it_speaks(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    text = TEXT.replace("draws: 40", "draws: 0").replace("budget: {per_year: 10000000}", "budget: {per_year: 20000}")
    text = text.replace("frontier: {budgets: [12000000, 5000000]}", "frontier: {budgets: [10000]}")
    scenario = SCENARIO.replace("start: 2011", "area: Chiltern\nstart: 2011")
    place(tmp_path)
    (tmp_path / "chiltern.yaml").write_text(scenario, "utf-8")
    done = run(tmp_path, text.replace("two-actions.yaml", "chiltern.yaml"))
    assert done.exit_code == 0, done.exception
    words = " ".join(done.output.split())
    assert words.startswith("Two actions for ten million Chiltern, 2011 to 2012")
    assert "deaths prevented or postponed in Chiltern" in words and "England" not in words
    assert "not said: too few people live in the most deprived fifth of Chiltern." in words
    assert "nan" not in words and not (tmp_path / "out" / "charts").exists()
    objective = text.replace("deaths_averted_cumulative", "life_expectancy_0_gap_average")
    done = run(tmp_path, objective.replace("two-actions.yaml", "chiltern.yaml"), "--overwrite")
    assert "'life_expectancy_0_gap_average' for too few people in Chiltern; allowed:" in str(done.exception)


def mixes(**change: Any) -> xr.Dataset:
    """Two budgets, two trade-offs and an alternative."""
    data = {"deaths": [100.0, 200.0, 200.0, 150.0, 190.0], "gap": [1.0, 2.0, 2.0, 9.0, 3.0],
            "cost": [5.0, 10.0, 10.0, 10.0, 10.0], **change}  # fmt: skip
    words = ["£5m", "£10m", "", "smallest gap", "1"]
    named = {"kind": ("mix", [BUDGET, BUDGET, TRADED, TRADED, OTHER]), "words": ("mix", words)}
    return xr.Dataset({name: ("mix", np.array(values)) for name, values in data.items()}, named)


def test_the_picture_draws_every_mix_and_its_title_is_the_finding() -> None:
    spec = charts.frontier(mixes(), "a year").to_dict()
    told = finding(mixes(), "a year")
    assert told == ("£10 million a year buys 200 fewer deaths; for the gap, the same money could do 9 days instead of "
                    "2, with 150 fewer deaths")  # fmt: skip
    assert " ".join(spec["title"]["text"]) == told
    rows = [row for data in spec["datasets"].values() for row in data]
    assert {row["words"] for row in rows} >= {"£5m", "£10m", "smallest gap", "1"}
    assert spec["description"].startswith("5 mixes. The best mix for a budget at £5 million a year: 100 deaths")


def test_the_picture_refuses_what_is_no_number() -> None:
    with pytest.raises(ImpossibleChartError, match="gap: found 1 values that are no numbers"):
        charts.frontier(mixes(gap=[1.0, np.nan, 2.0, 9.0, 3.0]), "a year")
