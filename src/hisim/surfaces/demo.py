"""The demonstration: England under the three key actions of the 2010 national audit, together and each alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hisim.declare.files import read_scenario
from hisim.surfaces.export import FILES, check_folder
from hisim.surfaces.runs import projected, write_and_describe

SCENARIOS = ("three-actions", "antihypertensives", "statins", "stop-smoking")


def scenario_folder() -> Path:
    """The shipped scenario files: inside an installed package, or at the top of the repository."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parents[1] / "scenarios"


def run_demo(out: Path | None, threads: int | None, progress: Callable[[float], None] | None) -> str:
    """Run the four scenarios, write their results and return what to print."""
    folder = scenario_folder()
    scenarios = [read_scenario(folder / f"{name}.yaml") for name in SCENARIOS]
    target = out or Path("results") / "demo"
    check_folder(target, FILES, overwrite=out is None)
    inputs, projection = projected(scenarios, threads, progress)
    text = write_and_describe(projection, inputs, scenarios, target, as_json=False)
    return text + (
        "\nNext: hisim explain scenarios/three-actions.yaml     whom it reaches, how strongly, on what source\n"
        "      hisim interventions                            what else there is\n"
        "      copy scenarios/three-actions.yaml, change it, and: hisim run MY-SCENARIO.yaml\n"
    )
