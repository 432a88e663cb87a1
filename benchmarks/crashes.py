"""Kill what works out a study at random moments, go on, and hold every byte against a run that nobody disturbed.

    python benchmarks/crashes.py --how processes --trials 50

``--how``: ``threads`` and ``processes`` kill the command itself (processes: or one of its workers), ``dask-worker`` a
worker of a running cluster, ``dask-scheduler`` the scheduler; always with SIGKILL, once or twice in a trial, at a
moment drawn from the length of an undisturbed run. Then the same command with --resume, until it is done. The command
does one of two shards, so that nothing is drawn or tabled afterwards. POSIX only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

PROGRAMS = Path(sys.executable).parent
WAYS = ("threads", "processes", "dask-worker", "dask-scheduler")
PATIENCE = 120
"""Seconds after which something hangs."""
SCENARIO = """hisim: 1
name: tiny
title: Statins for two years
start: 2011
end: 2012
interventions: [{use: statins, relative: 1.4}]
"""
SWEEP = """hisim: 1
name: tiny-draws
title: A study of a few seconds
scenarios: [tiny.yaml]
design: latin_hypercube
size: SIZE
people_per_cohort: 16
unit_runs: 2
over:
  - path: inputs.factors.mortality_trend
  - {path: scenario.interventions.statins.relative, low: 1.1, high: 1.6}
"""
Process = subprocess.Popen[str]


def write_sweep(folder: Path, runs: int) -> Path:
    """The files of a study of ``runs`` runs in ``folder``; returns that of the sweep."""
    (folder / "tiny.yaml").write_text(SCENARIO, "utf-8")
    (folder / "sweep.yaml").write_text(SWEEP.replace("SIZE", str(runs)), "utf-8")
    return folder / "sweep.yaml"


def begin(sweep: Path, out: Path, *words: str) -> Process:
    """The command on a shard of the study, in a session of its own."""
    command = [PROGRAMS / "hisim", "sweep", sweep, "--out", out, "--shard", "1/2", "--resume", *words]
    return subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def ended(process: Process) -> tuple[int, str]:
    """Exit code and standard error of a command that ends."""
    return process.wait(PATIENCE), process.communicate()[1]


def units(out: Path) -> dict[str, str]:
    """Digest of every unit in a results folder that the manifest names."""
    lines = map(json.loads, (out / "study" / "manifest.jsonl").read_text("utf-8").splitlines())
    paths = [out / "study" / "units" / f"{line['unit']:06d}.unit" for line in lines]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in paths}


def below(pid: int) -> list[Any]:
    """All processes that a process started."""
    import psutil

    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def pool_of(pid: int) -> list[int]:
    """The pool's processes of a command that runs."""
    import psutil

    found = []
    for process in below(pid):
        try:
            found += [process.pid] if any("spawn_main" in word for word in process.cmdline()) else []
        except psutil.Error:
            continue
    return found


class Cluster:
    """A dask scheduler and workers with nannies, as commands; ``workers`` of ``threads`` threads each."""

    def __init__(self, folder: Path, workers: int = 2, threads: int = 1) -> None:
        self.folder, self.processes = folder, dict[str, subprocess.Popen[bytes]]()
        self.address = ""
        self.start(workers, threads)

    def start(self, workers: int = 2, threads: int = 1) -> None:
        """A scheduler at the address it had before, if any, and workers."""
        self.start_scheduler()
        if workers:
            self.add("workers", workers, threads)

    def start_scheduler(self) -> None:
        """The scheduler alone."""
        port = self.address.rpartition(":")[2] or "0"
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        self._command("scheduler", "scheduler", "--port", port, "--no-dashboard", "--scheduler-file", str(file))
        self.address = str(_wait_for(file)["address"])

    def add(self, name: str, workers: int, threads: int = 1, *words: str) -> None:
        """More workers, under a nanny that starts another for one that dies."""
        how = ("--nworkers", str(workers), "--nthreads", str(threads), "--no-dashboard")
        place = ("--local-directory", str(self.folder / name))
        self._command(name, "worker", self.address, *how, *place, *words)

    def worker_pids(self) -> list[int]:
        """The processes in which units are worked out."""
        return [pid for name, process in self.processes.items() if name != "scheduler" for pid in pool_of(process.pid)]

    def kill(self, name: str) -> None:
        """End one of its commands, and what that started, at once."""
        process = self.processes.pop(name)
        children = below(process.pid)
        process.kill()
        process.wait()
        for child in children:
            _kill(child.pid)

    def close(self) -> None:
        """End all of it."""
        for name in list(self.processes):
            self.kill(name)

    def _command(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [str(PROGRAMS / "dask"), *words]
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


@contextmanager
def cluster(folder: Path, workers: int = 2, threads: int = 1) -> Iterator[Cluster]:
    """A cluster that is gone afterwards."""
    made = Cluster(folder, workers, threads)
    try:
        yield made
    finally:
        made.close()


def _wait_for(file: Path) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            return dict(json.loads(file.read_text("utf-8")))
        except (FileNotFoundError, ValueError):
            time.sleep(0.05)
    sys.exit(f"{file}: found no scheduler within {PATIENCE} seconds")


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


class Trials:
    """Trials of one way, and what they came to."""

    def __init__(self, how: str, folder: Path, runs: int, seed: int) -> None:
        self.how, self.folder, self.random = how, folder, random.Random(seed)
        self.sweep = write_sweep(folder, runs)
        self.counts = Counter[str]()
        self.cluster = Cluster(folder) if how.startswith("dask") else None
        self.words = ["--workers", "2", "--pool", how] if not self.cluster else ["--scheduler", self.cluster.address]
        self.right, _ = self._undisturbed(["--workers", "1"])
        _, self.length = self._undisturbed(self.words)

    def _undisturbed(self, words: list[str]) -> tuple[dict[str, str], float]:
        """Units of a run that nobody disturbs, and its seconds."""
        out, began = self.folder / f"undisturbed-{len(words)}-{words[-1][:3]}", time.monotonic()
        code, told = ended(begin(self.sweep, out, *words))
        if code:
            sys.exit(told)
        return units(out), time.monotonic() - began

    def trial(self, number: int) -> None:
        """Kill, go on, compare; again where the command was done before anything was killed."""
        out, kills, codes = self.folder / f"trial-{number}", self.random.randint(1, 2), [-1]
        before = self.counts["kills"]
        while codes[-1] != 0:
            process = begin(self.sweep, out, *self.words)
            children: list[Any] = []
            if kills:
                kills -= 1
                children = self._strike(process)
            code, told = ended(process)
            codes.append(code)
            self._look_at(code, told, children)
            if len(codes) > 8:
                sys.exit(f"trial {number}: found no end after {len(codes)} attempts: {told}")
        self.counts["differences"] += units(out) != self.right
        if self.counts["kills"] == before:
            shutil.rmtree(out)
            return self.trial(number)
        self.counts["trials"] += 1
        self.counts["resumed"] += len(codes) > 2
        return None

    def _strike(self, process: Process) -> list[Any]:
        """Kill something of it after a while; returns what the command had started."""
        began = time.monotonic()
        try:
            process.wait(self.random.uniform(0.0, self.length))
            self.length = min(self.length, time.monotonic() - began)
        except subprocess.TimeoutExpired:
            children = below(process.pid)
            self.counts["kills"] += self._victim(process)
            return children
        return []

    def _victim(self, process: Process) -> bool:
        if self.how == "dask-scheduler" and self.cluster:
            self.cluster.kill("scheduler")
            self.cluster.kill("workers")
            process.wait(PATIENCE)
            self.cluster.start()
            return True
        pids = self.cluster.worker_pids() if self.cluster else pool_of(process.pid)
        if self.how == "processes" and self.random.random() < 0.5:
            pids = []
        if not pids and self.cluster:
            return False
        victim = self.random.choice(pids) if pids else process.pid
        self.counts["kills of the command" if victim == process.pid else "kills of a worker"] += 1
        return _kill(victim)

    def _look_at(self, code: int, told: str, children: list[Any]) -> None:
        import psutil

        self.counts["tracebacks"] += "Traceback" in told and code != -signal.SIGKILL
        self.counts["unclear"] += code not in (0, -signal.SIGKILL) and len(told.strip().splitlines()) != 1
        _, left = psutil.wait_procs(children, timeout=10)
        self.counts["orphans"] += len(left)


def tried(how: str, trials: int, runs: int, seed: int, minutes: float) -> dict[str, int | str]:
    """So many trials of one way, or as many as there is time for, counted."""
    with tempfile.TemporaryDirectory(prefix="hisim-crashes-") as folder:
        began, all_of_them = time.monotonic(), Trials(how, Path(folder), runs, seed)
        try:
            for number in range(trials):
                if number and time.monotonic() - began > 60 * minutes:
                    break
                all_of_them.trial(number)
        finally:
            if all_of_them.cluster:
                all_of_them.cluster.close()
    names = ("trials", "kills", "resumed", "differences", "tracebacks", "unclear", "orphans")
    counts = {name: 0 for name in names} | dict(all_of_them.counts)
    return {"how": how, **counts, "took_s": round(time.monotonic() - began)}


def main() -> None:
    """Print the counts as JSON; exit code 1 where a byte differs or something was left behind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--how", choices=WAYS, action="append", help="default: all four, one after the other")
    parser.add_argument("--trials", type=int, default=5, help="of each way")
    parser.add_argument("--runs", type=int, default=20, help="of the study; the command does half of them")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--minutes", type=float, default=60.0, help="after which no trial of a way begins")
    asked = parser.parse_args()
    wrong = 0
    for how in asked.how or WAYS:
        found = tried(how, asked.trials, asked.runs, asked.seed, asked.minutes)
        print(json.dumps(found), flush=True)
        wrong += sum(int(found[name]) for name in ("differences", "tracebacks", "unclear", "orphans"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
