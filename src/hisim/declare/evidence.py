"""What every intervention says of itself beside what it does: for whom, how far it reaches, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hisim.declare.delivery import STEPS, graded
from hisim.declare.distribution import (
    Conflict,
    Declaration,
    Money,
    People,
    Place,
    Quantity,
    Ratio,
    Share,
    Step,
    Text,
    Title,
    Version,
    Years,
    conflict,
    conflict_error,
)
from hisim.declare.nodes import shown
from hisim.declare.quintiles import FiveFloats
from hisim.errors import nearest_name

Slug = Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9])*$", max_length=60)]
Age = Annotated[int, Field(ge=0, le=100)]
Category = Literal["population", "personal health", "community health"]
Workbook = Literal[
    "Cardiovascular disease", "Diabetes", "Cancer", "Tobacco control", "Infant mortality", "Seasonal excess deaths",
    "Chronic obstructive pulmonary disease", "Alcohol harm reduction", "Low income, debt and health", "Employment",
    "Housing and health", "none (national comparator)",
]  # fmt: skip
Marmot = Literal[
    "Give every child the best start in life",
    "Enable all children, young people and adults to maximise their capabilities and have control over their lives",
    "Create fair employment and good work for all",
    "Ensure a healthy standard of living for all",
    "Create and develop healthy and sustainable places and communities",
    "Strengthen the role and impact of ill-health prevention",
]
State = Literal[
    "everyone", "hypertension", "diabetes", "diabetes_hypertension", "chd", "stroke_history", "cvd_history",
    "high_risk", "cvd_history_or_high_risk", "atrial_fibrillation", "heart_failure", "copd", "recent_tia",
    "hazardous_drinker", "harmful_drinker", "unemployed", "income_deprived", "fuel_poor", "overcrowded",
    "smoked_in_pregnancy", "current_smoker",
]  # fmt: skip
STATE_WORDS: dict[str, str] = {
    "everyone": "everyone",
    "hypertension": "usual systolic pressure of 135 mmHg or more untreated (as common as 140 at one visit)",
    "diabetes": "people with diabetes",
    "diabetes_hypertension": "people with diabetes and hypertension",
    "chd": "people with a history of coronary heart disease",
    "stroke_history": "people who have had a stroke",
    "cvd_history": "people with a history of coronary heart disease or stroke",
    "high_risk": "people with hypertension or diabetes and no history of heart disease or stroke",
    "cvd_history_or_high_risk": (
        "a history of coronary heart disease or stroke (35 and over), or hypertension or diabetes (40 and over)"
    ),
    "atrial_fibrillation": "people with atrial fibrillation",
    "heart_failure": "people with heart failure",
    "copd": "people with chronic obstructive pulmonary disease",
    "recent_tia": "people who have a transient ischaemic attack or minor stroke in the year",
    "hazardous_drinker": "people who drink over 24 g (men) or 16 g (women) of alcohol a day",
    "harmful_drinker": "people who drink over 57 g (men) or 40 g (women) of alcohol a day",
    "unemployed": "people of working age who are out of work",
    "income_deprived": "people in income-deprived households",
    "fuel_poor": "people in fuel-poor households",
    "overcrowded": "people in overcrowded households",
    "smoked_in_pregnancy": "babies whose mother smoked in pregnancy",
    "current_smoker": "smokers",
}


class Eligible(Declaration):
    """Who may be served."""

    ages: Annotated[tuple[Age, Age], Field(strict=False)]
    """Youngest and oldest age, both included."""
    sexes: Annotated[tuple[Literal["Female", "Male"], ...], Field(strict=False, min_length=1, max_length=2)]
    """Female, Male or both."""
    state: State
    """The condition or circumstance that brings people in scope; ``everyone`` for all."""

    @model_validator(mode="after")
    def _in_order(self) -> Eligible:
        if self.ages[0] > self.ages[1]:
            raise conflict(f"ages from {self.ages[0]} to {self.ages[1]}", "the youngest age first", "ages")
        if len(set(self.sexes)) != len(self.sexes):
            raise conflict("the same sex twice", "each sex once", "sexes")
        return self


class Chain(Declaration):
    """The steps of delivery, each a share of the people at the step before: the Christmas Tree as losses."""

    need_known: Step | None = None
    """In need and known to services."""
    offered: Step | None = None
    """Of those known, offered it within capacity."""
    taken_up: Step | None = None
    """Of those offered, accepting."""
    delivered: Step | None = None
    """Of those accepting, getting the effective service."""
    sustained: Step | None = None
    """Of those, still with it."""


class Delivery(Declaration):
    """How far the chain reaches now and could reach."""

    now: Chain
    """Today, which the comparator carries on; a step left out loses nobody."""
    achievable: Chain
    """What systematic, resourced and lasting delivery is thought to reach; a step left out stays as it is now, and so
    does each quintile in which a step is below today's. A step below today's in all five is refused."""
    capacity: People | None = None
    """Most people served in a year in England; left out = no limit known."""

    @property
    def steps_now(self) -> dict[str, FiveFloats]:
        """Central share of each step today, in quintiles 1 to 5."""
        given = {step: getattr(self.now, step) for step in STEPS}
        return {step: EVERYONE if found is None else found.values for step, found in given.items()}

    @property
    def steps_achievable(self) -> dict[str, FiveFloats]:
        """Central share of each step thought achievable, in quintiles 1 to 5; today's where that is higher."""
        given = {step: getattr(self.achievable, step) for step in STEPS}
        return {
            step: now if given[step] is None else _higher(now, given[step].values)
            for step, now in self.steps_now.items()
        }

    @model_validator(mode="after")
    def _no_step_back(self) -> Delivery:
        back = []
        for step, now in self.steps_now.items():
            today, given = getattr(self.now, step), getattr(self.achievable, step)
            if given is not None and all(after < before for after, before in zip(given.values, now, strict=True)):
                share = 1.0 if today is None else today.value
                found = f"{given.value:g}, below now ({share:g}) in every quintile"
                back.append(Conflict(("achievable", step, "value"), found, "the share now, or more, in some quintile"))
        if back:
            raise conflict_error(back)
        return self

    def coverage(self, steps: Mapping[str, tuple[float, ...]]) -> tuple[float, ...]:
        """Share of eligible people served through all ``steps``, in quintiles 1 to 5."""
        return tuple(prod(shares) for shares in zip(*steps.values(), strict=True))


EVERYONE: FiveFloats = (1.0, 1.0, 1.0, 1.0, 1.0)


def _higher(first: FiveFloats, second: FiveFloats) -> FiveFloats:
    a, b, c, d, e = (max(pair) for pair in zip(first, second, strict=True))
    return (a, b, c, d, e)


class Cost(Declaration):
    """What it costs; at least one line."""

    per_person_year_gbp: Money | None = None
    """Cost of serving one person for one year."""
    per_attempt_gbp: Money | None = None
    """Cost of one quit attempt made with the service."""
    per_person_gbp: Money | None = None
    """Cost of serving one person once: charged for each person served in the year."""
    per_offer_gbp: Money | None = None
    """Cost of each offer, taken up or not."""
    per_year_gbp: Money | None = None
    """Fixed cost of a year in England at full scale."""

    @model_validator(mode="after")
    def _something(self) -> Cost:
        if not any(getattr(self, name) is not None for name in type(self).model_fields):
            raise conflict("a cost without a line", f"one or more of {', '.join(type(self).model_fields)}")
        return self


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


class Common(Declaration, defer_build=True):
    """What every intervention declares."""

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
    workbooks: Annotated[tuple[Workbook, ...], Field(strict=False, min_length=1)]
    """The workbooks it belongs to."""
    marmot: Marmot
    """The Marmot objective it serves."""
    gestation: Literal["A", "B", "C"]
    """How soon it can work: A through established disease, B through lifestyle, C through wider determinants."""
    eligible: Eligible
    """Who may be served."""
    lag_years: Years
    """Years from being served to the full effect."""
    persistence_years: Years
    """Years over which what was gained fades after delivery ends, or after people have grown too old for it."""
    delivery: Delivery
    """The chain of delivery, now and achievable."""
    reach_now: Text
    """What is known about how far it reaches now, in a sentence."""
    cost: Cost
    """What it costs."""
    evidence_grade: Grade
    """How good the evidence is."""
    evidence_against: Text
    """Findings that go the other way; kept and shown."""
    caution: Text | None = None
    """Where a reader of results would be misled without it: a sentence that every result carries."""
    author_must_supply: Text | None = None
    """What is not known, so that no scenario may use this file: only a file of its author's own that states it."""
    sources: Annotated[dict[Title, Text], Field(min_length=1)]
    """Full citation of every source used, by key."""

    @model_validator(mode="after")
    def _every_number_has_its_source(self) -> Common:
        if unknown := list(unknown_sources(self.model_dump())):
            raise conflict_error(unknown, seen=True)
        return self


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


def unknown_sources(data: Mapping[Any, Any]) -> Iterator[Conflict]:
    """Every source that an intervention as read cites and its ``sources`` do not hold."""
    sources = data.get("sources")
    if isinstance(sources, Mapping) and sources:
        keys = [str(key) for key in sources]
        yield from _uncited({key: item for key, item in data.items() if key != "sources"}, keys, ())


def _uncited(value: Any, keys: list[str], place: Place) -> Iterator[Conflict]:
    if isinstance(value, Mapping):
        source = value.get("source")
        if isinstance(source, str) and source not in keys:
            found = f"{shown(source)}, which sources does not hold"
            yield Conflict((*place, "source"), found, "a key of sources", nearest=nearest_name(source, keys))
    items = value.items() if isinstance(value, Mapping) else enumerate(value if isinstance(value, list | tuple) else ())
    for step, item in items:
        yield from _uncited(item, keys, (*place, step))
