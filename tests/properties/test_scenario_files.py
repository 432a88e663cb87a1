"""Whatever a scenario file holds, reading it ends in a scenario or in a refusal with places."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from hisim.declare.delivery import PROFILES, STEPS
from hisim.declare.files import load_library, read_scenario_text, write_scenario
from hisim.declare.scenario import USE_KEYS, Scenario, Simulation, Trend
from hisim.errors import HisimError, InvalidFileError

GOOD = """\
hisim: 1
name: more-drugs
title: More drugs
description: Why
area: E92000001
start: 2011
end: 2020
trend: {kind: damped, damping: 0.8}
observed_to: 2011
simulation: {people_per_cohort: 1280, one_to_one: false, seed: 2011, estimator: expected, uptake_correlation: 0.5}
strata: {by: ethnicity, risk_channels: true}
interventions:
  - use: statins
    relative: {1: 1.6, 2: 1.5, 3: 1.4, 4: 1.3, 5: 1.2}
    from: 2012
    full_from: 2014
    until: 2018
  - use: antihypertensives
    to: 0.7
  - use: stop-smoking-services
    add: 0.05
    capacity: 500000
  - use: health-checks
    profile: proportionate
    strata: [Black, Pakistani]
  - use: copd-care
    achievable: {1: 1, 2: 0.5, 3: 0, 4: 0, 5: 0}
  - use: heart-failure
    steps: {need_known: 0.9, offered: {1: 0.9, 2: 0.8, 3: 0.8, 4: 0.8, 5: 0.8}, taken_up: 1, delivered: 1, sustained: 1}
"""
KEYS = [
    (match.start(), match.end())
    for match in __import__("re").finditer(r"(?m)(?<=[{ -])[a-z1-5_]+(?=: )|^[a-z_]+(?=:)", GOOD)
]
KEYS_OF_A_FILE = {
    *Scenario.model_fields, *Trend.model_fields, *Simulation.model_fields, *USE_KEYS, *STEPS, "by", "risk_channels"
} - {"intervention", "file"}  # fmt: skip
"""All but what only the reader fills in, and ``file``, which reads another file (test_own_interventions)."""
USABLE = [name for name, item in load_library().items() if not item.author_must_supply]
PIECES = st.sampled_from(
    [":", "\n", " ", "- ", "{", "}", "[", "]", "&a ", "*a", "!!int ", "<<: ", "'", '"', "#", "|", ">", "%", "---\n",
     "30", "-1", ".nan", ".inf", "1e400", "null", "true", "yes", "~", "\t", "\0", "\u2028", "\x85", "é", "9" * 50]
)  # fmt: skip


def read(text: str) -> Scenario | None:
    """The scenario in ``text``, or None when it is refused in the one way allowed."""
    try:
        return read_scenario_text(text, "s.yaml")
    except InvalidFileError as error:
        assert error.problems
        assert all(str(problem).startswith("s.yaml:") and problem.found for problem in error.problems)
        assert all("\n" not in str(problem) and str(problem).isprintable() for problem in error.problems)
        return None


def test_the_keys_under_test_are_all_of_them() -> None:
    assert {GOOD[start:end] for start, end in KEYS} == {*KEYS_OF_A_FILE, *"12345"}


@given(st.text(max_size=300) | st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t01.~<", max_size=200))
@settings(max_examples=400, deadline=None)
def test_any_text_is_refused_or_read(text: str) -> None:
    assert read(text) is None


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 6), PIECES | st.text(max_size=3)), max_size=5))
@settings(max_examples=600, deadline=None)
def test_a_mutated_file_is_refused_or_means_what_it_says(edits: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for place, cut, piece in edits:
        text = text[:place] + piece + text[place + cut :]
    scenario = read(text)
    if scenario is not None:
        assert read_scenario_text(write_scenario(scenario)) == scenario


@given(st.sampled_from(KEYS), st.data())
@settings(max_examples=300, deadline=None)
def test_one_mistyped_character_in_a_key_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    start, end = place
    at = data.draw(st.integers(start, end - 1))
    slip = data.draw(st.sampled_from(["drop", "double", "swap"]))
    char = data.draw(st.sampled_from(string.ascii_letters + string.digits + "_"))
    new = {"drop": "", "double": GOOD[at] * 2, "swap": char}[slip]
    text = GOOD[:at] + new + GOOD[at + 1 :]
    if text != GOOD:
        assert read(text) is None, text[start - 5 : end + 5]


FIVE = st.tuples(*[st.floats(0, 1)] * 5)
AMOUNT = st.one_of(
    st.tuples(st.just("relative"), st.floats(0, 10) | FIVE),
    st.tuples(st.just("to"), st.floats(0, 1) | FIVE),
    st.tuples(st.just("add"), st.floats(-1, 1) | FIVE),
    st.tuples(st.just("profile"), st.sampled_from(sorted({*PROFILES} - {"by_segment"}))),
    st.tuples(st.just("achievable"), st.floats(0, 1) | FIVE),
    st.tuples(st.just("steps"), st.dictionaries(st.sampled_from(STEPS), st.floats(0, 1) | FIVE, min_size=1)),
)
YEARS = st.lists(st.integers(2011, 2030), min_size=3, max_size=3).map(sorted)
TEXT = st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]) | st.just(" "), min_size=1, max_size=50)


def _by_quintile(value: object) -> object:
    """Tuples of five as a map of quintiles, at any depth."""
    if isinstance(value, dict):
        return {key: _by_quintile(item) for key, item in value.items()}
    return dict(enumerate(value, start=1)) if isinstance(value, tuple) else value


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, object]:
    """The content of a valid file, as plain data."""
    uses = []
    for name in draw(st.permutations(USABLE))[: draw(st.integers(0, 3))]:
        kind, value = draw(AMOUNT)
        start, full_from, until = draw(YEARS)
        uses.append({"use": name, kind: _by_quintile(value), "from": start, "full_from": full_from})
        if draw(st.booleans()):
            uses[-1]["capacity"] = draw(st.floats(0, 1e9) | st.integers(0, 10**9))
        if draw(st.booleans()):
            uses[-1]["until"] = until
    data: dict[str, object] = {"hisim": 1, "name": "s", "title": draw(TEXT), "start": 2011, "end": 2030}
    data["trend"] = draw(st.sampled_from([{"kind": "flat"}, {"kind": "damped"}, {"kind": "damped", "damping": 0.5}]))
    data["simulation"] = {"seed": draw(st.integers(0, 2**63 - 1)), "uptake_correlation": draw(st.floats(0, 0.95))}
    data["interventions"] = uses
    if draw(st.booleans()):
        data["description"] = draw(TEXT) + "\n" + draw(TEXT)
    return data


@given(scenarios(), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_read_write_read_and_the_order_of_keys(data: dict[str, object], random: object) -> None:
    import json

    scenario = read_scenario_text(_flow(data))
    assert read_scenario_text(write_scenario(scenario)) == scenario
    keys = list(data)
    random.shuffle(keys)  # type: ignore[attr-defined]
    assert read_scenario_text("# remark\n" + _flow({key: data[key] for key in keys})) == scenario
    assert json.loads(scenario.model_dump_json(by_alias=True))["name"] == "s"


def _flow(value: object) -> str:
    """``value`` as YAML in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(char):08X}" for char in value) + '"'
    return repr(value)


def test_errors_are_of_one_family() -> None:
    assert issubclass(InvalidFileError, HisimError)
    assert HisimError.exit_code == 2
