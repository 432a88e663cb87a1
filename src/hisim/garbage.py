"""When not to look for garbage: Python goes through every object there is, a tenth of a small run's time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unsearched() -> Iterator[None]:
    """Look for none meanwhile: for work that makes many objects and none that hold each other in a circle."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()
