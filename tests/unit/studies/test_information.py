"""Value of information for a decision between options."""

from __future__ import annotations

import numpy as np
import pytest

from hisim.errors import ImpossibleModelError
from hisim.studies import information
from hisim.studies.information import curve, expected_value_of_perfect_information, partial

BENEFIT = np.array([[0.0, 1.0, 1.0], [0.0, -1.0, -2.0], [0.0, 3.0, 3.0], [0.0, -1.0, -1.0]])


def test_perfect_information_by_hand() -> None:
    result = expected_value_of_perfect_information(BENEFIT, ["none", "some", "all"], "GBP")
    gained = np.array([0.0, 1.0, 0.0, 1.0])
    assert result.attrs["best"] == "some" and int(result["best"]) == 1
    assert float(result["evpi"]) == gained.mean()
    assert float(result["evpi_se"]) == pytest.approx(gained.std(ddof=1) / 2)
    assert result["probability_best"].values.tolist() == [0.5, 0.25, 0.25]
    assert result["evpi"].attrs["units"] == "GBP"
    for array in result.data_vars.values():
        assert array.attrs["units"] and array.attrs["long_name"]


def test_one_option_leaves_nothing_to_learn() -> None:
    one = np.random.default_rng(1).random((50, 1))
    assert float(expected_value_of_perfect_information(one)["evpi"]) == 0.0
    result = partial(one, one[:, 0])
    assert float(result["evppi"]) == float(result["evppi_se"]) == 0.0


def test_a_parameter_that_does_not_vary_is_worth_nothing() -> None:
    benefit = np.random.default_rng(1).standard_normal((60, 2))
    result = partial(benefit, np.full(60, 3.3))
    assert float(result["evppi"]) == 0.0 < float(result["evpi"])


def test_values_stay_between_nothing_and_perfect_information() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        benefit = random.standard_normal((24, 3))
        result = partial(benefit, random.standard_normal((24, 3)))
        assert 0.0 <= float(result["evppi"]) <= float(result["evpi"])


@pytest.mark.parametrize(("found", "told"), [(-1e-3, 0.0), (99.0, 0.25)])
def test_chance_cannot_make_a_value_impossible(monkeypatch: pytest.MonkeyPatch, found: float, told: float) -> None:
    monkeypatch.setattr(information, "_gain", lambda over_best: (found, 1.0))
    benefit = np.column_stack([np.zeros(40), np.tile([0.5, -1.0], 20)])
    assert float(partial(benefit, np.arange(40))["evppi"]) == told


def test_the_scale_of_a_parameter_does_not_matter_and_straight_lines_stay_straight() -> None:
    z = np.random.default_rng(4).standard_normal((400, 2))
    benefit = np.column_stack([np.zeros(400), z @ [1.0, 1.0]])
    first, second = partial(benefit, z[:, 0]), partial(benefit, 1e9 - 1e5 * z[:, 0])
    assert float(first["evppi"]) == pytest.approx(float(second["evppi"]), rel=1e-6)
    known = partial(benefit, z)
    assert float(known["degrees_of_freedom"]) == pytest.approx(3.0, abs=1e-3)
    assert float(known["evppi"]) == pytest.approx(float(known["evpi"]), rel=1e-9)


def test_a_parameter_with_two_values() -> None:
    """Known, it is worth the mean of the best of each half."""
    kind = np.tile([0.0, 1.0], 500)
    noise = np.random.default_rng(2).standard_normal(1000)
    benefit = np.column_stack([np.zeros(1000), 2 * kind - 1.2 + noise])
    halves = [benefit[kind == each].mean(axis=0).max() for each in (0, 1)]
    expected = np.mean(halves) - benefit.mean(axis=0).max()
    assert float(partial(benefit, kind)["evppi"]) == pytest.approx(expected, abs=1e-9)


def test_the_seed_decides_the_error_alone() -> None:
    z = np.random.default_rng(4).standard_normal((200, 2))
    benefit = np.column_stack([np.zeros(200), z @ [1.0, 1.0]])
    one, same, other = (partial(benefit, z[:, 0], seed=seed) for seed in (0, 0, 1))
    assert one.identical(same)
    assert float(one["evppi"]) == float(other["evppi"]) and float(one["evppi_se"]) != float(other["evppi_se"])


def test_a_curve_is_perfect_information_at_each_threshold() -> None:
    random = np.random.default_rng(6)
    qaly, cost = random.gamma(2.0, 1.0, (300, 3)) * [0, 1, 2], random.gamma(2.0, 1e4, (300, 3)) * [0, 1, 3]
    result = curve(qaly, cost, [0, 20_000, 60_000], ["none", "some", "all"])
    assert result["probability_best"].dims == ("threshold", "option")
    assert result["probability_best"].sum("option").values == pytest.approx(1.0)
    assert result["best"].values[0] == 0 and result["probability_best"].sel(threshold=0, option="none") == 1.0
    assert result["evpi"].attrs["units"] == "GBP"
    for worth in (0, 20_000, 60_000):
        at, alone = result.sel(threshold=worth), expected_value_of_perfect_information(worth * qaly - cost)
        for name in ("evpi", "evpi_se", "best"):
            assert float(at[name]) == pytest.approx(float(alone[name]))
        assert np.array_equal(at["mean_net_benefit"], alone["mean_net_benefit"])
        assert float(at["frontier"]) == float(alone["probability_best"][int(alone["best"])])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: expected_value_of_perfect_information(np.zeros(3)), "net benefit: found 3 values; allowed: 2 or more"),
        (lambda: expected_value_of_perfect_information(np.zeros((1, 2))), "net benefit: found 1 by 2 values"),
        (lambda: expected_value_of_perfect_information(np.full((2, 2), np.inf)), "found 4 values that are not finite"),
        (
            lambda: expected_value_of_perfect_information(BENEFIT, ["a"]),
            r"options: found \['a'\]; allowed: 3 different",
        ),
        (lambda: partial(np.zeros((9, 2)), np.zeros(8)), "parameter values: found 8 by 1; allowed: 9 draws"),
        (lambda: partial(np.zeros((9, 2)), np.full(9, np.nan)), "parameter values: found some that are not finite"),
        (lambda: partial(np.zeros((9, 2)), np.zeros((9, 2))), "draws: found 9; allowed: at least 12 for 2 parameters"),
        (lambda: curve(BENEFIT, BENEFIT[:, :2], [1]), "costs: found 4 by 2 values; allowed: 4 by 3"),
        (
            lambda: curve(BENEFIT, BENEFIT, [-1]),
            r"thresholds: found \[-1\]; allowed: one or more numbers of 0 or above",
        ),
    ],
)
def test_what_does_not_fit_is_refused(ask, message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        ask()
