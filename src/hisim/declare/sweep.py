"""What a sweep is: which scenarios, which of their numbers vary and how, by which design, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from hisim.declare.distribution import Declaration, Finite, Shape, Text, Title, Version, conflict
from hisim.declare.evidence import Slug

Path = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[a-z0-9][a-z0-9_.\[\]-]*$")]
Kind = Literal["draws", "one_at_a_time", "grid", "latin_hypercube", "morris", "sobol"]
SIZED = ("draws", "latin_hypercube", "morris", "sobol")
"""Designs whose number of samples is the author's to choose."""
MOST_RUNS = 1_000_000
PEOPLE = 128
"""Simulated people in each cohort of a run among many: chance averages out over runs."""


def _listed(value: object) -> object:
    return value if value is None or isinstance(value, list | tuple) else [value]


def _words(value: object) -> object:
    """One label or several, as text: quintile 1 may be written as a number."""
    listed = _listed(value)
    return [str(one) if type(one) is int else one for one in listed] if isinstance(listed, list) else listed


Years = Annotated[tuple[int, ...], Field(strict=False, min_length=1, max_length=60), BeforeValidator(_listed)]
Names = Annotated[tuple[Title, ...], Field(strict=False, min_length=1, max_length=60), BeforeValidator(_words)]


class Over(Declaration):
    """A number that varies."""

    path: Path
    """Its dotted place, such as ``interventions.statins.delivery.now.offered``, ``inputs.parameters.diabetes_known`` or
    ``scenario.trend.damping``."""
    value: Finite | None = None
    """Its central value; what the file or table says unless given."""
    low: Finite | None = None
    """Lower end; what the number's own interval says unless given."""
    high: Finite | None = None
    """Upper end; what the number's own interval says unless given."""
    distribution: Shape | None = None
    """Shape between and around ``low`` and ``high``; the number's own unless given, uniform where it has none."""
    values: Annotated[tuple[Finite, ...], Field(strict=False, min_length=2, max_length=1000)] | None = None
    """Of a grid: the values it takes."""

    @model_validator(mode="after")
    def _range_or_values(self) -> Over:
        if self.values is not None and (self.low is not None or self.high is not None or self.distribution is not None):
            raise conflict("'values' beside a range", "values, or low and high", "values")
        if (self.low is None) != (self.high is None):
            raise conflict("one end of a range", "both low and high", "low" if self.high is None else "high")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise conflict(f"low {self.low:g}, high {self.high:g}", "low below high", "low")
        return self


class Correlation(Declaration):
    """Two numbers that are not believed independently of each other."""

    between: Annotated[tuple[Path, Path], Field(strict=False)]
    """Their paths; both are among those that vary."""
    coefficient: Annotated[float, Field(gt=-1, lt=1, allow_inf_nan=False)]
    """Correlation of their normal scores, between -1 and 1."""

    @model_validator(mode="after")
    def _two(self) -> Correlation:
        if self.between[0] == self.between[1]:
            raise conflict(f"'{self.between[0]}' twice", "two numbers", "between")
        return self


class Wanted(Declaration):
    """One estimand that is asked of every run, at some years and places."""

    estimand: Title
    """Which one: those of the reference, and qalys_gained, programme_cost, total_cost, net_health_benefit."""
    scenario: Names | None = None
    """Which scenarios; left out = all."""
    year: Years | None = None
    """Which years; left out = all. Not for figures of economics, which are for all years together."""
    quintile: Names | None = None
    """Which quintiles, 1 (most deprived) to 5 or all; left out = all of these."""
    sex: Names | None = None
    """Female, Male or Persons; left out = all of these."""
    cause_group: Names | None = None
    """Which groups of causes, or All causes; left out = all of these."""
    change: bool = False
    """The scenario's figure minus the comparator's, for what is not a difference already."""


class Target(Wanted):
    """What is to be reached: the answer is the chance of it."""

    at_least: Finite | None = None
    """Reached at this value or above."""
    at_most: Finite | None = None
    """Reached at this value or below."""

    @model_validator(mode="after")
    def _one_side(self) -> Target:
        if (self.at_least is None) == (self.at_most is None):
            raise conflict("both or neither of 'at_least' and 'at_most'", "one of the two", "estimand")
        return self


class Sweep(Declaration):
    """Many runs of the same scenarios with other numbers."""

    hisim: Version
    """Version of this file format."""
    name: Slug
    """Short name: small letters, digits and hyphens."""
    title: Title
    """Title in plain words."""
    description: Text | None = None
    """What a reader should know."""
    scenarios: Annotated[tuple[Title, ...], Field(strict=False, min_length=1, max_length=20)]
    """Scenario files, relative to this one."""
    design: Kind
    """``draws``: all numbers at once from their distributions; ``one_at_a_time``: each to both ends; ``grid``: every
    combination; ``latin_hypercube``; ``morris`` and ``sobol``: which numbers carry the answer."""
    size: Annotated[int, Field(ge=1, le=MOST_RUNS)] | None = None
    """Draws; samples of a Latin hypercube; trajectories of Morris; base samples of Sobol, a power of two."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    """Seed of the design; chance within runs goes by the scenarios' seed."""
    second_order: bool = False
    """Of Sobol: indices of pairs as well, for twice the runs."""
    levels: Annotated[int, Field(ge=4, le=20, multiple_of=2)] = 4
    """Of Morris: levels that each number takes."""
    people_per_cohort: Annotated[int, Field(ge=16, le=100_000, multiple_of=16)] = PEOPLE
    """Simulated people in each cohort of a run; a multiple of 16, best of 64."""
    unit_runs: Annotated[int, Field(ge=1, le=1000)] = 16
    """Runs in a unit of work: what is lost when a machine stops, and what is sent to a cluster at once."""
    over: Annotated[tuple[Over, ...], Field(strict=False, min_length=1, max_length=1000)] | None = None
    """What varies; left out = every uncertain number there is."""
    correlations: Annotated[tuple[Correlation, ...], Field(strict=False, max_length=1000)] = ()
    """Numbers that are not independent; all others are."""
    estimands: Annotated[tuple[Wanted, ...], Field(strict=False, min_length=1, max_length=100)] | None = None
    """What is asked of every run; left out = deaths prevented or postponed in the most deprived fifth, and how far the
    gap in life expectancy narrows."""
    targets: Annotated[tuple[Target, ...], Field(strict=False, max_length=100)] = ()
    """What is to be reached; with ``draws`` the chance of each is told."""
    opportunity_cost: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """GBP that gain one QALY elsewhere: asks for the value of information for choosing between the scenarios."""

    @model_validator(mode="before")
    @classmethod
    def _scenario_files(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("scenarios"), str):
            return {**data, "scenarios": [data["scenarios"]]}
        return data

    @model_validator(mode="after")
    def _hangs_together(self) -> Sweep:
        if (self.design in SIZED) != (self.size is not None):
            raise conflict(
                f"design '{self.design}' {'with' if self.size else 'without'} a size",
                "a size" if self.design in SIZED else "no size: its runs follow from what varies",
                "design" if self.size is None else "size",
            )
        if self.correlations and self.design not in ("draws", "latin_hypercube"):
            raise conflict(f"correlations with design '{self.design}'", "draws or latin_hypercube", "correlations")
        paths = [one.path for one in self.over or ()]
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice is not None:
            raise conflict(
                f"'{twice}' twice", "each path once", "over", len(paths) - 1 - paths[::-1].index(twice), "path"
            )
        for index, one in enumerate(self.over or ()):
            if (one.values is not None) and self.design != "grid":
                raise conflict("'values' outside a grid", "low and high, or design 'grid'", "over", index, "values")
        if self.design == "grid" and self.over is None:
            raise conflict("a grid of everything", "over: what varies", "design")
        return self
