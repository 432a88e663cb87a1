"""The commands ``hisim aspirations`` and ``hisim monitor``: what good looks like, and are we on track. Imports wait."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

Scenario = Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).", show_default=False)]
Draws = Annotated[int, typer.Option(min=40, max=100_000, help="Draws of all uncertain numbers.")]
Workers = Annotated[
    int | None, typer.Option(min=1, max=1024, help="Draws worked out at once; changes no result.", show_default="cores")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is already there.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]


def aspirations(
    file: Scenario,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to.", show_default="results/NAME/aspirations")
    ] = None,
    years: Annotated[
        str | None, typer.Option(help="Baseline and later years, e.g. 2012,2015.", show_default="first,2015")
    ] = None,
    draws: Draws = 100,
    areas: Annotated[
        list[str] | None,
        typer.Option(
            help="Name or code of an area; a group comes with its members. May be repeated.",
            show_default="the scenario's",
        ),
    ] = None,
    template: Annotated[
        Path | None, typer.Option(help="Write only the template a locality fills, .csv or .xlsx.")
    ] = None,
    filled: Annotated[Path | None, typer.Option(help="A filled template: set its targets beside the plan.")] = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Say by objective what good looks like: indicator, baseline, and each year with its interval, by fifth.

    Example: hisim aspirations scenarios/kent.yaml --years 2012,2015 --areas Kent
    """
    from hisim.surfaces.aspirations import aspirations_file
    from hisim.surfaces.cli_shared import progress, show

    show(
        aspirations_file(
            file, out, years, draws, areas=areas or (), template=template, filled=filled, overwrite=overwrite,
            workers=workers or os.cpu_count() or 1, progress=progress("drawing"), as_json=as_json,
        )
    )  # fmt: skip


def monitor(
    file: Scenario,
    observed: Annotated[Path, typer.Argument(metavar="OBSERVED", help="Observed figures (CSV).", show_default=False)],
    draws: Draws = 200,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to.", show_default="write nothing")] = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Say whether observed figures are on track, judged by inequality; exit code 1 where a gap is behind.

    Example: hisim monitor scenarios/kent-2012-15.yaml scenarios/observed/kent-2012-15.csv
    """
    from hisim.surfaces.cli_shared import progress, show
    from hisim.surfaces.monitor import monitor_file

    text, reached = monitor_file(
        file, observed, draws, out=out, overwrite=overwrite, workers=workers or os.cpu_count() or 1,
        progress=progress("drawing"), as_json=as_json,
    )  # fmt: skip
    show(text)
    if not reached:
        raise typer.Exit(1)
