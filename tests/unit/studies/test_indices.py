"""From results of runs to indices of what matters."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from hisim.errors import ImpossibleModelError
from hisim.studies import design, indices

NAMES = ["a", "b", "c"]
SLOPES = np.array([3.0, -2.0, 0.0])


def labelled(values: np.ndarray) -> xr.DataArray:
    """Runs by quintile and year, the second quintile without any effect."""
    both = np.stack([np.stack([values, values**2], -1), np.full((len(values), 2), 7.3)], 1)
    attrs = {"units": "persons", "long_name": "Deaths averted"}
    return xr.DataArray(both, {"quintile": ["1", "2"], "year": [2020, 2030]}, ["run", "quintile", "year"], attrs=attrs)


def saltelli(second_order: bool = False, base: int = 256) -> tuple[np.ndarray, np.ndarray]:
    points = design.sobol(base, 3, 1, second_order)
    return points, points @ SLOPES + points[:, 0] * points[:, 1]


def every_index(data: xr.DataArray | np.ndarray, base: int = 256) -> xr.Dataset:
    return indices.sobol_indices(data, NAMES, base, 1, True)


def test_sobol_indices_keep_what_trails_and_say_what_they_are() -> None:
    result = every_index(labelled(saltelli(True)[1]))
    assert result["total"].dims == ("parameter", "quintile", "year")
    assert result["second_order_low"].dims == ("parameter", "parameter_other", "quintile", "year")
    assert list(result["parameter"].values) == list(result["parameter_other"].values) == NAMES
    assert list(result["year"].values) == [2020, 2030]
    for array in result.data_vars.values():
        assert array.attrs["units"] == "1" and array.attrs["long_name"].startswith("Deaths averted: share of")


def test_each_cell_is_what_salib_says_of_it_alone() -> None:
    _, values = saltelli(True)
    result = every_index(labelled(values)).sel(quintile="1")
    problem = {"num_vars": 3, "names": NAMES, "bounds": [[0, 1]] * 3}
    for year, output in ((2020, values), (2030, values**2)):
        told, cell = design.salib("analyze.sobol").analyze(problem, output, seed=2), result.sel(year=year)
        assert np.array_equal(cell["first_order"], told["S1"]) and np.array_equal(cell["total"], told["ST"])
        assert (cell["total_high"] - cell["total_low"]).values == pytest.approx(2 * told["ST_conf"])
        second = cell["second_order"].values
        assert np.array_equal(second[np.triu_indices(3, 1)], told["S2"][np.triu_indices(3, 1)])
        assert np.array_equal(second, second.T, equal_nan=True) and np.isnan(np.diag(second)).all()


def test_constant_output_has_indices_of_zero_and_says_so() -> None:
    result = every_index(labelled(saltelli(True)[1]))
    still = result.sel(quintile="2")
    assert (still["first_order"] == 0).all() and (still["total_high"] == 0).all()
    assert (still["second_order"].fillna(0) == 0).all()
    assert result.attrs["constant_outputs"] == 2
    assert result.attrs["constant_outputs_note"] == "2 of 4 outputs do not vary: their indices are 0"
    noise = 7.3 + 1e-15 * np.arange(len(saltelli(True)[1]))
    assert (every_index(noise)["total"] == 0).all()


def test_the_seed_decides_the_intervals_also_where_it_is_0() -> None:
    _, values = saltelli()
    first, again, other = (indices.sobol_indices(values, NAMES, 256, seed, False) for seed in (0, 0, 1))
    assert first.identical(again)
    assert (first["first_order"] == other["first_order"]).all()
    assert not (first["total_low"] == other["total_low"]).all()


def test_the_second_order_is_there_where_it_is_asked_for() -> None:
    result = indices.sobol_indices(saltelli()[1], NAMES, 256, 1, False)
    assert "second_order" not in result and "parameter_other" not in result.coords


@pytest.mark.parametrize("second_order", [False, True])
def test_scipy_and_salib_agree(second_order: bool) -> None:
    _, values = saltelli(second_order)
    data = labelled(values + 100.0)
    ours, other = indices.sobol_indices(data, NAMES, 256, 1, second_order), indices.cross_check(data, NAMES, 256)
    assert other["total"].dims == ours["total"].dims
    assert other["total"].values == pytest.approx(ours["total"].values, abs=1e-12)
    assert (other["first_order"] + other["centring"]).values == pytest.approx(ours["first_order"].values, abs=1e-12)
    assert np.abs(other["centring"]).max() < 1e-4


@pytest.mark.parametrize("outputs", [(), (1,), (3,)])
def test_one_parameter_has_all_the_variance(outputs: tuple[int, ...]) -> None:
    values = np.multiply.outer(design.sobol(256, 1, 0, False)[:, 0], np.ones(outputs))
    for result in (indices.sobol_indices(values, ["a"], 256, 0, False), indices.cross_check(values, ["a"], 256)):
        assert result["first_order"].shape == (1, *outputs)
        assert result["first_order"].values == pytest.approx(1.0, abs=0.01)
        assert result["total"].values == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("values", "base", "message"),
    [
        (np.zeros(10), 4, "values: found 10 runs; allowed: 20 or 32 with base 4"),
        (np.zeros(15), 3, "base: found 3; allowed: a power of two, the nearest are 2, 4"),
        (np.zeros(32), 4, "values: found 8 rows for each base sample; allowed: 5, with second_order False"),
        (np.full(20, np.nan), 4, "values: found 20 that are not finite; allowed: finite numbers"),
        (np.float64(3), 4, "values: found a single number; allowed: one row for each run"),
    ],
)
def test_values_that_are_not_those_of_the_rows_are_refused(values: np.ndarray, base: int, message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        indices.sobol_indices(values, NAMES, base, 1, False)


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(ImpossibleModelError, match="names: found 3 names, 2 different; allowed: 3 different ones"):
        indices.tornado(np.zeros(7), ["a", "b", "a"])


@pytest.mark.parametrize("levels", [4, 6])
def test_elementary_effects_are_those_of_salib(levels: int) -> None:
    points = design.morris(8, 3, levels, seed=4)
    values = np.exp(points @ SLOPES)
    result = indices.morris_effects(points, labelled(values), NAMES, levels).sel(quintile="1", year=2020)
    problem = {"num_vars": 3, "names": NAMES, "bounds": [[0, 1]] * 3}
    theirs = design.salib("analyze.morris").analyze(problem, points, values, num_levels=levels, seed=1)
    step = levels / (2 * (levels - 1))
    for name in ("mu", "mu_star", "sigma"):
        assert result[name].values == pytest.approx(np.asarray(theirs[name]) * step / 0.5, rel=1e-9)
        assert result[name].attrs["units"] == "persons"
    assert (result["mu_star_low"] <= result["mu_star"]).all() and (result["mu_star_low"] >= 0).all()
    assert (result["mu_star_high"] >= result["mu_star"]).all()


def test_effects_need_the_points_of_the_design() -> None:
    points = design.morris(8, 3, 4, seed=4)
    for wrong, levels in ((points[1:], 4), (points, 6), (points[:4], 4), (design.draws(32, 3, 1), 4)):
        with pytest.raises(ImpossibleModelError, match=r"points: found \d+ that are not 2 or more trajectories"):
            indices.morris_effects(wrong, np.zeros(len(wrong)), NAMES, levels)


def test_a_tornado_sorts_by_swing() -> None:
    points = np.nan_to_num(design.one_at_a_time(3), nan=0.5) - 0.5
    values = 10 + points @ [1.0, -4.0, 0.0] + 20 * points[:, 2] ** 2
    result = indices.tornado(values, NAMES)
    assert float(result["central"]) == 10
    assert result["low"].values == pytest.approx([9.525, 11.9, 14.5125])
    assert result["high"].values == pytest.approx([10.475, 8.1, 14.5125])
    assert result["swing"].values == pytest.approx([0.95, 3.8, 4.5125])
    assert result["rank"].values.tolist() == [3, 2, 1]
    assert result.attrs["order"] == ["c", "b", "a"]


def test_a_tornado_keeps_what_trails() -> None:
    points = np.nan_to_num(design.one_at_a_time(3), nan=0.5)
    result = indices.tornado(labelled(points @ SLOPES), NAMES)
    assert result["swing"].dims == ("parameter", "quintile", "year") and result["central"].dims == ("quintile", "year")
    assert result["swing"].attrs["units"] == "persons" and result["rank"].attrs["units"] == "1"
    assert result["rank"].sel(quintile="1", year=2020).values.tolist() == [1, 2, 3]
    assert result.attrs["constant_outputs"] == 2 and "order" not in result.attrs


def residual(y: np.ndarray, others: np.ndarray) -> np.ndarray:
    x = np.column_stack([np.ones(len(y)), others])
    return np.asarray(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])


def test_rank_correlation_is_that_of_what_the_others_leave() -> None:
    points = design.latin_hypercube(60, 3, seed=2)
    values = np.exp(points @ SLOPES) + 0.3 * np.sin(40 * points[:, 2])
    result = indices.rank_correlation(points, labelled(values), NAMES)
    ranks, output = np.argsort(np.argsort(points, axis=0), axis=0), np.argsort(np.argsort(values))
    for j, name in enumerate(NAMES):
        others = np.delete(ranks, j, axis=1)
        expected = np.corrcoef(residual(ranks[:, j], others), residual(output, others))[0, 1]
        cell = result.sel(parameter=name, quintile="1", year=2020)
        assert float(cell["correlation"]) == pytest.approx(expected, abs=1e-12)
        assert float(cell["correlation_low"]) < expected < float(cell["correlation_high"])
    assert (result.sel(quintile="2")["correlation_high"] == 0).all()


def test_one_parameter_has_spearmans_correlation() -> None:
    points, noise = design.draws(50, 2, seed=1).T
    expected = spearmanr(points, points + noise).statistic
    result = indices.rank_correlation(points[:, None], points + noise, ["a"])
    assert float(result["correlation"][0]) == pytest.approx(expected, abs=1e-12)
    assert float(indices.rank_correlation(points[:, None], -(points**3), ["a"])["correlation"][0]) == pytest.approx(-1)


def test_intervals_of_rank_correlations_cover() -> None:
    """Of 400 samples of independent random parameters without effect, 95 % have 0 within the interval."""
    random = np.random.default_rng(5)
    names = list("abcdef")
    points, values = random.random((16, 6)), random.random((16, 400))
    result = indices.rank_correlation(points, values, names)
    covered = (result["correlation_low"] <= 0) & (result["correlation_high"] >= 0)
    assert 0.93 < float(covered.mean()) < 0.97


def test_rank_correlation_needs_runs_and_parameters_that_vary() -> None:
    points = design.draws(20, 3, seed=1)
    with pytest.raises(ImpossibleModelError, match="values: found 5 runs; allowed: at least 6"):
        indices.rank_correlation(points[:5], np.zeros(5), NAMES)
    for third in (points[:, 0], np.full(20, 0.5)):
        with pytest.raises(ImpossibleModelError, match="points: found parameters that do not vary or follow"):
            indices.rank_correlation(np.column_stack([points[:, :2], third]), points[:, 0], NAMES)
