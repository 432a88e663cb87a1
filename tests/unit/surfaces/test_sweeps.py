"""Sweeps and draws from the command line: what they print and write, and what they refuse, without a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hisim.studies import store
from hisim.studies.study import run_unit
from hisim.surfaces.cli import main
from hisim.surfaces.draws import apart_words

SCENARIO = """hisim: 1
name: {name}
title: {title}
start: 2011
end: 2012
simulation: {{people_per_cohort: 16}}
interventions:
  - {{use: statins, relative: {times}}}
"""
SWEEP = """hisim: 1
name: mine
title: Mine
scenarios: one.yaml
people_per_cohort: 16
unit_runs: 4
"""
OVER = """over:
  - path: interventions.statins.effects[0].hazard_ratio
  - path: interventions.statins.lag_years
  - path: inputs.factors.mortality_trend
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("one.yaml").write_text(SCENARIO.format(name="one", title="More statins", times=1.4))
    Path("two.yaml").write_text(SCENARIO.format(name="two", title="Many statins", times=2))
    return tmp_path


def hisim(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command prints, after it ended with ``code``."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out = capsys.readouterr()
    assert (ended.value.code or 0) == code, out.err
    assert "Traceback" not in out.err
    return out.out if code == 0 else out.err + out.out


def sweep(text: str) -> str:
    Path("sweep.yaml").write_text(SWEEP + text)
    return "sweep.yaml"


def test_a_tornado_is_printed_written_and_drawn(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = hisim(capsys, "sweep", sweep("design: one_at_a_time\n" + OVER), "--workers", "1")
    assert "Mine: each number at both ends of its interval, the others central, 6 runs." in said
    assert "interventions.statins.effects[0].hazard_ratio" in said and "0.7522" in said
    table = pd.read_csv("results/mine/indices.csv")
    assert set(table["parameter"]) == {line.split("path: ")[1] for line in OVER.splitlines()[1:]}
    assert len(table) == 3 * 3 and (table["swing"] >= 0).all()
    assert "<html" in Path("results/mine/charts/tornado-1.html").read_text("utf-8")
    with xr.open_dataset("results/mine/figures.nc", engine="h5netcdf") as figures:
        assert figures["number_value"].shape == (7, 3)
        assert figures.attrs["definition_sha256"]
    again = hisim(capsys, "study", "show", "results/mine")
    assert again == said


def test_a_plan_says_what_it_would_take_and_does_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = hisim(capsys, "sweep", sweep("design: sobol\nsize: 64\n" + OVER), "--plan", "--workers", "2")
    assert "3 numbers vary; 320 runs of 1 scenario and the comparator, 3 figures kept of each." in said
    assert "81 units of work" in said and "2 processes" in said and " on disk in results/mine/study." in said
    assert not Path("results").exists()


def test_every_path_that_may_vary_is_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = hisim(capsys, "sweep", sweep("design: one_at_a_time\n"), "--paths")
    assert (
        "interventions.statins.effects[0].hazard_ratio" in said and "scenario.interventions.statins.relative.5" in said
    )


def test_sobol_indices_are_told_with_intervals(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = hisim(capsys, "sweep", sweep("design: sobol\nsize: 64\n" + OVER), "--workers", "1")
    assert "first order" in said and "total" in said and "(" in said
    table = pd.read_csv("results/mine/indices.csv")
    averted = table[table["figure"].str.startswith("deaths_averted")]
    assert averted["total"].sum() == pytest.approx(1.0, abs=0.25)
    assert (averted["total_low"] <= averted["total"]).all() and (averted["total"] <= averted["total_high"]).all()


def test_a_grid_takes_every_combination(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """design: grid
over:
  - {path: scenario.interventions.statins.relative, values: [1, 1.5, 2]}
  - {path: scenario.trend.damping, values: [0.8, 1]}
estimands:
  - {estimand: deaths_averted_cumulative, year: 2012, quintile: all, sex: Persons, cause_group: All causes}
"""
    hisim(capsys, "sweep", sweep(text), "--workers", "1")
    with xr.open_dataset("results/mine/figures.nc", engine="h5netcdf") as figures:
        name = next(name for name in figures.data_vars if str(name).startswith("deaths"))
        averted = figures[name].values.ravel()
        relative = figures["number_value"].values[:, 0]
    assert relative.tolist() == [1.4, 1, 1, 1.5, 1.5, 2, 2]
    assert np.abs(averted[1:3]).max() == 0 and (averted[3:5] > 0).all() and (averted[5:] > averted[3:5]).all()


def test_draws_give_intervals_chances_and_worth(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """design: draws
size: 40
targets:
  - {estimand: deaths_averted_cumulative, year: 2012, quintile: 1, sex: Persons, cause_group: All causes, at_least: 1}
opportunity_cost: 12936
"""
    path = sweep(text.replace("size", "size") + OVER)
    Path(path).write_text(Path(path).read_text().replace("scenarios: one.yaml", "scenarios: [one.yaml, two.yaml]"))
    said = hisim(capsys, "sweep", path, "--workers", "1")
    assert "95 % interval" in said and "Chance of reaching each target" in said and "100% ±0.0%" in said
    assert "Worth of knowing before choosing [QALYs]" in said and "comparator: " in said


def test_draws_beside_a_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = hisim(capsys, "run", "one.yaml", "two.yaml", "--draws", "40", "--workers", "1", "--out", "out")
    for words in (
        "40 draws of",
        "chance it narrows",
        "Chance that the row",
        "chance above 0",
        "draws.nc",
    ):
        assert words in said
    table = pd.read_csv("out/uncertainty.csv", low_memory=False)
    one = table[(table["figure"] == "deaths_averted_cumulative") & (table["quintile"] == "1") & (table["year"] == 2012)]
    one = one[(one["sex"] == "Persons") & (one["cause_group"] == "All causes")].set_index("scenario")
    assert one.loc["two", "median"] > one.loc["one", "median"] > 0
    assert one.loc["one", "low_95"] < one.loc["one", "low_50"] < one.loc["one", "median"] < one.loc["one", "high_95"]
    assert (one["monte_carlo_se"] > 0).all()
    with xr.open_dataset("out/draws.nc", engine="h5netcdf") as draws:
        whole = draws["deaths_averted_cumulative"].sel(
            quintile="1", sex="Persons", cause_group="All causes", scenario="one"
        )
        median = np.median(whole.sel(draw=slice(1, None)).isel(year=-1))
    assert median == pytest.approx(one.loc["one", "median"])
    assert "100.0%" in hisim(
        capsys, "study", "chance", "out", "deaths_averted_cumulative", "--at-least", "0", "--year", "2012"
    )
    assert "allowed: --resume" in hisim(capsys, "run", "one.yaml", "two.yaml", "--draws", "40", "--out", "out", code=2)
    few = hisim(capsys, "run", "one.yaml", "--draws", "40", "--workers", "1", "--out", "few", "--memory", "1")
    assert "only their summary is written" in " ".join(few.split()) and not Path("few/draws.nc").exists()


def test_a_changed_scenario_is_not_gone_on_with(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sweep("design: one_at_a_time\n" + OVER)
    hisim(capsys, "sweep", path, "--workers", "1")
    Path("one.yaml").write_text(SCENARIO.format(name="one", title="More statins", times=1.5))
    said = hisim(capsys, "sweep", path, "--resume", code=2)
    assert "relative: 1.4" in said and "relative: 1.5" in said
    assert "6 of" not in hisim(capsys, "study", "status", "results/mine")


def test_damage_is_found_and_only_that_done_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sweep("design: one_at_a_time\n" + OVER)
    hisim(capsys, "sweep", path, "--workers", "1")
    study = store.open_study(Path("results/mine/study"))
    before = dict(store.payloads(study))
    assert before[1] == run_unit(study.definition, 1)
    damaged = bytearray(study.file(1).read_bytes())
    damaged[40] ^= 1
    study.file(1).write_bytes(bytes(damaged))
    assert "damaged" in hisim(capsys, "study", "verify", "results/mine", code=1)
    assert "damaged" in hisim(capsys, "study", "show", "results/mine", code=2)
    hisim(capsys, "study", "verify", "results/mine", "--repair")
    assert store.missing(study) == [1]
    hisim(capsys, "sweep", path, "--resume", "--workers", "1")
    assert dict(store.payloads(study)) == before


def test_a_study_as_files_for_other_programs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hisim(capsys, "sweep", sweep("design: one_at_a_time\n" + OVER), "--workers", "1")
    for name in ("a.nc", "a.zarr", "a.parquet", "a.csv"):
        hisim(capsys, "study", "export", "results/mine", name)
    long, parquet = pd.read_csv("a.csv"), pd.read_parquet("a.parquet")
    assert np.array_equal(long["value"], parquet["value"]) and long["run"].max() == 6
    with xr.open_dataset("a.nc", engine="h5netcdf") as netcdf, xr.open_zarr("a.zarr", consolidated=False) as zarr:
        for name in netcdf.data_vars:
            assert np.array_equal(netcdf[name].values, zarr[name].values), name
        first = next(name for name in netcdf.data_vars if str(name).startswith("deaths"))
        mine = long[long["figure"] == first].sort_values("run")["value"]
        assert np.array_equal(netcdf[first].values.ravel(), mine)
    assert pd.read_csv("a.numbers.csv").shape == (7, 4)
    assert "exists" in hisim(capsys, "study", "export", "results/mine", "a.csv", code=2)
    assert "allowed: .nc, .zarr, .parquet, .csv" in hisim(capsys, "study", "export", "results/mine", "a.xls", code=2)


def test_status_is_told_to_people_and_machines(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hisim(capsys, "sweep", sweep("design: one_at_a_time\n" + OVER), "--workers", "1", "--shard", "1/2")
    said = hisim(capsys, "study", "status", "results/mine-shard-1-of-2")
    assert "Shard 1/2" in said and "2 of 2 done" in said
    told = json.loads(hisim(capsys, "study", "status", "results/mine-shard-1-of-2", "--json"))
    assert told["done"] == 2 and told["shard"] == "1/2"
    assert "found no" in hisim(capsys, "study", "status", "nowhere", code=2)


def test_chance_that_widens_intervals_is_said() -> None:
    little, much = apart_words(100.0, 20.0, 2020, 100), apart_words(100.0, 80.0, 2020, 100)
    assert "standard deviation of 98" in little and "4% of the variance" in little and "too wide" not in little
    assert "standard deviation of 60" in much and "64% of the variance" in much and "too wide" in much
