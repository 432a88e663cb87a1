"""Machine code that is kept gives what numba gives, does without numba, and is never used where it does not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from hisim import native

PROBE = """
import sys
from typing import NamedTuple
import numpy as np
from hisim.accelerate import compiled, entry, lend

class Table(NamedTuple):
    start: int
    rows: np.ndarray
    flags: np.ndarray
    factor: float
    whole: bool

@compiled
def square(x):
    return x * x

@entry
def run(table, numbers, settings, out):
    lent, room = lend(table), np.zeros(numbers.shape)
    for i in range(numbers.shape[0]):
        for j in range(numbers.shape[1]):
            room[i, j] = square(numbers[i, j]) * lent.rows[i] if lent.flags[j] else lent.factor
    if settings[1] and not settings[0] and lent.whole:
        out[:] = room.reshape(-1)
    return lent.start + numbers.size

table = Table(2011, np.array([1.5, -2.0], np.float32), np.array([True, False, True]), 0.25, True)
numbers, out = np.arange(6.0).reshape(2, 3), np.zeros(6)
if "gaps" in sys.argv:
    numbers = np.repeat(numbers, 2, axis=1)[:, ::2]
print(run(table, numbers, (False, True), out), out.tolist(), "numba" in sys.modules)
"""
EXPECTED = "2017 [0.0, 0.25, 6.0, -18.0, 0.25, -50.0]"
linux = pytest.mark.skipif(sys.platform != "linux", reason="code is kept on Linux only")


@pytest.fixture
def probe(tmp_path: Path):
    """Runs the probe in a process and cache of its own; says what it prints."""
    file, cache = tmp_path / "probe.py", tmp_path / "cache"
    file.write_text(PROBE, "utf-8")
    inherited = {name: value for name, value in os.environ.items() if name not in ("NUMBA_CACHE_DIR", "HISIM_COMPILE")}

    def run(*arguments: str, **environment: str) -> str:
        env = inherited | {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)} | environment
        command = [sys.executable, str(file), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()

    return run


def kept_code(cache: Path) -> list[Path]:
    return sorted((cache / "hisim" / "numba").glob("*/run-*"))


@linux
def test_a_later_process_does_without_numba_and_gives_the_same(probe, tmp_path):
    assert probe() == f"{EXPECTED} True"
    assert probe() == f"{EXPECTED} False"
    assert probe("gaps") == f"{EXPECTED} True"
    (code,) = kept_code(tmp_path / "cache")
    code.write_bytes(code.read_bytes()[:-1])
    assert probe() == f"{EXPECTED} True"
    assert probe() == f"{EXPECTED} False"
    assert probe(NUMBA_OPT="1") == f"{EXPECTED} True"
    assert len(kept_code(tmp_path / "cache")) == 2


def test_uncompiled_gives_the_same(probe):
    assert probe(HISIM_COMPILE="0") == f"{EXPECTED} False"


def test_a_symbol_that_is_missing_leads_back_to_numba():
    assert native.loaded(native.packed_code("anything", ["no_such_symbol_anywhere"], b"")) is None


class Pair(NamedTuple):
    number: float
    row: np.ndarray


def test_words_and_kinds_of_arguments():
    row = np.arange(3, dtype=np.int64)
    words, kinds = native.flat([Pair(0.5, row), True, -7]) or (b"", "")
    assert kinds == "(float <i81) bool int"
    number, address, length, flag, seven = np.frombuffer(words, np.int64)
    assert np.array([number]).view(float)[0] == 0.5
    assert (address, length, flag, seven) == (row.ctypes.data, 3, 1, -7)


def test_what_has_no_form_is_left_to_numba():
    read_only = np.ones(3)
    read_only.flags.writeable = False
    for one in (np.ones((2, 4))[:, ::2], read_only, np.float64(1.0), 2**63, "text", None, (1, None)):
        assert native.flat([one]) is None
