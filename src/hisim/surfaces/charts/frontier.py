"""What budgets buy: deaths prevented or postponed against the gap, and what each mix costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import hisim.surfaces.charts.look as look
from hisim.errors import ImpossibleChartError
from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import amount, check_all, many
from hisim.surfaces.text import people, plain

if TYPE_CHECKING:
    import altair as alt
else:
    alt = late("altair")

BUDGET, TRADED, OTHER = "the best mix for a budget", "the same budget, traded off", "an alternative nearly as good"
KINDS = {BUDGET: ("circle", look.BLUE), TRADED: ("square", look.VERMILLION), OTHER: ("diamond", look.GREEN)}
"""Kinds of mixes, in words, each with its mark."""
VARIABLES = ("deaths", "gap", "cost")
LINE, LETTER = 14, 7
"""Height of words and width of a letter beside a mark [pixels]."""


def frontier(mixes: xr.Dataset, unit: str, place: str = "England") -> alt.LayerChart:
    """Deaths prevented or postponed against the narrowing of the gap, a mark for each mix.

    Parameters
    ----------
    mixes
        By ``mix``: ``deaths`` [persons], ``gap`` [days by which it narrows] and ``cost`` [GBP million], with the
        coordinates ``kind``, one of :data:`KINDS`, and ``words``, what stands beside the mark. The budget that was
        asked for is the last of its kind; trade-offs begin with fewest deaths and end with the smallest gap.
    unit
        What costs are counted for: "a year" or "in all".
    place
        The area, which the gap is to.

    Raises
    ------
    ImpossibleChartError
        Where a variable is missing or no number, or there are fewer than two mixes.
    """
    _checked(mixes)
    rows = _rows(mixes)
    domain = {name: look.padded(*_ends(mixes[name]), 0.08, 0.14) for name in ("deaths", "gap")}
    axes = {
        "deaths": look.numbers("Deaths prevented or postponed", look.WIDTH, gridColor=look.PALE),
        "gap": look.numbers("Gap in life expectancy narrows by (days)", look.HEIGHT, gridColor=look.PALE),
    }
    x = alt.X("deaths:Q", scale=look.plain_scale(domain["deaths"]), axis=axes["deaths"])
    y = alt.Y("gap:Q", scale=look.plain_scale(domain["gap"]), axis=axes["gap"])
    there = [kind for kind in KINDS if kind in mixes["kind"].values]
    legend = look.legend("Each mark is a mix:")
    scales = [alt.Scale(domain=there, range=[KINDS[kind][k] for kind in there]) for k in (0, 1)]
    shape = alt.Shape("kind:N", sort=there, scale=scales[0], legend=legend)
    colour = alt.Color("kind:N", sort=there, scale=scales[1], legend=legend)
    base = alt.Chart().encode(x=x, y=y)
    lines = [
        base.mark_line(strokeWidth=2, strokeDash=dash, color=KINDS[kind][1])
        .encode(order="order:Q")
        .properties(data=look.inline([row for row in rows if row["kind"] == kind]))
        for kind, dash in ((BUDGET, [1, 0]), (TRADED, [6, 4]))
    ]
    marks = base.mark_point(filled=True, size=110, opacity=1).encode(shape=shape, color=colour)
    halo, words = _words(base, rows, domain)
    layers = [*lines, halo, marks.properties(data=look.inline(rows)), words]
    chart = look.layered(layers, look.WIDTH, look.HEIGHT)
    remarks = (
        f"Beside each mark: what the mix costs {unit}. Compared with carrying on as now, at central values.",
        f"The gap is between the most deprived fifth and {place}, women and men together.",
    )
    return look.finished(chart, finding(mixes, unit), remarks, describe_frontier(mixes, unit), look.WIDTH + 80)


def finding(mixes: xr.Dataset, unit: str) -> str:
    """The main thing that :func:`frontier` shows."""
    best = _of(mixes, BUDGET).isel(mix=-1)
    told = f"£{plain(float(best['cost']))} million {unit} buys {people(float(best['deaths']))} fewer deaths"
    traded = _of(mixes, TRADED)
    if not traded.sizes["mix"]:
        return told
    smallest = traded.isel(mix=-1)
    days, other = float(smallest["gap"]), float(best["gap"])
    if days - other < 0.5:
        return f"{told}, and the gap can hardly be made smaller for the same money"
    return (
        f"{told}; for the gap, the same money could do {days:.0f} days instead of {other:.0f}, "
        f"with {people(float(smallest['deaths']))} fewer deaths"
    )


def describe_frontier(mixes: xr.Dataset, unit: str) -> str:
    """The main numbers of :func:`frontier`, of the same data, as text."""
    _checked(mixes)
    told = [
        f"{_kind(str(one['kind'].values))} at £{plain(float(one['cost']))} million {unit}: "
        f"{people(float(one['deaths']))} deaths prevented or postponed, gap {_narrower(float(one['gap']))}."
        for one in (mixes.isel(mix=k) for k in range(mixes.sizes["mix"]))
    ]
    return f"{many(mixes.sizes['mix'], 'mix', 'mixes')}. " + " ".join(told)


def _kind(kind: str) -> str:
    return kind[0].upper() + kind[1:]


def _narrower(days: float) -> str:
    return f"{amount(abs(days), 'days')} {'smaller' if days >= 0 else 'larger'}"


def _checked(mixes: xr.Dataset) -> None:
    check_all(mixes, VARIABLES, "mix")
    if mixes.sizes["mix"] < 2:
        raise ImpossibleChartError(f"mix: found {many(mixes.sizes['mix'], 'mix', 'mixes')}; allowed: 2 or more")


def _of(mixes: xr.Dataset, kind: str) -> xr.Dataset:
    return mixes.isel(mix=np.flatnonzero(mixes["kind"].values == kind))


def _ends(values: xr.DataArray) -> tuple[float, float]:
    return min(0.0, float(values.min())), float(values.max())


def _rows(mixes: xr.Dataset) -> list[dict[str, Any]]:
    """A row for each mix; budgets in the order of their cost, trade-offs in their own."""
    rows: list[dict[str, Any]] = []
    for k in range(mixes.sizes["mix"]):
        own = {name: float(mixes[name].values[k]) for name in VARIABLES}
        kind, words = (str(mixes[name].values[k]) for name in ("kind", "words"))
        rows.append({"order": own["cost"] if kind == BUDGET else k, "kind": kind, "words": words, **own})
    return rows


def _words(base: alt.Chart, rows: list[dict[str, Any]], domain: dict[str, tuple[float, float]]) -> list[alt.Chart]:
    """The words beside marks, on white; those that would lie on words already there are left out."""
    taken: list[tuple[float, float, int]] = []
    kept = []
    sizes = {"deaths": look.WIDTH, "gap": look.HEIGHT}
    for row in sorted(rows, key=lambda row: (row["kind"] != BUDGET, -row["order"])):
        at = [sizes[name] * (row[name] - low) / (high - low) for name, (low, high) in domain.items()]
        if row["words"] and all(
            abs(at[1] - y) > LINE or not -LETTER * len(row["words"]) < at[0] - x < LETTER * length
            for x, y, length in taken
        ):
            taken.append((at[0], at[1], len(row["words"])))
            kept.append(row)
    data = look.inline(kept)
    white: dict[str, Any] = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}
    return [
        base.mark_text(align="left", dx=9, dy=-9, color="#222222", **style).encode(text="words:N").properties(data=data)
        for style in (white, {})
    ]
