"""Groups within a fifth: shares that add up to the census, ratios with their sources, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hisim
from hisim.errors import ImpossibleModelError
from hisim.inputs import strata
from hisim.inputs.catalogue import list_tables
from hisim.inputs.strata_tables import FOLDER
from hisim.inputs.tables import grid, read_table
from hisim.stratum_variables import STRATA
from hisim.variables import (
    ETHNIC_GROUPS,
    OAC_SUPERGROUPS,
    SEXES,
    STEPS,
    check,
)

CENSUS = 53_012_456
WITHOUT_QUINTILE_2010 = 5_429
LIBRARY = {path.stem for path in (Path(hisim.__file__).parent / "interventions").glob("*.yaml")}
RATIOS = {
    "ethnicity_risk": "odds_ratio",
    "ethnicity_uptake": "odds_ratio",
    "ethnicity_mortality": "hazard_ratio",
    "ethnicity_infant": "hazard_ratio",
    "inclusion_health": "hazard_ratio",
}
LEVELS = ("One", "Two")
SHARE = np.full((5, 2, 2), 0.5)
NEED = np.ones((2, 101, 2))


@pytest.fixture(scope="module")
def groups(inputs: xr.Dataset) -> xr.Dataset:
    return strata.ethnicity(inputs.population.values, risk_channels=True, mortality=None)


@pytest.fixture(scope="module")
def packaged() -> dict[str, pd.DataFrame]:
    return {entry.name: read_table(entry.name, FOLDER) for entry in list_tables(FOLDER)}


def test_shares_add_up_to_the_census_of_each_quintile(inputs: xr.Dataset, groups: xr.Dataset) -> None:
    persons = inputs.population
    found = (groups.stratum_share * persons).sum(["sex", "age"]) / persons.sum(["sex", "age"])
    table = read_table("ethnicity_by_quintile", FOLDER)
    census = grid("ethnicity_by_quintile", table, "persons", FOLDER)
    assert census.sum() == CENSUS
    assert np.abs(found.values - census / census.sum(axis=1, keepdims=True)).max() < 1e-12
    assert np.abs(groups.stratum_share.sum("stratum").values - 1).max() < 1e-12


def test_shares_follow_any_population_and_are_alike_within_an_age_group(inputs: xr.Dataset) -> None:
    older = inputs.population.values * np.linspace(0.2, 3.0, 101)
    found = strata.ethnicity(older, risk_channels=False, mortality=None).stratum_share.values
    census = grid("ethnicity_by_quintile", read_table("ethnicity_by_quintile", FOLDER), "persons", FOLDER)
    whole = (found * older[..., None]).sum(axis=(1, 2)) / older.sum(axis=(1, 2))[:, None]
    assert np.abs(whole - census / census.sum(axis=1, keepdims=True)).max() < 1e-12
    assert (found[:, :, 90] == found[:, :, 100]).all()
    assert (found[:, :, 89] != found[:, :, 90]).any()


def test_datasets_are_what_the_dictionary_declares(inputs: xr.Dataset, groups: xr.Dataset) -> None:
    plain = strata.ethnicity(inputs.population.values, risk_channels=False, mortality="central")
    own = strata.made(LEVELS, SHARE, NEED, {"statins": np.array([2.0, 1.0])})
    left_out = strata.inclusion("homelessness", [0.02, 0.01, 0.01, 0.0, 0.0])
    for dataset in (groups, plain, strata.segments(), own, left_out):
        check(dataset, STRATA)
        assert set(dataset.data_vars) == set(STRATA)
        assert {"strata", "sources", "notes"} <= set(dataset.attrs)
        assert np.abs(dataset.stratum_share.sum("stratum").values - 1).max() < 1e-12


def test_white_is_the_reference_and_mortality_is_asked_for(inputs: xr.Dataset, groups: xr.Dataset) -> None:
    assert (groups.stratum_risk_odds.sel(stratum="White") == 1).all()
    assert (groups.stratum_hazard_ratio.sel(age=slice(1, None)) == 1).all()
    by_name = {
        name: strata.ethnicity(inputs.population.values, risk_channels=False, mortality=name).stratum_hazard_ratio
        for name in ("low", "central", "high")
    }
    assert (by_name["low"] <= by_name["central"]).all() and (by_name["central"] <= by_name["high"]).all()
    assert (by_name["low"].sel(age=40, stratum="Indian") < by_name["high"].sel(age=40, stratum="Indian")).all()
    assert (
        strata.ethnicity(inputs.population.values, risk_channels=False, mortality=None).stratum_risk_odds == 1
    ).all()


@pytest.mark.parametrize("mortality", [None, "central", "low", "high"])
def test_infants_keep_their_ratio(inputs: xr.Dataset, mortality: Any) -> None:
    found = strata.ethnicity(inputs.population.values, risk_channels=False, mortality=mortality)
    infants = found.stratum_hazard_ratio.sel(age=0, stratum="Pakistani")
    injuries = infants.cause.isin(["unintentional_injury", "intentional_injury"])
    assert (infants.where(injuries, drop=True) == 1).all()
    assert (infants.where(~injuries, drop=True) == 2.41).all()


def test_uptake_is_known_only_where_a_row_says_so(groups: xr.Dataset) -> None:
    assert set(groups.uptake_of.values) <= LIBRARY
    unknown = groups.stratum_uptake_known == 0
    assert (groups.stratum_uptake_odds.where(unknown, 1.0) == 1).all()
    breast = groups.stratum_uptake_known.sel(uptake_of="breast-screening", step="taken_up")
    assert breast.sel(sex="Female", stratum="Indian") == 1
    assert (breast.sel(sex="Male") == 0).all()
    assert breast.sel(sex="Female", stratum="White") == 1
    statins = groups.stratum_uptake_odds.sel(uptake_of="statins", sex="Female", stratum="Black")
    assert float(statins.sel(step="offered")) < 1 and float(statins.sel(step="taken_up")) == 1
    assert set(groups.step.values) == set(STEPS)


@pytest.mark.parametrize(("table", "column"), RATIOS.items())
def test_ratios_lie_within_their_ranges(packaged: dict[str, pd.DataFrame], table: str, column: str) -> None:
    frame = packaged[table]
    assert (frame["low"] > 0).all()
    assert (frame["low"] <= frame[column]).all() and (frame[column] <= frame["high"]).all()
    nothing = frame[frame["status"] == "no evidence"]
    assert (nothing[column] == 1).all()


def test_mortality_is_never_a_point_alone(packaged: dict[str, pd.DataFrame]) -> None:
    frame = packaged["ethnicity_mortality"]
    others = frame[frame["group"] != "White"]
    assert (others["low"] < others["hazard_ratio"]).all() and (others["hazard_ratio"] < others["high"]).all()
    for column in ("ons_2011_2014", "longitudinal_study"):
        given = others[others[column].notna()]
        assert (given["low"] <= given[column]).all() and (given[column] <= given["high"]).all()


def test_every_source_resolves_and_every_intervention_exists(packaged: dict[str, pd.DataFrame]) -> None:
    citations = packaged["sources"].set_index("key")["citation"]
    for entry in list_tables(FOLDER):
        frame = packaged[entry.name]
        stated = set(frame["source"]) if "source" in frame else set(entry.source)
        assert stated - {"see column citation"} <= set(citations.index), entry.name
        if "note" in frame:
            named = {word for note in frame["note"] for word in re.findall(r"\b[A-Z]{2,}[A-Z]*\d{2,4}\b", str(note))}
            assert named <= set(citations.index), entry.name
    for name in ("ethnicity_uptake", "ethnicity_uptake_other"):
        assert set(packaged[name]["intervention"]) <= LIBRARY
    assert citations.str.len().min() > 20


def test_evidence_comes_with_citations() -> None:
    uptake, risk = strata.uptake_evidence(), strata.risk_evidence()
    assert not uptake["citation"].isna().any() and not risk["citation"].isna().any()
    assert set(risk["channel"]) == {"diabetes", "chd", "current_smoker"}
    assert len(risk) == 3 * len(ETHNIC_GROUPS) * len(SEXES)
    assert uptake.loc[uptake["used"], "odds_ratio"].notna().all()
    both = set(uptake.loc[uptake["intervention"] == "health-checks", "source"])
    assert {"CHANG15", "ARTAC13"} <= both


def test_both_sources_of_mortality_are_named(inputs: xr.Dataset) -> None:
    found = strata.ethnicity(inputs.population.values, risk_channels=False, mortality="central")
    assert "Longitudinal Study" in found.attrs["sources"] and "experimental" in found.attrs["sources"]
    assert "Census 2011" in found.attrs["sources"] and "Output Area" in strata.segments().attrs["sources"]


def test_authorities_add_up_to_england() -> None:
    listed = strata.authorities()
    assert len(listed) == 326 and listed["code"].is_unique and listed["authority"].is_unique
    persons = np.array([strata.authority_shares(code).values for code in listed["code"]])
    assert (persons.sum(axis=(1, 2)) > 2000).all() and (persons >= 0).all()
    assert persons.sum() == CENSUS - WITHOUT_QUINTILE_2010
    england = grid("ethnicity_by_quintile", read_table("ethnicity_by_quintile", FOLDER), "persons", FOLDER).sum(axis=0)
    assert np.abs(persons.sum(axis=(0, 1)) / england - 1).max() < 5e-4
    white = persons[:, :, 0].sum(axis=1) / persons.sum(axis=(1, 2))
    london = listed["code"].str.startswith("E09").to_numpy()
    assert london.sum() == 33
    assert np.median(white[london]) < 0.65 and np.median(white[~london]) > 0.93


def test_one_authority_by_name_or_code() -> None:
    found = strata.authority_shares("tower hamlets")
    assert found.attrs["code"] == "E09000030"
    assert found.identical(strata.authority_shares("E09000030"))
    assert found.sum() == 254_096
    assert found.sum("quintile").sel(stratum="Bangladeshi") == 81_377


def test_segments_are_supergroups_at_every_age() -> None:
    found = strata.segments()
    assert tuple(found.stratum.values) == OAC_SUPERGROUPS
    assert (found.stratum_share == found.stratum_share.isel(sex=0, age=0)).all()
    assert (found.stratum_hazard_ratio == 1).all() and found.sizes["uptake_of"] == 0
    migrant = found.stratum_share.sel(stratum="Low-Skilled Migrant and Student Communities", sex="Male", age=30)
    assert float(migrant[0]) > 5 * float(migrant[4])


def test_groups_left_out() -> None:
    found = strata.inclusion("homelessness", [0.02] * 5, None, {"statins": 0.5})
    assert tuple(found.stratum.values) == ("People who are homeless", "Everyone else")
    ratio = found.stratum_hazard_ratio.isel(cause=0, stratum=0, sex=0)
    assert ratio.sel(age=[17, 18, 74, 75]).values.tolist() == [1, 2.2, 2.2, 1]
    assert (found.stratum_hazard_ratio.isel(stratum=1) == 1).all()
    assert float(found.stratum_uptake_odds.sel(uptake_of="statins", step="taken_up", sex="Male")[0]) == 0.5
    assert strata.inclusion("socially-excluded", [0.02] * 5, 3.0).stratum_hazard_ratio.max() == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: strata.ethnicity(np.ones((5, 2, 101)), risk_channels=True, mortality="low"), "one of the two"),
        (lambda: strata.ethnicity(np.ones((5, 2, 101)), risk_channels=False, mortality="lo"), "central, low, high"),  # type: ignore[arg-type]
        (lambda: strata.ethnicity(np.ones((5, 101)), risk_channels=False, mortality=None), "population: found shape"),
        (lambda: strata.authority_shares("Manchster"), "did you mean 'Manchester'"),
        (lambda: strata.authority_shares("zzzz"), "allowed: the name or code"),
        (lambda: strata.inclusion("homeless", [0.1] * 5), "allowed: homelessness"),
        (lambda: strata.inclusion("homelessness", [1.1] * 5), "allowed: 0 to 1"),
        (lambda: strata.made(LEVELS, SHARE[:4], NEED, {}), "share: found shape"),
        (lambda: strata.made(LEVELS, SHARE * 0.9, NEED, {}), "do not add up to 1"),
        (lambda: strata.made(LEVELS, SHARE, NEED, {"statins": np.ones(3)}), "one for each stratum"),
        (lambda: strata.made(LEVELS, SHARE, NEED, {}, {"asthma": np.ones(2)}), "allowed: diabetes"),
        (lambda: strata.made(LEVELS, SHARE, NEED * 0, {}), "stratum_hazard_ratio: found values"),
    ],
)
def test_what_cannot_be_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        call()
