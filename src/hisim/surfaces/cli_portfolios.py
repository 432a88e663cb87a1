"""The command ``hisim portfolio``. Heavy imports wait."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hisim.surfaces.cli_studies import Json, Overwrite, Workers


def portfolio(
    file: Annotated[Path, typer.Argument(metavar="PORTFOLIO", help="Portfolio file (YAML).", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to.", show_default="results/NAME")] = None,
    workers: Workers = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Say what a budget buys: the best mix, what other budgets and mixes do, and what the next 100,000 pounds would.

    Example: hisim portfolio scenarios/portfolios/three-actions.yaml
    """
    import os

    from hisim.surfaces.cli_shared import saying, show
    from hisim.surfaces.portfolios import portfolio_file

    several = workers or os.cpu_count() or 1
    text, able = portfolio_file(file, out, several, as_json=as_json, overwrite=overwrite, say=saying())
    show(text)
    if not able:
        raise typer.Exit(1)
