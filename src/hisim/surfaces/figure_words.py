"""A figure of a study in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hisim.outcomes.asked import described
from hisim.outcomes.uncertainty import LEVELS
from hisim.studies.analysis import Figure
from hisim.surfaces.place import WORD

INTERVAL_COLUMNS = ("median", "50 % interval", "95 % interval")


def interval_cells(draws: np.ndarray, spelled: Callable[[float], str]) -> list[str]:
    """Cells of a table for :data:`INTERVAL_COLUMNS`."""
    low, quarter, median, three, high = np.quantile(draws, [*LEVELS.values()]).tolist()
    return [spelled(median), f"{spelled(quarter)} to {spelled(three)}", f"{spelled(low)} to {spelled(high)}"]


def named(figure: Figure, place: str = WORD) -> str:
    """A figure in words."""
    words = [str(label) if dim != "quintile" else _fifth(str(label), place) for dim, label in figure.at.items()]
    change = "change of: " if " change" in figure.key else ""
    title = described(figure.estimand)["long_name"].replace(WORD, place)
    return f"{change}{title} ({', '.join(words)})"


def _fifth(label: str, place: str) -> str:
    return place if label == "all" else f"fifth {label}"
