"""neworder: a model that steps along a timeline, with its people in a pandas table."""

from __future__ import annotations

import neworder
import numpy as np
import pandas as pd
from model import (
    CAUSES,
    CURRENT,
    EX,
    RISKS,
    SMOKING_RATIO,
    YEARS,
    age_band,
    drifted,
    initial_people,
    no_deaths,
    quit_chance,
    risk_ratio,
)
from pandas_runner import BY, rates_table


class Cohort(neworder.Model):
    """The cohort; neworder calls ``step`` once a year and draws from the model's own engine, ``self.mc``."""

    def __init__(self, people: int, seed: int, intervention: bool) -> None:
        super().__init__(neworder.LinearTimeline(0, YEARS, YEARS), lambda *_: seed)
        self.intervention, self.deaths = intervention, no_deaths()
        self.rates = rates_table()
        self.population = pd.DataFrame(initial_people(people, seed)._asdict(), index=neworder.df.unique_index(people))

    def step(self) -> None:
        self.quit_smoking()
        for name in RISKS:
            self.population[name] = drifted(name, self.population[name])
        self.die()
        self.population["age"] += 1.0

    def quit_smoking(self) -> None:
        chance = quit_chance(self.timeline.index, self.intervention)
        smokers = self.population.index[self.population["smoking"] == CURRENT]
        quits = self.mc.hazard(chance[self.population.loc[smokers, "quintile"]])
        self.population.loc[smokers[quits == 1], "smoking"] = EX

    def die(self) -> None:
        people = self.population
        groups = people[["sex", "quintile"]].assign(whole_age=people["age"].astype(int))
        hazard = groups.join(self.rates, on=BY)[CAUSES].to_numpy() * SMOKING_RATIO[people["smoking"]]
        hazard *= risk_ratio({name: people[name].to_numpy() for name in RISKS})
        dead = self.mc.hazard(-np.expm1(-hazard.sum(axis=1))) == 1
        reached = hazard[dead].cumsum(axis=1)
        point = self.mc.ustream(len(reached)) * reached[:, -1]
        died = people[dead].assign(cause=(point[:, None] > reached).sum(axis=1))
        found = died.groupby(["quintile", "sex", age_band(died["age"]), "cause"]).size()
        self.deaths[(self.timeline.index, *(found.index.get_level_values(level) for level in range(4)))] = found
        self.population = people[~dead].copy()


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    model = Cohort(people, seed, intervention)
    neworder.run(model)
    return model.deaths
