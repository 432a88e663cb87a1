"""Where compiled code is kept: private, one folder for each state of the sources, few of them."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hisim import accelerate


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    return tmp_path / "hisim" / "numba"


def test_the_folder_is_private_and_named_after_the_sources(home):
    folder = accelerate.cache_folder()
    assert folder == home / accelerate.sources_digest()
    assert folder == accelerate.cache_folder()
    if sys.platform != "win32":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_changed_source_has_another_name(monkeypatch, tmp_path):
    copy = tmp_path / "accelerate.py"
    copy.write_text("x = 1\n", "utf-8")
    monkeypatch.setattr(accelerate, "__file__", str(copy))
    before = accelerate.sources_digest()
    copy.write_text("x = 23\n", "utf-8")
    assert accelerate.sources_digest() != before


def test_a_change_of_words_compiles_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(accelerate, "__file__", str(tmp_path / "accelerate.py"))
    for folder in ("model", "surfaces"):
        (tmp_path / folder).mkdir()
    before = accelerate.sources_digest()
    (tmp_path / "surfaces" / "text.py").write_text("x = 1\n", "utf-8")
    assert accelerate.sources_digest() == before
    (tmp_path / "model" / "kernel.py").write_text("x = 1\n", "utf-8")
    assert accelerate.sources_digest() != before


def test_compiled_code_is_made_of_the_model_and_the_ground_floor():
    package = Path(accelerate.__file__).parent
    compiled = [path for path in package.rglob("*.py") if re.search(r"^@compiled$", path.read_text("utf-8"), re.M)]
    assert len(compiled) > 5
    for path in compiled:
        assert path.parent == package / "model"
        for module in re.findall(r"^from hisim\.([\w.]+) import", path.read_text("utf-8"), re.M):
            assert module.startswith("model.") or (package / f"{module}.py").is_file()


def test_old_folders_are_forgotten(home):
    for age in range(12):
        folder = home / f"old-{age}"
        folder.mkdir(parents=True)
        os.utime(folder, (1000 - age, 1000 - age))
    accelerate.cache_folder()
    left = {path.name for path in home.iterdir()}
    assert len(left) == accelerate.MOST_CACHES
    assert accelerate.sources_digest() in left
    assert "old-11" not in left


def test_a_place_that_cannot_be_written_falls_back_to_a_temporary_one(home, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setenv("LOCALAPPDATA", str(blocked))
    folder = accelerate.cache_folder()
    assert folder.is_dir()
    assert "hisim-numba-" in Path(folder).name
    folder.rmdir()


def test_the_folder_is_used_also_where_numba_was_imported_first(tmp_path):
    code = "import numba, hisim.model.fastmath as f; f.copy.made; print(numba.config.CACHE_DIR)"
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    env |= {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).parent == tmp_path / "hisim" / "numba"


PROBE = """
from hisim.accelerate import compiled

@compiled
def twice(x):
    return x + x

twice(1.0)
print(len(twice.stats.cache_hits), len(twice.stats.cache_misses))
"""


def test_a_package_that_cannot_be_written_to_compiles_once(tmp_path):
    package = tmp_path / "site" / "hisim"
    (package / "model").mkdir(parents=True)
    for name in (
        "__init__.py",
        "version.py",
        "garbage.py",
        "kept.py",
        "native.py",
        "accelerate.py",
        "model/__init__.py",
    ):
        (package / name).write_bytes((Path(accelerate.__file__).parent / name).read_bytes())
    (package / "model" / "probe.py").write_text(PROBE, "utf-8")
    places = [*package.rglob("*"), package]
    for path in places:
        path.chmod(0o555 if path.is_dir() else 0o444)
    env = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "HISIM_COMPILE")}
    env |= {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "PYTHONPATH": str(package.parent)}
    command = [sys.executable, "-B", "-c", "import hisim.model.probe"]
    runs = [subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert [run.split() for run in runs] == [["0", "1"], ["1", "0"]]
    assert sorted([*package.rglob("*"), package]) == sorted(places)
    for path in places:
        path.chmod(0o755)
