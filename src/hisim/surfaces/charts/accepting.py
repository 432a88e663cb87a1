"""Which option is probably best, by what a QALY is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import hisim.surfaces.charts.look as look
from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import amount, axis_title, check, inside, listed, name_of, per_cent, unit_of

if TYPE_CHECKING:
    import altair as alt
else:
    alt = late("altair")

MOST = 400
"""More thresholds than this are thinned."""
PER_CENT = "format(100 * datum.value, ',.0f') + ' %'"
"""Ticks of an axis of shares."""


def acceptability(curve: xr.DataArray, colours: Mapping[str, str] | None = None) -> alt.LayerChart:
    """Probability that each option is best, by threshold.

    Parameters
    ----------
    curve
        (threshold, option): share of the draws in which the option has the greatest net benefit [fraction]. The
        coordinate ``threshold`` is in its ``units``, GBP per QALY where it has none.
    colours
        Colours by option; the others follow their order.

    Raises
    ------
    ImpossibleChartError
        For other dimensions, or what is no number.
    """
    check(curve, ("threshold", "option"), "acceptability")
    name, unit = _threshold(curve)
    rows = _rows(curve)
    worth = look.numbers(axis_title(name, unit), look.WIDTH, grid=False)
    shares = alt.Axis(title="Probability of being best (share of draws)", labelExpr=PER_CENT, tickCount=6)
    line = alt.Chart().mark_line(strokeWidth=2.5, point=curve.sizes["threshold"] == 1)
    line = line.encode(
        x=alt.X("threshold:Q", scale=alt.Scale(nice=False, zero=False), axis=worth),
        y=alt.Y("probability:Q", scale=alt.Scale(domain=[0, 1]), axis=shares),
        **_marks([str(option) for option in curve["option"].values], colours),
    )
    remarks = (
        f"Share of the draws in which an option has the greatest net benefit, by {inside(name)}.",
        "Of draws of the uncertain numbers, with the little that chance within a draw adds.",
    )
    chart = look.layered([line], look.WIDTH, look.HEIGHT, rows)
    title = "Which option is probably best?"
    return look.finished(chart, title, remarks, describe_acceptability(curve), look.WIDTH + 70)


def describe_acceptability(curve: xr.DataArray) -> str:
    """The main numbers of :func:`acceptability`, of the same ``curve``, as text."""
    check(curve, ("threshold", "option"), "acceptability")
    ordered = curve.sortby("threshold").transpose("threshold", "option")
    unit = _threshold(curve)[1]
    best = ordered.argmax("option").values
    starts = [0, *(np.flatnonzero(np.diff(best)) + 1)]
    told = [
        f"from {amount(float(ordered['threshold'][i]), unit)} it is {ordered['option'].values[best[i]]} "
        f"({per_cent(float(ordered[i, best[i]]))})"
        for i in starts
    ]
    last, option = float(ordered["threshold"][-1]), int(best[-1])
    return (
        f"The option most probably best by threshold: {listed(told)}. At {amount(last, unit)}, "
        f"the highest drawn, it is {ordered['option'].values[option]} ({per_cent(float(ordered[-1, option]))})."
    )


def _rows(curve: xr.DataArray) -> list[dict[str, Any]]:
    """One row an option and threshold, at not more than the thresholds that can be told apart."""
    there = curve.sizes["threshold"]
    kept = np.unique(np.linspace(0, there - 1, min(MOST, there)).round().astype(int))
    drawn = curve.sortby("threshold").isel(threshold=kept).transpose("option", "threshold")
    return [
        {"threshold": float(threshold), "option": str(option), "probability": float(share)}
        for option, shares in zip(drawn["option"].values, drawn.values, strict=True)
        for threshold, share in zip(drawn["threshold"].values, shares, strict=True)
    ]


def _marks(options: list[str], colours: Mapping[str, str] | None) -> dict[str, Any]:
    """Colour and dashes by option, in one legend."""
    legend = look.legend("Option", symbolStrokeWidth=3, symbolSize=300)
    color = alt.Scale(domain=options, range=look.colours_of(options, colours))
    dash = alt.Scale(domain=options, range=look.cycled(look.DASHES, len(options)))
    return {
        "color": alt.Color("option:N", sort=options, legend=legend, scale=color),
        "strokeDash": alt.StrokeDash("option:N", sort=options, legend=legend, scale=dash),
    }


def _threshold(curve: xr.DataArray) -> tuple[str, str]:
    threshold = curve["threshold"]
    return name_of(threshold, "What a QALY is worth"), unit_of(threshold, "GBP per QALY")
