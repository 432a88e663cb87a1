"""What a scenario is: for which years, on which trend, with which interventions at what scale.

The attributes below are the reference of the file format. A scenario is frozen: it can be compared,
hashed by its text and shared between threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, InstanceOf, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from hisim.areas import Refusal, look_up
from hisim.declare.delivery import PROFILES, STEPS, ChangeKind, part_of_the_way, scale
from hisim.declare.distribution import Conflict, Declaration, FileText, Place, Text, Title, Version, conflict_error
from hisim.declare.evidence import Common, Slug
from hisim.declare.quintiles import Additions, FiveFloats, Shares, Times
from hisim.declare.strata import Strata, named_conflicts, strata_conflicts
from hisim.errors import nearest_name

FIRST_START, LAST_OBSERVED, LONGEST = 2002, 2011, 40
FILLED_IN = ("from", "full_from")
"""Keys of a use that are filled in when a file leaves them out."""
AMOUNTS: tuple[ChangeKind, ...] = ("relative", "to", "add")
CHANGE_KINDS = (*AMOUNTS, "profile", "achievable", "steps")
USE_KEYS = ("use", "file", *CHANGE_KINDS, "strata", "capacity", "from", "full_from", "until", "intervention")


def _area(value: object) -> str:
    """The key of the area that a name, a code or a list of them says."""
    found = look_up(value)
    if isinstance(found, Refusal):
        raise PydanticCustomError("area", "{found}", {**found._asdict()})
    return found.key


AreaKey = Annotated[str, BeforeValidator(_area, json_schema_input_type=str | list[str])]


class Change(NamedTuple):
    """By how much coverage changes, in quintiles 1 (most deprived) to 5."""

    kind: ChangeKind
    values: FiveFloats


class Steps(Declaration):
    """Steps of delivery brought to new shares; those left out stay as now."""

    need_known: Shares | None = None
    """In need and known to services: one number, or one for each quintile."""
    offered: Shares | None = None
    """Of those known, offered it."""
    taken_up: Shares | None = None
    """Of those offered, accepting."""
    delivered: Shares | None = None
    """Of those accepting, getting the effective service."""
    sustained: Shares | None = None
    """Of those, still with it."""


UNDAMPED = ("flat", "continue", "pooled")
"""Kinds of trend that have no damping."""


class Trend(Declaration):
    """How mortality rates go on after the last observed year."""

    kind: Literal["flat", "continue", "damped", "pooled"] = "damped"
    """``flat``: no change; ``continue``: the observed yearly change; ``damped``: it shrinks every year; ``pooled``: the
    nation's change of the last ten years known, by sex and age, and what each fifth and cause can tell beyond that."""
    damping: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    """What the yearly change is multiplied by each year; only with ``damped``, where it is 0.9 unless given."""

    @model_validator(mode="before")
    @classmethod
    def _default_damping(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("kind", "damped") == "damped" and data.get("damping") is None:
            return {**data, "damping": 0.9}
        return data


ONE_TO_ONE = "one to one"
"""What a result records for the people in a cohort where everyone is simulated."""


class Simulation(Declaration):
    """How the model is run."""

    people_per_cohort: Annotated[int, Field(ge=16, le=100_000, multiple_of=16)] = 1280
    """Simulated people in each cohort; a multiple of 16."""
    one_to_one: bool = False
    """One simulated person for each there is, instead of the same number in each cohort: England in half a minute."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 2011
    """Seed of chance: the same seed gives the same result."""
    estimator: Literal["expected", "sampled"] = "expected"
    """``expected``: survival weights, the more precise; ``sampled``: deaths are drawn, counts are whole."""
    uptake_correlation: Annotated[float, Field(ge=0, le=0.95, allow_inf_nan=False)] = 0.0
    """How far the same people come to everything: correlation of people's readiness across services, 0 to 0.95."""

    @model_validator(mode="after")
    def _one_number_of_people(self) -> Simulation:
        if self.one_to_one and self.people_per_cohort != type(self).model_fields["people_per_cohort"].default:
            raise ValueError("found one_to_one and people_per_cohort; allowed: one of the two")
        return self

    @property
    def people(self) -> str:
        """How many are simulated in each cohort, as results record it."""
        return ONE_TO_ONE if self.one_to_one else str(self.people_per_cohort)


class Use(Declaration):
    """One intervention at one scale."""

    id: Slug = Field(alias="use")
    """Which intervention of the library, or of ``file``; each at most once."""
    file: Title | None = None
    """An intervention file of your own, named relative to this one and called after its id; it goes before the
    library's of the same id."""
    relative: Times | None = None
    """Coverage times this, 0 to 10: one number, or one for each quintile. 1.4 = 40 % more."""
    to: Shares | None = None
    """Coverage brought to this fraction, 0 to 1: one number, or one for each quintile."""
    add: Additions | None = None
    """This fraction added to coverage, -1 to 1: one number, or one for each quintile."""
    profile: Literal[
        "as_now", "bench_experiment", "industrial_scale", "most_deprived_first", "proportionate", "by_segment"
    ] | None = None  # fmt: skip
    """A named way to deliver: each step of the chain goes a share of the way from now to what is achievable."""
    achievable: Shares | None = None
    """Each step of the chain goes this share of the way from now to what is achievable, 0 to 1: one number, or one for
    each quintile. What ``hisim target`` and ``hisim portfolio`` answer with."""
    steps: Steps | None = None
    """Steps of the chain of delivery brought to these shares."""
    strata: Annotated[tuple[Title, ...], Field(strict=False, min_length=1, max_length=100)] | None = None
    """Only for people of these strata, as the scenario's ``strata`` names them; for everyone else it stays as now."""
    capacity: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """Most people served in a year in England [persons]; left out = what the intervention's file says, if anything. An
    area has its share by people."""
    start: int = Field(alias="from")
    """First year of the change; the scenario's first year unless given."""
    full_from: int
    """First year at full scale, reached in a straight line; the same as ``from`` unless given."""
    until: int | None = None
    """Last year of delivery; afterwards what was gained fades. Left out = to the end."""
    intervention: SkipJsonSchema[InstanceOf[Common]] = Field(exclude=True, repr=False)
    """The intervention itself, put here by the reader."""
    file_text: SkipJsonSchema[InstanceOf[FileText] | None] = Field(default=None, exclude=True, repr=False)
    """What ``file`` holds, put here by the reader, so that a result can be computed again from itself."""

    @model_validator(mode="before")
    @classmethod
    def _at_full_scale_at_once(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "full_from" not in data:
            start = data.get("from", data.get("start"))
            return data if start is None else {**data, "full_from": start}
        return data

    @property
    def kind(self) -> str:
        """Which of :data:`CHANGE_KINDS` says what changes."""
        return next(kind for kind in CHANGE_KINDS if getattr(self, kind) is not None)

    @property
    def change(self) -> Change | None:
        """Kind of amount and its value in each quintile; None where the chain of delivery changes instead."""
        return next((Change(kind, getattr(self, kind)) for kind in AMOUNTS if getattr(self, kind) is not None), None)

    @property
    def ends(self) -> int | None:
        """Last year of delivery: ``until``, or when the profile's years are over; None = to the end."""
        years = PROFILES[self.profile].years if self.profile else None
        return self.until if self.until is not None or years is None else max(self.full_from, self.start + years - 1)

    @property
    def capacity_per_year(self) -> float | None:
        """Most people served in a year in England [persons], from the scenario or the intervention; None = no limit."""
        stated = self.intervention.delivery.capacity
        return self.capacity if self.capacity is not None else (None if stated is None else stated.value)

    @property
    def shares_of_the_way(self) -> FiveFloats | None:
        """Share of the way from now to what is achievable, in quintiles 1 to 5; None where something else changes."""
        return PROFILES[self.profile].shares if self.profile is not None else self.achievable

    def chain(self, year: int) -> Mapping[str, tuple[float, ...]]:
        """Share of each step of delivery in ``year``, in quintiles 1 to 5; today's where the change is an amount."""
        delivery, share = self.intervention.delivery, self.scale_in_place(year)
        now = delivery.steps_now
        shares = self.shares_of_the_way
        if shares is not None:
            full = delivery.steps_achievable
        elif self.steps is not None:
            full = {step: getattr(self.steps, step) or now[step] for step in STEPS}
            shares = (1.0,) * 5
        else:
            return dict(now)
        return {step: part_of_the_way(now[step], full[step], shares, share) for step in STEPS}

    def scale_in_place(self, year: int) -> float:
        """Share of the change in place in ``year``, from 0 to 1."""
        persistence = self.intervention.persistence_years.value
        return scale(year, self.start, self.full_from, self.ends, persistence)

    @model_validator(mode="after")
    def _no_conflict(self) -> Use:
        _refuse(use_conflicts(self.model_dump(by_alias=True), ()))
        return self


class Scenario(Declaration):
    """What is done, for whom, from when; everything else carries on as now."""

    hisim: Version
    """Version of this file format."""
    name: Slug
    """Short name: small letters, digits and hyphens. Never ``comparator``."""
    title: Title
    """Title in plain words."""
    description: Text | None = None
    """What a reader should know."""
    area: AreaKey = "E92000001"
    """Name or code of an area (``hisim areas`` lists them), or a list of them that are taken together; England unless
    given."""
    start: Annotated[int, Field(ge=FIRST_START, le=LAST_OBSERVED)]
    """First year."""
    end: int
    """Last year, at most 40 years after the first."""
    trend: Trend = Field(default_factory=Trend)
    """How mortality rates go on after the last observed year."""
    observed_to: Annotated[int, Field(le=LAST_OBSERVED)] = LAST_OBSERVED
    """Last year whose observed rates are used; an earlier one makes a hindcast."""
    simulation: Simulation = Field(default_factory=Simulation)
    """How the model is run."""
    strata: Strata | None = None
    """Groups of people within each fifth that are told apart; left out = none are."""
    interventions: Annotated[tuple[Use, ...], Field(strict=False, max_length=50)] = ()
    """What is done, each at its scale."""

    @model_validator(mode="before")
    @classmethod
    def _from_the_start(cls, data: Any) -> Any:
        uses = data.get("interventions") if isinstance(data, Mapping) else None
        if not isinstance(uses, list | tuple) or "start" not in data:
            return data
        filled = [_with_start(use, data["start"]) if isinstance(use, Mapping) else use for use in uses]
        return {**data, "interventions": filled}

    @model_validator(mode="after")
    def _nothing_impossible(self) -> Scenario:
        data = {**self.model_dump(exclude={"interventions"}), "interventions": []}
        data["interventions"] = [use.model_dump(by_alias=True) for use in self.interventions]
        if self.strata is not None:
            data["strata"]["segments"] = self.strata.segments
        _refuse(conflicts(data))
        return self

    @property
    def own_files(self) -> Mapping[str, str]:
        """What the files hold that the scenario names, interventions and segments, by the name it gives."""
        named = [(use.file, use.file_text) for use in self.interventions]
        if self.strata is not None:
            named.append((self.strata.file, self.strata.file_text))
        return {name: str(text) for name, text in named if name is not None and text is not None}


def _with_start(use: Mapping[str, Any], start: object) -> Mapping[str, Any]:
    return use if "from" in use or "start" in use else {**use, "from": start}


def _refuse(found: Iterator[Conflict]) -> None:
    if problems := list(found):
        raise conflict_error(problems, seen=True)


def _whole(data: Mapping[Any, Any], key: str) -> int | None:
    value = data.get(key)
    return value if type(value) is int else None


def _order(data: Mapping[Any, Any], earlier: str, later: str, place: Place) -> Iterator[Conflict]:
    first, second = _whole(data, earlier), _whole(data, later)
    if first is not None and second is not None and second < first:
        yield Conflict((*place, later), f"{second}, before {earlier} {first}", f"{first} or later", (*place, earlier))


def conflicts(data: Mapping[Any, Any]) -> Iterator[Conflict]:
    """Every conflict in a scenario as read; what is missing or of the wrong type is passed over."""
    if data.get("name") == "comparator":
        yield Conflict(("name",), "'comparator'", "any other name: that one is kept for carrying on as now")
    yield from _order(data, "start", "end", ())
    yield from _order(data, "start", "observed_to", ())
    start, end = _whole(data, "start"), _whole(data, "end")
    if start is not None and end is not None and end > start + LONGEST:
        yield Conflict(("end",), f"{end}", f"{start + LONGEST} or earlier ({LONGEST} years after start)", ("start",))
    trend = data.get("trend")
    if isinstance(trend, Mapping) and trend.get("damping") is not None and trend.get("kind") in UNDAMPED:
        found = f"damping with kind '{trend.get('kind')}'"
        yield Conflict(("trend", "damping"), found, "damping only with kind 'damped'", ("trend", "kind"))
    uses, strata = data.get("interventions"), data.get("strata")
    if isinstance(strata, Mapping):
        yield from strata_conflicts(strata, ("strata",))
    for index, use in enumerate(uses if isinstance(uses, list | tuple) else ()):
        if isinstance(use, Mapping):
            place = ("interventions", index)
            yield from use_conflicts(use, place)
            yield from named_conflicts(use, strata, place)
            yield from _years_within(use, place, start, end)
    yield from _used_twice(uses if isinstance(uses, list | tuple) else ())


def use_conflicts(use: Mapping[Any, Any], place: Place) -> Iterator[Conflict]:
    """Conflicts within one use of an intervention."""
    given = [kind for kind in CHANGE_KINDS if use.get(kind) is not None]
    if not given and not any(nearest_name(key, CHANGE_KINDS) for key in use if key not in USE_KEYS):
        yield Conflict(place, "no amount", "exactly one of " + ", ".join(CHANGE_KINDS))
    for kind in given[1:]:
        found = f"'{kind}' beside '{given[0]}': two lines that set the same thing"
        yield Conflict((*place, kind), found, "exactly one of " + ", ".join(CHANGE_KINDS), (*place, given[0]))
    steps = use.get("steps")
    if isinstance(steps, Mapping) and all(key in STEPS and value is None for key, value in steps.items()):
        yield Conflict((*place, "steps"), "no step", "one or more of " + ", ".join(STEPS))
    if use.get("profile") == "by_segment" and use.get("strata") is None:
        yield Conflict((*place, "profile"), "'by_segment' without 'strata'", "'by_segment' beside 'strata'")
    yield from _order(use, "from", "full_from", place)
    yield from _order(use, "from" if _whole(use, "full_from") is None else "full_from", "until", place)


def _years_within(use: Mapping[Any, Any], place: Place, start: int | None, end: int | None) -> Iterator[Conflict]:
    if start is None or end is None or end < start:
        return
    for key in ("from", "full_from", "until"):
        year = _whole(use, key)
        if year is not None and not start <= year <= end:
            yield Conflict((*place, key), f"{year}", f"a year from start {start} to end {end}")


def _used_twice(uses: list[Any] | tuple[Any, ...]) -> Iterator[Conflict]:
    first: dict[str, int] = {}
    for index, use in enumerate(uses):
        name = use.get("use") if isinstance(use, Mapping) else None
        if isinstance(name, str) and name.isprintable() and first.setdefault(name, index) != index:
            place, other = ("interventions", index, "use"), ("interventions", first[name], "use")
            yield Conflict(place, f"'{name}' a second time", "each intervention at most once", other)
