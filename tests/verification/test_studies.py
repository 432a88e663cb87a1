"""The same study anywhere: the same bytes on threads, processes, shards and a cluster, whoever dies on the way."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zlib
from contextlib import closing

import pytest

from hisim.declare.sweep_files import read_sweep
from hisim.errors import LostWorkersError, StudyError
from hisim.studies import cluster, execute, sent, store
from hisim.studies.defined import define
from hisim.studies.execute import How, finished
from hisim.studies.study import units_of
from hisim.surfaces.study_commands import merged
from hisim.surfaces.studying import STORE, Way, begun, complete

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills processes as POSIX does")
RUNS = 12
OLD = "import hisim.version\nhisim.version.__version__ = '0.0.9'\n"
NONE = """import importlib.metadata as found
old = found.version
def version(name):
    if name == "hisim":
        raise found.PackageNotFoundError(name)
    return old(name)
found.version = version
"""


@pytest.fixture(scope="module")
def crashes(root):
    spec = importlib.util.spec_from_file_location("crashes", root / "benchmarks" / "crashes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sweep(crashes, tmp_path_factory):
    return crashes.write_sweep(tmp_path_factory.mktemp("study"), RUNS)


@pytest.fixture(scope="module")
def definition(sweep):
    return define(*read_sweep(sweep))


@pytest.fixture(scope="module")
def right(definition):
    """Every unit, from one thread of this process."""
    return dict(finished(definition, range(units_of(definition)), How()))


@pytest.fixture(scope="module")
def dask(crashes, tmp_path_factory):
    with crashes.cluster(tmp_path_factory.mktemp("cluster"), workers=1) as made:
        yield made


def every_unit(definition, how):
    return dict(finished(definition, range(units_of(definition)), how))


def kept(folder):
    return dict(store.payloads(store.open_study(folder / STORE)))


def of_shard(right):
    return {unit: payload for unit, payload in right.items() if unit % 2 == 0}


def when_begun(process, out, units=1):
    """Wait until a command has kept some units."""
    manifest = out / STORE / "manifest.jsonl"
    while not manifest.exists() or manifest.read_bytes().count(b"\n") < units:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def gone_on(told, crashes):
    """Give the command that a message names; returns its exit code and what it told."""
    words = shlex.split(told.partition("To go on: ")[2])
    assert words[0] == "hisim"
    done = subprocess.run([crashes.PROGRAMS / "hisim", *words[1:]], capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize("processes", [False, True])
def test_threads_and_processes_give_the_same_bytes(definition, right, processes):
    assert every_unit(definition, How(2, processes)) == right


def test_shards_merge_into_the_same_bytes_once(definition, right, tmp_path):
    folders = [tmp_path / str(i) for i in range(1, 5)]
    for i, folder in enumerate(folders, 1):
        way = Way(folder, How(2, processes=False), shard=(i, 4))
        complete(begun(definition, way), way, None)
    whole = store.merge(tmp_path / "whole" / STORE, [folder / STORE for folder in folders])
    assert dict(store.payloads(whole)) == right
    with pytest.raises(StudyError, match="found the folder twice; allowed: each folder once"):
        merged([folders[0], *folders], tmp_path / "twice")
    shutil.copytree(folders[0], tmp_path / "copy")
    with pytest.raises(StudyError, match=r"found shard 1/4, as in .*; allowed: each shard once"):
        merged([*folders, tmp_path / "copy"], tmp_path / "copied")


def test_one_writer_at_a_time(definition, tmp_path):
    way = Way(tmp_path, How())
    study = begun(definition, way)
    with store.writing(study):
        with pytest.raises(StudyError, match=rf"found a writer \(process {os.getpid()} .*allowed: one at a time"):
            complete(study, way, None)
        with pytest.raises(StudyError, match="writes there; allowed: to overwrite what nobody writes"):
            begun(definition, way._replace(overwrite=True))
    assert begun(definition, way._replace(overwrite=True)).definition == study.definition


def test_another_scenario_is_another_study(definition, sweep, tmp_path):
    way = Way(tmp_path, How())
    begun(definition, way)
    changed = json.loads(json.dumps(definition).replace("relative: 1.4", "relative: 1.5"))
    with pytest.raises(StudyError, match=r"found another study: .*'relative: 1.4' is now 'relative: 1.5'"):
        begun(changed, way._replace(resume=True))
    with pytest.raises(StudyError, match=r"0 of 7 units done; allowed: --resume to go on"):
        begun(definition, way)


def test_a_pool_process_that_is_killed_changes_nothing(definition, right):
    found = {}
    with closing(finished(definition, range(units_of(definition)), How(2, processes=True))) as results:
        for unit, payload in results:
            if not found:
                multiprocessing.active_children()[0].kill()
            found[unit] = payload
    assert found == right


def test_processes_that_die_again_and_again_are_given_up(definition, monkeypatch):
    monkeypatch.setattr(execute, "MOST_DEATHS", 1)
    monkeypatch.setattr(execute, "_begin", os.abort)
    with pytest.raises(LostWorkersError, match=r"processes died 2 times in a row \(memory\?\); allowed: fewer"):
        every_unit(definition, How(2, processes=True))
    assert not multiprocessing.active_children()


def test_ctrl_c_and_a_killed_command_leave_nothing_behind(crashes, sweep, right, tmp_path):
    import psutil

    out, words = tmp_path / "out", ("--workers", "2")
    first = crashes.begin(sweep, out, *words)
    when_begun(first, out)
    below = crashes.below(first.pid)
    os.killpg(first.pid, signal.SIGINT)
    code, told = crashes.ended(first)
    assert code == 130
    assert re.fullmatch(r"stopped; \d of 4 units are kept\. To go on: hisim sweep .* --resume\n", told)
    assert not psutil.wait_procs(below, timeout=10)[1]

    before = len(kept(out))
    second = crashes.begin(sweep, out, *words)
    when_begun(second, out, min(before + 1, 4))
    below = crashes.below(second.pid)
    second.kill()
    crashes.ended(second)
    assert len(below) >= 2
    assert not psutil.wait_procs(below, timeout=10)[1]
    assert gone_on(told, crashes) == (0, "")
    assert kept(out) == of_shard(right)


def test_a_cluster_gives_the_same_bytes_whoever_dies(crashes, dask, definition, right):
    how = How(scheduler=dask.address)
    assert every_unit(definition, how) == right
    dask.add("second", 1, 2)
    assert every_unit(definition, how) == right
    dask.add("more", 2)
    found = {}
    for unit, payload in finished(definition, range(units_of(definition)), how):
        if not found:
            os.kill(dask.worker_pids()[0], signal.SIGKILL)
        found[unit] = payload
    assert found == right


def test_a_scheduler_that_dies_is_one_message_and_nothing_is_lost(crashes, sweep, right, tmp_path):
    out = tmp_path / "out"
    with crashes.cluster(tmp_path, workers=1) as made:
        command = crashes.begin(sweep, out, "--scheduler", made.address)
        when_begun(command, out)
        made.kill("scheduler")
        code, told = crashes.ended(command)
        assert code == 2
        assert re.fullmatch(r"tcp://.*: found that the scheduler went away \(.*\); .* To go on: hisim .*\n", told)
        assert kept(out).items() <= right.items()
        made.kill("workers")
        made.start(1)
        assert gone_on(told, crashes) == (0, "")
    assert kept(out) == of_shard(right)


def test_nobody_there_is_said_soon(crashes, definition, tmp_path, monkeypatch):
    assert cluster.ANSWER_WITHIN <= 12
    monkeypatch.setattr(cluster, "ANSWER_WITHIN", 1)
    with pytest.raises(StudyError, match=r"^tcp://127.0.0.1:9: found no dask scheduler that answers within 1 seconds"):
        every_unit(definition, How(scheduler="tcp://127.0.0.1:9"))
    with crashes.cluster(tmp_path, workers=0) as made:
        with pytest.raises(StudyError, match="found a scheduler without workers; allowed: one or more workers"):
            every_unit(definition, How(scheduler=made.address))
        monkeypatch.setattr(cluster, "ANSWER_WITHIN", 60)
        for name, preload, said in (("none", NONE, "without hisim"), ("old", OLD, "found hisim 0.0.9; allowed")):
            (tmp_path / f"{name}.py").write_text(preload)
            made.add(name, 1, 1, "--preload", str(tmp_path / f"{name}.py"))
            with pytest.raises(StudyError, match=said):
                every_unit(definition, How(scheduler=made.address))
            made.kill(name)


def test_workers_that_all_go_away_are_given_up(monkeypatch):
    monkeypatch.setattr(cluster, "ALONE", 0.0)

    workers = [{"tcp://a": 2}, {}, {}]

    class Client:
        status = "running"

        def nthreads(self):
            return workers.pop(0)

        def run(self, function, *arguments, workers, on_error):
            return dict.fromkeys(workers, "0.1.0")

    monkeypatch.setattr(cluster, "LOOK_EVERY", 0.0)
    watch = cluster._Watch(Client(), "tcp://s")
    assert watch.threads() == 2
    with pytest.raises(LostWorkersError, match="tcp://s: found no worker for 0 seconds"):
        watch.threads()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda all_of_it: all_of_it["definition"].update(program="hisim 9"), r"found hisim .*; allowed: hisim 9"),
        (lambda all_of_it: all_of_it["definition"]["data"].update({"deaths.csv": "0"}), r"the tables .*\(deaths.csv\)"),
        (lambda all_of_it: all_of_it["packages"].update(numpy="0.1"), r"found numpy .*; allowed: numpy 0.1, as where"),
    ],
)
def test_what_differs_from_the_sender_is_refused(definition, change, said):
    all_of_it = json.loads(zlib.decompress(sent.packed(definition)))
    change(all_of_it)
    with pytest.raises(StudyError, match=said):
        sent.run_packed(zlib.compress(json.dumps(all_of_it).encode()), 1)


def test_the_trials_run(root):
    command = [sys.executable, str(root / "benchmarks" / "crashes.py"), "--how", "threads", "--trials", "1"]
    found = json.loads(subprocess.run([*command, "--runs", "6"], capture_output=True, text=True, check=True).stdout)
    assert found["trials"] == 1
    assert found["differences"] == found["tracebacks"] == found["orphans"] == 0
