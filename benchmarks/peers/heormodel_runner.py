"""heormodel: its discrete microsimulation engine, alive and five causes of death as states.

The engine keeps each person's state and draws the transitions; smoking and the two risks are kept by the functions it
calls once a cycle. Deaths come from its log of events.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from heormodel.models import MicrosimModel
from heormodel.run import run_psa
from model import (
    BASE_RATES,
    CAUSES,
    CURRENT,
    EX,
    RISKS,
    SMOKING_RATIO,
    YEARS,
    YOUNGEST,
    age_band,
    drifted,
    initial_people,
    no_deaths,
    quit_chance,
    risk_ratio,
)

COMPARATOR, SERVICE = "comparator", "stop_smoking_service"


class Cohort:
    """The functions of the model that heormodel calls."""

    def __init__(self, people: int, seed: int) -> None:
        self.start = initial_people(people, seed)

    def people(self, rng: np.random.Generator, number: int) -> pd.DataFrame:
        self.smoking = self.start.smoking.copy()
        self.values = {name: getattr(self.start, name) for name in RISKS}
        return pd.DataFrame({name: getattr(self.start, name) for name in ("age", "sex", "quintile")})

    def transitions(
        self, row: pd.Series, arm: str, state: np.ndarray, people: pd.DataFrame, rng: np.random.Generator
    ) -> np.ndarray:
        """Each person's chance of being in each state next; the dead stay where they are."""
        alive, year = state == 0, int(people["cycle"].iloc[0])
        sex, quintile = people["sex"].to_numpy(), people["quintile"].to_numpy()
        chance = quit_chance(year, arm == SERVICE)[quintile]
        self.smoking[alive & (self.smoking == CURRENT) & (rng.random(len(state)) < chance)] = EX
        whole_age = (people["age"].to_numpy() + year).astype(int)
        self.values = {name: drifted(name, values) for name, values in self.values.items()}
        hazard = BASE_RATES[whole_age - YOUNGEST, sex, quintile] * SMOKING_RATIO[self.smoking]
        hazard *= risk_ratio(self.values)
        total = hazard.sum(axis=1)
        dies = -np.expm1(-total)
        chances = np.zeros((len(state), 1 + len(CAUSES)))
        chances[alive, 0] = 1.0 - dies[alive]
        chances[alive, 1:] = (hazard * (dies / total)[:, None])[alive]
        dead = np.nonzero(~alive)[0]
        chances[dead, state[dead]] = 1.0
        return chances

    @staticmethod
    def rewards(row: pd.Series, arm: str, state: np.ndarray, people: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """No costs; one life-year for each of the living."""
        return np.zeros(len(state)), (state == 0).astype(float)


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    cohort = Cohort(people, seed)
    engine = MicrosimModel.discrete(
        states=("alive", *CAUSES),
        transition_probabilities=cohort.transitions,
        state_rewards=cohort.rewards,
        interventions=[SERVICE if intervention else COMPARATOR],
        n_cycles=YEARS,
        population=cohort.people,
        n_individuals=people,
        discount_rate=0.0,
        cycle_correction="none",
        effect="life_years",
    )
    draws = pd.DataFrame({"only": [1.0]}, index=pd.RangeIndex(1, name="iteration"))
    events = run_psa(engine, draws, seed=seed, collect="events", progress=False).events
    who, year = events["individual"].to_numpy(), events["time"].to_numpy().astype(int) - 1
    cause = events["to_state"].map({cause: place for place, cause in enumerate(CAUSES)}).to_numpy()
    start, deaths = cohort.start, no_deaths()
    np.add.at(deaths, (year, start.quintile[who], start.sex[who], age_band(start.age[who] + year), cause), 1)
    return deaths
