"""What a mix costs, what health that buys and who gains, in words, tables and JSON: ``hisim economics``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.outcomes import economics as sums
from hisim.outcomes.bands import ENGLAND, QUINTILE_LABELS, banded
from hisim.outcomes.comparison import TARGET_YEAR
from hisim.outcomes.estimands import estimate
from hisim.outcomes.quality import qale_distribution
from hisim.surfaces import economics_tables as show
from hisim.surfaces import quality_tables
from hisim.surfaces.gap_sources import array_record
from hisim.surfaces.place import WORD, at_start, of_area, place_of
from hisim.surfaces.runs import read_results
from hisim.surfaces.text import people, render, terminal_width, wrapped
from hisim.variables import COMPARATOR

MOST = "1"
FIFTHS = QUINTILE_LABELS[:-1]
DAYS = 365.25
WIDTH = 100
"""Columns that the widest table needs."""
QALY = (
    "A QALY (quality-adjusted life year) is one year of life in full health, or two years at half of full health, "
    "and so on."
)
VERDICTS = {
    "no change": "neither health nor money differs from carrying on as now",
    "gains at a cost": "more health for more money; worth it only if a QALY is worth that much",
    "dominant": "no less health for no more money; at least as good as carrying on as now on both counts",
    "dominated": "no more health for no less money; no better than carrying on as now on either count",
    "saves at a loss": "less health for less money; worth it only if the money does more elsewhere",
}
"""The words of :data:`hisim.outcomes.economics.VERDICTS`, explained."""


class Account(NamedTuple):
    """Everything that is reported of one or more results, at the central values (draw 0)."""

    effects: xr.Dataset
    by_age: xr.DataArray
    cover: xr.DataArray
    expectancy: xr.Dataset
    quality: quality_tables.Quality
    titles: Mapping[str, str]
    alone: Mapping[str, str]
    """The intervention of each scenario that has only one."""
    years: tuple[int, int]
    place: str = WORD
    """The area, in words."""


def economics_file(
    results: Sequence[Path],
    discount: float | None,
    discount_health: float | None,
    opportunity_cost: float | None,
    *,
    as_json: bool,
) -> str:
    """Costs, QALYs and who gains, for every scenario of ``results``; returns what to print.

    Raises
    ------
    ImpossibleModelError
        For a rate or an opportunity cost that cannot be used, or results with different comparators.
    OutputError
        For a file that is not a result.
    """
    from hisim.model.inputs import inputs_of

    rate = sums.DISCOUNT if discount is None else discount
    price = sums.OPPORTUNITY_COST if opportunity_cost is None else opportunity_cost
    projection, scenarios = read_results(results)
    values = inputs_of(next(iter(scenarios.values())))
    effects = sums.cost_effectiveness(
        projection, values, discount=rate, discount_health=discount_health, opportunity_cost_gbp_per_qaly=price
    )
    account = account_of(projection, values, effects, scenarios)
    return records(account) if as_json else described(account)


def account_of(
    projection: xr.Dataset, values: xr.Dataset, effects: xr.Dataset, scenarios: Mapping[str, Scenario]
) -> Account:
    """Everything that is reported, from ``effects`` and what they were computed from."""
    years = [int(year) for year in projection["year"].values]
    ends = sorted({year for year in (TARGET_YEAR, years[-1]) if year in years})
    by_age = sums.qalys_gained_by_age(projection, values, effects.attrs["discount_health"])
    return Account(
        effects.isel(draw=0, drop=True),
        by_age.isel(draw=0, drop=True),
        sums.needed_to_cover(projection).sel(year=ends).isel(draw=0, drop=True),
        expectancy_of(projection.sel(year=sorted({years[0], *ends})), values).isel(draw=0, drop=True),
        quality_tables.quality_of(projection, values, effects.attrs["discount_health"], scenarios.values()),
        {name: scenario.title for name, scenario in scenarios.items()},
        {name: one.interventions[0].id for name, one in scenarios.items() if len(one.interventions) == 1},
        (years[0], years[-1]),
        place_of(projection.attrs),
    )


def expectancy_of(projection: xr.Dataset, values: xr.Dataset) -> xr.Dataset:
    """Life expectancy at birth with and without weights for quality, and how unequal, in the years given."""
    data = banded(projection)
    names = ("life_expectancy_0", "life_expectancy_0_ede", "life_expectancy_0_atkinson")
    return qale_distribution(projection, values).assign({name: estimate(name, data) for name in names})


def described(account: Account) -> str:
    """Findings first, then the tables behind them, then how they were reckoned."""
    names = [str(name) for name in account.effects["scenario"].values]
    if not names:
        return "No scenario beside the comparator.\n"
    first, last = account.years
    place = account.place
    lines = [
        f"{at_start(place)}, {first} to {last}: costs and health compared with carrying on as now.",
        f"{QALY} Years of life after {last} are not counted, so a QALY looks dearer than over whole lives, most of all "
        "where health is gained late, as by stopping smoking.",
        "",
    ]
    for name in names:
        lines += [account.titles.get(name, name), *(f"  {line}" for line in findings(account, name)), ""]
    tables = [
        show.value_table(account.effects, account.titles),
        show.fifth_table(account.effects),
        show.age_table(account.by_age),
        *quality_tables.tables(account.quality),
        show.cover_table(account.cover, account.alone),
        show.expectancy_table(account.expectancy),
    ]
    return (
        wrapped(lines)
        + "\n"
        + render(of_area(tables, place), max(WIDTH, terminal_width()))
        + wrapped(notes(account.effects, last))
        + "\n"
    )


def findings(account: Account, name: str) -> Iterator[str]:
    """What a scenario costs, what it gains, at what price, and for whom, in plain English."""
    here = account.effects.sel(scenario=name)
    yield cost_sentence(here.sel(quintile=ENGLAND))
    yield health_sentence(here["qalys_gained"], account.place)
    yield value_sentence(here.sel(quintile=ENGLAND))
    yield f"Who gains, before asking what the money would do elsewhere: {who(here['qalys_gained'])}."
    yield net_sentence(here, account.effects.attrs["opportunity_cost_gbp_per_qaly"], account.place)
    yield from expectancy_sentences(account.expectancy, name, account.place)


def cost_sentence(england: xr.Dataset) -> str:
    """What the programmes and other care cost beyond the comparator."""
    programme, spend, total = (float(england[key]) for key in ("programme_cost", "nhs_spend_change", "total_cost"))
    why = "because people live longer" if spend > 0 else "in the years that people live"
    return (
        f"Cost: {extra(programme)} for the programmes than carrying on as now, and {extra(spend)} for other NHS care "
        f"{why}; {extra(total)} in all."
    )


def health_sentence(gained: xr.DataArray, place: str) -> str:
    """QALYs gained in the area and in the most deprived fifth."""
    england, most = float(gained.sel(quintile=ENGLAND)), float(gained.sel(quintile=MOST))
    share = f" ({most / england:.0%} of all)" if 0 < most < england else ""
    return f"Health: {change(england)} in {place}, {change(most)}{share} in the most deprived fifth."


def value_sentence(england: xr.Dataset) -> str:
    """Cost per QALY and the verdict, each with what it means."""
    verdict = str(england["verdict"].values)
    meant = f"Verdict: {verdict}, that is, {VERDICTS[verdict]}."
    if verdict != "gains at a cost":
        return f"Value for money: {meant[0].lower()}{meant[1:]}"
    programme = float(england["programme_cost_per_qaly"])
    alone = f"{show.money(programme)} counting the programmes alone" if programme > 0 else "the programmes save money"
    return (
        f"Value for money: {show.money(float(england['cost_per_qaly']))} for each QALY gained ({alone}). {meant} "
        f"As a rule NICE recommends what costs less than {show.money(sums.NICE_THRESHOLD)} to £30,000 a QALY."
    )


def net_sentence(here: xr.Dataset, price: float, place: str = WORD) -> str:
    """What the money would have done elsewhere in the health service, and who gains when that is taken off."""
    lead = "Who gains, net of what the money would do elsewhere"
    displaced, net, england = here["qalys_displaced"], here["net_health_benefit"], here.sel(quintile=ENGLAND)
    total, elsewhere = float(england["total_cost"]), float(england["qalys_displaced"])
    if abs(elsewhere) < show.NONE:
        return f"{lead}: the same, as it takes no money from elsewhere."
    would = "would have gained" if total > 0 else "is free to gain"
    return (
        f"{lead}: {show.money(abs(total))} {would} about {people(abs(elsewhere))} QALYs elsewhere in the NHS (one for "
        f"each £{price:,.0f}), {people(abs(float(displaced.sel(quintile=MOST))))} of them in the most deprived fifth. "
        f"Counting that, {change(float(england['net_health_benefit']))} in {place}: {who(net)}.{_break_even(england)}"
    )


def _break_even(england: xr.Dataset) -> str:
    """From which price of a QALY elsewhere a scenario that gains at a cost comes out ahead."""
    if str(england["verdict"].values) != "gains at a cost":
        return ""
    ahead = f"more than {show.money(float(england['cost_per_qaly']))}"
    return f" It gains more than it takes from elsewhere only where a QALY elsewhere costs {ahead}."


def expectancy_sentences(expectancy: xr.Dataset, name: str, place: str) -> Iterator[str]:
    """Change of quality-adjusted life expectancy at birth, and of what it is worth when inequality counts."""
    there = expectancy.isel(year=-1).sel(sex="Persons")
    longer = there.sel(scenario=name) - there.sel(scenario=COMPARATOR)
    mean, equal = (_days(float(value)) for value in (longer["qale"].sel(quintile=ENGLAND), longer["qale_ede"]))
    yield (
        f"Length of life weighted for quality, at birth in {int(there['year'])}: {mean} in {place}; {equal} if a day "
        "counts for more the worse off the fifth, as the public wants it."
    )


def _days(years: float) -> str:
    return f"{years * DAYS:+.1f} days" if math.isfinite(years) else show.WITHHELD


def who(values: xr.DataArray) -> str:
    """Which fifths gain and which lose, and where most."""
    by_fifth = {label: float(values.sel(quintile=label)) for label in FIFTHS}
    gain = [label for label, value in by_fifth.items() if value >= show.NONE]
    lose = [label for label, value in by_fifth.items() if value <= -show.NONE]
    told = [_group(gain, "gain", by_fifth), _group(lose, "lose", by_fifth)]
    return "; ".join(text for text in told if text) or "nobody gains or loses"


def _group(labels: Sequence[str], does: str, values: Mapping[str, float]) -> str:
    """Those of ``labels``, what they do, and which of them do so most and least."""
    if not labels:
        return ""
    if len(labels) == 1:
        return f"only fifth {labels[0]} {does}s ({people(abs(values[labels[0]]))})"
    some = f"fifths {', '.join(labels[:-1])} and {labels[-1]} {does}"
    ranked = sorted(labels, key=lambda label: -abs(values[label]))
    subject = f"every fifth {does}s" if len(labels) == len(FIFTHS) else some
    return f"{subject}, {_named(ranked[0], values)} most and {_named(ranked[-1], values)} least"


def _named(label: str, values: Mapping[str, float]) -> str:
    ends = {"1": "the most deprived", "5": "the least deprived"}
    return f"{ends.get(label, f'fifth {label}')} ({people(abs(values[label]))})"


def extra(pounds: float) -> str:
    """A change of cost in words."""
    if abs(pounds) < show.NONE:
        return "no more"
    return f"{show.money(abs(pounds))} {'more' if pounds > 0 else 'less'}"


def change(qalys: float) -> str:
    """A change of QALYs in words."""
    if abs(qalys) < show.NONE:
        return "no QALYs gained or lost"
    return f"about {people(abs(qalys))} QALYs {'gained' if qalys > 0 else 'lost'}"


def notes(effects: xr.Dataset, last: int) -> Iterator[str]:
    """Rates, prices, and what is left out."""
    yield (
        f"Discounting: for each year they lie ahead, {_rates(effects)}. NICE and the Treasury use 3.5%; "
        "--discount 0.015 is the usual other choice."
    )
    yield _displacement(effects)
    yield (
        "Prices are not brought to one year: programmes at the price years that their files state, NHS care at 2011/12 "
        "prices, the default opportunity cost at those of 2008."
    )
    yield (
        f"Left out: whatever comes after {last}, both the years that those saved live on and their care; a better life "
        "for those who would have lived anyway; costs outside the NHS and the programmes."
    )
    yield (
        "± is the Monte Carlo standard error: how far chance in the simulated people moves a figure; of others see "
        "'hisim compare'. Doubt about effects, costs and trends is not counted yet."
    )


def _rates(effects: xr.Dataset) -> str:
    cost, health = effects.attrs["discount"], effects.attrs["discount_health"]
    if cost == health:
        return f"costs and health count {100 * cost:g}% less"
    return f"costs count {100 * cost:g}% less and health {100 * health:g}% less"


def _displacement(effects: xr.Dataset) -> str:
    """The opportunity cost, where it is from, and who bears it."""
    price = effects.attrs["opportunity_cost_gbp_per_qaly"]
    shares = [f"{float(share):.0%}" for share in effects.attrs["opportunity_shares"].split(", ")]
    published = f"£{sums.OPPORTUNITY_COST:,.0f}"
    source = "Claxton et al 2015, what NHS spending of 2008 gained at the margin"
    if price != sums.OPPORTUNITY_COST:
        source = f"as given with --opportunity-cost; {published} by default: {source}"
    return (
        f"Opportunity cost: £{price:,.0f} spent elsewhere in the NHS gains one QALY ({source}). Of what is lost "
        f"elsewhere, fifths 1 to 5 bear {', '.join(shares[:-1])} and {shares[-1]} (Love-Koh et al 2020)."
    )


def records(account: Account) -> str:
    """Every figure as JSON, with its unit and meaning; what is withheld is null."""
    effects = account.effects
    verdicts = effects["verdict"].transpose("scenario", "quintile")
    england = verdicts.sel(quintile=ENGLAND).values.tolist()
    found = {
        "settings": dict(effects.attrs) | {"from": account.years[0], "to": account.years[1]},
        "verdicts": dict(zip(verdicts["scenario"].values.tolist(), england, strict=True)),
    }
    arrays = {str(name): array for name, array in effects.drop_vars("verdict").data_vars.items()}
    arrays |= {"qalys_gained_by_age": account.by_age, "needed_to_cover": account.cover}
    arrays |= {str(name): array for name, array in account.expectancy.data_vars.items()}
    told = {name: array_record(array) for name, array in arrays.items()}
    return json.dumps(found | told | quality_tables.quality_records(account.quality), indent=2)
