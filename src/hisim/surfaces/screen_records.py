"""The equity screen as numbers for a machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any

from hisim.declare.scenario import Scenario
from hisim.studies.screen import Gain, Gap, Screened
from hisim.surfaces.strata import evidence_records, without_evidence


def _told_whole(one: Gain | Gap) -> dict[str, Any]:
    """A row with its verdict; what is withheld is null."""
    plain = {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in
             one._asdict().items()}  # fmt: skip
    return {**plain, "verdict": one.verdict}


def records(scenario: Scenario, found: Screened, asked: Sequence[str], note: str) -> dict[str, Any]:
    """The numbers of the screen for a machine, with the questions ``asked``; what is withheld is null."""
    reach = [
        {
            **one._asdict(),
            "more": one.more,
            "missed": one.missed,
            "share": one.share,
            "share_if_alike": one.share_if_alike,
        }
        for one in found.reached
    ]
    answer: dict[str, Any] = {
        "scenario": scenario.name,
        "note": note,
        "reached": reach,
        "evidence": [row for use in scenario.interventions for row in evidence_records(use.id)],
        "no_evidence": {use.id: without_evidence(use.id) for use in scenario.interventions},
        "most_lost_at": [one._asdict() for one in found.weakest],
        "gains": [_told_whole(one) for one in found.gains],
        "gaps": [_told_whole(one) for one in found.gaps],
        "questions": list(asked),
    }
    if found.people is not None:
        table = found.people.to_dataframe().reset_index().rename(columns={"quintile": "quintile_2010"})
        attrs = found.people.attrs
        answer["area"] = {
            "code": attrs["code"],
            "authority": attrs["authority"],
            "people": json.loads(table.to_json(orient="records")),
            "reached": [one._asdict() for one in found.local],
        }
    return answer
