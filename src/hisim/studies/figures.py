"""hisim's own figure for each published result: functions of a projection, one number each.

Every function takes ``data``, a banded dataset (:func:`hisim.outcomes.bands.banded`) that may have further dimensions
such as ``replicate``, and ``raw``, the projection it comes from, for what has no batches: people served, cost, smokers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from hisim.outcomes.estimands import estimate
from hisim.outcomes.standardised import ESP2013, standardised_rate
from hisim.variables import AGE_BAND_STARTS, COMPARATOR, QUINTILES

Of = Callable[[xr.Dataset, xr.Dataset], xr.DataArray]
Where = Mapping[str, Any]
"""Labels by dimension, one or a tuple of several."""
EVERYWHERE: Where = MappingProxyType({})
OVER = ("year", "quintile", "sex", "age_band", "cause")
ALL_AGES, SMOKER_AGE = 999, 16
TO_THE_TENTH = (0.95 - 0.9) / (0.9 - 0.1)
"""From the middle of the least deprived fifth to that of the tenth, over the distance between the outer fifths."""
SPEARHEAD_OF_SECOND = 0.4
"""The Spearhead areas hold 28 % of people: taken as the most deprived fifth and so much of the next."""


def died(data: xr.Dataset, scenario: str, where: Where) -> xr.DataArray:
    """Deaths in a scenario where ``where`` holds, added up; its key ``under`` is an age below which people count."""
    young = [start < where.get("under", ALL_AGES) for start in AGE_BAND_STARTS]
    chosen = data["deaths"].sel(scenario=scenario, drop=True).isel(age_band=np.flatnonzero(young))
    return chosen.sel(_listed(where)).sum(OVER, skipna=False)


def _listed(where: Where) -> dict[str, list[Any]]:
    return {
        name: list(label) if isinstance(label, tuple) else [label] for name, label in where.items() if name != "under"
    }


def averted(
    data: xr.Dataset, raw: xr.Dataset, *, better: str, worse: str = COMPARATOR, where: Where = EVERYWHERE
) -> xr.DataArray:
    """Deaths in ``worse`` that do not occur in ``better``."""
    return died(data, worse, where) - died(data, better, where)


def times(data: xr.Dataset, raw: xr.Dataset, *, of: Of, factor: float) -> xr.DataArray:
    """A figure times a constant."""
    return of(data, raw) * factor


def over(data: xr.Dataset, raw: xr.Dataset, *, above: Of, below: Of, factor: float = 1.0) -> xr.DataArray:
    """One figure over another."""
    return above(data, raw) / below(data, raw) * factor


def less(data: xr.Dataset, raw: xr.Dataset, *, of: Of, other: Of) -> xr.DataArray:
    """One figure less another."""
    return of(data, raw) - other(data, raw)


def deaths_of(
    data: xr.Dataset, raw: xr.Dataset, *, scenario: str = COMPARATOR, where: Where = EVERYWHERE
) -> xr.DataArray:
    """Deaths in a scenario."""
    return died(data, scenario, where)


def served(data: xr.Dataset, raw: xr.Dataset, *, scenario: str, item: str) -> xr.DataArray:
    """People served beyond the comparator in an average year."""
    people = raw["covered"].sel(scenario=scenario, intervention=item, drop=True)
    return people.sum(("quintile", "sex", "age")).mean("year")


def per_offered(
    data: xr.Dataset, raw: xr.Dataset, *, scenario: str, ages: tuple[int, int], where: Where = EVERYWHERE
) -> xr.DataArray:
    """Deaths fewer in all years for 10,000 people who were within ``ages`` in the first."""
    within = [ages[0] <= start <= ages[1] for start in AGE_BAND_STARTS]
    lived = data["person_years"].sel(scenario=COMPARATOR, drop=True).isel(year=0, age_band=np.flatnonzero(within))
    offered = lived.sum(("quintile", "sex", "age_band"))
    return averted(data, raw, better=scenario, where=where) / offered * 1e4


def cost(data: xr.Dataset, raw: xr.Dataset, *, scenario: str) -> xr.DataArray:
    """Cost in the Spearhead areas' share of the fifths [million pounds in an average year]."""
    whole = raw["cost_gbp"].sel(scenario=scenario, drop=True).sum("intervention").mean("year")
    return (whole.sel(quintile=1, drop=True) + SPEARHEAD_OF_SECOND * whole.sel(quintile=2, drop=True)) / 1e6


def smoking(
    data: xr.Dataset, raw: xr.Dataset, *, scenario: str = COMPARATOR, where: Where = EVERYWHERE
) -> xr.DataArray:
    """Smokers among people of 16 and over [%]."""
    dims = ("year", "quintile", "sex", "age")
    cells = raw.sel(scenario=scenario, age=slice(SMOKER_AGE, None), drop=True).sel(_listed(where))
    smokers = cells["people_in_state"].sel(state="current_smoker", drop=True)
    return 100 * smokers.sum(dims) / cells["person_years"].sum(dims)


def smoking_fall(data: xr.Dataset, raw: xr.Dataset, *, scenario: str, where: Where = EVERYWHERE) -> xr.DataArray:
    """How much lower smoking is than in the comparator, relatively [%]."""
    return 100 * (1 - smoking(data, raw, scenario=scenario, where=where) / smoking(data, raw, where=where))


def points(data: xr.Dataset, raw: xr.Dataset, *, scenario: str) -> xr.DataArray:
    """How much lower smoking is than in the comparator [percentage points]."""
    return smoking(data, raw) - smoking(data, raw, scenario=scenario)


def level(data: xr.Dataset, raw: xr.Dataset, *, name: str, sex: str, quintile: str | None = "all") -> xr.DataArray:
    """An estimand of the comparator, mean over the years; ``quintile`` None for an index over all five."""
    found = estimate(name, data.sel(scenario=[COMPARATOR])).sel(scenario=COMPARATOR, sex=sex, drop=True)
    return (found if quintile is None else found.sel(quintile=quintile, drop=True)).mean("year")


def attributable(
    data: xr.Dataset, raw: xr.Dataset, *, cause: str | None = None, under: int = 75, tenth: bool = False
) -> xr.DataArray:
    """Deaths under an age that would not occur at the rates of the least deprived fifth, of all [%].

    Rates by year, sex and age group of five years. With ``tenth``, at the rates of the least deprived tenth: the line
    of log rates through the middles of the most and the least deprived fifth, carried on to the middle of the tenth.
    """
    young = [start < under for start in AGE_BAND_STARTS]
    cells = data.sel(scenario=COMPARATOR, drop=True).isel(age_band=np.flatnonzero(young))
    dead = cells["deaths"].sum("cause") if cause is None else cells["deaths"].sel(cause=cause, drop=True)
    rate = dead / cells["person_years"]
    most, least = (rate.sel(quintile=quintile, drop=True) for quintile in (QUINTILES[0], QUINTILES[-1]))
    if tenth:
        least = least * ((least / most).where((least > 0) & (most > 0), 1.0) ** TO_THE_TENTH)
    expected = (least * cells["person_years"]).sum(("year", "quintile", "sex", "age_band"))
    return 100 * (1 - expected / dead.sum(("year", "quintile", "sex", "age_band")))


def yearly_fall(data: xr.Dataset, raw: xr.Dataset, *, cause: str) -> xr.DataArray:
    """Mean yearly fall of the standardised rate of a cause from the first year to the last [%]."""
    cells = data.sel(scenario=COMPARATOR, drop=True).sum(("quintile", "sex"))
    rate: xr.DataArray = xr.apply_ufunc(
        standardised_rate,
        cells["deaths"].sel(cause=cause, drop=True),
        cells["person_years"],
        input_core_dims=[["age_band"], ["age_band"]],
        kwargs={"standard": ESP2013},
    )
    years = rate.sizes["year"] - 1
    return 100 * (1 - (rate.isel(year=-1, drop=True) / rate.isel(year=0, drop=True)) ** (1 / years))
