"""Whether the draws are enough."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from hisim.errors import ImpossibleModelError
from hisim.studies.design import draws
from hisim.studies.running import enough, running


def test_each_size_is_that_of_its_draws_alone() -> None:
    values = np.random.default_rng(1).standard_normal(137)
    result = running(values, points="random")
    assert result["size"].values.tolist() == [10, 20, 50, 100, 137]
    assert running(values[:7])["size"].values.tolist() == [7]
    for size in result["size"].values:
        some, at = values[:size], result.sel(size=size)
        assert float(at["mean"]) == some.mean() and float(at["sd"]) == some.std(ddof=1)
        assert float(at["mean_error"]) == some.std(ddof=1) / np.sqrt(size)
        bounds = [float(at[name]) for name in ("low", "low_50", "high_50", "high")]
        assert bounds == pytest.approx(np.quantile(some, [0.025, 0.25, 0.75, 0.975]))


def test_what_trails_is_kept_with_unit_and_name() -> None:
    attrs = {"units": "persons", "long_name": "Deaths averted"}
    values = xr.DataArray(np.random.default_rng(1).random((20, 2)), {"year": [1, 2]}, ["draw", "year"], attrs=attrs)
    result = running(values, [4, 20])
    assert result["low_error"].dims == ("size", "year") and list(result["year"].values) == [1, 2]
    assert result["low_error"].attrs == {
        "units": "persons",
        "long_name": "Deaths averted: lower bound of the 95 % interval: standard error",
    }
    assert enough(values)["settled"].dims == ("year",)


def repeated(make, size: int, times: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Spread over repetitions, and the mean of what running says of it."""
    points = "random" if make is random_scores else "low_discrepancy"
    values = np.stack([make(size, seed) for seed in range(times)], axis=1)
    found = running(xr.DataArray(values, dims=("draw", "repetition")), [size], points=points).isel(size=0)
    return found.std("repetition"), found.mean("repetition")


def random_scores(size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size)


def sobol_scores(size: int, seed: int) -> np.ndarray:
    return np.asarray(norm.ppf(draws(size, 3, seed)) @ [1.0, 0.5, 0.2])


def test_errors_are_those_seen_over_repetitions() -> None:
    spread, said = repeated(random_scores, 800, 400)
    assert float(said["mean_error"]) == pytest.approx(float(spread["mean"]), rel=0.12)
    for name in ("low", "high", "low_50", "high_50"):
        assert float(said[f"{name}_error"]) == pytest.approx(float(spread[name]), rel=0.15)


def test_errors_of_low_discrepancy_draws_are_on_the_high_side_yet_below_those_of_random_ones() -> None:
    spread, said = repeated(sobol_scores, 512, 40)
    assert float(spread["mean"]) < float(said["mean_error"]) < 0.5 * float(said["sd"]) / np.sqrt(512)
    for name in ("low", "high", "low_50", "high_50"):
        assert float(spread[name]) < float(said[f"{name}_error"])


def test_the_method_is_said() -> None:
    values = np.random.default_rng(1).random(64)
    assert running(values).attrs["mean_error_method"].startswith("standard deviation of 16 batch means / 4")
    assert running(values, points="random").attrs["mean_error_method"] == "standard deviation / square root of draws"
    assert "Woodruff" in running(values).attrs["quantile_error_method"]


def test_few_draws_are_not_enough_and_many_are() -> None:
    """The error of the half width of n normal draws is sqrt(p (1 - p) / 2n) / phi(z), z the quantile of p = 0.975."""
    values = np.random.default_rng(1).standard_normal((20_000, 20))
    few, many = enough(values[:100], points="random"), enough(values, points="random")
    assert not few["settled"].any() and many["settled"].all()
    z = norm.ppf(0.975)
    error = np.sqrt(0.975 * 0.025 / 2) / norm.pdf(z) / z
    assert float(many["half_width"].mean()) == pytest.approx(z, rel=0.005)
    assert float(many["half_width_error"].mean()) == pytest.approx(error / np.sqrt(20_000), rel=0.05)
    assert float(many["draws_needed"].mean()) == pytest.approx((error / 0.05) ** 2, rel=0.1)


def test_a_mean_that_drifts_has_not_settled() -> None:
    values = np.concatenate([np.zeros(500), np.ones(500)]) + np.random.default_rng(1).standard_normal(1000) * 0.1
    result = enough(values, points="random")
    assert float(result["mean_change"]) > 0.05 and not result["settled"]


def test_output_that_does_not_vary_has_settled() -> None:
    result = enough(np.full(64, 7.0))
    assert result["settled"] and float(result["half_width_error"]) == 0.0 and float(result["draws_needed"]) == 0.0


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: running(np.zeros(9), [1, 9]), r"sizes: found \[1, 9\]; allowed: rising from at least 2 to at most 9"),
        (lambda: running(np.zeros(9), [5, 4]), r"sizes: found \[5, 4\]; allowed: rising"),
        (lambda: running(np.zeros(9), [5, 10]), r"sizes: found \[5, 10\]; allowed: rising"),
        (lambda: running(np.zeros(1)), r"sizes: found \[1\]; allowed: rising"),
        (lambda: running(np.zeros(9), points="sobol"), "points: found 'sobol'; allowed: low_discrepancy, random"),
        (lambda: enough(np.zeros(7)), r"draws, relative: found 7, 0\.05; allowed: at least 8 draws"),
        (lambda: enough(np.zeros(9), 0.0), "draws, relative: found 9, 0; allowed: at least 8 draws, relative above 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask, message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        ask()
