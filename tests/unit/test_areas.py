"""Names, codes and members of areas."""

from __future__ import annotations

import pytest

from hisim.areas import ENGLAND, MOST_DEPRIVED, Area, Refusal, every_area, find, key_of, look_up, members
from hisim.errors import ImpossibleModelError


def test_kent_is_its_twelve_districts_in_the_order_of_their_codes() -> None:
    kent = find("kent")
    assert (kent.key, kent.code, kent.name, kent.kind) == ("E10000016", "E10000016", "Kent", "county")
    names = [one.name for one in members(kent)]
    assert names[0] == "Ashford" and names[-1] == "Tunbridge Wells" and len(names) == 12
    assert members("Kent") == members(["E10000016"])
    assert [one.code for one in members(kent)] == sorted(kent.members)


def test_england_is_all_326_and_regions_counties_and_trusts_part_it() -> None:
    england = set(find(ENGLAND).members)
    assert len(england) == 326
    for kind in ("region", "primary care trust"):
        parts = [code for area in every_area() if area.kind.startswith(kind) for code in area.members]
        assert sorted(parts) == sorted(england)


def test_every_name_but_one_is_of_one_area_and_every_key_finds_its_area() -> None:
    assert all(find(area.key) == area for area in every_area())
    twice = {area.name for area in every_area() if isinstance(look_up(area.name), Refusal)}
    assert twice == {"West Midlands"}


def test_what_has_no_official_code_has_none() -> None:
    without = {area.kind for area in every_area() if not area.code}
    assert without == {"primary care trust", "primary care trusts", "most deprived fifth"}
    assert all(area.key == area.code for area in every_area() if area.code)


def test_the_stand_in_is_65_authorities_and_says_it_is_one() -> None:
    area = find(MOST_DEPRIVED)
    assert len(area.members) == 65 and area.code == ""
    assert {"Liverpool", "Hackney", "Bradford", "Thanet"} <= {one.name for one in members(area)}
    assert "Spearhead" not in area.name


def test_a_list_is_the_area_its_parts_make_and_its_key_finds_it_again() -> None:
    both = find(["Swale", "Ashford"])
    assert (both.name, both.kind, both.code) == ("Swale and Ashford", "list", "")
    assert both.members == ("E07000105", "E07000113")
    assert find(both.key) == both
    assert find(["Ashford"]) == find("Ashford")
    assert find(["Ashford", "Swale", "Dover", "Hartlepool PCT"]).name == "Ashford and 3 more"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("Ashfrod", "area: found 'Ashfrod'; allowed: the name or code of an area .* did you mean 'Ashford'"),
        ("Kent PCT", r"did you mean 'West Kent \+ Eastern & Coastal Kent PCTs'"),
        ("West Midlands", "the name of a region and a metropolitan county; allowed: 'E12000005' or 'E11000005'"),
        (["Kent", "Dover"], "'Dover', which overlaps 'Kent'; allowed: areas without a local authority in common"),
        ([], "found an empty list"),
        ("", "found ''"),
        ("a\x1bb", r"found ''a\\x1bb''"),
    ],
)
def test_what_is_no_area_is_refused(wanted: object, message: str) -> None:
    with pytest.raises(ImpossibleModelError, match=message):
        find(wanted)  # type: ignore[arg-type]


def test_anything_may_be_looked_up() -> None:
    assert isinstance(look_up(7), Refusal)
    assert look_up(["Ashford", 7]) == Refusal(1, "'7'")
    assert isinstance(look_up("Ashford"), Area)
    assert key_of("Nowhere") == "Nowhere"
    assert key_of("Ashford") == "E07000105"
