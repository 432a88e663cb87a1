"""Groups of people within a deprivation fifth: who they are, and what is known of how they differ.

Every builder returns a dataset of :data:`hisim.stratum_variables.STRATA` to merge into the inputs. Ratios are against
any one stratum; 1 stands where nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError, nearest_name
from hisim.inputs.strata_tables import (
    FOLDER,
    authorities,
    authority_shares,
    ethnic_share,
    ethnic_uptake,
    infants,
    read,
    risk_evidence,
    sources_of,
    uptake_evidence,
)
from hisim.inputs.tables import grid
from hisim.stratum_variables import EVERYONE_ELSE, INCLUSION_GROUPS, STRATA
from hisim.variables import (
    AGES,
    CAUSES,
    ETHNIC_GROUPS,
    OAC_SUPERGROUPS,
    QUINTILES,
    RISK_CHANNELS,
    SEXES,
    STEPS,
    describe,
)

__all__ = [
    "authorities",
    "authority_shares",
    "ethnicity",
    "inclusion",
    "made",
    "risk_evidence",
    "segments",
    "uptake_evidence",
]

MULTIPLIERS = ("central", "low", "high")


def ethnicity(
    population: np.ndarray, *, risk_channels: bool, mortality: Literal["central", "low", "high"] | None
) -> xr.Dataset:
    """Ethnic groups of the 2011 census, in eight.

    Parameters
    ----------
    population
        Persons (5, 2, 101), by which shares by age add up to the census share of each quintile.
    risk_channels
        Whether groups differ in diabetes, heart disease and smoking.
    mortality
        Ratios of mortality within a quintile at ages 1 and over: central, low, high or none. Infants keep their own
        ratio either way, for all causes but injuries.

    Returns
    -------
    Dataset of :data:`hisim.stratum_variables.STRATA`, stratum = :data:`hisim.variables.ETHNIC_GROUPS`.

    Raises
    ------
    ImpossibleModelError
        When both are asked, which would count differences twice, the ratio is unknown or the population is no array
        of cells.
    """
    if risk_channels and mortality is not None:
        raise ImpossibleModelError(
            f"mortality: found '{mortality}' with risk_channels; allowed: one of the two, or deaths count twice"
        )
    if mortality is not None and mortality not in MULTIPLIERS:
        raise ImpossibleModelError(f"mortality: found '{mortality}'; allowed: {', '.join(MULTIPLIERS)}")
    groups, used = len(ETHNIC_GROUPS), ["ethnicity_by_quintile", "ethnicity_by_age", "ethnicity_infant"]
    risk = np.ones((len(SEXES), len(RISK_CHANNELS), groups))
    hazard = infants(np.ones((len(SEXES), len(AGES), len(CAUSES), groups)))
    if risk_channels:
        table = read("ethnicity_risk")
        risk = grid("ethnicity_risk", table, "odds_ratio", FOLDER).transpose(2, 0, 1)
        used.append("ethnicity_risk")
    if mortality is not None:
        column = "hazard_ratio" if mortality == "central" else mortality
        by_group = grid("ethnicity_mortality", read("ethnicity_mortality"), column, FOLDER)
        hazard[:, 1:] = by_group.T[:, None, None, :]
        used.append("ethnicity_mortality")
    names, odds, known = ethnic_uptake()
    if names:
        used.append("ethnicity_uptake")
    return _dataset(
        ETHNIC_GROUPS,
        ethnic_share(population),
        risk,
        hazard,
        (names, odds, known),
        strata="ethnicity",
        sources=sources_of(used),
        notes="Age within a quintile is modelled. Groups without evidence are taken to be as White. Infants have "
        "ratios of their own, for all causes but injuries.",
    )


def segments() -> xr.Dataset:
    """Supergroups of the Output Area Classification.

    Shares are of each quintile, the same at every age and for both sexes, an assumption; nothing is known of how
    supergroups differ within one, so every ratio is 1.
    """
    persons = grid("oac_by_quintile", read("oac_by_quintile"), "persons", FOLDER)
    share = np.repeat((persons / persons.sum(axis=1, keepdims=True))[:, None], len(SEXES), axis=1)
    need = np.ones((len(SEXES), len(AGES), len(OAC_SUPERGROUPS)))
    return made(OAC_SUPERGROUPS, share, need, {}).assign_attrs(
        strata="output-area-classification",
        sources=sources_of(["oac_by_quintile"]),
        notes="Shares are the same at every age and for both sexes. How supergroups differ is not published.",
    )


def made(
    levels: Sequence[str],
    share: np.ndarray,
    need: np.ndarray,
    uptake: Mapping[str, np.ndarray],
    risk: Mapping[str, np.ndarray] | None = None,
) -> xr.Dataset:
    """Strata of one's own.

    Parameters
    ----------
    levels
        Names of the L strata.
    share
        Fraction of people, (5, 2, L), the same at every age.
    need
        Hazard ratio of death from all causes, (2, 101, L).
    uptake
        Odds ratio of taking an intervention up, (L,) or (2, L), by its id.
    risk
        Odds ratio of a channel of :data:`hisim.variables.RISK_CHANNELS`, (L,) or (2, L); 1 where not given.

    Raises
    ------
    ImpossibleModelError
        When shapes do not fit, shares do not add up to 1, or a ratio is out of bounds.
    """
    count, channels = len(levels), dict(risk or {})
    shapes = {"share": (share, (len(QUINTILES), len(SEXES), count)), "need": (need, (len(SEXES), len(AGES), count))}
    for name, (array, shape) in shapes.items():
        if np.shape(array) != shape:
            raise ImpossibleModelError(f"{name}: found shape {np.shape(array)}; allowed: {shape}")
    if not (np.abs(np.sum(share, axis=-1) - 1.0) <= 1e-9).all():
        raise ImpossibleModelError("share: found shares that do not add up to 1; allowed: 1 in every quintile and sex")
    for name in channels:
        if name not in RISK_CHANNELS:
            raise ImpossibleModelError(f"risk: found '{name}'; allowed: {', '.join(RISK_CHANNELS)}")
    odds_of_risk = np.ones((len(SEXES), len(RISK_CHANNELS), count))
    for name, ratio in channels.items():
        odds_of_risk[:, RISK_CHANNELS.index(name)] = _by_sex(name, ratio, count)
    odds = np.ones((len(uptake), len(STEPS), len(SEXES), count))
    known = np.zeros_like(odds)
    for i, (name, ratio) in enumerate(uptake.items()):
        odds[i, STEPS.index("taken_up")] = _by_sex(name, ratio, count)
        known[i, STEPS.index("taken_up")] = 1.0
    cells = np.repeat(np.asarray(share, dtype=float)[:, :, None], len(AGES), axis=2)
    hazard = np.repeat(np.asarray(need, dtype=float)[:, :, None], len(CAUSES), axis=2)
    return _dataset(
        levels,
        cells / cells.sum(axis=-1, keepdims=True),
        odds_of_risk,
        hazard,
        (list(uptake), odds, known),
        strata="own",
        sources="stated by the user",
        notes="Shares are the same at every age.",
    )


def inclusion(
    group: str, prevalence: Sequence[float], need: float | None = None, uptake: Mapping[str, float] | None = None
) -> xr.Dataset:
    """One group left out, against everyone else.

    Parameters
    ----------
    group
        Its id, one of :data:`INCLUSION_GROUPS`.
    prevalence
        Share of people in the group, by quintile (5,), the same at every age and for both sexes.
    need
        Hazard ratio of death at the ages of the packaged table; the published one, by sex, when None.
    uptake
        Odds ratio of taking an intervention up, by its id.

    Raises
    ------
    ImpossibleModelError
        When the group is unknown or a number out of bounds.
    """
    if group not in INCLUSION_GROUPS:
        raise ImpossibleModelError(_unknown("group", group, INCLUSION_GROUPS))
    five = np.asarray(prevalence, dtype=float)
    if five.shape != (len(QUINTILES),) or not ((five >= 0) & (five <= 1)).all():
        raise ImpossibleModelError("prevalence: found other than five shares; allowed: 0 to 1 for each quintile")
    table = read("inclusion_health")
    ratios = np.ones((len(SEXES), len(AGES), 2))
    for row in table[table["group"].astype(str) == group].to_dict("records"):
        ages = slice(int(row["age_from"]), int(row["age_to"]) + 1)
        ratios[SEXES.index(str(row["sex"])), ages, 0] = float(row["hazard_ratio"]) if need is None else need
    share = np.repeat(np.stack([five, 1.0 - five], axis=-1)[:, None], len(SEXES), axis=1)
    odds = {name: np.array([float(value), 1.0]) for name, value in (uptake or {}).items()}
    return made((INCLUSION_GROUPS[group], EVERYONE_ELSE), share, ratios, odds).assign_attrs(
        strata="inclusion-health",
        sources=sources_of(["inclusion_health"]) if need is None else "stated by the user",
        notes="Prevalence is the user's, the same at every age. Mortality differs at ages 18 to 74 only.",
    )


def _by_sex(name: str, ratio: np.ndarray, count: int) -> np.ndarray:
    if np.shape(ratio) not in ((count,), (len(SEXES), count)):
        raise ImpossibleModelError(f"{name}: found ratios of shape {np.shape(ratio)}; allowed: one for each stratum")
    return np.broadcast_to(np.asarray(ratio, dtype=float), (len(SEXES), count))


def _unknown(what: str, name: str, allowed: Mapping[str, str]) -> str:
    nearest = nearest_name(name, allowed)
    text = f"{what}: found '{name}'; allowed: {', '.join(allowed)}"
    return text + (f"; did you mean '{nearest}'?" if nearest else "")


def _dataset(
    levels: Sequence[str],
    share: np.ndarray,
    risk: np.ndarray,
    hazard: np.ndarray,
    uptake: tuple[Sequence[str], np.ndarray, np.ndarray],
    **attrs: str,
) -> xr.Dataset:
    names, odds, known = uptake
    arrays = {
        "stratum_share": share,
        "stratum_risk_odds": risk,
        "stratum_uptake_odds": odds,
        "stratum_uptake_known": known,
        "stratum_hazard_ratio": hazard,
    }
    coords = {
        "quintile": list(QUINTILES),
        "sex": list(SEXES),
        "age": list(AGES),
        "cause": list(CAUSES),
        "risk_channel": list(RISK_CHANNELS),
        "step": list(STEPS),
        "uptake_of": np.array(names, dtype=str),
        "stratum": list(levels),
    }
    dataset = xr.Dataset({name: (STRATA[name].dims, array) for name, array in arrays.items()}, coords=coords)
    return describe(dataset, STRATA).assign_attrs(attrs)
