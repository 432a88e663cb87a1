"""The packaged tables of groups within a fifth, as arrays and as evidence to read; see :mod:`hisim.inputs.strata`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from hisim.errors import ImpossibleModelError, nearest_name
from hisim.inputs.catalogue import ENGLAND, find_entry
from hisim.inputs.tables import grid, read_table
from hisim.variables import AGES, CAUSES, ETHNIC_GROUPS, QUINTILES, SEXES, STEPS, band_of_age

FOLDER = ENGLAND.parent / "strata"
INJURIES = ("unintentional_injury", "intentional_injury")
"""Causes whose rate in infancy is not taken to differ: the published excess is of being born early or malformed."""
MOST_ROUNDS, CLOSE = 10_000, 1e-14


def authorities() -> pd.DataFrame:
    """The 326 local authorities of England of 2013: ``code`` and ``authority``, in the order of codes."""
    frame = read("ethnicity_by_authority")[["code", "authority"]].astype(str)
    return frame.drop_duplicates().reset_index(drop=True)


def authority_shares(name_or_code: str) -> xr.DataArray:
    """Census persons of one authority, (quintile, stratum); the share of a group is its persons over their sum.

    Quintiles are of the index of deprivation of 2010, not 2015 as everywhere else.

    Raises
    ------
    ImpossibleModelError
        When there is no such authority, with the nearest name.
    """
    known = authorities()
    wanted = name_or_code.strip().casefold()
    found = known[(known["code"].str.casefold() == wanted) | (known["authority"].str.casefold() == wanted)]
    if found.empty:
        names = {str(name).casefold(): str(name) for name in known["authority"]}
        nearest = names.get(nearest_name(wanted, names), "")
        hint = f"; did you mean '{nearest}'?" if nearest else ""
        raise ImpossibleModelError(
            f"authority: found '{name_or_code}'; allowed: the name or code of a local authority of 2013{hint}"
        )
    code, name = found.iloc[0][["code", "authority"]]
    table = read("ethnicity_by_authority")
    rows = table[table["code"].astype(str) == code]
    persons = np.zeros((len(QUINTILES), len(ETHNIC_GROUPS)))
    persons[rows["quintile_2010"].to_numpy() - 1] = rows[list(ETHNIC_GROUPS)].to_numpy()
    return xr.DataArray(
        persons,
        dims=("quintile", "stratum"),
        coords={"quintile": list(QUINTILES), "stratum": list(ETHNIC_GROUPS)},
        name="persons",
        attrs={
            "units": "persons",
            "code": str(code),
            "authority": str(name),
            "strata": "ethnicity",
            "sources": sources_of(["ethnicity_by_authority"]),
            "notes": "Census 2011; quintiles of the index of deprivation of 2010.",
        },
    )


def uptake_evidence() -> pd.DataFrame:
    """What is known of uptake by ethnic group: a row for each intervention, step, group and sex, with its citation.

    Rows with ``used`` False are findings beside the central ones; they have ``published`` and no odds ratio.
    """
    central = _cited(read("ethnicity_uptake")).assign(used=True)
    others = _cited(read("ethnicity_uptake_other")).rename(columns={"people": "group"}).assign(used=False)
    return pd.concat([central, others.drop(columns="number")], ignore_index=True)


def risk_evidence() -> pd.DataFrame:
    """What is known of diabetes, heart disease and smoking by ethnic group, with its citation."""
    return _cited(read("ethnicity_risk"))


@lru_cache(maxsize=16)
def _table(name: str) -> pd.DataFrame:
    return read_table(name, FOLDER)


def read(name: str) -> pd.DataFrame:
    return _table(name).copy()


def _cited(frame: pd.DataFrame) -> pd.DataFrame:
    citations = dict(read("sources")[["key", "citation"]].astype(str).to_numpy().tolist())
    words = frame.astype({name: str for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])})
    return words.assign(citation=words["source"].map(citations))


def sources_of(tables: Sequence[str]) -> str:
    """Citations of everything that ``tables`` hold, each once, in the order of the keys."""
    keys = {str(key) for name in tables for key in find_entry(name, FOLDER).source}
    for frame in map(read, tables):
        keys |= {str(key) for key in frame.get("source", ())}
    citations = dict(read("sources")[["key", "citation"]].astype(str).to_numpy().tolist())
    return "; ".join(citations[key] for key in sorted(keys & set(citations) - {"HISIM"}))


def ethnic_share(population: np.ndarray) -> np.ndarray:
    """Share of each group, (5, 2, 101, 8): the modelled shares by age group, raked to the census of each quintile."""
    cells = (len(QUINTILES), len(SEXES), len(AGES))
    people = np.asarray(population, dtype=float)
    if people.shape != cells or not (np.isfinite(people).all() and (people >= 0).all()):
        raise ImpossibleModelError(f"population: found shape {people.shape}; allowed: persons {cells}, 0 or more")
    bands = band_of_age()
    share = grid("ethnicity_by_age", read("ethnicity_by_age"), "persons", FOLDER)
    by_band = np.stack([people[..., bands == b].sum(axis=-1) for b in range(share.shape[2])], axis=-1)
    census = grid("ethnicity_by_quintile", read("ethnicity_by_quintile"), "persons", FOLDER)
    target = census / census.sum(axis=1, keepdims=True)
    total = by_band.sum(axis=(1, 2))
    if not (total > 0).all():
        raise ImpossibleModelError("population: found a quintile without people; allowed: more than 0 in each")
    weight = (by_band / total[:, None, None])[..., None]
    share = share / share.sum(axis=-1, keepdims=True)
    for _ in range(MOST_ROUNDS):
        now = (share * weight).sum(axis=(1, 2))
        if np.abs(now - target).max() < CLOSE:
            break
        share = share * (target / now)[:, None, None]
        share = share / share.sum(axis=-1, keepdims=True)
    return np.asarray(share[:, :, bands])


def infants(hazard: np.ndarray) -> np.ndarray:
    """``hazard`` (2, 101, 16, 8) with the ratios of infants at age 0, for all causes but :data:`INJURIES`."""
    ratios = grid("ethnicity_infant", read("ethnicity_infant"), "hazard_ratio", FOLDER)
    hazard[:, 0, [i for i, cause in enumerate(CAUSES) if cause not in INJURIES]] = ratios
    return hazard


def ethnic_uptake() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Interventions with evidence, odds and whether they are known, (interventions, 5, 2, 8)."""
    table = read("ethnicity_uptake")
    names = sorted(set(table["intervention"].astype(str)))
    odds = np.ones((len(names), len(STEPS), len(SEXES), len(ETHNIC_GROUPS)))
    known = np.zeros_like(odds)
    for name, step, sex, group, ratio in table[["intervention", "step", "sex", "group", "odds_ratio"]].itertuples(
        index=False
    ):
        where = names.index(str(name)), STEPS.index(str(step)), SEXES.index(str(sex))
        odds[(*where, ETHNIC_GROUPS.index(str(group)))] = ratio
        known[(*where, ETHNIC_GROUPS.index(str(group)))] = 1.0
        known[(*where, 0)] = 1.0
    return names, odds, known
