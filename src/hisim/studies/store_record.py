"""The record of a study: which units are done, their bytes, and the one writer who adds to them.

The manifest alone says what is done. A unit's file is put in place whole before its line is, and a line counts once
its end is there, so a crash at any moment leaves some units done for good and the others to do. A line that cannot be
read in the middle of the manifest is damage, not a crash, and nothing goes on before it is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from hisim.errors import Problem, StudyError
from hisim.studies import store_files
from hisim.studies.store_definition import as_ranges, parse_shard, shard_units

CHECK = 32
"""Bytes at the start of a unit's file: the SHA-256 of the rest."""
LINE = re.compile(rb'\{"unit": (0|[1-9][0-9]{0,15}), "sha256": "([0-9a-f]{64})", "bytes": (0|[1-9][0-9]{0,15})\}')
MEND = "a line for each unit that is done, as it was written; repair drops this one, and its unit is done again"


@dataclass(frozen=True)
class Study:
    """A study folder as :func:`hisim.studies.store.open_study` found it.

    ``units`` is the number of units, numbered from 0; ``definition`` any JSON; ``digest`` the hexadecimal SHA-256 of
    both; ``shard`` which part of the units this folder is for, such as "2/8", empty for all of them.
    """

    folder: Path
    units: int
    definition: dict[str, Any]
    digest: str
    shard: str = ""

    @property
    def manifest(self) -> Path:
        """The record of what is done."""
        return self.folder / "manifest.jsonl"

    @property
    def lock(self) -> Path:
        """What the writer holds."""
        return self.folder / "lock"

    def file(self, unit: int) -> Path:
        """Where the bytes of ``unit`` are."""
        return self.folder / "units" / f"{unit:06d}.unit"

    def own_units(self) -> range:
        """The units this folder is for: its shard's, or all."""
        return shard_units(self.units, *parse_shard(self.shard)) if self.shard else range(self.units)


@dataclass(frozen=True)
class Entry:
    """What the manifest holds of one unit: the hexadecimal SHA-256 of its payload, and how many bytes that has."""

    sha256: str
    size: int

    def line(self, unit: int) -> bytes:
        """The manifest's line, to the byte."""
        return f'{{"unit": {unit}, "sha256": "{self.sha256}", "bytes": {self.size}}}\n'.encode()


@dataclass
class Record:
    """A manifest as read: every claim about each unit, what is wrong, and where the last whole line ends (bytes)."""

    claims: dict[int, list[Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    end: int = 0

    @property
    def entries(self) -> dict[int, Entry]:
        """The first claim about each unit; in a record without problems there is no other."""
        return {unit: claims[0] for unit, claims in self.claims.items()}


def done(study: Study) -> set[int]:
    """The units that are done.

    Raises
    ------
    StudyError
        The manifest is missing or damaged.
    """
    return set(sound_record(study).claims)


def missing(study: Study) -> list[int]:
    """The units of this folder (of its shard, if it is for one) that are still to do, in order; errors as of done."""
    finished = done(study)
    return [unit for unit in study.own_units() if unit not in finished]


def read(study: Study, unit: int) -> bytes:
    """The payload of ``unit``, checked against its file's digest and the manifest's.

    It reads the whole manifest: for many units use :func:`payloads`.

    Raises
    ------
    StudyError
        The unit is not done, or its file or the manifest is missing or damaged.
    """
    return next(payloads(study, [unit]))[1]


def payloads(study: Study, units: Iterable[int] | None = None) -> Iterator[tuple[int, bytes]]:
    """Each of ``units``, or of all that are done in order, with its payload, one in memory at a time; as in read."""
    entries = sound_record(study).entries
    for unit in sorted(entries) if units is None else units:
        path = study.file(unit)
        if unit not in entries:
            raise StudyError(f"{path}: found no such unit among those done; allowed: {as_ranges(entries) or 'none'}")
        payload, fault = checked(path, entries[unit])
        if fault:
            raise StudyError(f"{path}: {fault}; allowed: the bytes in the record; repair drops it, to be done again")
        yield unit, payload


def read_part(study: Study, unit: int, start: int, length: int) -> bytes:
    """Some of the payload of ``unit``, unchecked: for studies that :func:`payloads` or ``verify`` went through before.

    Raises
    ------
    StudyError
        There is no such file, or not so much in it.
    """
    return store_files.part(study.file(unit), CHECK + start, length)


def checked(path: Path, entry: Entry) -> tuple[bytes, str]:
    """The payload in a unit's file, and what is wrong with the file (empty if nothing is)."""
    try:
        whole = store_files.content(path)
    except StudyError as error:
        return b"", str(error).removeprefix(f"{path}: ")
    if whole is None:
        return b"", "found no file"
    if len(whole) != CHECK + entry.size:
        return b"", f"found {len(whole)} bytes where {CHECK + entry.size} were written"
    payload = whole[CHECK:]
    if whole[:CHECK].hex() != entry.sha256:
        return payload, "found another digest than in the record"
    return payload, "" if sha256(payload).hexdigest() == entry.sha256 else "found damaged bytes"


def sound_record(study: Study) -> Record:
    """The record, if nothing is wrong with the manifest.

    Raises
    ------
    StudyError
        The manifest is missing or damaged.
    """
    record = read_record(study)
    if record.problems:
        raise StudyError(str(record.problems[0]))
    return record


def read_record(study: Study) -> Record:
    """The record with its problems. A last line without its end is none: its writer was stopped."""
    text = store_files.content(study.manifest)
    if text is None:
        return Record(problems=[Problem(str(study.manifest), 0, 0, "", "found no file", MEND)])
    record = Record(end=text.rfind(b"\n") + 1)
    for number, line in enumerate(text[: record.end].split(b"\n")[:-1], 1):
        fault = _take(record, study.units, line)
        if fault:
            record.problems.append(Problem(str(study.manifest), number, 1, "", fault, MEND))
    return record


def _take(record: Record, units: int, line: bytes) -> str:
    """Add what ``line`` says to ``record``; what is wrong with it, if anything."""
    match = LINE.fullmatch(line)
    if not match:
        return "found a damaged line"
    unit, entry = int(match[1]), Entry(match[2].decode(), int(match[3]))
    if unit >= units:
        return f"found unit {unit} of a study of {units}"
    record.claims.setdefault(unit, []).append(entry)
    return f"found unit {unit} once more" if len(record.claims[unit]) > 1 else ""


class Writer:
    """The one process that adds to a study; from :func:`writing`. ``done`` holds the units that are done."""

    def __init__(self, study: Study) -> None:
        record = sound_record(study)
        self._study, self._entries = study, record.entries
        self.done = set(self._entries)
        clear_unfinished(study)
        with store_files.telling(study.manifest):
            self._manifest = store_files.Appender(study.manifest, record.end)

    def write(self, unit: int, payload: bytes) -> None:
        """Put ``payload`` on record as ``unit``: when this returns it is on the disk, and outlives a crash.

        One call at a time. A unit that is done stays as it is if it is given with the same bytes. A file of that name
        that is not on record is replaced.

        Raises
        ------
        StudyError
            There is no such unit, it is done with other bytes, or the disk is full or fails; the record is as it was.
        """
        entry = Entry(sha256(payload).hexdigest(), len(payload))
        path = self._study.file(unit)
        if unit not in range(self._study.units):
            raise StudyError(f"{path}: found unit {unit}; allowed: 0 to {self._study.units - 1}")
        if unit in self.done:
            return self._same(unit, entry)
        with store_files.telling(path, lambda: self._needs(len(payload))):
            store_files.write_whole(path, bytes.fromhex(entry.sha256), payload)
        with store_files.telling(self._study.manifest, lambda: self._needs(len(payload))):
            self._manifest.append(entry.line(unit))
        self._entries[unit] = entry
        self.done.add(unit)

    def _same(self, unit: int, entry: Entry) -> None:
        if self._entries[unit] != entry:
            found = f"found other bytes for unit {unit}, which is done"
            allowed = "the same bytes again, as a study gives the same wherever and whenever it runs"
            raise StudyError(f"{self._study.file(unit)}: {found}; allowed: {allowed}")

    def _needs(self, more: int) -> str:
        """What the disk lacks for a unit of ``more`` bytes, and for all that are left if they are like those done."""
        left = sum(unit not in self.done for unit in self._study.own_units())
        sizes = [entry.size for entry in self._entries.values()] or [more]
        rest = store_files.size(left * sum(sizes) / len(sizes))
        return f"{store_files.size(more)} for this unit, some {rest} for the {left} units that are left"

    def close(self) -> None:
        """Let go of the manifest."""
        self._manifest.close()


@contextmanager
def writing(study: Study) -> Iterator[Writer]:
    """Hold the study's lock and write units; what a writer that was killed left unfinished is cleared away first.

    A forked child of the writer does not hold the lock and must not write.

    Raises
    ------
    StudyError
        There is another writer, the manifest is missing or damaged, or the disk is full or fails.
    """
    with store_files.locked(study.lock):
        writer = Writer(study)
        try:
            yield writer
        finally:
            writer.close()


def clear_unfinished(study: Study) -> None:
    """Delete what killed writers left half written, for tidiness: it is never read. Under the lock only."""
    with suppress(OSError):
        for folder in (study.folder, study.folder / "units"):
            for path in folder.glob(f"*{store_files.UNFINISHED}"):
                store_files.remove(path)
