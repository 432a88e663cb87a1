"""Do the peers simulate the same model, and how fast? ``python3 benchmarks/peers/compare.py``; see README.md.

Needs Python and nothing else: what is missing is installed first, each peer into an environment of its own. A peer
whose deaths differ from plain NumPy's by more than chance gets no time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from install import HERE, install, python_of

ROOT = HERE.parents[1]
LIMIT = 4.0
"""How many standard errors a count may lie from the one it is compared with."""
FEWEST = 25.0
"""Counts with less variance than this are left out of the comparison: they are not yet close to normal."""
SERVICES = ("off", "on", "strong")
"""What the check simulates: no stop-smoking service, the service, and one so strong that to miss it would show."""
ONE_THREAD = ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR", "VECLIB_MAXIMUM")


class Peer(NamedTuple):
    """How a peer is called in the tables, its environment, and the distribution whose version counts."""

    label: str
    environment: str
    distribution: str


PEERS = {
    "numpy": Peer("plain NumPy", "numpy", "numpy"),
    "pandas": Peer("plain pandas", "pandas", "pandas"),
    "laser": Peer("LASER (laser-core)", "laser", "laser-core"),
    "starsim": Peer("Starsim", "starsim", "starsim"),
    "starsim_without_crn": Peer("Starsim without common random numbers", "starsim", "starsim"),
    "neworder": Peer("neworder", "neworder", "neworder"),
    "heormodel": Peer("heormodel", "heormodel", "heormodel"),
    "vivarium": Peer("vivarium-engine, line list", "vivarium", "vivarium-engine"),
    "hisim": Peer("hisim", "", "hisim"),
}
"""hisim runs in the repository's own environment; the others in those that install.py makes."""


class FailedError(Exception):
    """A peer that cannot run, with the reason."""


class Worker:
    """A fresh process of a peer's environment, on one thread, that answers requests."""

    def __init__(self, name: str, scratch: Path) -> None:
        peer = PEERS[name]
        python = python_of(HERE / ".venvs" / peer.environment if peer.environment else ROOT / ".venv")
        environment = {**os.environ, **{f"{each}_NUM_THREADS": "1" for each in ONE_THREAD}, "MPLBACKEND": "Agg"}
        # Compiled code goes to a folder of this comparison's own, empty at first: the first start compiles everything.
        environment["NUMBA_CACHE_DIR"] = str(scratch / f"numba-{name}")
        for variable in ("PYTHONPATH", "PYTHONHOME"):
            environment.pop(variable, None)
        self.errors = scratch / f"{name}.txt"
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [str(python), str(HERE / "worker.py"), name, peer.distribution],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors.open("wb"),
            text=True,
            env=environment,
        )
        self.ready = self.read()
        self.start_s = time.perf_counter() - began

    def read(self) -> dict[str, Any]:
        """The next answer; what the process last complained of if there is none."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            complaints = self.errors.read_text("utf-8", "replace").strip().splitlines()
            raise FailedError((complaints or [f"exit status {self.process.wait()}"])[-1])
        return dict(json.loads(line))

    def ask(self, what: str, people: int, seed: int, service: str) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        assert self.process.stdin is not None
        request = {"ask": what, "people": people, "seed": seed, "service": service}
        with contextlib.suppress(BrokenPipeError):  # a process that has ended says why when it is read from
            print(json.dumps(request), file=self.process.stdin, flush=True)
        return self.read()

    def stop(self) -> None:
        """Let the process end by itself."""
        self.process.communicate()


Counts = dict[str, list[float]]


def add(several: list[Counts]) -> Counts:
    """The sums, place by place, of counts along the same axes."""
    return {name: [sum(each) for each in zip(*(one[name] for one in several), strict=True)] for name in several[0]}


def distances(counts: Counts, other: Counts, variance: Counts, times: float) -> dict[str, float]:
    """Along each axis, the largest difference in standard errors; ``times`` is how many of the two sides are random."""
    found = {}
    for name in counts:
        triples = zip(counts[name], other[name], variance[name], strict=True)
        z = [(one - two) / math.sqrt(times * spread) for one, two, spread in triples if spread >= FEWEST]
        found[name] = max(z, key=abs, default=0.0)
    return found


def pooled(worker: Worker, what: str, people: int, seeds: int) -> dict[str, list[dict[str, Any]]]:
    """The answers of one worker for every seed, by service."""
    return {each: [worker.ask(what, people, seed, each) for seed in range(1, seeds + 1)] for each in SERVICES}


class Check:
    """The equivalence check: everyone's deaths against plain NumPy's, and plain NumPy's against the exact mean.

    All run the same initial people with draws of their own, so the standard error of a difference is the root of
    twice the exact variance of the count (``expected.py``), summed over the seeds.
    """

    def __init__(self, people: int, seeds: int, scratch: Path) -> None:
        self.people, self.seeds, self.scratch = people, seeds, scratch
        worker = Worker("numpy", scratch)
        exact = pooled(worker, "expected", people, seeds)
        self.first_start = {"numpy": worker.start_s}
        self.reference = self.counts(worker)
        worker.stop()
        self.mean = {each: add([one["mean"] for one in exact[each]]) for each in exact}
        self.variance = {each: add([one["variance"] for one in exact[each]]) for each in exact}

    def counts(self, worker: Worker) -> dict[str, Counts]:
        """Deaths over all seeds, by service."""
        runs = pooled(worker, "deaths", self.people, self.seeds)
        return {each: add([one["margins"] for one in runs[each]]) for each in runs}

    def row(self, name: str) -> dict[str, Any]:
        """How far one peer lies from what it is compared with."""
        counts, other, times = self.reference, self.mean, 1.0
        if name != "numpy":
            worker = Worker(name, self.scratch)
            self.first_start[name] = worker.start_s
            counts, other, times = self.counts(worker), self.reference, 2.0
            worker.stop()
        z = {each: distances(counts[each], other[each], self.variance[each], times) for each in SERVICES}
        same = all(abs(one) <= LIMIT for along in z.values() for one in along.values())
        return {"peer": name, "same": same, "deaths": {each: counts[each]["total"][0] for each in SERVICES}, "z": z}


def check_table(rows: list[dict[str, Any]], check: Check) -> str:
    """The equivalence check as a markdown table."""
    lines = [
        f"Deaths over {check.seeds} seeds of {check.people:,} people: differences in standard errors, in total "
        f"(service {' / '.join(SERVICES)}) and the largest of all three along each axis; the limit is {LIMIT:g}. "
        "Plain NumPy is held against the exact mean, the others against plain NumPy.",
        "",
        "| peer | total | cause | quintile | sex | year | age band | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [" / ".join(f"{row['z'][each]['total']:+.1f}" for each in SERVICES)]
        for axis in ("cause", "quintile", "sex", "year", "age band"):
            cells.append(f"{max((row['z'][each][axis] for each in SERVICES), key=abs):+.1f}")
        verdict = "same" if row["same"] else "DIFFERS: no time"
        lines.append(f"| {PEERS[row['peer']].label} | {' | '.join(cells)} | {verdict} |")
    return "\n".join(lines)


def summary(name: str, worker: Worker, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """One peer's row of the times."""
    speeds = [one["person_years"] / one["cpu_s"] for one in runs]
    return {
        "peer": name,
        "version": worker.ready["version"],
        "person_years_per_cpu_s": {"median": statistics.median(speeds), "range": [min(speeds), max(speeds)]},
        "start_s": worker.start_s,
        "peak_mb": max(one["peak_mb"] for one in runs),
        "runs": [{key: value for key, value in one.items() if key != "margins"} for one in runs],
    }


def measure(names: list[str], people: int, repeats: int, scratch: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Time the peers in turns, so that a busy machine slows all alike; the rows, and why some peers have none."""
    workers: dict[str, Worker] = {}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    failed: dict[str, str] = {}
    for seed in range(repeats + 1):
        for name in (name for name in names if name not in failed):
            try:
                if name not in workers:
                    workers[name] = Worker(name, scratch)
                runs[name].append(workers[name].ask("deaths", people, seed, "on"))
            except FailedError as failure:
                failed[name] = str(failure)
    for worker in workers.values():
        worker.stop()
    # The first run of each is its warm-up.
    rows = [summary(name, workers[name], runs[name][1:]) for name in names if name not in failed]
    fastest = max((row["person_years_per_cpu_s"]["median"] for row in rows if row["peer"] != "hisim"), default=math.nan)
    for row in rows:
        row["of_the_fastest_peer"] = row["person_years_per_cpu_s"]["median"] / fastest
    return sorted(rows, key=lambda row: -row["of_the_fastest_peer"]), failed


def times_table(rows: list[dict[str, Any]], people: int, repeats: int) -> str:
    """The times as a markdown table."""
    lines = [
        f"{people:,} people, {repeats} runs each after a warm-up, one thread; million person-years per CPU second.",
        "",
        "| peer | version | median (range) | of the fastest peer | start, s | first start, s | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        speed = row["person_years_per_cpu_s"]
        low, middle, high = (each / 1e6 for each in (speed["range"][0], speed["median"], speed["range"][1]))
        lines.append(
            f"| {PEERS[row['peer']].label} | {row['version']} | {middle:.2f} ({low:.2f} to {high:.2f}) "
            f"| {row['of_the_fastest_peer']:.2f} | {row['start_s']:.1f} | {row['first_start_s']:.1f} "
            f"| {row['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


def missing(name: str) -> str | None:
    """Why a peer cannot be run; installs what it needs."""
    if not (HERE / f"{name}_runner.py").exists():
        return "not there yet"
    environment = PEERS[name].environment
    if environment:
        return install(environment)
    return None if python_of(ROOT / ".venv").exists() else "the repository's own environment is missing"


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000, help="people in a timed run")
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of each peer")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
    parser.add_argument("--check-people", type=int, default=50_000, help="people in a run of the equivalence check")
    parser.add_argument("--seeds", type=int, default=4, help="seeds of the equivalence check")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE")
    chosen = parser.parse_args()
    chosen.peers = list(dict.fromkeys(chosen.peers.split(",")))
    if unknown := [name for name in chosen.peers if name not in PEERS]:
        parser.error(f"no such peer: {', '.join(unknown)}")
    return chosen


def main() -> int:
    """Install, check, time; 1 if a peer does not simulate the same model."""
    chosen = arguments()
    left_out = {name: reason for name in chosen.peers if (reason := missing(name))}
    if reason := missing("numpy"):
        print(f"plain NumPy is what the others are compared with, and cannot be installed: {reason}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        scratch, checked = Path(folder), []
        check = Check(chosen.check_people, chosen.seeds, scratch)
        for name in (name for name in chosen.peers if name not in left_out):
            try:
                checked.append(check.row(name))
            except FailedError as failure:
                left_out[name] = str(failure)
        print(check_table(checked, check), flush=True)
        good = [row["peer"] for row in checked if row["same"]]
        rows, failed = measure(good, chosen.people, chosen.repeats, scratch)
        left_out |= failed
    for row in rows:
        row["first_start_s"] = check.first_start[row["peer"]]
    print(f"\n{times_table(rows, chosen.people, chosen.repeats)}")
    for name, reason in left_out.items():
        print(f"\nLeft out: {PEERS[name].label}: {reason}")
    if chosen.json:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        settings = {key: value for key, value in vars(chosen).items() if key != "json"}
        everything = {"machine": machine, **settings, "check": checked, "times": rows, "left_out": left_out}
        chosen.json.write_text(json.dumps(everything, indent=2), "utf-8")
    return 0 if len(good) == len(checked) else 1


if __name__ == "__main__":
    sys.exit(main())
