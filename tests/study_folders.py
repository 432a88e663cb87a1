"""Small studies on the disk, for tests of their store."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkdtemp

from hisim.studies import store

DEFINITION = {"scenarios": {"three-actions": "name: three\n  relative: 1.4\nend: 2030\n"}, "draws": [1, 2]}
UNITS = 4


def payload(unit: int) -> bytes:
    """What unit ``unit`` of every study here is."""
    return bytes(range(unit, unit + 8))


def complete(folder: Path, units: int = UNITS, shard: str = "") -> store.Study:
    """Begin or go on with a study and do what is missing."""
    study = store.start(folder, DEFINITION, units, shard)
    with store.writing(study) as writer:
        for unit in store.missing(study):
            writer.write(unit, payload(unit))
    return study


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a study, its manifest as a set of lines, without the lock."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found["manifest.jsonl"] = b"".join(sorted(found["manifest.jsonl"].splitlines(keepends=True)))
    return {name: found[name] for name in sorted(found) if name != "lock"}


def flipped(whole: bytes, at: int, mask: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]


def complete_in(study: store.Study) -> None:
    """Go on with a study that was opened."""
    complete(study.folder)


def folder_in_memory() -> Path:
    """A new folder off the disk where the system has such: waiting for a disk thousands of times is slow."""
    memory = Path("/dev/shm")
    return Path(mkdtemp(dir=memory if os.access(memory, os.W_OK) else None, prefix="hisim-"))
