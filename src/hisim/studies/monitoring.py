"""Observed figures beside the trajectories of a plan: the gaps they make, and what the rule says of each.

Where a series of figures begins with an earlier period, what is judged is the change since then: what a place differs
by from the model to begin with then counts neither for nor against it. A figure alone is judged by its level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from hisim.declare.observed import EVERYONE, Known, Observed
from hisim.outcomes.indicators import Indicator
from hisim.outcomes.judging import (
    POWERFUL,
    SHARE_OF_A_FIFTH,
    Judged,
    Z,
    error_of_gap,
    error_of_interval,
    error_of_proportion,
    error_of_rate,
    judge,
    power,
)
from hisim.studies.aspirations import Three, why_not
from hisim.studies.trajectories import Trajectories, interval
from hisim.studies.worlds import COUNT
from hisim.studies.yearly import year_to_year
from hisim.variables import COMPARATOR

OF_ALL = "all-age-rate"
"""Its denominator is everyone."""
NOTHING = float("nan")
UNSAID = Judged("cannot tell yet", NOTHING, NOTHING, NOTHING, 0.0)
"""Of a figure of which the model says nothing: nobody, or too few, live or die there."""


class Figure(NamedTuple):
    """One observed figure with its own standard error [unit of the indicator]."""

    indicator: Indicator
    sex: str
    fifth: str
    first: int
    last: int
    value: float
    error: float
    derived: bool
    """Whether it is a gap made of the figures of two fifths."""

    @property
    def period(self) -> str:
        """Its years as the field writes them."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last % 100:02d}"

    @property
    def interval(self) -> tuple[float, float]:
        """Its own 95 % confidence interval."""
        return self.value - Z * self.error, self.value + Z * self.error


class Finding(NamedTuple):
    """An observed figure, where the plan and carrying on as now would have it, and the verdict."""

    figure: Figure
    since: Figure | None
    """The figure from which change is judged; None where the level is."""
    plan: Three
    as_now: Three
    """Of a change: what the figure it counts from would have become."""
    judged: Judged | None
    """None for a figure that others count from."""
    powerful_from: int | None
    """First year in which a figure with such an error is likely to tell the plan from carrying on as now."""
    why: str = ""
    """Why the model says nothing of it, where that is so: nobody, or too few, live or die there."""


class Activity(NamedTuple):
    """Whether more is done, and whether that leaves the fifths further apart."""

    indicator: Indicator
    sex: str
    begun: str
    period: str
    was: float
    now: float
    gap_was: float
    gap_now: float
    gap_error: float

    @property
    def widened(self) -> bool:
        """More is done, and the gap is wider than it was."""
        return self.now > self.was and self.gap_now > self.gap_was

    @property
    def beyond_chance(self) -> bool:
        """Whether the gap is wider by more than its error explains."""
        return self.gap_now - self.gap_was > Z * self.gap_error


def known(indicators: Mapping[str, Indicator]) -> dict[str, Known]:
    """What a file may state of each indicator."""
    return {
        name: Known(
            one.low, one.high, one.measure == "level", one.unit == "%" and one.measure == "level", one.unit, one.sexes
        )
        for name, one in indicators.items()
    }


def monitored(observed: Sequence[Observed], found: Trajectories) -> list[Finding]:
    """What the rule says of every figure, and of every gap that they make; in the order of the indicators."""
    figures = _figures(observed, found.indicators)
    figures += list(_gaps(figures, found))
    order = list(found.indicators)
    figures.sort(key=lambda one: (order.index(one.indicator.id), one.sex, one.fifth, one.first, one.last))
    out = []
    for _, series in groupby(figures, lambda one: (one.indicator.id, one.sex, one.fifth)):
        several = list(series)
        for one in several:
            since = several[0] if one.first > several[0].last else None
            out.append(_finding(one, since, found, judging=one is not several[0] or len(several) == 1))
    return out


def _figures(observed: Sequence[Observed], indicators: Mapping[str, Indicator]) -> list[Figure]:
    figures = []
    for row in observed:
        indicator = indicators[row.indicator]
        error = _own_error(row, indicator)
        figures.append(Figure(indicator, row.sex, row.fifth, row.first, row.last, row.value, error, False))
    return figures


def _own_error(row: Observed, indicator: Indicator) -> float:
    """Standard error of a figure, from its interval where it has one."""
    if row.low is not None and row.high is not None:
        return error_of_interval(row.low, row.high)
    assert row.events is not None
    if indicator.unit == "%":
        assert row.people is not None
        return 100 * error_of_proportion(row.events, row.people)
    return error_of_rate(row.value, row.events)


def _gaps(figures: Iterable[Figure], found: Trajectories) -> Iterator[Figure]:
    """The gaps that figures of the most deprived fifth and of another make, unless the file gives them."""
    there = {(one.indicator.id, one.sex, one.fifth, one.first, one.last): one for one in figures}
    for (name, sex, fifth, first, last), most in there.items():
        if fifth != "1":
            continue
        for measure, against in (("gap-q5", "5"), ("gap-average", EVERYONE)):
            other, gap = there.get((name, sex, against, first, last)), f"{name}-{measure}"
            if other is None or (gap, sex, EVERYONE, first, last) in there:
                continue
            sign = 1.0 if most.indicator.good == "higher" else -1.0
            error = error_of_gap(most.error, other.error, share=_share(found, most) if against == EVERYONE else 0.0)
            value = sign * (other.value - most.value)
            yield Figure(found.indicators[gap], sex, EVERYONE, first, last, value, error, True)


def _share(found: Trajectories, most: Figure) -> float:
    """Share of the people whom a figure is of that live in the most deprived fifth; a fifth where it is not known."""
    name = next((one for one in (most.indicator.level, OF_ALL) if f"{one} {COUNT}" in found.counts), None)
    if name is None:
        return SHARE_OF_A_FIFTH
    fifth, everyone = (
        found.counted(name, {"quintile": place, "sex": most.sex}, found.scenario.start, COMPARATOR)
        for place in (most.fifth, EVERYONE)
    )
    share = fifth[1] / everyone[1] if fifth is not None and everyone is not None and everyone[1] > 0 else NOTHING
    return share if share == share else SHARE_OF_A_FIFTH


def _finding(one: Figure, since: Figure | None, found: Trajectories, *, judging: bool) -> Finding:
    name, place, years = one.indicator.id, {"quintile": one.fifth, "sex": one.sex}, (one.first, one.last)
    plan, as_now = found.worlds(name, place, years)
    centre, centre_now = found.middle(name, place, years)
    error = whole_error(one)
    if since is not None:
        before, before_now = found.worlds(name, place, (since.first, since.last))
        middle, middle_now = found.middle(name, place, (since.first, since.last))
        plan, as_now = since.value + plan - before, since.value + as_now - before_now
        centre, centre_now = since.value + centre - middle, since.value + centre_now - middle_now
        error = float(np.hypot(error, whole_error(since)))
    better = one.indicator.good == "higher"
    said = bool(np.isfinite([centre, centre_now, *plan, *as_now]).all())
    if not said:
        nothing = (NOTHING,) * 3
        why = why_not(found, one.indicator, one.fifth)
        return Finding(one, since, nothing, nothing, UNSAID if judging else None, None, why)
    judged = judge(one.value, error, plan, as_now, higher_is_better=better) if judging else None
    year = _powerful_from(one, since, found, error) if judging else None
    return Finding(one, since, (centre, *interval(plan)), (centre_now, *interval(as_now)), judged, year)


def whole_error(one: Figure) -> float:
    """Standard error of a figure with what whole years add to it, such as cold winters [unit of the indicator].

    In an area within England as in the fifths of England: what years do there alone is not known.
    """
    if one.indicator.kind == "process":
        return one.error
    spread = year_to_year()[one.indicator.id, one.sex, one.fifth]
    return float(np.hypot(one.error, spread / np.sqrt(one.last - one.first + 1)))


def _powerful_from(one: Figure, since: Figure | None, found: Trajectories, error: float) -> int | None:
    """The first year from which power stays up, for figures with such an error."""
    name, place, better = one.indicator.id, {"quintile": one.fifth, "sex": one.sex}, one.indicator.good == "higher"
    first = found.scenario.start if since is None else since.last + 1
    before = (0.0, 0.0) if since is None else found.worlds(name, place, (since.first, since.last))
    answer = None
    for year in range(found.scenario.end, first - 1, -1):
        plan, as_now = found.worlds(name, place, (year, year))
        if not power(error, plan - before[0], as_now - before[1], higher_is_better=better) >= POWERFUL:
            break
        answer = year
    return answer


def activities(findings: Sequence[Finding]) -> list[Activity]:
    """Of each indicator of process with an earlier period: what is done for all, and the gap, then and now."""
    figures = [one.figure for one in findings if one.figure.indicator.kind == "process"]
    there = {(one.indicator.id, one.sex, one.fifth, one.first, one.last): one for one in figures}
    out = []
    for (name, sex), several in groupby(
        (one for one in figures if one.indicator.measure == "gap_q5"), lambda one: (one.indicator.level, one.sex)
    ):
        gaps = list(several)
        was, now = (_done(there, name, sex, gap) for gap in (gaps[0], gaps[-1]))
        if len(gaps) > 1 and was is not None and now is not None:
            level = next(one.indicator for one in figures if one.indicator.id == name)
            error = float(np.hypot(gaps[0].error, gaps[-1].error))
            out.append(
                Activity(level, sex, gaps[0].period, gaps[-1].period, was, now, gaps[0].value, gaps[-1].value, error)
            )
    return out


def _done(there: Mapping[tuple[str, str, str, int, int], Figure], name: str, sex: str, gap: Figure) -> float | None:
    """Coverage of all in the period of a gap; the mean of the fifths that are there where the file has no average."""
    whole = there.get((name, sex, EVERYONE, gap.first, gap.last))
    if whole is not None:
        return whole.value
    fifths = [there.get((name, sex, str(fifth), gap.first, gap.last)) for fifth in range(1, 6)]
    values = [one.value for one in fifths if one is not None]
    return float(np.mean(values)) if values else None
