"""What each intervention of a mix contributes, in words, tables and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hisim.areas import find
from hisim.declare.files import read_scenario
from hisim.declare.scenario import Scenario
from hisim.errors import ImpossibleModelError, StoppedError
from hisim.surfaces.gap_sources import (
    array_record,
    explained,
    explained_sentences,
    gap_parts,
    gap_parts_table,
    gap_records,
)

if TYPE_CHECKING:
    import xarray as xr

    from hisim.model.slot_plan import Library
    from hisim.surfaces.text import Table

DEATHS, GAP = "deaths_averted_cumulative", "life_expectancy_0_gap_q5"
MOST, ENGLAND = "1", "all"
DAYS = 365.25
NAMED = 3
"""How many interventions the findings name; the tables hold all."""
WIDTH = 150
SPLITTING = 0.9
"""Share of the progress that goes to the sets of the interventions; the rest to the mix by itself."""
SEXES = {"Male": "men", "Female": "women"}
Progress = Callable[[float], None]


def decompose_file(
    file: Path,
    by: int | None,
    permutations: int | None,
    threads: int | None,
    progress: Progress | None,
    *,
    as_json: bool,
) -> str:
    """Split the effect of the scenario in ``file`` among its interventions; returns what to print.

    Raises
    ------
    ImpossibleModelError
        For a year outside the scenario or a number of permutations that cannot be used.
    StoppedError
        When the user interrupts it.
    """
    scenario = read_scenario(file)
    year = scenario.end if by is None else by
    if not scenario.start <= year <= scenario.end:
        raise ImpossibleModelError(
            f"by: found {year}; allowed: a year of the scenario, {scenario.start} to {scenario.end}"
        )
    try:
        study = split(scenario, year, permutations, threads, progress)
        uptake = _uptake(scenario, year, threads)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None
    return (records if as_json else described)(*study, scenario, year, uptake)


def _uptake(scenario: Scenario, year: int, threads: int | None) -> xr.Dataset | None:
    """The mix at other correlations of uptake; None where there is only one service."""
    from hisim.studies.uptake import by_uptake_correlation

    return by_uptake_correlation(scenario, by=year, threads=threads) if len(scenario.interventions) > 1 else None


def split(
    scenario: Scenario,
    year: int,
    permutations: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    *,
    inputs: xr.Dataset | None = None,
    library: Library | None = None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """The shares of :func:`hisim.studies.shares.shapley` by the end of ``year``, and the projection of the mix."""
    from hisim.model.inputs import inputs_of
    from hisim.model.projection import project
    from hisim.studies.shares import MOST_EXACT, PERMUTATIONS, SEED, impact, orders_of, shapley

    permutations = PERMUTATIONS if permutations is None else permutations
    orders_of(scenario, MOST_EXACT, permutations, SEED)  # refuses what is impossible before any table is read
    inputs = inputs_of(scenario) if inputs is None else inputs
    shares = shapley(
        scenario,
        inputs,
        value=impact(year),
        permutations=permutations,
        threads=threads,
        progress=None if progress is None else lambda done: progress(done * SPLITTING),
        library=library,
    )
    rest = None if progress is None else lambda done: progress(SPLITTING + done * (1.0 - SPLITTING))
    return shares, project(scenario, inputs, threads=threads, progress=rest, library=library)


def described(
    shares: xr.Dataset, projection: xr.Dataset, scenario: Scenario, year: int, uptake: xr.Dataset | None = None
) -> str:
    """Findings first, then the tables behind them."""
    from hisim.outcomes.withheld import empty_fifths
    from hisim.surfaces.place import area_lines, at_start, of_area
    from hisim.surfaces.text import render, wrapped
    from hisim.surfaces.uptake import uptake_sentences, uptake_table

    names = {use.id: use.intervention.name for use in scenario.interventions}
    place = find(scenario.area).name
    lines = [
        scenario.title,
        f"{at_start(place)}, {scenario.start} to {scenario.end}, compared with carrying on as now: "
        f"what {_each(len(names))} contributes by the end of {year}.",
        "",
        *findings(shares, names, year, place, nobody=1 in empty_fifths(projection)),
        *(() if uptake is None else uptake_sentences(uptake)),
        *explained_sentences(explained(projection, year), year),
        *area_lines(projection),
        "",
    ]
    tables = [
        share_table(shares, names, year),
        alone_table(shares, names, year),
        gap_table(shares, names, year),
        *(() if uptake is None else (uptake_table(uptake, year, scenario.simulation.uptake_correlation),)),
        gap_parts_table(gap_parts(projection, year), scenario.name, year),
    ]
    return wrapped(lines) + "\n" + render(of_area(tables, place), WIDTH) + wrapped(_how(shares)) + "\n"


def findings(
    shares: xr.Dataset, names: Mapping[str, str], year: int, place: str = "England", *, nobody: bool = False
) -> Iterator[str]:
    """Which intervention carries how much, and how far they overlap, in plain English."""
    from hisim.surfaces.text import people

    for label, where in ((ENGLAND, place), (MOST, "the most deprived fifth")):
        here = shares.sel(quintile=label)
        whole = float(here[f"{DEATHS}_mix"])
        if label == MOST and nobody:
            yield f"Nobody in {place} lives in the most deprived fifth."
            continue
        if abs(whole) < 0.5:
            yield f"In {where} the mix makes no difference to deaths by the end of {year}."
            continue
        outcome = "deaths prevented or postponed" if whole > 0 else "more deaths"
        parts = {str(name): float(here[f"{DEATHS}_share"].sel(intervention=name)) for name in _ranked(shares)}
        yield f"In {where}, of about {people(abs(whole))} {outcome} by the end of {year}: {_carried(parts, names)}."
    yield _overlap(shares)
    for sex, who in SEXES.items():
        days = float(shares[f"{GAP}_mix"].sel(sex=sex)) * DAYS
        if not math.isfinite(days):
            yield f"The gap in life expectancy between the most and the least deprived fifth, {who}, is not shown."
            continue
        effect = (
            f"the mix {'narrows' if days < 0 else 'widens'} it by {abs(days):.1f} days ({_days(shares, names, sex)})"
        )
        yield (
            f"The gap in life expectancy at birth between the most and the least deprived fifth, {who}, in {year}: "
            f"{effect if abs(days) >= 0.05 else 'no difference'}."
        )


def _carried(parts: Mapping[str, float], names: Mapping[str, str]) -> str:
    """Who carries how much of a number of deaths: the largest by name, the others together."""
    from hisim.surfaces.text import people

    whole = sum(parts.values())
    same_way = all(part * whole >= 0 for part in parts.values())

    def amount(part: float) -> str:
        return f"{people(abs(part))} ({_percent(part / whole)})" if same_way else people(part if whole > 0 else -part)

    first, rest = list(parts)[:NAMED], list(parts)[NAMED:]
    told = [f"{names[name]} {amount(parts[name])}" for name in first]
    if len(rest) == 1:
        told.append(f"{names[rest[0]]} {amount(parts[rest[0]])}")
    elif rest:
        told.append(f"the other {len(rest)} together {amount(sum(parts[name] for name in rest))}")
    return ", ".join(told)


def _overlap(shares: xr.Dataset) -> str:
    from hisim.surfaces.text import people

    whole, most = (float(shares[f"{DEATHS}_overlap"].sel(quintile=label)) for label in (ENGLAND, MOST))
    mix = float(shares[f"{DEATHS}_mix"].sel(quintile=ENGLAND))
    if shares.sizes["intervention"] == 1 or abs(whole) < 0.5:
        return "Each alone, added up, gives what the mix gives: they do not overlap."
    part = f" ({abs(whole) / abs(mix):.1%} of the mix)" if abs(mix) >= 0.5 else ""
    if whole > 0:
        there = f", {people(most)} of them in the most deprived fifth" if most >= 0.5 else ""
        return (
            f"Overlap: each alone, added up, would give {people(whole)} more than the mix{part}{there}, because they "
            "reach the same people or act on the same deaths."
        )
    return f"They strengthen each other: the mix gives {people(-whole)} more than each alone, added up{part}."


def _days(shares: xr.Dataset, names: Mapping[str, str], sex: str) -> str:
    """The largest shares in the change of the gap; minus = narrower."""
    values = shares[f"{GAP}_share"].sel(sex=sex) * DAYS
    ranked = sorted(values["intervention"].values.tolist(), key=lambda name: -abs(float(values.sel(intervention=name))))
    return ", ".join(f"{names[name]} {float(values.sel(intervention=name)):+.1f}" for name in ranked[:NAMED])


def share_table(shares: xr.Dataset, names: Mapping[str, str], year: int) -> Table:
    """Deaths prevented or postponed by intervention and fifth; the shares add up to the mix."""
    from hisim.surfaces.text import Row, Table, fifth, people, with_error
    from hisim.variables import QUINTILES

    def cells(kind: str, **where: str) -> list[str]:
        here = shares[f"{DEATHS}_{kind}"].sel(where)
        fifths = [people(float(here.sel(quintile=str(quintile)))) for quintile in QUINTILES]
        error = _error(shares, f"{DEATHS}_{kind}", quintile=ENGLAND, **where)
        return [*fifths, with_error(float(here.sel(quintile=ENGLAND)), error)]

    rows = [Row([names[name], *cells("share", intervention=name)]) for name in _ranked(shares)]
    rows.append(Row(["The mix", *cells("mix")], strong=True))
    if len(rows) > 2:
        rows.append(Row(["Overlap: each alone, added up, less the mix", *cells("overlap")]))
    columns = ["share in the mix", *(fifth(quintile) for quintile in QUINTILES), "England"]
    return Table(f"Deaths prevented or postponed by the end of {year}: share of each, by fifth", columns, rows, words=1)


def alone_table(shares: xr.Dataset, names: Mapping[str, str], year: int) -> Table:
    """Each intervention alone, its share in the mix, and what the mix loses without it."""
    from hisim.surfaces.text import Row, Table, people

    def cells(name: str) -> Iterator[str]:
        for label in (MOST, ENGLAND):
            for kind in ("alone", "share", "last"):
                yield people(float(shares[f"{DEATHS}_{kind}"].sel(intervention=name, quintile=label)))

    rows = [Row([names[name], *cells(name)]) for name in _ranked(shares)]
    sums: list[str] = []
    for label in (MOST, ENGLAND):
        for kind in ("alone", "share", "last"):
            sums.append(people(float(shares[f"{DEATHS}_{kind}"].sel(quintile=label).sum("intervention"))))
    rows.append(Row(["Added up", *sums], strong=True))
    heads = [f"{where}: {kind}" for where in ("most deprived", "England") for kind in ("alone", "share", "last")]
    note = (
        "alone: nothing else in the mix. share: Shapley value, the mean of what it adds over all orders in which the\n"
        "interventions may come in; only the shares add up to the mix. last: what is lost when it is taken out."
    )
    title = f"Deaths prevented or postponed by the end of {year}: alone, share in the mix, and last"
    return Table(title, ["intervention", *heads], rows, 1, note)


def gap_table(shares: xr.Dataset, names: Mapping[str, str], year: int) -> Table:
    """Change of the gap in life expectancy at birth by intervention [days]; minus = narrower."""
    from hisim.surfaces.text import Row, Table

    rows = []
    for name in _ranked(shares):
        cells = []
        for sex in SEXES:
            for kind in ("alone", "share", "last"):
                days = float(shares[f"{GAP}_{kind}"].sel(intervention=name, sex=sex)) * DAYS
                wide = _error(shares, f"{GAP}_share", intervention=name, sex=sex) * DAYS
                cells.append(_with(days, wide) if kind == "share" else _plain(days))
        rows.append(Row([names[name], *cells]))
    mix = []
    for sex in SEXES:
        days, wide = float(shares[f"{GAP}_mix"].sel(sex=sex)) * DAYS, _error(shares, f"{GAP}_mix", sex=sex) * DAYS
        mix += ["", _with(days, wide), ""]
    rows.append(Row(["The mix", *mix], strong=True))
    heads = [f"{who}: {kind}" for who in SEXES.values() for kind in ("alone", "share", "last")]
    title = f"Gap in life expectancy at birth between fifths 1 and 5 in {year}: change in days (minus: narrower)"
    return Table(title, ["intervention", *heads], rows, words=1)


def records(
    shares: xr.Dataset, projection: xr.Dataset, scenario: Scenario, year: int, uptake: xr.Dataset | None = None
) -> str:
    """Every figure of the study as JSON, with its unit and meaning."""
    found: dict[str, Any] = {
        "scenario": scenario.name,
        "by": year,
        "method": shares.attrs["method"],
        "permutations": int(shares.attrs["permutations"]),
        "runs": int(shares.attrs["runs"]),
    }
    found |= {str(name): array_record(array) for name, array in shares.data_vars.items()}
    if uptake is not None:
        found["by_uptake_correlation"] = array_record(uptake[DEATHS])
    found |= gap_records(gap_parts(projection, year), explained(projection, year))
    return json.dumps(found, indent=2)


def _ranked(shares: xr.Dataset) -> list[str]:
    """Interventions by their share of England's deaths, the largest first."""
    values = shares[f"{DEATHS}_share"].sel(quintile=ENGLAND)
    ids = [str(name) for name in shares["intervention"].values]
    return sorted(ids, key=lambda name: (-float(values.sel(intervention=name)), name))


def _error(shares: xr.Dataset, name: str, **where: str) -> float:
    """Monte Carlo standard error together with that of the sampled orders, where there are any."""
    error = float(shares[f"{name}_se"].sel(where))
    sampled = float(shares[f"{name}_sampling_se"].sel(where)) if f"{name}_sampling_se" in shares else 0.0
    return math.hypot(error, sampled)


def _plain(days: float) -> str:
    if not math.isfinite(days):
        return "n/a"
    return f"{days + 0.0 if abs(days) >= 0.005 else 0.0:.2f}"


def _with(days: float, error: float) -> str:
    return f"{_plain(days)} ±{error:.2f}" if math.isfinite(days) else "n/a"


def _percent(share: float) -> str:
    return "under 1%" if 0 < share < 0.005 else f"{share:.0%}"


def _each(number: int) -> str:
    return "its one intervention" if number == 1 else f"each of {number} interventions"


def _how(shares: xr.Dataset) -> Iterator[str]:
    people, runs = shares.attrs["people_per_cohort"], shares.attrs["runs"]
    if shares.attrs["method"] == "exact":
        yield f"Shares are exact: all {runs} sets of the interventions were projected."
    else:
        yield (
            f"Shares are the mean over {shares.attrs['permutations']} sampled orders of the interventions "
            f"({runs} sets projected); they add up to the mix exactly."
        )
    yield (
        f"± is the standard error of chance: {people} simulated people in each cohort (seed {shares.attrs['seed']})"
        + ("." if shares.attrs["method"] == "exact" else ", and the sampled orders.")
        + " It says nothing of how uncertain the effects, coverage and trends themselves are."
    )
