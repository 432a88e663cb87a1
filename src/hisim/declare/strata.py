"""Groups of people within a fifth: which there are, and how they differ from one another.

Ethnic groups and segments come from tables of hisim, groups left out from a prevalence that the author states,
segments of one's own from a file (:mod:`hisim.declare.segments`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, InstanceOf, model_validator
from pydantic.json_schema import SkipJsonSchema

from hisim.declare.distribution import Conflict, Declaration, FileText, Place, Title, conflict_error
from hisim.declare.nodes import shown
from hisim.declare.quintiles import QUINTILES, FiveFloats, Shares
from hisim.errors import nearest_name
from hisim.stratum_variables import EVERYONE_ELSE, INCLUSION_GROUPS
from hisim.variables import ETHNIC_GROUPS, OAC_SUPERGROUPS, SEXES

ALL = "all"
"""Key of :attr:`Strata.uptake` for the interventions that have no numbers of their own."""
LOWEST_RATIO, HIGHEST_RATIO = 0.001, 1000
BelongsTo = Mapping[str, tuple[str, ...]]
KEYS_OF: BelongsTo = {
    "ethnicity": ("risk_channels", "mortality_multipliers"),
    "output-area-classification": (),
    "inclusion-health": ("group", "prevalence", "relative_uptake", "relative_need"),
    "file": ("file",),
}
"""Keys that go with each way to tell strata apart."""
REQUIRED: BelongsTo = {"inclusion-health": ("group", "prevalence"), "file": ("file",)}

Both = tuple[float, float]
"""A number for women and one for men, in the order of :data:`hisim.variables.SEXES`."""
Ratio = Annotated[float, Field(ge=LOWEST_RATIO, le=HIGHEST_RATIO, allow_inf_nan=False)]


class Segment(NamedTuple):
    """One segment of a file of one's own. Ratios are against any one segment; 1 where the file says nothing."""

    name: str
    share: tuple[FiveFloats, FiveFloats]
    """Share of the women, and of the men, in quintiles 1 to 5."""
    need: Both
    """Hazard ratio of death from all causes."""
    uptake: tuple[tuple[str, Both], ...]
    """Odds ratio of taking up each intervention named, and of :data:`ALL` others."""
    risk: tuple[tuple[str, Both], ...]
    """Odds ratio of being in each of :data:`hisim.variables.RISK_CHANNELS` that the file has a column for."""


class Segments(tuple[Segment, ...]):
    """What a segment file holds; a type of its own, so that no scenario file can set it."""

    __slots__ = ()


class Strata(Declaration):
    """Which groups of people within a fifth are told apart."""

    by: Literal["ethnicity", "output-area-classification", "inclusion-health", "file"]
    """What people are told apart by: ``ethnicity`` (2011 census), ``output-area-classification`` (its supergroups),
    ``inclusion-health`` (one group left out, against everyone else) or ``file`` (segments of your own)."""
    risk_channels: bool | None = None
    """With ``ethnicity``: whether groups differ in diabetes, heart disease and smoking, and so in mortality; true
    unless ``mortality_multipliers`` is given."""
    mortality_multipliers: Literal["central", "low", "high"] | None = None
    """With ``ethnicity``: mortality of each group by published ratios instead; ``low`` and ``high`` are their ends."""
    group: Literal[
        "homelessness", "homelessness-and-other-exclusion", "serious-mental-illness", "socially-excluded"
    ] | None = None  # fmt: skip
    """With ``inclusion-health``: the group."""
    prevalence: Shares | None = None
    """With ``inclusion-health``: share of people in the group, 0 to 1: one number, or one for each quintile."""
    relative_uptake: Ratio | None = None
    """With ``inclusion-health``: odds of taking a service up, against everyone else; 1 unless given."""
    relative_need: Ratio | None = None
    """With ``inclusion-health``: mortality against everyone else [hazard ratio], in place of the published one."""
    file: Title | None = None
    """With ``file``: a segment file (CSV) of your own, named relative to this one."""
    segments: SkipJsonSchema[InstanceOf[Segments] | None] = Field(default=None, exclude=True, repr=False)
    """The segments in ``file``, put here by the reader."""
    file_text: SkipJsonSchema[InstanceOf[FileText] | None] = Field(default=None, exclude=True, repr=False)
    """What ``file`` holds, put here by the reader, so that a result can be computed again from itself."""

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        if data.get("by") == "ethnicity" and data.get("risk_channels") is None:
            return {**data, "risk_channels": data.get("mortality_multipliers") is None}
        if data.get("by") == "inclusion-health" and data.get("relative_uptake") is None:
            return {**data, "relative_uptake": 1.0}
        return data

    @model_validator(mode="after")
    def _no_conflict(self) -> Strata:
        problems = list(strata_conflicts(self.model_dump(), ()))
        if self.by == "file" and self.file is not None and self.segments is None:
            problems.append(Conflict(("segments",), "no segments", "what hisim.declare.segments.read_segments returns"))
        if problems:
            raise conflict_error(problems, seen=True)
        return self

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the strata, in order."""
        return levels_of({"by": self.by, "group": self.group, "segments": self.segments})

    @property
    def share(self) -> dict[int, dict[str, tuple[float, ...]]]:
        """Share of people in each of :attr:`levels`, by quintile and sex; empty where tables of hisim say it."""
        if self.prevalence is not None:
            five = self.prevalence
            return {q: {sex: (five[q - 1], 1.0 - five[q - 1]) for sex in SEXES} for q in QUINTILES}
        if self.segments is None:
            return {}
        return {
            q: {sex: tuple(each.share[s][q - 1] for each in self.segments) for s, sex in enumerate(SEXES)}
            for q in QUINTILES
        }

    @property
    def need(self) -> dict[str, tuple[float, ...]]:
        """Hazard ratio of death from all causes of each of :attr:`levels`, by sex; empty where tables say it."""
        if self.relative_need is not None:
            return {sex: (self.relative_need, 1.0) for sex in SEXES}
        return _by_sex([each.need for each in self.segments or ()])

    @property
    def uptake(self) -> dict[str, dict[str, tuple[float, ...]]]:
        """Odds ratio of taking up of each of :attr:`levels`, by intervention or :data:`ALL` (always there where any
        is), and sex; empty where tables say it. Segments without one for an intervention have that for all."""
        if self.relative_uptake is not None:
            return {ALL: {sex: (self.relative_uptake, 1.0) for sex in SEXES}}
        given = [dict(each.uptake) for each in self.segments or ()]
        keys = dict.fromkeys(key for each in given for key in each)
        return {key: _by_sex([each.get(key, each[ALL]) for each in given]) for key in keys}

    @property
    def risk(self) -> dict[str, dict[str, tuple[float, ...]]]:
        """Odds ratio of being in a state of each of :attr:`levels`, by risk channel and sex; only those in a file."""
        given = [dict(each.risk) for each in self.segments or ()]
        return {channel: _by_sex([each[channel] for each in given]) for channel in (given[0] if given else ())}


def _by_sex(each: list[Both]) -> dict[str, tuple[float, ...]]:
    return {sex: tuple(both[s] for both in each) for s, sex in enumerate(SEXES)} if each else {}


def levels_of(strata: Mapping[Any, Any]) -> tuple[str, ...]:
    """Names of the strata in a section as read; none where what is there does not say."""
    by, group, segments = strata.get("by"), strata.get("group"), strata.get("segments")
    if by == "ethnicity":
        return ETHNIC_GROUPS
    if by == "output-area-classification":
        return OAC_SUPERGROUPS
    if by == "inclusion-health" and isinstance(group, str) and group in INCLUSION_GROUPS:
        return (INCLUSION_GROUPS[group], EVERYONE_ELSE)
    return tuple(each.name for each in segments) if by == "file" and isinstance(segments, Segments) else ()


def strata_conflicts(strata: Mapping[Any, Any], place: Place) -> Iterator[Conflict]:
    """Conflicts within a ``strata`` section as read."""
    by = strata.get("by")
    if not isinstance(by, str) or by not in KEYS_OF:
        return
    for other, keys in KEYS_OF.items():
        for key in keys:
            if other != by and strata.get(key) is not None:
                yield Conflict((*place, key), f"'{key}' with by '{by}'", f"'{key}' only with by '{other}'",
                               (*place, "by"))  # fmt: skip
    known = {key for keys in KEYS_OF.values() for key in keys} | {"by"}
    for key in REQUIRED.get(by, ()):
        if strata.get(key) is None and not any(nearest_name(name, [key]) for name in strata if name not in known):
            yield Conflict(place, f"no '{key}', which by '{by}' needs", f"'{key}' beside 'by'", (*place, "by"))
    if by == "ethnicity" and strata.get("risk_channels") is True and strata.get("mortality_multipliers") is not None:
        found = "'mortality_multipliers' beside 'risk_channels: true': the same deaths twice"
        yield Conflict((*place, "mortality_multipliers"), found, "one of them", (*place, "risk_channels"))


def named_conflicts(use: Mapping[Any, Any], strata: object, place: Place) -> Iterator[Conflict]:
    """Conflicts between the strata that a use names and those that the scenario tells apart."""
    names = use.get("strata")
    if names is None:
        return
    if strata is None:
        found = "'strata' in a scenario that tells no strata apart"
        yield Conflict((*place, "strata"), found, "'strata' beside a section 'strata' of the scenario")
    levels = levels_of(strata) if isinstance(strata, Mapping) else ()
    first: dict[str, int] = {}
    for index, name in enumerate(names if isinstance(names, list | tuple) else ()):
        if not isinstance(name, str):
            continue
        at = (*place, "strata", index)
        if levels and name not in levels:
            yield Conflict(
                at, f"the unknown stratum {shown(name)}", ", ".join(levels), None, nearest_name(name, levels)
            )
        elif first.setdefault(name, index) != index:
            yield Conflict(at, f"{shown(name)} a second time", "each name once", (*place, "strata", first[name]))
