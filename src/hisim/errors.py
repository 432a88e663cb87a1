"""The error tree and the grammar of messages.

Every mistake a user can make ends in one of these errors, never in a traceback. A message about a
place in a file reads

    file:line:column: path: found WHAT; allowed: WHAT; did you mean 'NAME'?

so that an editor can jump to it and a person can mend it without a manual.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class HisimError(Exception):
    """A mistake the user can mend. Surfaces print it and leave with ``exit_code``."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake at one place.

    ``file`` as the user named it; ``line`` and ``column`` from 1, 0 where there is none; ``path`` the
    dotted place inside the file (``interventions[0].coverage``), empty for the file as a whole.
    """

    file: str
    line: int
    column: int
    path: str
    found: str
    allowed: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}"
        parts = [place + ":"]
        if self.path:
            parts.append(self.path + ":")
        parts.append(self.found + (f"; allowed: {self.allowed}" if self.allowed else ""))
        text = " ".join(parts)
        return text + (f"; did you mean '{self.nearest}'?" if self.nearest else "")


class ProblemsError(HisimError):
    """Several mistakes, reported together in the order of their places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InvalidFileError(ProblemsError):
    """A scenario or intervention file that cannot be read as one."""


class InvalidTableError(ProblemsError):
    """An input table with a gap, a duplicate, a value out of bounds or a wrong total."""


class ImpossibleModelError(HisimError):
    """Every file is valid, but together they ask for what the model cannot do."""


class OutputError(HisimError):
    """A result that cannot be written where it was asked for."""


class StudyError(HisimError):
    """A study folder that cannot be used as asked: another study, another writer, damage, a full disk."""


class ImpossibleChartError(HisimError):
    """Data of which the chart asked for cannot be drawn."""


class MissingPackageError(HisimError):
    """A package is needed that is installed only on request."""


class LostWorkersError(StudyError):
    """Whoever worked out the units of a study went away; what was finished is kept, and the rest can be done."""


class StoppedError(HisimError):
    """The user stopped a run."""

    exit_code = 130


def nearest_name(name: object, allowed: Iterable[str]) -> str:
    """The allowed name most like ``name``, or an empty string when none is near."""
    names = list(allowed)
    same = [one for one in names if one.lower() == str(name).lower()]
    matches = same or get_close_matches(str(name), names, n=1, cutoff=0.6)
    return matches[0] if matches else ""
