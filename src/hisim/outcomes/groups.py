"""What figures for groups of people share: their deaths, their replicates, their errors, their life tables.

A projection holds the people of each fifth, sex and age band together, or divided among strata; everything here works
on both. Without strata, results lack the dimension ``stratum``.

**What is exact and what is chance.** The comparator's deaths of each fifth, sex, age and cause are inputs, so they have
no Monte Carlo error. How they divide among strata follows from the people who happen to be simulated: the comparator's
deaths, rates and life expectancy of *one* stratum therefore have an error too, the larger the smaller the stratum.
Deaths averted, and changes of a gap, are differences between the same simulated people, and much surer. Each jackknife
replicate (:mod:`hisim.outcomes.jackknife`) is first made for all strata together, calibrated by cause as ever; then
each scenario's cells are divided among strata as the replicate's people are. So strata add up to the whole in every
replicate, and the error for all strata is that of :func:`hisim.outcomes.comparison.compare`. Batches know strata of all
causes together only: what is left out is chance in which causes a stratum dies of, given how many.

References
----------
.. [1] Eayres D, Williams ES (2004). Evaluation of methodologies for small area life expectancy estimation. Journal of
   Epidemiology and Community Health 58: 243-249. doi:10.1136/jech.2003.009654
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes import lifetable
from hisim.outcomes.bands import QUINTILE_LABELS, add_total, banded, of_comparator, require, sum_ages
from hisim.outcomes.comparison import SE
from hisim.outcomes.economics import ROUNDING
from hisim.outcomes.jackknife import CELLS_AT_ONCE, replicates, require_batches, spread
from hisim.stratum_variables import STRATUM_PROJECTION
from hisim.variables import (
    AGE_BAND_STARTS,
    INPUTS,
    PROJECTION,
)

EVERYONE = "all"
"""Last label of ``stratum``: all strata together."""
FEWEST_PERSON_YEARS = 5_000.0
"""Expectancies of fewer person-years in the comparator's year are withheld: the least that is reliable [1]_."""
COUNTED = ("deaths", "person_years", "deaths_batch", "person_years_batch")
OF_STRATA = tuple(f"stratum_{name}" for name in COUNTED)
EXPECTANCIES = frozenset(
    {"life_expectancy", "gap_fifth", "gap_england", "gap_fifth_widening", "gap_england_widening", "qale"}
)
"""Figures that are withheld where there are too few people."""
WITHHELD = (
    f"not-a-number under {FEWEST_PERSON_YEARS:g} person-years in the comparator's year, or with an age band empty"
)
Estimates = Callable[[xr.Dataset], xr.Dataset]


def people(projection: xr.Dataset) -> xr.Dataset:
    """``deaths`` from all causes and ``person_years`` (scenario, draw, year, quintile, sex, age_band[, stratum])."""
    if OF_STRATA[0] not in projection:
        return _all_causes(banded(projection[["deaths", "person_years"]]))
    data = {name: projection[f"stratum_{name}"] for name in ("deaths", "person_years")}
    return _all_causes(xr.Dataset(data))


def people_replicates(projection: xr.Dataset, *, calibrated: bool = True) -> xr.Dataset:
    """:func:`people` with one batch left out each, along ``replicate`` after ``draw``.

    Those of :func:`hisim.outcomes.jackknife.replicates`, each cell of each scenario divided among strata as the
    people of the remaining batches are; as all people are, where nobody is left.
    """
    whole = _all_causes(replicates(projection[list(COUNTED)], calibrated=calibrated))
    if OF_STRATA[0] not in projection:
        return whole
    parts = {name: _divided(whole[name], projection[f"stratum_{name}_batch"]) for name in ("deaths", "person_years")}
    return xr.Dataset(parts)


def monte_carlo_se(projection: xr.Dataset, estimates: Estimates, *, calibrated: bool = True) -> xr.Dataset:
    """Monte Carlo standard errors of ``estimates`` of :func:`people`; see :mod:`hisim.outcomes.jackknife`.

    Raises
    ------
    ImpossibleModelError
        With fewer than two batches.
    """
    require_batches(projection)
    draws = projection.sizes["draw"]
    step = max(1, CELLS_AT_ONCE * draws // projection["deaths_batch"].size)
    parts = []
    for first in range(0, draws, step):
        some = projection.isel(draw=slice(first, first + step))
        parts.append(spread(estimates(people_replicates(some, calibrated=calibrated))))
    return parts[0] if len(parts) == 1 else xr.concat(parts, "draw", join="exact")


def with_errors(
    projection: xr.Dataset,
    estimates: Estimates,
    years: Sequence[int],
    about: Mapping[str, tuple[str, str]],
    *,
    calibrated: bool = True,
) -> xr.Dataset:
    """``estimates`` of a projection with their errors ``x_se``, units and titles; expectancies withheld."""
    data = people(projection)
    errors = monte_carlo_se(projection, estimates, calibrated=calibrated)
    result = estimates(data).merge(errors.rename({name: f"{name}{SE}" for name in errors.data_vars}))
    lived = of_comparator(with_totals(data[["person_years"]])["person_years"].sel(year=years))
    enough = lived.sum("age_band", skipna=False) >= FEWEST_PERSON_YEARS
    for name in map(str, result.data_vars):
        plain = name.removesuffix(SE)
        unit, title = about[plain]
        attrs = {"units": unit, "long_name": title if plain == name else f"{title}: Monte Carlo standard error"}
        if plain in EXPECTANCIES:
            result[name] = result[name].where(enough)
            attrs["withheld"] = WITHHELD
        result[name].attrs = attrs
    return result.assign_attrs(projection.attrs | {"years_reported": ", ".join(map(str, years))})


def with_totals(data: xr.Dataset) -> xr.Dataset:
    """Women and men together, with England and, where there are strata, all strata beside their parts."""

    def totals(values: xr.DataArray) -> xr.DataArray:
        whole = add_total(values.sum("sex", skipna=False), "quintile", QUINTILE_LABELS)
        if "stratum" not in whole.dims:
            return whole
        return add_total(whole, "stratum", [*map(str, values["stratum"].values), EVERYONE])

    return xr.Dataset({str(name): totals(values) for name, values in data.items()})


def gained(values: xr.DataArray, weights: xr.DataArray | float = 1.0) -> xr.DataArray:
    """Scenario minus comparator at all ages of ``values`` (..., year, ..., age_band), from the first year to each."""
    whole = values.sum("age_band", skipna=False) if "age_band" in values.dims else values
    more = ((whole - of_comparator(whole)) * weights).transpose(*whole.dims)
    return more.cumsum("year", skipna=False)


def band_utility(projection: xr.Dataset, values: xr.Dataset) -> xr.DataArray:
    """Mean utility over the comparator's person-years, (draw, year, quintile, sex, age_band) [QALY per year]."""
    require(projection, PROJECTION, "person_years")
    require(values, INPUTS, "utility")
    lived = of_comparator(projection["person_years"])
    return (sum_ages(lived * values["utility"]) / sum_ages(lived)).fillna(0.0)


def expectancy(whole: xr.Dataset, age: int = 0) -> xr.DataArray:
    """Period life expectancy at ``age``, the start of an age band, without ``age_band`` [years].

    Parameters
    ----------
    whole : ``deaths`` and ``person_years`` (..., age_band); with ``well``, person-years times utility, each band's
        years count at the comparator's mean utility (Sullivan, see :mod:`hisim.outcomes.quality`), else in full.
    """
    first, died, lived = AGE_BAND_STARTS.index(age), whole["deaths"], whole["person_years"]
    utility = of_comparator(whole["well"]) / of_comparator(lived) if "well" in whole else xr.ones_like(died)

    def expected(deaths: np.ndarray, population: np.ndarray, utility: np.ndarray) -> np.ndarray:
        table = lifetable.life_table(deaths, population)
        with np.errstate(divide="ignore", invalid="ignore"):
            years: np.ndarray = (table.person_years * utility)[..., first:].sum(axis=-1) / table.survivors[..., first]
        return years

    found: xr.DataArray = xr.apply_ufunc(expected, died, lived, utility, input_core_dims=[["age_band"]] * 3)
    return found.transpose(*(dim for dim in died.dims if dim != "age_band"))


def require_strata(projection: xr.Dataset, *names: str) -> None:
    """Raise unless the projection holds the variables ``names`` of strata, and all people's, as declared.

    Raises
    ------
    ImpossibleModelError
        For a variable that is missing or not as declared.
    """
    for name in names:
        if name not in projection:
            raise ImpossibleModelError(
                f"{name}: missing from the projection; add a `strata:` section to the scenario and run it again"
            )
    require(projection, STRATUM_PROJECTION, *names)
    require(projection, PROJECTION, *COUNTED)


def _all_causes(data: xr.Dataset) -> xr.Dataset:
    return data.assign(deaths=data["deaths"].sum("cause", skipna=False))


def _divided(whole: xr.DataArray, batch: xr.DataArray) -> xr.DataArray:
    """``whole`` (..., replicate, ...) among strata, by ``batch`` (..., batch, ..., stratum) without each batch."""
    total = batch.sum("batch", skipna=False)
    left = (total - batch).transpose(*batch.dims).drop_vars("batch", errors="ignore").rename(batch="replicate")
    everybody, found = total.sum("stratum", skipna=False), left.sum("stratum", skipna=False)
    usual = (total / everybody).fillna(0.0)
    share = (left / found).where(found > ROUNDING * everybody, usual)
    return (whole * share).transpose(*left.dims)
