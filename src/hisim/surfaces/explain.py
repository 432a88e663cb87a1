"""What a scenario says, in words and tables, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

from hisim.areas import find
from hisim.declare.delivery import PROFILES
from hisim.declare.distribution import Money, Quantity
from hisim.declare.evidence import STATE_WORDS, Common
from hisim.declare.intervention import (
    CaseFinding,
    ExposureEffect,
    HazardEffect,
    RemovedExposure,
    Treatment,
    quantities,
)
from hisim.declare.scenario import Scenario, Use
from hisim.model.reach import reach
from hisim.surfaces.place import at_start
from hisim.surfaces.text import Row, Table, fifth, people


def explain_lines(scenario: Scenario) -> Iterator[str]:
    """The scenario as a whole, in a few lines."""
    yield scenario.title
    if scenario.description:
        yield scenario.description
    place = at_start(find(scenario.area).name)
    yield (
        f"{place}, {scenario.start} to {scenario.end}, compared with carrying on as now. Death rates are those "
        f"observed to {scenario.observed_to}, then {_trend(scenario)}."
    )
    if not scenario.interventions:
        yield "No intervention: the same as carrying on as now."


def _trend(scenario: Scenario) -> str:
    if scenario.trend.kind == "flat":
        return "unchanged"
    if scenario.trend.kind == "continue":
        return "go on changing as they did before 2011"
    if scenario.trend.kind == "pooled":
        return (
            "go on changing as in all England and Wales over ten years, with what each fifth and cause shows beside it"
        )
    return (
        f"go on changing as they did before 2011, less so each year (times {scenario.trend.damping:g}: an assumption)"
    )


def use_lines(use: Use) -> Iterator[str]:
    """One use of an intervention: for whom, from when, with what effect, on what evidence."""
    item = use.intervention
    yield f"{item.name} ({item.id}; {item.category}; {_workbooks(item)}; gestation {item.gestation})"
    yield f"  Change: {_change(use)}, from {use.start}, at full scale from {use.full_from}{_until(use)}."
    if use.strata is not None:
        yield f"  Only among: {', '.join(use.strata)}; everyone else stays as now."
    yield from _substance(item, notes=False)


def _substance(item: Common, *, notes: bool) -> Iterator[str]:
    """For whom, what it does, every number, and the evidence for and against."""
    youngest, oldest = item.eligible.ages
    sexes = " and ".join({"Female": "women", "Male": "men"}[sex] for sex in item.eligible.sexes)
    yield f"  For whom: {STATE_WORDS[item.eligible.state]}; {sexes} aged {youngest} to {oldest}."
    yield f"  Does: {_does(item)}."
    if item.caution:
        yield f"  CAUTION: {item.caution}"
    if item.author_must_supply:
        yield f"  NOT KNOWN, so that a scenario needs a file of its author's own: {item.author_must_supply}"
    yield f"  Reaches now: {item.reach_now}"
    for _, label, quantity, fifths in numbers(item):
        yield f"  {label}: {number(quantity, fifths)}"
        if notes and quantity.note:
            yield f"      {quantity.note}"
    yield f"  Evidence: {item.evidence_grade.grade}. {item.evidence_grade.why}"
    yield f"  Evidence against: {item.evidence_against}"


def _workbooks(item: Common) -> str:
    return f"{' and '.join(item.workbooks)} workbook{'s' * (len(item.workbooks) > 1)}"


def _change(use: Use) -> str:
    if use.profile is not None:
        return PROFILES[use.profile].words
    if use.achievable is not None:
        return f"each step of delivery a share of the way from now to what is achievable: {_each(use.achievable)}"
    if use.steps is not None:
        given = use.steps.model_dump(exclude_none=True)
        return "steps of delivery brought to " + "; ".join(
            f"{step.replace('_', ' ')} {_each(values)}" for step, values in given.items()
        )
    assert use.change is not None
    kind, values = use.change
    words = {"relative": "times {} what is done now", "to": "to a coverage of {}", "add": "coverage more by {}"}[kind]
    return words.format(_each(values))


def _each(values: tuple[float, ...]) -> str:
    if len(set(values)) == 1:
        return f"{values[0]:g} in every fifth"
    return "(" + ", ".join(f"{fifth(q)} {value:g}" for q, value in enumerate(values, start=1)) + ")"


def _until(use: Use) -> str:
    limit = (
        "" if use.capacity_per_year is None else f", for at most {use.capacity_per_year:,.0f} people a year in England"
    )
    return limit + ("" if use.ends is None else f", until {use.ends}")


def _does(item: Common) -> str:
    """What it does that is not a number: mechanism, treatments, conditions found, exposures taken away."""
    told = [_plain(str(getattr(item, "mechanism", "")))]
    if isinstance(item, Treatment):
        told.append(f"puts people on {' and '.join(_plain(name) for name in (item.treatment, *item.also))}")
    if isinstance(item, CaseFinding):
        told += [f"finds {' and '.join(_plain(name) for name in item.finds)}"] if item.finds else []
        told += [f"starts {_plain(one.treatment)} in {STATE_WORDS[one.state]}" for one in item.starts]
    for effect in getattr(item, "effects", ()):
        if isinstance(effect, RemovedExposure):
            told.append(f"takes away the hazard ratios that the model has for '{_plain(effect.removes)}' (hisim data)")
        elif isinstance(effect, HazardEffect) and effect.season == "winter":
            told.append(f"acts on the winter excess of deaths alone ({_plain(effect.cause)})")
    return "; ".join(told)


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def numbers(item: Common) -> Iterator[tuple[str, str, Quantity, tuple[float, ...] | None]]:
    """Every number of an intervention: its place in the file, its name in words, itself, and its value by fifth."""
    effects = getattr(item, "effects", ())
    for path, quantity in quantities(item):
        label = path.replace("_", " ").replace(".", ", ").replace(" gbp", "")
        fifths = getattr(quantity, "by_quintile", None)
        for i, effect in enumerate(effects):
            on: str
            if isinstance(effect, ExposureEffect):
                on = effect.exposure
            else:
                on = effect.cause if isinstance(effect, HazardEffect) else effect.removes
            if path.startswith(f"effects[{i}]."):
                fifths = getattr(effect, "by_quintile", None)
            label = label.replace(f"effects[{i}], change", f"effect on {on}")
            label = label.replace(f"effects[{i}], hazard ratio", f"effect on deaths from {on.replace('_', ' ')}")
        yield path, label, quantity, fifths


def number(quantity: Quantity, fifths: tuple[float, ...] | None = None) -> str:
    """A number with its interval, unit and source, or its label as an assumption."""
    source = f"source {quantity.source}" if quantity.source else "no source"
    word = "ASSUMPTION" if quantity.status == "assumption" else f"status {quantity.status}"
    each = f"; fifths 1 to 5: {', '.join(f'{value:g}' for value in fifths)}" if fifths else ""
    year = f", prices of {quantity.price_year}" if isinstance(quantity, Money) else ""
    return (
        f"{quantity.value:g} {quantity.unit} ({quantity.low:g} to {quantity.high:g}, {quantity.interval}{each}{year}; "
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
        if float(found["eligible"].sel(intervention=use.id).sum()) == 0:
            yield nobody_eligible(use, scenario)
        highest = float(share.sel(intervention=use.id).max())
        ceiling = max(use.intervention.delivery.coverage(use.intervention.delivery.steps_achievable))
        if use.change is not None and highest > ceiling:
            yield f"{use.id}: {highest:.0%} would be served at full scale; {ceiling:.0%} is thought achievable"
        if use.intervention.eligible.state == "hypertension" and highest > known:
            yield (
                f"{use.id}: {highest:.0%} would be treated, while {known:.0%} of people with hypertension know they "
                "have it now: more people have to be found"
            )


def nobody_eligible(use: Use, scenario: Scenario) -> str:
    """The warning where an intervention is for nobody."""
    return f"{use.id}: nobody in '{scenario.name}' is eligible, so it does nothing"


def intervention_lines(item: Common) -> Iterator[str]:
    """An intervention of the library, whole: every number with its source, every source in full."""
    yield f"{item.name} ({item.id})"
    yield item.summary
    yield f"  {item.category}; {_workbooks(item)}; Marmot objective: {item.marmot}; gestation {item.gestation}"
    yield from _substance(item, notes=True)
    for key, citation in item.sources.items():
        yield f"  [{key}] {citation}"
