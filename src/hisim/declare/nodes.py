"""A YAML text as a tree of values that remember their line and column.

A small part of YAML 1.2 is read, as plain data: maps, lists, text, whole numbers, numbers, true, false
and null. Whatever can surprise is refused with its place: anchors, aliases, tags, merge keys, directives,
several documents, duplicate keys, NaN, infinity, numbers written two ways, deep nesting. ``yes``, ``on``
and dates are text, as in YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from hisim.errors import Problem

MOST_DEPTH = 20
MOST_NODES = 2_000
LONGEST_NUMBER = 40
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?(\.?inf(inity)?|\.?nan)", re.IGNORECASE)
CONSTANTS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    text: word == "true" for word in ("true", "false") for text in (word, word.title(), word.upper())
}

Key = str | int | float | bool | None


class Entry(NamedTuple):
    """One line of a map: where its key stands and what it holds."""

    line: int
    column: int
    node: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place, both counted from 1."""

    value: str | int | float | bool | list[Node] | dict[Key, Entry] | None
    file: str
    line: int
    column: int

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


class StopReadingError(Exception):
    """Reading cannot go on; the problem that says why has been noted."""


class Composer:
    """Builds the tree from parser events and collects what is refused."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._nodes = 0
        self._text = text
        self._events = _events(text)

    def refuse(self, mark: Any, found: str, allowed: str = "", path: str = "") -> None:
        """Note a problem at ``mark``."""
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        self.problems.append(Problem(self.file, line, column, path, found, allowed))

    def stop(self, mark: Any, found: str, allowed: str = "") -> StopReadingError:
        """Note a problem at ``mark`` after which nothing more can be read."""
        self.refuse(mark, found, allowed)
        return StopReadingError()

    def _next(self) -> Any:
        try:
            return next(self._events)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self.stop(mark, f"not valid YAML: {error.problem or error.context}") from None
        except ReaderError as error:
            self.problems.append(_unprintable(self.file, self._text, error.position))
            raise StopReadingError from None
        except (ValueError, IndexError, TypeError, AttributeError, AssertionError):
            raise self.stop(None, "not valid YAML") from None

    def document(self) -> Node | None:
        """The only document, or None after problems."""
        try:
            event = self._next()
            while isinstance(event, StreamStartEvent):
                event = self._next()
            if isinstance(event, StreamEndEvent):
                raise self.stop(event.start_mark, "an empty file", "a map of keys and values")
            if isinstance(event, DocumentStartEvent) and (event.version or event.tags):
                raise self.stop(event.start_mark, "a % directive", "plain YAML 1.2")
            root = self._node(self._next(), "", 1)
            event = self._next()
            while isinstance(event, DocumentEndEvent):
                event = self._next()
            if not isinstance(event, StreamEndEvent):
                raise self.stop(event.start_mark, "a second document", "one document in a file")
        except StopReadingError:
            return None
        return root

    def _node(self, event: Any, path: str, depth: int) -> Node:
        self._nodes += 1
        mark = event.start_mark
        if depth > MOST_DEPTH:
            raise self.stop(mark, f"more than {MOST_DEPTH} levels inside each other", f"at most {MOST_DEPTH}")
        if self._nodes > MOST_NODES:
            raise self.stop(mark, f"more than {MOST_NODES} values", f"at most {MOST_NODES}")
        self._refuse_references(event, path)
        value: Any = None
        if isinstance(event, MappingStartEvent):
            value = self._map(path, depth)
        elif isinstance(event, SequenceStartEvent):
            value = self._list(path, depth)
        elif isinstance(event, ScalarEvent):
            value = self._scalar(event, path)
        return Node(value, self.file, mark.line + 1, mark.column + 1)

    def _refuse_references(self, event: Any, path: str) -> None:
        mark = event.start_mark
        if isinstance(event, AliasEvent):
            self.refuse(mark, f"the alias {shown('*' + str(event.anchor))}", "the value written out", path)
        elif event.anchor:
            self.refuse(mark, f"the anchor {shown('&' + str(event.anchor))}", "the value without an anchor", path)
        if getattr(event, "tag", None):
            self.refuse(mark, f"the tag {shown(str(event.tag))}", "the value without a tag", path)

    def _list(self, path: str, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._node(event, f"{path}[{len(items)}]", depth + 1))
        return items

    def _map(self, path: str, depth: int) -> dict[Key, Entry]:
        entries: dict[Key, Entry] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            mark = event.start_mark
            key_node = self._node(event, path, depth + 1)
            key = key_node.value
            if isinstance(key, dict | list):
                raise self.stop(mark, "a key that is a map or a list", "a name")
            place = joined(path, key)
            value = self._next()
            node = self._node(value, place, depth + 1)
            if isinstance(value, ScalarEvent) and not value.value and value.style is None:
                node = replace(node, line=mark.line + 1, column=mark.column + 1)
            if key == "<<":
                self.refuse(mark, "a merge key '<<'", "the keys written out", path)
            elif str(key) in lines:
                found = f"{shown(key)} a second time: line {lines[str(key)]} sets it already"
                self.refuse(mark, found, "each key once", path)
            else:
                entries[key] = Entry(mark.line + 1, mark.column + 1, node)
                lines[str(key)] = mark.line + 1
        return entries

    def _scalar(self, event: Any, path: str) -> str | int | float | bool | None:
        text: str = event.value
        if event.style is not None or not event.implicit[0]:
            return text
        if text in CONSTANTS:
            return CONSTANTS[text]
        if NOT_FINITE.fullmatch(text):
            self.refuse(event.start_mark, f"{shown(text)}", "a finite number", path)
            return None
        if not NUMBER.fullmatch(text):
            return text
        whole = INTEGER.fullmatch(text) is not None
        if len(text) > LONGEST_NUMBER or not isfinite(float(text)):
            self.refuse(event.start_mark, "a number too long or too large", "a finite number", path)
            return None
        if not whole and re.fullmatch(r"[-+]?0[0-9.]*[0-9]", text) and "." not in text:
            self.refuse(event.start_mark, f"{shown(text)}", "a number without leading zeros, or text in quotes", path)
            return None
        return int(text) if whole else float(text)


def compose(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """The tree in ``text`` and every problem met; the tree is None where reading had to stop."""
    composer = Composer(text, file)
    root = composer.document()
    return root, composer.problems


def shown(value: object) -> str:
    """A value found in a file as a message may repeat it: quoted, escaped, short."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    text = value if len(value) <= 60 else value[:57] + "..."
    return "'" + "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text) + "'"


def joined(path: str, key: object) -> str:
    """The dotted path of ``key`` below ``path``, fit to be printed."""
    text = str(key)
    step = text if text.isprintable() and 0 < len(text) <= 40 else shown(text)
    return f"{path}.{step}" if path else step


def _events(text: str) -> Iterator[Any]:
    yield from YAML(typ="safe", pure=True).parse(text)


def _unprintable(file: str, text: str, position: int) -> Problem:
    before = text[:position]
    line, column = before.count("\n") + 1, position - before.rfind("\n")
    return Problem(file, line, column, "", f"the character {text[position]!a}", "printable text")
