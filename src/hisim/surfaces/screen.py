"""The equity screen: a checklist that a committee can read. Who is reached, who is missed, who gains, what to ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from pathlib import Path

from hisim.areas import ENGLAND, find
from hisim.declare.files import read_scenario
from hisim.declare.scenario import Scenario, Use
from hisim.errors import StoppedError
from hisim.stratum_variables import EVERYONE_ELSE
from hisim.studies.screen import AGE, ETHNIC, EVERYONE, FIFTH, OWN, SEGMENT, SEX, Reached, Screened, of_use, screened
from hisim.surfaces.delivery import LOST_WORDS
from hisim.surfaces.screen_records import records
from hisim.surfaces.strata import (
    assumption_lines,
    evidence_lines,
    evidence_of,
    local_part,
    without_evidence,
)
from hisim.surfaces.text import Row, Table, people, render, with_error, wrapped
from hisim.variables import QUINTILE_NAMES

ALIKE = 0.01
"""Shares that differ by less are told as alike."""
WIDE = 0.05
"""Differences in reach from which on there is a question to ask."""
HARDLY_ANYBODY = 0.01
"""Ages of a smaller share of those in need are not named as least or most reached."""
UNEVEN = 0.05
"""Part of the deaths prevented against part of all deaths, less 1: from which on there is a question to ask."""
DAYS = 365.25
STANDING = (
    "Most ethnic groups live longer than White people in linked data of the Office for National Statistics, although "
    "they live in more deprived places. Groups are told apart to report and to target, not because any is taken to be "
    "worse off."
)
LOCAL = (
    "People are those of {place} by fifth, sex and age; which ethnic groups and kinds of area each fifth is made of is "
    "taken from England, not from there."
)
GAIN_NOTE = """\
* Per 100,000 people a year, not adjusted for age: young groups have few deaths. Compare groups by the last two
columns: of 1,000 deaths as now, how many are prevented, and whether that is more or less than in all England.
Undecided = chance in the simulation (±) could make the difference; how sure the evidence is, ± does not say. A gap
narrows where a group that dies younger gains more, and widens where one that lives longer does. Age plays a part."""
WHO = {FIFTH: "fifth", AGE: "age", SEX: "sex", ETHNIC: "ethnic group", SEGMENT: "kind of area", OWN: "own groups"}


def screen_file(
    file: Path, area: str | None, *, threads: int | None, progress: Callable[[float], None] | None, as_json: bool
) -> str:
    """The equity screen of the scenario in ``file``."""
    scenario = read_scenario(file)
    try:
        found = screened(scenario, area, threads=threads, progress=progress)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None
    if as_json:
        return json.dumps(records(scenario, found, list(questions(scenario, found)), STANDING), indent=2)
    return described(scenario, found)


def described(scenario: Scenario, found: Screened) -> str:
    """The screen in words and tables: findings, then questions."""
    parts: list[str | Table] = [scenario.title, "Equity screen: a checklist, no score.", STANDING]
    place = find(scenario.area).name
    parts += [LOCAL.format(place=place), ""] if scenario.area != ENGLAND else [""]
    if scenario.interventions:
        parts += [*_reach_part(scenario, found), *_evidence_part(scenario, found), *_missed_part(scenario, found)]
        parts += [*_gain_part(scenario, found), "5. QUESTIONS FOR THE COMMITTEE"]
        parts += [f"  - {one}" for one in questions(scenario, found)]
    else:
        parts.append("No intervention: nobody is reached beyond today, so there is nothing to screen.")
    if found.people is not None:
        parts += ["", *local_part([use.id for use in scenario.interventions], found)]
    return _printed(parts)


def _printed(parts: Sequence[str | Table]) -> str:
    """Lines and tables in their order."""
    out, lines = [], list[str]()
    for part in [*parts, None]:
        if isinstance(part, str):
            lines.append(part)
            continue
        if lines:
            out.append(wrapped(lines) + "\n")
            lines = []
        if part is not None:
            out.append(render([part]))
    return "".join(out)


def _reach_part(scenario: Scenario, found: Screened) -> Iterator[str | Table]:
    yield "1. WHO IS REACHED, of people in need"
    rows = []
    for use in scenario.interventions:
        for one in of_use(found.reached, use.id, EVERYONE):
            more = [_part_of_more(found, use.id, by, group) for by, group in _FEATURED]
            figures = [one.in_need, one.now, one.full, one.more]
            rows.append(Row([use.id, *map(people, figures), *more]))
    columns = ["intervention", "in need", "now", "then", "more", "fifth 1", "women", "75+", "not White"]
    note = (
        "Last four: percent of the people reached beyond today who are of the group (percent of people in need who "
        "are).\nPeople of the first year; for a stop smoking service, smokers, and those setting a quit date in a year."
    )
    yield Table("People in need, and reached now and at full scale", columns, rows, 1, note)
    rows = []
    for use in scenario.interventions:
        for by in dict.fromkeys(one.by for one in found.reached if one.intervention == use.id and one.by != EVERYONE):
            groups = _large(of_use(found.reached, use.id, by))
            rows.append(Row([use.id if by == FIFTH else "", WHO[by], *_ends(groups)]))
    note = (
        "Of 100 in need, at full scale. In brackets: if the group were as others of its age, sex and fifth. Where both "
        "are the\nsame, it differs by age, sex and where it lives alone. Kinds of area: Output Area Classification."
    )
    yield Table("Least and most reached", ["intervention", "by", "least reached", "most reached"], rows, 4, note)


_FEATURED = ((FIFTH, QUINTILE_NAMES[1]), (SEX, "women"), (AGE, "75+"), (ETHNIC, "White"))


def _part_of_more(found: Screened, name: str, by: str, group: str) -> str:
    """Percent of the people reached beyond today, and of those in need, who are of a group; not White for White."""
    groups = of_use(found.reached, name, by)
    if not groups:
        return "n/a"
    own = [one for one in groups if (one.group == group) != (by == ETHNIC)]
    more, need = (sum(getattr(one, key) for one in groups) for key in ("more", "in_need"))
    shares = [sum(getattr(one, key) for one in own) / whole for key, whole in (("more", more), ("in_need", need)) if
              abs(whole) > 0.5]  # fmt: skip
    return f"{shares[0]:.0%} ({shares[1]:.0%})" if len(shares) == 2 else "nobody"


def _ends(groups: Sequence[Reached]) -> list[str]:
    """The group that is reached least and the one that is reached most."""
    low, high = (pick(groups, key=lambda one: one.share) for pick in (min, max))
    if high.share - low.share < ALIKE:
        return [f"alike: {_of_100(low.share)}", ""]
    return [f"{one.group}: {_of_100(one.share)}{_if_alike(one)}" for one in (low, high)]


def _large(groups: Sequence[Reached]) -> list[Reached]:
    """Without ages of hardly anybody in need."""
    whole = sum(one.in_need for one in groups)
    return [one for one in groups if one.by != AGE or one.in_need >= HARDLY_ANYBODY * whole]


def _of_100(share: float) -> str:
    return f"{100 * share:.3g}" if share < 0.1 else f"{100 * share:.0f}"


def _if_alike(one: Reached) -> str:
    return "" if one.by in (FIFTH, AGE, SEX) else f" ({_of_100(one.share_if_alike)})"


def _evidence_part(scenario: Scenario, found: Screened) -> Iterator[str]:
    yield "2. WHAT IS KNOWN OF UPTAKE BY ETHNIC GROUP, odds against White (1 = the same)"
    yield from evidence_lines([use.intervention for use in scenario.interventions])
    kinds = [view.by for view in found.views]
    if SEGMENT in kinds:
        yield "  By kind of area nothing is known of uptake: all are taken as the same."
    if ETHNIC not in kinds:
        yield "  None of this is in the figures below: the scenario's interventions are for other strata."
    yield ""


def _missed_part(scenario: Scenario, found: Screened) -> Iterator[str]:
    yield "3. WHO IS MISSED, of people in need, at full scale"
    for use in scenario.interventions:
        whole = next(iter(of_use(found.reached, use.id, EVERYONE)), None)
        if whole is None or whole.missed < 0.5:
            yield f"  {use.id}: nobody{' is in need of it' if whole is None else ''}."
            continue
        number, share = [], []
        for by in dict.fromkeys(one.by for one in found.reached if one.intervention == use.id and one.by != EVERYONE):
            groups = of_use(found.reached, use.id, by)
            most = max(groups, key=lambda one: one.missed)
            number.append(f"{_told(most)} ({people(most.missed)})")
            groups = _large(groups)
            worst = min(groups, key=lambda one: one.share)
            if max(one.share for one in groups) - worst.share >= ALIKE:
                share.append(f"{_told(worst)} ({1 - worst.share:.0%})")
        step = "".join(
            f" {'Today most' if one.when == 'now' else 'Most'} are lost {LOST_WORDS[one.step]} "
            f"({one.lost / one.in_need:.0%} of those in need)."
            for one in found.weakest
            if one.intervention == use.id
        )
        yield (
            f"  {use.id}: {people(whole.missed)} of {people(whole.in_need)} ({1 - whole.share:.0%}).{step} Largest in "
            f"number: {', '.join(number)}." + (f" Largest share: {', '.join(share)}." if share else "")
        )
    yield ""


def _told(one: Reached) -> str:
    return {FIFTH: f"fifth {one.group.split(' ')[0]}", AGE: f"ages {one.group}"}.get(one.by, one.group)


def _gain_part(scenario: Scenario, found: Screened) -> Iterator[str | Table]:
    yield f"4. WHO GAINS, {scenario.start} to {scenario.end}: does the mix widen or narrow gaps?"
    place = find(scenario.area).name
    for gap in found.gaps:
        if not isfinite(gap.as_now):
            yield f"  Life expectancy, most deprived fifth against {place}, {gap.sex}: not shown, for too few people."
            continue
        effect = f"{gap.verdict} it by {abs(gap.change) * DAYS:.1f} days (±{gap.change_se * DAYS:.1f})"
        if gap.verdict == "unchanged":
            effect = "does not change it"
        elif gap.verdict == "undecided":
            days = f"{gap.change * DAYS:+.2f} days (±{gap.change_se * DAYS:.2f})"
            effect = f"changes it by {days}: undecided"
        yield (
            f"  Life expectancy, most deprived fifth against {place}, {gap.sex}: {gap.as_now:.2f} years in "
            f"{scenario.end} carrying on as now; the mix {effect}."
        )
    yield from (f"  {line}" for line in assumption_lines(found.views[0].scenario))
    rows = []
    for one in (each for each in found.gains if isfinite(each.death_rate)):
        words = "" if one.by == EVERYONE else one.verdict
        cells = [
            f"Fifth {one.group}" if one.by == FIFTH else one.group,
            people(one.death_rate),
            with_error(one.averted, one.averted_se),
        ]
        cells += [f"{round(one.per_100000, 3) + 0.0:.3g}", f"{round(1000 * one.share, 2) + 0.0:.2f}", words]
        rows.append(Row(cells, strong=one.by == EVERYONE))
    columns = ["group", "deaths as now*", "prevented", "per 100,000 a year", "of 1,000 deaths", "against all"]
    note = GAIN_NOTE.replace("England", place)
    yield Table("Deaths prevented or postponed, by fifth and group", columns, rows, 1, note)


def questions(scenario: Scenario, found: Screened) -> Iterator[str]:
    """What to ask, following from the figures by fixed rules."""
    items = [use.intervention for use in scenario.interventions]
    blank = [item.id for item in items if not evidence_of(item.id)]
    if blank:
        yield (
            f"No evidence on uptake of {_list(blank)} by ethnic group: ask the services for their own counts, by group."
        )
    for item in items:
        silent = without_evidence(item.id)
        if item.id not in blank and silent:
            yield f"Nothing is known of uptake of {item.id} among {_list(silent)} people: who could count it?"
        contested = [one.who for one in evidence_of(item.id) if one.direction == "contested"]
        if contested:
            yield f"Do {_list(contested)} people take up {item.id} more or less? Not clear; what do local figures say?"
    for use in scenario.interventions:
        yield from _limits(use)
        yield from _differences(use, found)
    by_step: dict[str, list[str]] = {}
    for one in found.weakest:
        by_step.setdefault(one.step, []).append(one.intervention)
    for step, names in by_step.items():
        yield f"Most people are lost to {_list(names)} {LOST_WORDS[step]}: who would change that, and how?"
    wide = [gap.sex for gap in found.gaps if gap.verdict == "widens"]
    if wide:
        place = find(scenario.area).name
        yield f"The mix widens the gap between the most deprived fifth and {place} ({_list(wide)}): is that acceptable?"
    groups = [one for one in found.gains if one.by not in (EVERYONE, FIFTH) and one.group != EVERYONE_ELSE]
    less = [
        one.group for one in groups if one.verdict == "less" and one.against < 1 - UNEVEN and one.group != EVERYONE_ELSE
    ]
    if less and not any(use.strata for use in scenario.interventions):
        yield f"{_list(less)}: fewer deaths are prevented than their part of all deaths. Is that age, need or reach?"
    unsure = [one.group for one in groups if one.verdict == "undecided"]
    if unsure:
        yield (
            f"Whether {_list(unsure)} people gain more or less than their part is undecided: would a run with more "
            "people_per_cohort tell?"
        )


def _limits(use: Use) -> Iterator[str]:
    """Whom the ages, sexes and strata that an intervention is for leave out."""
    item, (first, last) = use.intervention, use.intervention.eligible.ages
    if last < 75:
        yield f"{item.id} is for ages {first} to {last} only: nobody of 75 or over is reached. Is that meant?"
    elif last < 100:
        yield f"{item.id} is for ages {first} to {last} only: nobody of {last + 1} or over is reached. Is that meant?"
    if len(item.eligible.sexes) == 1:
        who = {"Female": "women", "Male": "men"}[item.eligible.sexes[0]]
        yield f"{item.id} is for {who} only."
    if use.strata is not None:
        yield f"{item.id} changes for {_list(use.strata)} only and stays as now for everyone else. Is that meant?"


def _differences(use: Use, found: Screened) -> Iterator[str]:
    """Groups that are reached much less than others, and not for their age, sex and fifth alone."""
    told = []
    for by in (FIFTH, SEX):
        groups = of_use(found.reached, use.id, by)
        low, high = (pick(groups, key=lambda one: one.share, default=None) for pick in (min, max))
        if low is None or high is None or (by == FIFTH and low.group > high.group):
            continue
        if high.share - low.share >= WIDE:
            told.append(f"{_told(low)} ({_of_100(low.share)} of 100 in need, against {_of_100(high.share)})")
    below = [
        f"{one.group} ({_of_100(one.share)} of 100 in need, against {_of_100(one.share_if_alike)} of others of the "
        "same age, sex and fifth)"
        for one in found.reached
        if one.intervention == use.id
        and one.by not in (EVERYONE, FIFTH, AGE, SEX)
        and one.share_if_alike - one.share >= WIDE
    ]
    if told or below:
        yield f"{use.id} reaches fewer of {_list([*told, *below])}: what would bring them in?"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
