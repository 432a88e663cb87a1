"""Starsim: modules for smoking, each risk and deaths, and an intervention; common random numbers, its default."""

from __future__ import annotations

from typing import Any

import numpy as np
import starsim as ss
from model import (
    BASE_RATES,
    CURRENT,
    EX,
    RISKS,
    SERVICE,
    SMOKING_RATIO,
    YEARS,
    YOUNGEST,
    People,
    age_band,
    drifted,
    initial_people,
    no_deaths,
    quit_chance,
    risk_ratio,
)

ss.options(verbose=0)


class Smoking(ss.Module):
    """Age, sex and quintile as given; current smokers quit."""

    def __init__(self, start: People, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.define_states(ss.FloatArr("quintile"), ss.FloatArr("state"))
        self.start, self.chance = start, quit_chance(0, intervention=False)
        self.quits = ss.bernoulli(p=lambda self, sim, uids: self.chance[self.quintile[uids].astype(int)])

    def init_post(self) -> None:
        super().init_post()
        people = self.sim.people
        people.age[:], people.female[:] = self.start.age, self.start.sex == 1
        self.quintile[:], self.state[:] = self.start.quintile, self.start.smoking

    def step(self) -> None:
        self.state[self.quits.filter((self.state == CURRENT).uids)] = EX


class StopSmokingService(ss.Intervention):
    """Raises the chance of quitting from its first year on."""

    def __init__(self, smoking: Smoking, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.smoking = smoking

    def start_step(self) -> None:
        super().start_step()  # not in ``step``: Starsim steps interventions after the people's own modules
        if self.ti == SERVICE["first_year"]:
            self.smoking.chance = quit_chance(self.ti, intervention=True)

    def step(self) -> None:
        pass


class Risk(ss.Module):
    """A risk that drifts."""

    def __init__(self, name: str, values: np.ndarray) -> None:
        super().__init__(name=name)
        self.define_states(ss.FloatArr("value"))
        self.values = values

    def init_post(self) -> None:
        super().init_post()
        self.value[:] = self.values

    def step(self) -> None:
        uids = self.sim.people.auids
        self.value[uids] = drifted(self.name, self.value[uids])


class Deaths(ss.Module):
    """Competing causes of death, and the counts."""

    def __init__(self, smoking: Smoking, risks: list[Risk], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.smoking, self.risks, self.counts = smoking, risks, no_deaths()
        self.dies, self.point = ss.bernoulli(p=0), ss.random()

    def step(self) -> None:
        people, uids = self.sim.people, self.sim.people.auids
        age, sex = people.age[uids], people.female[uids].astype(int)
        quintile = self.smoking.quintile[uids].astype(int)
        hazard = BASE_RATES[age.astype(int) - YOUNGEST, sex, quintile]
        hazard = hazard * SMOKING_RATIO[self.smoking.state[uids].astype(int)]
        hazard *= risk_ratio({risk.name: risk.value[uids] for risk in self.risks})
        reached = hazard.cumsum(axis=1)
        self.dies.set(p=-np.expm1(-reached[:, -1]))
        dead = self.dies.rvs(uids)
        point = self.point.rvs(uids[dead]) * reached[dead, -1]
        cause = (point[:, None] > reached[dead]).sum(axis=1)
        np.add.at(self.counts, (self.ti, quintile[dead], sex[dead], age_band(age[dead]), cause), 1)
        people.request_death(uids[dead])


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    start = initial_people(people, seed)
    smoking = Smoking(start, name="smoking")
    risks = [Risk(name, getattr(start, name)) for name in RISKS]
    deaths = Deaths(smoking, risks, name="causes_of_death")
    sim = ss.Sim(
        n_agents=people,
        start=2025,
        dur=YEARS - 1,  # Starsim also steps at the end of the duration
        dt=ss.year,
        rand_seed=seed,
        use_aging=True,
        copy_inputs=False,  # the modules below refer to one another
        modules=[smoking, *risks, deaths],
        interventions=[StopSmokingService(smoking)] if intervention else [],
    )
    sim.run()
    return deaths.counts
