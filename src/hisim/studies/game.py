"""Shapley values: what each player of a cooperative game contributes, exactly or from sampled orders.

A coalition is a whole number whose bit ``i`` says whether player ``i`` is in it; its value is an array, and
everything works on each element alone. The empty coalition is worth nothing and is never asked for.

References
----------
.. [1] Shapley LS (1953). A value for n-person games. In: Contributions to the Theory of Games II. Princeton
   University Press, 307-317. doi:10.1515/9781400881970-018
.. [2] Mitchell R, Cooper J, Frank E, Holmes G (2022). Sampling permutations for Shapley value estimation.
   Journal of Machine Learning Research 23 (43): 1-46.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import factorial
from typing import NamedTuple

import numpy as np

from hisim.errors import ImpossibleModelError

Order = tuple[int, ...]
Values = Mapping[int, np.ndarray]
FEWEST = 8
"""Fewest sampled orders: with fewer, a player may by chance come first or last in all, and its error look like 0."""


class Shares(NamedTuple):
    """Shares of the whole game's value, player first, and their standard errors over sampled orders."""

    share: np.ndarray
    error: np.ndarray
    """Zero where the shares are exact."""


def every_coalition(players: int) -> range:
    """All coalitions but the empty one."""
    return range(1, 1 << players)


def sampled_orders(players: int, count: int, seed: int) -> list[Order]:
    """``count`` random orders of the players in antithetic pairs: each order is followed by its reverse.

    A pair is exact for every game in which players act on each other two by two, whatever the order drawn:
    of any two players each comes first once [2]_.

    Raises
    ------
    ImpossibleModelError
        Unless ``count`` is even and at least :data:`FEWEST`: a standard error needs several pairs.
    """
    if count < FEWEST or count % 2:
        raise ImpossibleModelError(f"permutations: found {count}; allowed: an even number, {FEWEST} or more")
    chance = np.random.Generator(np.random.Philox(seed))
    orders: list[Order] = []
    for _ in range(count // 2):
        drawn = tuple(chance.permutation(players).tolist())
        orders += [drawn, drawn[::-1]]
    return orders


def coalitions_along(order: Order) -> Iterator[int]:
    """The coalitions that form as the players of ``order`` come in one by one."""
    together = 0
    for player in order:
        together |= 1 << player
        yield together


def needed_coalitions(players: int, orders: Sequence[Order] | None) -> list[int]:
    """Each coalition that the shares, each player alone and the mix without each need, once; the smallest first.

    ``orders`` is None for exact shares.
    """
    if orders is None:
        found = set(every_coalition(players))
    else:
        whole = (1 << players) - 1
        ends = (bits for player in range(players) for bits in (1 << player, whole ^ (1 << player)))
        found = {*ends, *chain.from_iterable(map(coalitions_along, orders))} - {0}
    return sorted(found, key=lambda bits: (bits.bit_count(), bits))


def exact_shares(players: int, values: Values) -> Shares:
    """Shapley values from the value of every coalition [1]_.

    Player ``i`` gets the sum over coalitions S without ``i`` of |S|! (n - |S| - 1)! / n! times what ``i`` adds to S.

    Parameters
    ----------
    players : n.
    values : of every coalition but the empty one, arrays of one shape (...).

    Returns
    -------
    Shares (n, ...), in the unit of the values.
    """
    whole = values[(1 << players) - 1]
    share = np.zeros((players, *whole.shape))
    for bits in (0, *every_coalition(players)):
        size = bits.bit_count()
        for player in range(players):
            if not bits >> player & 1:
                weight = factorial(size) * factorial(players - size - 1) / factorial(players)
                share[player] += weight * (values[bits | 1 << player] - _value(values, bits, whole))
    return Shares(share, np.zeros_like(share))


def sampled_shares(orders: Sequence[Order], values: Values) -> Shares:
    """Mean over ``orders`` of what each player adds to those before it; the shares add up to the whole exactly.

    Parameters
    ----------
    orders : from :func:`sampled_orders`, antithetic pairs one after the other.
    values : of every coalition along the orders, arrays of one shape (...).

    Returns
    -------
    Shares (n, ...); the standard error is that of the mean over the pairs, which are independent.
    """
    players = len(orders[0])
    whole = values[(1 << players) - 1]
    added = np.zeros((len(orders), players, *whole.shape))
    for row, order in zip(added, orders, strict=True):
        before = np.zeros_like(whole)
        for player, bits in zip(order, coalitions_along(order), strict=True):
            row[player] = values[bits] - before
            before = values[bits]
    pairs = added.reshape(-1, 2, *added.shape[1:]).mean(axis=1)
    return Shares(pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs)))


def alone_and_last(players: int, values: Values) -> tuple[np.ndarray, np.ndarray]:
    """Value of each player alone, and what is lost when it leaves the whole; (n, ...) each."""
    whole = (1 << players) - 1
    alone = np.stack([values[1 << player] for player in range(players)])
    last = [values[whole] - _value(values, whole ^ (1 << player), values[whole]) for player in range(players)]
    return alone, np.stack(last)


def _value(values: Values, bits: int, like: np.ndarray) -> np.ndarray:
    return values[bits] if bits else np.zeros_like(like)
