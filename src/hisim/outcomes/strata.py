"""Benefit and inequality among groups of people within a fifth: ethnic groups, segments, groups left out.

Projections are as :data:`hisim.variables.PROJECTION` and :data:`hisim.stratum_variables.STRATUM_PROJECTION` declare
them. In results ``quintile`` is "1".."5" and "all" (England), ``stratum`` ends with "all": select, never sum. Women and
men are together. What is exact and what is chance is told in :mod:`hisim.outcomes.groups`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    import pandas as pd

from hisim.outcomes import standardised
from hisim.outcomes.bands import ENGLAND, of_comparator
from hisim.outcomes.comparison import SE, reported_years
from hisim.outcomes.economics import DISCOUNT, discount_factors
from hisim.outcomes.groups import (
    EVERYONE,
    OF_STRATA,
    band_utility,
    expectancy,
    gained,
    require_strata,
    with_errors,
    with_totals,
)
from hisim.variables import COMPARATOR

KEYS = ("scenario", "year", "intervention", "from_age", "quintile", "stratum")
COLUMNS = ("estimand", *KEYS, "value", "monte_carlo_se", "unit", "title")
_RATE = "per 100,000 person-years"
ABOUT = {
    "deaths_comparator": ("persons", "Deaths in the comparator by the end of the year"),
    "person_years_comparator": ("person-years", "Time lived in the comparator by the end of the year"),
    "deaths_averted": ("persons", "Deaths prevented or postponed by the end of the year"),
    "deaths_averted_per_100000": (f"deaths {_RATE}", f"Deaths prevented or postponed {_RATE}"),
    "years_of_life_gained": ("person-years", "Years of life gained by the end of the year"),
    "standardised_rate": (f"deaths {_RATE}", "Deaths from all causes, standardised (2013)"),
    "life_expectancy": ("years", "Life expectancy at birth"),
    "gap_fifth": ("years", "Life expectancy at birth: all people of the fifth minus the stratum"),
    "gap_england": ("years", "Life expectancy at birth: England minus the stratum"),
    "gap_fifth_widening": ("years", "Widening of the gap to all people of the fifth (negative: narrows)"),
    "gap_england_widening": ("years", "Widening of the gap to England (negative: narrows)"),
    "qalys_gained": ("QALYs", "QALYs gained by the end of the year"),
    "qale": ("quality-adjusted years", "Quality-adjusted life expectancy at birth"),
}
"""Unit and title of every figure by stratum."""
DIFFERENCES = frozenset(
    {"deaths_averted", "deaths_averted_per_100000", "years_of_life_gained", "qalys_gained"}
    | {"gap_fifth_widening", "gap_england_widening"}
)
"""Figures that are zero for the comparator by definition."""


def by_stratum(projection: xr.Dataset, *, by: Sequence[int] | None = None, calibrated: bool = True) -> xr.Dataset:
    """What every scenario does for each stratum of each fifth, with Monte Carlo standard errors.

    Parameters
    ----------
    projection : with strata.
    by : years to report beside the first; 2015 (if projected) and the last year by default.
    calibrated : False for a projection made by the ``sampled`` estimator.

    Returns
    -------
    xr.Dataset
        By scenario, draw, year, quintile and stratum, each with its error ``x_se``: from the first year to the end of
        each reported year ``deaths_averted`` [persons], ``deaths_averted_per_100000`` of the comparator's person-years,
        ``years_of_life_gained`` [person-years], and, without ``scenario``, ``deaths_comparator`` and
        ``person_years_comparator``; in each year ``standardised_rate`` (ESP 2013; NaN with an age group empty),
        ``life_expectancy`` [years], and its gaps ``gap_fifth`` and ``gap_england``: life expectancy of all people of
        the fifth, or of England, in the same scenario, minus the stratum's, so positive where the stratum is worse
        off. ``gap_*_widening`` is the size of the gap (whichever way) in the scenario minus that in the comparator:
        positive where the mix widens it. Expectancies are withheld under 5,000
        person-years of the stratum and fifth in the comparator's year.

    Raises
    ------
    ImpossibleModelError
        For a projection without strata, a variable not as declared, fewer than two batches, or a year not projected.
    """
    require_strata(projection, *OF_STRATA)
    years = reported_years(projection, by)
    return with_errors(projection, partial(_estimates, years=years), years, ABOUT, calibrated=calibrated)


def quality_by_stratum(
    projection: xr.Dataset,
    values: xr.Dataset,
    *,
    by: Sequence[int] | None = None,
    discount: float = DISCOUNT,
    calibrated: bool = True,
) -> xr.Dataset:
    """QALYs gained and quality-adjusted life expectancy of each stratum of each fifth.

    Strata of a fifth, sex and age have the utility of that fifth and age: they differ in mortality alone. An age
    band's utility is the mean over the comparator's person-years by single age, as in :mod:`hisim.outcomes.quality`.

    Parameters
    ----------
    projection, by, calibrated : as :func:`by_stratum`.
    values : with ``utility`` (quintile, age) [QALY per year].
    discount : rate per year of the QALYs gained, from the first year; as in :mod:`hisim.outcomes.economics`.

    Returns
    -------
    xr.Dataset
        By scenario, draw, year, quintile and stratum, each with its error ``x_se``: ``qalys_gained`` [QALYs], from the
        first year to the end of each reported year, and ``qale`` [quality-adjusted years] by Sullivan's method,
        withheld as in :func:`by_stratum`.

    Raises
    ------
    ImpossibleModelError
        As :func:`by_stratum`, or for ``utility`` missing or not as declared, or a negative rate.
    """
    require_strata(projection, *OF_STRATA)
    years = reported_years(projection, by)
    utility, weights = band_utility(projection, values), discount_factors(projection["year"], discount)

    def estimates(data: xr.Dataset) -> xr.Dataset:
        whole = with_totals(data.assign(well=data["person_years"] * utility))
        qale = expectancy(whole.sel(year=years))
        return xr.Dataset({"qalys_gained": gained(whole["well"], weights).sel(year=years), "qale": qale})

    result = with_errors(projection, estimates, years, ABOUT, calibrated=calibrated)
    return result.assign_attrs(discount=discount)


def tidy(dataset: xr.Dataset, *, draw: int = 0) -> pd.DataFrame:
    """Figures with errors as one long table, a row each, for CSV files and printed tables.

    Columns are :data:`COLUMNS`; keys that do not apply are empty text. The comparator's zero differences from itself
    are left out; withheld figures stay, as missing, and so do errors of figures that have none.

    Parameters
    ----------
    dataset : what :func:`by_stratum`, or another function of strata, targeting or older, returned.
    draw : which joint draw of the uncertain inputs; 0 holds the central values.
    """
    import pandas as pd

    one = dataset.sel(draw=draw, drop=True)
    parts = []
    for name in (str(name) for name in one.data_vars if not str(name).endswith(SE)):
        values = one[name]
        if name in DIFFERENCES:
            values = values.sel(scenario=[label for label in values["scenario"].values.tolist() if label != COMPARATOR])
        table = values.rename("value").to_dataframe().reset_index()
        error = one[f"{name}{SE}"] if f"{name}{SE}" in one else xr.full_like(values, np.nan, dtype=float)
        table["monte_carlo_se"] = error.sel(values.coords).transpose(*values.dims).values.ravel()
        blank = {key: COMPARATOR if key == "scenario" else "" for key in KEYS if key not in table}
        parts.append(table.assign(estimand=name, title=values.attrs["long_name"], unit=values.attrs["units"], **blank))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _estimates(data: xr.Dataset, *, years: Sequence[int]) -> xr.Dataset:
    whole = with_totals(data)
    averted, more = -gained(whole["deaths"]), gained(whole["person_years"])
    died, lived = (of_comparator(whole[name]).sum("age_band", skipna=False) for name in ("deaths", "person_years"))
    died, lived = died.cumsum("year", skipna=False), lived.cumsum("year", skipna=False)
    values = {
        "deaths_averted": averted,
        "deaths_averted_per_100000": (averted / lived * standardised.PER).transpose(*averted.dims),
        "years_of_life_gained": more,
        "deaths_comparator": died,
        "person_years_comparator": lived,
    }
    values = {name: one.sel(year=years) for name, one in values.items()}
    snapshot, core = whole.sel(year=years), [["age_band"], ["age_band"]]
    values["standardised_rate"] = xr.apply_ufunc(
        standardised.standardised_rate, snapshot["deaths"], snapshot["person_years"], input_core_dims=core
    )
    values["life_expectancy"] = expected = expectancy(snapshot)
    fifth = expected.sel(stratum=EVERYONE, drop=True)
    for name, against in (("gap_fifth", fifth), ("gap_england", fifth.sel(quintile=ENGLAND, drop=True))):
        gap = (against - expected).transpose(*expected.dims)
        values[name], size = gap, abs(gap)
        values[f"{name}_widening"] = (size - of_comparator(size)).transpose(*gap.dims)
    return xr.Dataset(values)
