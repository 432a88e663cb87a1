"""Distributions of uncertain numbers: their inverse, their mean and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hisim.errors import ImpossibleModelError
from hisim.uncertain import SHAPES, Uncertain, check_uncertain, drawn_values, level_of, quantiles

ENDS = (0.025, 0.975)
FINE = (np.arange(200_000) + 0.5) / 200_000


def number(value: float, low: float, high: float, shape: str, level: float = 0.95, **more: object) -> Uncertain:
    return Uncertain("a.b", "a number", value, low, high, level, shape, "1", "", **more)  # type: ignore[arg-type]


def test_a_normal_has_its_interval_and_mean() -> None:
    one = number(3.0, 1.0, 5.0, "normal")
    assert quantiles(one, np.array([*ENDS, 0.5])) == pytest.approx([1.0, 5.0, 3.0])
    assert quantiles(one, FINE).mean() == pytest.approx(3.0)


def test_a_lognormal_has_its_interval_median_and_mean() -> None:
    one = number(0.8, 0.64, 1.0, "lognormal")
    assert quantiles(one, np.array([*ENDS, 0.5])) == pytest.approx([0.64, 1.0, 0.8])
    spread = np.log(1.0 / 0.64) / (2 * 1.959964)
    assert quantiles(one, FINE).mean() == pytest.approx(0.8 * np.exp(spread**2 / 2), rel=1e-4)


def test_a_beta_has_its_mean_and_spread() -> None:
    drawn = quantiles(number(0.3, 0.2, 0.4, "beta"), FINE)
    assert drawn.mean() == pytest.approx(0.3, rel=1e-6)
    assert drawn.std() == pytest.approx(0.2 / (2 * 1.959964), rel=1e-3)


def test_a_pert_keeps_within_its_bounds_and_has_its_mean() -> None:
    drawn = quantiles(number(2.0, 1.0, 6.0, "pert"), FINE)
    assert drawn.min() >= 1.0 and drawn.max() <= 6.0
    assert drawn.mean() == pytest.approx((1.0 + 4 * 2.0 + 6.0) / 6, rel=1e-6)
    a, b = 1 + 4 * 1 / 5, 1 + 4 * 4 / 5
    assert np.quantile(drawn, 0.2) == pytest.approx(1 + 5 * stats.beta(a, b).ppf(0.2), rel=1e-4)


def test_a_uniform_is_level() -> None:
    assert quantiles(number(2.0, 1.0, 5.0, "uniform"), np.array([0.0, 0.25, 1.0])) == pytest.approx([1.0, 2.0, 5.0])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_number_without_width_is_certain(shape: str) -> None:
    assert quantiles(number(0.4, 0.4, 0.4, shape), np.array([0.01, 0.9])).tolist() == [0.4, 0.4]


def test_a_wider_level_makes_a_narrower_distribution() -> None:
    ninety_nine, fifty = (number(3.0, 1.0, 5.0, "normal", level) for level in (0.99, 0.5))
    assert quantiles(ninety_nine, np.array([0.005])) == pytest.approx([1.0])
    assert quantiles(fifty, np.array([0.25])) == pytest.approx([1.0])


def test_tails_end_where_the_support_does() -> None:
    one = number(0.95, 0.9, 1.0, "normal", support=(0.0, 1.0))
    assert quantiles(one, np.array([0.9999])).tolist() == [1.0]


def test_a_missing_point_is_the_central_value() -> None:
    several = [number(3.0, 1.0, 5.0, "normal"), number(0.8, 0.64, 1.0, "lognormal")]
    points = np.array([[np.nan, 0.975], [0.025, np.nan]])
    assert drawn_values(several, points) == pytest.approx(np.array([[3.0, 1.0], [1.0, 0.8]]))
    assert drawn_values([], np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize(
    ("interval", "level"),
    [("95% CI", 0.95), ("99 % CI", 0.99), ("interquartile range of practices", 0.5), ("plausible range", 0.95),
     ("100% of it", 0.95), ("90% range", 0.9)],
)  # fmt: skip
def test_an_interval_says_how_much_it_holds(interval: str, level: float) -> None:
    assert level_of(interval) == pytest.approx(level)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (number(0.8, -0.1, 1.0, "lognormal"), "low above 0"),
        (number(0.5, 0.0, 1.0, "triangle"), "the distribution 'triangle'"),
        (number(6.0, 1.0, 5.0, "normal"), "low <= value <= high"),
        (number(np.nan, 1.0, 5.0, "normal"), "low <= value <= high"),
        (number(0.5, 0.0, 1.4, "uniform", support=(0.0, 1.0)), "allowed: 0 to 1"),
        (number(0.5, 0.01, 0.99, "beta", level=0.5), "not so wide"),
        (number(0.5, -0.1, 0.9, "beta"), "a beta"),
    ],
)
def test_what_does_not_hang_together_is_refused(wrong: Uncertain, said: str) -> None:
    with pytest.raises(ImpossibleModelError, match=r"a\.b: found") as refused:
        check_uncertain(wrong)
    assert said in str(refused.value)
