"""The package as it is shipped and started: versions, locks, the bootstrap, what a wheel holds."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hisim

NAME = re.compile(r"^([A-Za-z0-9._-]+)")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


@pytest.fixture
def bootstrap(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """run.py, looking after a folder of its own that already holds an interpreter."""
    spec = importlib.util.spec_from_file_location("bootstrap", root / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_bytes((root / name).read_bytes())
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / f"python{module.ENDING}").touch()
    for name, value in {"HERE": tmp_path, "VENV": tmp_path / ".venv", "PROGRAMS": programs}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "hisim-ready")
    return module


def installs(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bootstrap would install, written down instead of being done."""
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "make_venv", lambda: None)
    monkeypatch.setattr(bootstrap, "install", done.append)
    return done


def pinned(lock: Path) -> dict[str, set[str]]:
    """The names in a lock file, each with its pinned versions."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text("utf-8"), re.M):
        found.setdefault(name, set()).add(version)
    return found


def names(requirements: list[str]) -> set[str]:
    """The package names in a list of requirements, spelled as lock files do."""
    return {NAME.findall(each)[0].lower().replace(".", "-").replace("_", "-") for each in requirements}


def test_version_is_the_same_everywhere(root: Path) -> None:
    assert f"\nversion: {hisim.__version__}\n" in (root / "CITATION.cff").read_text("utf-8")
    assert f"\n## {hisim.__version__}" in (root / "CHANGELOG.md").read_text("utf-8")


def test_locks_hold_every_dependency(root: Path, project: dict[str, Any]) -> None:
    run, dev = pinned(root / "requirements.lock"), pinned(root / "requirements-dev.lock")
    assert names(project["project"]["dependencies"]) <= set(run)
    groups = project["dependency-groups"]
    assert names([*groups["dev"], *groups["docs"]]) <= set(dev)


def test_development_lock_holds_the_same_versions(root: Path) -> None:
    run, dev = pinned(root / "requirements.lock"), pinned(root / "requirements-dev.lock")
    assert {name: dev.get(name) for name in run} == run


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_digests_and_name_no_host(root: Path, name: str) -> None:
    text = (root / name).read_text("utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def test_bootstrap_installs_once(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    done = installs(bootstrap, monkeypatch)
    bootstrap.ensure("run")
    bootstrap.ensure("run")
    assert done == ["run"]


def test_bootstrap_takes_the_larger_set_for_the_smaller(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    done = installs(bootstrap, monkeypatch)
    for wanted in ("run", "dev", "run", "dev"):
        bootstrap.ensure(wanted)
    assert done == ["run", "dev"]


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_bootstrap_installs_again_when_the_versions_change(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    done = installs(bootstrap, monkeypatch)
    bootstrap.ensure("run")
    with (bootstrap.HERE / changed).open("a") as file:
        file.write("\n")
    bootstrap.ensure("run")
    assert done == ["run", "run"]


def test_an_interrupted_installation_is_not_taken_for_a_finished_one(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = installs(bootstrap, monkeypatch)
    bootstrap.ensure("run")

    def interrupted(wanted: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "install", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        bootstrap.ensure("dev")
    assert not bootstrap.STAMP.exists()
    monkeypatch.setattr(bootstrap, "install", done.append)
    bootstrap.ensure("run")
    assert done == ["run", "run"]


def test_bootstrap_names_the_python_it_needs(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit, match=r"hisim needs Python 3\.11, 3\.12 or 3\.13; this is 3\.9\.18"):
        bootstrap.main(["demo"])


def test_bootstrap_and_package_agree_on_python(bootstrap: ModuleType, project: dict[str, Any]) -> None:
    oldest, newest = bootstrap.OLDEST, bootstrap.NEWEST
    assert project["project"]["requires-python"] == f">=3.{oldest[1]},<3.{newest[1] + 1}"


def test_bootstrap_needs_the_standard_library_only(root: Path) -> None:
    modules = re.findall(r"^\s*(?:import|from) (\w+)", (root / "run.py").read_text("utf-8"), re.M)
    assert set(modules) <= sys.stdlib_module_names


def test_data_and_library_are_inside_the_package(root: Path, project: dict[str, Any]) -> None:
    package = root / project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"][0]
    assert list(package.glob("interventions/*.yaml"))
    assert list(package.glob("data/england/*.csv"))
    kept = subprocess.run(["git", "check-ignore", "-q", "src/hisim/data/england/population.csv"], cwd=root)
    assert kept.returncode != 0, "what git ignores is left out of the wheel"
