"""The mechanisms, delivery and cost against formulas: each test is one number, one equation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from synthetic import (
    by_cause,
    effects,
    library_of,
    log_rr,
    make_acting,
    make_check,
    make_inputs,
    make_policy,
    make_scenario,
    make_service,
    make_treatment,
    number,
)

from hisim.declare.distribution import Money
from hisim.declare.evidence import Cost
from hisim.model.projection import project

TINY = 1e-7
PEOPLE = 1280


def run(inputs, *uses, library=(), **settings):
    years = inputs["year"].values
    scenario = make_scenario(
        *uses, start=int(years[0]), end=int(years[-1]), **{"people_per_cohort": PEOPLE, **settings}
    )
    return project(scenario, inputs, library=library_of(*library, *(item for item, _ in uses)))


def left(result, cause="ihd", year=0, **where):
    """Deaths of the scenario over the comparator's, from one cause in one year."""
    deaths = result["deaths"].isel(draw=0, year=year).sel(cause=cause, **where)
    deaths = deaths.sum([dim for dim in ("quintile", "sex", "age") if dim in deaths.dims])
    return float(deaths[1] / deaths[0])


def close(found, expected, people, spread=0.5):
    """Within five standard errors of a share among so many simulated people, each of whom counts at most 1."""
    return abs(found - expected) < 5 * spread / np.sqrt(people)


def test_a_shift_for_everyone_moves_the_exposure():
    inputs = make_inputs(
        mortality_rate=by_cause(liver_disease=TINY), alcohol_drinkers=1.0, alcohol_log_mean=np.log(30.0),
        log_rr=log_rr(alcohol={"liver_disease": 0.03}),
    )  # fmt: skip
    cut = make_acting("exposure_shift", "cut", "everyone", effects(alcohol=-10.0), now={"offered": 0.0})
    result = run(inputs, (cut, {"steps": {"offered": 1.0}}))
    assert left(result, "liver_disease") == pytest.approx(np.exp(-0.3), rel=1e-5)


def test_drinkers_over_the_line_are_those_of_the_lognormal():
    inputs = make_inputs(
        mortality_rate=by_cause(ihd=TINY), alcohol_drinkers=0.8, alcohol_log_mean=2.5, alcohol_log_sd=1.0
    )
    advice = make_acting("exposure_shift", "advice", "hazardous_drinker", effects(alcohol=-3.0), now={"offered": 0.0})
    result = run(inputs, (advice, {"steps": {"offered": 1.0}}))
    lived = result["person_years"].isel(scenario=1, draw=0, year=0).sum(("quintile", "age"))
    eligible = result["people_eligible"].isel(scenario=1, draw=0, year=0, intervention=0).sum(("quintile", "age"))
    for sex, grams in (("Female", 16.0), ("Male", 24.0)):
        expected = 0.8 * norm.sf((np.log(grams) - 2.5) / 1.0)
        assert close(float(eligible.sel(sex=sex) / lived.sel(sex=sex)), expected, 5 * 101 * PEOPLE)


@pytest.mark.parametrize("season", ["year", "winter"])
def test_a_mortality_effect_multiplies_hazards_all_year_or_in_the_winter_excess_alone(season):
    w, h = 0.08, 0.6
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY, stroke=TINY), winter_share=w)
    action = make_acting(
        "mortality_effect", "action", "everyone", effects({"ihd": h}, season=season), now={"offered": 0.0}
    )
    result = run(inputs, (action, {"steps": {"offered": 1.0}}))
    expected = h if season == "year" else 1 - w * (1 - h)
    assert left(result) == pytest.approx(expected, rel=1e-6)
    assert left(result, "stroke") == pytest.approx(1.0, rel=1e-6)


def test_winter_share_of_deaths_falls_by_what_a_seasonal_action_averts():
    """Deaths out of the excess stay the same: (1 - w) D = (1 - w') D'."""
    w, h, coverage = 0.08, 0.5, 0.75
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY), winter_share=w)
    action = make_acting(
        "mortality_effect", "action", "everyone", effects({"all": h}, season="winter"), now={"offered": 0.25}
    )
    result = run(inputs, (action, {"steps": {"offered": coverage}}))
    share = result["winter_share"].isel(draw=0, year=0, quintile=0, sex=0, age=80).values
    before, after = (1 - c * w * (1 - h) for c in (0.25, coverage))
    assert share[0] == w
    assert 1 - share[1] == pytest.approx((1 - w) * before / after, rel=1e-6)


def test_a_birth_outcome_takes_the_exposure_from_those_who_are_reached():
    """p c (r - 1) / (1 - p + p r) of the deaths go, p exposed at ratio r, c reached."""
    p, r, c = 0.4, 2.0, 0.5
    inputs = make_inputs(
        mortality_rate=by_cause(neonatal=TINY), smoked_in_pregnancy_prevalence=p * (np.arange(101) == 0),
        log_rr=log_rr(smoked_in_pregnancy={"neonatal": np.log(r)}),
    )  # fmt: skip
    help_to_stop = make_acting("birth_outcome", "help", "smoked_in_pregnancy", effects(removes="smoked_in_pregnancy"),
                               ages=(0, 0), now={"delivered": 0.0})  # fmt: skip
    result = run(inputs, (help_to_stop, {"steps": {"delivered": c}}), people_per_cohort=12_800)
    expected = 1 - p * c * (r - 1) / (1 - p + p * r)
    assert close(left(result, "neonatal", age=0), expected, 10 * 12_800)
    assert left(result, "neonatal", age=1) == 1.0
    # the first newborns of later years too
    assert close(left(result, "neonatal", year=4, age=0), expected, 10 * 12_800)


def test_a_check_finds_the_undiagnosed_who_are_then_treated_as_the_diagnosed_are():
    known, treated, found = 0.5, 0.4, 0.6
    inputs = make_inputs(
        mortality_rate=by_cause(ihd=TINY), sbp_mean=150.0, hypertension_known=known, antihypertensive_coverage=treated
    )
    pill = make_treatment("antihypertensive", hazard_ratios={"ihd": 0.5})
    check = make_check(finds=("hypertension",), now={"offered": 0.0}, ages=(40, 74))
    result = run(inputs, (check, {"steps": {"offered": found}}), library=(pill,))
    lived = result["person_years"].isel(scenario=1, draw=0, year=0)
    state = result["people_in_state"].isel(scenario=1, draw=0, year=0)
    of_age, others = {"age": slice(40, 74)}, {"age": slice(0, 39)}
    told = known + (1 - known) * found

    def share(name, where):
        return float(state.sel(state=name, **where).sum() / lived.sel(**where).sum())

    assert close(share("hypertension_diagnosed", of_age), told, 10 * 35 * PEOPLE)
    assert close(share("antihypertensive", of_age), told * treated / known, 10 * 35 * PEOPLE)
    assert close(share("antihypertensive", others), treated, 10 * 40 * PEOPLE)
    a, b = treated, told * treated / known
    assert close(left(result, age=slice(40, 74)), (1 - b / 2) / (1 - a / 2), 10 * 35 * PEOPLE)


def test_finding_and_treating_are_different_steps_and_multiply():
    known, served = 0.5, 0.6
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY), copd_prevalence=1.0, copd_known=known)
    care = make_treatment(
        "care", hazard_ratios={"ihd": 0.5}, state="copd", now={"need_known": known, "offered": served}
    )
    check = make_check(finds=("copd",), now={"offered": 0.0})
    result = run(inputs, (care, {"steps": {"offered": 0.9}}), (check, {"steps": {"offered": 0.4}}))
    reached = (known + (1 - known) * 0.4) * 0.9
    before = known * served
    assert close(left(result), (1 - reached / 2) / (1 - before / 2), 1010 * PEOPLE)


def test_two_routes_to_the_same_drug_serve_nobody_twice():
    """The second route adds nothing where the first is as wide: bit for bit, with the cost shared."""
    inputs = make_inputs(mortality_rate=by_cause(ihd=0.01), chd_prevalence=0.3, statin_coverage_history=0.5)
    statin = make_treatment("statin", hazard_ratios={"ihd": 0.7})
    package = make_treatment("package", hazard_ratios={"stroke": 0.9}, state="cvd_history", also=("statin",),
                             now={"offered": 0.5})  # fmt: skip
    one, other = (statin, {"to": 0.8}), (package, {"to": 0.8})
    alone, second, both = (
        run(inputs, one, library=(package,)),
        run(inputs, other, library=(statin,)),
        run(inputs, one, other),
    )

    def averted(result):
        deaths = result["deaths"].isel(draw=0).sel(cause="ihd", age=slice(40, 100)).sum(("year", "sex", "age"))
        return (deaths[0] - deaths[1]).values

    assert (averted(both) == averted(alone)).all()
    assert (averted(alone) + averted(second) > 1.5 * averted(both)).all()
    share = both["covered"].isel(scenario=1, draw=0).sel(intervention="statin", age=slice(40, 100)).sum()
    whole = alone["covered"].isel(scenario=1, draw=0).sel(intervention="statin", age=slice(40, 100)).sum()
    assert float(share / whole) == pytest.approx(0.5, abs=1e-6)


def test_the_whole_is_less_than_the_sum_of_its_parts_in_every_quintile():
    inputs = make_inputs(mortality_rate=by_cause(ihd=0.01), sbp_mean=150.0, chd_prevalence=0.3)
    statin = make_treatment("statin", hazard_ratios={"ihd": 0.7})
    pill = make_treatment("antihypertensive", hazard_ratios={"ihd": 0.6})
    salt = make_acting("mortality_effect", "other", "everyone", effects({"ihd": 0.8}), now={"offered": 0.0})
    uses = [(statin, {"to": 0.6}), (pill, {"to": 0.6}), (salt, {"steps": {"offered": 1.0}})]

    def averted(*chosen):
        deaths = (
            run(inputs, *chosen, library=(statin, pill, salt))["deaths"]
            .isel(draw=0)
            .sum(("year", "sex", "age", "cause"))
        )
        return (deaths[0] - deaths[1]).values

    assert (averted(*uses) < sum(averted(use) for use in uses)).all()


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_correlated_uptake_brings_the_same_people_to_both(correlation):
    """With coverages a, b the share in both is the bivariate normal's at that correlation."""
    a, b = 0.5, 0.3
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY))
    first, second = (
        make_acting("mortality_effect", name, "everyone", effects({"ihd": 0.5}), now={"offered": 0.0})
        for name in ("first", "second")
    )
    uses = [(first, {"steps": {"offered": a}}), (second, {"steps": {"offered": b}})]
    result = run(inputs, *uses, uptake_correlation=correlation)
    both = a * b
    if correlation:
        both = multivariate_normal(cov=[[1, correlation], [correlation, 1]]).cdf([norm.ppf(a), norm.ppf(b)])
    expected = (1 - a - b + both) + 0.5 * (a + b - 2 * both) + 0.25 * both
    assert close(left(result), expected, 1010 * PEOPLE)


def test_a_policy_makes_a_share_of_all_smokers_stop():
    inputs = make_inputs(smoking_current=1.0, quit_probability=0.05, mortality_rate=by_cause(ihd=TINY))
    policy = make_policy(quits=0.03)
    result = run(inputs, (policy, {"profile": "industrial_scale"}))
    smokers = (
        result["people_in_state"]
        .isel(draw=0)
        .sel(state="current_smoker", age=slice(30, 90))
        .sum(("quintile", "sex", "age"))
    )
    share = (smokers / (10 * 61 * 1000.0)).values
    for year in range(5):
        assert close(share[0, year], 0.95**year, 10 * 61 * PEOPLE)
        assert close(share[1, year], 0.92**year, 10 * 61 * PEOPLE)


def test_effects_and_steps_by_quintile_go_to_their_quintile():
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY))
    five = (0.9, 0.7, 0.5, 0.3, 0.1)
    action = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 0.5}), now={"offered": 0.0},
                         achievable={"offered": five})  # fmt: skip
    result = run(inputs, (action, {"profile": "industrial_scale"}))
    for quintile, coverage in enumerate(five, start=1):
        assert close(left(result, quintile=quintile), 1 - coverage / 2, 202 * PEOPLE)


@pytest.mark.parametrize(
    ("change", "shares"),
    [({"profile": "as_now"}, (0,) * 5), ({"profile": "industrial_scale"}, (1,) * 5),
     ({"profile": "most_deprived_first"}, (1, 0.5, 0, 0, 0)),
     ({"profile": "proportionate"}, (1, 0.85, 0.7, 0.55, 0.4)), ({"profile": "bench_experiment"}, (0.1,) * 5),
     ({"achievable": (0.0,) * 5}, (0,) * 5), ({"achievable": (0.9, 0.0, 0.3, 1.0, 0.0)}, (0.9, 0, 0.3, 1, 0))],
)  # fmt: skip
def test_a_use_goes_its_share_of_the_way(change, shares):
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY))
    action = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 0.5}), now={"taken_up": 0.4},
                         achievable={"taken_up": 0.9})  # fmt: skip
    result = run(inputs, (action, change))
    covered = result["covered"].isel(scenario=1, draw=0, year=0, intervention=0).sum(("sex", "age"))
    lived = result["person_years"].isel(scenario=1, draw=0, year=0).sum(("sex", "age"))
    for quintile, share in enumerate(shares, start=1):
        assert close(float(covered.sel(quintile=quintile) / lived.sel(quintile=quintile)), 0.5 * share, 202 * PEOPLE)
    if not any(shares):
        assert (result["deaths"].isel(scenario=0).values == result["deaths"].isel(scenario=1).values).all()


def test_a_bench_experiment_is_short():
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY))
    action = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 0.5}), now={"offered": 0.0})
    result = run(inputs, (action, {"profile": "bench_experiment"}))
    covered = result["covered"].isel(scenario=1, draw=0, intervention=0).sum(("quintile", "sex", "age")).values
    assert (covered[:3] == 0).all()  # nothing achievable beyond now
    action = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 0.5}), now={"offered": 0.0},
                         achievable={"offered": 1.0})  # fmt: skip
    result = run(inputs, (action, {"profile": "bench_experiment"}))
    covered = result["covered"].isel(scenario=1, draw=0, intervention=0).sum(("quintile", "sex", "age")).values
    assert (covered[:3] > 0).all()
    assert (covered[3:] == 0).all()


def test_capacity_caps_who_is_served():
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY))
    action = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 0.5}), now={"offered": 0.1})
    people = float(inputs["population"].sum())
    result = run(inputs, (action, {"steps": {"offered": 0.9}, "capacity": people * 0.3}))
    covered = float(result["covered"].isel(scenario=1, draw=0, year=0, intervention=0).sum())
    assert close(covered / people, 0.2, 1010 * PEOPLE)
    none = run(inputs, (action, {"steps": {"offered": 0.9}, "capacity": 0}))
    assert (none["deaths"].isel(scenario=0).values == none["deaths"].isel(scenario=1).values).all()


@pytest.mark.parametrize("kind", ["service", "policy", "check"])
def test_capacity_caps_services_policies_and_checks(kind):
    """Half of what is asked beyond now; nothing where the limit is what is done now."""
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY), smoking_current=0.5, stop_smoking_reach=0.1,
                         hypertension_known=0.4, sbp_mean=150.0, sbp_sd=1.0)  # fmt: skip
    smokers = float(inputs["population"].sum()) * 0.5
    item, change, now, asked = {
        "service": (make_service(0.25, 0.05), {"relative": 3.0}, 0.1 * smokers, 0.3 * smokers),
        "policy": (make_policy(0.03), {"profile": "industrial_scale"}, 0.0, smokers),
        "check": (make_check(finds=("hypertension",), now={"offered": 0.2}), {"to": 0.8}, 0.4 * smokers, 1.6 * smokers),
    }[kind]

    def covered(**more):
        result = run(inputs, (item, {**change, **more}), people_per_cohort=320)
        return float(result["covered"].isel(scenario=1, draw=0, year=0, intervention=0).sum()), result

    assert covered()[0] == pytest.approx(asked - now, rel=0.01)
    assert covered(capacity=now + (asked - now) / 2)[0] == pytest.approx((asked - now) / 2, rel=0.01)
    none, result = covered(capacity=now)
    assert none == 0
    assert (result["deaths"].isel(scenario=0).values == result["deaths"].isel(scenario=1).values).all()


def money(value, unit):
    return number(Money, value, unit, price_year="2010")


def test_cost_adds_people_offers_and_the_scheme_itself():
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY))
    cost = Cost(
        per_person_year_gbp=money(7.0, "GBP per person-year"), per_offer_gbp=money(2.0, "GBP per offer"),
        per_year_gbp=money(5e5, "GBP per year"),
    )  # fmt: skip
    action = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 0.5}), cost=cost,
                         now={"offered": 0.0, "taken_up": 0.5})  # fmt: skip
    result = run(inputs, (action, {"steps": {"offered": 1.0}, "until": 2013}))
    people = float(inputs["population"].sum())
    by_year = result["cost_gbp"].isel(scenario=1, draw=0, intervention=0).sum("quintile").values
    assert by_year[0] == pytest.approx(people * (0.5 * 7 + 1.0 * 2) + 5e5, rel=0.01)
    assert by_year[4] == 0


def test_a_service_and_a_policy_both_act_and_two_services_do_not_add():
    inputs = make_inputs(
        smoking_current=1.0, quit_probability=0.05, stop_smoking_reach=0.1, mortality_rate=by_cause(ihd=TINY)
    )
    service, twin = make_service(0.25, 0.05), make_service(0.25, 0.05, name="twin")
    policy = make_policy(0.03)

    def smokers(*uses):
        state = run(inputs, *uses, people_per_cohort=320)["people_in_state"]
        return float(state.isel(scenario=1, draw=0, year=1).sel(state="current_smoker", age=slice(30, 90)).sum())

    one = smokers((service, {"relative": 2.0}))
    assert smokers((service, {"relative": 2.0}), (twin, {"relative": 2.0})) == one
    assert smokers((service, {"relative": 2.0}), (policy, {"profile": "industrial_scale"})) < one


def test_a_scheme_costs_its_share_and_nothing_where_nobody_is_reached():
    """A tenth of the way costs a tenth of the fixed cost; nought times anything reaches nobody and is free."""
    inputs = make_inputs(mortality_rate=by_cause(ihd=TINY))
    action = make_acting("mortality_effect", "action", "everyone", effects({"ihd": 0.5}),
                         cost=Cost(per_year_gbp=money(5e5, "GBP per year")), now={"offered": 0.0},
                         achievable={"offered": 1.0})  # fmt: skip
    for change, share in (({"profile": "industrial_scale"}, 1.0), ({"profile": "bench_experiment"}, 0.1),
                          ({"profile": "most_deprived_first"}, 0.3), ({"relative": 2.0}, 0.0),
                          ({"profile": "as_now"}, 0.0)):  # fmt: skip
        cost = run(inputs, (action, change), people_per_cohort=160)["cost_gbp"].isel(scenario=1, draw=0, intervention=0)
        assert float(cost.isel(year=0).sum()) == pytest.approx(5e5 * share)


@pytest.mark.parametrize("years", [1, 2, 3, 4, 7])
def test_an_effect_may_take_longer_than_the_run(years):
    """Lag 6: in year y of the run (y + 1/2) / 6 of the effect is there, whatever the run's length."""
    inputs = make_inputs(2011, 2010 + years, mortality_rate=by_cause(ihd=TINY))
    slow = make_acting("mortality_effect", "slow", "everyone", effects({"ihd": 0.5}), lag_years=6.0,
                       now={"offered": 0.0})  # fmt: skip
    result = run(inputs, (slow, {"steps": {"offered": 1.0}}), people_per_cohort=160)
    for year in range(years):
        assert left(result, year=year) == pytest.approx(0.5 ** min(1, (year + 0.5) / 6), rel=1e-5)


@pytest.mark.parametrize("now", [0.0, 0.5])
def test_what_was_gained_fades_when_people_grow_too_old_for_it(now):
    """Aged 74 + d, having been in scope, a share 1 - (d - 1/2) / 4 of the coverage at 74 is left; nobody is served."""
    inputs = make_inputs(2011, 2017, mortality_rate=by_cause(ihd=TINY))
    screen = make_acting("mortality_effect", "screen", "everyone", effects({"ihd": 0.5}), ages=(60, 74),
                         persistence_years=4.0, now={"taken_up": now})  # fmt: skip
    result = run(inputs, (screen, {"steps": {"taken_up": 1.0}}), people_per_cohort=6400)
    served = result["covered"].isel(scenario=1, draw=0, intervention=0)
    assert float(served.sel(age=slice(75, 100)).sum()) == 0
    for year, age in ((0, 74), (0, 75), (1, 75), (2, 75), (2, 76), (3, 77), (6, 78), (6, 79)):
        over = age - 74
        left_over = 1.0 if over <= 0 else max(0.0, 1 - (over - 0.5) / 4)
        before = 1 - 0.5 * now * left_over
        after = 1 - 0.5 * (left_over if year >= max(over, 0) else now * left_over)
        assert close(left(result, year=year, age=age), after / before, 10 * 6400, 1.0)


def test_people_found_by_a_check_stay_known_when_too_old_for_it():
    inputs = make_inputs(2011, 2015, mortality_rate=by_cause(ihd=TINY), sbp_mean=150.0, sbp_sd=1.0,
                         hypertension_known=0.4)  # fmt: skip
    check = make_check(finds=("hypertension",), ages=(40, 74), persistence_years=10.0, now={"offered": 0.0})
    result = run(inputs, (check, {"steps": {"offered": 1.0, "delivered": 0.5}}), people_per_cohort=640)
    known = result["people_in_state"].isel(scenario=1, draw=0).sel(state="hypertension_diagnosed")
    share = (known / result["person_years"].isel(scenario=1, draw=0)).mean(("quintile", "sex"))
    for year, age, expected in ((0, 74, 0.7), (0, 75, 0.4), (1, 75, 0.4 + 0.3 * 0.95), (4, 78, 0.4 + 0.3 * 0.65),
                                (4, 79, 0.4)):  # fmt: skip
        assert close(float(share.isel(year=year).sel(age=age)), expected, 10 * 640)
