"""Five values for the five fifths, from one number or from a map with the keys 1 to 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

QUINTILES = (1, 2, 3, 4, 5)
ONE_OR_FIVE = "one number, or all five quintiles"


def _by_quintile(value: Any) -> Any:
    if isinstance(value, Mapping):
        unknown = [key for key in value if type(key) is not int or key not in QUINTILES]
        missing = [quintile for quintile in QUINTILES if quintile not in value]
        if unknown or missing:
            raise PydanticCustomError("quintiles", "quintiles 1 to 5", {"unknown": unknown, "missing": missing})
        return tuple(value[quintile] for quintile in QUINTILES)
    if isinstance(value, list):
        raise PydanticCustomError("quintile_list", "{found}", {"found": "a list", "allowed": ONE_OR_FIVE})
    return value if isinstance(value, tuple) else (value,) * len(QUINTILES)


def _schema(low: float, high: float) -> WithJsonSchema:
    number = {"type": "number", "minimum": low, "maximum": high}
    keys = [str(quintile) for quintile in QUINTILES]
    each = {"type": "object", "properties": {key: number for key in keys}, "required": keys}
    return WithJsonSchema({"anyOf": [number, {**each, "additionalProperties": False}]})


def _five(low: float, high: float) -> Any:
    number = Annotated[float, Field(ge=low, le=high, allow_inf_nan=False)]
    return Annotated[tuple[number, number, number, number, number], BeforeValidator(_by_quintile), _schema(low, high)]


FiveFloats = tuple[float, float, float, float, float]
if TYPE_CHECKING:
    Times = FiveFloats
    Shares = FiveFloats
    Additions = FiveFloats
    Changes = FiveFloats
    Ratios = FiveFloats
else:
    Times, Shares, Additions = _five(0, 10), _five(0, 1), _five(-1, 1)
    Changes, Ratios = _five(-1000, 1000), _five(0.001, 1000)
