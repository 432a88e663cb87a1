"""The ``hisim`` command. Imports of anything heavy wait until a command needs them."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hisim.errors import HisimError
from hisim.surfaces.cli_portfolios import portfolio
from hisim.surfaces.cli_progress import aspirations, monitor
from hisim.surfaces.cli_shared import progress, show
from hisim.surfaces.cli_studies import Pool, PoolOption, Resume, Scheduler, Shard, Workers, study, sweep, way_to
from hisim.surfaces.cli_targets import target

if TYPE_CHECKING:
    from hisim.surfaces.studying import Way

app = typer.Typer(
    name="hisim",
    help="What a mix of health interventions would do to deaths in each deprivation fifth of England, and to the gap; "
    "or in an area within England.",
    epilog="Start with: hisim demo. Exit codes: 0 done, 1 the answer is no, 2 bad input.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Files = Annotated[list[Path], typer.Argument(help="Scenario files (YAML).", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine to read.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to.", show_default="results/NAME")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results that are already there.")]
Threads = Annotated[int | None, typer.Option(min=1, max=256, help="Threads; changes no result.", show_default="cores")]


@app.command()
def demo(out: Out = None, threads: Threads = None) -> None:
    """Project England 2011 to 2020 under three key actions, together and each alone.

    Example: hisim demo
    """
    from hisim.surfaces.demo import run_demo

    show(run_demo(out, threads, progress()))


@app.command()
def data(as_json: Json = False) -> None:
    """List every input table with its years, source and digest.

    Example: hisim data
    """
    from hisim.surfaces.catalogue import data_listing

    show(data_listing(as_json))


@app.command()
def areas(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show one, by name or code.")] = None,
    as_json: Json = False,
) -> None:
    """List the areas a scenario may be for, or show who lives in one and how its deaths compare with England's.

    Example: hisim areas Kent
    """
    from hisim.surfaces.areas import areas_text

    show(areas_text(name, as_json=as_json))


@app.command()
def interventions(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show one, whole.")] = None, as_json: Json = False
) -> None:
    """List the interventions, or show one with every number and its source.

    Example: hisim interventions statins
    """
    from hisim.surfaces.catalogue import intervention_listing, intervention_sheet

    show(intervention_listing(as_json) if name is None else intervention_sheet(name, as_json))


@app.command()
def check(files: Files, as_json: Json = False) -> None:
    """Check scenario files; reports every mistake at once, each at its line.

    Example: hisim check scenarios/three-actions.yaml
    """
    from hisim.surfaces.catalogue import check_files

    text, problems = check_files(files, as_json)
    show(text)
    if problems:
        raise typer.Exit(2)


@app.command()
def explain(file: Annotated[Path, typer.Argument(help="Scenario file (YAML).", show_default=False)]) -> None:
    """Say whom each intervention reaches, from when, how strongly and on what source, before anything runs.

    Example: hisim explain scenarios/three-actions.yaml
    """
    from hisim.surfaces.catalogue import explanation

    show(explanation(file))


@app.command()
def delivery(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).", show_default=False)],
    as_json: Json = False,
) -> None:
    """Say at which step of delivery people are lost, by fifth, now and at full scale.

    Example: hisim delivery scenarios/three-actions.yaml
    """
    from hisim.surfaces.delivery import delivery_file

    show(delivery_file(file, as_json=as_json))


@app.command()
def run(
    files: Files,
    out: Out = None,
    overwrite: Overwrite = False,
    threads: Threads = None,
    as_json: Json = False,
    draws: Annotated[
        int | None,
        typer.Option(min=2, max=1_000_000, help="Draws of all uncertain numbers, for intervals.", show_default="none"),
    ] = None,
    resume: Resume = False,
    memory: Annotated[int, typer.Option(min=1, help="Megabytes that all draws may take, to be kept whole.")] = 512,
    workers: Workers = None,
    pool: PoolOption = Pool.processes,
    scheduler: Scheduler = None,
    shard: Shard = None,
) -> None:
    """Project scenarios and compare them with carrying on as now; writes NetCDF and tidy CSV.

    Example: hisim run scenarios/three-actions.yaml scenarios/statins.yaml --draws 500
    """
    from hisim.surfaces.runs import run_files

    def way(folder: Path) -> Way:
        return way_to(folder, workers, pool, scheduler, shard, resume, overwrite)

    if draws is None and (scheduler or shard):
        from hisim.surfaces.spread import spread

        return show(spread(files, out, shard, way, progress(), as_json=as_json))
    show(
        run_files(
            files, out, overwrite=overwrite or resume, threads=threads, progress=progress(), as_json=as_json,
            draws=draws, memory=memory, way=way,
        )
    )  # fmt: skip


@app.command()
def compare(
    results: Annotated[list[Path], typer.Argument(help="Results written by 'hisim run'.", show_default=False)],
    by: Annotated[
        list[int] | None, typer.Option("--by", help="Years to compare at.", show_default="2015, last")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the scenarios of one or more results.

    Example: hisim compare results/three-actions/projection.nc --by 2015
    """
    from hisim.surfaces.runs import compare_files

    show(compare_files(results, by, as_json=as_json))


@app.command()
def economics(
    results: Annotated[list[Path], typer.Argument(help="Results written by 'hisim run'.", show_default=False)],
    discount: Annotated[
        float | None,
        typer.Option(help="How much less costs and health count each year, e.g. 0.015.", show_default="0.035"),
    ] = None,
    discount_health: Annotated[
        float | None, typer.Option(help="The same for health alone.", show_default="as --discount")
    ] = None,
    opportunity_cost: Annotated[
        float | None,
        typer.Option(help="Pounds that gain one QALY elsewhere in the NHS, e.g. 20000.", show_default="12936"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what scenarios cost, what health that buys, and who gains, gross and net of what else the money could do.

    Example: hisim economics results/three-actions/projection.nc --discount 0.015
    """
    from hisim.surfaces.economics import economics_file

    show(economics_file(results, discount, discount_health, opportunity_cost, as_json=as_json))


@app.command()
def screen(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).", show_default=False)],
    area: Annotated[
        str | None, typer.Option(help="A local authority of 2013 to show beside England, e.g. Newham.")
    ] = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Say who is reached, missed and better off, by fifth, ethnic group, segment, age and sex; and what to ask.

    Example: hisim screen scenarios/three-actions.yaml --area Newham
    """
    from hisim.surfaces.screen import screen_file

    show(screen_file(file, area, threads=threads, progress=progress(), as_json=as_json))


@app.command()
def decompose(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).", show_default=False)],
    by: Annotated[int | None, typer.Option("--by", help="Year to count to.", show_default="last")] = None,
    permutations: Annotated[
        int | None, typer.Option(help="Orders to sample for mixes of more than 8.", show_default="16")
    ] = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Split the effect of a mix among its interventions, and the gap by cause and age.

    Example: hisim decompose scenarios/three-actions.yaml --by 2015
    """
    from hisim.surfaces.decompose import decompose_file

    show(decompose_file(file, by, permutations, threads, progress(), as_json=as_json))


@app.command()
def hindcast(
    origin: Annotated[
        int | None, typer.Option("--from", help="Last year known, 2003 to 2010.", show_default="2003")
    ] = None,
    to: Annotated[int, typer.Option("--to", help="Last year to forecast.")] = 2011,
    every: Annotated[bool, typer.Option("--all", help="From every year of 2003 to 2009.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to.", show_default="print only")] = None,
    overwrite: Overwrite = False,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Say how far hisim would have missed what happened, had it been asked in an earlier year, beside other forecasts.

    Example: hisim hindcast --from 2003
    """
    from hisim.surfaces.hindcast import hindcast_text

    doing = progress("forecasting")
    show(
        hindcast_text(
            origin, to, out, every=every, overwrite=overwrite, as_json=as_json, threads=threads, progress=doing
        )
    )


@app.command()
def validate(
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write the page to.", show_default="print it")
    ] = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Set hisim beside published results: where it agrees, where it does not, and why. Takes about half a minute.

    Example: hisim validate --out docs/explanation/validation.md
    """
    from hisim.surfaces.validate import validate_file

    show(validate_file(out, threads, progress(), as_json=as_json))


app.command()(aspirations)
app.command()(monitor)
app.command()(sweep)
app.command()(target)
app.command()(portfolio)
app.add_typer(study)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; every mistake of the user's is one message and exit code 2."""
    gc.set_threshold(100_000, 50, 50)  # importing makes many objects and no garbage: a tenth of the start
    try:
        app(arguments, standalone_mode=True)
    except HisimError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    finally:
        gc.freeze()  # the process is about to end: nothing that is left needs to be searched for garbage
    sys.exit(0)
