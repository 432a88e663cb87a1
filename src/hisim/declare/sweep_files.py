"""Sweep files and the scenarios they name."""

from __future__ import annotations

from pathlib import Path

from hisim.declare.declared import declared, scenario_beside
from hisim.declare.refusals import Places
from hisim.declare.scenario import Scenario
from hisim.declare.sweep import Sweep
from hisim.errors import InvalidFileError, Problem


def read_sweep(path: str | Path) -> tuple[Sweep, list[Scenario], Places]:
    """The sweep in the file ``path``, its scenarios, and where its lines are.

    Raises
    ------
    InvalidFileError
        With every problem found, in this file and in those of its scenarios.
    """
    sweep, places = declared(path, Sweep)
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for index, name in enumerate(sweep.scenarios):
        try:
            scenarios.append(scenario_beside(path, name, places, ("scenarios", index)))
        except InvalidFileError as error:
            problems += error.problems
    if problems:
        raise InvalidFileError(problems)
    return sweep, scenarios, places
