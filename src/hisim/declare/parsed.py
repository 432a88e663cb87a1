"""The packaged library as plain data, parsed once for each state of its files and not once for each process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from hisim.declare.evidence import unknown_sources
from hisim.declare.intervention import MECHANISMS, AnyIntervention
from hisim.errors import InvalidFileError
from hisim.kept import digest_of, keep, recall


def parsed(texts: Mapping[str, str], plain: Callable[[str], Any]) -> dict[str, Any]:
    """What ``plain`` makes of each of ``texts``, by name; without those that it refuses."""
    digest = digest_of(json.dumps(texts), sources=("declare/nodes.py", "declare/parsed.py"))
    known = recall("library", digest)
    if known is None:
        read = {}
        for name, text in texts.items():
            try:
                read[name] = _as_objects(plain(text))
            except InvalidFileError:
                continue
        known = json.dumps(read).encode()
        keep("library", digest, known)
    found: dict[str, Any] = json.loads(known, object_hook=_as_map)
    return found


def without_problems(data: Mapping[str, Any], stem: str) -> AnyIntervention | None:
    """The intervention in ``data``, or None where anything is wrong: then the file itself must say where."""
    model = MECHANISMS.get(str(data.get("mechanism")))
    if model is None or any(True for _ in unknown_sources(data)):
        return None
    try:
        intervention = model.model_validate(data, by_alias=True, by_name=False)
    except ValidationError:
        return None
    return intervention if intervention.id == stem else None


PAIRS = "\0"
"""The only key of an object that holds a map whose keys are not all text, which JSON does not know."""


def _as_objects(value: Any) -> Any:
    """``value`` with every map as an object of JSON."""
    if isinstance(value, list):
        return [_as_objects(item) for item in value]
    if not isinstance(value, dict):
        return value
    items = {key: _as_objects(item) for key, item in value.items()}
    text = all(isinstance(key, str) for key in items) and PAIRS not in items
    return items if text else {PAIRS: list(map(list, items.items()))}


def _as_map(found: dict[str, Any]) -> dict[Any, Any]:
    return dict(found[PAIRS]) if PAIRS in found else found
