"""A figure of a study in words."""

from __future__ import annotations

from hisim.outcomes.asked import described
from hisim.studies.analysis import Figure


def named(figure: Figure) -> str:
    """A figure in words."""
    words = [str(label) if dim != "quintile" else _fifth(str(label)) for dim, label in figure.at.items()]
    change = "change of: " if " change" in figure.key else ""
    return f"{change}{described(figure.estimand)['long_name']} ({', '.join(words)})"


def _fifth(label: str) -> str:
    return "England" if label == "all" else f"fifth {label}"
