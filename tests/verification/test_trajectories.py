"""Trajectories are of the same draws as ``hisim run --draws``, whatever the threads, and coverage alone is the same."""

from __future__ import annotations

import numpy as np
import xarray as xr

from hisim.declare.files import read_scenario_text
from hisim.outcomes.judging import LEVEL, judge
from hisim.studies.study import cells_of, run_unit, unpack
from hisim.studies.trajectories import for_areas, trajectories
from hisim.surfaces.draws import defined

SCENARIO = """hisim: 1
name: two
title: Two actions
start: 2011
end: 2012
interventions:
  - {use: statins, profile: proportionate}
  - {use: health-checks, profile: industrial_scale}
"""
DRAWS = 18
"""More than are worked out at once."""
TRUTHS = 120


def test_draws_are_those_of_a_study_of_the_scenario() -> None:
    scenario = read_scenario_text(SCENARIO)
    found = trajectories(scenario, DRAWS, workers=2)
    definition = defined([scenario], 40)
    cell = next(one for one in cells_of(definition) if one.key == "life_expectancy_0_gap_q5")
    figures = np.concatenate([unpack(definition, unit, run_unit(definition, unit)) for unit in (1, 2)], axis=1)
    sizes = [len(labels) for labels in cell.labels]
    theirs = xr.DataArray(
        figures[cell.start : cell.stop, :DRAWS].reshape(*sizes, -1),
        dict(zip(cell.dims, map(list, cell.labels), strict=True)), (*cell.dims, "draw"),
    )  # fmt: skip
    mine = found.draws["life-expectancy-0-gap-q5"]
    for scenario_name in ("comparator", "two"):
        at = {"scenario": scenario_name, "year": 2012, "sex": "Male"}
        np.testing.assert_allclose(mine.sel(at), theirs.sel(at), rtol=1e-9)


def test_threads_change_nothing_and_coverage_alone_is_the_same() -> None:
    scenario = read_scenario_text(SCENARIO)
    whole, alone = trajectories(scenario, DRAWS), trajectories(scenario, DRAWS, outcomes=False, workers=3)
    assert "life-expectancy-0" not in alone.indicators and "coverage-statins" in alone.indicators
    xr.testing.assert_identical(alone.draws, whole.draws[list(alone.draws)])
    xr.testing.assert_identical(alone.central, whole.central[list(alone.central)])


def test_central_values_do_not_stray_from_the_draws_and_chance_is_told_apart() -> None:
    scenario = read_scenario_text(SCENARIO)
    (found,) = for_areas([scenario], DRAWS)
    place, years = {"quintile": "1", "sex": "Persons"}, (2012, 2012)
    centre, (plan, _) = (
        found.middle("coverage-statins", place, years)[0],
        found.worlds("coverage-statins", place, years),
    )
    assert plan.min() < centre < plan.max()
    assert float(found.errors["coverage-statins"].max()) == 0.0
    error = found.errors["life-expectancy-0"].sel(scenario="two", year=2012, quintile="1", sex="Male")
    assert 0 < float(error) < 0.05
    average = found.worlds("coverage-statins", place, (2011, 2012))[0]
    both = [found.worlds("coverage-statins", place, (year, year))[0] for year in (2011, 2012)]
    np.testing.assert_allclose(average, np.mean(both, axis=0))


def test_a_world_of_the_plan_is_seldom_called_behind_or_ahead() -> None:
    """Each draw in turn is the world, seen twice with error and held against the others: as many times as draws."""
    scenario = read_scenario_text(SCENARIO.replace("proportionate", "proportionate, full_from: 2012"))
    found, error = trajectories(scenario, TRUTHS, outcomes=False), 1.0
    random, verdicts = np.random.default_rng(5), []
    for name, fifth in (("coverage-statins", "1"), ("coverage-statins-gap-q5", "all"), ("coverage-health-checks", "5")):
        begun, later = (
            found.worlds(name, {"quintile": fifth, "sex": "Persons"}, (year, year)) for year in (2011, 2012)
        )
        plan, as_now = (after - before for after, before in zip(later, begun, strict=True))
        for truth in range(TRUTHS):
            seen = plan[truth] + error * (random.standard_normal() - random.standard_normal())
            others = np.delete(plan, truth), np.delete(as_now, truth)
            judged = judge(seen, error * 2**0.5, *others, higher_is_better=found.indicators[name].good == "higher")
            verdicts.append(judged.verdict)
    spread = (LEVEL * (1 - LEVEL) / len(verdicts)) ** 0.5
    for wrong in ("behind", "ahead"):
        assert verdicts.count(wrong) / len(verdicts) <= LEVEL + 3 * spread
