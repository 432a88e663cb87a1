"""The rule of monitoring: its verdicts, how often it errs, and its power against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from hisim.outcomes.judging import (
    FEWEST_WORLDS,
    LEVEL,
    error_of_gap,
    error_of_interval,
    error_of_proportion,
    error_of_rate,
    judge,
    power,
    share_below,
)

TRIALS = 1_500
SPREAD = (LEVEL * (1 - LEVEL) / TRIALS) ** 0.5
"""Standard error of a share of the trials that is :data:`LEVEL`."""
PLAN, AS_NOW = np.linspace(58, 62, 201), np.linspace(39, 41, 201)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(60.0, "on track"), (57.0, "on track"), (50.0, "behind"), (40.0, "behind"), (70.0, "ahead")],
)
@pytest.mark.parametrize("higher", [True, False])
def test_a_verdict_says_where_a_figure_lies_whichever_way_is_good(value: float, verdict: str, higher: bool) -> None:
    sign = 1.0 if higher else -1.0
    judged = judge(sign * value, 1.0, sign * PLAN, sign * AS_NOW, higher_is_better=higher)
    assert judged.verdict == verdict
    assert judged.told == (value > 43)


def test_a_figure_that_fits_both_cannot_be_told() -> None:
    judged = judge(50.0, 10.0, PLAN, AS_NOW, higher_is_better=True)
    assert judged.verdict == "cannot tell yet"
    assert 0.2 < judged.power < 0.8


def test_worse_than_both_is_behind_and_not_told_from_carrying_on() -> None:
    judged = judge(30.0, 1.0, PLAN, AS_NOW, higher_is_better=True)
    assert judged.verdict == "behind"
    assert not judged.told


def worlds(seed: int, count: int) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """Worlds of a plan and of carrying on that share most of their uncertainty and are skewed."""
    random = np.random.default_rng(seed)
    shared = random.gamma(2.0, 1.0, count)
    return random, 50 + shared + random.gamma(1.5, 1.5, count), 50 + shared


@pytest.mark.parametrize("error", [0.0, 1.0])
@pytest.mark.parametrize("count", [40, 100])
def test_where_the_world_follows_the_plan_it_is_called_behind_or_ahead_no_more_often_than_the_level(
    error: float, count: int
) -> None:
    """4,000 worlds, each with draws of its own: the standard error of a rate of 0.025 is 0.0025."""
    behind = ahead = 0
    for seed in range(TRIALS):
        random, plan, as_now = worlds(seed, count + 1)
        seen = plan[0] + error * random.standard_normal()
        judged = judge(seen, error, plan[1:], as_now[1:], higher_is_better=True)
        behind, ahead = behind + (judged.verdict == "behind"), ahead + (judged.verdict == "ahead")
    assert behind / TRIALS <= LEVEL + 3 * SPREAD
    assert ahead / TRIALS <= LEVEL + 3 * SPREAD
    if count >= 100:
        assert behind / TRIALS >= LEVEL / 3, "a rule that never says behind tells nothing"


def test_where_all_carries_on_it_is_taken_for_better_no_more_often_than_the_level() -> None:
    told = 0
    for seed in range(TRIALS):
        random, plan, as_now = worlds(seed, 101)
        seen = as_now[0] + 0.5 * random.standard_normal()
        told += judge(seen, 0.5, plan[1:], as_now[1:], higher_is_better=True).told
    assert told / TRIALS <= LEVEL + 3 * SPREAD


@pytest.mark.parametrize("error", [0.5, 1.5])
@pytest.mark.parametrize("shift", [1.0, 4.0])
def test_power_is_how_often_the_plan_is_told(error: float, shift: float) -> None:
    random = np.random.default_rng(7)
    as_now = random.normal(50, 1, 400)
    plan = as_now + shift
    seen = random.choice(plan, 6_000) + error * random.standard_normal(6_000)
    told = np.mean([share_below(-one, error, -as_now) <= LEVEL for one in seen])
    assert power(error, plan, as_now, higher_is_better=True) == pytest.approx(told, abs=0.02)
    assert power(error, -plan, -as_now, higher_is_better=False) == pytest.approx(told, abs=0.02)


def test_too_few_worlds_tell_nothing() -> None:
    few = FEWEST_WORLDS - 2
    assert judge(0.0, 1.0, PLAN[:few], AS_NOW[:few], higher_is_better=True).verdict == "cannot tell yet"
    assert power(1.0, PLAN[:few], AS_NOW[:few], higher_is_better=True) == 0.0
    assert judge(0.0, 1.0, PLAN[:FEWEST_WORLDS], AS_NOW, higher_is_better=True).verdict == "behind"


def test_the_error_of_a_proportion_is_wilsons() -> None:
    """Wilson's interval of 81 of 263 is 0.2553 to 0.3662 (Newcombe 1998, table I)."""
    assert 2 * 1.959964 * error_of_proportion(81, 263) == pytest.approx(0.3662 - 0.2553, abs=2e-4)
    assert error_of_proportion(0, 20) > 0


def test_errors_of_rates_intervals_and_gaps() -> None:
    assert error_of_rate(80.0, 400) == pytest.approx(4.0)
    assert error_of_interval(40.0, 60.0) == pytest.approx(20 / 3.92, rel=1e-3)
    assert error_of_gap(3.0, 4.0) == pytest.approx(5.0)


def test_the_error_of_a_gap_to_the_average_counts_the_fifth_once() -> None:
    """Against simulated fifths: each has the error 3, and the average is theirs."""
    fifths = np.random.default_rng(1).normal(0, 3, (200_000, 5))
    average = fifths.mean(axis=1)
    simulated = (average - fifths[:, 0]).std()
    assert error_of_gap(3.0, float(average.std()), share=0.2) == pytest.approx(simulated, rel=0.01)
