"""What there is and what a file says: tables, interventions, checks and explanations as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hisim.declare.files import library_names, load_library, packaged_intervention, read_scenario
from hisim.declare.notes import notes
from hisim.errors import HisimError, Problem, ProblemsError, nearest_name

if TYPE_CHECKING:
    from hisim.surfaces.text import Table


def data_listing(as_json: bool) -> str:
    """Every input table, a line each, and every assumption behind the inputs."""
    from hisim.inputs.catalogue import list_tables
    from hisim.inputs.load import load_inputs
    from hisim.surfaces.text import Row, Table, render

    entries = list_tables()
    attrs = load_inputs().attrs
    assumed, citations = json.loads(attrs["assumptions"]), json.loads(attrs["sources"])
    if as_json:
        tables = [
            {
                "name": e.name, "title": e.title, "years": e.years, "source": citations[e.name], "licence": e.licence,
                "status": e.status, "units": e.units, "method": e.method, "sha256": e.sha256,
            }
            for e in entries
        ]  # fmt: skip
        return json.dumps({"tables": tables, "assumptions": assumed}, indent=2, ensure_ascii=False)
    rows = [Row([e.name, e.title, e.years, ", ".join(e.source), e.sha256[:12]]) for e in entries]
    listing = Table(f"{len(entries)} input tables of England", ["table", "what it holds", "years", "source", "sha256"],
                    rows, words=5)  # fmt: skip
    assumptions = Table(f"{len(assumed)} assumptions, not evidence", ["assumption", "value", "why"],
                        [Row([a["name"], str(a["value"]), a["note"]]) for a in assumed], words=3)  # fmt: skip
    sources = Table("Sources in full, by table", ["table", "citation, licence"],
                    [Row([e.name, f"{citations[e.name]}; {e.licence}"]) for e in entries], words=2)  # fmt: skip
    return render([listing, sources, assumptions], width=140)


def check_files(files: Sequence[Path], as_json: bool) -> tuple[str, bool]:
    """What is wrong with each file, or a line that it is right; and whether anything was wrong."""
    lines, problems = [], []
    for file in files:
        try:
            scenario = read_scenario(file)
            count = len(scenario.interventions)
            lines.append(
                f"{file}: right ({count} intervention{'s' * (count != 1)}, {scenario.start} to {scenario.end})"
            )
        except ProblemsError as error:
            problems += list(error.problems)
            lines.append(str(error))
    if as_json:
        return json.dumps({"ok": not problems, "problems": [asdict(problem) for problem in problems]}, indent=2), bool(
            problems
        )
    if problems:
        lines.append(f"{len(problems)} problem{'s' * (len(problems) != 1)}")
    return "\n".join(lines), bool(problems)


def explanation(file: Path) -> str:
    """The scenario in words, with whom it reaches by fifth."""
    from hisim.model.inputs import inputs_of
    from hisim.surfaces.explain import explain_lines, reach_remarks, reach_table, use_lines
    from hisim.surfaces.text import render, wrapped

    scenario = read_scenario(file)
    lines = [*explain_lines(scenario)]
    for use in scenario.interventions:
        lines += ["", *use_lines(use)]
    inputs = inputs_of(scenario)
    table = render([reach_table(scenario, inputs)]) if scenario.interventions else ""
    remarks = [f"Note: {remark}" for remark in (*reach_remarks(scenario, inputs), *notes(scenario))]
    return wrapped(lines) + "\n\n" + table + wrapped(remarks)


def intervention_listing(as_json: bool) -> str:
    """Every intervention of the library, a line each."""
    from hisim.surfaces.text import Row, Table, render

    library = load_library()
    if as_json:
        return json.dumps([item.model_dump(mode="json") for item in library.values()], indent=2)
    rows = [
        Row(
            [
                name,
                item.name,
                item.mechanism,
                item.category,
                item.workbooks[0],
                item.gestation,
                item.evidence_grade.grade,
            ]
        )
        for name, item in library.items()
    ]
    columns = ["id", "name", "mechanism", "category", "workbook", "gestation", "evidence"]
    table: Table = Table("Interventions (hisim interventions ID shows one whole)", columns, rows, words=7)
    return render([table], width=150)


def intervention_sheet(name: str, as_json: bool) -> str:
    """One intervention, whole.

    Raises
    ------
    HisimError
        When there is none of that name; the nearest is offered.
    """
    names = library_names()
    if name not in names:
        problem = Problem("hisim interventions", 0, 0, "ID", f"'{name}'", ", ".join(names), nearest_name(name, names))
        raise HisimError(str(problem))
    item = packaged_intervention(name)
    if as_json:
        return item.model_dump_json(indent=2)
    from hisim.surfaces.explain import intervention_lines
    from hisim.surfaces.text import wrapped

    return wrapped(intervention_lines(item))
