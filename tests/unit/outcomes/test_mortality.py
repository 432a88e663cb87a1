from __future__ import annotations

import numpy as np
import pytest

from hisim.outcomes import mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS, banded, fifths, with_totals
from hisim.outcomes.lifetable import life_expectancy
from hisim.variables import COMPARATOR, SEXES

WHOLE = {"quintile": ENGLAND, "sex": PERSONS, "cause_group": ALL_CAUSES}


@pytest.fixture(scope="module")
def data(projection):
    return with_totals(banded(projection))


def test_deaths_averted_are_the_comparators_minus_the_scenarios(projection, data):
    averted = mortality.deaths_averted(data).sel(WHOLE)
    deaths = projection["deaths"].sum(["quintile", "sex", "age", "cause"])
    expected = deaths.sel(scenario=COMPARATOR) - deaths.sel(scenario="one")
    np.testing.assert_allclose(averted.sel(scenario="one").values, expected.values, rtol=1e-9)
    assert (averted.sel(scenario="one") > 0).all()
    assert (mortality.deaths_averted(data).sel(scenario=COMPARATOR) == 0).all()


def test_cumulative_deaths_averted_add_up_the_years(data):
    yearly, cumulative = mortality.deaths_averted(data), mortality.deaths_averted_cumulative(data)
    np.testing.assert_allclose(cumulative.sel(year=2013), yearly.sel(year=slice(2011, 2013)).sum("year"), rtol=1e-12)


def test_cumulative_benefit_has_cumulative_person_years_below_it(make_projection):
    # The same 5 % fewer deaths everywhere, while the most deprived fifth grows 20 % a year: with one year's
    # people below it, the benefit per head would change its gradient.
    growing = make_projection({"same": 0.05}, growth=np.array([1.2, 1.0, 1.0, 1.0, 1.0]))
    data = with_totals(banded(growing))
    place = {"scenario": "same", "sex": PERSONS, "cause_group": ALL_CAUSES}
    per_head = fifths(mortality.deaths_averted_per_100000(data)).sel(place)
    np.testing.assert_allclose(per_head.sel(year=2016), per_head.sel(year=2011), rtol=1e-9)
    averted = fifths(mortality.deaths_averted_cumulative(data)).sel(place).sel(year=2016)
    people = fifths(data["person_years"]).sel(scenario=COMPARATOR, sex=PERSONS, year=2016).sum("age_band")
    one_year = (averted / people).values / 6 * 1e5
    assert one_year[0, 0] / per_head.sel(year=2016).values[0, 0] < 0.75


def test_years_of_life_gained_are_person_years_gained(projection, data):
    gained = mortality.years_of_life_gained(data).sel(quintile=ENGLAND, sex=PERSONS, scenario="two", year=2016)
    lived = projection["person_years"].sum(["year", "quintile", "sex", "age"])
    expected = (lived.sel(scenario="two") - lived.sel(scenario=COMPARATOR)).item()
    assert gained.item() == pytest.approx(expected, rel=1e-9)
    assert expected > 0


def test_life_expectancy_of_england_and_persons_is_of_their_summed_deaths(data):
    table = data.sel(quintile=ENGLAND, sex=PERSONS, scenario="two", year=2014, draw=0)
    expected = life_expectancy(table["deaths"].sel(cause_group=ALL_CAUSES).values, table["person_years"].values)
    for age, place in ((0, 0), (65, 14)):
        found = mortality.life_expectancy(data, age).sel(quintile=ENGLAND, sex=PERSONS, scenario="two", year=2014)
        assert found.item() == expected[place]


def test_infant_mortality_is_per_thousand_aged_0(data):
    found = mortality.infant_mortality(data).sel(scenario=COMPARATOR, year=2011, sex=PERSONS)
    np.testing.assert_allclose(fifths(found).values[0], 4.0 * np.array([1.6, 1.25, 1.05, 0.9, 0.75]), rtol=1e-12)


def test_years_of_life_lost_by_hand(data):
    lost = mortality.years_of_life_lost(data).sel(scenario="one", year=2013, quintile="2", sex="Male", draw=0)
    first = data.sel(scenario=COMPARATOR, year=2011, quintile=ENGLAND, sex="Male", draw=0)
    years = life_expectancy(first["deaths"].sel(cause_group=ALL_CAUSES).values, first["person_years"].values)
    at_death = [0.9 * years[0] + 0.1 * years[1], *((years[1:-1] + years[2:]) / 2), years[-1]]
    died = data["deaths"].sel(scenario="one", year=2013, quintile="2", sex="Male", draw=0, cause_group="Cancer")
    assert float(lost.sel(cause_group="Cancer")) == pytest.approx(float(died.values @ np.array(at_death)), rel=1e-12)


def test_years_of_life_lost_to_75_by_hand(data):
    place = {
        "scenario": COMPARATOR,
        "year": 2011,
        "quintile": "1",
        "sex": "Female",
        "draw": 0,
        "cause_group": ALL_CAUSES,
    }
    died = data["deaths"].sel(place).values
    left = np.array([74.9, 72, *np.arange(67.5, 0, -5), 0, 0, 0, 0])
    assert float(mortality.years_of_life_lost_to_75(data).sel(place)) == pytest.approx(died @ left, rel=1e-12)


def test_years_of_life_lost_by_persons_are_both_sexes(data):
    lost = mortality.years_of_life_lost(data)
    np.testing.assert_allclose(lost.sel(sex=PERSONS), lost.sel(sex=list(SEXES)).sum("sex"), rtol=1e-12)
