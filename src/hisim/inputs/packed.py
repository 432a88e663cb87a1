"""Arrays and what is said of them as bytes, and back: numbers and text only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def packed(arrays: Mapping[str, np.ndarray], attributes: Mapping[str, object]) -> bytes:
    """One line of JSON that says what there is, then the numbers."""
    shapes = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    head = json.dumps({"attributes": attributes, "arrays": shapes})
    return b"".join([head.encode(), b"\n", *(array.tobytes() for array in arrays.values())])


def unpacked(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What :func:`packed` was given; the arrays may be written to."""
    start = content.index(b"\n") + 1
    head = json.loads(content[:start])
    room, arrays = bytearray(memoryview(content)[start:]), {}
    place = 0
    for name, kind, shape in head["arrays"]:
        array = np.frombuffer(room, kind, int(np.prod(shape)), place).reshape(shape)
        arrays[name], place = array, place + array.nbytes
    return arrays, head["attributes"]
