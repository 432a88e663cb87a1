"""A small projection made by arithmetic: Gompertz mortality by fifth, a few scenarios that lower it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import xarray as xr

from hisim.variables import (
    AGE_BAND_STARTS,
    AGE_BANDS,
    AGES,
    CAUSES,
    COMPARATOR,
    PROJECTION,
    QUINTILES,
    SEXES,
    describe,
)

LEVEL = np.array([1.6, 1.25, 1.05, 0.9, 0.75])
YEARS = range(2011, 2017)
BATCHES = 4
MakeProjection = Callable[..., xr.Dataset]


def by_band(values: np.ndarray, axis: int) -> np.ndarray:
    return np.add.reduceat(values, AGE_BAND_STARTS, axis=axis)


def make(effects: Mapping[str, np.ndarray | float], *, growth: np.ndarray | float = 1.0, noise: float = 0.0,
         seed: int = 1) -> xr.Dataset:  # fmt: skip
    """Scenarios that multiply hazards by 1 - effect (a number or one for each fifth).

    ``growth``: yearly factor of the population of each fifth. ``noise``: relative spread of the scenarios'
    batches about their share, made to add up to nothing. A year's winter share rises with age and falls as hazards.
    """
    age = np.arange(len(AGES))
    hazard = np.minimum(3e-5 * np.exp(0.095 * age), 0.6) * LEVEL[:, None, None] * np.array([0.85, 1.15])[:, None]
    hazard[..., 0] = 0.004 * LEVEL[:, None]
    cause = np.arange(1.0, len(CAUSES) + 1)
    cause /= cause.sum()
    names = [COMPARATOR, *effects]
    factor = np.ones((len(names), 5))
    for index, effect in enumerate(effects.values(), start=1):
        factor[index] = 1.0 - effect
    people = np.full((5, 2, len(AGES)), 4_000.0) * np.exp(-np.maximum(age - 50, 0) / 15.0)
    size = np.power.outer(np.broadcast_to(growth, 5), np.arange(len(YEARS))).T
    alive = people * size[:, :, None, None]
    lower = hazard * factor[:, :, None, None]
    lived = alive * (1.0 - 0.4 * lower[:, None])
    died = (lived * lower[:, None])[..., None] * cause
    share = np.linspace(0.8, 1.2, BATCHES) / BATCHES
    stray = np.random.default_rng(seed).normal(0.0, noise, (len(names), BATCHES, *by_band(died, -2).shape[1:]))
    stray -= stray.mean(axis=1, keepdims=True)
    stray[0] = 0.0
    bands = by_band(died, -2)[:, None]
    winter = np.broadcast_to((0.1 + 0.001 * age) * factor[:, None, :, None, None], lived.shape)
    arrays = {
        "winter_share": winter[:, None],
        "deaths": died[:, None],
        "person_years": lived[:, None],
        "deaths_batch": (bands * (share[:, None, None, None, None, None] + stray / BATCHES))[:, None],
        "person_years_batch": (by_band(lived, -1)[:, None] * share[:, None, None, None, None])[:, None],
    }
    coords = {
        "scenario": names, "draw": [0], "batch": range(BATCHES), "year": list(YEARS), "quintile": list(QUINTILES),
        "sex": list(SEXES), "age": list(AGES), "age_band": list(AGE_BANDS), "cause": list(CAUSES),
    }  # fmt: skip
    variables = {name: (PROJECTION[name].dims, array) for name, array in arrays.items()}
    dictionary = {name: PROJECTION[name] for name in arrays}
    return describe(xr.Dataset(variables, coords, {"seed": 1}), dictionary)


@pytest.fixture(scope="session")
def make_projection() -> MakeProjection:
    return make


@pytest.fixture(scope="session")
def projection() -> xr.Dataset:
    """The comparator, two actions, and both together, which do less than their sum."""
    one, two = np.array([0.10, 0.08, 0.06, 0.04, 0.02]), 0.05
    return make({"one": one, "two": two, "both": 1.0 - (1.0 - one) * (1.0 - two)}, noise=0.01)
