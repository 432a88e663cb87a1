"""What ``hisim study`` does: look at a study's units, mend them, put shards together, hand figures on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hisim.errors import OutputError, nearest_name
from hisim.studies import store
from hisim.surfaces.studying import STORE, bytes_in_words


def opened(folder: Path) -> store.Study:
    """The study of a results folder, or of the folder of its units."""
    return store.open_study(units_in(folder))


def units_in(folder: Path) -> Path:
    """Where the units of a results folder lie; it may be that folder itself."""
    inside = folder / STORE
    return inside if inside.exists() else folder


def status_of(folder: Path, *, as_json: bool) -> str:
    """How far a study has come."""
    study = opened(folder)
    told = store.status(study)
    if as_json:
        return json.dumps(told, indent=2)
    definition = study.definition
    lines = [
        f"{definition['title']} ({definition['kind']}, {definition['runs']:,} runs)",
        f"Units: {told['done']} of {told['units']} done, {bytes_in_words(told['bytes'])}.",
    ]
    if told["missing"]:
        lines.append(f"Missing: {told['missing_ranges']}.")
    if told["shard"]:
        lines.append(f"Shard {told['shard']} of the study.")
    if told["damaged"]:
        lines.append(f"Damaged lines in the manifest: {told['damaged']}; 'hisim study verify' names them.")
    who = told["writer"]
    lines.append("Being written by process {pid} on {host} since {since}.".format(**who) if who else "Nobody writes.")
    return "\n".join(lines) + "\n"


def verified(folder: Path, *, repair: bool) -> tuple[str, bool]:
    """Every problem of a study's files, and whether there is none (left)."""
    study = opened(folder)
    problems = store.verify(study)
    if not problems:
        return f"{len(store.done(study))} of {study.units} units, all sound.\n", True
    lines = [*map(str, problems)]
    if repair:
        dropped = store.repair(study)
        lines.append(f"Dropped {len(dropped)} units; --resume does them again.")
    return "\n".join(lines) + "\n", repair


def merged(folders: Sequence[Path], out: Path) -> str:
    """The shards in ``folders`` as one study in ``out``, and what it shows."""
    from hisim.studies.gather import check_complete

    parts = [units_in(folder) for folder in folders]
    out.mkdir(parents=True, exist_ok=True)
    check_complete(store.merge(out / STORE, parts))
    return shown_again(out)


def shown_again(folder: Path) -> str:
    """What a finished study says."""
    from hisim.studies.cohorts import COHORTS
    from hisim.surfaces.draws import shown_draws
    from hisim.surfaces.spread import shown_cohorts
    from hisim.surfaces.sweeps import shown

    study = opened(folder)
    if study.definition["kind"] == COHORTS:
        return shown_cohorts(study, folder)
    whole = study.definition["whole"]
    return shown_draws(study, folder) if whole else shown(study, folder)


def exported(folder: Path, to: Path, *, overwrite: bool) -> str:
    """Where a study was written for other programs."""
    from hisim.surfaces.study_export import export

    return f"Written: {export(opened(folder), to, overwrite=overwrite)}\n"


def chance_in(
    folder: Path, estimand: str, at_least: float | None, at_most: float | None, where: Mapping[str, Any]
) -> str:
    """How likely each place of an estimand reaches a target."""
    from hisim.outcomes.asked import described
    from hisim.outcomes.uncertainty import chance_of
    from hisim.studies.gather import check_complete, figure
    from hisim.studies.study import DRAWS, cells_of
    from hisim.surfaces.text import Row, Table, render

    study = opened(folder)
    check_complete(study)
    if study.definition["kind"] != DRAWS:
        raise OutputError(f"{folder}: found a study of kind '{study.definition['kind']}'; allowed: draws, for a chance")
    if (at_least is None) == (at_most is None):
        raise OutputError("chance: found both or neither of --at-least and --at-most; allowed: one of the two")
    keys = [cell.key for cell in cells_of(study.definition)]
    if estimand not in keys:
        near = nearest_name(estimand, keys)
        raise OutputError(
            f"estimand: found '{estimand}'; allowed: {', '.join(keys)}" + (f"; did you mean '{near}'?" if near else "")
        )
    values = _narrowed(figure(study, estimand), where)
    rows = []
    for index in np.ndindex(values.shape[1:]):
        labels = [str(values[dim].values[i]) for dim, i in zip(values.dims[1:], index, strict=True)]
        share, error = chance_of(values.values[(slice(None), *index)], at_least, at_most)
        rows.append(Row([" ".join(labels), f"{share:.1%}", f"±{error:.1%}"]))
    side = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    title = f"{described(estimand.removesuffix('_by_year').removesuffix('_change'))['long_name']}: chance of {side}"
    return render([Table(title, [" ".join(map(str, values.dims[1:])), "chance", "±"], rows, words=1)])


def _narrowed(values: Any, where: Mapping[str, Any]) -> Any:
    """``values`` at the places asked for; everyone and all causes where nothing is said."""
    usual = {"sex": "Persons", "cause_group": "All causes"}
    for dim, label in {**usual, **{dim: label for dim, label in where.items() if label is not None}}.items():
        if dim not in values.dims:
            continue
        there = values[dim].values.tolist()
        if label in there:
            values = values.sel({dim: [label]})
        elif dim not in usual:
            raise OutputError(f"{dim}: found {label}; allowed: {', '.join(map(str, there))}")
    return values
