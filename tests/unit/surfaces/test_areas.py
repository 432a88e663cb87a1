"""``hisim areas``, and how commands speak of an area: by its name, and of what is not shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hisim.surfaces.place import of_area, place_of
from hisim.surfaces.text import Row, Table

TEXT = """hisim: 1
name: mix
title: Two actions
start: 2011
end: 2013
area: {area}
simulation: {{people_per_cohort: 128}}
interventions:
  - {{use: statins, relative: 1.4}}
  - {{use: stop-smoking-services, profile: industrial_scale, capacity: 700000}}
"""


SWEEP = """hisim: 1
name: few
title: Few numbers
scenarios: [mix.yaml]
design: one_at_a_time
over:
  - path: interventions.statins.lag_years
estimands:
  - {estimand: deaths_averted_cumulative, year: 2013, quintile: all, sex: Persons, cause_group: All causes}
  - {estimand: life_expectancy_0_gap_average, year: 2013, scenario: mix, sex: Male}
"""


@pytest.fixture
def scenario(tmp_path):
    def write(area):
        path = tmp_path / "mix.yaml"
        path.write_text(TEXT.format(area=area), "utf-8")
        return path

    return write


def test_the_list_has_every_kind_with_people_and_codes(hisim):
    code, out, _ = hisim("areas")
    assert code == 0
    for words in ("Kent ", "E10000016", "Hartlepool PCT", "no code", "most-deprived-fifth", "part of London"):
        assert words in out
    code, out, _ = hisim("areas", "--json")
    rows = {row["key"]: row for row in json.loads(out)}
    assert len(rows) == 509
    assert rows["E92000001"]["people"] == pytest.approx(53_107_169, abs=20)
    assert rows["E10000016"]["share_most_deprived_fifth"] == pytest.approx(0.131, abs=0.001)


def test_one_area_shows_members_people_factors_and_how_good_they_are(hisim):
    code, out, _ = hisim("areas", "kent")
    plain = " ".join(out.split())
    assert code == 0
    for words in ("12 local authorities: Ashford; Canterbury", "correlation is 0.997", "0.968 0.980 0.949 to 1.012 64%",
                  "Part of: England, South East.", "1 (most deprived) 192,000 13.1%"):  # fmt: skip
        assert words in plain
    code, out, _ = hisim("areas", "Ashford", "--json")
    told = json.loads(out)
    assert told["people_by_fifth"]["1"] == pytest.approx(13_212, abs=1)
    men = next(row for row in told["mortality"] if (row["sex"], row["ages"]) == ("Male", "0-74"))
    assert men["raw"] < men["factor"] < 1 and men["low"] < men["factor"] < men["high"]


def test_the_stand_in_is_called_what_it_is(hisim):
    _, out, _ = hisim("areas", "most-deprived-fifth")
    assert "It is not the official list of Spearhead areas" in " ".join(out.split())


def test_what_is_not_known_is_not_made_up(hisim):
    _, out, _ = hisim("areas", "Isles of Scilly")
    assert "men under 75 n/a 4 n/a 1.000" in " ".join(out.split())
    code, out, err = hisim("areas", "Ashfrod")
    assert (code, out) == (2, "")
    assert err.endswith("did you mean 'Ashford'?\n")


def test_a_run_of_an_area_says_its_name_and_how_few_deaths_there_are(hisim, scenario):
    code, out, err = hisim("run", scenario("Kent"))
    assert (code, err) == (0, "")
    plain = " ".join(out.split())
    assert "Kent, 2011 to 2013, compared with carrying on as now." in plain
    assert "Deaths in Kent: about 13,500 in 2011. Chance alone makes that anything from 13,2" in plain
    assert "hisim areas E10000016" in plain
    assert "England, 2011" not in out and " England │" not in out
    for command in (["compare", "results/mix/projection.nc"], ["economics", "results/mix/projection.nc"]):
        code, out, _ = hisim(*command)
        assert code == 0 and "Kent, 2011 to 2013" in out
    csv = Path("results/mix/comparison.csv").read_text("utf-8")
    assert "most deprived fifth against the whole area" in csv and "England" not in csv


def test_machines_get_the_area_and_null_for_what_is_withheld(hisim, scenario):
    code, out, _ = hisim("run", scenario("Hackney"), "--json")
    told = json.loads(out)
    assert code == 0
    assert told["area"]["name"] == "Hackney" and told["area"]["nobody_in_fifths"] == [4, 5]
    low, high = told["area"]["by_chance_95"]
    assert low < told["area"]["deaths_first_year"] < high
    gaps = [row for row in told["comparison"] if row["estimand"] == "life_expectancy_0_gap_q5"]
    assert gaps and all(row["value"] is None for row in gaps)


@pytest.mark.parametrize("area", ["Chiltern", "Hackney", "Isles of Scilly", "[Ashford, Swale]"])
def test_every_command_works_where_fifths_are_empty(hisim, scenario, area):
    path = scenario(area)
    for command in (["check"], ["explain"], ["delivery"], ["run", "--overwrite"], ["decompose"], ["screen", "--json"]):
        code, out, err = hisim(command[0], path, *command[1:])
        assert (code, err) == (0, ""), command
        assert "nan" not in out.lower().replace("finan", "").split(), command


def test_where_nobody_lives_the_text_says_so(hisim, scenario):
    _, out, _ = hisim("run", scenario("Chiltern"))
    plain = " ".join(out.split())
    assert "in Chiltern, and nobody lives in the most deprived fifth." in plain
    assert "Not shown (n/a): nobody in Chiltern lives in fifth 1 (most deprived)" in plain
    assert "life expectancy where 5,000 women or men or fewer live (fifth 2 and 3)" in plain
    assert "128 simulated people in each of 824 cohorts" in plain
    _, out, _ = hisim("decompose", scenario("Chiltern"))
    assert "Nobody in Chiltern lives in the most deprived fifth." in out
    _, out, _ = hisim("delivery", scenario("Kent"))
    assert "at most 700,000 people a year in England; Kent has its share by people, 19,329." in " ".join(out.split())


def test_draws_and_sweeps_of_an_area_leave_out_what_nobody_is_there_for(hisim, scenario, tmp_path):
    code, out, err = hisim("run", scenario("Chiltern"), "--draws", "40")
    plain = " ".join(out.split())
    assert code == 0, err
    assert "95 % between" in plain and "deaths prevented or postponed in Chiltern." in plain
    assert "nor who lives in Chiltern and how its deaths differ from England's" in plain
    assert "the gap in life expectancy to Chiltern narrows in 2013" in plain and "nan" not in plain
    sweep = tmp_path / "sweep.yaml"
    sweep.write_text(SWEEP, "utf-8")
    code, out, _ = hisim("sweep", sweep)
    plain = " ".join(out.split())
    assert code == 0
    assert "(mix, 2013, Chiltern, Persons, All causes)" in plain
    assert "Not shown, for nobody or too few people or deaths: Life expectancy at birth: gap, most deprived" in plain


def test_tables_name_the_area_where_england_was():
    table = Table("Of England", ["fifth", "England by 2015"], [Row(["England", "1"]), Row(["2", "3"])])
    assert of_area([table, None], "England") == [table]
    renamed = of_area([table], "Kent")[0]
    assert renamed.columns == ["fifth", "Kent by 2015"] and renamed.rows[0].cells == ["Kent", "1"]
    assert of_area([table], "the most deprived fifth of local authorities")[0].columns[1] == "the whole area by 2015"
    assert place_of({}) == "England" and place_of({"area": "E07000105; E07000113"}) == "Ashford and Swale"
