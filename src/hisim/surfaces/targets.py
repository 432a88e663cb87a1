"""``hisim target``: what it would take, in words, tables and files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hisim.declare.target import Target
from hisim.declare.target_files import read_target
from hisim.errors import StoppedError
from hisim.outcomes.asked import described
from hisim.studies.answer import Answer, Told
from hisim.studies.execute import How
from hisim.studies.goals import COST, better, labels_of
from hisim.studies.levers import coverage, shares
from hisim.studies.targets import answered
from hisim.surfaces.export import check_folder, make_folder, write_csv, write_mix
from hisim.surfaces.place import at_start, place_of
from hisim.surfaces.text import Row, Table, fifth, pounds, render, significant, wrapped
from hisim.variables import QUINTILES

if TYPE_CHECKING:
    import pandas as pd

DELIVERY, GOALS = "delivery.csv", "goals.csv"
MOST_BOUNDS = 5
MOVED = 5e-4
"""A share of the way below this is none."""
NEAR = 0.005
"""An optimality gap below this is none worth telling."""


def target_file(
    file: Path, out: Path | None, how: How, *, overwrite: bool, as_json: bool, say: Callable[[str], None]
) -> tuple[str, bool]:
    """Answer the target in ``file`` and write the answer; what to print, and whether the target is reached."""
    target, scenario, where = read_target(file)
    folder = out or Path("results") / target.name
    check_folder(folder, (f"{target.name}-mix.yaml", DELIVERY, GOALS), overwrite=overwrite)
    try:
        answer = answered(target, scenario, where, how=how, say=say)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None
    make_folder(folder)
    written = list(map(str, write_mix(answer.scenario, folder / f"{target.name}-mix.yaml")))
    delivery, goals = delivery_table(answer), goals_table(answer)
    write_csv(delivery, folder / DELIVERY)
    write_csv(goals, folder / GOALS)
    written += [str(folder / DELIVERY), str(folder / GOALS)]
    if as_json:
        return _as_json(answer, delivery, goals, written), answer.reached
    return text(target, answer) + "\nWritten: " + "\n         ".join(written) + "\n", answer.reached


def _as_json(answer: Answer, delivery: pd.DataFrame, goals: pd.DataFrame, written: list[str]) -> str:
    told = {
        "reached": answer.reached,
        "cost_gbp": answer.cost,
        "lower_bound_gbp": answer.lower if math.isfinite(answer.lower) else None,
        "chance": answer.chance if answer.draws else None,
        "goals": json.loads(goals.to_json(orient="records")),
        "delivery": json.loads(delivery.to_json(orient="records")),
        "files": written,
    }
    return json.dumps(told, indent=2)


def delivery_table(answer: Answer) -> pd.DataFrame:
    """How far every action goes in every fifth, and what it costs."""
    import pandas as pd

    levers, then, costs = answer.levers, coverage(answer.levers, answer.point), cost_in(answer)
    share, rows = shares(levers, answer.point), []
    for i, use in enumerate(levers.scenario.interventions):
        for q, quintile in enumerate(QUINTILES):
            v = levers.lever[i, q]
            rows.append(
                {
                    "intervention": use.id, "title": use.intervention.name, "quintile": quintile,
                    "coverage_now": levers.now[i, q], "coverage": then[i, q],
                    "coverage_achievable": max(levers.full[i, q], levers.now[i, q]),
                    "share_of_the_way": share[i, q], "cost_gbp": costs[i, q],
                    "at_its_limit": bool(v >= 0 and answer.worth[v] > 0),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def goals_table(answer: Answer) -> pd.DataFrame:
    """What was wanted and what is reached."""
    import pandas as pd

    rows = [
        {
            "goal": title_of(one), "estimand": one.goal.estimand, "year": one.goal.year, **labels_of(one.goal),
            "without": one.comparator, "wanted": one.threshold, "better": better(one.goal), "reaches": one.value,
            "monte_carlo_se": one.error, "unit": described(one.goal.estimand)["units"], "reached": one.reached,
            "alone": one.alone,
        }
        for one in answer.told
    ]  # fmt: skip
    return pd.DataFrame(rows)


def cost_in(answer: Answer) -> np.ndarray:
    """(I, 5) cost of every action that the target may use; those that stay as now cost nothing."""
    costs = dict(zip([use.id for use in answer.scenario.interventions], answer.cost_by, strict=False))
    return np.array([costs.get(name, np.zeros(len(QUINTILES))) for name in answer.levers.ids])


def title_of(one: Told) -> str:
    """A goal in words."""
    return one.goal.title or described(one.goal.estimand)["long_name"]


def text(target: Target, answer: Answer) -> str:
    """The finding first, then the goals, what it takes, what holds it back and how sure it is."""
    scenario = answer.levers.scenario
    acting = f"{len(scenario.interventions)} action{'s' * (len(scenario.interventions) != 1)}"
    lead = [
        target.title,
        f"{at_start(place_of({'area': scenario.area}))}, {scenario.start} to {scenario.end}; {acting}, each between "
        "today's coverage and what is achievable.",
        "",
        *finding(answer),
        *_sure(answer),
        "",
    ]
    tables = [goals_rows(answer), *takes(answer), *([held] if (held := holding(answer)).rows else [])]
    return wrapped(lead) + "\n" + render(tables) + wrapped(how_found(answer))


def finding(answer: Answer) -> Iterator[str]:
    """Whether the target can be reached, and what it takes or how near one comes."""
    if answer.possible:
        years = answer.levers.scenario.end - answer.levers.scenario.start + 1
        paid = f"{pounds(answer.cost)} in all, {pounds(answer.cost / years)} a year on average"
        if answer.cost == 0:
            yield "It is reached without doing more than today."
        elif answer.reached:
            yield f"It can be reached, for {paid}."
        else:
            yield f"With the central values it can be reached, for {paid}; not with the probability asked for."
        return
    yield "It cannot be reached with these actions within their bounds."
    for one in answer.told:
        if not one.reached:
            wanted = f"{better(one.goal)} {number(one, one.threshold)} is wanted"
            yield f"{title_of(one)}: {number(one, one.value)} at best where {wanted}; {part(one)}."
    if len(answer.told) > 1:
        alone = [one.alone for one in answer.told]
        if all(alone):
            yield "Each goal can be reached by itself; together they contradict each other or want the same means."
        else:
            lost = [title_of(one) for one in answer.told if not one.alone]
            yield f"Out of reach even by itself: {'; '.join(lost)}."


def part(one: Told) -> str:
    """How much of the distance is covered, in words."""
    whole, done = one.threshold - one.comparator, one.value - one.comparator
    if whole == 0 or done / whole < 0:
        return "none of the way"
    return f"{math.floor(100 * done / whole)}% of the way from carrying on as now"


def _sure(answer: Answer) -> Iterator[str]:
    if not answer.draws:
        yield "How sure is not known: the file asks for no draws."
        return
    low, high = np.quantile(answer.draws[COST], [0.025, 0.975])
    count = len(answer.draws[COST])
    error = math.sqrt(max(answer.chance * (1 - answer.chance), 1 / count) / count)
    what = "it" if len(answer.told) == 1 else "all of it"
    yield (
        f"How sure: with everything that is uncertain, this mix reaches {what} in {answer.chance:.0%} of {count:,} "
        f"draws (±{error:.0%}), and costs between {pounds(low)} and {pounds(high)} (95 %)."
    )
    if answer.probability is None and answer.chance < 0.5 and answer.possible:
        yield (
            "Less than an even chance: what is uncertain falls mostly on the side of less effect. A line such as "
            "'probability: 0.8' in the file asks for a mix that is likelier to reach it."
        )


def goals_rows(answer: Answer) -> Table:
    """What was wanted, what happens without, and what is reached."""
    rows = []
    for one in answer.told:
        place = " ".join(str(label) for dim, label in labels_of(one.goal).items() if getattr(one.goal, dim) is not None)
        year = str(one.goal.year or answer.levers.scenario.end)
        wanted, value = f"{better(one.goal)} {number(one, one.threshold)}", f"{number(one, one.value)} ±{error_of(one)}"
        when = " ".join(filter(None, [place, year]))
        rows.append(
            Row([title_of(one), when, number(one, one.comparator), wanted, value, "yes" if one.reached else "no"])
        )
    return Table("Goals", ["", "of whom, when", "as now", "wanted", "with the mix", "reached"], rows)


def takes(answer: Answer) -> Iterator[Table]:
    """Coverage now and then of every action that goes further somewhere, the dearest first."""
    levers, then, costs = answer.levers, coverage(answer.levers, answer.point), cost_in(answer).sum(axis=1)
    share, rows = shares(levers, answer.point), []
    for i in np.argsort(-costs, kind="stable").tolist():
        if share[i].max() <= MOVED:
            continue
        cells = [
            f"{levers.now[i, q]:.0%}→{then[i, q]:.0%}{'*' if own > 1 - MOVED else ''}" if own > MOVED else "as now"
            for q, own in enumerate(share[i])
        ]
        rows.append(Row([levers.scenario.interventions[i].intervention.name, *cells, pounds(costs[i])]))
    if not rows:
        return
    columns = ["action", *(f"fifth {q}" for q in QUINTILES), "cost"]
    total = Row(["all", *[""] * len(QUINTILES), pounds(answer.cost)], True)
    yield Table(
        "What it takes: coverage now → then, by fifth (1 = most deprived)", columns, [*rows, total], words=1,
        note="* all that is thought achievable. Cost: all years together, as worth in the first (3.5 % a year).",
    )  # fmt: skip


def holding(answer: Answer) -> Table:
    """The bounds that cost most to keep."""
    levers, first = answer.levers, answer.levers.first
    i, q = first[:, 0], first[:, 1]
    room = 100 * (levers.full - levers.now)[i, q]
    worth = np.where(answer.worth > 0, answer.worth / room, 0.0)
    most = levers.now[i, q] + room / 100 * levers.high
    rows = []
    for v in np.argsort(-worth, kind="stable")[:MOST_BOUNDS].tolist():
        if worth[v] <= 0:
            break
        who = "every fifth" if levers.alike(v) else fifth(QUINTILES[q[v]])
        name = levers.scenario.interventions[i[v]].intervention.name
        more = pounds(worth[v]) if answer.possible else f"{worth[v]:.2%} nearer"
        rows.append(Row([name, who, f"{most[v]:.0%}", more]))
    title = "Bounds that hold it back: what one more percentage point of coverage would "
    return Table(title + ("save" if answer.possible else "bring"), ["action", "where", "most", ""], rows)


def how_found(answer: Answer) -> Iterator[str]:
    """What the search was, and how much cheaper a mix could be."""
    if answer.searches > 1:
        yield f"Found by {answer.searches} searches from different starts, and worked out again with other chance (±)."
    if math.isfinite(answer.lower) and answer.cost > 0:
        gap = max(0.0, 1 - answer.lower / answer.cost)
        near = f"less than {pounds(answer.lower)}: this one is within {gap:.0%} of that" if gap >= NEAR else "less"
        yield f"If actions only get in each other's way, no mix that reaches it costs {near}."
    yield (
        "Coverage is the product of the chain of delivery; what is achievable is mostly an assumption (hisim explain). "
        "Actions on the population as a whole go as far in every fifth."
    )


def number(one: Told, value: float) -> str:
    """A figure of a goal with its unit where that is short."""
    unit = described(one.goal.estimand)["units"]
    if unit == "fraction":
        return f"{value:.3%}"
    if unit == "GBP":
        return pounds(value)
    return f"{significant(value)}{' ' + unit if unit in ('years', 'QALYs') else ''}"


def error_of(one: Told) -> str:
    """The standard error of a goal's value, in the unit of :func:`number`."""
    fraction = described(one.goal.estimand)["units"] == "fraction"
    return f"{100 * one.error:.2g}%" if fraction else significant(one.error, 2)
