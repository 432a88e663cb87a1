"""`hisim hindcast` as a person runs it, and the page that shows it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from hisim.errors import ImpossibleChartError
from hisim.studies.hindcast import ORIGINS, hindcast
from hisim.surfaces import charts
from hisim.surfaces.hindcast import finding, finding_of_origins
from hisim.surfaces.hindcast_tables import miss_by_years_ahead, tables_of, tables_of_origins
from hisim.surfaces.text import render


@pytest.fixture(scope="module")
def found() -> list[xr.Dataset]:
    return [hindcast(origin) for origin in ORIGINS]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "2002"), "from: found 2002; allowed: 2003 to 2010"),
        (("--from", "2011"), "from: found 2011; allowed: 2003 to 2010"),
        (("--from", "2005", "--to", "2005"), "to: found 2005; allowed: 2006 to 2011"),
        (("--to", "2012"), "to: found 2012; allowed: 2004 to 2011"),
        (("--all", "--to", "2003"), "to: found 2003; allowed: 2004 to 2011"),
        (("--all", "--from", "2004"), "from: found 2004 beside --all; allowed: one of the two"),
        (("--out", "here.txt"), "here.txt: found a file"),
    ],
)
def test_bad_requests_are_refused_in_one_line_and_write_nothing(hisim, words, message, tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("")
    code, out, err = hisim("hindcast", *words)
    assert code == 2 and not out
    assert err.startswith(message) and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["here.txt"]


def test_the_finding_comes_first(hisim) -> None:
    code, out, _ = hisim("hindcast", "--from", "2003")
    text = " ".join(out.split())
    assert code == 0
    assert text.startswith("From 2003, knowing nothing later, hisim forecasts life expectancy at birth in 2011")
    assert "Of the ten, none is within 0.4 year" in text
    assert "that of women of fifth 1 (most deprived), 1.34 years too low" in text
    assert "The coding of causes changed in January 2011" in text


def test_a_hindcast_to_2010_does_not_cross_the_coding_change(hisim) -> None:
    out = hisim("hindcast", "--from", "2008", "--to", "2010")[1]
    assert "coding of causes" not in out and "in 2010" in out


def test_files_are_whole_and_never_replaced_unasked(hisim, tmp_path: Path) -> None:
    assert hisim("hindcast", "--from", "2009", "--out", "h")[0] == 0
    names = ["deaths.csv", "hindcast.html", "hindsight.csv", "life_expectancy.csv", "population.csv", "scores.csv"]
    assert sorted(path.name for path in (tmp_path / "h").iterdir()) == names
    with (tmp_path / "h" / "life_expectancy.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * 2 * 2 * 5 * 2  # forecasters, start ages, years, fifths, sexes
    assert all(bool(row["life_expectancy_low"]) == (row["forecaster"] == "hisim") for row in rows)
    code, _, err = hisim("hindcast", "--from", "2009", "--out", "h")
    assert code == 2 and "exists; allowed: another folder with --out, or --overwrite" in err
    assert hisim("hindcast", "--from", "2009", "--out", "h", "--overwrite")[0] == 0


def test_json_holds_the_same(hisim) -> None:
    code, out, _ = hisim("hindcast", "--all", "--to", "2005", "--json")
    found = json.loads(out)
    assert code == 0 and found["origins"] == [2003, 2004] and found["to"] == 2005 and found["target_years"] == 0.4
    assert {row["origin"] for row in found["scores"]} == {2003, 2004}
    assert {"life_expectancy", "hindsight", "deaths", "population", "scores", "units"} <= set(found)
    assert set(found["units"]) >= {key for row in found["scores"][:1] for key in row} - {"origin", "forecaster", "year"}


def test_the_page_holds_what_the_program_prints(root: Path, found: list[xr.Dataset]) -> None:
    """If this fails: paste what 'hisim hindcast --from 2003' and '--all' print, and read what has changed."""
    page = (root / "docs" / "explanation" / "hindcast.md").read_text("utf-8")
    shown = {line.rstrip() for line in page.splitlines()}
    for tables in (tables_of(found[0])[:2], tables_of_origins(found)):
        lines = [line.rstrip() for line in render(tables).splitlines()]
        assert not [line for line in lines if line.strip() and line not in shown]
    words = " ".join(page.split())
    for sentence in (*finding(found[0]), *finding_of_origins(found)):
        assert sentence in words


def test_the_picture_says_its_finding_and_draws_every_forecast(found: list[xr.Dataset]) -> None:
    values = miss_by_years_ahead(found)
    spec = charts.misses(values, len(found)).to_dict()
    assert (
        " ".join(spec["title"]["text"]) == "8 years ahead hisim misses by 0.87 years, Lee-Carter of the nation by 1.11"
    )
    assert spec["description"] == charts.describe_misses(values, len(found))
    rows = [row for rows in spec["datasets"].values() for row in rows]
    assert len(rows) == 6 * 8
    assert {row["forecaster"] for row in rows} == set(values["forecaster"].values.tolist())
    assert re.search(r"hisim: 0\.16 one year ahead, 0\.87 after 8", spec["description"])


def test_a_picture_of_something_else_is_refused() -> None:
    with pytest.raises(ImpossibleChartError, match="misses: found dimensions year; allowed: years_ahead, forecaster"):
        charts.misses(xr.DataArray(np.ones(3), dims="year"), 1)
