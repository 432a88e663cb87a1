"""From the units of a finished study to its figures, a few at a time, so that memory does not grow with the figures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from hisim.errors import StudyError
from hisim.outcomes.asked import Cell, array
from hisim.outcomes.bands import ALL_CAUSES, PERSONS
from hisim.outcomes.uncertainty import statistics
from hisim.studies import store
from hisim.studies.cohorts import Definition
from hisim.studies.study import cells_of, runs_in, slabs, units_of, values_in

SLAB = 16
"""Figures that are held of all runs at once: 128 bytes a run."""
BYTES = 8


def figures_each(definition: Definition) -> int:
    """Figures kept of every run."""
    return cells_of(definition)[-1].stop


def check_complete(study: store.Study) -> None:
    """Raise unless every unit is done and whole: each is read once and held against its checksum.

    Raises
    ------
    StudyError
        With how many are missing.
    """
    missing = len(store.missing(study))
    if missing:
        raise StudyError(
            f"{study.folder}: found {missing} of {study.units} units not done; allowed: a finished study: go on with "
            "the command that began it and --resume"
        )
    for _ in store.payloads(study):
        pass


def central_run(study: store.Study) -> np.ndarray:
    """Figures of the central run and their Monte Carlo standard errors, (2, figures)."""
    return np.frombuffer(store.read(study, 0), "<f8").reshape(-1, 2).T


def columns(study: store.Study, start: int, stop: int) -> np.ndarray:
    """Figures ``start`` to ``stop`` of every run but the central one, (run, figure)."""
    definition = study.definition
    out = np.empty((int(definition["runs"]), stop - start))
    for unit in range(1, units_of(definition)):
        runs = runs_in(definition, unit)
        part = store.read_part(study, unit, start * len(runs) * BYTES, (stop - start) * len(runs) * BYTES)
        out[runs.start - 1 : runs.stop - 1] = np.frombuffer(part, "<f8").reshape(stop - start, len(runs)).T
    return out


def cell_of(study: store.Study, key: str) -> Cell:
    """Where the figure ``key`` lies."""
    return next(cell for cell in cells_of(study.definition) if cell.key == key)


def runs_of(study: store.Study, cell: Cell) -> np.ndarray:
    """One figure of every run but the central one, (run, cells)."""
    return columns(study, cell.start, cell.stop)


def all_statistics(study: store.Study) -> np.ndarray:
    """Statistics of every figure over the runs, (statistic, figures), a slab at a time."""
    central = central_run(study)
    parts = [
        statistics(central[0, slab], central[1, slab], columns(study, slab.start, slab.stop))
        for slab in slabs(figures_each(study.definition), SLAB)
    ]
    return np.concatenate(parts, axis=1)


def numbers(study: store.Study) -> np.ndarray:
    """Values of what varies in every run but the central one, (run, number)."""
    return np.concatenate(list(_numbers(study)))


def _numbers(study: store.Study) -> Iterator[np.ndarray]:
    runs = int(study.definition["runs"])
    for first in range(1, runs + 1, 4096):
        yield values_in(study.definition, first, min(first + 4096, runs + 1))


EVERYONE = {"sex": PERSONS, "cause_group": ALL_CAUSES}
"""Where a figure is for all people and all causes together."""


def figure(study: store.Study, key: str, *, central: bool = False) -> xr.DataArray:
    """One figure of every run, (draw, ...), numbered from 1; with the central one as draw 0 where it is wanted."""
    cell = cell_of(study, key)
    values = runs_of(study, cell)
    if central:
        values = np.concatenate([central_run(study)[:1, cell.start : cell.stop], values])
    return array(cell, values, labels=range(0 if central else 1, 1 + int(study.definition["runs"])))
