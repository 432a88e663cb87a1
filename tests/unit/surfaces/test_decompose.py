"""A mix split among its interventions, as a person meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from synthetic import by_cause, effects, library_of, log_rr, make_acting, make_inputs, make_scenario, make_treatment

from hisim.model.projection import project
from hisim.surfaces import decompose
from hisim.surfaces.decompose import DEATHS, GAP, described, records, split
from hisim.surfaces.gap_sources import BROAD_AGES, explained, explained_sentences, gap_parts, gap_parts_table
from hisim.variables import AGE_BANDS, CAUSE_GROUPS

MIX = Path(__file__).parents[3] / "scenarios" / "three-actions.yaml"
INPUTS = make_inputs(
    2011, 2013, mortality_rate=by_cause(ihd=0.02, other=0.01), sbp_mean=140.0, sbp_sd=15.0, hypertension_known=0.8,
    antihypertensive_coverage=0.3, log_rr=log_rr(sbp={"ihd": 0.03}),
)  # fmt: skip
NOBODY = {"offered": 0.0}
ITEMS = [
    make_treatment(sbp=-10.0, name="pills"),
    *(make_acting("exposure_shift", name, "everyone", effects(sbp=-3.0), now=NOBODY) for name in ("salt", "fat")),
    make_acting("mortality_effect", "heat", "everyone", effects({"other": 0.9}), now=NOBODY),
    make_acting("mortality_effect", "harm", "everyone", effects({"other": 1.1}), now=NOBODY),
]
LIBRARY = library_of(*ITEMS)


def mix(*names):
    """A mix of the interventions named, with few people."""
    uses = [(item, {"relative": 2.0} if item.id == "pills" else {"to": 0.6}) for item in ITEMS if item.id in names]
    return make_scenario(*uses, end=2013, people_per_cohort=16)


def study(*names, **how):
    scenario = mix(*names)
    return *split(scenario, 2013, inputs=INPUTS, library=LIBRARY, **how), scenario, 2013


@pytest.fixture
def small(tmp_path):
    """A copy of the shipped mix that runs in a moment."""
    text = MIX.read_text("utf-8").replace("end: 2020", "end: 2014\nsimulation: {people_per_cohort: 16}")
    path = tmp_path / "small.yaml"
    path.write_text(text, "utf-8")
    return path


def plain(text):
    return re.sub(r"\s+", " ", text)


def test_findings_come_first_and_the_tables_add_up():
    text = described(*study("pills", "salt", "heat"))
    findings = plain(text.split("share of each, by fifth")[0])
    assert "what each of 3 interventions contributes by the end of 2013" in findings
    assert "In England, of about " in findings and "In the most deprived fifth, of about " in findings
    assert "Overlap: each alone, added up, would give " in findings
    percents = [int(found) for found in re.findall(r"\((\d+)%\)", findings)]
    assert len(percents) == 6
    assert sum(percents[:3]) == pytest.approx(100, abs=1)
    for words in ("1 (most deprived)", "England: last", "men: share", "Shapley value", "all 7 sets"):
        assert words in text


def test_the_largest_share_is_named_first():
    found = study("pills", "salt", "heat")
    values = found[0][f"{DEATHS}_share"].sel(quintile="all")
    largest = str(values["intervention"].values[int(values.values.argmax())])
    assert re.search(rf"In England, of about [\d,]+ deaths prevented or postponed by the end of 2013: {largest} ",
                     plain(described(*found)))  # fmt: skip


def test_an_intervention_that_costs_lives_is_given_in_deaths_not_percent():
    line = plain(described(*study("pills", "harm"))).split("In England")[1].split(". ")[0]
    assert re.search(r"pills [\d,]+, harm -[\d,]+", line), line


def test_many_interventions_are_sampled_and_the_rest_told_together():
    from hisim.studies.shares import impact, shapley

    scenario = mix("pills", "salt", "fat", "heat", "harm")
    shares = shapley(scenario, INPUTS, value=impact(2013), most_exact=2, permutations=8, library=LIBRARY)
    projection = project(scenario, INPUTS, library=LIBRARY)
    text = plain(described(shares, projection, scenario, 2013))
    assert "the other 2 together" in text
    assert "mean over 8 sampled orders" in text


def test_a_mix_that_does_nothing_and_a_mix_of_one():
    scenario = make_scenario((ITEMS[0], {"relative": 1.0}), end=2013, people_per_cohort=16)
    text = plain(described(*split(scenario, 2013, inputs=INPUTS, library=LIBRARY), scenario, 2013))
    assert "In England the mix makes no difference to deaths by the end of 2013." in text
    assert "what its one intervention contributes" in text
    assert "they do not overlap" in text


def test_json_holds_every_figure_with_its_unit():
    found = json.loads(records(*study("pills", "salt")))
    assert found["scenario"] == "mix" and found["by"] == 2013 and found["method"] == "exact"
    rows = found[f"{DEATHS}_share"]["values"]
    assert found[f"{DEATHS}_share"]["unit"] == "persons"
    assert len(rows) == 2 * 6
    total = sum(row["value"] for row in rows if row["quintile"] == "all")
    mix_rows = found[f"{DEATHS}_mix"]["values"]
    assert total == pytest.approx(next(row["value"] for row in mix_rows if row["quintile"] == "all"))
    assert {row["sex"] for row in found[f"{GAP}_share"]["values"]} == {"Female", "Male", "Persons"}
    assert found["gap_by_cause_and_age"]["unit"] == "years"
    assert found["gap_risks_explained"]["unit"] == "fraction"


def test_the_gap_by_cause_and_age_adds_up_to_the_gap():
    shares, projection, _, year = study("pills", "salt", "heat")
    parts = gap_parts(projection, year)
    causes, ages = parts.sel(cause=list(CAUSE_GROUPS)), list(BROAD_AGES)
    assert causes.sum("cause").values == pytest.approx(parts.sel(cause="All causes").values, abs=1e-12)
    assert parts.sel(age=ages).sum("age").values == pytest.approx(parts.sel(age="all ages").values, abs=1e-12)
    whole = parts.sel(cause="All causes", age="all ages")
    change = whole.sel(scenario="mix") - whole.sel(scenario="comparator")
    assert change.values == pytest.approx(shares[f"{GAP}_mix"].sel(sex=change["sex"]).values, abs=1e-9)
    text = str(gap_parts_table(parts, "mix", year))
    assert "Circulatory disease" in text and "nan" not in text


def test_broad_ages_hold_every_age_band_once():
    assert [band for bands in BROAD_AGES.values() for band in bands] == list(AGE_BANDS)


def test_the_share_that_risks_explain_is_said_where_there_is_a_gap():
    projection = study("salt")[1]
    assert not list(explained_sentences(explained(projection, 2013), 2013))
    steep = make_inputs(
        2011, 2013, mortality_rate=by_cause(ihd=0.02), sbp_mean=np.array([150.0, 145, 140, 135, 130])[:, None, None],
        sbp_sd=10.0, log_rr=log_rr(sbp={"ihd": 0.03}),
    )  # fmt: skip
    steep["mortality_rate"] = steep["mortality_rate"] * xr.DataArray([1.5, 1.2, 1.0, 0.8, 0.6], dims="quintile")
    steep["mortality_rate"] = steep["mortality_rate"].transpose(*INPUTS["mortality_rate"].dims)
    sentences = list(explained_sentences(explained(project(mix("salt"), steep, library=LIBRARY), 2013), 2013))
    assert [word in sentence for word, sentence in zip((", men,", ", women,"), sentences, strict=True)] == [True, True]
    told = [int(found) for found in re.findall(r"(\d+)%", sentences[0])]
    assert sum(told) == pytest.approx(100, abs=1)


def test_progress_goes_on_to_the_end():
    seen = []
    study("salt", progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == pytest.approx(1.0)


def test_england_decomposed(hisim, small):
    code, out, err = hisim("decompose", small, "--by", "2013", "--threads", "2")
    assert code == 0, err
    assert "what each of 3 interventions contributes by the end of 2013" in plain(out)
    code, out, _ = hisim("decompose", small, "--json")
    assert code == 0
    assert json.loads(out)["by"] == 2014


def test_mistakes_are_one_message(hisim, small, tmp_path):
    text = small.read_text("utf-8")
    (tmp_path / "none.yaml").write_text(text.split("interventions:")[0], "utf-8")
    for arguments, words in (
        (("none.yaml",), "interventions: found none in 'three-actions'; allowed: at least one"),
        ((small, "--by", "2031"), "by: found 2031; allowed: a year of the scenario, 2011 to 2014"),
        (("missing.yaml",), "no such file"),
        ((small, "--permutations", "7"), "permutations: found 7; allowed: an even number, 8 or more"),
    ):
        code, out, err = hisim("decompose", *arguments)
        assert code == 2
        assert words in err
        assert "Traceback" not in err and err.count("\n") == 1
        assert out == ""


def test_an_interrupt_is_one_message(hisim, small, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(decompose, "split", interrupted)
    code, out, err = hisim("decompose", small)
    assert (code, out, err.strip()) == (130, "", "stopped; nothing was written")
