"""Which areas there are, and what is known of one: people by fifth, and how far its deaths are from England's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hisim.areas import ENGLAND, LIST, MOST_DEPRIVED, TRUST, Area, every_area, find, members
from hisim.surfaces.text import Row, Table, fifth, fixed, people, render, wrapped
from hisim.variables import QUINTILES

if TYPE_CHECKING:
    import pandas as pd

PARTS = {("Male", "0-74"): "men under 75", ("Male", "75+"): "men of 75 and over",
         ("Female", "0-74"): "women under 75", ("Female", "75+"): "women of 75 and over"}  # fmt: skip
QUALITY = (
    "People by fifth are an estimate: against the shares of households in the census the correlation is 0.997; cells "
    "of over 100 people are off by 4 % typically, smaller ones by more."
)
HOW = (
    "Deaths of 2014 over those expected at England's rates by fifth, sex and age. Used: the ratio drawn towards 1. "
    "Kept: the part of its distance from 1 that is thought to be real, not chance. 95 % interval: of the true ratio."
)
MOST_NAMED = 70
"""Local authorities of an area of more are not named in its text."""
NAMES = "In a scenario: area: NAME or CODE, or a list of them; names in any case of letters. One area: hisim areas NAME"


def areas_text(name: str | None, *, as_json: bool) -> str:
    """The list of areas, or one area.

    Raises
    ------
    ImpossibleModelError
        When there is no area of that name.
    """
    if name is None:
        return json.dumps(_list_records(), indent=2) if as_json else _listing()
    area = find(name)
    return json.dumps(_record(area), indent=2) if as_json else _sheet(area)


def _figures(area: Area, table: pd.DataFrame) -> tuple[float, float]:
    """People, and the share who live in the most deprived fifth."""
    mine = table.loc[list(area.members)]
    whole = float(mine["people"].sum())
    return whole, float((mine["people"] * mine["most_deprived"]).sum()) / whole


def _listing() -> str:
    from hisim.inputs.areas import authority_table

    table, by_kind = authority_table(), dict[str, list[Area]]()
    for area in every_area():
        by_kind.setdefault(area.kind.removesuffix("s") if area.kind.startswith(TRUST) else area.kind, []).append(area)
    rows = []
    for kind, several in by_kind.items():
        for i, area in enumerate(sorted(several, key=lambda one: one.name)):
            whole, share = _figures(area, table)
            count = len(area.members)
            name = area.key if area.key == MOST_DEPRIVED else area.name
            rows.append(
                Row([kind if not i else "", name, area.code or "no code", f"{count}", people(whole), f"{share:.0%}"])
            )
    columns = ["kind", "name", "code", "local authorities", "people", "in most deprived fifth"]
    note = (
        f"Local authorities of 2013, people of mid-2011, fifths of England's small areas by the index of 2015.\n{NAMES}"
    )
    return render([Table(f"{len(rows)} areas", columns, rows, 3, note)])


def _list_records() -> list[dict[str, Any]]:
    from hisim.inputs.areas import authority_table

    table = authority_table()
    found = []
    for area in every_area():
        whole, share = _figures(area, table)
        found.append({**area._asdict(), "people": round(whole, 1), "share_most_deprived_fifth": round(share, 4)})
    return found


def _sheet(area: Area) -> str:
    from hisim.inputs.areas import people as people_of

    counted = people_of(area)
    rows, whole = [], float(counted.sum())
    for quintile in QUINTILES:
        mine = counted.sel(quintile=quintile)
        number, old = float(mine.sum()), float(mine.sel(age_band=["75-79", "80-84", "85-89", "90+"]).sum())
        there = [people(number), f"{number / whole:.1%}", f"{old / number:.1%}" if number else "n/a"]
        rows.append(Row([fifth(quintile), *there]))
    table = Table(
        f"People of mid-2011: {people(whole)}",
        ["fifth", "people", "of all", "75 and over"],
        rows,
        1,
        wrapped([QUALITY]),
    )
    return wrapped([*_lead(area), ""]) + "\n" + render([table, *_mortality_table(area)])


def _lead(area: Area) -> Iterator[str]:
    """What it is, and who is in it."""
    yield f"{area.name} ({area.code or 'no official code'}; {area.kind})"
    if area.key == MOST_DEPRIVED:
        yield (
            "The 65 of 326 local authorities whose small areas have the highest mean score of the 2010 index of "
            "deprivation. Anyone can work it out again. It is not the official list of Spearhead areas."
        )
    if 1 < len(area.members) <= MOST_NAMED:
        yield f"{len(area.members)} local authorities: {'; '.join(one.name for one in members(area))}."
    elif len(area.members) > 1:
        yield f"{len(area.members)} local authorities (--json names them)."
    within = [one for one in every_area() if area.kind != LIST and one.key != area.key and area.key != ENGLAND
              and set(area.members) < set(one.members)]  # fmt: skip
    if within:
        yield f"Part of: {', '.join(one.name for one in within)}."


def _mortality_table(area: Area) -> list[Table]:
    """How far deaths are from England's; nothing of England."""
    from hisim.inputs.areas import mortality_of

    if area.key == ENGLAND:
        return []
    found, rows = mortality_of(area), []
    for (sex, ages), words in PARTS.items():
        one = {str(name): float(value) for name, value in found.sel(sex=sex, ages=ages).data_vars.items()}
        counted = [people(one["deaths"]), people(one["expected"]), fixed(one["raw"], 3)]
        counts = counted if one["raw"] == one["raw"] else ["n/a", counted[1], "n/a"]
        used = [f"{one['factor']:.3f}", f"{one['low']:.3f} to {one['high']:.3f}", f"{one['reliability']:.0%}"]
        rows.append(Row([words, *counts, *used]))
    columns = ["", "deaths 2014", "expected", "ratio", "used", "95 % interval", "kept"]
    several = " Of several authorities: theirs, weighted with expected deaths." if len(area.members) > 1 else ""
    return [Table("Deaths against England's in the same fifths", columns, rows, 1, wrapped([HOW + several]))]


def _record(area: Area) -> dict[str, Any]:
    from hisim.inputs.areas import mortality_of
    from hisim.inputs.areas import people as people_of

    by_fifth = people_of(area).sum(("sex", "age_band"))
    told: dict[str, Any] = {
        **area._asdict(),
        "members": [{"code": one.code, "name": one.name} for one in members(area)],
        "people_by_fifth": {str(q): round(float(by_fifth.sel(quintile=q)), 1) for q in QUINTILES},
    }
    if area.key != ENGLAND:
        frame = mortality_of(area).to_dataframe().reset_index()
        told["mortality"] = json.loads(frame.to_json(orient="records"))
    return told
