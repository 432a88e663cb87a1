"""How the effect of a mix depends on whether the same people come to everything, in a sentence and a table."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

from hisim.surfaces.place import WORD
from hisim.surfaces.text import Row, Table, fifth, people
from hisim.variables import QUINTILES

DEATHS = "deaths_averted_cumulative"
ENGLAND = "all"


def uptake_sentences(uptake: xr.Dataset) -> Iterator[str]:
    """What the strongest correlation does to the mix."""
    whole = uptake[DEATHS].sel(quintile=ENGLAND)
    apart, together = float(whole[0]), float(whole[-1])
    if abs(apart) < 0.5:
        return
    change = together / apart - 1
    effect = "no difference" if abs(change) < 0.0005 else f"{abs(change):.1%} {'more' if change > 0 else 'fewer'}"
    yield (
        f"If the same people came to everything (correlation {float(whole['uptake_correlation'][-1]):g} instead of 0), "
        f"the mix would prevent or postpone about {people(together)} deaths instead of {people(apart)}: {effect}."
    )


def uptake_table(uptake: xr.Dataset, year: int, stated: float) -> Table:
    """Deaths prevented or postponed at each correlation of readiness across services, by fifth."""
    rows = []
    for correlation in uptake["uptake_correlation"].values.tolist():
        here = uptake[DEATHS].sel(uptake_correlation=correlation)
        cells = [people(float(here.sel(quintile=label))) for label in (*map(str, QUINTILES), ENGLAND)]
        words = f"{correlation:g}" + (" (as the scenario says)" if correlation == stated else "")
        rows.append(Row([words, *cells], strong=correlation == stated))
    columns = ["correlation", *(fifth(quintile) for quintile in QUINTILES), WORD]
    note = (
        "Coverage is the same in every line; what changes is how far the same people have several services. Two things "
        "pull apart:\nthose who gain from one service have less left to gain from the next, and those newly served are "
        "people who have little today."
    )
    title = f"Deaths prevented or postponed by the end of {year}, if the same people come to everything"
    return Table(title, columns, rows, 1, note)
