"""The declared estimands: what may be asked of a projection, in which unit, and which way is good.

Adding an estimand is adding a function and a line here; comparisons, tables and the reference page read
:data:`ESTIMANDS` and nothing else. Each ``compute`` takes a banded dataset
(:func:`hisim.outcomes.bands.banded`), or one with its totals, and broadcasts over any dimensions before
``year`` (scenario, draw, replicate).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import xarray as xr

from hisim.outcomes import inequality, mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, fifths, of_comparator, with_totals
from hisim.outcomes.standardised import ESP1976, ESP2013, Standard

Good = Literal["higher", "lower", "nearer 0", "nearer 1", "not applicable"]
Compute = Callable[[xr.Dataset], xr.DataArray]


@dataclass(frozen=True)
class Estimand:
    """One question to a projection."""

    name: str
    """The name it has in datasets and tables."""
    compute: Compute
    """Banded dataset to array."""
    unit: str
    good: Good
    """Which way is better for people."""
    title: str
    """What a report calls it."""
    source: str
    """Where the definition comes from."""
    against_comparator: bool = False
    """True for a difference from the comparator, which for the comparator itself is zero by definition."""
    reads: str = "deaths"
    """Variable of the dataset with totals that older projections may lack; reports then leave the estimand out."""


@dataclass(frozen=True)
class Measure:
    """One way to say how unequal an estimand is: (values, ranked population, higher is better) to an array."""

    suffix: str
    compute: Callable[[xr.DataArray, xr.DataArray, bool], xr.DataArray]
    title: str
    unit: str | None
    """None: the unit of the estimand itself."""
    source: str


CHIANG = "Chiang 1984, second method, a0 = 0.1; 20 age bands"
DIRECT = "direct standardisation; deaths per 100,000 person-years"
TARGET = "form of the 2010 national health inequalities target"
INDEX = "Mackenbach and Kunst 1997, doi:10.1016/S0277-9536(96)00073-1; ranks fixed to the comparator's population"

WINTER = "deaths from December to March over the mean of the other months (ONS)"
ATKINSON = (
    f"Atkinson 1970, doi:10.1016/0022-0531(70)90039-6; aversion {inequality.AVERSION} (Robson et al 2017, "
    "doi:10.1002/hec.3430); weights fixed to the comparator's population"
)


def _against(values: xr.DataArray, label: str) -> tuple[xr.DataArray, xr.DataArray]:
    return values.sel(quintile="1", drop=True), values.sel(quintile=label, drop=True)


def _gap(values: xr.DataArray, _: xr.DataArray, better: bool, *, label: str, relative: bool) -> xr.DataArray:
    most, other = _against(values, label)
    gap = inequality.relative_gap if relative else inequality.absolute_gap
    return gap(most, other, higher_is_better=better)


def _slope(values: xr.DataArray, population: xr.DataArray, better: bool) -> xr.DataArray:
    return inequality.slope_index(fifths(values), fifths(population), log=not better)


def _relative(values: xr.DataArray, population: xr.DataArray, better: bool) -> xr.DataArray:
    return inequality.relative_index(fifths(values), fifths(population), log=not better)


MEASURES = (
    Measure("gap_q5", partial(_gap, label="5", relative=False),
            "gap, most against least deprived fifth", None, "difference"),
    Measure("gap_average", partial(_gap, label=ENGLAND, relative=False),
            "gap, most deprived fifth against England", None, TARGET),
    Measure("relative_gap_q5", partial(_gap, label="5", relative=True),
            "relative gap, most against least deprived fifth", "fraction", "difference over the least deprived fifth"),
    Measure("relative_gap_average", partial(_gap, label=ENGLAND, relative=True),
            "relative gap, most deprived fifth against England", "fraction", TARGET),
    Measure("sii", _slope, "slope index of inequality (least deprived end minus most deprived end)", None, INDEX),
    Measure("rii", _relative, "relative index of inequality (least deprived end over most deprived end)",
            "ratio", INDEX),
)  # fmt: skip


def ranked_population(dataset: xr.Dataset) -> xr.DataArray:
    """The comparator's person-years at all ages, by year, quintile and sex: the rank scale of every index."""
    return of_comparator(with_totals(dataset)["person_years"]).sum("age_band", skipna=False)


def _unequal(base: Estimand, measure: Measure) -> Estimand:
    better = base.good == "higher"
    good: Good = "lower"
    if measure.suffix in ("sii", "rii"):
        good = "nearer 0" if measure.suffix == "sii" else "nearer 1"

    def compute(dataset: xr.Dataset) -> xr.DataArray:
        data = with_totals(dataset)
        return measure.compute(base.compute(data), ranked_population(data), better)

    title = f"{base.title}: {measure.title}"
    return Estimand(f"{base.name}_{measure.suffix}", compute, measure.unit or base.unit, good, title, measure.source)


def _benefit(relative: bool) -> Compute:
    """Index of inequality of cumulative deaths averted per 100,000, ranked by cumulative person-years."""

    def compute(dataset: xr.Dataset) -> xr.DataArray:
        data = with_totals(dataset)
        index = inequality.relative_index if relative else inequality.slope_index
        benefit = mortality.deaths_averted_per_100000(data)
        return index(fifths(benefit), fifths(mortality.cumulative_person_years(data)))

    return compute


def _rate(name: str, title: str, cause_group: str, standard: Standard) -> Estimand:
    compute = partial(mortality.standardised_rate, cause_group=cause_group, standard=standard)
    return Estimand(name, compute, "deaths per 100,000 person-years", "lower", title, f"{DIRECT}; {standard.name}")


def _alike(index: bool) -> Compute:
    """Atkinson's index or equivalent of life expectancy at birth, weighted with the comparator's population."""

    def compute(dataset: xr.Dataset) -> xr.DataArray:
        data = with_totals(dataset)
        measure = inequality.atkinson_index if index else inequality.equally_distributed_equivalent
        return measure(fifths(mortality.life_expectancy(data)), fifths(ranked_population(data)))

    return compute


YOUNG_2013, YOUNG_1976 = ESP2013.under(75), ESP1976.under(75)
LEVELS = (
    Estimand("life_expectancy_0", partial(mortality.life_expectancy, age=0), "years", "higher",
             "Life expectancy at birth", CHIANG),
    Estimand("life_expectancy_65", partial(mortality.life_expectancy, age=65), "years", "higher",
             "Life expectancy at 65", CHIANG),
    _rate("all_age_rate", "Deaths from all causes, standardised", ALL_CAUSES, ESP2013),
    _rate("under_75_rate", "Deaths under 75 from all causes, standardised", ALL_CAUSES, YOUNG_2013),
    _rate("under_75_circulatory_rate", "Deaths under 75 from circulatory disease, standardised",
          "Circulatory disease", YOUNG_2013),
    _rate("under_75_cancer_rate", "Deaths under 75 from cancer, standardised", "Cancer", YOUNG_2013),
    Estimand("infant_mortality", mortality.infant_mortality, "deaths per 1,000 population aged 0", "lower",
             "Infant mortality", "deaths under 1 over the population aged 0, which stands in for births"),
)  # fmt: skip
"""Levels whose inequality is measured as well, by year, quintile and sex."""

OTHER_STANDARDS = (
    _rate("all_age_rate_esp1976", "Deaths from all causes, standardised (1976)", ALL_CAUSES, ESP1976),
    _rate("under_75_rate_esp1976", "Deaths under 75 from all causes, standardised (1976)", ALL_CAUSES, YOUNG_1976),
    _rate("under_75_circulatory_rate_esp1976", "Deaths under 75 from circulatory disease, standardised (1976)",
          "Circulatory disease", YOUNG_1976),
    _rate("under_75_cancer_rate_esp1976", "Deaths under 75 from cancer, standardised (1976)", "Cancer", YOUNG_1976),
)  # fmt: skip
"""The same rates on the standard of the 2010 target, to set beside what was published then."""

BURDEN = (
    Estimand("deaths", mortality.deaths, "persons", "lower", "Deaths in the year", "count"),
    Estimand("years_of_life_lost", mortality.years_of_life_lost, "years", "lower", "Years of life lost in the year",
             "deaths times England's life expectancy by sex in the comparator's first year"),
    Estimand("years_of_life_lost_to_75", mortality.years_of_life_lost_to_75, "years", "lower",
             "Years of life lost before 75 in the year", "deaths under 75 times the years to the 75th birthday"),
    Estimand("excess_winter_deaths", mortality.excess_winter_deaths, "persons", "lower",
             "Excess winter deaths in the year", WINTER, reads="winter_deaths"),
)  # fmt: skip

BENEFITS = (
    Estimand("deaths_averted", mortality.deaths_averted, "persons", "higher", "Deaths averted in the year",
             "comparator minus scenario", True),
    Estimand("deaths_averted_cumulative", mortality.deaths_averted_cumulative, "persons", "higher",
             "Deaths prevented or postponed by the end of the year", "comparator minus scenario, added up", True),
    Estimand("deaths_averted_per_100000", mortality.deaths_averted_per_100000, "deaths per 100,000 person-years",
             "higher", "Deaths prevented or postponed per 100,000 person-years",
             "cumulative deaths averted over cumulative person-years of the comparator", True),
    Estimand("years_of_life_gained", mortality.years_of_life_gained, "person-years", "higher",
             "Years of life gained by the end of the year", "person-years of scenario minus comparator, added up",
             True),
    Estimand("excess_winter_deaths_averted_cumulative", mortality.excess_winter_deaths_averted_cumulative, "persons",
             "higher", "Excess winter deaths prevented or postponed by the end of the year",
             f"comparator minus scenario, added up; {WINTER}", True, "winter_deaths"),
    Estimand("deaths_averted_per_100000_sii", _benefit(False), "deaths per 100,000 person-years", "lower",
             "Deaths prevented or postponed per 100,000: slope index (negative favours the most deprived)", INDEX,
             True),
    Estimand("deaths_averted_per_100000_rii", _benefit(True), "ratio", "lower",
             "Deaths prevented or postponed per 100,000: relative index (below 1 favours the most deprived)", INDEX,
             True),
)  # fmt: skip

WELFARE = (
    Estimand("life_expectancy_0_ede", _alike(False), "years", "higher",
             "Life expectancy at birth: equally distributed equivalent across the five fifths", ATKINSON),
    Estimand("life_expectancy_0_atkinson", _alike(True), "fraction", "lower",
             "Life expectancy at birth: Atkinson index across the five fifths", ATKINSON),
)  # fmt: skip
"""A level and its inequality in one figure, by year and sex."""

UNEQUAL = {_unequal(level, measure).name: (level, measure) for level in LEVELS for measure in MEASURES}
"""Of each inequality by name, the level that it is of and the measure, to work a level out once for all."""
INEQUALITIES = tuple(_unequal(level, measure) for level, measure in UNEQUAL.values())
ESTIMANDS = {
    estimand.name: estimand for estimand in (*BURDEN, *BENEFITS, *LEVELS, *OTHER_STANDARDS, *INEQUALITIES, *WELFARE)
}
"""Every estimand by name."""


def estimate(name: str, dataset: xr.Dataset) -> xr.DataArray:
    """One estimand of a banded dataset, named, with its unit, title and source as attributes."""
    return labelled(ESTIMANDS[name], ESTIMANDS[name].compute(dataset))


def labelled(estimand: Estimand, values: xr.DataArray) -> xr.DataArray:
    """``values`` with the name and attributes of their estimand; what they carry already is kept."""
    return values.rename(estimand.name).assign_attrs(attributes(estimand))


def attributes(estimand: Estimand) -> dict[str, str]:
    """What a dataset says about an estimand: unit, title, which way is good, and source."""
    return {"units": estimand.unit, "long_name": estimand.title, "good": estimand.good, "source": estimand.source}
