"""Which uncertain inputs matter most: one at a time (tornado), and all together (Sobol indices)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import hisim.surfaces.charts.look as look
from hisim.errors import ImpossibleChartError
from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import amount, axis_title, check_all, inside, listed, many, name_of, unit_of

if TYPE_CHECKING:
    import altair as alt
else:
    alt = late("altair")

MOST = 20
"""More parameters than this are not drawn."""
NAMED = 3
"""So many parameters are named in a description."""
STEP = 26
"""Height of one parameter [pixels]."""
LETTER = 6.2
"""Width of a letter in the name of a parameter [pixels]."""
ENDS = ("low", "high")
LABELLED = 0.14
"""Share of the axis kept free at either side for the labels of bars."""
KINDS = {"total": "total, with its interactions", "first_order": "on its own (first order)"}


def tornado(effects: xr.Dataset) -> alt.LayerChart:
    """What the result is when one parameter after another is at either end of its interval.

    Parameters
    ----------
    effects
        ``low`` and ``high`` (parameter): the result with the parameter at the low and high end of its interval, all
        others at their central values; ``central`` (no dimension): the result at central values. All in the unit of
        ``central``, whose ``long_name`` and ``units`` are written. The attribute ``interval`` of the dataset says what
        the ends are, "95 % interval" where there is none.

    Returns
    -------
    alt.LayerChart
        The 20 parameters with the widest swing, widest first; the swing is from the least to the greatest of low,
        central and high.

    Raises
    ------
    ImpossibleChartError
        When a variable is missing, or holds what is no number.
    """
    shown = _by_swing(effects)
    name, unit = _estimand(effects)
    ends = np.concatenate([shown[end].values for end in ENDS] + [[float(shown["central"])]])
    domain = look.padded(float(ends.min()), float(ends.max()), LABELLED, LABELLED)
    base = alt.Chart().encode(
        x=alt.X("value:Q", scale=look.plain_scale(domain), axis=look.numbers(axis_title(name, unit), look.WIDTH)),
        y=_parameters(shown),
    )
    key = alt.Color("end:N", legend=look.legend("Parameter at the", columns=2))
    key = key.scale(domain=[f"{end} end" for end in ENDS], range=[look.BLUE, look.ORANGE])
    bars = base.mark_bar(size=STEP * 0.62).encode(x2="central:Q", color=key)
    layers = [bars, *_labels(base), *_central(float(shown["central"]), unit)]
    chart = look.layered(layers, look.WIDTH, alt.Step(STEP), _ends(shown))
    each = ", each" if shown.sizes["parameter"] > 1 else ""
    remarks = (
        f"{_how_many(shown, effects, 'with the widest swings')}{each} moved to the ends of its {_interval(effects)}, "
        "all others central.",
        "Bars are parameter uncertainty, one parameter at a time; Monte Carlo error is separate and not shown.",
    )
    title = f"What matters most for {inside(name)}"
    return look.finished(chart, title, remarks, describe_tornado(effects), _whole_width(shown))


def describe_tornado(effects: xr.Dataset) -> str:
    """The main numbers of :func:`tornado`, of the same ``effects``, as text."""
    shown = _by_swing(effects)
    name, unit = _estimand(effects)
    told = [
        f"{parameter} ({amount(low, '')} at its low end, {amount(high, '')} at its high end)"
        for parameter, low, high in zip(*(shown[each].values[:NAMED] for each in ("parameter", *ENDS)), strict=True)
    ]
    widest = "The widest swings come from" if len(told) > 1 else "The widest swing comes from"
    which = (
        f"{many(effects.sizes['parameter'], 'parameter')} moved one at a time to the ends of the {_interval(effects)}"
    )
    return (
        f"{name}: {amount(float(shown['central']), unit)} at central values. {widest} {listed(told)}, out of {which}."
    )


def sobol_bars(indices: xr.Dataset) -> alt.LayerChart:
    """How the uncertainty of the result divides among the parameters.

    Parameters
    ----------
    indices
        ``first_order`` and ``total`` (parameter): Sobol indices [fraction of the variance], each with the limits of its
        95 % interval in ``first_order_low``, ``first_order_high``, ``total_low`` and ``total_high``. The attribute
        ``long_name`` of the dataset says of what result.

    Returns
    -------
    alt.LayerChart
        Two bars with interval a parameter, for the 20 parameters with the greatest total index, greatest first.

    Raises
    ------
    ImpossibleChartError
        When a variable is missing, or holds what is no number.
    """
    shown = _by_total(indices)
    rows: list[dict[str, Any]] = [
        {"parameter": str(parameter), "kind": words} | {
            end: float(shown[f"{kind}{suffix}"].sel(parameter=parameter))
            for end, suffix in (("value", ""), ("low", "_low"), ("high", "_high"))
        }
        for parameter in shown["parameter"].values
        for kind, words in KINDS.items()
    ]  # fmt: skip
    order = list(KINDS.values())
    title = axis_title("Share of the variance", unit_of(shown["total"], "fraction"))
    drawn = [0.0, *(float(row[end]) for row in rows for end in ("value", "low", "high"))]
    scale = look.plain_scale(look.padded(min(drawn), max(drawn), 0.03 if min(drawn) < 0.0 else 0.0, 0.03))
    base = alt.Chart().encode(y=_parameters(shown), yOffset=alt.YOffset("kind:N", sort=order))
    key = alt.Color("kind:N", legend=look.legend("Share of the variance due to the parameter", columns=2))
    key = key.scale(domain=order, range=[look.SKY, look.ORANGE])

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", axis=look.numbers(title, look.WIDTH), scale=scale)

    bars = base.mark_bar().encode(x=x("value"), color=key)
    whiskers = base.mark_rule(strokeWidth=1.5, color=look.BLACK).encode(x=x("low"), x2="high:Q")
    chart = look.layered([bars, whiskers], look.WIDTH, alt.Step(STEP / 2), rows)
    remarks = (
        f"{_how_many(shown, indices, 'with the greatest shares')}. Bars are shares of the parameter uncertainty.",
        "Black lines: 95 % interval of each share, because draws are limited; Monte Carlo error is separate.",
    )
    of_what = f"Where the uncertainty of {_of_what(indices)} comes from"
    return look.finished(chart, of_what, remarks, describe_sobol_bars(indices), _whole_width(shown))


def describe_sobol_bars(indices: xr.Dataset) -> str:
    """The main numbers of :func:`sobol_bars`, of the same ``indices``, as text."""
    shown = _by_total(indices)
    told = [
        f"{parameter} ({amount(float(one['total']), '')} in total, 95 % {amount(float(one['total_low']), '')} to "
        f"{amount(float(one['total_high']), '')}; {amount(float(one['first_order']), '')} on its own)"
        for parameter in shown["parameter"].values[:NAMED]
        for one in [shown.sel(parameter=parameter)]
    ]
    return (
        f"Shares of the variance of {_of_what(indices)}, greatest first: {listed(told)}, "
        f"out of {many(indices.sizes['parameter'], 'parameter')}. "
        f"First-order shares add up to {amount(float(indices['first_order'].sum()), '')}; "
        "the rest is interaction and chance."
    )


def _of_what(indices: xr.Dataset) -> str:
    return inside(str(indices.attrs.get("long_name") or "the result"))


def _estimand(effects: xr.Dataset) -> tuple[str, str]:
    carries = next(
        (effects[name] for name in ("central", *ENDS) if "long_name" in effects[name].attrs), effects["central"]
    )
    return name_of(carries), unit_of(carries)


def _by_swing(effects: xr.Dataset) -> xr.Dataset:
    check_all(effects, ENDS, "parameter")
    if "central" not in effects or effects["central"].size != 1 or not np.isfinite(effects["central"]):
        raise ImpossibleChartError("central: found no number; allowed: one number, the result at central values")
    ends = [effects["low"], effects["high"], effects["central"].squeeze().broadcast_like(effects["low"])]
    every = xr.concat(ends, "end", coords="minimal", compat="override")
    return _greatest(effects, (every.max("end") - every.min("end")).values)


def _by_total(indices: xr.Dataset) -> xr.Dataset:
    check_all(indices, [kind + end for kind in KINDS for end in ("", "_low", "_high")], "parameter")
    return _greatest(indices, indices["total"].values)


def _greatest(data: xr.Dataset, by: np.ndarray) -> xr.Dataset:
    return data.isel(parameter=np.argsort(-by, kind="stable")[:MOST])


def _how_many(shown: xr.Dataset, every: xr.Dataset, which: str) -> str:
    drawn, there = shown.sizes["parameter"], every.sizes["parameter"]
    return many(there, "parameter") if drawn == there else f"The {drawn} of {many(there, 'parameter')} {which}"


def _interval(effects: xr.Dataset) -> str:
    return str(effects.attrs.get("interval") or "95 % interval")


def _whole_width(shown: xr.Dataset) -> int:
    return int(look.WIDTH + LETTER * max(len(str(name)) for name in shown["parameter"].values))


def _parameters(shown: xr.Dataset) -> alt.Y:
    names = [str(name) for name in shown["parameter"].values]
    return alt.Y("parameter:N", sort=names, axis=alt.Axis(title=None, ticks=False, domain=False, labelPadding=8))


def _labels(base: alt.Chart) -> list[alt.Chart]:
    """The labels of bars, on white so that no line of the grid runs through them."""
    white: dict[str, Any] = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}
    places: dict[str, dict[str, Any]] = {"left": {"align": "right", "dx": -5}, "right": {"align": "left", "dx": 5}}
    return [
        base.mark_text(**under, **place).encode(text="label:N").transform_filter(f"datum.side === '{side}'")
        for under in (white, {})
        for side, place in places.items()
    ]


def _central(value: float, unit: str) -> list[alt.Chart]:
    base = alt.Chart(look.inline([{"value": value, "label": f"central: {amount(value, unit)}"}])).encode(x="value:Q")
    return [
        base.mark_rule(color=look.BLACK, strokeWidth=1.5),
        base.mark_text(baseline="bottom", dy=-4, color="#222222").encode(text="label:N", y=alt.value(0)),
    ]


def _ends(shown: xr.Dataset) -> list[dict[str, Any]]:
    """Both ends of every parameter, further end first, so that the nearer is drawn over it; each with its label."""
    central = float(shown["central"])
    return [
        row
        for parameter, low, high in zip(*(shown[each].values for each in ("parameter", *ENDS)), strict=True)
        for row in _two_ends(str(parameter), float(low), float(high), central)
    ]


def _two_ends(parameter: str, low: float, high: float, central: float) -> list[dict[str, Any]]:
    ends = sorted({"low": low, "high": high}.items(), key=lambda end: -abs(end[1] - central))
    (far, furthest), (near, nearest) = ends
    labels, sides = (far, near), ("right", "left") if furthest >= central else ("left", "right")
    if furthest == central:
        labels = ("no change", "")
    elif (furthest - central) * (nearest - central) > 0.0:
        labels = (f"{far}; {near} is nearer", "")
    return [
        {"parameter": parameter, "end": f"{end} end", "value": value, "central": central, "label": text, "side": side}
        for (end, value), text, side in zip(ends, labels, sides, strict=True)
    ]
