"""The file formats as JSON Schema, for editors that complete and check while one types.

The schema knows keys, types and bounds; what only the reader can see (years in order, names in the
library, sources of numbers) it does not.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import TypeAdapter

from hisim.declare.files import library_names
from hisim.declare.intervention import Intervention
from hisim.declare.scenario import CHANGE_KINDS, FILLED_IN, Scenario

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


def schema_text(kind: Literal["scenario", "intervention"]) -> str:
    """The schema as the text of the file that the repository carries."""
    schema = scenario_schema() if kind == "scenario" else intervention_schema()
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
