"""Levers: from a row of numbers to a scenario and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hisim.declare.delivery import STEPS
from hisim.declare.files import load_library
from hisim.declare.scenario import Scenario
from hisim.declare.target import Bound, Deliverable
from hisim.errors import InvalidFileError
from hisim.studies.levers import NONE, coverage, levers_of, mix, steps_share

NAMES = ("statins", "stop-smoking-services", "tobacco-control", "health-checks")


def scenario(names: tuple[str, ...] = NAMES) -> Scenario:
    library = load_library()
    uses = [{"use": name, "intervention": library[name], "relative": (1.0,) * 5} for name in names]
    return Scenario(hisim=1, name="s", title="S", start=2011, end=2015, interventions=tuple(uses))


def asked(**more: object) -> Deliverable:
    return Deliverable(hisim=1, name="a", title="A", scenario="s.yaml", **more)  # type: ignore[arg-type]


LEVERS = levers_of(asked(), scenario())


@given(st.lists(st.floats(0, 1), min_size=len(LEVERS.low), max_size=len(LEVERS.low)))
@settings(max_examples=60, deadline=None)
def test_a_mix_has_the_coverage_that_its_levers_say(point: list[float]) -> None:
    made = mix(LEVERS, np.array(point), "m")
    for i, use in enumerate(made.interventions):
        chain = use.chain(use.full_from)
        found = np.prod([chain[step] for step in STEPS], axis=0)
        assert found == pytest.approx(coverage(LEVERS, np.array(point))[i], abs=1e-9)


def test_both_ends_are_today_and_all_that_is_achievable_to_the_bit() -> None:
    assert (steps_share(LEVERS, LEVERS.low) == 0).all()
    assert (steps_share(LEVERS, LEVERS.high)[LEVERS.lever != NONE] == 1).all()
    for use in mix(LEVERS, LEVERS.low, "m").interventions:
        assert use.chain(2015) == use.intervention.delivery.steps_now
    assert mix(LEVERS, LEVERS.low, "m", digits=3).interventions == ()


def test_population_measures_move_every_fifth_at_once_unless_told() -> None:
    alike = {LEVERS.ids[LEVERS.first[v][0]] for v in range(len(LEVERS.low)) if LEVERS.alike(v)}
    assert alike == {"tobacco-control"}
    both = levers_of(asked(alike=("statins",)), scenario())
    assert {both.ids[both.first[v][0]] for v in range(len(both.low)) if both.alike(v)} == {"statins"}


def test_bounds_in_coverage_become_shares_of_the_way() -> None:
    now, full = LEVERS.now[0, 0], LEVERS.full[0, 0]
    half = float((now + full) / 2)
    levers = levers_of(asked(bounds=(Bound(use="statins", at_least=(half,) * 5, at_most=(half,) * 5),)), scenario())
    own = levers.first[:, 0] == 0
    assert levers.low[own] == pytest.approx(0.5)
    assert levers.high[own] == pytest.approx(0.5)
    assert coverage(levers, levers.low)[0] == pytest.approx(half)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"bounds": (Bound(use="statins", at_most=(0.2,) * 5),)},
         r"bounds\.0\.at_most: 0\.2, below today's coverage of 'statins' in fifth 1; allowed: 0\.3\d+ \(today\) to"),
        ({"bounds": (Bound(use="statins", at_least=(0.99,) * 5),)},
         r"bounds\.0\.at_least: 0\.99, above what is achievable of 'statins' in fifth 1; allowed: "),
        ({"bounds": (Bound(use="statin", at_most=(0.5,) * 5),)},
         r"bounds\.0\.use: 'statin', which 's' does not use; allowed: statins, .*did you mean 'statins'"),
        ({"alike": ("tobaco-control",)}, r"alike\.0: 'tobaco-control', which 's' does not use"),
    ],
)  # fmt: skip
def test_bounds_that_cannot_be_are_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidFileError, match=message):
        levers_of(asked(**more), scenario())


def test_nothing_to_decide_is_refused() -> None:
    with pytest.raises(InvalidFileError, match="scenario: 's' without interventions; allowed: one or more"):
        levers_of(asked(), scenario(()))
