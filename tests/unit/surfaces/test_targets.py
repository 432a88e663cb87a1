"""`hisim target` as a person runs it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

SCENARIO = """hisim: 1
name: two
title: Two
start: 2011
end: 2013
simulation: {people_per_cohort: 32}
interventions:
  - {use: statins, profile: as_now}
  - {use: antihypertensives, relative: 1.2, from: 2012}
"""
TARGET = """hisim: 1
name: fewer
title: Fewer deaths in the most deprived fifth
scenario: two.yaml
people_per_cohort: 32
draws: 40
reach:
  - {estimand: deaths_averted_cumulative, quintile: 1, level: 200}
"""


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    (tmp_path / "two.yaml").write_text(SCENARIO)
    (tmp_path / "fewer.yaml").write_text(TARGET)
    return tmp_path / "fewer.yaml"


def rows_in(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_what_it_would_take(hisim, asked: Path, tmp_path: Path) -> None:
    code, out, err = hisim("target", str(asked), "--workers", "1")
    text = " ".join(out.split())
    assert (code, err) == (0, "")
    assert text.startswith("Fewer deaths in the most deprived fifth England, 2011 to 2013; 2 actions")
    assert "It can be reached, for £" in text and " of 40 draws" in text
    folder = tmp_path / "results" / "fewer"
    assert sorted(path.name for path in folder.iterdir()) == ["delivery.csv", "fewer-mix.yaml", "goals.csv"]
    rows = rows_in(folder / "delivery.csv")
    assert len(rows) == 10
    spent = sum(float(row["cost_gbp"]) for row in rows)
    assert spent > 0
    assert all(float(row["coverage_now"]) <= float(row["coverage"]) + 1e-12 for row in rows)
    assert {row["quintile"] for row in rows if float(row["share_of_the_way"]) > 0.001} == {"1"}
    (goal,) = rows_in(folder / "goals.csv")
    assert goal["reached"] == "True" and float(goal["reaches"]) >= 200
    code, out, _ = hisim("run", str(folder / "fewer-mix.yaml"), "--json")
    assert code == 0
    averted = [
        row["value"]
        for row in json.loads(out)["comparison"]
        if (row["estimand"], row["year"], row["quintile"], row["sex"], row["cause_group"])
        == ("deaths_averted_cumulative", 2013, "1", "Persons", "All causes")
    ]
    assert averted == [pytest.approx(float(goal["reaches"]), rel=0.1)]


def test_what_cannot_be_reached_ends_with_one(hisim, asked: Path) -> None:
    asked.write_text(TARGET.replace("level: 200", "level: 20000").replace("draws: 40", "draws: 0"))
    code, out, _ = hisim("target", str(asked), "--workers", "1")
    text = " ".join(out.split())
    assert code == 1
    assert "It cannot be reached with these actions within their bounds." in text
    assert "at best where at least 20,000 is wanted;" in text and "% of the way from carrying on as now." in text
    assert "Bounds that hold it back" in text and "nearer" in text


def test_a_machine_reads_the_same(hisim, asked: Path) -> None:
    asked.write_text(TARGET.replace("draws: 40", "draws: 0"))
    code, out, _ = hisim("target", str(asked), "--workers", "1", "--json")
    told = json.loads(out)
    assert code == 0 and told["reached"] is True
    assert told["cost_gbp"] == pytest.approx(sum(row["cost_gbp"] for row in told["delivery"]))
    assert told["lower_bound_gbp"] <= told["cost_gbp"] * 1.02
    assert told["chance"] is None


def test_nothing_is_replaced_unless_asked_and_nothing_is_written_on_refusal(hisim, asked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results" / "fewer"
    asked.write_text(TARGET.replace("quintile: 1", "quintile: 7"))
    code, out, err = hisim("target", str(asked))
    assert (code, out) == (2, "") and not folder.exists()
    assert err.count("\n") == 1 and "reach[0].quintile: '7'; allowed: 1, 2, 3, 4, 5, all" in err
    asked.write_text(TARGET)
    folder.mkdir(parents=True)
    (folder / "goals.csv").write_text("mine")
    code, _, err = hisim("target", str(asked))
    assert code == 2 and "goals.csv" in err and "--overwrite" in err
    assert (folder / "goals.csv").read_text() == "mine"


def test_own_interventions_go_with_the_mix(hisim, asked: Path, tmp_path: Path, root: Path) -> None:
    own = (root / "scenarios" / "own" / "overcrowding-relief.yaml").read_text("utf-8")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "overcrowding-relief.yaml").write_text(own, encoding="utf-8")
    line = "  - {use: overcrowding-relief, file: own/overcrowding-relief.yaml, profile: as_now}\n"
    (tmp_path / "two.yaml").write_text(SCENARIO + line)
    asked.write_text(TARGET.replace("draws: 40", "draws: 0\nbounds: [{use: overcrowding-relief, at_least: 0.01}]"))
    code, _, err = hisim("target", str(asked), "--workers", "1")
    assert code == 0, err
    folder = tmp_path / "results" / "fewer"
    assert (folder / "overcrowding-relief.yaml").read_text("utf-8") == own
    assert hisim("check", str(folder / "fewer-mix.yaml"))[0] == 0
