"""The packaged interventions: what they say, and that every number of theirs is accounted for."""

from __future__ import annotations

from importlib.resources import files
from typing import get_args

import pytest
from synthetic import library_of, make_check, make_treatment

from hisim.declare.delivery import CHRISTMAS_TREE, PROFILES, STEP_WORDS, STEPS
from hisim.declare.evidence import STATE_WORDS, Chain, Cost, State, unknown_sources
from hisim.declare.files import library_names, load_library
from hisim.declare.intervention import (
    EXPOSURE_UNITS,
    MECHANISMS,
    AnyIntervention,
    Cause,
    HazardEffect,
    Register,
    RemovedExposure,
    SmokingCessation,
    Treatment,
    quantities,
)
from hisim.declare.scenario import Steps, Use
from hisim.errors import ImpossibleModelError
from hisim.model.slot_plan import slots_of
from hisim.model.states import flags_of
from hisim.model.tables import FLAGS
from hisim.variables import CAUSES, CIRCUMSTANCES, EXPOSURES, REGISTERS


def packaged(name: str) -> str:
    return (files("hisim") / "interventions" / f"{name}.yaml").read_text("utf-8")


def test_the_library_holds_the_three_actions() -> None:
    library = load_library()
    assert tuple(library) == library_names() == tuple(sorted(library))
    pills, statins, service = (library[name] for name in ("antihypertensives", "statins", "stop-smoking-services"))
    assert isinstance(pills, Treatment)
    assert isinstance(statins, Treatment)
    assert isinstance(service, SmokingCessation)
    assert (pills.effects[0].change.value, pills.sustained.value) == (-7.6, 0.715)
    assert [(effect.cause, effect.hazard_ratio.value) for effect in statins.effects] == [
        ("ihd", 0.8),
        ("stroke", 0.96),
        ("other_circulatory", 0.93),
    ]
    assert service.success_12_months.by_quintile == pytest.approx((0.1254, 0.1354, 0.146, 0.1573, 0.1693), abs=1e-4)
    assert service.unaided_success_12_months.by_quintile == (0.04,) * 5


def test_the_cost_of_an_attempt_agrees_with_what_the_service_spent() -> None:
    service = load_library()["stop-smoking-services"]
    assert isinstance(service, SmokingCessation)
    assert service.cost.per_attempt_gbp.value == pytest.approx(83.9e6 / 757_537, rel=0.02)
    assert service.cost.per_attempt_gbp.value == pytest.approx(224 * 0.49, rel=0.01)


@pytest.mark.parametrize("name", library_names())
def test_every_number_has_a_source_or_says_that_it_is_assumed(name: str) -> None:
    found = dict(quantities(load_library()[name]))
    assert {"lag_years", "persistence_years"} <= set(found)
    assert any(path.startswith("cost.") for path in found)
    assert list(unknown_sources(load_library()[name].model_dump())) == []
    for quantity in found.values():
        assert (quantity.status == "assumption" and quantity.note) or quantity.source in load_library()[name].sources


@pytest.mark.parametrize("name", library_names())
def test_every_cited_key_is_used(name: str) -> None:
    text = packaged(name)
    unused = [key for key in load_library()[name].sources if text.count(key) < 2]
    assert unused == []


@pytest.mark.parametrize("name", library_names())
def test_a_file_is_of_its_mechanism_and_its_chain_goes_up(name: str) -> None:
    item = load_library()[name]
    assert type(item) is MECHANISMS[item.mechanism]
    now, full = item.delivery.steps_now, item.delivery.steps_achievable
    assert all(0 <= before <= after <= 1 for step in STEPS for before, after in zip(now[step], full[step], strict=True))


def test_names_are_those_of_the_data_dictionary() -> None:
    assert get_args(Cause) == CAUSES
    assert get_args(HazardEffect.model_fields["cause"].annotation) == (*CAUSES, "all")
    assert get_args(Register) == REGISTERS
    assert tuple(EXPOSURE_UNITS) == EXPOSURES
    assert set(get_args(RemovedExposure.model_fields["removes"].annotation)) <= set(CIRCUMSTANCES)
    assert tuple(STATE_WORDS) == get_args(State)
    flags = {flag for state in get_args(State) for flag, _ in flags_of(state)}
    assert flags == {*FLAGS, "current_smoker"}


def test_steps_and_profiles_have_one_list_of_names() -> None:
    for names in (Chain.model_fields, Steps.model_fields, STEP_WORDS, CHRISTMAS_TREE):
        assert tuple(names) == STEPS
    literal, _ = get_args(Use.model_fields["profile"].annotation)
    assert get_args(literal) == tuple(PROFILES)
    assert sum(map(len, CHRISTMAS_TREE.values())) == 13


def test_a_cost_has_a_line_for_each_unit() -> None:
    money, _ = get_args(Cost.model_fields["per_year_gbp"].annotation)
    assert len(get_args(money.model_fields["unit"].annotation)) == len(Cost.model_fields)


@pytest.mark.parametrize(
    "item",
    [make_check(name="new", starts=(("asprin", "hypertension", 0.1),)), make_treatment(name="new", also=("asprin",))],
    ids=["starts", "also"],
)
def test_a_treatment_that_no_file_defines(item: AnyIntervention) -> None:
    with pytest.raises(
        ImpossibleModelError,
        match=r"^new: found the treatment 'asprin' for the state '.*'; allowed: .*antihypertensive",
    ):
        slots_of(library_of(item))


def test_a_treatment_that_two_files_define_differently() -> None:
    one, other = make_treatment(name="one", sbp=-5.0), make_treatment(name="other", sbp=-6.0)
    message = (
        r"^antihypertensive: found two definitions, in 'one' and 'other'; allowed: one, which the other names under"
    )
    with pytest.raises(ImpossibleModelError, match=message):
        slots_of(library_of(one, other))
    slots_of(library_of(one, one.model_copy(update={"id": "other"})))
