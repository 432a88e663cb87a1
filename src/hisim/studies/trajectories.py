"""What indicators of a plan would be, year by year, if it is followed and if all carries on as now, in many draws.

The same numbers are drawn as ``hisim run --draws`` draws for the scenario alone, each draw with people of its own
(:mod:`hisim.studies.study`); nothing is written. Coverage is worked out from the inputs and has no chance in it;
outcomes have what chance in the simulated people adds, whose size is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, cast

import numpy as np
import xarray as xr

from hisim.declare.intervention import AnyIntervention, CaseFinding, SmokingCessation
from hisim.declare.scenario import Scenario
from hisim.declare.sweep import Sweep
from hisim.errors import StudyError
from hisim.model.coverage import coverage
from hisim.model.drawn import drawn, uncertain_of
from hisim.model.projection import project
from hisim.model.slot_plan import Library, library_of_run
from hisim.outcomes.asked import joined
from hisim.outcomes.bands import banded
from hisim.outcomes.indicators import (
    Indicator,
    by_id,
    coverage_indicators,
    coverage_values,
    outcome_indicators,
    outcome_values,
)
from hisim.outcomes.jackknife import monte_carlo_se
from hisim.studies import design
from hisim.studies.defined import in_study
from hisim.uncertain import drawn_values
from hisim.variables import COMPARATOR, OLDEST_AGE

PEOPLE = int(Sweep.model_fields["people_per_cohort"].default)
"""Simulated people in a cohort of each draw, as in any study of many runs."""
TOGETHER = 16
"""Draws whose indicators are worked out at once."""
QUANTILES = (0.025, 0.975)


class Trajectories(NamedTuple):
    """Every indicator of a scenario in one area."""

    area: str
    """What the area is called."""
    scenario: Scenario
    indicators: dict[str, Indicator]
    central: xr.Dataset
    """By id, with the central values: (scenario, year, quintile, sex), inequalities without quintile."""
    draws: xr.Dataset
    """The same with ``draw`` first."""
    errors: xr.Dataset
    """Monte Carlo standard error of ``central``."""

    def worlds(self, name: str, place: Mapping[str, str], years: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """The indicator in each draw if the plan is followed, and as now; the mean of ``years``, both included."""
        one = self.draws[name].sel({dim: at for dim, at in place.items() if dim in self.draws[name].dims})
        mean = one.sel(year=slice(*years)).mean("year")
        return mean.sel(scenario=self.scenario.name).values, mean.sel(scenario=COMPARATOR).values

    def middle(self, name: str, place: Mapping[str, str], years: tuple[int, int]) -> tuple[float, float]:
        """The same with the central values."""
        one = self.central[name].sel({dim: at for dim, at in place.items() if dim in self.central[name].dims})
        mean = one.sel(year=slice(*years)).mean("year")
        return float(mean.sel(scenario=self.scenario.name)), float(mean.sel(scenario=COMPARATOR))


def indicators_of(scenario: Scenario) -> dict[str, Indicator]:
    """Every indicator of a scenario by id: coverage of what it does, in its order, then outcomes."""
    found: list[Indicator] = []
    for use in scenario.interventions:
        item = cast(AnyIntervention, use.intervention)
        youngest, oldest = item.eligible.ages
        ages = f"{youngest}+ yrs" if oldest >= OLDEST_AGE else f"{youngest}-{oldest} yrs"
        anew = isinstance(item, CaseFinding | SmokingCessation)
        found += coverage_indicators(
            use.id, item.name, "<1 yr" if oldest == 0 else ages, per_year=anew, sexes=item.eligible.sexes
        )
    return by_id([*found, *outcome_indicators()])


def trajectories(
    scenario: Scenario,
    draws: int,
    *,
    area: str = "England",
    outcomes: bool = True,
    threads: int = 1,
    library: Library | None = None,
    progress: Callable[[float], None] | None = None,
) -> Trajectories:
    """Every indicator of ``scenario`` with central values and in so many joint ``draws`` of its uncertain numbers.

    Without ``outcomes``, coverage alone: nobody is simulated then, and it takes a third of the time.

    Raises
    ------
    StudyError
        Where the model refuses the numbers of a draw.
    """
    base = library_of_run([scenario], library)
    uncertain = uncertain_of([scenario], base)
    lean = in_study(scenario, PEOPLE)
    points = design.draws(draws, len(uncertain), scenario.simulation.seed % 2**31, 0)
    paths, values = [one.path for one in uncertain], drawn_values(uncertain, points)

    def run(number: int) -> Draw:
        told = dict(zip(paths, values[number].tolist(), strict=True))
        try:
            return _one(lean, base, told, number + 1, outcomes)
        except (ValueError, ArithmeticError, KeyError) as error:
            raise StudyError(
                f"draw {number + 1}: found numbers that the model refuses ({error}); allowed: narrower ranges"
            ) from None

    central, errors = _central(scenario, base, outcomes)
    parts = []
    with ThreadPoolExecutor(threads) as pool:
        try:
            done = pool.map(run, range(draws))
            while several := list(islice(done, TOGETHER)):
                parts.append(_together(several))
                if progress is not None:
                    progress(min(1.0, len(parts) * TOGETHER / draws))
        finally:
            pool.shutdown(cancel_futures=True)
    whole = xr.concat(parts, "draw", join="exact")
    there = {name: one for name, one in indicators_of(scenario).items() if name in whole}
    return Trajectories(area, scenario, there, central, whole, errors)


def for_areas(
    pairs: Sequence[tuple[str, Scenario]],
    draws: int,
    *,
    outcomes: bool = True,
    threads: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[Trajectories]:
    """:func:`trajectories` of the same plan in several areas, each a label and the scenario with that area in it."""

    def part(number: int) -> Callable[[float], None] | None:
        return None if progress is None else lambda done: progress((number + done) / len(pairs))

    return [
        trajectories(scenario, draws, area=label, outcomes=outcomes, threads=threads, progress=part(number))
        for number, (label, scenario) in enumerate(pairs)
    ]


Draw = tuple[xr.Dataset | None, xr.Dataset]
"""Deaths and person-years in bands, where outcomes are wanted, and coverage."""


def _one(scenario: Scenario, library: Library, values: Mapping[str, float], run: int, outcomes: bool) -> Draw:
    now = drawn([scenario], library, values)
    covered = coverage_values(coverage(now.scenarios[0], now.inputs, now.library))
    if not outcomes:
        return None, covered
    projection = project(now.scenarios, now.inputs, library=now.library, threads=1, draw=run, stream=run, batches=False)
    return banded(projection), covered


def _together(several: Sequence[Draw]) -> xr.Dataset:
    """Every indicator of several draws, worked out at once."""
    died = [one for one, _ in several if one is not None]
    whole = xr.concat([one for _, one in several], "draw", join="exact")
    if died:
        whole = whole.merge(outcome_values(joined(died)).drop_vars("draw"), join="exact")
    return whole.transpose("draw", "scenario", "year", "quintile", "sex", missing_dims="ignore")


def _central(scenario: Scenario, library: Library, outcomes: bool) -> tuple[xr.Dataset, xr.Dataset]:
    """Every indicator with the central values, and its Monte Carlo standard error."""
    now = drawn([scenario], library, {})
    covered = coverage_values(coverage(scenario, now.inputs, now.library))
    if not outcomes:
        return covered, covered * 0.0
    projection = project(now.scenarios, now.inputs, library=now.library)
    health = _ordered(outcome_values(banded(projection)))
    calibrated = scenario.simulation.estimator == "expected"
    errors = _ordered(monte_carlo_se(projection, outcome_values, calibrated=calibrated))
    return covered.merge(health, join="exact"), (covered * 0.0).merge(errors, join="exact")


def _ordered(found: xr.Dataset) -> xr.Dataset:
    one = found.isel(draw=0, drop=True)
    return one.transpose("scenario", "year", "quintile", "sex", missing_dims="ignore")


def interval(worlds: np.ndarray) -> tuple[float, float]:
    """The 95 % uncertainty interval of draws."""
    low, high = np.quantile(worlds, QUANTILES)
    return float(low), float(high)
