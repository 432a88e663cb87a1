"""How charts look: colours that colour-blind people can tell apart, sizes one can read, and text that fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hisim.surfaces.charts.late import late
from hisim.surfaces.charts.words import broken, lines
from hisim.variables import COMPARATOR

if TYPE_CHECKING:
    import altair as alt

    Chart = TypeVar("Chart", alt.LayerChart, alt.FacetChart)
else:
    alt = late("altair")

BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
)  # fmt: skip
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
"""The colours of Okabe and Ito, but for the yellow, which is not seen on white."""
GREY = "#6E6E6E"
"""The comparator, zero lines and remarks."""
PALE = "#E8E8E8"
"""Lines of a grid."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "triangle-left")
DASHES: tuple[list[int], ...] = ([1, 0], [8, 3], [2, 2], [8, 3, 2, 3], [14, 4])
"""Scenarios differ by these too, so that nobody depends on colours."""
FONT = "Arial, Liberation Sans, Helvetica, DejaVu Sans, sans-serif"
WIDTH, HEIGHT = 620, 400
"""Of what is drawn in, without axes [pixels]."""
TITLE, SUBTITLE, TEXT = 19, 13, 12
"""Sizes of letters [pixels]."""
TITLE_LETTER, SUBTITLE_LETTER = 0.53, 0.47
"""Widths of an average letter, as a share of its size."""

THOUSANDS = "datum.label === '' ? '' : format(datum.value, ',')"
"""Ticks with thousands separated and as many digits as they need; those that an axis leaves blank stay so."""

Rows = Sequence[Mapping[str, object]]


def colours_of(names: Sequence[str], given: Mapping[str, str] | None) -> list[str]:
    """A colour for each of ``names``: the one ``given``, else by their order; the comparator is grey."""
    order = [name for name in names if name != COMPARATOR]
    own = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(order)} | {COMPARATOR: GREY} | dict(given or {})
    return [own[name] for name in names]


def cycled(items: Sequence[Any], count: int) -> list[Any]:
    """The first ``count`` of ``items``, again from the beginning where they do not suffice."""
    return [items[i % len(items)] for i in range(count)]


def inline(rows: Rows) -> alt.InlineData:
    """``rows`` as the data of a chart."""
    return alt.InlineData(values=[dict(row) for row in rows])


def layered(
    layers: Sequence[alt.Chart], width: int, height: int | alt.Step, rows: Rows | None = None
) -> alt.LayerChart:
    """``layers`` drawn over one another, the first at the bottom, of this size; ``rows`` are data of all of them."""
    data = alt.Undefined if rows is None else inline(rows)
    return alt.LayerChart(layer=list(layers), width=width, height=height, data=data)


def padded(low: float, high: float, below: float, above: float) -> tuple[float, float]:
    """``low`` to ``high`` with shares ``below`` and ``above`` of their distance as margins; never empty."""
    span = (high - low) or abs(high) or 1.0
    return low - below * span, high + above * span


def plain_scale(domain: tuple[float, float]) -> alt.Scale:
    """A linear scale over exactly ``domain``."""
    return alt.Scale(domain=list(domain), nice=False, zero=False)


def numbers(title: str, room: int, **more: Any) -> alt.Axis:
    """An axis of ``room`` pixels with thousands separated, a darker line at zero, and a title that fits."""
    told = lines(title, int(room / ((TEXT + 1) * SUBTITLE_LETTER)))
    usual = {"title": told, "labelExpr": THOUSANDS, "tickCount": 6, "gridColor": _zero_line()}
    return alt.Axis(**_with(usual, more))


def legend(title: str, **more: Any) -> alt.Legend:
    """A legend below the picture, one name a line and none cut off."""
    return alt.Legend(
        title=title,
        **_with({"orient": "bottom", "columns": 1, "labelLimit": 0, "titleLimit": 0, "symbolOpacity": 1}, more),
    )


def finished(chart: Chart, title: str, remarks: Iterable[str], description: str, width: int) -> Chart:
    """``chart`` with its words: ``title``, ``remarks`` under it, and what it shows as text.

    ``width`` is that of the whole picture, in pixels.
    """
    heading = alt.TitleParams(
        text=lines(title, int(width / (TITLE * TITLE_LETTER))),
        subtitle=[line for remark in remarks for line in broken(remark, int(width / (SUBTITLE * SUBTITLE_LETTER)))],
    )
    told: Chart = chart.properties(title=heading, description=description, background="white")
    told.config = alt.Config(**_config())
    return told


def _with(usual: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    return usual | more


def _zero_line() -> dict[str, Any]:
    return {"condition": {"test": "datum.value === 0", "value": GREY}, "value": PALE}


def _config() -> dict[str, Any]:
    label: dict[str, Any] = {
        "labelFontSize": TEXT,
        "titleFontSize": TEXT + 1,
        "labelColor": "#222222",
        "titleColor": "#222222",
    }
    return {
        "font": FONT,
        "lineBreak": "\n",
        "padding": 16,
        "view": alt.ViewConfig(stroke=None),
        "axis": alt.AxisConfig(
            **label, titleFontWeight="normal", titlePadding=10, gridColor=PALE, domainColor="#888888",
            labelLimit=0, labelFlush=False, titleLimit=0, tickColor="#888888",
        ),
        "legend": alt.LegendConfig(**label, titleFontWeight="normal", symbolSize=120),
        "header": alt.HeaderConfig(**label | {"labelFontSize": TEXT + 1}, labelFontWeight="bold", labelLimit=0),
        "title": alt.TitleConfig(
            anchor="start", frame="bounds", fontSize=TITLE, fontWeight="bold", offset=14, limit=0, lineHeight=24,
            subtitleFontSize=SUBTITLE, subtitleLineHeight=18, subtitleColor="#444444", subtitlePadding=6,
        ),
        "text": alt.MarkConfig(fontSize=TEXT),
    }  # fmt: skip
