"""What a run is of, in words: the area in the place of England, and what is not said of few people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hisim.areas import ENGLAND, MOST_DEPRIVED, find
from hisim.surfaces.text import Table, fifth, people

if TYPE_CHECKING:
    import xarray as xr

LONGEST_HEAD = 24
"""Longer names of areas are 'the whole area' above a column."""
WORD = "England"


def place_of(told: Mapping[Any, Any]) -> str:
    """Name of the area that attributes of a result, or ``{"area": key}``, say; England where they do not."""
    return find(str(told.get("area", ENGLAND))).name


def place_of_study(definition: Mapping[str, Any]) -> str:
    """Name of the area that the scenarios of a study are for."""
    from hisim.studies.study import prepare

    return find(prepare(definition).scenarios[0].area).name


def at_start(place: str) -> str:
    """The name of an area as a sentence begins with it."""
    return place[:1].upper() + place[1:]


def of_area(tables: Sequence[Table | None], place: str) -> list[Table]:
    """The tables there are, with the area in the place of England at the head of columns and rows."""
    head = place if len(place) <= LONGEST_HEAD else "the whole area"
    there = [table for table in tables if table is not None]
    return there if place == WORD else [_renamed(table, head) for table in there]


def _renamed(table: Table, head: str) -> Table:
    rows = [replace(row, cells=[head if cell == WORD else cell for cell in row.cells]) for row in table.rows]
    return replace(table, columns=[column.replace(WORD, head) for column in table.columns], rows=rows)


def area_lines(projection: xr.Dataset) -> Iterator[str]:
    """How few deaths there are in an area within England, whose rates they have, and what is not shown."""
    from hisim.outcomes.withheld import yearly_deaths

    if str(projection.attrs.get("area", ENGLAND)) == ENGLAND:
        return
    place, year = place_of(projection.attrs), int(projection["year"].values[0])
    count, low, high = yearly_deaths(projection)
    yield (
        f"Deaths in {place}: about {people(count)} in {year}. Chance alone makes that anything from {low:,.0f} to "
        f"{high:,.0f} in 95 years of 100: that is not the Monte Carlo error (±) of the model, which is far less."
        f"{_beside_chance(projection, (high - low) / 2)}"
    )
    yield local_rates(place, str(projection.attrs["area"]))
    yield from withheld_lines(projection)
    if str(projection.attrs["area"]) == MOST_DEPRIVED:
        yield "Anyone can work out this group from the 2010 index; it is not the official list of Spearhead areas."


def local_rates(place: str, key: str) -> str:
    """Whose rates and risks an area has."""
    return (
        "Death rates are England's in the same fifth, sex and age times a local factor from the deaths of 2014 in "
        f"{place}, drawn towards 1 by how sure it is: hisim areas {_quoted(key)}. What people are like and how they "
        "are served is England's."
    )


def _beside_chance(projection: xr.Dataset, chance: float) -> str:
    """What the first scenario changes in a year beside what chance does."""
    total = projection["deaths"].isel(draw=0).sum(("year", "quintile", "sex", "age", "cause")).values
    if len(total) < 2:
        return ""
    yearly = float(total[0] - total[1]) / projection.sizes["year"]
    lost = ": no count of a single year can show that" if abs(yearly) < chance else ""
    does = "prevents or postpones" if yearly >= 0 else "adds"
    return f" The mix {does} about {people(abs(yearly))} a year{lost}."


def _quoted(name: str) -> str:
    return name if name.replace("-", "").isalnum() else f"'{name}'"


def withheld_lines(projection: xr.Dataset) -> Iterator[str]:
    """What is not shown of an area because nobody, or hardly anybody, is there."""
    from hisim.outcomes.withheld import empty_fifths, small_fifths

    return withheld_words(place_of(projection.attrs), empty_fifths(projection), small_fifths(projection))


def withheld_words(place: str, empty: Sequence[int], small: Sequence[int]) -> Iterator[str]:
    """The same from the fifths of an area in which nobody, or hardly anybody, lives."""
    from hisim.outcomes.withheld import FEWEST_DEATHS, MOST_WITHHELD_PEOPLE

    rules = []
    if empty:
        gone = {1, 5} & set(empty)
        gaps = ", nor any gap or index of inequality that needs it" if gone else ", nor an index over all five"
        yield f"Not shown (n/a): nobody in {place} lives in fifth {_listed(empty)}, so nothing is said of it{gaps}."
    if small:
        rules.append(
            f"life expectancy where {MOST_WITHHELD_PEOPLE:,} women or men or fewer live (fifth {_listed(small)})"
        )
    rules.append(f"rates of fewer than {FEWEST_DEATHS} deaths in the year")
    yield f"Not shown (n/a) either: {'; '.join(rules)}." if empty else f"Not shown (n/a): {'; '.join(rules)}."


def _listed(quintiles: Sequence[int]) -> str:
    names = [fifth(quintile) for quintile in quintiles]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def area_record(projection: xr.Dataset) -> dict[str, Any]:
    """The same for a machine; nothing of England."""
    from hisim.outcomes.withheld import empty_fifths, small_fifths, yearly_deaths

    if str(projection.attrs.get("area", ENGLAND)) == ENGLAND:
        return {}
    count, low, high = yearly_deaths(projection)
    return {
        "area": {
            "key": str(projection.attrs["area"]),
            "name": place_of(projection.attrs),
            "deaths_first_year": count,
            "by_chance_95": [low, high],
            "nobody_in_fifths": empty_fifths(projection),
            "few_in_fifths": small_fifths(projection),
        }
    }
