"""What hisim would have said in an earlier year, beside what happened and beside other forecasts made from the same.

The real model projects the comparator from the origin to the last year with the pooled trend
(:mod:`hisim.inputs.pooled`), which knows nothing of later years. Its deaths are calibrated, so that few simulated
people do. Rivals are those of :mod:`hisim.studies.forecasts`.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario, Simulation, Trend
from hisim.errors import ImpossibleModelError
from hisim.inputs.life_table import FIRST_YEAR, LAST_YEAR
from hisim.inputs.load import Known, known_in, load_inputs
from hisim.inputs.pooled import WINDOW
from hisim.inputs.uncertain import uncertain_inputs
from hisim.model.projection import project
from hisim.outcomes.lifetable import life_expectancy
from hisim.outcomes.standardised import standardised_rate
from hisim.studies import forecasts
from hisim.variables import AGE_BAND_STARTS, CAUSE_GROUPS, CAUSES, COMPARATOR, QUINTILES, SEXES

EARLIEST, LATEST = 2003, LAST_YEAR - 1
"""Origins: three years of deaths by fifth and cause are known in the first, and one year is left after the last."""
ORIGINS = tuple(range(EARLIEST, LATEST))
"""Origins of the whole table: those with two years to forecast or more."""
OURS = "hisim"
RIVALS = ("held", "line", "lee_carter_fifth", "lee_carter_nation", "lee_carter_ten")
FORECASTERS = (OURS, *RIVALS)
TARGET = 0.4
"""Error of life expectancy at birth that is accepted [years]."""
PEOPLE = 16
"""Simulated people in each cohort: the comparator's deaths are exact with any number."""
FACTOR = "inputs.factors.mortality_trend"
STARTS = (0, 65)
CODING_CHANGED = 2011
UNITS = {
    "life_expectancy": ("years", "expected further years of life, forecast"),
    "life_expectancy_low": ("years", "the same with the yearly change at the lower end of its 95 % interval"),
    "life_expectancy_high": ("years", "the same with the yearly change at the upper end of its 95 % interval"),
    "hindsight": ("years", "the same had the nation's rates to come been known, with every fifth following them"),
    "observed_life_expectancy": ("years", "expected further years of life, observed"),
    "deaths": ("persons", "deaths in the year, hisim"),
    "observed_deaths": ("persons", "deaths in the year, observed"),
    "standardised_rate": ("deaths per 100,000", "rate on the European Standard Population 2013, hisim"),
    "observed_standardised_rate": ("deaths per 100,000", "rate on the European Standard Population 2013, observed"),
    "population": ("persons", "people at mid-year, hisim: nobody moves, births as in the origin"),
    "observed_population": ("persons", "people at mid-year, observed"),
}


def hindcast(origin: int, to: int = LAST_YEAR, *, threads: int | None = None) -> xr.Dataset:
    """Forecast ``origin`` + 1 .. ``to`` from what was known in ``origin``, beside what was observed.

    Parameters
    ----------
    origin
        Last year whose deaths are used, 2003..2010.
    to
        Last year forecast, ``origin`` + 1..2011.
    threads
        As in :func:`hisim.model.projection.project`.

    Returns
    -------
    xarray.Dataset
        :data:`UNITS`: life expectancy (forecaster, start_age, year, quintile, sex), its interval because of the trend
        (hisim only), deaths and standardised rates (year, quintile, sex, cause_group), people (year, quintile, sex).

    Raises
    ------
    ImpossibleModelError
        For other years.
    """
    check_years(origin, to)
    ours = [_projected(origin, to, factor, threads) for factor in _factors()]
    known, seen = known_in(origin), known_in(LAST_YEAR)
    after = slice(origin - FIRST_YEAR + 1, to - FIRST_YEAR + 1)
    variables = {**_life(ours, known, seen, after), **_counted(ours[1], seen, after)}
    coords = {
        "forecaster": list(FORECASTERS), "start_age": list(STARTS), "year": list(range(origin + 1, to + 1)),
        "quintile": list(QUINTILES), "sex": list(SEXES), "cause_group": list(CAUSE_GROUPS),
    }  # fmt: skip
    data = xr.Dataset(variables, coords, {"origin": origin, "to": to, "trend": "pooled", "target_years": TARGET})
    for name, (unit, meaning) in UNITS.items():
        data[name].attrs.update(units=unit, long_name=meaning)
    return data


def check_years(origin: int, to: int) -> None:
    """Refuse years that cannot be forecast or scored."""
    if not EARLIEST <= origin <= LATEST:
        raise ImpossibleModelError(
            f"from: found {origin}; allowed: {EARLIEST} to {LATEST}: three years of deaths by fifth are known in the "
            "first, and one is left to forecast after the last"
        )
    if not origin < to <= LAST_YEAR:
        raise ImpossibleModelError(f"to: found {to}; allowed: {origin + 1} to {LAST_YEAR}, the last year observed")


def scores(data: xr.Dataset) -> xr.Dataset:
    """How far life expectancy at birth was missed, by forecaster and year, over the ten fifths and sexes.

    Returns
    -------
    xarray.Dataset
        (forecaster, year): ``bias``, ``mae``, ``rmse`` and ``worst`` (the largest miss, with its sign) [years];
        ``within`` (how many of the ten are within the target), ``gap_mae`` (of the gap between the ends, over sexes)
        [years]; (year): ``in_hisim_interval``, how many of the ten lie in it.
    """
    error = errors(data)
    cells = ("quintile", "sex")
    flat = error.stack(cell=cells)
    gap = error.sel(quintile=QUINTILES[-1]) - error.sel(quintile=QUINTILES[0])
    seen, low, high = (
        data[name].sel(start_age=0)
        for name in ("observed_life_expectancy", "life_expectancy_low", "life_expectancy_high")
    )
    worst = flat.isel(cell=abs(flat).argmax("cell")).drop_vars(["cell", *cells])
    found: dict[str, xr.DataArray] = {
        "bias": error.mean(cells), "mae": abs(error).mean(cells), "rmse": ((error**2).mean(cells)) ** 0.5,
        "worst": worst, "gap_mae": abs(gap).mean("sex"),
    }  # fmt: skip
    result = xr.Dataset({name: values.assign_attrs(units="years") for name, values in found.items()})
    result["within"] = (abs(error) <= TARGET).sum(cells).assign_attrs(units="life expectancies of ten")
    inside = ((low <= seen) & (seen <= high)).sum(cells)
    result["in_hisim_interval"] = inside.assign_attrs(units="life expectancies of ten")
    return result.drop_vars("start_age").assign_attrs(data.attrs)


def errors(data: xr.Dataset, start_age: int = 0) -> xr.DataArray:
    """Forecast less observed life expectancy at ``start_age`` [years], (forecaster, year, quintile, sex)."""
    chosen = data.sel(start_age=start_age)
    return chosen["life_expectancy"] - chosen["observed_life_expectancy"]


def _factors() -> tuple[float, float, float]:
    """What yearly changes are multiplied by at the lower end, the centre and the upper end of the interval.

    Life expectancy rises with the factor, so that the ends of the one are the ends of the other.
    """
    trend = next(one for one in uncertain_inputs() if one.path == FACTOR)
    return trend.low, trend.value, trend.high


def _projected(origin: int, to: int, factor: float, threads: int | None) -> xr.Dataset:
    """The comparator from ``origin`` + 1 to ``to``, by age group."""
    scenario = Scenario(
        hisim=1, name="hindcast", title="Nothing done", start=origin, end=to, observed_to=origin,
        trend=Trend(kind="pooled"), simulation=Simulation(people_per_cohort=PEOPLE),
    )  # fmt: skip
    inputs = load_inputs(origin, to, trend="pooled", observed_to=origin, values={FACTOR: factor})
    found = project(scenario, inputs, threads=threads)[["deaths_batch", "person_years_batch"]]
    return found.sel(scenario=COMPARATOR, year=slice(origin + 1, to)).isel(draw=0).sum("batch")


def _life(
    ours: list[xr.Dataset], known: Known, seen: Known, after: slice
) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Life expectancies, forecast and observed."""
    all_causes, years = known.deaths.sum(axis=-1), after.stop - after.start
    last = np.maximum(all_causes[-1], forecasts.FEWEST) / known.population[-1]
    central, ends = _expected(ours[1]), [_expected(ours[0]), _expected(ours[2])]
    rates = (
        forecasts.held(last, years),
        forecasts.on_a_line(all_causes, known.population, years),
        forecasts.lee_carter_by_fifth(all_causes, known.population, years),
        forecasts.lee_carter_of_the_nation(last, known.national, known.people, years),
        forecasts.lee_carter_of_the_nation(last, known.national[-WINDOW:], known.people, years),
    )
    rivals = [_at(rate, np.ones_like(rate)) for rate in rates]
    since = len(known.national) - 1
    to_come = seen.national[since + 1 : since + 1 + years] / seen.national[since]
    hindsight = last * to_come[:, None]
    observed = _at(seen.deaths[after].sum(axis=-1), seen.population[after])
    dims = ("start_age", "year", "quintile", "sex")
    return {
        "life_expectancy": (("forecaster", *dims), np.stack([central, *rivals])),
        "life_expectancy_low": (dims, np.minimum(*ends)),
        "life_expectancy_high": (dims, np.maximum(*ends)),
        "hindsight": (dims, _at(hindsight, np.ones_like(hindsight))),
        "observed_life_expectancy": (dims, observed),
    }


def _expected(projected: xr.Dataset) -> np.ndarray:
    order = ("year", "quintile", "sex", "age_band")
    deaths = projected["deaths_batch"].sum("cause").transpose(*order).values
    return _at(deaths, projected["person_years_batch"].transpose(*order).values)


def _at(deaths: np.ndarray, population: np.ndarray) -> np.ndarray:
    """Life expectancy at each of :data:`STARTS`, (start_age, year, quintile, sex)."""
    every = life_expectancy(deaths, population)
    return np.stack([every[..., AGE_BAND_STARTS.index(start)] for start in STARTS])


def _counted(ours: xr.Dataset, seen: Known, after: slice) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Deaths, standardised rates and people, of hisim and as observed."""
    lived = ours["person_years_batch"].transpose("year", "quintile", "sex", "age_band").values
    died = ours["deaths_batch"].transpose("year", "quintile", "sex", "age_band", "cause").values
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    cells = ("year", "quintile", "sex")
    for before, deaths, people in (("", died, lived), ("observed_", seen.deaths[after], seen.population[after])):
        groups = np.stack([deaths[..., [CAUSES.index(one) for one in of]].sum(axis=-1) for of in CAUSE_GROUPS.values()])
        rates = np.moveaxis(standardised_rate(groups, people[None]), 0, -1)
        found[f"{before}deaths"] = ((*cells, "cause_group"), np.moveaxis(groups.sum(axis=-1), 0, -1))
        found[f"{before}standardised_rate"] = ((*cells, "cause_group"), rates)
        found[f"{before}population"] = (cells, people.sum(axis=-1))
    return found
