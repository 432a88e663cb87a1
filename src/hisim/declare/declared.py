"""Files that name scenarios, such as sweeps and targets: hostile until read."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TypeVar

from pydantic import ValidationError

from hisim.declare.distribution import Declaration
from hisim.declare.files import read_scenario, read_tree
from hisim.declare.refusals import Loc, Places, problems_of
from hisim.declare.scenario import Scenario
from hisim.errors import InvalidFileError

Some = TypeVar("Some", bound=Declaration)


def declared(path: str | Path, model: type[Some]) -> tuple[Some, Places]:
    """What the file ``path`` declares, and where its lines are.

    Raises
    ------
    InvalidFileError
        With every problem found.
    """
    root = read_tree(path)
    places = Places(root)
    try:
        return model.model_validate(root.plain(), by_alias=True, by_name=False), places
    except ValidationError as error:
        raise InvalidFileError(list(problems_of(error.errors(include_url=False), places, model))) from None


def scenario_beside(path: str | Path, name: str, places: Places, loc: Loc) -> Scenario:
    """The scenario ``name`` that the file ``path`` names at ``loc``, relative to itself.

    Raises
    ------
    InvalidFileError
        With every problem of the scenario at its own lines, or one at ``loc`` where there is no such file.
    """
    try:
        return read_scenario(str(PurePath(path).parent / name))
    except InvalidFileError as error:
        first = error.problems[0]
        if [problem.line for problem in error.problems] != [0]:
            raise
        raise InvalidFileError([places.problem(loc, f"'{name}': {first.found}", first.allowed)]) from None
