"""The generator is the published one, and its uniforms are keyed on who, when and what for."""

from __future__ import annotations

import numpy as np
import pytest

from hisim.declare.files import load_library
from hisim.model import random
from hisim.model.random import LIFELONG, YEARLY, cohort_number, fill_uniforms, philox, slot_block
from hisim.model.slot_plan import slots_of
from hisim.model.twin import uniforms
from hisim.variables import CONDITIONS, REGISTERS

# Published with Salmon et al. (2011), Random123 1.x, file kat_vectors, philox4x32 with 10 rounds.
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_philox_gives_the_published_words(counter, key, expected):
    words = np.zeros((4, 1), np.uint32)
    philox(*(np.uint64(value) for value in (*counter, *key)), words)
    assert tuple(int(word) for word in words[:, 0]) == expected


def draw(people=1000, first=0, cohort=19501, year=2011, block=16, draw=0, seed=2011):
    out, words = np.zeros((4, people), np.float32), np.zeros((4, people), np.uint32)
    fill_uniforms(first, cohort, year, block, draw, seed, words, out)
    return out


def test_uniforms_lie_strictly_inside_and_spread_evenly():
    u = draw(200_000)
    assert u.min() > 0.0
    assert u.max() < 1.0
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    expected = u.size / 100
    assert ((counts - expected) ** 2 / expected).sum() < 172.0  # chi-squared with 99 df: 1 in 100,000


def test_the_highest_word_stays_below_one():
    highest = np.float32(np.int32(np.uint32(0xFFFFFFFF) >> np.uint32(9))) * np.float32(2.0**-23) + np.float32(2.0**-24)
    assert highest < 1.0


def test_a_block_of_people_equals_its_part_of_the_whole():
    assert np.array_equal(draw(1000)[:, 400:500], draw(100, first=400))


@pytest.mark.parametrize("changed", [{"cohort": 19502}, {"year": 2012}, {"block": 2}, {"draw": 1}, {"seed": 2**40 + 1}])
def test_every_key_gives_other_numbers(changed):
    a, b = draw(5000), draw(5000, **changed)
    assert not np.any(np.all(a == b, axis=0))
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.03


def test_the_twin_draws_the_same_numbers():
    assert np.array_equal(draw(), uniforms(19501, 2011, 16, 0, 2011, range(1000)).astype(np.float32))


def test_cohorts_and_events_have_numbers_of_their_own():
    numbers = {cohort_number(q, s, b) for q in range(1, 6) for s in (0, 1) for b in range(1900, 2060)}
    assert len(numbers) == 5 * 2 * 160
    assert len(set(LIFELONG)) == len(LIFELONG) <= 4 * random.LIFELONG_BLOCKS
    assert len(set(YEARLY)) == len(YEARLY)


def test_names_lead_to_their_events():
    lifelong = {"SMOKING": "smoking", "YEARS_SINCE_QUIT": "years_since_quit", "ALCOHOL": "alcohol",
                "DRINKS": "drinks", "UPTAKE": "uptake"}  # fmt: skip
    assert {name: LIFELONG[getattr(random, name)] for name in lifelong} == lifelong
    yearly = {name.upper(): name for name in YEARLY}
    assert {name: YEARLY[getattr(random, name)] for name in yearly} == yearly
    found = [LIFELONG[event] if event >= 0 else "" for event in random.CONDITION_EVENTS]
    assert found == [name if name != "recent_tia" else "" for name in CONDITIONS]
    assert [LIFELONG[event] for event in random.REGISTER_EVENTS] == [f"{name}_known" for name in REGISTERS]


def test_every_slot_has_a_block_of_its_own():
    names = {slot.name for slot in slots_of(load_library())}
    blocks = {slot_block(name) for name in names}
    assert len(blocks) == len(names)
    yearly = range(random.YEARLY_BLOCK, random.YEARLY_BLOCK + len(YEARLY))
    assert blocks.isdisjoint({*range(random.LIFELONG_BLOCKS), *yearly})
    assert max(blocks) < 2**16
    assert slot_block("statin") == slot_block("statin") != slot_block("antihypertensive")
