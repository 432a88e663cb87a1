"""Shapley values against games whose values are known."""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import pytest

from hisim.errors import ImpossibleModelError
from hisim.studies.game import (
    alone_and_last,
    coalitions_along,
    every_coalition,
    exact_shares,
    needed_coalitions,
    sampled_orders,
    sampled_shares,
)


def game(players, worth):
    """Values of all coalitions from a function of the set of players; arrays of one element."""
    return {
        bits: np.array([float(worth({i for i in range(players) if bits >> i & 1}))])
        for bits in every_coalition(players)
    }


def shares_of(players, worth):
    return exact_shares(players, game(players, worth)).share[:, 0]


def random_game(players, seed=1):
    chance = np.random.default_rng(seed)
    return {bits: chance.normal(size=(3, 2)) for bits in every_coalition(players)}


def test_in_an_additive_game_everyone_gets_what_they_bring():
    worth = [3.0, 1.0, 4.0, 1.5]
    assert shares_of(4, lambda s: sum(worth[i] for i in s)) == pytest.approx(worth, abs=1e-12)


def test_glove_game():
    """One left glove and two right ones: 2/3 to the left and 1/6 to each right."""
    assert shares_of(3, lambda s: 0 in s and len(s) > 1) == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-12)


def test_players_who_do_the_same_get_the_same_and_who_does_nothing_gets_nothing():
    shares = shares_of(5, lambda s: len(s - {4}) ** 2 + 5 * (0 in s))
    assert shares[1:4] == pytest.approx([shares[1]] * 3, abs=1e-12)
    assert shares[4] == pytest.approx(0.0, abs=1e-12)
    assert shares[0] - shares[1] == pytest.approx(5.0, abs=1e-12)


def test_airport_game():
    """Runways as long as the longest plane needs: each stretch is shared by those who need it."""
    cost = [1.0, 2.0, 4.0]
    shares = shares_of(3, lambda s: max((cost[i] for i in s), default=0.0))
    assert shares == pytest.approx([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2.0], abs=1e-12)


@pytest.mark.parametrize("players", [1, 2, 3, 6, 8])
def test_exact_shares_add_up_to_the_whole(players):
    values = random_game(players)
    shares = exact_shares(players, values)
    assert shares.share.sum(axis=0) == pytest.approx(values[2**players - 1], abs=1e-9)
    assert not shares.error.any()


def test_exact_shares_are_the_mean_over_all_orders():
    values = random_game(5)
    expected = np.zeros((5, 3, 2))
    for order in permutations(range(5)):
        before = np.zeros((3, 2))
        for player, bits in zip(order, coalitions_along(order), strict=True):
            expected[player] += (values[bits] - before) / factorial(5)
            before = values[bits]
    assert exact_shares(5, values).share == pytest.approx(expected, abs=1e-12)


def test_sampled_shares_add_up_to_the_whole():
    values = random_game(7)
    shares = sampled_shares(sampled_orders(7, 8, 0), values)
    assert shares.share.sum(axis=0) == pytest.approx(values[127], abs=1e-9)
    assert shares.error.max() > 0


def test_sampled_shares_are_as_near_to_the_exact_ones_as_they_say():
    """Their errors, in standard errors, have mean square 1 over many games."""
    steps = []
    for seed in range(40):
        values = random_game(6, seed)
        shares = sampled_shares(sampled_orders(6, 60, seed), values)
        steps.append((shares.share - exact_shares(6, values).share) / shares.error)
    assert np.abs(steps).max() < 5
    assert np.mean(np.square(steps)) == pytest.approx(1.0, abs=0.25)


def test_one_pair_of_orders_is_exact_where_players_act_on_each_other_two_by_two():
    chance = np.random.default_rng(4)
    own, pair = chance.normal(size=9), np.triu(chance.normal(size=(9, 9)), 1)
    values = game(9, lambda s: sum(own[i] for i in s) + sum(pair[i, j] for i in s for j in s))
    shares = sampled_shares(sampled_orders(9, 8, 3), values)
    assert shares.share[:, 0] == pytest.approx(own + (pair + pair.T).sum(axis=1) / 2, abs=1e-12)
    assert shares.error == pytest.approx(0.0, abs=1e-12)


def test_orders_come_in_pairs_and_from_the_seed_alone():
    orders = sampled_orders(12, 10, 5)
    assert orders == sampled_orders(12, 10, 5)
    assert orders != sampled_orders(12, 10, 6)
    assert all(sorted(order) == list(range(12)) for order in orders)
    assert all(orders[i] == orders[i + 1][::-1] for i in range(0, 10, 2))


@pytest.mark.parametrize("count", [0, 6, 9])
def test_too_few_or_uneven_orders_are_refused(count):
    with pytest.raises(ImpossibleModelError, match=f"permutations: found {count}; allowed: an even number, 8 or more"):
        sampled_orders(5, count, 1)


def test_needed_coalitions_are_named_once_and_hold_what_is_asked_of_them():
    assert needed_coalitions(3, None) == [1, 2, 4, 3, 5, 6, 7]
    orders = sampled_orders(20, 8, 1)
    needed = needed_coalitions(20, orders)
    assert len(needed) == len(set(needed)) <= 8 * 19 + 2 * 20 + 1
    assert 0 not in needed and needed[-1] == 2**20 - 1
    assert {bits for order in orders for bits in coalitions_along(order)} <= set(needed)
    assert {1 << i for i in range(20)} | {2**20 - 1 - (1 << i) for i in range(20)} <= set(needed)


def test_alone_and_last():
    values = random_game(4)
    alone, last = alone_and_last(4, values)
    assert (alone[2] == values[0b0100]).all()
    assert (last[2] == values[0b1111] - values[0b1011]).all()
    alone, last = alone_and_last(1, values)
    assert (alone[0] == last[0]).all()
