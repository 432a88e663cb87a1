"""Interventions with their effects at an end of their stated intervals: how far results move with the evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from hisim.declare.distribution import Quantity, Step
from hisim.declare.evidence import Graded
from hisim.declare.intervention import (
    AnyIntervention,
    CaseFinding,
    ExposureEffect,
    HazardEffect,
    RemovedExposure,
    SmokingCessation,
)
from hisim.declare.quintiles import FiveFloats
from hisim.declare.scenario import Scenario
from hisim.model.slot_plan import Library

Number = TypeVar("Number", bound=Quantity)
End = Literal["weak", "central", "strong"]
"""``weak``: every effect at the end of its interval where it does least, or most harm; ``strong``: the other end."""
ENDS: tuple[End, ...] = ("central", "weak", "strong")


def at_end(item: AnyIntervention, end: End) -> AnyIntervention:
    """``item`` with all its effects at one end of their intervals; everything else as it was.

    Effects are shifts of exposures, hazard ratios, chances of stopping with and without a service, quits that a policy
    adds, and shares started on a treatment after a check. Values by quintile move with their central value: shifts and
    shares in proportion, hazard ratios on the log scale. Coverage, delivery, lags and costs stay. A condition that is
    taken away has the model's own hazard ratios and stays as well.
    """
    if end == "central":
        return item
    changes: dict[str, object] = {}
    if isinstance(item, SmokingCessation):
        changes = _cessation(item, end)
    elif isinstance(item, CaseFinding):
        changes["starts"] = tuple(start.model_copy(update={"share": _step(start.share, end)}) for start in item.starts)
    else:
        changes["effects"] = tuple(_effect(effect, end) for effect in item.effects)
    return item.model_copy(update=changes)


def library_at(library: Library, end: End) -> Mapping[str, AnyIntervention]:
    """``library`` with the effects of every intervention at one end of their intervals."""
    return {name: at_end(item, end) for name, item in library.items()}


def scenario_at(scenario: Scenario, library: Library) -> Scenario:
    """``scenario`` with its interventions as ``library`` has them; those it does not hold stay."""
    uses = tuple(
        use.model_copy(update={"intervention": library.get(use.id, use.intervention)}) for use in scenario.interventions
    )
    return scenario.model_copy(update={"interventions": uses})


def _effect(effect: object, end: End) -> object:
    if isinstance(effect, ExposureEffect):
        return _shift(effect, end)
    if isinstance(effect, HazardEffect):
        return _ratio(effect, end)
    assert isinstance(effect, RemovedExposure)
    return effect


def _shift(effect: ExposureEffect, end: End) -> ExposureEffect:
    """The strong end is the one on the central value's own side of no change."""
    central = effect.change.value
    changed = _moved(effect.change, (central > 0) == (end == "strong"))
    fifths = None
    if effect.by_quintile is not None and central != 0:
        fifths = _five(effect.by_quintile, lambda value: value * changed.value / central)
    return effect.model_copy(update={"change": changed, "by_quintile": fifths or effect.by_quintile})


def _ratio(effect: HazardEffect, end: End) -> HazardEffect:
    central = effect.hazard_ratio.value
    changed = _moved(effect.hazard_ratio, (central > 1) == (end == "strong"))
    fifths = None
    if effect.by_quintile is not None and central != 1:
        power = math.log(changed.value) / math.log(central)
        fifths = _five(effect.by_quintile, lambda value: value**power)
    return effect.model_copy(update={"hazard_ratio": changed, "by_quintile": fifths or effect.by_quintile})


def _cessation(item: SmokingCessation, end: End) -> dict[str, object]:
    changes: dict[str, object] = {}
    if item.extra_quits_per_year is not None:
        changes["extra_quits_per_year"] = _step(item.extra_quits_per_year, end)
    if item.success_12_months is not None and item.unaided_success_12_months is not None:
        changes["success_12_months"] = _level(item.success_12_months, end == "strong")
        changes["unaided_success_12_months"] = _level(item.unaided_success_12_months, end == "weak")
    return changes


def _level(graded: Graded, upwards: bool) -> Graded:
    return graded.model_copy(update={"level": _moved(graded.level, upwards)})


def _step(step: Step, end: End) -> Step:
    changed, central = _moved(step, end == "strong"), step.value
    fifths = None
    if step.by_quintile is not None and central != 0:
        fifths = _five(step.by_quintile, lambda value: min(1.0, value * changed.value / central))
    return changed.model_copy(update={"by_quintile": fifths or step.by_quintile})


def _five(values: FiveFloats, change: Callable[[float], float]) -> FiveFloats:
    a, b, c, d, e = (change(value) for value in values)
    return (a, b, c, d, e)


def _moved(number: Number, upwards: bool) -> Number:
    return number.model_copy(update={"value": number.high if upwards else number.low})
