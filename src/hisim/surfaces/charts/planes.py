"""Planes of two outcomes: health against money, and health against fairness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

import hisim.surfaces.charts.look as look
from hisim.errors import ImpossibleChartError
from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import INTERVAL, amount, axis_title, check, many, name_of, per_cent, sampled, unit_of
from hisim.variables import COMPARATOR

if TYPE_CHECKING:
    import altair as alt
else:
    alt = late("altair")

MOST = 2000
"""More points than this are not drawn."""
MARGIN = 0.24
"""Least share of an axis on either side of zero, so that the words of a quadrant fit."""
HEADROOM = 0.14
"""Share of an axis kept free of points at its ends, for the words."""
MONEY = (
    "more health,\ncosts more",
    "less health,\ncosts more",
    "less health,\nsaves money",
    "more health,\nsaves money",
)
FAIRNESS = ("healthier\nand fairer", "less healthy,\nfairer", "less healthy\nand less fair", "healthier,\nless fair")
"""The quadrants in words, counter-clockwise from the upper right."""
CORNER = (0.22, 0.14)
"""Shares of the axes that the words of a quadrant take."""
LINE = 17
"""From one line of these words to the next [pixels]."""
Domain = tuple[float, float]


class Plane(NamedTuple):
    """What is drawn: two outcomes (draw, scenario), without draw 0 and the comparator, and what counts as success."""

    x: xr.DataArray
    y: xr.DataArray
    good: xr.DataArray
    """Share of the draws of each scenario that are good."""
    means: str
    """What good means, in words."""


def cost_effectiveness_plane(
    qalys: xr.DataArray, cost: xr.DataArray, threshold: float, colours: Mapping[str, str] | None = None
) -> alt.LayerChart:
    """Health gained and money spent more than the comparator, by draw and scenario.

    Parameters
    ----------
    qalys
        (draw, scenario): QALYs gained.
    cost
        (draw, scenario): cost less what it saves [GBP].
    threshold
        What a QALY is worth [GBP per QALY].
    colours
        Colours by scenario; the others follow their order.

    Returns
    -------
    alt.LayerChart
        Points, at most 2,000 (the first draws of each scenario), the mean of all draws of each scenario, and the line
        of the threshold. The legend says which share of all draws lies below it.

    Raises
    ------
    ImpossibleChartError
        For other dimensions, fewer than two draws, or what is no number.
    """
    plane = _money(qalys, cost, threshold)
    line = f"Dashed line: {amount(threshold, 'GBP per QALY')}; below it the health gained is worth more than it costs."
    description = describe_cost_effectiveness_plane(qalys, cost, threshold)
    return _drawn(plane, MONEY, ("What the health gained costs", line, description), colours, threshold)


def describe_cost_effectiveness_plane(qalys: xr.DataArray, cost: xr.DataArray, threshold: float) -> str:
    """The main numbers of :func:`cost_effectiveness_plane`, of the same data, as text."""
    return _described(_money(qalys, cost, threshold))


def equity_impact_plane(
    net_benefit: xr.DataArray, equity: xr.DataArray, colours: Mapping[str, str] | None = None
) -> alt.LayerChart:
    """Health gained by everyone and how much of it narrows the gap, by draw and scenario.

    Parameters
    ----------
    net_benefit
        (draw, scenario): net health benefit to everyone [QALYs].
    equity
        (draw, scenario): narrowing of the gap, such as the net benefit to the most deprived fifth minus that to the
        least [QALYs]; positive is fairer.
    colours
        Colours by scenario; the others follow their order.

    Returns
    -------
    alt.LayerChart
        Points, at most 2,000 (the first draws of each scenario), and the mean of all draws of each scenario. The
        legend says which share of all draws is healthier and fairer.

    Raises
    ------
    ImpossibleChartError
        For other dimensions, fewer than two draws, or what is no number.
    """
    plane = _fairness(net_benefit, equity)
    line = "Right of the upright line people are healthier, above the level line the gap is narrower."
    words = ("Who gains: health and fairness together", line, describe_equity_impact_plane(net_benefit, equity))
    return _drawn(plane, FAIRNESS, words, colours, None)


def describe_equity_impact_plane(net_benefit: xr.DataArray, equity: xr.DataArray) -> str:
    """The main numbers of :func:`equity_impact_plane`, of the same data, as text."""
    return _described(_fairness(net_benefit, equity))


def _money(qalys: xr.DataArray, cost: xr.DataArray, threshold: float) -> Plane:
    if not (np.isfinite(threshold) and threshold > 0.0):
        raise ImpossibleChartError(f"threshold: found {threshold}; allowed: a positive number of GBP per QALY")
    x, y = _pair(qalys, cost, ("QALYs gained", "QALYs"), ("Net cost", "GBP"))
    if (unit_of(x), unit_of(y)) not in {("QALY", "GBP"), ("QALYs", "GBP")}:
        raise ImpossibleChartError(f"threshold: found units {unit_of(x)} and {unit_of(y)}; allowed: QALYs and GBP")
    return Plane(x, y, (y < threshold * x).mean("draw"), f"below {amount(threshold, 'GBP per QALY')}")


def _fairness(net_benefit: xr.DataArray, equity: xr.DataArray) -> Plane:
    x, y = _pair(net_benefit, equity, ("Net health benefit to everyone", "QALYs"), ("Narrowing of the gap", "QALYs"))
    return Plane(x, y, ((x > 0.0) & (y > 0.0)).mean("draw"), "healthier and fairer")


def _pair(
    x: xr.DataArray, y: xr.DataArray, of_x: tuple[str, str], of_y: tuple[str, str]
) -> tuple[xr.DataArray, xr.DataArray]:
    """Both (draw, scenario), checked and with names and units; the comparator, compared with itself, left out."""
    found = []
    for values, (name, unit) in ((x, of_x), (y, of_y)):
        check(values, ("draw", "scenario"), name)
        kept = sampled(values, name).sel(scenario=values["scenario"] != COMPARATOR).transpose("draw", "scenario")
        found.append(kept.assign_attrs(long_name=name_of(values, name), units=unit_of(values, unit)))
    if found[0].shape != found[1].shape or not all(
        found[0][each].equals(found[1][each]) for each in ("draw", "scenario")
    ):
        raise ImpossibleChartError(f"{of_y[0]}: found other draws or scenarios than {of_x[0]} has; allowed: the same")
    if not found[0].size:
        raise ImpossibleChartError(f"{of_x[0]}: found only the comparator; allowed: another scenario")
    return found[0], found[1]


def _described(plane: Plane) -> str:
    told = []
    for scenario in plane.x["scenario"].values:
        x, y = (_mean_and_interval(values.sel(scenario=scenario)) for values in (plane.x, plane.y))
        share = per_cent(float(plane.good.sel(scenario=scenario)))
        told.append(f"{scenario}: {name_of(plane.x)} {x}, {name_of(plane.y)} {y}; {share} of draws {plane.means}.")
    return f"Means and 95 % intervals of {many(plane.x.sizes['draw'], 'draw')}. " + " ".join(told)


def _mean_and_interval(values: xr.DataArray) -> str:
    low, high = np.quantile(values.values, (0.025, 0.975))
    return f"{amount(float(values.mean()), unit_of(values))} ({amount(low, '')} to {amount(high, '')})"


def _drawn(
    plane: Plane,
    quadrants: tuple[str, ...],
    words: tuple[str, str, str],
    colours: Mapping[str, str] | None,
    slope: float | None,
) -> alt.LayerChart:
    """The picture; ``words`` are its title, what its lines are, and its description."""
    keys = _keys(plane)
    draws = plane.x.sizes["draw"]
    shown = min(draws, max(1, MOST // len(keys)))
    x, y = _domain(plane.x, shown), _domain(plane.y, shown)
    base = alt.Chart().encode(x=_axis("x", plane.x, x), y=_axis("y", plane.y, y), **_marks(plane, keys, colours))
    points = base.mark_point(filled=True, size=18, opacity=0.45)
    means = base.mark_point(filled=True, size=190, opacity=1, stroke=look.BLACK, strokeWidth=1.5)
    layers = [
        *_zeros(),
        points.properties(data=look.inline(_points(plane, keys, shown))),
        *([] if slope is None else [_line(_ends(slope, x, y))]),
        means.properties(data=look.inline(_means(plane, keys))),
        *_corners(quadrants, x, y, () if slope is None else _ends(slope, x, y)),
    ]
    chart = look.layered(layers, look.WIDTH, look.HEIGHT + 20)
    first = f"Drawn are the first {shown:,} draws of each scenario; means and shares are of all."
    cloud = f"Small marks: {many(draws, 'draw')} of the uncertain parameters. Large marks: their means."
    remarks = (cloud, *([first] if shown < draws else []), words[1], INTERVAL.replace("Intervals are", "The spread is"))
    return look.finished(chart, words[0], remarks, words[2], look.WIDTH + 80)


def _keys(plane: Plane) -> list[str]:
    """The scenarios as the legend has them."""
    return [
        f"{name} ({per_cent(float(share))})"
        for name, share in zip(plane.x["scenario"].values, plane.good.values, strict=True)
    ]


def _axis(which: str, values: xr.DataArray, domain: Domain) -> Any:
    channel, room = {"x": (alt.X, look.WIDTH), "y": (alt.Y, look.HEIGHT)}[which]
    title = axis_title(name_of(values), unit_of(values))
    return channel(f"{which}:Q", scale=look.plain_scale(domain), axis=look.numbers(title, room, gridColor=look.PALE))


def _marks(plane: Plane, keys: list[str], colours: Mapping[str, str] | None) -> dict[str, Any]:
    """Colour and shape by scenario, in one legend."""
    legend = look.legend(f"Scenario (share of draws {plane.means})")
    own = look.colours_of([str(scenario) for scenario in plane.x["scenario"].values], colours)
    ranges = {"color": (alt.Color, own), "shape": (alt.Shape, look.cycled(look.SHAPES, len(keys)))}
    return {
        name: channel("key:N", sort=keys, legend=legend, scale=alt.Scale(domain=keys, range=each))
        for name, (channel, each) in ranges.items()
    }


def _points(plane: Plane, keys: list[str], shown: int) -> list[dict[str, Any]]:
    """The first ``shown`` draws, scenarios taking turns so that none hides the others."""
    x, y = plane.x.values, plane.y.values
    return [{"key": key, "x": float(x[i, j]), "y": float(y[i, j])} for i in range(shown) for j, key in enumerate(keys)]


def _means(plane: Plane, keys: list[str]) -> list[dict[str, Any]]:
    x, y = plane.x.mean("draw").values, plane.y.mean("draw").values
    return [{"key": key, "x": float(x[j]), "y": float(y[j])} for j, key in enumerate(keys)]


def _domain(values: xr.DataArray, shown: int) -> Domain:
    """From the least to the greatest mark drawn and zero, with room for words on either side of zero."""
    drawn = np.concatenate([values.values[:shown], values.mean("draw").values[None], np.zeros((1, values.shape[1]))])
    low, high = look.padded(float(drawn.min()), float(drawn.max()), HEADROOM, HEADROOM)
    side = MARGIN / (1.0 - MARGIN)
    return min(low, -side * high), max(high, -side * low)


def _zeros() -> list[alt.Chart]:
    """The lines between the quadrants."""
    rule = alt.Chart(look.inline([{"zero": 0.0}])).mark_rule(color=look.GREY)
    return [rule.encode(x="zero:Q"), rule.encode(y="zero:Q")]


def _ends(slope: float, x: Domain, y: Domain) -> tuple[tuple[float, float], ...]:
    """Both ends, lower first, of the line of this ``slope`` through the origin, as far as both domains go."""
    return tuple((at, slope * at) for at in (max(x[0], y[0] / slope), min(x[1], y[1] / slope)))


def _line(ends: tuple[tuple[float, float], ...]) -> alt.Chart:
    base = alt.Chart(look.inline([{"x": x, "y": y} for x, y in ends]))
    line: alt.Chart = base.mark_line(color=look.BLACK, strokeDash=[6, 4], strokeWidth=1.5).encode(x="x:Q", y="y:Q")
    return line


def _corners(words: tuple[str, ...], x: Domain, y: Domain, ends: tuple[tuple[float, float], ...]) -> list[alt.Chart]:
    """The names of the quadrants, each in its corner, or beside the upright line where a line ends in the corner."""
    found = []
    for text, (right, upper) in zip(words, ((1, 1), (0, 1), (0, 0), (1, 0)), strict=True):
        taken = any(
            abs(at[0] - x[right]) < CORNER[0] * (x[1] - x[0]) and abs(at[1] - y[upper]) < CORNER[1] * (y[1] - y[0])
            for at in ends
        )
        row = {"x": 0.0 if taken else x[right], "y": y[upper], "words": text}
        mark = alt.Chart(look.inline([row])).mark_text(
            align="right" if bool(right) != taken else "left", baseline="top", dx=-6 if bool(right) != taken else 6,
            dy=6 if upper else -2 * LINE - 4, lineHeight=LINE, color="#444444", fontStyle="italic",
            fontSize=look.TEXT + 1,
        )  # fmt: skip
        found.append(mark.encode(x="x:Q", y="y:Q", text="words:N"))
    return found
