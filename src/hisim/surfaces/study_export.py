"""A finished study as files that other programs read: NetCDF, Zarr, Parquet and tidy CSV.

Made from the units one figure (or one unit) at a time, so that memory does not grow with the study.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from hisim.errors import OutputError
from hisim.outcomes.asked import Cell, described
from hisim.outcomes.uncertainty import as_dataset
from hisim.studies import store
from hisim.studies.gather import central_run, check_complete, figure, numbers
from hisim.studies.study import cells_of, runs_in, unpack
from hisim.surfaces.export import in_one_piece, write_csv

if TYPE_CHECKING:
    import pandas as pd

MOST = 2_000_000
"""Numbers that are held at once while a file is written: 16 MB."""
LONG = ("run", "figure", "scenario", "year", "quintile", "sex", "cause_group", "value", "unit")
"""Columns of the tidy tables: run 0 has the central values."""


def export(study: store.Study, path: Path, *, overwrite: bool) -> Path:
    """Write a finished study to ``path``, by its suffix: .nc, .zarr, .parquet or .csv.

    Raises
    ------
    OutputError
        For another suffix, a package that is missing, or a place that cannot be written or holds something.
    StudyError
        Where units are missing or damaged.
    """
    ways: Mapping[str, Callable[[store.Study, Path], None]] = {
        ".nc": write_netcdf, ".zarr": write_zarr, ".parquet": write_parquet, ".csv": write_long_csv,
    }  # fmt: skip
    if path.suffix not in ways:
        raise OutputError(f"{path}: found the suffix '{path.suffix}'; allowed: {', '.join(ways)}")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: exists; allowed: another place, or --overwrite to replace it")
    check_complete(study)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ways[path.suffix](study, path)
    except ImportError as error:
        raise OutputError(f"{path}: found no package {error.name}; allowed: pip install 'hisim[export]'") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); allowed: a place with room") from None
    return path


def _several(study: store.Study, some: list[Cell], whole: xr.Dataset) -> xr.Dataset:
    """Some figures of every run, the central one first, with the dimensions that they have in ``whole``."""
    parts = []
    for cell in some:
        one = figure(study, cell.key, central=True)
        parts.append(one.rename(dict(zip(one.dims, whole[cell.key].dims, strict=True))).to_dataset(name=cell.key))
    return xr.merge(parts, join="exact")


def together(study: store.Study) -> Iterator[list[Cell]]:
    """The figures in groups that are held at once, each of at most about :data:`MOST` numbers or of one figure."""
    group: list[Cell] = []
    for cell in cells_of(study.definition):
        if group and (cell.stop - group[0].start) * int(study.definition["runs"]) > MOST:
            yield group
            group = []
        group.append(cell)
    yield group


def frame_of(study: store.Study) -> xr.Dataset:
    """The figures of the central run alone, with the study's own words in its attributes."""
    definition = study.definition
    whole = as_dataset(cells_of(definition), central_run(study)[:1], "draw", [0])
    told = {name: str(definition[name]) for name in ("name", "title", "kind", "program")}
    return whole.assign_attrs(told | {"definition_sha256": study.digest, "source": "hisim"})


def varied(study: store.Study) -> xr.Dataset:
    """What varies: the values of every run, run 0 with the central ones."""
    told = study.definition["uncertain"]
    values = np.concatenate([[[one["value"] for one in told]], numbers(study)])
    paths = [one["path"] for one in told]
    made = xr.DataArray(values, {"draw": range(len(values)), "number": paths}, ("draw", "number"))
    described_as = {"long_name": "value of each uncertain number", "units": "see number_unit"}
    units = xr.DataArray([one["unit"] for one in told], {"number": paths}, ("number",))
    return xr.Dataset({"number_value": made.assign_attrs(described_as), "number_unit": units})


def write_netcdf(study: store.Study, path: Path) -> None:
    """Every figure of every run as NetCDF-4, compressed."""

    def write(part: Path) -> None:
        whole = frame_of(study)
        varied(study).assign_attrs(whole.attrs).to_netcdf(part, engine="h5netcdf")
        for some in together(study):
            encoding = {cell.key: {"zlib": True, "complevel": 1, "shuffle": True} for cell in some}
            _several(study, some, whole).to_netcdf(part, mode="a", engine="h5netcdf", encoding=encoding)

    in_one_piece(path, write)


def write_zarr(study: store.Study, path: Path) -> None:
    """Every figure of every run as a Zarr store of format 2, which has a standard form for labels."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        whole = frame_of(study)
        varied(study).assign_attrs(whole.attrs).to_zarr(part, mode="w", zarr_format=2, consolidated=False)
        for some in together(study):
            _several(study, some, whole).to_zarr(part, mode="a", zarr_format=2, consolidated=False)
        shutil.rmtree(path, ignore_errors=True)
        os.replace(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def tables(study: store.Study) -> Iterator[pd.DataFrame]:
    """Long tables with the columns :data:`LONG`, a unit at a time."""
    import pandas as pd

    definition = study.definition
    cells = cells_of(definition)
    labels = pd.concat([_labels(cell) for cell in cells], ignore_index=True)
    for unit, payload in store.payloads(study):
        values = unpack(definition, unit, payload)
        for place, run in enumerate(runs_in(definition, unit)):
            yield labels.assign(run=run, value=values[:, place])[list(LONG)]


def _labels(cell: Cell) -> pd.DataFrame:
    import pandas as pd

    told: dict[str, Any] = {"figure": cell.key, "unit": described(cell.estimand)["units"]}
    index = pd.MultiIndex.from_product(cell.labels, names=cell.dims) if cell.dims else pd.Index([0])
    frame = index.to_frame(index=False)
    blank = {name: "" for name in ("scenario", "year", "quintile", "sex", "cause_group") if name not in frame}
    return frame.assign(**told, **blank).astype({"year": str})


def write_parquet(study: store.Study, path: Path) -> None:
    """The long table as Parquet."""
    import pyarrow
    from pyarrow import parquet

    def write(part: Path) -> None:
        parts = (pyarrow.Table.from_pandas(table, preserve_index=False) for table in tables(study))
        first = next(parts)
        with parquet.ParquetWriter(part, first.schema) as writer:
            for one in chain([first], parts):
                writer.write_table(one)

    in_one_piece(path, write)


def write_long_csv(study: store.Study, path: Path) -> None:
    """The long table as CSV, and beside it what varied, a line for each run."""
    import pandas as pd

    def write(part: Path) -> None:
        for number, table in enumerate(tables(study)):
            table.to_csv(part, mode="a", header=number == 0, index=False, lineterminator="\n")

    in_one_piece(path, write)
    values = varied(study)["number_value"]
    frame = pd.DataFrame(values.values, columns=values["number"].values.tolist())
    frame.insert(0, "run", values["draw"].values)
    write_csv(frame, path.with_suffix(".numbers.csv"))
