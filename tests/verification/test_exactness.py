"""What must hold bit for bit, and what must hold for every person: no tolerance, no false alarms."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from synthetic import by_cause, library_of, make_inputs, make_scenario, make_service, make_treatment
from test_twin import every_mechanism, varied_inputs

from hisim.model.plan import make_plan
from hisim.model.projection import project, simulated
from hisim.model.workspace import PIECE
from hisim.variables import COMPARATOR

PILL = make_treatment("antihypertensive", sbp=-8.0, lag_years=2.0, sustained=0.8)
STATIN = make_treatment("statin", hazard_ratios={"ihd": 0.8, "stroke": 0.95}, lag_years=1.0)
SERVICE = make_service()
LIBRARY = library_of(PILL, STATIN, SERVICE)
MORE = [(PILL, {"relative": 1.4}), (STATIN, {"relative": 1.4}), (SERVICE, {"relative": 2.0})]
ITEMS, EVERYTHING = every_mechanism(np.random.default_rng(11))
EVERY = library_of(*ITEMS)
"""All six mechanisms, in all their forms."""
MIXES = {"three": (MORE, LIBRARY), "every mechanism": (EVERYTHING, EVERY)}


@pytest.fixture(scope="module")
def inputs():
    return varied_inputs(7)


def run(inputs, *uses, threads=2, chunk=8, library=LIBRARY, **settings):
    return project(
        make_scenario(*uses, end=2013, **{"people_per_cohort": 160, **settings}), inputs,
        threads=threads, chunk=chunk, library=library,
    )  # fmt: skip


RESULTS = ("deaths", "person_years", "deaths_batch", "person_years_batch")


def same_bytes(a, b, names=RESULTS):
    return all(a[name].values.tobytes() == b[name].values.tobytes() for name in names)


NULLS = {
    "relative 1": [(PILL, {"relative": 1.0}), (STATIN, {"relative": 1.0}), (SERVICE, {"relative": 1.0})],
    "coverage 0 added": [(PILL, {"add": 0.0}), (STATIN, {"add": 0.0}), (SERVICE, {"add": 0.0})],
    "nothing": [],
    "every mechanism as now": [(item, {"profile": "as_now"}) for item in ITEMS],
    "every mechanism times 1": [(item, {"relative": 1.0}) for item in ITEMS],
    "every mechanism, steps brought to what they are": [
        (item, {"steps": {step: tuple(shares) for step, shares in item.delivery.steps_now.items()}}) for item in ITEMS
    ],
}


@pytest.mark.parametrize("estimator", ["expected", "sampled"])
@pytest.mark.parametrize("null", NULLS)
def test_a_null_intervention_is_the_comparator_bit_for_bit(inputs, null, estimator):
    result = run(inputs, *NULLS[null], estimator=estimator, library=EVERY if null.startswith("every") else LIBRARY)
    assert same_bytes(result.sel(scenario=COMPARATOR), result.sel(scenario="mix"))


def test_hazard_ratio_1_and_no_shift_is_the_comparator_bit_for_bit(inputs):
    pill = make_treatment("antihypertensive", sbp=0.0, hazard_ratios={"ihd": 1.0})
    statin = make_treatment("statin", hazard_ratios={"stroke": 1.0})
    service = make_service(success=0.05, unaided=0.05)
    uses = [(pill, {"relative": 1.4}), (statin, {"relative": 1.4}), (service, {"relative": 2.0})]
    result = run(inputs, *uses, library=library_of(pill, statin, service))
    assert same_bytes(result.sel(scenario=COMPARATOR), result.sel(scenario="mix"))
    assert float(result["covered"].sel(scenario="mix").sum()) > 0


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize(("threads", "chunk"), [(1, 1), (2, 8), (8, 3), (8, 10_000)])
def test_threads_and_chunks_change_no_byte(inputs, threads, chunk, mix):
    uses, library = MIXES[mix]
    one, other = (run(inputs, *uses, library=library, threads=t, chunk=c) for t, c in ((1, 5), (threads, chunk)))
    assert same_bytes(one, other, (*RESULTS, "covered", "offered", "cost_gbp", "people_in_state"))


@pytest.mark.parametrize("mix", MIXES)
def test_the_order_of_interventions_changes_no_byte(inputs, mix):
    uses, library = MIXES[mix]
    assert same_bytes(run(inputs, *uses, library=library), run(inputs, *uses[::-1], library=library))


@pytest.mark.parametrize("mix", MIXES)
def test_other_scenarios_in_the_run_change_no_byte(inputs, mix):
    uses, library = MIXES[mix]
    whole = make_scenario(*uses, end=2013, people_per_cohort=160)
    alone = make_scenario(uses[0], end=2013, people_per_cohort=160, name="alone")
    both = project([alone, whole], inputs, library=library)
    for scenario in (whole, alone):
        one = project(scenario, inputs, library=library)
        assert same_bytes(one.sel(scenario=scenario.name), both.sel(scenario=scenario.name))


def test_another_seed_gives_other_people(inputs):
    a, b = run(inputs, *MORE, seed=1), run(inputs, *MORE, seed=2)
    assert not np.array_equal(a["deaths"].sel(scenario="mix"), b["deaths"].sel(scenario="mix"))


def test_comparator_deaths_equal_rate_times_person_years(inputs):
    """In every cohort, year and cause, to 1e-9 relative; a cell below 100 holds one cohort."""
    result = run(inputs).isel(scenario=0, draw=0)
    expected = inputs["mortality_rate"] * result["person_years"]
    np.testing.assert_allclose(result["deaths"].values, expected.values, rtol=1e-9, atol=0)


def test_first_year_person_years_equal_the_population(inputs):
    result = run(inputs, *MORE).isel(scenario=0, draw=0, year=0)
    np.testing.assert_allclose(result["person_years"].values, inputs["population"].values, rtol=1e-12)


def test_batches_add_up_to_the_total(inputs):
    result = run(inputs, *MORE)
    by_batch = result["deaths_batch"].sum(("batch", "age_band"))
    xr.testing.assert_allclose(by_batch, result["deaths"].sum("age"), rtol=1e-12)


def test_who_dies_and_who_lives_add_up_to_who_entered():
    """Alive at the start of a year less its deaths = alive at the start of the next, to float32's 1e-6.

    Where everyone has the hazard m, the alive at the start of a year are person-years times m / (1 - exp(-m)).
    """
    rates = {"ihd": 0.02, "lung_cancer": 0.01, "other": 0.05}
    m = sum(rates.values())
    result = run(make_inputs(2011, 2013, mortality_rate=by_cause(**rates))).isel(scenario=0, draw=0)
    deaths, alive = result["deaths"].sum("cause").values, result["person_years"].values * m / -np.expm1(-m)
    for year in (0, 1):
        left = alive[year, ..., :99] - deaths[year, ..., :99]
        np.testing.assert_allclose(left, alive[year + 1, ..., 1:100], rtol=1e-6)


def test_more_coverage_never_raises_deaths(inputs):
    """300 random pairs: all-cause deaths by the horizon fall or stay in every quintile, sex and birth year."""
    rng = np.random.default_rng(300)
    low = [rng.uniform([0.2, 0.2, 0.0], [1.5, 1.5, 2.0]) for _ in range(300)]
    pairs = [(one, one + rng.uniform(0, 0.6, 3) * (rng.random(3) < 0.7)) for one in low]
    assert_more_is_never_worse(inputs, (PILL, STATIN, SERVICE), "relative", pairs, LIBRARY)


def test_more_coverage_of_anything_never_raises_deaths(inputs):
    """60 random pairs over all mechanisms, each of which does good: newborns and the oldest included."""
    rng, size = np.random.default_rng(60), len(ITEMS)
    low = [rng.uniform(0, 0.2, size) for _ in range(60)]
    pairs = [(one, one + rng.uniform(0, 0.3, size) * (rng.random(size) < 0.5)) for one in low]
    assert_more_is_never_worse(inputs, ITEMS, "add", pairs, EVERY)


def assert_more_is_never_worse(inputs, items, kind, pairs, library):
    """No cohort has more deaths at the higher coverages of any pair, and some have fewer."""
    scenarios = [
        make_scenario(*((item, {kind: float(x)}) for item, x in zip(items, scale, strict=True)), name=f"{name}-{i}",
                      end=2013, people_per_cohort=32)
        for i, pair in enumerate(pairs) for name, scale in zip(("low", "high"), pair, strict=True)
    ]  # fmt: skip
    for first in range(0, len(scenarios), 60):
        dead = deaths_by_cohort(project(scenarios[first : first + 60], inputs, library=library))
        low, high = dead[1::2], dead[2::2]
        assert (high <= low * (1 + 1e-6)).all()
        assert high.sum() < low.sum()


def deaths_by_cohort(result):
    """All-cause deaths to the horizon of everyone of the same age at the start, the oldest as one, and the newborn.

    (scenario, quintile, sex, 97 ages, the oldest, those born in the second year, in the third).
    """
    deaths = result["deaths"].isel(draw=0).sum("cause").values
    years = range(deaths.shape[1])
    followed = np.sum([deaths[:, y, :, :, y : 97 + y] for y in years], axis=0)
    oldest = np.sum([deaths[:, y, :, :, 97 + y :].sum(axis=-1) for y in years], axis=0)
    born = [np.sum([deaths[:, y, :, :, y - first] for y in years if y >= first], axis=0) for first in years[1:]]
    return np.concatenate([followed, np.stack([oldest, *born], axis=-1)], axis=-1)


def test_sampled_agrees_with_expected(inputs):
    """Deaths drawn against deaths expected, in every quintile and cause, within 4 standard errors.

    Given the people, drawn deaths have at most Poisson variance in simulated people; the weight of a
    simulated person is population / people. 80 comparisons at 4 standard errors: a false alarm in 200.
    """
    people = 1280
    expected = run(inputs, *MORE, people_per_cohort=people)["deaths"].isel(draw=0)
    drawn = run(inputs, *MORE, people_per_cohort=people, estimator="sampled")["deaths"].isel(draw=0)
    dims = ("year", "sex", "age")
    weight = 1000.0 / people * 1.02
    difference = (drawn.sum(dims) - expected.sum(dims)).values
    error = np.sqrt(expected.sum(dims).values * weight)
    assert (np.abs(difference) <= 4 * error).all()
    whole = drawn.isel(year=0, scenario=0).values / (1000.0 / people)
    assert abs(difference).sum() > 0
    assert whole.max() > 1


def test_one_to_one_simulates_everyone_there_is_and_keeps_the_comparator():
    """In cohorts of any size: one of six pieces, those of a few hundred in one, and one of nobody."""
    population = np.full((5, 2, 101), 300.0)
    population[0, 0, 40], population[1, 1, 70] = 30_000.0, 0.0
    inputs = varied_inputs(7).assign(population=(("quintile", "sex", "age"), population))
    mix = make_scenario(*MORE, end=2013)
    every = mix.model_copy(update={"simulation": mix.simulation.model_copy(update={"one_to_one": True})})
    plan = make_plan(inputs, [every], LIBRARY)
    there = {cohort: plan.person_years[plan.index(cohort)].max() for cohort in plan.cohorts}
    for cohort, people in there.items():
        size, pieces = simulated(plan, cohort, every.simulation)
        assert people <= size * pieces < people + 17 * pieces
        assert size <= PIECE
    assert max(simulated(plan, cohort, every.simulation)[1] for cohort in plan.cohorts) == 6
    one, other = (
        project(every, inputs, library=LIBRARY, threads=threads, chunk=chunk) for threads, chunk in ((1, 7), (2, 64))
    )
    assert same_bytes(one, other)
    comparator = one.sel(scenario=COMPARATOR, draw=0)
    expected = comparator["person_years"] * inputs["mortality_rate"]
    np.testing.assert_allclose(comparator["deaths"], expected.transpose(*comparator["deaths"].dims), rtol=1e-12)
    assert "one to one" in one.attrs["people_per_cohort"]
