"""The part of the data dictionary that datasets carry when people within a cohort are told apart."""

from __future__ import annotations

from hisim.variables import CELL, Variable

INCLUSION_GROUPS = {
    "homelessness": "People who are homeless",
    "homelessness-and-other-exclusion": "People who are homeless and otherwise excluded",
    "serious-mental-illness": "People with serious mental illness",
    "socially-excluded": "People who are socially excluded",
}
"""Names of the groups of inclusion health, by the id that a scenario gives."""
EVERYONE_ELSE = "Everyone else"
"""Name of the people who are not in such a group."""

STRATA = {
    variable.name: variable
    for variable in (
        Variable("stratum_share", (*CELL, "stratum"), "fraction", "share of people who are of each stratum", 0, 1),
        Variable(
            "stratum_risk_odds", ("sex", "risk_channel", "stratum"), "odds ratio",
            "odds of being in the state, against any one stratum", 1e-3, 1e3,
        ),
        Variable(
            "stratum_uptake_odds", ("uptake_of", "step", "sex", "stratum"), "odds ratio",
            "odds of getting through the step of delivery, against any one stratum; 1 where nothing is known",
            1e-3, 1e3,
        ),
        Variable(
            "stratum_uptake_known", ("uptake_of", "step", "sex", "stratum"), "0 or 1",
            "whether the odds of uptake come from evidence (1) or stand for none (0)", 0, 1,
        ),
        Variable(
            "stratum_hazard_ratio", ("sex", "age", "cause", "stratum"), "hazard ratio",
            "mortality at the same age, sex and deprivation fifth, against any one stratum", 1e-3, 1e3,
        ),
    )
}  # fmt: skip
"""What inputs hold besides :data:`INPUTS` when people within a cohort are told apart. Every ratio is renormalised
within each cell, so only ratios between strata matter."""

STRATUM_BAND = ("year", "quintile", "sex", "age_band")
STRATUM_PROJECTION = {
    variable.name: variable
    for variable in (
        Variable(
            "stratum_deaths", ("scenario", "draw", *STRATUM_BAND, "cause", "stratum"), "persons",
            "deaths in the year; strata add up to the total", 0,
        ),
        Variable(
            "stratum_person_years", ("scenario", "draw", *STRATUM_BAND, "stratum"), "person-years",
            "time lived in the year; strata add up to the total", 0,
        ),
        Variable(
            "stratum_deaths_batch", ("scenario", "draw", "batch", *STRATUM_BAND, "stratum"), "persons",
            "deaths from all causes among the people of one batch; batches add up to the total", 0,
        ),
        Variable(
            "stratum_person_years_batch", ("scenario", "draw", "batch", *STRATUM_BAND, "stratum"), "person-years",
            "time lived by the people of one batch; batches add up to the total", 0,
        ),
        Variable(
            "stratum_covered", ("scenario", "draw", "intervention", *STRATUM_BAND, "stratum"), "persons",
            "people served in the year because of the intervention, beyond the comparator",
        ),
        Variable(
            "stratum_eligible", ("scenario", "draw", "intervention", *STRATUM_BAND, "stratum"), "person-years",
            "time lived in the year by people whom the intervention is for", 0,
        ),
    )
}  # fmt: skip
"""What a projection holds besides :data:`PROJECTION` when its scenarios tell strata apart."""
