"""The command ``hisim target``. Heavy imports wait."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hisim.surfaces.cli_studies import Json, Overwrite, Pool, PoolOption, Workers


def target(
    file: Annotated[Path, typer.Argument(metavar="TARGET", help="Target file (YAML).", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to.", show_default="results/NAME")] = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
    pool: PoolOption = Pool.processes,
    as_json: Json = False,
) -> None:
    """Say what it would take to reach a target: the least-cost coverage in each fifth, and how likely it is to do.

    Exit code 1 where it cannot be reached; then it says how near one comes and what holds it back.

    Example: hisim target scenarios/targets/life-expectancy-gap-2010.yaml
    """
    import os

    from hisim.studies.execute import How
    from hisim.surfaces.cli_shared import saying, show
    from hisim.surfaces.targets import target_file

    how = How(workers or os.cpu_count() or 1, pool is Pool.processes)
    text, reached = target_file(file, out, how, overwrite=overwrite, as_json=as_json, say=saying())
    show(text)
    if not reached:
        raise typer.Exit(1)
