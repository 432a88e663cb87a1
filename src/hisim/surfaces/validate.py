"""hisim beside published results: the page docs/explanation/validation.md, whole, or JSON."""

from __future__ import annotations

import json
import math
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hisim.errors import OutputError, StoppedError
from hisim.inputs.published import PUBLISHED, Published, citations
from hisim.surfaces.export import write_text
from hisim.surfaces.text import significant

if TYPE_CHECKING:
    from hisim.studies.validation import Comparison, Study

COMMAND = "hisim validate --out docs/explanation/validation.md"
SECTIONS: dict[str, tuple[str, ...]] = {
    "Deaths from coronary heart disease, 2000 to 2007": ("pressure", "statins", "cholesterol", "smoking"),
    "NHS Health Checks": ("checks",),
    "Screening for bowel cancer": ("bowel",),
    "A minimum price for alcohol, less salt, no trans fats": ("minimum", "salt", "trans"),
    "Smoking": ("tobacco", "smokers"),
    "Inequality in premature deaths": ("unequal", "income"),
    "People treated for one death postponed, and cost": ("treat", "cost"),
    "What was observed": ("life", "circulatory", "cancer", "coronary"),
}
"""Titles of the tables, and the first words of the keys of their rows."""
STATUS = {
    "V2": "read in a secondary page",
    "memory": "from memory, not read",
    "D": "worked out from the study's figures",
}
ASIDE = {
    "by construction": "by construction, no check of the model",
    "by calibration": "hisim's deaths are those observed",
}
Progress = Callable[[float], None]


def validate_file(
    out: Path | None, threads: int | None, progress: Progress | None, *, as_json: bool, people: int | None = None
) -> str:
    """Run the study; write the page to ``out`` or, without it, return it. With ``as_json``, records in its place.

    Raises
    ------
    OutputError
        When ``out`` cannot be written.
    StoppedError
        When the user interrupts it.
    """
    from hisim.studies.validation import PEOPLE, validate

    if out is not None and not out.absolute().parent.is_dir():
        raise OutputError(f"{out}: no folder {out.absolute().parent}; allowed: a file in a folder that is there")
    if out is not None and out.is_dir():
        raise OutputError(f"{out}: found a folder; allowed: a file to write")
    try:
        study = validate(people or PEOPLE, threads, progress)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None
    text = json.dumps(records(study), indent=2, ensure_ascii=False) + "\n" if as_json else page(study)
    if out is None:
        return text
    write_text(text, out)
    return f"{summary(study)}\nWritten: {out}\n"


def page(study: Study) -> str:
    """The whole page in Markdown."""
    return "\n".join(_lines(study)).rstrip() + "\n"


def summary(study: Study) -> str:
    """How many comparisons there are and how they turn out."""
    kinds = Counter(one.kind for one in study.comparisons)
    inside = sum("inside" in one.verdict for one in study.comparisons if one.kind == "compared")
    missed = kinds["compared"] - inside
    return (
        f"{len(study.comparisons)} published results. {kinds['compared']} have an interval on one side and could be "
        f"missed: {inside} agree, {missed} do not. {kinds['no interval']} have none on either side, so that the "
        f"difference is all there is to say. {kinds['by construction']} agree or not by construction, "
        f"{kinds['by calibration']} test hisim's tables and not its model, {kinds['not comparable']} cannot be "
        "compared."
    )


def records(study: Study) -> list[dict[str, Any]]:
    """Every comparison as plain data; not-a-number is null."""
    return [_record(study, one) for one in study.comparisons]


def _record(study: Study, one: Comparison) -> dict[str, Any]:
    there = one.published
    ours = {name: _finite(getattr(one, name)) for name in ("value", "low", "high", "error")}
    return {
        "key": there.key,
        "study": there.study,
        "what": there.what,
        "published": {name: getattr(there, name) for name in ("value", "low", "high", "interval", "unit", "status")},
        "citation": there.citation,
        "hisim": {**ours, "unit": one.unit, "people_per_cohort": study.people},
        "kind": one.kind,
        "verdict": one.verdict,
        **dict(zip(("setup", "why"), told(study, one), strict=True)),
    }


def told(study: Study, one: Comparison) -> tuple[str, str]:
    """How a comparison was set up and why the figures differ, with the study's facts in the words."""
    entry = words()[one.published.key]
    setup, why = (" ".join(entry[name].format_map(study.facts).split()) for name in ("setup", "why"))
    return setup, why


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, str]]:
    """Words beside each comparison, by key of the published result."""
    return tomllib.loads((PUBLISHED / "words.toml").read_text("utf-8"))


def _lines(study: Study) -> Iterator[str]:
    yield "# Validation: beside what others published\n"
    yield f"Written whole by `{COMMAND}`; a test checks that it is what the program writes now.\n"
    yield INTRODUCTION.format(people=study.people)
    yield summary(study) + "\n"
    for title, starts in SECTIONS.items():
        rows = [one for one in study.comparisons if one.published.key.split("-")[0] in starts]
        if rows:
            yield f"## {title}\n"
            yield "| what | published | hisim | agrees? | set up so, and why they differ |"
            yield "|---|---|---|---|---|"
            yield from (_row(study, one) for one in rows)
            yield ""
    yield from _sources(study)


def _row(study: Study, one: Comparison) -> str:
    setup, why = told(study, one)
    there = one.published
    what = f"{there.what[0].upper()}{there.what[1:]}" + (f" ({there.period})" if there.period else "")
    cells = (what, _published(there), _ours(one), _verdict(one), f"*Set up:* {setup} *Why:* {why}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _published(there: Published) -> str:
    interval = f" ({_plain(there.low)} to {_plain(there.high)}; {there.interval})" if there.low is not None else ""
    aside = "; ".join(text for text in (STATUS.get(there.status, ""), there.note) if text)
    return f"**{_plain(there.value)}** {there.unit}{interval}. {there.study} [{there.source}]" + (
        f"; {aside}" if aside else ""
    )


def _ours(one: Comparison) -> str:
    if math.isnan(one.value):
        return "none"
    text = f"**{significant(one.value)}** {one.unit}"
    if significant(one.low) != significant(one.high):
        text += f" ({significant(one.low)} to {significant(one.high)})"
    return text + (f" ±{significant(one.error, 2)}" if one.error > 0 else "")


def _verdict(one: Comparison) -> str:
    aside = ASIDE.get(one.kind)
    return one.verdict + (f"; {aside}" if aside else "")


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:,.10g}"


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _sources(study: Study) -> Iterator[str]:
    yield "## Sources\n"
    beside = " ".join(text for one in study.comparisons for text in (*told(study, one), one.published.note))
    cited = {one.published.source for one in study.comparisons}
    for key, citation in citations().items():
        if key in cited or key in beside:
            yield f"- {key}: {citation}"


INTRODUCTION = """\
Each row puts hisim in the situation of a published study and sets the two results side by side. **Nothing in the model
was tuned to any of them**: effects, coverages and costs come from the sources that `hisim interventions ID` prints.
Published results that an action's own numbers were worked out from are marked *by construction*.

**hisim's interval**, in brackets, runs from all effects of the interventions at the weak ends of their stated intervals
to all at the strong ends. It is not a confidence interval: the model's other numbers (hazard ratios of pressure,
cholesterol and smoking, coverages, lags, trends) stay at their central values, and it is unlikely that all effects lie
at one end. After ± stands the Monte Carlo standard error, with {people} simulated people in each cohort (a run of hisim
has 1,280); rows on smokers and cost have none to show.

**Agreement**: where an interval was published, hisim's central figure lies in it; where none was, the published figure
lies in hisim's. Published figures are themselves results of models but for trials and what was observed.
"""
