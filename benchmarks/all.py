"""Every benchmark in turn, as one JSON file and one page of tables that can stand as RESULTS.md.

    python benchmarks/all.py --into results/benchmarks [--size small|medium|large] [--repeats 5] [--only floor,paired]

Where compiled code uses AVX-512, the kernel's own figures are taken for AVX2 as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from common import HERE, Row, options, table, words_of

PROGRAMS = ("bench", "floor", "paired", "precision", "growth")
NARROWER = ("bench", "floor")
"""What is run again for AVX2."""
SURVIVAL, INDEPENDENT = "common random numbers, survival weights", "independent seeds, drawn deaths"
AIMS = (
    ("kernel, ns per person-year and scenario", "bench", ("kernel_ns_per_person_year",), "value", ""),
    ("twin over kernel", "bench", ("twin_over_kernel",), "value", ""),
    ("eight strata over none, kernel", "bench", ("strata_kernel_ratio",), "value", "at most 1.15"),
    ("speed-up on two threads", "bench", ("two_threads_speed_up",), "value", ""),
    ("floor over kernel, demonstration", "floor", ("the demonstration's four scenarios",), "share_of_floor", "0.6"),
    ("floor over kernel, whole list", "floor", ("whole list",), "share_of_floor", "0.6"),
    ("statins in one fifth, over a separate run", "paired", ("statins in the most deprived fifth",), "over_separate",
     "at most 0.35"),
    ("three actions, over a separate run", "paired", ("three-actions",), "over_separate", "at most 0.35"),
    ("whole list, over a separate run", "paired", ("whole-list",), "over_separate", ""),
    ("stop-smoking to 1 %, s", "precision", ("stop-smoking", SURVIVAL), "seconds_for_1_percent", ""),
    ("the same from independent seeds, times as long", "precision", ("stop-smoking", INDEPENDENT),
     "seconds_over_first", ""),
    ("dearest over cheapest ns of a person-year added", "growth", ("people, highest over lowest",),
     "ns_of_those_added", ""),
)  # fmt: skip
"""The figures to watch: label, program, first cells of the row, column and aim."""


def run(program: str, asked: Namespace, vectors: str | None = None) -> Row:
    """What one program finds."""
    again = Namespace(**{**vars(asked), "vectors": vectors or asked.vectors})
    command = [sys.executable, str(HERE / f"{program}.py"), "--json", *words_of(again)]
    print(f"{program} {vectors or ''}", file=sys.stderr, flush=True)
    return {**json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout), "for": vectors}


def watched(results: list[Row]) -> list[Row]:
    """The figures of ``AIMS`` that were found, one column for each kind of vectors."""
    kinds = list(dict.fromkeys(one["for"] for one in results))
    rows: list[Row] = []
    for label, program, cells, column, aim in AIMS:
        found = {
            one["for"]: row[column]
            for one in results
            for row in one["figures"]
            if one["program"] == program and tuple(row.values())[: len(cells)] == cells
        }
        if found:
            rows.append({"figure": label, "aim": aim, **{kind or "as it is": found.get(kind) for kind in kinds}})
    return rows


def page(results: list[Row]) -> str:
    """The tables as Markdown."""
    first = results[0]
    parts = ["# One run", f"`python benchmarks/all.py --size {first['size']} --repeats {first['repeats']}`: medians.",
             table([{"machine": key, "": value} for key, value in first["machine"].items()])]  # fmt: skip
    if rows := watched(results):
        parts += ["## To watch", table(rows)]
    for one in results:
        title = f"## {one['program']}" + (f", compiled for {one['for']}" if one["for"] else "")
        parts += [title, f"{one['title']} Taken in {one['took_s']:,.0f} s.", table(one["figures"])]
    return "\n\n".join(parts) + "\n"


def every() -> None:
    """Run all, and write or print what they find."""
    parser = options(__doc__)
    parser.add_argument("--into", type=Path, help="folder for results.json and RESULTS.md; else they are printed")
    parser.add_argument("--only", default=",".join(PROGRAMS), help="programs, with commas between them")
    asked = parser.parse_args()
    results = [run(program, asked) for program in asked.only.split(",")]
    if "512" in results[0]["machine"]["vectors"]:
        results += [run(program, asked, "avx2") for program in asked.only.split(",") if program in NARROWER]
    text = json.dumps(results, indent=2)
    if asked.into is None:
        print(text if asked.json else page(results))
        return
    asked.into.mkdir(parents=True, exist_ok=True)
    (asked.into / "results.json").write_text(text, "utf-8")
    (asked.into / "RESULTS.md").write_text(page(results), "utf-8")


if __name__ == "__main__":
    every()
