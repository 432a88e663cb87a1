"""Indicators: their ids, which way is good, and gaps as the field means them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from hisim.outcomes.bands import banded
from hisim.outcomes.estimands import ESTIMANDS
from hisim.outcomes.indicators import (
    AGES,
    coverage_indicators,
    coverage_values,
    outcome_indicators,
    outcome_values,
    subject,
)
from hisim.variables import QUINTILES, SEXES


def test_ids_are_plain_slugs_and_lead_back_to_their_level() -> None:
    every = [*outcome_indicators(), *coverage_indicators("statins", "Statins", "35+ yrs", per_year=False)]
    assert len({one.id for one in every}) == len(every)
    assert all(one.id.replace("-", "").isalnum() and one.id == one.id.lower() for one in every)
    levels = {one.id for one in every if one.measure == "level"}
    assert {one.level for one in every} == levels
    assert {one.of for one in outcome_indicators()} == set(AGES)


def test_outcomes_are_the_estimands_of_the_same_name(projection: xr.Dataset) -> None:
    data = banded(projection)
    found = outcome_values(data)
    for name in ("life_expectancy_0", "life_expectancy_0_gap_q5", "under_75_circulatory_rate_sii"):
        xr.testing.assert_allclose(found[name.replace("_", "-")], ESTIMANDS[name].compute(data))


def test_a_gap_narrows_in_the_good_direction(projection: xr.Dataset) -> None:
    """Scenario "one" does most for the most deprived: every inequality is better than the comparator's."""
    found = outcome_values(banded(projection)).isel(draw=0, year=-1).sel(sex="Persons")
    for one in outcome_indicators():
        if one.measure == "level" or one.of == "under_75_cancer_rate":
            continue
        change = float(found[one.id].sel(scenario="one") - found[one.id].sel(scenario="comparator"))
        assert change > 0 if one.good == "higher" else change < 0, one.id


def covered(served: np.ndarray, eligible: np.ndarray) -> xr.Dataset:
    names = {"intervention": ["pill"], "quintile": list(QUINTILES), "sex": list(SEXES)}
    return xr.Dataset(
        {
            "eligible": (("intervention", "quintile", "sex"), eligible),
            "served": (("scenario", "intervention", "year", "quintile", "sex"), served),
        },
        {"scenario": ["comparator", "mix"], "year": [2011], **names},
    )


def test_coverage_is_people_served_over_people_eligible() -> None:
    eligible = np.array([100.0, 100, 100, 100, 200])[None, :, None] * np.ones(2)
    served = np.array([20.0, 30, 40, 50, 120])[None, None, None, :, None] * np.ones((2, 1, 1, 1, 2))
    found = coverage_values(covered(served, eligible)).sel(scenario="mix", year=2011, sex="Persons")
    assert found["coverage-pill"].values == pytest.approx([20, 30, 40, 50, 60, 100 * 260 / 600])
    assert float(found["coverage-pill-gap-q5"]) == pytest.approx(40), "the most deprived are worse off"
    assert float(found["coverage-pill-gap-average"]) == pytest.approx(100 * 260 / 600 - 20)


def test_coverage_of_nobody_is_missing() -> None:
    eligible = np.zeros((1, 5, 2))
    eligible[..., 0] = 10
    found = coverage_values(covered(np.zeros((2, 1, 1, 5, 2)), eligible))["coverage-pill"]
    assert np.isnan(found.sel(sex="Male")).all()
    assert (found.sel(sex="Persons") == 0).all()


def test_what_an_indicator_is_about() -> None:
    level, gap, _ = coverage_indicators("checks", "Health checks", "40-74 yrs", per_year=True)
    assert subject(level) == subject(gap) == "Health checks"
    assert "served in the year" in level.name
    assert (gap.unit, gap.good) == ("percentage points", "lower")
