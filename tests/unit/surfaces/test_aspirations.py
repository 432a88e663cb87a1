"""``hisim aspirations`` as a person runs it, on a real projection: the table, its files, and a filled template."""

from __future__ import annotations

import csv
import json
import sys
from io import StringIO

import openpyxl
import pytest

from hisim.declare.aspired import TARGET
from hisim.declare.files import read_scenario
from hisim.studies.aspirations import OBJECTIVES, achievable, without_action
from hisim.surfaces.aspirations import aspirations_file
from hisim.surfaces.aspirations_files import TEMPLATE
from hisim.surfaces.field import COLUMNS, as_text, csv_text
from hisim.surfaces.workbook import Sheet, read_sheet, write_workbook

SCENARIO = """hisim: 1
name: two
title: "=Two actions"
start: 2011
end: 2013
simulation: {people_per_cohort: 64}
interventions:
  - {use: statins, profile: proportionate, from: 2012, full_from: 2013}
  - {use: smoking-in-pregnancy, profile: proportionate, from: 2012, full_from: 2013}
"""
DRAWS = ("--draws", 40)


@pytest.fixture
def run(hisim, tmp_path):
    """Run ``hisim aspirations`` on the scenario with a few draws."""
    (tmp_path / "two.yaml").write_text(SCENARIO, "utf-8")
    return lambda *more: hisim("aspirations", "two.yaml", *DRAWS, *more)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What the command prints, and the folder it writes, once for all."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "two.yaml").write_text(SCENARIO, "utf-8")
    out = aspirations_file(folder / "two.yaml", folder / "there", "2012,2013", 40)
    return out, folder / "there"


def rows_of(path):
    return list(csv.DictReader(StringIO(path.read_text("utf-8"))))


def test_the_table_says_what_good_looks_like_by_objective(written):
    out, folder = written
    assert out.index("Objective 1. Give every child") < out.index("Objective 6. Strengthen the role")
    assert "No action of the plan serves: Create fair employment and good work for all." in " ".join(out.split())
    assert "2012, baseline" in out and "2013, good" in out and "95 % interval" in out
    rows = rows_of(folder / "aspirations.csv")
    assert list(rows[0]) == [*COLUMNS, "Objective", "Priority", "Action"]
    most = [
        row for row in rows
        if row["Indicator ID"] == "coverage-statins" and row["Category"] == "1 (most deprived)"
        and row["Time period"] == "2013" and row["Scenario"] == "two"
    ]  # fmt: skip
    assert len(most) == 1 and most[0]["Objective"] == OBJECTIVES[-1]
    low, value, high = (float(most[0][name]) for name in ("Lower CI 95.0 limit", "Value", "Upper CI 95.0 limit"))
    assert low < value < high and value == pytest.approx(
        achievable(read_scenario(folder.parent / "two.yaml"))["coverage-statins", "1"]
    )
    assert any(row["Statistic"] == "Monte Carlo standard error" for row in rows)


def test_the_baseline_is_as_all_carries_on_now(written):
    rows = rows_of(written[1] / "aspirations.csv")
    begun = {row["Scenario"]: row for row in rows if row["Time period"] == "2012" and
             row["Indicator ID"] == "coverage-statins" and row["Category"] == "all"}  # fmt: skip
    assert begun["two"]["Value"] == begun["comparator"]["Value"]


def test_the_workbook_has_one_table_a_sheet_and_no_formula(written):
    book = openpyxl.load_workbook(written[1] / "aspirations.xlsx")
    assert book.sheetnames == ["Cover", "Notes", "Aspirations", "Template", "Indicators"]
    for sheet in book:
        assert not sheet.merged_cells.ranges
        assert len(sheet.tables) == (0 if sheet.title in ("Cover", "Notes") else 1)
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert book["Cover"]["A1"].value == "=Two actions: what good looks like"
    header = [cell.value for cell in book["Aspirations"][3]]
    assert "Baseline 2012" in header and "What good looks like in 2013" in header


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_template_is_filled_and_read_back(run, tmp_path, ending):
    path = tmp_path / f"mine.{ending}"
    code, out, _ = run("--template", path)
    assert code == 0 and "hisim aspirations two.yaml --filled" in out
    targets = {("coverage-statins", "1 (most deprived)"): 60, ("coverage-statins", "5 (least deprived)"): 99,
               ("coverage-statins", "all"): 64.5}  # fmt: skip
    if ending == "csv":
        rows = rows_of(path)
        assert list(rows[0]) == list(TEMPLATE)
        for row in rows:
            row[TARGET] = targets.get((row["Indicator ID"], row["Category"]), "")
            row["Lead"] = "=HYPERLINK(1)"
        path.write_text(csv_text(TEMPLATE, rows), "utf-8")
    else:
        book = openpyxl.load_workbook(path)
        for row in book["Template"].iter_rows(min_row=4):
            row[TEMPLATE.index(TARGET)].value = targets.get((row[3].value, row[9].value))
            row[TEMPLATE.index("Lead")].value = "=HYPERLINK(1)"
        book.save(path)
    code, out, _ = run("--filled", path, "--json")
    found = {one["category"]: one for one in json.loads(out)["targets"]}
    assert code == 0
    assert found["1 (most deprived)"]["verdict"] == "reached in expectation"
    assert found["5 (least deprived)"]["verdict"] == "beyond achievable delivery"
    assert found["all"]["verdict"] == "within the interval"


def test_a_targets_own_baseline_counts(run, tmp_path):
    head = "Indicator ID,Category,Sex,Baseline year,Target year,Local baseline,Local target\n"
    (tmp_path / "mine.csv").write_text(head + "coverage-statins,1,Persons,2011,2013,22.4,55\n", "utf-8")
    _, out, _ = run("--filled", "mine.csv", "--json")
    (one,) = json.loads(out)["targets"]
    assert "reached in expectation" in run("--filled", "mine.csv")[1]
    assert one["verdict"] == "reached in expectation"
    assert one["plan"] == pytest.approx(22.4 + 76.1 - 42.4, abs=0.2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--years", "2012"), "years: found 2012; allowed: a baseline and one or more later years, such as 2012,2015"),
        (("--years", "2012,2031"), "years: found 2031; allowed: projected years, 2011 to 2013"),
        (("--years", "2012;2013"), "years: found '2012;2013'; allowed: years with commas, such as 2012,2015"),
        (("--template", "mine.doc"), "mine.doc: found the ending '.doc'; allowed: .csv or .xlsx"),
        (
            ("--template", "mine.csv", "--filled", "own.csv"),
            "--template: found beside --filled; allowed: one of the two",
        ),
        (("--filled", "none.xlsx"), "none.xlsx: no such file; allowed: a workbook (.xlsx)"),
        (("--filled", "two.yaml"), "two.yaml:1:1: Baseline year: missing: this column is required"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(run, tmp_path, arguments, message):
    code, out, error = run(*arguments)
    assert (code, out) == (2, "")
    assert error.splitlines()[0] == message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["two.yaml"]


def test_without_openpyxl_there_is_the_csv_and_a_word(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    code, out, _ = run("--out", "there")
    assert code == 0
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["aspirations.csv"]
    assert "pip install 'hisim[workbook]'" in out


def test_damaged_workbooks_are_refused(run, tmp_path):
    (tmp_path / "text.xlsx").write_text("no workbook", "utf-8")
    assert run("--filled", "text.xlsx")[2] == "text.xlsx: no workbook; allowed: a workbook (.xlsx)\n"
    write_workbook(tmp_path / "other.xlsx", "t", [], [], [Sheet("Other", "t", "a", ("x",), [("1",)])])
    assert (
        "other.xlsx: the sheets Cover, Notes, Other; allowed: one called Template" in run("--filled", "other.xlsx")[2]
    )
    whole = (tmp_path / "other.xlsx").read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    assert run("--filled", "cut.xlsx")[0] == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t1"])
def test_text_is_never_a_formula(tmp_path, text):
    assert as_text(text) == f"'{text}"
    assert csv_text(("a", "b"), [{"a": text, "b": -1.5}]) == f"a,b\n'{text},-1.5\n"
    write_workbook(tmp_path / "t.xlsx", text, [text], [text], [Sheet("S", text, text, ("a",), [(text,)])])
    (header, row) = read_sheet(tmp_path / "t.xlsx", "S", "a")
    assert [header[0].text, row[0].text] == ["a", text.strip()]
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert all(cell.data_type != "f" for sheet in book for line in sheet.iter_rows() for cell in line)


def test_kent_has_no_action_for_the_second_objective(root):
    scenario = read_scenario(root / "scenarios" / "kent-2012-15.yaml")
    assert without_action(scenario) == [OBJECTIVES[1]]
    found = achievable(scenario)
    assert found["coverage-statins", "1"] == pytest.approx(76.1, abs=0.1)
    assert found["coverage-statins", "5"] > 70, "industrial scale is for every fifth"
