"""Quality-adjusted years, what they cost, and who gains once the cost has displaced other care.

Gross and net benefit stand side by side here. **Gross** is the quality-adjusted life years (QALYs) that a scenario
gains. Its cost comes out of a budget that would have bought QALYs elsewhere, and the loss of those falls on the
fifths unevenly: **net** is gross minus each fifth's part of that loss (distributional cost-effectiveness [5]_).

What is counted ends with the last projected year: QALYs that people saved would live afterwards, and their care, are
left out on both sides. QALYs come from time lived at the utility of the general population of the fifth and age; a
better life for those who would have lived anyway is not counted.

Projections are as :data:`hisim.variables.PROJECTION` declares them; ``values`` holds ``utility`` and ``nhs_cost`` as
:data:`hisim.variables.INPUTS` does. In results, ``quintile`` is "1".."5" and "all" (England): select, never sum.

References
----------
.. [1] National Institute for Health and Clinical Excellence (2008). Guide to the methods of technology appraisal.
   London: NICE. Again in the edition of 2013 (PMG9), sections 5.5 and 5.6: 3.5 % a year for costs and for health.
.. [2] HM Treasury (2003, revised 2011). The Green Book: appraisal and evaluation in central government. London: TSO.
.. [3] Claxton K, Martin S, Soares M, Rice N, Spackman E, Hinde S, Devlin N, Smith PC, Sculpher M (2015). Methods for
   the estimation of the National Institute for Health and Care Excellence cost-effectiveness threshold. Health
   Technology Assessment 19(14). doi:10.3310/hta19140
.. [4] Love-Koh J, Cookson R, Claxton K, Griffin S (2020). Estimating social variation in the health effects of
   changes in health care expenditure. Medical Decision Making 40: 170-182. doi:10.1177/0272989X20904360
.. [5] Asaria M, Griffin S, Cookson R (2016). Distributional cost-effectiveness analysis: a tutorial. Medical Decision
   Making 36: 8-19. doi:10.1177/0272989X15583266
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes import mortality
from hisim.outcomes.bands import (
    ALL_CAUSES,
    ENGLAND,
    FIFTHS,
    PERSONS,
    QUINTILE_LABELS,
    add_total,
    banded,
    of_comparator,
    require,
    with_totals,
)
from hisim.outcomes.withheld import FIFTHS_OF_AREA
from hisim.outcomes.worth import (
    DISCOUNT,
    check_rate,
    discount_factors,
    discounted,
    nhs_spend,
    programme_cost,
    qalys,
    yearly,
)
from hisim.variables import COMPARATOR, INPUTS, PROJECTION

OPPORTUNITY_COST = 12_936.0
"""GBP that the National Health Service spends to gain one QALY: central estimate of Claxton et al [3]_, from
spending in 2008, at its prices, and mortality from 2008 to 2010. What a QALY that new spending displaces had cost."""
NICE_THRESHOLD = 20_000.0
"""GBP per QALY: lower end of the range within which NICE recommends [1]_. A rule of decision, not an estimate of what
spending displaces; the usual alternative to :data:`OPPORTUNITY_COST`."""
OPPORTUNITY_SHARES = (0.26, 0.22, 0.22, 0.16, 0.14)
"""Part of the health lost to displaced spending that each fifth bears, most deprived first [4]_."""
ROUNDING = 1e-9
"""Deaths averted below this part of the comparator's deaths are what is left of rounding, not a benefit."""
AGE_GROUPS = {"under 1": 0, "1-64": 1, "65-74": 65, "75 and over": 75}
"""Broad ages, each from its first year of age to the next group's; together they are everybody."""
ALL_AGES = "all ages"
VERDICTS = ("no change", "gains at a cost", "dominant", "dominated", "saves at a loss")
"""Where a scenario lies against the comparator: nothing differs; more QALYs for more money; no fewer QALYs for no
more money; no more QALYs for no less money; fewer QALYs for less money."""


def cost_effectiveness(
    projection: xr.Dataset,
    values: xr.Dataset,
    *,
    discount: float = DISCOUNT,
    discount_health: float | None = None,
    opportunity_cost_gbp_per_qaly: float = OPPORTUNITY_COST,
    opportunity_shares: Sequence[float] = OPPORTUNITY_SHARES,
) -> xr.Dataset:
    """Gross and net benefit of every scenario against the comparator, over all projected years together.

    Parameters
    ----------
    projection, values : as :func:`qalys`, :func:`nhs_spend` and :func:`programme_cost` need them.
    discount : rate per year of costs, and of health unless ``discount_health`` says otherwise.
    opportunity_cost_gbp_per_qaly : GBP of spending that displaces one QALY; :data:`OPPORTUNITY_COST` [3]_ by
        default, :data:`NICE_THRESHOLD` as the alternative. Prices are not brought to one year: give a figure at the
        prices of the costs where that matters.
    opportunity_shares : part of the displaced QALYs that each fifth bears, most deprived first; they add up to 1.

    Returns
    -------
    xr.Dataset
        By scenario (without the comparator), draw and quintile: ``qalys_gained`` [QALYs] (gross);
        ``programme_cost``, ``nhs_spend_change`` (care in added years of life) and their sum ``total_cost`` [GBP];
        ``cost_per_qaly`` of the total and ``programme_cost_per_qaly`` of the programme alone [GBP per QALY], withheld
        (NaN) where no QALYs are gained; ``verdict``, one of :data:`VERDICTS`; ``qalys_displaced`` [QALYs], the part
        that the fifth bears of England's total cost over the opportunity cost; and ``net_health_benefit`` [QALYs],
        ``qalys_gained`` minus ``qalys_displaced``. A negative cost per QALY is dominance: its size orders nothing.

    Raises
    ------
    ImpossibleModelError
        As :func:`qalys`; for an opportunity cost that is not above 0, or shares that are not five or do not add to 1.
    """
    return effects_of(
        yearly(projection, values),
        discount=discount,
        discount_health=discount_health,
        opportunity_cost_gbp_per_qaly=opportunity_cost_gbp_per_qaly,
        opportunity_shares=opportunity_shares,
    )


def effects_of(
    years: xr.Dataset,
    *,
    discount: float = DISCOUNT,
    discount_health: float | None = None,
    opportunity_cost_gbp_per_qaly: float = OPPORTUNITY_COST,
    opportunity_shares: Sequence[float] = OPPORTUNITY_SHARES,
) -> xr.Dataset:
    """As :func:`cost_effectiveness`, from what :func:`yearly` gave."""
    shares = _of_area(_shares(opportunity_shares), years)
    health = discount if discount_health is None else discount_health
    check_rate("discount", discount)
    check_rate("discount_health", health)
    if not (np.isfinite(opportunity_cost_gbp_per_qaly) and opportunity_cost_gbp_per_qaly > 0):
        found = f"{opportunity_cost_gbp_per_qaly:g}"
        raise ImpossibleModelError(f"opportunity_cost_gbp_per_qaly: found {found}; allowed: above 0")
    gained = _change(discounted(years["qalys"], health))
    programme = _change(discounted(years["programme_cost"], discount))
    spend = _change(discounted(years["nhs_spend"], discount))
    total = programme + spend
    displaced = (total.sel(quintile=ENGLAND, drop=True) / opportunity_cost_gbp_per_qaly * shares).transpose(*total.dims)
    result = xr.Dataset(
        {
            "qalys_gained": gained.assign_attrs(units="QALYs", long_name="QALYs gained, gross"),
            "programme_cost": programme.assign_attrs(units="GBP", long_name="Cost of the scenario's programmes"),
            "nhs_spend_change": spend.assign_attrs(units="GBP", long_name="Other care in added years of life"),
            "total_cost": total.assign_attrs(units="GBP", long_name="Programmes and other care together"),
            "cost_per_qaly": _per_qaly(total, gained, "Total cost per QALY gained"),
            "programme_cost_per_qaly": _per_qaly(programme, gained, "Programme cost per QALY gained"),
            "verdict": _verdict(gained, total),
            "qalys_displaced": displaced.assign_attrs(units="QALYs", long_name="QALYs lost to displaced spending"),
            "net_health_benefit": (gained - displaced).assign_attrs(
                units="QALYs", long_name="Net health benefit: QALYs gained minus QALYs displaced"
            ),
        }
    )
    return result.assign_attrs(
        discount=discount,
        discount_health=health,
        opportunity_cost_gbp_per_qaly=opportunity_cost_gbp_per_qaly,
        opportunity_shares=", ".join(f"{share:g}" for share in shares.values[:-1]),
    )


def qalys_gained_by_age(projection: xr.Dataset, values: xr.Dataset, discount: float = DISCOUNT) -> xr.DataArray:
    """QALYs that every scenario gains over all years together, by the age at which they are lived.

    Parameters
    ----------
    projection, values, discount : as :func:`qalys`.

    Returns
    -------
    (scenario, draw, age_group, quintile) [QALYs], scenarios without the comparator; ``age_group`` is
    :data:`AGE_GROUPS` and "all ages", their sum, which is ``qalys_gained`` of :func:`cost_effectiveness`.

    Raises
    ------
    ImpossibleModelError
        As :func:`qalys`.
    """
    require(projection, PROJECTION, "person_years")
    require(values, INPUTS, "utility")
    weights = values["utility"] * discount_factors(projection["year"], discount)
    more = _change(projection["person_years"].sum("sex", skipna=False) * weights)
    more = more.transpose("scenario", "draw", "age", "quintile")
    parts = np.add.reduceat(more.values, list(AGE_GROUPS.values()), axis=2)
    coords = {name: more[name].values for name in ("scenario", "draw", "quintile")} | {"age_group": list(AGE_GROUPS)}
    grouped = xr.DataArray(parts, coords, ("scenario", "draw", "age_group", "quintile"))
    gained = add_total(add_total(grouped, "quintile", QUINTILE_LABELS), "age_group", (*AGE_GROUPS, ALL_AGES))
    return gained.assign_attrs(units="QALYs", long_name="QALYs gained, gross, by the age at which they are lived")


def needed_to_cover(projection: xr.Dataset) -> xr.DataArray:
    """Person-years of cover beyond the comparator for each death postponed, from the first year to each year's end.

    Both are cumulative: one year's cover over many years' deaths would flatter. In a scenario that does several
    things, a person served by two of them counts twice, once for each service.

    Parameters
    ----------
    projection : with ``covered`` (scenario, draw, intervention, year, quintile, sex, age) [persons served in the
        year], ``deaths`` and ``person_years``.

    Returns
    -------
    (scenario, draw, year, quintile) [person-years of cover per death], scenarios without the comparator. NaN where
    no deaths are averted, or fewer are covered than in the comparator.

    Raises
    ------
    ImpossibleModelError
        As :func:`qalys`.
    """
    require(projection, PROJECTION, "covered", "deaths", "person_years")
    others = [name for name in projection["scenario"].values.tolist() if name != COMPARATOR]
    everyone = {"sex": PERSONS, "cause_group": ALL_CAUSES}
    data = with_totals(banded(projection[["deaths", "person_years"]]))
    averted = mortality.deaths_averted_cumulative(data).sel(everyone, drop=True).sel(scenario=others)
    floor = of_comparator(mortality.deaths(data)).sel(everyone, drop=True).cumsum("year") * ROUNDING
    served = projection["covered"].sel(scenario=others).sum(["intervention", "sex", "age"], skipna=False)
    covered = add_total(served.transpose(*averted.dims), "quintile", QUINTILE_LABELS).cumsum("year", skipna=False)
    needed = (covered / averted).where((averted > floor) & (covered >= 0)).transpose(*averted.dims)
    return needed.rename("needed_to_cover").assign_attrs(
        units="person-years of cover per death", long_name="Cover needed to postpone one death"
    )


def _change(values: xr.DataArray) -> xr.DataArray:
    """Scenario minus comparator over all years, for every scenario but the comparator."""
    total = values.sum("year", skipna=False)
    change = total - of_comparator(total)
    return change.sel(scenario=[name for name in change["scenario"].values.tolist() if name != COMPARATOR])


def _per_qaly(cost: xr.DataArray, gained: xr.DataArray, title: str) -> xr.DataArray:
    ratio = cost / gained.where(gained > 0)
    withheld = "not-a-number where no QALYs are gained"
    return ratio.assign_attrs(units="GBP per QALY", long_name=title, withheld=withheld)


def _verdict(gained: xr.DataArray, cost: xr.DataArray) -> xr.DataArray:
    health, money = gained.values, cost.values
    place = np.select(
        [
            (health == 0) & (money == 0),
            (health > 0) & (money > 0),
            (health >= 0) & (money <= 0),
            (health <= 0) & (money >= 0),
        ],
        VERDICTS[:4],
        default=VERDICTS[4],
    )
    verdict = gained.copy(data=place)
    return verdict.drop_attrs().assign_attrs(long_name="QALYs gained and total cost against the comparator")


def _of_area(shares: xr.DataArray, years: xr.Dataset) -> xr.DataArray:
    """The parts that fifths of an area bear: those of England's fifths, which are equal, for so many people each."""
    if FIFTHS_OF_AREA not in years.attrs:
        return shares
    people = np.array([*json.loads(str(years.attrs[FIFTHS_OF_AREA])), 0.0])
    own = shares.values * people
    return shares.copy(data=[*(own[:-1] / own.sum()), 1.0])


def _shares(shares: Sequence[float]) -> xr.DataArray:
    values = np.asarray(shares, dtype=float)
    if values.shape != (len(FIFTHS),) or not (values >= 0).all() or abs(values.sum() - 1.0) > ROUNDING:
        found = ", ".join(f"{share:g}" for share in shares)
        raise ImpossibleModelError(f"opportunity_shares: found {found}; allowed: five parts, 0 or more, that add to 1")
    return xr.DataArray([*values, 1.0], {"quintile": list(QUINTILE_LABELS)}, "quintile")


__all__ = [
    "DISCOUNT", "cost_effectiveness", "discount_factors", "effects_of", "needed_to_cover", "nhs_spend",
    "programme_cost", "qalys", "qalys_gained_by_age", "yearly",
]  # fmt: skip
