"""What a target is: what is to be reached by when, with which actions, and within which bounds of delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from hisim.declare.distribution import Declaration, Finite, Text, Title, Version, conflict
from hisim.declare.evidence import Slug
from hisim.declare.quintiles import Shares

AMOUNTS = ("level", "change", "percent")
PEOPLE = 256
"""Simulated people in each cohort while mixes are tried; the answer is checked with more."""
LEAST, DRAWS = 40, 100
"""Fewest draws, of which one is expected beyond each end of a 95 % interval; and the usual number."""


def _word(value: object) -> object:
    return str(value) if type(value) is int else value


Label = Annotated[Title, BeforeValidator(_word)]
Level = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Baseline(Declaration):
    """A figure that a target was stated against."""

    value: Finite
    """The figure, in the estimand's unit."""
    source: Title
    """Where it stands."""


def _baseline_kind(value: object) -> str | None:
    """Which of its three forms ``against`` has; None where it has none of them."""
    if value == "comparator":
        return "comparator"
    if type(value) is int:
        return "year"
    return "figure" if isinstance(value, Mapping | Baseline) else None


Against = Annotated[
    Annotated[Literal["comparator"], Tag("comparator")]
    | Annotated[int, Tag("year")]
    | Annotated[Baseline, Tag("figure")],
    Discriminator(
        _baseline_kind,
        custom_error_type="against",
        custom_error_message="comparator, a year of the scenario, or a map with value and source",
    ),
]


class Wish(Declaration):
    """An estimand at one place: of whom, by when."""

    estimand: Title
    """Which one: those of the reference, and qalys_gained, programme_cost, total_cost, net_health_benefit."""
    title: Title | None = None
    """What it is called in what is printed; the estimand's own title unless given."""
    year: int | None = None
    """By which year; the last one unless given. Not for figures of economics, which are for all years together."""
    quintile: Label | None = None
    """In which fifth, 1 (most deprived) to 5, or all; all unless given."""
    sex: Title | None = None
    """Female, Male or Persons; Persons unless given."""
    cause_group: Title | None = None
    """Of which group of causes; All causes unless given."""


class Goal(Wish):
    """One thing to be reached. Which way is good is the estimand's own: a gap is to fall, a life expectancy to rise."""

    level: Finite | None = None
    """This value or better."""
    change: Finite | None = None
    """This much more (or, below 0, less) than ``against``, or better."""
    percent: Finite | None = None
    """This many per cent more (or, below 0, less) than ``against``, or better: -10 makes a gap a tenth smaller."""
    against: Against = "comparator"
    """What change and percent are measured from: ``comparator``, carrying on as now in the same year; a year of the
    scenario, as it was then; or a figure with its source."""

    @model_validator(mode="after")
    def _one_amount(self) -> Goal:
        given = [name for name in AMOUNTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise conflict(" and ".join(given) or "no amount", f"exactly one of {', '.join(AMOUNTS)}", "estimand")
        if self.level is not None and "against" in self.model_fields_set:
            raise conflict("'against' beside 'level'", "change or percent beside 'against'", "against")
        return self


class Bound(Declaration):
    """How far one intervention may go: its coverage, the product of its chain of delivery."""

    use: Slug
    """Which of the scenario's interventions."""
    at_least: Shares | None = None
    """Coverage at least this fraction: one number, or one for each quintile."""
    at_most: Shares | None = None
    """Coverage at most this fraction: one number, or one for each quintile."""

    @model_validator(mode="after")
    def _some_bound(self) -> Bound:
        if self.at_least is None and self.at_most is None:
            raise conflict("no bound", "at_least, at_most or both", "use")
        if self.at_least is not None and self.at_most is not None:
            for low, high in zip(self.at_least, self.at_most, strict=True):
                if low > high:
                    raise conflict(f"at_least {low:g}, at_most {high:g}", "at_least no higher than at_most", "at_least")
        return self


class Deliverable(Declaration):
    """What target and portfolio files share: the actions, and how far each may go."""

    hisim: Version
    """Version of this file format."""
    name: Slug
    """Short name: small letters, digits and hyphens. Never ``comparator``."""
    title: Title
    """Title in plain words."""
    description: Text | None = None
    """What a reader should know."""
    scenario: Title
    """Scenario file, relative to this one: its area, years and actions, with their years, strata and capacity. How far
    each goes is the question; what the file says of that is passed over."""
    bounds: Annotated[tuple[Bound, ...], Field(strict=False, max_length=100)] = ()
    """How far interventions may go; left out = from now to what is achievable."""
    alike: Annotated[tuple[Slug, ...], Field(strict=False, max_length=100)] | None = None
    """Interventions that go the same share of the way in every fifth; left out = those that act on the population as a
    whole, such as a price or a law. An empty list = none."""
    levels: Annotated[tuple[Level, ...], Field(strict=False, min_length=2, max_length=11)] | None = None
    """Shares of the way, rising, that are the only choices for each action; left out = any."""
    people_per_cohort: Annotated[int, Field(ge=16, le=100_000, multiple_of=16)] = PEOPLE
    """Simulated people in each cohort while mixes are tried; a multiple of 16, best of 64."""
    draws: Annotated[int, Field(ge=0, le=100_000)] = DRAWS
    """Joint draws of every uncertain number that the answer is checked with: 0 for none, or 40 and more."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Deliverable:
        if self.name == "comparator":
            raise conflict("'comparator'", "any other name: that one is kept for carrying on as now", "name")
        if 0 < self.draws < LEAST:
            raise conflict(f"{self.draws}", f"0, or {LEAST} or more", "draws")
        _each_once([bound.use for bound in self.bounds], "bounds", "use")
        _each_once(self.alike or (), "alike")
        for index, (one, later) in enumerate(zip(self.levels or (), (self.levels or ())[1:], strict=False), start=1):
            if later <= one:
                raise conflict(f"{later:g} after {one:g}", "rising levels", "levels", index)
        return self


def _each_once(names: Sequence[str], key: str, *below: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise conflict(f"'{name}' a second time", "each intervention at most once", key, index, *below)


class Target(Deliverable):
    """What is to be reached by when, at the least cost."""

    reach: Annotated[tuple[Goal, ...], Field(strict=False, min_length=1, max_length=20)]
    """What is to be reached; all of it at once."""
    probability: Annotated[float, Field(ge=0.5, le=0.99)] | None = None
    """With which probability, over everything that is uncertain; left out = with the central values."""

    @model_validator(mode="after")
    def _drawn(self) -> Target:
        if self.probability is not None and self.draws == 0:
            raise conflict("no draws with a probability", f"{LEAST} or more, or left out", "draws")
        return self


def goals_of(target: Target) -> dict[str, Any]:
    """Its goals by a key of their own."""
    return {f"goal{number}": goal for number, goal in enumerate(target.reach, start=1)}
