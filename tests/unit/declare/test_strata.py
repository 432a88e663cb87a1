"""Strata of a scenario and segment files: what is read, and every refusal word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hisim.declare.distribution import FileText
from hisim.declare.files import library_names, load_library, read_scenario, read_scenario_text, write_scenario
from hisim.declare.scenario import Scenario
from hisim.declare.segments import CHANNELS, COLUMNS, MOST_ROWS, read_segments
from hisim.declare.strata import KEYS_OF, Segments, Strata
from hisim.errors import InvalidFileError
from hisim.stratum_variables import EVERYONE_ELSE, INCLUSION_GROUPS
from hisim.variables import ETHNIC_GROUPS, OAC_SUPERGROUPS, RISK_CHANNELS

AREA = "E92000001"
HEAD = "hisim: 1\nname: s\ntitle: S\nstart: 2011\nend: 2020\n"
USE = "interventions:\n  - use: statins\n    to: 0.7\n"
GROUP = (
    "strata:\n  by: inclusion-health\n  group: homelessness\n  prevalence: {1: 0.01, 2: 0.005, 3: 0.003, 4: 0, 5: 0}\n"
)
BY = "'ethnicity', 'output-area-classification', 'inclusion-health' or 'file'"
KEYS = "by, risk_channels, mortality_multipliers, group, prevalence, relative_uptake, relative_need, file"
COLUMN_NAMES = ", ".join(COLUMNS)
TOP = "area,quintile,segment,share,relative_need,relative_uptake"
OWN = HEAD + "strata:\n  by: file\n  file: mine.csv\n" + USE


def rows(*segments: str, top: str = TOP, quintiles: str = "12345") -> str:
    """A segment file with ``segment,share,...`` the same in every quintile."""
    return "\n".join([top, *(f"{AREA},{q},{each}" for q in quintiles for each in segments)]) + "\n"


GOOD = rows("Town,0.25,2,0.5", "Country,0.75,,")


def segments(text: str) -> Segments:
    return read_segments(text, "mine.csv", AREA, library_names())


def refused(text: str) -> list[str]:
    """What is printed for a segment file that holds ``text``."""
    with pytest.raises(InvalidFileError) as caught:
        segments(text)
    return str(caught.value).split("\n")


def messages(text: str, **own: str) -> list[str]:
    """What is printed for a scenario file called ``s.yaml`` that holds ``text``."""
    with pytest.raises(InvalidFileError) as caught:
        read_scenario_text(text, "s.yaml", {"mine.csv": own.get("mine", GOOD)})
    return str(caught.value).split("\n")


def strata(text: str) -> Strata:
    found = read_scenario_text(HEAD + text, own={"mine.csv": GOOD}).strata
    assert found is not None
    return found


def test_strata_are_off_unless_asked_for() -> None:
    scenario = read_scenario_text(HEAD + USE)
    assert scenario.strata is None and scenario.interventions[0].strata is None
    assert "strata" not in write_scenario(scenario)
    assert scenario.own_files == {}


def test_lists_of_names_are_those_of_the_dictionary() -> None:
    assert tuple(CHANNELS.values()) == RISK_CHANNELS
    assert get_args(Strata.model_fields["by"].annotation) == tuple(KEYS_OF)
    literal, _ = get_args(Strata.model_fields["group"].annotation)
    assert get_args(literal) == tuple(INCLUSION_GROUPS)


@pytest.mark.parametrize(
    ("text", "risk", "multipliers"),
    [
        ("strata: {by: ethnicity}", True, None),
        ("strata: {by: ethnicity, risk_channels: false}", False, None),
        ("strata: {by: ethnicity, mortality_multipliers: low}", False, "low"),
        ("strata: {by: ethnicity, risk_channels: false, mortality_multipliers: central}", False, "central"),
        ("strata: {by: output-area-classification}", None, None),
    ],
)
def test_census_groups(text: str, risk: bool | None, multipliers: str | None) -> None:
    found = strata(text)
    assert (found.risk_channels, found.mortality_multipliers) == (risk, multipliers)
    assert found.levels == (ETHNIC_GROUPS if found.by == "ethnicity" else OAC_SUPERGROUPS)
    assert (found.share, found.need, found.uptake, found.risk) == ({}, {}, {}, {})


@pytest.mark.parametrize("group", INCLUSION_GROUPS)
def test_a_group_left_out(group: str) -> None:
    found = strata(GROUP.replace("homelessness", group))
    assert found.levels == (INCLUSION_GROUPS[group], EVERYONE_ELSE)
    assert found.share[2] == {"Female": (0.005, 0.995), "Male": (0.005, 0.995)}
    assert found.share[5]["Male"] == (0.0, 1.0)
    assert found.uptake == {"all": {"Female": (1.0, 1.0), "Male": (1.0, 1.0)}}
    assert found.need == {}
    given = strata(GROUP + "  relative_uptake: 0.5\n  relative_need: 2.2\n")
    assert given.uptake["all"]["Female"] == (0.5, 1.0)
    assert given.need == {"Female": (2.2, 1.0), "Male": (2.2, 1.0)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strata:", None),
        ("strata: ethnicity", "6:9: strata: 'ethnicity'; allowed: a map of keys and values"),
        ("strata: {}", "6:1: strata.by: missing: this key is required"),
        ("strata: {by: ethnicty}", f"6:14: strata.by: 'ethnicty'; allowed: {BY}; did you mean 'ethnicity'?"),
        (
            "strata: {by: ethnicity, grup: a}",
            f"6:25: strata.grup: the unknown key 'grup'; allowed: {KEYS}; did you mean 'group'?",
        ),
        ("strata: {by: ethnicity, risk_channels: yes}", "6:40: strata.risk_channels: 'yes'; allowed: true or false"),
        (
            "strata: {by: ethnicity, mortality_multipliers: lo}",
            "6:48: strata.mortality_multipliers: 'lo'; allowed: 'central', 'low' or 'high'; did you mean 'low'?",
        ),
        (
            "strata:\n  by: ethnicity\n  risk_channels: true\n  mortality_multipliers: high",
            "9:3: strata.mortality_multipliers: 'mortality_multipliers' beside 'risk_channels: true': "
            "the same deaths twice (see line 8); allowed: one of them",
        ),
        (
            "strata:\n  by: output-area-classification\n  risk_channels: true",
            "8:3: strata.risk_channels: 'risk_channels' with by 'output-area-classification' (see line 7); "
            "allowed: 'risk_channels' only with by 'ethnicity'",
        ),
        (
            "strata:\n  by: ethnicity\n  file: mine.csv",
            "8:3: strata.file: 'file' with by 'ethnicity' (see line 7); allowed: 'file' only with by 'file'",
        ),
        (
            "strata:\n  by: file",
            "6:1: strata: no 'file', which by 'file' needs (see line 7); allowed: 'file' beside 'by'",
        ),
        (
            "strata:\n  by: inclusion-health\n  prevalence: 0.1",
            "6:1: strata: no 'group', which by 'inclusion-health' needs (see line 7); allowed: 'group' beside 'by'",
        ),
        (
            "strata:\n  by: inclusion-health\n  group: homelessness",
            "6:1: strata: no 'prevalence', which by 'inclusion-health' needs (see line 7); "
            "allowed: 'prevalence' beside 'by'",
        ),
        (
            "strata: {by: inclusion-health, grop: homelessness, prevalence: 0.1}",
            f"6:32: strata.grop: the unknown key 'grop'; allowed: {KEYS}; did you mean 'group'?",
        ),
        (
            GROUP.replace("homelessness", "homeless"),
            "8:10: strata.group: 'homeless'; allowed: 'homelessness', 'homelessness-and-other-exclusion', "
            "'serious-mental-illness' or 'socially-excluded'; did you mean 'homelessness'?",
        ),
        (
            GROUP.replace("{1: 0.01", "{1: 10"),
            "9:19: strata.prevalence.1: 10; allowed: a fraction, at most 1: for 10 % write 0.1",
        ),
        (GROUP + "  relative_uptake: 0", "10:20: strata.relative_uptake: 0; allowed: 0.001 or more"),
        (GROUP + "  relative_need: -1", "10:18: strata.relative_need: -1; allowed: 0.001 or more"),
        (GROUP + "  relative_need: 2000", "10:18: strata.relative_need: 2000; allowed: 1000 or less"),
        (GROUP + "  relative_need: .inf", "10:18: strata.relative_need: '.inf'; allowed: a finite number"),
        (
            GROUP + "  segments: a",
            f"10:3: strata.segments: the unknown key 'segments'; allowed: {KEYS}",
        ),
        (
            "strata: {by: file, file: mine.csv, file_text: a}",
            f"6:36: strata.file_text: the unknown key 'file_text'; allowed: {KEYS}; did you mean 'file'?",
        ),
    ],
)
def test_one_mistake_one_message(text: str, message: str | None) -> None:
    if message is None:
        assert read_scenario_text(HEAD + text).strata is None
    else:
        assert messages(HEAD + text) == [f"s.yaml:{message}"]


NAMES = "  - use: statins\n    profile: by_segment\n    strata: {}\n"


@pytest.mark.parametrize(
    ("section", "names", "message"),
    [
        (
            "",
            "[Black]",
            "9:5: interventions[0].strata: 'strata' in a scenario that tells no strata apart; "
            "allowed: 'strata' beside a section 'strata' of the scenario",
        ),
        (
            "strata: {by: ethnicity}\n",
            "[Black, Pakistanis]",
            "10:21: interventions[0].strata[1]: the unknown stratum 'Pakistanis'; "
            f"allowed: {', '.join(ETHNIC_GROUPS)}; did you mean 'Pakistani'?",
        ),
        (
            "strata: {by: ethnicity}\n",
            "[Black, Black]",
            "10:21: interventions[0].strata[1]: 'Black' a second time (see line 10); allowed: each name once",
        ),
        (
            "strata: {by: ethnicity}\n",
            "[]",
            "10:13: interventions[0].strata: a list; allowed: at least 1 in the list",
        ),
        ("strata: {by: ethnicity}\n", "Black", "10:13: interventions[0].strata: 'Black'; allowed: a list"),
        (
            "strata: {by: ethnicity}\n",
            "[5]",
            "10:14: interventions[0].strata[0]: 5; allowed: text (in quotes if it looks like a number)",
        ),
        (
            "strata: {by: ethnicity}\n",
            "",
            "9:14: interventions[0].profile: 'by_segment' without 'strata'; allowed: 'by_segment' beside 'strata'",
        ),
        (
            "strata: {by: file, file: mine.csv}\n",
            "[Towm]",
            "10:14: interventions[0].strata[0]: the unknown stratum 'Towm'; allowed: Town, Country; "
            "did you mean 'Town'?",
        ),
    ],
)
def test_strata_of_a_use(section: str, names: str, message: str) -> None:
    found = messages(HEAD + section + "interventions:\n" + NAMES.format(names))
    assert [line.split(": ", 1)[1] for line in found] == [message.split(": ", 1)[1]]
    assert found[0].split(": ")[0].split(":")[1] == message.split(":")[0]


@pytest.mark.parametrize("amount", ["relative: 1.4", "to: 0.9", "add: 0.1", "profile: industrial_scale",
                                    "profile: by_segment", "steps: {offered: 0.9}"])  # fmt: skip
def test_every_kind_of_amount_may_be_for_some_strata(amount: str) -> None:
    text = (
        HEAD
        + f"strata: {{by: ethnicity}}\ninterventions:\n  - use: statins\n    {amount}\n    strata: [Black, Other]\n"
    )
    scenario = read_scenario_text(text)
    assert scenario.interventions[0].strata == ("Black", "Other")
    assert read_scenario_text(write_scenario(scenario)) == scenario


def test_all_strata_may_be_named() -> None:
    text = HEAD + "strata: {by: ethnicity}\ninterventions:\n" + NAMES.format(f"[{', '.join(ETHNIC_GROUPS)}]")
    assert read_scenario_text(text).interventions[0].strata == ETHNIC_GROUPS


def test_by_segment_goes_all_the_way() -> None:
    text = HEAD + "strata: {by: ethnicity}\ninterventions:\n" + NAMES.format("[Black]")
    (use,) = read_scenario_text(text).interventions
    assert use.chain(2015) == dict(use.intervention.delivery.steps_achievable)
    assert use.ends is None


class TestSegments:
    def test_what_a_file_says(self) -> None:
        found = strata("strata: {by: file, file: mine.csv}")
        assert found.levels == ("Town", "Country")
        assert found.share == {q: {"Female": (0.25, 0.75), "Male": (0.25, 0.75)} for q in range(1, 6)}
        assert found.need == {"Female": (2.0, 1.0), "Male": (2.0, 1.0)}
        assert found.uptake == {"all": {"Female": (0.5, 1.0), "Male": (0.5, 1.0)}}
        assert found.risk == {}

    def test_sexes_interventions_and_risk_channels(self) -> None:
        top = "sex,segment,area,quintile,share,relative_uptake,relative_need,relative_chd,relative_smoking,intervention"
        lines = [top]
        for q in range(1, 6):
            lines += [f"Female,B,{AREA},{q},0.{q},1.5,,2,,", f"Female,A,{AREA},{q},0.{10 - q},,,,3,"]
            lines += [f"Male,B,{AREA},{q},1,,,,,", f"Male,A,{AREA},{q},0,,,,,"]
        lines += [f",B,{AREA},,,0.25,,,,statins", f"Male,A,{AREA},,,4,,,,bowel-screening"]
        found = segments("\n".join(lines))
        strata = Strata(by="file", file="mine.csv", segments=found, file_text=FileText("\n".join(lines)))
        assert strata.levels == ("B", "A")
        assert strata.share[2] == {"Female": pytest.approx((0.2, 0.8)), "Male": (1.0, 0.0)}
        assert strata.need == {"Female": (1.0, 1.0), "Male": (1.0, 1.0)}
        assert strata.risk == {
            "chd": {"Female": (2.0, 1.0), "Male": (1.0, 1.0)},
            "current_smoker": {"Female": (1.0, 3.0), "Male": (1.0, 1.0)},
        }
        assert strata.uptake == {
            "all": {"Female": (1.5, 1.0), "Male": (1.0, 1.0)},
            "statins": {"Female": (0.25, 1.0), "Male": (0.25, 1.0)},
            "bowel-screening": {"Female": (1.5, 1.0), "Male": (1.0, 4.0)},
        }

    @pytest.mark.parametrize("text", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), "# made up\n#, again\n" + GOOD,
                                      GOOD.replace(",", " , "), GOOD.replace("Town", '"Town"'),
                                      GOOD + ",,,,,\n\n"])  # fmt: skip
    def test_the_same_file_in_other_hands(self, text: str) -> None:
        assert segments(text) == segments(GOOD)

    def test_one_segment_is_everyone(self) -> None:
        (one,) = segments(rows("All,1,,"))
        assert one.share == ((1.0,) * 5, (1.0,) * 5)
        assert (one.need, one.uptake, one.risk) == ((1.0, 1.0), (("all", (1.0, 1.0)),), ())

    def test_shares_within_rounding_are_made_to_add_up(self) -> None:
        thirds = segments(rows("A,0.3333333,,", "B,0.3333333,,", "C,0.3333333,,"))
        assert sum(each.share[0][0] for each in thirds) == pytest.approx(1.0, abs=1e-15)

    def test_a_name_with_commas_and_quotes(self) -> None:
        found = segments(rows('"Town, ""old""",0.25,2,0.5', "Country,0.75,,"))
        assert found[0].name == 'Town, "old"'

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", f"1:1: an empty file; allowed: a line with the columns {', '.join(COLUMNS[:6])}"),
            ("\n# nothing\n", f"1:1: an empty file; allowed: a line with the columns {', '.join(COLUMNS[:6])}"),
            (TOP, "1:1: no segment; allowed: rows with segments"),
            (GOOD.replace(",", ";"), "1:1: columns divided by ';'; allowed: columns divided by commas"),
            (
                GOOD.replace("segment,", "segmnt,"),
                f"1:15: the unknown column 'segmnt'; allowed: {COLUMN_NAMES}; did you mean 'segment'?",
            ),
            (GOOD.replace("share", "x"), None),
            (
                rows("A,1,,,", top=TOP + ",share"),
                "1:59: share: the column 'share' a second time; allowed: each column once",
            ),
            (
                rows("A,1,", top=TOP.removesuffix(",relative_uptake")),
                "1:1: relative_uptake: missing: this column is required",
            ),
            (GOOD.replace(f"{AREA},3,Town", "E10000016,3,Town"),
             "6:1: area: a segment file for another area: 'E10000016'; allowed: 'E92000001', the area of the scenario"),
            (GOOD.replace(f"{AREA},5,Town", f"{AREA},6,Town"),
             "10:11: quintile: the unknown quintile '6'; allowed: 1, 2, 3, 4 and 5 (1 = most deprived)"),
            (GOOD.replace(f"{AREA},5,Town", f"{AREA},Q5,Town"),
             "10:11: quintile: the unknown quintile 'Q5'; allowed: 1, 2, 3, 4 and 5 (1 = most deprived); "
             "did you mean '5'?"),
            (GOOD.replace(f"{AREA},5,Town", f"{AREA},,Town"),
             "10:11: quintile: nothing; allowed: 1, 2, 3, 4 and 5 (1 = most deprived)"),
            (GOOD.replace("2,Town,0.25", "2,,0.25"),
             "4:13: segment: nothing; allowed: a name of at most 100 printable characters"),
            (GOOD.replace("2,Town,0.25", "2,Town\x1b,0.25"),
             "4:13: segment: 'Town\\x1b'; allowed: a name of at most 100 printable characters"),
            (GOOD.replace("2,Town,0.25", "2,Town,0.2"),
             "5:1: share: shares that add up to 0.95 in quintile 2; allowed: shares that add up to 1"),
            (GOOD.replace("2,Town,0.25", "2,Town,25"),
             "4:18: share: 25; allowed: a fraction, 0 to 1: for 25 % write 0.25"),
            (GOOD.replace("2,Town,0.25", "2,Town,-0.25"), "4:18: share: -0.25; allowed: a fraction, 0 to 1"),
            (GOOD.replace("2,Town,0.25", "2,Town,nan"), "4:18: share: 'nan'; allowed: a finite number"),
            (GOOD.replace("2,Town,0.25", "2,Town,inf"), "4:18: share: 'inf'; allowed: a finite number"),
            (GOOD.replace("2,Town,0.25", "2,Town,1e999"), "4:18: share: '1e999'; allowed: a finite number"),
            (GOOD.replace("2,Town,0.25", "2,Town,1_0"), "4:18: share: '1_0'; allowed: a finite number"),
            (GOOD.replace("2,Town,0.25", "2,Town,٣"), "4:18: share: '٣'; allowed: a finite number"),
            (GOOD.replace("2,Town,0.25", "2,Town,"), "4:18: share: nothing; allowed: a finite number"),
            (GOOD.replace("2,Town,0.25,2", "2,Town,0.25,0"),
             "4:23: relative_need: 0; allowed: 0.001 to 1000 (1 = no difference)"),
            (GOOD.replace("2,Town,0.25,2,0.5", "2,Town,0.25,2,-1"),
             "4:25: relative_uptake: -1; allowed: 0.001 to 1000 (1 = no difference)"),
            (GOOD.replace("2,Town,0.25,2", "2,Town,0.25,NaN"), "4:23: relative_need: 'NaN'; allowed: a finite number"),
            (GOOD.replace("2,Town,0.25,2", "2,Town,0.25,1.5"),
             "4:23: relative_need: 1.5 for 'Town', and 2 in line 2; "
             "allowed: one number for a segment in all quintiles; nothing is 1"),
            (GOOD + f"{AREA},1,Town,0.25,2,0.5",
             "12:13: segment: 'Town' in quintile 1 a second time (see line 2); "
             "allowed: one row for each segment, quintile and sex"),
            (GOOD.replace(f"{AREA},4,Town,0.25,2,0.5\n", ""),
             "2:13: segment: no share of 'Town' in quintile 4; allowed: all five quintiles"),
            (GOOD.replace("2,Town,0.25", "2,Town"), "4:1: 5 fields; allowed: 6, as in line 1"),
            (GOOD.replace("2,Town", '2,"Town'),
             "4:1: not valid CSV: unexpected end of data; allowed: fields between commas, in one line"),
            (rows("A,1,,,F", top=TOP + ",sex", quintiles="1"),
             "2:27: sex: the unknown sex 'F'; allowed: Female, Male, or nothing for both"),
            (rows("A,1,,,male", "A,1,,,Female", top=TOP + ",sex", quintiles="1"),
             "2:19: sex: the unknown sex 'male'; allowed: Female, Male, or nothing for both; did you mean 'Male'?"),
            (rows("A,1,,,Male", "A,0.5,,,Female", "B,0.4,,,Female", "B,0,,,Male", top=TOP + ",sex"), None),
            (rows("A,1,1.1,,", "B,0,,,2", top=TOP + ",relative_chd"),
             "3:19: relative_chd: both risk channel and all-cause multiplier asked (see line 2); "
             "allowed: relative_need or relative_chd other than 1: together they count the same deaths twice"),
        ],
    )  # fmt: skip
    def test_one_mistake_one_message(self, text: str, message: str | None) -> None:
        found = refused(text)
        if message is not None and "sex" not in message:
            assert found == [f"mine.csv:{message}"]
        elif message is not None:
            assert message.split(": ", 1)[1] in found[0]

    def test_messages_that_belong_together(self) -> None:
        assert refused(GOOD.replace("share", "x")) == [
            "mine.csv:1:1: share: missing: this column is required",
            f"mine.csv:1:23: the unknown column 'x'; allowed: {COLUMN_NAMES}",
        ]
        by_sex = rows("A,1,,,Male", "A,0.5,,,Female", "B,0.4,,,Female", "B,0,,,Male", top=TOP + ",sex")
        assert refused(by_sex)[:2] == [
            "mine.csv:4:1: share: shares that add up to 0.9 in quintile 1, Female; allowed: shares that add up to 1",
            "mine.csv:8:1: share: shares that add up to 0.9 in quintile 2, Female; allowed: shares that add up to 1",
        ]
        missing = rows("A,1,,,", "B,0,,,Male", top=TOP + ",sex", quintiles="1")
        assert "mine.csv:3:13: segment: no share of 'B' in quintiles 1, 2, 3, 4, 5, Female; " in refused(missing)[1]

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (f"{AREA},,Town,,,2,statin", "12:21: intervention: the unknown intervention 'statin'; allowed: {names}; "
             "did you mean 'statins'?"),
            (f"{AREA},1,Town,,,2,statins", "12:11: quintile: '1'; allowed: {alone}"),
            (f"{AREA},,Town,0.5,,2,statins", "12:17: share: '0.5'; allowed: {alone}"),
            (f"{AREA},,Town,,2,2,statins", "12:18: relative_need: '2'; allowed: {alone}"),
            (f"{AREA},,Towm,,,2,statins", "12:12: segment: 'Towm', which has no share; allowed: Town, Country; "
             "did you mean 'Town'?"),
            (f"{AREA},,Town,,,0,statins", "12:19: relative_uptake: 0; allowed: 0.001 to 1000 (1 = no difference)"),
            (f"{AREA},,Town,,,2,statins\n{AREA},,Town,,,2,statins", 
             "13:12: segment: 'Town' for 'statins' a second time"
             " (see line 12); allowed: one row for each segment, intervention and sex"),
            ("E10000016,,Town,,,2,statins", "12:1: area: a segment file for another area: 'E10000016'; "
             "allowed: 'E92000001', the area of the scenario"),
        ],
    )  # fmt: skip
    def test_rows_for_one_intervention(self, row: str, message: str) -> None:
        text = rows("Town,0.25,2,0.5,", "Country,0.75,,,", top=TOP + ",intervention") + row
        alone = "nothing in a row for one intervention, which sets relative_uptake in all quintiles"
        names = ", ".join(sorted(library_names()))
        assert refused(text) == [f"mine.csv:{message.format(names=names, alone=alone)}"]

    def test_every_mistake_in_one_report(self) -> None:
        text = (
            GOOD.replace("1,Town,0.25", "1,Town,2.5")
            .replace("3,Country", "7,Country")
            .replace("5,Town,0.25,2", "5,Town,0.25,0")
        )
        assert [line.split(":")[1] for line in refused(text)] == ["2", "7", "10"]

    def test_too_much(self) -> None:
        assert refused(GOOD + "x\n" * MOST_ROWS)[-1].startswith("mine.csv:")
        many = TOP + "\n" + ",,,,,\n" * (MOST_ROWS + 1)
        assert refused(many) == [f"mine.csv:{MOST_ROWS + 1}:1: more than 5000 rows; allowed: at most 5000"]
        several = rows(*(f"s{n},0,," for n in range(101)))
        assert refused(several) == ["mine.csv:1:1: segment: 101 segments; allowed: at most 100"]
        (field,) = refused(GOOD + "x" * 200_000)
        assert field.startswith("mine.csv:12:1: not valid CSV: field larger than field limit")

    def test_an_intervention_may_be_called_like_a_column(self) -> None:
        text = rows("A,0.5,,2,", "B,0.5,,,", top=TOP + ",intervention") + f"{AREA},,A,,,3,share\n"
        found = read_segments(text, "mine.csv", AREA, ["share"])
        assert dict(found[0].uptake) == {"all": (2.0, 2.0), "share": (3.0, 3.0)}


class TestTheDisk:
    @pytest.fixture
    def mine(self, tmp_path: Path) -> Path:
        (tmp_path / "mine.csv").write_text(GOOD, "utf-8")
        (tmp_path / "s.yaml").write_text(OWN, "utf-8")
        return tmp_path / "s.yaml"

    def refusal(self, path: Path) -> list[str]:
        with pytest.raises(InvalidFileError) as caught:
            read_scenario(path)
        return str(caught.value).replace(f"{path.parent}/", "").split("\n")

    def test_a_result_can_be_computed_again_from_itself(self, mine: Path) -> None:
        scenario = read_scenario(mine)
        assert scenario.own_files == {"mine.csv": GOOD}
        text = write_scenario(scenario)
        assert 'strata: {by: "file", file: "mine.csv"}' in text
        assert read_scenario_text(text, own=scenario.own_files) == scenario

    def test_other_segments_are_another_scenario(self, mine: Path) -> None:
        scenario = read_scenario(mine)
        (mine.parent / "mine.csv").write_text(GOOD.replace("0.5", "0.6"), "utf-8")
        assert read_scenario(mine) != scenario

    def test_relative_to_the_file_that_names_it(self, mine: Path) -> None:
        (mine.parent / "below").mkdir()
        other = mine.parent / "below" / "t.yaml"
        other.write_text("hisim: 1\nname: t\nextends: ../s.yaml\n", "utf-8")
        assert read_scenario(other).strata == read_scenario(mine).strata

    def test_an_intervention_of_ones_own_may_be_named(self, mine: Path) -> None:
        with_rows = rows("A,1,,,", top=TOP + ",intervention") + f"{AREA},,A,,,2,clinic\n"
        (mine.parent / "mine.csv").write_text(with_rows, "utf-8")
        assert "the unknown intervention 'clinic'" in self.refusal(mine)[0]
        mine.write_text(OWN + "  - use: clinic\n    file: clinic.yaml\n    to: 0.5\n", "utf-8")
        assert all("unknown intervention" not in line for line in self.refusal(mine))

    def test_mistakes_show_at_their_place_in_the_file(self, mine: Path) -> None:
        (mine.parent / "mine.csv").write_text(GOOD.replace("2,Town,0.25", "2,Town,25"), "utf-8")
        assert self.refusal(mine) == ["mine.csv:4:18: share: 25; allowed: a fraction, 0 to 1: for 25 % write 0.25"]

    def test_what_is_not_a_readable_file(self, mine: Path) -> None:
        own = mine.parent / "mine.csv"
        own.write_bytes(b"area\xff")
        assert self.refusal(mine) == [
            "s.yaml:8:9: file: mine.csv: the byte 0xff, which is not UTF-8; allowed: a text file in UTF-8"
        ]
        own.write_text("x" * 300 * 1024)
        assert self.refusal(mine) == ["s.yaml:8:9: file: mine.csv: 300 KB; allowed: at most 256 KB"]
        own.unlink()
        (mine.parent / "mime.csv").write_text(GOOD)
        assert self.refusal(mine) == ["s.yaml:8:9: file: mine.csv: no such file; allowed: 'mime.csv'"]
        own.mkdir()
        assert self.refusal(mine) == ["s.yaml:8:9: file: mine.csv: a folder; allowed: a file"]

    @pytest.mark.parametrize("name", ["/etc/hosts", "''"])
    def test_names_that_are_refused(self, mine: Path, name: str) -> None:
        mine.write_text(OWN.replace("mine.csv", name), "utf-8")
        found = name if name == "''" else f"'{name}'"
        message = f"s.yaml:8:9: file: {found}; allowed: the name of one file, relative to this one"
        assert message in self.refusal(mine)

    def test_a_text_alone_reads_no_disk(self, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(mine.parent)
        with pytest.raises(InvalidFileError, match=r"s:8:9: file: 'mine.csv'; allowed: a scenario that stands alone"):
            read_scenario_text(OWN, "s")
        with pytest.raises(InvalidFileError, match=r"mine.csv: 300 KB; allowed: at most 256 KB"):
            read_scenario_text(OWN, "s", {"mine.csv": "x" * 300 * 1024})

    def test_names_of_strata_wait_for_a_file_that_reads(self, mine: Path) -> None:
        (mine.parent / "mine.csv").write_text(GOOD.replace("2,Town,0.25", "2,Town,25"), "utf-8")
        mine.write_text(OWN + "    strata: [Anyone]\n", "utf-8")
        assert len(self.refusal(mine)) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"by": "file"}, "no 'file', which by 'file' needs"),
        ({"by": "file", "file": "mine.csv"}, "segments: no segments; allowed: what"),
        ({"by": "file", "file": "mine.csv", "segments": ()}, "instance of Segments"),
        ({"by": "ethnicity", "group": "homelessness"}, "'group' with by 'ethnicity'"),
        ({"by": "ethnicity", "risk_channels": True, "mortality_multipliers": "low"}, "the same deaths twice"),
    ],
)
def test_strata_that_cannot_be_made(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Strata(**given)


def test_python_and_file_agree() -> None:
    use = {"use": "statins", "intervention": load_library()["statins"], "to": 0.7, "strata": ("Town",)}
    own = Strata(by="file", file="mine.csv", segments=segments(GOOD), file_text=FileText(GOOD))
    made = Scenario(hisim=1, name="s", title="S", start=2011, end=2020, strata=own, interventions=(use,))
    assert made == read_scenario_text(OWN + "    strata: [Town]\n", own={"mine.csv": GOOD})
    with pytest.raises(ValidationError, match="the unknown stratum 'Sea'; allowed: Town, Country"):
        Scenario(
            hisim=1, name="s", title="S", start=2011, end=2020, strata=own, interventions=({**use, "strata": ("Sea",)},)
        )


@st.composite
def sections(draw: st.DrawFn) -> Strata:
    by = draw(st.sampled_from(list(KEYS_OF)))
    given: dict[str, Any] = {"by": by}
    if by == "ethnicity":
        given["mortality_multipliers"] = draw(st.sampled_from([None, "central", "low", "high"]))
        given["risk_channels"] = draw(st.sampled_from([None, False]))
    if by == "inclusion-health":
        given["group"] = draw(st.sampled_from(list(INCLUSION_GROUPS)))
        given["prevalence"] = draw(st.floats(0, 1) | st.tuples(*[st.floats(0, 1)] * 5))
        given["relative_uptake"] = draw(st.none() | st.floats(0.001, 1000))
        given["relative_need"] = draw(st.none() | st.floats(0.001, 1000))
    if by == "file":
        given |= {"file": "mine.csv", "segments": segments(GOOD), "file_text": FileText(GOOD)}
    return Strata(**given)


@given(sections(), st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_back(section: Strata, data: st.DataObject) -> None:
    names = data.draw(st.none() | st.lists(st.sampled_from(section.levels), min_size=1, unique=True).map(tuple))
    use = {"use": "statins", "intervention": load_library()["statins"], "to": 0.7, "strata": names}
    made = Scenario(hisim=1, name="s", title="S", start=2011, end=2020, strata=section, interventions=(use,))
    assert read_scenario_text(write_scenario(made), own=made.own_files) == made


PIECES = st.sampled_from([",", "\n", "\r", '"', "#", "0", "-1", "nan", "inf", "1e999", "\0", "\u2028", "\x85", "é", ";",
                          "Town", "E92000001", "sex", "intervention", "statins", ",,,,,", "9" * 50])  # fmt: skip


def check(text: str) -> None:
    """Read as segments, or refused in the one way allowed."""
    try:
        found = segments(text)
    except InvalidFileError as error:
        assert error.problems
        assert all(str(problem).startswith("mine.csv:") and problem.found for problem in error.problems)
        assert all(str(problem).isprintable() for problem in error.problems)
        return
    for sex in range(2):
        for q in range(5):
            assert sum(each.share[sex][q] for each in found) == pytest.approx(1.0, abs=1e-12)
    ratios = [ratio for one in found for ratio in (one.need, *dict(one.uptake).values(), *dict(one.risk).values())]
    assert all(0.001 <= value <= 1000 for both in ratios for value in both)


@given(st.text(max_size=300) | st.text(alphabet='area,quintile\n"#01.2 ', max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_read(text: str) -> None:
    check(text)
    check(TOP + "\n" + text)
    check(GOOD + text)


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 6), PIECES | st.text(max_size=3)), max_size=5))
@settings(max_examples=500, deadline=None)
def test_a_mutated_file_is_refused_or_read(edits: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for place, cut, piece in edits:
        text = text[:place] + piece + text[place + cut :]
    check(text)
