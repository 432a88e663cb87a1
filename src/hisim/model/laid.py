"""From cohorts to ages: what the cohorts of one quintile and sex add up to in the cells of a projection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np

from hisim.model.plan import Cohort, Plan
from hisim.model.tables import CohortResult, Float64
from hisim.stratum_variables import STRATUM_PROJECTION
from hisim.variables import AGES, OLDEST_AGE, PROJECTION, REGISTERS, band_of_age

LAID = ("deaths", "person_years", "deaths_batch", "person_years_batch", "reference_rate")
LAID_BY_STRATUM = (
    "stratum_deaths", "stratum_person_years", "stratum_deaths_batch", "stratum_person_years_batch",
)  # fmt: skip
FIRST_OF_BAND = np.flatnonzero(np.diff(band_of_age(), prepend=-1))


def by_age(cohorts: Float64, out: Float64 | None = None) -> Float64:
    """(cohort, scenario, year, ...), the oldest cohort first, to (scenario, year, age, ...), in ``out`` if given.

    The cohort that is born last is of age 0 in the last year; all who have reached the highest age are added up.
    """
    years = cohorts.shape[2]
    if out is None:
        out = np.empty((*cohorts.shape[1:3], len(AGES), *cohorts.shape[3:]))
    for y in range(years):
        out[:, y, :OLDEST_AGE] = cohorts[y + 1 : y + 1 + OLDEST_AGE, :, y][::-1].swapaxes(0, 1)
        out[:, y, OLDEST_AGE] = cohorts[: y + 1, :, y].sum(axis=0)
    return out


def by_band(ages: Float64, axis: int) -> Float64:
    """Ages added up to age bands."""
    return np.asarray(np.add.reduceat(ages, FIRST_OF_BAND, axis=axis))


def lay_out(plan: Plan, sizes: Mapping[str, int], results: Iterable[tuple[Cohort, CohortResult]]) -> dict[str, Float64]:
    """Every array that cohorts add up to, by scenario (or batch), year, quintile, sex and age or age band.

    Parameters
    ----------
    sizes
        Of every dimension of a projection; without a batch, nothing is laid out by batch.
    results
        Of every cohort, in the order of ``plan.cohorts``: of some of one quintile and sex at a time, beside the first.

    Returns
    -------
    The arrays of ``PROJECTION`` and ``STRATUM_PROJECTION`` of the same names, without the draw; ``counts``
    (count, scenario, year, quintile, sex, age), ``told`` (count, scenario, year, quintile, sex, age, stratum), as
    ``CohortResult.served`` and ``stratum_served``, and ``lived`` [person-years] (scenario, year, quintile, sex, age,
    stratum).
    """
    out = _room(plan, sizes)
    strata, batches = len(plan.world.strata.names) > 1, "batch" in sizes
    for (q, s), one in _cells(results):
        lived = by_age(one.person_years)
        out["lived"][:, :, q, s] = lived.sum(axis=-1)
        out["person_years"][:, :, q, s] = lived.sum(axis=(-1, -2))
        by_age(one.served, np.moveaxis(out["counts"][:, :, :, q, s], 0, -1))
        by_age(one.stratum_served, np.moveaxis(out["told"][:, :, :, q, s], 0, -1))
        lived_by_band = by_band(lived, 2) if batches or strata else lived
        if not batches:
            by_age(
                one.stratum_deaths.sum(axis=-2) if strata else one.stratum_deaths[..., 0, :], out["deaths"][:, :, q, s]
            )
        else:
            deaths = by_age(one.deaths)
            out["deaths"][:, :, q, s] = deaths.sum(axis=-1)
            out["deaths_batch"][:, :, :, q, s] = np.moveaxis(by_band(deaths, 2), -1, 1)
            out["person_years_batch"][:, :, :, q, s] = np.moveaxis(lived_by_band.sum(axis=3), -1, 1)
        for y in range(len(one.reference[0])):
            out["reference_rate"][y, q, s] = one.reference[y : y + len(AGES), y][::-1]
        if strata:
            out["stratum_deaths"][:, :, q, s] = by_band(by_age(one.stratum_deaths), 2).swapaxes(-1, -2)
            out["stratum_person_years"][:, :, q, s] = lived_by_band.sum(axis=-1)
        if strata and batches:
            died_batch = by_band(by_age(one.stratum_deaths_batch), 2)
            out["stratum_deaths_batch"][:, :, :, q, s] = np.moveaxis(died_batch, -1, 1)
            out["stratum_person_years_batch"][:, :, :, q, s] = np.moveaxis(lived_by_band, -1, 1)
    return out


def _cells(results: Iterable[tuple[Cohort, CohortResult]]) -> Iterator[tuple[tuple[int, int], CohortResult]]:
    """Results of all cohorts of each quintile and sex."""
    for cell, several in groupby(results, lambda one: (one[0].quintile, one[0].sex)):
        every = [result for _, result in several]
        yield cell, every[0] if len(every) == 1 else CohortResult(*map(np.concatenate, zip(*every, strict=True)))


def _room(plan: Plan, sizes: Mapping[str, int]) -> dict[str, Float64]:
    """Arrays for :func:`lay_out`, of anything; of nothing where nobody lives in some fifth."""
    names = LAID if len(plan.world.strata.names) == 1 else (*LAID, *LAID_BY_STRATUM)
    dims = {name: tuple(map(str, {**PROJECTION, **STRATUM_PROJECTION}[name].dims)) for name in names}
    if "batch" not in sizes:
        dims = {name: own for name, own in dims.items() if "batch" not in own}
    more = {
        "count": int(plan.tables[0][0].counted.sum()) + len(REGISTERS) + 1,
        "told": 2 * int(plan.tables[0][0].used.sum()) + 1,
    }
    cell = ("scenario", "year", "quintile", "sex", "age")
    dims |= {"counts": ("count", *cell), "told": ("told", *cell, "stratum"), "lived": (*cell, "stratum")}
    wide = {**sizes, **more}
    room = np.empty if plan.lived_in.all() else np.zeros
    return {name: room([wide[dim] for dim in own if dim != "draw"]) for name, own in dims.items()}
