"""A damaged table is refused, naming file, line, column and what is allowed."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hisim.errors import InvalidTableError
from hisim.inputs.catalogue import ENGLAND, labels
from hisim.inputs.tables import grid, list_tables, read_table

Edit = Callable[[list[str]], list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "england"
    shutil.copytree(ENGLAND, copy)
    return copy


def damage(folder: Path, name: str, edit: Edit) -> Path:
    path = folder / f"{name}.csv"
    path.write_text("\n".join(edit(path.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")
    return folder


def line(number: int, text: str) -> Edit:
    return lambda lines: [*lines[: number - 1], text, *lines[number:]]


def test_every_packaged_table_is_sound() -> None:
    for entry in list_tables():
        assert len(read_table(entry.name)) > 0


def test_catalogue_states_what_hisim_data_prints() -> None:
    for entry in list_tables():
        assert entry.title and entry.licence and entry.source
        assert len(entry.sha256) == 64
        assert all(entry.units.values())


def test_every_file_is_in_the_catalogue() -> None:
    named = {entry.path.name for entry in list_tables()} | {"catalogue.toml"}
    assert {path.name for path in ENGLAND.iterdir()} == named


def test_every_row_source_is_cited() -> None:
    known = set(read_table("sources")["key"])
    for entry in list_tables():
        if "source" in entry.choices:
            assert set(read_table(entry.name)["source"]) <= known, entry.name


def test_missing_row(folder: Path) -> None:
    damage(folder, "deaths", lambda lines: [*lines[:9], *lines[10:]])
    with pytest.raises(InvalidTableError, match=r"deaths\.csv:1:1: year: no row for year 2001, quintile 1, sex Female"):
        read_table("deaths", folder)


def test_second_row(folder: Path) -> None:
    damage(folder, "deaths", lambda lines: [*lines, lines[1]])
    with pytest.raises(InvalidTableError, match=r"deaths\.csv:2202:1: year: a second row for year 2001, quintile 1"):
        read_table("deaths", folder)


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "", "many", "1e99"])
def test_bad_number(folder: Path, value: str) -> None:
    damage(folder, "deaths", line(3, f"2001,1,Female,1-4,{value},285200"))
    with pytest.raises(
        InvalidTableError, match=rf"deaths\.csv:3:19: deaths: '.*{value[:2]}.*'; allowed: 0 to 30000 persons"
    ):
        read_table("deaths", folder)


def test_wrong_total(folder: Path) -> None:
    damage(folder, "deaths", lambda lines: [text.replace("2011,5,Male,90+,", "2011,5,Male,90+,1") for text in lines])
    with pytest.raises(InvalidTableError, match=r"deaths: a total of .* for year 2011; allowed: 452,863"):
        read_table("deaths", folder)


def test_unknown_label_offers_the_nearest(folder: Path) -> None:
    damage(folder, "deaths", line(2, "2001,1,Femail,0,529,68815"))
    with pytest.raises(InvalidTableError, match=r"deaths\.csv:2:8: sex: 'Femail'; .* did you mean 'Female'\?"):
        read_table("deaths", folder)


def test_quintile_out_of_range(folder: Path) -> None:
    damage(folder, "deaths", line(2, "2001,6,Female,0,529,68815"))
    with pytest.raises(InvalidTableError, match=r"deaths\.csv:2:6: quintile: '6'; allowed: 1 to 5"):
        read_table("deaths", folder)


def test_all_problems_together(folder: Path) -> None:
    damage(folder, "deaths", line(3, "2001,1,Femail,1-4,-2,285200"))
    with pytest.raises(InvalidTableError, match="Femail") as caught:
        read_table("deaths", folder)
    assert {problem.path for problem in caught.value.problems} >= {"sex", "deaths", "year"}


def test_missing_and_unknown_columns(folder: Path) -> None:
    damage(folder, "deaths", line(1, "year,quintile,sex,age_band,death,population"))
    with pytest.raises(InvalidTableError, match=r"unknown column 'death'; .*did you mean 'deaths'") as caught:
        read_table("deaths", folder)
    assert "deaths: column missing" in str(caught.value)


def test_row_with_too_many_fields(folder: Path) -> None:
    damage(folder, "deaths", line(5, "2001,1,Female,10-14,40,300000,7,8"))
    with pytest.raises(InvalidTableError, match="not a table"):
        read_table("deaths", folder)


def test_wrong_number_of_rows_where_the_table_is_no_grid(folder: Path) -> None:
    damage(folder, "relative_risks", lambda lines: lines[:-1])
    with pytest.raises(InvalidTableError, match=r"relative_risks\.csv:1:1: risk: 120 rows; allowed: 121 rows"):
        read_table("relative_risks", folder)


def test_damaged_gzip(folder: Path) -> None:
    path = folder / "deaths_by_cause.csv.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InvalidTableError, match=r"deaths_by_cause\.csv\.gz: cannot be read"):
        read_table("deaths_by_cause", folder)


def test_bytes_that_are_not_utf8(folder: Path) -> None:
    path = folder / "deaths.csv"
    path.write_bytes(path.read_bytes().replace(b"Female", b"F\xe9male", 1))
    with pytest.raises(InvalidTableError, match="cannot be read"):
        read_table("deaths", folder)


def test_missing_file_and_unknown_table(folder: Path) -> None:
    with pytest.raises(InvalidTableError, match=r"no table called 'death'; .* did you mean 'deaths'"):
        read_table("death")
    (folder / "deaths.csv").unlink()
    with pytest.raises(InvalidTableError, match=r"deaths\.csv: cannot be read"):
        read_table("deaths", folder)


def test_rows_in_any_order_give_the_same_grid(folder: Path) -> None:
    damage(folder, "deaths", lambda lines: [lines[0], *reversed(lines[1:])])
    turned = grid("deaths", read_table("deaths", folder), "deaths", folder)
    assert (turned == grid("deaths", read_table("deaths"), "deaths")).all()


def test_labels_spelled_out() -> None:
    assert labels("0-3", {}) == (0, 1, 2, 3)
    assert labels("sexes", {"sexes": ["Female", "Male"]}) == ("Female", "Male")


def test_gzip_is_the_same_bytes_every_time() -> None:
    header = (ENGLAND / "deaths_by_cause.csv.gz").read_bytes()[:10]
    assert header[4:8] == b"\0\0\0\0", "the time in the gzip header is 0"
    assert gzip.decompress((ENGLAND / "deaths_by_cause.csv.gz").read_bytes()).startswith(b"year,quintile,sex,age_band")
