"""Every damaged byte of a study is found, and costs the units it belongs to and no other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from study_folders import UNITS, complete, complete_in, content, flipped, folder_in_memory

from hisim.errors import StudyError
from hisim.studies import store


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that costs no waiting for the disk."""
    folder = folder_in_memory()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["study.json", "shard.json"])
def test_every_flipped_bit_of_the_definition_is_found(tmp_path: Path, name: str) -> None:
    store.create(tmp_path, {"a": [1.5, "é", " "], "b": "x\n"}, 2, "1/2")
    whole = (tmp_path / name).read_bytes()
    for at in range(len(whole) * 8):
        (tmp_path / name).write_bytes(flipped(whole, at // 8, 1 << at % 8))
        with pytest.raises(StudyError, match=f"{name}: found (damage|format)"):
            store.open_study(tmp_path)


def test_every_flipped_bit_of_a_unit_is_found_and_only_it_is_done_again(tmp_path: Path) -> None:
    study = complete(tmp_path)
    before, path = content(tmp_path), study.file(2)
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(flipped(whole, at, 1 << bit))
            assert [problem.file for problem in store.verify(study)] == [str(path)]
            with pytest.raises(StudyError, match=r"000002.unit: found .*; allowed: the bytes in the record"):
                store.read(study, 2)
        assert store.repair(study) == [2] == store.missing(study)
        complete(tmp_path)
        assert content(tmp_path) == before


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("also", ["", "longer"])
def test_a_unit_gone_cut_or_grown_is_found(tmp_path: Path, change, also: str) -> None:
    study = complete(tmp_path)
    change(study.file(1))
    if also:
        with study.file(3).open("ab") as file:
            file.write(b"x")
    bad = [1, 3] if also else [1]
    assert [Path(problem.file).name for problem in store.verify(study)] == [f"00000{unit}.unit" for unit in bad]
    assert store.repair(study) == bad == store.missing(study) and store.verify(study) == []
    assert store.repair(study) == []


def test_units_that_changed_places_are_found(tmp_path: Path) -> None:
    study = complete(tmp_path)
    one, other = study.file(0).read_bytes(), study.file(1).read_bytes()
    study.file(0).write_bytes(other)
    study.file(1).write_bytes(one)
    assert len(store.verify(study)) == 2 and store.repair(study) == [0, 1]


def test_every_flipped_bit_of_the_manifest_is_found_and_costs_the_units_of_its_line(tmp_path: Path) -> None:
    complete(tmp_path / "whole")
    before = content(tmp_path / "whole")
    study = complete(tmp_path / "study")
    whole = study.manifest.read_bytes()
    for at in range(len(whole)):
        mine = whole[:at].count(b"\n")
        lost = {mine, mine + 1} if whole[at] == ord("\n") else {mine}
        for bit in range(8):
            study.manifest.write_bytes(flipped(whole, at, 1 << bit))
            record = store.status(study)
            assert store.verify(study) or record["missing"] == 1
        store.repair(study)
        assert set(store.missing(study)) == lost & set(range(UNITS)) and store.verify(study) == []
        complete(tmp_path / "study")
        assert content(tmp_path / "study") == before


def test_nothing_goes_on_with_a_damaged_manifest(tmp_path: Path) -> None:
    study = complete(tmp_path)
    lines = study.manifest.read_bytes().splitlines(keepends=True)
    study.manifest.write_bytes(lines[0] + b"?\n" + b"".join(lines[2:]))
    for ask in (store.done, store.missing, lambda study: store.read(study, 0), complete_in):
        with pytest.raises(StudyError, match=r"manifest.jsonl:2:1: found a damaged line; allowed: .*repair drops"):
            ask(study)
    assert store.status(study)["damaged"] == 1
    study.manifest.write_bytes(b"".join([*lines, lines[2]]))
    with pytest.raises(StudyError, match=r"manifest.jsonl:5:1: found unit 2 once more"):
        store.done(study)
    assert store.repair(study) == [] and store.missing(study) == []
    study.manifest.write_bytes(lines[0].replace(b'"unit": 0', b'"unit": 40'))
    with pytest.raises(StudyError, match=r"found unit 40 of a study of 4"):
        store.done(study)
    study.manifest.unlink()
    with pytest.raises(StudyError, match=r"manifest.jsonl: found no file"):
        store.done(study)
    assert store.repair(study) == [0, 1, 2, 3] == store.missing(study)


@pytest.mark.parametrize("tail", [b"", b"\0" * 50, b"\xff"], ids=["nothing", "zeros", "byte"])
def test_a_manifest_torn_at_any_length_counts_its_whole_lines(tmp_path: Path, tail: bytes) -> None:
    study = complete(tmp_path)
    before, whole = content(tmp_path), study.manifest.read_bytes()
    for length in range(len(whole)):
        study.manifest.write_bytes(whole[:length] + tail)
        ends = whole[:length].count(b"\n")
        assert store.done(study) == set(range(ends)) and store.verify(study) == []
        complete(tmp_path)
        assert content(tmp_path) == before


def test_a_whole_file_that_is_not_on_record_is_done_again(tmp_path: Path) -> None:
    study = complete(tmp_path)
    before, lines = content(tmp_path), study.manifest.read_bytes().splitlines(keepends=True)
    study.manifest.write_bytes(b"".join(lines[:3]))
    study.file(3).write_bytes(study.file(0).read_bytes())
    (tmp_path / "units" / "000003.unit.part").write_bytes(b"half")
    assert store.missing(study) == [3] and store.verify(study) == []
    complete(tmp_path)
    assert content(tmp_path) == before
    study.manifest.write_bytes(b"".join(lines[:3]))
    assert store.repair(study) == [3] and not study.file(3).exists()
