"""People within a cohort told apart: who they are, and how shares of a whole divide among them.

A share c of all people divides among strata with odds theta so that sum_g share_g C_g = c, C_g having theta_g times
the odds of one level common to all. So nothing changes for the whole, at any c. Back from a stratum's own share x to
the share of all at which the stratum has it goes c = sum_h share_h r x / (1 - x + r x), r = theta_h / theta_g: the
kernel does that to people's uniforms once, and then knows one threshold for all strata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from hisim.declare.delivery import STEPS
from hisim.errors import ImpossibleModelError
from hisim.model.mechanisms.case_finding import product
from hisim.model.random import LIFELONG, LIFELONG_ROWS, REGISTER_EVENTS
from hisim.model.slot_plan import Slot
from hisim.model.states import REGISTER_OF, share_in, values_of
from hisim.model.tables import Float64
from hisim.stratum_variables import STRATA
from hisim.variables import (
    AGES,
    CAUSES,
    LANES,
    QUINTILES,
    REGISTERS,
    RISK_CHANNELS,
    SEXES,
    check,
)

EVERYONE = ("everyone",)
_ALL = np.ones(1)
PREVALENCE = {"diabetes": "diabetes_prevalence", "chd": "chd_prevalence", "current_smoker": "smoking_current"}
_NEWTON_STEPS = 16
_CONVERGED = 1e-13


class Within(NamedTuple):
    """Strata of a run; G = 1 where nobody is told apart."""

    names: tuple[str, ...]
    share: Float64
    """(quintile, sex, age, G) of people who are of each stratum."""
    risk_odds: Float64
    """(sex, channel, G)"""
    hazard_ratio: Float64
    """(sex, age, cause, G)"""
    uptake_odds: Mapping[str, Float64]
    """By intervention: (step, sex, G)."""
    inputs: tuple[xr.Dataset, ...]
    """Inputs as they are for each stratum: its prevalence of the states in which strata differ."""


def within(inputs: xr.Dataset) -> Within:
    """The strata that ``inputs`` hold, or one of everyone.

    Raises
    ------
    ImpossibleModelError
        When the variables of :data:`hisim.stratum_variables.STRATA` are not as declared, or shares do not add up to 1.
    """
    cells = inputs["population"].shape
    if "stratum_share" not in inputs:
        ones = np.ones((*cells, 1))
        plain = np.ones((len(SEXES), len(RISK_CHANNELS), 1)), np.ones((len(SEXES), len(AGES), len(CAUSES), 1))
        return Within(EVERYONE, ones, *plain, {}, (inputs,))
    check(inputs, STRATA)
    share = values_of(inputs, "stratum_share")
    if np.abs(share.sum(axis=-1) - 1.0).max() > 1e-9:
        raise ImpossibleModelError("stratum_share: found shares that do not add up to 1; allowed: 1 in every cell")
    risk = values_of(inputs, "stratum_risk_odds")
    uptake = inputs["stratum_uptake_odds"]
    odds = {str(name): uptake.sel(uptake_of=name).values for name in uptake["uptake_of"].values}
    names = tuple(map(str, values_of(inputs, "stratum")))
    hazard = values_of(inputs, "stratum_hazard_ratio")
    return Within(names, share, risk, hazard, odds, _inputs_of_each(inputs, share, risk))


def _inputs_of_each(inputs: xr.Dataset, share: Float64, risk: Float64) -> tuple[xr.Dataset, ...]:
    own = {}
    for c, channel in enumerate(RISK_CHANNELS):
        name = PREVALENCE[channel]
        own[name] = split(values_of(inputs, name), risk[None, :, None, c], share)
    dims = inputs["population"].dims
    return tuple(
        inputs.assign({name: (dims, values[..., g]) for name, values in own.items()}) for g in range(share.shape[-1])
    )


def split(whole: Float64, odds: Float64, share: Float64) -> Float64:
    """How a share of all divides among strata, by their odds; (..., G).

    Parameters
    ----------
    whole
        (...,) fraction.
    odds, share
        (..., G) against any one stratum, and of all people; broadcast with ``whole``.

    Returns
    -------
    Fraction of each stratum; ``whole`` itself where odds do not differ.
    """
    odds, share = np.broadcast_arrays(odds, share)
    whole = np.asarray(whole)[..., None]
    shape = np.broadcast_shapes(whole.shape, odds.shape)
    if (odds == odds[..., :1]).all():
        return np.broadcast_to(whole, shape).copy()
    level = np.log(np.clip(whole, 1e-12, 1.0 - 1e-12)) - np.log1p(-np.clip(whole, 1e-12, 1.0 - 1e-12))
    low, high = (level - np.log(odds.max(axis=-1, keepdims=True)), level - np.log(odds.min(axis=-1, keepdims=True)))
    level = (low + high) / 2
    for _ in range(_NEWTON_STEPS):
        own = _of_odds(odds * np.exp(level))
        over = (share * own).sum(axis=-1, keepdims=True) - whole
        slope = (share * own * (1.0 - own)).sum(axis=-1, keepdims=True)
        low, high = np.where(over < 0, level, low), np.where(over > 0, level, high)
        step = level - over / np.maximum(slope, 1e-300)
        before, level = level, np.where((step >= low) & (step <= high), step, (low + high) / 2)
        if np.abs(level - before).max() < _CONVERGED:
            break
    own = _of_odds(odds * np.exp(level))
    same = (odds == odds[..., :1]).all(axis=-1, keepdims=True) | (whole <= 0) | (whole >= 1)
    return np.where(same, whole, own)


def _of_odds(odds: Float64) -> Float64:
    return odds / (1.0 + odds)


def whole_of(own: Float64, odds: Float64, share: Float64) -> Float64:
    """The share of all at which each stratum has the share ``own`` (..., G): :func:`split` the other way; (..., G)."""
    odds, share = np.broadcast_arrays(odds, share)
    if (odds == odds[..., :1]).all():
        return own
    r = odds[..., None, :] / odds[..., :, None]
    x = np.clip(own, 0.0, 1.0)[..., None]
    return np.asarray((share[..., None, :] * r * x / ((1.0 - x) + r * x)).sum(axis=-1))


def make_up(strata: Within, flag: str) -> Float64:
    """Share of each stratum among the people with a flag; among all where nobody has it; (quintile, sex, age, G)."""
    if len(strata.names) == 1:
        return strata.share
    have = strata.share * np.stack([share_in(one, flag) for one in strata.inputs], axis=-1)
    total = have.sum(axis=-1, keepdims=True)
    return np.where(total > 0, have / np.where(total > 0, total, 1.0), strata.share)


def slot_odds(strata: Within, slot: Slot, who: Float64) -> Float64:
    """Odds of being served in a slot, at today's coverage, from the odds of each step; (quintile, sex, G).

    Finding people with a condition that has a register is a step of its own, see :func:`register_odds`.
    """
    steps = STEPS[1:] if slot.register >= 0 else STEPS
    return chain_odds(strata, slot.item.id, slot.item.delivery.steps_now, steps, _mean_make_up(who, slot.scope))


def chain_odds(
    strata: Within, name: str, now: Mapping[str, tuple[float, ...]], steps: Sequence[str], who: Float64
) -> Float64:
    """Odds of getting through all ``steps`` of an intervention, at today's shares; ``who``, out: (quintile, sex, G)."""
    out = np.ones_like(who)
    if name not in strata.uptake_odds:
        return out
    odds = strata.uptake_odds[name]
    own, plain = product(now, tuple(steps))[:, None, None] * out, out.copy()
    for step in steps:
        theta = np.broadcast_to(odds[STEPS.index(step)], out.shape)
        share = np.broadcast_to(np.array(now[step])[:, None], out.shape[:2])
        own = own * split(share, theta, who) / np.where(share > 0, share, 1.0)[..., None]
        plain = plain * theta
    own = np.clip(own, 0.0, 1.0 - 1e-6)
    served = (own > 0).all(axis=-1, keepdims=True)
    return np.where(served, own / (1.0 - own), plain)


def register_odds(strata: Within, register: str, slots: Sequence[Slot]) -> Float64:
    """Odds of a condition being known, from the first step of what is done for it; (quintile, sex, G)."""
    plain = np.ones((len(QUINTILES), len(SEXES), len(strata.names)))
    of = [slot.item.id for slot in slots if REGISTER_OF.get(slot.flag) == register]
    return next((plain * strata.uptake_odds[name][0] for name in of if name in strata.uptake_odds), plain)


def _mean_make_up(who: Float64, scope: Float64) -> Float64:
    """(quintile, sex, age, G) averaged over the ages in ``scope`` (sex, age), or all where there is none."""
    ages = np.where(scope.any(axis=1, keepdims=True), scope, 1.0)[None, :, :, None]
    return np.asarray((who * ages).sum(axis=2) / ages.sum(axis=2))


class Sorting(NamedTuple):
    """Odds and make-up by which the kernel puts people's uniforms in order; E = lifelong uniforms, then slots."""

    odds: Float64
    """(quintile, sex, E, G)"""
    share: Float64
    """(quintile, sex, age, E, G)"""

    def slot(self, t: int) -> tuple[Float64, Float64]:
        """Odds and make-up of slot ``t``, to broadcast over (quintile, sex, age, G)."""
        return self.odds[:, :, None, LIFELONG_ROWS + t], self.share[..., LIFELONG_ROWS + t, :]

    def register(self, d: int) -> tuple[Float64, Float64]:
        """The same of being known on register ``d``."""
        return self.odds[:, :, None, REGISTER_EVENTS[d]], self.share[..., REGISTER_EVENTS[d], :]


def sorting(strata: Within, slots: Sequence[Slot]) -> Sorting:
    """Odds and make-up for every uniform that decides about people of different strata."""
    events, groups = LIFELONG_ROWS + len(slots), len(strata.names)
    odds = np.ones((len(QUINTILES), len(SEXES), events, groups))
    share = np.repeat(strata.share[:, :, :, None], events, axis=3)
    if groups == 1:
        return Sorting(odds, share)
    for c, channel in enumerate(RISK_CHANNELS):
        row = LIFELONG.index("smoking" if channel == "current_smoker" else channel)
        odds[:, :, row] = strata.risk_odds[None, :, c]
    for d, name in enumerate(REGISTERS):
        row = int(REGISTER_EVENTS[d])
        share[..., row, :] = make_up(strata, name)
        odds[:, :, row] = register_odds(strata, name, slots)
    for t, slot in enumerate(slots):
        share[..., LIFELONG_ROWS + t, :] = make_up(strata, slot.flag)
        odds[:, :, LIFELONG_ROWS + t] = slot_odds(strata, slot, share[..., LIFELONG_ROWS + t, :])
    return Sorting(odds, share)


def rows_of(share: Float64, rows: int) -> Float64:
    """How many of ``rows`` rows of 16 people stand for each stratum: by size, at least one; (G,).

    Raises
    ------
    ImpossibleModelError
        When there are more strata than rows.
    """
    there = share > 0
    if there.sum() > rows:
        raise ImpossibleModelError(
            f"people_per_cohort: found {rows * LANES} people for {int(there.sum())} strata; allowed: "
            f"{LANES} or more for each, as with 1280 people"
        )
    count = np.maximum(np.floor(share * rows), there)
    while count.sum() != rows:
        step = 1 if count.sum() < rows else -1
        short = (share * rows - count) * step
        count[np.argmax(np.where(there & ((step > 0) | (count > 1)), short, -np.inf))] += step
    return count


def places(share: Float64, people: int) -> tuple[np.ndarray, Float64]:
    """Where among ``people`` each stratum begins (G + 1,), and what a simulated person of it stands for (G,)."""
    if len(share) == 1:
        return np.array((0, people), np.int64), _ALL
    rows = people // LANES
    count = rows_of(share, rows)
    stands_for = np.where(count > 0, share * rows / np.where(count > 0, count, 1.0), 0.0)
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64) * LANES, stands_for
