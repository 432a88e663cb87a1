"""Who is served in every year, by every way to it, worked out from the inputs alone: no chance is in it.

A projection counts people served beyond the comparator among its simulated people, and shares them among the uses
that could have brought them. Whoever monitors a service sees something plainer: of the people it is for, how many
have it, whoever found them. That is what is worked out here, from the thresholds that the projection itself uses,
held against the people of the first year.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from hisim.declare.intervention import CaseFinding, SmokingCessation
from hisim.declare.scenario import Scenario, Use
from hisim.model.delivered import Delivered, World, checked, people_in
from hisim.model.delivered import reach as stopping
from hisim.model.inputs import in_area
from hisim.model.plan import delivery_of
from hisim.model.reach import in_scope
from hisim.model.slot_plan import Library, Slot, drug_of, library_of_run, slots_of
from hisim.model.states import flags_of, smokers_now, values_of
from hisim.model.strata import make_up, split
from hisim.model.tables import Float64
from hisim.variables import COMPARATOR, SEXES


def coverage(scenario: Scenario, inputs: xr.Dataset, library: Library | None = None) -> xr.Dataset:
    """People whom each intervention of ``scenario`` is for, and of them those who have it, in every year.

    Parameters
    ----------
    inputs
        Dataset of ``variables.INPUTS`` for the scenario.
    library
        Interventions that define each treatment's effect; by default the packaged library.

    Returns
    -------
    Dataset with ``eligible`` (intervention, quintile, sex) [persons of the first year] and ``served`` (scenario,
    intervention, year, quintile, sex) [persons; for a check, a service for smokers or a policy on them, persons in the
    year], the comparator first. Served counts everyone who has the treatment, whichever use of the scenario brought it;
    as in the model, coverage of a cell stays as it is while people of other ages come into it.
    """
    scenario = in_area(scenario, inputs)
    every = slots_of(library_of_run([scenario], library))
    slots, world, reach = delivery_of(inputs, [scenario], every)
    years = values_of(inputs, "year").tolist()
    found = [_one(use, slots, world, reach, years) for use in scenario.interventions]
    size = (world.known.shape[0], len(SEXES))
    coords = {
        "scenario": [COMPARATOR, scenario.name],
        "intervention": [use.id for use in scenario.interventions],
        "year": years,
        "quintile": values_of(inputs, "quintile"),
        "sex": values_of(inputs, "sex"),
    }
    eligible = np.stack([one for one, _ in found]) if found else np.zeros((0, *size))
    served = np.stack([one for _, one in found], axis=1) if found else np.zeros((2, 0, len(years), *size))
    return xr.Dataset(
        {
            "eligible": (("intervention", "quintile", "sex"), eligible),
            "served": (("scenario", "intervention", "year", "quintile", "sex"), served),
        },
        coords,
    )


def _one(
    use: Use, slots: Sequence[Slot], world: World, reach: Delivered, years: Sequence[int]
) -> tuple[Float64, Float64]:
    """Eligible (quintile, sex) and served (scenario, year, quintile, sex) of one use."""
    item, strata = use.intervention, world.strata
    if isinstance(item, SmokingCessation):
        people = smokers_now(world.inputs)[..., None] * make_up(strata, "current_smoker")
        return _summed(people), _by_year(people, [stopping(use, world, year) for year in years])
    if isinstance(item, CaseFinding):
        scope = np.stack([in_scope(use, one) for one in strata.inputs], axis=-1)
        people = values_of(world.inputs, "population")[..., None] * strata.share * scope
        pairs = [checked(use, world, year) for year in years]
        return _summed(people), _by_year(people, [(a[:, None, None], b[:, None, None]) for a, b in pairs])
    parts = list(_in_slots(use, slots, world, reach))
    eligible, served = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    return eligible, served


def _by_year(people: Float64, shares: Sequence[tuple[Float64, Float64]]) -> Float64:
    """People served now and in each year, (2, year, quintile, sex), from shares that broadcast with ``people``."""
    return np.stack([[_summed(people * pair[k]) for pair in shares] for k in (0, 1)])


def _in_slots(use: Use, slots: Sequence[Slot], world: World, reach: Delivered) -> Iterator[tuple[Float64, Float64]]:
    """Eligible and served in each slot that a use has of its own."""
    item = use.intervention
    for t, slot in enumerate(slots):
        if slot.name == drug_of(item) and slot.flag in dict(flags_of(item.eligible.state)):
            people = people_in(world, slot.flag) * slot.scope[None, :, :, None]
            share = _own(reach.coverage[..., t, :], world.order.slot(t))
            if slot.register >= 0:
                share = share * _own(reach.known[..., slot.register, :], world.order.register(slot.register))
            yield _summed(people), _summed(people * share)


def _own(thresholds: np.ndarray, order: tuple[Float64, Float64]) -> Float64:
    """Share of each stratum that is below its threshold, (..., G), from thresholds (..., P), P = 1 or G."""
    several = np.asarray(thresholds, np.float64)
    if several.shape[-1] == 1:
        return split(several[..., 0], *order)
    return np.stack([split(several[..., g], *order)[..., g] for g in range(several.shape[-1])], axis=-1)


def _summed(people: Float64) -> Float64:
    """(..., quintile, sex, age, G) summed over ages and strata."""
    return np.asarray(people.sum(axis=(-2, -1)))
