"""Tables of hindcasts, as a person reads them and as rows for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hisim.studies.hindcast import CODING_CHANGED, FORECASTERS, OURS, TARGET, errors, scores
from hisim.surfaces.text import Row, Table, fifth, people
from hisim.variables import CAUSE_GROUPS, QUINTILES, SEXES

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

NAMES = {
    OURS: "hisim", "held": "rates held", "line": "own lines",
    "lee_carter_fifth": "Lee-Carter by fifth", "lee_carter_nation": "Lee-Carter of the nation",
    "lee_carter_ten": "Lee-Carter of the nation's last ten years",
}  # fmt: skip
HEADS = ("hisim", "held", "lines", "LC fifth", "LC nation", "LC ten")
"""The forecasters at the head of columns, in their order."""
LEGEND = (
    "held: death rates stay as they were. lines: each rate goes on along its own line. LC: Lee-Carter, with a model "
    "for each fifth, with the nation's since 1990 for every fifth, or with that of the nation's last ten years."
)


def tables_of(data: xr.Dataset) -> list[Table]:
    """Tables of one hindcast."""
    return [_at_birth(data), _at_65(data), _gap(data), _by_year(data), _causes(data), _people(data)]


def tables_of_origins(found: Sequence[xr.Dataset]) -> list[Table]:
    """Misses by origin in the last year, over all years, and by years ahead."""
    to = found[0].attrs["to"]
    last = [Row(_origin(one, to)) for one in found]
    every = [
        Row((str(one.attrs["origin"]), *(f"{_mean_miss(one, name):.2f}" for name in FORECASTERS))) for one in found
    ]
    ahead = miss_by_years_ahead(found)
    by_ahead = [
        Row(
            (
                str(h),
                str(sum(one.sizes["year"] >= h for one in found)),
                *(f"{x:.2f}" for x in ahead.sel(years_ahead=h).values),
            )
        )
        for h in ahead["years_ahead"].values.tolist()
    ]
    return [
        Table(
            f"Mean miss of the ten life expectancies at birth in {to}, in years",
            ("from", "ahead", *HEADS, "bias", "worst", f"within {TARGET:g}", "in interval"), last, 1,
            f"{LEGEND} Bias, worst, and how many of ten are within {TARGET:g} year and in the 95 % interval: of hisim.",
        ),
        Table("Mean miss over all years forecast", ("from", *HEADS), every, 1),
        Table("Mean miss by years ahead, of origins that reach so far", ("ahead", "origins", *HEADS), by_ahead, 1),
        _by_fifth(found),
    ]  # fmt: skip


def _by_fifth(found: Sequence[xr.Dataset]) -> Table:
    every = [errors(one).mean(("year", "sex")) for one in found]
    means = [
        [sum(float(one.sel(forecaster=name, quintile=q)) for one in every) / len(every) for name in FORECASTERS]
        for q in QUINTILES
    ]
    rows = [Row((fifth(q), *(f"{x:+.2f}" for x in several))) for q, several in zip(QUINTILES, means, strict=True)]
    note = "Forecast less observed, mean over origins, all years forecast and both sexes."
    return Table("Bias by fifth, in years", ("fifth", *HEADS), rows, 1, note)


def miss_by_years_ahead(found: Sequence[xr.Dataset]) -> xr.DataArray:
    """Mean miss of life expectancy at birth [years], (years_ahead, forecaster), over origins, fifths and sexes."""
    import xarray as xr

    ahead = range(1, max(one.sizes["year"] for one in found) + 1)
    far = [[abs(errors(one)).isel(year=h - 1) for one in found if one.sizes["year"] >= h] for h in ahead]
    values = [np.mean([miss.mean(("quintile", "sex")).values for miss in several], axis=0) for several in far]
    coords = {"years_ahead": list(ahead), "forecaster": [NAMES[name] for name in FORECASTERS]}
    told = {"units": "years", "long_name": "Mean miss of life expectancy at birth"}
    return xr.DataArray(np.array(values), coords, ("years_ahead", "forecaster"), attrs=told)


def frames_of(found: Sequence[xr.Dataset]) -> dict[str, pd.DataFrame]:
    """Everything as long tables by name, with the origin first; years are [years], counts [persons]."""
    import pandas as pd

    several: dict[str, list[pd.DataFrame]] = {}
    for one in found:
        for name, frame in _frames(one).items():
            several.setdefault(name, []).append(frame.assign(origin=one.attrs["origin"]))
    joined = {name: pd.concat(frames, ignore_index=True) for name, frames in several.items()}
    return {name: frame[["origin", *frame.columns.drop("origin")]] for name, frame in joined.items()}


def _frames(data: xr.Dataset) -> dict[str, pd.DataFrame]:
    ours = data[["life_expectancy_low", "life_expectancy_high"]].expand_dims(forecaster=[OURS])
    shown = data[["life_expectancy", "observed_life_expectancy"]].merge(ours.reindex(forecaster=list(FORECASTERS)))
    return {
        "life_expectancy": shown.to_dataframe().reset_index(),
        "hindsight": data[["hindsight", "observed_life_expectancy"]].to_dataframe().reset_index(),
        "deaths": data[
            ["deaths", "observed_deaths", "standardised_rate", "observed_standardised_rate"]
        ].to_dataframe().reset_index(),
        "population": data[["population", "observed_population"]].to_dataframe().reset_index(),
        "scores": scores(data).to_dataframe().reset_index(),
    }  # fmt: skip


def _origin(data: xr.Dataset, to: int) -> tuple[str, ...]:
    score, origin = scores(data).sel(year=to), data.attrs["origin"]
    ours = score.sel(forecaster=OURS)
    misses = (f"{float(score['mae'].sel(forecaster=name)):.2f}" for name in FORECASTERS)
    told = (f"{float(ours['bias']):+.2f}", f"{float(ours['worst']):+.2f}", str(int(ours["within"])))
    return (str(origin), str(to - origin), *misses, *told, str(int(score["in_hisim_interval"])))


def _mean_miss(data: xr.Dataset, name: str) -> float:
    return float(abs(errors(data).sel(forecaster=name)).mean())


def _at_birth(data: xr.Dataset) -> Table:
    last, miss = data.sel(start_age=0).isel(year=-1), errors(data).isel(year=-1)
    rows = []
    for sex in SEXES:
        for quintile in QUINTILES:
            cell = {"sex": sex, "quintile": quintile}
            one = last.sel(cell)
            ours = f"{float(one['life_expectancy'].sel(forecaster=OURS)):.2f}"
            ends = f"{float(one['life_expectancy_low']):.1f} to {float(one['life_expectancy_high']):.1f}"
            misses = (f"{x:+.2f}" for x in miss.sel(cell).values)
            rows.append(
                Row((sex, fifth(quintile), f"{float(one['observed_life_expectancy']):.2f}", ours, ends, *misses))
            )
    columns = ("sex", "fifth", "observed", "hisim", "95 % interval", *(f"{head}" for head in HEADS))
    note = f"Last six columns: forecast less observed. {LEGEND} Interval: of hisim, because of the uncertain trend."
    return Table(f"Life expectancy at birth in {data.attrs['to']}, in years", columns, rows, 2, note)


def _at_65(data: xr.Dataset) -> Table:
    last, miss = data.sel(start_age=65).isel(year=-1), errors(data, 65).isel(year=-1)
    rows = []
    for sex in SEXES:
        for quintile in QUINTILES:
            cell = {"sex": sex, "quintile": quintile}
            seen = float(last["observed_life_expectancy"].sel(cell))
            rows.append(Row((sex, fifth(quintile), f"{seen:.2f}", *(f"{x:+.2f}" for x in miss.sel(cell).values))))
    title = f"Life expectancy at 65 in {data.attrs['to']}, in years"
    return Table(title, ("sex", "fifth", "observed", *HEADS), rows, 2, "Last six columns: forecast less observed.")


def _gap(data: xr.Dataset) -> Table:
    last = data.sel(start_age=0).isel(year=-1)
    ends = [
        last[name].sel(quintile=QUINTILES[-1]) - last[name].sel(quintile=QUINTILES[0])
        for name in ("observed_life_expectancy", "life_expectancy")
    ]
    rows = [
        Row((sex, f"{float(ends[0].sel(sex=sex)):.2f}", *(f"{x:.2f}" for x in ends[1].sel(sex=sex).values)))
        for sex in SEXES
    ]
    title = (
        f"Gap in life expectancy at birth between the least and the most deprived fifth in {data.attrs['to']}, in years"
    )
    return Table(title, ("sex", "observed", *HEADS), rows, 1)


def _by_year(data: xr.Dataset) -> Table:
    score = scores(data)
    rows = []
    for year in data["year"].values.tolist():
        one = score.sel(year=year)
        ours = one.sel(forecaster=OURS)
        misses = (f"{float(one['mae'].sel(forecaster=name)):.2f}" for name in FORECASTERS)
        told = (f"{float(ours[name]):{form}}" for name, form in (("bias", "+.2f"), ("rmse", ".2f"), ("worst", "+.2f")))
        rows.append(Row((str(year), *misses, *told, str(int(ours["within"])), str(int(one["in_hisim_interval"])))))
    columns = ("year", *HEADS, "bias", "rmse", "worst", f"within {TARGET:g}", "in interval")
    return Table("Mean miss of the ten life expectancies at birth by year, in years", columns, rows, 1)


def _causes(data: xr.Dataset) -> Table:
    last = data.isel(year=-1)
    ratio = last["deaths"].sum("quintile") / last["observed_deaths"].sum("quintile")
    off = 100 * (last["standardised_rate"] / last["observed_standardised_rate"] - 1)
    rows = [
        Row((group, sex, f"{float(ratio.sel(sex=sex, cause_group=group)):.2f}",
             *(f"{x:+.0f} %" for x in off.sel(sex=sex, cause_group=group).values)))
        for group in CAUSE_GROUPS for sex in SEXES
    ]  # fmt: skip
    title = (
        f"Deaths in {data.attrs['to']}: forecast over observed, and how far the standardised rate of each fifth is off"
    )
    note = "Fifth 1 is the most deprived."
    if data.attrs["to"] >= CODING_CHANGED:
        note += (
            f" The coding of causes changed in January {CODING_CHANGED}: more deaths are put down to dementia, fewer "
            "to stroke and infections, which no forecast by cause could know."
        )
    columns = ("causes", "sex", "deaths", *(f"fifth {quintile}" for quintile in QUINTILES))
    return Table(title, columns, rows, 2, note)


def _people(data: xr.Dataset) -> Table:
    last = data.isel(year=-1).sum("sex")
    rows = [
        Row((fifth(quintile), *(people(float(one)) for one in pair), f"{100 * (float(pair[0] / pair[1]) - 1):+.1f} %"))
        for quintile in QUINTILES
        for pair in [(last["population"].sel(quintile=quintile), last["observed_population"].sel(quintile=quintile))]
    ]
    note = f"In hisim nobody moves, and births stay as in {data.attrs['origin']}."
    return Table(f"People in {data.attrs['to']}", ("fifth", "hisim", "observed", "off by"), rows, 1, note)
