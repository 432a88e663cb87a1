"""``hisim portfolio``: from a file to what its budget buys, in words, tables, scenario files and a picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hisim.declare.portfolio import Portfolio
from hisim.declare.target_files import read_deliverable
from hisim.errors import StoppedError
from hisim.surfaces import portfolio_tables as tables
from hisim.surfaces import portfolio_words as words
from hisim.surfaces.export import check_folder, make_folder, write_csv, write_mix
from hisim.surfaces.place import place_of
from hisim.surfaces.text import pounds, render, wrapped

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from hisim.studies.portfolio_answer import Answer, Mix

MIX, FRONTIER, NEXT_CSV, DELIVERY = "mix.yaml", "frontier.csv", "next-100000.csv", "delivery.csv"
CHARTS = ("charts/frontier.png", "charts/frontier.svg")
SCHEMA = "# Written by 'hisim portfolio'; 'hisim run' takes it as it is.\n"


def portfolio_file(
    file: Path, out: Path | None, workers: int, *, as_json: bool, overwrite: bool, say: Callable[[str], None]
) -> tuple[str, bool]:
    """What the budget of ``file`` buys: what to print, and whether it buys what the bounds ask for.

    Raises
    ------
    InvalidFileError
        For a file that cannot be, with every problem at its line.
    OutputError
        Where the results cannot be written.
    StoppedError
        When the user interrupts it.
    """
    from hisim.studies.execute import How
    from hisim.studies.portfolio_answer import answered

    portfolio, scenario, where = read_deliverable(file, Portfolio)
    folder = out or Path("results") / portfolio.name
    names = [MIX, *(_alternative(k + 1) for k in range(portfolio.alternatives.number)), FRONTIER, NEXT_CSV, DELIVERY]
    check_folder(folder, tuple(names), overwrite=overwrite)
    try:
        answer = answered(portfolio, scenario, where, how=How(workers), say=say)
    except KeyboardInterrupt:
        raise StoppedError("stopped; nothing was written") from None
    if not answer.affordable:
        told = "\n".join(words.findings(answer))
        return (json.dumps({"affordable": False, "why": words.refusal(answer)}) if as_json else told), False
    written = write_all(answer, folder)
    return (json.dumps(records(answer, written), indent=2) if as_json else described(answer, written)), True


def described(answer: Answer, written: list[Path]) -> str:
    """The answer in words: findings, then tables."""
    parts = [wrapped(words.findings(answer)) + "\n"]
    for table in (
        tables.mix_table(answer, answer.best, "The mix") if answer.best.scenario.interventions else None,
        tables.draws_table(answer),
        tables.weights_table(answer),
        tables.frontier_table(answer),
        tables.alternatives_table(answer),
    ):
        parts.append(render([table]) if table else "")
    lines = list(words.alternative_lines(answer))
    parts.append(wrapped(lines) + "\n" if lines else "")
    more = tables.next_table(answer)
    parts.append(render([more]) if more else "")
    parts.append("Written: " + "\n         ".join(map(str, written)) + "\n")
    return "\n".join(part for part in parts if part)


def write_all(answer: Answer, folder: Path) -> list[Path]:
    """Every file of an answer; returns where they are."""
    make_folder(folder)
    mixes = {MIX: answer.best, **{_alternative(k): one for k, one in enumerate(answer.others, start=1)}}
    written = []
    for name, one in mixes.items():
        written += write_mix(one.scenario, folder / name, SCHEMA)
    for k in range(len(answer.others) + 1, 10):
        (folder / _alternative(k)).unlink(missing_ok=True)
    for name, table in (
        (FRONTIER, frontier_csv(answer)),
        (NEXT_CSV, next_csv(answer)),
        (DELIVERY, delivery_csv(answer)),
    ):
        write_csv(table, folder / name)
        written.append(folder / name)
    return [*dict.fromkeys(written), *_pictures(answer, folder)]


def _alternative(number: int) -> str:
    return f"alternative-{number}.yaml"


def _pictures(answer: Answer, folder: Path) -> list[Path]:
    from hisim.studies.measured import GAP
    from hisim.surfaces.study_charts import there

    if len(answer.frontier) < 2 or GAP not in answer.setting.measures.wishes or not there():
        return []
    from hisim.surfaces import charts

    setting = answer.setting
    place = place_of({"area": setting.levers.scenario.area})
    chart = charts.frontier(drawn(answer), setting.portfolio.budget.spelled, place)
    make_folder(folder / "charts")
    for name in CHARTS:
        charts.save(chart, folder / name)
    return [folder / name for name in CHARTS]


def drawn(answer: Answer) -> xr.Dataset:
    """What the picture shows, by mix."""
    import xarray as xr

    from hisim.studies.measured import DEATHS, GAP
    from hisim.surfaces.charts.frontier import BUDGET, OTHER, TRADED
    from hisim.surfaces.summary import DAYS

    rows = []
    for one in answer.frontier:
        kind = BUDGET if one.kind == "budget" else TRADED
        told = pounds(one.spent).replace(" million", "m")
        label = told if kind == BUDGET else one.kind if one.kind == "smallest gap" else ""
        rows.append((one.gains[DEATHS], one.gains[GAP] * DAYS, one.spent / 1e6, kind, label))
    for number, other in enumerate(answer.others, start=1):
        gains = [other.told[key].gain.mean() for key in (DEATHS, GAP)]
        cost = answer.setting.spent(other.mean_cost.sum(axis=(0, 2))) / 1e6
        rows.append((gains[0], gains[1] * DAYS, cost, OTHER, str(number)))
    columns = list(zip(*rows, strict=True))
    data = {name: ("mix", np.array(columns[k])) for k, name in enumerate(("deaths", "gap", "cost"))}
    return xr.Dataset(data, {"kind": ("mix", list(columns[3])), "words": ("mix", list(columns[4]))})


def frontier_csv(answer: Answer) -> pd.DataFrame:
    """Every mix of the frontier and every alternative: what it costs and gains."""
    import pandas as pd

    kind = answer.setting.portfolio.budget.spelled.replace(" ", "_")
    rows: list[dict[str, Any]] = [
        {"mix": one.kind, f"budget_gbp_{kind}": one.budget, f"spent_gbp_{kind}": one.spent, **_gains(answer, one.gains)}
        for one in words.by_budget(answer)
    ]
    for number, other in enumerate(answer.others, start=1):
        gains = {key: told.gain.mean() for key, told in other.told.items()}
        spent = answer.setting.spent(other.mean_cost.sum(axis=(0, 2)))
        rows.append({
            "mix": f"alternative {number}", f"budget_gbp_{kind}": answer.amount, f"spent_gbp_{kind}": spent,
            **_gains(answer, gains),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _gains(answer: Answer, gains: dict[str, float]) -> dict[str, float]:
    names = {"deaths": "deaths_prevented", "deaths1": "deaths_prevented_fifth_1", "gap": "gap_narrows_years"}
    return {names.get(key, f"{key}_gain"): value for key, value in gains.items()}


def next_csv(answer: Answer) -> pd.DataFrame:
    """What the next 100,000 pounds would do, by intervention and fifth."""
    import pandas as pd

    columns = ["intervention", "fifth", "full", "room_gbp"]
    rows = [
        {"intervention": one.intervention, "fifth": one.fifth, "full": one.full, "room_gbp": one.room}
        | _gains(answer, one.gains)
        for one in answer.next
    ]
    return pd.DataFrame(rows, columns=columns if not rows else None)


def delivery_csv(answer: Answer) -> pd.DataFrame:
    """Coverage now, in each mix and achievable, and what it costs, by intervention and fifth."""
    import pandas as pd

    from hisim.studies.levers import coverage, shares

    levers, rows = answer.setting.levers, []
    for number, one in enumerate([answer.best, *answer.others]):
        then, share = coverage(levers, one.point), shares(levers, one.point)
        for i, name in enumerate(levers.ids):
            for q in range(then.shape[1]):
                yearly = one.cost[i, :, q]
                rows.append({
                    "mix": "best" if number == 0 else f"alternative {number}", "intervention": name, "fifth": q + 1,
                    "coverage_now": levers.now[i, q], "coverage_then": then[i, q],
                    "coverage_achievable": levers.full[i, q], "share_of_the_way": share[i, q],
                    "cost_gbp_dearest_year": yearly.max(), "cost_gbp_in_all": float(answer.setting.worth(yearly)),
                })  # fmt: skip
    return pd.DataFrame(rows)


def records(answer: Answer, written: list[Path]) -> dict[str, Any]:
    """The answer for a machine."""
    from hisim.declare.portfolio import objectives_of

    setting = answer.setting
    wishes = {key: wish.model_dump(exclude_none=True) for key, wish in objectives_of(setting.portfolio).items()}
    return {
        "affordable": True,
        "budget": setting.portfolio.budget.model_dump(exclude_none=True),
        "objectives": wishes,
        "weights_by_fifth": {key: own.tolist() for key, own in setting.measures.weights.items()},
        "could_be_better_by_at_most": answer.upper if np.isfinite(answer.upper) else None,
        "mixes": list(_mixes(answer)),
        **{
            name: json.loads(table.to_json(orient="records"))
            for name, table in (("frontier", frontier_csv(answer)), ("next_100000", next_csv(answer)),
                                ("delivery", delivery_csv(answer)))
        },
        "files": list(map(str, written)),
    }  # fmt: skip


def _mixes(answer: Answer) -> Iterator[dict[str, Any]]:
    for number, one in enumerate([answer.best, *answer.others]):
        yield {
            "mix": "best" if number == 0 else f"alternative {number}",
            "gains": {key: _told(one, key) for key in one.told},
            "cost_gbp_by_year": one.cost.sum(axis=(0, 2)).tolist(),
            **({} if number == 0 else {
                "money_elsewhere": words.elsewhere(answer.best, one), "difference": words.difference(answer, one),
                "best_is_better": words.chance_better(answer, one) if one.draws else None,
            }),
        }  # fmt: skip


def _told(one: Mix, key: str) -> dict[str, Any]:
    told = one.told[key]
    found = {
        "value": told.value.mean(),
        "comparator": told.comparator.mean(),
        "gain": told.gain.mean(),
        "error": told.error,
    }
    if one.draws:
        found |= dict(zip(("gain_low", "gain_high"), np.quantile(one.draws[key], (0.025, 0.975)).tolist(), strict=True))
    return {name: float(value) for name, value in found.items()}
