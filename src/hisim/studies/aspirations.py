"""The aspirations table of a plan: by objective, what is measured, where it begins and what good looks like.

A locality fills in targets of its own; :func:`compared` sets them beside the trajectory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, cast, get_args

import numpy as np

from hisim.areas import Area, find, members
from hisim.declare.aspired import Aspired
from hisim.declare.evidence import Marmot
from hisim.declare.files import read_scenario_text, write_scenario
from hisim.declare.intervention import AnyIntervention
from hisim.declare.scenario import Scenario, Use
from hisim.errors import ImpossibleModelError
from hisim.model.inputs import inputs_of
from hisim.model.reach import reach
from hisim.outcomes.bands import ENGLAND, PERSONS, QUINTILE_LABELS
from hisim.outcomes.comparison import TARGET_YEAR
from hisim.outcomes.indicators import PER_CENT, Indicator, coverage_indicators
from hisim.studies.trajectories import Trajectories, interval
from hisim.variables import COMPARATOR, QUINTILE_NAMES, QUINTILES, SEXES

Three = tuple[float, float, float]
"""Central value and both ends of the 95 % uncertainty interval."""
OBJECTIVES: tuple[str, ...] = get_args(Marmot)
"""The six objectives of the Marmot review, in their order."""
TOGETHER = "All objectives together: length of life and early death"
WHOLE_PLAN = "The whole plan"
BY_SEX = ("years",)
"""Units of outcomes that are told for women and men apart, as they are published."""


MOST_AREAS = 100
"""Areas of one table: England's 326 authorities would take hours."""
NOBODY, FEW, NOT_FOR = (
    "nobody lives in {fifth} here", "too few people or deaths to say", "there is nobody here whom it is for",
)  # fmt: skip
"""Why nothing is said."""


class Aspiration(NamedTuple):
    """One line: an indicator in one fifth, or a gap, at its baseline and in the years of the plan."""

    area: Area
    objective: str
    priority: str
    action: str
    indicator: Indicator
    sex: str
    fifth: str
    """ "1" (most deprived) to "5", or "all"."""
    values: Mapping[int, Three]
    """By year: the baseline first, as all carries on now, then if the plan is followed."""
    as_now: Mapping[int, Three]
    """By year if all carries on as now."""
    errors: Mapping[int, float]
    """By year, Monte Carlo standard error of the central value of the plan."""
    counts: Mapping[tuple[int, bool], tuple[float, float]]
    """By year and whether it is the plan's, count and denominator of a coverage or rate; empty for what is neither."""
    why: str = ""
    """Why nothing is said, in words, where that is so in some year."""


def areas_of(scenario: Scenario, names: Sequence[str] = ()) -> list[Scenario]:
    """The scenario in each area that a table is for: its own, or the named ones, a group followed by its members.

    Raises
    ------
    ImpossibleModelError
        For a name that is no area's, with the nearest, or more than :data:`MOST_AREAS` areas.
    InvalidFileError
        Where the scenario cannot be of such an area.
    """
    if not names:
        return [scenario]
    found: dict[str, Area] = {}
    for area in map(_named, names):
        found |= {one.key: one for one in (area, *(members(area) if len(area.members) > 1 else ()))}
    if len(found) > MOST_AREAS:
        raise ImpossibleModelError(f"areas: found {len(found)} areas; allowed: at most {MOST_AREAS} in one table")
    return [scenario if key == scenario.area else _in(scenario, key) for key in found]


def _named(name: str) -> Area:
    try:
        return find(name)
    except ImpossibleModelError as error:
        raise ImpossibleModelError(str(error).replace("area:", "areas:", 1)) from None


def _in(scenario: Scenario, key: str) -> Scenario:
    """The scenario in another area, read anew: strata of one's own are of one area."""
    text = write_scenario(scenario.model_copy(update={"area": key}))
    return read_scenario_text(text, scenario.name, scenario.own_files)


def years_of(scenario: Scenario, years: Sequence[int] | None) -> list[int]:
    """Baseline and years of the plan; the first year and 2015, or the last, unless given.

    Raises
    ------
    ImpossibleModelError
        For fewer than two years, or years that are not projected.
    """
    usual = TARGET_YEAR if scenario.start < TARGET_YEAR <= scenario.end else scenario.end
    chosen = sorted(set(years if years is not None else (scenario.start, usual)))
    outside = [year for year in chosen if not scenario.start <= year <= scenario.end]
    if outside:
        raise ImpossibleModelError(
            f"years: found {outside[0]}; allowed: projected years, {scenario.start} to {scenario.end}"
        )
    if len(chosen) < 2:
        raise ImpossibleModelError(
            f"years: found {', '.join(map(str, chosen)) or 'none'}; allowed: a baseline and one or more later years, "
            "such as 2012,2015"
        )
    return chosen


def aspirations(found: Trajectories, years: Sequence[int]) -> list[Aspiration]:
    """Every line of the table of one area, by objective; outcomes last."""
    lines: list[Aspiration] = []
    for objective in OBJECTIVES:
        for use in found.scenario.interventions:
            if use.intervention.marmot == objective:
                about: tuple[str, str, str] = (objective, str(use.intervention.workbooks[0]), use.intervention.name)
                for one in found.indicators.values():
                    if one.kind == "process" and one.of == use.id:
                        lines += _lines(found, years, about, one, PERSONS)
    for one in found.indicators.values():
        if one.kind == "outcome":
            for sex in reversed(SEXES) if one.unit in BY_SEX else (PERSONS,):
                about = (TOGETHER, found.indicators[one.level].name, WHOLE_PLAN)
                lines += _lines(found, years, about, one, sex)
    return lines


def _lines(
    found: Trajectories, years: Sequence[int], about: tuple[str, str, str], one: Indicator, sex: str
) -> Iterator[Aspiration]:
    for fifth in QUINTILE_LABELS if one.measure == "level" else (ENGLAND,):
        place = {"quintile": fifth, "sex": sex}
        plan, as_now = {}, {}
        for year in years:
            centre = found.middle(one.id, place, (year, year))
            worlds = found.worlds(one.id, place, (year, year))
            plan[year], as_now[year] = (_three(c, w) for c, w in zip(centre, worlds, strict=True))
        plan[years[0]] = as_now[years[0]]
        errors, counts = _errors(found, one, place, years), _counts(found, one, place, years)
        said = all(values[year][0] == values[year][0] for values in (plan, as_now) for year in years)
        why = "" if said else why_not(found, one, fifth)
        yield Aspiration(found.area, *about, one, sex, fifth, plan, as_now, errors, counts, why)


def _three(centre: float, worlds: np.ndarray) -> Three:
    """The central value with its interval; none where nothing is said."""
    return (centre, *interval(worlds)) if centre == centre else (centre, centre, centre)


def why_not(found: Trajectories, one: Indicator, fifth: str) -> str:
    """Why nothing is said of an indicator in a fifth, or of a gap."""
    needed = {"gap_q5": (1, 5), "gap_average": (1,), "sii": QUINTILES}.get(one.measure, ())
    if fifth.isdigit():
        needed = (int(fifth),)
    gone = [quintile for quintile in needed if quintile in found.empty]
    if gone:
        return NOBODY.format(fifth=f"fifth {QUINTILE_NAMES[gone[0]]}")
    return FEW if one.kind == "outcome" else NOT_FOR


def _errors(found: Trajectories, one: Indicator, place: Mapping[str, str], years: Sequence[int]) -> dict[int, float]:
    errors = found.errors[one.id].sel(scenario=found.scenario.name)
    here = errors.sel({dim: at for dim, at in place.items() if dim in errors.dims})
    return {year: float(here.sel(year=year)) for year in years}


def _counts(
    found: Trajectories, one: Indicator, place: Mapping[str, str], years: Sequence[int]
) -> dict[tuple[int, bool], tuple[float, float]]:
    """The baseline is as all carries on now, in the plan's place too."""
    out = {}
    for year in years:
        for planned in (True, False):
            name = found.scenario.name if planned and year != years[0] else COMPARATOR
            counted = found.counted(one.id, place, year, name)
            if counted is not None:
                out[year, planned] = counted
    return out


def achievable(scenario: Scenario) -> dict[tuple[str, str], float]:
    """Coverage that each intervention could reach at industrial scale, by indicator and fifth (with "all") [%].

    What is thought achievable, delivered everywhere at once; without what other actions of the plan add.
    """
    alone = scenario.model_copy(update={"interventions": tuple(map(_at_scale, scenario.interventions))})
    found = reach(alone, inputs_of(alone))
    out: dict[tuple[str, str], float] = {}
    for use in scenario.interventions:
        name = next(coverage_indicators(use.id, "", "", per_year=False)).id
        one = found.sel(intervention=use.id)
        served, eligible = one["served_full"].values, one["eligible"].values
        served, eligible = (np.append(people, people.sum()) for people in (served, eligible))
        shares = served / np.where(eligible > 0, eligible, np.nan)
        out |= {(name, fifth): PER_CENT * float(share) for fifth, share in zip(QUINTILE_LABELS, shares, strict=True)}
    return out


def _at_scale(use: Use) -> Use:
    """A use at industrial scale in all strata, its other amounts put aside."""
    cleared = dict.fromkeys(("relative", "to", "add", "achievable", "steps", "strata", "capacity"))
    return use.model_copy(update={**cleared, "profile": "industrial_scale"})


class Compared(NamedTuple):
    """A locality's target beside the plan."""

    aspired: Aspired
    area: Area
    indicator: Indicator
    plan: Three
    """In the target's year; from the locality's own baseline, where it states one."""
    chance: float
    """Share of draws in which the plan reaches the target."""
    achievable: float | None
    """Coverage at industrial scale [%]; None for what is no coverage."""
    verdict: str


REACHED, WITHIN, BEYOND_DELIVERY, BEYOND_PLAN, NOT_SAID = (
    "reached in expectation", "within the interval", "beyond achievable delivery", "beyond the plan", "not said",
)  # fmt: skip


def compared(several: Sequence[Aspired], found: Trajectories) -> list[Compared]:
    """Each target beside the trajectory of its area: reached in expectation, within the interval, or beyond."""
    ceiling, out = achievable(found.scenario), []
    for one in several:
        indicator, place = found.indicators[one.indicator], {"quintile": one.fifth, "sex": one.sex}
        worlds = found.worlds(one.indicator, place, (one.year, one.year))[0]
        centre = found.middle(one.indicator, place, (one.year, one.year))[0]
        if one.baseline is not None:
            begun = (one.begun, one.begun)
            worlds = one.baseline + worlds - found.worlds(one.indicator, place, begun)[1]
            centre = one.baseline + centre - found.middle(one.indicator, place, begun)[1]
        sign = 1.0 if indicator.good == "higher" else -1.0
        chance = float((sign * worlds >= sign * one.target).mean())
        _, low, high = _three(centre, worlds)
        most = ceiling.get((one.indicator, one.fifth)) if one.sex == PERSONS else None
        verdict = BEYOND_PLAN
        if centre != centre:
            verdict, chance = NOT_SAID, centre
        elif sign * centre >= sign * one.target:
            verdict = REACHED
        elif most is not None and one.target > max(most, centre):
            verdict = BEYOND_DELIVERY
        elif sign * (high if sign > 0 else low) >= sign * one.target:
            verdict = WITHIN
        out.append(Compared(one, found.area, indicator, (centre, low, high), chance, most, verdict))
    return out


def without_action(scenario: Scenario) -> list[str]:
    """Objectives that no action of the scenario serves."""
    served = {cast(AnyIntervention, use.intervention).marmot for use in scenario.interventions}
    return [one for one in OBJECTIVES if one not in served]
