"""Numbers with their uncertainty and their source: nothing else may enter an intervention file.

A :class:`Quantity` says what is believed, how widely, and who says so. One without a source loads only
when it is labelled an assumption and says why. The kinds below differ in their bounds and units, so that
a percentage never passes for a fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from hisim.declare.quintiles import FiveFloats, Shares


def _printable(text: str) -> str:
    """Refuse control characters, which could rewrite a terminal or a page; line breaks may stay."""
    bad = next((char for char in text if not char.isprintable() and char not in "\n"), None)
    if bad is not None:
        raise PydanticCustomError(
            "text",
            "{found}",
            {"found": f"the control character {bad!a} in the text", "allowed": "printable text"},
        )
    return text


def _whole_number(value: object) -> object:
    """Refuse ``true`` and ``1.0`` where a version number is due; Python takes both for 1."""
    if type(value) is not int:
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


Version = Annotated[Literal[1], BeforeValidator(_whole_number)]
Text = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_printable)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\n]*$"), AfterValidator(_printable)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

Status = Literal["V", "V2", "VC", "D", "assumption"]
Shape = Literal["normal", "lognormal", "beta", "pert", "uniform"]


class Declaration(BaseModel):
    """Base of everything read from a file: frozen, strict, unknown keys refused.

    The text below a field is its description; ``schema`` puts it there, because few commands need it and looking
    for it takes longer than reading a scenario.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
    )


class FileText(str):
    """What a file of the author's own holds; a type of its own, so that no file can set it."""

    __slots__ = ()


Place = tuple[str | int, ...]


class Conflict(NamedTuple):
    """Values that are each valid but do not go together: where, what, what else, the other place, a near name."""

    place: Place
    found: str
    allowed: str
    other: Place | None = None
    nearest: str = ""


def conflict(found: str, allowed: str, *place: str | int) -> PydanticCustomError:
    """An error about fields that are each valid but do not go together; it shows at ``place`` in the declaration."""
    return conflict_error([Conflict(place, found, allowed)])


def conflict_error(conflicts: Sequence[Conflict], *, seen: bool = False) -> PydanticCustomError:
    """All ``conflicts`` of a declaration as one error; ``seen`` where the reader of files finds them by itself."""
    lines = [
        ".".join(map(str, item.place)) + ": " * bool(item.place) + f"{item.found}; allowed: {item.allowed}"
        for item in conflicts
    ]
    return PydanticCustomError("conflict", "{text}", {"text": "; ".join(lines), "each": conflicts, "seen": seen})


def apart(central: Quantity, fifths: FiveFloats | None) -> PydanticCustomError | None:
    """An error where no average of ``fifths``, however weighted, lies in the interval of the ``central`` value.

    People in need are not spread evenly over the fifths, so the plain mean may well lie outside; but not all five
    values on one side.
    """
    if fifths is None or (max(fifths) >= central.low - ROUNDING and min(fifths) <= central.high + ROUNDING):
        return None
    side = "below" if max(fifths) < central.low else "above"
    found = f"all five values {side} the interval {central.low:g} to {central.high:g}"
    return conflict(found, "five values whose average can lie in the interval", "by_quintile")


ROUNDING = 1e-9


class Quantity(Declaration):
    """One number: what is believed, how widely, and on whose word."""

    value: Finite
    """The central value."""
    low: Finite
    """Lower end of ``interval``."""
    high: Finite
    """Upper end of ``interval``; equal to ``low`` and ``value`` when the number is taken as certain."""
    interval: Title
    """What ``low`` and ``high`` are, for instance ``95% CI``."""
    distribution: Shape
    """Shape of the uncertainty between and around ``low`` and ``high``."""
    unit: Title
    """Unit of ``value``, ``low`` and ``high``."""
    source: Title | None = None
    """Key of the source in ``sources``; needed unless ``status`` is ``assumption``."""
    status: Status
    """V read in the source; V2 read in a secondary page; VC a modeller's input; D arithmetic on those; assumption."""
    note: Text | None = None
    """What a reader should know; needed when ``status`` is ``assumption``."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Quantity:
        if not self.low <= self.value <= self.high:
            raise conflict(
                f"low {self.low:g}, value {self.value:g}, high {self.high:g}", "low <= value <= high", "value"
            )
        if self.status == "assumption" and self.note is None:
            raise conflict("an assumption without a note", "a note that says why this number was assumed")
        if self.status != "assumption" and self.source is None:
            raise conflict("a number without a source", "a source key, or 'status: assumption' with a note")
        if self.distribution == "lognormal" and self.low <= 0:
            raise conflict(f"a lognormal with low {self.low:g}", "low above 0, or another distribution", "low")
        if self.distribution == "beta" and not (self.low >= 0 and self.high <= 1):
            found = f"a beta from {self.low:g} to {self.high:g}"
            raise conflict(found, "bounds from 0 to 1", "low" if self.low < 0 else "high")
        return self


class Share(Quantity):
    """A fraction from 0 to 1."""

    value: Fraction
    """The central value, from 0 to 1."""
    low: Fraction
    """Lower end of ``interval``, from 0 to 1."""
    high: Fraction
    """Upper end of ``interval``, from 0 to 1."""
    unit: Literal["fraction", "fraction per year"]
    """Unit: a fraction, never a percentage."""


class Ratio(Quantity):
    """A ratio of hazards or odds; 1 = no difference."""

    value: Positive
    """The central value; 1 = no difference."""
    low: Positive
    """Lower end of ``interval``, above 0."""
    high: Positive
    """Upper end of ``interval``, above 0."""
    unit: Literal["hazard ratio", "odds ratio", "risk ratio"]
    """Which ratio."""


class Step(Share):
    """The share of the people at one step of delivery who reach the next."""

    by_quintile: Shares | None = None
    """The same in quintiles 1 (most deprived) to 5, on the same word; left out = ``value`` in each. Not all five below
    ``low`` or above ``high``: no average of them would be the value."""

    @property
    def values(self) -> FiveFloats:
        """Central value in quintiles 1 to 5."""
        return self.by_quintile or (self.value,) * 5

    @model_validator(mode="after")
    def _fifths_around(self) -> Step:
        if error := apart(self, self.by_quintile):
            raise error
        return self


class People(Quantity):
    """A number of people."""

    value: NotNegative
    """The central value [persons a year]."""
    low: NotNegative
    """Lower end of ``interval`` [persons a year]."""
    high: NotNegative
    """Upper end of ``interval`` [persons a year]."""
    unit: Literal["persons per year"]
    """Always persons per year."""


class Years(Quantity):
    """A length of time."""

    value: NotNegative
    """The central value [years]."""
    low: NotNegative
    """Lower end of ``interval`` [years]."""
    high: NotNegative
    """Upper end of ``interval`` [years]."""
    unit: Literal["years"]
    """Always years."""


class Money(Quantity):
    """A cost in pounds sterling."""

    value: NotNegative
    """The central value [GBP]."""
    low: NotNegative
    """Lower end of ``interval`` [GBP]."""
    high: NotNegative
    """Upper end of ``interval`` [GBP]."""
    unit: Literal["GBP per person-year", "GBP per attempt", "GBP per person", "GBP per offer", "GBP per year"]
    """What one such cost buys."""
    price_year: Annotated[str, Field(pattern=r"^(19|20)\d\d(/\d\d)?$")]
    """Year of the prices, in quotes: "2009" or "2012/13"."""
