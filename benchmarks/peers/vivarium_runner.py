"""vivarium-engine: components in the style of its disease-model tutorial, deaths observed as a list of lines.

One component for the people, one for each exposure, for the effect of each risk on each cause, and for the rate of each
cause; values flow through its pipelines. Common random numbers, keyed as its tutorials do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from loguru import logger
from model import (
    BASE_RATES,
    CAUSES,
    CURRENT,
    EX,
    LOG_RATIO,
    RISKS,
    SERVICE,
    SMOKING_RATIO,
    YEARS,
    YOUNGEST,
    People,
    age_band,
    drifted,
    excess,
    initial_people,
    no_deaths,
    quit_chance,
)
from vivarium.engine import Component, InteractiveContext
from vivarium.engine.framework.results import Observer

START = 2025
LIVING = "is_alive == True"
logger.remove()


class Named(Component):
    """A component with a name of its own, and the initial values of the columns it owns."""

    def __init__(self, name: str, columns: dict[str, Any]) -> None:
        super().__init__()
        self._own_name, self.columns = name, columns

    @property
    def name(self) -> str:
        return self._own_name

    def setup(self, builder: Any) -> None:
        builder.population.register_initializer(initializer=self.initialize, columns=list(self.columns))

    def initialize(self, pop_data: Any) -> None:
        self.population_view.initialize(pd.DataFrame(self.columns, index=pop_data.index))

    def living(self, event: Any, also: str = "") -> pd.Index:
        return self.population_view.get_filtered_index(event.index, query=LIVING + also)


class Population(Named):
    """Age, sex and quintile; the living grow older after the deaths."""

    time_step_priority = 8  # deaths happen at the default, 5

    def __init__(self, start: People) -> None:
        super().__init__(
            "cohort", {"age": start.age, "sex": start.sex.astype(int), "quintile": start.quintile.astype(int)}
        )

    def setup(self, builder: Any) -> None:
        self.register = builder.randomness.register_simulants
        builder.population.register_initializer(initializer=self.initialize, columns=["entrance_time", *self.columns])

    def initialize(self, pop_data: Any) -> None:
        people = pd.DataFrame({"entrance_time": pop_data.creation_time, **self.columns}, index=pop_data.index)
        self.register(people[["entrance_time", "age"]])
        self.population_view.initialize(people)

    def on_time_step(self, event: Any) -> None:
        self.population_view.update("age", lambda age: age + 1.0, index=self.living(event))


class Smoking(Named):
    """Current smokers quit, with a chance the service may raise."""

    time_step_priority = 2

    def setup(self, builder: Any) -> None:
        super().setup(builder)
        self.quitting = builder.randomness.get_stream("quitting")
        builder.value.register_attribute_producer(
            "smoking.quit_chance", source=self.chance, required_resources=["quintile"]
        )

    def chance(self, index: pd.Index) -> pd.Series:
        return pd.Series(quit_chance(0, False)[self.population_view.get(index, "quintile")], index=index)

    def on_time_step(self, event: Any) -> None:
        smokers = self.living(event, f" and smoking == {CURRENT}")
        quits = self.quitting.filter_for_probability(smokers, self.population_view.get(smokers, "smoking.quit_chance"))
        self.population_view.update("smoking", lambda state: pd.Series(EX, index=state.index), index=quits)


class StopSmokingService(Named):
    """Raises the chance of quitting from its first year on."""

    def setup(self, builder: Any) -> None:
        self.clock = builder.time.clock()
        builder.value.register_attribute_modifier(
            "smoking.quit_chance", modifier=self.raised, required_resources=["quintile"]
        )

    def raised(self, index: pd.Index, chance: pd.Series) -> pd.Series:
        if self.clock().year < START + SERVICE["first_year"]:
            return chance
        return chance * np.array(SERVICE["quitting_times"])[self.population_view.get(index, "quintile")]


class Risk(Named):
    """A risk that drifts."""

    time_step_priority = 2

    def on_time_step(self, event: Any) -> None:
        self.population_view.update(self.name, lambda values: drifted(self.name, values), index=self.living(event))


class RiskEffect(Named):
    """What one exposure does to the rate of one cause."""

    def __init__(self, risk: str, cause: str, ratio: Callable[[pd.Series], Any]) -> None:
        super().__init__(f"effect_of_{risk}_on_{cause}", {})
        self.risk, self.cause, self.ratio = risk, cause, ratio

    def setup(self, builder: Any) -> None:
        builder.value.register_attribute_modifier(
            f"{self.cause}.mortality_rate", modifier=self.adjusted, required_resources=[self.risk]
        )

    def adjusted(self, index: pd.Index, rate: pd.Series) -> pd.Series:
        return rate * self.ratio(self.population_view.get(index, self.risk))


class CauseRate(Named):
    """The base rate of one cause, from a lookup table by sex, quintile and age."""

    def setup(self, builder: Any) -> None:
        cause, ages = self.columns["cause"], np.arange(YOUNGEST, YOUNGEST + len(BASE_RATES))
        rows = pd.MultiIndex.from_product([ages, range(2), range(5)], names=["age_start", "sex", "quintile"])
        table = pd.DataFrame({"value": BASE_RATES[..., cause].ravel()}, index=rows).reset_index()
        table["age_end"] = table["age_start"] + 1
        rates = table.set_index(["sex", "quintile", "age_start", "age_end"])["value"]
        source = self.build_lookup_table(builder, "base_rate", data_source=rates)
        builder.value.register_rate_producer(f"{CAUSES[cause]}.mortality_rate", source=source)


class Mortality(Named):
    """People die, of a cause in proportion to its rate."""

    def setup(self, builder: Any) -> None:
        super().setup(builder)
        self.random = builder.randomness.get_stream("mortality")
        self.rates = [f"{cause}.mortality_rate" for cause in CAUSES]

    def on_time_step(self, event: Any) -> None:
        alive = self.living(event)
        rates = self.population_view.get(alive, self.rates)
        total = rates.sum(axis=1)
        dead = self.random.filter_for_probability(alive, -np.expm1(-total), additional_key="death")
        share = rates.loc[dead].div(total.loc[dead], axis=0).to_numpy()
        cause = self.random.choice(dead, CAUSES, share, additional_key="cause")
        columns = list(self.columns)
        self.population_view.update(
            columns, lambda old: pd.DataFrame({columns[0]: False, columns[1]: cause}, index=old.index), index=dead
        )


class DeathLines(Observer):
    """A line for each person who died in the step: its cheapest observation of this question."""

    @property
    def name(self) -> str:
        return "death_lines"

    def setup(self, builder: Any) -> None:
        builder.population.register_initializer(
            initializer=self.initialize, columns="was_alive", required_resources=["is_alive"]
        )

    def initialize(self, pop_data: Any) -> None:
        self.population_view.initialize(pd.Series(True, index=pop_data.index, name="was_alive"))

    def on_time_step_prepare(self, event: Any) -> None:
        alive = self.population_view.get(event.index, "is_alive")
        self.population_view.update("was_alive", lambda _: alive.rename("was_alive"))

    def register_observations(self, builder: Any) -> None:
        builder.results.register_concatenating_observation(
            name="deaths",
            pop_filter="was_alive == True and is_alive == False",
            requires_attributes=["age", "sex", "quintile", "cause_of_death"],
        )


def components(start: People, intervention: bool) -> list[Component]:
    """Everything the simulation is made of."""
    made: list[Component] = [Population(start), Smoking("smoking", {"smoking": start.smoking.astype(int)})]
    made += [Risk(name, {name: getattr(start, name)}) for name in RISKS]
    for place, cause in enumerate(CAUSES):
        made.append(CauseRate(f"rate_of_{cause}", {"cause": place}))
        made.append(RiskEffect("smoking", cause, lambda state, place=place: SMOKING_RATIO[state, place]))
        for name in RISKS:
            if step := LOG_RATIO[name][place]:
                effect = lambda values, name=name, step=step: np.exp(step * excess(name, values))  # noqa: E731
                made.append(RiskEffect(name, cause, effect))
    made += [Mortality("mortality", {"is_alive": True, "cause_of_death": "none"}), DeathLines()]
    return [*made, StopSmokingService("stop_smoking_service", {})] if intervention else made


def run(people: int, seed: int, intervention: bool) -> np.ndarray:
    """Deaths by year, quintile, sex, age band and cause."""
    configuration = {
        "time": {"start": {"year": START, "month": 7, "day": 2}, "step_size": 365},
        "population": {"population_size": people},
        "randomness": {
            "random_seed": seed,
            "map_size": max(1_000_000, 10 * people),
            "key_columns": ["entrance_time", "age"],
        },
        "interpolation": {"order": 0, "extrapolate": True, "validate": False},
    }
    parts = components(initial_people(people, seed), intervention)
    simulation = InteractiveContext(components=parts, configuration=configuration, observe=True)
    simulation.take_steps(YEARS, with_logging=False)
    lines = simulation.get_results()["deaths"]
    year = lines["event_time"].dt.year - 1 - START
    cause = lines["cause_of_death"].map({cause: place for place, cause in enumerate(CAUSES)}).astype(int)
    deaths = no_deaths()
    np.add.at(deaths, (year, lines["quintile"].astype(int), lines["sex"].astype(int), age_band(lines["age"]), cause), 1)
    return deaths
