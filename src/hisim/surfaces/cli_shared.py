"""What every command does with its words: print them, and show how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path


def show(text: str) -> None:
    """Print to standard output, whatever characters its terminal knows."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding).rstrip("\n") + "\n")


def progress(doing: str = "projecting") -> Callable[[float], None] | None:
    """A progress bar on standard error after two seconds; none where that is not a terminal."""
    if not sys.stderr.isatty():
        return None
    from hisim.surfaces.progress import late_bar

    return late_bar(doing)


def saying() -> Callable[[str], None]:
    """Says on standard error what is being done, on a line that is written over; silent where that is no terminal."""
    if not sys.stderr.isatty():
        return lambda _: None

    def say(text: str) -> None:
        sys.stderr.write(f"\r\033[K{text + ' ...' if text else ''}")
        sys.stderr.flush()

    return say


def usual_folder(name: str, shard: str | None) -> Path:
    """Where results of that name go unless told otherwise, each shard in a folder of its own."""
    return Path("results") / (name if shard is None else f"{name}-shard-{shard.replace('/', '-of-')}")
