"""The validation page: that it is what the program writes now, and that nothing in it is without its words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hisim.errors import OutputError, StoppedError
from hisim.inputs.published import citations, published_results
from hisim.studies import validation
from hisim.studies.comparisons import FIGURES
from hisim.surfaces import validate as surface
from hisim.surfaces.validate import SECTIONS, page, records, summary, validate_file, words


def test_the_committed_page_is_what_the_program_writes_now(study, root: Path) -> None:
    """If this fails: hisim validate --out docs/explanation/validation.md, and read what has changed."""
    assert page(study) == (root / "docs" / "explanation" / "validation.md").read_text("utf-8")


def test_every_row_stands_in_one_table_with_its_words(study) -> None:
    text = page(study)
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| what")]
    assert len(rows) == len(study.comparisons)
    for row in rows:
        cells = re.split(r"(?<!\\)\|", row)[1:-1]
        assert len(cells) == 5 and all(cell.strip() for cell in cells)
        assert "{" not in row and "nan" not in row


def test_words_are_of_rows_and_rows_have_words() -> None:
    assert set(words()) == {figure.key for figure in FIGURES}
    starts = [start for several in SECTIONS.values() for start in several]
    assert {figure.key.split("-")[0] for figure in FIGURES} == set(starts) and len(starts) == len(set(starts))


def test_rows_that_repeat_the_row_above_have_one_above() -> None:
    """The words of a table's first row never point to a row above."""
    first = {next(f.key for f in FIGURES if f.key.split("-")[0] in starts) for starts in SECTIONS.values()}
    assert not [key for key in first if any("row above" in text for text in words()[key].values())]


def test_every_source_named_is_listed(study) -> None:
    text = page(study)
    listed = set(re.findall(r"^- ([A-Z0-9]+): ", text, re.M))
    assert set(re.findall(r"\[([A-Z0-9]+)\]", text)) <= listed <= set(citations())
    named = {key for key in citations() if re.search(rf"\b{key}\b", text.split("## Sources")[0])}
    assert named == listed


def test_records_hold_the_same(study) -> None:
    found = json.loads(json.dumps(records(study), allow_nan=False))
    assert [one["key"] for one in found] == [figure.key for figure in FIGURES]
    for one in found:
        assert one["citation"] and one["verdict"] and one["setup"] and one["why"]
        assert one["published"]["value"] == published_results()[one["key"]].value


def test_the_summary_counts_every_row_once(study) -> None:
    numbers = [int(number) for number in re.findall(r"\d+", summary(study))]
    whole, compared, inside, outside, *others = numbers
    assert inside + outside == compared and compared + sum(others) == whole == len(study.comparisons)


def test_writing_the_page(study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "validate", lambda people, threads, progress: study)
    out = tmp_path / "page.md"
    assert str(out) in validate_file(out, None, None, as_json=False)
    assert out.read_text("utf-8") == page(study) == validate_file(None, None, None, as_json=False)
    validate_file(out, None, None, as_json=True)
    assert json.loads(out.read_text("utf-8")) == records(study)


def test_refusals_come_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "validate", lambda *_: pytest.fail("ran"))
    with pytest.raises(OutputError, match="found a folder"):
        validate_file(tmp_path, None, None, as_json=False)
    with pytest.raises(OutputError, match="no folder"):
        validate_file(tmp_path / "none" / "page.md", None, None, as_json=False)


def test_stopping_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(validation, "validate", stopped)
    with pytest.raises(StoppedError, match="nothing was written"):
        validate_file(tmp_path / "page.md", None, None, as_json=False)
    assert not list(tmp_path.iterdir())


def test_progress_goes_up_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    part = validation._part_of(told.append, 3)
    part(0.0)
    part(1.0)
    assert told == [3 / validation.RUNS, 4 / validation.RUNS]
    assert surface.COMMAND.startswith("hisim validate")
