"""The chain of delivery against a published table of community effectiveness."""

from __future__ import annotations

import pytest
from synthetic import effects, make_acting

from hisim.declare.intervention import HazardEffect
from hisim.model.mechanisms.case_finding import product

TABLE = [
    ("treated bed nets, least poor", (20, 75, 95, 90, 60), 7.7),
    ("treated bed nets, poorest", (20, 43, 95, 80, 85), 5.6),
    ("arthroplasty, richest", (86, 83, 50, 98, 36), 12.6),
    ("arthroplasty, poorest", (86, 76, 43, 98, 28), 7.7),
]
"""Efficacy, access, diagnosis, provider compliance, consumer adherence and what comes of them [per cent]: Tugwell P,
de Savigny D, Hawker G, Robinson V. Applying clinical epidemiological methods to health equity: the equity effectiveness
loop. BMJ 2006;332:358, table 1."""


@pytest.mark.parametrize(("factors", "published"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_community_effectiveness_is_efficacy_times_the_chain(factors: tuple[float, ...], published: float) -> None:
    """Access, diagnosis, compliance, adherence are the first four steps that lose people; efficacy is the effect."""
    efficacy, access, diagnosis, provider, adherence = (factor / 100 for factor in factors)
    steps = {"need_known": diagnosis, "offered": access, "delivered": provider, "sustained": adherence}
    item = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 1 - efficacy}), now=steps)
    (effect,) = item.effects
    assert isinstance(effect, HazardEffect)
    reached = item.delivery.coverage(item.delivery.steps_now)
    assert reached == pytest.approx(product(item.delivery.steps_now), rel=1e-15)
    for share, ratio in zip(reached, effect.values, strict=True):
        assert 100 * share * (1 - ratio) == pytest.approx(published, abs=0.05)
