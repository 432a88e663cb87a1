"""``hisim economics`` as a person meets it: words and printed figures against the functions they come from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hisim.inputs.load import load_inputs
from hisim.outcomes import economics as sums
from hisim.outcomes.bands import ENGLAND, FIFTHS, QUINTILE_LABELS
from hisim.outcomes.quality import qale_distribution
from hisim.surfaces import economics, economics_tables
from hisim.surfaces.cli import main
from hisim.surfaces.export import FILES, economics_table, read_projection
from hisim.surfaces.text import people
from hisim.variables import COMPARATOR

MIX = Path(__file__).parents[3] / "scenarios" / "three-actions.yaml"
PLACE = {"draw": 0, "quintile": ENGLAND}


def scenario(folder, name, interventions="", **settings):
    """A small copy of the shipped mix under another name, with other interventions where they are given."""
    text = MIX.read_text("utf-8").replace("name: three-actions", f"name: {name}")
    text = text.replace("end: 2020", f"end: 2016\nsimulation: {{people_per_cohort: {settings.get('people', 32)}}}")
    if interventions:
        text = text.split("interventions:")[0] + "interventions:\n" + interventions
    (folder / f"{name}.yaml").write_text(text, "utf-8")
    return folder / f"{name}.yaml"


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code or 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of a mix, of statins alone, and of the mix with another number of simulated people."""
    here = tmp_path_factory.mktemp("economics")
    statins = "  - {use: statins, relative: 1.4, from: 2011, full_from: 2012}\n"
    for file in (scenario(here, "mix"), scenario(here, "pills", statins), scenario(here, "other", people=48)):
        assert run("run", file, "--out", here / file.stem) == 0
    return here


@pytest.fixture
def hisim(capsys, monkeypatch, folder):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")

    def say(*arguments):
        code = run(*arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return say


@pytest.fixture(scope="module")
def values():
    return load_inputs(2011, 2016)


@pytest.fixture(scope="module")
def projection(folder):
    return read_projection(folder / "mix" / "projection.nc")


def cells(out, start, title=""):
    """The numbers of the first line that begins with ``start``, after ``title``."""
    line = next(line for line in out[out.index(title) :].splitlines() if line.strip().startswith(start))
    return line.strip().removeprefix(start).split()


def flat(text):
    return " ".join(text.split())


def test_the_printed_figures_are_those_of_the_functions(hisim, projection, values):
    code, out, _ = hisim("economics", "mix/projection.nc")
    effects = sums.cost_effectiveness(projection, values).sel(scenario="mix", draw=0)
    england = effects.sel(quintile=ENGLAND)
    assert code == 0
    row = cells(out, "The three key actions of", "What it costs")
    keys = ("programme_cost", "nhs_spend_change", "total_cost")
    assert row[:3] == [economics_tables.millions(float(england[key])) for key in keys]
    keys = ("qalys_gained", "programme_cost_per_qaly", "cost_per_qaly")
    assert row[3:] == [people(float(england[key])) for key in keys]
    for key, words in economics_tables.QALYS.items():
        assert cells(out, words, "QALYs by fifth") == [people(float(v)) for v in effects[key].values]
    by_age = sums.qalys_gained_by_age(projection, values).sel(scenario="mix", draw=0)
    for age in by_age["age_group"].values.tolist():
        assert cells(out, age, "QALYs gained by age") == [people(float(v)) for v in by_age.sel(age_group=age).values]
    cover = sums.needed_to_cover(projection).sel(scenario="mix", draw=0)
    for year in (2015, 2016):
        assert cells(out, f"{year}", "Person-years of cover") == [people(float(v)) for v in cover.sel(year=year).values]
    health = qale_distribution(projection.sel(year=[2016]), values).sel(
        scenario="mix", draw=0, year=2016, sex="Persons"
    )
    printed = out[out.index("Length of life, weighted") :]
    row = next(line for line in printed.splitlines() if re.match(r" *mix +2016", line)).split()
    assert row[2] == f"{float(health['qale'].sel(quintile=ENGLAND)):.3f}"
    assert row[3:5] == [f"{float(health['qale_ede']):.3f}", f"{float(health['qale_atkinson']):.3%}"]


def test_the_findings_say_cost_health_price_and_who_gains(hisim, projection, values):
    out = flat(hisim("economics", "mix/projection.nc")[1])
    effects = sums.cost_effectiveness(projection, values).sel(scenario="mix", **PLACE)
    assert f"£{people(float(effects['cost_per_qaly']))} for each QALY gained" in out
    assert f"about {people(float(effects['qalys_gained']))} QALYs gained in England" in out
    assert "Verdict: gains at a cost, that is, more health for more money" in out
    assert "one for each £12,936" in out and "Claxton et al 2015" in out
    for words in (
        "every fifth gains",
        "Counting that, about",
        "QALYs lost in England",
        "costs and health count 3.5% less",
    ):
        assert words in out
    for words in ("not brought to one year", "whatever comes after 2016", "for those who would have lived anyway"):
        assert words in out
    assert "nan" not in out


def test_rates_and_opportunity_cost_are_what_is_asked(hisim, projection, values):
    options = ("--discount", "0.015", "--discount-health", "0", "--opportunity-cost", "20000")
    out = flat(hisim("economics", "mix/projection.nc", *options)[1])
    found = json.loads(hisim("economics", "mix/projection.nc", *options, "--json")[1])
    effects = sums.cost_effectiveness(
        projection, values, discount=0.015, discount_health=0.0, opportunity_cost_gbp_per_qaly=20_000
    )
    assert "costs count 1.5% less and health 0% less" in out
    assert "£20,000 spent elsewhere in the NHS gains one QALY (as given" in out
    assert found["settings"]["discount"] == 0.015 and found["settings"]["discount_health"] == 0.0
    assert found["verdicts"] == {"mix": "gains at a cost"}
    for name in ("net_health_benefit", "total_cost", "qalys_displaced"):
        rows = {row["quintile"]: row["value"] for row in found[name]["values"]}
        assert rows == pytest.approx(dict(zip(QUINTILE_LABELS, effects[name].values.ravel(), strict=True)), rel=1e-9)
    ages = [row for row in found["qalys_gained_by_age"]["values"] if row["quintile"] == ENGLAND]
    assert sum(row["value"] for row in ages[:-1]) == pytest.approx(ages[-1]["value"], rel=1e-9)


def test_several_results_stand_side_by_side(hisim):
    code, out, _ = hisim("economics", "mix/projection.nc", "pills/projection.nc")
    assert code == 0
    assert "pills (statins only)" in out
    assert len(re.findall(r"^ (mix|pills) .* net gain ", out, re.M)) == 2
    assert max(map(len, out.splitlines())) <= 100


def test_one_intervention_is_named_in_the_cover_table(hisim):
    assert "Person-years of cover for each death postponed: statins" in hisim("economics", "pills/projection.nc")[1]


REFUSED = {
    "discount": (["mix/projection.nc", "--discount", "-0.01"], "discount: found -0.01; allowed: 0 or more"),
    "discount health": (["mix/projection.nc", "--discount-health", "nan"], "discount_health: found nan; allowed: 0 or"),
    "free displacement": (
        ["mix/projection.nc", "--opportunity-cost", "0"],
        "opportunity_cost_gbp_per_qaly: found 0; allowed: above 0",
    ),
    "not a result": (["mix/deaths.csv"], "mix/deaths.csv: not a result; allowed: a NetCDF file written by 'hisim run'"),
    "no such file": (["nowhere.nc"], "nowhere.nc: no such file"),
    "other comparators": (["mix/projection.nc", "other/projection.nc"], "found another comparator than in mix"),
    "the same twice": (["mix/projection.nc", "mix/projection.nc"], "found 'mix' in two results"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_is_one_message_and_nothing_is_written(hisim, folder, mistake):
    before = sorted(folder.rglob("*"))
    arguments, words = REFUSED[mistake]
    code, out, err = hisim("economics", *arguments)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
    assert out == ""
    assert sorted(folder.rglob("*")) == before


def test_a_run_writes_the_discounted_totals_beside_the_rest(folder, projection, values):
    assert sorted(path.name for path in (folder / "mix").iterdir()) == sorted(FILES)
    table = pd.read_csv(folder / "mix" / "economics.csv")
    assert list(table.columns) == ["scenario", "quintile", "measure", "value", "unit"]
    effects = sums.cost_effectiveness(projection, values)
    for name in effects.drop_vars("verdict").data_vars:
        rows = table[table["measure"] == name].set_index("quintile")["value"]
        np.testing.assert_allclose(rows[list(QUINTILE_LABELS)], effects[name].values.ravel(), rtol=1e-9)
    settings = table[table["scenario"].isna()].set_index("measure")["value"]
    assert settings["discount"] == sums.DISCOUNT
    assert settings["opportunity_cost_gbp_per_qaly"] == sums.OPPORTUNITY_COST


def test_a_run_keeps_economics_that_are_there(hisim, folder, tmp_path):
    (tmp_path / "economics.csv").write_text("mine", "utf-8")
    code, _, err = hisim("run", folder / "mix.yaml", "--out", tmp_path)
    assert code == 2
    assert err.startswith(f"{tmp_path / 'economics.csv'}: exists")
    assert [path.name for path in tmp_path.iterdir()] == ["economics.csv"]


def test_a_run_prints_cost_per_qaly_and_where_to_read_on(hisim, folder, projection, values):
    out = hisim("run", folder / "mix.yaml", "--overwrite", "--out", "mix")[1]
    effects = sums.cost_effectiveness(projection, values).sel(scenario="mix", **PLACE)
    assert cells(out, "The three key actions of", "What it costs and")[-1] == people(float(effects["cost_per_qaly"]))
    assert "hisim economics mix/projection.nc" in flat(out)


def test_the_help_names_the_defaults_of_the_module(hisim):
    out = flat(hisim("economics", "--help")[1])
    assert f"[default: ({sums.DISCOUNT:g})]" in out
    assert f"[default: ({sums.OPPORTUNITY_COST:.0f})]" in out


def account(gained, programme, spend=0.0, price=10_000.0):
    """The account of a scenario that gains and spends so much in fifth 1, as the functions tell it."""
    lived = np.full((2, 1, 1, 5, 2, 101), 1000.0)
    lived[1, 0, 0, 0, 0, 70] += gained
    cost = np.zeros((2, 1, 1, 1, 5))
    cost[1, ..., 0] = programme
    cell = {"quintile": [1, 2, 3, 4, 5], "sex": ["Female", "Male"], "age": list(range(101))}
    projected = xr.Dataset(
        {
            "person_years": (("scenario", "draw", "year", *cell), lived),
            "cost_gbp": (("scenario", "draw", "intervention", "year", "quintile"), cost),
        },
        {"scenario": [COMPARATOR, "act"], "draw": [0], "year": [2011], "intervention": ["one"], **cell},
    )
    priced = xr.Dataset({"utility": (("quintile", "age"), np.ones((5, 101))),
                         "nhs_cost": (tuple(cell), np.full((5, 2, 101), spend))}, cell)  # fmt: skip
    return sums.cost_effectiveness(projected, priced, opportunity_cost_gbp_per_qaly=price).isel(draw=0)


@pytest.mark.parametrize("verdict", sums.VERDICTS)
def test_every_verdict_is_explained(verdict):
    assert economics.VERDICTS[verdict]


@pytest.mark.parametrize(
    ("gained", "programme", "words", "price"),
    [
        (100, 1e6, "£10,000 for each QALY gained (£10,000 counting the programmes alone)", "10,000"),
        (100, -1e6, "verdict: dominant, that is, no less health for no more money", "saves money"),
        (-100, 1e6, "verdict: dominated, that is, no more health for no less money", "none gained"),
        (-100, -1e6, "verdict: saves at a loss, that is, less health for less money", "none gained"),
        (0, 0, "verdict: no change, that is, neither health nor money differs", "none gained"),
    ],
)
def test_words_stand_for_what_is_withheld(gained, programme, words, price):
    effects = account(gained, programme)
    assert words in economics.value_sentence(effects.sel(scenario="act", quintile=ENGLAND))
    table = economics_tables.value_table(effects, {"act": "An act"})
    assert table.rows[0].cells[-1] == price
    assert (f"'{price}'" in table.note) == (price != "10,000")
    assert not any("nan" in cell for cell in table.rows[0].cells)


def test_who_gains_by_hand():
    effects = account(100, 4e6).sel(scenario="act")
    assert economics.who(effects["qalys_gained"]) == "only fifth 1 gains (100)"
    # 400 QALYs displaced: 104, 88, 88, 64 and 56.
    assert economics.who(effects["net_health_benefit"]) == (
        "every fifth loses, fifth 2 (88) most and the most deprived (4) least"
    )
    told = economics.net_sentence(effects, 10_000.0)
    assert "£4.00 million would have gained about 400 QALYs elsewhere in the NHS (one for each £10,000), 104 of" in told
    assert "Counting that, about 300 QALYs lost in England" in told
    assert "only where a QALY elsewhere costs more than £40,000" in told
    saving = economics.net_sentence(account(100, -1e6).sel(scenario="act"), 10_000.0)
    assert "£1.00 million is free to gain about 100 QALYs elsewhere" in saving
    assert "Counting that, about 200 QALYs gained in England: every fifth gains" in saving
    assert "the same, as it takes no money" in economics.net_sentence(account(1, 0).sel(scenario="act"), 10_000.0)


def test_mixed_fortunes_are_told_apart():
    values = xr.DataArray([30.0, -1.0, 20.0, 0.2, -7.0], {"quintile": list(FIFTHS)}, "quintile")
    assert economics.who(values) == (
        "fifths 1 and 3 gain, the most deprived (30) most and fifth 3 (20) least; "
        "fifths 2 and 5 lose, the least deprived (7) most and fifth 2 (1) least"
    )
    assert economics.who(values * 0) == "nobody gains or loses"


def test_cover_that_is_withheld_is_a_word():
    cover = xr.DataArray([[[120.0, np.nan, 1, 1, 1, 1]]],
                         {"scenario": ["act"], "year": [2015], "quintile": list(QUINTILE_LABELS)},
                         ("scenario", "year", "quintile"))  # fmt: skip
    table = economics_tables.cover_table(cover, {})
    assert table.rows[0].cells[:3] == ["2015", "120", "withheld"]


def test_the_long_table_keeps_what_is_withheld_as_missing():
    table = economics_table(account(-100, 1e6).expand_dims("draw"))
    here = table[(table["measure"] == "cost_per_qaly") & (table["quintile"] == ENGLAND)]
    assert here["value"].isna().all() and set(here["unit"]) == {"GBP per QALY"}
