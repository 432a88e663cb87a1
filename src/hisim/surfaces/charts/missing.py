"""How far forecasts miss, by years ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import xarray as xr

import hisim.surfaces.charts.look as look
from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import axis_title, check, many, name_of, unit_of

if TYPE_CHECKING:
    import altair as alt
else:
    alt = late("altair")

DIMENSIONS = ("years_ahead", "forecaster")


def misses(values: xr.DataArray, origins: int) -> alt.LayerChart:
    """Lines of the mean miss of each forecaster by years ahead; the first forecaster is the one the title is about.

    Parameters
    ----------
    values
        (years_ahead, forecaster), none below 0, in its ``units``.
    origins
        Years from which was forecast, for the words; the longest distances have fewer.

    Raises
    ------
    ImpossibleChartError
        For other dimensions, or what is no number.
    """
    check(values, DIMENSIONS, "misses")
    names = [str(each) for each in values["forecaster"].values]
    rows = [
        {"ahead": int(ahead), "forecaster": name, "miss": float(values.sel(years_ahead=ahead, forecaster=name))}
        for name in names
        for ahead in values["years_ahead"].values
    ]
    base = alt.Chart().encode(**_axes(values, names))
    dash = alt.StrokeDash("forecaster:N", scale=_scale(names, look.DASHES), sort=names, legend=None)
    shape = alt.Shape("forecaster:N", scale=_scale(names, look.SHAPES), sort=names, legend=_legend())
    line = base.mark_line(strokeWidth=2.5).encode(strokeDash=dash)
    point = base.mark_point(filled=True, size=70, opacity=1).encode(shape=shape)
    chart = look.layered([line, point], look.WIDTH, look.HEIGHT, rows)
    return look.finished(chart, _title(values), [_remark(origins)], describe_misses(values, origins), look.WIDTH + 60)


def describe_misses(values: xr.DataArray, origins: int) -> str:
    """The main numbers of :func:`misses`, of the same ``values``, as text."""
    check(values, DIMENSIONS, "misses")
    unit, last = unit_of(values), int(values["years_ahead"].max())
    told = "; ".join(
        f"{name}: {float(values.sel(years_ahead=1, forecaster=name)):.2f} one year ahead, "
        f"{float(values.sel(years_ahead=last, forecaster=name)):.2f} after {last}"
        for name in values["forecaster"].values
    )
    return f"{name_of(values)} ({unit}). {_remark(origins)} {told}. {_title(values)}."


def _title(values: xr.DataArray) -> str:
    """The finding: how far the first forecaster and the nearest other miss at the longest distance."""
    last = values.isel(years_ahead=-1)
    first, nearest = last.isel(forecaster=0), last.isel(forecaster=slice(1, None))
    nearest = nearest.isel(forecaster=int(nearest.argmin("forecaster")))
    told = [
        f"{one['forecaster'].values} {verb} {float(one):.2f}" for one, verb in ((first, "misses by"), (nearest, "by"))
    ]
    ahead = many(int(last["years_ahead"]), "year")
    return f"{ahead} ahead {told[0]} {unit_of(values)}, {told[1]}"


def _remark(origins: int) -> str:
    over = f"Mean over deprivation fifths, both sexes and {many(origins, 'year')} from which was forecast"
    return f"{over}, fewest for the longest distances." if origins > 1 else f"{over}."


def _axes(values: xr.DataArray, names: list[str]) -> dict[str, Any]:
    top = look.padded(0.0, float(values.max()), 0.0, 0.06)
    years = alt.Axis(title="Years ahead", format="d", tickMinStep=1, grid=False)
    side = look.numbers(axis_title(name_of(values), unit_of(values)), look.HEIGHT)
    colours = alt.Scale(domain=names, range=look.colours_of(names, None))
    return {
        "x": alt.X("ahead:Q", axis=years, scale=alt.Scale(nice=False, zero=False)),
        "y": alt.Y("miss:Q", axis=side, scale=look.plain_scale(top)),
        "color": alt.Color("forecaster:N", sort=names, legend=_legend(), scale=colours),
    }


def _legend() -> alt.Legend:
    return look.legend("Forecast", symbolDash=[1, 0], symbolStrokeWidth=0)


def _scale(names: list[str], kinds: Sequence[Any]) -> alt.Scale:
    return alt.Scale(domain=names, range=look.cycled(kinds, len(names)))
