"""What a portfolio is: a budget, what is to be had for it, and which choices are to be shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hisim.declare.distribution import Declaration, conflict
from hisim.declare.target import Deliverable, Wish

AVERSE = "net_health_benefit"
"""The figure that may be weighed by fifth."""
Money = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Part = Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)]


class Budget(Declaration):
    """What may be spent beyond carrying on as now, by one of the two ways to count."""

    per_year: Money | None = None
    """Programmes cost no more than this in any year [GBP, undiscounted]; 0 = nothing may be spent."""
    total: Money | None = None
    """Programmes cost no more than this in all years together [GBP, at their worth in the first year, 3.5 % a year]."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Budget:
        given = [name for name in ("per_year", "total") if getattr(self, name) is not None]
        if len(given) != 1:
            raise conflict(" and ".join(given) or "no amount", "exactly one of per_year, total")
        return self

    @property
    def amount(self) -> float:
        """GBP, a year or in all."""
        return float(self.per_year if self.total is None else self.total)  # type: ignore[arg-type]

    @property
    def spelled(self) -> str:
        """ "a year", or "in all"."""
        return "a year" if self.total is None else "in all"


class Objective(Wish):
    """One thing of which there is to be as much as possible, or as little: the estimand's own good way."""

    weight: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | None = None
    """How much it counts beside the others, each measured in parts of the best that the budget could do for it alone;
    1 unless given. Only with ``order: weighted``."""
    inequality_aversion: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)] | None = None
    """Only for net_health_benefit in all fifths: a QALY counts more where quality-adjusted life expectancy is lower, by
    its power -e; 0 = all count alike, 10.95 = the median answer of the public in England (Robson et al 2017)."""

    @model_validator(mode="after")
    def _aversion_fits(self) -> Objective:
        if self.inequality_aversion is None:
            return self
        if self.estimand != AVERSE:
            raise conflict(f"'{self.estimand}' with inequality_aversion", f"{AVERSE} with it", "inequality_aversion")
        if self.quintile not in (None, "all"):
            raise conflict(f"one fifth ('{self.quintile}') with inequality_aversion", "all fifths", "quintile")
        return self


class Alternatives(Declaration):
    """Mixes that do nearly as well and spend the money on something else."""

    number: Annotated[int, Field(ge=0, le=9)] = 3
    """How many to look for."""
    within: Part = 0.05
    """Part of the best objective that an alternative may lose."""


class Frontier(Declaration):
    """What other budgets would buy."""

    budgets: Annotated[tuple[Money, ...], Field(strict=False, min_length=1, max_length=24)]
    """Budgets [GBP], counted as ``budget`` is."""


class Portfolio(Deliverable):
    """What a budget buys at best, and what else it could buy."""

    budget: Budget
    """What may be spent."""
    objective: Annotated[tuple[Objective, ...], Field(strict=False, min_length=1, max_length=10)]
    """What there is to be most of."""
    order: Literal["weighted", "lexicographic"] = "weighted"
    """``weighted``: the sum of the objectives by their weights; ``lexicographic``: the first as good as possible, then
    the second with the first kept, and so on."""
    keep_within: Part | None = None
    """Part of its best that an earlier objective may lose to a later one; 0.01 unless given. Only with
    ``order: lexicographic``."""
    alternatives: Alternatives = Field(default_factory=Alternatives)
    """Other mixes nearly as good."""
    frontier: Frontier | None = None
    """Which other budgets to look at; an eighth of the budget, two eighths and so on unless given."""

    @model_validator(mode="after")
    def _order_fits(self) -> Portfolio:
        if self.order == "weighted" and self.keep_within is not None:
            raise conflict("keep_within with order 'weighted'", "keep_within with order 'lexicographic'", "keep_within")
        for index, one in enumerate(self.objective if self.order == "lexicographic" else ()):
            if one.weight is not None:
                found = "a weight with order 'lexicographic'"
                raise conflict(found, "weights with order 'weighted'", "objective", index, "weight")
        return self


def objectives_of(portfolio: Portfolio) -> dict[str, Objective]:
    """Its objectives by a key of their own."""
    return {f"objective{number}": one for number, one in enumerate(portfolio.objective, start=1)}
