"""Is an observed figure what a plan would give? The rule, its errors and its power; arrays in, numbers out.

Every draw of the uncertain numbers is one world that follows the plan. What would be observed there is the figure of
that world plus an error of the size that the observed figure has. The **share of worlds as bad** is the share of such
observations that are no better than the one made; of n worlds it is (1 + sum) / (1 + n), so that it is never 0 and a
world that follows the plan is called behind no more often than the level says [1]_, [2]_. The same against the worlds
in which all carries on as now says whether the plan can be told from doing nothing.

References
----------
.. [1] Box GEP (1980). Sampling and Bayes' inference in scientific modelling and robustness. Journal of the Royal
   Statistical Society A 143: 383-430. (Recalled, not read: a figure is held against what a model predicts with all
   its uncertainty.)
.. [2] Phipson B, Smyth GK (2010). Permutation p-values should never be zero. Statistical Applications in Genetics and
   Molecular Biology 9: 39. doi:10.2202/1544-6115.1585
.. [3] Wilson EB (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
   Statistical Association 22: 209-212. The method that the Office for Health Improvement and Disparities prefers for
   proportions; it and the rule of ten deaths for standardised rates are in its public health technical guidance.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

Verdict = Literal["ahead", "on track", "behind", "cannot tell yet"]
LEVEL = 0.025
"""Chance, at most, that a figure of a world that follows the plan is called behind; the same for ahead."""
POWERFUL = 0.8
"""Power from which on a figure is likely to tell the plan from carrying on as now."""
Z = 1.959963984540054
"""97.5th percentile of the normal distribution."""
FEWEST_WORLDS = 40
"""With fewer, no share of worlds could be as small as :data:`LEVEL`."""
STEPS = 60
SHARE_OF_A_FIFTH = 0.2
"""Share of England's people in a fifth; in an area within England it is another."""


class Judged(NamedTuple):
    """What the rule says of one figure."""

    verdict: Verdict
    as_bad: float
    """Share of worlds that follow the plan in which one would observe something as bad, or worse."""
    as_good: float
    """The same as good, or better."""
    by_chance: float
    """Share of worlds that carry on as now in which one would observe something as good, or better."""
    power: float
    """Chance that a figure of a world that follows the plan is told from carrying on as now."""

    @property
    def told(self) -> bool:
        """Whether the figure is better than carrying on as now, beyond chance."""
        return self.by_chance <= LEVEL


def judge(value: float, error: float, plan: np.ndarray, as_now: np.ndarray, *, higher_is_better: bool) -> Judged:
    """The verdict on an observed ``value``.

    Parameters
    ----------
    value, error
        The figure and its own standard error [its unit].
    plan, as_now
        (world,) the figure in each world, if the plan is followed and if all carries on as now.

    Returns
    -------
    Judged
        **behind** where no more than :data:`LEVEL` of the worlds of the plan would show something as bad; **ahead**
        where no more would show something as good; else **on track** where the figure is better than carrying on as
        now would show in all but :data:`LEVEL` of its worlds; else **cannot tell yet**.
    """
    sign = 1.0 if higher_is_better else -1.0
    good, worlds, other = sign * value, sign * np.asarray(plan, float), sign * np.asarray(as_now, float)
    as_bad, as_good = share_below(good, error, worlds), share_below(-good, error, -worlds)
    by_chance = share_below(-good, error, -other)
    verdict: Verdict = "cannot tell yet"
    if as_bad <= LEVEL:
        verdict = "behind"
    elif as_good <= LEVEL:
        verdict = "ahead"
    elif by_chance <= LEVEL:
        verdict = "on track"
    return Judged(verdict, as_bad, as_good, by_chance, _power(error, worlds, other))


def power(error: float, plan: np.ndarray, as_now: np.ndarray, *, higher_is_better: bool) -> float:
    """Chance that a figure with this ``error`` tells the plan from carrying on as now, where the plan is followed."""
    sign = 1.0 if higher_is_better else -1.0
    return _power(error, sign * np.asarray(plan, float), sign * np.asarray(as_now, float))


def _power(error: float, worlds: np.ndarray, other: np.ndarray) -> float:
    """Higher is better here."""
    low, high = float(other.min()) - 10 * error - 1e-9, float(other.max()) + 10 * error + 1e-9
    if share_below(-high, error, -other) > LEVEL:
        return 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if share_below(-middle, error, -other) <= LEVEL else (middle, high)
    return float(_observed_below(-high, error, -worlds).mean())


def share_below(value: float, error: float, worlds: np.ndarray) -> float:
    """Share of the observations in ``worlds``, and of this one, that are ``value`` or less."""
    return float((1.0 + _observed_below(value, error, worlds).sum()) / (1.0 + worlds.size))


def _observed_below(value: float, error: float, worlds: np.ndarray) -> np.ndarray:
    """Chance in each world to observe ``value`` or less."""
    from scipy.special import ndtr

    if error <= 0:
        return np.asarray(worlds <= value, float)
    return np.asarray(ndtr((value - worlds) / error))


def error_of_proportion(count: float, people: float) -> float:
    """Standard error of the proportion ``count`` / ``people`` [fraction]: half of Wilson's interval over 1.96 [3]_."""
    share = count / people
    half = Z * np.sqrt(share * (1 - share) / people + Z**2 / (4 * people**2)) / (1 + Z**2 / people)
    return float(half / Z)


def error_of_rate(rate: float, events: float) -> float:
    """Standard error of a rate of ``events`` deaths, by Poisson's law [unit of the rate]."""
    return float(rate / np.sqrt(events))


def error_of_interval(low: float, high: float) -> float:
    """Standard error from a 95 % confidence interval."""
    return (high - low) / (2 * Z)


def error_of_gap(most: float, other: float, *, share: float = 0.0) -> float:
    """Standard error of a gap from those of the most deprived fifth and of the ``other``.

    Against the average, of which the fifth makes up a ``share``, their covariance is that share of the fifth's
    variance.
    """
    return float(np.sqrt(max(most**2 + other**2 - 2 * share * most**2, 0.0)))
