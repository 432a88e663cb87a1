"""What may happen year by year: a fan of the draws."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import xarray as xr

import hisim.surfaces.charts.look as look
from hisim.errors import ImpossibleChartError
from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import (
    INTERVAL,
    amount,
    axis_title,
    check,
    label,
    many,
    name_of,
    sampled,
    unit_of,
)

if TYPE_CHECKING:
    import altair as alt
else:
    alt = late("altair")

QUANTILES = {"low": 0.025, "low_50": 0.25, "median": 0.5, "high_50": 0.75, "high": 0.975}
"""What is drawn of the draws, by the name it has in the data of the chart."""
PANEL = (260, 200)
"""Width and height of one panel of several [pixels]."""
IN_A_ROW = 3
PANEL_LETTERS = 36
"""Longest line of the heading of a panel."""
NAMES = {"quintile": "deprivation fifth"}
"""Dimensions whose names are not words for everybody."""


def fan(values: xr.DataArray, colours: Mapping[str, str] | None = None) -> alt.LayerChart | alt.FacetChart:
    """Median and intervals of ``values`` year by year.

    Parameters
    ----------
    values
        (draw, year), or (draw, year, and one further dimension such as scenario or quintile): what is drawn, in its
        ``units``. Draw 0, the central values, becomes a dashed line.
    colours
        Colours by label of the further dimension; the others follow their order.

    Returns
    -------
    alt.LayerChart or alt.FacetChart
        Median of the draws (line), middle 50 % (dark band) and 95 % (pale band); a panel for each label of the further
        dimension, all with the same axes.

    Raises
    ------
    ImpossibleChartError
        For other dimensions, fewer than two draws, or what is no number.
    """
    further = _further(values)
    rows = _rows(values, further)
    name, remarks, description = name_of(values), _remarks(values), describe_fan(values)
    room = look.HEIGHT if further is None else PANEL[1]
    layers = _layers(axis_title(name, unit_of(values)), rows, room, bands=values.sizes["year"] > 1)
    if further is None:
        single: alt.LayerChart = look.layered(layers, look.WIDTH, look.HEIGHT, rows).encode(color=alt.value(look.BLUE))
        return look.finished(single, f"{name}, by year", remarks, description, look.WIDTH + 60)
    headings = [_heading(further, each) for each in values[further].values]
    scale = alt.Scale(domain=headings, range=look.colours_of([str(each) for each in values[further].values], colours))
    chart = look.layered(layers, *PANEL).encode(color=alt.Color("panel:N", scale=scale, legend=None))
    facet = alt.Facet("panel:N", sort=headings, title=None)
    columns = min(IN_A_ROW, len(headings))
    panels: alt.FacetChart = chart.facet(facet=facet, columns=columns, data=look.inline(rows), spacing=26)
    panels = panels.resolve_axis(x="independent")
    title = f"{name}, by year and {NAMES.get(str(further), str(further))}"
    return look.finished(panels, title, remarks, description, max(2, columns) * (PANEL[0] + 60))


def describe_fan(values: xr.DataArray) -> str:
    """The main numbers of :func:`fan`, of the same ``values``, as text."""
    further, unit = _further(values), unit_of(values)
    draws = sampled(values, "fan")
    first, last = int(values["year"].min()), int(values["year"].max())
    period = str(last) if first == last else f"{first} to {last}"
    ends = draws.sel(year=last).quantile([0.025, 0.5, 0.975], dim="draw")
    parts = (
        [(None, ends)] if further is None else [(each, ends.sel({further: each})) for each in values[further].values]
    )
    told = "; ".join(
        f"{'' if each is None else label(str(further), each) + ': '}median {amount(float(part[1]), unit)} "
        f"(95 % interval {amount(float(part[0]), '')} to {amount(float(part[2]), '')})"
        for each, part in parts
    )
    return (
        f"{name_of(values)}, {period}, over {many(draws.sizes['draw'], 'draw')} of the uncertain parameters. "
        f"In {last}: {told}."
    )


def _further(values: xr.DataArray) -> Hashable | None:
    others = [dimension for dimension in values.dims if dimension not in ("draw", "year")]
    if len(others) > 1:
        raise ImpossibleChartError(
            f"fan: found dimensions {', '.join(map(str, values.dims))}; allowed: draw, year and one more"
        )
    check(values, ("draw", "year", *map(str, others)), "fan")
    return others[0] if others else None


def _heading(dimension: Hashable, value: object) -> str:
    return "\n".join(wrap(label(dimension, value), PANEL_LETTERS))


def _central(values: xr.DataArray) -> bool:
    return "draw" in values.coords and 0 in values["draw"].values


def _rows(values: xr.DataArray, further: Hashable | None) -> list[dict[str, Any]]:
    """One row a panel and year, with the quantiles and, where there is a draw 0, the central value."""
    found = sampled(values, "fan").quantile(list(QUANTILES.values()), dim="draw").rename(quantile="figure")
    found = found.assign_coords(figure=list(QUANTILES))
    if _central(values):
        found = xr.concat([found, values.sel(draw=0, drop=True).expand_dims(figure=["central"])], "figure")
    panels = (
        [(None, found)] if further is None else [(each, found.sel({further: each})) for each in values[further].values]
    )
    return [
        ({} if each is None else {"panel": _heading(further, each)})
        | {"year": int(year)}
        | {str(name): float(part.sel(year=year, figure=name)) for name in found["figure"].values}
        for each, part in panels
        for year in values["year"].values
    ]


def _remarks(values: xr.DataArray) -> tuple[str, str]:
    draws = many(sampled(values, "fan").sizes["draw"], "draw")
    if values.sizes["year"] > 1:
        shown = f"Line: median of {draws}. Dark: middle 50 %. Pale: 95 %."
        return shown + (" Dashed: all parameters central." if _central(values) else ""), INTERVAL
    shown = f"Dot: median of {draws}. Thick line: middle 50 %. Thin line: 95 %."
    return shown + (" Black: all parameters central." if _central(values) else ""), INTERVAL


def _layers(title: str, rows: list[dict[str, Any]], room: int, *, bands: bool) -> list[alt.Chart]:
    """Bands and lines; of a single year, thick and thin lines and marks."""
    years = alt.Axis(title="Year", format="d", tickMinStep=1, tickCount=5, grid=False)
    base = alt.Chart().encode(x=alt.X("year:Q", scale=alt.Scale(nice=False, zero=False), axis=years))
    figures = [row[name] for row in rows for name in row if name not in ("panel", "year")]
    domain = look.padded(min(figures), max(figures), 0.04, 0.04)

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", axis=look.numbers(title, room), scale=look.plain_scale(domain))

    layers = []
    for low, high, opacity, width in (("low", "high", 0.22, 2), ("low_50", "high_50", 0.38, 8)):
        band = base.mark_area(opacity=opacity) if bands else base.mark_rule(strokeWidth=width)
        layers.append(band.encode(y=y(low), y2=f"{high}:Q"))
    median = (
        base.mark_line(strokeWidth=2.5) if bands else base.mark_point(filled=True, size=110, stroke="white", opacity=1)
    )
    layers.append(median.encode(y=y("median")))
    if "central" in rows[0]:
        dashed = base.mark_line(strokeDash=[5, 4], strokeWidth=1.8)
        tick = base.mark_tick(thickness=2, size=30, orient="horizontal", opacity=1)
        layers.append((dashed if bands else tick).encode(y=y("central"), color=alt.value(look.BLACK)))
    return layers
