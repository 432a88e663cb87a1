"""The equity screen in numbers: who is reached and missed, and who gains, by fifth, age, sex and stratum. No score.

Ethnic groups and segments are looked at whether or not a scenario tells them apart; strata of its own as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr

from hisim.areas import find
from hisim.declare.delivery import STEPS
from hisim.declare.scenario import Scenario
from hisim.declare.strata import Strata
from hisim.inputs.strata import authority_shares
from hisim.model.inputs import inputs_of
from hisim.model.projection import project
from hisim.model.reach import chain, reach_by_cell
from hisim.outcomes.comparison import compare
from hisim.outcomes.strata import by_stratum
from hisim.outcomes.targeting import efficiency_and_equity
from hisim.variables import ETHNIC_GROUPS, QUINTILE_NAMES

FIFTH, AGE, SEX, EVERYONE = "fifth", "age", "sex", "everyone"
ETHNIC, SEGMENT, OWN = "ethnic group", "segment", "own strata"
LOOKED_AT = {ETHNIC: "ethnicity", SEGMENT: "output-area-classification"}
BROAD_AGES: Mapping[str, tuple[int, int]] = {
    "0-14": (0, 14), "15-39": (15, 39), "40-64": (40, 64), "65-74": (65, 74), "75+": (75, 100),
}  # fmt: skip
SEX_NAMES = {"Female": "women", "Male": "men"}
COUNTS = ("eligible", "served_now", "served_full", "alike")
SURE = 2.0
"""A difference of fewer Monte Carlo standard errors than this is undecided."""
NOBODY = 0.5
"""Fewer people than this are nobody."""


class View(NamedTuple):
    """A scenario with strata of one kind, and people reached in them."""

    by: str
    scenario: Scenario
    inputs: xr.Dataset
    cells: xr.Dataset
    """As :func:`hisim.model.reach.reach_by_cell`, and ``alike``: served at full scale if strata did not differ."""


class Reached(NamedTuple):
    """People of one group whom one intervention is for [persons of the first year]."""

    intervention: str
    by: str
    group: str
    in_need: float
    now: float
    full: float
    alike: float
    """People who would be reached at full scale if the group were as others of its age, sex and fifth."""

    @property
    def more(self) -> float:
        """People reached beyond today."""
        return self.full - self.now

    @property
    def missed(self) -> float:
        """People in need who are not reached at full scale."""
        return max(self.in_need - self.full, 0.0)

    @property
    def share(self) -> float:
        """Share of those in need who are reached at full scale."""
        return self.full / self.in_need if self.in_need > NOBODY else 0.0

    @property
    def share_if_alike(self) -> float:
        """The same if the group were as others of its age, sex and fifth."""
        return self.alike / self.in_need if self.in_need > NOBODY else 0.0


class Gain(NamedTuple):
    """Deaths of one group as now, and those prevented or postponed, from the first year to the last."""

    by: str
    group: str
    death_rate: float
    """Per 100,000 person-years, as now."""
    averted: float
    averted_se: float
    per_100000: float
    per_100000_se: float
    share: float
    """Of the group's deaths as now."""
    against: float
    """That share over the share of all England's deaths; above 1 = gains more than its part."""
    against_se: float

    @property
    def verdict(self) -> str:
        """``more``, ``less`` or ``undecided``: whether the group gains more than its part of the deaths."""
        return verdict(self.against - 1.0, self.against_se, ("more", "less"))


class Gap(NamedTuple):
    """The gap in life expectancy at birth between the most deprived fifth and England in the last year [years]."""

    sex: str
    as_now: float
    change: float
    change_se: float

    @property
    def verdict(self) -> str:
        """``widens``, ``narrows``, ``unchanged`` or ``undecided``."""
        return verdict(self.change, self.change_se, ("widens", "narrows"))


class Local(NamedTuple):
    """People of one group of a local authority, and whom an intervention would reach there [persons]."""

    intervention: str
    group: str
    in_need: float
    now: float
    full: float


class Weakest(NamedTuple):
    """The step at which an intervention loses most people, now or at full scale [persons]."""

    intervention: str
    when: Literal["now", "full"]
    step: str
    lost: float
    in_need: float


class Screened(NamedTuple):
    """Everything the screen says of a scenario, in numbers."""

    views: list[View]
    reached: list[Reached]
    weakest: list[Weakest]
    gains: list[Gain]
    gaps: list[Gap]
    people: xr.DataArray | None
    """Census people of the local authority asked for, (quintile of 2010, stratum)."""
    local: list[Local]


def screened(
    scenario: Scenario,
    area: str | None = None,
    *,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Screened:
    """The screen of ``scenario``, with a local authority ``area`` beside England if asked.

    Gains are those of one projection with strata: by ethnic group, or, where uses are for strata of another kind
    alone, by those.

    Raises
    ------
    ImpossibleModelError
        When there is no such authority, with the nearest name.
    """
    persons = None if area is None else authority_shares(area)
    several = views(scenario)
    main = several[0]
    there = list(_local(persons, main)) if persons is not None and main.by == ETHNIC else []
    if not scenario.interventions:
        return Screened(several, [], [], [], [], persons, [])
    projection = project(main.scenario, main.inputs, threads=threads, progress=progress)
    gained = gains(projection, scenario.name, main.by)
    return Screened(
        several, reached(several), weakest_steps(main), gained, gaps(projection, scenario.name), persons, there
    )


def verdict(change: float, error: float, words: tuple[str, str]) -> str:
    """Which of two words a change deserves; undecided where it could be chance, unchanged where there is none."""
    if change == 0:
        return "unchanged"
    if not np.isfinite(change) or abs(change) < SURE * (error if np.isfinite(error) else np.inf):
        return "undecided"
    return words[0] if change > 0 else words[1]


def views(scenario: Scenario) -> list[View]:
    """The scenario by ethnic group, by segment and by strata of its own.

    Uses for some strata only make sense among their own: then there is no other view.
    """
    own = scenario.strata
    kinds = {by: Strata(by=kind) for by, kind in LOOKED_AT.items()}  # type: ignore[arg-type]
    if own is not None:
        name = next((by for by, kind in LOOKED_AT.items() if kind == own.by), OWN)
        kinds = {name: own} if any(use.strata for use in scenario.interventions) else {**kinds, name: own}
    return [_view(by, scenario.model_copy(update={"strata": kind})) for by, kind in kinds.items()]


def _view(by: str, scenario: Scenario) -> View:
    inputs = inputs_of(scenario)
    cells = reach_by_cell(scenario, inputs)
    whole = cells.sum("stratum")
    rate = (whole["served_full"] / whole["eligible"].where(whole["eligible"] > 0)).fillna(0.0)
    return View(by, scenario, inputs, cells.assign(alike=cells["eligible"] * rate))


def reached(several: Sequence[View]) -> list[Reached]:
    """Everyone, and every group by fifth, age, sex and stratum, for each intervention; groups of nobody left out."""
    first = several[0].cells
    tables = {
        EVERYONE: first.sum(("quintile", "sex", "age", "stratum")).expand_dims(
            group=[find(several[0].scenario.area).name]
        ),
        FIFTH: _named(first.sum(("sex", "age", "stratum")), "quintile", QUINTILE_NAMES),
        AGE: _by_age(first.sum(("quintile", "sex", "stratum"))),
        SEX: _named(first.sum(("quintile", "age", "stratum")), "sex", SEX_NAMES),
        **{view.by: _named(view.cells.sum(("quintile", "sex", "age")), "stratum", {}) for view in several},
    }
    found = []
    for name in first["intervention"].values.tolist():
        for by, table in tables.items():
            for group in table["group"].values.tolist():
                one = table.sel(intervention=name, group=group)
                row = Reached(name, by, group, *(float(one[count]) for count in COUNTS))
                if row.in_need > NOBODY:
                    found.append(row)
    return found


def _named(table: xr.Dataset, dim: str, names: Mapping[int, str] | Mapping[str, str]) -> xr.Dataset:
    labels = [names.get(label, str(label)) for label in table[dim].values.tolist()]
    return table.rename({dim: "group"}).assign_coords(group=labels)


def _by_age(table: xr.Dataset) -> xr.Dataset:
    bands = [table.sel(age=slice(*ages)).sum("age") for ages in BROAD_AGES.values()]
    return xr.concat(bands, "group").assign_coords(group=list(BROAD_AGES))


def of_use(found: Sequence[Reached], name: str, by: str) -> list[Reached]:
    """Groups of one kind that one intervention is for."""
    return [one for one in found if (one.intervention, one.by) == (name, by)]


def weakest_steps(view: View) -> list[Weakest]:
    """Where each intervention loses most people of England: at full scale, or now where no step is changed."""
    links, found = chain(view.scenario, view.inputs).sum("quintile"), []
    for use in view.scenario.interventions:
        when: Literal["now", "full"] = "full" if use.change is None else "now"
        left = links[when].sel(intervention=use.id).values
        lost = -np.diff(left)
        if lost.max() > NOBODY:
            found.append(Weakest(use.id, when, STEPS[int(lost.argmax())], float(lost.max()), float(left[0])))
    return found


def gains(projection: xr.Dataset, scenario: str, by: str) -> list[Gain]:
    """Who gains, by fifth and stratum, in a projection with strata; to the end of its last year."""
    calibrated, last = projection.attrs["estimator"] == "expected", int(projection["year"].values[-1])
    figures = by_stratum(projection, by=[last], calibrated=calibrated)
    equity = efficiency_and_equity(projection, by=[last], calibrated=calibrated)
    here = {"year": last, "draw": 0}
    one, england = figures.sel(here), figures.sel(here).sel(quintile="all", stratum="all")
    total = float(england["deaths_averted"].sel(scenario=scenario)) / float(england["deaths_comparator"])

    def gain(kind: str, group: str, cell: xr.Dataset) -> Gain:
        own = cell.sel(scenario=scenario)
        died, lived = float(cell["deaths_comparator"]), float(cell["person_years_comparator"])
        averted, error = float(own["deaths_averted"]), float(own["deaths_averted_se"])
        share = averted / died if died > 0 else 0.0
        against, against_se = (share / total, error / died / abs(total)) if total and died else (np.nan, np.nan)
        per = float(own["deaths_averted_per_100000"]), float(own["deaths_averted_per_100000_se"])
        return Gain(
            kind, group, died / lived * 1e5 if lived else np.nan, averted, error, *per, share, against, against_se
        )

    rows = [gain(EVERYONE, find(str(projection.attrs["area"])).name, england)]
    rows += [gain(FIFTH, name, one.sel(quintile=str(q), stratum="all")) for q, name in QUINTILE_NAMES.items()]
    ratio = equity.sel(here).sel(scenario=scenario)
    for group in projection["stratum"].values.tolist():
        plain = gain(by, group, one.sel(quintile="all", stratum=group))
        against, error = (
            float(ratio[name].sel(stratum=group)) for name in ("averted_to_deaths", "averted_to_deaths_se")
        )
        rows.append(plain._replace(against=against, against_se=error))
    return rows


def gaps(projection: xr.Dataset, scenario: str) -> list[Gap]:
    """What the mix does to the gap between the most deprived fifth and England, by sex."""
    calibrated, last = projection.attrs["estimator"] == "expected", int(projection["year"].values[-1])
    name = "life_expectancy_0_gap_average"
    found = compare(projection, by=[last], calibrated=calibrated).sel(year=last).isel(draw=0)
    rows = []
    for sex in ("Male", "Female"):
        now = float(found[name].sel(sex=sex, scenario="comparator"))
        mix, error = (float(found[each].sel(sex=sex, scenario=scenario)) for each in (name, f"{name}_se"))
        rows.append(Gap(SEX_NAMES[sex], now, mix - now, error))
    return rows


def _local(persons: xr.DataArray, view: View) -> Iterator[Local]:
    """Whom each intervention would reach if people were in need, and reached, as England's of their fifth and group."""
    people = (view.inputs["population"] * view.inputs["stratum_share"]).sum(("sex", "age"))
    rate = view.cells.sum(("sex", "age")) / people.where(people > 0)
    there = (rate * persons).fillna(0.0).sum("quintile")
    for intervention in there["intervention"].values.tolist():
        for group in ETHNIC_GROUPS:
            cell = there.sel(intervention=intervention, stratum=group)
            yield Local(intervention, group, *(float(cell[count]) for count in COUNTS[:3]))
