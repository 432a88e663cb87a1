"""Outcomes against frozen outputs of independent software.

The vectors are outputs of PHEindicatormethods 2.1.0 (an R package of Public Health England, GPL-3, run outside this
project; results only) on deaths and populations of England summed over 2009-2011 by deprivation fifth and sex
(Office for National Statistics, user-requested data 006925, Open Government Licence v3.0). All figures agree
to 1e-9 relative; the software's simulated limits of the indices are not compared.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hisim.outcomes.inequality import relative_index, slope_index
from hisim.outcomes.lifetable import life_expectancy, life_expectancy_limits
from hisim.outcomes.standardised import ESP2013, standardised_rate, standardised_rate_limits
from hisim.variables import AGE_BAND_STARTS, AGE_BANDS, QUINTILES, SEXES

VECTORS = Path(__file__).parent / "vectors"
SHAPE = (len(QUINTILES), len(SEXES))


@pytest.fixture(scope="module")
def england() -> tuple[np.ndarray, np.ndarray]:
    """Deaths and populations (quintile, sex, age band)."""
    table = pd.read_csv(VECTORS / "deaths_population_2009_2011.csv", comment="#")
    assert table["age_group"].tolist() == list(AGE_BANDS) * 10
    assert table["deaths"].sum() == 459_241 + 461_016 + 452_863
    return tuple(table[name].to_numpy(float).reshape(*SHAPE, -1) for name in ("deaths", "population"))


def vector(name: str, *order: str) -> pd.DataFrame:
    return pd.read_csv(VECTORS / f"{name}_2009_2011.csv").sort_values(list(order))


def test_life_expectancy_and_its_limits_at_every_age(england):
    table = vector("life_expectancy", "imd_quintile", "sex", "startage")
    assert table["startage"].tolist() == list(AGE_BAND_STARTS) * 10
    low, high = life_expectancy_limits(*england)
    for column, found in {"value": life_expectancy(*england), "lowercl": low, "uppercl": high}.items():
        np.testing.assert_allclose(found.ravel(), table[column], rtol=1e-9)


def test_standardised_rate_and_its_limits(england):
    table = vector("dsr_esp2013", "imd_quintile", "sex")
    low, high = standardised_rate_limits(*england, ESP2013)
    for column, found in {"value": standardised_rate(*england), "lowercl": low, "uppercl": high}.items():
        np.testing.assert_allclose(found.ravel(), table[column], rtol=1e-9)


@pytest.mark.parametrize(("name", "log"), [("sii_life_expectancy", False), ("sii_log_dsr", True)])
def test_slope_and_relative_index(england, name, log):
    table = vector(name, "sex")
    outcome = standardised_rate(*england) if log else life_expectancy(*england)[..., 0]
    values, population = (xr.DataArray(array, dims=("quintile", "sex")) for array in (outcome, england[1].sum(-1)))
    np.testing.assert_allclose(slope_index(values, population, log=log), table["sii"], rtol=1e-9)
    np.testing.assert_allclose(relative_index(values, population, log=log), table["rii"], rtol=1e-9)
