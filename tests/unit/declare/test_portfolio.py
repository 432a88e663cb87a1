"""Portfolio files: what they may say, and one clear message at its line for what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hisim.declare.portfolio import Portfolio
from hisim.declare.target_files import read_deliverable
from hisim.errors import InvalidFileError

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / "scenarios" / "portfolios").glob("*.yaml"))
PLAIN = f"""\
hisim: 1
name: small
title: A small one
scenario: {ROOT}/scenarios/three-actions.yaml
budget: {{per_year: 1000000}}
objective:
  - estimand: deaths_averted_cumulative
"""


def read(folder: Path, text: str) -> Portfolio:
    path = folder / "portfolio.yaml"
    path.write_text(text, "utf-8")
    return read_deliverable(path, Portfolio)[0]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_shipped_is_sound_described_and_names_its_schema(path: Path) -> None:
    portfolio, scenario, _ = read_deliverable(path, Portfolio)
    assert portfolio.description and scenario.interventions
    first = path.read_text("utf-8").splitlines()[0]
    mark = "# yaml-language-server: $schema="
    assert first.startswith(mark) and (path.parent / first.removeprefix(mark)).is_file()


def test_the_list_of_portfolios_is_whole() -> None:
    text = (ROOT / "scenarios" / "README.md").read_text("utf-8")
    assert all(f"| portfolios/{path.name} |" in text for path in SHIPPED)


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    portfolio = read(tmp_path, PLAIN)
    assert portfolio.order == "weighted" and portfolio.keep_within is None and portfolio.frontier is None
    assert (portfolio.alternatives.number, portfolio.alternatives.within) == (3, 0.05)
    assert (portfolio.budget.amount, portfolio.budget.spelled) == (1e6, "a year")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("per_year: 1000000", "per_year: 1, total: 2", r"5:9: budget: per_year and total; allowed: exactly one of"),
        ("per_year: 1000000", "per_year: null", r"5:9: budget: no amount; allowed: exactly one of per_year, total"),
        ("per_year: 1000000", "per_year: -1", r"5:20: budget.per_year: -1; allowed: 0 or more"),
        ("per_year: 1000000", "per_year: .nan", r"5:20: budget.per_year: .*; allowed: a finite number"),
        ("per_year: 1000000", "per_yeer: 1", r"the unknown key 'per_yeer'; allowed: .*; did you mean 'per_year'"),
        ("budget: {per_year: 1000000}\n", "", r"budget: missing: this key is required"),
        ("objective:\n  - estimand: deaths_averted_cumulative", "objective: []", r"objective: .*at least 1"),
        ("cumulative\n", "cumulative\n    inequality_aversion: 1\n",
         r"8:26: objective\[0\].inequality_aversion: 'deaths_averted_cumulative' with inequality_aversion; allowed: "
         "net_health_benefit with it"),
        ("deaths_averted_cumulative\n", "net_health_benefit\n    quintile: 1\n    inequality_aversion: 1\n",
         r"8:15: objective\[0\].quintile: one fifth \('1'\) with inequality_aversion; allowed: all fifths"),
        ("objective", "order: lexicographic\nobjective", None),
        ("objective", "keep_within: 0.1\nobjective", r"6:14: keep_within: keep_within with order 'weighted'; allowed"),
        ("cumulative\n", "cumulative\n    weight: 2\norder: lexicographic\n",
         r"8:13: objective\[0\].weight: a weight with order 'lexicographic'; allowed: weights with order 'weighted'"),
        ("objective", "draws: 5\nobjective", r"6:8: draws: 5; allowed: 0, or 40 or more"),
        ("objective", "alternatives: {within: 0.9}\nobjective", r"alternatives.within: 0.9; allowed: 0.5 or less"),
        ("objective", "frontier: {budgets: []}\nobjective", r"frontier.budgets: .*at least 1 in the list"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_message_at_its_line(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    text = PLAIN.replace(old, new, 1)
    if message is None:
        assert read(tmp_path, text).order == "lexicographic"
        return
    with pytest.raises(InvalidFileError, match=message) as caught:
        read(tmp_path, text)
    assert len(caught.value.problems) == 1
