"""The situations of published studies as scenarios: who gets what in which years, from surveys where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from hisim.declare.files import load_library, packaged_intervention, read_scenario_text
from hisim.declare.intervention import AnyIntervention, ExposureEffect, HazardEffect
from hisim.declare.scenario import Scenario
from hisim.inputs.published import published_results
from hisim.model.slot_plan import Library
from hisim.model.states import share_in
from hisim.studies.ends import End, library_at, scenario_at
from hisim.variables import AGES

PAST, AHEAD, OBSERVED = (2002, 2007), (2011, 2030), (2002, 2018)
ADULT = 18
AS_THE_STUDY = 0.84
"""Hazard ratio of income-deprived people that gives the Scottish result if they die twice as often as others."""


@dataclass(frozen=True)
class Situation:
    """Scenarios of the same years that are projected together, with the library they need."""

    scenarios: tuple[Scenario, ...]
    library: Library
    facts: Mapping[str, float]
    """Figures that set the scenarios up, for the words beside the results."""

    def at(self, end: End) -> Situation:
        """The same with every effect at one end of its interval."""
        library = library_at(self.library, end)
        return replace(self, library=library, scenarios=tuple(scenario_at(one, library) for one in self.scenarios))


def past(inputs: xr.Dataset, people: int) -> Situation:
    """England 2002 to 2007: drugs, blood pressure and cholesterol brought back to what they were in 2000."""
    facts = surveyed(inputs)
    high_risk = _statins_for("high_risk")
    pressure = _shift("pressure-of-2000", "sbp", *(facts[f"pressure_fall{end}"] for end in ("", "_low", "_high")))
    fat = _shift(
        "cholesterol-of-2000", "cholesterol", *(facts[f"cholesterol_fall{end}"] for end in ("", "_low", "_high"))
    )
    scenarios = [
        _scenario(f"{name}-{year}", PAST, people, f"{{use: {use}, relative: {facts[f'{name}_{year}']!r}}}")
        for name, use in (("pressure-drugs", "antihypertensives"), ("statins", "statins"))
        for year in (2000, 2007)
    ]
    scenarios[2:] = [_with(one, high_risk) for one in scenarios[2:]]
    scenarios += [_with(_scenario(item.id, PAST, people, EVERYONE), item) for item in (pressure, fat)]
    scenarios.append(_scenario("fewer-smokers", PAST, people, "{use: tobacco-control, to: 1}"))
    return Situation(
        tuple(scenarios), {**load_library(), **{item.id: item for item in (high_risk, pressure, fat)}}, facts
    )


EVERYONE = "{use: salt-reduction, to: 1}"
"""Stands for a shift in everyone, which takes its place."""


def ahead(people: int) -> Situation:
    """England 2011 to 2030: the actions whose effects others have modelled for years to come."""
    three = [f"{{use: {name}, relative: {times}, full_from: 2012}}" for name, times in THREE.items()]
    scenarios = [_scenario(name, AHEAD, people, use) for name, use in zip(THREE, three, strict=True)]
    scenarios.append(_scenario("three-actions", AHEAD, people, *three))
    scenarios += [_scenario(name, AHEAD, people, use) for name, use in POLICIES.items()]
    own = _own()
    scenarios += [_with(_scenario(name, AHEAD, people, use), own[item]) for name, (item, use) in _by_own().items()]
    return Situation(tuple(scenarios), {**load_library(), **own}, {})


def _own() -> dict[str, AnyIntervention]:
    """Actions as the studies had them: nobody served today, other people, or another effect."""
    checks, bowel = (_never_delivered(packaged_intervention(name)) for name in ("health-checks", "bowel-screening"))
    trial = _for_ages(bowel, TRIAL_AGES).model_copy(update={"id": "bowel-trial"})
    return {item.id: item for item in (checks, bowel, trial, _statins_for("cvd_history"), _income())}


def _by_own() -> dict[str, tuple[str, str]]:
    """Scenarios of :func:`_own`: which action, and its use."""
    checks = {name: ("health-checks", use) for name, use in _checks(checks_now()).items()}
    return checks | {
        "bowel-uk": ("bowel-screening", f"{{use: bowel-screening, to: {BOWEL_NOW}}}"),
        "bowel-trial": ("bowel-trial", f"{{use: bowel-screening, to: {BOWEL_TRIAL}}}"),
        "statins-after": ("statins-cvd-history", "{use: statins, relative: 1.2, full_from: 2012}"),
        "income": ("benefits-up-by-half", "{use: income-maximisation, to: 1}"),
    }


TRIAL_AGES = (50, 74)
BOWEL_NOW = 0.77 * 0.55
"""Offered times taken up today, in the file of bowel screening; the same in every fifth here."""
BOWEL_TRIAL = round((1 - 0.84) / (1 - 0.77), 3)
"""Share of those offered who came to the trials: a ratio of 0.84 in those offered, 0.77 in those who came."""
THREE = {"antihypertensives": 1.4, "statins": 1.4, "stop-smoking-services": 2.0}
POLICIES = {
    "minimum-price": "{use: alcohol-minimum-price, to: 1}",
    "salt": "{use: salt-reduction, to: 1, from: 2016}",
    "trans-fat": "{use: trans-fat-ban, to: 1, from: 2015}",
    "tobacco": "{use: tobacco-control, to: 1, from: 2012}",
}


def observed() -> Situation:
    """England 2002 to 2018 with nothing done: deaths as observed to 2011, then on the trend; exact for any sample."""
    return Situation((_scenario("nothing", OBSERVED, 16),), load_library(), {})


def surveyed(inputs: xr.Dataset) -> dict[str, float]:
    """Levels of 2000 and 2007 from surveys on straight lines between them, and how far they are from hisim's.

    Returns
    -------
    Coverage times this (``pressure-drugs_2000`` and so on), falls from 2000 to 2007 [mmHg, mmol/L], and what they
    rest on.
    """
    table = {key: row.value for key, row in published_results().items()}
    return {**_treated(table, inputs), **_on_statins(table, inputs), **_falls(table)}


def _treated(table: Mapping[str, float], inputs: xr.Dataset) -> dict[str, float]:
    """Treatment of high blood pressure [%]: the line of 2003 to 2006 carried back, and on to hisim's own in 2011."""
    cells = share_in(inputs, "hypertension") * _adults(inputs)
    now = 100 * float((cells * inputs["antihypertensive_coverage"].values).sum() / cells.sum())
    early, late = table["treated-2003"], table["treated-2006"]
    levels = {2000: _line(2000, (2003, early), (2006, late)), 2007: _line(2007, (2006, late), (2011, now))}
    found = {f"treated_{year}": level for year, level in levels.items()}
    return found | {"treated_now": now} | {f"pressure-drugs_{year}": level / now for year, level in levels.items()}


def _on_statins(table: Mapping[str, float], inputs: xr.Dataset) -> dict[str, float]:
    """Adults on a statin without heart disease or stroke [%]: all who are, less those with a history who are."""
    adults = _adults(inputs)
    history, risk = (share_in(inputs, flag) * adults / adults.sum() for flag in ("cvd_history", "high_risk"))
    now = 100 * float((risk * inputs["statin_coverage_primary"].values).sum())
    found = {"primary_now": now, "history_share": 100 * float(history.sum())}
    for year, drugs, taken in (
        (2000, ((1998, "lipid-drugs-1998"), (2003, "lipid-drugs-2003")),
         ((1998, "statin-history-1998"), (2003, "statin-history-2003"))),
        (2007, ((2006, "lipid-drugs-2006"), (2011.5, "lipid-drugs-2011")),
         ((2003, "statin-history-2003"), (2009, "statin-history-2009"))),
    ):  # fmt: skip
        whole, secondary = (_line(year, *((at, table[key]) for at, key in points)) for points in (drugs, taken))
        primary = whole - float(history.sum()) * secondary
        found |= {f"primary_{year}": primary, f"statins_{year}": primary / now, f"lipid_{year}": whole}
    return found


def _falls(table: Mapping[str, float]) -> dict[str, float]:
    """Falls from 2000 to 2007 less drugs: two years at one rate and five at another; cholesterol if nobody took any."""
    falls = {}
    results = published_results()
    for end in ("value", "low", "high"):
        before, after = (getattr(results[f"pressure-fall-{years}"], end) for years in ("to-2002", "from-2003"))
        falls["pressure_fall" if end == "value" else f"pressure_fall_{end}"] = 2 * before + 5 * after
    per_user = (table["cholesterol-2011-without"] - table["cholesterol-2011"]) / table["lipid-drugs-2011"]
    without = {
        year: table[f"cholesterol-{year}"] + per_user * table[f"lipid-drugs-{year}"] for year in (1998, 2003, 2006)
    }
    later = table["cholesterol-2011-without"] - ANALYSER
    year_2000 = _line(2000, (1998, without[1998]), (2003, without[2003]))
    year_2007 = _line(2007, (2006, without[2006]), (2011.5, later))
    return falls | {
        "cholesterol_fall": year_2000 - year_2007,
        "cholesterol_fall_low": year_2000 - without[2006],
        "cholesterol_fall_high": without[2003] - year_2007,
        "statin_effect": 100 * per_user,
    }


ANALYSER = 0.1
"""The survey's analyser since 2010 reads higher by this [mmol/L]."""


def _line(year: float, first: tuple[float, float], second: tuple[float, float]) -> float:
    """The straight line through two (year, value), at ``year``."""
    return first[1] + (second[1] - first[1]) * (year - first[0]) / (second[0] - first[0])


def _adults(inputs: xr.Dataset) -> np.ndarray:
    return np.asarray(inputs["population"].values * (np.asarray(AGES) >= ADULT))


def checks_now() -> tuple[float, ...]:
    """Share of those eligible who were offered a Health Check in the programme's first cycle, by quintile."""
    offered = packaged_intervention("health-checks").delivery.now.offered
    assert offered is not None
    return offered.values


def _checks(offered: tuple[float, ...]) -> dict[str, str]:
    """Health Checks against none: as they were, in full, and universal from 2016."""
    as_now = "{" + ", ".join(f"{quintile}: {share!r}" for quintile, share in enumerate(offered, start=1)) + "}"
    return {
        "checks-actual": f"{{use: health-checks, steps: {{offered: {as_now}}}, full_from: 2015}}",
        "checks-plan": "{use: health-checks, steps: {offered: 1, taken_up: 0.75}, full_from: 2015}",
        "checks-universal": f"{{use: health-checks, steps: {{offered: {as_now}}}, from: 2016, full_from: 2020}}",
    }


def _never_delivered(item: AnyIntervention) -> AnyIntervention:
    """``item`` as if nobody were offered it today: the inputs are of a time before it."""
    chain = item.delivery.now
    assert chain.offered is not None
    none = chain.offered.model_copy(update={"value": 0.0, "low": 0.0, "by_quintile": (0.0,) * 5})
    now = chain.model_copy(update={"offered": none})
    return item.model_copy(update={"delivery": item.delivery.model_copy(update={"now": now})})


def _statins_for(state: str) -> AnyIntervention:
    """Statins for people in one state alone; the drug is the library's."""
    item = packaged_intervention("statins")
    eligible = item.eligible.model_copy(update={"state": state})
    return item.model_copy(update={"id": f"statins-{state.replace('_', '-')}", "eligible": eligible})


def _for_ages(item: AnyIntervention, ages: tuple[int, int]) -> AnyIntervention:
    return item.model_copy(update={"eligible": item.eligible.model_copy(update={"ages": ages})})


def _shift(name: str, exposure: str, value: float, low: float, high: float) -> AnyIntervention:
    """An exposure moved in everyone aged 25 and over, at once."""
    item = packaged_intervention("salt-reduction")
    effect = item.effects[0]  # type: ignore[union-attr]
    assert isinstance(effect, ExposureEffect)
    unit = {"sbp": "mmHg", "cholesterol": "mmol/L"}[exposure]
    change = effect.change.model_copy(update={"value": value, "low": low, "high": high, "unit": unit})
    moved = effect.model_copy(update={"exposure": exposure, "change": change, "by_quintile": None})
    return _for_ages(_at_once(item, name), (25, 100)).model_copy(update={"effects": (moved,)})


def _at_once(item: AnyIntervention, name: str) -> AnyIntervention:
    return item.model_copy(update={"id": name, "lag_years": item.lag_years.model_copy(update={"value": 0.0})})


def _income() -> AnyIntervention:
    """Means-tested benefits up by half, as the file of welfare advice works the study's result out; no interval."""
    item = packaged_intervention("income-maximisation")
    effect = item.effects[0]  # type: ignore[union-attr]
    assert isinstance(effect, HazardEffect)
    same = {"value": AS_THE_STUDY, "low": AS_THE_STUDY, "high": AS_THE_STUDY}
    changed = effect.model_copy(update={"hazard_ratio": effect.hazard_ratio.model_copy(update=same)})
    return item.model_copy(update={"id": "benefits-up-by-half", "effects": (changed,)})


def _scenario(name: str, years: tuple[int, int], people: int, *uses: str) -> Scenario:
    lines = "\n".join(f"  - {use}" for use in uses)
    return read_scenario_text(
        f"hisim: 1\nname: {name}\ntitle: {name}\nstart: {years[0]}\nend: {years[1]}\n"
        f"simulation: {{people_per_cohort: {people}}}\ninterventions:{' []' if not uses else chr(10) + lines}\n",
        name,
    )


def _with(scenario: Scenario, item: AnyIntervention) -> Scenario:
    """``scenario`` with ``item`` in the place of its one intervention."""
    (use,) = scenario.interventions
    return scenario.model_copy(
        update={"interventions": (use.model_copy(update={"id": item.id, "intervention": item}),)}
    )
