"""Older people, and quality of life by stratum, in tables and JSON: the parts of ``hisim economics`` with errors."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.outcomes.bands import ENGLAND, QUINTILE_LABELS
from hisim.outcomes.comparison import SE
from hisim.outcomes.groups import EVERYONE, with_totals
from hisim.outcomes.older import older
from hisim.outcomes.strata import quality_by_stratum
from hisim.surfaces.economics_tables import HEADS, NONE
from hisim.surfaces.text import Row, Table, people, significant, with_error, wrapped
from hisim.variables import COMPARATOR

PER = 1_000
"""Person-years that QALYs of a stratum are told for."""
RATE = "qalys_gained_per_person_years"
LIVED = "stratum_person_years"
DAYS = 365.25
WHERE = dict(zip(QUINTILE_LABELS, (" ".join(head.split()) for head in HEADS), strict=True))
SAME_UTILITY = (
    "At the same age, strata of a fifth are taken to have the same quality of life: they differ in how long they live "
    "alone."
)


class Quality(NamedTuple):
    """Figures with errors at the central values: of older people, and of strata where there are any."""

    older: xr.Dataset
    strata: xr.Dataset | None
    caution: str
    """What the levels of strata rest on."""


def quality_of(projection: xr.Dataset, values: xr.Dataset, discount: float, scenarios: Iterable[Scenario]) -> Quality:
    """Everything with errors that is reported of ``projection``; QALYs count ``discount`` less each year."""
    one = projection.isel(draw=[0])
    calibrated = one.attrs["estimator"] == "expected"
    old = older(one, values, discount=discount, calibrated=calibrated).isel(draw=0, drop=True)
    if LIVED not in one:
        return Quality(old, None, "")
    told = quality_by_stratum(one, values, discount=discount, calibrated=calibrated).isel(draw=0, drop=True)
    return Quality(old, with_rate(told, one[LIVED].isel(draw=0, drop=True)), caution_of(scenarios))


def with_rate(told: xr.Dataset, lived: xr.DataArray) -> xr.Dataset:
    """``told`` with QALYs gained for each :data:`PER` person-years that the stratum lives carrying on as now."""
    now = lived.sel(scenario=COMPARATOR, drop=True).sum("age_band", skipna=False).to_dataset(name="lived")
    whole = with_totals(now)["lived"].cumsum("year", skipna=False)
    unit, title = f"QALYs per {PER:,} person-years", f"QALYs gained per {PER:,} person-years"
    for end in ("", SE):
        gained = told[f"qalys_gained{end}"]
        rate = (gained / whole.where(whole > 0) * PER).transpose(*gained.dims)
        told[f"{RATE}{end}"] = rate.assign_attrs(units=unit, long_name=title)
    return told


def caution_of(scenarios: Iterable[Scenario]) -> str:
    """What the levels of strata rest on, by how the scenarios tell them apart."""
    strata = next(one.strata for one in scenarios if one.strata is not None)
    if strata.by != "ethnicity":
        return "Levels of strata rest on what the scenario assumes of them."
    if strata.mortality_multipliers is not None:
        return (
            "Levels of ethnic groups rest on published ratios of mortality that disagree: run the other values of "
            "mortality_multipliers as well."
        )
    if strata.risk_channels:
        return (
            "Levels of ethnic groups are not measured ones: risk channels are on, so groups of a fifth differ only so "
            "far as diabetes, heart disease and smoking make them. Read the changes, not the levels."
        )
    return "Levels of ethnic groups are not measured ones: groups of a fifth are taken to have the same mortality."


def tables(quality: Quality) -> list[Table]:
    """Older people, then strata where there are any; one table for each scenario, a note under the last."""
    names = [name for name in quality.older["scenario"].values.tolist() if name != COMPARATOR]
    return [
        *_noted([older_table(quality.older, name) for name in names], older_notes(quality.older)),
        *_noted([one for name in names if (one := strata_table(quality, name))], strata_notes(quality)),
    ]


def older_table(data: xr.Dataset, scenario: str) -> Table:
    """What a scenario does from age 65 and from age 75, by fifth, to the end of the last year."""
    there = data.isel(year=-1)
    if "stratum" in there.dims:
        there = there.sel(stratum=EVERYONE)
    rows = []
    for age in there["from_age"].values.tolist():
        for label, words in WHERE.items():
            here = there.sel(from_age=age, quintile=label)
            one = here.sel(scenario=scenario)
            more = [people(float(one[key])) for key in ("years_of_life_gained", "qalys_gained")]
            ahead = [*_length(here, "life_expectancy", scenario), *_length(here, "qale", scenario)]
            rows.append(Row([f"{age}+", words, _gain(one, "deaths_averted"), *more, *ahead], strong=label == ENGLAND))
    columns = ["age", "fifth", "deaths\npostponed", "years\ngained", "QALYs\ngained", "life ex-\npectancy",
               "change\n(days)", "quality-\nadjusted", "change\n(days)"]  # fmt: skip
    return Table(_title("Older people", scenario, data), columns, rows, 2)


def older_notes(data: xr.Dataset) -> list[str]:
    """What the figures of older people are, and why their deaths can rise."""
    last = int(data["year"].values[-1])
    return [
        f"Deaths postponed, years of life and QALYs gained are those at these ages, by the end of {last}. Deaths at "
        "these ages can rise (a minus sign): people saved younger die later, when they are old.",
        f"Life expectancy: years still ahead at 65 and at 75 in {last}, carrying on as now; quality-adjusted: each of "
        "those years counting by its quality; change: with the scenario.",
    ]


def strata_table(quality: Quality, scenario: str) -> Table | None:
    """What a scenario does for the quality of life of each stratum of England; None without strata."""
    if quality.strata is None:
        return None
    there, old = (one.isel(year=-1).sel(quintile=ENGLAND) for one in (quality.strata, quality.older.isel(from_age=0)))
    gained = there["qalys_gained"].sel(scenario=scenario)
    whole = float(gained.sel(stratum=EVERYONE))
    rows = []
    for label in there["stratum"].values.tolist():
        here = there.sel(stratum=label)
        one, aged = here.sel(scenario=scenario), old.sel(scenario=scenario, stratum=label)
        cells = [_gain(one, "qalys_gained"), _share(float(gained.sel(stratum=label)), whole), _number(float(one[RATE]))]
        cells += [_gain(aged, "qalys_gained"), *_length(here, "qale", scenario)]
        everyone = label == EVERYONE
        rows.append(Row(["Everyone" if everyone else label, *cells], strong=everyone))
    at = f"of them at\n{int(old['from_age'])} and over"
    columns = ["in England", "QALYs\ngained", "share\nof all", f"per {PER:,}\nperson-years", at,
               "quality-adj.\nlife exp.", "change\n(days)"]  # fmt: skip
    return Table(_title("Quality of life, by stratum", scenario, quality.strata), columns, rows, 1)


def strata_notes(quality: Quality) -> list[str]:
    """What the figures by stratum are, and what their levels rest on."""
    last = int(quality.older["year"].values[-1])
    return [
        f"QALYs gained by the end of {last}; person-years: time lived carrying on as now; not adjusted for age. "
        f"Quality-adjusted life expectancy: at birth in {last}, carrying on as now, by Sullivan's method; blank where "
        f"there are too few people. {SAME_UTILITY} By fifth: --json.",
        quality.caution,
    ]


def _noted(found: Sequence[Table], notes: Sequence[str]) -> list[Table]:
    """Tables with ``notes`` under the last; names of scenarios only where there are several."""
    one = len(found) == 1
    named = [replace(table, title=table.title.split(": ")[0]) if one else table for table in found]
    return [*named[:-1], *(replace(table, note=wrapped(notes)) for table in named[-1:])]


def quality_records(quality: Quality) -> dict[str, Any]:
    """Every figure with its error, labels, unit and meaning; what is withheld is null."""
    found = {"older": _records(quality.older)}
    return found if quality.strata is None else found | {"quality_by_stratum": _records(quality.strata)}


def _records(data: xr.Dataset) -> dict[str, Any]:
    told = {}
    for name in (str(name) for name in data.data_vars if not str(name).endswith(SE)):
        both = xr.Dataset({"value": data[name].drop_attrs(), "monte_carlo_se": data[f"{name}{SE}"].drop_attrs()})
        rows = both.to_dataframe().reset_index().to_json(orient="records")
        told[name] = {"unit": data[name].attrs["units"], "meaning": data[name].attrs["long_name"],
                      "values": json.loads(rows)}  # fmt: skip
    return told


def _title(words: str, scenario: str, data: xr.Dataset) -> str:
    return f"{words}, to the end of {int(data['year'].values[-1])}: {scenario}"


def _gain(one: xr.Dataset, name: str) -> str:
    return with_error(float(one[name]), float(one[f"{name}{SE}"]))


def _length(here: xr.Dataset, name: str, scenario: str) -> list[str]:
    """An expectancy carrying on as now and its change in days; blank where withheld."""
    now, then = (float(here[name].sel(scenario=one)) for one in (COMPARATOR, scenario))
    if not math.isfinite(now) or not math.isfinite(then):
        return ["", ""]
    return [f"{now:.2f}", f"{round((then - now) * DAYS, 1) + 0.0:+.1f}"]


def _share(part: float, whole: float) -> str:
    return f"{round(part / whole, 2) + 0.0:.0%}" if whole >= NONE else ""


def _number(value: float) -> str:
    return significant(value, 2) if math.isfinite(value) else ""
