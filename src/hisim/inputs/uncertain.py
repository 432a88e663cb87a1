"""The uncertain figures of the inputs, by dotted path, and what the tables say once some of them have been drawn.

Paths: ``inputs.parameters.NAME``, ``inputs.factors.NAME``, ``inputs.relative_risks.RISK.CAUSE`` and
``inputs.smoking_decay.GROUP``. The last two are in standard deviations: 0 is the central estimate, and all ages and
both sexes move together, because the studies behind them were one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import inf

import numpy as np
import pandas as pd

from hisim.inputs.life_table import Tables
from hisim.inputs.tables import read_table
from hisim.uncertain import USUAL_LEVEL, Uncertain, level_of
from hisim.variables import INPUTS

PREFIX = "inputs."
NORMAL_95 = 1.959963984540054
"""Standard deviations from the mean to either end of a 95 % interval."""
UNKNOWN_SPREAD = 0.3
"""Half width of the 95 % interval of a log hazard ratio, as a part of it, where none was published: an assumption."""
WIDEST, WIDEST_OF_SMOKING = 5.0, 4.6
"""Largest log hazard ratio that is drawn, either way: the bounds of the data dictionary."""
WORDS = {
    "parameters": "{note}",
    "relative_risks": "hazard ratio of {cause} by {risk}",
    "smoking_decay": "how fast the excess risk of {group} falls after stopping smoking",
}


@lru_cache(maxsize=1)
def uncertain_inputs() -> tuple[Uncertain, ...]:
    """Every uncertain figure of the packaged tables, in the order of their paths.

    Raises
    ------
    InvalidTableError
        When a packaged table is damaged.
    """
    found = [*_figures("parameters"), *_figures("factors"), *_relative_risks(), *_decay()]
    return tuple(sorted(found))


def _figures(name: str) -> list[Uncertain]:
    frame = read_table(name)
    wanted = ["name", "note", "value", "low", "high", "interval", "distribution", "unit", "status", "source"]
    found = []
    for key, note, value, low, high, interval, shape, unit, status, source in frame[wanted].to_numpy().tolist():
        support = (0.0, 1.0) if str(unit).startswith("fraction") else (-1.0 if key.startswith("corr") else 0.0, inf)
        told = "assumption" if status == "assumption" else str(source)
        found.append(
            Uncertain(
                f"{PREFIX}{name}.{key}", str(note), float(value), float(low), float(high), level_of(str(interval)),
                str(shape), str(unit), told, support,
            )
        )  # fmt: skip
    return found


def _in_deviations(path: str, title: str, source: str) -> Uncertain:
    unit = "standard deviations from the central estimate"
    return Uncertain(path, title, 0.0, -NORMAL_95, NORMAL_95, USUAL_LEVEL, "normal", unit, source)


def _relative_risks() -> list[Uncertain]:
    frame = read_table("relative_risks")
    found = []
    for (risk, cause), rows in frame.groupby(["risk", "cause"], observed=True, sort=True):
        known = bool((rows["low"].notna() | rows["high"].notna()).all())
        source = " ".join(sorted({str(one) for one in rows["source"]})) if known else "assumption"
        title = WORDS["relative_risks"].format(risk=risk, cause=cause)
        found.append(_in_deviations(f"{PREFIX}relative_risks.{risk}.{cause}", title, source))
    return found


def _decay() -> list[Uncertain]:
    frame = read_table("smoking_decay")
    return [
        _in_deviations(f"{PREFIX}smoking_decay.{group}", WORDS["smoking_decay"].format(group=group), str(source))
        for group, source in frame.groupby("group", observed=True)["source"].first().items()
    ]


def parameters_of(frame: pd.DataFrame, values: Mapping[str, float]) -> dict[str, float]:
    """Single figures by name, with those in ``values`` (by path) in place of the table's."""
    central = dict(zip(frame["name"].astype(str), frame["value"].astype(float), strict=True))
    return central | _below("parameters", values)


def _below(name: str, values: Mapping[str, float]) -> dict[str, float]:
    start = f"{PREFIX}{name}."
    return {path.removeprefix(start): value for path, value in values.items() if path.startswith(start)}


def drawn_tables(tables: Tables, values: Mapping[str, float]) -> Tables:
    """``tables`` with hazard ratios and the decay of smoking's excess as far from central as ``values`` say."""
    ratios, decay = _below("relative_risks", values), _below("smoking_decay", values)
    changed = dict(tables)
    if ratios:
        changed["relative_risks"] = _moved_ratios(tables["relative_risks"], ratios)
    if decay:
        changed["smoking_decay"] = _moved_decay(tables["smoking_decay"], decay)
    return changed


def _moved_ratios(frame: pd.DataFrame, deviations: Mapping[str, float]) -> pd.DataFrame:
    key = frame["risk"].astype(str) + "." + frame["cause"].astype(str)
    by = key.map(deviations).fillna(0.0).to_numpy(float)
    ratio, low, high = (np.log(frame[name].to_numpy(float)) for name in ("hazard_ratio", "low", "high"))
    half = np.where(np.isnan(low), high - ratio, np.where(np.isnan(high), ratio - low, (high - low) / 2.0))
    half = np.where(np.isnan(half), UNKNOWN_SPREAD * np.abs(ratio), half)
    widest = np.where(frame["risk"].astype(str) == "smoking", WIDEST_OF_SMOKING, WIDEST)
    moved = np.exp(np.clip(ratio + by * half / NORMAL_95, -widest, widest))
    return frame.assign(hazard_ratio=np.where(by != 0, moved, frame["hazard_ratio"]))


def _moved_decay(frame: pd.DataFrame, deviations: Mapping[str, float]) -> pd.DataFrame:
    """Each year's remaining excess on the way to the end of its interval; from 0 to 1."""
    by = frame["group"].astype(str).map(deviations).fillna(0.0).to_numpy(float) / NORMAL_95
    central, low, high = (frame[name].to_numpy(float) for name in ("remaining", "low", "high"))
    moved = central + np.where(by > 0, (high - central) * by, (central - low) * by)
    return frame.assign(remaining=np.clip(moved, 0.0, 1.0))


def trend_factor(values: Mapping[str, float]) -> float:
    """What yearly changes of mortality after the last observed year are multiplied by."""
    return values.get(f"{PREFIX}factors.mortality_trend", 1.0)


def times_factors(arrays: dict[str, np.ndarray], values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Inputs times their factors, kept within their bounds; those who smoke or used to stay within everyone."""
    factors = _below("factors", values)
    changed = dict(arrays)
    for name, factor in factors.items():
        if name in INPUTS:
            changed[name] = np.clip(arrays[name] * factor, INPUTS[name].low, INPUTS[name].high)
    if "utility_loss" in factors:
        changed["utility"] = np.clip(1.0 - (1.0 - arrays["utility"]) * factors["utility_loss"], 0.0, 1.0)
    if "smoking_current" in factors:
        changed["smoking_former"] = np.minimum(arrays["smoking_former"], 1.0 - changed["smoking_current"])
    return changed
