"""Numbers in declarations by dotted place: what there is, and copies with some of them changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hisim.declare.fields import places, replaced
from hisim.declare.files import load_library, read_scenario
from hisim.declare.uncertain import scenario_paths, uncertain_interventions, with_values

SCENARIOS = Path(__file__).parents[3] / "scenarios"
LIBRARY = load_library()


def test_every_quantity_has_a_place_that_changes_it_alone() -> None:
    item = LIBRARY["stop-smoking-services"]
    found = dict(places(item))
    assert {"success_12_months.level", "lag_years", "delivery.now.offered"} <= set(found)
    changed = replaced(item, {"success_12_months.level": 0.2})
    assert changed.success_12_months.level.value == 0.2  # type: ignore[union-attr]
    left = {place: value for place, value in places(changed) if value != found[place]}
    assert set(left) == {"success_12_months.level"}


def test_five_fifths_move_with_their_central_value() -> None:
    step = next(item for item in LIBRARY.values() for place, one in places(item) if getattr(one, "by_quintile", None))
    place, before = next((p, one) for p, one in places(step) if getattr(one, "by_quintile", None))
    after = dict(places(replaced(step, {place: before.value * 0.9})))[place]
    assert after.value == pytest.approx(before.value * 0.9)
    assert all(a < b for a, b in zip(after.by_quintile, before.by_quintile, strict=True))
    same = dict(places(replaced(step, {place: before.value})))[place]
    assert same.by_quintile == pytest.approx(before.by_quintile)


def test_what_acts_by_fifth_moves_with_its_effect() -> None:
    item = next(
        one
        for one in LIBRARY.values()
        if any(e.by_quintile for e in getattr(one, "effects", ()) if hasattr(e, "by_quintile"))
    )
    index = next(i for i, e in enumerate(item.effects) if getattr(e, "by_quintile", None))  # type: ignore[union-attr]
    effect = item.effects[index]  # type: ignore[union-attr]
    name = "hazard_ratio" if hasattr(effect, "hazard_ratio") else "change"
    value = getattr(effect, name).value
    changed = replaced(item, {f"effects[{index}].{name}": value * 0.98}).effects[index]  # type: ignore[union-attr]
    assert changed.by_quintile == pytest.approx([one * 0.98 for one in effect.by_quintile])


def test_numbers_of_a_scenario() -> None:
    three = read_scenario(SCENARIOS / "three-actions.yaml")
    changed = replaced(three, {
        "interventions.statins.relative.1": 2.0, "interventions.antihypertensives.relative": 1.1, "trend.damping": 0.8,
        "interventions.statins.full_from": 2014.0,
    })  # fmt: skip
    by_id = {use.id: use for use in changed.interventions}
    assert by_id["statins"].relative == (2.0, 1.4, 1.4, 1.4, 1.4)
    assert by_id["antihypertensives"].relative == (1.1,) * 5
    assert changed.trend.damping == 0.8 and by_id["statins"].full_from == 2014
    assert three.trend.damping == 0.9


@pytest.mark.parametrize(
    "place",
    [
        "nothing", "trend", "trend.damping.x", "interventions.none.relative", "name",
        "interventions.statins.relative.6", "interventions.statins.intervention",
    ],
)  # fmt: skip
def test_a_place_that_leads_to_no_number(place: str) -> None:
    with pytest.raises(KeyError):
        replaced(read_scenario(SCENARIOS / "three-actions.yaml"), {place: 1.0})


def test_uncertain_numbers_are_those_of_what_is_used() -> None:
    three = read_scenario(SCENARIOS / "three-actions.yaml")
    found = uncertain_interventions([three], LIBRARY)
    assert {one.path.split(".")[1] for one in found} == {"antihypertensives", "statins", "stop-smoking-services"}
    assert not any("achievable" in one.path for one in found), "nothing is delivered by a profile"
    assert [one.path for one in found] == sorted(one.path for one in found)
    bench = uncertain_interventions([read_scenario(SCENARIOS / "three-actions-bench.yaml")], LIBRARY)
    assert any("achievable" in one.path for one in bench)


def test_what_a_check_starts_is_uncertain_too() -> None:
    whole = read_scenario(SCENARIOS / "whole-list.yaml")
    checks = whole.model_copy(
        update={"interventions": tuple(u for u in whole.interventions if u.id == "health-checks")}
    )
    assert {"health-checks", "statins"} <= {
        one.path.split(".")[1] for one in uncertain_interventions([checks], LIBRARY)
    }


def test_changed_scenarios_hold_changed_interventions() -> None:
    three = read_scenario(SCENARIOS / "three-actions.yaml")
    paths = {
        "interventions.statins.effects[0].hazard_ratio": 0.5,
        "scenario.trend.damping": 0.7,
        "scenarios.three-actions.interventions.statins.relative": 1.2,
        "inputs.parameters.copd_men": 0.04,
    }
    (changed,), library = with_values([three], LIBRARY, paths)
    use = next(use for use in changed.interventions if use.id == "statins")
    assert use.intervention.effects[0].hazard_ratio.value == 0.5  # type: ignore[attr-defined]
    assert library["statins"] == use.intervention and use.relative == (1.2,) * 5 and changed.trend.damping == 0.7
    assert with_values([three], LIBRARY, {}) == ([three], dict(LIBRARY))


def test_paths_of_scenarios() -> None:
    three, statins = (read_scenario(SCENARIOS / f"{name}.yaml") for name in ("three-actions", "statins"))
    found = scenario_paths([three, statins])
    assert found["scenario.trend.damping"] == 0.9
    assert "scenario.interventions.statins.relative" in found
    assert "scenario.interventions.antihypertensives.relative" not in found
    assert found["scenarios.three-actions.interventions.antihypertensives.relative.3"] == 1.4
