from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from hisim.errors import ImpossibleModelError
from hisim.outcomes.bands import (
    ALL_CAUSES,
    CAUSE_GROUP_LABELS,
    ENGLAND,
    FIFTHS,
    PERSONS,
    banded,
    fifths,
    group_causes,
    of_comparator,
    with_totals,
)
from hisim.variables import AGE_BANDS, CAUSE_GROUPS, CAUSES, SEXES


def test_bands_hold_the_ages_they_name(projection):
    bands = banded(projection)
    for name in ("deaths", "person_years"):
        single, wide = projection[name], bands[name]
        assert wide["age_band"].values.tolist() == list(AGE_BANDS)
        np.testing.assert_array_equal(wide.sel(age_band="0").values, single.sel(age=0).values)
        for band, ages in {"1-4": range(1, 5), "40-44": range(40, 45), "90+": range(90, 101)}.items():
            np.testing.assert_allclose(wide.sel(age_band=band), single.sel(age=list(ages)).sum("age"), rtol=1e-13)


def test_cause_groups_add_up_to_all_causes(projection):
    data, bands = with_totals(banded(projection)), banded(projection)
    assert data["cause_group"].values.tolist() == list(CAUSE_GROUP_LABELS)
    groups = data["deaths"].sel(cause_group=list(CAUSE_GROUPS), quintile=list(FIFTHS), sex=list(SEXES))
    np.testing.assert_allclose(groups.sum("cause_group").values, bands["deaths"].sum("cause").values, rtol=1e-13)
    cancer = bands["deaths"].sel(cause=list(CAUSE_GROUPS["Cancer"])).sum("cause")
    np.testing.assert_allclose(groups.sel(cause_group="Cancer").values, cancer.values, rtol=1e-13)


def test_totals_are_the_sums_of_their_parts(projection):
    data = with_totals(banded(projection))
    england = data["deaths"].sel(quintile=ENGLAND, sex=PERSONS, cause_group=ALL_CAUSES).sum("age_band")
    whole = projection["deaths"].sum(["quintile", "sex", "age", "cause"])
    np.testing.assert_allclose(england.values, whole.values, rtol=1e-12)
    women = data["person_years"].sel(quintile=ENGLAND, sex="Female").sum("age_band")
    whole = projection["person_years"].sel(sex="Female").sum(["quintile", "age"])
    np.testing.assert_allclose(women.values, whole.values, rtol=1e-12)
    assert fifths(data["person_years"]).sizes["quintile"] == 5


def test_totals_are_not_added_twice(projection):
    data = with_totals(banded(projection))
    assert with_totals(data) is data


def test_overlapping_cause_groups_are_refused(projection):
    deaths = banded(projection)["deaths"]
    overlapping = {"Heart": ("ihd",), "Everything": CAUSES}
    with pytest.raises(ImpossibleModelError, match=r"cause groups: found ihd in two groups; allowed: each cause in"):
        group_causes(deaths, overlapping)


def test_cause_groups_that_leave_a_cause_out_are_refused(projection):
    with pytest.raises(ImpossibleModelError, match=r"cause groups: found 15 causes; allowed: all 16"):
        group_causes(banded(projection)["deaths"], {"Not heart": CAUSES[1:]})


def test_comparator_of_a_dataset_without_scenarios_is_itself():
    alone = xr.DataArray([1.0, 2.0], dims="year")
    assert of_comparator(alone) is alone
