"""Sweep files and the scenarios they name: hostile until read."""

from __future__ import annotations

from pathlib import Path, PurePath

from pydantic import ValidationError

from hisim.declare.files import read_scenario, read_tree
from hisim.declare.refusals import Places, problems_of
from hisim.declare.scenario import Scenario
from hisim.declare.sweep import Sweep
from hisim.errors import InvalidFileError


def read_sweep(path: str | Path) -> tuple[Sweep, list[Scenario], Places]:
    """The sweep in the file ``path``, its scenarios, and where its lines are.

    Raises
    ------
    InvalidFileError
        With every problem found, in this file and in those of its scenarios.
    """
    root = read_tree(path)
    places = Places(root)
    try:
        sweep = Sweep.model_validate(root.plain(), by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidFileError(list(problems_of(error.errors(include_url=False), places, Sweep))) from None
    scenarios, problems = [], []
    for index, name in enumerate(sweep.scenarios):
        try:
            scenarios.append(read_scenario(str(PurePath(path).parent / name)))
        except InvalidFileError as error:
            missing = [problem.line for problem in error.problems] == [0]
            here = [
                places.problem(("scenarios", index), f"'{name}': {error.problems[0].found}", error.problems[0].allowed)
            ]
            problems += here if missing else list(error.problems)
    if problems:
        raise InvalidFileError(problems)
    return sweep, scenarios, places
