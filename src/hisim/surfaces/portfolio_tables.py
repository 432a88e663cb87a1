"""What a budget buys, in tables: the mix, other budgets, other mixes, and more money."""

from __future__ import annotations

from hisim.declare.portfolio import objectives_of
from hisim.outcomes.asked import described
from hisim.outcomes.bands import ENGLAND
from hisim.studies.goals import COST
from hisim.studies.levers import coverage, shares
from hisim.studies.measured import DEATHS, DEATHS_MOST, GAP
from hisim.studies.portfolio_answer import NEXT, Answer, Mix
from hisim.surfaces.charts.words import per_cent
from hisim.surfaces.figure_words import INTERVAL_COLUMNS, interval_cells
from hisim.surfaces.portfolio_words import TINY, by_budget, chance_better, elsewhere, millions, name_of
from hisim.surfaces.summary import DAYS
from hisim.surfaces.text import Row, Table, people, pounds, significant, with_error
from hisim.variables import QUINTILES

MOST_LINES = 15
"""Lines of the table of more money."""


def mix_table(answer: Answer, mix: Mix, title: str) -> Table:
    """Coverage now and then by fifth, and what it costs; what the mix leaves as it is now, in the note."""
    levers = answer.setting.levers
    then, share = coverage(levers, mix.point), shares(levers, mix.point)
    rows, left = [], []
    dearest = int(mix.cost.sum(axis=(0, 2)).argmax())
    for i, name in enumerate(levers.ids):
        if share[i].max() < TINY:
            left.append(name)
            continue
        cells = [_change(levers.now[i, q], then[i, q], levers.full[i, q]) for q in range(len(QUINTILES))]
        yearly = mix.cost[i].sum(axis=1)
        cost = [millions(yearly[dearest]), millions(yearly.sum())]
        rows.append(Row([name, *cells, *cost]))
    total = mix.cost.sum(axis=(0, 2))
    rows.append(Row(["all", *[""] * len(QUINTILES), millions(total[dearest]), millions(total.sum())],
                    strong=True))  # fmt: skip
    year = levers.scenario.start + dearest
    columns = ["intervention", *(f"{quintile}" for quintile in QUINTILES), f"£m in {year}", "£m, all years"]
    note = (
        "Coverage: percent of those in need who get it, now>then, by fifth, 1 the most deprived; * all that is "
        "achievable."
    )
    note += f"\nLeft as now: {', '.join(left)}." if left else ""
    return Table(title, columns, rows, 1, note)


def _change(now: float, then: float, full: float) -> str:
    first, second = (f"{100 * one:.1f}" if one < 0.9995 else "100" for one in (now, then))
    if first == second:
        return first
    return f"{first}>{second}{'*' if then >= full - 1e-6 else ''}"


def frontier_table(answer: Answer) -> Table | None:
    """Other budgets, and the same budget traded off between deaths and the gap."""
    if len(answer.frontier) < 2:
        return None
    rows = []
    for one in by_budget(answer):
        gains = [people(one.gains[DEATHS]), people(one.gains[DEATHS_MOST]), _days(one.gains.get(GAP))]
        mine = one.kind == "budget" and one.budget == answer.amount
        rows.append(Row([_kind(one.kind), millions(one.budget), millions(one.spent), *gains], strong=mine))
    spelled = answer.setting.portfolio.budget.spelled
    columns = ["best for", f"budget, £m {spelled}", "spent, £m", "deaths", "in fifth 1", "gap narrows, days"]
    note = (
        "Deaths prevented or postponed by the end of the last year. Below the budgets: the same budget, from fewest\n"
        "deaths to the smallest gap. Found by quick searches that use what the first one learned."
    )
    return Table("What other budgets would buy, and other aims", columns, rows, 1, note)


def _kind(kind: str) -> str:
    return "the objective" if kind == "budget" else kind


def _days(years: float | None, spelled: str = ".1f") -> str:
    """Years in days; where the gap is not said, so."""
    return "n/a" if years is None else f"{years * DAYS:{spelled}}"


def alternatives_table(answer: Answer) -> Table | None:
    """The best mix and those that do nearly as well."""
    if not answer.others:
        return None
    rows = []
    for number, one in enumerate([answer.best, *answer.others]):
        gains = [with_error(one.told[key].gain.mean(), one.told[key].error) for key in (DEATHS, DEATHS_MOST)]
        days = _days(one.told[GAP].gain.mean() if GAP in one.told else None)
        cost = millions(answer.setting.spent(one.cost.sum(axis=(0, 2))))
        moved = "" if number == 0 else f"{elsewhere(answer.best, one):.0%}"
        beats = "" if number == 0 or not one.draws else per_cent(chance_better(answer, one))
        name = "the best mix" if number == 0 else f"alternative {number}"
        rows.append(Row([name, *gains, days, cost, moved, beats], strong=number == 0))
    columns = ["", "deaths", "in fifth 1", "gap, days", "£m", "money elsewhere", "best is better"]
    note = (
        "Money elsewhere: part of its money that goes where the best mix spends less.\nBest is better: by its own "
        "objective, in so many of the draws."
    )
    return Table("Nearly as good, and different", columns, rows, 1, note)


def next_table(answer: Answer) -> Table | None:
    """What the next 100,000 pounds would do, by intervention and fifth; the most worth first."""
    objectives = {
        key: wish
        for key, wish in objectives_of(answer.setting.portfolio).items()
        if wish.estimand != "deaths_averted_cumulative"
    }
    room = [one for one in answer.next if not one.full]
    rows = [
        Row([
            one.intervention, "all" if one.fifth == ENGLAND else one.fifth,
            *(significant(one.gains[key]) for key in objectives), significant(one.gains[DEATHS]),
            _days(one.gains.get(GAP), "+.2f"), millions(one.room),
        ])
        for one in room[:MOST_LINES]
    ]  # fmt: skip
    if not rows:
        return None
    spelled = answer.setting.portfolio.budget.spelled
    named = [f"objective, {described(wish.estimand)['units']}" for wish in objectives.values()]
    columns = ["intervention", "fifth", *named, "deaths", "gap narrows, days", f"room, £m {spelled}"]
    full = dict.fromkeys(one.intervention for one in answer.next if one.full)
    note = f"By how much better each would be. Room: what going all the way would cost. {len(room)} in next-100000.csv."
    if full:
        note += f"\nFull, at least in some fifths: {', '.join(full)}."
    return Table(f"The next {pounds(NEXT)} {spelled}, the most worth first", columns, rows, 2, note)


def draws_table(answer: Answer) -> Table | None:
    """Intervals of the best mix."""
    draws = answer.best.draws
    if not draws:
        return None
    last = answer.setting.levers.scenario.end
    rows = []
    for key, wish in answer.setting.measures.wishes.items():
        if key == GAP:
            rows.append(Row(["Gap narrows, days", *interval_cells(draws[key] * DAYS, lambda days: f"{days:.1f}")]))
        elif key != DEATHS or not any(rows):
            rows.append(Row([name_of(wish, last), *interval_cells(draws[key], significant)]))
    rows.append(Row(["Cost in all, £m", *interval_cells(draws[COST] / 1e6, significant)]))
    count = len(draws[DEATHS])
    return Table(f"How sure: {count} draws, better by", ["", *INTERVAL_COLUMNS], rows, 1)


def weights_table(answer: Answer) -> Table | None:
    """What a QALY counts in each fifth, where the objective is averse to inequality."""
    weights = answer.setting.measures.weights
    if not weights:
        return None
    last = answer.setting.levers.scenario.end
    wishes = objectives_of(answer.setting.portfolio)
    rows = [Row([name_of(wishes[key], last), *(f"{one:.2f}" for one in own)]) for key, own in weights.items()]
    note = (
        "A QALY gained in a fifth counts as its quality-adjusted life expectancy in the first year, as now, to the "
        "power of\nminus the aversion, so that the mean over all people is 1 (Atkinson 1970; Asaria et al 2016)."
    )
    return Table("What a QALY counts, by fifth", ["", *map(str, QUINTILES)], rows, 1, note)
