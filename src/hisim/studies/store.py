"""The store of record of a big study: a folder of units of work that outlives crashes, and is exact.

A study is a definition (any JSON) and a number of units; a unit is some bytes that follow from the definition and the
unit's number alone. The folder holds

    study.json          the definition, the number of units and the digest of both; written once, before any unit
    shard.json          which part of the units this folder is for, if not all ("2/8")
    units/000000.unit   one file for each unit that is done, never changed: the SHA-256 of the payload, the payload
    manifest.jsonl      one line for each unit that is done, added once its file is in place; no other unit is done
    lock                held by the one writer, freed by the system when that process ends in any way

so that what was on record before a crash, a power cut or a full disk is on record after it, and the same command goes
on with the rest. Errors are StudyError, with the file and what is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hisim.errors import StudyError
from hisim.studies import store_files
from hisim.studies.store_definition import (
    as_ranges,
    canonical,
    difference,
    digest_of,
    parse_shard,
    shard_text,
    shard_units,
    study_text,
)
from hisim.studies.store_record import (
    Entry,
    Study,
    Writer,
    done,
    missing,
    payloads,
    read,
    read_part,
    read_record,
    sound_record,
    writing,
)
from hisim.studies.store_upkeep import repair, verify

__all__ = [
    "Study",
    "Writer",
    "as_ranges",
    "create",
    "done",
    "merge",
    "missing",
    "open_study",
    "parse_shard",
    "payloads",
    "read",
    "read_part",
    "repair",
    "resume",
    "shard_units",
    "start",
    "status",
    "verify",
    "writing",
]

OURS = {"lock", "manifest.jsonl", "shard.json", "units"}
"""What a folder may hold whose making was interrupted, beside unfinished files."""


def create(folder: Path | str, definition: dict[str, Any], units: int, shard: str = "") -> Study:
    """Make a study folder, with the folders above it; study.json comes last, and with it the folder is a study.

    Parameters
    ----------
    folder
        New, empty, or left by a call that was interrupted.
    definition
        Any JSON; what it is made of is up to the caller, but all that decides the bytes of a unit belongs there.
    units
        How many there are, 1 or more; they are numbered from 0.
    shard
        Which part of the units this folder is for, such as "2/8"; empty for all.

    Raises
    ------
    StudyError
        The folder holds a study or other files, cannot be written, or a parameter is not as above.
    """
    folder = Path(folder)
    study = _study(folder, definition, units, shard)
    with store_files.telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
    _refuse_strangers(folder)
    with store_files.locked(study.lock):
        _refuse_strangers(folder)
        with store_files.telling(folder):
            _lay_out(study)
    return study


def open_study(folder: Path | str) -> Study:
    """The study in ``folder``, for reading, writing or upkeep.

    Raises
    ------
    StudyError
        There is none, it is of another format, or study.json or shard.json are not as they were written.
    """
    folder = Path(folder)
    path = folder / "study.json"
    text = store_files.content(path)
    if text is None:
        raise StudyError(f"{path}: found no file; allowed: the folder of a study that was begun")
    units, definition = _parsed(path, text)
    digest = digest_of(units, definition)
    return Study(folder, units, definition, digest, _shard(folder / "shard.json", digest))


def resume(folder: Path | str, definition: dict[str, Any], units: int, shard: str = "") -> Study:
    """The study in ``folder`` if it is this one, as in :func:`create`.

    Raises
    ------
    StudyError
        As of :func:`open_study`; or it is another study or shard, and the message says what differs.
    """
    found, now = open_study(folder), _study(Path(folder), definition, units, shard)
    _refuse_other(found, now)
    if found.shard != now.shard:
        change = f"'{found.shard or 'none'}' is now '{now.shard or 'none'}'"
        raise StudyError(f"{folder}: found another shard: {change}; allowed: the shard that was begun there")
    return found


def start(folder: Path | str, definition: dict[str, Any], units: int, shard: str = "") -> Study:
    """Resume the study in ``folder``, or create it if none is there: the same command begins and goes on.

    Of two processes that start a study at once one creates it and the other resumes; parameters and errors as of both.
    """
    if not _begun(folder):
        try:
            return create(folder, definition, units, shard)
        except StudyError:
            if not _begun(folder):
                raise
    return resume(folder, definition, units, shard)


def status(study: Study) -> dict[str, Any]:
    """How far a study is, also while it is written; all of it can be JSON.

    Returns
    -------
    ``folder``; ``digest``; ``shard`` ("2/8" or ""); ``units``, how many this folder is for; ``done``, how many of them
    are; ``missing``, how many are not, and ``missing_ranges``, which ("3-5, 9"); ``bytes`` of all payloads on record;
    ``writer``, None or pid, host and since (UTC; empty if unknown); ``damaged``, lines of the manifest that are.
    """
    record = read_record(study)
    left = [unit for unit in study.own_units() if unit not in record.claims]
    return {
        "folder": str(study.folder),
        "digest": study.digest,
        "shard": study.shard,
        "units": len(study.own_units()),
        "done": len(study.own_units()) - len(left),
        "missing": len(left),
        "missing_ranges": as_ranges(left),
        "bytes": sum(entry.size for entry in record.entries.values()),
        "writer": store_files.holder(study.lock),
        "damaged": len(record.problems),
    }


def merge(into: Path | str, parts: Iterable[Path | str], *, partial: bool = False) -> Study:
    """Bring the units of several folders of one study into the folder ``into``, which is made if it is not there.

    It may be called again after a crash, and with further parts. Two parts may have the same unit if its bytes are the
    same. Nothing is written before all parts are known to fit together.

    Parameters
    ----------
    into
        New, empty, or the whole study with some units done.
    parts
        Study folders: shards, or whole ones with some units done.
    partial
        Whether units may be missing afterwards; they can be done in ``into``.

    Raises
    ------
    StudyError
        A part is another study or given twice (the same folder or the same shard), two have other bytes for a unit,
        units are missing, or what is read is damaged.
    """
    studies = [open_study(part) for part in parts]
    if not studies:
        raise StudyError(f"{into}: found no parts; allowed: one or more study folders")
    _refuse_twice([Path(into), *(study.folder for study in studies)], studies)
    first = studies[0]
    present = [resume(into, first.definition, first.units)] if _begun(into) else []
    sources = _sources([*present, *studies])
    gaps = as_ranges(set(range(first.units)) - set(sources))
    if gaps and not partial:
        raise StudyError(f"{into}: found no unit {gaps}; allowed: parts that together have all {first.units}")
    whole = start(into, first.definition, first.units)
    with writing(whole) as writer:
        for study in studies:
            units = sorted(unit for unit, (source, _) in sources.items() if source is study)
            for unit, payload in payloads(study, units):
                writer.write(unit, payload)
    return whole


def _study(folder: Path, definition: dict[str, Any], units: int, shard: str) -> Study:
    if type(units) is not int or units < 1:
        raise StudyError(f"{folder}: found {units} units; allowed: 1 or more")
    if shard:
        parse_shard(shard)
    as_kept: dict[str, Any] = json.loads(canonical(definition))
    return Study(folder, units, as_kept, digest_of(units, as_kept), shard)


def _begun(folder: Path | str) -> bool:
    return store_files.content(Path(folder) / "study.json") is not None


def _refuse_strangers(folder: Path) -> None:
    with store_files.telling(folder):
        names = {path.name for path in folder.iterdir()}
        full = [name for name in ("units", "manifest.jsonl") if name in names and _holds(folder / name)]
    if "study.json" in names:
        raise StudyError(f"{folder}: found a study; allowed: a new or empty folder, or to resume what is there")
    strangers = sorted(name for name in names - OURS if not name.endswith(store_files.UNFINISHED)) + full
    if strangers:
        raise StudyError(f"{folder}: found other files ({', '.join(strangers[:3])}); allowed: a new or empty folder")


def _holds(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.stat().st_size > 0


def _lay_out(study: Study) -> None:
    (study.folder / "units").mkdir(exist_ok=True)
    store_files.write_whole(study.manifest)
    if study.shard:
        store_files.write_whole(study.folder / "shard.json", shard_text(study.shard, study.digest))
    else:
        store_files.remove(study.folder / "shard.json")
    store_files.write_whole(study.folder / "study.json", study_text(study.units, study.definition))
    store_files.sync_folder(study.folder.parent)


def _parsed(path: Path, text: bytes) -> tuple[int, dict[str, Any]]:
    """Units and definition, if ``text`` is to the byte what :func:`create` writes of them."""
    try:
        kept = json.loads(text)
        units, definition, form = kept["units"], kept["definition"], kept["format"]
        whole = text == study_text(units, definition)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole, form = False, None
    if not whole and isinstance(form, int) and form > 1:
        raise StudyError(f"{path}: found format {form}; allowed: format 1, or a newer hisim")
    if not whole:
        raise StudyError(f"{path}: found damage; allowed: the file as it was written (all shards have the same)")
    return units, definition


def _shard(path: Path, digest: str) -> str:
    text = store_files.content(path)
    if text is None:
        return ""
    try:
        shard = str(json.loads(text)["shard"])
        whole = text == shard_text(shard, digest) and bool(parse_shard(shard))
    except (ValueError, KeyError, TypeError, StudyError):
        whole = False
    if not whole:
        raise StudyError(f"{path}: found damage; allowed: the file as it was written")
    return shard


def _refuse_other(found: Study, now: Study, allowed: str = "the study that was begun there") -> None:
    if found.digest != now.digest:
        differs = difference((found.units, found.definition), (now.units, now.definition))
        raise StudyError(f"{found.folder}: found another study: {differs}; allowed: {allowed}")


def _refuse_twice(folders: Sequence[Path], studies: Sequence[Study]) -> None:
    places, shards = set[Path](), dict[str, Study]()
    for folder in folders:
        if folder.resolve() in places:
            raise StudyError(f"{folder}: found the folder twice; allowed: each folder once")
        places.add(folder.resolve())
    for study in studies:
        _refuse_other(study, studies[0], f"parts of one study, as in {studies[0].folder}")
        if study.shard and study.shard in shards:
            there = shards[study.shard].folder
            raise StudyError(f"{study.folder}: found shard {study.shard}, as in {there}; allowed: each shard once")
        shards[study.shard] = study


def _sources(studies: Iterable[Study]) -> dict[int, tuple[Study, Entry]]:
    """For each unit the first study that has it, and the record there."""
    found: dict[int, tuple[Study, Entry]] = {}
    for study in studies:
        for unit, entry in sound_record(study).entries.items():
            there, other = found.setdefault(unit, (study, entry))
            if other != entry:
                raise StudyError(f"{study.file(unit)}: found other bytes than in {there.folder}; allowed: the same")
    return found
