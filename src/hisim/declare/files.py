"""Scenario and intervention files: hostile until read. The only door of ``declare`` to the disk.

Every mistake in a file is reported together, each at its line and column; nothing is guessed, nothing written.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from hisim.areas import ENGLAND, key_of
from hisim.declare.distribution import FileText
from hisim.declare.evidence import unknown_sources
from hisim.declare.intervention import MECHANISMS, AnyIntervention
from hisim.declare.nodes import Entry, Node, compose, shown
from hisim.declare.parsed import parsed, without_problems
from hisim.declare.refusals import MISSING, READER_ONLY, Places, conflict_problem, problems_of
from hisim.declare.scenario import Scenario, Use, conflicts
from hisim.declare.segments import read_segments
from hisim.declare.writing import write_scenario
from hisim.errors import InvalidFileError, Problem, nearest_name

LIBRARY = Path(__file__).parents[1] / "interventions"
MOST_BYTES = 256 * 1024
MOST_FILES = 5
EACH_FILE_STATES = ("hisim", "name")
"""Keys that are never inherited: two scenarios must not share a name unnoticed."""


def read_scenario(path: str | Path) -> Scenario:
    """The scenario in the file ``path``, with the files it extends and its interventions resolved.

    Raises
    ------
    InvalidFileError
        With every problem found, in this file and in those it extends.
    """
    return _scenario(_inherited(Path(path), str(path), ()), None)


def read_scenario_text(text: str, name: str = "scenario", own: Mapping[str, str] | None = None) -> Scenario:
    """The scenario in ``text``; ``name`` stands for its file in messages. Touches no disk: no ``extends``.

    Parameters
    ----------
    own
        What the files hold that the scenario names under ``file``, interventions and segments, by the name it gives.

    Raises
    ------
    InvalidFileError
        With every problem found.
    """
    root = _tree(text, name)
    assert isinstance(root.value, dict)
    if "extends" in root.value:
        entry = root.value["extends"]
        raise InvalidFileError(
            [Problem(name, entry.line, entry.column, "extends", "extends", "a scenario that stands alone")]
        )
    return _scenario(root, {} if own is None else own)


def read_intervention(path: str | Path) -> AnyIntervention:
    """The intervention in the file ``path``, whose name must be its id.

    Raises
    ------
    InvalidFileError
        With every problem found.
    """
    return _intervention(text_of(Path(path), str(path)), str(path), Path(path).stem)


def read_tree(path: str | Path) -> Node:
    """The map in a file; raises with every problem of its form."""
    return _tree(text_of(Path(path), str(path)), str(path))


@lru_cache(maxsize=1)
def library_names() -> tuple[str, ...]:
    """Ids of the packaged interventions, in alphabetical order."""
    return tuple(sorted(item.stem for item in LIBRARY.iterdir() if item.suffix == ".yaml"))


@lru_cache(maxsize=256)
def packaged_intervention(name: str) -> AnyIntervention:
    """The packaged intervention ``name``, one of :func:`library_names`."""
    data = _library_data().get(name)
    found = None if data is None else without_problems(data, name)
    return _intervention(_packaged_text(name), f"{name}.yaml", name) if found is None else found


def load_library() -> Mapping[str, AnyIntervention]:
    """Every packaged intervention by id; read once."""
    return {name: packaged_intervention(name) for name in library_names()}


def _packaged_text(name: str) -> str:
    return (LIBRARY / f"{name}.yaml").read_text("utf-8")


@lru_cache(maxsize=1)
def _library_data() -> dict[str, Any]:
    texts = {name: _packaged_text(name) for name in library_names()}
    return parsed(texts, lambda text: _tree(text, "").plain())


def text_of(path: Path, name: str, most: int = MOST_BYTES) -> str:
    """The text of a file after every check that can be made before it is parsed."""
    try:
        information = path.stat()
        if stat.S_ISDIR(information.st_mode):
            raise _refused(name, "a folder", "a file")
        if not stat.S_ISREG(information.st_mode):
            raise _refused(name, "something that is not a file", "a file")
        if information.st_size > most:
            raise _refused(name, f"{information.st_size // 1024} KB", f"at most {most // 1024} KB")
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except FileNotFoundError:
        raise _refused(name, "no such file", _siblings(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(name, f"a file that cannot be read ({reason})") from None
    return _decoded(content, name, most)


def _siblings(path: Path) -> str:
    """The file beside a missing one whose name is nearest."""
    try:
        names = sorted(item.name for item in path.parent.iterdir() if item.suffix in (".yaml", ".yml", ".csv"))
    except (OSError, ValueError):
        return "the path of a file"
    near = nearest_name(path.name, names)
    return f"'{path.parent / near}'" if near else "the path of a file"


def _decoded(content: bytes, name: str, most: int) -> str:
    if len(content) > most:
        raise _refused(name, f"more than {most // 1024} KB", f"at most {most // 1024} KB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        found = f"the byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise InvalidFileError([Problem(name, line, column, "", found, "a text file in UTF-8")]) from None


def _refused(name: str, found: str, allowed: str = "") -> InvalidFileError:
    return InvalidFileError([Problem(name, 0, 0, "", found, allowed)])


def _small(text: str, name: str) -> str:
    if len(text) > MOST_BYTES:
        raise _refused(name, f"{len(text) // 1024} KB", f"at most {MOST_BYTES // 1024} KB")
    return text


def _tree(text: str, name: str) -> Node:
    """The map in ``text``; raises with every problem of its form."""
    root, problems = compose(_small(text, name), name)
    if root is not None and not isinstance(root.value, dict) and not problems:
        empty = root.value is None
        found = "an empty file" if empty else shown(root.plain())
        problems = [Problem(name, root.line, root.column, "", found, "a map of keys and values")]
    if problems or root is None:
        raise InvalidFileError(problems)
    return root


def _inherited(path: Path, name: str, above: tuple[tuple[Path, str], ...]) -> Node:
    """The map in ``path`` with the keys it inherits; a key it sets replaces the inherited one whole."""
    root = _tree(text_of(path, name), name)
    own = root.value
    assert isinstance(own, dict)
    problems = list(_not_stated(root, own)) if above or "extends" in own else []
    if "extends" not in own:
        if problems:
            raise InvalidFileError(problems)
        return root
    entry = own["extends"]
    try:
        base = _base(entry, path, name, above)
    except InvalidFileError as error:
        raise InvalidFileError([*problems, *error.problems]) from None
    if problems:
        raise InvalidFileError(problems)
    assert isinstance(base.value, dict)
    inherited = {key: item for key, item in base.value.items() if key not in EACH_FILE_STATES}
    merged = {**inherited, **{key: item for key, item in own.items() if key != "extends"}}
    return Node(merged, name, root.line, root.column)


def _not_stated(root: Node, own: Mapping[Any, Entry]) -> Iterator[Problem]:
    """What each file of a chain must say for itself."""
    for key in EACH_FILE_STATES:
        if key not in own:
            yield Problem(root.file, root.line, root.column, key, f"{MISSING} in every file")
        elif key == "hisim" and own[key].node.value != 1:
            node = own[key].node
            yield Problem(root.file, node.line, node.column, key, shown(node.plain()), "1")


def _base(entry: Entry, path: Path, name: str, above: tuple[tuple[Path, str], ...]) -> Node:
    """The tree of the file that ``path`` extends."""

    def refused(found: str, allowed: str) -> InvalidFileError:
        place = (name, entry.node.line, entry.node.column, "extends")
        return InvalidFileError([Problem(*place, found, allowed)])

    value = entry.node.value
    if not isinstance(value, str) or not value or "\0" in value or PurePath(value).is_absolute():
        raise refused(shown(value), "the name of one file, relative to this one")
    chain = (*above, (path.resolve(), name))
    target = path.parent / value
    names = [each for _, each in chain]
    if target.resolve() in [each for each, _ in chain]:
        circle = names[[each for each, _ in chain].index(target.resolve()) :]
        raise refused(f"a circle: {' -> '.join([*circle, circle[0]])}", "a file that does not come back to this one")
    if len(chain) >= MOST_FILES:
        raise refused(f"a chain of more than {MOST_FILES} files", f"at most {MOST_FILES}")
    shown_name = str(PurePath(name).parent / value)
    try:
        return _inherited(target, shown_name, chain)
    except InvalidFileError as error:
        if [problem.line for problem in error.problems] == [0]:
            problem = error.problems[0]
            raise refused(f"{problem.file}: {problem.found}", problem.allowed) from None
        raise


def _scenario(root: Node, own: Mapping[str, str] | None) -> Scenario:
    """The scenario in a tree; raises with every problem of its content. ``own`` None: files may be read."""
    data, places = root.plain(), Places(root)
    problems = list(_resolve_strata(data, places, own))
    problems.extend(conflict_problem(places, conflict) for conflict in conflicts(data))
    problems.extend(_resolve(data, places, own))
    try:
        scenario = Scenario.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        found = list(problems_of(error.errors(include_url=False), places, Scenario))
        problems.extend(found if found or problems else [places.problem((), str(error.errors()[0]["msg"]))])
    if problems:
        raise InvalidFileError(problems)
    return scenario


def _resolve_strata(data: dict[Any, Any], places: Places, own: Mapping[str, str] | None) -> Iterator[Problem]:
    """Put the segments of the file that ``strata`` names beside its name."""
    strata, uses = data.get("strata"), data.get("interventions")
    if not isinstance(strata, dict) or strata.get("by") != "file" or any(key in strata for key in READER_ONLY):
        return
    name = strata.get("file")
    if not isinstance(name, str):
        return
    named = {use.get("use") for use in (uses if isinstance(uses, list) else ()) if isinstance(use, dict)}
    ids = {*library_names(), *(each for each in named if isinstance(each, str))}
    try:
        path, text = _own_text(name, places.find(("strata", "file"))[1], own)
        strata["segments"] = read_segments(_small(text, path), path, key_of(data.get("area", ENGLAND)), ids)
        strata["file_text"] = FileText(text)
    except InvalidFileError as error:
        yield from error.problems


def _resolve(data: dict[Any, Any], places: Places, own: Mapping[str, str] | None) -> Iterator[Problem]:
    """Put each intervention that is named beside its name; report the names that the library lacks."""
    uses = data.get("interventions")
    for index, use in enumerate(uses if isinstance(uses, list) else ()):
        name = use.get("use") if isinstance(use, dict) else None
        if not isinstance(name, str) or any(key in use for key in READER_ONLY):
            continue
        place = ("interventions", index, "use")
        if isinstance(use.get("file"), str):
            try:
                use["file_text"], use["intervention"] = _own(use["file"], places.find((*place[:2], "file"))[1], own)
            except InvalidFileError as error:
                yield from error.problems
                continue
            if use["intervention"].id != name:
                yield places.problem(place, shown(name), f"'{use['intervention'].id}', as in {shown(use['file'])}")
        elif name in library_names():
            use["intervention"] = packaged_intervention(name)
        else:
            near = nearest_name(name, library_names())
            found = f"the unknown intervention {shown(name)}"
            yield places.problem(place, found, ", ".join(library_names()), near)
        if missing := getattr(use.get("intervention"), "author_must_supply", None):
            found = f"{shown(name)}, of which this is not known: {missing}"
            yield places.problem(place, found, "'file' with an intervention file of your own that states it")


def _own(name: str, node: Node, own: Mapping[str, str] | None) -> tuple[FileText, AnyIntervention]:
    """Text and intervention of a file that a scenario names; raises with its problems, or one at the name."""
    path, text = _own_text(name, node, own)
    return FileText(text), _intervention(text, path, PurePath(name).stem)


def _own_text(name: str, node: Node, own: Mapping[str, str] | None) -> tuple[str, str]:
    """Path and text of a file that a scenario names; raises with one problem at the name."""

    def refused(found: str, allowed: str) -> InvalidFileError:
        return InvalidFileError([Problem(node.file, node.line, node.column, "file", found, allowed)])

    if not name or "\0" in name or PurePath(name).is_absolute() or not name.isprintable():
        raise refused(shown(name), "the name of one file, relative to this one")
    if own is not None and name not in own:
        raise refused(shown(name), "a scenario that stands alone")
    path = str(PurePath(node.file).parent / name)
    try:
        return path, text_of(Path(path), path) if own is None else own[name]
    except InvalidFileError as error:
        raise refused(f"{path}: {error.problems[0].found}", error.problems[0].allowed) from None


def _intervention(text: str, name: str, stem: str) -> AnyIntervention:
    root = _tree(text, name)
    places = Places(root)
    data = root.plain()
    mechanism = data.get("mechanism")
    if mechanism not in list(MECHANISMS):
        names = ", ".join(MECHANISMS)
        if "mechanism" not in data:
            raise InvalidFileError([Problem(name, root.line, root.column, "mechanism", MISSING, names)])
        near = nearest_name(mechanism, MECHANISMS)
        raise InvalidFileError([places.problem(("mechanism",), shown(mechanism), names, near)])
    model = MECHANISMS[mechanism]
    problems = [conflict_problem(places, conflict, at_key=False) for conflict in unknown_sources(data)]
    try:
        intervention = model.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        problems.extend(problems_of(error.errors(include_url=False), places, model))
        raise InvalidFileError(problems) from None
    if intervention.id != stem:
        found = f"'{intervention.id}' in a file called '{stem}'"
        raise InvalidFileError([places.problem(("id",), found, f"'{stem}'")])
    return intervention


__all__ = [
    "Use", "library_names", "load_library", "packaged_intervention", "read_intervention", "read_scenario",
    "read_scenario_text", "read_tree", "write_scenario",
]  # fmt: skip
