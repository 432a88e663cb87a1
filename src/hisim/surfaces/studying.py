"""Doing a study from the command line: what it would take, doing it, going on with it, and where it lies."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from hisim.errors import LostWorkersError, StoppedError, StudyError
from hisim.studies import store, store_files
from hisim.studies.execute import How, finished
from hisim.studies.gather import figures_each
from hisim.studies.study import run_unit, units_of

STORE = "study"
"""Folder of the study's units inside the folder of its results."""
TRIED = 3
"""Runs that are timed for an estimate, after one that is not."""
START = 3.0
"""Seconds that processes take to begin, about."""


class Way(NamedTuple):
    """How a study is to be done, as the command line says."""

    folder: Path
    how: How
    resume: bool = False
    overwrite: bool = False
    shard: tuple[int, int] = (1, 1)
    again: str = ""
    """The command that goes on with it."""


def was_begun(folder: Path) -> bool:
    """Whether a folder of results holds a study."""
    return (folder / STORE / "study.json").exists()


def shard_done(way: Way) -> str:
    """What to say when the part of a study that was asked for is done."""
    i, n = way.shard
    return f"Shard {i} of {n} is done: {way.folder}\nWhen all are: hisim study merge FOLDERS --out FOLDER\n"


def begun(definition: Mapping[str, Any], way: Way) -> store.Study:
    """The study of ``definition`` in the way's folder: a new one, or the one there where it may be gone on with.

    Raises
    ------
    StudyError
        Where there is one and neither ``resume`` nor ``overwrite`` was asked for, or another one.
    """
    folder = way.folder / STORE
    if was_begun(way.folder) and way.overwrite and not way.resume:
        _refuse_written(folder)
        shutil.rmtree(folder)
    if was_begun(way.folder) and not way.resume:
        told = store.status(store.open_study(folder))
        raise StudyError(
            f"{way.folder}: found a study with {told['done']} of {told['units']} units done; allowed: --resume to go "
            "on with it, --overwrite to begin again, or another folder with --out"
        )
    way.folder.mkdir(parents=True, exist_ok=True)
    shard = "" if way.shard == (1, 1) else "{}/{}".format(*way.shard)
    return store.start(folder, dict(definition), units_of(definition), shard)


def _refuse_written(folder: Path) -> None:
    who = store_files.holder(folder / "lock")
    if who is not None:
        raise StudyError(
            f"{folder}: found that {who.get('pid', 'a process')} on {who.get('host', 'some machine')} writes there; "
            "allowed: to overwrite what nobody writes"
        )


def complete(study: store.Study, way: Way, progress: Callable[[float], None] | None) -> None:
    """Work out every unit that is missing and keep it.

    Raises
    ------
    StoppedError
        On Ctrl-C, with the command that goes on.
    StudyError
        Where somebody else writes, the disk is full, workers went away (then with that command), or the model refuses.
    """
    with store.writing(study) as writer:
        mine = study.own_units()
        todo = [unit for unit in mine if unit not in writer.done]
        done = len(mine) - len(todo)
        try:
            with closing(finished(study.definition, todo, _at_most(way.how, len(todo)))) as results:
                for unit, payload in results:
                    writer.write(unit, payload)
                    done += 1
                    if progress is not None:
                        progress(done / len(mine))
        except KeyboardInterrupt:
            raise StoppedError(f"stopped; {_kept(writer, mine)}. To go on: {way.again}") from None
        except LostWorkersError as error:
            raise StudyError(f"{error}. {_kept(writer, mine)}. To go on: {way.again}") from None


def _kept(writer: store.Writer, mine: range) -> str:
    return f"{sum(unit in writer.done for unit in mine)} of {len(mine)} units are kept"


def _at_most(how: How, units: int) -> How:
    return how._replace(workers=max(1, min(how.workers, units)))


def estimate(definition: Mapping[str, Any], way: Way) -> tuple[float, int]:
    """Seconds that a study would take on this machine, from a few of its runs; and its bytes on disk."""
    trial = {**definition, "unit_runs": 1, "runs": min(TRIED + 1, int(definition["runs"]))}
    run_unit(trial, 1)
    began = time.perf_counter()
    for unit in range(2, trial["runs"] + 1):
        run_unit(trial, unit)
    tried = max(1, int(trial["runs"]) - 1)
    each = (time.perf_counter() - began) / tried
    runs = int(definition["runs"]) / way.shard[1]
    seconds = START + each * runs / max(1, way.how.workers)
    return seconds, int(runs + 2) * figures_each(definition) * 8 + 200 * units_of(definition)


def in_words(seconds: float) -> str:
    """A length of time as a person would say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def bytes_in_words(size: float) -> str:
    """A number of bytes as a person would say it."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.3g} {unit}" if size < 1000 else f"{size:,.0f} {unit}"
        size /= 1000
    raise AssertionError
