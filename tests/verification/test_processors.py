"""The same bytes from other machine code: without the newest vector instructions, and without compiling at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CODE = """
import hashlib
from test_twin import cohort_runs, varied_plan
(kernel, _) = cohort_runs(varied_plan(1), {birth_year}, 1, {sampled}, people=32)
print(hashlib.sha256(b"".join(array.tobytes() for array in kernel)).hexdigest())
"""


def digest(birth_year, sampled, **environment):
    code = CODE.format(birth_year=birth_year, sampled=sampled)
    path = os.pathsep.join([str(TESTS), str(TESTS / "verification"), *sys.path])
    env = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_processor_without_vector_extensions_gives_the_same_bytes(tmp_path):
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path)}
    assert digest(1947, False, **plain) == digest(1947, False)


@pytest.mark.parametrize("sampled", [False, True])
def test_the_uncompiled_kernel_gives_the_same_bytes(sampled):
    assert digest(1947, sampled, HISIM_COMPILE="0") == digest(1947, sampled)
