"""The effect of a simulated mix, split among its interventions."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from synthetic import (
    by_cause,
    effects,
    library_of,
    log_rr,
    make_acting,
    make_inputs,
    make_scenario,
    make_service,
    make_treatment,
)

from hisim.declare.scenario import Scenario
from hisim.errors import ImpossibleModelError
from hisim.model.projection import project
from hisim.outcomes.comparison import compare
from hisim.studies import shares
from hisim.studies.shares import DEATHS, GAP, impact, shapley

NOBODY = {"offered": 0.0}
HALF = by_cause(ihd=0.02, other=0.01) * np.linspace(1.5, 0.5, 5)[None, :, None, None, None]
INPUTS = make_inputs(
    2011, 2013, mortality_rate=HALF, sbp_mean=140.0, sbp_sd=15.0, hypertension_known=0.8, smoking_current=0.3,
    smoking_rr=2.0, stop_smoking_reach=0.05, antihypertensive_coverage=0.3, log_rr=log_rr(sbp={"ihd": 0.03}),
)  # fmt: skip
PILLS = make_treatment(sbp=-10.0, name="pills")
SALT = make_acting("exposure_shift", "salt", "everyone", effects(sbp=-3.0), now=NOBODY)
TWIN = make_acting("exposure_shift", "twin", "everyone", effects(sbp=-3.0), now=NOBODY)
SERVICE = make_service()
HEAT = make_acting("mortality_effect", "heat", "everyone", effects({"other": 0.8}), now=NOBODY)
NOTHING = make_acting("mortality_effect", "nothing", "everyone", effects({"liver_disease": 0.5}), now=NOBODY)
LIBRARY = library_of(PILLS, SALT, TWIN, SERVICE, HEAT, NOTHING)
USES = {
    "pills": (PILLS, {"relative": 2.0}), "salt": (SALT, {"to": 0.9}), "service": (SERVICE, {"relative": 3.0}),
    "heat": (HEAT, {"to": 0.5}), "twin": (TWIN, {"to": 0.9}), "nothing": (NOTHING, {"to": 0.5}),
}  # fmt: skip
VALUES = (DEATHS, GAP)


def mix(*names: str, **settings: object) -> Scenario:
    """Uses of the interventions named, with few people."""
    return make_scenario(*(USES[name] for name in names), end=2013, **{"people_per_cohort": 32, **settings})


def split(scenario: Scenario, **how: object) -> xr.Dataset:
    return shapley(scenario, INPUTS, value=impact(2013), library=LIBRARY, **how)


@pytest.fixture(scope="module")
def six() -> xr.Dataset:
    """The exact shares of six interventions."""
    return split(mix(*USES))


def close(a: xr.DataArray, b: xr.DataArray) -> bool:
    return bool(np.allclose(a.values, b.transpose(*a.dims).values, rtol=0, atol=1e-9))


def test_shares_add_up_to_the_mix_that_a_run_gives(six):
    scenario = mix(*USES)
    run = compare(project(scenario, INPUTS, library=LIBRARY), by=[2013]).sel(draw=0, year=2013)
    averted = run[DEATHS].sel(scenario="mix", sex="Persons", cause_group="All causes")
    assert close(six[f"{DEATHS}_mix"], averted)
    assert float(averted.sel(quintile="all")) > 10
    gap = run[GAP].sel(scenario="mix") - run[GAP].sel(scenario="comparator")
    assert close(six[f"{GAP}_mix"], gap)
    for name in VALUES:
        assert close(six[f"{name}_share"].sum("intervention"), six[f"{name}_mix"])
    error = run[f"{DEATHS}_se"].sel(scenario="mix", sex="Persons", cause_group="All causes")
    assert close(six[f"{DEATHS}_mix_se"], error)


def test_alone_last_and_overlap_are_what_runs_give(six):
    whole, without, only = mix(*USES), mix(*(name for name in USES if name != "salt"), name="without"), mix("salt")
    values = impact(2013)(_banded([whole, without, only.model_copy(update={"name": "only"})]))[DEATHS].isel(draw=0)
    assert close(six[f"{DEATHS}_alone"].sel(intervention="salt"), values.sel(scenario="only"))
    lost = values.sel(scenario="mix") - values.sel(scenario="without")
    assert close(six[f"{DEATHS}_last"].sel(intervention="salt"), lost)
    overlap = six[f"{DEATHS}_alone"].sum("intervention") - six[f"{DEATHS}_mix"]
    assert close(six[f"{DEATHS}_overlap"], overlap)
    assert float(overlap.sel(quintile="all")) > 0


def _banded(scenarios):
    from hisim.outcomes.bands import banded

    return banded(project(scenarios, INPUTS, library=LIBRARY))


def test_fifths_add_up_to_england(six):
    for kind in ("share", "alone", "last", "mix", "overlap"):
        values = six[f"{DEATHS}_{kind}"]
        assert close(values.sel(quintile=list("12345")).sum("quintile"), values.sel(quintile="all"))


def test_an_intervention_that_changes_nothing_has_no_share(six):
    for name in VALUES:
        for kind in ("share", "alone", "last", "share_se"):
            assert six[f"{name}_{kind}"].sel(intervention="nothing").values == pytest.approx(0.0, abs=1e-9)


def test_everything_has_a_unit_and_a_meaning(six):
    assert six[f"{DEATHS}_share"].dims == ("intervention", "quintile")
    assert six[f"{DEATHS}_mix"].dims == ("quintile",)
    assert six[f"{GAP}_share"].dims == ("intervention", "sex")
    assert {six[name].attrs["units"] for name in six.data_vars} == {"persons", "years"}
    assert len({six[name].attrs["long_name"] for name in six.data_vars}) == len(six.data_vars)
    assert six.attrs["method"] == "exact"
    assert six.attrs["runs"] == 63
    assert six["intervention"].values.tolist() == list(USES)
    assert not six[f"{DEATHS}_share_sampling_se"].any()


def test_sampled_shares_agree_with_the_exact_ones(six):
    sampled = split(mix(*USES), most_exact=5, permutations=60)
    assert sampled.attrs["method"] == "sampled permutations"
    assert sampled.attrs["permutations"] == 60
    assert sampled.attrs["runs"] <= 63
    for name in VALUES:
        error = sampled[f"{name}_share_sampling_se"]
        assert (abs(sampled[f"{name}_share"] - six[f"{name}_share"]) <= 4 * error + 1e-9).all()
        assert close(sampled[f"{name}_share"].sum("intervention"), six[f"{name}_mix"])
        for kind in ("alone", "last", "overlap", "mix"):
            assert close(sampled[f"{name}_{kind}"], six[f"{name}_{kind}"])
    assert float(sampled[f"{DEATHS}_share_sampling_se"].max()) > 0


@pytest.mark.parametrize("most_exact", [8, 3])
def test_the_order_of_the_uses_does_not_matter(most_exact):
    names = ["pills", "salt", "service", "heat"]
    forward = split(mix(*names), most_exact=most_exact, permutations=8)
    backward = split(mix(*names[::-1]), most_exact=most_exact, permutations=8)
    assert backward["intervention"].values.tolist() == names[::-1]
    for name in forward.data_vars:
        values = backward[name]
        assert close(forward[name], values.sel(intervention=names) if "intervention" in values.dims else values)


def test_interventions_that_do_the_same_have_the_same_share():
    many = split(mix("salt", "twin", "heat", people_per_cohort=640))
    one, other = (many[f"{DEATHS}_share"].sel(intervention=name, quintile="all") for name in ("salt", "twin"))
    error = float(many[f"{DEATHS}_share_se"].sel(intervention="salt", quintile="all"))
    assert abs(float(one - other)) < 6 * error + 0.005 * float(one)


def test_batches_threads_and_repetition_change_nothing(monkeypatch):
    scenario = mix("pills", "salt", "service")
    first = split(scenario, threads=1)
    monkeypatch.setattr(shares, "AT_ONCE", 2)
    assert first.identical(split(scenario, threads=2))


def test_a_single_intervention_carries_the_whole_effect():
    result = split(mix("salt"))
    for kind in ("alone", "last"):
        assert close(result[f"{DEATHS}_share"], result[f"{DEATHS}_{kind}"])
    assert result[f"{DEATHS}_overlap"].values == pytest.approx(0.0, abs=1e-12)


def test_progress_goes_from_nothing_to_the_end_and_may_stop_the_study():
    seen: list[float] = []
    split(mix("salt", "heat"), progress=seen.append)
    assert seen == sorted(seen)
    assert 0 < seen[0] < 0.1
    assert seen[-1] == pytest.approx(1.0)

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        split(mix("salt"), progress=stop)


def test_a_mix_of_nothing_is_refused():
    with pytest.raises(ImpossibleModelError, match="interventions: found none in 'mix'; allowed: at least one"):
        split(mix())


def test_uneven_permutations_are_refused_before_anything_runs():
    with pytest.raises(ImpossibleModelError, match="permutations: found 5"):
        split(mix("salt", "heat"), most_exact=1, permutations=5)
