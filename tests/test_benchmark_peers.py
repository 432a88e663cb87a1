"""The peers' small model, as hisim and plain NumPy run it: deaths agree; times are not judged here."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PEOPLE = 20_000


def answers(runner: str, what: str, services: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What a peer's process says for each service, in the environment of these tests."""
    asked = [{"ask": what, "people": PEOPLE, "seed": 1, "service": service} for service in services]
    command = [sys.executable, str(BENCHMARKS / "peers" / "worker.py"), runner, runner]
    lines = "".join(f"{json.dumps(each)}\n" for each in asked)
    found = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    return {service: json.loads(line) for service, line in zip(services, found[1:], strict=True)}


def test_hisim_and_numpy_simulate_the_same_small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``benchmarks/peers/compare.py`` checks it, of fewer people."""
    monkeypatch.syspath_prepend(BENCHMARKS / "peers")
    compare = importlib.import_module("compare")
    exact, plain, ours = (
        answers(runner, what, compare.SERVICES)
        for runner, what in (("numpy", "expected"), ("numpy", "deaths"), ("hisim", "deaths"))
    )

    def farthest(one: dict[str, Any], other: dict[str, Any], service: str, times: float) -> float:
        return max(map(abs, compare.distances(one, other, exact[service]["variance"], times).values()))

    for service in compare.SERVICES:
        assert farthest(plain[service]["margins"], exact[service]["mean"], service, 1.0) < compare.LIMIT
        assert farthest(ours[service]["margins"], plain[service]["margins"], service, 2.0) < compare.LIMIT
        assert ours[service]["person_years"] == pytest.approx(plain[service]["person_years"], rel=0.005)
    assert farthest(ours["off"]["margins"], plain["strong"]["margins"], "off", 2.0) > compare.LIMIT
