"""Points at which a model is run."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm, spearmanr

from hisim.errors import ImpossibleModelError
from hisim.studies import design


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, 7), (1, 1), (1, 12), (5, 8), (64, 36), (99, 1)])
def test_any_slice_of_draws_holds_the_rows_of_the_whole(first: int, count: int) -> None:
    whole = design.draws(100, 5, seed=3)
    assert np.array_equal(design.draws(count, 5, seed=3, first=first), whole[first : first + count])


def test_draws_lie_strictly_inside_and_fill_every_part_once() -> None:
    points = design.draws(1024, 4, seed=0)
    assert points.dtype == np.float64 and points.shape == (1024, 4)
    assert np.isfinite(norm.ppf(points)).all()
    assert (np.sort((points * 1024).astype(int), axis=0) == np.arange(1024)[:, None]).all()


def test_the_ends_of_the_sequence_stay_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.stats import qmc

    corners = np.array([[0.0, 1 - 2.0**-30]])
    monkeypatch.setattr(qmc.Sobol, "random", lambda self, n: np.repeat(corners, n, axis=0))
    points = design.draws(2, 2, seed=1)
    assert ((points > 0) & (points < 1)).all()


def test_draws_depend_on_the_seed_alone() -> None:
    assert np.array_equal(design.draws(20, 3, seed=1), design.draws(20, 3, seed=1))
    assert not np.array_equal(design.draws(20, 3, seed=1), design.draws(20, 3, seed=2))


def test_a_latin_hypercube_has_every_part_once() -> None:
    points = design.latin_hypercube(37, 3, seed=5)
    assert (np.sort((points * 37).astype(int), axis=0) == np.arange(37)[:, None]).all()
    assert np.array_equal(points, design.latin_hypercube(37, 3, seed=5))
    assert ((points > 0) & (points < 1)).all()


def test_one_at_a_time_moves_one() -> None:
    nan = np.nan
    expected = [[nan, nan], [0.1, nan], [0.8, nan], [nan, 0.1], [nan, 0.8]]
    assert np.array_equal(design.one_at_a_time(2, 0.1, 0.8), expected, equal_nan=True)
    with pytest.raises(ImpossibleModelError, match=r"low, high: found 0\.5, 0\.5; allowed: 0 < low < high < 1"):
        design.one_at_a_time(2, 0.5, 0.5)


def test_a_grid_holds_every_combination_once() -> None:
    indexes = design.grid([2, 3])
    assert indexes.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    with pytest.raises(ImpossibleModelError, match="levels: found 0; allowed: a whole number of at least 1"):
        design.grid([2, 0])


@pytest.mark.parametrize("levels", [2, 4, 6])
def test_each_trajectory_moves_every_parameter_once_by_half(levels: int) -> None:
    points = design.morris(10, 5, levels, seed=0).reshape(10, 6, 5)
    steps = np.diff(points, axis=1)
    assert ((steps != 0).sum(axis=1) == 1).all() and ((steps != 0).sum(axis=2) == 1).all()
    assert np.abs(steps[steps != 0]) == pytest.approx(0.5, abs=1e-15)
    assert sorted(np.unique(np.round(points * levels, 9))) == [0.5 + i for i in range(levels)]


def test_odd_levels_are_refused() -> None:
    with pytest.raises(ImpossibleModelError, match="levels: found 5; allowed: an even number of at least 2"):
        design.morris(4, 2, 5, seed=1)


@pytest.mark.parametrize("second_order", [False, True])
def test_saltelli_rows(second_order: bool) -> None:
    base, parameters = 16, 3
    points = design.sobol(base, parameters, 0, second_order)
    assert len(points) == design.runs("sobol", base, parameters, second_order)
    rows = points.reshape(base, -1, parameters)
    first, last = rows[:, 0], rows[:, -1]
    own = np.arange(parameters)
    for j in range(parameters):
        assert np.array_equal(rows[:, 1 + j], np.where(own == j, last, first))
        if second_order:
            assert np.array_equal(rows[:, 1 + parameters + j], np.where(own == j, first, last))
    assert ((points > 0) & (points < 1)).all()
    assert np.array_equal(points, design.sobol(base, parameters, 0, second_order))


def test_a_base_that_is_no_power_of_two_is_refused_with_the_nearest() -> None:
    with pytest.raises(ImpossibleModelError, match="base: found 100; allowed: a power of two, the nearest are 64, 128"):
        design.sobol(100, 3, 1, False)


CORRELATION = np.array([[1.0, 0.7, 0.0, -0.3], [0.7, 1.0, 0.0, 0.2], [0.0, 0.0, 1.0, 0.0], [-0.3, 0.2, 0.0, 1.0]])


def test_correlated_points_reach_the_correlation_and_stay_uniform() -> None:
    points = design.correlated(design.draws(2**14, 4, seed=1), CORRELATION)
    assert np.corrcoef(norm.ppf(points).T) == pytest.approx(CORRELATION, abs=0.003)
    assert spearmanr(points).statistic == pytest.approx(6 / np.pi * np.arcsin(CORRELATION / 2), abs=0.003)
    assert np.sort(points, axis=0) == pytest.approx(((np.arange(2**14) + 0.5) / 2**14)[:, None] * np.ones(4), abs=0.006)


def test_correlated_rows_do_not_depend_on_other_rows() -> None:
    points = design.draws(1001, 4, seed=2)
    whole = design.correlated(points, CORRELATION)
    assert all(
        np.array_equal(design.correlated(points[a:b], CORRELATION), whole[a:b]) for a, b in pairwise([0, 1, 8, 1001])
    )


def test_parameters_that_are_correlated_with_none_keep_their_points() -> None:
    points = design.draws(10, 4, seed=2)
    assert np.array_equal(design.correlated(points, CORRELATION)[:, [0, 2]], points[:, [0, 2]])
    assert np.array_equal(design.correlated(points, np.eye(4)), points)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0, 0.5]], "correlation: found 1 by 2; allowed: 2 by 2"),
        ([[1.0, 0.5], [0.4, 1.0]], r"found 0\.5 in row 0, column 1; allowed: a matrix that is symmetric"),
        ([[1.0, 0.5], [0.5, 0.9]], r"found 0\.9 in row 1, column 1; allowed: a matrix that is 1 on its diagonal"),
        ([[1.0, 1.5], [1.5, 1.0]], r"found smallest eigenvalue -0\.5; allowed: positive definite"),
        ([[1.0, 1.0], [1.0, 1.0]], "found smallest eigenvalue .*; allowed: positive definite"),
        ([[1.0, np.nan], [np.nan, 1.0]], "correlation: found a value that is not finite"),
    ],
)
def test_what_is_no_correlation_matrix_is_refused(matrix: list[list[float]], message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        design.correlated(design.draws(4, 2, seed=1), np.array(matrix))


def test_only_points_inside_can_be_correlated() -> None:
    with pytest.raises(ImpossibleModelError, match="points: found some that are not between 0 and 1"):
        design.correlated(design.one_at_a_time(2), np.eye(2))


@pytest.mark.parametrize(
    ("kind", "least"),
    [("draws", 40), ("latin_hypercube", 13), ("morris", 4), ("sobol", 64), ("grid", 2), ("one_at_a_time", 1)],
)
def test_a_design_too_small_to_mean_anything_is_refused(kind: design.Kind, least: int) -> None:
    assert design.fewest(kind, 10) == least
    design.check_size(kind, least, 10)
    with pytest.raises(
        ImpossibleModelError, match=rf"size: found {least - 1}; allowed: at least {least} .* for {kind}"
    ):
        design.check_size(kind, least - 1, 10)


def test_a_size_of_base_samples_is_a_power_of_two() -> None:
    with pytest.raises(ImpossibleModelError, match="base: found 65; allowed: a power of two, the nearest are 64, 128"):
        design.check_size("sobol", 65, 10)


def test_unknown_designs_are_refused() -> None:
    for ask in (lambda: design.fewest("sobel", 3), lambda: design.runs("sobel", 8, 3)):  # type: ignore[arg-type]
        with pytest.raises(ImpossibleModelError, match="kind: found 'sobel'; allowed: draws, latin_hypercube"):
            ask()


def test_runs_are_the_rows_of_the_design() -> None:
    made = {
        "draws": design.draws(8, 3, 1),
        "latin_hypercube": design.latin_hypercube(8, 3, 1),
        "one_at_a_time": design.one_at_a_time(3),
        "grid": design.grid([8, 8, 8]),
        "morris": design.morris(8, 3, 4, 1),
        "sobol": design.sobol(8, 3, 1, False),
    }
    assert {kind: design.runs(kind, 8, 3) for kind in made} == {kind: len(points) for kind, points in made.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: design.draws(0, 2, 1), "count: found 0; allowed: a whole number of at least 1"),
        (lambda: design.draws(4, 2, 1, first=-1), "first: found -1; allowed: a whole number of at least 0"),
        (lambda: design.draws(4, 0, 1), "parameters: found 0; allowed: a whole number of at least 1"),
        (lambda: design.draws(4, 2, 1.5), r"seed: found 1\.5; allowed: a whole number of at least 0"),
    ],
)
def test_numbers_that_make_no_design_are_refused(ask, message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        ask()


def test_without_salib_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(design, "import_module", absent)
    with pytest.raises(ImpossibleModelError, match=r"SALib: found it not installed; allowed: .*hisim\[sweeps\]"):
        design.morris(4, 2, 4, 1)
