"""Uncertain figures of the inputs: each has a distribution, changes what it is about, and nothing at its centre."""

from __future__ import annotations

import numpy as np
import pytest

from hisim.inputs.load import load_inputs
from hisim.inputs.uncertain import NORMAL_95, uncertain_inputs
from hisim.uncertain import check_uncertain, drawn_values, quantiles
from hisim.variables import INPUTS

UNCERTAIN = uncertain_inputs()
CENTRAL = load_inputs(2011, 2015)


def changed_by(values: dict[str, float]) -> set[str]:
    """Names of the inputs that differ from the central ones."""
    drawn = load_inputs(2011, 2015, values=values)
    return {str(name) for name in CENTRAL.data_vars if not np.array_equal(CENTRAL[name].values, drawn[name].values)}


def test_every_figure_hangs_together_and_is_named_once() -> None:
    for one in UNCERTAIN:
        check_uncertain(one)
    paths = [one.path for one in UNCERTAIN]
    assert paths == sorted(set(paths)) and all(path.startswith("inputs.") for path in paths)
    assert len(paths) > 100
    assert all(one.source and one.title and one.unit for one in UNCERTAIN)


def test_central_values_give_the_central_inputs() -> None:
    assert changed_by({one.path: one.value for one in UNCERTAIN}) == set()


@pytest.mark.parametrize("one", UNCERTAIN, ids=lambda one: one.path)
def test_every_figure_changes_something(one) -> None:  # type: ignore[no-untyped-def]
    value = float(quantiles(one, np.array([0.975]))[0])
    changed = changed_by({one.path: value})
    kind, _, name = one.path.removeprefix("inputs.").partition(".")
    if kind == "relative_risks":
        assert changed == ({"smoking_rr"} if name.startswith("smoking.") else {"log_rr"})
    elif kind == "smoking_decay":
        assert changed == {"smoking_decay"}
    elif name in INPUTS:
        assert name in changed
    elif one.path not in {"inputs.parameters.reference_alcohol"}:
        assert changed or value == one.value


def test_deviations_reach_the_ends_of_published_intervals() -> None:
    drawn = load_inputs(2011, 2015, values={"inputs.relative_risks.sbp.stroke": NORMAL_95})
    high = np.exp(-20 * float(drawn["log_rr"].sel(risk="sbp", sex="Male", age=65, cause="stroke")))
    assert high == pytest.approx(0.43 * np.sqrt(0.45 / 0.41)), "half the published width above the central ratio"
    slower = load_inputs(2011, 2015, values={"inputs.smoking_decay.cvd": -NORMAL_95})
    assert float(slower["smoking_decay"].sel(smoking_group="cvd", years_since_quit=1)) == pytest.approx(0.499029)


def test_the_trend_moves_only_years_after_the_last_observed() -> None:
    drawn = load_inputs(2009, 2015, values={"inputs.factors.mortality_trend": 1.5})
    central = load_inputs(2009, 2015)
    same = [
        np.array_equal(drawn["mortality_rate"].sel(year=y), central["mortality_rate"].sel(year=y))
        for y in range(2009, 2016)
    ]
    assert same == [True, True, True, False, False, False, False]


def test_hundreds_of_joint_draws_are_within_the_data_dictionary() -> None:
    points = np.random.default_rng(5).random((200, len(UNCERTAIN)))
    points[0], points[1] = 1e-9, 1 - 1e-9
    paths = [one.path for one in UNCERTAIN]
    for values in drawn_values(UNCERTAIN, points)[:60]:
        drawn = load_inputs(2011, 2012, values=dict(zip(paths, values.tolist(), strict=True)))
        for name, variable in INPUTS.items():
            assert drawn[name].min() >= variable.low and drawn[name].max() <= variable.high, name
