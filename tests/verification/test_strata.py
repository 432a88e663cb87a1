"""People within a cohort told apart: nothing changes for the whole, and what differs is what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import (
    by_cause,
    effects,
    library_of,
    log_rr,
    make_acting,
    make_check,
    make_inputs,
    make_scenario,
    make_service,
    make_treatment,
    with_strata,
)

from hisim.errors import ImpossibleModelError
from hisim.model.projection import project
from hisim.model.reach import reach_by_cell
from hisim.model.strata import places, rows_of, split, whole_of
from hisim.variables import CAUSES, band_of_age

SHARE = (0.7, 0.2, 0.07, 0.03)
NAMES = ("a", "b", "c", "d")


def people(**more):
    """Inputs with every risk that strata may differ in, dying of two causes."""
    return make_inputs(
        mortality_rate=by_cause(ihd=0.02, other=0.01), diabetes_prevalence=0.1, chd_prevalence=0.08,
        smoking_current=0.2, smoking_former=0.2, smoking_rr=2.0, quit_probability=0.03, stop_smoking_reach=0.05,
        sbp_mean=130.0, sbp_sd=15.0, hypertension_known=0.6, diabetes_known=0.8, antihypertensive_coverage=0.3,
        log_rr=log_rr(diabetes={"ihd": 0.7}, chd={"ihd": 1.0}, sbp={"ihd": 0.03}), **more,
    )  # fmt: skip


def mix(uptake=None, **use):
    """Inputs with strata that differ in everything, and a pill, a service, a check and screening for them."""
    items = (
        make_treatment("antihypertensive", sbp=-10.0), make_service(),
        make_check(ages=(40, 74), now={"offered": 0.2}, achievable={"offered": 0.8}),
        make_acting("mortality_effect", "screening", "everyone", effects({"other": 0.8}), ages=(60, 69),
                    now={"taken_up": 0.5}, achievable={"taken_up": 0.7}),
    )  # fmt: skip
    told = {item.id: {"taken_up": (1.0, 0.5, 0.4, 1.5), "need_known": (1.0, 0.9, 1.0, 1.0)} for item in items}
    inputs = with_strata(
        people(), SHARE, risk=np.array([1.0, 2.0, 3.0, 0.5]), hazard=np.array([1.0, 0.7, 1.4, 1.1]),
        uptake=told if uptake is None else uptake,
    )  # fmt: skip
    amounts = ({"relative": 1.5}, {"relative": 2.0}, {"profile": "industrial_scale"}, {"profile": "industrial_scale"})
    uses = [(item, {**amount, **use}) for item, amount in zip(items, amounts, strict=True)]
    return inputs, uses, library_of(*items)


@pytest.fixture(scope="module")
def both():
    """The same scenario with strata that differ in everything, and without."""
    inputs, uses, library = mix()
    on = project(make_scenario(*uses, strata=NAMES), inputs, library=library)
    plain = make_scenario(*uses)
    return on, project(plain, people(), library=library)


def test_the_comparator_is_the_same_with_strata_and_without(both):
    on, off = (one.sel(scenario="comparator") for one in both)
    np.testing.assert_allclose(on["deaths"].values, off["deaths"].values, rtol=1e-12)
    np.testing.assert_allclose(on["person_years"].values, off["person_years"].values, rtol=1e-12)
    assert not {name for name in both[1].data_vars if "stratum" in str(name)}


def test_strata_add_up_to_the_whole(both):
    on, _ = both
    starts = np.flatnonzero(np.diff(band_of_age(), prepend=-1))
    for name, axis in (("deaths", -2), ("person_years", -1), ("covered", -1)):
        whole = np.add.reduceat(on[name].values, starts, axis=axis)
        np.testing.assert_allclose(on[f"stratum_{name}"].sum("stratum").values, whole, rtol=1e-12, atol=1e-9)
    eligible = np.add.reduceat(on["people_eligible"].values, starts, axis=-1)
    np.testing.assert_allclose(on["stratum_eligible"].sum("stratum").values, eligible, rtol=1e-12)
    for name in ("deaths", "person_years"):
        batches = on[f"stratum_{name}_batch"].sum("batch")
        whole = on[f"stratum_{name}"]
        np.testing.assert_allclose(
            batches.values, (whole.sum("cause") if name == "deaths" else whole).values, rtol=1e-10
        )


def test_people_are_of_each_stratum_as_told(both):
    """Within a first year in which strata with three times the risk live a little less of it."""
    lived = both[0]["stratum_person_years"].sel(scenario="comparator").isel(draw=0, year=0)
    share = lived / lived.sum("stratum")
    np.testing.assert_allclose(share.values, np.broadcast_to(SHARE, share.shape), rtol=0.03)


def test_nothing_done_for_strata_is_the_comparator_bit_for_bit():
    inputs, uses, library = mix()
    null = [(item, {"relative": 1.0, "strata": strata}) for (item, _), strata in
            zip(uses, (("b",), None, ("a", "b", "c", "d"), ("d",)), strict=True)]  # fmt: skip
    result = project(make_scenario(*null, strata=NAMES), inputs, library=library)
    for name in ("deaths", "person_years", "stratum_deaths", "stratum_person_years"):
        assert np.array_equal(result[name].values[0], result[name].values[1])
    assert not result["covered"].values.any()


@pytest.mark.parametrize("how", [{"threads": 1}, {"threads": 8, "chunk": 3}, {"threads": 2, "chunk": 10_000}])
def test_threads_and_chunks_change_nothing(both, how):
    inputs, uses, library = mix()
    again = project(make_scenario(*uses, strata=NAMES), inputs, library=library, **how)
    assert all(np.array_equal(again[name].values, both[0][name].values) for name in again.data_vars)


def test_strata_that_do_not_differ_die_and_are_served_alike():
    _, uses, library = mix()
    same = with_strata(people(), SHARE)
    result = project(make_scenario(*uses, strata=NAMES, people_per_cohort=1280), same, library=library)
    rate = result["stratum_deaths"].sum(("cause", "year", "age_band")) / result["stratum_person_years"].sum(
        ("year", "age_band")
    )
    ratio = (rate / rate.sel(stratum="a")).mean(("quintile", "sex"))
    np.testing.assert_allclose(ratio.values, 1.0, atol=0.02)
    served = result["stratum_covered"].isel(scenario=1).sum(("year", "quintile", "sex", "age_band"))
    share = served / result["stratum_eligible"].isel(scenario=1).sum(("year", "quintile", "sex", "age_band"))
    np.testing.assert_allclose((share / share.sel(stratum="a")).values, 1.0, atol=0.06)


def test_hazards_and_uptake_differ_by_as_much_as_told():
    item = make_acting("mortality_effect", "screening", "everyone", effects({"other": 0.8}), ages=(60, 69),
                       now={"taken_up": 0.5}, achievable={"taken_up": 0.5})  # fmt: skip
    inputs = with_strata(
        make_inputs(mortality_rate=by_cause(other=0.001)), SHARE, hazard=np.array([1.0, 0.7, 1.4, 1.1]),
        uptake={"screening": {"taken_up": (1.0, 0.5, 0.4, 1.5)}},
    )  # fmt: skip
    scenario = make_scenario((item, {"to": 0.8}), strata=NAMES, people_per_cohort=1280)
    result = project(scenario, inputs, library=library_of(item))
    first = result.sel(scenario="comparator").isel(draw=0, year=0, quintile=0, sex=0)
    rate = first["stratum_deaths"].sel(cause="other") / first["stratum_person_years"]
    young = (rate / rate.sel(stratum="a")).sel(age_band="20-24")
    np.testing.assert_allclose(young.values, [1.0, 0.7, 1.4, 1.1], rtol=1e-6)
    reach = reach_by_cell(scenario, inputs, library_of(item)).sum(("sex", "age", "quintile")).isel(intervention=0)
    for name, whole in (("served_now", 0.5), ("served_full", 0.8)):
        share = (reach[name] / reach["eligible"]).values
        odds = share / (1 - share)
        np.testing.assert_allclose(odds / odds[0], [1.0, 0.5, 0.4, 1.5], rtol=1e-5)
        assert share @ SHARE == pytest.approx(whole, abs=1e-12)
    served = result["stratum_covered"].isel(scenario=1).sum(("year", "quintile", "sex", "age_band"))
    asked = reach["served_full"] - reach["served_now"]
    np.testing.assert_allclose((served / served.sum()).values.ravel(), (asked / asked.sum()).values, atol=0.03)


def test_a_use_for_some_strata_leaves_the_others_as_now():
    inputs, uses, library = mix(strata=("b", "d"))
    result = project(make_scenario(*uses, strata=NAMES), inputs, library=library)
    served = result["stratum_covered"].isel(scenario=1).sum(("year", "quintile", "sex", "age_band"))
    assert (served.sel(stratum=["a", "c"]).max() < 1e-6) and (served.sel(stratum=["b", "d"]) > 0).all()
    deaths = result["stratum_deaths"]
    averted = (deaths.isel(scenario=0) - deaths.isel(scenario=1)).sum(("year", "quintile", "sex", "age_band", "cause"))
    assert np.allclose(averted.sel(stratum=["a", "c"]), 0.0, atol=1e-6) and (averted.sel(stratum=["b", "d"]) > 0).all()


def test_capacity_is_shared_by_the_strata_a_use_names():
    inputs, uses, library = mix()
    pill = [(uses[0][0], {"relative": 3.0, "strata": ("a", "b"), "capacity": 160_000})]
    scenario = make_scenario(*pill, strata=NAMES)
    reached = reach_by_cell(scenario, inputs, library).sum(("quintile", "sex", "age")).isel(intervention=0)
    named = reached.sel(stratum=["a", "b"])
    free = make_scenario((uses[0][0], {"relative": 3.0, "strata": ("a", "b")}), strata=NAMES)
    unlimited = reach_by_cell(free, inputs, library).sum(("quintile", "sex", "age")).isel(intervention=0)
    assert float(named["served_now"].sum()) < 160_000 < float(unlimited.sel(stratum=["a", "b"])["served_full"].sum())
    assert 140_000 < float(named["served_full"].sum()) < 160_001
    assert reached["served_full"].sel(stratum="c") == pytest.approx(float(reached["served_now"].sel(stratum="c")))


ODDS = st.lists(st.floats(0.01, 100.0), min_size=2, max_size=8)


@given(ODDS, st.data())
@settings(max_examples=200, deadline=None)
def test_a_share_of_all_divides_and_comes_back(odds, data):
    odds = np.array(odds)
    parts = np.array(data.draw(st.lists(st.floats(0.001, 1.0), min_size=odds.size, max_size=odds.size)))
    share, whole = parts / parts.sum(), data.draw(st.floats(0.0, 1.0))
    own = split(np.array(whole), odds, share)
    assert own @ share == pytest.approx(whole, abs=1e-9)
    if 1e-6 < whole < 1 - 1e-6:
        np.testing.assert_allclose(whole_of(own, odds, share), whole, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(own / (1 - own) / odds * odds[0], (own / (1 - own))[0], rtol=1e-4)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8).filter(lambda parts: sum(parts) > 0.01), st.integers(8, 80)
)
@settings(max_examples=200, deadline=None)
def test_every_stratum_there_is_has_people_who_stand_for_it(parts, rows):
    share = np.array(parts) / sum(parts)
    count = rows_of(share, rows)
    assert count.sum() == rows
    assert ((count > 0) == (share > 0)).all()
    bounds, stands_for = places(share, rows * 16)
    np.testing.assert_allclose(stands_for * np.diff(bounds) / bounds[-1], share, atol=1e-12)


def test_too_few_people_for_the_strata_is_refused():
    inputs, uses, library = mix()
    with pytest.raises(ImpossibleModelError, match="people_per_cohort: found 16 people for 4 strata"):
        project(make_scenario(*uses, strata=NAMES, people_per_cohort=16), inputs, library=library)


def test_shares_that_do_not_add_up_are_refused():
    inputs, uses, library = mix()
    inputs["stratum_share"] = inputs["stratum_share"] * 0.9
    with pytest.raises(ImpossibleModelError, match="shares that do not add up to 1"):
        project(make_scenario(*uses, strata=NAMES), inputs, library=library)


def test_other_strata_than_the_scenarios_are_refused():
    _, uses, library = mix()
    with pytest.raises(ImpossibleModelError, match="inputs: found 0 strata"):
        project(make_scenario(*uses, strata=NAMES), people(), library=library)


def test_the_comparator_depends_on_neither_seed_nor_people():
    one = project(make_scenario(), people())
    other = project(make_scenario(seed=8, people_per_cohort=640), people())
    np.testing.assert_allclose(one["deaths"].values, other["deaths"].values, rtol=1e-12)
    assert one["deaths"].sizes["cause"] == len(CAUSES)
