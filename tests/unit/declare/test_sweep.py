"""Sweep files: what they may say, and one clear message at its line for what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hisim.declare.sweep_files import read_sweep
from hisim.errors import HisimError, InvalidFileError
from hisim.studies.defined import define

SCENARIOS = Path(__file__).parents[3] / "scenarios"
SHIPPED = sorted((SCENARIOS / "sweeps").glob("*.yaml"))
HEAD = """hisim: 1
name: mine
title: Mine
scenarios: three.yaml
people_per_cohort: 16
"""
SCENARIO = """hisim: 1
name: three
title: Three
start: 2011
end: 2012
interventions:
  - {use: statins, relative: 1.4}
  - {use: stop-smoking-services, relative: 2}
"""
DAMPING = "  - {path: scenario.trend.damping, low: 0.8, high: 1}\n"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "three.yaml").write_text(SCENARIO)
    return tmp_path / "sweep.yaml"


def refused(path: Path, text: str) -> str:
    """What a person reads who asks for the sweep in ``text``."""
    path.write_text(HEAD + text)
    with pytest.raises(HisimError) as found:
        sweep, scenarios, where = read_sweep(path)
        define(sweep, scenarios, where)
    return str(found.value).replace(str(path.parent) + "/", "")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_sweep_loads_under_its_own_name(path: Path) -> None:
    sweep, scenarios, _ = read_sweep(path)
    assert sweep.name == path.stem and len(scenarios) == len(sweep.scenarios)
    mark = "# yaml-language-server: $schema="
    first = path.read_text("utf-8").splitlines()[0]
    assert (path.parent / first.removeprefix(mark)).is_file()


def test_a_swept_path_that_does_not_exist_is_named_with_the_nearest(written: Path) -> None:
    said = refused(written, "design: one_at_a_time\nover:\n  - path: interventions.statins.effects[0].hazard_rato\n")
    assert said.startswith("sweep.yaml:8:11: over[0].path: the unknown path")
    assert "did you mean 'interventions.statins.effects[0].hazard_ratio'?" in said


def test_every_wrong_path_is_told_at_once(written: Path) -> None:
    said = refused(written, "design: one_at_a_time\nover:\n  - path: inputs.nothing\n  - path: scenario.none\n")
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("design: sobol\nsize: 100\nover:\n" + DAMPING, "power of two"),
        ("design: sobol\nsize: 16\nover:\n" + DAMPING, "64"),
        ("design: morris\nsize: 1\nover:\n" + DAMPING, "4"),
        ("design: sobol\nover:\n" + DAMPING, "sweep.yaml:6:9: design: design 'sobol' without a size"),
        ("design: one_at_a_time\nsize: 9\n", "sweep.yaml:7:7: size: design 'one_at_a_time' with a size"),
        ("design: grid\n", "sweep.yaml:6:9: design: a grid of everything"),
        ("design: draw\nsize: 9\n", "sweep.yaml:6:9: design: 'draw'"),
        ("design: draws\nsize: 9\nsizes: 3\n", "the unknown key 'sizes'"),
        ("design: one_at_a_time\nover:\n  - {path: scenario.trend.damping, low: 0.8}\n", "one end of a range"),
        ("design: one_at_a_time\nover:\n  - {path: scenario.trend.damping, low: 1, high: 0.8}\n", "low 1, high 0.8"),
        ("design: one_at_a_time\nover:\n  - path: scenario.trend.damping\n", "without a distribution of its own"),
        ("design: one_at_a_time\nover:\n  - {path: scenario.trend.damping, low: 0.8, high: 1.2}\n", "at most 1"),
        ("design: one_at_a_time\nover:\n  - {path: scenario.interventions.statins.relative, low: 1, high: 20}\n",
         "allowed: 10 or less"),
        ("design: one_at_a_time\nover:\n  - {path: inputs.parameters.diabetes_known, low: 0.7, high: 1.2}\n",
         "allowed: 0 to 1"),
        ("design: one_at_a_time\nover:\n  - {path: inputs.parameters.diabetes_known, low: 0.5, high: 0.9, "
         "distribution: triangle}\n", "'triangle'"),
        ("design: one_at_a_time\nover:\n" + DAMPING + DAMPING, "'scenario.trend.damping' twice"),
        ("design: one_at_a_time\nover:\n  - {path: scenario.trend.damping, values: [0.8, 1]}\n", "outside a grid"),
        ("design: one_at_a_time\nestimands:\n  - {estimand: deaths_avert}\n", "did you mean 'deaths_averted'?"),
        ("design: one_at_a_time\nestimands:\n  - {estimand: deaths, quintile: 6}\n", "found '6'"),
        ("design: one_at_a_time\nestimands:\n  - {estimand: life_expectancy_0, year: 2040}\n", "found 2040"),
        ("design: draws\nsize: 9\ntargets:\n  - {estimand: deaths}\n", "'at_least' and 'at_most'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(written: Path, text: str, said: str) -> None:
    message = refused(written, text)
    assert said in message, message
    assert "Traceback" not in message


def test_correlations_that_no_numbers_can_have(written: Path) -> None:
    paths = [f"inputs.relative_risks.sbp.{cause}" for cause in ("ihd", "stroke", "other_circulatory")]
    over = "".join(f"  - path: {path}\n" for path in paths)
    pairs = ((0, 1, 0.9), (1, 2, 0.9), (0, 2, -0.9))
    lines = "".join(f"  - {{between: [{paths[i]}, {paths[j]}], coefficient: {c}}}\n" for i, j, c in pairs)
    said = refused(written, f"design: draws\nsize: 64\nover:\n{over}correlations:\n{lines}")
    assert "positive" in said
    said = refused(written, f"design: draws\nsize: 64\nover:\n{over}correlations:\n  - {{between: [{paths[0]}, "
                            "inputs.parameters.copd_men], coefficient: 0.5}\n")  # fmt: skip
    assert "correlations[0].between[1]: 'inputs.parameters.copd_men'; allowed: a path that varies" in said
    said = refused(written, f"design: draws\nsize: 64\nover:\n{over}correlations:\n  - {{between: [{paths[0]}, "
                            f"{paths[1]}], coefficient: 1.5}}\n")  # fmt: skip
    assert "1.5" in said


def test_a_missing_scenario_file_is_told_at_its_line(written: Path) -> None:
    written.write_text(HEAD.replace("three.yaml", "thre.yaml") + "design: one_at_a_time\n")
    with pytest.raises(InvalidFileError, match=r"sweep\.yaml:4:12: .*no such file.*three\.yaml"):
        read_sweep(written)


def test_an_override_takes_the_place_of_the_numbers_own_interval(written: Path) -> None:
    path = "inputs.parameters.diabetes_known"
    written.write_text(HEAD + f"design: one_at_a_time\nover:\n  - {{path: {path}, low: 0.6, high: 0.9}}\n  - path: "
                              "inputs.parameters.copd_known\n")  # fmt: skip
    sweep, scenarios, where = read_sweep(written)
    own, other = define(sweep, scenarios, where)["uncertain"]
    assert (own["value"], own["low"], own["high"], own["distribution"]) == (0.75, 0.6, 0.9, "uniform")
    assert (other["low"], other["high"], other["distribution"]) == (0.42, 0.62, "pert")
