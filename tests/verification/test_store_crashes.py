"""A study whose writer is killed, at random and at every call that touches the disk, ends as if nothing had happened.

HISIM_TRIALS sets how many studies are killed at random moments, several times each.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest
from study_folders import content, folder_in_memory

from hisim.errors import StudyError
from hisim.studies import store

TRIALS = int(os.environ.get("HISIM_TRIALS", "15"))
UNITS = 24

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills processes as POSIX systems do")

RANDOM = """
import random, sys, time
from hisim.studies import store
folder, seed, units = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
study = store.start(folder, {"seed": seed}, units)
with store.writing(study) as writer:
    print("writing", flush=True)
    for unit in store.missing(study):
        chance = random.Random(seed * 1000 + unit)
        time.sleep(chance.random() * 0.004)
        writer.write(unit, chance.randbytes(chance.choice([0, 10, 5_000, 400_000])))
"""
"""One writer of a study whose units are of random sizes and take random times."""

HELD = """
import os, sys, time
from hisim.studies import store
with store.writing(store.open_study(sys.argv[1])):
    if sys.argv[2:] and os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    print("writing", flush=True)
    time.sleep(60)
"""
"""One writer that does nothing for long, with or without a forked child that outlives it."""

EVERY_CALL = """
import itertools, os, shutil, signal, sys
from pathlib import Path
from hisim.studies import store
from study_folders import complete, content, flipped, payload

def work(folder):
    complete(folder / "whole")
    parts = [folder / "one", folder / "two"]
    for i, part in enumerate(parts, 1):
        complete(part, 3, f"{i}/2")
    study = complete(folder / "study", 3)
    for path, at in ((study.file(1), 35), (study.manifest, 20)):
        if not (folder / "damaged").exists():
            path.write_bytes(flipped(path.read_bytes(), at, 1))
    (folder / "damaged").touch()
    store.repair(study)
    complete(folder / "study", 3)
    store.merge(folder / "merged", parts)

def die_at(call):
    seen = [0]
    write, kill = os.write, lambda: os.kill(os.getpid(), signal.SIGKILL)
    def instead(name, real):
        def counted(*arguments, **named):
            seen[0] += 1
            if seen[0] == call:
                if name == "write":
                    write(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                kill()
            return real(*arguments, **named)
        return counted
    for name in ("open", "write", "fsync", "replace", "ftruncate", "mkdir", "unlink"):
        setattr(os, name, instead(name, getattr(os, name)))

def check(folder):
    for place in sorted(folder.glob("*/study.json")):
        study = store.open_study(place.parent)
        if place.parent.name != "study":
            assert store.verify(study) == [], place
        if not store.verify(study):
            assert dict(store.payloads(study)) == {unit: payload(unit) for unit in store.done(study)}, place

def begin(here, call):
    here.mkdir()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    die_at(call)
    try:
        work(here)
    except BaseException as error:
        print(error, file=sys.stderr)
        os._exit(1)
    os._exit(0)

folder = Path(sys.argv[1])
(folder / "reference").mkdir()
work(folder / "reference")
for call in itertools.count(1):
    here = folder / str(call)
    state = begin(here, call)
    assert state in (0, -signal.SIGKILL), (call, state)
    check(here)
    if (here / "study" / "study.json").exists():
        store.repair(store.open_study(here / "study"))
    work(here)
    for name in ("whole", "one", "two", "study", "merged"):
        assert content(here / name) == content(folder / "reference" / name), (call, name)
    shutil.rmtree(here)
    if state == 0:
        break
print(call - 1)
"""
"""Kill a process at each of its calls in turn: begin, write, repair, merge."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, deleted afterwards: many studies are large together."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def process(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python that runs ``code``."""
    tests = str(Path(__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, *sys.path])}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True)


def killed(folder: Path, seed: int, after: float) -> bool:
    """Whether a writer of the study in ``folder`` was killed before its end, ``after`` seconds of writing."""
    with process(RANDOM, folder, seed, UNITS) as running:
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(after)
        running.kill()
        _, errors = running.communicate()
        assert running.returncode in (0, -9), errors
        return running.returncode != 0


def finish(folder: Path, seed: int) -> None:
    """Let a writer come to its end."""
    with process(RANDOM, folder, seed, UNITS) as running:
        _, errors = running.communicate()
        assert running.returncode == 0, errors


def kills_of_trial(folder: Path, trial: int) -> int:
    """Kill a study's writers at random moments, let one finish, and compare; how many kills came before the end."""
    chance, kills = random.Random(trial), 0
    for _ in range(3):
        kills += killed(folder / "killed", trial, chance.random() * 0.025)
        study = store.open_study(folder / "killed")
        assert store.verify(study) == []
    finish(folder / "killed", trial)
    finish(folder / "whole", trial)
    assert content(folder / "killed") == content(folder / "whole")
    assert store.done(study) == set(range(UNITS))
    return kills


def test_killed_at_random_moments_it_ends_the_same(tmp_path: Path) -> None:
    kills = 0
    for trial in range(TRIALS):
        folder = tmp_path / "trial" if trial % 5 == 0 else folder_in_memory()
        kills += kills_of_trial(folder, trial)
        shutil.rmtree(folder)
    print(f"{TRIALS} trials, {kills} kills")
    assert kills >= TRIALS, "on a busy machine a writer may come to its end before it is killed"


def test_killed_at_every_call_it_ends_the_same() -> None:
    folder = folder_in_memory()
    with process(EVERY_CALL, folder) as running:
        out, errors = running.communicate()
        assert running.returncode == 0, errors
    shutil.rmtree(folder)
    print(f"{int(out)} calls")
    assert int(out) > 150


@pytest.mark.parametrize("child", [[], ["child"]])
def test_the_lock_goes_with_its_writer(folder: Path, child: list[str]) -> None:
    study = store.create(folder / "study", {}, 1)
    with process(HELD, folder / "study", *child) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with pytest.raises(StudyError, match=rf"found a writer \(process {running.pid} on .*one at a time"):
            write_one(study)
        running.kill()
        running.wait()
        assert store.status(study)["writer"] is None
        write_one(study)
        assert store.missing(study) == []


def write_one(study: store.Study) -> None:
    with store.writing(study) as writer:
        writer.write(0, b"x")


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_writers_one_wins_and_the_other_is_told(folder: Path, attempt: int) -> None:
    code = 'from hisim.studies import store; print("ready", flush=True); input()\n' + RANDOM.replace("0.004", "0.08")
    both = [process(code, folder / "study", attempt, UNITS) for _ in range(2)]
    for running in both:
        assert running.stdout is not None and running.stdout.readline() == "ready\n"
    for running in both:
        assert running.stdin is not None
        running.stdin.write("go\n")
        running.stdin.flush()
    ends = sorted((running.communicate()[1], running.returncode) for running in both)
    assert ends[0] == ("", 0)
    assert ends[1][1] == 1 and "found a writer (process" in ends[1][0]
    study = store.open_study(folder / "study")
    assert store.missing(study) == [] and store.verify(study) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "hisim", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_resumed(small_disk: Path) -> None:
    study = store.create(small_disk / "study", {}, 12)
    with store.writing(study) as writer:
        assert fill(study, writer) == "0-5"
        with pytest.raises(StudyError, match=r"000006.unit: found .* 8.2 kB for this unit, some 48.9 kB for the 6"):
            writer.write(6, bytes(8150))
    assert store.verify(study) == [] and store.as_ranges(store.done(study)) == "0-5"
    assert not list(small_disk.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=200k", str(small_disk)], check=True)
    with store.writing(study) as writer:
        assert fill(study, writer) == "0-11"
    assert store.verify(study) == [] and store.missing(study) == []


def fill(study: store.Study, writer: store.Writer) -> str:
    """Write units until the disk is full; which are done then."""
    try:
        for unit in store.missing(study):
            writer.write(unit, bytes(8150))
    except StudyError as error:
        assert "found the disk full" in str(error)
    return store.as_ranges(writer.done)


LIMITED = """
import resource, sys
from hisim.errors import StudyError
from hisim.studies import store
study = store.open_study(sys.argv[1])
with store.writing(study) as writer:
    writer.write(0, bytes(1000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    try:
        writer.write(1, bytes(3000))
    except StudyError as error:
        print(error)
"""


def test_a_limit_on_files_is_told_as_a_full_disk(folder: Path) -> None:
    study = store.create(folder / "study", {}, 2)
    with process(LIMITED, study.folder) as running:
        out, errors = running.communicate()
    assert errors == "" and "000001.unit: found the disk full (File too large; " in out
    assert store.missing(study) == [1] and not list(study.folder.rglob("*.part"))
    with store.writing(study) as writer:
        writer.write(1, bytes(3000))
    assert store.verify(study) == []
