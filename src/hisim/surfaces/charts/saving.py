"""Charts as files: Vega-Lite JSON, HTML that needs no network, SVG and PNG."""

from __future__ import annotations

import json
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from hisim.errors import OutputError
from hisim.surfaces.charts.late import late
from hisim.surfaces.export import in_one_piece

if TYPE_CHECKING:
    import altair as alt
    import vl_convert
else:
    alt, vl_convert = late("altair"), late("vl_convert")

SUFFIXES = (".json", ".html", ".svg", ".png")
"""What a chart may be written as."""
SCALE = 2.0
"""Pixels of a PNG for one of the chart."""

EMBEDDED = {"renderer": "svg", "actions": {"export": True, "source": False, "compiled": False, "editor": False}}
"""How a page shows the chart: with a menu to keep it as SVG or PNG, and no way out to another site."""


def save(chart: alt.LayerChart | alt.FacetChart, path: Path) -> None:
    """Write ``chart`` as the suffix of ``path`` says, in one piece; replaces what is there.

    ``.json`` is the Vega-Lite specification, ``.html`` a page that holds all it needs, ``.svg`` a drawing and ``.png``
    an image with two pixels for one.

    Raises
    ------
    OutputError
        For another suffix, or when the file cannot be written.
    MissingPackageError
        When the package that draws is not installed.
    """
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        found = f"suffix {kind}" if kind else "no suffix"
        raise OutputError(f"{path}: found {found}; allowed: {', '.join(SUFFIXES)}")
    content = _content(chart, kind)
    in_one_piece(path, lambda part: part.write_bytes(content))


def _content(chart: alt.LayerChart | alt.FacetChart, kind: str) -> bytes:
    spec = chart.to_dict()
    if kind == ".json":
        return (json.dumps(spec, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    version = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    if kind == ".png":
        image: bytes = vl_convert.vegalite_to_png(spec, vl_version=version, scale=SCALE)
        return image
    if kind == ".svg":
        return _named(vl_convert.vegalite_to_svg(spec, vl_version=version), spec["description"]).encode()
    return _page(spec, version).encode()


def _named(drawing: str, description: str) -> str:
    """An SVG that tells what it shows to who cannot see it."""
    text = escape(description)
    head, rest = drawing.split(">", 1)
    return f'{head} role="img" aria-label="{text}"><desc>{text}</desc>{rest}'


def _page(spec: dict[str, object], version: str) -> str:
    """A page with the chart, the programs that draw it, and its description under it; nothing is fetched."""
    text = escape(str(spec["description"]))
    inlined = json.dumps(spec, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    programs = _programs(version)
    return f"""<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="UTF-8">
<title>{escape(_title(spec))}</title>
<style>
body {{ margin: 1.5rem; font-family: Arial, Helvetica, sans-serif; color: #222222; }}
figure {{ margin: 0; }}
figcaption {{ max-width: 44rem; line-height: 1.5; margin: 1rem; }}
</style>
</head>
<body>
<figure>
<div id="chart"></div>
<figcaption>{text}</figcaption>
</figure>
<script>{programs}</script>
<script>
vegaEmbed("#chart", {inlined}, {json.dumps(EMBEDDED)}).catch(console.error);
</script>
</body>
</html>
"""


@lru_cache(maxsize=1)
def _programs(version: str) -> str:
    """What draws, as one script: the same on every page."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version))


def _title(spec: dict[str, object]) -> str:
    title = spec["title"]
    text = title["text"] if isinstance(title, dict) else title
    return " ".join(text) if isinstance(text, list) else str(text)
