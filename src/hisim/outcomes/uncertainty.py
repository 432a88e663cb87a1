"""What many runs say of one figure: intervals, chances, and chance in the simulated people kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from hisim.outcomes.asked import Cell, array, described

LEVELS: Mapping[str, float] = {"low_95": 0.025, "low_50": 0.25, "median": 0.5, "high_50": 0.75, "high_95": 0.975}
"""Quantiles of the draws that are told, by name."""
STATISTICS = ("central", "mean", "sd", *LEVELS, "monte_carlo_se", "parameter_sd", "mean_se")
"""``central``: the run with central values. Of the draws: mean, standard deviation and quantiles. ``monte_carlo_se``:
what chance in the simulated people leaves in one run. ``parameter_sd``: the spread of the draws without that part.
``mean_se``: standard error of the mean of the draws, from both."""


def statistics(central: np.ndarray, chance: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """:data:`STATISTICS` of some figures, (statistic, figures).

    Parameters
    ----------
    central, chance : (figures,) value and Monte Carlo standard error of the central run.
    draws : (draw, figures), each with random numbers of its own.

    Returns
    -------
    Not-a-number where a figure is. The variance of draws is that of the numbers plus that of chance in a run, so
    ``parameter_sd`` is the root of the difference, 0 where chance explains it all.
    """
    mean, sd = draws.mean(axis=0), draws.std(axis=0, ddof=1) if len(draws) > 1 else np.full(draws.shape[1], np.nan)
    quantiles = np.quantile(draws, list(LEVELS.values()), axis=0)
    parameter = np.sqrt(np.maximum(sd**2 - np.nan_to_num(chance) ** 2, 0.0))
    return np.stack([central, mean, sd, *quantiles, chance, parameter, sd / np.sqrt(len(draws))])


def as_dataset(cells: Sequence[Cell], values: np.ndarray, dim: str, labels: Sequence[Any] | None = None) -> xr.Dataset:
    """Rows of figures, (``dim``, figures), as one dataset; each figure with its unit and title.

    Figures at other years or places than those before them have dimensions of their own: ``year_2`` and so on.
    """
    seen: dict[str, list[tuple[Any, ...]]] = {}
    out = {}
    for cell in cells:
        renamed = {}
        for name, own in zip(cell.dims, cell.labels, strict=True):
            known = seen.setdefault(name, [])
            if own not in known:
                known.append(own)
            place = known.index(own)
            renamed[name] = name if place == 0 else f"{name}_{place + 1}"
        out[cell.key] = array(cell, values[:, cell.start : cell.stop], dim, labels).rename(renamed)
    return xr.Dataset(out)


def chance_of(values: np.ndarray, at_least: float | None, at_most: float | None) -> tuple[float, float]:
    """Share of draws that reach a target, and its standard error (binomial)."""
    reached = np.ones(values.shape, bool)
    if at_least is not None:
        reached &= values >= at_least
    if at_most is not None:
        reached &= values <= at_most
    share = float(reached.mean())
    return share, float(np.sqrt(share * (1.0 - share) / reached.size))


def beats(values: xr.DataArray) -> xr.DataArray:
    """Share of draws in which each scenario is better than each other, (scenario, scenario_other).

    Parameters
    ----------
    values : (draw, scenario), with the attribute ``good`` of its estimand; draws compare the same people and numbers.
    """
    sign = -1.0 if str(values.attrs.get("good", "higher")).startswith("lower") else 1.0
    whole = sign * values.transpose("draw", "scenario").values
    share = (whole[:, :, None] > whole[:, None, :]).mean(axis=0)
    names = values["scenario"].values.tolist()
    coords = {"scenario": names, "scenario_other": names}
    return xr.DataArray(share, coords, ("scenario", "scenario_other"), attrs={"units": "fraction of draws"})


def tidy_rows(cells: Sequence[Cell], values: np.ndarray) -> Any:
    """:data:`STATISTICS` (statistic, figures) as one long table, a row for each figure."""
    import pandas as pd

    parts = []
    for cell in cells:
        table = array(cell, values[:, cell.start : cell.stop], "statistic", STATISTICS).to_dataset("statistic")
        frame = table.to_dataframe().reset_index() if cell.dims else table.expand_dims("figure").to_dataframe()
        told = described(cell.estimand)
        blank = {name: "" for name in ("scenario", "year", "quintile", "sex", "cause_group") if name not in frame}
        parts.append(frame.assign(figure=cell.key, unit=told["units"], title=told["long_name"], **blank))
    columns = ["figure", "scenario", "year", "quintile", "sex", "cause_group", *STATISTICS, "unit", "title"]
    return pd.concat(parts, ignore_index=True)[columns]
