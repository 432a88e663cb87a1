"""Every benchmark still runs and prints what it should; times are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SMALLEST = ("--size", "small", "--repeats", "1")
COLUMNS = {
    "bench": {"figure", "value", "peak_memory_mb"},
    "floor": {"random_ns", "comparator_ns", "scenarios_ns", "memory_ns", "floor_ns", "kernel_ns", "share_of_floor"},
    "growth": {"axis", "value", "person_years", "seconds", "ns", "peak_memory_mb"},
    "draws": {"draws", "figures", "seconds_a_draw", "summary_seconds", "memory_mb", "kb_a_draw"},
    "precision": {"scenario", "way", "people_for_1_percent", "seconds_for_1_percent"},
    "targets": {"share_of_everything", "way", "cost_gbp_millions", "over_search"},
    "portfolio": {"mix", "deaths", "less_than_search", "deaths_with_other_chance", "spent_million"},
    "paired": {"scenarios", "marginal_ns", "separate_ns", "over_separate"},
}


def run(root, program, *words):
    command = [sys.executable, str(root / "benchmarks" / f"{program}.py"), *SMALLEST, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("program", ["bench", "growth", "precision", "draws", "targets"])
def test_the_smallest_run_has_its_figures(root, program):
    found = json.loads(run(root, program, "--json"))
    assert (found["program"], found["size"], found["repeats"]) == (program, "small", 1)
    assert set(found["machine"]) >= {"processor", "vectors", "cores", "versions", "date"}
    assert COLUMNS[program] <= set.intersection(*(set(row) for row in found["figures"]))


def test_no_simpler_way_to_spend_a_budget_does_more(root):
    search, *others = rows = json.loads(run(root, "portfolio", "--json"))["figures"]
    assert all(COLUMNS["portfolio"] <= set(row) for row in rows)
    assert len(others) == 3 and all(row["deaths"] <= search["deaths"] * 1.001 for row in others)
    assert others[-1]["deaths"] < 0.98 * search["deaths"]


def test_the_floor_counts_those_who_differ(root):
    nothing, demo, whole = rows = json.loads(run(root, "floor", "--json"))["figures"]
    assert all(COLUMNS["floor"] <= set(row) for row in rows)
    assert nothing["differ"] == nothing["apart"] == 0
    assert 0 < demo["differ"] <= demo["apart"] < 1
    assert demo["differ"] < whole["differ"] <= whole["apart"] < 1
    assert 0 < nothing["terms"] < whole["terms"]


def test_all_writes_a_page_of_tables_and_what_they_are_made_of(root, tmp_path):
    run(root, "all", "--only", "paired", "--into", str(tmp_path))
    [found] = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert COLUMNS["paired"] <= set(found["figures"][0])
    page = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert page.startswith("# One run\n")
    assert all(str(row["scenarios"]) in page for row in found["figures"])
