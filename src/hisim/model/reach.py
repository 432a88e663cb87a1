"""How many people each intervention of a scenario would reach, before anything is simulated.

From the inputs alone: the people who are eligible in the first year, and the coverage among them now and
when the change is fully in place. Exposures are normal and conditions independent, as in the model.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.special import ndtr

from hisim.declare.intervention import Treatment
from hisim.declare.scenario import Scenario, Use
from hisim.model.mechanisms import smoking_cessation, treatment
from hisim.model.plan import COVERAGE_NOW
from hisim.model.tables import HYPERTENSION_MMHG, STATIN_HISTORY_AGE, STATIN_PRIMARY_AGE, Float64


def reach(scenario: Scenario, inputs: xr.Dataset) -> xr.Dataset:
    """Eligible people and people served now and at full scale, by intervention and quintile.

    Returns
    -------
    Dataset with ``eligible``, ``served_now`` and ``served_full`` (intervention, quintile) [persons; for a
    stop smoking service, persons per year].
    """
    rows = [_one(use, inputs) for use in scenario.interventions]
    ids = [use.id for use in scenario.interventions]
    coords = {"intervention": ids, "quintile": inputs["quintile"].values}
    names = ("eligible", "served_now", "served_full")
    empty = np.zeros((0, inputs.sizes["quintile"]))
    arrays = {
        name: (("intervention", "quintile"), np.stack([row[i] for row in rows]) if rows else empty)
        for i, name in enumerate(names)
    }
    return xr.Dataset(arrays, coords)


def eligible_shares(inputs: xr.Dataset, name: str) -> list[Float64]:
    """Share of people eligible for a treatment, by eligibility group; each (quintile, sex, age)."""
    hypertension = ndtr((inputs["sbp_mean"].values - HYPERTENSION_MMHG) / np.maximum(inputs["sbp_sd"].values, 1e-9))
    if name == "antihypertensive":
        return [hypertension]
    history = 1 - (1 - inputs["chd_prevalence"].values) * (1 - inputs["stroke_prevalence"].values)
    high_risk = 1 - (1 - hypertension) * (1 - inputs["diabetes_prevalence"].values)
    age = inputs["age"].values
    return [history * (age >= STATIN_HISTORY_AGE), high_risk * (1 - history) * (age >= STATIN_PRIMARY_AGE)]


def _one(use: Use, inputs: xr.Dataset) -> tuple[Float64, Float64, Float64]:
    people = inputs["population"].values
    full = use.full_from
    if isinstance(use.intervention, Treatment):
        name = use.intervention.treatment
        shares = eligible_shares(inputs, name)
        now = [inputs[variable].values for variable in COVERAGE_NOW[name] if variable is not None]
        after = [treatment.coverage(coverage, [use], full) for coverage in now]
    else:
        shares, now = [inputs["smoking_current"].values], [inputs["stop_smoking_reach"].values]
        after = [smoking_cessation.reach(now[0], use, full)]
    served_now = sum(share * coverage for share, coverage in zip(shares, now, strict=True))
    served_full = sum(share * coverage for share, coverage in zip(shares, after, strict=True))
    cells = (sum(shares) * people, served_now * people, served_full * people)
    eligible, served, full_scale = (np.asarray(cell).sum(axis=(1, 2)) for cell in cells)
    return eligible, served, full_scale
