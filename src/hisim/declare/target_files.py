"""Files of targets and portfolios, and the scenario they name."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from hisim.declare.declared import declared, scenario_beside
from hisim.declare.refusals import Places
from hisim.declare.scenario import Scenario
from hisim.declare.target import Deliverable, Target

Some = TypeVar("Some", bound=Deliverable)


def read_target(path: str | Path) -> tuple[Target, Scenario, Places]:
    """The target in the file ``path``, its scenario, and where its lines are.

    Raises
    ------
    InvalidFileError
        With every problem found, in this file and in that of its scenario.
    """
    return read_deliverable(path, Target)


def read_deliverable(path: str | Path, model: type[Some]) -> tuple[Some, Scenario, Places]:
    """As :func:`read_target`, for a file of the kind ``model``."""
    asked, places = declared(path, model)
    return asked, scenario_beside(path, asked.scenario, places, ("scenario",)), places
