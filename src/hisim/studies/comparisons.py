"""Which published results hisim is set beside, and how its own figure for each is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import xarray as xr

from hisim.outcomes.bands import banded
from hisim.studies import figures
from hisim.studies.figures import Of, Where, averted, deaths_of, over, times
from hisim.studies.situations import TRIAL_AGES
from hisim.variables import COMPARATOR, QUINTILES

Kind = Literal["compared", "no interval", "by construction", "by calibration", "not comparable"]
"""``no interval``: neither side has one, so that the difference is all there is to say. ``by construction``: an
action's own numbers were worked out from the result. ``by calibration``: the model's deaths are those observed."""
Window = Literal["past", "ahead", "observed"]
FALL = 38_000
"""Fewer deaths from coronary heart disease in 2007 than at the rates of 2000: what the published shares are of."""
DRUGS = partial(averted, worse="pressure-drugs-2000", better="pressure-drugs-2007")
STATINS = partial(averted, worse="statins-2000", better="statins-2007")
PRESSURE = partial(averted, worse="pressure-of-2000", better=COMPARATOR)
FAT = partial(averted, worse="cholesterol-of-2000", better=COMPARATOR)
IN_2007 = (2007, 2007)
SINCE_2003 = (2003, 2018)
UNEQUAL = (
    None, "ihd", "stroke", "lung_cancer", "copd", "liver_disease", "unintentional_injury", "intentional_injury",
)  # fmt: skip
"""Causes of premature death whose inequality was published; None for all together."""
ENGLAND_OF_KINGDOM = 0.84
"""England's share of the people of the United Kingdom in 2011."""
TEN_YEARS = (2016, 2025)
"""Ten years from the first in which everyone due a Health Check has been called once."""


@dataclass(frozen=True)
class Figure:
    """How hisim's figure for one published result is made."""

    key: str
    """Key of the published result."""
    window: Window
    of: Of | None
    """None where hisim has no such figure."""
    years: tuple[int, int] = (0, 9999)
    scenarios: tuple[str, ...] = ()
    kind: Kind = "compared"
    unit: str = ""
    """Where it differs from the published result's."""
    chance: bool = True
    """Whether it comes from counts by batch of simulated people, and so has a Monte Carlo error."""


def _past() -> Iterator[Figure]:
    heart: Where = {"cause": "ihd"}
    for key, pair in (
        ("pressure-drugs", DRUGS), ("pressure-population", PRESSURE), ("statins", STATINS),
        ("cholesterol-population", FAT),
    ):  # fmt: skip
        names = tuple(name for name in pair.keywords.values() if name != COMPARATOR)
        yield Figure(key, "past", partial(pair, where=heart), IN_2007, names)
        if key.startswith("pressure"):
            most, least = (partial(pair, where={**heart, "quintile": q}) for q in (1, 5))
            yield Figure(f"{key}-ratio", "past", partial(over, above=most, below=least), IN_2007, names, "no interval")
        if key == "pressure-population":
            whole = partial(pair, where=heart)
            yield Figure(f"{key}-share", "past", partial(times, of=whole, factor=100 / FALL), IN_2007, names)
    per_point = partial(
        over, above=partial(averted, better="fewer-smokers", where=heart),
        below=partial(figures.points, scenario="fewer-smokers"),
    )  # fmt: skip
    for key in ("smoking-share", "smoking-1981-2000"):
        yield Figure(
            key, "past", per_point, IN_2007, ("fewer-smokers",), "not comparable", "deaths a percentage point", False
        )


def _checks() -> Iterator[Figure]:
    for key, where in (("plan", {}), ("actual", {"under": 80})):
        whole = partial(averted, better=f"checks-{key}", where=where)
        yield Figure(f"checks-{key}", "ahead", partial(times, of=whole, factor=0.1), TEN_YEARS, (f"checks-{key}",))
    yield Figure("checks-events", "ahead", None, kind="not comparable")
    yield Figure(
        "checks-universal", "ahead", partial(averted, better="checks-universal"), (2016, 2030), ("checks-universal",)
    )


def _bowel() -> Iterator[Figure]:
    cancer: Where = {"cause": "colorectal_cancer"}
    trial = partial(figures.per_offered, scenario="bowel-trial", ages=TRIAL_AGES, where=cancer)
    yield Figure("bowel-trials", "ahead", trial, (2011, 2020), ("bowel-trial",))
    whole = partial(averted, better="bowel-uk", where=cancer)
    kingdom = partial(times, of=whole, factor=0.1 / ENGLAND_OF_KINGDOM)
    yield Figure("bowel-uk", "ahead", kingdom, (2021, 2030), ("bowel-uk",))


def _policies() -> Iterator[Figure]:
    yield Figure("minimum-price", "ahead", partial(averted, better="minimum-price"), (2020, 2020), ("minimum-price",))
    vascular: Where = {"cause": ("ihd", "stroke")}
    everyone = partial(averted, better="salt", where=vascular)
    for quintile in QUINTILES:
        one = partial(averted, better="salt", where={**vascular, "quintile": quintile})
        share = partial(over, above=one, below=everyone, factor=100)
        yield Figure(f"salt-{quintile}", "ahead", share, (2016, 2030), ("salt",), "no interval")
    yield from _trans_fat()
    yield Figure(
        "tobacco-all", "ahead", partial(figures.smoking_fall, scenario="tobacco"), (2025, 2025), ("tobacco",),
        "by construction", chance=False,
    )  # fmt: skip
    for quintile in QUINTILES:
        fall = partial(figures.smoking_fall, scenario="tobacco", where={"quintile": quintile})
        yield Figure(f"tobacco-{quintile}", "ahead", fall, (2025, 2025), ("tobacco",), "by construction", chance=False)
    for name, sex in (("men", "Male"), ("women", "Female")):
        for quintile in (1, 5):
            level = partial(figures.smoking, where={"sex": sex, "quintile": quintile})
            yield Figure(f"smokers-{name}-{quintile}", "ahead", level, (2012, 2012), (), "no interval", chance=False)


def _trans_fat() -> Iterator[Figure]:
    heart: Where = {"cause": "ihd"}
    years, names = (2015, 2020), ("trans-fat",)
    whole = partial(averted, better="trans-fat", where=heart)
    yield Figure("trans-fat", "ahead", whole, years, names, "by construction")
    share = partial(over, above=whole, below=partial(deaths_of, where=heart), factor=100)
    yield Figure("trans-fat-share", "ahead", share, years, names, "by construction")
    most, least = (partial(averted, better="trans-fat", where={**heart, "quintile": q}) for q in (1, 5))
    yield Figure("trans-fat-gap", "ahead", partial(figures.less, of=most, other=least), years, names, "by construction")


def _inequality() -> Iterator[Figure]:
    for cause in UNEQUAL:
        share = partial(figures.attributable, cause=cause)
        yield Figure(f"unequal-{cause or 'all'}", "observed", share, SINCE_2003, kind="by calibration")


def _income() -> Iterator[Figure]:
    young: Where = {"under": 75}
    fewer = partial(
        over, above=partial(averted, better="income", where=young), below=partial(deaths_of, where=young), factor=100
    )
    yield Figure("income-deaths", "ahead", fewer, (2016, 2016), ("income",), "no interval")
    yield Figure("income-rii", "ahead", None, kind="not comparable")


def _treated() -> Iterator[Figure]:
    for key, name, item, length in (
        ("treat-statins", "statins-after", "statins-cvd-history", 5),
        ("treat-pressure", "antihypertensives", "antihypertensives", 4),
    ):  # fmt: skip
        people = partial(figures.served, scenario=name, item=item)
        needed = partial(over, above=people, below=partial(averted, better=name))
        yield Figure(key, "ahead", needed, (2012, 2011 + length), (name,))
    name = "stop-smoking-services"
    dates = partial(figures.served, scenario=name, item=name)
    needed = partial(over, above=dates, below=partial(averted, better=name), factor=9)
    yield Figure("treat-smoking", "ahead", needed, (2012, 2020), (name,))
    yield Figure(
        "cost-three", "ahead", partial(figures.cost, scenario="three-actions"), (2012, 2012), ("three-actions",),
        "no interval", chance=False,
    )  # fmt: skip


def _observed() -> Iterator[Figure]:
    years: tuple[int, int] = (2008, 2010)
    for name, sex in (("men", "Male"), ("women", "Female")):
        life = partial(figures.level, name="life_expectancy_0", sex=sex)
        yield Figure(f"life-{name}", "observed", life, years, kind="by calibration")
        gap = partial(figures.level, name="life_expectancy_0_sii", sex=sex, quintile=None)
        yield Figure(f"life-gap-{name}", "observed", gap, (2009, 2011), kind="by calibration")
    for name in ("circulatory", "cancer"):
        rate = partial(figures.level, name=f"under_75_{name}_rate_esp1976", sex="Persons")
        yield Figure(f"{name}-75", "observed", rate, years, kind="by calibration")
    fall = partial(figures.yearly_fall, cause="ihd")
    yield Figure("coronary-decline", "observed", fall, (2002, 2007), kind="by calibration")


FIGURES = (*_past(), *_checks(), *_bowel(), *_policies(), *_inequality(), *_income(), *_treated(), *_observed())


def _past_facts(projection: xr.Dataset) -> dict[str, float]:
    """Coronary deaths of 2007, and the log of how much more of them a rise to the levels of 2000 makes."""
    raw = projection.sel(year=slice(*IN_2007))
    data = banded(raw)
    heart: Where = {"cause": "ihd"}
    died = float(deaths_of(data, raw, where=heart).squeeze())
    return {"coronary_2007": died} | {
        f"{name}_risk": math.log1p(float(pair(data, raw, where=heart).squeeze()) / died)
        for name, pair in (("pressure", PRESSURE), ("cholesterol", FAT))
    }


def _ahead_facts(projection: xr.Dataset) -> dict[str, float]:
    """Shares of the three actions' deaths postponed by 2015, and coronary deaths of 2015 to 2020."""
    raw = projection.sel(year=slice(2011, 2015))
    data = banded(raw)
    whole, most = (
        float(averted(data, raw, better="three-actions", where=where).squeeze()) for where in ({}, {"quintile": 1})
    )
    later = banded(projection.sel(year=slice(2015, 2020)))
    coronary = float(deaths_of(later, raw, where={"cause": "ihd"}).squeeze())
    return {"three_most": 100 * most / whole, "coronary_2015_20": coronary, "bowel_after_75": _after_75(projection)}


def _after_75(projection: xr.Dataset) -> float:
    """Share of deaths from bowel cancer, 2021 to 2030, at ages that screening has left [%]."""
    raw = projection.sel(year=slice(2021, 2030))
    data, cancer = banded(raw), {"cause": "colorectal_cancer"}
    whole, young = (float(deaths_of(data, raw, where=where).squeeze()) for where in (cancer, {**cancer, "under": 75}))
    return 100 * (1 - young / whole)


def _observed_facts(projection: xr.Dataset) -> dict[str, float]:
    """Premature deaths, and the share attributable to inequality at the rates of the least deprived tenth [%]."""
    raw = projection.sel(year=slice(*SINCE_2003))
    data = banded(raw)
    found = {}
    for cause in UNEQUAL:
        where = {"under": 75} | ({} if cause is None else {"cause": cause})
        found[f"dead_{cause or 'all'}"] = float(deaths_of(data, raw, where=where).squeeze())
        found[f"tenth_{cause or 'all'}"] = float(figures.attributable(data, raw, cause=cause, tenth=True).squeeze())
    return found


FACTS: dict[Window, Callable[[xr.Dataset], dict[str, float]]] = {
    "past": _past_facts,
    "ahead": _ahead_facts,
    "observed": _observed_facts,
}
"""Figures of the central runs for the words beside the results."""
