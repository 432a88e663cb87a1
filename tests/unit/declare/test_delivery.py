"""Ramp, fade, lag, changed coverage and the chain of delivery, against values worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import make_acting, make_treatment, number

from hisim.declare.delivery import (
    PROFILES,
    STEPS,
    changed_coverage,
    effect_in_place,
    fade,
    graded,
    part_of_the_way,
    ramp,
    reached,
    scale,
)
from hisim.declare.distribution import People
from hisim.declare.evidence import Chain, Delivery
from hisim.declare.intervention import AnyIntervention
from hisim.declare.scenario import Use

NOW, FULL = (0.1, 0.2, 0.3, 0.4, 0.5), (0.6, 0.6, 0.6, 0.6, 0.6)
SHARE = st.floats(0, 1)


def service(now: Mapping[str, object], achievable: Mapping[str, object] | None = None, **more: Any) -> AnyIntervention:
    return make_treatment(name="drug", now=now, achievable=achievable, **more)


def use(item: AnyIntervention, **given: Any) -> Use:
    return Use(**{"id": item.id, "intervention": item, "start": 2011, **given})


def test_the_ramp_is_a_straight_line_that_ends_in_full_from() -> None:
    assert [ramp(year, 2011, 2014) for year in range(2009, 2017)] == [0, 0, 0.25, 0.5, 0.75, 1, 1, 1]
    assert [ramp(year, 2011, 2011) for year in (2010, 2011, 2012)] == [0, 1, 1]


def test_the_fade_is_taken_at_mid_year() -> None:
    assert [fade(year, 2015, 2) for year in range(2014, 2020)] == [1, 1, 0.75, 0.25, 0, 0]
    assert [fade(year, 2015, 0) for year in (2015, 2016)] == [1, 0]
    assert fade(2100, None, 0) == 1


def test_delivery_that_ends_fades_from_what_it_had_reached() -> None:
    assert scale(2013, 2011, 2011, 2012, 1) == 0.5
    assert scale(2013, 2011, 2014, 2012, 1) == 0.25


def test_the_lag_is_taken_at_mid_year() -> None:
    assert [effect_in_place(k, 2) for k in range(-1, 4)] == [0, 0.25, 0.75, 1, 1]
    assert [effect_in_place(k, 0) for k in (-1, 0)] == [0, 1]


@pytest.mark.parametrize(
    ("kind", "value", "share", "sustained", "expected"),
    [
        ("relative", 1.4, 1.0, 1.0, 0.7),
        ("relative", 1.4, 0.5, 1.0, 0.6),
        ("relative", 1.4, 1.0, 0.5, 0.6),
        ("relative", 0.6, 1.0, 0.5, 0.3),
        ("relative", 10.0, 1.0, 1.0, 1.0),
        ("to", 0.8, 0.5, 0.5, 0.575),
        ("to", 0.1, 1.0, 0.5, 0.1),
        ("add", 0.2, 1.0, 0.5, 0.6),
        ("add", -0.9, 1.0, 1.0, 0.0),
        ("add", 0.9, 1.0, 1.0, 1.0),
    ],
)
def test_changed_coverage(kind: str, value: float, share: float, sustained: float, expected: float) -> None:
    assert changed_coverage(0.5, kind, value, share, sustained) == pytest.approx(expected, rel=1e-15)
    array = changed_coverage(np.array([0.5]), kind, np.array([value]), share, sustained)
    assert array[0] == changed_coverage(0.5, kind, value, share, sustained)


def test_nothing_changed_is_the_same_bits() -> None:
    now = np.concatenate([np.random.default_rng(1).random(10_000), [0.0, 1.0, 5e-324, 1e-17]])
    for changed in (
        changed_coverage(now, "relative", 1.0, 1.0, 0.7),
        changed_coverage(now, "relative", 1.4, 0.0, 0.7),
        changed_coverage(now, "add", 0.0, 1.0, 0.7),
        changed_coverage(now, "to", now, 1.0, 0.7),
        changed_coverage(now, "to", 0.9, 0.0, 0.7),
    ):
        assert changed.tobytes() == now.tobytes()


def test_values_by_quintile_broadcast_over_sex_and_age() -> None:
    now = np.full((5, 2, 101), 0.5)
    after = changed_coverage(now, "relative", np.array([1.4, 1.3, 1.2, 1.1, 1.0])[:, None, None], 1.0)
    assert after.shape == now.shape
    assert after[:, 0, 50] == pytest.approx([0.7, 0.65, 0.6, 0.55, 0.5])


def test_a_gradient_of_odds_is_centred_on_the_middle_quintile() -> None:
    values = graded(0.146, 0.957)
    assert values[2] == pytest.approx(0.146, rel=1e-15)
    odds = [value / (1 - value) for value in values]
    assert [odds[i] / odds[i + 1] for i in range(4)] == pytest.approx([0.957**2] * 4, rel=1e-12)
    assert graded(0.04, 1.0) == (0.04,) * 5


def test_part_of_the_way_goes_each_fifth_its_share() -> None:
    assert part_of_the_way(NOW, FULL, (1.0, 0.5, 0.0, 0.0, 1.0), 1.0) == pytest.approx((0.6, 0.4, 0.3, 0.4, 0.6))
    assert part_of_the_way(NOW, FULL, (1.0, 0.5, 0.0, 0.0, 1.0), 0.5) == pytest.approx((0.35, 0.3, 0.3, 0.4, 0.55))


@given(st.tuples(*[SHARE] * 5), st.tuples(*[SHARE] * 5), st.tuples(*[SHARE] * 5), SHARE)
def test_part_of_the_way_stays_between_the_ends_and_nothing_is_exactly_now(now, full, shares, scale) -> None:
    assert part_of_the_way(now, full, (0.0,) * 5, scale) == now
    assert part_of_the_way(now, full, shares, 0.0) == now
    assert part_of_the_way(now, now, shares, scale) == now
    for a, b, between in zip(now, full, part_of_the_way(now, full, shares, scale), strict=True):
        assert min(a, b) - 1e-15 <= between <= max(a, b) + 1e-15


@pytest.mark.parametrize(
    ("now", "chain_now", "chain", "expected"),
    [
        (0.3, 0.5, 0.75, 0.65),  # half of those not reached, so half of the 0.7 not covered
        (0.5, 0.5, 0.75, 0.75),  # coverage that is the chain goes with it
        (0.0, 0.5, 1.0, 1.0),
        (0.6, 0.5, 0.25, 0.3),  # a chain halved halves coverage
        (0.6, 0.5, 0.0, 0.0),
        (1.0, 0.5, 0.9, 1.0),
        (0.4, 1.0, 1.0, 0.4),
        (0.4, 1.0, 0.5, 0.2),
        (0.4, 0.0, 0.0, 0.4),
        (0.4, 0.0, 0.5, 0.7),
    ],
)
def test_coverage_goes_with_the_chain(now: float, chain_now: float, chain: float, expected: float) -> None:
    assert reached(now, chain_now, chain) == pytest.approx(expected, rel=1e-14)
    arrays = reached(np.array([now]), np.array([chain_now]), np.array([chain]))
    assert arrays[0] == reached(now, chain_now, chain)


@given(SHARE, SHARE, SHARE, SHARE)
def test_coverage_never_exceeds_need_and_never_falls_as_the_chain_rises(now, chain_now, lower, higher) -> None:
    lower, higher = sorted((lower, higher))
    less, more = reached(now, chain_now, lower), reached(now, chain_now, higher)
    assert -1e-15 <= less <= more + 1e-15
    assert more <= 1 + 1e-15
    assert (less >= now or lower < chain_now) and (less <= now or lower > chain_now)


def test_a_chain_that_does_not_change_is_the_same_bits() -> None:
    now = np.concatenate([np.random.default_rng(1).random(10_000), [0.0, 1.0, 5e-324, 1e-17]])
    for chain in (0.0, 0.3, 1.0):
        assert reached(now, chain, chain).tobytes() == now.tobytes()


def test_coverage_is_the_product_of_the_steps() -> None:
    delivery = service({"offered": 0.5, "taken_up": (0.2, 0.4, 0.6, 0.8, 1.0)}, {"offered": 0.8}).delivery
    assert list(delivery.steps_now) == list(STEPS)
    assert delivery.coverage(delivery.steps_now) == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5))
    assert delivery.coverage(delivery.steps_achievable) == pytest.approx((0.16, 0.32, 0.48, 0.64, 0.8))
    nothing = Delivery(now=Chain(), achievable=Chain())
    assert nothing.coverage(nothing.steps_now) == (1.0,) * 5


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_goes_its_shares_of_the_way(name: str) -> None:
    item = service({"offered": NOW, "taken_up": 0.5}, {"offered": FULL})
    some = {"strata": ("Black",)} if name == "by_segment" else {}
    chain = use(item, profile=name, **some).chain(2011)
    expected = [a + (0.6 - a) * share for a, share in zip(NOW, PROFILES[name].shares, strict=True)]
    assert chain["offered"] == pytest.approx(expected, rel=1e-15)
    assert all(chain[step] == item.delivery.steps_now[step] for step in STEPS if step != "offered")


def test_as_now_changes_nothing() -> None:
    item = service({"need_known": 0.3, "offered": NOW, "sustained": 0.7}, {"offered": FULL, "sustained": 0.9})
    for year in (2005, 2011, 2030):
        assert use(item, profile="as_now").chain(year) == item.delivery.steps_now
    assert use(item, profile="as_now").ends is None


def test_profiles_are_ordered_by_need() -> None:
    for profile in PROFILES.values():
        assert list(profile.shares) == sorted(profile.shares, reverse=True)
        assert all(0 <= share <= 1 for share in profile.shares)


def test_a_chain_is_scaled_up_in_a_straight_line_and_fades_after_its_end() -> None:
    item = service({"offered": 0.2}, {"offered": 0.6}, persistence_years=4.0)
    rising = use(item, profile="industrial_scale", full_from=2014, until=2015)
    offered = [rising.chain(year)["offered"][0] for year in range(2010, 2021)]
    assert offered == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.6, 0.6, 0.55, 0.45, 0.35, 0.25, 0.2])


def test_steps_left_out_stay_as_now_and_none_may_be_brought_to_nothing() -> None:
    item = service({"offered": NOW, "taken_up": 0.5})
    chain = use(item, steps={"taken_up": 0.0, "sustained": 0.9}, full_from=2012).chain(2011)
    assert chain == {**item.delivery.steps_now, "taken_up": (0.25,) * 5, "sustained": (0.95,) * 5}
    assert use(item, steps={"taken_up": 0.0}).chain(2011)["taken_up"] == (0.0,) * 5


def test_an_amount_leaves_the_chain_as_now() -> None:
    item = service({"offered": NOW}, {"offered": FULL})
    assert use(item, relative=1.4).chain(2015) == item.delivery.steps_now
    assert use(item, relative=1.4).change == ("relative", (1.4,) * 5)
    assert use(item, profile="proportionate").change is None
    assert use(item, steps={"offered": 0.9}).kind == "steps"


def test_a_bench_experiment_lasts_three_years() -> None:
    item = service({"offered": 0.2}, {"offered": 0.7})
    bench = use(item, profile="bench_experiment")
    offered = [bench.chain(year)["offered"][0] for year in range(2010, 2016)]
    assert offered == pytest.approx([0.2, 0.25, 0.25, 0.25, 0.2, 0.2])
    assert bench.ends == 2013


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ({}, 2013),
        ({"until": 2012}, 2012),
        ({"until": 2020}, 2020),
        ({"full_from": 2015}, 2015),
        ({"start": 2014}, 2016),
        ({"profile": "industrial_scale"}, None),
        ({"profile": "industrial_scale", "until": 2014}, 2014),
    ],
)
def test_when_delivery_ends(given: dict[str, Any], ends: int | None) -> None:
    assert use(service({"offered": 0.2}), **{"profile": "bench_experiment", **given}).ends == ends


@pytest.mark.parametrize(("stated", "given", "expected"), [(None, None, None), (500.0, None, 500.0),
                                                           (None, 200.0, 200.0), (500.0, 800.0, 800.0),
                                                           (500.0, 0.0, 0.0), (0.0, None, 0.0)])  # fmt: skip
def test_the_capacity_of_a_scenario_comes_before_that_of_the_file(stated, given, expected) -> None:
    item = make_acting("mortality_effect", "action", "everyone", make_treatment(sbp=-1.0).effects)
    people = None if stated is None else number(People, stated, "persons per year")
    item = item.model_copy(update={"delivery": item.delivery.model_copy(update={"capacity": people})})
    assert use(item, relative=1.4, capacity=given).capacity_per_year == expected
