"""From a sweep and its scenarios to the definition of a study: plain data from which any unit can be worked out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hisim.declare.distribution import Quantity
from hisim.declare.fields import places as places_of
from hisim.declare.files import read_scenario_text, write_scenario
from hisim.declare.refusals import Places, problem_at
from hisim.declare.scenario import Scenario
from hisim.declare.sweep import Over, Sweep, Target, Wanted
from hisim.declare.uncertain import INTERVENTIONS, scenario_paths, support_of, with_values
from hisim.errors import ImpossibleModelError, InvalidFileError, nearest_name
from hisim.model.drawn import uncertain_of
from hisim.model.slot_plan import Library, library_of_run
from hisim.outcomes.asked import Asked, everything, known_estimands, layout
from hisim.outcomes.bands import ALL_CAUSES, PERSONS
from hisim.outcomes.comparison import TARGET_YEAR
from hisim.studies import design, study
from hisim.studies.cohorts import in_study, texts_of
from hisim.uncertain import USUAL_LEVEL, Uncertain, check_uncertain


def define(
    sweep: Sweep, scenarios: Sequence[Scenario], where: Places | None = None, asked: Sequence[Asked] | None = None
) -> dict[str, Any]:
    """The definition of the study that ``sweep`` describes.

    Parameters
    ----------
    where
        Where the lines of the sweep's file are, for messages; None where it was made in Python.
    asked
        The figures to keep of every run; by default those of the sweep.

    Raises
    ------
    InvalidFileError
        With every problem of what varies and what is asked, each at its line.
    ImpossibleModelError
        For too few samples, correlations that no numbers can have, or scenarios that cannot be compared.
    """
    several = [in_study(scenario, sweep.people_per_cohort) for scenario in scenarios]
    library = library_of_run(several)
    uncertain, values = _varying(sweep, several, library, where)
    figures = list(asked) if asked is not None else _wanted(sweep, several, where)
    correlations = [[*one.between, one.coefficient] for one in sweep.correlations]
    _check_correlations(sweep, [one.path for one in uncertain], where)
    count, size = len(uncertain), sweep.size or 0
    runs = _runs(sweep, count, size, values)
    definition: dict[str, Any] = {
        "kind": sweep.design,
        "name": sweep.name,
        "title": sweep.title,
        **texts_of(several),
        "uncertain": [
            {**study.plain(one), **({"values": list(own)} if own else {})}
            for one, own in zip(uncertain, values, strict=True)
        ],
        "correlations": correlations,
        "design": {
            "size": size, "seed": sweep.seed, "second_order": sweep.second_order, "levels": sweep.levels,
        },
        "asked": [
            {"key": one.key, "estimand": one.estimand, "at": {dim: list(at) for dim, at in one.at.items()},
             "change": one.change}
            for one in figures
        ],
        "targets": [target.model_dump() | {"key": key} for key, target in _targets(sweep, several)],
        "opportunity_cost": sweep.opportunity_cost,
        "whole": asked is not None,
        "runs": int(runs),
        "unit_runs": sweep.unit_runs,
    }  # fmt: skip
    if correlations:
        design.correlated(np.full((1, count), 0.5), study.correlation_of(definition))
    found = study.central(definition)
    definition["layout"] = [one._asdict() for one in layout(found, study.prepare(definition).asked)]
    return json.loads(json.dumps(definition))  # type: ignore[no-any-return]


def _runs(sweep: Sweep, count: int, size: int, values: Sequence[Sequence[float]]) -> int:
    """Runs that the design makes, without the central one."""
    if sweep.design == study.GRID:
        return int(np.prod([len(one) for one in values], dtype=float))
    if sweep.design == study.ONE_AT_A_TIME:
        return 2 * count
    design.check_size(sweep.design, size, count)
    return design.runs(sweep.design, size, count, sweep.second_order)


def _varying(
    sweep: Sweep, scenarios: Sequence[Scenario], library: Library, where: Places | None
) -> tuple[list[Uncertain], list[tuple[float, ...]]]:
    """What varies, and of a grid its values; all of it where the sweep does not say."""
    known = {one.path: one for one in uncertain_of(scenarios, library)}
    if sweep.over is None:
        return list(known.values()), [()] * len(known)
    there = _numbers(scenarios, library)
    numbers, values, problems = [], [], []
    for index, over in enumerate(sweep.over):
        try:
            one = _one(over, known.get(over.path), there)
            _check_in_scenario(one, over, scenarios, library)
            numbers.append(one)
            values.append(tuple(over.values or _levels(over, one)) if sweep.design == study.GRID else ())
        except ImpossibleModelError as error:
            text = str(error).removeprefix(f"{over.path}: ").removeprefix("found ")
            found, _, allowed = text.partition("; allowed: ")
            hint = nearest_name(over.path, {**known, **there}) if over.path not in {**known, **there} else ""
            problems.append(problem_at(where, "", ("over", index, "path"), found, allowed, hint))
    if problems:
        raise InvalidFileError(problems)
    return numbers, values


def _levels(over: Over, one: Uncertain) -> tuple[float, ...]:
    """Of a grid without values: both ends and the central value between them."""
    return tuple(sorted({one.low, one.value, one.high}))


def _numbers(scenarios: Sequence[Scenario], library: Library) -> dict[str, Any]:
    """Every number with a path: what scenarios set, and what interventions in use state."""
    used = {use.id: use.intervention for scenario in scenarios for use in scenario.interventions}
    stated = {
        f"{INTERVENTIONS}{item.id}.{place}": value
        for item in {**library, **used}.values()
        for place, value in places_of(item)
    }
    return {**stated, **scenario_paths(scenarios)}


def _one(over: Over, known: Uncertain | None, there: Mapping[str, Any]) -> Uncertain:
    """The uncertain number that ``over`` means, with what it says in place of the number's own."""
    if known is None:
        if over.path not in there:
            raise ImpossibleModelError(
                f"{over.path}: found the unknown path '{over.path}'; allowed: the path of a number of these scenarios, "
                "as 'hisim sweep --paths' lists them"
            )
        known = _without_distribution(over, there[over.path])
    value = known.value if over.value is None else over.value
    low, high = (known.low, known.high) if over.low is None or over.high is None else (over.low, over.high)
    if over.values is not None:
        low, high = min(over.values), max(over.values)
    if over.value is None and not low <= value <= high:
        value = (low + high) / 2.0
    shape = over.distribution or (known.distribution if over.low is None else "uniform")
    level = known.level if over.low is None else USUAL_LEVEL
    one = known._replace(value=value, low=low, high=high, level=level, distribution=shape)
    check_uncertain(one)
    return one


def _without_distribution(over: Over, value: Any) -> Uncertain:
    if over.low is None and over.values is None:
        raise ImpossibleModelError(
            f"{over.path}: found a number without a distribution of its own; allowed: low and high, or values in a grid"
        )
    if isinstance(value, Quantity):
        return Uncertain(
            over.path, over.path, value.value, value.low, value.high, USUAL_LEVEL, "uniform", value.unit, "",
            support_of(value),
        )  # fmt: skip
    central = float(np.mean(value))
    return Uncertain(over.path, over.path, central, central, central, USUAL_LEVEL, "uniform", "", "")


def _check_in_scenario(one: Uncertain, over: Over, scenarios: Sequence[Scenario], library: Library) -> None:
    """Read scenarios again with each end of what varies in them: bounds and order of years are the reader's to know."""
    if not one.path.startswith("scenario"):
        return
    for value in (one.low, one.high, *(over.values or ())):
        changed, _ = with_values(scenarios, library, {one.path: value})
        for scenario in changed:
            try:
                read_scenario_text(write_scenario(scenario), scenario.name, scenario.own_files)
            except InvalidFileError as error:
                first = error.problems[0]
                raise ImpossibleModelError(f"{one.path}: found {first.found}; allowed: {first.allowed}") from None


def _wanted(sweep: Sweep, scenarios: Sequence[Scenario], where: Places | None) -> list[Asked]:
    """The figures that a sweep keeps: its estimands, those of its targets, and net benefit where it asks what to do."""
    found = [_asked(one) for one in sweep.estimands or ()] or default_figures(scenarios)
    found += [asked for asked in (_asked(target) for _, target in _targets(sweep, scenarios))]
    if sweep.opportunity_cost is not None:
        found += [Asked(name, name, {"quintile": ("all",)}) for name in ("qalys_gained", "total_cost")]
    problems = [
        problem_at(where, "", ("estimands", index, "estimand"), f"'{one.estimand}'", ", ".join(known_estimands()),
                 nearest_name(one.estimand, known_estimands()))
        for index, one in enumerate(found)
        if one.estimand not in known_estimands()
    ]  # fmt: skip
    if problems:
        raise InvalidFileError(problems)
    return list({one.key: one for one in found}.values())


def default_figures(scenarios: Sequence[Scenario]) -> list[Asked]:
    """Deaths prevented or postponed in the most deprived fifth, and the change of the gap in life expectancy."""
    year = TARGET_YEAR if scenarios[0].start <= TARGET_YEAR <= scenarios[0].end else scenarios[0].end
    averted, gap = "deaths_averted_cumulative", "life_expectancy_0_gap_average"
    at = {"year": (year,), "sex": (PERSONS,)}
    return [
        _named(averted, {**at, "quintile": ("1",), "cause_group": (ALL_CAUSES,)}, change=False),
        *(_named(gap, {"year": (year,), "sex": (sex,)}, change=True) for sex in ("Female", "Male")),
    ]


def _asked(one: Wanted) -> Asked:
    at = {
        name: tuple(labels)
        for name in ("scenario", "year", "quintile", "sex", "cause_group")
        if (labels := getattr(one, name)) is not None
    }
    return _named(one.estimand, at, change=one.change)


def _named(estimand: str, at: Mapping[str, tuple[Any, ...]], *, change: bool) -> Asked:
    """An asked figure with a key that says all of it."""
    places = "".join(f" {dim}={'|'.join(map(str, labels))}" for dim, labels in at.items())
    return Asked(f"{estimand}{' change' if change else ''}{places}", estimand, dict(at), change)


def _targets(sweep: Sweep, scenarios: Sequence[Scenario]) -> Iterator[tuple[str, Target]]:
    return ((_asked(target).key, target) for target in sweep.targets)


def _check_correlations(sweep: Sweep, paths: Sequence[str], where: Places | None) -> None:
    problems = []
    for index, one in enumerate(sweep.correlations):
        for side, path in enumerate(one.between):
            if path not in paths:
                place = ("correlations", index, "between", side)
                problems.append(
                    problem_at(where, "", place, f"'{path}'", "a path that varies", nearest_name(path, paths))
                )
    if problems:
        raise InvalidFileError(problems)


__all__ = ["default_figures", "define", "everything"]
