"""What an intervention is: whom it is for, what it does, on what evidence, at what cost.

One YAML file per intervention. The set of mechanisms is closed; everything else is data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from hisim.declare.delivery import graded
from hisim.declare.distribution import Declaration, Money, Quantity, Ratio, Share, Text, Title, Version, Years, conflict

Slug = Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9])*$", max_length=60)]
Age = Annotated[int, Field(ge=0, le=100)]
Cause = Literal[
    "ihd", "stroke", "other_circulatory", "lung_cancer", "colorectal_cancer", "breast_cancer",
    "other_neoplasms", "copd", "other_respiratory", "diabetes", "liver_disease", "dementia",
    "unintentional_injury", "intentional_injury", "neonatal", "other",
]  # fmt: skip
Category = Literal["population", "personal health", "community health"]
Workbook = Literal[
    "Cardiovascular disease", "Diabetes", "Cancer", "Tobacco control", "Infant mortality", "Seasonal excess deaths",
    "Chronic obstructive pulmonary disease", "Alcohol harm reduction", "Low income, debt and health", "Employment",
]  # fmt: skip
Marmot = Literal[
    "Give every child the best start in life",
    "Enable all children, young people and adults to maximise their capabilities and have control over their lives",
    "Create fair employment and good work for all",
    "Ensure a healthy standard of living for all",
    "Create and develop healthy and sustainable places and communities",
    "Strengthen the role and impact of ill-health prevention",
]
State = Literal["hypertension", "cvd_history_or_high_risk", "current_smoker"]
ReachTable = Literal[
    "antihypertensive_coverage", "statin_coverage_history", "statin_coverage_primary", "stop_smoking_reach"
]
EXPOSURE_UNITS = {"sbp": "mmHg", "cholesterol": "mmol/L", "bmi": "kg/m2"}


class Eligible(Declaration):
    """Who may be served."""

    ages: Annotated[tuple[Age, Age], Field(strict=False)]
    """Youngest and oldest age, both included."""
    sexes: Annotated[tuple[Literal["Female", "Male"], ...], Field(strict=False, min_length=1, max_length=2)]
    """Female, Male or both."""
    state: State
    """``hypertension``; ``current_smoker``; ``cvd_history_or_high_risk``: a history of coronary heart disease
    or stroke at 35 or over, or hypertension or diabetes at 40 or over."""

    @model_validator(mode="after")
    def _in_order(self) -> Eligible:
        if self.ages[0] > self.ages[1]:
            raise conflict(f"ages from {self.ages[0]} to {self.ages[1]}", "the youngest age first")
        if len(set(self.sexes)) != len(self.sexes):
            raise conflict("the same sex twice", "each sex once")
        return self


class ExposureEffect(Declaration):
    """A shift of an exposure in everyone who is served."""

    exposure: Literal["sbp", "cholesterol", "bmi"]
    """Which exposure."""
    change: Quantity
    """By how much, in the exposure's unit; negative lowers it."""

    @model_validator(mode="after")
    def _in_its_unit(self) -> ExposureEffect:
        unit = EXPOSURE_UNITS[self.exposure]
        if self.change.unit != unit:
            raise conflict(f"a change of {self.exposure} in '{self.change.unit}'", unit)
        return self


class HazardEffect(Declaration):
    """A hazard ratio on one cause of death in everyone who is served."""

    cause: Cause
    """Which cause of death."""
    hazard_ratio: Ratio
    """Hazard of those served against those not; below 1 is a benefit."""


def _kind_of_effect(value: Any) -> str:
    """The tag of an effect; it begins with a character that no key has."""
    if isinstance(value, Mapping):
        return "~exposure" if "exposure" in value or "change" in value else "~cause"
    return "~exposure" if isinstance(value, ExposureEffect) else "~cause"


Effect = Annotated[
    Annotated[ExposureEffect, Tag("~exposure")] | Annotated[HazardEffect, Tag("~cause")],
    Discriminator(_kind_of_effect),
]


class TreatmentCost(Declaration):
    """Cost of a treatment."""

    per_person_year_gbp: Money
    """Cost of treating one person for one year."""


class AttemptCost(Declaration):
    """Cost of a service that is used once at a time."""

    per_attempt_gbp: Money
    """Cost of one quit attempt made with the service."""


class Reach(Declaration):
    """How far it reaches now: the comparator's coverage."""

    words: Text
    """What is known about it, in a sentence."""
    tables: Annotated[tuple[ReachTable, ...], Field(strict=False, min_length=1)]
    """The input tables that hold it, by quintile."""


class Grade(Declaration):
    """How good the evidence is."""

    grade: Literal["A", "B", "C"]
    """A randomised trials of the outcome; B trials of a step and observation of the rest; C observation only."""
    why: Text
    """Why this grade."""


class Graded(Declaration):
    """A probability with a gradient over deprivation."""

    level: Share
    """Its level in quintile 3."""
    odds_ratio_per_decile: Ratio | None = None
    """Odds ratio for each decile more deprived; left out = the same in every quintile."""

    @property
    def by_quintile(self) -> tuple[float, ...]:
        """Central value in quintiles 1 (most deprived) to 5."""
        gradient = self.odds_ratio_per_decile
        return graded(self.level.value, 1.0 if gradient is None else gradient.value)


class _Common(Declaration):
    hisim: Version
    """Version of this file format."""
    id: Slug
    """Short name that scenarios use; the same as the file's name."""
    name: Title
    """Name in plain words."""
    summary: Text
    """One plain sentence."""
    category: Category
    """Kind of intervention in the national support team's scheme."""
    workbook: Workbook
    """The workbook it belongs to."""
    marmot: Marmot
    """The Marmot objective it serves."""
    gestation: Literal["A", "B", "C"]
    """How soon it can work: A through established disease, B through lifestyle, C through wider determinants."""
    eligible: Eligible
    """Who may be served."""
    lag_years: Years
    """Years from being served to the full effect."""
    persistence_years: Years
    """Years over which what was gained fades after delivery ends."""
    achievable: Share
    """Highest coverage thought achievable."""
    reach_now: Reach
    """How far it reaches now."""
    evidence_grade: Grade
    """How good the evidence is."""
    evidence_against: Text
    """Findings that go the other way; kept and shown."""
    sources: Annotated[dict[Title, Text], Field(min_length=1)]
    """Full citation of every source used, by key."""

    @model_validator(mode="after")
    def _every_number_has_its_source(self) -> _Common:
        for path, quantity in quantities(self):
            if quantity.source is not None and quantity.source not in self.sources:
                raise conflict(f"{path} cites '{quantity.source}', which sources does not hold", "a key of sources")
        return self


class Treatment(_Common):
    """Puts eligible people on a drug."""

    mechanism: Literal["treatment"]
    """Always ``treatment``."""
    treatment: Literal["antihypertensive", "statin"]
    """What people are put on. Two routes to the same treatment overlap by person."""
    sustained: Share
    """Share of people newly treated who stay treated."""
    effects: Annotated[tuple[Effect, ...], Field(strict=False, min_length=1)]
    """What the treatment does; each exposure and each cause at most once."""
    cost: TreatmentCost
    """What it costs."""

    @model_validator(mode="after")
    def _each_effect_once(self) -> Treatment:
        seen: set[str] = set()
        for effect in self.effects:
            what = effect.exposure if isinstance(effect, ExposureEffect) else effect.cause
            if what in seen:
                raise conflict(f"two effects on {what}", "one effect on each exposure and each cause")
            seen.add(what)
        return self


class SmokingCessation(_Common):
    """Helps smokers who try to stop."""

    mechanism: Literal["smoking_cessation"]
    """Always ``smoking_cessation``."""
    success_12_months: Graded
    """Probability of not smoking 12 months after an attempt with the service."""
    unaided_success_12_months: Graded
    """The same for an attempt without help: what the service's clients would have had without it."""
    cost: AttemptCost
    """What it costs."""


Intervention = Annotated[Treatment | SmokingCessation, Field(discriminator="mechanism")]
MECHANISMS: Mapping[str, type[Treatment] | type[SmokingCessation]] = {
    "treatment": Treatment,
    "smoking_cessation": SmokingCessation,
}


def quantities(declaration: Declaration, path: str = "") -> Iterator[tuple[str, Quantity]]:
    """Every number in ``declaration`` with its dotted place, in the order of the fields."""
    for name in type(declaration).model_fields:
        value = getattr(declaration, name)
        for index, item in enumerate(value if isinstance(value, tuple) else (value,)):
            place = f"{path}.{name}".lstrip(".") + (f"[{index}]" if isinstance(value, tuple) else "")
            if isinstance(item, Quantity):
                yield place, item
            elif isinstance(item, Declaration):
                yield from quantities(item, place)
