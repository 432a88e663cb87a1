"""Whom services reach, what that averts, and who gains: so that rules of targeting can be set side by side.

Reach is counted in person-years of service beyond the comparator. A person who is served for five years counts five
times, and a person whom two interventions of a scenario serve counts once for each: "per 1,000 reached" is per 1,000
person-years of service of the whole mix, not per 1,000 people. It compares rules of targeting for the same
interventions. Between mixes of different interventions it weighs a yearly pill and a single check alike, and only cost
(:mod:`hisim.outcomes.economics`) can set them against each other. Monte Carlo errors are those of deaths averted: they
leave out chance in who is reached.

Projections and dimensions are those of :mod:`hisim.outcomes.strata`; scenarios come without the comparator.
"""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from hisim.outcomes import inequality
from hisim.outcomes.bands import ENGLAND, fifths, of_comparator
from hisim.outcomes.comparison import reported_years
from hisim.outcomes.economics import ROUNDING
from hisim.outcomes.groups import EVERYONE, OF_STRATA, gained, require_strata, with_errors, with_totals
from hisim.outcomes.standardised import PER
from hisim.variables import COMPARATOR

THOUSAND = 1_000.0
REACH = ("stratum_covered", "stratum_eligible")
ABOUT = {
    "reached": ("person-years of service", "People reached beyond the comparator by the end of the year"),
    "eligible": ("person-years", "Time lived by people whom the intervention is for, by the end of the year"),
    "share_reached": ("fraction", "Share of eligible people reached beyond the comparator"),
    "people_reached": ("person-years of service", "People reached by all interventions by the end of the year"),
    "deaths_averted": ("persons", "Deaths prevented or postponed by the end of the year"),
    "deaths_averted_per_1000_reached": (
        "deaths per 1,000 person-years of service", "Deaths prevented or postponed per 1,000 people reached in a year",
    ),
    "share_most_deprived": ("fraction", "Share of deaths averted that are in the most deprived fifth"),
    "deaths_averted_sii": (
        "deaths per 100,000 person-years",
        "Deaths prevented or postponed per 100,000: slope index (negative favours the most deprived)",
    ),
    "share_of_deaths_averted": ("fraction", "Share of deaths averted that are in the stratum"),
    "share_of_deaths": ("fraction", "Share of the comparator's deaths that are in the stratum"),
    "averted_to_deaths": ("ratio", "Share of deaths averted over share of the comparator's deaths"),
}  # fmt: skip
"""Unit and title of every figure."""


def reached(projection: xr.Dataset, *, by: Sequence[int] | None = None, calibrated: bool = True) -> xr.Dataset:
    """Whom each intervention reaches in each fifth and stratum, and deaths averted for it.

    Parameters
    ----------
    projection, by, calibrated : as :func:`hisim.outcomes.strata.by_stratum`.

    Returns
    -------
    xr.Dataset
        From the first year to the end of each reported year, by scenario, draw, intervention, year, quintile and
        stratum: ``reached`` [person-years of service beyond the comparator], ``eligible`` [person-years] and
        ``share_reached`` of them (NaN where nobody is eligible). Without ``intervention``, over all of the scenario's:
        ``people_reached`` and ``deaths_averted_per_1000_reached`` with its error ``_se``, NaN where nobody is reached.

    Raises
    ------
    ImpossibleModelError
        For a projection without strata, a variable not as declared, fewer than two batches, or a year not projected.
    """
    years, served, eligible = _reach(projection, by)
    whole = _people_reached(served, eligible)

    def estimates(data: xr.Dataset) -> xr.Dataset:
        averted = _averted(with_totals(data)).sel(year=years)
        return xr.Dataset({"deaths_averted_per_1000_reached": _per_1000(averted, whole)})

    result = with_errors(projection, estimates, years, ABOUT, calibrated=calibrated)
    return _described(
        result.assign(
            reached=served,
            eligible=eligible,
            share_reached=served / eligible.where(eligible > 0),
            people_reached=whole,
        )
    )


def efficiency_and_equity(
    projection: xr.Dataset, *, by: Sequence[int] | None = None, calibrated: bool = True
) -> xr.Dataset:
    """How much each scenario averts for its reach, and how that lies across fifths and strata of England.

    Parameters
    ----------
    projection, by, calibrated : as :func:`hisim.outcomes.strata.by_stratum`.

    Returns
    -------
    xr.Dataset
        From the first year to the end of each reported year, by scenario, draw and year: ``people_reached``
        [person-years of service]; and, each with its error ``x_se``, ``deaths_averted`` [persons],
        ``deaths_averted_per_1000_reached``, ``share_most_deprived`` of deaths averted [fraction] and
        ``deaths_averted_sii``, the slope index across fifths [per 100,000 person-years; negative favours the most
        deprived]. By stratum too: ``share_of_deaths_averted``, ``share_of_deaths`` of the comparator (without
        ``scenario``) and their ratio ``averted_to_deaths``: above 1 where the stratum gains more than its part of the
        deaths. Shares are NaN where no deaths are averted; where some fifth or stratum loses they may pass 1.

    Raises
    ------
    ImpossibleModelError
        As :func:`reached`.
    """
    years, served, eligible = _reach(projection, by)
    reach = _people_reached(served, eligible).sel(quintile=ENGLAND, stratum=EVERYONE, drop=True)

    def estimates(data: xr.Dataset) -> xr.Dataset:
        whole = with_totals(data)
        averted = _averted(whole).sel(year=years)
        base = of_comparator(whole["deaths"]), of_comparator(whole["person_years"])
        died, lived = (one.sum("age_band", skipna=False).cumsum("year", skipna=False).sel(year=years) for one in base)
        strata = [name for name in died["stratum"].values.tolist() if name != EVERYONE]
        place, england = averted.sel(stratum=EVERYONE, drop=True), averted.sel(quintile=ENGLAND, drop=True)
        total = england.sel(stratum=EVERYONE, drop=True)
        deaths = died.sel(quintile=ENGLAND, drop=True)
        some = total.where(total > ROUNDING * deaths.sel(stratum=EVERYONE, drop=True))
        share = england.sel(stratum=strata) / some
        of_deaths = deaths.sel(stratum=strata) / deaths.sel(stratum=EVERYONE, drop=True)
        people = fifths(lived.sel(stratum=EVERYONE, drop=True))
        return xr.Dataset(
            {
                "deaths_averted": total,
                "deaths_averted_per_1000_reached": _per_1000(total, reach),
                "share_most_deprived": place.sel(quintile="1", drop=True) / some,
                "deaths_averted_sii": inequality.slope_index(fifths(place) / people * PER, people),
                "share_of_deaths_averted": share,
                "share_of_deaths": of_deaths,
                "averted_to_deaths": share / of_deaths.where(of_deaths > 0),
            }
        )

    result = with_errors(projection, estimates, years, ABOUT, calibrated=calibrated)
    return _described(result.assign(people_reached=reach))


def _reach(projection: xr.Dataset, by: Sequence[int] | None) -> tuple[list[int], xr.DataArray, xr.DataArray]:
    """Years reported, and people served and eligible by the end of each, as :func:`_cumulative` gives them."""
    require_strata(projection, *OF_STRATA, *REACH)
    years = reported_years(projection, by)
    served, eligible = (_cumulative(projection, name).sel(year=years) for name in REACH)
    return years, served, eligible


def _cumulative(projection: xr.Dataset, name: str) -> xr.DataArray:
    """(scenario, draw, intervention, year, quintile, stratum), with totals, added up over the years."""
    values = _others(projection[name]).sum("age_band", skipna=False)
    return with_totals(xr.Dataset({name: values}))[name].cumsum("year", skipna=False)


def _people_reached(served: xr.DataArray, eligible: xr.DataArray) -> xr.DataArray:
    """Over all interventions; exactly 0 where only rounding is left."""
    whole = served.sum("intervention", skipna=False)
    return whole.where(abs(whole) > ROUNDING * eligible.sum("intervention", skipna=False), 0.0)


def _averted(whole: xr.Dataset) -> xr.DataArray:
    return _others(-gained(whole["deaths"]))


def _per_1000(averted: xr.DataArray, reach: xr.DataArray) -> xr.DataArray:
    return (averted / reach.where(reach > 0) * THOUSAND).transpose(*averted.dims)


def _others(values: xr.DataArray) -> xr.DataArray:
    return values.sel(scenario=[name for name in values["scenario"].values.tolist() if name != COMPARATOR])


def _described(result: xr.Dataset) -> xr.Dataset:
    for name, (unit, title) in ABOUT.items():
        if name in result and not result[name].attrs:
            result[name].attrs = {"units": unit, "long_name": title}
    return result
