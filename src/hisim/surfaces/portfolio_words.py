"""What a budget buys, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hisim.declare.portfolio import Objective, objectives_of
from hisim.declare.target import Wish
from hisim.outcomes.asked import described
from hisim.outcomes.bands import ENGLAND
from hisim.studies.levers import shares
from hisim.studies.measured import DEATHS, DEATHS_MOST, GAP
from hisim.studies.portfolio_answer import NEXT, Answer, Mix, Seen, Told
from hisim.surfaces.charts.words import listed, per_cent
from hisim.surfaces.place import at_start, place_of
from hisim.surfaces.summary import DAYS
from hisim.surfaces.text import people, pounds, significant

MOVED = 0.02
"""Part of the money by which an alternative must do more or less of something for it to be named."""
MOST_SHIFTS = 4
TINY = 0.0005
"""Share of the way that counts as nothing."""
SLACK = 0.02
"""Part of a budget that is left where it is more than can be used."""


def millions(value: float) -> str:
    """GBP million, for a table."""
    return significant(value / 1e6)


def name_of(wish: Wish, last: int) -> str:
    """A wish in words, with its place."""
    told = described(wish.estimand)
    aversion = getattr(wish, "inequality_aversion", None)
    place = [f"aversion {aversion:g}"] if aversion is not None else []
    if wish.estimand not in ("qalys_gained", "programme_cost", "total_cost", "net_health_benefit"):
        place.append(str(wish.year or last))
    place += [] if wish.quintile in (None, ENGLAND) else [f"fifth {wish.quintile}"]
    place += [one for one in (wish.sex, wish.cause_group) if one is not None]
    return f"{wish.title or told['long_name']}{' (' + ', '.join(place) + ')' if place else ''}"


def findings(answer: Answer) -> Iterator[str]:
    """What the budget buys, in plain English."""
    scenario, best = answer.setting.levers.scenario, answer.best
    budget = answer.setting.portfolio.budget
    yield answer.setting.portfolio.title
    place = place_of({"area": scenario.area})
    yield (
        f"{at_start(place)}, {scenario.start} to {scenario.end}, compared with carrying on as now. The budget: "
        f"{pounds(answer.amount)} {budget.spelled}."
    )
    yield ""
    if not answer.affordable:
        yield refusal(answer)
        return
    if not best.scenario.interventions:
        yield f"Nothing can be bought for {pounds(answer.amount)} {budget.spelled}: every action costs money."
        yield from _next_sentence(answer)
        return
    deaths, most = (best.told[key] for key in (DEATHS, DEATHS_MOST))
    share = most.gain.mean() / deaths.gain.mean()
    part = f" ({per_cent(share)} of all)" if 0 < share < 1 else ""
    yield (
        f"What it buys by the end of {scenario.end}: {_counted(deaths)} deaths prevented or postponed in {place}, "
        f"{_counted(most)} of them in the most deprived fifth{part}."
    )
    yield _gap_sentence(best.told.get(GAP), scenario.end, place)
    for key, wish in objectives_of(answer.setting.portfolio).items():
        if (wish.estimand, wish.year or scenario.end, wish.quintile or ENGLAND) not in (
            ("deaths_averted_cumulative", scenario.end, ENGLAND),
            ("deaths_averted_cumulative", scenario.end, "1"),
        ):
            yield _objective_sentence(wish, best.told[key], scenario.end)
    yield from _cost_sentences(answer)
    yield from _sure_sentences(answer)
    yield from _best_sentences(answer)
    yield from _next_sentence(answer)


def refusal(answer: Answer) -> str:
    """Why the budget buys nothing that the bounds allow."""
    setting = answer.setting
    least = setting.spent_at(setting.levers.low)
    return (
        f"No: the least that the bounds allow costs {pounds(least)} {setting.portfolio.budget.spelled}, and the budget "
        f"is {pounds(answer.amount)}. Lower an 'at_least', or raise the budget."
    )


def _counted(told: Told) -> str:
    return f"about {people(told.gain.mean())} (±{significant(told.error, 2)})"


def _gap_sentence(gap: Told | None, year: int, place: str) -> str:
    if gap is None:
        return f"The gap in life expectancy is not said: too few people live in the most deprived fifth of {place}."
    days, error = gap.gain.mean() * DAYS, gap.error * DAYS
    return (
        f"The gap in life expectancy at birth between the most deprived fifth and {place}: "
        f"{gap.comparator.mean():.2f} years in {year} carrying on as now, {gap.value.mean():.2f} with the mix, "
        f"{abs(days):.1f} days (±{error:.1f}) {'smaller' if days >= 0 else 'larger'}."
    )


def _objective_sentence(wish: Objective, told: Told, last: int) -> str:
    units = described(wish.estimand)["units"]
    if (told.comparator == 0).all():
        return f"{name_of(wish, last)}: {significant(told.value.mean())} {units} (±{significant(told.error, 2)})."
    return (
        f"{name_of(wish, last)}: {significant(told.comparator.mean(), 4)} {units} carrying on as now, "
        f"{significant(told.value.mean(), 4)} with the mix (better by {significant(told.gain.mean())}, "
        f"±{significant(told.error, 2)})."
    )


def _cost_sentences(answer: Answer) -> Iterator[str]:
    setting, best = answer.setting, answer.best
    yearly, mean = best.cost.sum(axis=(0, 2)), best.mean_cost.sum(axis=(0, 2))
    dearest, first = int(yearly.argmax()), setting.levers.scenario.start
    yield (
        f"What it costs: {pounds(yearly[dearest])} in {first + dearest}, its dearest year; {pounds(yearly.sum())} in "
        f"all years together, {pounds(setting.worth(yearly))} at their worth in {first}. That is what "
        f"'hisim run mix.yaml' has; the mean over other people and chance is {pounds(mean.max())} in the dearest year."
    )
    if setting.spent(yearly) < (1 - SLACK) * answer.amount:
        left = answer.amount - setting.spent(yearly)
        spelled = setting.portfolio.budget.spelled
        yield f"The budget is more than these actions can use: {pounds(left)} {spelled} is left."


def _sure_sentences(answer: Answer) -> Iterator[str]:
    draws = answer.best.draws
    if not draws:
        yield "How sure: ± is chance in the simulated people only. With 'draws:' above 0 the file asks for intervals."
        return
    count = len(draws[DEATHS])
    low, high = np.quantile(draws[DEATHS], (0.025, 0.975))
    below, above = np.quantile(draws[DEATHS_MOST], (0.025, 0.975))
    gap = f"; the gap narrows in {per_cent(float((draws[GAP] > 0).mean()))} of them" if GAP in draws else ""
    yield (
        f"How sure: in {count} draws of every uncertain number, 95 % lie between {people(low)} and {people(high)} "
        f"deaths prevented or postponed, and between {people(below)} and {people(above)} in the most deprived fifth"
        f"{gap}."
    )
    told = []
    for number, other in enumerate(answer.others, start=1):
        if other.draws:
            told.append(f"alternative {number} in {per_cent(chance_better(answer, other))}")
    if told:
        yield f"By its own objective it is better than {listed(told)} of the draws."


def chance_better(answer: Answer, other: Mix) -> float:
    """Share of the draws in which the best mix has more of what there is to be most of than another."""
    keys = answer.setting.measures.keys
    aim = answer.search.objective
    first, second = (sum(aim[k] * one.draws[key] for k, key in enumerate(keys)) for one in (answer.best, other))
    return float((np.asarray(first) > np.asarray(second)).mean())


def _best_sentences(answer: Answer) -> Iterator[str]:
    if not np.isfinite(answer.upper) or answer.setting.portfolio.levels is not None:
        return
    ordered = answer.setting.portfolio.order == "lexicographic"
    what = "the first objective, some of which is given up for the next" if ordered else "what is aimed at"
    yield (
        f"Is it the best? No mix of these actions could have more than {per_cent(max(answer.upper, 0.0))} more of "
        f"{what}, if no action does more anywhere than where that was measured; "
        f"{len(answer.search.every)} searches from different starts and prices."
    )


def _next_sentence(answer: Answer) -> Iterator[str]:
    first = next((one for one in answer.next if not one.full and one.worth > 0), None)
    if first is None:
        yield "More money would buy no more: every action goes as far as it may."
        return
    what = f"{first.intervention} {_where(first.fifth)}"
    if not np.isfinite(first.worth):
        yield f"Free of charge and not done yet: {what}."
        return
    yield (
        f"The next {pounds(NEXT)} {answer.setting.portfolio.budget.spelled} would do most in {what}: about "
        f"{significant(first.gains[DEATHS])} more deaths prevented or postponed."
    )


def _where(fifth: str) -> str:
    return {ENGLAND: "in all fifths", "1": "in the most deprived fifth"}.get(fifth, f"in fifth {fifth}")


def by_budget(answer: Answer) -> list[Seen]:
    """The frontier: budgets from the smallest, then trade-offs."""
    return sorted(answer.frontier, key=lambda one: (one.kind != "budget", one.budget if one.kind == "budget" else 0.0))


def elsewhere(best: Mix, other: Mix) -> float:
    """Part of a mix's money that goes where the best spends less."""
    first, second = best.cost.sum(axis=1), other.cost.sum(axis=1)
    return float(np.maximum(second - first, 0.0).sum() / max(second.sum(), 1e-9))


def alternative_lines(answer: Answer) -> Iterator[str]:
    """What each alternative takes in, leaves out, and does more or less of."""
    for number, one in enumerate(answer.others, start=1):
        moved = shifts(answer, one)
        yield f"Alternative {number}: {difference(answer, one)}{f'. Most moved: {moved}' if moved else ''}."


def difference(answer: Answer, other: Mix) -> str:
    """In which actions a mix differs from the best, in words."""
    levers, total = answer.setting.levers, max(float(other.cost.sum()), 1e-9)
    first, second = (shares(levers, one.point).max(axis=1) for one in (answer.best, other))
    money = (other.cost - answer.best.cost).sum(axis=(1, 2)) / total
    there, then = first > TINY, second > TINY
    kinds: Sequence[tuple[str, np.ndarray]] = (
        ("in", then & ~there), ("out", there & ~then), ("more", there & then & (money > MOVED)),
        ("less", there & then & (money < -MOVED)),
    )  # fmt: skip
    told = [
        f"{word}: {', '.join(levers.ids[i] for i in np.flatnonzero(which))}" for word, which in kinds if which.any()
    ]
    return "; ".join(told) or "the same actions, in other fifths"


def shifts(answer: Answer, other: Mix) -> str:
    """Where most more and most less money goes than in the best mix, in its dearest year, in words."""
    dearest = int(answer.best.cost.sum(axis=(0, 2)).argmax())
    change = (other.cost - answer.best.cost)[:, dearest]
    largest = sorted(np.ndindex(change.shape), key=lambda at: -abs(change[at]))[:MOST_SHIFTS]
    told = [
        f"{answer.setting.levers.ids[i]} in fifth {q + 1} {'+' if change[i, q] > 0 else '-'}{pounds(abs(change[i, q]))}"
        for i, q in largest
        if abs(change[i, q]) > MOVED * other.cost[:, dearest].sum()
    ]
    return ", ".join(told)
