"""Draws: a lean way through the model that leaves batches out, and chance of each draw's own."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import library_of, make_scenario, with_strata
from test_twin import every_mechanism, varied_inputs

from hisim.errors import ImpossibleModelError
from hisim.model import twin
from hisim.model.projection import project

ITEMS, USES = every_mechanism(np.random.default_rng(12))
LIBRARY = library_of(*ITEMS)
NAMES = ("a", "b", "c", "d")
BY_BATCH = {"deaths_batch", "person_years_batch"}
BY_STRATUM = {"stratum_deaths_batch", "stratum_person_years_batch"}


def inputs_of(strata):
    plain = varied_inputs(5)
    if not strata:
        return plain
    uptake = {item.id: {"taken_up": (1.0, 0.5, 0.4, 1.5)} for item in ITEMS}
    return with_strata(plain, (0.7, 0.2, 0.07, 0.03), risk=np.array([1.0, 2.0, 3.0, 0.5]), uptake=uptake)


def run(strata=False, estimator="expected", people=80, uses=USES, **how):
    names = {"strata": NAMES} if strata else {}
    scenario = make_scenario(*uses, end=2013, people_per_cohort=people, estimator=estimator, **names)
    return project(scenario, inputs_of(strata), library=LIBRARY, **how)


@pytest.mark.parametrize("estimator", ["expected", "sampled"])
@pytest.mark.parametrize("strata", [False, True])
def test_without_batches_all_else_is_the_same(strata, estimator):
    full, lean = (run(strata, estimator, batches=batches) for batches in (True, False))
    assert set(full.data_vars) - set(lean.data_vars) == BY_BATCH | (BY_STRATUM if strata else set())
    assert "batch" not in lean.dims
    assert lean.attrs == full.attrs
    for name in lean.variables:
        assert lean[name].dims == full[name].dims
        assert lean[name].attrs == full[name].attrs
        if lean[name].dtype.kind == "f":
            size = float(abs(full[name]).max())
            np.testing.assert_allclose(lean[name], full[name], rtol=1e-12, atol=1e-12 * size, err_msg=str(name))


@pytest.mark.parametrize("strata", [False, True])
def test_without_batches_neither_threads_nor_chunks_change_a_byte(strata):
    one = run(strata, batches=False, threads=1)
    for threads, chunk in ((2, 7), (2, 200)):
        assert run(strata, batches=False, threads=threads, chunk=chunk).identical(one)


@pytest.mark.parametrize("strata", [False, True])
def test_the_twin_agrees_without_batches(strata):
    kernel, plain = (run(strata, people=64, batches=False, **how) for how in ({}, {"run": twin.run_cohorts}))
    assert set(kernel.data_vars) == set(plain.data_vars)
    for name in ("deaths", "person_years"):
        size = float(plain[name].max())
        np.testing.assert_allclose(kernel[name], plain[name], rtol=2e-6, atol=1e-9 * size)


def test_pieces_of_a_cohort_add_up_without_batches():
    full, lean = (run(people=5200, uses=USES[:2], batches=batches) for batches in (True, False))
    np.testing.assert_allclose(lean["deaths"], full["deaths"], rtol=1e-12)


def test_a_draw_has_its_label_and_its_own_chance():
    central, third = (run(batches=False, draw=draw) for draw in (0, 3))
    assert central["draw"].values.tolist() == [0]
    assert third["draw"].values.tolist() == [3]
    averted = [one["deaths"].sum(("year", "quintile", "sex", "age", "cause")) for one in (central, third)]
    assert (averted[0].values[1] != averted[1].values[1]).all()
    np.testing.assert_allclose(averted[0].values[0], averted[1].values[0], rtol=1e-6)


def test_draws_of_one_stream_are_of_the_same_people():
    central, third = (run(batches=False, draw=draw, stream=7) for draw in (0, 3))
    assert third["draw"].values.tolist() == [3]
    for name in central.data_vars:
        np.testing.assert_array_equal(central[name], third[name])
    np.testing.assert_array_equal(run(batches=False, draw=7)["deaths"], third["deaths"])
    assert third.attrs["stream"] == "7"
    assert "stream" not in run(batches=False, draw=7).attrs


@pytest.mark.parametrize("wrong", [{"draw": -1}, {"stream": 2**32}])
def test_a_draw_is_a_number_of_32_bits(wrong):
    with pytest.raises(ImpossibleModelError, match=r"found (-1|4294967296); allowed: 0 to 4294967295"):
        run(**wrong)
