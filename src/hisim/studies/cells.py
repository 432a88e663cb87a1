"""Results of many runs as a table of runs by cells, and figures about them under the names they had."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError

PARAMETER = "parameter"
CONSTANT = 1e-12
"""An output that varies by less than this share of its largest value is constant but for rounding."""


@dataclass(frozen=True)
class Cells:
    """Results of ``runs`` runs: ``table`` (runs, cells) float64, and what the cells are called."""

    table: np.ndarray
    shape: tuple[int, ...]
    dims: tuple[Hashable, ...]
    coords: Mapping[Hashable, xr.DataArray]
    units: str
    named: str

    def labelled(self, array: np.ndarray, dims: Sequence[str], text: str, units: str | None = None) -> xr.DataArray:
        """An array (..., cells) as (*dims, trailing dims of the results), with unit and long name."""
        units = self.units if units is None else units
        whole = np.reshape(array, (*np.shape(array)[:-1], *self.shape))
        text = f"{self.named}: {text}" if self.named else text
        return xr.DataArray(whole, self.coords, [*dims, *self.dims], attrs={"units": units, "long_name": text})


def cells_of(values: np.ndarray | xr.DataArray, runs: int | None = None) -> Cells:
    """Take results apart into runs, the first dimension, and cells, all that trail.

    Parameters
    ----------
    values
        (runs, ...) of finite numbers. Of a DataArray the names, coordinates, unit and long name are kept; dims of a
        plain array are called cell_0, cell_1 and so on.
    runs
        How many runs there have to be.

    Raises
    ------
    ImpossibleModelError
        For another number of runs, or a result that is not finite.
    """
    array = np.asarray(values, np.float64)
    if array.ndim == 0 or len(array) == 0 or (runs is not None and len(array) != runs):
        found = f"{len(array)} runs" if array.ndim else "a single number"
        allowed = "one row for each run" if runs is None else f"{runs} runs, those of the design"
        raise ImpossibleModelError(f"values: found {found}; allowed: {allowed}")
    if wrong := int((~np.isfinite(array)).sum()):
        raise ImpossibleModelError(f"values: found {wrong} that are not finite; allowed: finite numbers")
    dims: tuple[Hashable, ...] = tuple(f"cell_{i}" for i in range(array.ndim - 1))
    coords: dict[Hashable, xr.DataArray] = {}
    attrs: dict[str, object] = {}
    if isinstance(values, xr.DataArray):
        dims, attrs = values.dims[1:], values.attrs
        coords = {name: coord for name, coord in values.coords.items() if values.dims[0] not in coord.dims}
    units, named = str(attrs.get("units", "unit of the output")), str(attrs.get("long_name", ""))
    return Cells(array.reshape(len(array), -1), array.shape[1:], dims, coords, units, named)


def constant(table: np.ndarray) -> np.ndarray:
    """(cells,) of bool: which columns of (runs, cells) do not vary, but for rounding."""
    still: np.ndarray = np.ptp(table, axis=0) <= CONSTANT * np.abs(table).max(axis=0)
    return still


def by_parameter(
    arrays: Mapping[str, xr.DataArray], names: Sequence[str], still: np.ndarray, **attrs: object
) -> xr.Dataset:
    """A dataset over the named parameters that says in how many cells the output was constant, (cells,) ``still``."""
    dataset = xr.Dataset(dict(arrays), {PARAMETER: (PARAMETER, list(names), {"long_name": "uncertain parameter"})})
    told = f"{int(still.sum())} of {still.size} outputs do not vary: their indices are 0"
    return dataset.assign_attrs(constant_outputs=int(still.sum()), constant_outputs_note=told, **attrs)


def check_names(names: Sequence[str], parameters: int) -> None:
    """Refuse another number of names than of parameters, or a name twice."""
    if len(names) != parameters or len(set(names)) != len(names):
        found = f"{len(names)} names, {len(set(names))} different"
        raise ImpossibleModelError(f"names: found {found}; allowed: {parameters} different ones, one a parameter")
