"""``hisim hindcast``: the finding in words, tables, JSON, and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hisim.errors import ImpossibleModelError, StoppedError
from hisim.studies.hindcast import FORECASTERS, ORIGINS, OURS, RIVALS, TARGET, check_years, errors, hindcast, scores
from hisim.surfaces.export import check_folder, make_folder, write_csv
from hisim.surfaces.hindcast_tables import NAMES, frames_of, miss_by_years_ahead, tables_of, tables_of_origins
from hisim.surfaces.study_charts import saved, there
from hisim.surfaces.text import fifth, render, wrapped

if TYPE_CHECKING:
    import xarray as xr

PEOPLE_OF = {"Female": "women", "Male": "men"}
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "all")
PICTURE = "hindcast"
FILES = ("life_expectancy", "hindsight", "deaths", "population", "scores")


def hindcast_text(
    origin: int | None, to: int, out: Path | None, *, every: bool, overwrite: bool, as_json: bool,
    threads: int | None, progress: Callable[[float], None] | None,
) -> str:  # fmt: skip
    """Forecast from ``origin``, or from every origin, and say how it went; files go to ``out``.

    Raises
    ------
    ImpossibleModelError
        For years that cannot be forecast.
    OutputError
        When ``out`` cannot be written; before anything is worked out.
    StoppedError
        When the user interrupts it.
    """
    origins = _origins(origin, to, every=every)
    if out is not None:
        check_folder(out, (*(f"{name}.csv" for name in FILES), f"{PICTURE}.html"), overwrite=overwrite)
    found = []
    try:
        for number, one in enumerate(origins, start=1):
            found.append(hindcast(one, to, threads=threads))
            if progress is not None:
                progress(number / len(origins))
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None
    written = [] if out is None else _write(found, out)
    if as_json:
        return json.dumps(records(found), indent=1, ensure_ascii=False, allow_nan=False)
    told, tables = (
        (finding_of_origins(found), tables_of_origins(found)) if every else (finding(found[0]), tables_of(found[0]))
    )
    return "\n".join([wrapped(told), "", render(tables), *(f"Written: {path}" for path in written)])


def finding(data: xr.Dataset) -> Iterator[str]:
    """What a hindcast shows, in a few sentences."""
    origin, to = data.attrs["origin"], data.attrs["to"]
    last, error = scores(data).sel(year=to), errors(data).sel(year=to)
    misses = {name: float(last["mae"].sel(forecaster=name)) for name in FORECASTERS}
    yield (
        f"From {origin}, knowing nothing later, hisim forecasts life expectancy at birth in {to} for five fifths and "
        f"both sexes. Of the ten, {_many(int(last['within'].sel(forecaster=OURS)))} within {TARGET:g} year of what was "
        f"observed. The worst is {_worst(error.sel(forecaster=OURS))}."
    )
    nearer = [NAMES[name] for name in RIVALS if misses[name] < misses[OURS]]
    yield (
        f"hisim misses by {misses[OURS]:.2f} years on average; {_others(misses)}. "
        + (f"Nearer than hisim: {', '.join(nearer)}." if nearer else "None of them is nearer than hisim.")
    )
    yield from _fifths_beaten(error)
    known = data.sel(start_age=0).isel(year=-1)
    hindsight = float(abs(known["hindsight"] - known["observed_life_expectancy"]).mean())
    beyond = f": what is beyond that comes from a pace that nobody knew in {origin}" if hindsight < misses[OURS] else ""
    yield (
        f"Had the change of the nation's death rates to {to} been known, and every fifth followed it, the miss would "
        f"be {hindsight:.2f} years{beyond}."
    )
    inside = _many(int(last["in_hisim_interval"]))
    yield f"Of the ten observed, {inside} in the 95 % interval that hisim's uncertain trend gives."


def _fifths_beaten(error: xr.DataArray) -> Iterator[str]:
    """In which fifths others are nearer than hisim, both sexes together."""
    misses = abs(error).mean("sex")
    told = []
    for name in RIVALS:
        nearer = misses.sel(forecaster=name) < misses.sel(forecaster=OURS)
        fifths = ", ".join(str(quintile) for quintile in misses["quintile"].values[nearer.values].tolist())
        told += [f"{NAMES[name]} in {fifths}"] if fifths else []
    if told:
        yield f"By fifth (1 is the most deprived), nearer than hisim: {'; '.join(told)}."


def finding_of_origins(found: Sequence[xr.Dataset]) -> Iterator[str]:
    """What hindcasts from several origins show together."""
    to, first, last = found[0].attrs["to"], found[0].attrs["origin"], found[-1].attrs["origin"]
    ends = [scores(one).sel(year=to) for one in found]
    within, covered = (
        sum(int(one["within"].sel(forecaster=OURS)) for one in ends),
        sum(int(one["in_hisim_interval"]) for one in ends),
    )
    every = [abs(errors(one)).mean(("year", "quintile", "sex")) for one in found]
    means = {name: sum(float(one.sel(forecaster=name)) for one in every) / len(every) for name in FORECASTERS}
    yield (
        f"From each year of {first} to {last}, knowing nothing later, hisim forecasts the ten life expectancies at "
        f"birth in {to}: of {10 * len(found)}, {within} are within {TARGET:g} year of what was observed, and "
        f"{covered} in the 95 % interval."
    )
    yield f"Over all years forecast hisim misses by {means[OURS]:.2f} years on average; {_others(means)}."
    yield from _where_beaten(found)


def _where_beaten(found: Sequence[xr.Dataset]) -> Iterator[str]:
    """From which origins others are nearer than hisim, in the last year and over all."""
    to, beaten = found[0].attrs["to"], False
    misses = [abs(errors(one)).mean(("quintile", "sex")) for one in found]
    ends, every = [one.sel(year=to) for one in misses], [one.mean("year") for one in misses]
    for name in RIVALS:
        for means, when in ((ends, f"in {to}"), (every, "over all years forecast")):
            nearer = [
                str(data.attrs["origin"])
                for data, mean in zip(found, means, strict=True)
                if mean.sel(forecaster=name) < mean.sel(forecaster=OURS)
            ]
            if nearer:
                beaten = True
                yield f"Nearer than hisim {when}: {NAMES[name]}, from {', '.join(nearer)}."
    if not beaten:
        yield "From no origin is any of them nearer than hisim."


def records(found: Sequence[xr.Dataset]) -> dict[str, Any]:
    """Everything as plain data; what there is not is null."""
    frames = {name: json.loads(frame.to_json(orient="records")) for name, frame in frames_of(found).items()}
    several = {"origins": [one.attrs["origin"] for one in found], "to": found[0].attrs["to"]}
    variables = {str(name): values for name, values in found[0].data_vars.items()} | {
        str(name): values for name, values in scores(found[0]).data_vars.items()
    }
    units = {name: values.attrs["units"] for name, values in variables.items()}
    return {**several, "trend": found[0].attrs["trend"], "target_years": TARGET, "units": units, **frames}


def _write(found: Sequence[xr.Dataset], folder: Path) -> list[Path]:
    make_folder(folder)
    written = []
    for name, frame in frames_of(found).items():
        written.append(folder / f"{name}.csv")
        write_csv(frame, written[-1])
    if not there():
        return written
    from hisim.surfaces import charts

    return written + saved({PICTURE: charts.misses(miss_by_years_ahead(found), len(found))}, folder)


def _origins(origin: int | None, to: int, *, every: bool) -> Sequence[int]:
    if every and origin is not None:
        raise ImpossibleModelError(f"from: found {origin} beside --all; allowed: one of the two")
    first = ORIGINS[0] if origin is None else origin
    check_years(first, to)
    return [one for one in ORIGINS if one < to] if every else [first]


def _many(count: int) -> str:
    return f"{NUMBERS[count]} {'is' if count < 2 else 'are'}"


def _others(misses: dict[str, float]) -> str:
    return ", ".join(f"{NAMES[name]} by {misses[name]:.2f}" for name in RIVALS)


def _worst(error: xr.DataArray) -> str:
    worst = error.isel(abs(error).argmax(("quintile", "sex")))
    name = f"{PEOPLE_OF[str(worst['sex'].values)]} of fifth {fifth(int(worst['quintile']))}"
    return f"that of {name}, {abs(float(worst)):.2f} years too {'low' if float(worst) < 0 else 'high'}"
