from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from hisim.errors import ImpossibleModelError
from hisim.outcomes.bands import PERSONS, banded
from hisim.outcomes.decomposition import explained_share, gap_by_age_and_cause, gap_decomposition
from hisim.outcomes.estimands import estimate
from hisim.outcomes.lifetable import life_expectancy, life_table
from hisim.variables import AGE_BAND_STARTS, CAUSE_GROUPS, COMPARATOR, PROJECTION

BANDS = len(AGE_BAND_STARTS)
ONES = np.ones(BANDS)


def arriaga(rate_a, rate_b):
    """Contributions of age in the three terms of the original, column by column."""
    a, b = (life_table(rate, np.ones_like(rate)) for rate in (rate_a, rate_b))
    rest = b.expectation * b.survivors
    parts = np.empty_like(rate_a)
    for x in range(len(rate_a) - 1):
        direct = a.survivors[x] * (b.person_years[x] / b.survivors[x] - a.person_years[x] / a.survivors[x])
        other = rest[x + 1] * (a.survivors[x] / b.survivors[x] - a.survivors[x + 1] / b.survivors[x + 1])
        parts[x] = direct + other
    parts[-1] = a.survivors[-1] * (b.expectation[-1] - a.expectation[-1])
    return parts


def test_by_hand_two_bands_two_causes():
    # a: 0-49 at 0.01 and 0.01, then 0.1: q = 50 x 0.02 / (1 + 45 x 0.02) = 1/1.9, e_50 = 10.
    # b: 0-49 at 0.01 and 0, then 0.05: q = 0.5 / 1.45, e_50 = 20.
    starts = (0, 50)
    died_a, died_b = np.array([[1.0, 1.0], [5.0, 5.0]]), np.array([[1.0, 0.0], [5.0, 0.0]])
    lived = np.array([100.0, 100.0])
    q_a, q_b = 1 / 1.9, 0.5 / 1.45
    parts = gap_by_age_and_cause(died_a, lived, died_b, lived, starts)
    np.testing.assert_allclose(parts[0], [0.0, (q_a - q_b) * (45 + 20)], rtol=1e-12)
    np.testing.assert_allclose(parts[1], [0.0, (1 - q_a) * (20 - 10)], rtol=1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 3.0))
def test_contributions_add_up_to_the_difference(seed, spread):
    rng = np.random.default_rng(seed)
    hazard = np.minimum(3e-5 * np.exp(0.095 * np.array(AGE_BAND_STARTS)), 0.3)[:, None] / 4
    one, other = (hazard * rng.lognormal(0.0, spread, (3, BANDS, 4)) for _ in range(2))
    lived = rng.uniform(10.0, 1e5, (2, 3, BANDS))
    died = one * lived[0][..., None], other * lived[1][..., None]
    parts = gap_by_age_and_cause(died[0], lived[0], died[1], lived[1])
    before = life_expectancy(died[0].sum(-1), lived[0])[:, 0]
    after = life_expectancy(died[1].sum(-1), lived[1])[:, 0]
    np.testing.assert_allclose(parts.sum(axis=(-2, -1)), after - before, rtol=0, atol=1e-9)


def test_ages_contribute_as_in_the_original_formula():
    rng = np.random.default_rng(4)
    rate_a, rate_b = (np.minimum(1e-4 * np.exp(0.08 * np.array(AGE_BAND_STARTS)), 0.2) * rng.uniform(0.5, 2, BANDS)
                      for _ in range(2))  # fmt: skip
    parts = gap_by_age_and_cause(rate_a[:, None], ONES, rate_b[:, None], ONES)
    np.testing.assert_allclose(parts[:, 0], arriaga(rate_a, rate_b), rtol=1e-9, atol=1e-12)


def test_causes_that_cancel_keep_their_opposite_contributions():
    # The same rate in all, from the first cause in a and from the second in b: nothing in sum, not in part.
    rate = np.full(BANDS, 0.02)
    died_a, died_b = np.stack([rate, 0 * rate], axis=-1), np.stack([0 * rate, rate], axis=-1)
    parts = gap_by_age_and_cause(died_a, ONES, died_b, ONES)
    np.testing.assert_allclose(parts.sum(axis=-1), 0.0, atol=1e-12)
    assert (parts[:, 0] > 0.01).all()
    assert np.isfinite(parts).all()


def test_an_empty_band_leaves_nothing():
    died, lived = np.full((BANDS, 2), 10.0), np.full(BANDS, 1e3)
    gone = lived.copy()
    gone[3] = 0.0
    assert np.isnan(gap_by_age_and_cause(died, gone, died, lived)).all()
    immortal = died.copy()
    immortal[-1] = 0.0
    assert np.isnan(gap_by_age_and_cause(died, lived, immortal, lived)).all()


def test_nobody_reaching_the_last_band_is_no_obstacle():
    died, lived = np.full((BANDS, 1), 10.0), np.full(BANDS, 1e3)
    lethal = died.copy()
    lethal[-2] = 900.0
    for one, other in ((died, lethal), (lethal, died), (lethal, lethal)):
        parts = gap_by_age_and_cause(one, lived, other, lived)
        gap = life_expectancy(other[:, 0], lived)[0] - life_expectancy(one[:, 0], lived)[0]
        assert parts.sum() == pytest.approx(gap, abs=1e-9)


def test_decomposition_adds_up_to_the_estimands(projection):
    parts = gap_decomposition(projection)
    assert parts["gap_q5"].dims == ("scenario", "draw", "year", "sex", "age_band", "cause")
    assert parts["cause"].values.tolist() == list(CAUSE_GROUPS)
    for name in ("gap_q5", "gap_average"):
        gap = estimate(f"life_expectancy_0_{name}", banded(projection))
        whole = parts[name].sum(["age_band", "cause"])
        np.testing.assert_allclose(whole.transpose(*gap.dims).values, gap.values, rtol=0, atol=1e-9)
        assert (gap > 0).all()


def test_the_cause_that_makes_the_gap_gets_all_of_it(projection):
    only = projection.copy(deep=True)
    for name in ("deaths", "person_years"):
        only[name].values[:] = only[name].isel(quintile=[4] * 5).values
    only["deaths"].loc[{"cause": "copd", "quintile": 1}] *= 3.0
    parts = gap_decomposition(only)["gap_q5"].sel(sex=PERSONS)
    assert (parts.sel(cause="Respiratory disease").sum("age_band") > 0).all()
    for cause in ("Circulatory disease", "Cancer", "Other causes"):
        np.testing.assert_allclose(parts.sel(cause=cause), 0.0, atol=1e-12)


def with_reference(projection, factor, same_ages=True):
    """The projection with a reference rate: the comparator's rate over ``factor`` by fifth."""
    told = projection.copy(deep=True)
    if same_ages:
        rate = told["deaths"] / told["person_years"]
        told["person_years"].values[:] = told["person_years"].isel(quintile=[2] * 5).values
        told["deaths"].values[:] = (rate * told["person_years"]).values
    rate = (told["deaths"] / told["person_years"]).sel(scenario=COMPARATOR, drop=True)
    scaled = rate / xr.DataArray(np.asarray(factor, dtype=float), {"quintile": told["quintile"]}, "quintile")
    return told.assign(reference_rate=scaled.transpose(*PROJECTION["reference_rate"].dims))


def test_equal_ratios_explain_nothing(projection):
    shares = explained_share(with_reference(projection, [1.7] * 5))
    np.testing.assert_allclose(shares["explained"], 0.0, atol=1e-12)
    np.testing.assert_allclose(shares["residual"], 1.0, atol=1e-12)
    gap = estimate("life_expectancy_0_gap_q5", banded(with_reference(projection, [1.7] * 5)))
    np.testing.assert_allclose(shares["gap"].values, gap.sel(scenario=COMPARATOR).values, rtol=1e-12)


def test_a_reference_without_a_gradient_explains_everything(projection):
    plain = with_reference(projection, [1.0] * 5)
    rate = plain["reference_rate"]
    flat = plain.assign(reference_rate=rate.copy(data=rate.isel(quintile=[4] * 5).values * 0.5))
    np.testing.assert_allclose(explained_share(flat)["explained"], 1.0, atol=1e-12)


def test_explained_share_by_hand(projection):
    # Quintile 1's rates are 1.2 times what quintile 5's risks would give: lower them by that, in five years.
    told = with_reference(projection, [1.2, 1.1, 1.0, 1.0, 1.0], same_ages=False)
    bands = banded(told).sel(scenario=COMPARATOR, sex="Male", year=2013, draw=0)
    died, lived = bands["deaths"].sum("cause"), bands["person_years"]
    most, least = (life_expectancy(died.sel(quintile=q).values, lived.sel(quintile=q).values)[0] for q in (1, 5))
    helped = life_expectancy(died.sel(quintile=1).values / 1.2, lived.sel(quintile=1).values)[0]
    found = explained_share(told).sel(sex="Male", year=2013, draw=0)
    assert float(found["explained"]) == pytest.approx((helped - most) / (least - most), rel=1e-9)
    assert float(found["gap_with_equal_risks"]) == pytest.approx(least - helped, rel=1e-9)
    assert float(found["explained"] + found["residual"]) == 1.0


def test_ratios_that_cannot_be_formed_count_as_1(projection):
    told = with_reference(projection, [1.2, 1.1, 1.0, 1.0, 1.0])
    for name in ("deaths", "reference_rate"):
        told[name].loc[{"cause": "neonatal", "age": range(1, 101)}] = 0.0
    found = explained_share(told)
    assert np.isfinite(found["explained"]).all()
    assert (found["explained"] > 0).all()


def test_no_gap_has_no_explained_share(projection):
    level = projection.copy(deep=True)
    level["deaths"].loc[{"quintile": 1}] = level["deaths"].sel(quintile=5).values * 0.5
    shares = explained_share(with_reference(level, [1.0] * 5))
    assert (shares["gap"] < 0).all()
    assert np.isnan(shares["explained"]).all()
    assert np.isnan(shares["residual"]).all()
    assert shares["explained"].attrs["withheld"]


def test_a_projection_without_reference_rates_is_refused(projection):
    with pytest.raises(ImpossibleModelError, match="reference_rate: missing from the dataset"):
        explained_share(projection)
