"""Units of a study on a running dask cluster.

The scheduler hands the unit of a worker that died to another one. Whether scheduler and workers are still there is
looked at every few seconds, so that nothing waits for what will not come.
"""

from __future__ import annotations

import importlib.metadata
import logging
import time
from collections.abc import Generator, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from hisim.errors import LostWorkersError, StudyError
from hisim.studies.cohorts import Definition
from hisim.studies.sent import packed, run_packed

WAITING_EACH = 2
"""Units handed out for each thread of a worker, so that none waits."""
ANSWER_WITHIN = 10
"""Seconds within which a scheduler must answer, and have workers to begin with."""
LOOK_EVERY = 2.0
"""Seconds between looks at whether scheduler and workers are there, and how many threads they have."""
ALONE = 60.0
"""Seconds without any worker after which it is given up: nannies and clusters that grow need some to start others."""
FETCH_WITHIN = 60
"""Seconds that the bytes of a unit may take to come before the scheduler is looked at."""
TELLING = ("distributed", "tornado", "tornado.application", "asyncio")
"""Who would write about lost connections to standard error; what is wrong is said once, in the error."""


def by_dask(definition: Definition, units: Sequence[int], address: str) -> Generator[tuple[int, bytes], None, None]:
    """Each of ``units`` with its bytes, in any order, from the workers of the scheduler at ``address``.

    Raises
    ------
    LostWorkersError
        Where the scheduler or all workers go away, or a unit takes one worker after the other with it.
    StudyError
        Where nothing answers at the address, there is no worker, a worker is not like this process, or the model
        refuses a run.
    """
    client = _client(address)
    try:
        yield from _results(client, packed(definition), units, address)
    except StudyError:
        raise
    except Exception as error:
        raise _lost(address, error) from None
    finally:
        _closed(client)


def _results(client: Any, text: bytes, units: Sequence[int], address: str) -> Generator[tuple[int, bytes], None, None]:
    todo, name, come = iter(units), uuid4().hex, SimpleQueue[Any]()
    running: dict[Any, int] = {}
    watch = _Watch(client, address)
    left = len(units)
    while left:
        while len(running) < WAITING_EACH * max(1, watch.threads()) and (unit := next(todo, None)) is not None:
            future = client.submit(run_packed, text, unit, key=f"hisim-{name}-{unit}")
            running[future] = unit
            future.add_done_callback(come.put)
        try:
            future = come.get(timeout=LOOK_EVERY)
        except Empty:
            continue
        payload = _fetched(future, watch)
        left -= 1
        yield running.pop(future), payload


def _fetched(future: Any, watch: _Watch) -> bytes:
    """The bytes of a finished unit; they come from the worker, or are worked out again if it died since."""
    while True:
        try:
            return bytes(future.result(timeout=FETCH_WITHIN))
        except TimeoutError:
            watch.threads()


class _Watch:
    """Looks at a cluster, not more often than every :data:`LOOK_EVERY` seconds."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._looked = self._seen = float("-inf")
        self._workers: dict[str, int] = {}

    def threads(self) -> int:
        """Threads of all workers, as of a moment ago.

        Raises
        ------
        LostWorkersError
            Where the scheduler has gone, or there was no worker for :data:`ALONE` seconds.
        """
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._look()
            self._looked = now
            if self._workers or self._seen == float("-inf"):
                self._seen = now
            if now - self._seen > ALONE:
                raise LostWorkersError(
                    f"{self._address}: found no worker for {ALONE:.0f} seconds; allowed: one or more"
                )
        return sum(self._workers.values())

    def _look(self) -> None:
        if self._client.status != "running":
            raise _lost(self._address, "no connection")
        there = dict(self._client.nthreads())
        _check_workers(self._client, there.keys() - self._workers.keys())
        self._workers = there


def _check_workers(client: Any, workers: Iterable[str]) -> None:
    """Refuse workers without hisim: what is sent to one would end it. Which hisim it is, :mod:`sent` looks at there."""
    several = sorted(workers)
    found = client.run(importlib.metadata.version, "hisim", workers=several, on_error="return") if several else {}
    for worker, version in found.items():
        if isinstance(version, importlib.metadata.PackageNotFoundError):
            raise StudyError(
                f"{worker}: found a worker without hisim; allowed: the same hisim, numpy and numba as where the study "
                "is kept"
            )


def _lost(address: str, error: object) -> StudyError:
    """What to say of an error of the cluster's."""
    kind = type(error).__name__
    if kind == "KilledWorker":
        return LostWorkersError(
            f"{address}: found a unit with which one worker after the other died (memory?); allowed: workers with "
            "fewer threads or more memory"
        )
    why = error if isinstance(error, str) else kind
    return LostWorkersError(f"{address}: found that the scheduler went away ({why}); allowed: one that stays")


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise StudyError("scheduler: found no package distributed; allowed: pip install 'hisim[cluster]'") from None
    _quieten()
    try:
        client = Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise StudyError(
            f"{address}: found no dask scheduler that answers within {ANSWER_WITHIN} seconds "
            f"({type(error).__name__}); allowed: the address of one that runs, such as tcp://127.0.0.1:8786"
        ) from None
    try:
        client.wait_for_workers(1, timeout=ANSWER_WITHIN)
    except TimeoutError:
        _closed(client)
        raise StudyError(f"{address}: found a scheduler without workers; allowed: one or more workers") from None
    except Exception as error:
        _closed(client)
        raise _lost(address, error) from None
    return client


def _quieten() -> None:
    for name in TELLING:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)
        for handler in logger.handlers:
            handler.setLevel(logging.CRITICAL + 1)


def _closed(client: Any) -> None:
    try:
        client.close(timeout=2)
    except Exception:  # a scheduler that is gone cannot be told
        return
