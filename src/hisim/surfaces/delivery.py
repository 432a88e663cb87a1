"""Which step of delivery loses most people, in each fifth: the chain as sentences, tables and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from hisim.areas import ENGLAND, find
from hisim.declare.delivery import CHRISTMAS_TREE, STEP_WORDS, STEPS
from hisim.declare.files import read_scenario
from hisim.declare.intervention import SmokingCessation
from hisim.declare.scenario import Scenario, Use
from hisim.surfaces.text import Row, Table, fifth, people
from hisim.variables import QUINTILES

if TYPE_CHECKING:
    import xarray as xr

When = Literal["now", "full"]
MOST = 1
NAMED = 3
"""How many losses one sentence names; the table holds all."""
WIDTH = 150
NOTHING = 1e-9
"""Shares below this are rounding."""
LOST_WORDS = {
    "need_known": "because services do not know of them",
    "offered": "because they are not offered it",
    "taken_up": "because they do not take it up",
    "delivered": "because they do not get the effective service",
    "sustained": "because they do not stay with it",
}


class Chain(NamedTuple):
    """One use in one fifth at one time: people in need and after each step, and people served."""

    left: np.ndarray
    served: float

    @property
    def need(self) -> float:
        """People in need [persons of the first year]."""
        return float(self.left[0])

    @property
    def shares(self) -> np.ndarray:
        """Of those in need, the share left after each step; 0 where nobody is in need."""
        return np.asarray(self.left[1:] / (self.need or 1.0))

    @property
    def lost(self) -> np.ndarray:
        """People lost at each step."""
        return np.asarray(-np.diff(self.left)) + 0.0

    @property
    def weakest(self) -> str | None:
        """The step that loses most people; None where none loses anybody."""
        return STEPS[int(self.lost.argmax())] if self.lost.max() > NOTHING * self.need else None


class Chains:
    """Every use of a scenario in every fifth, now and at full scale."""

    def __init__(self, scenario: Scenario, inputs: xr.Dataset) -> None:
        from hisim.model.inputs import in_area
        from hisim.model.reach import chain, reach

        self.scenario, self.place = scenario, find(scenario.area).name
        self.local = scenario.area != ENGLAND
        self._within = {use.id: use.capacity_per_year for use in in_area(scenario, inputs).interventions}
        self._steps, self._served = chain(scenario, inputs), reach(scenario, inputs)

    def of(self, use: Use, when: When, quintile: int) -> Chain:
        """The chain of ``use`` in one fifth."""
        left = self._steps[when].sel(intervention=use.id, quintile=quintile).values
        return Chain(left, float(self._served[f"served_{when}"].sel(intervention=use.id, quintile=quintile)))

    def capacity(self, use: Use) -> float:
        """Most people served in a year in the area [persons]."""
        return self._within[use.id] or 0.0

    def change(self, use: Use) -> bool:
        """Whether any step of ``use`` changes."""
        return any((self.of(use, "now", q).left != self.of(use, "full", q).left).any() for q in QUINTILES)


def delivery_file(file: Path, *, as_json: bool) -> str:
    """The chain of delivery of every intervention in ``file``, now and at full scale."""
    from hisim.model.inputs import inputs_of

    scenario = read_scenario(file)
    chains = Chains(scenario, inputs_of(scenario))
    return records(chains) if as_json else described(chains)


def described(chains: Chains) -> str:
    """Findings first, then a table for each intervention."""
    from hisim.surfaces.text import render, wrapped

    scenario = chains.scenario
    if not scenario.interventions:
        return wrapped([scenario.title, "No intervention: the same as carrying on as now."]) + "\n"
    there = f", in {chains.place}" if chains.local else ""
    lines = [
        scenario.title,
        f"Where delivery loses people between being in need and having the effective service{there}.",
        "",
        *(sentence(use, chains) for use in scenario.interventions),
        "",
    ]
    tables = [chain_table(use, chains) for use in scenario.interventions]
    return wrapped(lines) + "\n" + render([weakest_table(chains), *tables], WIDTH)


def sentence(use: Use, chains: Chains) -> str:
    """Where an intervention loses most people in the most deprived fifth, and whether that is so elsewhere."""
    name, most = use.intervention.name, chains.of(use, "now", MOST)
    step = most.weakest
    if most.need <= 0:
        return f"{name}: nobody in the most deprived fifth is in need of it."
    if step is None:
        return f"{name}: no step loses anybody."
    same = all(chains.of(use, "now", quintile).weakest == step for quintile in QUINTILES)
    lost = float(most.lost.max())
    return (
        f"{name}: of {people(most.need)} in need in the most deprived fifth, most are lost now {LOST_WORDS[step]} "
        f"({people(lost)}, {lost / most.need:.0%}); {'so it is in every fifth' if same else 'not so in every fifth'}. "
        f"Behind it: {', '.join(CHRISTMAS_TREE[step])}."
    )


def weakest_sentence(chains: Chains) -> Iterator[str]:
    """Where delivery loses most people now in the most deprived fifth: the largest losses, in one sentence.

    What reaches nobody yet, such as a policy that is not in force, is left out.
    """
    losses = []
    for use in chains.scenario.interventions:
        one = chains.of(use, "now", MOST)
        if one.weakest is not None and one.left[-1] > 0:
            lost = float(one.lost.max())
            losses.append((lost, f"{use.id} {LOST_WORDS[one.weakest]} ({people(lost)} people, {lost / one.need:.0%})"))
    told = [text for _, text in sorted(losses, reverse=True)[:NAMED]]
    if told:
        yield f"Delivery loses most people in need in the most deprived fifth now: {'; '.join(told)}."


def weakest_table(chains: Chains) -> Table:
    """The weakest step of each intervention in the most deprived fifth, now and at full scale."""
    rows = []
    for use in chains.scenario.interventions:
        now, full = chains.of(use, "now", MOST), chains.of(use, "full", MOST)
        words = [(one.weakest or "nowhere").replace("_", " ") for one in (now, full)]
        lost = [f"{one.lost.max() / (one.need or 1.0):.0%}" for one in (now, full)]
        served = [f"{one.served / (one.need or 1.0):.1%}" for one in (now, full)]
        rows.append(Row([use.id, *words, lost[0], served[0], lost[1], served[1]]))
    columns = ["intervention", "most lost now at", "at full scale at", "lost now", "served now", "lost then",
               "served then"]  # fmt: skip
    note = "Shares of people in need; a step left out of an intervention's file loses nobody."
    return Table("The weakest step of each intervention, most deprived fifth", columns, rows, 3, note)


def chain_table(use: Use, chains: Chains) -> Table:
    """Of 100 people in need, how many are left after each step, by fifth, now and at full scale; * loses most."""
    now = [chains.of(use, "now", quintile) for quintile in QUINTILES]
    full = [chains.of(use, "full", quintile) for quintile in QUINTILES]
    rows = [Row(["in need", "people", *(f"{people(one.need)} " for one in now)])]
    for i, step in enumerate(STEPS):
        rows.append(Row([STEP_WORDS[step], "now", *(_left(one, i) for one in now)]))
        if chains.change(use):
            rows.append(Row(["", str(use.full_from), *(_left(one, i) for one in full)]))
    service = isinstance(use.intervention, SmokingCessation) and use.intervention.extra_quits_per_year is None
    words = "setting a quit date in the year" if service else "served, as the model has it"
    rows.append(Row([words, "now", *map(_served, now)], strong=True))
    rows.append(Row(["", str(use.full_from), *map(_served, full)], strong=True))
    columns = ["of 100 in need, left after", "", *(fifth(quintile) for quintile in QUINTILES)]
    return Table(
        f"{use.intervention.name} ({use.id}): * marks the step that loses most", columns, rows, 2, _why(use, chains)
    )


def _left(one: Chain, i: int) -> str:
    return f"{100 * one.shares[i]:.1f}{'*' if one.weakest == STEPS[i] else ' '}"


def _served(one: Chain) -> str:
    return f"{100 * one.served / (one.need or 1.0):.1f} "


def _why(use: Use, chains: Chains) -> str:
    """Why the last line may differ from the chain above it."""
    if use.strata is not None:
        return (
            f"Steps at full scale are those among {', '.join(use.strata)} alone; everyone else stays as now.\n"
            "The last line counts all."
        )
    if use.change is not None:
        return (
            "The scenario changes coverage as a whole, not the steps. Where coverage now comes from input tables by "
            "age\nand sex, the chain is near it but not the same."
        )
    if use.capacity_per_year is not None:
        own = f"; {chains.place} has its share by people, {chains.capacity(use):,.0f}" if chains.local else ""
        return f"Capacity: at most {use.capacity_per_year:,.0f} people a year in England{own}."
    return ""


def records(chains: Chains) -> str:
    """The chain of every intervention as JSON [persons of the first year]."""
    found = []
    for use in chains.scenario.interventions:
        for quintile in QUINTILES:
            one: dict[str, object] = {"intervention": use.id, "quintile": quintile}
            for when in ("now", "full"):
                link = chains.of(use, when, quintile)
                one[when] = {
                    "people": dict(zip(["in_need", *STEPS], link.left.tolist(), strict=True)),
                    "served": link.served,
                    "weakest": link.weakest,
                }
            found.append(one)
    return json.dumps({"scenario": chains.scenario.name, "chains": found}, indent=2)
