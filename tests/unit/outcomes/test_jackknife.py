from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes import mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS, banded
from hisim.outcomes.jackknife import monte_carlo_se, replicates
from hisim.variables import AGE_BAND_STARTS, COMPARATOR

CELL = {"year": 2011, "quintile": 3, "sex": "Male", "age_band": "60-64", "cause": "ihd"}


def one_batch_left_out(projection, name, batch):
    total, part = banded(projection)[name], projection[f"{name}_batch"]
    count = part.sizes["batch"]
    return (total - part.isel(batch=batch, drop=True)) * count / (count - 1)


def test_replicates_leave_one_batch_out(projection):
    stack = replicates(projection, calibrated=False)
    for batch in range(projection.sizes["batch"]):
        expected = one_batch_left_out(projection, "deaths", batch)
        np.testing.assert_allclose(stack["deaths"].isel(replicate=batch), expected, rtol=1e-12)


def test_calibrated_replicates_keep_the_ratio_to_the_comparator(projection):
    stack, total = replicates(projection), banded(projection)
    one = one_batch_left_out(projection, "deaths", 2).sel(CELL)
    expected = (one.sel(scenario="two") / one.sel(scenario=COMPARATOR) * total["deaths"].sel(CELL)[0]).item()
    found = stack["deaths"].isel(replicate=2).sel(CELL).sel(scenario="two")
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_the_comparators_replicates_are_its_totals_exactly(projection):
    stack, total = replicates(projection).sel(scenario=COMPARATOR), banded(projection).sel(scenario=COMPARATOR)
    for name in ("deaths", "person_years"):
        for replicate in range(projection.sizes["batch"]):
            np.testing.assert_array_equal(stack[name].isel(replicate=replicate), total[name])


def test_the_comparator_has_no_monte_carlo_error(projection):
    for function in (mortality.deaths, mortality.life_expectancy, mortality.standardised_rate):
        error = monte_carlo_se(projection, function)
        np.testing.assert_array_equal(error.sel(scenario=COMPARATOR), 0.0)
        assert (error.sel(scenario="two", quintile=ENGLAND, sex=PERSONS) > 0).all()


def test_uncalibrated_errors_include_the_comparators(projection):
    error = monte_carlo_se(projection, mortality.deaths, calibrated=False)
    assert (error.sel(scenario=COMPARATOR, quintile=ENGLAND, sex=PERSONS, cause_group=ALL_CAUSES) > 0).all()


def test_a_comparator_with_nobody_left_in_a_replicate_adds_the_difference(projection):
    sparse = projection.copy(deep=True)
    total = banded(sparse)["deaths"].sel(CELL)[0].item()
    # All of the comparator's deaths in this cell are in batch 0: without it, its replicate is empty.
    sparse["deaths_batch"].loc[{"scenario": COMPARATOR, **CELL}] = np.array([[total, 0.0, 0.0, 0.0]])
    found = replicates(sparse)["deaths"].sel(CELL).isel(replicate=0)
    plain = replicates(sparse, calibrated=False)["deaths"].sel(CELL).isel(replicate=0)
    assert found.sel(scenario="two").item() == pytest.approx(plain.sel(scenario="two").item() + total, rel=1e-12)
    assert found.sel(scenario=COMPARATOR).item() == total


def test_empty_cells_stay_empty(projection):
    empty = projection.copy(deep=True)
    for name in ("deaths", "deaths_batch"):
        empty[name].loc[{"cause": "neonatal"}] = 0.0
    assert (replicates(empty)["deaths"].sel(cause="neonatal") == 0).all()


def test_chunks_give_the_same_error(projection):
    whole = monte_carlo_se(projection, mortality.life_expectancy)
    pieces = monte_carlo_se(projection, mortality.life_expectancy, cells_at_once=1)
    np.testing.assert_allclose(pieces, whole, rtol=1e-9, atol=1e-13)


def test_fewer_than_two_batches_are_refused(projection):
    with pytest.raises(ImpossibleModelError, match=r"batch: found 1 batches; allowed: 2 or more"):
        monte_carlo_se(projection.isel(batch=[0]), mortality.deaths)


def simulated(repeats: int = 300, people: int = 400, batches: int = 20) -> xr.Dataset:
    """Independent simulations along ``draw``, each calibrated as the model is, in one cell that matters.

    People differ in hazard (lognormal), the action works on a random half of them. The comparator's deaths are
    fixed at 1,000; the scenario's are 1,000 times the sample's ratio of hazards.
    """
    rng = np.random.default_rng(11)
    hazard = rng.lognormal(0.0, 1.0, (repeats, batches, people // batches))
    helped = np.where(rng.random(hazard.shape) < 0.5, 0.6, 1.0)
    before, after = hazard.sum(axis=2), (hazard * helped).sum(axis=2)
    weight = 1000.0 / before.sum(axis=1, keepdims=True)
    died = np.stack([before * weight, after * weight])
    ones = np.ones((2, repeats, batches, 1, 1, 1, len(AGE_BAND_STARTS)))
    shape = np.zeros((*ones.shape, 16))
    shape[:, :, :, 0, 0, 0, 12, 0] = died
    single = np.zeros((2, repeats, 1, 1, 1, 101, 16))
    single[:, :, 0, 0, 0, AGE_BAND_STARTS[12], 0] = died.sum(axis=2)
    cell = ("year", "quintile", "sex")
    lead = ("scenario", "draw")
    return xr.Dataset(
        {
            "deaths": ((*lead, *cell, "age", "cause"), single),
            "person_years": ((*lead, *cell, "age"), np.ones((2, repeats, 1, 1, 1, 101))),
            "deaths_batch": ((*lead, "batch", *cell, "age_band", "cause"), shape),
            "person_years_batch": ((*lead, "batch", *cell, "age_band"), ones / batches),
        },
        {"scenario": [COMPARATOR, "act"], "draw": range(repeats), "year": [2011]},
    )


def test_error_agrees_with_the_spread_of_independent_simulations():
    """The jackknife's variance, averaged over 300 simulations, against the variance between them.

    The variance between 300 has a relative standard error of 8 %, the average of 300 jackknife variances one
    of about 2 %; a quarter is about three of them. Without the calibration the error is far too large.
    """
    projection = simulated()
    count = lambda data: data["deaths"].sum(["year", "quintile", "sex", "age_band", "cause"])  # noqa: E731
    truth = float(count(banded(projection)).sel(scenario="act").var("draw", ddof=1))
    error = monte_carlo_se(projection, count).sel(scenario="act")
    assert float((error**2).mean()) == pytest.approx(truth, rel=0.25)
    crude = monte_carlo_se(projection, count, calibrated=False).sel(scenario="act")
    assert float((crude**2).mean()) > 3 * truth
