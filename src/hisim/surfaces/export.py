"""Results as files: NetCDF that can be run again from itself, and tidy CSV.

Files are written beside their place under another name and moved there at the end, so that a reader
never sees half a file; nothing is replaced unless asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from hisim.errors import OutputError
from hisim.variables import PROJECTION, check

if TYPE_CHECKING:
    import pandas as pd

    from hisim.declare.scenario import Scenario

RESULT = "projection.nc"
TIDY = "comparison.csv"
DEATHS = "deaths.csv"
ECONOMICS = "economics.csv"
STRATA = "strata.csv"
FILES = (RESULT, TIDY, DEATHS, ECONOMICS)
"""Everything that ``hisim run`` writes where no strata are told apart."""
SETTINGS = {
    "discount": "fraction per year",
    "discount_health": "fraction per year",
    "opportunity_cost_gbp_per_qaly": "GBP per QALY",
}
"""What the figures of ``economics.csv`` were computed with, and its unit."""


def files_of(scenario: Scenario) -> tuple[str, ...]:
    """Everything that ``hisim run`` writes for ``scenario``."""
    return FILES if scenario.strata is None else (*FILES, STRATA)


def check_folder(folder: Path, names: tuple[str, ...], *, overwrite: bool) -> None:
    """Say now, before any work is done, why ``folder`` could not hold ``names``; makes nothing.

    Raises
    ------
    OutputError
        When it or what it would be made in is a file or cannot be written, or when it holds one of ``names``
        and ``overwrite`` is false.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise OutputError(f"{folder}: found a file at {there}; allowed: a folder to write to")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: {there} cannot be written; allowed: a folder to write to")
    present = [name for name in names if (folder / name).exists()]
    if present and not overwrite:
        raise OutputError(
            f"{folder / present[0]}: exists; allowed: another folder with --out, or --overwrite to replace it"
        )


def make_folder(folder: Path) -> None:
    """Make ``folder`` and what it lies in.

    Raises
    ------
    OutputError
        When that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror}); allowed: a folder to write to") from None


def write_projection(projection: xr.Dataset, path: Path) -> None:
    """The projection as NetCDF-4, compressed, with its provenance in the attributes."""
    encoding = {name: {"zlib": True, "complevel": 1, "shuffle": True} for name in projection.data_vars}
    in_one_piece(path, lambda part: projection.to_netcdf(part, engine="h5netcdf", encoding=encoding))


def read_projection(path: Path) -> xr.Dataset:
    """A projection written by :func:`write_projection`.

    Raises
    ------
    OutputError
        When the file is missing or is not such a result.
    """
    try:
        with xr.open_dataset(path, engine="h5netcdf") as dataset:
            loaded = dataset.load()
    except FileNotFoundError:
        raise OutputError(f"{path}: no such file; allowed: a result written by 'hisim run'") from None
    except (OSError, ValueError, KeyError):
        raise OutputError(f"{path}: not a result; allowed: a NetCDF file written by 'hisim run'") from None
    missing = [name for name in PROJECTION if name not in loaded]
    if missing:
        raise OutputError(f"{path}: holds no {missing[0]}; allowed: a NetCDF file written by 'hisim run'")
    check(loaded, PROJECTION)
    return loaded


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A tidy table as CSV in UTF-8."""
    in_one_piece(path, lambda part: frame.to_csv(part, index=False, lineterminator="\n"))


def write_text(text: str, path: Path) -> None:
    """A page of text in UTF-8; replaces what is there."""
    in_one_piece(path, lambda part: part.write_text(text, "utf-8"))


def write_mix(scenario: Scenario, path: Path, head: str = "") -> list[Path]:
    """A scenario as a file of its own that begins with ``head``, and the files that it names beside it; their paths."""
    from hisim.declare.writing import standing_alone, write_scenario

    alone, texts = standing_alone(scenario)
    for name, text in texts.items():
        write_text(text, path.parent / name)
    write_text(head + write_scenario(alone), path)
    return [path, *(path.parent / name for name in texts)]


def deaths_table(projection: xr.Dataset) -> pd.DataFrame:
    """Deaths and person-years by scenario, year, quintile, sex, age band and cause, one cell a line."""
    totals = projection[["deaths_batch"]].isel(draw=0, drop=True).sum("batch").rename(deaths_batch="Deaths")
    frame = totals.to_dataframe().reset_index()
    return frame.rename(columns=str.capitalize).rename(columns={"Age_band": "Age"})


def economics_table(effects: xr.Dataset) -> pd.DataFrame:
    """:func:`hisim.outcomes.economics.cost_effectiveness` as a long table: scenario, quintile, measure, value, unit.

    Totals over all years, discounted; the settings they were computed with stand last, without scenario and
    quintile. Withheld figures stay, as missing.
    """
    import pandas as pd

    one = effects.drop_vars("verdict").isel(draw=0, drop=True)
    rows = []
    for name, values in one.data_vars.items():
        frame = values.transpose("scenario", "quintile").rename("value").to_dataframe().reset_index()
        rows.append(frame.assign(measure=str(name), unit=values.attrs["units"]))
    told = [(name, effects.attrs[name], unit) for name, unit in SETTINGS.items()]
    rows.append(pd.DataFrame(told, columns=["measure", "value", "unit"]).assign(scenario="", quintile=""))
    return pd.concat(rows, ignore_index=True)[["scenario", "quintile", "measure", "value", "unit"]]


def in_one_piece(path: Path, write: Callable[[Path], object]) -> None:
    """Have ``write`` make a file beside ``path``, then move it there; replaces what is there.

    Raises
    ------
    OutputError
        When that cannot be done.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        os.replace(part, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); allowed: a folder with room") from None
    finally:
        part.unlink(missing_ok=True)
