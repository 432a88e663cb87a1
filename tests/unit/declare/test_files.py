"""Scenario files: what is read, and every refusal word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hisim.declare.delivery import PROFILES
from hisim.declare.files import library_names, read_intervention, read_scenario, read_scenario_text, write_scenario
from hisim.errors import InvalidFileError

GOOD = """\
hisim: 1
name: more-drugs
title: More drugs
start: 2011
end: 2020
interventions:
  - use: statins
    relative: {1: 1.6, 2: 1.5, 3: 1.4, 4: 1.3, 5: 1.2}
    from: 2012
    full_from: 2014
    until: 2018
  - use: antihypertensives
    to: 0.7
"""
NAMES = ", ".join(library_names())
USE_KEYS = "use, file, relative, to, add, profile, achievable, steps, strata, capacity, from, full_from, until"
ONE_KIND = "exactly one of relative, to, add, profile, achievable, steps"
STEPS = "need_known, offered, taken_up, delivered, sustained"
*FIRST_PROFILES, LAST_PROFILE = [f"'{name}'" for name in PROFILES]
PROFILE = f"{', '.join(FIRST_PROFILES)} or {LAST_PROFILE}"


def messages(text: str) -> list[str]:
    """What is printed for a scenario file called ``s.yaml`` that holds ``text``."""
    with pytest.raises(InvalidFileError, match=r"^s\.yaml:") as caught:
        read_scenario_text(text, "s.yaml")
    return str(caught.value).split("\n")


def changed(old: str, new: str) -> str:
    """The good file with one thing changed."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_a_good_file_reads() -> None:
    scenario = read_scenario_text(GOOD)
    statins, pills = scenario.interventions
    assert (scenario.name, scenario.area, scenario.observed_to) == ("more-drugs", "E92000001", 2011)
    assert (scenario.trend.kind, scenario.trend.damping) == ("damped", 0.9)
    assert statins.change == ("relative", (1.6, 1.5, 1.4, 1.3, 1.2))
    assert (statins.start, statins.full_from, statins.until) == (2012, 2014, 2018)
    assert pills.change == ("to", (0.7,) * 5)
    assert (pills.start, pills.full_from, pills.until) == (2011, 2011, None)
    assert statins.intervention.id == "statins"


def test_order_of_keys_and_comments_do_not_matter() -> None:
    head, uses = GOOD.split("interventions:\n")
    other = "interventions:\n" + uses.replace("    to: 0.7", "    # a remark\n    to: 0.70  # another")
    assert read_scenario_text(other + "\n".join(reversed(head.splitlines()))) == read_scenario_text(GOOD)


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_scenario(path) == read_scenario_text(GOOD)


def test_written_file_reads_back() -> None:
    scenario = read_scenario_text(
        changed("title: More drugs", 'title: "A \\"quoted\\" title: # 1"\ndescription: "two\\nlines, é"')
    )
    assert read_scenario_text(write_scenario(scenario)) == scenario


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "title: More drugs",
            "titel: More drugs",
            "3:1: titel: the unknown key 'titel'; allowed: hisim, name, title, description, area, start, end, trend, "
            "observed_to, simulation, strata, interventions, extends; did you mean 'title'?",
        ),
        (
            "    to: 0.7",
            "    relativ: 1.7",
            f"13:5: interventions[1].relativ: the unknown key 'relativ'; allowed: {USE_KEYS}; did you mean 'relative'?",
        ),
        (
            "    to: 0.7",
            "    to: 0.7\n    intervention: statins",
            f"14:5: interventions[1].intervention: the unknown key 'intervention'; allowed: {USE_KEYS}",
        ),
        (
            "    to: 0.7",
            "    to: 0.7\n    start: 2012",
            f"14:5: interventions[1].start: the unknown key 'start'; allowed: {USE_KEYS}; did you mean 'strata'?",
        ),
        (
            "use: statins",
            "use: statin",
            f"7:10: interventions[0].use: the unknown intervention 'statin'; allowed: {NAMES}; did you mean 'statins'?",
        ),
        (
            "5: 1.2}",
            "6: 1.2}",
            [
                "8:5: interventions[0].relative: no value for quintile 5; allowed: one number, or all five quintiles",
                "8:48: interventions[0].relative.6: the unknown quintile 6; "
                "allowed: 1, 2, 3, 4 and 5 (1 = most deprived)",
            ],
        ),
        (
            "{1: 1.6",
            "{Q1: 1.6",
            [
                "8:5: interventions[0].relative: no value for quintile 1; allowed: one number, or all five quintiles",
                "8:16: interventions[0].relative.Q1: the unknown quintile 'Q1'; "
                "allowed: 1, 2, 3, 4 and 5 (1 = most deprived); did you mean '1'?",
            ],
        ),
        (
            ", 4: 1.3, 5: 1.2}",
            "}",
            "8:5: interventions[0].relative: no value for quintiles 4, 5; allowed: one number, or all five quintiles",
        ),
        (
            "to: 0.7",
            "to: 30",
            "13:9: interventions[1].to: 30; allowed: a fraction, at most 1: for 30 % write 0.3",
        ),
        (
            "to: 0.7",
            "to: {1: 0.7, 2: 0.7, 3: 70, 4: 0.7, 5: 0.7}",
            "13:29: interventions[1].to.3: 70; allowed: a fraction, at most 1: for 70 % write 0.7",
        ),
        ("to: 0.7", "to: 30 %", "13:9: interventions[1].to: '30 %'; allowed: a number"),
        ("to: 0.7", "add: 5", "13:10: interventions[1].add: 5; allowed: a fraction, at most 1: for 5 % write 0.05"),
        ("to: 0.7", "relative: 40", "13:15: interventions[1].relative: 40; allowed: 10 or less: 40 % more is 1.4"),
        ("to: 0.7", "to: -0.1", "13:9: interventions[1].to: -0.1; allowed: 0 or more"),
        ("to: 0.7", "relative: -1", "13:15: interventions[1].relative: -1; allowed: 0 or more"),
        ("to: 0.7", "to: .nan", "13:9: interventions[1].to: '.nan'; allowed: a finite number"),
        ("to: 0.7", "to: NaN", "13:9: interventions[1].to: 'NaN'; allowed: a finite number"),
        ("to: 0.7", "to: -.inf", "13:9: interventions[1].to: '-.inf'; allowed: a finite number"),
        ("to: 0.7", "to: 1e999", "13:9: interventions[1].to: a number too long or too large; allowed: a finite number"),
        ("to: 0.7", "to: yes", "13:9: interventions[1].to: 'yes'; allowed: a number"),
        ("to: 0.7", "to: true", "13:9: interventions[1].to: true; allowed: a number"),
        ("to: 0.7", "to: [0.7]", "13:9: interventions[1].to: a list; allowed: one number, or all five quintiles"),
        (
            "    to: 0.7",
            "    {}",
            None,
        ),
        ("end: 2020", "end: 2009", "5:1: end: 2009, before start 2011 (see line 4); allowed: 2011 or later"),
        (
            "end: 2020",
            "end: 2052",
            "5:1: end: 2052 (see line 4); allowed: 2051 or earlier (40 years after start)",
        ),
        ("start: 2011", "start: 2012", "4:8: start: 2012; allowed: 2011 or less"),
        ("start: 2011", "start: 2001", "4:8: start: 2001; allowed: 2002 or more"),
        ("start: 2011", "start: 2011.5", "4:8: start: 2011.5; allowed: a whole number"),
        ("start: 2011", "start: 2011-01-01", "4:8: start: '2011-01-01'; allowed: a whole number"),
        ("start: 2011", "start: 02011", None),
        ("start: 2011", "start: 0o3733", "4:8: start: '0o3733'; allowed: a whole number"),
        (
            "end: 2020",
            "end: 2020\nobserved_to: 2009",
            "6:1: observed_to: 2009, before start 2011 (see line 4); allowed: 2011 or later",
        ),
        (
            "full_from: 2014",
            "full_from: 2011",
            "10:5: interventions[0].full_from: 2011, before from 2012 (see line 9); allowed: 2012 or later",
        ),
        (
            "until: 2018",
            "until: 2013",
            "11:5: interventions[0].until: 2013, before full_from 2014 (see line 10); allowed: 2014 or later",
        ),
        (
            "from: 2012",
            "from: 2010",
            None,
        ),
        (
            "until: 2018",
            "until: 2021",
            "11:5: interventions[0].until: 2021; allowed: a year from start 2011 to end 2020",
        ),
        (
            "use: antihypertensives",
            "use: statins",
            "12:5: interventions[1].use: 'statins' a second time (see line 7); allowed: each intervention at most once",
        ),
        (
            "    to: 0.7",
            "    to: 0.7\n    add: 0.1",
            "14:5: interventions[1].add: 'add' beside 'to': two lines that set the same thing (see line 13); "
            f"allowed: {ONE_KIND}",
        ),
        (
            "    to: 0.7",
            "    profile: proportionate\n    steps: {offered: 0.9}",
            "14:5: interventions[1].steps: 'steps' beside 'profile': two lines that set the same thing (see line 13); "
            f"allowed: {ONE_KIND}",
        ),
        (
            "to: 0.7",
            "profile: industrial",
            f"13:14: interventions[1].profile: 'industrial'; allowed: {PROFILE}; did you mean 'industrial_scale'?",
        ),
        ("to: 0.7", "profile:", f"12:5: interventions[1]: no amount; allowed: {ONE_KIND}"),
        (
            "to: 0.7",
            "steps: {taken_up: 1.2}",
            "13:23: interventions[1].steps.taken_up: 1.2; allowed: a fraction, at most 1: for 1.2 % write 0.012",
        ),
        (
            "to: 0.7",
            "steps: {taken_up: {1: 0.9, 2: 0.8, 3: 80, 4: 0.8, 5: 0.8}}",
            "13:43: interventions[1].steps.taken_up.3: 80; allowed: a fraction, at most 1: for 80 % write 0.8",
        ),
        ("to: 0.7", "steps: {offered: -1}", "13:22: interventions[1].steps.offered: -1; allowed: 0 or more"),
        (
            "to: 0.7",
            "steps: {take_up: 0.9}",
            "13:13: interventions[1].steps.take_up: the unknown key 'take_up'; "
            f"allowed: {STEPS}; did you mean 'taken_up'?",
        ),
        ("to: 0.7", "steps: {}", f"13:5: interventions[1].steps: no step; allowed: one or more of {STEPS}"),
        (
            "to: 0.7",
            "steps: {offered: }",
            f"13:5: interventions[1].steps: no step; allowed: one or more of {STEPS}",
        ),
        ("to: 0.7", "steps: 0.9", "13:12: interventions[1].steps: 0.9; allowed: a map of keys and values"),
        ("to: 0.7", "to: 0.7\n    capacity: -1", "14:15: interventions[1].capacity: -1; allowed: 0 or more"),
        (
            "to: 0.7",
            "to: 0.7\n    capacity: 2e9",
            "14:15: interventions[1].capacity: 2000000000.0; allowed: 1000000000 or less",
        ),
        (
            "to: 0.7",
            "to: 0.7\n    capacity: {1: 5}",
            "14:15: interventions[1].capacity: a map; allowed: a number",
        ),
        (
            "to: 0.7",
            "capacity: 1000",
            f"12:5: interventions[1]: no amount; allowed: {ONE_KIND}",
        ),
        (
            "end: 2020",
            "end: 2020\nsimulation: {uptake_correlation: 1}",
            "6:34: simulation.uptake_correlation: 1; allowed: 0.95 or less",
        ),
        (
            "\n    to: 0.7",
            "",
            f"12:5: interventions[1]: no amount; allowed: {ONE_KIND}",
        ),
        (
            "end: 2020",
            "end: 2020\nend: 2021",
            "6:1: 'end' a second time: line 5 sets it already; allowed: each key once",
        ),
        ("name: more-drugs", "name: comparator", None),
        (
            "name: more-drugs",
            "name: More_drugs",
            "2:7: name: 'More_drugs'; allowed: small letters, digits and single hyphens, at most 60 characters",
        ),
        ("hisim: 1", "hisim: 2", "1:8: hisim: 2; allowed: 1"),
        ("hisim: 1\n", "", "1:1: hisim: missing: this key is required"),
        ("title: More drugs\n", "", "1:1: title: missing: this key is required"),
        ("title: More drugs", "title:", "3:1: title: nothing; allowed: text (in quotes if it looks like a number)"),
        ("title: More drugs", "title: 12", "3:8: title: 12; allowed: text (in quotes if it looks like a number)"),
        (
            "title: More drugs",
            'title: "\\e[2J"',
            "3:8: title: the control character '\\x1b' in the text; allowed: printable text",
        ),
        ("  - use: statins", "  - usa: statins", None),
        (
            "end: 2020",
            "end: 2020\ntrend: {kind: flat, damping: 0.5}",
            "6:21: trend.damping: damping with kind 'flat' (see line 6); allowed: damping only with kind 'damped'",
        ),
        (
            "end: 2020",
            "end: 2020\ntrend: {kind: dampd}",
            "6:15: trend.kind: 'dampd'; allowed: 'flat', 'continue', 'damped' or 'pooled'; did you mean 'damped'?",
        ),
        ("end: 2020", "end: 2020\ntrend: {damping: 0}", "6:18: trend.damping: 0; allowed: more than 0"),
        (
            "end: 2020",
            "end: 2020\ntrend: {damping: 90}",
            "6:18: trend.damping: 90; allowed: a fraction, at most 1: for 90 % write 0.9",
        ),
        (
            "end: 2020",
            "end: 2020\narea: Ashfrod",
            "6:7: area: 'Ashfrod'; allowed: the name or code of an area (hisim areas lists them); "
            "did you mean 'Ashford'?",
        ),
        (
            "end: 2020",
            "end: 2020\narea: [Dover, Kent]",
            "6:15: area[1]: 'Kent', which overlaps 'Dover'; allowed: areas without a local authority in common",
        ),
        (
            "end: 2020",
            "end: 2020\narea: 7",
            "6:7: area: '7'; allowed: the name or code of an area (hisim areas lists them)",
        ),
        (
            "end: 2020",
            "end: 2020\narea: West Midlands",
            "6:7: area: 'West Midlands', the name of a region and a metropolitan county; "
            "allowed: 'E12000005' or 'E11000005'",
        ),
        (
            "end: 2020",
            "end: 2020\nsimulation: {people_per_cohort: 30}",
            "6:33: simulation.people_per_cohort: 30; allowed: a multiple of 16",
        ),
        (
            "end: 2020",
            "end: 2020\nsimulation: {seed: -1}",
            "6:20: simulation.seed: -1; allowed: 0 or more",
        ),
        ("end: 2020", "end: 2020\nsimulation: fast", "6:13: simulation: 'fast'; allowed: a map of keys and values"),
        ("end: 2020", "end: &last 2020", "5:6: end: the anchor '&last'; allowed: the value without an anchor"),
        ("end: 2020", "end: *last", "5:6: end: the alias '*last'; allowed: the value written out"),
        (
            "end: 2020",
            "end: !!python/object:os.system 2020",
            "5:6: end: the tag 'tag:yaml.org,2002:python/object:os.system'; allowed: the value without a tag",
        ),
        ("end: 2020", "<<: {end: 2020}", "5:1: a merge key '<<'; allowed: the keys written out"),
        ("end: 2020", "end: 2020\n---\nhisim: 1", "6:1: a second document; allowed: one document in a file"),
        ("end: 2020", "? [end]\n: 2020", "5:3: a key that is a map or a list; allowed: a name"),
        ("end: 2020", "end: 2020\x00", "5:10: the character '\\x00'; allowed: printable text"),
        ("end: 2020", "end: [2020", None),
        ("hisim: 1", "%YAML 1.1\n---\nhisim: 1", "2:1: a % directive; allowed: plain YAML 1.2"),
    ],
)
def test_one_mistake_one_message(old: str, new: str, message: str | list[str] | None) -> None:
    found = messages(changed(old, new))
    if message is not None:
        expected = [message] if isinstance(message, str) else message
        assert found == [f"s.yaml:{line}" for line in expected]


def test_messages_that_follow_from_the_same_slip() -> None:
    assert messages(changed("name: more-drugs", "name: comparator")) == [
        "s.yaml:2:1: name: 'comparator'; allowed: any other name: that one is kept for carrying on as now"
    ]
    assert messages(changed("  - use: statins", "  - usa: statins")) == [
        f"s.yaml:7:5: interventions[0].usa: the unknown key 'usa'; allowed: {USE_KEYS}; did you mean 'use'?"
    ]
    assert messages(changed("from: 2012", "from: 2010")) == [
        "s.yaml:9:5: interventions[0].from: 2010; allowed: a year from start 2011 to end 2020"
    ]
    assert messages(changed("start: 2011", "start: 02011")) == [
        "s.yaml:4:8: start: '02011'; allowed: a number without leading zeros, or text in quotes"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.yaml:1:1: an empty file; allowed: a map of keys and values"),
        ("# only a remark\n", "s.yaml:2:1: an empty file; allowed: a map of keys and values"),
        ("- a\n- b\n", "s.yaml:1:1: a list; allowed: a map of keys and values"),
        ("just text", "s.yaml:1:1: 'just text'; allowed: a map of keys and values"),
        ("a: " + "[" * 50, "s.yaml:1:23: more than 20 levels inside each other; allowed: at most 20"),
        ("a: [" + "1, " * 3000 + "]", "s.yaml:1:5996: more than 2000 values; allowed: at most 2000"),
        ("x" * 300 * 1024, "s.yaml: 300 KB; allowed: at most 256 KB"),
        ("hisim: 1\nextends: a.yaml", "s.yaml:2:1: extends: extends; allowed: a scenario that stands alone"),
    ],
)
def test_a_text_refused_as_a_whole(text: str, message: str) -> None:
    assert messages(text) == [message]


def test_every_mistake_in_one_report() -> None:
    text = """\
hisim: 1
name: bad file
titel: What it does
start: 2011
end: 2009
trend: {kind: dampd}
interventions:
  - use: statin
    to: 30
"""
    places = [re.match(r"s\.yaml:(\d+):\d+: ", line) for line in messages(text)]
    assert [place and int(place[1]) for place in places] == [2, 3, 5, 6, 8, 9]


class TestTheDisk:
    def test_what_is_not_a_readable_file(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidFileError, match=r": no such file; allowed: the path of a file$"):
            read_scenario(tmp_path / "none.yaml")
        with pytest.raises(InvalidFileError, match=r": a folder; allowed: a file$"):
            read_scenario(tmp_path)
        with pytest.raises(InvalidFileError, match=r"cannot be read"):
            read_scenario("a\0b")
        with pytest.raises(InvalidFileError, match=r"cannot be read|no such file"):
            read_scenario("x" * 5000)

    def test_a_device_is_not_read(self) -> None:
        device = Path("/dev/zero")
        if not device.exists():
            pytest.skip("this system has no /dev/zero")
        with pytest.raises(InvalidFileError, match=r"^/dev/zero: something that is not a file; allowed: a file$"):
            read_scenario(device)

    def test_a_missing_file_offers_its_neighbour(self, tmp_path: Path) -> None:
        (tmp_path / "scenario.yaml").write_text(GOOD)
        with pytest.raises(InvalidFileError, match=r"no such file; allowed: '.*/scenario\.yaml'$"):
            read_scenario(tmp_path / "scenarios.yaml")

    def test_a_file_of_300_kb(self, tmp_path: Path) -> None:
        path = tmp_path / "large.yaml"
        path.write_text(GOOD + "#" * 300 * 1024)
        with pytest.raises(InvalidFileError, match=r"large\.yaml: 300 KB; allowed: at most 256 KB$"):
            read_scenario(path)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1", "cp1252"])
    def test_another_encoding(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "s.yaml"
        path.write_bytes(changed("More drugs", "Dépression").encode(encoding))
        with pytest.raises(InvalidFileError, match=r"which is not UTF-8; allowed: a text file in UTF-8$"):
            read_scenario(path)

    def test_an_intervention_under_another_name(self, tmp_path: Path) -> None:
        from hisim.declare.files import LIBRARY

        path = tmp_path / "pills.yaml"
        path.write_text((LIBRARY / "statins.yaml").read_text("utf-8"))
        with pytest.raises(InvalidFileError, match=r"id: 'statins' in a file called 'pills'; allowed: 'pills'$"):
            read_intervention(path)


class TestExtends:
    @staticmethod
    def write(folder: Path, name: str, text: str) -> Path:
        path = folder / name
        path.write_text(text)
        return path

    def test_a_key_replaces_the_inherited_one_whole(self, tmp_path: Path) -> None:
        self.write(tmp_path, "base.yaml", GOOD + "simulation: {seed: 7, people_per_cohort: 160}\n")
        child = self.write(
            tmp_path, "child.yaml", "hisim: 1\nextends: base.yaml\nname: child\nsimulation: {people_per_cohort: 320}\n"
        )
        scenario = read_scenario(child)
        assert (scenario.name, scenario.title, len(scenario.interventions)) == ("child", "More drugs", 2)
        assert (scenario.simulation.people_per_cohort, scenario.simulation.seed) == (320, 2011)

    def test_problems_carry_the_file_they_are_in(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        self.write(tmp_path, "base.yaml", changed("to: 0.7", "to: 30"))
        self.write(tmp_path, "child.yaml", "hisim: 1\nextends: base.yaml\nname: child\nend: 2010\ntrent: {}\n")
        with pytest.raises(InvalidFileError, match=r"base\.yaml") as caught:
            read_scenario("child.yaml")
        assert [str(problem).split("; allowed")[0] for problem in caught.value.problems] == [
            "base.yaml:13:9: interventions[1].to: 30",
            "child.yaml:4:1: end: 2010, before start 2011 (see base.yaml:4)",
            "child.yaml:5:1: trent: the unknown key 'trent'",
        ]

    def test_a_file_in_the_chain_speaks_for_itself(self, tmp_path: Path) -> None:
        self.write(tmp_path, "base.yaml", GOOD.replace("hisim: 1\n", "hisim: 2\n"))
        child = self.write(tmp_path, "child.yaml", "hisim: 1\nextends: base.yaml\n")
        with pytest.raises(InvalidFileError, match=r"hisim: 2; allowed: 1\n.*name: missing: .* in every file$"):
            read_scenario(child)

    def test_a_circle_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
            self.write(tmp_path, f"{name}.yaml", f"hisim: 1\nname: {name}\nextends: {other}.yaml\n")
        with pytest.raises(InvalidFileError, match=r"a circle: a\.yaml -> b\.yaml -> c\.yaml -> a\.yaml; allowed") as e:
            read_scenario("a.yaml")
        assert [(problem.file, problem.line) for problem in e.value.problems] == [("c.yaml", 3)]

    def test_a_chain_of_five_reads_and_of_six_does_not(self, tmp_path: Path) -> None:
        self.write(tmp_path, "1.yaml", GOOD)
        for index in range(2, 7):
            text = f"hisim: 1\nname: s{index}\nextends: {index - 1}.yaml\n"
            self.write(tmp_path, f"{index}.yaml", text)
        assert read_scenario(tmp_path / "5.yaml").name == "s5"
        with pytest.raises(InvalidFileError, match=r"extends: a chain of more than 5 files; allowed: at most 5$"):
            read_scenario(tmp_path / "6.yaml")

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("unknown.yaml", r"s\.yaml:3:10: extends: .*unknown\.yaml: no such file; allowed: the path of a file$"),
            ("[a.yaml, b.yaml]", r"extends: a list; allowed: the name of one file, relative to this one$"),
            ("/etc/passwd", r"extends: '/etc/passwd'; allowed: the name of one file, relative to this one$"),
            ("''", r"extends: ''; allowed: the name of one file, relative to this one$"),
            (".", r"extends: .*: a folder; allowed: a file$"),
        ],
    )
    def test_what_cannot_be_extended(self, tmp_path: Path, value: str, message: str) -> None:
        path = self.write(tmp_path, "s.yaml", f"hisim: 1\nname: child\nextends: {value}\n")
        with pytest.raises(InvalidFileError, match=message):
            read_scenario(path)


@pytest.mark.parametrize(
    "title", ["NAN", ".inf", "null", "true", "yes", "~", "2011", "0x1F", "- a", "a: b", "# a", "&a"]
)
def test_a_title_that_looks_like_something_else_reads_back(title):
    scenario = read_scenario_text(f"hisim: 1\nname: s\ntitle: '{title}'\nstart: 2011\nend: 2012\n")
    assert scenario.title == title
    assert read_scenario_text(write_scenario(scenario)) == scenario
