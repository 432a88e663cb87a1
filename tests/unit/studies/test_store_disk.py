"""A full or failing disk at any call, the order in which bytes reach it, and any order of what is done and broken."""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from study_folders import complete, content, flipped, folder_in_memory, payload

from hisim.errors import StudyError
from hisim.studies import store


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that costs no waiting for the disk."""
    folder = folder_in_memory()
    yield folder
    shutil.rmtree(folder)


def failing(monkeypatch: pytest.MonkeyPatch, at: int, number: int) -> list[int]:
    """Let call ``at`` (from 0) of those that need room on the disk fail, after half of it if it writes."""
    calls = [0]
    write = os.write

    def instead(name: str, real):
        def call(*arguments):
            calls[0] += 1
            if calls[0] - 1 == at:
                if name == "write":
                    write(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(number, os.strerror(number))
            return real(*arguments)

        return call

    for name in ("open", "write", "fsync", "replace"):
        monkeypatch.setattr(os, name, instead(name, getattr(os, name)))
    return calls


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_is_full_at_any_call_is_told_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    complete(tmp_path / "whole")
    says = "found it unusable" if number == errno.EIO else r"found the disk full .* are free\); allowed: .* it resumes"
    told = 0
    for at in itertools.count():
        folder = tmp_path / f"study{at}"
        with monkeypatch.context() as patch:
            calls = failing(patch, at, number)
            try:
                complete(folder)
            except StudyError as error:
                told += 1
                assert re.search(says, str(error)), error
        if calls[0] <= at:
            break
        assert not [path for path in folder.rglob("*.part")]
        if (folder / "study.json").exists():
            study = store.open_study(folder)
            assert store.verify(study) == []
            assert dict(store.payloads(study)) == {unit: payload(unit) for unit in store.done(study)}
        complete(folder)
        assert content(folder) == content(tmp_path / "whole")
    assert told > 30


def test_a_full_disk_says_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = store.create(tmp_path, {}, 12)
    with store.writing(study) as writer, monkeypatch.context() as patch:
        writer.write(0, bytes(3000))
        writer.write(1, bytes(1000))
        failing(patch, 1, errno.ENOSPC)
        needs = (
            "allowed: 5.0 kB for this unit, some 20.0 kB for the 10 units that are left; make room and give the same"
        )
        with pytest.raises(StudyError, match=rf"000002.unit: found the disk full \(No space.*\); {needs}"):
            writer.write(2, bytes(5000))
        writer.write(2, bytes(5000))
    assert store.done(study) == {0, 1, 2} and store.verify(study) == []


def test_a_writer_can_go_on_after_any_call_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in itertools.count():
        study = store.create(tmp_path / f"study{at}", {}, 3)
        with store.writing(study) as writer:
            writer.write(0, payload(0))
            with monkeypatch.context() as patch:
                calls = failing(patch, at, errno.ENOSPC)
                expected = pytest.raises(StudyError, match=r"(000001.unit|manifest.jsonl): found the disk full")
                with expected if at < 9 else nullcontext():
                    writer.write(1, payload(1))
                assert writer.done == store.done(study) == ({0} if at < 9 else {0, 1})
            writer.write(2, payload(2))
            writer.write(1, payload(1))
        assert store.verify(study) == [] and store.missing(study) == []
        if calls[0] <= at:
            break
    assert calls[0] == 9, "calls that put one unit on record"


def test_a_repair_that_fails_at_any_call_leaves_the_record_or_has_mended_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = 0
    for at in itertools.count():
        study = complete(tmp_path / f"study{at}")
        study.manifest.write_bytes(flipped(study.manifest.read_bytes(), 100, 1))
        before = study.manifest.read_bytes()
        with monkeypatch.context() as patch:
            calls = failing(patch, at, errno.ENOSPC)
            try:
                store.repair(study)
            except StudyError as error:
                told += 1
                assert "found the disk full" in str(error)
                assert study.manifest.read_bytes() == before or store.verify(study) == []
        store.repair(study)
        assert store.missing(study) == [0] and store.verify(study) == []
        if calls[0] <= at:
            break
    assert told > 5


@pytest.mark.skipif(os.name == "nt", reason="Windows makes names last by itself")
def test_a_unit_is_on_the_disk_before_it_is_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = store.create(tmp_path, {}, 1)
    events: list[tuple[str, str]] = []
    for name in ("write", "fsync"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda f, *rest, name=name, real=real: noted(name, f) or real(f, *rest))
    real_replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: events.append(("replace", Path(b).name)) or real_replace(a, b))

    def noted(name: str, descriptor: int) -> None:
        events.append((name, Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    with store.writing(study) as writer:
        events.clear()
        writer.write(0, b"x")
        part, manifest = "000000.unit.part", "manifest.jsonl"
        assert events == [
            ("write", part), ("write", part), ("fsync", part), ("replace", "000000.unit"), ("fsync", "units"),
            ("write", manifest), ("fsync", manifest),
        ]  # fmt: skip


class AnyOrder(RuleBasedStateMachine):
    """Whatever is done and broken in whatever order, what counts as done is right to the byte or said to be wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = folder_in_memory()
        self.study = store.create(self.folder, {}, 6)
        self.sound = True

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @precondition(lambda self: self.sound)
    @rule(units=st.lists(st.integers(0, 5), max_size=4))
    def write(self, units: list[int]) -> None:
        with store.writing(store.start(self.folder, {}, 6)) as writer:
            for unit in units:
                writer.write(unit, payload(unit))
                assert unit in writer.done
        assert set(units) <= store.done(self.study)

    @precondition(lambda self: self.sound)
    @rule(length=st.integers(1, 300))
    def tear(self, length: int) -> None:
        os.truncate(self.study.manifest, max(0, self.study.manifest.stat().st_size - length))

    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        files = [path for path in [self.study.manifest, *self.folder.glob("units/*")] if path.stat().st_size]
        if files:
            path = data.draw(st.sampled_from(sorted(files)))
            whole = path.read_bytes()
            path.write_bytes(flipped(whole, data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))))
            self.sound = False

    @rule()
    def repair(self) -> None:
        dropped = store.repair(self.study)
        assert store.verify(self.study) == [] and not set(dropped) & store.done(self.study)
        self.sound = True

    @invariant()
    def what_is_done_is_right(self) -> None:
        if not store.verify(self.study):
            assert dict(store.payloads(self.study)) == {unit: payload(unit) for unit in store.done(self.study)}


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
