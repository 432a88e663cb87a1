"""Where the gap in life expectancy comes from, in words, a table and JSON: causes, ages, and risks in the model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hisim.variables import AGE_BANDS, CAUSE_GROUPS, COMPARATOR

if TYPE_CHECKING:
    import xarray as xr

    from hisim.surfaces.text import Table

BROAD_AGES: Mapping[str, tuple[str, ...]] = {
    "under 1": AGE_BANDS[:1],
    "1-14": AGE_BANDS[1:4],
    "15-39": AGE_BANDS[4:9],
    "40-64": AGE_BANDS[9:14],
    "65-74": AGE_BANDS[14:16],
    "75+": AGE_BANDS[16:],
}
"""A partition of :data:`hisim.variables.AGE_BANDS`."""
ALL, ALL_AGES = "All causes", "all ages"
DAYS = 365.25
SEXES = {"Male": "men", "Female": "women"}


def gap_parts(projection: xr.Dataset, year: int) -> xr.DataArray:
    """The gap in life expectancy at birth between fifths 1 and 5 in ``year``, by cause group and broad age [years].

    Returns
    -------
    (scenario, sex, cause, age), with "All causes" and "all ages" beside their parts.
    """
    import xarray as xr

    from hisim.outcomes.decomposition import gap_decomposition

    gap = gap_decomposition(projection.sel(year=[year]))["gap_q5"].isel(draw=0, year=0, drop=True)
    ages = [gap.sel(age_band=list(bands)).sum("age_band", skipna=False) for bands in BROAD_AGES.values()]
    parts = xr.concat([*ages, gap.sum("age_band", skipna=False)], "age").assign_coords(age=[*BROAD_AGES, ALL_AGES])
    whole = parts.sum("cause", skipna=False).expand_dims(cause=[ALL])
    both = xr.concat([parts, whole], "cause").transpose("scenario", "sex", "cause", "age")
    return both.assign_attrs(gap.attrs)


def explained(projection: xr.Dataset, year: int) -> xr.Dataset:
    """Shares of the comparator's gap that risks in the model explain, and that they leave, in ``year``, by sex."""
    from hisim.outcomes.decomposition import explained_share

    return explained_share(projection.sel(year=[year])).isel(draw=0, year=0, drop=True)


def explained_sentences(shares: xr.Dataset, year: int) -> Iterator[str]:
    """How much of the gap the risks in the model explain, in plain English."""
    for sex, who in SEXES.items():
        here = shares.sel(sex=sex)
        part, gap, closed = (float(here[name]) for name in ("explained", "gap", "gap_with_equal_risks"))
        if math.isfinite(part):
            yield (
                f"Of the gap in life expectancy at birth between fifths 1 and 5, {who}, in {year} ({gap:.2f} years "
                f"carrying on as now), the risks in the model explain {part:.0%}: if all had those of the least "
                f"deprived fifth, it would be {closed:.2f} years. The other {1 - part:.0%} is due to what is not in it."
            )


def gap_parts_table(parts: xr.DataArray, scenario: str, year: int) -> Table:
    """The gap carrying on as now by cause group and broad age, and what the mix changes at all ages."""
    from hisim.surfaces.text import Row, Table

    rows = []
    for sex, who in SEXES.items():
        for cause in (*CAUSE_GROUPS, ALL):
            now = parts.sel(scenario=COMPARATOR, sex=sex, cause=cause)
            change = float((parts.sel(scenario=scenario, sex=sex, cause=cause) - now).sel(age=ALL_AGES)) * DAYS
            cells = [_number(float(now.sel(age=age)), 2) for age in (*BROAD_AGES, ALL_AGES)]
            rows.append(Row([cause, who, *cells, _number(change, 2)], strong=cause == ALL))
    columns = ["cause of death", "", *BROAD_AGES, ALL_AGES, "mix, days"]
    note = "Parts add up to the gap. A minus sign means that it makes the gap smaller. Arriaga's method."
    title = f"Gap in life expectancy at birth between fifths 1 and 5 in {year}, years, by cause and age, as now"
    return Table(title, columns, rows, 2, note)


def gap_records(parts: xr.DataArray, shares: xr.Dataset) -> dict[str, Any]:
    """The same figures for a machine."""
    told = {f"gap_risks_{name}": array_record(array) for name, array in shares.data_vars.items()}
    return {"gap_by_cause_and_age": array_record(parts), **told}


def array_record(array: xr.DataArray) -> dict[str, Any]:
    """Every figure of an array with its labels, and its unit and meaning; what is missing is null."""
    rows = array.rename("value").to_dataframe().reset_index().to_json(orient="records")
    return {"unit": array.attrs["units"], "meaning": array.attrs["long_name"], "values": json.loads(rows)}


def _number(value: float, places: int) -> str:
    if not math.isfinite(value):
        return "n/a"
    return f"{round(value, places) + 0.0:.{places}f}"
