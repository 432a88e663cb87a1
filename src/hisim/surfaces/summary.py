"""The tables a commissioner reads, from a comparison: who, how many, by when, how sure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import xarray as xr

from hisim.surfaces.place import place_of
from hisim.surfaces.text import Row, Table, fifth, fixed, people, significant, with_error
from hisim.variables import CAUSE_GROUPS, COMPARATOR, QUINTILES

AVERTED = "deaths_averted_cumulative"
EVERYONE = {"sex": "Persons", "draw": 0}
ALL = {"cause_group": "All causes"}
ENGLAND = "all"
DAYS = 365.25
WINTER_PART = 0.2
"""Share of the deaths averted that are excess winter deaths, from which on winter has a table of its own."""


def horizons(comparison: xr.Dataset) -> list[int]:
    """Years reported after the first."""
    return [int(year) for year in comparison["year"].values][1:] or [int(comparison["year"].values[-1])]


def scenarios(comparison: xr.Dataset) -> list[str]:
    """Names of the scenarios, without the comparator."""
    return [str(name) for name in comparison["scenario"].values if name != COMPARATOR]


def _pair(comparison: xr.Dataset, name: str, **where: object) -> tuple[float, float]:
    value, error = (_cell(comparison, each, where) for each in (name, f"{name}_se"))
    return value, error


def _cell(comparison: xr.Dataset, name: str, where: Mapping[str, object]) -> float:
    """One number, by label; tables ask for hundreds, and ``sel`` would take as long as the comparison itself."""
    variable = comparison.variables[name]
    place = tuple(comparison.xindexes[dim].to_pandas_index().get_loc(where[str(dim)]) for dim in variable.dims)
    return float(variable.values[place])


def findings(comparison: xr.Dataset, scenario: str) -> Iterator[str]:
    """What the scenario would do, in plain English."""
    for year in horizons(comparison):
        here = {**EVERYONE, **ALL, "scenario": scenario, "year": year}
        most, _ = _pair(comparison, AVERTED, quintile="1", **here)
        every, _ = _pair(comparison, AVERTED, quintile=ENGLAND, **here)
        share = f" ({most / every:.0%} of all)" if 0 < most < every else ""
        there = f"{_outcome(most)}{share} in the most deprived fifth"
        if _nobody(comparison, year):
            there = "and nobody lives in the most deprived fifth"
        yield f"By the end of {year}: {_outcome(every)} in {place_of(comparison.attrs)}, {there}."
    yield from gap_sentences(comparison, scenario, horizons(comparison)[-1])


def _nobody(comparison: xr.Dataset, year: int) -> bool:
    """Whether nobody lives in the most deprived fifth."""
    here = {**EVERYONE, **ALL, "scenario": COMPARATOR, "year": year, "quintile": "1"}
    return math.isnan(_pair(comparison, "deaths_averted_per_100000", **here)[0])


def _outcome(averted: float) -> str:
    if abs(averted) < 0.5:
        return "no difference in deaths"
    if averted > 0:
        return f"about {people(averted)} deaths prevented or postponed"
    return f"about {people(-averted)} more deaths"


def gap_sentences(comparison: xr.Dataset, scenario: str, year: int) -> Iterator[str]:
    """What happens to the gap in life expectancy at birth, against England as in the 2010 target."""
    first, smaller, place = int(comparison["year"].values[0]), [], place_of(comparison.attrs)
    for sex, who in (("Male", "men"), ("Female", "women")):
        where = {"sex": sex, "draw": 0}
        relative = [
            _pair(comparison, "life_expectancy_0_relative_gap_average", scenario=each, year=year, **where)[0]
            for each in (COMPARATOR, scenario)
        ]
        if not all(map(math.isfinite, relative)):
            yield f"The gap in life expectancy between the most deprived fifth and {place}, {who}, is not shown."
            continue
        smaller.append(f"{1 - relative[1] / relative[0]:.1%} ({who})" if relative[0] else f"none ({who})")
        name = "life_expectancy_0_gap_average"
        now, _ = _pair(comparison, name, scenario=COMPARATOR, year=first, **where)
        without, _ = _pair(comparison, name, scenario=COMPARATOR, year=year, **where)
        with_mix, error = _pair(comparison, name, scenario=scenario, year=year, **where)
        change = with_mix - without
        days = abs(change) * DAYS
        effect = f"the mix {'narrows' if change < 0 else 'widens'} it by {days:.1f} days, ±{error * DAYS:.1f}"
        yield (
            f"The gap in life expectancy between the most deprived fifth and {place}, {who}: {now:.2f} years in "
            f"{first}; in {year} {without:.2f} carrying on as now, {with_mix:.2f} with the mix "
            f"({effect if days >= 0.05 else 'no difference'})."
        )
    if not smaller:
        return
    whose = f"{place}'" if place.endswith("s") else f"{place}'s"
    yield (
        f"As a share of {whose} life expectancy the mix makes that gap smaller by {' and '.join(smaller)}; the "
        "national target was 10% between 1995-97 and 2010."
    )


def averted_table(comparison: xr.Dataset, scenario: str, title: str) -> Table:
    """Deaths prevented or postponed by fifth and horizon, with the rate per 100,000 people a year."""
    years = horizons(comparison)
    rows = []
    for label in (*map(str, QUINTILES), ENGLAND):
        cells = [fifth(int(label)) if label != ENGLAND else "England"]
        for year in years:
            where = {**EVERYONE, **ALL, "scenario": scenario, "year": year, "quintile": label}
            cells.append(with_error(*_pair(comparison, AVERTED, **where)))
            cells.append(significant(_pair(comparison, "deaths_averted_per_100000", **where)[0]))
        rows.append(Row(cells, strong=label == ENGLAND))
    columns = ["fifth", *(text for year in years for text in (f"by {year}", "per 100,000 a year"))]
    return Table(f"Deaths prevented or postponed: {title}", columns, rows, words=1)


def cause_table(comparison: xr.Dataset, scenario: str, year: int) -> Table:
    """Deaths prevented or postponed by the end of ``year``, by cause group and fifth."""
    rows = []
    for group in (*CAUSE_GROUPS, "All causes"):
        here = {**EVERYONE, "scenario": scenario, "year": year, "cause_group": group}
        cells = [people(_pair(comparison, AVERTED, quintile=str(quintile), **here)[0]) for quintile in QUINTILES]
        cells.append(with_error(*_pair(comparison, AVERTED, quintile=ENGLAND, **here)))
        rows.append(Row([group, *cells], strong=group == "All causes"))
    columns = ["cause of death", *(fifth(quintile) for quintile in QUINTILES), "England"]
    note = (
        "A minus sign means more deaths: people who do not die of heart disease or stroke die later, of other causes."
    )
    return Table(f"Deaths prevented or postponed by the end of {year}, by cause and fifth", columns, rows, 1, note)


def scenario_table(comparison: xr.Dataset, titles: dict[str, str]) -> Table:
    """Each scenario on a line: deaths prevented or postponed in the most deprived fifth and in England."""
    years = horizons(comparison)
    rows = []
    for name in scenarios(comparison):
        cells = [titles.get(name, name)]
        for year in years:
            where = {**EVERYONE, **ALL, "scenario": name, "year": year}
            cells.append(with_error(*_pair(comparison, AVERTED, quintile="1", **where)))
            cells.append(with_error(*_pair(comparison, AVERTED, quintile=ENGLAND, **where)))
        rows.append(Row(cells))
    if "overlap" in comparison:
        rows += _overlap_rows(comparison, years)
    columns = ["scenario", *(text for y in years for text in (f"most deprived by {y}", f"England by {y}"))]
    return Table("Scenarios side by side", columns, rows, words=1)


def _overlap_rows(comparison: xr.Dataset, years: Sequence[int]) -> list[Row]:
    cells = ["Overlap: the parts added up, less the mix"]
    for year in years:
        for label in ("1", ENGLAND):
            where = {**EVERYONE, **ALL, "year": year, "quintile": label}
            cells.append(with_error(*_pair(comparison, "overlap", **where)))
    return [Row(cells, strong=True)]


def gap_table(comparison: xr.Dataset, scenario: str) -> Table:
    """Gaps and indices of life expectancy at birth: now, and at each horizon without and with the mix."""
    years = [int(year) for year in comparison["year"].values]
    place = place_of(comparison.attrs)
    kinds = (
        ("gap_average", f"most deprived against {place}, years"),
        ("relative_gap_average", f"the same, % of {place}"),
        ("gap_q5", "most against least deprived, years"),
        ("sii", "slope index of inequality, years"),
    )
    rows = []
    for suffix, words in kinds:
        for sex in ("Male", "Female"):
            values = _gaps(comparison, f"life_expectancy_0_{suffix}", scenario, sex)
            relative = suffix.startswith("relative")
            who = "men" if sex == "Male" else "women"
            rows.append(Row([words, who, *(_gap_cell(v, relative) for v in values)]))
            if relative and len(values) > 1 and math.isfinite(values[0]) and values[0]:
                cells = ["", *(f"{(value / values[0] - 1) * 100:+.1f} %" for value in values[1:])]
                rows.append(Row([f"its change since {years[0]}", who, *cells]))
    columns = ["life expectancy at birth", "", f"{years[0]}"]
    columns += [text for y in years[1:] for text in (f"{y} as now", f"{y} with mix")]
    note = (
        "The 2010 target: a gap, as % of England, 10 % smaller than in 1995-97, for the fifth of local authorities "
        "that were\nworst off. Fifths here are of small areas, and their gap is wider."
    )
    return Table("The gap in life expectancy now and then", columns, rows, note=note)


def _gap_cell(value: float, relative: bool) -> str:
    if not math.isfinite(value):
        return "n/a"
    return f"{value * 100:.3f} %" if relative else f"{value:.3f}"


def _gaps(comparison: xr.Dataset, name: str, scenario: str, sex: str) -> list[float]:
    """A gap in the first year, and without and with the mix at each horizon."""
    years = [int(year) for year in comparison["year"].values]
    places = [(COMPARATOR, years[0]), *((each, year) for year in years[1:] for each in (COMPARATOR, scenario))]
    return [_pair(comparison, name, sex=sex, draw=0, year=year, scenario=each)[0] for each, year in places]


def level_table(comparison: xr.Dataset, scenario: str) -> Table:
    """Life expectancy, premature mortality and infant mortality of the most deprived fifth and England."""
    years = [int(year) for year in comparison["year"].values]
    kinds = (
        ("life_expectancy_0", "Life expectancy at birth, years", ("Male", "Female"), 2),
        ("life_expectancy_65", "Life expectancy at 65, years", ("Male", "Female"), 2),
        ("under_75_rate", "Deaths under 75 per 100,000", ("Persons",), 1),
        ("under_75_circulatory_rate", "Circulatory deaths under 75 per 100,000", ("Persons",), 1),
        ("infant_mortality", "Infant deaths per 1,000 aged 0", ("Persons",), 2),
    )
    rows = []
    for name, words, sexes, digits in kinds:
        for sex in sexes:
            for label in ("1", ENGLAND):
                who = {"Male": ", men", "Female": ", women", "Persons": ""}[sex]
                cells = [words + who, "most deprived" if label == "1" else "England"]
                for year in years:
                    for each in (COMPARATOR, scenario) if year != years[0] else (COMPARATOR,):
                        value, _ = _pair(comparison, name, sex=sex, draw=0, year=year, scenario=each, quintile=label)
                        cells.append(fixed(value, digits))
                rows.append(Row(cells))
    columns = ["level", "fifth", f"{years[0]}", *(t for y in years[1:] for t in (f"{y} as now", f"{y} with mix"))]
    note = "Rates are standardised to the European Standard Population 2013; births are the population aged 0."
    return Table("Levels behind the gap", columns, rows, note=note)


def infant_table(comparison: xr.Dataset, scenario: str) -> Table | None:
    """Infant mortality by fifth, where the scenario changes it."""
    return _by_fifth(comparison, scenario, "infant_mortality", "Infant deaths per 1,000 aged 0, by fifth", 2)


def winter_table(comparison: xr.Dataset, scenario: str) -> Table | None:
    """Excess winter deaths by fifth, where much of what the scenario does is in the winter excess."""
    name, here = "excess_winter_deaths_averted_cumulative", {**EVERYONE, "scenario": scenario, "quintile": ENGLAND}
    if name not in comparison:
        return None
    winter, _ = _pair(comparison, name, year=horizons(comparison)[-1], **here)
    whole, _ = _pair(comparison, AVERTED, year=horizons(comparison)[-1], **ALL, **here)
    if winter < WINTER_PART * whole or whole <= 0:
        return None
    return _by_fifth(comparison, scenario, "excess_winter_deaths", "Excess winter deaths in the year, by fifth", 0)


def _by_fifth(comparison: xr.Dataset, scenario: str, name: str, title: str, digits: int) -> Table | None:
    """A level by fifth: first year, and without and with the mix at each horizon; None where nothing changes."""
    years = [int(year) for year in comparison["year"].values]
    rows, changed = [], False
    for label in (*map(str, QUINTILES), ENGLAND):
        cells = [fifth(int(label)) if label != ENGLAND else "England"]
        for year in years:
            here = {**EVERYONE, "year": year, "quintile": label}
            without, _ = _pair(comparison, name, scenario=COMPARATOR, **here)
            with_mix, _ = _pair(comparison, name, scenario=scenario, **here)
            changed |= abs(with_mix - without) > 1e-9 * abs(without)
            cells += [fixed(value, digits) for value in ((without,) if year == years[0] else (without, with_mix))]
        rows.append(Row(cells, strong=label == ENGLAND))
    columns = ["fifth", f"{years[0]} as now", *(t for y in years[1:] for t in (f"{y} as now", f"{y} with mix"))]
    return Table(title, columns, rows, words=1) if changed else None


def cost_table(projection: xr.Dataset, scenario: str) -> Table | None:
    """People served and money spent beyond the comparator, by intervention, over the whole run."""
    here = projection.sel(scenario=scenario).isel(draw=0)
    last = int(projection["year"].values[-1])
    rows = []
    for name in projection["intervention"].values.tolist():
        one = here.sel(intervention=name)
        served = float(one["covered"].sel(year=last).sum())
        if served == 0 and float(one["covered"].sum()) == 0:
            continue
        by_fifth = float(one["covered"].sel(year=last, quintile=1).sum()) / served if served else 0.0
        cost, total = float(one["cost_gbp"].sel(year=last).sum()), float(one["cost_gbp"].sum())
        rows.append(Row([name, people(served), f"{by_fifth:.0%}", significant(cost / 1e6), significant(total / 1e6)]))
    if not rows:
        return None
    columns = ["intervention", f"more people served in {last}", "in most deprived", f"£m in {last}", "£m, all years"]
    note = "Costs at the price years the interventions state, undiscounted; savings are not counted."
    return Table("What it takes beyond carrying on as now", columns, rows, words=1, note=note)
