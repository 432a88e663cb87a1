"""What indicators of a plan would be, year by year, if it is followed and if all carries on as now, in many draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple, cast

import numpy as np
import xarray as xr

from hisim.areas import Area, find
from hisim.declare.intervention import AnyIntervention, CaseFinding, SmokingCessation
from hisim.declare.scenario import Scenario
from hisim.outcomes.indicators import Indicator, by_id, coverage_indicators, outcome_indicators
from hisim.studies.execute import How, finished
from hisim.studies.worlds import COUNT, DEATHS, DENOMINATOR, EMPTY, ERROR, SMALL, VALUE, dataset_in, define_worlds
from hisim.variables import COMPARATOR, OLDEST_AGE

QUANTILES = (0.025, 0.975)
FEW_RUNS = 100
"""Up to so many draws threads are sooner done than processes, which take seconds to begin."""


class Trajectories(NamedTuple):
    """Every indicator of a scenario in its area."""

    area: Area
    scenario: Scenario
    indicators: dict[str, Indicator]
    central: xr.Dataset
    """By id, with the central values: (scenario, year, quintile, sex), inequalities without quintile; and ``deaths``,
    where there are outcomes."""
    draws: xr.Dataset
    """The same with ``draw`` first."""
    errors: xr.Dataset
    """Monte Carlo standard error of ``central``."""
    counts: xr.Dataset
    """By id with `` count`` and `` denominator`` behind it, what coverages and rates are made of [persons, deaths,
    person-years]."""
    empty: tuple[int, ...] = ()
    """Fifths in which nobody lives."""
    small: tuple[int, ...] = ()
    """Fifths of so few people that no life expectancy is said."""

    def worlds(self, name: str, place: Mapping[str, str], years: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """The indicator in each draw if the plan is followed, and as now; the mean of ``years``, both included."""
        mean = _at(self.draws[name], place).sel(year=slice(*years)).mean("year", skipna=False)
        return mean.sel(scenario=self.scenario.name).values, mean.sel(scenario=COMPARATOR).values

    def middle(self, name: str, place: Mapping[str, str], years: tuple[int, int]) -> tuple[float, float]:
        """The same with the central values."""
        mean = _at(self.central[name], place).sel(year=slice(*years)).mean("year", skipna=False)
        return float(mean.sel(scenario=self.scenario.name)), float(mean.sel(scenario=COMPARATOR))

    def counted(self, name: str, place: Mapping[str, str], year: int, scenario: str) -> tuple[float, float] | None:
        """Count and denominator behind a central value; None where it is no share or rate."""
        if f"{name} {COUNT}" not in self.counts:
            return None
        at: dict[str, str | int] = {**place, "year": year, "scenario": scenario}
        count, denominator = (float(_at(self.counts[f"{name} {what}"], at)) for what in (COUNT, DENOMINATOR))
        return count, denominator

    def prevented(self, year: int, place: Mapping[str, str]) -> tuple[float, float, float]:
        """Deaths prevented or postponed to the end of ``year``: central, and both ends of the 95 % interval."""
        both = []
        for deaths in (self.central[DEATHS], self.draws[DEATHS]):
            died = _at(deaths, place).sel(year=slice(None, year)).sum("year", skipna=False)
            both.append((died.sel(scenario=COMPARATOR) - died.sel(scenario=self.scenario.name)).values)
        return float(both[0]), *interval(both[1])


def _at(values: xr.DataArray, place: Mapping[str, str | int]) -> xr.DataArray:
    return values.sel({dim: at for dim, at in place.items() if dim in values.dims})


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
    outcomes: bool = True,
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Trajectories:
    """Every indicator of ``scenario`` with central values and in so many joint ``draws`` of its uncertain numbers.

    Without ``outcomes``, coverage alone: nobody is simulated then, and it takes a third of the time.

    Raises
    ------
    StudyError
        Where the model refuses the numbers of a draw, or the processes that work die again and again.
    """
    return for_areas([scenario], draws, outcomes=outcomes, workers=workers, progress=progress)[0]


def for_areas(
    scenarios: Sequence[Scenario],
    draws: int,
    *,
    outcomes: bool = True,
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[Trajectories]:
    """:func:`trajectories` of the same plan in several areas, each a scenario with that area in it."""
    definition = define_worlds(scenarios, draws, outcomes=outcomes)
    units = range(int(definition["runs"]))
    how = How(min(workers, len(units)), processes=draws * len(scenarios) > FEW_RUNS)
    found: dict[int, xr.Dataset] = {}
    with closing(finished(definition, units, how)) as results:
        for unit, payload in results:
            found[unit] = dataset_in(payload)
            if progress is not None:
                progress(len(found) / len(units))
    each = len(units) // len(scenarios)
    return [
        _gathered(scenario, [found[number * each + part] for part in range(each)])
        for number, scenario in enumerate(scenarios)
    ]


def _gathered(scenario: Scenario, parts: Sequence[xr.Dataset]) -> Trajectories:
    """One area from its units: that of the central values, then those of draws."""
    central, whole = parts[0], xr.concat(parts[1:], "draw", join="exact")
    values, errors = (_part(central, what) for what in (VALUE, ERROR))
    counts = central[[name for name in central if str(name).endswith((f" {COUNT}", f" {DENOMINATOR}"))]]
    there = {name: one for name, one in indicators_of(scenario).items() if name in whole}
    empty, small = (tuple(central.attrs[name]) for name in (EMPTY, SMALL))
    return Trajectories(find(scenario.area), scenario, there, values, whole, errors, counts, empty, small)


def _part(central: xr.Dataset, what: str) -> xr.Dataset:
    names = {name: str(name).removesuffix(f" {what}") for name in central if str(name).endswith(f" {what}")}
    return central[list(names)].rename(names).drop_attrs(deep=False)


def interval(worlds: np.ndarray) -> tuple[float, float]:
    """The 95 % uncertainty interval of draws."""
    low, high = np.quantile(worlds, QUANTILES)
    return float(low), float(high)
