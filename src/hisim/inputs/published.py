"""Published results that hisim is set beside, with their citations. None of them enters the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hisim.inputs.catalogue import ENGLAND
from hisim.inputs.tables import read_table

PUBLISHED = ENGLAND.parent / "published"
WORDS = ("key", "study", "what", "unit", "interval", "period", "status", "source", "note")


@dataclass(frozen=True)
class Published:
    """One published figure; ``low`` and ``high`` are ends of ``interval``, None where none was published."""

    key: str
    study: str
    what: str
    unit: str
    value: float
    low: float | None
    high: float | None
    interval: str
    period: str
    status: str
    """V read in the source; V2 read in a secondary page; D arithmetic on those; memory: recalled, not read."""
    source: str
    """Key of the citation."""
    citation: str
    note: str


@lru_cache(maxsize=1)
def published_results() -> dict[str, Published]:
    """Every published figure by key, in the order of the table.

    Raises
    ------
    InvalidTableError
        When the packaged table is damaged.
    """
    rows = read_table("results", PUBLISHED).astype({"value": float, "low": float, "high": float}).to_dict("records")
    return {str(row["key"]): _published({str(name): value for name, value in row.items()}) for row in rows}


@lru_cache(maxsize=1)
def citations() -> dict[str, str]:
    """The full citation of every source by key."""
    table = read_table("citations", PUBLISHED)
    return {str(key): str(citation) for key, citation in zip(table["key"], table["citation"], strict=True)}


def _published(row: dict[str, Any]) -> Published:
    words = {name: str(row[name]) for name in WORDS}
    low, high = (None if math.isnan(row[name]) else float(row[name]) for name in ("low", "high"))
    return Published(value=float(row["value"]), low=low, high=high, citation=citations()[words["source"]], **words)
