from __future__ import annotations

import numpy as np
import pytest

from hisim.errors import ImpossibleModelError
from hisim.outcomes import mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS, banded
from hisim.outcomes.comparison import COLUMNS, compare, tidy
from hisim.outcomes.estimands import ESTIMANDS, estimate
from hisim.outcomes.jackknife import monte_carlo_se
from hisim.variables import COMPARATOR

WHOLE = {"quintile": ENGLAND, "sex": PERSONS, "cause_group": ALL_CAUSES, "draw": 0}


@pytest.fixture(scope="module")
def comparison(projection):
    return compare(projection, mix="both", parts=["one", "two"])


def test_years_are_the_first_2015_and_the_last(comparison):
    assert comparison["year"].values.tolist() == [2011, 2015, 2016]


def test_years_may_be_asked_for(projection):
    assert compare(projection, by=[2012])["year"].values.tolist() == [2011, 2012]


def test_every_value_is_the_estimand_and_has_its_error(projection, comparison):
    names = [name for name in comparison.data_vars if not name.endswith("_se")]
    assert {f"{name}_se" for name in names} == set(comparison.data_vars) - set(names)
    for name in ("deaths_averted_cumulative", "life_expectancy_0", "under_75_cancer_rate_gap_average"):
        whole = estimate(name, banded(projection)).sel(year=[2011, 2015, 2016])
        np.testing.assert_array_equal(comparison[name].values, whole.values)
        error = monte_carlo_se(projection, ESTIMANDS[name].compute).sel(year=[2011, 2015, 2016])
        np.testing.assert_allclose(comparison[f"{name}_se"].values, error.values, rtol=1e-9, atol=1e-12)
        assert comparison[name].attrs["units"] == comparison[f"{name}_se"].attrs["units"] == ESTIMANDS[name].unit


def test_attributes_travel_with_the_figures(comparison):
    assert comparison.attrs["seed"] == 1
    assert comparison.attrs["mix"] == "both"
    assert comparison["life_expectancy_0_rii"].attrs["withheld"]


def test_overlap_is_the_parts_added_up_minus_the_mix(comparison):
    averted = comparison["deaths_averted_cumulative"].sel(WHOLE)
    expected = averted.sel(scenario="one") + averted.sel(scenario="two") - averted.sel(scenario="both")
    np.testing.assert_allclose(comparison["overlap"].sel(WHOLE), expected, rtol=1e-9)
    # Hazards fall by 1 - (1 - a)(1 - b), so the parts give a b too much.
    assert (comparison["overlap"].sel(WHOLE) > 0).all()
    assert (comparison["overlap_se"].sel(WHOLE) > 0).all()


def test_overlaps_error_is_of_the_difference_not_of_its_terms(projection, comparison):
    def overlap(data):
        averted = mortality.deaths_averted_cumulative(data)
        return averted.sel(scenario="one") + averted.sel(scenario="two") - averted.sel(scenario="both")

    expected = monte_carlo_se(projection, overlap).sel(year=2016).sel(WHOLE)
    assert float(comparison["overlap_se"].sel(year=2016).sel(WHOLE)) == pytest.approx(float(expected), rel=1e-9)


def test_without_a_mix_there_is_no_overlap(projection):
    assert "overlap" not in compare(projection)


def test_tidy_has_a_row_for_each_figure(comparison):
    table = tidy(comparison)
    assert tuple(table.columns) == COLUMNS
    assert not table.duplicated(["estimand", "scenario", "year", "quintile", "sex", "cause_group"]).any()
    row = table[
        (table.estimand == "deaths_averted_cumulative") & (table.scenario == "one") & (table.year == 2015)
        & (table.quintile == "1") & (table.sex == "Male") & (table.cause_group == "Cancer")
    ]  # fmt: skip
    place = {"scenario": "one", "year": 2015, "quintile": "1", "sex": "Male", "cause_group": "Cancer", "draw": 0}
    assert row["value"].tolist() == [float(comparison["deaths_averted_cumulative"].sel(place))]
    assert row["monte_carlo_se"].tolist() == [float(comparison["deaths_averted_cumulative_se"].sel(place))]
    assert row["unit"].tolist() == ["persons"]


def test_tidy_leaves_out_the_comparators_differences_from_itself(comparison):
    table = tidy(comparison)
    of_comparator = set(table[table.scenario == COMPARATOR].estimand)
    assert "life_expectancy_0" in of_comparator
    assert not {name for name in of_comparator if ESTIMANDS[name].against_comparator}
    assert set(table[table.estimand == "overlap"].scenario) == {"both"}


def test_a_year_outside_the_projection_is_refused(projection):
    with pytest.raises(ImpossibleModelError, match=r"by: found 2030; allowed: a projected year, 2011 to 2016"):
        compare(projection, by=[2030])


def test_an_unknown_scenario_is_refused_with_the_nearest_name(projection):
    with pytest.raises(ImpossibleModelError, match=r"scenario: found 'twoo'; .*did you mean 'two'\?"):
        compare(projection, mix="both", parts=["one", "twoo"])


def test_a_mix_without_parts_is_refused(projection):
    with pytest.raises(ImpossibleModelError, match=r"overlap: found a mix without parts"):
        compare(projection, mix="both")


def test_a_projection_without_batches_is_refused(projection):
    with pytest.raises(ImpossibleModelError, match=r"deaths_batch: missing from the dataset"):
        compare(projection.drop_vars("deaths_batch"))
