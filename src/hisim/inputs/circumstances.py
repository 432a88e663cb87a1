"""Wider determinants: who is out of work, short of money, cold, crowded, or born to a mother who smoked."""

from __future__ import annotations

import numpy as np

from hisim.inputs.catalogue import find_entry
from hisim.inputs.exposures import share_by_quintile
from hisim.inputs.life_table import Tables
from hisim.inputs.tables import grid
from hisim.variables import OLDEST_AGE

WORKING_AGES = (16, 64)


def prevalences(tables: Tables, population: np.ndarray, parameters: dict[str, float]) -> dict[str, np.ndarray]:
    """Share in each circumstance, (quintile, sex, age).

    Parameters
    ----------
    population
        (quintile, sex, age) [persons]: newborns weigh the quintiles' shares of mothers who smoked.
    """
    names = find_entry("circumstances").keys["circumstance"]
    shares = grid("circumstances", tables["circumstances"], "share")
    smoked = share_by_quintile(
        parameters["smoked_in_pregnancy_ratio"], population[:, :, 0].sum(axis=1), parameters["smoked_in_pregnancy"]
    )
    out = {}
    for name, by_quintile in [*zip(names, shares, strict=True), ("smoked_in_pregnancy", smoked)]:
        first, last = {"unemployed": WORKING_AGES, "smoked_in_pregnancy": (0, 0)}.get(str(name), (0, OLDEST_AGE))
        share = np.zeros_like(population)
        share[:, :, first : last + 1] = by_quintile[:, None, None]
        out[f"{name}_prevalence"] = share
    return out
