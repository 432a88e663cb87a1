"""What a library file may not hold: one valid text, one slip each, and the message word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from hisim.declare.delivery import STEPS
from hisim.declare.evidence import Common, Cost, State, Workbook
from hisim.declare.files import read_intervention
from hisim.declare.intervention import MECHANISMS, AnyIntervention, Cause
from hisim.errors import InvalidFileError

GOOD = """\
hisim: 1
id: drug
name: A drug
summary: People are put on a drug.
category: personal health
workbooks: [Diabetes]
marmot: Strengthen the role and impact of ill-health prevention
gestation: A
mechanism: treatment
treatment: drug
eligible: {ages: [40, 80], sexes: [Female, Male], state: diabetes}
effects:
  - cause: ihd
    hazard_ratio: {value: 0.8, low: 0.7, high: 0.9, interval: 95% CI, distribution: lognormal,
                   unit: hazard ratio, source: TRIAL20, status: V}
  - exposure: sbp
    change: {value: -5, low: -6, high: -4, interval: range, distribution: pert, unit: mmHg, source: TRIAL20, status: V}
    by_quintile: {1: -5.5, 2: -5, 3: -5, 4: -5, 5: -4.5}
lag_years: {value: 2, low: 0, high: 5, interval: range, distribution: pert, unit: years, status: assumption,
            note: A guess.}
persistence_years: {value: 5, low: 1, high: 9, interval: range, distribution: pert, unit: years, source: COHORT21,
                    status: D}
delivery:
  now:
    offered:
      value: 0.5
      low: 0.4
      high: 0.6
      interval: range
      distribution: beta
      unit: fraction
      by_quintile: {1: 0.4, 2: 0.45, 3: 0.5, 4: 0.55, 5: 0.6}
      source: COHORT21
      status: V
    taken_up:
      {value: 0.7, low: 0.6, high: 0.8, interval: range, distribution: pert, unit: fraction, source: COHORT21,
       status: V}
  achievable:
    taken_up:
      {value: 0.9, low: 0.8, high: 1, interval: range, distribution: pert, unit: fraction, status: assumption,
       note: A hope.}
  capacity: {value: 1000, low: 500, high: 2000, interval: range, distribution: pert, unit: persons per year,
             source: COHORT21, status: V}
reach_now: About a third.
cost:
  per_person_year_gbp:
    {value: 20, low: 10, high: 30, interval: range, distribution: pert, unit: GBP per person-year,
     price_year: "2009", source: COHORT21, status: V}
evidence_grade: {grade: A, why: Trials.}
evidence_against: None found.
sources:
  TRIAL20: A trial, 2020.
  COHORT21: A cohort, 2021.
"""


def one_of(literal: Any) -> str:
    """The values of a Literal as a message lists them."""
    *rest, last = [f"'{value}'" for value in get_args(literal)]
    return f"{', '.join(rest)} or {last}"


def part(first: str, end: str) -> str:
    """The lines of the good file from one that begins with ``first`` to before ``end``."""
    start = GOOD.index(f"\n{first}") + 1
    return GOOD[start : GOOD.index(f"\n{end}", start) + 1]


EFFECTS, COST = part("effects:", "lag_years:"), part("cost:", "evidence_grade:")
TWO_LINES = part("mechanism:", "eligible:")
FIFTHS = "{1: 0.4, 2: 0.45, 3: 0.5, 4: 0.55, 5: 0.6}"
SHARE = (
    "{value: 0.1, low: 0, high: 0.2, interval: range, distribution: pert, unit: fraction, source: TRIAL20, status: V}"
)
CAUSES = f"{one_of(Cause).replace(' or ', ', ')} or 'all'"
ANY_STEP = ", ".join(STEPS)
COST_LINES = ", ".join(Cost.model_fields)
COMMON = ", ".join(Common.model_fields)
FIFTHS_ALLOWED = "five values whose average can lie in the interval"
SOURCE_ALLOWED = "a source key, or 'status: assumption' with a note"
STEP_ALLOWED = "the share now, or more, in some quintile"
ONE_EACH = "one effect on each exposure and each cause"
CESSATION = "success_12_months and unaided_success_12_months, or extra_quits_per_year"


def read(folder: Path, text: str) -> AnyIntervention:
    path = folder / "drug.yaml"
    path.write_text(text, "utf-8")
    return read_intervention(path)


def refused(folder: Path, text: str) -> list[str]:
    """What is printed for ``text``, without the name of the file."""
    with pytest.raises(InvalidFileError, match=r"drug\.yaml:\d+:\d+: ") as caught:
        read(folder, text)
    return [str(problem).removeprefix(f"{folder / 'drug.yaml'}:") for problem in caught.value.problems]


def changed(*edits: tuple[str, str]) -> str:
    """The good file with the first of each old text made new."""
    text = GOOD
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def of(mechanism: str, keys: str, state: str) -> str:
    """The good file with another mechanism and its keys, for people in a state, and without effects."""
    return changed(
        (TWO_LINES, f"mechanism: {mechanism}\n{keys}"), (EFFECTS, ""), ("state: diabetes", f"state: {state}")
    )


def test_the_good_file_reads(tmp_path: Path) -> None:
    drug = read(tmp_path, GOOD)
    assert drug.delivery.steps_now["offered"] == (0.4, 0.45, 0.5, 0.55, 0.6)
    assert drug.delivery.steps_now["need_known"] == (1.0,) * 5
    assert drug.delivery.steps_achievable["taken_up"] == (0.9,) * 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "source: TRIAL20, status: V}\n  - exposure",
            "status: V}\n  - exposure",
            f"14:19: effects[0].hazard_ratio: a number without a source; allowed: {SOURCE_ALLOWED}",
        ),
        (
            "      source: COHORT21\n",
            "",
            f"26:7: delivery.now.offered: a number without a source; allowed: {SOURCE_ALLOWED}",
        ),
        (
            "            note: A guess.}",
            "            }",
            "19:12: lag_years: an assumption without a note; allowed: a note that says why this number was assumed",
        ),
        (
            "status: D}",
            "status: assumption}",
            "21:20: persistence_years: an assumption without a note; "
            "allowed: a note that says why this number was assumed",
        ),
        (
            "source: TRIAL20",
            "source: TRIAL2",
            "15:48: effects[0].hazard_ratio.source: 'TRIAL2', which sources does not hold; allowed: a key of sources; "
            "did you mean 'TRIAL20'?",
        ),
        (
            "      source: COHORT21\n",
            "      source: memory\n",
            "33:15: delivery.now.offered.source: 'memory', which sources does not hold; allowed: a key of sources",
        ),
        (
            "status: assumption,\n            note",
            "status: assumption, source: TRIAL99,\n            note",
            "19:118: lag_years.source: 'TRIAL99', which sources does not hold; allowed: a key of sources; "
            "did you mean 'TRIAL20'?",
        ),
        (
            "value: 0.8, low: 0.7",
            "value: 0.6, low: 0.7",
            "14:27: effects[0].hazard_ratio.value: low 0.7, value 0.6, high 0.9; allowed: low <= value <= high",
        ),
        (
            "      value: 0.5",
            "      value: 0.65",
            "26:14: delivery.now.offered.value: low 0.4, value 0.65, high 0.6; allowed: low <= value <= high",
        ),
        (
            "distribution: pert, unit: years, status",
            "distribution: lognormal, unit: years, status",
            "19:28: lag_years.low: a lognormal with low 0; allowed: low above 0, or another distribution",
        ),
        (
            "distribution: pert, unit: mmHg",
            "distribution: beta, unit: mmHg",
            "17:30: effects[1].change.low: a beta from -6 to -4; allowed: bounds from 0 to 1",
        ),
        (
            "distribution: pert, unit: GBP",
            "distribution: beta, unit: GBP",
            "47:32: cost.per_person_year_gbp.high: a beta from 10 to 30; allowed: bounds from 0 to 1",
        ),
        ("low: 0.7", "low: 0", "14:37: effects[0].hazard_ratio.low: 0; allowed: more than 0"),
        ("low: 0,", "low: -1,", "19:28: lag_years.low: -1; allowed: 0 or more"),
        ("value: 2,", "value: .inf,", "19:20: lag_years.value: '.inf'; allowed: a finite number"),
        ("value: 2,", "value: two,", "19:20: lag_years.value: 'two'; allowed: a number"),
        (
            "      value: 0.5",
            "      value: 50",
            "26:14: delivery.now.offered.value: 50; allowed: a fraction, at most 1: for 50 % write 0.5",
        ),
        (
            "5: 0.6}",
            "5: 60}",
            "32:58: delivery.now.offered.by_quintile.5: 60; allowed: a fraction, at most 1: for 60 % write 0.6",
        ),
        ("1: 0.4,", "1: -0.4,", "32:24: delivery.now.offered.by_quintile.1: -0.4; allowed: 0 or more"),
        (
            ", 5: 0.6}",
            "}",
            "32:7: delivery.now.offered.by_quintile: no value for quintile 5; "
            "allowed: one number, or all five quintiles",
        ),
        (
            FIFTHS,
            "{1: 0.1, 2: 0.2, 3: 0.2, 4: 0.2, 5: 0.39}",
            "32:20: delivery.now.offered.by_quintile: all five values below the interval 0.4 to 0.6; "
            f"allowed: {FIFTHS_ALLOWED}",
        ),
        (
            "{1: -5.5, 2: -5, 3: -5, 4: -5, 5: -4.5}",
            "{1: 5.5, 2: 5, 3: 5, 4: 5, 5: 4.5}",
            f"18:18: effects[1].by_quintile: all five values above the interval -6 to -4; allowed: {FIFTHS_ALLOWED}",
        ),
        (
            "  - exposure",
            "    by_quintile: 1.1\n  - exposure",
            f"16:18: effects[0].by_quintile: all five values above the interval 0.7 to 0.9; allowed: {FIFTHS_ALLOWED}",
        ),
        (
            "unit: mmHg",
            "unit: kPa",
            "17:87: effects[1].change.unit: a change of sbp in 'kPa'; allowed: mmHg",
        ),
        (
            "unit: fraction\n",
            "unit: per cent\n",
            "31:13: delivery.now.offered.unit: 'per cent'; allowed: 'fraction' or 'fraction per year'",
        ),
        (
            "distribution: beta",
            "distribution: gamma",
            "30:21: delivery.now.offered.distribution: 'gamma'; "
            "allowed: 'normal', 'lognormal', 'beta', 'pert' or 'uniform'",
        ),
        (
            "status: D}",
            "status: guess}",
            "22:29: persistence_years.status: 'guess'; allowed: 'V', 'V2', 'VC', 'D' or 'assumption'",
        ),
    ],
)
def test_a_number_that_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert refused(tmp_path, changed((old, new))) == [message]


@pytest.mark.parametrize("fifths", ["{1: 0.1, 2: 0.2, 3: 0.3, 4: 0.3, 5: 0.4}", "{1: 0.9, 2: 0.1, 3: 0.1, 4: 0, 5: 0}"])
def test_fifths_whose_weights_are_not_known_may_average_to_the_value(tmp_path: Path, fifths: str) -> None:
    drug = read(tmp_path, changed((FIFTHS, fifths)))
    assert sum(drug.delivery.steps_now["offered"]) / 5 < 0.4


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cause: ihd", "cause: idh", f"13:12: effects[0].cause: 'idh'; allowed: {CAUSES}; did you mean 'ihd'?"),
        ("cause: ihd", "cause: flu", f"13:12: effects[0].cause: 'flu'; allowed: {CAUSES}"),
        (
            "exposure: sbp",
            "exposure: spb",
            "16:15: effects[1].exposure: 'spb'; allowed: 'sbp', 'cholesterol', 'bmi' or 'alcohol'; did you mean 'sbp'?",
        ),
        (
            "  - exposure",
            "  - removes: unemployd\n  - exposure",
            "16:14: effects[1].removes: 'unemployd'; allowed: 'smoked_in_pregnancy' or 'unemployed'; "
            "did you mean 'unemployed'?",
        ),
        (
            "cause: ihd\n",
            "cause: ihd\n    seasn: winter\n",
            "14:5: effects[0].seasn: the unknown key 'seasn'; allowed: cause, hazard_ratio, by_quintile, season; "
            "did you mean 'season'?",
        ),
        (
            "    hazard_ratio:",
            "    hazard_ration:",
            "14:5: effects[0].hazard_ration: the unknown key 'hazard_ration'; "
            "allowed: cause, hazard_ratio, by_quintile, season; did you mean 'hazard_ratio'?",
        ),
        (
            "  - exposure: sbp\n",
            "  - exposure: sbp\n    cause: stroke\n",
            "17:5: effects[1].cause: the unknown key 'cause'; allowed: exposure, change, by_quintile",
        ),
        (
            "  - exposure",
            "  - removes: unemployed\n    season: winter\n  - exposure",
            "17:5: effects[1].season: the unknown key 'season'; allowed: removes",
        ),
        (
            "  - exposure",
            "  - removes: unemployed\n  - removes: unemployed\n  - exposure",
            f"17:14: effects[2].removes: two effects on unemployed (see line 16); allowed: {ONE_EACH}",
        ),
        (
            "lag_years",
            part("  - cause: ihd", "  - exposure") + "lag_years",
            f"19:12: effects[2].cause: two effects on ihd (see line 13); allowed: {ONE_EACH}",
        ),
        (EFFECTS, "effects: []\n", "12:10: effects: a list; allowed: at least 1 in the list"),
        (EFFECTS, "", "1:1: effects: missing: this key is required"),
        (
            '     price_year: "2009", ',
            "     ",
            "46:3: cost.per_person_year_gbp.price_year: missing: this key is required",
        ),
        (
            'price_year: "2009"',
            "price_year: 2009",
            "48:18: cost.per_person_year_gbp.price_year: 2009; allowed: text (in quotes if it looks like a number)",
        ),
        (
            'price_year: "2009"',
            'price_year: "09"',
            "48:18: cost.per_person_year_gbp.price_year: '09'; "
            'allowed: a year in quotes, such as "2009" or "2012/13"',
        ),
        (COST, "cost: {}\n", f"45:7: cost: a cost without a line; allowed: one or more of {COST_LINES}"),
        (COST, "cost:\n", "45:1: cost: nothing; allowed: a map of keys and values"),
        (
            "  per_person_year_gbp",
            "  per_person_years",
            f"46:3: cost.per_person_years: the unknown key 'per_person_years'; allowed: {COST_LINES}; "
            "did you mean 'per_person_year_gbp'?",
        ),
    ],
)
def test_an_effect_or_a_cost_that_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert refused(tmp_path, changed((old, new))) == [message]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "    offered:",
            "    offerd:",
            f"25:5: delivery.now.offerd: the unknown key 'offerd'; allowed: {ANY_STEP}; did you mean 'offered'?",
        ),
        (
            "  achievable:\n    taken_up",
            "  achievable:\n    uptake",
            f"39:5: delivery.achievable.uptake: the unknown key 'uptake'; allowed: {ANY_STEP}",
        ),
        (
            "value: 0.9, low: 0.8",
            "value: 0.6, low: 0.5",
            "40:15: delivery.achievable.taken_up.value: 0.6, below now (0.7) in every quintile; "
            f"allowed: {STEP_ALLOWED}",
        ),
        (
            "  achievable:\n",
            f"  achievable:\n    sustained: {SHARE}\n",
            "39:24: delivery.achievable.sustained.value: 0.1, below now (1) in every quintile; "
            f"allowed: {STEP_ALLOWED}",
        ),
        ("low: 500", "low: -1", "42:32: delivery.capacity.low: -1; allowed: 0 or more"),
        (
            "unit: persons per year",
            "unit: persons",
            "42:92: delivery.capacity.unit: 'persons'; allowed: 'persons per year'; did you mean 'persons per year'?",
        ),
        ("[40, 80]", "[80, 40]", "11:18: eligible.ages: ages from 80 to 40; allowed: the youngest age first"),
        ("[40, 80]", "[40, 120]", "11:23: eligible.ages[1]: 120; allowed: 100 or less"),
        ("[40, 80]", "[40]", "11:18: eligible.ages: a list; allowed: at least 2 in the list"),
        ("[40, 80]", "[40, 60, 80]", "11:18: eligible.ages: a list; allowed: at most 2 in the list"),
        ("[Female, Male]", "[Male, Male]", "11:35: eligible.sexes: the same sex twice; allowed: each sex once"),
        (
            "state: diabetes",
            "state: diabetic",
            f"11:58: eligible.state: 'diabetic'; allowed: {one_of(State)}; did you mean 'diabetes'?",
        ),
    ],
)
def test_a_delivery_or_eligibility_that_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert refused(tmp_path, changed((old, new))) == [message]


def test_a_capacity_below_nothing(tmp_path: Path) -> None:
    assert refused(tmp_path, changed(("value: 1000, low: 500", "value: -2, low: -3"))) == [
        "42:21: delivery.capacity.value: -2; allowed: 0 or more",
        "42:30: delivery.capacity.low: -3; allowed: 0 or more",
    ]


def test_a_step_achievable_may_be_below_now_in_some_fifths_which_then_stay_as_now(tmp_path: Path) -> None:
    step = SHARE.replace("0.1, low: 0, high: 0.2", "0.5, low: 0.4, high: 0.6")
    drug = read(tmp_path, changed(("  achievable:\n", f"  achievable:\n    offered: {step}\n")))
    assert drug.delivery.steps_achievable["offered"] == (0.5, 0.5, 0.5, 0.55, 0.6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "mechanism: treatment",
            "mechanism: treatmnt",
            f"9:12: mechanism: 'treatmnt'; allowed: {', '.join(MECHANISMS)}; did you mean 'treatment'?",
        ),
        (
            "mechanism: treatment\n",
            "",
            f"1:1: mechanism: missing: this key is required; allowed: {', '.join(MECHANISMS)}",
        ),
        (
            "treatment: drug",
            f"treatment: drug\nextra_quits_per_year: {SHARE}",
            "11:1: extra_quits_per_year: the unknown key 'extra_quits_per_year'; "
            f"allowed: {COMMON}, effects, mechanism, treatment, also, sustained",
        ),
        (
            "treatment: drug",
            "treatment: drug\nfinds: [diabetes]",
            f"11:1: finds: the unknown key 'finds'; allowed: {COMMON}, effects, mechanism, treatment, also, sustained",
        ),
        (
            "mechanism: treatment",
            "mechanism: exposure_shift",
            f"10:1: treatment: the unknown key 'treatment'; allowed: {COMMON}, effects, mechanism",
        ),
        ("id: drug", "id: drugs", "2:5: id: 'drugs' in a file called 'drug'; allowed: 'drug'"),
        (
            "[Diabetes]",
            "[Diabtes]",
            f"6:13: workbooks[0]: 'Diabtes'; allowed: {one_of(Workbook)}; did you mean 'Diabetes'?",
        ),
        (
            "sources:\n",
            "sources:\n  TRIAL20: again\n",
            "53:3: sources: 'TRIAL20' a second time: line 52 sets it already; allowed: each key once",
        ),
        (
            TWO_LINES,
            "mechanism: birth_outcome\n",
            "10:18: eligible.ages: ages 40 to 80; allowed: ages [0, 0]: newborns",
        ),
        (
            "state: diabetes",
            "state: current_smoker",
            "11:58: eligible.state: 'current_smoker'; allowed: another state; smokers are for smoking_cessation",
        ),
    ],
)
def test_a_file_that_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert refused(tmp_path, changed((old, new))) == [message]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ("", f"9:12: mechanism: smoking_cessation without its numbers; allowed: {CESSATION}"),
        (
            f"success_12_months: {{level: {SHARE}}}\n",
            f"10:20: success_12_months: 'success_12_months' alone; allowed: {CESSATION}",
        ),
        (
            f"extra_quits_per_year: {SHARE.replace('0.2', '1.2')}\n",
            "10:50: extra_quits_per_year.high: 1.2; allowed: a fraction, at most 1: for 1.2 % write 0.012",
        ),
        (
            f"success_12_months: {{level: {SHARE}, odds_ratio: 1}}\nunaided_success_12_months: {{level: {SHARE}}}\n",
            "10:142: success_12_months.odds_ratio: the unknown key 'odds_ratio'; "
            "allowed: level, odds_ratio_per_decile; did you mean 'odds_ratio_per_decile'?",
        ),
        (
            f"unaided_success_12_months: {{level: {SHARE}}}\nextra_quits_per_year: {SHARE}\n",
            "11:23: extra_quits_per_year: 'extra_quits_per_year' beside 'unaided_success_12_months'; "
            f"allowed: {CESSATION}",
        ),
    ],
)
def test_a_smoking_service_has_its_numbers(tmp_path: Path, numbers: str, message: str) -> None:
    assert refused(tmp_path, of("smoking_cessation", numbers, "current_smoker")) == [message]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            "",
            "9:12: mechanism: a check that finds and starts nothing; allowed: one or more conditions or treatments",
        ),
        (
            "finds: [hypertensoin]\n",
            "10:9: finds[0]: 'hypertensoin'; allowed: 'hypertension', 'diabetes', 'atrial_fibrillation' or 'copd'; "
            "did you mean 'hypertension'?",
        ),
        (
            f"starts:\n  - {{treatment: statin, state: everyone, share: {SHARE.replace('TRIAL20', 'NONE')}}}\n",
            "11:142: starts[0].share.source: 'NONE', which sources does not hold; allowed: a key of sources",
        ),
    ],
)
def test_a_check_finds_or_starts_something(tmp_path: Path, keys: str, message: str) -> None:
    assert refused(tmp_path, of("case_finding", keys, "everyone")) == [message]


@pytest.mark.parametrize(
    ("mechanism", "keys", "message"),
    [
        (
            "case_finding",
            "finds: [diabetes]\n",
            "11:58: eligible.state: 'chd'; allowed: everyone: who is checked goes by age and sex",
        ),
        (
            "smoking_cessation",
            f"extra_quits_per_year: {SHARE}\n",
            "11:58: eligible.state: 'chd'; allowed: current_smoker",
        ),
    ],
)
def test_a_state_that_the_mechanism_would_pass_over(tmp_path: Path, mechanism: str, keys: str, message: str) -> None:
    assert refused(tmp_path, of(mechanism, keys, "chd")) == [message]


def test_every_mistake_in_one_report(tmp_path: Path) -> None:
    text = changed(
        ("[40, 80]", "[80, 40]"),
        ("source: TRIAL20", "source: TRIAL21"),
        ("lag_years", part("  - cause: ihd", "  - exposure") + "lag_years"),
        ("      value: 0.5", "      value: 0.3"),
        ("value: 0.9, low: 0.8", "value: 0.6, low: 0.5"),
        (COST, "cost: {}\n"),
    )
    lines = [int(message.split(":")[0]) for message in refused(tmp_path, text)]
    assert lines == [11, 15, 19, 29, 48]


def test_a_declaration_made_in_python_obeys_the_same_rules(tmp_path: Path) -> None:
    drug = read(tmp_path, GOOD)
    with pytest.raises(ValueError, match=r"lag_years\.source: 'GONE', which sources does not hold; allowed: a key of"):
        type(drug)(**{**dict(drug), "lag_years": drug.lag_years.model_copy(update={"source": "GONE"})})
    with pytest.raises(ValueError, match="two effects on sbp; allowed: one effect on each"):
        type(drug)(**{**dict(drug), "effects": drug.effects[1:] * 2})
