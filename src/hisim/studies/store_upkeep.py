"""Whether a study's bytes are still those that were written, and how to lose no more than the units that are not."""

from __future__ import annotations

from hisim.errors import Problem
from hisim.studies import store_files
from hisim.studies.store_record import Entry, Study, checked, clear_unfinished, read_record

AGAIN = "the bytes in the record; repair drops it, to be done again"


def verify(study: Study) -> list[Problem]:
    """Read every byte of every unit that is done, and say what is wrong: nothing, one hopes.

    Problems are lines of the manifest that are damaged or say a thing twice, and units whose file is missing, is of
    another size or holds another byte than was written. Units that are not done are no problem, nor is what a writer
    that was killed left behind. study.json and shard.json were verified when ``study`` was opened.

    Returns
    -------
    Problems in the order of their places, each with its file and, in the manifest, its line.
    """
    record = read_record(study)
    faults = {unit: _fault(study, unit, claims) for unit, claims in record.claims.items()}
    units = [Problem(str(study.file(unit)), 0, 0, "", fault, AGAIN) for unit, fault in sorted(faults.items()) if fault]
    return [*record.problems, *units]


def repair(study: Study) -> list[int]:
    """Drop from the record what :func:`verify` finds wrong, so that it counts as missing and only it is done again.

    The manifest is written anew first, then files of units that are not in it are deleted. That includes whole files
    that the manifest does not know, such as one whose writer was killed before it got to the manifest: nothing in a
    file says which study and unit it is, so taking it in would mean to trust a name, and doing it again costs one unit.

    Returns
    -------
    Numbers of the units whose record or file was dropped, in order.

    Raises
    ------
    StudyError
        There is a writer, or the disk is full or fails; then the record is as it was.
    """
    with store_files.locked(study.lock):
        record = read_record(study)
        good = {unit: entry for unit, claims in record.claims.items() if (entry := _good(study, unit, claims))}
        if record.problems or len(good) < len(record.claims):
            with store_files.telling(study.manifest):
                store_files.write_whole(study.manifest, *(entry.line(unit) for unit, entry in sorted(good.items())))
        clear_unfinished(study)
        return sorted((record.claims.keys() - good.keys()) | _delete_unrecorded(study, good))


def _fault(study: Study, unit: int, claims: list[Entry]) -> str:
    """What is wrong with a unit; nothing if any of what the manifest claims of it is true."""
    faults = [checked(study.file(unit), claim)[1] for claim in claims]
    return "" if "" in faults else faults[0]


def _good(study: Study, unit: int, claims: list[Entry]) -> Entry | None:
    return next((claim for claim in claims if not checked(study.file(unit), claim)[1]), None)


def _delete_unrecorded(study: Study, good: dict[int, Entry]) -> set[int]:
    """Delete files of units that are not in the record, whole or not; the numbers of those."""
    folder = study.folder / "units"
    with store_files.telling(folder):
        names = sorted(path.name for path in folder.iterdir())
    units = {int(name[:-5]) for name in names if name.endswith(".unit") and name[:-5].isdecimal()}
    gone = {unit for unit in units - set(good) if unit < study.units}
    for unit in gone:
        store_files.remove(study.file(unit))
    return gone
