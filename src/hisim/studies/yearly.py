"""By how much health figures of whole years differ by more than chance: cold winters, influenza.

The deaths registered in England in 2001 to 2010 give every indicator of health, and every gap, in ten years. Around
its own straight line each has a residual variance, with 8 degrees of freedom; what the chance in counting deaths
explains of it is taken away, and the root of the rest, 0 or more, is the spread of whole years. A gap has its own: a
winter that moves all fifths together moves no gap. Where the line is bent the spread is too large, and verdicts shyer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import xarray as xr

from hisim.inputs.load import known_in
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, with_totals
from hisim.outcomes.indicators import EVERY, INFANTS, RATES, outcome_indicators, outcome_values
from hisim.outcomes.judging import SHARE_OF_A_FIFTH, Z, error_of_gap
from hisim.outcomes.lifetable import life_expectancy_se
from hisim.outcomes.mortality import INFANT_PER
from hisim.outcomes.standardised import ESP2013, standardised_rate_limits
from hisim.variables import AGE_BAND_STARTS, AGE_BANDS, CAUSES, QUINTILES, SEXES

FIRST, LAST = 2001, 2010
"""Causes are coded in another way from 2011 on."""
LONG_LIVES = {"life-expectancy-0": 0, "life-expectancy-65": 65}
YOUNG_PEOPLE = ESP2013.under(75)


@lru_cache(maxsize=1)
def year_to_year() -> Mapping[tuple[str, str, str], float]:
    """Standard deviation of one whole year beyond chance [unit of the indicator], by indicator, sex and fifth.

    Of a slope index, whose error by chance is not known, all of the spread around its line.
    """
    data = observed()
    values, errors = outcome_values(data), _errors(data)
    return {
        (one.id, sex, fifth): _beyond_chance(
            _series(values[one.id], sex, fifth), _series(errors[one.id], sex, fifth) if one.id in errors else 0.0
        )
        for one in outcome_indicators()
        for sex in values["sex"].values.tolist()
        for fifth in (values["quintile"].values.tolist() if one.measure == "level" else (ENGLAND,))
    }


def observed() -> xr.Dataset:
    """Registered deaths and people by year, with totals."""
    known, count = known_in(LAST), LAST - FIRST + 1
    coords = {"year": list(range(FIRST, LAST + 1)), "quintile": list(QUINTILES), "sex": list(SEXES)}
    coords |= {"age_band": list(AGE_BANDS), "cause": list(CAUSES)}
    dims = list(coords)
    return with_totals(
        xr.Dataset(
            {"deaths": (dims, known.deaths[:count]), "person_years": (dims[:-1], known.population[:count])}, coords
        )
    )


def _series(values: xr.DataArray, sex: str, fifth: str) -> np.ndarray:
    at = {"sex": sex, "quintile": fifth}
    return np.asarray(values.sel({dim: label for dim, label in at.items() if dim in values.dims}).values)


def _beyond_chance(values: np.ndarray, errors: np.ndarray | float) -> float:
    """Root of the variance of (years,) ``values`` around their line, without that of their standard ``errors``."""
    years = np.arange(values.size)
    residuals = values - np.polynomial.Polynomial.fit(years, values, 1)(years)
    variance = float((residuals**2).sum()) / (values.size - 2)
    return float(np.sqrt(max(variance - float(np.mean(np.square(errors))), 0.0)))


def _errors(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Standard errors by chance, (year, quintile, sex), of levels; and of the gaps they make, (year, sex)."""
    dims = ("year", "quintile", "sex", "age_band")
    lived, deaths = data["person_years"].transpose(*dims), data["deaths"].transpose("cause_group", *dims)
    like = lived.isel(age_band=0, drop=True)
    of_life = life_expectancy_se(deaths.sel(cause_group=ALL_CAUSES).values, lived.values)
    found = {name: like.copy(data=of_life[..., AGE_BAND_STARTS.index(age)]) for name, age in LONG_LIVES.items()}
    for name, (group, ages) in RATES.items():
        died = deaths.sel(cause_group=group, drop=True)
        standard = ESP2013 if ages == EVERY else YOUNG_PEOPLE
        low, high = standardised_rate_limits(died.values, lived.values, standard)
        found[name] = like.copy(data=(high - low) / (2 * Z))
        if ages == INFANTS:
            found[name] = like.copy(data=INFANT_PER * np.sqrt(died.values[..., 0]) / like.values)
    return found | {
        f"{name}-{measure}": _of_gap(one, other)
        for name, one in found.items()
        for measure, other in (("gap-q5", "5"), ("gap-average", ENGLAND))
    }


def _of_gap(errors: xr.DataArray, other: str) -> xr.DataArray:
    most, against = (errors.sel(quintile=label, drop=True) for label in ("1", other))
    share = SHARE_OF_A_FIFTH if other == ENGLAND else 0.0
    return most.copy(data=np.vectorize(error_of_gap)(most.values, against.values, share=share))
