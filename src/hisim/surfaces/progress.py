"""A progress bar that appears only when a run takes longer than two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

PATIENCE_SECONDS = 2.0


def late_bar(doing: str = "projecting") -> Callable[[float], None]:
    """A function to call with the share done [0..1]; draws on standard error, with the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(doing), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn(),
        console=Console(file=sys.stderr), transient=True,
    )  # fmt: skip
    task = bar.add_task(doing, total=1.0)
    began = time.monotonic()
    state = {"shown": False}

    def update(done: float) -> None:
        if not state["shown"] and time.monotonic() - began > PATIENCE_SECONDS and done < 1.0:
            state["shown"] = True
            bar.start()
        bar.update(task, completed=done)
        if done >= 1.0 and state["shown"]:
            bar.stop()

    return update
