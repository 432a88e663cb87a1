"""Numbers inside declarations by their dotted place: what there is, and a copy with some of them changed.

A place is written as files are: ``effects[0].change``, ``trend.damping``, ``interventions.statins.relative.1`` (an
item of a list by its id or its number; one quintile of five by 1 to 5, all five where none is named).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import exp, log
from typing import Any, TypeVar

from hisim.declare.distribution import Declaration, Quantity, Ratio, Share
from hisim.declare.intervention import ExposureEffect, HazardEffect
from hisim.declare.quintiles import FiveFloats

SomeDeclaration = TypeVar("SomeDeclaration", bound=Declaration)
STEP = re.compile(r"[^.\[\]]+")
HIDDEN = ("intervention", "file_text", "segments", "hisim", "seed", "by_quintile")
"""Fields that no place leads to: what the reader fills in, the format, and what goes with a central value."""
WITH_FIFTHS: Mapping[type[Declaration], str] = {ExposureEffect: "change", HazardEffect: "hazard_ratio"}
"""Whose ``by_quintile`` moves with which number."""


def places(declaration: Declaration, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every number in ``declaration`` by its place, in the order of the fields: quantities, and plain numbers."""
    for name, field in type(declaration).model_fields.items():
        if name in HIDDEN:
            continue
        place = f"{before}.{field.alias or name}".lstrip(".")
        yield from _places(getattr(declaration, name), place)


def _places(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Quantity) or _is_number(value):
        yield place, value
    elif isinstance(value, Declaration):
        yield from places(value, place)
    elif isinstance(value, tuple) and value and all(map(_is_number, value)):
        yield place, value
        if len(value) == 5:
            yield from ((f"{place}.{q}", one) for q, one in enumerate(value, start=1))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            name = f".{item.id}" if hasattr(item, "id") else f"[{index}]"
            yield from _places(item, place + name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def replaced(declaration: SomeDeclaration, values: Mapping[str, float]) -> SomeDeclaration:
    """A copy of ``declaration`` with the numbers at the places in ``values``; not checked again.

    A quantity's value in each quintile moves with its central value: ratios and changes in proportion, shares by the
    same difference of log odds.

    Raises
    ------
    KeyError
        Where a place leads to no number.
    """
    for place, value in values.items():
        declaration = _set(declaration, STEP.findall(place), value)
    return declaration


def _set(value: Any, steps: list[str], new: float) -> Any:
    if not steps:
        return _moved(value, new)
    step, rest = steps[0], steps[1:]
    if isinstance(value, Declaration):
        fields = {field.alias or name: name for name, field in type(value).model_fields.items()}
        name = fields.get(step, step if step in fields.values() else "")
        if not name or name in HIDDEN:
            raise KeyError(step)
        found = _set(getattr(value, name), rest, new)
        return value.model_copy(update={name: found, **_fifths(value, name, found)})
    if isinstance(value, tuple):
        index = _index(value, step)
        return (*value[:index], _set(value[index], rest, new), *value[index + 1 :])
    raise KeyError(step)


def _index(values: tuple[Any, ...], step: str) -> int:
    """Which item is meant: by id, by number from 0, or of five quintiles from 1."""
    by_id = [index for index, item in enumerate(values) if getattr(item, "id", None) == step]
    if by_id:
        return by_id[0]
    index = int(step) - (1 if values and _is_number(values[0]) else 0) if step.isdigit() else -1
    if not 0 <= index < len(values):
        raise KeyError(step)
    return index


def _moved(value: Any, new: float) -> Any:
    """What stands at the place a value was given for."""
    if isinstance(value, Quantity):
        update: dict[str, Any] = {"value": new}
        if getattr(value, "by_quintile", None) is not None:
            update["by_quintile"] = _moved_fifths(value, new, value.by_quintile)  # type: ignore[attr-defined]
        return value.model_copy(update=update)
    if isinstance(value, tuple) and value and all(map(_is_number, value)):
        return (float(new),) * len(value)
    if _is_number(value):
        return round(new) if isinstance(value, int) else float(new)
    raise KeyError("")


def _fifths(holder: Declaration, name: str, found: Any) -> dict[str, FiveFloats]:
    """The five values of ``holder`` that move with the quantity ``found`` in its field ``name``."""
    if WITH_FIFTHS.get(type(holder)) != name:
        return {}
    fifths: FiveFloats | None = getattr(holder, "by_quintile", None)
    return {} if fifths is None else {"by_quintile": _moved_fifths(getattr(holder, name), found.value, fifths)}


def _moved_fifths(before: Quantity, value: float, fifths: FiveFloats) -> FiveFloats:
    if isinstance(before, Ratio):
        a, b, c, d, e = (one * value / before.value for one in fifths)
    elif isinstance(before, Share):
        a, b, c, d, e = (_same_odds(one, before.value, value) for one in fifths)
    elif before.value:
        a, b, c, d, e = (one * value / before.value for one in fifths)
    else:
        a, b, c, d, e = (one + value for one in fifths)
    return (a, b, c, d, e)


def _same_odds(share: float, before: float, after: float) -> float:
    """A share whose odds change as those of ``before`` when that becomes ``after``; 0 and 1 stay."""
    if not (0 < share < 1 and 0 < before < 1):
        return min(1.0, max(0.0, share + after - before))
    if not 0 < after < 1:
        return min(1.0, max(0.0, after))
    odds = log(share / (1 - share)) + log(after / (1 - after)) - log(before / (1 - before))
    return 1.0 / (1.0 + exp(-odds))
