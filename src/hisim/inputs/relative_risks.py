"""Log hazard ratios per unit of every exposure, and of smoking, by sex, age and cause."""

from __future__ import annotations

import numpy as np

from hisim.errors import InvalidTableError, Problem
from hisim.inputs.catalogue import find_entry
from hisim.inputs.life_table import Tables
from hisim.variables import AGES, CAUSES, RISKS, SEXES


def log_hazard_ratios(tables: Tables) -> np.ndarray:
    """Log hazard ratio per unit, (risk or smoking last, sex, age, cause); 0 where the table has no row.

    A row gives the hazard ratio for a difference of ``contrast`` in the exposure (negative: a lower
    level), so the log hazard ratio per unit is log(hazard_ratio) / contrast.

    Raises
    ------
    InvalidTableError
        When two rows speak of the same age, or a row ends before it starts.
    """
    frame = tables["relative_risks"]
    names = (*RISKS, "smoking")
    out = np.zeros((len(names), len(SEXES), len(AGES), len(CAUSES)))
    used = np.zeros(out.shape, dtype=bool)
    wanted = ["risk", "sex", "age_from", "age_to", "cause", "hazard_ratio", "contrast"]
    for row, (risk, sex, first, last, cause, ratio, contrast) in enumerate(frame[wanted].to_numpy().tolist()):
        sexes = slice(None) if sex == "Both" else SEXES.index(sex)
        place = (names.index(risk), sexes, slice(int(first), int(last) + 1), CAUSES.index(cause))
        if last < first or used[place].any():
            raise InvalidTableError([_overlap(row, last < first)])
        used[place] = True
        out[place] = np.log(ratio) / contrast
    return out


def _overlap(row: int, backwards: bool) -> Problem:
    place = str(find_entry("relative_risks").path)
    if backwards:
        return Problem(place, row + 2, 1, "age_to", "an age range that ends before it starts", "age_from or more")
    return Problem(place, row + 2, 1, "age_from", "ages that an earlier row covers", "one row for each age")
