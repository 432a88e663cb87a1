"""LASER (laser-core): a LaserFrame of people, and components that step it with Numba kernels.

The kernels are written for several threads, as LASER's own are; the comparison allows one.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from laser.core import LaserFrame
from laser.core.random import seed as seed_laser
from model import (
    BASE_RATES,
    LOG_RATIO,
    PARAMS,
    RISKS,
    SMOKING_RATIO,
    YEARS,
    YOUNGEST,
    age_band,
    initial_people,
    no_deaths,
    quit_chance,
)

kernel = nb.njit(nogil=True, parallel=True, cache=True)


@kernel
def quit_smoking(alive, smoking, quintile, chance):  # type: ignore[no-untyped-def]
    for i in nb.prange(alive.size):
        if alive[i] and smoking[i] == 1 and np.random.random() < chance[quintile[i]]:
            smoking[i] = 2


@kernel
def drift(alive, values, change, lowest, highest):  # type: ignore[no-untyped-def]
    for i in nb.prange(alive.size):
        if alive[i]:
            values[i] = min(max(values[i] + change, lowest), highest)


@kernel
def die_or_age(  # type: ignore[no-untyped-def]
    alive, age, sex, quintile, smoking, pressure, cholesterol, cause_of_death,
    rates, ratio, pressure_spec, pressure_log, cholesterol_spec, cholesterol_log,
):  # fmt: skip
    causes = rates.shape[3]
    for i in nb.prange(alive.size):
        cause_of_death[i] = -1
        if alive[i]:
            over_pressure = max(pressure[i] - pressure_spec[0], 0.0) / pressure_spec[1]
            over_cholesterol = max(cholesterol[i] - cholesterol_spec[0], 0.0) / cholesterol_spec[1]
            reached = np.empty(causes)
            total = 0.0
            for c in range(causes):
                risk = np.exp(pressure_log[c] * over_pressure + cholesterol_log[c] * over_cholesterol)
                total += rates[int(age[i]) - YOUNGEST, sex[i], quintile[i], c] * ratio[smoking[i], c] * risk
                reached[c] = total
            if np.random.random() < 1.0 - np.exp(-total):
                point, c = np.random.random() * total, 0
                while point > reached[c] and c < causes - 1:
                    c += 1
                cause_of_death[i] = c
            else:
                age[i] += 1.0


class Smoking:
    """Current smokers quit."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def step(self, tick: int) -> None:
        people = self.model.people
        quit_smoking(people.alive, people.smoking, people.quintile, quit_chance(tick, self.model.intervention))


class Risk:
    """A risk drifts."""

    def __init__(self, model: Model, name: str) -> None:
        self.model, self.name = model, name

    def step(self, tick: int) -> None:
        people, risk = self.model.people, PARAMS[self.name]
        drift(people.alive, getattr(people, self.name), risk["drift"], risk["lowest"], risk["highest"])


class Mortality:
    """People die of one of the causes, and are counted."""

    def __init__(self, model: Model) -> None:
        self.model, self.deaths = model, no_deaths()
        model.people.add_scalar_property("cause_of_death", dtype=np.int8, default=-1)
        self.specs: list[Any] = []
        for name in RISKS:
            self.specs += [np.array([PARAMS[name]["no_harm_below"], PARAMS[name]["unit"]]), LOG_RATIO[name]]

    def step(self, tick: int) -> None:
        p = self.model.people
        columns = (p.alive, p.age, p.sex, p.quintile, p.smoking, p.blood_pressure, p.cholesterol, p.cause_of_death)
        die_or_age(*columns, BASE_RATES, SMOKING_RATIO, *self.specs)
        dead = np.nonzero(p.cause_of_death >= 0)[0]
        place = (tick, p.quintile[dead], p.sex[dead], age_band(p.age[dead]), p.cause_of_death[dead])
        np.add.at(self.deaths, place, 1)
        p.alive[dead] = False


class Model:
    """The people, and the components in their order."""

    def __init__(self, people: int, seed: int, intervention: bool) -> None:
        seed_laser(seed)
        self.intervention = intervention
        self.people = LaserFrame(capacity=people)
        self.people.add_scalar_property("alive", dtype=np.bool_, default=True)
        for name, values in initial_people(people, seed)._asdict().items():
            self.people.add_scalar_property(name, dtype=values.dtype)
            getattr(self.people, name)[:] = values
        self.mortality = Mortality(self)
        self.components = [Smoking(self), *(Risk(self, name) for name in RISKS), self.mortality]

    def run(self) -> None:
        for tick in range(YEARS):
            for component in self.components:
                component.step(tick)


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    model = Model(people, seed, intervention)
    model.run()
    return model.mortality.deaths
