"""Common random numbers: every uniform is a pure function of who, when and what for.

The generator is Philox4x32-10 [1]_, counter-based: four 32-bit words from a 128-bit counter and a
64-bit key. The key is the seed; the counter is (person, cohort, year and block of events, draw). No
generator object travels, so scenarios differ only through their interventions, and nothing depends on
threads, chunks or the order of work.

References
----------
.. [1] Salmon, Moraes, Dror, Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. SC'11.
   doi:10.1145/2063384.2063405. Its published test vectors are in ``tests/unit/model/test_random.py``.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hisim.accelerate import compiled
from hisim.variables import CONDITIONS, REGISTERS

Words = NDArray[Any]

LIFELONG = (
    "sbp", "cholesterol", "bmi", "smoking",
    "diabetes", "chd", "stroke_history", "years_since_quit",
    "atrial_fibrillation", "heart_failure", "copd", "alcohol",
    "drinks", "unemployed", "income_deprived", "fuel_poor",
    "overcrowded", "smoked_in_pregnancy", "hypertension_known", "diabetes_known",
    "atrial_fibrillation_known", "copd_known", "uptake",
)  # fmt: skip
"""The uniforms a person keeps for life, in their order: four to a block of the generator; new ones go last."""
LIFELONG_BLOCKS = -(-len(LIFELONG) // 4)
LIFELONG_ROWS = 4 * LIFELONG_BLOCKS
SMOKING = LIFELONG.index("smoking")
YEARS_SINCE_QUIT = LIFELONG.index("years_since_quit")
ALCOHOL = LIFELONG.index("alcohol")
DRINKS = LIFELONG.index("drinks")
UPTAKE = LIFELONG.index("uptake")
CONDITION_EVENTS = np.array([-1 if name not in LIFELONG else LIFELONG.index(name) for name in CONDITIONS])
"""Which lifelong uniform each condition goes by; -1 = one drawn every year."""
REGISTER_EVENTS = np.array([LIFELONG.index(f"{name}_known") for name in REGISTERS])
"""Which lifelong uniform decides whether a condition is diagnosed."""
_FIRST_SLOT_BLOCK = 64


def slot_block(name: str) -> int:
    """The block of the uniforms of a drug or service, from its name: the same whatever else the library holds."""
    return _FIRST_SLOT_BLOCK + crc32(name.encode()) % (2**16 - _FIRST_SLOT_BLOCK)


YEARLY = ("smoking_change", "death", "cause", "event")
"""The uniforms drawn afresh each year. Each has a block of its own, one call of which serves four years."""
YEARLY_BLOCK = 16
"""The block of the first of them; the others follow."""
YEARS_TOGETHER = 4
SMOKING_CHANGE, DEATH, CAUSE, EVENT = range(4)

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_U = tuple(np.uint64(k) for k in range(10))
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_STEP = np.float32(2.0**-23)
_HALF = np.float32(2.0**-24)


@compiled
def _round(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    product0 = _M0 * c0
    product1 = _M1 * c2
    return (product1 >> _SHIFT) ^ c1 ^ k0, product1 & _LOW, (product0 >> _SHIFT) ^ c3 ^ k1, product0 & _LOW


@compiled
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64, words: Words
) -> None:
    """Fill ``words`` (4, people) uint32; person i has the counter (c0 + i, c1, c2, c3) and the key (k0, k1).

    Counter and key are 32-bit numbers held in ``uint64``. The ten rounds are written out, not looped,
    because an inner loop keeps people from becoming lanes.
    """
    words0, words1, words2, words3 = words[0], words[1], words[2], words[3]
    for i in range(words0.size):
        a, b, c, d = c0 + np.uint64(i), c1, c2, c3
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[0] & _LOW, k1 + _W1 * _U[0] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[1] & _LOW, k1 + _W1 * _U[1] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[2] & _LOW, k1 + _W1 * _U[2] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[3] & _LOW, k1 + _W1 * _U[3] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[4] & _LOW, k1 + _W1 * _U[4] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[5] & _LOW, k1 + _W1 * _U[5] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[6] & _LOW, k1 + _W1 * _U[6] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[7] & _LOW, k1 + _W1 * _U[7] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[8] & _LOW, k1 + _W1 * _U[8] & _LOW)
        a, b, c, d = _round(a, b, c, d, k0 + _W0 * _U[9] & _LOW, k1 + _W1 * _U[9] & _LOW)
        words0[i] = np.uint32(a)
        words1[i] = np.uint32(b)
        words2[i] = np.uint32(c)
        words3[i] = np.uint32(d)


@compiled
def fill_uniforms(
    first: int, cohort: int, year: int, block: int, draw: int, seed: int, words: Words, out: Words
) -> None:
    """Fill ``out`` (4, people) float32 with uniforms strictly inside (0, 1), on a grid of 2**-23.

    ``first`` is the index of the first person, so that a block of people can be filled alone; ``words``
    (4, people) uint32 is scratch.
    """
    key = np.uint64(seed)
    moment = np.uint64(year) + (np.uint64(block) << np.uint64(16))
    philox(np.uint64(first), np.uint64(cohort), moment, np.uint64(draw), key & _LOW, key >> _SHIFT, words)
    for k in range(4):
        word, row = words[k], out[k]
        for i in range(row.size):
            row[i] = np.float32(np.int32(word[i] >> np.uint32(9))) * _STEP + _HALF


def cohort_number(quintile: int, sex: int, birth_year: int) -> int:
    """A number of its own for every cohort: quintile 1..5, sex index 0..1, birth year."""
    return birth_year * 10 + (quintile - 1) * 2 + sex
