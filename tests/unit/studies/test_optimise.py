"""Searches for the least of one thing under limits, on problems whose answer is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hisim.studies.optimise import Chosen, Problem, best_of, bound, choose, descend, room_worth


def problem(cost, effect, wanted, overlap=0.0, matrix=(), most=(), high=1.0):
    """Levers whose cost adds and whose effects overlap in pairs; at least ``wanted`` of the effect."""
    cost, effect = np.asarray(cost, float), np.asarray(effect, float)
    count = len(cost)

    def values(points):
        points = np.atleast_2d(points)
        gained = points * effect
        both = (gained.sum(axis=1) ** 2 - (gained**2).sum(axis=1)) / 2
        return np.column_stack([points @ cost, wanted - gained.sum(axis=1) + overlap * both])

    def slopes(point):
        step = np.where(point <= high / 2, 0.25, -0.25)
        rows = values(np.vstack([point, point + np.diag(step)]))
        return rows[0], ((rows[1:] - rows[0]) / step[:, None]).T

    straight = np.asarray(matrix, float).reshape(-1, count)
    return Problem(np.zeros(count), np.full(count, high), values, slopes, straight, np.asarray(most, float))


def test_without_overlap_the_cheapest_for_its_effect_goes_first() -> None:
    one = problem([1, 2, 3], [1, 1, 1], 1.5)
    found = descend(one, one.low)
    assert found.reached
    assert found.settled
    assert found.point == pytest.approx([1, 0.5, 0], abs=1e-6)
    assert found.values[0] == pytest.approx(2.0)


@pytest.mark.parametrize("seed", range(5))
def test_with_overlap_no_point_of_a_grid_is_cheaper_by_a_hundredth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = problem(rng.uniform(0.5, 2, 4), rng.uniform(0.2, 1, 4), 0.9, overlap=0.5)
    found = best_of(one, [one.low, one.high, np.full(4, 0.5)])[0]
    grid = np.array(list(product(np.linspace(0, 1, 11), repeat=4)))
    values = one.values(grid)
    assert found.reached
    assert found.values[0] <= 1.01 * values[values[:, 1] <= 0, 0].min()


def test_out_of_reach_it_comes_as_near_as_can_be() -> None:
    one = problem([1, 1], [1, 1], 3.0)
    found = descend(one, one.low)
    assert not found.reached
    assert found.point == pytest.approx([1, 1])
    assert found.values[1] == pytest.approx(1.0)


def test_straight_limits_are_never_broken_wherever_it_starts() -> None:
    one = problem([1, 2], [1, 1], 1.2, matrix=[[1, 0]], most=[0.4])
    for start in (one.low, one.high):
        found = descend(one, start)
        assert found.point == pytest.approx([0.4, 0.8], abs=1e-6)
    cramped = problem([1, 2], [1, 1], 3.0, matrix=[[1, 1]], most=[0.5])
    assert descend(cramped, cramped.high).point.sum() == pytest.approx(0.5)


def test_to_spare_is_to_spare() -> None:
    one = problem([1, 2], [1, 1], 1.0)
    assert descend(one, one.low, 0.5).values[0] == pytest.approx(2.0)


def test_the_bound_is_below_the_answer_and_exact_without_overlap() -> None:
    for overlap in (0.0, 0.5):
        one = problem([1, 2, 3], [1, 1, 1], 1.2, overlap)
        found = descend(one, one.low)
        least = bound(one, [found, descend(one, one.low, -1.2)], one.values(one.low)[0])
        assert least <= found.values[0] * (1 + 1e-6)
        assert overlap > 0 or least == pytest.approx(found.values[0], rel=2e-3)
    far = problem([1], [1], 3.0)
    assert bound(far, [descend(far, far.low)], far.values(far.low)[0]) == -np.inf


def test_room_is_worth_what_it_would_save() -> None:
    one = problem([1, 2, 3], [1, 1, 1], 1.5)
    assert room_worth(one, descend(one, one.low)) == pytest.approx([1, 0, 0], abs=1e-6)


def chosen(effects, values, start) -> Chosen:
    def expand(options):
        out = []
        for block, own in enumerate(effects):
            rows = [values([*options[:block], k, *options[block + 1 :]]) for k in range(len(own))]
            out.append(np.array(rows))
        return out

    return choose(expand, values, start)


@pytest.mark.parametrize("seed", range(8))
def test_choices_between_levels_are_within_a_hundredth_of_all_of_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, effect = np.cumsum(rng.uniform(0.1, 1, (4, 3)), axis=1), np.cumsum(rng.uniform(0.1, 0.5, (4, 3)), axis=1)
    cost[:, 0], effect[:, 0] = 0.0, 0.0

    def values(options):
        gained = effect[range(4), list(options)]
        total = gained.sum() - 0.2 * ((gained.sum() ** 2 - (gained**2).sum()) / 2)
        return np.array([cost[range(4), list(options)].sum(), 1.0 - total])

    found = chosen(cost, values, (0, 0, 0, 0))
    every = np.array([values(options) for options in product(range(3), repeat=4)])
    kept = every[every[:, 1] <= 0]
    assert found.reached
    assert found.values[0] <= 1.01 * kept[:, 0].min() + 1e-9


def test_choices_out_of_reach_are_the_nearest() -> None:
    def values(options):
        return np.array([float(sum(options)), 5.0 - sum(options)])

    found = chosen([[0, 1], [0, 1]], values, (0, 0))
    assert not found.reached
    assert found.options == (1, 1)
    assert found.values == pytest.approx([2, 3])
