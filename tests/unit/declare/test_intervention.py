"""Intervention files: the packaged three, and what does not load."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from hisim.declare.files import library_names, load_library, read_intervention
from hisim.declare.intervention import ReachTable, SmokingCessation, Treatment, quantities
from hisim.errors import InvalidFileError
from hisim.variables import CAUSES, INPUTS


def packaged(name: str) -> str:
    return (files("hisim") / "interventions" / f"{name}.yaml").read_text("utf-8")


def problems(folder: Path, name: str, old: str, new: str) -> list[str]:
    """Messages for the packaged file ``name`` with its first ``old`` made ``new``, without line and column."""
    text = packaged(name)
    assert old in text
    path = folder / f"{name}.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidFileError, match=rf"{name}\.yaml:") as caught:
        read_intervention(path)
    return [str(problem).split(": ", 1)[1] for problem in caught.value.problems]


def test_the_library_holds_the_three_actions() -> None:
    library = load_library()
    assert tuple(library) == library_names() == ("antihypertensives", "statins", "stop-smoking-services")
    pills, statins, service = library.values()
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
    assert len(found) >= 6
    for quantity in found.values():
        assert (quantity.status == "assumption" and quantity.note) or quantity.source in load_library()[name].sources


@pytest.mark.parametrize("name", library_names())
def test_every_cited_key_is_used(name: str) -> None:
    text = packaged(name)
    unused = [key for key in load_library()[name].sources if text.count(key) < 2]
    assert unused == []


def test_names_are_those_of_the_data_dictionary() -> None:
    from typing import get_args

    from hisim.declare.intervention import Cause

    assert get_args(Cause) == CAUSES
    assert set(get_args(ReachTable)) <= set(INPUTS)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "statins",
            "  source: VINO16\n",
            "",
            "sustained: a number without a source; allowed: a source key, or 'status: assumption' with a note",
        ),
        (
            "statins",
            "  source: VINO16\n",
            "  source: VINO\n",
            "sustained cites 'VINO', which sources does not hold; allowed: a key of sources",
        ),
        (
            "statins",
            "value: 0.867",
            "value: 86.7",
            "sustained.value: 86.7; allowed: a fraction, at most 1: for 86.7 % write 0.867",
        ),
        (
            "statins",
            "value: 0.867",
            "value: 0.95",
            "sustained: low 0.5, value 0.95, high 0.9; allowed: low <= value <= high",
        ),
        ("statins", "value: 0.867", "value: .inf", "sustained.value: '.inf'; allowed: a finite number"),
        (
            "statins",
            "unit: fraction",
            "unit: per cent",
            "sustained.unit: 'per cent'; allowed: 'fraction' or 'fraction per year'",
        ),
        (
            "statins",
            "cause: stroke",
            "cause: strokes",
            "effects[1].cause: 'strokes'; allowed: 'ihd', 'stroke', 'other_circulatory', 'lung_cancer', "
            "'colorectal_cancer', 'breast_cancer', 'other_neoplasms', 'copd', 'other_respiratory', 'diabetes', "
            "'liver_disease', 'dementia', 'unintentional_injury', 'intentional_injury', 'neonatal' or 'other'; "
            "did you mean 'stroke'?",
        ),
        (
            "statins",
            "cause: stroke",
            "cause: ihd",
            "two effects on ihd; allowed: one effect on each exposure and each cause",
        ),
        ("statins", "value: 0.8\n", "value: -0.8\n", "effects[0].hazard_ratio.value: -0.8; allowed: more than 0"),
        (
            "statins",
            "    hazard_ratio:",
            "    hazard_ration:",
            "effects[0].hazard_ration: the unknown key 'hazard_ration'; allowed: cause, hazard_ratio; "
            "did you mean 'hazard_ratio'?",
        ),
        (
            "statins",
            "mechanism: treatment",
            "mechanism: treatmnt",
            "mechanism: 'treatmnt'; allowed: 'treatment' or 'smoking_cessation'; did you mean 'treatment'?",
        ),
        (
            "statins",
            "mechanism: treatment\n",
            "",
            "missing: this key is required; allowed: 'treatment' or 'smoking_cessation'",
        ),
        (
            "statins",
            'price_year: "2009"',
            'price_year: "09"',
            'cost.per_person_year_gbp.price_year: \'09\'; allowed: a year in quotes, such as "2009" or "2012/13"',
        ),
        (
            "statins",
            "ages: [35, 100]",
            "ages: [100, 35]",
            "eligible: ages from 100 to 35; allowed: the youngest age first",
        ),
        (
            "statins",
            "sexes: [Female, Male]",
            "sexes: [Female, Female]",
            "eligible: the same sex twice; allowed: each sex once",
        ),
        (
            "antihypertensives",
            "unit: mmHg",
            "unit: kPa",
            "effects[0]: a change of sbp in 'kPa'; allowed: mmHg",
        ),
        (
            "antihypertensives",
            "  note: >-\n    Trials reach their full relative effect within one to two years; a peer model assumes "
            "five (1 to 10). The later end\n    of the trials is taken, and the range reaches from none to five.\n",
            "",
            "lag_years: an assumption without a note; allowed: a note that says why this number was assumed",
        ),
        (
            "stop-smoking-services",
            "  odds_ratio_per_decile:",
            "  odds_ratio:",
            "success_12_months.odds_ratio: the unknown key 'odds_ratio'; allowed: level, odds_ratio_per_decile; "
            "did you mean 'odds_ratio_per_decile'?",
        ),
    ],
)
def test_what_does_not_load(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    assert message in problems(tmp_path, name, old, new)
