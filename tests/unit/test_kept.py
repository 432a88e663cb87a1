"""What is kept between processes: private, whole or not at all, and never a different result."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from hisim import kept
from hisim.declare import files
from hisim.declare.parsed import parsed
from hisim.inputs.load import load_inputs


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    return tmp_path / "hisim" / "kept"


def test_what_is_kept_is_recalled_under_its_digest_only(home: Path) -> None:
    kept.keep("numbers", "a", b"123")
    assert kept.recall("numbers", "a") == b"123"
    assert kept.recall("numbers", "b") is None
    assert [path.name for path in home.iterdir()] == ["numbers-a"]
    if sys.platform != "win32":
        assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [lambda text: text[:-1], lambda text: text + b"4", lambda text: b"", bytes.upper])
def test_what_is_damaged_is_not_recalled(home: Path, damage) -> None:
    kept.keep("numbers", "a", b"one two three")
    file = home / "numbers-a"
    file.write_bytes(damage(file.read_bytes()))
    assert kept.recall("numbers", "a") is None


def test_where_nothing_can_be_written_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setenv("LOCALAPPDATA", str(blocked))
    kept.keep("numbers", "a", b"123")
    assert kept.recall("numbers", "a") is None


def test_the_oldest_are_forgotten(home: Path) -> None:
    for age in range(kept.MOST_KEPT + 3):
        kept.keep("numbers", str(age), b"")
        if (home / f"numbers-{age}").exists():
            os.utime(home / f"numbers-{age}", (1000 + age, 1000 + age))
    left = {path.name for path in home.iterdir()}
    assert len(left) == kept.MOST_KEPT
    assert "numbers-0" not in left


def test_a_digest_names_all_its_parts_and_sources() -> None:
    digests = [
        kept.digest_of("ab", "c"),
        kept.digest_of("a", "bc"),
        kept.digest_of("ab", "c", sources=("inputs",)),
        kept.digest_of("ab", "c", sources=("version.py",)),
    ]
    assert len(set(digests)) == len(digests)


def test_kept_inputs_are_the_same_and_may_be_changed(home: Path) -> None:
    first = load_inputs(2011, 2013)
    assert [path.name[:6] for path in home.iterdir()] == ["inputs"]
    again = load_inputs(2011, 2013)
    assert again.identical(first)
    for name in first.variables:
        assert again[name].values.tobytes() == first[name].values.tobytes()
        assert again[name].dtype == first[name].dtype
    again["population"].values[:] = 0.0
    np.testing.assert_array_equal(load_inputs(2011, 2013)["population"], first["population"])


def test_the_library_is_parsed_once(home: Path) -> None:
    texts = {"a": "{1: 0.1, x: [true, 1, 1.0, ~]}", "b": "{"}
    asked: list[str] = []

    def plain(text: str) -> object:
        asked.append(text)
        return files._tree(text, "a file").plain()

    first = parsed(texts, plain)
    assert repr(first) == repr({"a": {1: 0.1, "x": [True, 1, 1.0, None]}})
    assert repr(parsed(texts, plain)) == repr(first)
    assert asked == list(texts.values())


def test_a_kept_library_is_the_library(home: Path) -> None:
    for name in files.library_names():
        text = (files.LIBRARY / f"{name}.yaml").read_text("utf-8")
        assert repr(files.packaged_intervention(name)) == repr(files._intervention(text, f"{name}.yaml", name))
