"""``hisim aspirations --areas`` as a person runs it: two small districts, in one of them nobody is most deprived."""

from __future__ import annotations

import csv
import json
import math
from io import StringIO

import openpyxl
import pandas as pd
import pytest

from hisim.declare.files import read_scenario
from hisim.studies.aspirations import areas_of
from hisim.surfaces.aspirations import aspirations_file
from hisim.surfaces.workbook import sheet_names

SCENARIO = """hisim: 1
name: two
title: Two actions
area: Barrow-in-Furness
start: 2011
end: 2013
simulation: {people_per_cohort: 64}
interventions:
  - {use: statins, profile: proportionate, from: 2012, full_from: 2013}
  - {use: health-checks, profile: industrial_scale, from: 2012}
"""
EMPTY, OTHER = "E07000005", "E07000027"
"""Chiltern, with nobody in the most deprived fifth, and Barrow-in-Furness."""
BOTH = ("--areas", "Chiltern", "--areas", "barrow-in-furness", "--draws", 40)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What the command prints, and the folder it writes, once for all."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "two.yaml").write_text(SCENARIO, "utf-8")
    areas = ("Chiltern", "Barrow-in-Furness")
    out = aspirations_file(folder / "two.yaml", folder / "there", "2012,2013", 40, areas=areas, workers=2)
    return out, folder / "there"


@pytest.fixture
def run(hisim, tmp_path):
    """Run ``hisim aspirations`` on the scenario."""
    (tmp_path / "two.yaml").write_text(SCENARIO, "utf-8")
    return lambda *more: hisim("aspirations", "two.yaml", "--years", "2012,2013", *more)


def test_kent_is_the_county_and_its_twelve_districts(root):
    scenario = read_scenario(root / "scenarios" / "kent.yaml")
    found = [one.area for one in areas_of(scenario, ["kent"])]
    assert found[0] == "E10000016" and len(found) == 13 and found[1:] == sorted(found[1:])
    assert [one.area for one in areas_of(scenario, ["Ashford", "Kent"])][:2] == ["E07000105", "E10000016"]
    assert len(areas_of(scenario, ["Ashford", "Kent"])) == 13, "no area twice"
    assert areas_of(scenario) == [scenario]
    (alone,) = areas_of(scenario, ["Ashford"])
    assert alone.area == "E07000105" and alone.interventions == scenario.interventions


def test_the_first_area_is_told_whole_and_all_side_by_side(written):
    out, _ = written
    words = " ".join(out.split())
    assert "Chiltern (E07000005), baseline 2012, then 2013" in out
    assert "nobody in Chiltern lives in fifth 1 (most deprived), so nothing is said of it" in words
    assert "The areas side by side, 2012 → 2013" in out and "Nobody lives in fifth 1 in: Chiltern." in out
    head, chiltern, barrow = (
        next(line for line in out.splitlines()[::-1] if line.strip().startswith(name))
        for name in ("in fifth", "Chiltern ", "Barrow-in-Furness ")
    )
    assert head.split() == ["in", "fifth", "men", "women", "health-checks", "statins", "deaths", "prevented"]
    assert chiltern.split()[1] == "4" and barrow.split()[1] == "1", "the most deprived fifth with enough people"
    assert "England " not in out.split("Objective 6")[1].split("\n\n")[1].splitlines()[0]
    assert "nan" not in words.casefold() and " inf" not in words


def test_the_csv_says_of_each_area_what_the_field_wants(written):
    frame = pd.read_csv(written[1] / "aspirations.csv")
    assert frame.groupby("Area Code")[["Area Name", "Area Type"]].first().to_numpy().tolist() == [
        ["Chiltern", "District & UA"], ["Barrow-in-Furness", "District & UA"],
    ]  # fmt: skip
    central = frame[frame["Statistic"] == "central"]
    coverage = central[central["Indicator ID"] == "coverage-statins"].dropna(subset="Value")
    assert (100 * coverage["Count"] / coverage["Denominator"]).tolist() == pytest.approx(
        coverage["Value"].tolist(), rel=1e-4
    )
    empty = central[(central["Area Code"] == EMPTY) & (central["Category"] == "1 (most deprived)")]
    assert empty[["Value", "Lower CI 95.0 limit", "Upper CI 95.0 limit", "Count"]].isna().all(axis=None)
    assert set(empty["Value note"]) == {"nobody lives in fifth 1 (most deprived) here"}
    gap = central[(central["Area Code"] == EMPTY) & (central["Indicator ID"] == "life-expectancy-0-gap-q5")]
    assert gap["Value"].isna().all() and set(gap["Value note"]) == set(empty["Value note"])
    few = central[(central["Area Code"] == EMPTY) & (central["Indicator ID"] == "infant-mortality")]
    assert few["Value"].isna().all() and few["Count"].isna().all()
    assert "too few people or deaths to say" in set(few["Value note"])
    rates = central[central["Indicator ID"] == "all-age-rate"].dropna(subset="Value")
    assert (rates["Count"] >= 10).all() and (rates["Denominator"] > rates["Count"]).all()
    prevented = central[central["Indicator ID"] == "deaths-prevented-or-postponed"].set_index(["Area Code", "Category"])
    whole, parts = prevented.loc[(OTHER, "all"), "Value"], prevented.loc[OTHER, "Value"].drop("all")
    assert whole > 0 and parts.sum() == pytest.approx(whole, rel=1e-4)


def test_the_workbook_has_a_sheet_for_each_area_and_one_side_by_side(written):
    book = openpyxl.load_workbook(written[1] / "aspirations.xlsx")
    assert book.sheetnames == [
        "Cover", "Notes", "Side by side", "Chiltern", "Barrow-in-Furness", "Template", "Indicators",
    ]  # fmt: skip
    names = [name for sheet in book for name in sheet.tables]
    assert len(names) == 5 and all(not sheet.merged_cells.ranges for sheet in book)
    rows = [[cell.value for cell in row] for row in book["Side by side"].iter_rows(min_row=3)]
    header, first, second = rows[:3]
    assert [first[5], second[5]] == ["Chiltern", "Barrow-in-Furness"] and first[0] == second[0] == "coverage-statins"
    gap = header.index("Gap 1 to 5: baseline 2012")
    assert first[gap] is None and first[-1] == "nobody lives in fifth 1 (most deprived) here"
    assert second[gap] == pytest.approx(-3.9, abs=0.3) and second[-1] in (None, "")
    notes = [cell.value for cell in book["Notes"]["A"]]
    assert any("Chiltern: Not shown (n/a): nobody in Chiltern lives in fifth 1" in note for note in notes)
    codes = {row[6].value for row in book["Template"].iter_rows(min_row=4)}
    assert codes == {EMPTY, OTHER}


def test_workers_change_no_byte(written, run, tmp_path):
    code, _, _ = run(*BOTH, "--workers", 1, "--out", "again")
    assert code == 0
    assert (tmp_path / "again" / "aspirations.csv").read_bytes() == (written[1] / "aspirations.csv").read_bytes()


HEAD = "Area Code,Indicator ID,Category,Sex,Baseline year,Target year,Local target\n"


def test_targets_are_read_by_area(run, tmp_path):
    rows = (f"{EMPTY},coverage-statins,all,Persons,2011,2013,50\n{OTHER},coverage-statins,1,Persons,2011,2013,60\n"
            f"{EMPTY},coverage-statins,1,Persons,2011,2013,60\n")  # fmt: skip
    (tmp_path / "mine.csv").write_text(HEAD + rows, "utf-8")
    code, out, _ = run(*BOTH, "--filled", "mine.csv", "--json")
    found = {(one["area_code"], one["category"]): one for one in json.loads(out)["targets"]}
    assert code == 0 and found[EMPTY, "all"]["verdict"] == found[OTHER, "1 (most deprived)"]["verdict"]
    assert found[EMPTY, "1 (most deprived)"]["verdict"] == "not said"
    assert found[EMPTY, "1 (most deprived)"]["plan"] is None
    code, out, _ = run(*BOTH, "--filled", "mine.csv")
    assert "not said: nobody, or too few, live or die there." in out and "Barrow-in-Furness" in out


def test_a_template_of_two_areas_leaves_out_what_is_not_said(run, tmp_path):
    code, out, _ = run(*BOTH, "--template", "mine.csv")
    assert code == 0 and "--areas Chiltern --areas barrow-in-furness --filled mine.csv" in out
    rows = list(csv.DictReader(StringIO((tmp_path / "mine.csv").read_text("utf-8"))))
    assert {row["Area Code"] for row in rows} == {EMPTY, OTHER}
    assert all(math.isfinite(float(row["What good looks like"])) for row in rows)
    assert not any(row["Area Code"] == EMPTY and row["Category"] == "1 (most deprived)" for row in rows)


@pytest.mark.parametrize(
    ("areas", "rows", "message"),
    [
        (("Kentt",), "", "areas: found 'Kentt'; allowed: the name or code of an area (hisim areas lists them); did you "
         "mean 'Kent'?"),
        (("West Midlands",), "", "areas: found 'West Midlands', the name of a region and a metropolitan county; "
         "allowed: 'E12000005' or 'E11000005'"),
        (("England",), "", "areas: found 327 areas; allowed: at most 100 in one table"),
        ((), f"{EMPTY},coverage-statins,all,Persons,2011,2013,50",
         "mine.csv:2:1: Area Code: 'E07000005'; allowed: Barrow-in-Furness (E07000027)"),
        (("Chiltern", "Barrow-in-Furness"), ",coverage-statins,all,Persons,2011,2013,50",
         "mine.csv:2:2: Area Code: nothing; allowed: Chiltern (E07000005), Barrow-in-Furness (E07000027)"),
    ],
)  # fmt: skip
def test_what_is_no_area_is_refused_in_one_line(run, tmp_path, areas, rows, message):
    more = [part for name in areas for part in ("--areas", name)]
    if rows:
        (tmp_path / "mine.csv").write_text(HEAD + rows + "\n", "utf-8")
        more += ["--filled", "mine.csv"]
    code, out, error = run(*more)
    assert (code, out) == (2, "")
    assert error.startswith(message) and error.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_names_of_sheets_are_short_and_differ() -> None:
    long = "the 65 most deprived local authorities"
    assert sheet_names(["Kent", "kent", "Notes", "A/B [c]", long, long, "'"], ["Template"]) == [
        "Kent", "kent 2", "Notes 2", "AB c", long[:31], long[:29] + " 2", "Area",
    ]  # fmt: skip
