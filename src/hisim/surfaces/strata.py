"""Strata as a person reads them: what they rest on, what is known of uptake, and what a run did for each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from hisim.declare.evidence import Common
from hisim.declare.scenario import Scenario
from hisim.surfaces.text import Row, Table, people, significant, with_error
from hisim.variables import ETHNIC_GROUPS, QUINTILE_NAMES, QUINTILES

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from hisim.studies.screen import Screened

ACROSS = 4
"""Interventions beside each other in the table of a local authority."""
REFERENCE = ETHNIC_GROUPS[0]
SHAKY = ("assumption", "memory")
STEP_ODDS = {
    "need_known": "to be known to services",
    "offered": "to be offered it",
    "taken_up": "to take it up",
    "delivered": "to get it delivered well",
    "sustained": "to stay with it",
}
DIRECTIONS = {"lower": "less likely", "higher": "more likely", "contested": "not clear whether more or less likely"}
KEYS = ("direction", "odds_ratio", "low", "high", "source")
EVERYONE = "all"


class Evidence(NamedTuple):
    """One finding on uptake: who, how likely against White, and where from."""

    who: str
    step: str
    direction: str
    odds_ratio: float
    low: float
    high: float
    source: str
    status: str


@lru_cache(maxsize=1)
def _evidence() -> pd.DataFrame:
    from hisim.inputs.strata import uptake_evidence

    return uptake_evidence()


def evidence_of(name: str) -> list[Evidence]:
    """Findings that the model uses on one intervention; women and men together where they are the same."""
    table = _evidence()
    rows = table[(table["intervention"] == name) & table["used"]].to_dict("records")
    same: dict[tuple[Any, ...], list[dict[Any, Any]]] = {}
    for row in rows:
        same.setdefault(tuple(row[key] for key in ("group", "step", *KEYS)), []).append(row)
    found = []
    for (group, step, direction, odds, low, high, source), both in same.items():
        who = str(group) if len(both) == 2 else f"{group} {'women' if both[0]['sex'] == 'Female' else 'men'}"
        told = [str(row["status"]) for row in both]
        status = next((one for one in told if one in SHAKY), told[0])
        found.append(Evidence(who, step, direction, odds, low, high, source, status))
    return found


def evidence_records(name: str) -> list[dict[str, Any]]:
    """Every finding on one intervention, used or not, for a machine."""
    import json

    table = _evidence()
    rows: list[dict[str, Any]] = json.loads(table[table["intervention"] == name].to_json(orient="records"))
    return rows


def without_evidence(name: str) -> list[str]:
    """Ethnic groups of whose uptake nothing is known; all but White where there is no evidence at all."""
    table = _evidence()
    known = set(table[(table["intervention"] == name) & table["used"]]["group"])
    return [group for group in ETHNIC_GROUPS if group not in known and group != REFERENCE]


def evidence_lines(items: Sequence[Common]) -> Iterator[str]:
    """What is known of uptake, a line for each intervention, and the sources."""
    blank = [item.id for item in items if not evidence_of(item.id)]
    sources: dict[str, str] = {}
    cited = dict(zip(_evidence()["source"], _evidence()["citation"], strict=True))
    shaky = False
    for item in items:
        found = evidence_of(item.id)
        if not found:
            continue
        parts = []
        for step in dict.fromkeys(one.step for one in found):
            for direction, words in DIRECTIONS.items():
                some = [one for one in found if (one.step, one.direction) == (step, direction)]
                if some:
                    parts.append(f"{words} {STEP_ODDS[step]}: {_findings(some)}")
        shaky = shaky or any(one.status in SHAKY for one in found)
        sources |= {one.source: str(cited[one.source]) for one in found}
        others = sum(not row["used"] for row in evidence_records(item.id))
        more = f" {others} other findings were not used (--json)." if others else ""
        silent = without_evidence(item.id)
        none = f" No evidence for: {', '.join(silent)}; taken as the same as White." if silent else ""
        yield f"  {item.id}: {'; '.join(parts)}.{none}{more}"
    if blank:
        yield f"  {', '.join(blank)}: no evidence that can be used, for any group; all taken as the same."
    if shaky:
        yield "  * An assumption: a figure of other people, another step or another sex, or quoted from memory."
    if sources:
        yield f"  Sources: {'; '.join(f'[{key}] {text}' for key, text in sources.items())}."


def _findings(found: Sequence[Evidence]) -> str:
    """Findings in a row, groups with the same one together."""
    same: dict[str, list[str]] = {}
    for one in found:
        star = "*" if one.status in SHAKY else ""
        told = f"{one.odds_ratio:.2f}{star} ({one.low:.2f} to {one.high:.2f}) [{one.source}]"
        same.setdefault(told, []).append(one.who)
    return "; ".join(f"{', '.join(who)} {told}" for told, who in same.items())


def assumption_lines(scenario: Scenario) -> Iterator[str]:
    """What telling strata apart rests on; nothing where none are."""
    strata = scenario.strata
    if strata is None:
        return
    if strata.by == "ethnicity":
        if strata.mortality_multipliers is not None:
            yield from _multipliers(strata.mortality_multipliers)
        elif strata.risk_channels:
            yield (
                "Ethnic groups differ here in diabetes, heart disease and smoking, by published odds, and in mortality "
                "only so far as that follows: their death rates are not measured ones."
            )
        else:
            yield "Ethnic groups have the mortality of everyone of the same fifth, sex and age, an assumption."
        yield "Uptake differs where there is evidence; a group without evidence is taken to be the same as White."
    elif strata.by == "output-area-classification":
        yield (
            "Kinds of area are the supergroups of the Output Area Classification, in each fifth as the census has them "
            "and the same at every age. How they differ within a fifth is not known: they are taken to be the same."
        )
    elif strata.by == "inclusion-health":
        yield from _left_out(scenario)
    else:
        yield f"Segments, their shares, mortality, risks and uptake are those of {strata.file}, the author's own."


def _multipliers(which: str) -> Iterator[str]:
    table = _packaged("ethnicity_mortality")
    told = []
    for group in ETHNIC_GROUPS[1:]:
        rows = table[table["group"] == group]
        column = "hazard_ratio" if which == "central" else which
        women, men = (float(rows[rows["sex"] == sex][column].iloc[0]) for sex in ("Female", "Male"))
        told.append(f"{group} {women:.2f} and {men:.2f} ({rows['low'].min():.2f} to {rows['high'].max():.2f})")
    yield (
        f"Mortality of ethnic groups is that of White people in the same fifth times published ratios, {which} values, "
        f"women and men (lowest to highest of both): {'; '.join(told)}."
    )
    others = [one for one in ("low", "central", "high") if one != which]
    yield (
        "Caution: the sources of these ratios disagree, in some groups on whether mortality is higher or lower. Never "
        f"read one run alone: run it with mortality_multipliers {' and '.join(others)} as well, and report the range."
    )


def _left_out(scenario: Scenario) -> Iterator[str]:
    strata = scenario.strata
    assert strata is not None and strata.prevalence is not None
    table = _packaged("inclusion_health")
    rows = table[table["group"] == strata.group]
    ages = f"at ages {int(rows['age_from'].min())} to {int(rows['age_to'].max())}"
    if strata.relative_need is not None:
        need = f"{strata.relative_need:g}, the scenario's own"
    else:
        each = {sex: rows[rows["sex"] == sex].iloc[0] for sex in ("Female", "Male")}
        told = [f"{one['hazard_ratio']:g} ({one['low']:g} to {one['high']:g})" for one in each.values()]
        need = told[0] if told[0] == told[1] else f"{told[0]} for women and {told[1]} for men"
        need += ", published"
    shares = ", ".join(f"{one:.1%}" for one in strata.prevalence)
    yield (
        f"{strata.levels[0]}: their share of fifths 1 to 5 ({shares}) is the scenario's own. Mortality {ages} against "
        f"everyone else: {need}. Odds of taking a service up against everyone else: {strata.relative_uptake:g}, "
        f"{'no difference' if strata.relative_uptake == 1 else 'its own too'}."
    )


def _packaged(name: str) -> pd.DataFrame:
    from hisim.inputs.strata_tables import read

    return read(name)


def figures(projection: xr.Dataset) -> tuple[xr.Dataset, ...]:
    """Everything by stratum that a run reports; nothing for a projection without strata."""
    if "stratum_deaths" not in projection:
        return ()
    from hisim.outcomes.strata import by_stratum
    from hisim.outcomes.targeting import efficiency_and_equity, reached

    calibrated = projection.attrs["estimator"] == "expected"
    return tuple(one(projection, calibrated=calibrated) for one in (by_stratum, reached, efficiency_and_equity))


def strata_csv(found: Sequence[xr.Dataset]) -> pd.DataFrame:
    """:func:`figures` as one long table."""
    import pandas as pd

    from hisim.outcomes.strata import tidy

    tables = [tidy(one) for one in found]
    seen = pd.concat(tables, ignore_index=True)
    return seen.drop_duplicates([name for name in seen.columns if name not in ("value", "monte_carlo_se")])


def strata_table(found: Sequence[xr.Dataset], scenario: str) -> Table | None:
    """Deaths prevented or postponed by stratum of England, people reached, and deaths for that; None without strata."""
    if not found:
        return None
    gain, reach = (one.isel(draw=0).sel(quintile="all", scenario=scenario) for one in found[:2])
    year = int(gain["year"].values[min(1, gain.sizes["year"] - 1)])
    gain, reach = gain.sel(year=year), reach.sel(year=year)
    whole = float(gain["person_years_comparator"].sel(stratum=EVERYONE))
    rows = []
    for name in gain["stratum"].values.tolist():
        one, served = gain.sel(stratum=name), reach.sel(stratum=name)
        number = {key: float(one[key]) for key in ("deaths_averted", "deaths_averted_se", "person_years_comparator")}
        per = with_small_error(one, "deaths_averted_per_100000")
        per_reached = with_small_error(served, "deaths_averted_per_1000_reached")
        cells = [name if name != EVERYONE else "Everyone", f"{number['person_years_comparator'] / whole:.1%}"]
        cells += [with_error(number["deaths_averted"], number["deaths_averted_se"]), per]
        rows.append(Row([*cells, people(float(served["people_reached"])), per_reached], strong=name == EVERYONE))
    columns = ["stratum", "of all people", "deaths", "per 100,000 a year", "people reached", "deaths per 1,000 reached"]
    note = (
        "People reached beyond carrying on as now, counted once for each year and intervention. Rates are not adjusted "
        "for age:\na younger group has fewer deaths to prevent. By fifth, and life expectancy: strata.csv. Who is "
        "missed: hisim screen."
    )
    return Table(f"Deaths prevented or postponed by the end of {year}, by stratum", columns, rows, 1, note)


def targeting_table(found: Sequence[xr.Dataset], titles: Mapping[str, str]) -> Table | None:
    """Scenarios side by side: what each gains for the people it reaches, and for whom; None for one or no strata."""
    if not found or found[2].sizes["scenario"] < 2:
        return None
    last = found[2].isel(draw=0, year=-1)
    rows = []
    for name in last["scenario"].values.tolist():
        one = last.sel(scenario=name)
        cells = [people(float(one["people_reached"]))]
        cells.append(with_error(float(one["deaths_averted"]), float(one["deaths_averted_se"])))
        cells.append(with_small_error(one, "deaths_averted_per_1000_reached"))
        cells.append(f"{float(one['share_most_deprived']):.0%} ±{float(one['share_most_deprived_se']):.1%}")
        rows.append(Row([titles.get(name, name), *cells]))
    columns = ["scenario", "people reached", "deaths", "per 1,000 reached", "in the most deprived fifth"]
    note = "People are counted once for each year and intervention: compare ways to deliver the same interventions."
    title = f"Ways to deliver, side by side: deaths prevented or postponed by the end of {int(last['year'])}"
    return Table(title, columns, rows, 1, note)


def with_small_error(data: xr.Dataset, name: str) -> str:
    """A rate and its Monte Carlo standard error; n/a where it is withheld."""
    if not math.isfinite(float(data[name])):
        return "n/a"
    return f"{significant(float(data[name]))} ±{significant(float(data[f'{name}_se']), 2)}"


def local_part(names: Sequence[str], found: Screened) -> Iterator[str | Table]:
    """Who lives in a local authority, and whom the interventions ``names`` would reach there."""
    persons = found.people
    assert persons is not None
    name = persons.attrs["authority"]
    total = float(persons.sum())
    yield f"{name.upper()}: PEOPLE OF THE 2011 CENSUS, by fifth of the 2010 index of deprivation"
    rows = []
    for group in persons["stratum"].values.tolist():
        each = [float(persons.sel(stratum=group, quintile=quintile)) for quintile in QUINTILES]
        rows.append(Row([group, *map(people, each), people(sum(each)), f"{sum(each) / total:.1%}"]))
    fifths = [float(persons.sel(quintile=quintile).sum()) for quintile in QUINTILES]
    rows.append(Row(["Everyone", *map(people, fifths), people(total), "100.0%"], strong=True))
    columns = ["ethnic group", *QUINTILE_NAMES.values(), "all", "share"]
    shares = ", ".join(f"{each / total:.0%}" for each in fifths)
    yield Table(f"Who lives in {name}", columns, rows, 1, f"Share of its people in fifths 1 to 5: {shares}.")
    if found.local:
        for first in range(0, len(names), ACROSS):
            yield _local_table(name, names[first : first + ACROSS], found)
    elif names:
        yield "Whom the mix reaches there is not shown: its interventions are for strata other than ethnic groups."


def _local_table(name: str, interventions: Sequence[str], found: Screened) -> Table:
    cell = {(one.intervention, one.group): one for one in found.local}
    groups = list(dict.fromkeys(one.group for one in found.local))
    rows = []
    for group in (*groups, None):
        cells = []
        for intervention in interventions:
            mine = [cell[intervention, each] for each in ([group] if group else groups)]
            need, now, full = (sum(getattr(one, key) for one in mine) for key in ("in_need", "now", "full"))
            cells.append(f"{people(full - now)} of {people(need)}")
        rows.append(Row([group or "Everyone", *cells], strong=group is None))
    note = (
        "Arithmetic, no projection: the district's people are taken to be in need, and to be reached, at England's "
        "rate for\ntheir fifth (2015 in hisim, 2010 here) and ethnic group. Its own ages and services are not in it."
    )
    return Table(
        f"More people reached in {name} than today, of those in need", ["ethnic group", *interventions], rows, 1, note
    )
