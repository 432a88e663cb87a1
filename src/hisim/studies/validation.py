"""hisim in the situations of published studies, beside what they found.

Nothing in the model is tuned to a published result. Each comparison is run with the effects of every intervention at
their central values, and again with all at the weak and all at the strong ends of their stated intervals
(:mod:`hisim.studies.ends`): that is the interval of hisim's figure, and no more than that. The Monte Carlo standard
error of the central run stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import xarray as xr

from hisim.inputs.load import load_inputs
from hisim.inputs.published import Published, published_results
from hisim.model.projection import Progress, project
from hisim.outcomes.bands import banded
from hisim.outcomes.jackknife import monte_carlo_se
from hisim.studies.comparisons import FACTS, FALL, FIGURES, Figure, Kind, Window
from hisim.studies.ends import ENDS, End
from hisim.studies.figures import Of
from hisim.studies.situations import AHEAD, OBSERVED, PAST, Situation, ahead, observed, past
from hisim.variables import COMPARATOR

PEOPLE = 160
"""Simulated people in each cohort: fewer than a run of hisim has, for speed; chance adds the error shown."""
COUNTS = ("deaths", "person_years")
NONE = 0.0005
"""Smaller relative differences are rounding."""
RUNS = 7
"""Projections of the whole study: two times three and one, for progress."""


@dataclass(frozen=True)
class Comparison:
    """A published result and hisim's figure: central, and with effects at their weak and strong ends."""

    published: Published
    kind: Kind
    unit: str
    value: float
    """Not-a-number where hisim has no such figure; so are the others."""
    weak: float
    strong: float
    error: float
    """Monte Carlo standard error of ``value``; 0 where calibration makes it exact, not-a-number where it has none."""

    @property
    def low(self) -> float:
        """Lower end of hisim's interval."""
        return min(self.value, self.weak, self.strong)

    @property
    def high(self) -> float:
        """Upper end of hisim's interval."""
        return max(self.value, self.weak, self.strong)

    @property
    def verdict(self) -> str:
        """Whether hisim's figure lies in the published interval or, where none was published, the other way round."""
        if self.kind == "not comparable" or math.isnan(self.value):
            return "not comparable"
        there, low, high = self.published.value, self.published.low, self.published.high
        times = f"{self.value / there:.2f} times the published figure"
        if low is not None and high is not None:
            side = "inside" if low <= self.value <= high else "below" if self.value < low else "above"
            return f"{side} the published interval; {times}"
        if self.kind in ("no interval", "by calibration"):
            return (
                "no difference" if abs(self.value / there - 1) < NONE else f"differs by {self.value / there - 1:+.1%}"
            )
        if self.low <= there <= self.high:
            return f"published figure inside hisim's interval; {times}"
        return f"hisim {'lower' if self.high < there else 'higher'}; {times}"


@dataclass(frozen=True)
class Study:
    """Every comparison, and figures for the words beside them."""

    comparisons: tuple[Comparison, ...]
    facts: Mapping[str, float]
    people: int


def validate(people: int = PEOPLE, threads: int | None = None, progress: Progress | None = None) -> Study:
    """Run every comparison.

    Parameters
    ----------
    people
        Simulated people in each cohort; a multiple of 16.
    threads, progress
        As in :func:`hisim.model.projection.project`.
    """
    found: dict[str, dict[str, float]] = {figure.key: {} for figure in FIGURES}
    facts: dict[str, float] = {}
    for done, (window, end, inputs, situation) in enumerate(_runs(people)):
        part = None if progress is None else _part_of(progress, done)
        run = situation.at(end)
        projection = project(run.scenarios, inputs, library=run.library, threads=threads, progress=part)
        for figure in FIGURES:
            if figure.window == window:
                found[figure.key] |= measured(figure, projection, end)
        if end == "central":
            facts |= {**situation.facts, **FACTS[window](projection)}
    comparisons = tuple(_compared(figure, found[figure.key]) for figure in FIGURES)
    return Study(comparisons, facts | derived(facts, {one.published.key: one.value for one in comparisons}), people)


def derived(facts: Mapping[str, float], values: Mapping[str, float]) -> dict[str, float]:
    """What falls of pressure, cholesterol and smoking would give the published deaths.

    A rise by x makes deaths D exp(b x) of D, so deaths d more take ln(1 + d / D) / b.
    """
    table, died = published_results(), facts["coronary_2007"]
    out = {}
    for name in ("pressure", "cholesterol"):
        risk = facts[f"{name}_risk"] / facts[f"{name}_fall"]
        out[f"{name}_percent"] = -100 * math.expm1(-risk)
        out[f"{name}_unit"] = -died * math.expm1(-risk)
        out[f"{name}_needed"] = math.log1p(table[f"{name}-population"].value / died) / risk
    out["points_share"] = table["smoking-share"].value / 100 * FALL / values["smoking-share"]
    return out


def measured(figure: Figure, projection: xr.Dataset, end: End) -> dict[str, float]:
    """hisim's figure from one projection: under the name of the end and, of the central one, its error."""
    if figure.of is None:
        return {end: math.nan, "error": math.nan}
    raw = projection.sel(scenario=[COMPARATOR, *figure.scenarios], year=slice(*figure.years))
    value = float(figure.of(banded(raw[list(COUNTS)]), raw).squeeze())
    if end != "central":
        return {end: value}
    return {end: value, "error": _error(figure, raw)}


def _error(figure: Figure, raw: xr.Dataset) -> float:
    assert figure.of is not None
    if figure.kind == "by calibration":
        return 0.0
    if not figure.chance:
        return math.nan
    return float(monte_carlo_se(raw.drop_vars("winter_share"), partial(_only, of=figure.of, raw=raw)).squeeze())


def _only(data: xr.Dataset, *, of: Of, raw: xr.Dataset) -> xr.DataArray:
    return of(data, raw)


def _runs(people: int) -> Iterator[tuple[Window, End, xr.Dataset, Situation]]:
    """What is projected, one after the other: each situation at the centre and both ends, the observed years once."""
    inputs = load_inputs(*PAST)
    several: tuple[tuple[Window, xr.Dataset, Situation], ...] = (
        ("past", inputs, past(inputs, people)),
        ("ahead", load_inputs(*AHEAD), ahead(people)),
    )
    for window, data, situation in several:
        yield from ((window, end, data, situation) for end in ENDS)
    yield "observed", "central", load_inputs(*OBSERVED), observed()


def _part_of(progress: Progress, done: int) -> Progress:
    return lambda share: progress((done + share) / RUNS)


def _compared(figure: Figure, found: Mapping[str, float]) -> Comparison:
    published = published_results()[figure.key]
    central = found["central"]
    weak, strong = found.get("weak", central), found.get("strong", central)
    return Comparison(published, figure.kind, figure.unit or published.unit, central, weak, strong, found["error"])
