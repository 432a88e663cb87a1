"""What a reader of a valid scenario should know before running it: remarks, never refusals."""

from __future__ import annotations

from collections.abc import Iterator

from hisim.declare.delivery import PROFILES
from hisim.declare.intervention import SmokingCessation, Treatment, quantities
from hisim.declare.scenario import Scenario, Use


def notes(scenario: Scenario) -> tuple[str, ...]:
    """Remarks on ``scenario``, in the order of its interventions; empty when there is nothing to say."""
    return (*(note for use in scenario.interventions for note in _notes_on(use, scenario)), *_shared(scenario))


def _notes_on(use: Use, scenario: Scenario) -> Iterator[str]:
    intervention, ends = use.intervention, use.ends
    ceiling = max(intervention.delivery.coverage(intervention.delivery.steps_achievable))
    kind, values = use.change or ("", (1.0,) * 5)
    if kind == "to" and max(values) > ceiling:
        yield f"{use.id}: coverage {max(values):g} is above the {ceiling:.2g} thought achievable"
    if kind == "relative" and not any(intervention.delivery.coverage(intervention.delivery.steps_now)):
        yield f"{use.id}: reaches nobody now, and any number times nobody is nobody; say 'to', 'add' or a profile"
    if use.profile is not None:
        yield f"{use.id}: how far the profile goes in each fifth is an assumption ({PROFILES[use.profile].words})"
    if ends is not None and ends < scenario.end:
        fades = intervention.persistence_years.value
        after = f"what was gained fades over {fades:g} years" if fades else "what was gained ends at once"
        if isinstance(intervention, SmokingCessation):
            after = "the extra quits end with it; people who have stopped stay so, apart from relapse"
        yield f"{use.id}: delivery ends with {ends}; {after}"
    lag = intervention.lag_years.value
    if use.full_from + lag > scenario.end + 1:
        yield f"{use.id}: the full effect, {lag:g} years after {use.full_from}, is not reached by {scenario.end}"
    if (kind == "relative" and min(values) < 1) or (kind == "add" and min(values) < 0):
        yield f"{use.id}: coverage falls below what is done now"
    assumed = [path for path, quantity in quantities(intervention) if quantity.status == "assumption"]
    if assumed:
        yield f"{use.id}: assumptions, not evidence: {', '.join(assumed)}"


def _shared(scenario: Scenario) -> Iterator[str]:
    routes: dict[str, list[str]] = {}
    for use in scenario.interventions:
        item = use.intervention
        for treatment in (item.treatment, *item.also) if isinstance(item, Treatment) else ():
            routes.setdefault(treatment, []).append(use.id)
    for treatment, names in routes.items():
        if len(names) > 1:
            yield f"{' and '.join(names)}: two routes to the same treatment ({treatment}); they overlap by person"
