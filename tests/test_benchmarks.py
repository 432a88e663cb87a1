"""The benchmark still runs; its times are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "benchmarks" / "bench.py"


def test_the_smallest_benchmark_runs():
    command = [sys.executable, str(BENCH), "--size", "small", "--repeats", "1"]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert result["kernel_ns_per_person_year"] > 0
    assert result["twin_over_kernel"] > 1
