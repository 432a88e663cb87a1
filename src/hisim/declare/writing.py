"""A scenario as the text of its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from hisim.declare.scenario import Scenario


def write_scenario(scenario: Scenario) -> str:
    """``scenario`` as the text of a file that reads back as the same scenario."""
    data = scenario.model_dump(by_alias=True, exclude_none=True)
    uses = data.pop("interventions")
    lines = [line for key, value in data.items() for line in _lines(key, value)]
    lines.append("interventions:" if uses else "interventions: []")
    for use in uses:
        entries = [line for key, value in use.items() for line in _lines(key, value)]
        lines.extend(("  - " if index == 0 else "    ") + line for index, line in enumerate(entries))
    return "\n".join(lines) + "\n"


def standing_alone(scenario: Scenario) -> tuple[Scenario, dict[str, str]]:
    """``scenario`` with the files it names called by their last name, to lie beside it; and their texts by name."""
    texts, uses = {}, []
    for use in scenario.interventions:
        if use.file is not None:
            use = use.model_copy(update={"file": PurePath(use.file).name})
            texts[str(use.file)] = str(use.file_text)
        uses.append(use)
    strata = scenario.strata
    if strata is not None and strata.file is not None:
        strata = strata.model_copy(update={"file": PurePath(strata.file).name})
        texts[str(strata.file)] = str(strata.file_text)
    return scenario.model_copy(update={"interventions": tuple(uses), "strata": strata}), texts


def _lines(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield f"{key}: {{{', '.join(line for name, item in value.items() for line in _lines(name, item))}}}"
    elif isinstance(value, tuple) and isinstance(value[0], str):
        yield f"{key}: [{', '.join(map(_scalar, value))}]"
    elif isinstance(value, tuple):
        same = len(set(map(repr, value))) == 1
        each = ", ".join(f"{quintile}: {number!r}" for quintile, number in enumerate(value, start=1))
        yield f"{key}: {value[0]!r}" if same else f"{key}: {{{each}}}"
    else:
        yield f"{key}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    return '"' + "".join(_escaped(char) for char in value) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08X}"
