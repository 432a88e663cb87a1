"""What a scenario says, in words and tables, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

from hisim.declare.distribution import Quantity
from hisim.declare.intervention import ExposureEffect, SmokingCessation, Treatment, quantities
from hisim.declare.scenario import Scenario, Use
from hisim.model.reach import reach
from hisim.surfaces.text import Row, Table, fifth, people

STATES = {
    "hypertension": "usual systolic pressure of 135 mmHg or more untreated (as common as 140 at one visit)",
    "cvd_history_or_high_risk": (
        "a history of coronary heart disease or stroke (35 and over), or hypertension or diabetes (40 and over)"
    ),
    "current_smoker": "smokers",
}


def explain_lines(scenario: Scenario) -> Iterator[str]:
    """The scenario as a whole, in a few lines."""
    yield scenario.title
    if scenario.description:
        yield scenario.description
    yield (
        f"England, {scenario.start} to {scenario.end}, compared with carrying on as now. Death rates are those "
        f"observed to {scenario.observed_to}, then {_trend(scenario)}."
    )
    if not scenario.interventions:
        yield "No intervention: the same as carrying on as now."


def _trend(scenario: Scenario) -> str:
    if scenario.trend.kind == "flat":
        return "unchanged"
    if scenario.trend.kind == "continue":
        return "go on changing as they did before 2011"
    return (
        f"go on changing as they did before 2011, less so each year (times {scenario.trend.damping:g}: an assumption)"
    )


def use_lines(use: Use) -> Iterator[str]:
    """One use of an intervention: for whom, from when, with what effect, on what evidence."""
    item = use.intervention
    yield f"{item.name} ({item.id}; {item.category}; {item.workbook} workbook; gestation {item.gestation})"
    youngest, oldest = item.eligible.ages
    sexes = " and ".join({"Female": "women", "Male": "men"}[sex] for sex in item.eligible.sexes)
    yield f"  For whom: {STATES[item.eligible.state]}; {sexes} aged {youngest} to {oldest}."
    yield f"  Change: {_change(use)}, from {use.start}, at full scale from {use.full_from}{_until(use)}."
    yield f"  Reaches now: {item.reach_now.words}"
    for label, quantity in _numbers(item):
        yield f"  {label}: {number(quantity)}"
    yield f"  Evidence: {item.evidence_grade.grade}. {item.evidence_grade.why}"
    yield f"  Evidence against: {item.evidence_against}"


def _change(use: Use) -> str:
    kind, values = use.change
    words = {"relative": "times {} what is done now", "to": "to a coverage of {}", "add": "coverage more by {}"}[kind]
    same = len(set(values)) == 1
    each = ", ".join(f"{fifth(q)} {value:g}" for q, value in enumerate(values, start=1))
    return words.format(f"{values[0]:g} in every fifth" if same else f"({each})")


def _until(use: Use) -> str:
    return "" if use.until is None else f", until {use.until}"


def _numbers(item: Treatment | SmokingCessation) -> Iterator[tuple[str, Quantity]]:
    """Every number of an intervention with its name in words."""
    effects = item.effects if isinstance(item, Treatment) else ()
    for path, quantity in quantities(item):
        label = path.replace("_", " ").replace(".", ", ").replace(" gbp", "")
        for i, effect in enumerate(effects):
            on = effect.exposure if isinstance(effect, ExposureEffect) else effect.cause
            label = label.replace(f"effects[{i}], change", f"effect on {on}")
            label = label.replace(f"effects[{i}], hazard ratio", f"effect on deaths from {on.replace('_', ' ')}")
        yield label, quantity


def number(quantity: Quantity) -> str:
    """A number with its interval, unit and source, or its label as an assumption."""
    source = f"source {quantity.source}" if quantity.source else "no source"
    word = "ASSUMPTION" if quantity.status == "assumption" else f"status {quantity.status}"
    return (
        f"{quantity.value:g} {quantity.unit} ({quantity.low:g} to {quantity.high:g}, {quantity.interval}; "
        f"{source}; {word})"
    )


def reach_table(scenario: Scenario, inputs: xr.Dataset) -> Table:
    """Who is reached, by intervention and fifth, in the first year's population."""
    found = reach(scenario, inputs)
    rows = []
    for use in scenario.interventions:
        one = found.sel(intervention=use.id)
        for quintile in found["quintile"].values.tolist():
            cell = one.sel(quintile=quintile)
            eligible, now, full = (float(cell[name]) for name in ("eligible", "served_now", "served_full"))
            share = eligible or 1.0
            rows.append(Row([
                use.id if quintile == 1 else "", fifth(quintile), people(eligible), people(now), f"{now / share:.1%}",
                people(full), f"{full / share:.1%}",
            ]))  # fmt: skip
    return Table(
        f"Who is reached, by fifth ({scenario.start} population; yearly for a stop smoking service)",
        ["intervention", "fifth", "eligible", "served now", "share", "at full scale", "share"],
        rows,
    )


def reach_remarks(scenario: Scenario, inputs: xr.Dataset) -> Iterator[str]:
    """Where the coverage asked for is above what is thought achievable, or above how many are diagnosed now."""
    found = reach(scenario, inputs)
    share = found["served_full"] / found["eligible"].where(found["eligible"] > 0, 1.0)
    known = float(inputs["hypertension_known"].sel(age=slice(40, 100)).mean())
    for use in scenario.interventions:
        highest = float(share.sel(intervention=use.id).max())
        ceiling = use.intervention.achievable.value
        if highest > ceiling:
            yield f"{use.id}: {highest:.0%} would be served at full scale; {ceiling:.0%} is thought achievable"
        if use.intervention.eligible.state == "hypertension" and highest > known:
            yield (
                f"{use.id}: {highest:.0%} would be treated, while {known:.0%} of people with hypertension know they "
                "have it now: more people have to be found"
            )


def intervention_lines(item: Treatment | SmokingCessation) -> Iterator[str]:
    """An intervention of the library, whole: every number with its source, every source in full."""
    yield f"{item.name} ({item.id})"
    yield item.summary
    yield f"  {item.category}; {item.workbook} workbook; Marmot objective: {item.marmot}; gestation {item.gestation}"
    yield f"  For whom: {STATES[item.eligible.state]}, aged {item.eligible.ages[0]} to {item.eligible.ages[1]}."
    yield f"  Reaches now: {item.reach_now.words}"
    for label, quantity in _numbers(item):
        yield f"  {label}: {number(quantity)}"
        if quantity.note:
            yield f"      {quantity.note}"
    yield f"  Evidence: {item.evidence_grade.grade}. {item.evidence_grade.why}"
    yield f"  Evidence against: {item.evidence_against}"
    for key, citation in item.sources.items():
        yield f"  [{key}] {citation}"
