"""Whether there are enough draws: running estimates as draws are added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import hisim.surfaces.charts.look as look
from hisim.errors import ImpossibleChartError
from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import amount, axis_title, inside, many, name_of, unit_of

if TYPE_CHECKING:
    import altair as alt
else:
    alt = late("altair")

FIGURES = {"high": "97.5 %", "high_50": "75 %", "mean": "mean", "low_50": "25 %", "low": "2.5 %"}
"""The variables drawn, and what is written at the ends of their lines."""
MOST = 400
"""More sizes than this are thinned: nobody could see them on a logarithmic axis of this width."""
APART = 17
"""Least distance of two labels [pixels]."""
HEIGHT = 340
LABEL = 110
"""Room for the labels at the ends of the lines [pixels]."""


def convergence(running: xr.Dataset) -> alt.LayerChart:
    """The running estimates of a result over the number of draws so far, with the final ones marked.

    Parameters
    ----------
    running
        ``mean``, ``low``, ``high`` (2.5 and 97.5 %), ``low_50`` and ``high_50`` (size): estimates from the first
        ``size`` draws, in the unit of ``mean``. Sizes at which one of them is missing are not drawn.

    Returns
    -------
    alt.LayerChart
        Lines and bands on a logarithmic axis, at not more than 400 sizes, evenly spread along it.

    Raises
    ------
    ImpossibleChartError
        When a variable is missing, or there is no size with all of them.
    """
    shown = _thinned(_complete(running))
    name, unit = name_of(shown["mean"]), unit_of(shown["mean"])
    every = np.concatenate([shown[figure].values for figure in FIGURES])
    domain = look.padded(float(every.min()), float(every.max()), 0.06, 0.06)
    columns = [shown["size"].values.tolist(), *(shown[figure].values.tolist() for figure in FIGURES)]
    rows = [dict(zip(("size", *FIGURES), row, strict=True)) for row in zip(*columns, strict=True)]
    layers = [*_bands(axis_title(name, unit), domain), *_finals(shown, unit, domain)]
    chart = look.layered(layers, look.WIDTH - LABEL, HEIGHT, rows)
    remarks = (
        "Estimates from the draws so far; where the lines have become level, more draws would change little.",
        "Dark: the middle 50 % of draws; pale: 95 %.",
    )
    title = f"Are there enough draws for {inside(name)}?"
    return look.finished(chart, title, remarks, describe_convergence(running), look.WIDTH + LABEL)


def describe_convergence(running: xr.Dataset) -> str:
    """The main numbers of :func:`convergence`, of the same ``running``, as text."""
    complete = _complete(running)
    unit, last = unit_of(complete["mean"]), complete.isel(size=-1)
    half = complete.sel(size=float(last["size"]) / 2.0, method="nearest")
    final = {figure: float(last[figure]) for figure in FIGURES}
    return (
        f"{name_of(complete['mean'])} after {many(int(last['size']), 'draw')}: mean {amount(final['mean'], unit)}, "
        f"95 % interval {amount(final['low'], '')} to {amount(final['high'], '')}, "
        f"middle 50 % {amount(final['low_50'], '')} to {amount(final['high_50'], '')}. "
        f"After {many(int(half['size']), 'draw')} the mean was {amount(float(half['mean']), unit)}."
    )


def _complete(running: xr.Dataset) -> xr.Dataset:
    """``running`` in the order of size, where every figure is there."""
    for figure in FIGURES:
        if figure not in running:
            raise ImpossibleChartError(
                f"{figure}: found no such variable; allowed: a dataset with {', '.join(FIGURES)}"
            )
        if running[figure].dims != ("size",):
            raise ImpossibleChartError(
                f"{figure}: found dimensions {', '.join(map(str, running[figure].dims))}; allowed: size"
            )
    there = np.logical_and.reduce([np.isfinite(running[figure].values) for figure in FIGURES])
    if not there.any():
        raise ImpossibleChartError("convergence: found no size with every estimate; allowed: at least one")
    return running[list(FIGURES)].isel(size=np.flatnonzero(there)).sortby("size")


def _thinned(running: xr.Dataset) -> xr.Dataset:
    sizes = running["size"].values
    if sizes.size <= MOST:
        return running
    wanted = np.geomspace(sizes[0], sizes[-1], MOST)
    return running.isel(size=np.unique(np.searchsorted(sizes, wanted).clip(max=sizes.size - 1)))


def _bands(title: str, domain: tuple[float, float]) -> list[alt.Chart]:
    axis = look.numbers("Number of draws (logarithmic axis)", look.WIDTH, grid=False, tickCount=5)
    base = alt.Chart().encode(x=alt.X("size:Q", axis=axis, scale=alt.Scale(type="log", nice=False)))

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", axis=look.numbers(title, HEIGHT), scale=look.plain_scale(domain))

    bands = [
        base.mark_area(color=look.BLUE, opacity=opacity).encode(y=y(low), y2=f"{high}:Q")
        for low, high, opacity in (("low", "high", 0.18), ("low_50", "high_50", 0.30))
    ]
    lines = [
        base.mark_line(color=look.BLUE, strokeWidth=3 if figure == "mean" else 1).encode(y=y(figure))
        for figure in FIGURES
    ]
    return bands + lines


def _finals(running: xr.Dataset, unit: str, domain: tuple[float, float]) -> list[alt.Chart]:
    """A point and a label at the end of each line, labels kept apart."""
    last = running.isel(size=-1)
    values = sorted(((float(last[figure]), words) for figure, words in FIGURES.items()), key=lambda each: -each[0])
    exact = [HEIGHT * (domain[1] - value) / (domain[1] - domain[0]) for value, _ in values]
    size = int(last["size"])
    rows = [{"size": size, "value": value, "label": f"{words}: {amount(value, unit)}"} for value, words in values]
    points = alt.Chart(look.inline(rows)).mark_point(color=look.BLUE, filled=True, size=50, opacity=1)
    return [points.encode(x="size:Q", y="value:Q"), *map(_label, rows, _apart(exact))]


def _label(row: dict[str, Any], pixel: float) -> alt.Chart:
    weight: Any = "bold" if row["label"].startswith("mean") else "normal"
    mark = alt.Chart(look.inline([row])).mark_text(align="left", dx=9, color="#222222", fontWeight=weight)
    label: alt.Chart = mark.encode(x="size:Q", y=alt.value(pixel), text="label:N")
    return label


def _apart(pixels: list[float]) -> list[float]:
    """``pixels``, rising, moved so that neighbours are apart, around their old middle."""
    steps = np.arange(len(pixels)) * float(APART)
    moved = np.maximum.accumulate(np.asarray(pixels) - steps) + steps
    return [float(each) for each in moved + (np.mean(pixels) - moved.mean())]
