"""``hisim monitor``: observed figures beside the plan, judged by whether inequality falls, not by activity."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hisim.areas import find
from hisim.declare.files import read_scenario, text_of
from hisim.declare.observed import HIGH, LOW, MOST_BYTES, VALUE, read_observed
from hisim.errors import StoppedError
from hisim.outcomes.indicators import subject
from hisim.outcomes.judging import LEVEL, POWERFUL
from hisim.studies.monitoring import Activity, Finding, activities, known, monitored, whole_error
from hisim.studies.trajectories import Trajectories, indicators_of, trajectories
from hisim.studies.yearly import FIRST, LAST
from hisim.surfaces.aspirations_areas import WHO, WIDTH, between, figure, named, of_the_area
from hisim.surfaces.export import check_folder, make_folder
from hisim.surfaces.field import (
    COLUMNS,
    INTERVAL_NOTE,
    NOTE,
    SCENARIO,
    STATISTIC,
    about,
    category,
    for_json,
    write_rows,
)
from hisim.surfaces.text import Row, Table, render, wrapped
from hisim.variables import COMPARATOR

CSV = "monitor.csv"
VERDICT, SINCE, AS_BAD, AS_GOOD, BY_CHANCE, POWER, FROM = (
    "Verdict", "Change since", "Share of plan's worlds as bad", "Share of plan's worlds as good",
    "Share of worlds as now as good", "Power", "Powerful from",
)  # fmt: skip
"""Columns beside the field's, filled in the rows of observed figures."""
GAP_WORDS = {
    "gap_q5": "gap between the most and the least deprived fifth",
    "gap_average": "gap between the most deprived fifth and the average", "sii": "slope index",
}  # fmt: skip
GAP_CELLS = {"gap_q5": "1 against 5", "gap_average": "1 against average", "sii": "slope index"}
Progress = Callable[[float], None]


def monitor_file(
    file: Path,
    observed: Path,
    draws: int,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
    as_json: bool = False,
) -> tuple[str, bool]:
    """What to print of the figures in ``observed`` beside the scenario in ``file``, and whether no gap is
    behind in its latest period.

    Raises
    ------
    InvalidFileError
        With every problem of either file; nothing is written then.
    """
    scenario = read_scenario(file)
    indicators = indicators_of(scenario)
    text = text_of(observed, str(observed), MOST_BYTES)
    area, years = find(scenario.area), (scenario.start, scenario.end)
    rows, left_out = read_observed(text, str(observed), known(indicators), years, area)
    health = any(indicators[row.indicator].kind == "outcome" for row in rows)
    if out is not None:
        check_folder(out, (CSV,), overwrite=overwrite)
    try:
        found = trajectories(scenario, draws, outcomes=health, workers=workers, progress=progress)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None
    findings = monitored(rows, found)
    written = ""
    if out is not None:
        make_folder(out)
        write_rows((*COLUMNS, VERDICT, SINCE, AS_BAD, AS_GOOD, BY_CHANCE, POWER, FROM), records(findings, found),
                   out / CSV)  # fmt: skip
        written = f"\nWritten: {out / CSV}\n"
    reached = not any(one.judged is not None and one.judged.verdict == "behind" for one in _latest(findings))
    return (_json(findings, found) if as_json else described(findings, found, draws, left_out) + written), reached


def described(findings: Sequence[Finding], found: Trajectories, draws: int, left_out: int = 0) -> str:
    """Gaps first, then what is done, then the rule."""
    scenario = found.scenario
    lines = [
        f"{scenario.title}: is it on track?",
        f"{named(found.area)}, judged by whether inequality falls, not by how much is done.",
        *([f"Rows of other areas in the file: {left_out}; they are left out."] if left_out else []),
        *of_the_area(found),
        "",
        *_headline(findings),
        *(_activity(one) for one in activities(findings)),
        "",
    ]
    judged = [one for one in findings if one.judged is not None]
    tables = [
        _table("Gaps", [one for one in judged if one.figure.indicator.measure != "level"]),
        _table("Levels, by fifth", [one for one in judged if one.figure.indicator.measure == "level"]),
    ]
    return (
        wrapped(lines)
        + "\n"
        + render([one for one in tables if one.rows], WIDTH)
        + wrapped(_rule(findings, draws))
        + "\n"
    )


def _gaps(findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.judged is not None and one.figure.indicator.measure != "level"]


def _latest(findings: Sequence[Finding]) -> list[Finding]:
    """The latest gap of each indicator and sex: that between the fifths where there is one."""
    found: dict[tuple[str, str], Finding] = {}
    order = list(GAP_WORDS)
    for one in _gaps(findings):
        key, rank = (one.figure.indicator.level, one.figure.sex), order.index(one.figure.indicator.measure)
        if key not in found or rank <= order.index(found[key].figure.indicator.measure):
            found[key] = one
    return list(found.values())


def _headline(findings: Sequence[Finding]) -> Iterator[str]:
    latest = _latest(findings)
    if not latest:
        yield (
            "No gap can be judged: give figures of the most deprived fifth, and of the least deprived or of "
            "everyone, or gaps themselves."
        )
        return
    counted = Counter(one.judged.verdict for one in latest if one.judged is not None)
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in counted.items())
    yield f"Of {len(latest)} gap{'s' * (len(latest) > 1)} in the latest period: {verdicts}."
    yield from map(_sentence, latest)


def _sentence(one: Finding) -> str:
    """One gap in plain English: what it was and is, where the plan would have it, and what can be said."""
    assert one.judged is not None
    indicator, row = one.figure.indicator, one.figure
    was = ""
    if one.since is not None:
        narrower = row.value < one.since.value if indicator.good == "lower" else row.value > one.since.value
        word = "narrowed" if narrower else "widened"
        was = f"{word} from {figure(indicator, one.since.value)} in {one.since.period} to "
    return (
        f"{one.judged.verdict.upper()}: {subject(indicator)}{WHO[row.sex]}, {GAP_WORDS[indicator.measure]}: "
        f"{was or 'is '}{figure(indicator, row.value)} {indicator.unit} in {row.period}; the plan would have it at "
        f"{figure(indicator, one.plan[0])} ({between(indicator, *one.plan[1:])}), carrying on as now at "
        f"{figure(indicator, one.as_now[0])}. {_why(one)}"
    )


def _why(one: Finding) -> str:
    judged = one.judged
    assert judged is not None
    if one.plan[0] != one.plan[0]:
        return f"The model says nothing of it: {one.why}."
    if judged.verdict == "behind":
        other = "" if judged.told else ", and it is not told from carrying on as now"
        return f"At most {judged.as_bad:.1%} of the plan's worlds would show something as bad{other}."
    if judged.verdict == "ahead":
        return f"At most {judged.as_good:.1%} of the plan's worlds would show something as good."
    if judged.verdict == "on track":
        return "It is within what the plan would show, and better than carrying on as now would."
    when = f"from {one.powerful_from} on" if one.powerful_from else "in no projected year"
    return (
        "It fits the plan and carrying on as now alike: the chance that such a figure tells them apart is "
        f"{judged.power:.0%}; {POWERFUL:.0%} is reached {when}."
    )


def _activity(one: Activity) -> str:
    """Whether more is done, and whether that leaves the fifths further apart."""
    what = (
        f"{subject(one.indicator)}{WHO[one.sex]}: {figure(one.indicator, one.was)} % in {one.begun} and "
        f"{figure(one.indicator, one.now)} % in {one.period}; the gap {figure(one.indicator, one.gap_was)} and "
        f"{figure(one.indicator, one.gap_now)} percentage points."
    )
    done = "more" if one.now > one.was else "less"
    if one.gap_now <= one.gap_was:
        return f"{done.title()} is done and the gap does not widen: {what}"
    sure = "beyond chance" if one.beyond_chance else "though no more than chance could make it"
    return f"{done.upper()} IS DONE, AND THE GAP WIDENS ({sure}): {what}"


def _table(title: str, findings: Sequence[Finding]) -> Table:
    rows = []
    for one in findings:
        assert one.judged is not None
        indicator, row = one.figure.indicator, one.figure
        measure = indicator.measure
        where = category(row.fifth) if measure == "level" else GAP_CELLS[measure]
        since = one.since.period if one.since is not None else "level"
        powerful = str(one.powerful_from) if one.powerful_from else "no year"
        rows.append(
            Row([
                indicator.level, where + WHO[row.sex], one.judged.verdict, row.period,
                since, figure(indicator, row.value), figure(indicator, one.plan[0]),
                between(indicator, *one.plan[1:]), figure(indicator, one.as_now[0]), f"{one.judged.power:.0%}",
                powerful,
            ])
        )  # fmt: skip
    columns = ("indicator", "of whom", "verdict", "year", "since", "seen", "plan", "95 % interval", "as now", "power",
               "80 % from")  # fmt: skip
    return Table(title, columns, rows, 3)


def _rule(findings: Sequence[Finding], draws: int) -> Iterator[str]:
    judged = [one for one in findings if one.judged is not None]
    yield (
        f"The rule: a figure is behind where at most {LEVEL:.1%} of {draws} worlds that follow the plan would show "
        f"something as bad, its own error counted in; ahead where at most {LEVEL:.1%} would show something as good; "
        f"else on track where it is better than all but {LEVEL:.1%} of the worlds in which all carries on as now would "
        "show; else it cannot be told yet. Power is the chance that such a figure tells the plan from carrying on as "
        "now."
    )
    if any(one.since is not None for one in judged):
        yield (
            "Where a series has an earlier period, the change since then is judged, and 'plan' and 'as now' are what "
            "the earlier figure would have become."
        )
    if any(one.figure.indicator.kind == "outcome" for one in judged):
        yield (
            "Errors of health figures hold how much whole years differ by more than chance, as cold winters make them: "
            f"from the deaths registered in England in {FIRST} to {LAST}, around a line for each figure and gap."
        )
    yield (
        f"Of {len(judged)} figures judged, about {LEVEL * len(judged):.1f} would be called behind by chance alone if "
        "the plan were followed. A verdict says whether a figure fits the plan, not why."
    )


def records(findings: Sequence[Finding], found: Trajectories) -> list[dict[str, str | float]]:
    """Rows in the field's columns: each observed figure with its verdict, then the plan and carrying on as now."""
    rows: list[dict[str, str | float]] = []
    for one in findings:
        row = one.figure
        where = about(row.indicator, found.area, row.sex, row.fifth, row.period)
        low, high = row.interval
        seen: dict[str, str | float] = {
            **where, VALUE: row.value, LOW: low, HIGH: high, SCENARIO: "observed",
            STATISTIC: "gap of observed figures" if row.derived else "observed",
            NOTE: "limits are a 95 % confidence interval", VERDICT: "baseline",
        }  # fmt: skip
        if one.judged is not None:
            seen |= {
                VERDICT: one.judged.verdict, SINCE: "" if one.since is None else one.since.period,
                AS_BAD: one.judged.as_bad, AS_GOOD: one.judged.as_good, BY_CHANCE: one.judged.by_chance,
                POWER: one.judged.power, FROM: "" if one.powerful_from is None else str(one.powerful_from),
            }  # fmt: skip
        rows.append(seen)
        for name, (centre, least, most) in ((found.scenario.name, one.plan), (COMPARATOR, one.as_now)):
            told = {NOTE: one.why or INTERVAL_NOTE, SCENARIO: name, STATISTIC: "central"}
            rows.append({**where, **told, VALUE: centre, LOW: least, HIGH: most})
    return rows


def _json(findings: Sequence[Finding], found: Trajectories) -> str:
    def one(finding: Finding) -> dict[str, object]:
        row, judged = finding.figure, finding.judged
        return {
            "indicator": row.indicator.id, "sex": row.sex, "category": category(row.fifth), "period": row.period,
            "value": row.value, "standard_error": row.error,
            "standard_error_with_years": whole_error(row), "derived": row.derived,
            "since": None if finding.since is None else finding.since.period,
            "plan": dict(zip(("central", "low", "high"), finding.plan, strict=True)),
            "as_now": dict(zip(("central", "low", "high"), finding.as_now, strict=True)),
            **({"verdict": "baseline"} if judged is None else judged._asdict()),
            "powerful_from": finding.powerful_from, "why_not": finding.why or None,
        }  # fmt: skip

    gaps = Counter(each.judged.verdict for each in _latest(findings) if each.judged is not None)
    widening = [each.indicator.id for each in activities(findings) if each.widened]
    told = {"scenario": found.scenario.name, "area": found.area.name, "area_code": found.area.code or None,
            "gaps": dict(gaps), "more_done_and_gap_wider": widening}  # fmt: skip
    return json.dumps(for_json({**told, "figures": [one(f) for f in findings]}), indent=2)
