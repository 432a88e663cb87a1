"""Sensitivity and uncertainty analysis against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import gamma, lognorm, norm

from hisim.studies import design, indices, information, running

A, B = 7.0, 0.1
G = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])


def ishigami(points: np.ndarray) -> np.ndarray:
    """Ishigami and Homma (1990, doi:10.1109/ISUMA.1990.151285)."""
    x = np.pi * (2 * points - 1)
    return np.asarray(np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0]))


def sobol_g(points: np.ndarray) -> np.ndarray:
    """Product of (|4 x - 2| + a) / (1 + a); Saltelli and Sobol' (1995, doi:10.1016/0951-8320(95)00099-2)."""
    return np.asarray(((np.abs(4 * points - 2) + G) / (1 + G)).prod(axis=1))


def analysed(model, parameters: int, base: int, second_order: bool, seed: int = 3) -> xr.Dataset:
    values = model(design.sobol(base, parameters, seed, second_order))
    names = [f"x{j}" for j in range(parameters)]
    result = indices.sobol_indices(values, names, base, seed, second_order)
    other = indices.cross_check(values, names, base)
    assert other["total"].values == pytest.approx(result["total"].values, abs=1e-9)
    assert other["first_order"].values == pytest.approx(result["first_order"].values, abs=1e-6)
    return result


def widest(result: xr.Dataset, name: str) -> float:
    return float((result[f"{name}_high"] - result[f"{name}_low"]).max())


def test_ishigami() -> None:
    """V = a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2, with V1 = (1 + b pi^4/5)^2/2, V2 = a^2/8, V13 = b^2 pi^8 8/225."""
    parts = {"1": (1 + B * np.pi**4 / 5) ** 2 / 2, "2": A**2 / 8, "13": B**2 * np.pi**8 * 8 / 225}
    whole = sum(parts.values())
    assert whole == pytest.approx(A**2 / 8 + B * np.pi**4 / 5 + B**2 * np.pi**8 / 18 + 0.5)
    result = analysed(ishigami, 3, 2**14, second_order=True)
    first = np.array([parts["1"], parts["2"], 0.0]) / whole
    total = np.array([parts["1"] + parts["13"], parts["2"], parts["13"]]) / whole
    assert result["first_order"].values == pytest.approx(first, abs=0.01)
    assert result["total"].values == pytest.approx(total, abs=0.01)
    pairs = np.zeros((3, 3))
    pairs[0, 2] = pairs[2, 0] = parts["13"] / whole
    assert result["second_order"].fillna(0.0).values == pytest.approx(pairs, abs=0.01)
    assert widest(result, "first_order") < 0.05 and widest(result, "total") < 0.05


def test_sobol_g() -> None:
    """V_j = 1/3 / (1 + a_j)^2, V = product of (1 + V_j) - 1, V_Tj = V_j times the other factors."""
    alone = 1 / 3 / (1 + G) ** 2
    factors = (1 + alone).prod()
    result = analysed(sobol_g, 8, 2**14, second_order=False)
    assert result["first_order"].values == pytest.approx(alone / (factors - 1), abs=0.01)
    assert result["total"].values == pytest.approx(alone * factors / (1 + alone) / (factors - 1), abs=0.01)
    assert widest(result, "first_order") < 0.05 and widest(result, "total") < 0.05


@pytest.mark.parametrize("levels", [4, 6, 10])
def test_elementary_effects_of_a_linear_function_are_its_coefficients(levels: int) -> None:
    slopes = np.array([3.0, -2.0, 0.5, 0.0])
    points = design.morris(4, 4, levels, seed=0)
    result = indices.morris_effects(points, 5 + points @ slopes, list("abcd"), levels)
    assert result["mu"].values == pytest.approx(slopes, abs=1e-13)
    for end in ("", "_low", "_high"):
        assert result[f"mu_star{end}"].values == pytest.approx(np.abs(slopes), abs=1e-13)
    assert result["sigma"].values == pytest.approx(0, abs=1e-13)


def test_swings_of_a_linear_function_are_its_coefficients_times_the_interval() -> None:
    slopes = np.array([3.0, -2.0, 0.5])
    scores = norm.ppf(np.nan_to_num(design.one_at_a_time(3), nan=0.5))
    swing = indices.tornado(scores @ slopes, list("abc"))["swing"].values
    assert swing == pytest.approx(np.abs(slopes) * 2 * norm.ppf(0.975), abs=1e-12)


def test_partial_rank_correlation_of_normal_parameters() -> None:
    """Of X with X + N, N of variance v and the other parameter known: 1 / sqrt(1 + v), on ranks 6/pi asin(r/2)."""
    scores = norm.ppf(design.draws(2**13, 3, seed=1))
    values = scores @ [1.0, 0.0, 0.75]
    found = indices.rank_correlation(scores[:, :2], values, ["a", "none"])["correlation"].values
    assert found == pytest.approx([6 / np.pi * np.arcsin(0.8 / 2), 0.0], abs=0.01)


def loss(mean: float, sd: float) -> float:
    """Expected gain from a choice between 0 and a normal benefit, once it is known: the unit normal loss times sd.

    Raiffa and Schlaifer (1961): sd (phi(z) - z Phi(-z)), z = |mean| / sd.
    """
    z = abs(mean) / sd
    return float(sd * (norm.pdf(z) - z * norm.cdf(-z)))


MEAN, PARTS = -0.5, np.array([1.0, 2.0, 1.5])


def linear_decision(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters, and the net benefit of doing nothing and of something that depends on them linearly."""
    scores = norm.ppf(design.draws(count, 3, seed=2))
    return scores, np.column_stack([np.zeros(count), MEAN + scores @ PARTS])


def test_perfect_information_about_a_linear_decision() -> None:
    result = information.expected_value_of_perfect_information(linear_decision(2**14)[1])
    assert float(result["evpi"]) == pytest.approx(loss(MEAN, np.sqrt(np.sum(PARTS**2))), rel=0.005)
    best = norm.cdf(-MEAN / np.sqrt(np.sum(PARTS**2)))
    assert result["probability_best"].values == pytest.approx([best, 1 - best], abs=0.005)


@pytest.mark.parametrize("known", [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]])
def test_partial_information_about_a_linear_decision(known: list[int]) -> None:
    scores, benefit = linear_decision(2**11)
    result = information.partial(benefit, scores[:, known])
    expected = loss(MEAN, np.sqrt(np.sum(PARTS[known] ** 2)))
    assert float(result["evppi"]) == pytest.approx(expected, abs=0.02)
    assert abs(float(result["evppi"]) - expected) < 2 * float(result["evppi_se"])


def test_partial_information_about_a_curved_decision_of_three_options() -> None:
    """Against quadrature of E[max(0, sin 2x - 0.2, x^2 - 1.1)] - max(0, -0.2, -0.1)."""
    scores = norm.ppf(design.draws(2**11, 3, seed=2))
    bent = lambda x: np.column_stack([0 * x, np.sin(2 * x) - 0.2, x**2 - 1.1])  # noqa: E731
    benefit = bent(scores[:, 0]) + scores[:, 1:] @ np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    known = bent(norm.ppf((np.arange(10**5) + 0.5) / 10**5))
    expected = known.max(axis=1).mean() - known.mean(axis=0).max()
    result = information.partial(benefit, scores[:, 0])
    assert float(result["evppi"]) == pytest.approx(expected, abs=0.04)
    assert abs(float(result["evppi"]) - expected) < 2 * float(result["evppi_se"])


def test_the_error_of_partial_information_is_that_seen_over_repetitions() -> None:
    found = []
    for seed in range(60):
        scores = np.random.default_rng(seed).standard_normal((300, 3))
        benefit = np.column_stack([np.zeros(300), MEAN + scores @ PARTS])
        found.append(information.partial(benefit, scores[:, 1]))
    whole = xr.concat(found, "repetition")
    assert float(whole["evppi_se"].mean()) == pytest.approx(float(whole["evppi"].std()), rel=0.3)
    assert float(whole["evppi"].mean()) == pytest.approx(loss(MEAN, PARTS[1]), abs=0.03)


def test_the_error_of_partial_information_knows_how_bent_the_benefit_is() -> None:
    """The error leaves out that the penalty is chosen, so that it may be a fifth too small where the noise is large."""
    found = []
    for seed in range(80):
        scores = np.random.default_rng(seed).standard_normal((100, 2))
        benefit = np.column_stack([np.zeros(100), 1.5 * np.sin(2 * scores[:, 0]) + 3.0 * scores[:, 1]])
        found.append(information.partial(benefit, scores[:, 0]))
    whole = xr.concat(found, "repetition")
    assert float(whole["evppi_se"].mean()) == pytest.approx(float(whole["evppi"].std()), rel=0.25)


@pytest.mark.parametrize("size", [512, 1024])
@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_intervals_cover_as_often_as_they_say(size: int, rho: float) -> None:
    """Predictive coverage: a truth drawn from where the draws come from lies within their interval.

    Parameters are normal, log-normal and gamma, and the model is linear; every repetition has draws of its own.
    """
    correlation = np.array([[1.0, rho, 0.0], [rho, 1.0, 0.0], [0.0, 0.0, 1.0]])

    def outcomes(points: np.ndarray) -> np.ndarray:
        each = design.correlated(points, correlation).T
        kinds = (norm(1.0, 0.5), lognorm(0.4), gamma(3.0, scale=0.3))
        return np.array([kind.ppf(column) for kind, column in zip(kinds, each, strict=True)]).T @ [1.0, 0.8, -0.6]

    truths = outcomes(np.random.default_rng(9).random((100 * 200, 3))).reshape(100, 200)
    draws = np.stack([outcomes(design.draws(size, 3, seed)) for seed in range(100)], axis=1)
    bounds = running.running(draws, [size]).isel(size=0)
    for low, high, nominal in (("low", "high", 0.95), ("low_50", "high_50", 0.5)):
        inside = (truths >= bounds[low].values[:, None]) & (truths <= bounds[high].values[:, None])
        assert inside.mean() == pytest.approx(nominal, abs=0.01)
