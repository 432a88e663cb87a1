"""Packaged tables in, the model's inputs out: the one place where all of them come together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from hisim.areas import ENGLAND, find
from hisim.errors import ImpossibleModelError
from hisim.inputs import alcohol, areas, circumstances, conditions, coverage, exposures, smoking, values
from hisim.inputs.catalogue import list_tables, packaged_bytes
from hisim.inputs.life_table import FIRST_YEAR, LAST_YEAR, Tables, known_shape, mortality_shape
from hisim.inputs.mortality import by_band, observed_deaths, observed_rates
from hisim.inputs.packed import packed, unpacked
from hisim.inputs.pooled import FIRST_NATIONAL_YEAR, Pooled, national_bands, pooled_rates, pooled_slopes
from hisim.inputs.population import births, observed_population
from hisim.inputs.relative_risks import log_hazard_ratios
from hisim.inputs.tables import grid, read_table
from hisim.inputs.trend import KINDS, fitted_years, projected_rates, yearly_slopes
from hisim.inputs.uncertain import drawn_tables, parameters_of, times_factors, trend_factor
from hisim.kept import digest_of, keep, recall
from hisim.variables import CAUSES, DIMENSIONS, INPUTS, RISKS, describe

EARLIEST_START = 2002
LONGEST = 40
SHARE = "share_of_england"
"""Attribute of the inputs of an area: share of England's people who live there in the first year."""


def load_inputs(
    start: int = 2011,
    end: int = 2020,
    *,
    trend: str = "damped",
    damping: float = 0.9,
    observed_to: int = 2011,
    area: str = ENGLAND,
    values: Mapping[str, float] | None = None,
) -> xr.Dataset:
    """Everything the model needs to project ``area`` from ``start`` to ``end``.

    Parameters
    ----------
    start, end
        First (2002..2011) and last year, at most 40 years apart.
    trend
        How mortality goes on after ``observed_to``: flat, continue, damped or pooled
        (:mod:`hisim.inputs.pooled`).
    damping
        With damped, the factor by which the yearly change shrinks each year, over 0 to 1.
    observed_to
        Last year whose observed rates are used, ``start``..2011; earlier for a hindcast, in which neither births
        nor the shape of mortality by single year of age are of later years.
    area
        Name or code, as :func:`hisim.areas.find` takes it. Of other areas than England people, births and death rates
        are their own (:mod:`hisim.inputs.areas`); what people of a fifth, sex and age are like is England's.
    values
        Drawn values of uncertain figures, by path (:func:`hisim.inputs.uncertain.uncertain_inputs`); the others are
        central.

    Returns
    -------
    xarray.Dataset
        :data:`hisim.variables.INPUTS`, with sources, digests, quality and assumptions in its attributes.

    Raises
    ------
    ImpossibleModelError
        When the years, trend or area are not among those allowed.
    InvalidTableError
        When a packaged table is damaged.
    """
    place = find(area)
    _check(start, end, trend, damping, observed_to)
    settings = {"start": start, "end": end, "trend": trend, "damping": damping, "observed_to": observed_to}
    if values:
        arrays, attributes = _worked_out(start, end, trend, damping, observed_to, values)
    else:
        arrays, attributes = _central(settings)
    if place.key != ENGLAND:
        local = areas.localised(arrays, place)
        share = float(local["population"].sum() / arrays["population"].sum())
        arrays, attributes = local, {**areas.described(attributes, place), SHARE: share}
    told = {**settings, "area": place.key, "area_name": place.name, **attributes}
    return _dataset(arrays, range(start, end + 1)).assign_attrs(told)


def _central(settings: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """What the tables give where nothing is drawn, kept between processes."""
    digest = digest_of(repr(settings), *packaged_bytes(), sources=("inputs", "variables.py", "uncertain.py"))
    known = recall("inputs", digest)
    if known is not None:
        return unpacked(known)
    arrays, attributes = _worked_out(**settings, values={})
    keep("inputs", digest, packed(arrays, attributes))
    return arrays, attributes


@lru_cache(maxsize=1)
def _tables() -> Tables:
    return {entry.name: read_table(entry.name) for entry in list_tables()}


@lru_cache(maxsize=4)
def _observed(observed_to: int = LAST_YEAR) -> tuple[np.ndarray, np.ndarray]:
    """Shape of mortality as known in ``observed_to``, and population by year."""
    shape = known_shape(mortality_shape(_tables()), observed_to)
    return shape, observed_population(_tables(), shape)


def _worked_out(
    start: int, end: int, trend: str, damping: float, observed_to: int, values: Mapping[str, float]
) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Every variable of the inputs, and where they come from."""
    tables = drawn_tables(_tables(), values)
    parameters = parameters_of(tables["parameters"], values)
    population = _observed(observed_to)[1]
    arrays: dict[str, np.ndarray] = {
        "population": population[start - FIRST_YEAR],
        "births": births(population, start, end, observed_to),
        "mortality_rate": _mortality((start, end, observed_to), trend, damping, trend_factor(values)),
        **_people(tables, _observed()[1][LAST_YEAR - FIRST_YEAR], parameters),
        **_hazards(tables, parameters),
    }
    arrays = times_factors(arrays, values)
    threshold = float(parameters["hypertension_threshold"])
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return whole, {"hypertension_threshold": threshold, **_provenance(start)}


def _check(start: int, end: int, trend: str, damping: float, observed_to: int) -> None:
    if not EARLIEST_START <= start <= LAST_YEAR:
        raise ImpossibleModelError(f"start: found {start}; allowed: {EARLIEST_START} to {LAST_YEAR}")
    if not start <= end <= start + LONGEST:
        raise ImpossibleModelError(f"end: found {end}; allowed: {start} to {start + LONGEST}")
    if not start <= observed_to <= LAST_YEAR:
        raise ImpossibleModelError(f"observed_to: found {observed_to}; allowed: {start} to {LAST_YEAR}")
    if trend not in KINDS:
        raise ImpossibleModelError(f"trend: found '{trend}'; allowed: {', '.join(KINDS)}")
    if not 0 < damping <= 1:
        raise ImpossibleModelError(f"damping: found {damping:g}; allowed: over 0, to 1")


@lru_cache(maxsize=4)
def _rates_and_slopes(observed_to: int) -> tuple[np.ndarray, np.ndarray]:
    """Rates of every year with observed deaths, and the yearly change fitted to those up to ``observed_to``."""
    shape, population = _observed(observed_to)
    deaths = observed_deaths(_tables())
    fitted = max(fitted_years(observed_to), 0)
    slopes = yearly_slopes(deaths[:fitted], by_band(population[:fitted]))
    return observed_rates(deaths, population, shape), slopes


class Known(NamedTuple):
    """Mortality that was known in a year."""

    deaths: np.ndarray
    """[persons], (year from 2001, quintile, sex, age group, cause)."""
    population: np.ndarray
    """[persons], (year from 2001, quintile, sex, age group)."""
    national: np.ndarray
    """England and Wales [deaths per person-year], (year from 1990, sex, age group)."""
    people: np.ndarray
    """England in 2001 [persons], (sex, age group): the mix of ages of ``national``."""


@lru_cache(maxsize=4)
def known_in(year: int) -> Known:
    """Observed deaths, population and national rates up to ``year``, 2001..2011."""
    every, count = _observed(year)[1], year - FIRST_YEAR + 1
    rates = grid("national_rates", _tables()["national_rates"], "mortality_rate")[: year - FIRST_NATIONAL_YEAR + 1]
    people = every[0].sum(axis=0)
    deaths = observed_deaths(_tables())[:count]
    return Known(deaths, by_band(every[:count]), national_bands(rates, people), by_band(people))


@lru_cache(maxsize=4)
def _pooled(observed_to: int) -> Pooled:
    """Yearly changes from what was known in ``observed_to``; causes never across January 2011."""
    known, fitted = known_in(observed_to), fitted_years(observed_to)
    return pooled_slopes(known.deaths[:fitted], known.population[:fitted], known.national)


def _mortality(years: tuple[int, int, int], trend: str, damping: float, faster: float) -> np.ndarray:
    """Rates of every year: observed to ``observed_to``, then the trend, (year, quintile, sex, age, cause)."""
    start, end, observed_to = years
    rates, slopes = _rates_and_slopes(observed_to)
    last, further = rates[observed_to - FIRST_YEAR], max(end - observed_to, 0)
    if trend == "pooled":
        after = pooled_rates(last, _pooled(observed_to), further, faster)
    else:
        after = projected_rates(last, slopes * faster, further, trend, damping)
    observed = rates[start - FIRST_YEAR : min(end, observed_to) - FIRST_YEAR + 1]
    return np.concatenate([observed, after])


def _people(tables: Tables, population: np.ndarray, parameters: dict[str, float]) -> dict[str, np.ndarray]:
    """Exposures, disease and care, each (quintile, sex, age) unless its name says otherwise."""
    observed, sbp_sd = exposures.observed_sbp(tables)
    care = coverage.blood_pressure_care(tables, observed, sbp_sd, population, parameters)
    cholesterol, cholesterol_sd = exposures.cholesterol(tables)
    bmi, bmi_sd = exposures.bmi(tables)
    diabetes = exposures.diabetes_prevalence(tables, population, parameters["diabetes_adults"])
    chd, stroke = (exposures.history_prevalence(tables, disease) for disease in ("chd", "stroke"))
    history, high_risk = coverage.either(chd, stroke), coverage.either(care.hypertensive, diabetes)
    secondary = coverage.statin_coverage_history(chd.shape, parameters)
    primary = coverage.statin_coverage_primary(history, high_risk, secondary, population, parameters)
    smokers = _smoking(tables, population, parameters)
    smoked = (smokers["smoking_current"], smokers["smoking_former"])
    return {
        "sbp_mean": care.mean,
        "sbp_sd": sbp_sd,
        "cholesterol_mean": cholesterol,
        "cholesterol_sd": cholesterol_sd,
        "bmi_mean": bmi,
        "bmi_sd": bmi_sd,
        "exposure_correlation": exposures.correlation(parameters),
        "diabetes_prevalence": diabetes,
        "chd_prevalence": chd,
        "stroke_history_prevalence": stroke,
        **conditions.prevalences(tables, population, smoked, parameters),
        **circumstances.prevalences(tables, population, parameters),
        **alcohol.drinking(tables, parameters),
        "hypertension_known": care.known,
        **conditions.known(population.shape, parameters),
        "antihypertensive_coverage": care.treated,
        "statin_coverage_history": secondary,
        "statin_coverage_primary": primary,
        **smokers,
        "winter_share": values.winter_share(tables),
        "utility": values.utility(tables),
        "nhs_cost": values.nhs_cost(tables),
    }


def _smoking(tables: Tables, population: np.ndarray, parameters: dict[str, float]) -> dict[str, np.ndarray]:
    current = smoking.current_smokers(tables, population)
    relapse = smoking.relapse_probability(tables)
    return {
        "smoking_current": current,
        "smoking_former": smoking.former_smokers(tables, current, population, parameters),
        "years_since_quit_share": smoking.years_since_quit_share(relapse),
        "quit_probability": smoking.quit_probability(tables),
        "relapse_probability": relapse,
        "stop_smoking_reach": smoking.stop_smoking_reach(current, population, parameters),
    }


def _hazards(tables: Tables, parameters: dict[str, float]) -> dict[str, np.ndarray]:
    ratios = log_hazard_ratios(tables)
    return {
        "log_rr": ratios[: len(RISKS)],
        "risk_reference": np.array([parameters.get(f"reference_{risk}", 0.0) for risk in RISKS]),
        "smoking_rr": np.exp(ratios[len(RISKS)]),
        "smoking_decay": smoking.decay(tables),
        "smoking_group_of_cause": smoking.group_of_cause(),
    }


def _dataset(arrays: dict[str, np.ndarray], years: range) -> xr.Dataset:
    coords = {name: list(d.labels) for name, d in DIMENSIONS.items() if d.labels is not None}
    coords["year"] = list(years)
    used = {dim for variable in INPUTS.values() for dim in variable.dims}
    dataset = xr.Dataset(
        {name: (variable.dims, arrays[name]) for name, variable in INPUTS.items()},
        coords={name: labels for name, labels in coords.items() if name in used},
    )
    return describe(dataset, INPUTS)


@lru_cache(maxsize=8)
def _provenance(start: int) -> dict[str, object]:
    tables, entries = _tables(), list_tables()
    citations = dict(tables["sources"][["key", "citation"]].astype(str).to_numpy().tolist())
    lines = {}
    for entry in entries:
        keys = entry.source if "source" not in entry.choices else tables[entry.name]["source"].unique()
        lines[entry.name] = "; ".join(citations.get(str(key), str(key)) for key in keys)
    return {
        "digests": json.dumps({entry.path.name: entry.sha256 for entry in entries}),
        "sources": json.dumps(lines, ensure_ascii=False),
        "quality": json.dumps(_quality(tables["deaths_by_cause"], start)),
        "assumptions": json.dumps(assumptions(tables), ensure_ascii=False),
    }


def assumptions(tables: Tables) -> list[dict[str, object]]:
    """Every assumption of the inputs: name, value and note; figures first, then how they are put together."""
    figures = tables["parameters"]
    assumed = figures[figures["status"] == "assumption"]
    listed: list[dict[str, object]] = [
        {"name": str(name), "value": float(value), "note": f"{note} [{unit}]"}
        for name, value, unit, note in assumed[["name", "value", "unit", "note"]].to_numpy().tolist()
    ]
    ratios = tables["relative_risks"]
    wanted = ["risk", "cause", "sex", "age_from", "age_to", "hazard_ratio", "note"]
    for risk, cause, sex, first, last, ratio, note in (
        ratios[ratios["status"] == "assumption"][wanted].to_numpy().tolist()
    ):
        name = f"hazard ratio of {risk} on {cause}, {sex}, ages {int(first)} to {int(last)}"
        listed.append({"name": name, "value": float(ratio), "note": str(note)})
    stated = tables["assumptions"][["name", "value", "note"]].astype(str).to_numpy().tolist()
    return listed + [{"name": name, "value": value, "note": note} for name, value, note in stated]


def _quality(deaths: pd.DataFrame, year: int) -> dict[str, dict[str, float]]:
    """Share of the deaths of ``year`` from each cause whose figure is graded A, B or C."""
    chosen = deaths[deaths["year"] == year]
    counted = chosen.groupby(["cause", "quality"], observed=True)["deaths"].sum().to_dict()
    shares = {}
    for cause in CAUSES:
        by_grade = {grade: float(counted.get((cause, grade), 0.0)) for grade in "ABC"}
        shares[cause] = {grade: round(value / sum(by_grade.values()), 6) for grade, value in by_grade.items()}
    return shares
