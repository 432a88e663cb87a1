"""The indicators of a plan in draws of its uncertain numbers, as units of work that any process can do.

The same numbers are drawn as ``hisim run --draws`` draws for the scenario alone, each draw with people of its own
(:mod:`hisim.studies.study`); nothing is written. Coverage is worked out from the inputs and has no chance in it;
outcomes have what chance in the simulated people adds, whose size is told apart. Each area has a unit for its central
values, then one for every :data:`TOGETHER` draws: what is in a unit never depends on who works it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.scenario import Scenario
from hisim.declare.sweep import Sweep
from hisim.errors import StudyError
from hisim.inputs.packed import packed, unpacked
from hisim.model.coverage import coverage
from hisim.model.drawn import drawn, uncertain_of
from hisim.model.projection import project
from hisim.model.slot_plan import Library, library_of_run
from hisim.outcomes.asked import joined
from hisim.outcomes.bands import ALL_CAUSES, banded, with_totals
from hisim.outcomes.indicators import coverage_counts, coverage_values, outcome_counts, outcome_values
from hisim.outcomes.jackknife import monte_carlo_se
from hisim.outcomes.withheld import empty_fifths, small_fifths
from hisim.studies import design
from hisim.studies.cohorts import TRAJECTORIES, Definition, in_study, scenarios_of, texts_of
from hisim.uncertain import Uncertain, drawn_values
from hisim.variables import QUINTILES

PEOPLE = int(Sweep.model_fields["people_per_cohort"].default)
"""Simulated people in a cohort of each draw, as in any study of many runs."""
TOGETHER = 16
"""Draws of a unit, whose indicators are worked out at once."""
DIMS = ("draw", "scenario", "year", "quintile", "sex")
DEATHS = "deaths"
"""Beside the indicators: deaths from all causes at all ages [persons]."""
VALUE, ERROR, COUNT, DENOMINATOR = "value", "error", "count", "denominator"
"""What the unit of the central values holds of each indicator; the last two where it has them."""
EMPTY, SMALL = "empty", "small"
"""Attributes of it: fifths in which nobody lives, and those of 5,000 women or men or fewer."""


def define_worlds(scenarios: Sequence[Scenario], draws: int, *, outcomes: bool) -> dict[str, Any]:
    """The definition of so many draws of each of ``scenarios``, the same plan in several areas."""
    first = scenarios[0]
    each = 1 + -(-draws // TOGETHER)
    return {
        "kind": TRAJECTORIES, "name": first.name, "title": first.title, **texts_of(scenarios), "draws": draws,
        "outcomes": outcomes, "runs": each * len(scenarios), "unit_runs": 1, "uncertain": [],
    }  # fmt: skip


def run_worlds_unit(definition: Definition, unit: int) -> bytes:
    """The indicators of a unit, as :func:`dataset_in` reads them.

    Raises
    ------
    StudyError
        Where the model refuses the numbers of a draw.
    """
    which, part = divmod(unit, int(definition["runs"]) // len(definition["scenarios"]))
    one = {"scenarios": [definition["scenarios"][which]], "own": definition["own"]}
    plan, outcomes, draws = _prepared(json.dumps(one)), bool(definition["outcomes"]), int(definition["draws"])
    if part == 0:
        return _bytes(_central(plan, outcomes))
    numbers = range((part - 1) * TOGETHER, min(part * TOGETHER, draws))
    return _bytes(_together(list(_draws(plan, numbers, outcomes))))


class Prepared(NamedTuple):
    """What the draws of an area share."""

    scenario: Scenario
    library: Library
    uncertain: list[Uncertain]


@lru_cache(maxsize=4)
def _prepared(text: str) -> Prepared:
    (scenario,) = scenarios_of(json.loads(text))
    library = library_of_run([scenario])
    return Prepared(scenario, library, uncertain_of([scenario], library))


Draw = tuple[xr.Dataset | None, xr.Dataset]
"""Deaths and person-years in bands, where outcomes are wanted, and coverage."""


def _draws(plan: Prepared, numbers: range, outcomes: bool) -> Iterator[Draw]:
    lean = in_study(plan.scenario, PEOPLE)
    seed = plan.scenario.simulation.seed % 2**31
    points = design.draws(len(numbers), len(plan.uncertain), seed, numbers.start)
    paths, values = [one.path for one in plan.uncertain], drawn_values(plan.uncertain, points)
    for number, row in zip(numbers, values.tolist(), strict=True):
        try:
            yield _one(lean, plan.library, dict(zip(paths, row, strict=True)), number + 1, outcomes)
        except (ValueError, ArithmeticError, KeyError) as error:
            raise StudyError(
                f"draw {number + 1}: found numbers that the model refuses ({error}); allowed: narrower ranges"
            ) from None


def _one(scenario: Scenario, library: Library, values: Mapping[str, float], run: int, outcomes: bool) -> Draw:
    now = drawn([scenario], library, values)
    covered = coverage_values(coverage(now.scenarios[0], now.inputs, now.library))
    if not outcomes:
        return None, covered
    projection = project(now.scenarios, now.inputs, library=now.library, threads=1, draw=run, stream=run, batches=False)
    return banded(projection), covered


def _together(several: Sequence[Draw]) -> xr.Dataset:
    """Every indicator of several draws, worked out at once."""
    died = [one for one, _ in several if one is not None]
    whole = xr.concat([one for _, one in several], "draw", join="exact")
    if died:
        whole = whole.merge(_health(with_totals(joined(died))).drop_vars("draw"), join="exact")
    return whole.transpose(*DIMS, missing_dims="ignore")


def _health(data: xr.Dataset) -> xr.Dataset:
    """Outcome indicators and deaths, of a dataset with totals."""
    died = data["deaths"].sel(cause_group=ALL_CAUSES, drop=True).sum("age_band", skipna=False)
    return outcome_values(data).assign({DEATHS: died})


def _central(plan: Prepared, outcomes: bool) -> xr.Dataset:
    """With the central values, all that :data:`VALUE` and its like name, as ``NAME value`` and so on."""
    now = drawn([plan.scenario], plan.library, {})
    covered = coverage(plan.scenario, now.inputs, now.library)
    values, counts = coverage_values(covered), coverage_counts(covered)
    errors = values * 0.0
    lived = now.inputs["population"].sum(("sex", "age")).values.tolist()
    empty, small = [q for q, people in zip(QUINTILES, lived, strict=True) if people == 0], list[int]()
    if outcomes:
        projection = project(now.scenarios, now.inputs, library=now.library, threads=1)
        data = with_totals(banded(projection))
        values = values.merge(_ordered(_health(data)), join="exact")
        calibrated = plan.scenario.simulation.estimator == "expected"
        chance = _ordered(monte_carlo_se(projection, outcome_values, calibrated=calibrated))
        errors = errors.merge(chance, join="exact")
        counts = counts.merge(_ordered(outcome_counts(data)), join="exact")
        empty, small = empty_fifths(projection), small_fifths(projection)
    parts = [_named(values, VALUE), _named(errors, ERROR), counts]
    return xr.merge(parts, join="exact", combine_attrs="drop").assign_attrs({EMPTY: empty, SMALL: small})


def _named(found: xr.Dataset, what: str) -> xr.Dataset:
    return found.rename({name: f"{name} {what}" for name in found})


def _ordered(found: xr.Dataset) -> xr.Dataset:
    return found.isel(draw=0, drop=True).transpose(*DIMS[1:], missing_dims="ignore")


def _bytes(found: xr.Dataset) -> bytes:
    told = {
        "dims": {str(name): list(found[name].dims) for name in found},
        "coords": {str(dim): found[dim].values.tolist() for dim in found.dims if dim in found.coords},
        "attributes": {name: found.attrs[name] for name in (EMPTY, SMALL) if name in found.attrs},
    }
    return packed({str(name): np.asarray(found[name].values, "<f8") for name in found}, told)


def dataset_in(payload: bytes) -> xr.Dataset:
    """The dataset of a unit."""
    arrays, told = unpacked(payload)
    return xr.Dataset(
        {name: (told["dims"][name], values) for name, values in arrays.items()}, told["coords"], told["attributes"]
    )
