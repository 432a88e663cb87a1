from __future__ import annotations

import numpy as np
import pytest

from hisim.errors import ImpossibleModelError
from hisim.outcomes import mortality
from hisim.outcomes.bands import ALL_CAUSES, ENGLAND, PERSONS, banded, with_totals
from hisim.outcomes.comparison import compare, tidy
from hisim.outcomes.estimands import estimate
from hisim.outcomes.jackknife import monte_carlo_se, replicates
from hisim.variables import COMPARATOR


def excess(projection):
    """Straight from single ages."""
    return (projection["deaths"].sum("cause") * projection["winter_share"]).sum("age")


def test_excess_winter_deaths_are_those_of_single_ages(projection):
    found = mortality.excess_winter_deaths(banded(projection))
    by_hand = excess(projection)
    men = found.sel(quintile="4", sex="Male")
    np.testing.assert_allclose(men.values, by_hand.sel(quintile=4, sex="Male").values, rtol=1e-12)
    whole = found.sel(quintile=ENGLAND, sex=PERSONS)
    np.testing.assert_allclose(whole.values, by_hand.sum(["quintile", "sex"]).values, rtol=1e-12)


def test_excess_winter_deaths_averted_add_up_the_years(projection):
    by_hand = excess(projection).sum(["quintile", "sex"]).sel(draw=0)
    found = mortality.excess_winter_deaths_averted_cumulative(banded(projection)).sel(quintile=ENGLAND, sex=PERSONS)
    yearly = by_hand.sel(scenario=COMPARATOR) - by_hand.sel(scenario="one")
    expected = yearly.sel(year=slice(None, 2013)).sum()
    assert float(found.sel(scenario="one", year=2013, draw=0)) == pytest.approx(float(expected), rel=1e-9)
    assert (found.sel(scenario=COMPARATOR) == 0).all()


def test_a_share_is_never_added_up(projection):
    data = with_totals(banded(projection))
    assert "winter_share" not in data
    share = data["winter_deaths"] / data["deaths"].sel(cause_group=ALL_CAUSES)
    assert float(share.max()) <= float(projection["winter_share"].max())


def test_where_nobody_dies_there_is_no_excess(projection):
    empty = projection.copy(deep=True)
    empty["deaths"].loc[{"age": range(5, 10)}] = 0.0
    assert (banded(empty)["winter_share"].sel(age_band="5-9") == 0).all()
    assert np.isfinite(mortality.excess_winter_deaths(banded(empty))).all()


def test_error_with_one_share_for_all_is_the_share_of_the_error_of_deaths(projection):
    level = projection.copy(deep=True)
    level["winter_share"].values[:] = 0.2
    assert "replicate" not in replicates(level)["winter_share"].dims
    found = monte_carlo_se(level, mortality.excess_winter_deaths)
    whole = monte_carlo_se(level, mortality.deaths).sel(cause_group=ALL_CAUSES)
    assert float(found.sel(scenario="two", quintile=ENGLAND, sex=PERSONS).min()) > 0
    np.testing.assert_allclose(found.values, 0.2 * whole.values, rtol=1e-9, atol=1e-12)


def test_comparison_reports_excess_winter_deaths_with_their_error(projection):
    comparison = compare(projection)
    for name in ("excess_winter_deaths", "excess_winter_deaths_averted_cumulative"):
        whole = estimate(name, banded(projection)).sel(year=[2011, 2015, 2016])
        np.testing.assert_array_equal(comparison[name].values, whole.values)
        assert (comparison[f"{name}_se"].sel(scenario="two", quintile=ENGLAND, sex=PERSONS) > 0).all()
    table = tidy(comparison)
    averted = table[table.estimand == "excess_winter_deaths_averted_cumulative"]
    assert set(averted.scenario) == {"one", "two", "both"}


def test_a_projection_without_winter_shares_is_compared_without_them(projection):
    old = projection.drop_vars("winter_share")
    names = set(compare(projection).data_vars) - set(compare(old).data_vars)
    plain = {"excess_winter_deaths", "excess_winter_deaths_averted_cumulative"}
    assert names == plain | {f"{name}_se" for name in plain}
    with pytest.raises(ImpossibleModelError, match="winter_share: missing from the dataset"):
        estimate("excess_winter_deaths", banded(old))
