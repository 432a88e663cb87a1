"""What pydantic found wrong, in hisim's words and at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from hisim.declare.distribution import Conflict
from hisim.declare.nodes import Entry, Node, joined, shown
from hisim.declare.quintiles import ONE_OR_FIVE
from hisim.declare.scenario import FILLED_IN, Scenario
from hisim.errors import Problem, nearest_name

Loc = tuple[int | str, ...]
READER_ONLY = ("intervention", "file_text", "segments")
"""Fields of a use and of strata that the reader fills in; a file may not."""
MISSING = "missing: this key is required"
EXTENDS = "extends"
"""A key of files that the reader resolves; a scenario has no such field."""

ALLOWED: Mapping[str, str] = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text (in quotes if it looks like a number)",
    "tuple_type": "a list",
    "model_type": "a map of keys and values",
    "model_attributes_type": "a map of keys and values",
    "dict_type": "a map of keys and values",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
    "greater_than_equal": "{ge:.16g} or more",
    "less_than_equal": "{le:.16g} or less",
    "greater_than": "more than {gt:.16g}",
    "less_than": "less than {lt:.16g}",
    "multiple_of": "a multiple of {multiple_of:.16g}",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "too_short": "at least {min_length} in the list",
    "too_long": "at most {max_length} in the list",
}
PATTERNS = {
    "^[a-z0-9]": "small letters, digits and single hyphens, at most 60 characters",
    "^(19|20)": 'a year in quotes, such as "2009" or "2012/13"',
    "^[^": "one line of text",
}


class Places:
    """Finds the node, the line and the dotted path of a place in a tree."""

    def __init__(self, root: Node) -> None:
        self.root = root

    def find(self, loc: Iterable[int | str]) -> tuple[str, Node, Entry | None]:
        """Path, deepest node and, where the last step was a key, its entry. Steps that name no node are
        passed over: the tag of a union, or the copy of one number in five quintiles."""
        path, node = "", self.root
        entry: Entry | None = None
        for step in loc:
            value = node.value
            if isinstance(value, dict):
                key = step if step in value or not isinstance(step, int) else step + 1
                if isinstance(step, int) and all(isinstance(name, int) for name in value):
                    key = step + 1
                if key in value:
                    entry = value[key]
                    node, path = entry.node, joined(path, key)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                node, entry, path = value[step], None, f"{path}[{step}]"
        return path, node, entry

    def problem(self, loc: Loc, found: str, allowed: str = "", nearest: str = "", *, at_key: bool = False) -> Problem:
        """A problem at ``loc``, at its value or ``at_key``."""
        path, node, entry = self.find(loc)
        line, column = (entry.line, entry.column) if at_key and entry is not None else (node.line, node.column)
        return Problem(node.file, line, column, path, found, allowed, nearest)


def problem_at(where: Places | None, kind: str, loc: Loc, found: str, allowed: str = "", nearest: str = "") -> Problem:
    """A problem at ``loc`` of a file, or of a ``kind`` of declaration that was made in Python."""
    if where is None:
        return Problem(kind, 0, 0, ".".join(map(str, loc)), found, allowed, nearest)
    return where.problem(loc, found, allowed, nearest)


def conflict_problem(places: Places, conflict: Conflict, below: Loc = (), *, at_key: bool = True) -> Problem:
    """A conflict at its place ``below`` another, naming the line of the other one."""
    loc, found = (*below, *conflict.place), conflict.found
    if conflict.other is not None:
        _, node, entry = places.find((*below, *conflict.other))
        line = entry.line if entry is not None else node.line
        here = places.find(loc)[1].file
        found += f" (see {f'line {line}' if node.file == here else f'{node.file}:{line}'})"
    return places.problem(loc, found, conflict.allowed, conflict.nearest, at_key=at_key)


def problems_of(errors: Iterable[Any], places: Places, model: Any) -> Iterator[Problem]:
    """Every pydantic error as a :class:`Problem`, without those that only follow from another."""
    errors = list(errors)
    misspelt: set[tuple[Loc, str]] = set()
    for error in errors:
        if error["type"] == "extra_forbidden":
            names = fields_at(model, error["loc"][:-1])
            misspelt.add((error["loc"][:-1], nearest_name(error["loc"][-1], names)))
    for error in errors:
        loc, kind = error["loc"], error["type"]
        if _filled_in(places, loc) or (kind == "too_short" and _fails_inside(loc, errors)):
            continue
        if kind in ("extra_forbidden", "is_instance_of"):
            names = fields_at(model, loc[:-1])
            found = f"the unknown key {shown(loc[-1])}"
            yield places.problem(loc, found, ", ".join(names), nearest_name(loc[-1], names), at_key=True)
        elif kind == "missing":
            if loc[-1] not in READER_ONLY and (loc[:-1], loc[-1]) not in misspelt:
                yield _missing(places, loc)
        elif kind == "quintiles":
            yield from _quintile_problems(places, loc, error["ctx"])
        elif kind != "conflict":
            yield _other(places, error)
        elif not error["ctx"]["seen"]:
            yield from (conflict_problem(places, each, loc, at_key=False) for each in error["ctx"]["each"])


def _missing(places: Places, loc: Loc) -> Problem:
    if isinstance(loc[-1], int):
        return places.problem(loc[:-1], "a list", f"at least {loc[-1] + 1} in the list")
    path, node, entry = places.find(loc[:-1])
    line, column = (entry.line, entry.column) if entry is not None else (node.line, node.column)
    return Problem(node.file, line, column, joined(path, loc[-1]), MISSING)


def _quintile_problems(places: Places, loc: Loc, ctx: Mapping[str, Any]) -> Iterator[Problem]:
    path, node, _ = places.find(loc)
    entries = node.value if isinstance(node.value, dict) else {}
    for key in ctx["unknown"]:
        digits = re.sub(r"\D", "", str(key))
        nearest = digits if digits in {"1", "2", "3", "4", "5"} else ""
        place = (node.file, entries[key].line, entries[key].column, joined(path, key))
        allowed = "1, 2, 3, 4 and 5 (1 = most deprived)"
        yield Problem(*place, f"the unknown quintile {shown(key)}", allowed, nearest)
    if ctx["missing"]:
        missing = ", ".join(map(str, ctx["missing"]))
        word = "quintile" if len(ctx["missing"]) == 1 else "quintiles"
        yield places.problem(loc, f"no value for {word} {missing}", ONE_OR_FIVE, at_key=True)


def _filled_in(places: Places, loc: Loc) -> bool:
    """Whether ``loc`` is not in the file but was filled in from a value that is reported itself."""
    in_use = len(loc) > 1 and loc[0] == "interventions" and loc[-1] in FILLED_IN
    return in_use and not places.find(loc)[0].endswith(f".{loc[-1]}")


def _fails_inside(loc: Loc, errors: Iterable[Any]) -> bool:
    """Whether a list looks too short only because something in it does not read."""
    return any(len(error["loc"]) > len(loc) and error["loc"][: len(loc)] == loc for error in errors)


def _other(places: Places, error: Mapping[str, Any]) -> Problem:
    kind, ctx = error["type"], error.get("ctx", {})
    at = (*error["loc"], ctx["at"]) if ctx.get("at") is not None else error["loc"]
    path, node, _ = places.find(error["loc"])
    if "found" in ctx:
        return places.problem(at, str(ctx["found"]), str(ctx.get("allowed", "")), str(ctx.get("nearest", "")))
    value = node.plain()
    allowed = _allowed(kind, ctx, path, value) or str(error["msg"])
    nearest = nearest_name(value, re.findall(r"'([^']*)'", allowed)) if kind == "literal_error" else ""
    return places.problem(error["loc"], shown(value), allowed, nearest)


def _allowed(kind: str, ctx: Mapping[str, Any], path: str, value: Any) -> str:
    if kind == "string_pattern_mismatch":
        return next(text for start, text in PATTERNS.items() if ctx["pattern"].startswith(start))
    if kind == "less_than_equal" and ctx["le"] == 1 and isinstance(value, float | int):
        hint = f": for {value:g} % write {value / 100:g}" if 1 < value <= 100 else ""
        return f"a fraction, at most 1{hint}"
    if kind == "less_than_equal" and re.search(r"\.relative(\.|$)", path):
        return "10 or less: 40 % more is 1.4"
    return ALLOWED[kind].format(**ctx) if kind in ALLOWED else ""


def fields_at(model: Any, loc: Loc) -> list[str]:
    """The keys allowed at ``loc``, as a file writes them."""
    candidates = _models(model)
    for step in loc:
        fields = [item for each in candidates for item in each.model_fields.items()]
        held = [field for name, field in fields if step in (name, field.alias)]
        if held:
            candidates = [inner for field in held for inner in _models(field.annotation)]
        elif not isinstance(step, int):
            candidates = [each for each in candidates if _tagged(each, step)] or candidates
    names = [field.alias or name for each in candidates for name, field in each.model_fields.items()]
    return [name for name in names if name not in READER_ONLY] + ([EXTENDS] if Scenario in candidates else [])


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner: Callable[[Any], list[type[BaseModel]]] = _models
    return [model for part in get_args(annotation) if get_origin(annotation) is not Literal for model in inner(part)]


def _tagged(model: type[BaseModel], tag: str) -> bool:
    return tag.removeprefix("~") in model.model_fields
