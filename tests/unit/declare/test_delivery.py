"""Ramp, fade, lag and changed coverage, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hisim.declare.delivery import changed_coverage, effect_in_place, fade, graded, ramp, scale


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
