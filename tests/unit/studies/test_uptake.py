"""A mix at several correlations of uptake, against the people who have both services."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from synthetic import by_cause, effects, library_of, make_acting, make_inputs, make_scenario

from hisim.studies.uptake import CORRELATIONS, by_uptake_correlation
from hisim.surfaces.uptake import uptake_sentences, uptake_table

RATIO, SHARE, PEOPLE = 0.5, 0.5, 1280
INPUTS = make_inputs(2011, 2011, mortality_rate=by_cause(ihd=1e-7))
ITEMS = [
    make_acting("mortality_effect", name, "everyone", effects({"ihd": RATIO}), now={"offered": 0.0})
    for name in ("one", "two")
]


@pytest.fixture(scope="module")
def uptake():
    scenario = make_scenario(*((item, {"to": SHARE}) for item in ITEMS), end=2011, people_per_cohort=PEOPLE)
    return by_uptake_correlation(scenario, INPUTS, by=2011, library=library_of(*ITEMS))


def test_deaths_averted_are_those_of_the_people_who_have_both(uptake):
    """With b the share who have both, 1 - (1 - 2 (p - b)) - b h^2 - 2 (p - b) h of the deaths go."""
    deaths = 1e-7 * float(INPUTS["population"].sum())
    for correlation in CORRELATIONS:
        cut = norm.ppf(SHARE)
        both = multivariate_normal.cdf([cut, cut], cov=[[1, correlation], [correlation, 1]])
        expected = 2 * (SHARE - both) * (1 - RATIO) + both * (1 - RATIO**2)
        found = float(uptake["deaths_averted_cumulative"].sel(uptake_correlation=correlation, quintile="all")) / deaths
        assert abs(found - expected) < 5 * 0.5 / np.sqrt(10 * 101 * PEOPLE)


def test_the_more_the_same_people_the_less_is_gained_where_nobody_is_served_now(uptake):
    whole = uptake["deaths_averted_cumulative"].sel(quintile="all").values
    assert (np.diff(whole) < 0).all()
    fifths = uptake["deaths_averted_cumulative"].drop_sel(quintile="all").sum("quintile").values
    assert fifths == pytest.approx(whole, rel=1e-12)


def test_words_and_table_say_the_same(uptake):
    uptake = uptake * 1e12
    whole = uptake["deaths_averted_cumulative"].sel(quintile="all")
    (sentence,) = uptake_sentences(uptake)
    assert f"{1 - float(whole[-1] / whole[0]):.1%} fewer" in sentence
    table = uptake_table(uptake, 2011, 0.0)
    assert [row.cells[0] for row in table.rows] == ["0 (as the scenario says)", "0.25", "0.5", "0.75", "0.95"]
    assert [row.strong for row in table.rows] == [True, False, False, False, False]
