"""Write the reference pages from the code: the file formats, the library, the dictionary, the commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from hisim.declare.files import load_library
from hisim.declare.intervention import MECHANISMS
from hisim.declare.schema import portfolio_schema, scenario_schema, sweep_schema, target_schema
from hisim.inputs import areas
from hisim.inputs.catalogue import list_tables
from hisim.inputs.strata_tables import FOLDER
from hisim.inputs.uncertain import uncertain_inputs
from hisim.outcomes.estimands import ESTIMANDS
from hisim.stratum_variables import STRATA, STRATUM_PROJECTION
from hisim.surfaces.cli import app
from hisim.surfaces.explain import number, numbers
from hisim.variables import DIMENSIONS, INPUTS, PROJECTION, Variable

Row = Sequence[object]


def write_pages(folder: Path) -> None:
    """Every page of :data:`PAGES` into ``folder``; a page that says the same already is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        text = "\n".join(page()).rstrip() + "\n"
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def scenario_file() -> Iterator[str]:
    """The keys of a scenario file, level by level."""
    schema = scenario_schema()
    yield "# Scenario file\n"
    yield "YAML, at most 256 KB. Keys that are not listed here are refused. A file that `extends` another needs only"
    yield "`hisim`, `name` and what it changes.\n"
    yield from _object_table("The file", schema)
    sections = (
        ("Trend", "trend"),
        ("Simulation", "simulation"),
        ("Strata", "strata"),
        ("Use", "interventions, each"),
    )
    for key, title in sections:
        yield from _object_table(title, schema["$defs"][key])


def sweep_file() -> Iterator[str]:
    """The keys of a sweep file, level by level."""
    schema = sweep_schema()
    yield "# Sweep file\n"
    yield "YAML, at most 256 KB. Keys not listed here are refused. `hisim sweep FILE --paths` lists every number"
    yield "that may vary in its scenarios. Dotted places begin with `interventions.`, `inputs.`, `scenario.` (every"
    yield "scenario) or `scenarios.NAME.`.\n"
    yield from _object_table("The file", schema)
    for key, title in (
        ("Over", "over, each"), ("Wanted", "estimands, each"), ("Target", "targets, each"),
        ("Correlation", "correlations, each"),
    ):  # fmt: skip
        yield from _object_table(title, schema["$defs"][key])


def portfolio_file() -> Iterator[str]:
    """The keys of a portfolio file, level by level."""
    schema = portfolio_schema()
    yield "# Portfolio file\n"
    yield "YAML, at most 256 KB. Keys not listed here are refused. Amounts of money are in GBP.\n"
    yield from _object_table("The file", schema)
    for key, title in (
        ("Budget", "budget"), ("Objective", "objective, each"), ("Bound", "bounds, each"),
        ("Alternatives", "alternatives"), ("Frontier", "frontier"),
    ):  # fmt: skip
        yield from _object_table(title, schema["$defs"][key])


def target_file() -> Iterator[str]:
    """The keys of a target file, level by level."""
    schema = target_schema()
    yield "# Target file\n"
    yield "YAML, at most 256 KB. Keys not listed here are refused.\n"
    yield from _object_table("The file", schema)
    for key, title in (
        ("Goal", "reach, each"),
        ("Baseline", "against, where it is a figure"),
        ("Bound", "bounds, each"),
    ):
        yield from _object_table(title, schema["$defs"][key])


def uncertain_numbers() -> Iterator[str]:
    """Every uncertain figure of the inputs with its distribution."""
    yield "# Uncertain inputs\n"
    yield "What varies under every scenario; the numbers of interventions stand [on their own page](interventions.md)."
    yield "A figure in standard deviations moves all ages and both sexes together, 0 being the central estimates. Where"
    yield "the source is an assumption, so is the range.\n"
    yield from table(
        ("path", "what", "value", "low", "high", "distribution", "unit", "source"),
        (
            (f"`{one.path}`", one.title, f"{one.value:.4g}", f"{one.low:.4g}", f"{one.high:.4g}", one.distribution,
             one.unit, one.source)
            for one in uncertain_inputs()
        ),
    )  # fmt: skip


def interventions() -> Iterator[str]:
    """Every intervention of the library with all its numbers, and the keys of its file."""
    yield "# Interventions\n"
    yield "Each is a file in `src/hisim/interventions/`. Status: V read in the source; V2 read in a secondary page;"
    yield "VC a modeller's input; D arithmetic on those; an assumption says so.\n"
    for item in load_library().values():
        yield f"## {item.name}\n"
        yield f"`{item.id}`: {item.summary}\n"
        yield f"{item.category}; workbooks: {', '.join(item.workbooks)}; mechanism: `{item.mechanism}`.\n"
        yield f"Marmot objective: {item.marmot}.\n"
        rows = ((f"`{path}`", number(quantity, fifths), quantity.note) for path, _, quantity, fifths in numbers(item))
        yield from table(("number", "value", "note"), rows)
        if item.caution:
            yield f"**Caution:** {item.caution}\n"
        if item.author_must_supply:
            yield f"**Not known**, so that a scenario must bring a file of its own: {item.author_must_supply}.\n"
        yield f"Reach now: {item.reach_now}\n"
        yield f"Evidence {item.evidence_grade.grade}: {item.evidence_grade.why}\n"
        yield f"Evidence against: {item.evidence_against}\n"
        yield from (f"- {key}: {citation}" for key, citation in item.sources.items())
        yield ""
    yield "## Keys of an intervention file\n"
    for mechanism, model in MECHANISMS.items():
        yield f"### mechanism: {mechanism}\n"
        fields = ((f"`{name}`", _one_line(field.description)) for name, field in model.model_fields.items())
        yield from table(("key", "meaning"), fields)


def data_dictionary() -> Iterator[str]:
    """Every dimension and variable of the datasets."""
    yield "# Data dictionary\n"
    yield "What hisim's datasets hold. A dataset that departs from this page is refused.\n"
    yield "## Dimensions\n"
    rows = ((f"`{one.name}`", one.meaning, _labels(one.labels)) for one in DIMENSIONS.values())
    yield from table(("dimension", "a label is", "labels"), rows)
    dictionaries = (
        ("Inputs", INPUTS),
        ("Inputs, where strata are told apart", STRATA),
        ("Projection", PROJECTION),
        ("Projection, where strata are told apart", STRATUM_PROJECTION),
    )
    for title, dictionary in dictionaries:
        yield f"## {title}\n"
        header = ("variable", "dimensions", "unit", "bounds", "meaning")
        yield from table(header, (_variable(one) for one in dictionary.values()))


def estimands() -> Iterator[str]:
    """Every question that may be asked of a projection."""
    yield "# Estimands\n"
    yield "Each is computed for every scenario, with its Monte Carlo standard error.\n"
    header = ("name", "is", "unit", "better", "definition")
    yield from table(
        header, ((f"`{one.name}`", one.title, one.unit, one.good, one.source) for one in ESTIMANDS.values())
    )


def input_tables() -> Iterator[str]:
    """Every packaged table with its source, licence and digest."""
    yield "# Input tables\n"
    yield "The tables in `src/hisim/data/england/`, which `hisim data` lists, and in `src/hisim/data/strata/`, which"
    yield "are read only where a scenario tells strata apart; those in `src/hisim/data/areas/` only for other areas.\n"
    for entry in (*list_tables(), *list_tables(FOLDER), *list_tables(areas.FOLDER)):
        yield f"## {entry.name}\n"
        yield f"{entry.title}. {entry.years}. `{entry.path.name}`\n"
        rows = [("units", "; ".join(f"`{name}`: {unit}" for name, unit in entry.units.items()))]
        rows += [(name, text) for name, text in (("method", entry.method), ("status", entry.status)) if text]
        rows += [("source", "; ".join(entry.source)), ("licence", entry.licence), ("SHA-256", f"`{entry.sha256}`")]
        yield from table(("", ""), rows)


def commands() -> Iterator[str]:
    """The help of every command, as the terminal shows it."""
    yield "# Commands\n"
    yield "`hisim COMMAND`, or `python3 run.py COMMAND` from a copy of the folder.\n"
    names = [[command.callback.__name__] for command in app.registered_commands if command.callback]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        name = str(group.typer_instance.info.name)
        below = [command.name or command.callback.__name__ for command in group.typer_instance.registered_commands]
        names += [[name], *([name, one] for one in below)]
    for arguments in ([], *names):
        yield f"## {' '.join(['hisim', *arguments])}\n"
        result = CliRunner().invoke(app, [*arguments, "--help"], prog_name="hisim", catch_exceptions=False)
        yield f"```text\n{result.output.strip()}\n```\n"


PAGES = {
    "scenario-file": scenario_file,
    "sweep-file": sweep_file,
    "target-file": target_file,
    "portfolio-file": portfolio_file,
    "uncertain-numbers": uncertain_numbers,
    "interventions": interventions,
    "data-dictionary": data_dictionary,
    "estimands": estimands,
    "input-tables": input_tables,
    "commands": commands,
}


def table(header: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """A Markdown table, and the empty line after it."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    yield from ("| " + " | ".join(_one_line(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)
    yield ""


def _object_table(title: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {title}\n"
    required = schema["required"] if "required" in schema else schema.get("anyOf", [{"required": ()}])[0]["required"]
    rows = []
    for key, field in schema["properties"].items():
        default = field.get("default")
        given = "required" if key in required else "" if default is None else f"`{default}`"
        rows.append((f"`{key}`", field.get("description", ""), _allowed(field), given))
    yield from table(("key", "meaning", "allowed", "default"), rows)


def _allowed(field: Mapping[str, Any]) -> str:
    """What a JSON Schema field allows, in words."""
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return " or ".join(_allowed(choice) for choice in field["anyOf"] if choice.get("type") != "null")
    if "$ref" in field:
        return "the keys below"
    words = {
        "array": "a list",
        "object": "one number for each of `1` to `5`",
        "string": "text",
        "integer": "whole number",
        "boolean": "`true` or `false`",
    }
    text = words.get(field.get("type", ""), field.get("type", "anything"))
    return f"{text}, {_bounds(field)}" if _bounds(field) else text


def _bounds(field: Mapping[str, Any]) -> str:
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "multipleOf": "a multiple of",
             "maxLength": "length at most", "maxItems": "at most"}  # fmt: skip
    return ", ".join(f"{word} {field[key]}" for key, word in words.items() if key in field)


def _variable(one: Variable) -> Row:
    low, high = (f"{bound:g}" if abs(bound) != float("inf") else "" for bound in (one.low, one.high))
    bounds = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}" if high else ""
    return f"`{one.name}`", ", ".join(f"`{dim}`" for dim in one.dims), one.unit, bounds, one.meaning


def _labels(labels: Sequence[object] | None) -> str:
    if labels is None:
        return "set by the run"
    if len(labels) > 20 and isinstance(labels[0], int):
        return f"{labels[0]} to {labels[-1]}"
    return ", ".join(f"`{label}`" for label in labels)


def _one_line(text: object) -> str:
    """``text`` on one line, with the code marks of Markdown."""
    return " ".join(str("" if text is None else text).split()).replace("``", "`")
