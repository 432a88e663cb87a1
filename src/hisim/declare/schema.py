"""The file formats as JSON Schema, for editors that complete and check while one types.

The schema knows keys, types and bounds; what only the reader can see (years in order, names in the
library, sources of numbers) it does not.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

from pydantic import TypeAdapter

from hisim.declare.distribution import Declaration
from hisim.declare.files import library_names
from hisim.declare.intervention import Intervention
from hisim.declare.portfolio import Portfolio
from hisim.declare.scenario import CHANGE_KINDS, FILLED_IN, Scenario
from hisim.declare.sweep import Sweep
from hisim.declare.target import Target

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file.

    A file that ``extends`` another needs only the keys it changes, so only ``hisim`` and ``name`` are
    required there.
    """
    schema = Scenario.model_json_schema(by_alias=True)
    use = schema["$defs"]["Use"]
    use["required"] = [key for key in use["required"] if key not in FILLED_IN]
    use["oneOf"] = [{"required": [kind]} for kind in CHANGE_KINDS]
    name = use["properties"]["use"]
    own = {key: name.pop(key) for key in ("type", "pattern", "maxLength")}
    name["anyOf"] = [{"enum": list(library_names())}, own]
    for kind in CHANGE_KINDS:
        choices = [choice for choice in use["properties"][kind]["anyOf"] if choice != {"type": "null"}]
        use["properties"][kind] = {**use["properties"][kind], "anyOf": choices}
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "One file, relative to this one, whose keys are inherited; a key set here replaces it whole.",
    }
    required = schema.pop("required")
    schema["anyOf"] = [{"required": required}, {"required": ["hisim", "name", "extends"]}]
    return {"$schema": DIALECT, **_plain(schema)}


def intervention_schema() -> dict[str, Any]:
    """JSON Schema of an intervention file."""
    return {"$schema": DIALECT, "title": "Intervention", **_plain(TypeAdapter(Intervention).json_schema(by_alias=True))}


def target_schema() -> dict[str, Any]:
    """JSON Schema of a target file."""
    return _wishes(Target.model_json_schema(by_alias=True), "Goal")


def _wishes(schema: dict[str, Any], wish: str) -> dict[str, Any]:
    """``schema`` with quintiles that may be written as numbers."""
    fields = schema["$defs"][wish]["properties"]
    fields["quintile"]["anyOf"] = [*fields["quintile"]["anyOf"], {"type": "integer"}]
    return {"$schema": DIALECT, **_plain(schema)}


def sweep_schema() -> dict[str, Any]:
    """JSON Schema of a sweep file; ``scenarios`` may be one file."""
    schema = Sweep.model_json_schema(by_alias=True)
    several = schema["properties"]["scenarios"]
    one = {"type": "string", "minLength": 1}
    told = {key: several.pop(key) for key in ("title", "description") if key in several}
    schema["properties"]["scenarios"] = {**told, "anyOf": [several, one]}
    for kind in ("Wanted", "Target"):
        fields = schema["$defs"][kind]["properties"]
        for name in ("scenario", "year", "quintile", "sex", "cause_group"):
            fields[name]["anyOf"] = [*fields[name]["anyOf"], {"type": "string"}, {"type": "integer"}]
    return {"$schema": DIALECT, **_plain(schema)}


def portfolio_schema() -> dict[str, Any]:
    """JSON Schema of a portfolio file."""
    return _wishes(Portfolio.model_json_schema(by_alias=True), "Objective")


def schema_text(kind: Literal["scenario", "intervention", "sweep", "target", "portfolio"]) -> str:
    """The schema as the text of the file that the repository carries."""
    made = {
        "scenario": scenario_schema,
        "intervention": intervention_schema,
        "sweep": sweep_schema,
        "target": target_schema,
        "portfolio": portfolio_schema,
    }
    schema = made[kind]()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """``value`` without what only OpenAPI readers know, and with docstrings on one line."""
    if isinstance(value, dict):
        return {
            key: " ".join(item.split()) if key == "description" and isinstance(item, str) else _plain(item)
            for key, item in value.items()
            if not (key == "discriminator" and isinstance(item, dict) and "propertyName" in item)
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _describe_fields() -> None:
    """Give every field of a declaration the text below it as its description, and every model a schema with it."""
    models = [model for model in dict.fromkeys(_below(Declaration)) if model.__module__.startswith("hisim.")]
    written = {model: _texts_below(model) for model in models}
    for model in models:
        for base in reversed(model.__mro__):
            for name, text in written.get(base, {}).items():
                model.model_fields[name].description = text
    for model in models:  # all of them before any is built again, or one would be built of another's old schema
        if "__pydantic_core_schema__" in vars(model):
            del model.__pydantic_core_schema__
    for model in models:
        model.model_rebuild(force=True)


def _below(model: type[Declaration]) -> Iterator[type[Declaration]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


def _texts_below(model: type[Declaration]) -> dict[str, str]:
    """The string that stands below each field of a class, by field."""
    module = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    body = next(node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == model.__name__)
    found = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else None
            if isinstance(text, str):
                found[field.target.id] = inspect.cleandoc(text)
    return found


_describe_fields()
