"""The commands ``hisim sweep`` and ``hisim study``: many runs, one question. Heavy imports wait."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hisim.surfaces.studying import Way

study = typer.Typer(
    name="study", help="Look after studies: their units of work, and what they say.", no_args_is_help=True,
    rich_markup_mode=None, add_completion=False,
)  # fmt: skip


class Pool(StrEnum):
    """What works out units on this machine."""

    processes = "processes"
    threads = "threads"


Folder = Annotated[Path, typer.Argument(help="Folder of a sweep or of 'hisim run --draws'.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
Workers = Annotated[
    int | None, typer.Option(min=1, max=1024, help="Units worked out at once; changes no result.", show_default="cores")
]
PoolOption = Annotated[Pool, typer.Option(help="What works them out on this machine; changes no result.")]
Scheduler = Annotated[
    str | None,
    typer.Option(help="A running dask scheduler, e.g. tcp://127.0.0.1:8786.", show_default="none"),
]
Shard = Annotated[str | None, typer.Option(help="Only part i of n, e.g. 1/4; then 'hisim study merge'.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a study that was begun.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is already there.")]


def way_to(
    folder: Path, workers: int | None, pool: Pool, scheduler: str | None, shard: str | None, resume: bool,
    overwrite: bool,
) -> Way:  # fmt: skip
    """How and where a study is to be done, from the options of a command."""
    import os

    from hisim.studies.execute import How
    from hisim.studies.store import parse_shard
    from hisim.surfaces.studying import Way

    how = How(workers or os.cpu_count() or 1, pool is Pool.processes, scheduler or "")
    return Way(folder, how, resume, overwrite, parse_shard(shard) if shard else (1, 1), again())


def again() -> str:
    """The command that was given, to go on with what it began."""
    import shlex
    import sys

    words = [word for word in sys.argv[1:] if word not in ("--overwrite", "--resume")]
    return shlex.join(["hisim", *words, "--resume"])


def sweep(
    file: Annotated[Path, typer.Argument(metavar="SWEEP", help="Sweep file (YAML).", show_default=False)],
    plan: Annotated[bool, typer.Option("--plan", help="Say what it would take; run nothing.")] = False,
    paths: Annotated[bool, typer.Option("--paths", help="List every number that could vary in its scenarios.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to.", show_default="results/NAME")] = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    workers: Workers = None,
    pool: PoolOption = Pool.processes,
    shard: Shard = None,
    scheduler: Scheduler = None,
) -> None:
    """Run scenarios many times with other numbers: which carry the answer, and how sure it is.

    Example: hisim sweep scenarios/sweeps/tornado.yaml --plan
    """
    from hisim.surfaces.cli_shared import progress, show, usual_folder
    from hisim.surfaces.sweeps import paths_of, sweep_file

    def way(name: str) -> Way:
        return way_to(out or usual_folder(name, shard), workers, pool, scheduler, shard, resume, overwrite)

    show(paths_of(file) if paths else sweep_file(file, plan, progress("running"), way))


@study.command()
def status(folder: Folder, as_json: Json = False) -> None:
    """Say how far a study has come, and who is at it.

    Example: hisim study status results/tornado
    """
    _show(lambda commands: commands.status_of(folder, as_json=as_json))


@study.command()
def verify(
    folder: Folder,
    repair: Annotated[
        bool, typer.Option("--repair", help="Drop what is damaged, so that --resume does only that again.")
    ] = False,
) -> None:
    """Read every unit again and compare it with its checksum; exit code 1 where any is damaged.

    Example: hisim study verify results/tornado --repair
    """
    from hisim.surfaces.cli_shared import show
    from hisim.surfaces.study_commands import verified

    text, sound = verified(folder, repair=repair)
    show(text)
    if not sound:
        raise typer.Exit(1)


@study.command()
def merge(
    folders: Annotated[list[Path], typer.Argument(help="Folders of the shards.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Folder of the whole study.", show_default=False)],
) -> None:
    """Put the shards of a study together and say what it shows.

    Example: hisim study merge results/sobol-shard-1-of-2 results/sobol-shard-2-of-2 --out results/sobol
    """
    _show(lambda commands: commands.merged(folders, out))


@study.command(name="show")
def show_study(folder: Folder) -> None:
    """Say again what a finished study shows, and write its tables and pictures.

    Example: hisim study show results/tornado
    """
    _show(lambda commands: commands.shown_again(folder))


@study.command()
def export(
    folder: Folder,
    to: Annotated[Path, typer.Argument(help="A name ending in .nc, .zarr, .parquet or .csv.", show_default=False)],
    overwrite: Overwrite = False,
) -> None:
    """Write every figure of every run for other programs: NetCDF, Zarr, Parquet or tidy CSV.

    Example: hisim study export results/tornado tornado.parquet
    """
    _show(lambda commands: commands.exported(folder, to, overwrite=overwrite))


@study.command()
def chance(
    folder: Folder,
    estimand: Annotated[str, typer.Argument(help="E.g. deaths_averted_cumulative.", show_default=False)],
    at_least: Annotated[float | None, typer.Option(help="Reached at this value or above.")] = None,
    at_most: Annotated[float | None, typer.Option(help="Reached at this value or below.")] = None,
    year: Annotated[int | None, typer.Option(help="At this year.")] = None,
    quintile: Annotated[str | None, typer.Option(help="In this fifth, 1 (most deprived) to 5 or all.")] = None,
) -> None:
    """Say how likely a target is reached, from draws that were made.

    Example: hisim study chance results/three-actions deaths_averted_cumulative --at-least 3000 --year 2015 --quintile 1
    """
    where = {"year": year, "quintile": quintile}
    _show(lambda commands: commands.chance_in(folder, estimand, at_least, at_most, where))


def _show(command: Callable[..., str]) -> None:
    from hisim.surfaces import study_commands
    from hisim.surfaces.cli_shared import show

    show(command(study_commands))
