"""Warnings and cautions that stand beside results: an intervention for nobody, and figures that would mislead."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

CLINIC = (files("hisim") / "interventions" / "rapid-tia-clinics.yaml").read_text("utf-8")
SCENARIO = """hisim: 1
name: mine
title: Clinics for toddlers
start: 2011
end: 2012
simulation: {people_per_cohort: 16}
interventions:
  - use: rapid-tia-clinics
    file: rapid-tia-clinics.yaml
    profile: industrial_scale
  - use: flu-vaccination
    profile: industrial_scale
"""


@pytest.fixture
def toddlers(tmp_path: Path) -> Path:
    """A scenario with clinics for an age at which nobody has an attack."""
    (tmp_path / "rapid-tia-clinics.yaml").write_text(CLINIC.replace("ages: [35, 100]", "ages: [1, 3]"), "utf-8")
    (tmp_path / "mine.yaml").write_text(SCENARIO, "utf-8")
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize("command", ["explain", "run"])
def test_an_intervention_for_nobody_is_a_warning_that_names_the_scenario(hisim, toddlers, command):
    code, out, err = hisim(command, toddlers)
    assert (code, err) == (0, "")
    assert "Note: rapid-tia-clinics: nobody in 'mine' is eligible, so it does nothing" in " ".join(out.split())
    assert "flu-vaccination: nobody" not in out


@pytest.mark.parametrize("command", [("run",), ("explain",), ("interventions", "flu-vaccination")])
def test_a_caution_stands_wherever_the_figure_does(hisim, toddlers, command):
    _, out, _ = hisim(*command) if len(command) > 1 else hisim(*command, toddlers)
    text = " ".join(out.split())
    assert "The effect of flu vaccine on deaths is bounded, not measured" in text
    assert "caution" in text.lower()


def test_a_result_that_is_read_again_keeps_its_caution(hisim, toddlers):
    hisim("run", toddlers, "--out", "somewhere")
    code, out, _ = hisim("compare", "somewhere/projection.nc")
    assert code == 0
    assert "Caution, Flu vaccine for everyone aged 65 and over:" in out
