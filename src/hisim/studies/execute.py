"""Where units of a study are worked out: threads, processes, or the workers of a dask cluster; the bytes are the same.

Whoever calls keeps the results: one writer, however many workers. A worker that dies takes at most the unit it had.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

from hisim.errors import StudyError
from hisim.studies.study import Definition, run_unit

MOST_DEATHS = 5
"""Times in a row that processes may die without finishing anything, before it is given up."""
WAITING_EACH = 2
"""Units handed out for each worker, so that none waits."""
ANSWER_WITHIN = 10
"""Seconds within which a scheduler must answer."""
Finished = Iterator[tuple[int, bytes]]


class How(NamedTuple):
    """Threads or processes, so many; or the scheduler at an address, if there is one."""

    workers: int = 1
    processes: bool = True
    scheduler: str = ""


def finished(definition: Definition, units: Iterable[int], how: How) -> Finished:
    """Each of ``units`` with its bytes, as they are worked out, in any order.

    Raises
    ------
    StudyError
        Where a scheduler does not answer or goes away, workers die again and again, or the model refuses a run.
    """
    several = list(units)
    if how.scheduler:
        return _by_dask(definition, several, how.scheduler)
    if how.workers == 1:
        return ((unit, run_unit(definition, unit)) for unit in several)
    if how.processes:
        return _by_processes(definition, several, how.workers)
    return _by_threads(definition, several, how.workers)


def _by_threads(definition: Definition, units: Sequence[int], workers: int) -> Finished:
    with ThreadPoolExecutor(workers) as pool:
        yield from _flow(pool, _sender(pool, run_unit, definition), units, workers)


def _sender(pool: Executor, run: Callable[[Any, int], bytes], what: Any) -> Callable[[int], Future[bytes]]:
    def send(unit: int) -> Future[bytes]:
        return pool.submit(run, what, unit)

    return send


def _by_processes(definition: Definition, units: Sequence[int], workers: int) -> Finished:
    """Processes of their own; when one is killed, the others go with it and all that was not finished starts again."""
    text, left, deaths = packed(definition), list(units), 0
    while left:
        pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin)
        try:
            for unit, payload in _flow(pool, _sender(pool, run_packed, text), left, workers):
                left.remove(unit)
                deaths = 0
                yield unit, payload
        except BrokenProcessPool:
            deaths += 1
            if deaths > MOST_DEATHS:
                raise StudyError(
                    f"workers: found that processes died {deaths} times in a row (memory?); allowed: fewer --workers"
                ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _flow(pool: Executor, submit: Callable[[int], Future[bytes]], units: Iterable[int], workers: int) -> Finished:
    """Results as they come, never more than a few units handed out at once."""
    todo = iter(list(units))
    running = {submit(unit): unit for unit in islice(todo, WAITING_EACH * workers)}
    try:
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                unit = running.pop(future)
                payload = future.result()
                for another in islice(todo, 1):
                    running[submit(another)] = another
                yield unit, payload
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """In a new process: leave Ctrl-C to the one that started it, and end when that one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def packed(definition: Definition) -> bytes:
    """A definition as few bytes, to send along with every unit."""
    return zlib.compress(json.dumps(definition).encode(), 6)


@lru_cache(maxsize=2)
def _unpacked(text: bytes) -> dict[str, Any]:
    return json.loads(zlib.decompress(text))  # type: ignore[no-any-return]


def run_packed(text: bytes, unit: int) -> bytes:
    """As :func:`hisim.studies.study.run_unit`, wherever it is sent."""
    return run_unit(_unpacked(text), unit)


def _by_dask(definition: Definition, units: Sequence[int], address: str) -> Finished:
    """A running cluster; a worker that dies is the scheduler's to replace."""
    client = _client(address)
    text, todo = packed(definition), iter(units)
    try:
        from distributed import as_completed

        workers = sum(one["nthreads"] for one in client.scheduler_info(n_workers=-1)["workers"].values())

        def submit(unit: int) -> Any:
            return client.submit(run_packed, text, unit, key=f"hisim-{os.getpid()}-{id(text)}-{unit}", retries=2)

        running = {submit(unit): unit for unit in islice(todo, WAITING_EACH * workers)}
        done = as_completed(list(running))
        for future in done:
            unit = running.pop(future)
            payload = future.result()
            for another in islice(todo, 1):
                running[new := submit(another)] = another
                done.add(new)
            yield unit, payload
    except Exception as error:
        if isinstance(error, StudyError):
            raise
        raise StudyError(
            f"{address}: found that the cluster went away or gave up ({type(error).__name__}: {error}); "
            "what was finished is kept: the same command goes on from there"
        ) from None
    finally:
        _closed(client)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise StudyError("scheduler: found no package distributed; allowed: pip install 'hisim[cluster]'") from None
    try:
        client = Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{address}: found no dask scheduler that answers within {ANSWER_WITHIN} seconds "
            f"({type(error).__name__}); allowed: the address of one that runs, such as tcp://127.0.0.1:8786"
        ) from None
    try:
        client.wait_for_workers(1, timeout=ANSWER_WITHIN)
    except TimeoutError:
        _closed(client)
        raise StudyError(f"{address}: found a scheduler without workers; allowed: one or more workers") from None
    return client


def _closed(client: Any) -> None:
    try:
        client.close(timeout=2)
    except Exception:  # a scheduler that is gone cannot be told
        return
