"""The data dictionary: every dimension and variable that hisim's datasets carry, declared once.

It checks datasets, fills their attributes and writes ``docs/reference``. Nothing else in the package
spells out a cause, an age band or a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

from hisim.errors import ImpossibleModelError

QUINTILES = (1, 2, 3, 4, 5)
QUINTILE_NAMES = {1: "1 (most deprived)", 2: "2", 3: "3", 4: "4", 5: "5 (least deprived)"}
SEXES = ("Female", "Male")
LANES = 16
"""SIMD lanes, and the independent batches of people: person i is in batch i mod 16."""
UNIT = 4
"""Rows of 16 people that are added up together in float32, before they go to float64: see ``lanes``."""
OLDEST_AGE = 100
AGES = tuple(range(OLDEST_AGE + 1))
AGE_BANDS = (
    "0", "1-4", "5-9", "10-14", "15-19", "20-24", "25-29", "30-34", "35-39", "40-44",
    "45-49", "50-54", "55-59", "60-64", "65-69", "70-74", "75-79", "80-84", "85-89", "90+",
)  # fmt: skip
AGE_BAND_STARTS = (0, 1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90)

CAUSES = (
    "ihd", "stroke", "other_circulatory", "lung_cancer", "colorectal_cancer", "breast_cancer",
    "other_neoplasms", "copd", "other_respiratory", "diabetes", "liver_disease", "dementia",
    "unintentional_injury", "intentional_injury", "neonatal", "other",
)  # fmt: skip
CAUSE_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Circulatory disease": ("ihd", "stroke", "other_circulatory"),
    "Cancer": ("lung_cancer", "colorectal_cancer", "breast_cancer", "other_neoplasms"),
    "Respiratory disease": ("copd", "other_respiratory"),
    "Other causes": (
        "diabetes", "liver_disease", "dementia", "unintentional_injury", "intentional_injury",
        "neonatal", "other",
    ),
}  # fmt: skip
"""A partition of :data:`CAUSES`: groups never overlap, so they may be added."""

EXPOSURES = ("sbp", "cholesterol", "bmi", "alcohol")
HISTORIES = ("diabetes", "chd", "stroke_history", "atrial_fibrillation", "heart_failure", "copd")
"""Conditions that people who have once had them keep."""
CIRCUMSTANCES = ("unemployed", "income_deprived", "fuel_poor", "overcrowded", "smoked_in_pregnancy")
"""Conditions that go by a lifelong percentile and the prevalence at each age."""
CONDITIONS = (*HISTORIES, "recent_tia", *CIRCUMSTANCES)
RISKS = (*EXPOSURES, *CONDITIONS)
"""What raises hazards log-linearly; smoking is tabulated apart, because its excess decays."""
REGISTERS = ("hypertension", "diabetes", "atrial_fibrillation", "copd")
"""Conditions that a person may have without knowing it; ``*_known`` is the share diagnosed."""
YEARS_SINCE_QUIT = tuple(range(41))
SMOKING_GROUPS = ("cvd", "copd", "cancer")
STATES = ("antihypertensive", "statin", *(f"{name}_diagnosed" for name in REGISTERS), "current_smoker")
"""Whom a projection counts: people on two treatments, people who know of each condition, smokers."""
COMPARATOR = "comparator"
ETHNIC_GROUPS = (
    "White", "Mixed", "Indian", "Pakistani", "Bangladeshi", "Chinese or other Asian", "Black", "Other",
)  # fmt: skip
"""Ethnic groups of the 2011 census, in eight; Arab is in Other, Gypsy or Irish Traveller in White."""
OAC_SUPERGROUPS = (
    "Retired Professionals", "Suburbanites and Peri-Urbanites", "Multicultural and Educated Urbanites",
    "Low-Skilled Migrant and Student Communities", "Ethnically Diverse Suburban Professionals", "Baseline UK",
    "Semi- and Un-Skilled Workforce", "Legacy Communities",
)  # fmt: skip
"""Supergroups of the Output Area Classification, in the order of their numbers."""
STEPS = ("need_known", "offered", "taken_up", "delivered", "sustained")
"""The steps from being in need to getting an effective service; each a share of the people at the step before."""
RISK_CHANNELS = ("diabetes", "chd", "current_smoker")
"""States through which strata may differ in mortality; each by a lifelong uniform of the model."""


def band_of_age() -> np.ndarray:
    """Index into :data:`AGE_BANDS` of every single age 0..100."""
    import numpy as np

    return np.searchsorted(np.asarray(AGE_BAND_STARTS), np.asarray(AGES), side="right") - 1


@dataclass(frozen=True)
class Dimension:
    """One axis: its fixed labels where they are fixed, and what a label means."""

    name: str
    meaning: str
    labels: tuple[int | str, ...] | None = None


@dataclass(frozen=True)
class Variable:
    """One array: its dimensions in order, unit, meaning and allowed bounds (inclusive)."""

    name: str
    dims: tuple[str, ...]
    unit: str
    meaning: str
    low: float = -inf
    high: float = inf


DIMENSIONS = {
    dimension.name: dimension
    for dimension in (
        Dimension("scenario", "scenario name; the first is always the comparator"),
        Dimension("draw", "index of a joint draw of the uncertain inputs; 0 = central values"),
        Dimension("batch", "independent batch of simulated people, for Monte Carlo error"),
        Dimension("year", "calendar year"),
        Dimension("quintile", "deprivation fifth (IMD 2015, England); 1 = most deprived", QUINTILES),
        Dimension("sex", "sex", SEXES),
        Dimension("age", "age in completed years; 100 = 100 and over", AGES),
        Dimension("age_band", "age group", AGE_BANDS),
        Dimension("cause", "underlying cause of death", CAUSES),
        Dimension("intervention", "id of an intervention"),
        Dimension("state", "treatment or condition that people are in", STATES),
        Dimension("stratum", "group of people within a fifth: an ethnic group, a segment, a group left out"),
        Dimension("risk_channel", "state through which strata differ in mortality", RISK_CHANNELS),
        Dimension("step", "step of delivery", STEPS),
        Dimension("uptake_of", "id of an intervention whose uptake is known to differ among strata"),
        Dimension("risk", "exposure or disease history that raises hazards", RISKS),
        Dimension("exposure", "exposure with correlated percentiles", ("sbp", "cholesterol", "bmi")),
        Dimension("exposure_other", "exposure with correlated percentiles", ("sbp", "cholesterol", "bmi")),
        Dimension("years_since_quit", "completed years since stopping smoking; 40 = 40 and more", YEARS_SINCE_QUIT),
        Dimension("smoking_group", "causes whose smoking excess decays alike", SMOKING_GROUPS),
    )
}

CELL = ("quintile", "sex", "age")

INPUTS = {
    variable.name: variable
    for variable in (
        Variable("population", CELL, "persons", "mid-year population of the first year", 0),
        Variable("births", ("year", "quintile", "sex"), "persons", "mid-year population aged 0", 0),
        Variable(
            "mortality_rate", ("year", *CELL, "cause"), "deaths per person-year",
            "mortality rate of the comparator", 0, 10,
        ),
        Variable("sbp_mean", CELL, "mmHg", "mean usual systolic blood pressure if nobody were treated", 60, 220),
        Variable("sbp_sd", CELL, "mmHg", "standard deviation of usual systolic blood pressure", 0, 60),
        Variable("cholesterol_mean", CELL, "mmol/L", "mean total cholesterol", 1, 12),
        Variable("cholesterol_sd", CELL, "mmol/L", "standard deviation of total cholesterol", 0, 5),
        Variable("bmi_mean", CELL, "kg/m2", "mean body mass index", 10, 60),
        Variable("bmi_sd", CELL, "kg/m2", "standard deviation of body mass index", 0, 20),
        Variable(
            "exposure_correlation", ("exposure", "exposure_other"), "1",
            "correlation of the percentiles people keep for life", -1, 1,
        ),
        Variable("smoking_current", CELL, "fraction", "share who smoke", 0, 1),
        Variable("smoking_former", CELL, "fraction", "share who used to smoke", 0, 1),
        Variable(
            "years_since_quit_share", ("age", "years_since_quit"), "fraction",
            "share of former smokers by completed years since quitting", 0, 1,
        ),
        Variable("quit_probability", CELL, "probability per year", "chance that a smoker stops within the year", 0, 1),
        Variable(
            "relapse_probability", ("years_since_quit",), "probability per year",
            "chance that a former smoker starts again, by completed years since quitting", 0, 1,
        ),
        Variable("alcohol_drinkers", CELL, "fraction", "share who drink alcohol", 0, 1),
        Variable("alcohol_log_mean", CELL, "log g/day", "mean log consumption of those who drink", -10, 6),
        Variable("alcohol_log_sd", CELL, "log g/day", "standard deviation of log consumption of those who drink", 0, 5),
        Variable("diabetes_prevalence", CELL, "fraction", "share with diabetes, diagnosed or not", 0, 1),
        Variable("chd_prevalence", CELL, "fraction", "share with a history of coronary heart disease", 0, 1),
        Variable("stroke_history_prevalence", CELL, "fraction", "share with a history of stroke", 0, 1),
        Variable(
            "atrial_fibrillation_prevalence", CELL, "fraction", "share with atrial fibrillation, known or not", 0, 1
        ),
        Variable("heart_failure_prevalence", CELL, "fraction", "share with heart failure", 0, 1),
        Variable(
            "copd_prevalence", CELL, "fraction", "share with chronic obstructive pulmonary disease, known or not", 0, 1
        ),
        Variable(
            "recent_tia_prevalence", CELL, "fraction per year",
            "share who have a transient ischaemic attack or minor stroke within the year", 0, 1,
        ),
        Variable("unemployed_prevalence", CELL, "fraction", "share of working age who are out of work", 0, 1),
        Variable("income_deprived_prevalence", CELL, "fraction", "share in income-deprived households", 0, 1),
        Variable("fuel_poor_prevalence", CELL, "fraction", "share in fuel-poor households", 0, 1),
        Variable("overcrowded_prevalence", CELL, "fraction", "share in overcrowded households", 0, 1),
        Variable(
            "smoked_in_pregnancy_prevalence", CELL, "fraction",
            "share of newborns whose mother smoked in pregnancy; 0 after age 0", 0, 1,
        ),
        *(
            Variable(f"{name}_known", CELL, "fraction", f"share of people with {name} who are diagnosed", 0, 1)
            for name in REGISTERS
        ),
        Variable(
            "antihypertensive_coverage", CELL, "fraction",
            "share of people with hypertension who are treated for it", 0, 1,
        ),
        Variable(
            "statin_coverage_history", CELL, "fraction",
            "share of people with coronary heart disease or stroke who take a statin", 0, 1,
        ),
        Variable(
            "statin_coverage_primary", CELL, "fraction",
            "share of people at high risk without such a history who take a statin", 0, 1,
        ),
        Variable(
            "stop_smoking_reach", CELL, "fraction per year",
            "share of smokers who set a quit date with a stop smoking service in a year", 0, 1,
        ),
        Variable(
            "log_rr", ("risk", "sex", "age", "cause"), "log hazard ratio per unit",
            "log hazard ratio per mmHg, mmol/L, kg/m2, g/day, or for having the condition", -5, 5,
        ),
        Variable("risk_reference", ("risk",), "unit of the risk", "level below which a continuous risk stops falling"),
        Variable("smoking_rr", ("sex", "age", "cause"), "hazard ratio", "current smoker against never smoker", 0, 100),
        Variable(
            "smoking_decay", ("smoking_group", "years_since_quit"), "fraction",
            "share of the excess hazard that remains, by completed years since quitting", 0, 1,
        ),
        Variable(
            "smoking_group_of_cause", ("cause",), "index",
            "which smoking_group each cause follows (index)", 0, len(SMOKING_GROUPS) - 1,
        ),
        Variable(
            "winter_share", ("age",), "fraction",
            "share of a year's deaths that are excess winter deaths (December to March over the other months)", 0, 0.5,
        ),
        Variable("utility", ("quintile", "age"), "QALY per year", "EQ-5D utility of the general population", 0, 1),
        Variable("nhs_cost", CELL, "GBP per person-year", "NHS spending per head, 2011/12 prices", 0),
    )
}  # fmt: skip

PROJECTION = {
    variable.name: variable
    for variable in (
        Variable("deaths", ("scenario", "draw", "year", *CELL, "cause"), "persons", "deaths in the year", 0),
        Variable(
            "person_years", ("scenario", "draw", "year", *CELL), "person-years",
            "time lived in the year at that age", 0,
        ),
        Variable(
            "deaths_batch", ("scenario", "draw", "batch", "year", "quintile", "sex", "age_band", "cause"), "persons",
            "deaths among the people of one batch; batches add up to the total", 0,
        ),
        Variable(
            "person_years_batch", ("scenario", "draw", "batch", "year", "quintile", "sex", "age_band"),
            "person-years", "time lived by the people of one batch; batches add up to the total", 0,
        ),
        Variable(
            "covered", ("scenario", "draw", "intervention", "year", *CELL), "persons",
            "people served in the year because of the intervention, beyond the comparator",
        ),
        Variable(
            "people_eligible", ("scenario", "draw", "intervention", "year", *CELL), "person-years",
            "time lived in the year by people whom the intervention is for", 0,
        ),
        Variable(
            "offered", ("scenario", "draw", "intervention", "year", *CELL), "persons",
            "people offered the intervention in the year, beyond the comparator",
        ),
        Variable(
            "winter_share", ("scenario", "draw", "year", *CELL), "fraction",
            "share of the deaths of the year that are excess winter deaths", -0.5, 0.5,
        ),
        Variable(
            "reference_rate", ("draw", "year", *CELL, "cause"), "deaths per person-year",
            "comparator's rate of a person with every risk at its reference", 0, 10,
        ),
        Variable(
            "people_in_state", ("scenario", "draw", "state", "year", *CELL), "person-years",
            "time lived in the year in each state; people who are treated count as diagnosed", 0,
        ),
        Variable(
            "cost_gbp", ("scenario", "draw", "intervention", "year", "quintile"), "GBP",
            "cost of the intervention beyond the comparator, at the price year it states, undiscounted",
        ),
    )
}  # fmt: skip


def describe(dataset: xr.Dataset, dictionary: Mapping[str, Variable]) -> xr.Dataset:
    """``dataset`` with ``units`` and ``long_name`` filled in from ``dictionary``, after :func:`check`."""
    check(dataset, dictionary)
    for name, variable in dictionary.items():
        if name in dataset.variables:
            dataset.variables[name].attrs.update(units=variable.unit, long_name=variable.meaning)
    for name, dimension in DIMENSIONS.items():
        if name in dataset.coords:
            dataset.variables[name].attrs.update(long_name=dimension.meaning)
    return dataset


def check(dataset: xr.Dataset, dictionary: Mapping[str, Variable], *, required: Iterable[str] | None = None) -> None:
    """Raise unless every variable has its declared dimensions, labels and bounds, and is finite.

    ``required`` names the variables that must be there: all of ``dictionary`` by default.

    Raises
    ------
    ImpossibleModelError
        Naming the variable, what was found and what is allowed.
    """
    for name in dictionary if required is None else required:
        if name not in dataset:
            raise ImpossibleModelError(f"{name}: missing from the dataset")
    other = {dim for dim in map(str, dataset.dims) if dim in DIMENSIONS and not _labelled_as_declared(dataset, dim)}
    for name in map(str, dataset.data_vars):
        if name not in dictionary:
            continue
        variable = dictionary[name]
        array = dataset.variables[name]
        if array.dims != variable.dims:
            raise ImpossibleModelError(f"{name}: found dimensions {array.dims}; allowed: {variable.dims}")
        for dim in array.dims:
            if dim in other:
                raise ImpossibleModelError(f"{name}: found other labels on {dim} than the dictionary's")
        values = array.values
        low, high = (values.min(), values.max()) if values.size else (variable.low, variable.high)
        if values.size and not (isfinite(low) and isfinite(high)):
            raise ImpossibleModelError(f"{name}: found a value that is not finite; allowed: finite numbers")
        if low < variable.low or high > variable.high:
            raise ImpossibleModelError(
                f"{name}: found values from {low:g} to {high:g}; "
                f"allowed: {variable.low:g} to {variable.high:g} {variable.unit}"
            )


def _labelled_as_declared(dataset: xr.Dataset, dim: str) -> bool:
    """Whether the labels of a dimension, which are 0, 1 and so on where it has none, are those it must have."""
    labels = DIMENSIONS[dim].labels
    found = dataset.variables[dim].values.tolist() if dim in dataset.variables else range(dataset.sizes[dim])
    return labels is None or tuple(found) == labels
