"""Files that are there whole or not at all, a lock that goes with its process, and what to say of a full disk."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hisim.errors import StudyError

FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""No room on the disk, above the largest file allowed, above the user's quota."""
UNFINISHED = ".part"
"""Ending of files that are being written; what has it is of no use once its writer is gone."""
BINARY = getattr(os, "O_BINARY", 0)
PATIENCE, PAUSE = 10, 0.02
"""Attempts at the lock and seconds between them: somebody who asks for its state has it for an instant."""
LOCKED_BYTE = 2**30
"""Windows keeps others from reading what is locked, so a byte far behind the text is."""

_held: set[int] = set()
"""Descriptors of locks of this process."""


@contextmanager
def telling(path: Path, needs: Callable[[], str] = lambda: "room for it") -> Iterator[None]:
    """Turn what the system refuses into a StudyError that names ``path``; ``needs`` says what a full disk lacks."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno not in FULL:
            raise StudyError(f"{path}: found it unusable ({reason}); allowed: what can be read and written") from None
        found = f"{path}: found the disk full ({reason}; {_free(path)} are free)"
        advice = "make room and give the same command again: it resumes"
        raise StudyError(f"{found}; allowed: {needs()}; {advice}") from None


def size(count: float) -> str:
    """A number of bytes as people read it, such as "1.4 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _free(path: Path) -> str:
    while not path.exists() and path != path.parent:
        path = path.parent
    return size(shutil.disk_usage(path).free)


def content(path: Path) -> bytes | None:
    """All bytes of a file, None if it is not there."""
    with telling(path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None


def part(path: Path, start: int, length: int) -> bytes:
    """``length`` bytes of the file from ``start`` on.

    Raises
    ------
    StudyError
        It cannot be read, or has fewer.
    """
    with telling(path):
        try:
            with path.open("rb") as stream:
                stream.seek(start)
                found = stream.read(length)
        except FileNotFoundError:
            raise StudyError(f"{path}: found no file; allowed: a unit that is done") from None
    if len(found) != length:
        raise StudyError(f"{path}: found {start + len(found)} bytes; allowed: {start + length} or more")
    return found


def write_whole(path: Path, *pieces: bytes) -> None:
    """Put ``pieces`` under ``path`` for good; whoever looks, whatever happens, sees all of them or what was before.

    Raises
    ------
    OSError
        Nothing is left of the attempt then.
    """
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY, 0o666)
        try:
            for piece in pieces:
                write_all(descriptor, piece)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_all(descriptor: int, piece: bytes) -> None:
    """Write all of ``piece``: the system may take less at a time."""
    left = memoryview(piece)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` last; Windows and some network file systems do so by themselves and refuse."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete a file if it is there and can be deleted."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


class Appender:
    """A file that grows line by line, each on the disk before the next; ``end`` is where whole lines end."""

    def __init__(self, path: Path, end: int) -> None:
        self._descriptor = os.open(path, os.O_RDWR | BINARY)
        self._end = end
        if os.fstat(self._descriptor).st_size != end:
            os.ftruncate(self._descriptor, end)
            os.fsync(self._descriptor)

    def append(self, line: bytes) -> None:
        """Add ``line``, or leave the file as it was and raise OSError."""
        try:
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            write_all(self._descriptor, line)
            os.fsync(self._descriptor)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
                os.fsync(self._descriptor)
            raise
        self._end += len(line)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock at ``path`` and say in it who does; the system frees it when this process ends in any way.

    Raises
    ------
    StudyError
        Another writer has it, or the file system has no locks.
    """
    with telling(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o666)
    _held.add(descriptor)
    try:
        with telling(path):
            free = _acquired(descriptor)
        if not free:
            raise StudyError(f"{path.parent}: found a writer{_who(_signature(descriptor))}; allowed: one at a time")
        _sign(descriptor)
        yield
        _sign(descriptor, empty=True)
    finally:
        if descriptor in _held:
            _held.discard(descriptor)
            os.close(descriptor)


def holder(path: Path) -> dict[str, Any] | None:
    """Who holds the lock at ``path``: pid, host and since (UTC) as far as they are known; None if nobody does."""
    with telling(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | BINARY)
        except FileNotFoundError:
            return None
        try:
            return None if _try(descriptor, shared=True) else _signature(descriptor)
        finally:
            os.close(descriptor)


def _acquired(descriptor: int) -> bool:
    for _ in range(PATIENCE):
        if _try(descriptor):
            return True
        time.sleep(PAUSE)
    return False


def _try(descriptor: int, shared: bool = False) -> bool:
    """Whether the lock could be had at once; OSError where there are no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def _sign(descriptor: int, empty: bool = False) -> None:
    """Say who holds the lock, if there is room to: it is for messages only. A forked child has no lock and no say."""
    mine = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(" ", "seconds")}
    if descriptor in _held:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            write_all(descriptor, b"" if empty else json.dumps(mine).encode())


def _signature(descriptor: int) -> dict[str, Any]:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        found = json.loads(os.read(descriptor, 4096))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and {"pid", "host", "since"} <= set(found) else {}


def _who(signature: dict[str, Any]) -> str:
    return " (process {pid} on {host} since {since})".format(**signature) if signature else ""


def _let_go() -> None:
    """In a forked child: only the writer itself holds its lock, so that it is free once the writer is gone."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
