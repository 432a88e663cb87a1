"""Where units of a study are worked out: threads, processes, or the workers of a dask cluster; the bytes are the same.

Whoever calls keeps the results: one writer, however many workers. A worker that dies takes at most the units that were
handed out, and they are handed out again.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from hisim.errors import LostWorkersError
from hisim.studies.cohorts import Definition
from hisim.studies.sent import packed, run_packed
from hisim.studies.study import run_unit

MOST_DEATHS = 5
"""Times in a row that processes may die without finishing anything, before it is given up."""
WAITING_EACH = 2
"""Units handed out for each worker, so that none waits."""
Finished = Generator[tuple[int, bytes], None, None]


class How(NamedTuple):
    """Threads or processes, so many; or the scheduler at an address, if there is one."""

    workers: int = 1
    processes: bool = True
    scheduler: str = ""


def finished(definition: Definition, units: Iterable[int], how: How) -> Finished:
    """Each of ``units`` with its bytes, as they are worked out, in any order.

    Whoever stops before the end closes the generator: what still runs is then ended.

    Raises
    ------
    LostWorkersError
        Where a scheduler goes away, or workers die again and again: what is left may be asked for anew.
    StudyError
        Where a scheduler does not answer or its workers are not like this process, or the model refuses a run.
    """
    several = list(units)
    if how.scheduler and several:
        from hisim.studies.cluster import by_dask

        return by_dask(definition, several, how.scheduler)
    if how.workers == 1 or len(several) < 2:
        return ((unit, run_unit(definition, unit)) for unit in several)
    if how.processes:
        return _by_processes(definition, several, how.workers)
    return _by_threads(definition, several, how.workers)


def _by_threads(definition: Definition, units: Sequence[int], workers: int) -> Finished:
    pool = ThreadPoolExecutor(workers)
    try:
        yield from _flow(lambda unit: pool.submit(run_unit, definition, unit), units, workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _by_processes(definition: Definition, units: Sequence[int], workers: int) -> Finished:
    """Processes of their own; when one is killed, the others go with it and all that was not finished starts again."""
    text, left, deaths = packed(definition), dict.fromkeys(units), 0
    while left:
        try:
            with closing(_in_pool(text, list(left), workers)) as results:
                for unit, payload in results:
                    del left[unit]
                    deaths = 0
                    yield unit, payload
        except BrokenProcessPool:
            deaths += 1
            if deaths > MOST_DEATHS:
                raise LostWorkersError(
                    f"workers: found that processes died {deaths} times in a row (memory?); allowed: fewer --workers"
                ) from None


def _in_pool(text: bytes, units: Sequence[int], workers: int) -> Finished:
    """The units from one pool of processes, which is gone with all it does once this ends in any way."""
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin)

    def submit(unit: int) -> Future[bytes]:
        with _uninterrupted():
            return pool.submit(run_packed, text, unit)

    done = False
    try:
        yield from _flow(submit, units, workers)
        done = True
    finally:
        if not done:
            for process in list((getattr(pool, "_processes", None) or {}).values()):
                process.kill()
        pool.shutdown(cancel_futures=True)


def _flow(submit: Callable[[int], Future[bytes]], units: Iterable[int], workers: int) -> Finished:
    """Results as they come, never more than a few units handed out at once."""
    todo = iter(list(units))
    running = {submit(unit): unit for unit in islice(todo, WAITING_EACH * workers)}
    while running:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            unit = running.pop(future)
            payload = future.result()
            for another in islice(todo, 1):
                running[submit(another)] = another
            yield unit, payload


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back for a moment: a process that starts meanwhile never gets it, whatever it is at."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """In a new process: leave Ctrl-C to the one that started it, and end when that one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
