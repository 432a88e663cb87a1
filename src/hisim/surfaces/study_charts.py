"""Which pictures a study gets, as files that open in a browser; none where the packages for them are not there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

    from hisim.studies.analysis import Figure
    from hisim.studies.store import Study


def there() -> bool:
    """Whether the packages that draw are installed."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def pictures_of_draws(study: Study, folder: Path) -> list[Path]:
    """Fan, convergence, cost-effectiveness and equity-impact planes of draws."""
    if not there():
        return []
    from hisim.outcomes.economics import OPPORTUNITY_COST
    from hisim.studies.gather import EVERYONE, figure
    from hisim.studies.running import running
    from hisim.surfaces import charts
    from hisim.surfaces.place import place_of_study

    every = figure(study, "deaths_averted_cumulative_by_year", central=True).sel(EVERYONE)
    lived = bool(every.sel(quintile="1").values.any())
    whom = "the most deprived fifth" if lived else place_of_study(study.definition)
    most = (
        every.sel(quintile="1" if lived else "all", drop=True)
        .drop_vars(list(EVERYONE))
        .transpose("draw", "year", "scenario")
    )
    most = most.assign_attrs(long_name=f"Deaths prevented or postponed in {whom}")
    names = most["scenario"].values.tolist()
    last = most.sel(draw=slice(1, None), scenario=names[0]).isel(year=-1, drop=True).reset_coords(drop=True)
    benefit, qalys = figure(study, "net_health_benefit"), figure(study, "qalys_gained")
    cost = figure(study, "total_cost")
    fairer = benefit.sel(quintile="1", drop=True) - benefit.sel(quintile="5", drop=True)
    fairer = fairer.assign_attrs(
        units="QALYs", long_name="Net health benefit, most deprived fifth minus least deprived fifth"
    )
    made: dict[str, Any] = {
        "fan": charts.fan(most if len(names) > 1 else most.sel(scenario=names[0], drop=True)),
        "convergence": charts.convergence(_titled(running(last), "mean", f"{last.attrs['long_name']}, {names[0]}")),
        "cost-effectiveness": charts.cost_effectiveness_plane(
            qalys.sel(quintile="all", drop=True), cost.sel(quintile="all", drop=True), OPPORTUNITY_COST
        ),
    }
    if all(qalys.sel(quintile=end).values.any() for end in ("1", "5")):  # people live at both ends
        made["equity-impact"] = charts.equity_impact_plane(benefit.sel(quintile="all", drop=True), fairer)
    return saved(made, folder)


def pictures_of_sweep(study: Study, found: Sequence[tuple[Figure, xr.Dataset]], folder: Path) -> list[Path]:
    """A tornado, or Sobol bars, of every figure of a sweep."""
    if not there():
        return []
    from hisim.surfaces import charts
    from hisim.surfaces.figure_words import named
    from hisim.surfaces.place import place_of_study

    kind, made = study.definition["kind"], {}
    for number, (figure, effects) in enumerate(found, start=1):
        title = named(figure, place_of_study(study.definition))
        if kind == "one_at_a_time":
            made[f"tornado-{number}"] = charts.tornado(_titled(effects, "central", title))
        elif kind == "sobol":
            made[f"sobol-{number}"] = charts.sobol_bars(effects.assign_attrs(long_name=title))
    return saved(made, folder)


def _titled(effects: xr.Dataset, name: str, title: str) -> xr.Dataset:
    """``effects`` with a title for one of its variables."""
    return effects.assign({name: effects[name].assign_attrs(long_name=title)})


def saved(made: dict[str, Any], folder: Path) -> list[Path]:
    """Write the charts of ``made`` to ``folder`` as pages, by name."""
    from hisim.surfaces import charts

    if made:
        folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, chart in made.items():
        path = folder / f"{name}.html"
        charts.save(chart, path)
        written.append(path)
    return written
