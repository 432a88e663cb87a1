"""What is withheld of areas with few people, and that England never loses a figure."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from synthetic import make_scenario

from hisim.declare.scenario import Scenario
from hisim.model.inputs import inputs_of
from hisim.model.projection import project
from hisim.outcomes import withheld
from hisim.outcomes.asked import everything, figures, joined, reduced
from hisim.outcomes.bands import banded, with_totals
from hisim.outcomes.comparison import compare
from hisim.outcomes.decomposition import explained_share, gap_decomposition
from hisim.outcomes.economics import cost_effectiveness
from hisim.outcomes.mortality import life_expectancy, standardised_rate


def of(area: str) -> tuple[Scenario, xr.Dataset, xr.Dataset]:
    scenario = make_scenario(end=2012, people_per_cohort=64).model_copy(update={"area": area})
    inputs = inputs_of(scenario)
    return scenario, inputs, project(scenario, inputs)


@pytest.fixture(scope="module")
def chiltern() -> tuple[Scenario, xr.Dataset, xr.Dataset]:
    return of("E07000005")


def test_life_expectancy_needs_more_than_five_thousand_of_the_fifth_and_sex(chiltern) -> None:
    _, inputs, projection = chiltern
    years = life_expectancy(banded(projection)).isel(scenario=0, draw=0, year=0)
    people = inputs["population"].sum("age")
    for quintile in range(1, 6):
        for sex in ("Female", "Male"):
            enough = float(people.sel(quintile=quintile, sex=sex)) > withheld.MOST_WITHHELD_PEOPLE
            assert np.isfinite(float(years.sel(quintile=str(quintile), sex=sex))) == enough, (quintile, sex)
    assert np.isfinite(years.sel(quintile="all")).all()


def test_rates_need_ten_deaths_in_the_comparators_year(chiltern) -> None:
    _, _, projection = chiltern
    data = with_totals(banded(projection))
    rate = standardised_rate(data).isel(draw=0)
    died = data["deaths"].sel(cause_group="All causes", scenario="comparator").sum("age_band").isel(draw=0)
    shown = np.isfinite(rate)
    assert (shown == (died >= withheld.FEWEST_DEATHS)).all()
    assert (shown.isel(scenario=0) == shown.isel(scenario=-1)).all()


def test_the_marks_of_an_area_reach_every_figure(chiltern) -> None:
    """Comparison, its errors and the figures of draws withhold the same."""
    _, inputs, projection = chiltern
    comparison = compare(projection)
    name = "life_expectancy_0_gap_average"
    assert comparison[name].isnull().all() and comparison[f"{name}_se"].isnull().all()
    assert comparison["life_expectancy_0_sii"].isnull().all()
    assert np.isfinite(comparison["deaths_averted_cumulative"]).all()
    assert np.isnan(comparison["deaths_averted_per_100000"].sel(quintile="1")).all()
    drawn = figures(joined([reduced(projection, inputs)]), everything([2011, 2012]))
    assert drawn["life_expectancy_0_gap_average_change"].isnull().all()
    gap = gap_decomposition(projection)
    assert all(one.isnull().all() for one in gap.data_vars.values())
    assert explained_share(projection)["explained"].isnull().all()
    assert "the whole area" in comparison[name].attrs["long_name"]


def test_which_fifths_are_empty_and_which_small(chiltern) -> None:
    _, _, projection = chiltern
    assert withheld.empty_fifths(projection) == [1]
    assert withheld.small_fifths(projection) == [2, 3]
    count, low, high = withheld.yearly_deaths(projection)
    assert count == pytest.approx(740, abs=1)
    assert low == pytest.approx(count - 1.96 * count**0.5, abs=2)
    assert high == pytest.approx(count + 1.96 * count**0.5, abs=2)


def test_what_spending_displaces_is_lost_where_people_of_the_area_live(chiltern) -> None:
    _, inputs, projection = chiltern
    effects = cost_effectiveness(projection, inputs)
    displaced = effects["qalys_displaced"].isel(scenario=0, draw=0)
    assert float(displaced.sel(quintile="1")) == 0
    np.testing.assert_allclose(displaced.sel(quintile=list("12345")).sum(), displaced.sel(quintile="all"), rtol=1e-12)
    people = inputs["population"].sum(("sex", "age")).values * [0.26, 0.22, 0.22, 0.16, 0.14]
    np.testing.assert_allclose(
        [float(share) for share in effects.attrs["opportunity_shares"].split(", ")], people / people.sum(), rtol=1e-4
    )


def test_of_england_nothing_is_withheld_even_where_a_table_is_small() -> None:
    _, _, projection = of("E92000001")
    small = projection.assign(deaths=projection["deaths"] / 1e4, person_years=projection["person_years"] / 1e4)
    assert np.isfinite(life_expectancy(banded(small))).all()
    assert withheld.area_attribute(projection) == {}
    assert withheld.empty_fifths(projection) == [] and withheld.small_fifths(projection) == []
