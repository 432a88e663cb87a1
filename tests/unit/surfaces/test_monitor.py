"""``hisim monitor`` as a person runs it, on a real projection: verdicts, gaps, and files that cannot be read."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from observed_files import spearhead

from hisim.surfaces.field import COLUMNS

SCENARIO = """hisim: 1
name: two
title: Two actions
start: 2011
end: 2013
simulation: {people_per_cohort: 64}
interventions:
  - {use: statins, profile: proportionate, from: 2012, full_from: 2013}
  - {use: breast-screening, profile: industrial_scale, from: 2012}
"""
HEAD = "Indicator ID,Sex,Category,Time period,Value,Count,Denominator"


def counted(name: str, sex: str = "Persons", **years: tuple[int, int, int]) -> list[str]:
    """Rows of the most and least deprived fifth and of all: people served of 2,000, 2,000 and 10,000."""
    rows = []
    for year, counts in years.items():
        for category, count, people in zip(("1", "5", "all"), counts, (2_000, 2_000, 10_000), strict=True):
            rows.append(f"{name},{sex},{category},{year[1:]},{100 * count / people:g},{count},{people}")
    return rows


@pytest.fixture
def monitor(hisim, tmp_path):
    """Run ``hisim monitor`` on rows; returns exit code, standard output and standard error."""
    (tmp_path / "two.yaml").write_text(SCENARIO, "utf-8")

    def run(*rows: str, more: tuple[object, ...] = (), head: str = HEAD, encoding: str = "utf-8"):
        (tmp_path / "seen.csv").write_bytes("\n".join([head, *rows, ""]).encode(encoding))
        return hisim("monitor", "two.yaml", "seen.csv", "--draws", 40, *more)

    return run


ON_THE_WAY = counted("coverage-statins", y2011=(848, 768, 4_020), y2013=(1_500, 1_040, 6_300))
MORE_FOR_THE_WELL_OFF = counted("coverage-statins", y2011=(848, 768, 4_020), y2013=(900, 1_400, 5_600))


def test_a_gap_that_falls_as_planned_is_on_track(monitor):
    code, out, _ = monitor(*ON_THE_WAY)
    assert code == 0
    assert "Of 1 gap in the latest period: 1 on track." in out
    assert "ON TRACK: More people on statins, gap between the most and the least deprived fifth: narrowed from" in out
    assert "More is done and the gap does not widen" in out


def test_more_activity_with_a_wider_gap_is_behind_and_said_plainly(monitor):
    code, out, _ = monitor(*MORE_FOR_THE_WELL_OFF)
    assert code == 1, "the answer is no"
    assert "MORE IS DONE, AND THE GAP WIDENS (beyond chance): More people on statins: 40.2 % in 2011" in out
    assert "BEHIND: More people on statins" in out
    assert " 5 (least deprived)   ahead" in out.replace("\n", " "), "the level of the least deprived alone looks well"


def test_what_is_judged_is_the_change_not_how_a_place_differs_to_begin_with(monitor):
    lower = counted("coverage-statins", y2011=(448, 368, 2_020), y2013=(1_100, 640, 4_300))
    _, out, _ = monitor(*lower, more=("--json",))
    figures = {(one["indicator"], one["category"], one["period"]): one for one in json.loads(out)["figures"]}
    most = figures["coverage-statins", "1 (most deprived)", "2013"]
    assert (most["verdict"], most["since"]) == ("on track", "2011")
    assert most["as_now"]["central"] == pytest.approx(22.4)
    assert figures["coverage-statins", "1 (most deprived)", "2011"]["verdict"] == "baseline"
    gap = figures["coverage-statins-gap-q5", "all", "2013"]
    assert gap["derived"] and gap["value"] == pytest.approx(32 - 55)
    _, out, _ = monitor(*lower[3:], more=("--json",))
    alone = {(one["indicator"], one["category"]): one for one in json.loads(out)["figures"]}
    assert alone["coverage-statins", "1 (most deprived)"]["since"] is None
    assert alone["coverage-statins", "1 (most deprived)"]["verdict"] == "behind"


def test_a_few_people_tell_nothing_and_the_power_says_so(monitor):
    rows = [
        "coverage-breast-screening,Persons,1,2011,75,15,20", "coverage-breast-screening,Persons,5,2011,80,16,20",
        "coverage-breast-screening,Persons,1,2013,80,16,20", "coverage-breast-screening,Persons,5,2013,80,16,20",
    ]  # fmt: skip
    code, out, _ = monitor(*rows)
    assert code == 0
    assert "CANNOT TELL YET" in out and "80% is reached in no projected year" in " ".join(out.split())


def test_gaps_may_be_given_themselves_with_their_interval(monitor):
    head = f"{HEAD},Lower CI 95.0 limit,Upper CI 95.0 limit"
    code, out, _ = monitor("life-expectancy-0-gap-q5,Male,,2011-13,7.6,,,7.4,7.8", head=head)
    assert code == 0
    assert "Life expectancy at birth, men, gap between the most and the least deprived fifth: is 7.60 years" in out
    assert "2011-13" in out


def test_it_writes_the_columns_of_the_field_and_never_replaces_unasked(monitor, tmp_path):
    code, out, _ = monitor(*ON_THE_WAY, more=("--out", "there"))
    assert code == 0 and "Written: there" in out
    rows = list(csv.DictReader(StringIO((tmp_path / "there" / "monitor.csv").read_text("utf-8"))))
    assert list(rows[0])[: len(COLUMNS)] == list(COLUMNS)
    assert {row["Scenario"] for row in rows} == {"observed", "two", "comparator"}
    seen = [row for row in rows if row["Scenario"] == "observed" and row["Indicator ID"] == "coverage-statins-gap-q5"]
    assert [(row["Verdict"], row["Change since"]) for row in seen] == [("baseline", ""), ("on track", "2011")]
    code, _, error = monitor(*ON_THE_WAY, more=("--out", "there"))
    assert code == 2 and "monitor.csv: exists; allowed: another folder with --out, or --overwrite" in error


OF_CHILTERN = [
    "E07000005,coverage-statins,Persons,5,2011,38,380,1000", "E07000005,coverage-statins,Persons,5,2013,52,520,1000",
    "E07000005,coverage-statins,Persons,1,2013,40,40,100",
]  # fmt: skip


@pytest.fixture
def chiltern(hisim, tmp_path):
    """Run ``hisim monitor`` on rows for Chiltern, where nobody lives in the most deprived fifth."""
    (tmp_path / "two.yaml").write_text(SCENARIO + "area: Chiltern\n", "utf-8")

    def run(*rows: str, more: tuple[object, ...] = ()):
        (tmp_path / "seen.csv").write_text("\n".join([f"Area Code,{HEAD}", *rows, ""]), "utf-8")
        return hisim("monitor", "two.yaml", "seen.csv", "--draws", 40, *more)

    return run


def test_rows_of_other_areas_are_left_out_where_some_are_of_this_one_and_nobody_is_judged_by_nothing(chiltern):
    other = "E07000027,coverage-statin,Persons,1,2013,150,1,0"
    code, out, _ = chiltern(*OF_CHILTERN[:3], other)
    words = " ".join(out.split())
    assert code == 0 and "Chiltern (E07000005), judged by whether inequality falls" in words
    assert "Rows of other areas in the file: 1; they are left out." in words
    assert "nobody in Chiltern lives in fifth 1 (most deprived)" in words and "nan" not in words.casefold()
    code, out, _ = chiltern(*OF_CHILTERN[:3], more=("--json",))
    told = json.loads(out)
    assert (told["area"], told["area_code"]) == ("Chiltern", "E07000005")
    most = next(one for one in told["figures"] if one["category"] == "1 (most deprived)")
    assert most["plan"]["central"] is None and most["why_not"] == "nobody lives in fifth 1 (most deprived) here"
    least = [one["verdict"] for one in told["figures"] if one["category"] == "5 (least deprived)"]
    assert least == ["baseline", "on track"]


def test_a_file_of_another_area_is_refused_at_its_place(chiltern):
    code, out, error = chiltern(OF_CHILTERN[0].replace("E07000005", "E07000027"))
    assert (code, out) == (2, "")
    assert error == ("seen.csv:2:1: Area Code: 'E07000027'; allowed: E07000005, the area of the scenario (Chiltern)\n")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["coverage-statin,Persons,1,2013,40,4,10"], "seen.csv:2:1: Indicator ID: the unknown indicator"),
        (["coverage-statins,Persons,1,2013,40 %,4,10"], "seen.csv:2:33: Value: '40 %'; allowed: a number"),
        (["coverage-breast-screening,Male,1,2013,40,4,10"],
         "seen.csv:2:27: Sex: 'Male'; allowed: Female, Persons"),
    ],
)  # fmt: skip
def test_a_bad_row_writes_nothing(monitor, tmp_path, rows, message):
    code, out, error = monitor(*rows, more=("--out", "there"))
    assert (code, out) == (2, "")
    assert error.startswith(message) and error.count("\n") == 1
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("encoding", "head", "message"),
    [
        ("utf-16", HEAD, "seen.csv:1:1: the byte 0xff, which is not UTF-8; allowed: a text file in UTF-8"),
        ("utf-8", HEAD.replace(",", ";"), "seen.csv:1:1: columns divided by ';'; allowed: columns divided by commas"),
    ],
)
def test_a_table_in_another_form_is_refused(monitor, encoding, head, message):
    code, _, error = monitor(head=head, encoding=encoding)
    assert (code, error.strip()) == (2, message)


def test_a_file_that_is_not_there_is_named(hisim, tmp_path):
    (tmp_path / "two.yaml").write_text(SCENARIO, "utf-8")
    code, _, error = hisim("monitor", "two.yaml", "none.csv")
    assert code == 2 and "none.csv: no such file" in error


def test_the_example_of_registered_deaths_is_what_the_packaged_tables_give(root):
    assert (root / "scenarios" / "observed" / "spearhead-2010.csv").read_text("utf-8") == spearhead()
