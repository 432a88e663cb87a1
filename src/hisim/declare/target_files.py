"""Files of targets and portfolios, and the scenario they name: hostile until read."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TypeVar

from pydantic import ValidationError

from hisim.declare.files import read_scenario, read_tree
from hisim.declare.refusals import Places, problems_of
from hisim.declare.scenario import Scenario
from hisim.declare.target import Deliverable, Target
from hisim.errors import InvalidFileError

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
    root = read_tree(path)
    places = Places(root)
    try:
        asked = model.model_validate(root.plain(), by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidFileError(list(problems_of(error.errors(include_url=False), places, model))) from None
    try:
        scenario = read_scenario(str(PurePath(path).parent / asked.scenario))
    except InvalidFileError as error:
        first = error.problems[0]
        if [problem.line for problem in error.problems] != [0]:
            raise
        raise InvalidFileError(
            [places.problem(("scenario",), f"'{asked.scenario}': {first.found}", first.allowed)]
        ) from None
    return asked, scenario, places
