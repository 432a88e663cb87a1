"""Who lives in an area, and how far its deaths are from England's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hisim.areas import every_area, find
from hisim.inputs import areas
from hisim.inputs.load import SHARE, load_inputs
from hisim.variables import AGE_BANDS, INPUTS, check


def test_people_are_the_packaged_estimate() -> None:
    ashford = areas.people("Ashford")
    assert float(ashford.sum()) == pytest.approx(118_173, abs=10)
    assert ashford.dims == ("quintile", "sex", "age_band") and list(ashford["age_band"].values) == list(AGE_BANDS)
    assert float(areas.people("England").sum()) == pytest.approx(53_107_169, abs=20)


def test_an_area_has_englands_single_ages_within_each_group_and_its_share_in_every_year() -> None:
    england, kent = (load_inputs(2008, 2010, area=area, observed_to=2009) for area in ("England", "Kent"))
    share = kent["population"] / england["population"]
    band = share.sel(age=slice(70, 74))
    np.testing.assert_allclose(band, band.isel(age=[0]) * np.ones(5), rtol=1e-12)
    later = load_inputs(2011, 2011, area="Kent")["population"] / load_inputs(2011, 2011)["population"]
    np.testing.assert_allclose(later, share, rtol=1e-12)
    born = (kent["births"] / england["births"]).transpose("year", "quintile", "sex")
    np.testing.assert_allclose(born.values, np.broadcast_to(share.sel(age=0).values, born.shape), rtol=1e-12)
    assert kent.attrs[SHARE] == pytest.approx(0.0276, abs=0.0002)


def test_everything_else_is_englands() -> None:
    england, ashford = load_inputs(), load_inputs(area="Ashford")
    own = {"population", "births", "mortality_rate"}
    for name in set(INPUTS) - own:
        np.testing.assert_array_equal(england[name].values, ashford[name].values, err_msg=name)
    check(ashford, INPUTS)


def test_england_by_name_and_by_code_is_the_same_to_the_byte() -> None:
    named, coded = load_inputs(area="england"), load_inputs()
    assert named.identical(coded)
    assert SHARE not in coded.attrs and coded.attrs["area_name"] == "England"


def test_the_inputs_of_an_area_say_where_they_are_from() -> None:
    attrs = load_inputs(area="Ashford").attrs
    assert (attrs["area"], attrs["area_name"], attrs["members"]) == ("E07000105", "Ashford", "E07000105")
    assert len(json.loads(attrs["digests"])["areas/population.csv.gz"]) == 64
    assert "2014" in json.loads(attrs["sources"])["areas/deaths_2014"]
    assert any(item["name"] == "local mortality" for item in json.loads(attrs["assumptions"]))


def test_shrinking_keeps_more_of_a_ratio_the_surer_it_is() -> None:
    found = areas.local_mortality()
    raw, factor = np.log(found["raw"].values), np.log(found["factor"].values)
    known = np.isfinite(raw)
    assert (np.abs(factor[known]) <= np.abs(raw[known])).all()
    assert (np.sign(factor[known]) == np.sign(raw[known])).all()
    weight, error = found["reliability"].values, found["rel_se"].values
    for s in (0, 1):
        for a in (0, 1):
            order = np.argsort(error[known[:, s, a], s, a])
            assert (np.diff(weight[known[:, s, a], s, a][order]) <= 1e-12).all()
    assert 0.5 < float(np.median(weight)) < 0.8
    spread = found["between"].values
    np.testing.assert_allclose(weight[known], (spread**2 / (spread**2 + error**2))[known], rtol=1e-9)


def test_an_authority_without_deaths_of_its_own_has_englands_rates() -> None:
    scilly = areas.mortality_of("Isles of Scilly")
    assert (scilly["factor"] == 1).all() and (scilly["reliability"] == 0).all()
    assert scilly["raw"].isnull().all()
    assert (scilly["low"] < 0.9).all() and (scilly["high"] > 1.1).all()


def test_variance_between_areas_is_recovered_from_made_up_ratios() -> None:
    random = np.random.default_rng(1)
    error = random.uniform(0.05, 0.2, 20_000)
    x = random.normal(0, 0.1, error.size) + random.normal(0, error)
    assert areas.between_areas(x, error**2) == pytest.approx(0.01, rel=0.05)
    assert areas.between_areas(random.normal(0, 0.5 * error), error**2) == 0
    assert areas.between_areas(np.array([np.nan]), np.array([np.nan])) == 0


def test_a_group_has_the_deaths_of_its_members() -> None:
    """Rates of a group are weighted by people in each cell, so expected deaths add up."""
    kent = find("Kent")

    def deaths(area: str) -> np.ndarray:
        inputs = load_inputs(2011, 2011, area=area)
        return np.asarray((inputs["mortality_rate"].isel(year=0).sum("cause") * inputs["population"]).values)

    added = sum(deaths(code) for code in kent.members)
    np.testing.assert_allclose(deaths("Kent"), added, rtol=1e-10)


def test_where_nobody_lives_nothing_is_divided_by_zero() -> None:
    assert float(areas.people("Chiltern").sel(quintile=1).sum()) == 0
    inputs = load_inputs(area="Chiltern")
    assert np.isfinite(inputs["mortality_rate"].values).all()
    assert not inputs["population"].sel(quintile=1).any()
    np.testing.assert_array_equal(
        inputs["mortality_rate"].sel(quintile=1).values, load_inputs()["mortality_rate"].sel(quintile=1).values
    )


def test_the_list_of_areas_and_the_table_of_people_agree() -> None:
    table = areas.authority_table()
    assert list(table.index) == list(next(area for area in every_area() if area.name == "England").members)
    assert float(table["people"].sum()) == pytest.approx(53_107_169, abs=20)
    assert table["most_deprived"].between(0, 1).all()
