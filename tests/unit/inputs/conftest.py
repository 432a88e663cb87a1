"""Inputs are loaded once for all tests of this folder."""

from __future__ import annotations

import pandas as pd
import pytest
import xarray as xr

from hisim.inputs.load import load_inputs
from hisim.inputs.tables import list_tables, read_table


@pytest.fixture(scope="session")
def inputs() -> xr.Dataset:
    return load_inputs()


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    return {entry.name: read_table(entry.name) for entry in list_tables()}
