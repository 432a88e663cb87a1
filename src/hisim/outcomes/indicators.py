"""Indicators of a plan: coverage of what is done (process) and health (outcome), each with its gaps.

An indicator has an id of hisim's own, a plain slug such as ``coverage-statins-gap-q5``; it is no official number. All
are functions of a dataset: dataset in, arrays out. Coverage is a percentage of the people something is for; gaps are
positive where the most deprived fifth is worse off (:mod:`hisim.outcomes.inequality`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr

from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS, QUINTILE_LABELS, SEX_LABELS, add_total, with_totals
from hisim.outcomes.estimands import ESTIMANDS, LEVELS, MEASURES, ranked_population
from hisim.outcomes.inequality import absolute_gap
from hisim.outcomes.withheld import few_deaths
from hisim.variables import AGE_BAND_STARTS, SEXES

Kind = Literal["process", "outcome"]
Measure = Literal["level", "gap_q5", "gap_average", "sii"]
GAPS: Mapping[Measure, str] = {
    "gap_q5": "gap, most against least deprived fifth",
    "gap_average": "gap, most deprived fifth against the average",
    "sii": "slope index of inequality",
}
"""What each measure of inequality is called."""
AGES = {
    "life_expectancy_0": "All ages", "life_expectancy_65": "65+ yrs", "all_age_rate": "All ages",
    "under_75_rate": "<75 yrs", "under_75_circulatory_rate": "<75 yrs", "under_75_cancer_rate": "<75 yrs",
    "infant_mortality": "<1 yr",
}  # fmt: skip
"""Ages that each outcome is of, as the field writes them."""
BOUNDS = {"years": (0.0, 120.0), "%": (0.0, 100.0)}
"""What a level may be, by its unit; others are not below 0."""
PER_CENT = 100.0
COVERAGE_DIMS = ("scenario", "year", "quintile", "sex")
EVERY, YOUNG, INFANTS = slice(None), slice(AGE_BAND_STARTS.index(75)), slice(1)
"""Age bands of a rate."""
RATES = {
    "all-age-rate": (ALL_CAUSES, EVERY), "under-75-rate": (ALL_CAUSES, YOUNG),
    "under-75-circulatory-rate": ("Circulatory disease", YOUNG), "under-75-cancer-rate": ("Cancer", YOUNG),
    "infant-mortality": (ALL_CAUSES, INFANTS),
}  # fmt: skip
"""Causes and ages of the deaths that each rate counts."""


class Indicator(NamedTuple):
    """One thing to be watched: a level by fifth, or one measure of how unequal it is."""

    id: str
    name: str
    unit: str
    good: Literal["higher", "lower"]
    kind: Kind
    of: str
    """The estimand, or the intervention whose coverage it is."""
    measure: Measure
    ages: str
    low: float
    high: float
    """What a figure may be at all, both included [unit]."""
    sexes: tuple[str, ...] = SEX_LABELS
    """Whom it may be of."""

    @property
    def level(self) -> str:
        """Id of the indicator that this one is the inequality of; its own where it is a level."""
        return self.id if self.measure == "level" else self.id.removesuffix("-" + _slug(self.measure))


def subject(indicator: Indicator) -> str:
    """What an indicator is about in few words: the action whose coverage it is, or the outcome."""
    return indicator.name.split(": ")[0]


def _slug(name: str) -> str:
    return name.replace("_", "-")


def outcome_indicators() -> Iterator[Indicator]:
    """Life expectancy and rates of death, and for each its gaps and slope index."""
    for one in LEVELS:
        good: Literal["higher", "lower"] = "higher" if one.good == "higher" else "lower"
        low, high = BOUNDS.get(one.unit, (0.0, inf))
        level = Indicator(
            _slug(one.name), one.title, one.unit, good, "outcome", one.name, "level", AGES[one.name], low, high
        )
        yield level
        for measure in GAPS:
            falling = measure == "sii" and good == "lower"  # an index of rates is negative where there is a gradient
            yield _unequal(level, measure, "higher" if falling else "lower")


def coverage_indicators(
    intervention: str, name: str, ages: str, *, per_year: bool, sexes: tuple[str, ...] = SEXES
) -> Iterator[Indicator]:
    """Coverage of one intervention and its gaps; ``per_year`` where people are served anew in each year."""
    words = "served in the year" if per_year else "who have it"
    level = Indicator(
        f"coverage-{intervention}", f"{name}: people {words}, % of those it is for", "%", "higher", "process",
        intervention, "level", ages, *BOUNDS["%"], (*sexes, PERSONS),
    )  # fmt: skip
    yield level
    for measure in ("gap_q5", "gap_average"):
        yield _unequal(level, measure, "lower")


def _unequal(level: Indicator, measure: Measure, good: Literal["higher", "lower"]) -> Indicator:
    unit = "percentage points" if level.unit == "%" else level.unit
    return level._replace(
        id=f"{level.id}-{_slug(measure)}", name=f"{level.name}: {GAPS[measure]}", unit=unit, good=good,
        measure=measure, low=-inf, high=inf,
    )  # fmt: skip


def outcome_values(data: xr.Dataset) -> xr.Dataset:
    """Every outcome indicator of a banded dataset by id, with the dimensions its estimand has."""
    data = with_totals(data)
    population = ranked_population(data)
    measures = {one.suffix: one for one in MEASURES}
    out: dict[str, xr.DataArray] = {}
    for one in outcome_indicators():
        if one.measure == "level":
            out[one.id] = ESTIMANDS[one.of].compute(data)
        else:
            compute = measures[one.measure].compute
            out[one.id] = compute(out[one.level], population, ESTIMANDS[one.of].good == "higher")
    return xr.Dataset(out)


def coverage_values(found: xr.Dataset) -> xr.Dataset:
    """Every coverage indicator by id [%; gaps in percentage points].

    Parameters
    ----------
    found : ``eligible`` (intervention, quintile, sex) and ``served`` (scenario, intervention, year, quintile, sex)
        [persons].

    Returns
    -------
    xr.Dataset
        (scenario, year, quintile, sex), gaps without quintile; quintiles "1".."5" and "all", sexes with Persons.
        Not-a-number where it is for nobody.
    """
    eligible, served = (_whole(found[name]) for name in ("eligible", "served"))
    share = (PER_CENT * served / eligible.where(eligible > 0)).transpose("intervention", *COVERAGE_DIMS)
    most, gap_dims = share.sel(quintile="1", drop=True), [dim for dim in COVERAGE_DIMS if dim != "quintile"]
    out: dict[str, tuple[Sequence[str], np.ndarray]] = {}
    gaps = {
        measure: absolute_gap(most, share.sel(quintile=other, drop=True), higher_is_better=True).values
        for measure, other in (("gap-q5", "5"), ("gap-average", ENGLAND))
    }
    for place, name in enumerate(found["intervention"].values.tolist()):
        out[f"coverage-{name}"] = (COVERAGE_DIMS, share.values[place])
        out |= {f"coverage-{name}-{measure}": (gap_dims, gap[place]) for measure, gap in gaps.items()}
    return xr.Dataset(out, {dim: share[dim].values for dim in COVERAGE_DIMS})


def coverage_counts(found: xr.Dataset) -> xr.Dataset:
    """People served and people it is for of each coverage, as ``ID count`` and ``ID denominator``; as there."""
    eligible, served = (_whole(found[name]) for name in ("eligible", "served"))
    out = {}
    for name in found["intervention"].values.tolist():
        out[f"coverage-{name} count"] = served.sel(intervention=name, drop=True).transpose(*COVERAGE_DIMS)
        out[f"coverage-{name} denominator"] = eligible.sel(intervention=name, drop=True)
    return xr.Dataset(out)


def outcome_counts(data: xr.Dataset) -> xr.Dataset:
    """Deaths and person-years behind each rate of a banded dataset, as ``ID count`` and ``ID denominator``.

    Returns
    -------
    xr.Dataset
        (..., scenario, year, quintile, sex), not-a-number where the rate is withheld.
    """
    data = with_totals(data)
    out: dict[str, xr.DataArray] = {}
    for name, (group, ages) in RATES.items():
        died = data["deaths"].sel(cause_group=group, drop=True).isel(age_band=ages).sum("age_band", skipna=False)
        lived = data["person_years"].isel(age_band=ages).sum("age_band", skipna=False)
        out[f"{name} count"], out[f"{name} denominator"] = few_deaths(died, died, data), few_deaths(lived, died, data)
    return xr.Dataset(out)


def _whole(people: xr.DataArray) -> xr.DataArray:
    return add_total(add_total(people, "sex", SEX_LABELS), "quintile", QUINTILE_LABELS)


def by_id(indicators: Iterable[Indicator]) -> dict[str, Indicator]:
    """Indicators by their ids."""
    return {one.id: one for one in indicators}
