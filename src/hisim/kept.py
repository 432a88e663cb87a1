"""What was read from packaged files, kept between processes so that the next one starts at once.

Plain bytes in a private per-user folder, beside compiled code, under a name that holds a digest of everything they
were made from. What is missing, damaged or of another digest is made again, and where nothing can be written nothing
is kept: no result depends on it. Nothing that :func:`keep` keeps is ever run as code.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

MOST_KEPT = 24
"""Files that are kept; the oldest go first."""
PACKAGE = Path(__file__).parent
CHECK = 32
"""Bytes at the start of a file: the digest of the rest."""


def digest_of(*parts: str | bytes, sources: tuple[str, ...] = ()) -> str:
    """A name for ``parts`` together with the present state of ``sources``: modules and folders of the package.

    Of sources the names, sizes and times count, as for compiled code.
    """
    found = sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        found.update(len(content).to_bytes(8, "little") + content)
    for source in sources:
        path = PACKAGE / source
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            state = file.stat()
            found.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return found.hexdigest()[:32]


def recall(name: str, digest: str) -> bytes | None:
    """What was kept under ``name`` and ``digest``, whole, or None."""
    return read_whole(_folder() / f"{name}-{digest}")


def keep(name: str, digest: str, content: bytes) -> None:
    """Keep ``content`` for later processes if that can be done."""
    folder = _folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{name}-{digest}", content)
        for path in oldest(folder.iterdir(), MOST_KEPT):
            path.unlink(missing_ok=True)
    except OSError:
        return


def read_whole(path: Path) -> bytes | None:
    """What :func:`write_whole` wrote there, or None."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    kept = content[CHECK:]
    return kept if _check(kept) == content[:CHECK] else None


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` and its digest if that can be done; another process sees all of it or none."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        unfinished.write_bytes(_check(content) + content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)


def _check(content: bytes) -> bytes:
    return sha256(content).digest()


def _folder() -> Path:
    return private_folder() / "kept"


def private_folder() -> Path:
    """The user's own folder for what hisim keeps between processes; it need not exist."""
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return root / "hisim"


def oldest(paths: Iterable[Path], most: int) -> list[Path]:
    """All of ``paths`` but the ``most`` that changed last."""
    return sorted(paths, key=lambda path: path.stat().st_mtime)[:-most]
