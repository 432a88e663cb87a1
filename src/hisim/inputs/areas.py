"""Areas other than England: who lives there, and how far local mortality is from England's in the same fifths.

Of each area the share of England's people is known by quintile, sex and age group in mid-2011. It is held in every
year and at every age within the group, so that an area has England's pattern of single ages and England's change
over the years in each cell, and the 326 local authorities add up to England exactly.

Local mortality is deaths of 2014 over those expected at England's rates by quintile, sex and age. Few deaths make
that ratio uncertain, so it is drawn towards 1 [1]_, on the logarithmic scale, by weight = tau2 / (tau2 + se2): tau2,
the variance between areas, is estimated by sex and age group from all areas [2]_.

References
----------
.. [1] Clayton D, Kaldor J (1987). Empirical Bayes estimates of age-standardized relative risks for use in disease
   mapping. Biometrics 43: 671-681. doi:10.2307/2532003
.. [2] Paule RC, Mandel J (1982). Consensus values and weighting factors. Journal of Research of the National Bureau of
   Standards 87: 377-385. doi:10.6028/jres.087.022
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from hisim.areas import Area, find
from hisim.inputs.catalogue import ENGLAND, list_tables, packaged_bytes
from hisim.inputs.packed import packed, unpacked
from hisim.inputs.tables import grid, read_table
from hisim.kept import digest_of, keep, recall
from hisim.variables import AGE_BAND_STARTS, AGE_BANDS, QUINTILES, SEXES, band_of_age

FOLDER = ENGLAND.parent / "areas"
PARTS = ("0-74", "75+")
FROM_75 = AGE_BAND_STARTS.index(75)
NORMAL_95 = 1.959963984540054
ESTIMATED = "factors of other areas are of one year, 2014, drawn towards 1 by how sure they are"


def people(area: Area | str) -> xr.DataArray:
    """People of an area in mid-2011 [persons], (quintile, sex, age_band): the packaged estimate, scaled to England.

    Raises
    ------
    ImpossibleModelError
        When there is no such area.
    """
    whole = find(area) if isinstance(area, str) else area
    counted = _counted().sel(authority=list(whole.members)).sum("authority")
    return counted.rename("population").assign_attrs(units="persons")


def local_mortality() -> xr.Dataset:
    """Deaths of 2014 against England's rates, of every authority, (authority, sex, ages), and what is made of it.

    Returns
    -------
    xarray.Dataset
        ``deaths``, ``expected`` [deaths]; ``raw``, their ratio, and its ``rel_se`` [fraction]; ``reliability``, the
        share of its distance from 1 that is kept; the ``factor`` used, with a 95 % interval ``low`` to ``high``; and
        ``between`` (sex, ages), the standard deviation of true ratios among areas on the logarithmic scale. An
        authority without deaths of its own (the Isles of Scilly) has factor 1 and reliability 0.
    """
    return _local_mortality().copy()


def mortality_of(area: Area | str) -> xr.Dataset:
    """Of an area, (sex, ages): ``deaths``, ``expected``, ``raw``, ``factor``, ``low``, ``high`` and ``reliability``.

    A group's figures are its members', weighted with expected deaths; chance is taken to be independent among them.
    """
    whole = find(area) if isinstance(area, str) else area
    mine = _local_mortality().sel(authority=list(whole.members))
    expected = mine["expected"].sum("authority")
    weight = mine["expected"] / expected
    factor = (weight * mine["factor"]).sum("authority")
    spread = (((weight * mine["factor"] * mine["sd"]) ** 2).sum("authority")) ** 0.5 / factor
    known = mine["expected"].where(mine["deaths"].notnull()).sum("authority")
    return xr.Dataset(
        {
            "deaths": mine["deaths"].sum("authority"),
            "expected": expected,
            "raw": (mine["deaths"].sum("authority") / known).where(known > 0),
            "factor": factor,
            "low": factor * np.exp(-NORMAL_95 * spread),
            "high": factor * np.exp(NORMAL_95 * spread),
            "reliability": (weight * mine["reliability"]).sum("authority"),
        }
    )


def localised(arrays: Mapping[str, np.ndarray], area: Area) -> dict[str, np.ndarray]:
    """England's inputs with the people, births and death rates of an area in place of England's.

    Rates of a group are those of its members, weighted by people in each quintile, sex and age group: so the
    expected deaths of a group in the first year are those of its members added up. Where nobody lives England's stay.
    """
    share, factor = _share_and_factor(area)
    single = band_of_age()
    return {
        **arrays,
        "population": arrays["population"] * share[..., single],
        "births": arrays["births"] * share[..., 0],
        "mortality_rate": arrays["mortality_rate"] * factor[..., single][None, ..., None],
    }


def described(attributes: Mapping[str, object], area: Area) -> dict[str, object]:
    """What the inputs of an area say of themselves: England's tables and those of areas."""
    entries = [entry for entry in list_tables(FOLDER) if entry.name != "sources"]
    citations = dict(read_table("sources", FOLDER)[["key", "citation"]].astype(str).to_numpy().tolist())
    digests = {f"areas/{entry.path.name}": entry.sha256 for entry in entries}
    sources = {f"areas/{entry.name}": "; ".join(citations[key] for key in entry.source) for entry in entries}
    added = [
        {"name": "people of other years", "value": "2011", "note": "an area keeps its share of 2011 of England's "
         "people in each quintile, sex and age group"},
        {"name": "local mortality", "value": "2014", "note": f"{ESTIMATED}; held in every year and for every cause"},
        {"name": "risks of an area", "value": "England's", "note": "exposures, conditions, smoking and care are those "
         "of England's people of the same quintile, sex and age"},
    ]  # fmt: skip
    return {
        **attributes,
        "digests": json.dumps(json.loads(str(attributes["digests"])) | digests),
        "sources": json.dumps(json.loads(str(attributes["sources"])) | sources, ensure_ascii=False),
        "assumptions": json.dumps(json.loads(str(attributes["assumptions"])) + added, ensure_ascii=False),
        "members": ", ".join(area.members),
    }


@lru_cache(maxsize=1)
def _counted() -> xr.DataArray:
    """People of every authority [persons], (authority, quintile, sex, age_band)."""
    frame = read_table("population", FOLDER)
    counted = np.stack([grid("population", frame, band, FOLDER) for band in AGE_BANDS], axis=-1)
    codes = list(dict.fromkeys(frame["code"].astype(str)))
    coords = {"authority": codes, "quintile": list(QUINTILES), "sex": list(SEXES), "age_band": list(AGE_BANDS)}
    return xr.DataArray(np.nan_to_num(counted), coords, list(coords))


@lru_cache(maxsize=1)
def _local_mortality() -> xr.Dataset:
    frame = read_table("deaths_2014", FOLDER)
    cells = {name: grid("deaths_2014", frame, name, FOLDER) for name in ("deaths", "expected", "rel_se")}
    coords = {"authority": list(dict.fromkeys(frame["code"].astype(str))), "sex": list(SEXES), "ages": list(PARTS)}
    data = xr.Dataset({name: (list(coords), values) for name, values in cells.items()}, coords)
    data["raw"] = data["deaths"] / data["expected"]
    logarithm, variance = np.log(data["raw"].values), data["rel_se"].values ** 2
    between = np.array([[between_areas(logarithm[:, s, a], variance[:, s, a]) for a in (0, 1)] for s in (0, 1)])
    known = np.isfinite(logarithm)
    weight = np.where(known, between / (between + np.where(known, variance, 1.0)), 0.0)
    data["reliability"] = (list(coords), weight)
    data["factor"] = (list(coords), np.exp(weight * np.where(known, logarithm, 0.0)))
    data["sd"] = (list(coords), np.sqrt(between * (1.0 - weight)))
    data["low"] = data["factor"] * np.exp(-NORMAL_95 * data["sd"])
    data["high"] = data["factor"] * np.exp(NORMAL_95 * data["sd"])
    data["between"] = (["sex", "ages"], np.sqrt(between))
    return data


def between_areas(logarithm: np.ndarray, variance: np.ndarray) -> float:
    """Variance between areas tau2, 0 or more: where the sum of x2 / (tau2 + se2) is the number of areas.

    Parameters
    ----------
    logarithm, variance
        Logarithm x of each area's ratio, whose mean is taken to be 0, and its error variance se2; (areas,). Those that
        are not finite are left out.
    """
    known = np.isfinite(logarithm) & np.isfinite(variance)
    squares, error = logarithm[known] ** 2, variance[known]
    low, high = 0.0, float(squares.max(initial=0.0))
    if (squares / error).sum() <= squares.size:
        return 0.0
    for _ in range(100):
        middle = (low + high) / 2
        if (squares / (middle + error)).sum() > squares.size:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@lru_cache(maxsize=64)
def _share_and_factor(area: Area) -> tuple[np.ndarray, np.ndarray]:
    """Share of England's people, and factor of mortality, (quintile, sex, age_band); kept between processes."""
    digest = digest_of(repr(area.members), *packaged_bytes(FOLDER), sources=("inputs", "areas.py", "variables.py"))
    known = recall("areas", digest)
    if known is not None:
        arrays, _ = unpacked(known)
        return arrays["share"], arrays["factor"]
    share, factor = _worked_out(area)
    keep("areas", digest, packed({"share": share, "factor": factor}, {}))
    return share, factor


def _worked_out(area: Area) -> tuple[np.ndarray, np.ndarray]:
    """Those two from the tables; the factor is 1 where nobody lives."""
    every, codes = _counted(), list(area.members)
    mine = every.sel(authority=codes).values
    factor = _local_mortality()["factor"].sel(authority=codes).values
    by_band = np.where(np.arange(len(AGE_BANDS)) < FROM_75, factor[..., :1], factor[..., 1:])[:, None]
    there = mine.sum(axis=0)
    mean = np.divide((mine * by_band).sum(axis=0), there, out=np.ones_like(there), where=there > 0)
    return there / every.values.sum(axis=0), mean


def authority_table() -> pd.DataFrame:
    """People and share in the most deprived fifth of every authority, in the order of codes."""
    whole = _counted().sum(("sex", "age_band"))
    total = whole.sum("quintile")
    return pd.DataFrame({"people": total.values, "most_deprived": whole.sel(quintile=1).values / total.values},
                        index=pd.Index(whole["authority"].values, name="code"))  # fmt: skip
