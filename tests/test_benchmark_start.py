"""The benchmark of starting runs, and says what it was asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_it_measures_every_stage(root: Path) -> None:
    command = [sys.executable, str(root / "benchmarks" / "start.py"), "--repeats", "1"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["people"] == 115_200
    assert found["years"] == 20
    assert found["deaths averted"] > 0
    assert all(seconds >= 0 for seconds in found["stages"].values())
    assert found["process start to first result"] > found["stages"]["kernel"]
