"""What an intervention is: whom it is for, what it does, on what evidence, at what cost.

One YAML file per intervention. The set of mechanisms is closed; everything else is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from hisim.declare.distribution import (
    Conflict,
    Declaration,
    Quantity,
    Ratio,
    Share,
    Step,
    apart,
    conflict,
    conflict_error,
)
from hisim.declare.evidence import Common, Eligible, Graded, Slug, State, quantities
from hisim.declare.quintiles import Changes, FiveFloats, Ratios

Cause = Literal[
    "ihd", "stroke", "other_circulatory", "lung_cancer", "colorectal_cancer", "breast_cancer",
    "other_neoplasms", "copd", "other_respiratory", "diabetes", "liver_disease", "dementia",
    "unintentional_injury", "intentional_injury", "neonatal", "other",
]  # fmt: skip
Register = Literal["hypertension", "diabetes", "atrial_fibrillation", "copd"]
EXPOSURE_UNITS = {"sbp": "mmHg", "cholesterol": "mmol/L", "bmi": "kg/m2", "alcohol": "g/day"}


class ExposureEffect(Declaration):
    """A shift of an exposure in everyone who is served."""

    exposure: Literal["sbp", "cholesterol", "bmi", "alcohol"]
    """Which exposure."""
    change: Quantity
    """By how much, in the exposure's unit; negative lowers it."""
    by_quintile: Changes | None = None
    """The same in quintiles 1 (most deprived) to 5, around ``change``; left out = ``change`` in each."""

    @property
    def values(self) -> FiveFloats:
        """Central change in quintiles 1 to 5 [unit of the exposure]."""
        return self.by_quintile or (self.change.value,) * 5

    @model_validator(mode="after")
    def _in_its_unit(self) -> ExposureEffect:
        unit = EXPOSURE_UNITS[self.exposure]
        if self.change.unit != unit:
            raise conflict(f"a change of {self.exposure} in '{self.change.unit}'", unit, "change", "unit")
        if error := apart(self.change, self.by_quintile):
            raise error
        return self


class HazardEffect(Declaration):
    """A hazard ratio on one cause of death, or on all, in everyone who is served."""

    cause: Literal[Cause, "all"]
    """Which cause of death; ``all`` for every cause that has no line of its own."""
    hazard_ratio: Ratio
    """Hazard of those served against those not; below 1 is a benefit."""
    by_quintile: Ratios | None = None
    """The same in quintiles 1 (most deprived) to 5, around ``hazard_ratio``; left out = ``hazard_ratio`` in each."""
    season: Literal["year", "winter"] = "year"
    """``winter``: the ratio acts on the winter excess of deaths alone."""

    @property
    def values(self) -> FiveFloats:
        """Central hazard ratio in quintiles 1 to 5."""
        return self.by_quintile or (self.hazard_ratio.value,) * 5

    @model_validator(mode="after")
    def _fifths_around(self) -> HazardEffect:
        if error := apart(self.hazard_ratio, self.by_quintile):
            raise error
        return self


class RemovedExposure(Declaration):
    """What people were exposed to is taken away from those who are served."""

    removes: Literal["smoked_in_pregnancy", "unemployed"]
    """Which condition; its hazard ratios are those of the model."""


def _kind_of_effect(value: Any) -> str:
    """The tag of an effect; it begins with a character that no key has."""
    for tag, model, keys in (
        ("~exposure", ExposureEffect, ("exposure", "change")), ("~removes", RemovedExposure, ("removes",)),
    ):  # fmt: skip
        if isinstance(value, model) or (isinstance(value, Mapping) and any(key in value for key in keys)):
            return tag
    return "~cause"


Effect = Annotated[
    Annotated[ExposureEffect, Tag("~exposure")]
    | Annotated[HazardEffect, Tag("~cause")]
    | Annotated[RemovedExposure, Tag("~removes")],
    Discriminator(_kind_of_effect),
]


def _each_effect_once(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    first: dict[tuple[str, str], int] = {}
    twice = []
    for index, effect in enumerate(effects):
        key = next(key for key in ("exposure", "cause", "removes") if key in type(effect).model_fields)
        what = getattr(effect, key)
        if first.setdefault((key, what), index) != index:
            found, other = f"two effects on {what}", (first[key, what], key)
            twice.append(Conflict((index, key), found, "one effect on each exposure and each cause", other))
    if twice:
        raise conflict_error(twice)
    return effects


Effects = Annotated[tuple[Effect, ...], Field(strict=False, min_length=1), AfterValidator(_each_effect_once)]


class _Acting(Common):
    effects: Effects
    """What it does to those who are served; each exposure and each cause at most once."""

    @field_validator("eligible")
    @classmethod
    def _not_smokers(cls, eligible: Eligible) -> Eligible:
        if eligible.state == "current_smoker":
            raise conflict("'current_smoker'", "another state; smokers are for smoking_cessation", "state")
        return eligible


class Treatment(_Acting):
    """Puts eligible people on a drug or a lasting service."""

    mechanism: Literal["treatment"]
    """Always ``treatment``."""
    treatment: Slug
    """What people are put on, defined by this file's effects. Two routes to the same treatment overlap by person."""
    also: Annotated[tuple[Slug, ...], Field(strict=False)] = ()
    """Treatments defined elsewhere that the same people are put on as well, by the same delivery."""
    sustained: Share | None = None
    """Share of people newly treated who stay treated, where a scenario changes coverage as a whole; left out = the
    last step of ``delivery.now``."""

    @property
    def stays(self) -> float:
        """Central share of people newly treated who stay treated."""
        if self.sustained is not None:
            return self.sustained.value
        last = self.delivery.now.sustained
        return 1.0 if last is None else last.value


class Start(Declaration):
    """A treatment that some of those who are checked are started on."""

    treatment: Slug
    """Which treatment."""
    state: State
    """Who among those checked is started on it."""
    share: Step
    """Share of those checked and in that state who start and stay on it."""


class CaseFinding(Common):
    """Checks people, so that conditions they did not know of are diagnosed and treated like the diagnosed are now."""

    mechanism: Literal["case_finding"]
    """Always ``case_finding``."""
    finds: Annotated[tuple[Register, ...], Field(strict=False)] = ()
    """Conditions that a check finds; the share found of the undiagnosed is the product of the delivery chain."""
    starts: Annotated[tuple[Start, ...], Field(strict=False)] = ()
    """Treatments that follow a check without a diagnosis."""

    @field_validator("eligible")
    @classmethod
    def _for_everyone(cls, eligible: Eligible) -> Eligible:
        if eligible.state != "everyone":
            raise conflict(f"'{eligible.state}'", "everyone: who is checked goes by age and sex", "state")
        return eligible

    @model_validator(mode="after")
    def _finds_something(self) -> CaseFinding:
        if not self.finds and not self.starts:
            raise conflict("a check that finds and starts nothing", "one or more conditions or treatments", "mechanism")
        return self


class ExposureShift(_Acting):
    """Moves an exposure in everyone in scope who is reached."""

    mechanism: Literal["exposure_shift"]
    """Always ``exposure_shift``."""


class MortalityEffect(_Acting):
    """Changes hazards of death directly in those who are reached."""

    mechanism: Literal["mortality_effect"]
    """Always ``mortality_effect``."""


class BirthOutcome(_Acting):
    """Changes what newborns have been exposed to, or their hazards in the first year."""

    mechanism: Literal["birth_outcome"]
    """Always ``birth_outcome``."""

    @field_validator("eligible")
    @classmethod
    def _newborns(cls, eligible: Eligible) -> Eligible:
        if eligible.ages != (0, 0):
            raise conflict(f"ages {eligible.ages[0]} to {eligible.ages[1]}", "ages [0, 0]: newborns", "ages")
        return eligible


class SmokingCessation(Common):
    """Makes more smokers stop: a service for those who try, or a policy that reaches all smokers."""

    mechanism: Literal["smoking_cessation"]
    """Always ``smoking_cessation``."""
    success_12_months: Graded | None = None
    """Of a service: probability of not smoking 12 months after an attempt with it."""
    unaided_success_12_months: Graded | None = None
    """The same for an attempt without help: what the service's clients would have had without it."""
    extra_quits_per_year: Step | None = None
    """Of a policy: share of smokers who stop in a year because of it, at full scale."""

    @field_validator("eligible")
    @classmethod
    def _smokers(cls, eligible: Eligible) -> Eligible:
        if eligible.state != "current_smoker":
            raise conflict(f"'{eligible.state}'", "current_smoker", "state")
        return eligible

    @model_validator(mode="after")
    def _service_or_policy(self) -> SmokingCessation:
        both = ("success_12_months", "unaided_success_12_months")
        service = [name for name in both if getattr(self, name) is not None]
        allowed = f"{' and '.join(both)}, or extra_quits_per_year"
        if service and self.extra_quits_per_year is not None:
            raise conflict(f"'extra_quits_per_year' beside '{service[0]}'", allowed, "extra_quits_per_year")
        if self.extra_quits_per_year is None and len(service) == 1:
            raise conflict(f"'{service[0]}' alone", allowed, service[0])
        if self.extra_quits_per_year is None and not service:
            raise conflict("smoking_cessation without its numbers", allowed, "mechanism")
        return self


AnyIntervention = Treatment | CaseFinding | ExposureShift | MortalityEffect | BirthOutcome | SmokingCessation
Intervention = Annotated[AnyIntervention, Field(discriminator="mechanism")]
MECHANISMS: Mapping[str, type[AnyIntervention]] = {
    "treatment": Treatment,
    "case_finding": CaseFinding,
    "exposure_shift": ExposureShift,
    "mortality_effect": MortalityEffect,
    "birth_outcome": BirthOutcome,
    "smoking_cessation": SmokingCessation,
}
__all__ = [
    "MECHANISMS", "AnyIntervention", "BirthOutcome", "CaseFinding", "ExposureEffect", "ExposureShift", "HazardEffect",
    "Intervention", "MortalityEffect", "RemovedExposure", "SmokingCessation", "Start", "Treatment", "quantities",
]  # fmt: skip
