"""Target files: what they may say, and one clear message at its line for what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hisim.declare.target_files import read_target
from hisim.errors import HisimError
from hisim.studies.targets import setting_of

SCENARIOS = Path(__file__).parents[3] / "scenarios"
SHIPPED = sorted((SCENARIOS / "targets").glob("*.yaml"))
HEAD = """hisim: 1
name: mine
title: Mine
scenario: two.yaml
people_per_cohort: 16
draws: 0
"""
GOAL = """reach:
  - estimand: deaths_averted_cumulative
    quintile: 1
    level: 100
"""
SCENARIO = """hisim: 1
name: two
title: Two
start: 2011
end: 2012
interventions:
  - {use: statins, profile: as_now}
  - {use: stop-smoking-services, relative: 2}
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "two.yaml").write_text(SCENARIO)
    return tmp_path / "target.yaml"


def refused(path: Path, text: str) -> str:
    """What a person reads who asks for the target in ``text``."""
    path.write_text(text)
    with pytest.raises(HisimError) as found:
        setting_of(*read_target(path))
    return str(found.value).replace(str(path.parent) + "/", "")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_target_loads_under_its_own_name(path: Path) -> None:
    target, _, _ = read_target(path)
    assert target.name == path.stem
    mark = "# yaml-language-server: $schema="
    first = path.read_text("utf-8").splitlines()[0]
    assert (path.parent / first.removeprefix(mark)).is_file()


def test_a_target_is_made_ready(written: Path) -> None:
    written.write_text(HEAD + GOAL)
    setting = setting_of(*read_target(written))
    assert list(setting.goals) == ["goal1"]
    assert setting.goals["goal1"].quintile == "1"
    assert setting.unit == pytest.approx([100.0])
    assert setting.last == 2012


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("deaths_averted_cumulative", "deaths_averted_cumulativ",
         "target.yaml:8:15: reach[0].estimand: 'deaths_averted_cumulativ'; allowed: an estimand of the reference; did "
         "you mean 'deaths_averted_cumulative'?"),
        ("quintile: 1", "quintile: 6",
         "target.yaml:9:15: reach[0].quintile: '6'; allowed: 1, 2, 3, 4, 5, all"),
        ("quintile: 1", "sex: men", "target.yaml:9:10: reach[0].sex: 'men'; allowed: Female, Male, Persons"),
        ("quintile: 1", "year: 2015",
         "target.yaml:9:11: reach[0].year: 2015; allowed: a year of the scenario, 2011 to 2012"),
        ("level: 100", "level: 100\n    percent: -10",
         "target.yaml:8:15: reach[0].estimand: level and percent; allowed: exactly one of level, change, percent"),
        ("    level: 100\n", "",
         "target.yaml:8:15: reach[0].estimand: no amount; allowed: exactly one of level, change, percent"),
        ("level: 100", "level: 100\n    against: 2011",
         "target.yaml:11:14: reach[0].against: 'against' beside 'level'; allowed: change or percent beside 'against'"),
        ("level: 100", "percent: 5\n    against: 2009",
         "target.yaml:11:14: reach[0].against: 2009; allowed: a year of the scenario, 2011 to 2012"),
        ("level: 100", "percent: 5\n    against: yesterday",
         "target.yaml:11:14: reach[0].against: 'yesterday'; allowed: comparator, a year of the scenario, or a map"),
        ("level: 100", "percent: 5\n    against: {value: 3}", "target.yaml:11:5: reach[0].against.source: missing"),
        ("level: 100", "level: .nan", "target.yaml:10:12: reach[0].level: '.nan'; allowed: a finite number"),
        ("estimand: deaths_averted_cumulative\n    quintile: 1", "estimand: net_health_benefit\n    year: 2012",
         "target.yaml:9:11: reach[0].year: a year for 'net_health_benefit'; allowed: no year: it is for all years"),
        ("estimand: deaths_averted_cumulative", "estimand: life_expectancy_0_gap_average",
         "target.yaml:9:15: reach[0].quintile: '1'; allowed: no quintile: 'life_expectancy_0_gap_average' is not told"),
        ("draws: 0", "draws: 20", "target.yaml:6:8: draws: 20; allowed: 0, or 40 or more"),
        ("draws: 0", "draws: 0\nprobability: 0.8",
         "target.yaml:6:8: draws: no draws with a probability; allowed: 40 or more, or left out"),
        ("draws: 0", "draws: 0\nprobability: 1", "target.yaml:7:14: probability: 1; allowed: 0.99 or less"),
        ("draws: 0", "draws: 0\nlevels: [0, 0.5, 0.5]",
         "target.yaml:7:18: levels[2]: 0.5 after 0.5; allowed: rising levels"),
        ("draws: 0", "draws: 0\nbounds:\n  - {use: statins}",
         "target.yaml:8:11: bounds[0].use: no bound; allowed: at_least, at_most or both"),
        ("draws: 0", "draws: 0\nbounds:\n  - {use: statins, at_least: 0.6, at_most: 0.5}",
         "target.yaml:8:30: bounds[0].at_least: at_least 0.6, at_most 0.5; allowed: at_least no higher than at_most"),
        ("draws: 0", "draws: 0\nbounds:\n  - {use: statins, at_most: 0.3}",
         "target.yaml:8:29: bounds[0].at_most: 0.3, below today's coverage of 'statins' in fifth 1; allowed: 0.39"),
        ("draws: 0", "draws: 0\nbounds:\n  - {use: statins, at_most: {1: 0.5, 2: 0.9, 3: 0.5, 4: 0.5, 5: 0.5}}",
         "target.yaml:8:29: bounds[0].at_most: 0.9, above what is achievable of 'statins' in fifth 2; allowed: 0.39"),
        ("draws: 0", "draws: 0\nalike: [statin]",
         "target.yaml:7:9: alike[0]: 'statin', which 'two' does not use; allowed: statins, stop-smoking-services; did"),
        ("scenario: two.yaml", "scenario: tow.yaml",
         "target.yaml:4:11: scenario: 'tow.yaml': no such file; allowed: 'two.yaml'"),
        ("name: mine", "name: comparator", "target.yaml:2:7: name: 'comparator'; allowed: any other name"),
        ("draws: 0", "draws: 0\nbudget: 5", "target.yaml:7:1: budget: the unknown key 'budget'; allowed: hisim, name"),
    ],
)  # fmt: skip
def test_one_mistake_one_message(written: Path, old: str, new: str, message: str) -> None:
    text = HEAD + GOAL
    assert old in text
    said = refused(written, text.replace(old, new))
    assert message in said
    assert said.count("\n") == 0


def test_mistakes_in_the_scenario_are_told_at_its_own_lines(written: Path) -> None:
    (written.parent / "two.yaml").write_text(SCENARIO.replace("relative: 2", "relative: -2"))
    assert refused(written, HEAD + GOAL).startswith("two.yaml:8:")
