"""What a search for a target found, and how sure it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hisim.declare.scenario import Scenario
from hisim.declare.target import Goal
from hisim.studies.goals import COST
from hisim.studies.levers import Levers


class Told(NamedTuple):
    """One goal in an answer."""

    goal: Goal
    value: float
    threshold: float
    comparator: float
    error: float
    """Standard error of the value from one stream of chance to another."""
    reached: bool
    """Whether the mean over streams of chance is as good as the threshold."""
    alone: bool | None = None
    """Whether it can be reached by itself, where not all can be reached together."""


class Answer(NamedTuple):
    """What it would take, or how near one comes."""

    levers: Levers
    point: np.ndarray
    """(V,) how far every lever goes."""
    scenario: Scenario
    """The mix, as a scenario of its own."""
    told: list[Told]
    cost: float
    """GBP, all years together at their worth in the first."""
    cost_by: np.ndarray
    """(intervention, quintile) the same by the scenario's interventions."""
    worth: np.ndarray
    """(V,) what raising a lever's upper bound would save [GBP for the whole way]; where the target is not reached, how
    much nearer it would bring (parts of the distance)."""
    lower: float
    """GBP below which no mix reaches the target, if actions only get in each other's way; minus infinity unknown."""
    searches: int
    draws: dict[str, np.ndarray]
    """Of every draw: cost [GBP], and by goal how far short it is."""
    probability: float | None

    @property
    def possible(self) -> bool:
        """Whether every goal is reached with the central values."""
        return all(one.reached for one in self.told)

    @property
    def reached(self) -> bool:
        """Whether every goal is, and with the probability asked for."""
        return self.possible and (self.probability is None or self.chance >= self.probability)

    @property
    def chance(self) -> float:
        """Share of the draws in which every goal is reached; NaN without draws."""
        shorts = [short for key, short in self.draws.items() if key != COST]
        return float((np.array(shorts) <= 0).all(axis=0).mean()) if shorts else float("nan")
