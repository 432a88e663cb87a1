"""The uncertain numbers of scenarios and their interventions, by dotted path.

Paths: ``interventions.ID.PLACE`` for what an intervention's file says, ``scenario.PLACE`` for every scenario of a
study, ``scenarios.NAME.PLACE`` for one. Only numbers of interventions have a distribution of their own; what a
scenario sets is its author's decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from hisim.declare.distribution import Money, People, Quantity, Ratio, Share, Years
from hisim.declare.fields import places, replaced
from hisim.declare.intervention import AnyIntervention, CaseFinding, Treatment
from hisim.declare.scenario import Scenario
from hisim.uncertain import Uncertain, level_of

INTERVENTIONS, EACH, ONE = "interventions.", "scenario.", "scenarios."
ACHIEVABLE = "delivery.achievable."
Library = Mapping[str, AnyIntervention]


def uncertain_interventions(scenarios: Sequence[Scenario], library: Library) -> list[Uncertain]:
    """Every uncertain number of the interventions in ``scenarios``, in the order of their paths.

    With those of the interventions that define the treatments they start. What is achievable counts only where a
    scenario delivers by a profile, or goes a share of the way there.
    """
    goes_there = {use.id for scenario in scenarios for use in scenario.interventions if use.shares_of_the_way}
    found = []
    for item in _in_use(scenarios, library).values():
        for place, value in places(item):
            wanted = item.id in goes_there or not place.startswith(ACHIEVABLE)
            if isinstance(value, Quantity) and value.low < value.high and wanted:
                found.append(_uncertain(item, place, value))
    return sorted(found)


def _in_use(scenarios: Iterable[Scenario], library: Library) -> dict[str, AnyIntervention]:
    used: dict[str, AnyIntervention] = {
        use.id: use.intervention  # type: ignore[misc]
        for scenario in scenarios
        for use in scenario.interventions
    }
    drugs = {name for item in used.values() for name in _started(item)}
    for name, item in library.items():
        if isinstance(item, Treatment) and item.treatment in drugs:
            used.setdefault(name, item)
    return used


def _started(item: AnyIntervention) -> Iterator[str]:
    if isinstance(item, CaseFinding):
        yield from (start.treatment for start in item.starts)
    if isinstance(item, Treatment):
        yield from (item.treatment, *item.also)


def _uncertain(item: AnyIntervention, place: str, value: Quantity) -> Uncertain:
    title = f"{item.name}: {place.replace('_', ' ').replace('.', ', ')}"
    source = "assumption" if value.source is None or value.status == "assumption" else value.source
    return Uncertain(
        f"{INTERVENTIONS}{item.id}.{place}", title, value.value, value.low, value.high, level_of(value.interval),
        value.distribution, value.unit, source, support_of(value),
    )  # fmt: skip


def support_of(value: Quantity) -> tuple[float, float]:
    """Smallest and largest value that a number of its kind may have."""
    if isinstance(value, Share):
        return (0.0, 1.0)
    return (0.0, inf) if isinstance(value, Ratio | Years | Money | People) else (-inf, inf)


def with_values(
    scenarios: Sequence[Scenario], library: Library, values: Mapping[str, float]
) -> tuple[list[Scenario], Library]:
    """``scenarios`` and ``library`` with the numbers in ``values`` (by path) in place of the files'.

    Paths that are neither an intervention's nor a scenario's are passed over. The result is not checked again.

    Raises
    ------
    KeyError
        Where a path leads to no number.
    """
    by_item, by_scenario, each = _grouped(values, INTERVENTIONS), _grouped(values, ONE), _below(values, EACH)
    changed: dict[str, AnyIntervention] = {}

    def drawn(item: AnyIntervention) -> AnyIntervention:
        if item.id not in by_item:
            return item
        if item.id not in changed:
            changed[item.id] = replaced(item, by_item[item.id])
        return changed[item.id]

    out = []
    for scenario in scenarios:
        own = replaced(scenario, {**each, **by_scenario.get(scenario.name, {})})
        uses = tuple(
            use.model_copy(update={"intervention": drawn(use.intervention)})  # type: ignore[arg-type]
            if use.id in by_item
            else use
            for use in own.interventions
        )
        out.append(own.model_copy(update={"interventions": uses}))
    return out, {name: drawn(item) for name, item in library.items()}


def _below(values: Mapping[str, float], start: str) -> dict[str, float]:
    return {path.removeprefix(start): value for path, value in values.items() if path.startswith(start)}


def _grouped(values: Mapping[str, float], start: str) -> dict[str, dict[str, float]]:
    """By the name that follows ``start``, the values by what follows that."""
    found: dict[str, dict[str, float]] = {}
    for path, value in _below(values, start).items():
        name, _, place = path.partition(".")
        found.setdefault(name, {})[place] = value
    return found


def scenario_paths(scenarios: Sequence[Scenario]) -> dict[str, float | tuple[float, ...]]:
    """Every number that the scenarios set, by path: of one scenario, and of all where all have it."""
    of_each = [dict(places(scenario)) for scenario in scenarios]
    shared = {place: of_each[0][place] for place in of_each[0] if all(place in one for one in of_each)}
    one = {
        f"{ONE}{scenario.name}.{place}": value
        for scenario, own in zip(scenarios, of_each, strict=True)
        for place, value in own.items()
    }
    return {**{EACH + place: value for place, value in shared.items()}, **one}
