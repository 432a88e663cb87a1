"""The store of record of a study: what it refuses, what it reports, and how shards become one."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_folders import DEFINITION, UNITS, complete, complete_in, content, flipped, payload

from hisim.errors import StudyError
from hisim.studies import store


def test_a_study_is_what_was_written(tmp_path: Path) -> None:
    study = complete(tmp_path / "a" / "study")
    assert store.done(study) == set(range(UNITS)) and store.missing(study) == []
    assert [store.read(study, unit) for unit in range(UNITS)] == [payload(unit) for unit in range(UNITS)]
    assert dict(store.payloads(study)) == {unit: payload(unit) for unit in range(UNITS)}
    assert store.verify(study) == []
    assert store.open_study(tmp_path / "a" / "study") == study


def test_the_folder_is_laid_out_as_described(tmp_path: Path) -> None:
    study = complete(tmp_path)
    kept = json.loads((tmp_path / "study.json").read_text("utf-8"))
    assert kept == {"format": 1, "units": UNITS, "definition": DEFINITION, "digest": study.digest}
    line = json.loads((tmp_path / "manifest.jsonl").read_text("utf-8").splitlines()[1])
    file = (tmp_path / "units" / "000001.unit").read_bytes()
    assert line == {"unit": 1, "sha256": file[:32].hex(), "bytes": 8} and file[32:] == payload(1)


def test_empty_units_and_an_order_of_ones_own_are_fine(tmp_path: Path) -> None:
    study = store.create(tmp_path, {}, 3)
    with store.writing(study) as writer:
        writer.write(2, b"")
        writer.write(0, b"x")
        assert writer.done == {0, 2}
    assert store.missing(study) == [1] and store.read(study, 2) == b"" and store.verify(study) == []


def test_create_refuses_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    with pytest.raises(StudyError, match=r"other: found other files \(letter.txt\); allowed: a new or empty folder"):
        store.create(tmp_path / "other", DEFINITION, UNITS)
    assert os.listdir(tmp_path / "other") == ["letter.txt"]
    complete(tmp_path / "study")
    with pytest.raises(StudyError, match="study: found a study; allowed: a new or empty folder, or to resume"):
        store.create(tmp_path / "study", DEFINITION, UNITS)
    (tmp_path / "study" / "study.json").unlink()
    with pytest.raises(StudyError, match=r"found other files \(units, manifest.jsonl\)"):
        store.create(tmp_path / "study", DEFINITION, UNITS)
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="file: found it unusable"):
        store.create(tmp_path / "file", DEFINITION, UNITS)


@pytest.mark.parametrize(
    ("definition", "units", "shard", "message"),
    [
        ({}, 0, "", "found 0 units; allowed: 1 or more"),
        ({}, True, "", "found True units; allowed: 1 or more"),
        ({"a": float("nan")}, 1, "", "definition: found what JSON cannot hold"),
        ({"a": b"bytes"}, 1, "", "definition: found what JSON cannot hold"),
        ({}, 1, "0/3", "shard: found '0/3'; allowed: I/N with I from 1 to N"),
        ({}, 1, "4/3", "shard: found '4/3'"),
        ({}, 1, "two", "shard: found 'two'"),
    ],
)
def test_create_refuses_what_is_no_study(
    tmp_path: Path, definition: dict[str, object], units: int, shard: str, message: str
) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        store.create(tmp_path / "study", definition, units, shard)
    assert not (tmp_path / "study").exists()


THREE = {"scenarios": {"three-actions": "name: three\n  relative: 1.5\nend: 2030\n"}, "draws": [1, 2]}


@pytest.mark.parametrize(
    ("found", "now", "message"),
    [
        (DEFINITION, THREE, "found another study: scenarios.three-actions: 'relative: 1.4' is now 'relative: 1.5';"),
        ({"a": 1}, {"a": 1.0}, "a: 1 is now 1.0"),
        ({"a": True}, {"a": 1}, "a: true is now 1"),
        ({"a": None}, {"a": ""}, "a: null is now ''"),
        ({"a": "x"}, {"a": "x\n"}, r"a: 'x' is now 'x\n'"),
        ({"a": "x:\n y"}, {"a": "x:\n  y"}, "a: ' y' is now '  y'"),
        ({"a": "x\ny\nz"}, {"a": "x\nz"}, "a: line 'y' is gone"),
        ({"a": "x\nz"}, {"a": "x\ny\nz"}, "a: line 'y' is new"),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, "a.b: 1 is gone, a.c: 2 is new"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b: 2 is now 3"),
        ({"a": [1]}, {"a": [1, 2]}, "a: 1 entries are now 2"),
        ({"a": [1]}, {"a": {"b": 1}}, 'a: [1] is now {"b":1}'),
        ({c: 1 for c in "abcde"}, {c: 2 for c in "abcde"}, "a: 1 is now 2, b: 1 is now 2, c: 1 is now 2 and 2 more;"),
        (
            {"a": "x" * 500 + "1" + "y" * 500},
            {"a": "x" * 500 + "2" + "y" * 500},
            f"a: '...{'x' * 30}1{'y' * 29}...' is now '...{'x' * 30}2{'y' * 29}...'",
        ),
    ],
)
def test_another_study_is_told_by_what_differs(
    tmp_path: Path, found: dict[str, object], now: dict[str, object], message: str
) -> None:
    store.create(tmp_path, found, UNITS)
    with pytest.raises(StudyError, match=re.escape(message)):
        store.resume(tmp_path, now, UNITS)


def test_resume_holds_units_and_shard_too(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"study.json: found no file; allowed: the folder of a study that was begun"):
        store.resume(tmp_path, DEFINITION, UNITS)
    study = store.create(tmp_path, DEFINITION, UNITS, "1/2")
    with pytest.raises(StudyError, match="units: 4 is now 5"):
        store.resume(tmp_path, DEFINITION, 5, "1/2")
    with pytest.raises(StudyError, match="found another shard: '1/2' is now '2/2'"):
        store.resume(tmp_path, DEFINITION, UNITS, "2/2")
    with pytest.raises(StudyError, match="found another shard: '1/2' is now 'none'"):
        store.start(tmp_path, DEFINITION, UNITS)
    assert store.resume(tmp_path, DEFINITION, UNITS, "1/2") == study
    same = {"draws": (1, 2), "scenarios": DEFINITION["scenarios"]}
    assert store.start(tmp_path, same, UNITS, "1/2") == study, "order of keys and kind of sequence are no difference"


def test_who_starts_a_moment_later_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.create

    def late(*arguments):
        real(*arguments)
        return real(*arguments)

    monkeypatch.setattr(store, "create", late)
    assert store.start(tmp_path, DEFINITION, UNITS) == store.open_study(tmp_path)


def test_a_newer_format_is_told_from_damage(tmp_path: Path) -> None:
    store.create(tmp_path, {}, 1)
    text = (tmp_path / "study.json").read_text("utf-8")
    (tmp_path / "study.json").write_text(text.replace('"format": 1', '"format": 2'))
    with pytest.raises(StudyError, match="found format 2; allowed: format 1, or a newer hisim"):
        store.open_study(tmp_path)


def test_a_unit_is_written_once(tmp_path: Path) -> None:
    study = complete(tmp_path)
    before = content(tmp_path)
    with store.writing(study) as writer:
        writer.write(1, payload(1))
        with pytest.raises(
            StudyError, match=r"000001.unit: found other bytes for unit 1, which is done; allowed: the s"
        ):
            writer.write(1, payload(2))
        for unit in (-1, UNITS):
            with pytest.raises(StudyError, match=f"found unit {unit}; allowed: 0 to 3"):
                writer.write(unit, b"")
    assert content(tmp_path) == before
    with pytest.raises(StudyError, match="found no such unit among those done; allowed: 0-3"):
        store.read(study, 9)


def test_there_is_one_writer_and_status_names_it(tmp_path: Path) -> None:
    study = store.create(tmp_path, DEFINITION, UNITS)
    assert store.status(study)["writer"] is None
    with store.writing(study):
        writer = store.status(study)["writer"]
        assert writer["pid"] == os.getpid() and set(writer) == {"pid", "host", "since"}
        found = rf"found a writer \(process {os.getpid()} on .+ since 20.+\); allowed: one at a time"
        for ask in (store.repair, complete_in):
            with pytest.raises(StudyError, match=found):
                ask(study)
    assert store.status(study)["writer"] is None
    complete(tmp_path)


def test_status_says_how_far_it_is(tmp_path: Path) -> None:
    study = store.create(tmp_path, DEFINITION, 20, "2/2")
    with store.writing(study) as writer:
        for unit in (1, 3, 9):
            writer.write(unit, payload(unit))
    found = store.status(study)
    assert json.loads(json.dumps(found)) == found
    assert {name: found[name] for name in found if name not in ("folder", "digest")} == {
        "shard": "2/2", "units": 10, "done": 3, "missing": 7, "missing_ranges": "5, 7, 11, 13, 15, 17, 19",
        "bytes": 24, "writer": None, "damaged": 0,
    }  # fmt: skip


@given(st.integers(0, 200), st.integers(1, 30))
def test_shards_are_disjoint_complete_and_even(units: int, n: int) -> None:
    shards = [store.shard_units(units, i, n) for i in range(1, n + 1)]
    assert sorted(unit for shard in shards for unit in shard) == list(range(units))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@given(st.sets(st.integers(0, 40)))
def test_ranges_hold_each_unit(units: set[int]) -> None:
    text = store.as_ranges(units)
    ends = [[int(end) for end in part.split("-")] for part in text.split(", ") if part]
    assert [unit for pair in ends for unit in range(pair[0], pair[-1] + 1)] == sorted(units)
    assert store.as_ranges([0, 1, 2, 7, 9, 10]) == "0-2, 7, 9-10"


def shards(tmp_path: Path, n: int = 3, units: int = 10) -> list[Path]:
    """The folders of the finished shards of a study."""
    folders = [tmp_path / f"shard{i}" for i in range(1, n + 1)]
    for i, folder in enumerate(folders, 1):
        complete(folder, units, f"{i}/{n}")
    return folders


def test_merged_shards_are_the_study_done_at_once(tmp_path: Path) -> None:
    merged = store.merge(tmp_path / "merged", shards(tmp_path))
    complete(tmp_path / "once", 10)
    assert content(tmp_path / "merged") == content(tmp_path / "once") and store.missing(merged) == []
    assert store.merge(tmp_path / "merged", shards(tmp_path)) == merged


def test_merge_refuses_what_does_not_fit(tmp_path: Path) -> None:
    parts, into = shards(tmp_path), tmp_path / "merged"
    shutil.copytree(parts[0], tmp_path / "copy")
    (tmp_path / "link").symlink_to(parts[0])
    store.create(tmp_path / "other", {"draws": 3}, 10)
    for wrong, message in [
        ([], "found no parts; allowed: one or more"),
        ([*parts, parts[0]], "shard1: found the folder twice; allowed: each folder once"),
        ([*parts, tmp_path / "link"], "link: found the folder twice"),
        ([*parts, into], "merged/study.json: found no file"),
        ([*parts, tmp_path / "copy"], "copy: found shard 1/3, as in .*shard1; allowed: each shard once"),
        (parts[:2], "merged: found no unit 2, 5, 8; allowed: parts that together have all 10"),
        ([*parts, tmp_path / "other"], "other: found another study: draws: 3 is now .*; allowed: parts of one study"),
    ]:
        with pytest.raises(StudyError, match=message):
            store.merge(into, wrong)
        assert not into.exists()
    with pytest.raises(StudyError, match="shard1: found the folder twice"):
        store.merge(parts[0], parts)
    with pytest.raises(StudyError, match="shard1: found another shard: '1/3' is now 'none'"):
        store.merge(parts[0], parts[1:])


def test_merge_of_parts_can_go_on(tmp_path: Path) -> None:
    parts, into = shards(tmp_path), tmp_path / "merged"
    assert store.missing(store.merge(into, parts[:1], partial=True)) == [1, 2, 4, 5, 7, 8]
    assert store.missing(store.merge(into, parts[1:])) == []


def test_merge_takes_a_unit_twice_if_it_is_the_same(tmp_path: Path) -> None:
    parts, into = shards(tmp_path), tmp_path / "merged"
    with store.writing(store.open_study(parts[0])) as writer:
        writer.write(1, payload(1))
    assert store.missing(store.merge(into, parts)) == []
    with store.writing(store.open_study(parts[2])) as writer:
        writer.write(4, b"other")
    with pytest.raises(StudyError, match=r"000004.unit: found other bytes than in .*shard2; allowed: the same"):
        store.merge(tmp_path / "again", parts)
    assert not (tmp_path / "again").exists()


def test_merge_stops_at_damage(tmp_path: Path) -> None:
    parts = shards(tmp_path)
    study = store.open_study(parts[1])
    study.file(4).write_bytes(flipped(study.file(4).read_bytes(), 35, 4))
    with pytest.raises(StudyError, match=r"000004.unit: found damaged bytes"):
        store.merge(tmp_path / "merged", parts)
    store.repair(study)
    complete(parts[1], 10, "2/3")
    assert store.missing(store.merge(tmp_path / "merged", parts)) == []
