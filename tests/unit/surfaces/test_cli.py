"""The command line as a person meets it: what it prints, what it refuses, and what it leaves on the disk."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

SCENARIOS = Path(__file__).parents[3] / "scenarios"
MIX = SCENARIOS / "three-actions.yaml"
SMALL = "simulation: {people_per_cohort: 32}\n"


@pytest.fixture
def small(tmp_path):
    """A copy of the shipped mix that runs in a moment."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    text = MIX.read_text("utf-8").replace("end: 2020", "end: 2016\n" + SMALL.strip())
    (folder / "mix.yaml").write_text(text, "utf-8")
    alone = "hisim: 1\nextends: mix.yaml\nname: statins\ntitle: Statins alone\ninterventions:\n"
    alone += "  - {use: statins, relative: 1.4, from: 2011, full_from: 2012}\n"
    (folder / "statins.yaml").write_text(alone, "utf-8")
    return folder


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_help_lists_the_commands(hisim):
    code, out, _ = hisim("--help")
    assert code == 0
    for command in ("demo", "data", "interventions", "check", "explain", "run", "compare", "economics"):
        assert f"\n  {command}" in out


def test_help_imports_nothing_heavy():
    """So that ``hisim --help`` answers at once."""
    code = (
        "import sys\nfrom hisim.surfaces.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'pandas', 'xarray', 'numba', 'scipy', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_check_says_which_files_are_right(hisim):
    shipped = sorted(SCENARIOS.glob("*.yaml"))
    code, out, _ = hisim("check", *shipped)
    assert code == 0
    assert out.count(": right (") == len(shipped) > 4


def test_check_reports_every_mistake_of_every_file(hisim, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("hisim: 1\nname: x\ntitle: X\nstart: 2011\nendd: 2015\n", "utf-8")
    code, out, _ = hisim("check", "a.yaml", "b.yaml")
    assert code == 2
    assert "a.yaml:5:1: endd: " in out
    assert "b.yaml:5:1: endd: " in out
    assert "did you mean 'end'?" in out


def test_check_as_json(hisim, tmp_path):
    (tmp_path / "a.yaml").write_text("hisim: 1\nname: x\ntitle: X\nstart: 2011\nend: 2009\n", "utf-8")
    code, out, _ = hisim("check", "a.yaml", "--json")
    found = json.loads(out)
    assert code == 2
    assert not found["ok"]
    assert found["problems"][0]["line"] == 5


def test_explain_says_who_is_reached_before_anything_runs(hisim):
    code, out, _ = hisim("explain", MIX)
    assert code == 0
    for words in (
        "1 (most deprived)",
        "from 2011, at full scale from 2012",
        "source BURKE06",
        "ASSUMPTION",
        "eligible",
    ):
        assert words in out


def test_data_lists_every_table_with_source_and_digest(hisim):
    code, out, _ = hisim("data", "--json")
    listed = json.loads(out)
    assert code == 0
    assert len(listed["tables"]) > 15
    assert all(len(table["sha256"]) == 64 and table["source"] for table in listed["tables"])
    assert hisim("data")[1].count("\n") > len(listed["tables"])


def test_interventions_lists_and_shows(hisim):
    assert "stop-smoking-services" in hisim("interventions")[1]
    assert "[CTT10]" in hisim("interventions", "statins")[1]
    code, _, err = hisim("interventions", "statin")
    assert code == 2
    assert "did you mean 'statins'?" in err


def test_run_writes_a_result_that_reads_back(hisim, small):
    code, out, _ = hisim("run", small / "mix.yaml", small / "statins.yaml", "--out", "here")
    assert code == 0
    assert "Deaths prevented or postponed" in out
    assert files_in(Path("here")) == ["comparison.csv", "deaths.csv", "economics.csv", "projection.nc"]
    result = xr.load_dataset("here/projection.nc", engine="h5netcdf")
    assert result["scenario"].values.tolist() == ["comparator", "three-actions", "statins"]
    assert json.loads(result.attrs["scenarios"])["statins"].startswith("hisim: 1")
    deaths = pd.read_csv("here/deaths.csv")
    assert deaths["Deaths"].sum() == pytest.approx(float(result["deaths"].sum()), rel=1e-9)


def test_a_result_can_be_run_again_from_itself_to_the_same_numbers(hisim, small):
    from hisim.declare.files import read_scenario_text
    from hisim.model.projection import project

    hisim("run", small / "mix.yaml", "--out", "here")
    kept = xr.load_dataset("here/projection.nc", engine="h5netcdf")
    again = project([read_scenario_text(text) for text in json.loads(kept.attrs["scenarios"]).values()])
    assert again["deaths"].values.tobytes() == kept["deaths"].values.tobytes()


def test_compare_joins_results_with_the_same_comparator(hisim, small):
    hisim("run", small / "mix.yaml", "--out", "mix")
    hisim("run", small / "statins.yaml", "--out", "statins")
    code, out, _ = hisim("compare", "mix/projection.nc", "statins/projection.nc", "--by", "2015")
    assert code == 0
    assert "Statins alone" in out
    code, out, _ = hisim("compare", "mix/projection.nc", "--json")
    rows = json.loads(out)["comparison"]
    assert any(row["estimand"] == "deaths_averted_cumulative" for row in rows)


def test_compare_refuses_results_with_another_comparator(hisim, small):
    hisim("run", small / "mix.yaml", "--out", "mix")
    other = (small / "mix.yaml").read_text("utf-8").replace("people_per_cohort: 32", "people_per_cohort: 48")
    (small / "other.yaml").write_text(other.replace("name: three-actions", "name: other"), "utf-8")
    hisim("run", small / "other.yaml", "--out", "other")
    code, _, err = hisim("compare", "mix/projection.nc", "other/projection.nc")
    assert code == 2
    assert "found another comparator" in err


def test_run_gives_json_for_a_machine(hisim, small):
    code, out, _ = hisim("run", small / "mix.yaml", "--out", "here", "--json")
    assert code == 0
    assert {"files", "comparison"} == set(json.loads(out))


REFUSED = {
    "unknown key": ("end: 2016", "edn: 2016", r"mix.yaml:\d+:1: edn: "),
    "mistyped quintile": ("relative: 1.4", "relative: {1: 1, 2: 1, 3: 1, 4: 1, 6: 1}", "6"),
    "missing quintile": ("relative: 1.4", "relative: {1: 1.4, 2: 1.4, 3: 1.4, 4: 1.4}", "5"),
    "percent for fraction": ("relative: 1.4", "to: 30", "0.3"),
    "negative": ("relative: 1.4", "relative: -1.4", "-1.4"),
    "not finite": ("relative: 1.4", "relative: .nan", "nan"),
    "end before start": ("end: 2016", "end: 2010", "2010"),
    "two lines that set the same thing": (
        "end: 2016",
        "end: 2016\nend: 2017",
        r"mix.yaml:\d+:1: .end. a second time: line \d+ sets it already",
    ),
    "unknown intervention": ("use: statins", "use: statin", "did you mean 'statins'"),
    "a circle": ("start: 2011", "extends: mix.yaml\nstart: 2011", "circle"),
    "an alias": ("title: The", "title: &x The", "anchor|alias|&"),
    "a tag": ("title: The", "title: !!python/name:os.system The", "tag|!!"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_is_one_message_and_nothing_is_written(hisim, small, mistake):
    import re

    old, new, expected = REFUSED[mistake]
    text = (small / "mix.yaml").read_text("utf-8")
    assert old in text
    (small / "mix.yaml").write_text(text.replace(old, new, 1), "utf-8")
    code, out, err = hisim("run", small / "mix.yaml", "--out", "here")
    assert code == 2
    assert re.search(expected, err), err
    assert "Traceback" not in err
    assert out == ""
    assert not Path("here").exists()


def big(path):
    path.write_text("hisim: 1\n" + "# a comment\n" * 25_600, "utf-8")


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda path: path.write_text("", "utf-8"), "empty"),
        (big, "at most 256 KB"),
        (lambda path: path.write_bytes("hisim: 1\nname: café\n".encode("latin-1")), "UTF-8"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: None, "no such file"),
    ],
    ids=["empty", "300 KB", "encoding", "folder", "missing"],
)
def test_a_file_that_cannot_be_read_is_one_message(hisim, tmp_path, write, expected):
    write(tmp_path / "bad.yaml")
    code, out, err = hisim("run", "bad.yaml", "--out", "here")
    assert code == 2
    assert err.startswith("bad.yaml")
    assert expected in err
    assert err.count("\n") == 1
    assert out == ""
    assert not Path("here").exists()


def test_existing_results_are_kept_unless_asked(hisim, small):
    hisim("run", small / "mix.yaml", "--out", "here")
    before = Path("here/projection.nc").read_bytes()
    code, _, err = hisim("run", small / "statins.yaml", "--out", "here")
    assert code == 2
    assert "--overwrite" in err
    assert Path("here/projection.nc").read_bytes() == before
    code, _, _ = hisim("run", small / "statins.yaml", "--out", "here", "--overwrite")
    assert code == 0
    assert Path("here/projection.nc").read_bytes() != before


def test_an_output_folder_that_cannot_be_written_is_one_message_before_the_work(hisim, small):
    Path("taken").write_text("a file", "utf-8")
    for folder in ("taken", "taken/below"):
        began = time.perf_counter()
        code, _, err = hisim("run", small / "mix.yaml", "--out", folder)
        assert code == 2
        assert err.startswith("taken")
        assert "allowed: a folder to write to" in err
        assert time.perf_counter() - began < 5
    assert Path("taken").read_text("utf-8") == "a file"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place nobody can write to")
def test_a_place_nobody_can_write_to_is_one_message(hisim, small):
    code, _, err = hisim("run", small / "mix.yaml", "--out", "/proc/hisim")
    assert code == 2
    assert err.startswith("/proc/hisim: ")
    assert "allowed: a folder to write to" in err


def test_compare_refuses_what_is_not_a_result(hisim, tmp_path):
    (tmp_path / "x.nc").write_text("not a result", "utf-8")
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "y.nc", engine="h5netcdf")
    for name, words in (("x.nc", "not a result"), ("y.nc", "holds no deaths"), ("z.nc", "no such file")):
        code, _, err = hisim("compare", name)
        assert code == 2
        assert err.startswith(f"{name}: {words}")


def test_wrong_options_are_exit_code_2(hisim):
    assert hisim("run")[0] == 2
    assert hisim("nonsense")[0] == 2
    assert hisim("run", MIX, "--threads", "0")[0] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_an_interrupted_run_says_so_and_writes_nothing(small, tmp_path):
    """A real interrupt, while a run that would take minutes is under way."""
    import os
    import signal

    text = (small / "mix.yaml").read_text("utf-8").replace("people_per_cohort: 32", "people_per_cohort: 100000")
    (small / "long.yaml").write_text(text, "utf-8")
    code = "import sys\nfrom hisim.surfaces.cli import main\nmain(sys.argv[1:])"
    command = [sys.executable, "-c", code, "run", str(small / "long.yaml"), "--out", str(tmp_path / "here")]
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as running:
        time.sleep(6)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert err.strip() == "stopped; nothing was written"
    assert not (tmp_path / "here").exists()
