"""The equity screen and what a run prints of strata, on a small scenario of the real library."""

from __future__ import annotations

import csv
import json

import pytest

from hisim.studies.screen import verdict
from hisim.surfaces.screen import screen_file
from hisim.variables import ETHNIC_GROUPS

HEAD = "hisim: 1\nname: small\ntitle: Small\nstart: 2011\nend: 2013\nsimulation: {people_per_cohort: 320}\n"
MIX = """interventions:
  - {use: bowel-screening, profile: industrial_scale, full_from: 2012}
  - {use: antihypertensives, relative: 1.4, full_from: 2012}
"""


@pytest.fixture
def scenario(tmp_path):
    def write(text=MIX, name="small.yaml"):
        path = tmp_path / name
        path.write_text(HEAD + text, "utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    """The screen of the mix, and Newham, as JSON; made once."""
    path = tmp_path_factory.mktemp("screen") / "small.yaml"
    path.write_text(HEAD + MIX, "utf-8")
    return json.loads(screen_file(path, "Newham", threads=None, progress=None, as_json=True))


def groups(found, intervention, by):
    return [row for row in found["reached"] if (row["intervention"], row["by"]) == (intervention, by)]


def test_the_screen_reads_as_a_checklist(hisim, scenario):
    code, out, err = hisim("screen", scenario(), "--area", "newham")
    assert code == 0, err
    for part in ("1. WHO IS REACHED", "2. WHAT IS KNOWN", "3. WHO IS MISSED", "4. WHO GAINS", "5. QUESTIONS", "NEWHAM"):
        assert part in out
    plain = " ".join(out.split())
    assert "no score" in plain and "Most ethnic groups live longer than White people" in plain
    assert "Pakistani women 0.36 (0.33 to 0.39) [CAMPBELL20]" in plain
    assert "antihypertensives: no evidence that can be used, for any group; all taken as the same" in plain
    assert "No evidence on uptake of antihypertensives by ethnic group" in plain
    assert "nobody of 75 or over is reached" in plain
    assert "their death rates are not measured ones" in plain
    assert "2010 index of deprivation" in plain and "Arithmetic, no projection" in plain
    assert max(map(len, out.splitlines())) <= 120


def test_groups_add_up_whichever_way_people_are_told_apart(screened):
    found = screened
    for name in ("bowel-screening", "antihypertensives"):
        (whole,) = groups(found, name, "everyone")
        for by in ("fifth", "age", "sex", "ethnic group", "segment"):
            parts = groups(found, name, by)
            assert sum(one["in_need"] for one in parts) == pytest.approx(whole["in_need"])
            assert sum(one["full"] for one in parts) == pytest.approx(whole["full"], rel=1e-6)
            assert all(0 <= one["share"] <= 1 for one in parts)
    assert [row["group"] for row in groups(found, "antihypertensives", "ethnic group")] == list(ETHNIC_GROUPS)


def test_only_evidence_makes_groups_of_the_same_age_sex_and_fifth_differ(screened):
    found = screened
    for one in groups(found, "antihypertensives", "ethnic group"):
        assert one["share"] == pytest.approx(one["share_if_alike"], rel=1e-6)
    (pakistani,) = (one for one in groups(found, "bowel-screening", "ethnic group") if one["group"] == "Pakistani")
    assert pakistani["share"] < pakistani["share_if_alike"] - 0.05
    assert found["no_evidence"]["bowel-screening"] == ["Mixed", "Black", "Other"]
    assert len(found["no_evidence"]["antihypertensives"]) == len(ETHNIC_GROUPS) - 1
    assert {row["intervention"] for row in found["evidence"] if row["used"]} == {"bowel-screening"}


def test_gains_are_against_the_deaths_of_each_group(screened):
    gains = screened["gains"]
    england, fifths = gains[0], [one for one in gains if one["by"] == "fifth"]
    assert england["group"] == "England" and england["verdict"] == "unchanged"
    for parts in (fifths, [one for one in gains if one["by"] == "ethnic group"]):
        assert sum(one["averted"] for one in parts) == pytest.approx(england["averted"], rel=1e-6)
    for one in fifths:
        assert one["against"] == pytest.approx(one["share"] / england["share"])
        assert one["verdict"] == verdict(one["against"] - 1, one["against_se"], ("more", "less"))


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [(1.0, 0.4, "up"), (-1.0, 0.4, "down"), (1.0, 0.6, "undecided"), (0.0, 0.0, "unchanged"), (1.0, float("nan"),
      "undecided"), (float("nan"), 1.0, "undecided")],
)  # fmt: skip
def test_what_could_be_chance_is_undecided(change, error, word):
    assert verdict(change, error, ("up", "down")) == word


def test_a_local_authority_has_its_people_and_never_more_reached_than_in_need(screened):
    area = screened["area"]
    assert area["authority"] == "Newham" and area["code"] == "E09000025"
    assert sum(row["persons"] for row in area["people"]) == pytest.approx(307_984)
    people = {
        group: sum(row["persons"] for row in area["people"] if row["stratum"] == group) for group in ETHNIC_GROUPS
    }
    assert len(area["reached"]) == 2 * len(ETHNIC_GROUPS)
    for one in area["reached"]:
        assert 0 <= one["now"] <= one["full"] <= one["in_need"] <= people[one["group"]]


def test_an_unknown_area_gets_the_nearest_name_before_anything_runs(hisim, scenario):
    code, out, err = hisim("screen", scenario(), "--area", "Newhamm")
    assert (code, out) == (2, "")
    assert "Newhamm" in err and "did you mean 'Newham'?" in err


def test_a_scenario_without_interventions_has_nothing_to_screen(hisim, scenario):
    code, out, _ = hisim("screen", scenario("interventions: []\n"), "--area", "Leeds")
    assert code == 0 and "nothing to screen" in out and "Who lives in Leeds" in out
    code, out, _ = hisim("screen", scenario("interventions: []\n"), "--json")
    found = json.loads(out)
    assert found["reached"] == found["gains"] == found["questions"] == []


def test_uses_for_some_strata_are_screened_among_their_own_alone(hisim, scenario):
    strata = "strata: {by: inclusion-health, group: homelessness, prevalence: 0.01, relative_uptake: 0.5}\n"
    use = "{use: health-checks, profile: by_segment, strata: [People who are homeless], full_from: 2012}"
    code, out, err = hisim("screen", scenario(f"{strata}interventions: [{use}]\n"), "--area", "Leeds", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert not groups(found, "health-checks", "ethnic group")
    homeless, others = groups(found, "health-checks", "own strata")
    assert homeless["more"] > 0 and others["more"] == pytest.approx(0, abs=1)
    assert found["area"]["people"] and found["area"]["reached"] == []


def test_a_run_with_strata_prints_and_writes_them(hisim, scenario, tmp_path):
    path = scenario("strata: {by: ethnicity}\n" + MIX)
    code, out, err = hisim("run", path, "--out", "there")
    assert code == 0, err
    assert "Deaths prevented or postponed by the end of 2013, by stratum" in out
    assert "a group without evidence is taken to be the same as White" in " ".join(out.split())
    with (tmp_path / "there" / "strata.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["stratum"] for row in rows} >= {*ETHNIC_GROUPS, "all"}
    assert {row["estimand"] for row in rows} >= {"deaths_averted", "life_expectancy", "people_reached"}
    code, out, _ = hisim("compare", tmp_path / "there" / "projection.nc")
    assert code == 0 and "by stratum" in out
    code, _, err = hisim("run", path, "--out", "there")
    assert code == 2 and "exists" in err


def test_a_run_without_strata_writes_no_file_of_them(hisim, scenario, tmp_path):
    code, out, _ = hisim("run", scenario(), "--out", "plain")
    assert code == 0 and "by stratum" not in out
    assert not (tmp_path / "plain" / "strata.csv").exists()


def test_one_set_of_mortality_ratios_is_never_told_alone(hisim, scenario):
    code, out, err = hisim("run", scenario("strata: {by: ethnicity, mortality_multipliers: central}\n" + MIX))
    plain = " ".join(out.split())
    assert code == 0, err
    assert "Pakistani 0.76 and 0.71 (0.64 to 1.10)" in plain
    assert "run it with mortality_multipliers low and high as well" in plain


def test_mortality_of_a_group_left_out_comes_with_its_interval(hisim, scenario):
    strata = "strata: {by: inclusion-health, group: homelessness, prevalence: 0.01}\n"
    code, out, err = hisim("run", scenario(strata + MIX), "--json")
    assert code == 0, err
    assert {row["stratum"] for row in json.loads(out)["strata"]} >= {"People who are homeless", "Everyone else"}
    code, out, _ = hisim("run", scenario(strata + MIX), "--overwrite")
    plain = " ".join(out.split())
    assert "2.2 (1.9 to 2.5), published" in plain and "no difference" in plain
