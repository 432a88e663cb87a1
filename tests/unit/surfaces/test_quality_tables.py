"""Older people and strata in ``hisim economics``: printed figures and JSON against the functions they come from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hisim.declare.files import read_scenario_text
from hisim.inputs.load import load_inputs
from hisim.outcomes.bands import ENGLAND, QUINTILE_LABELS
from hisim.outcomes.groups import EVERYONE, FEWEST_PERSON_YEARS
from hisim.outcomes.older import FROM_AGES, older
from hisim.outcomes.strata import quality_by_stratum
from hisim.surfaces import quality_tables as quality
from hisim.surfaces.cli import main
from hisim.surfaces.export import read_projection
from hisim.surfaces.text import people, with_error
from hisim.variables import COMPARATOR, ETHNIC_GROUPS

HEAD = "hisim: 1\nname: NAME\ntitle: NAME\nstart: 2011\nend: 2013\n"
USE = "interventions:\n  - {use: statins, relative: 1.4, from: 2011, full_from: 2012}\n"
SMALL = "simulation: {people_per_cohort: 32}\n"
GROUPS = "strata: {by: ethnicity}\n"
SCENARIOS = {
    "plain": HEAD + SMALL + USE,
    "more": HEAD + SMALL + USE.replace("1.4", "1.6"),
    "groups": HEAD + SMALL.replace("32", "128") + GROUPS + USE,
    "sampled": HEAD + SMALL.replace("}", ", estimator: sampled}") + USE,
}


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code or 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Small results: statins, more statins, statins by ethnic group, and by the other estimator."""
    here = tmp_path_factory.mktemp("quality")
    for name, text in SCENARIOS.items():
        (here / f"{name}.yaml").write_text(text.replace("NAME", name), "utf-8")
        assert run("run", here / f"{name}.yaml", "--out", here / name) == 0
    return here


@pytest.fixture(scope="module")
def values():
    return load_inputs(2011, 2013)


@pytest.fixture
def economics(capsys, monkeypatch, folder):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")

    def say(*names, options=()):
        capsys.readouterr()
        assert run("economics", *(Path(name) / "projection.nc" for name in names), *options) == 0
        return capsys.readouterr().out

    return say


def lines(out, title):
    """Lines of the table ``title``, without spaces to spare."""
    return [" ".join(line.split()) for line in out[out.index(title) :].splitlines()]


def days(data, name, scenario):
    change = float(data[name].sel(scenario=scenario) - data[name].sel(scenario=COMPARATOR)) * quality.DAYS
    return f"{float(data[name].sel(scenario=COMPARATOR)):.2f} {change:+.1f}"


def test_older_people_are_shown_by_age_and_fifth(economics, folder, values):
    out = economics("plain")
    found = older(read_projection(folder / "plain" / "projection.nc"), values).isel(draw=0, year=-1)
    printed = lines(out, "Older people, to the end of 2013")
    for age in FROM_AGES:
        for label in QUINTILE_LABELS:
            here = found.sel(from_age=age, quintile=label)
            one = here.sel(scenario="plain")
            figures = [with_error(float(one["deaths_averted"]), float(one["deaths_averted_se"]))]
            figures += [people(float(one[name])) for name in ("years_of_life_gained", "qalys_gained")]
            figures += [days(here, name, "plain") for name in ("life_expectancy", "qale")]
            assert f"{age}+ {quality.WHERE[label]} {' '.join(figures)}" in printed
    assert "people saved younger die later" in " ".join(out.split())
    assert "by stratum" not in out and "nan" not in out


def test_strata_are_shown_for_england(economics, folder, values):
    out = economics("groups")
    projection = read_projection(folder / "groups" / "projection.nc")
    found = quality_by_stratum(projection, values).isel(draw=0, year=-1).sel(quintile=ENGLAND)
    old = older(projection, values).isel(draw=0, year=-1).sel(quintile=ENGLAND, scenario="groups", from_age=65)
    lived = projection["stratum_person_years"].isel(draw=0).sel(scenario=COMPARATOR)
    lived = lived.sum(("year", "quintile", "sex", "age_band"))
    whole = float(found["qalys_gained"].sel(scenario="groups", stratum=EVERYONE))
    printed = lines(out, "Quality of life, by stratum, to the end of 2013")
    for group in (*ETHNIC_GROUPS, EVERYONE):
        here, aged = found.sel(stratum=group), old.sel(stratum=group)
        gained, error = (float(here[name].sel(scenario="groups")) for name in ("qalys_gained", "qalys_gained_se"))
        time = float(lived.sum() if group == EVERYONE else lived.sel(stratum=group))
        figures = [with_error(gained, error), f"{gained / whole:.0%}", quality.significant(gained / time * 1000, 2)]
        figures += [with_error(float(aged["qalys_gained"]), float(aged["qalys_gained_se"]))]
        name = "Everyone" if group == EVERYONE else group
        assert f"{name} {' '.join(figures)} {days(here, 'qale', 'groups')}" in printed
    assert "Levels of ethnic groups are not measured ones: risk channels are on" in out
    assert max(map(len, out.splitlines())) <= 102


def test_several_scenarios_have_a_table_each(economics):
    out = economics("plain", "more")
    assert "Older people, to the end of 2013: plain" in out and "Older people, to the end of 2013: more" in out
    assert " ".join(out.split()).count("people saved younger die later") == 1


def test_the_json_holds_every_figure_with_its_error(economics, folder, values):
    told = json.loads(economics("groups", options=("--json", "--discount-health", "0")))
    projection = read_projection(folder / "groups" / "projection.nc")
    data = {
        "older": older(projection, values, discount=0.0),
        "quality_by_stratum": quality_by_stratum(projection, values, discount=0.0),
    }
    for key, expected in data.items():
        for name in (name for name in expected.data_vars if not name.endswith("_se")):
            record, one = told[key][name], expected[name].isel(draw=0, drop=True)
            assert record["unit"] == one.attrs["units"] and record["meaning"] == one.attrs["long_name"]
            assert len(record["values"]) == one.size
            row = record["values"][-1]
            place = {dim: row[dim] for dim in one.dims}
            assert row["value"] == pytest.approx(float(one.sel(place)), rel=1e-9)
            error = float(expected[f"{name}_se"].isel(draw=0).sel(place))
            assert row["monte_carlo_se"] == pytest.approx(error, rel=1e-6, abs=1e-9)
    assert quality.RATE in told["quality_by_stratum"]
    assert "quality_by_stratum" not in json.loads(economics("plain", options=("--json",)))


def test_errors_of_a_sampled_run_are_not_calibrated(economics, folder, values):
    told = json.loads(economics("sampled", options=("--json",)))["older"]["deaths_averted"]["values"]
    projection = read_projection(folder / "sampled" / "projection.nc")
    row = told[-1]
    place = {name: row[name] for name in ("from_age", "scenario", "year", "quintile")}
    own, other = (
        float(older(projection, values, calibrated=one)["deaths_averted_se"].isel(draw=0).sel(place))
        for one in (False, True)
    )
    assert row["monte_carlo_se"] == pytest.approx(own, rel=1e-6)
    assert own != pytest.approx(other, rel=1e-3)


def test_what_is_withheld_is_blank(folder, values):
    """A group of too few people has no expectancy, and its QALYs stay."""
    projection = read_projection(folder / "groups" / "projection.nc")
    few = projection.copy()
    for name in (name for name in projection.data_vars if name.startswith("stratum_")):
        few[name] = projection[name].where(projection["stratum"] != "Mixed", projection[name] * 1e-4)
    assert float(few["stratum_person_years"].sel(stratum="Mixed").isel(year=-1, scenario=0).sum()) < FEWEST_PERSON_YEARS
    scenario = read_scenario_text(SCENARIOS["groups"].replace("NAME", "groups"))
    table = quality.strata_table(quality.quality_of(few, values, 0.0, [scenario]), "groups")
    rows = {row.cells[0]: row.cells for row in table.rows}
    assert rows["Mixed"][-2:] == ["", ""] and "±" in rows["Mixed"][1]
    assert rows["Other"][-2] != ""
    assert not any("nan" in cell or "n/a" in cell for row in rows.values() for cell in row)


def test_shares_and_changes_by_hand():
    assert quality._share(-0.001, 10.0) == "0%" and quality._share(5.0, 10.0) == "50%"
    assert quality._share(0.1, 0.2) == "", "nothing is gained that could be shared"
    assert quality._number(np.nan) == ""


@pytest.mark.parametrize(
    ("strata", "words"),
    [
        ("{by: ethnicity}", "risk channels are on"),
        ("{by: ethnicity, risk_channels: false}", "taken to have the same mortality"),
        ("{by: ethnicity, risk_channels: false, mortality_multipliers: low}", "published ratios of mortality"),
        ("{by: output-area-classification}", "what the scenario assumes"),
    ],
)
def test_the_caution_says_what_levels_rest_on(strata, words):
    text = HEAD.replace("NAME", "one") + f"strata: {strata}\n" + USE
    assert words in quality.caution_of([read_scenario_text(text)])
