"""The documentation tells the truth: its code runs, its files are valid, its links and commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hisim.declare.files import read_scenario_text
from hisim.declare.nodes import compose
from hisim.declare.sweep import Sweep
from hisim.declare.target import Target
from hisim.surfaces.cli import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "scenarios" / "README.md"]
PAGES += [page for page in sorted((ROOT / "docs").rglob("*.md")) if not {"generated", "_build"} & set(page.parts)]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
COMMANDS = {command.callback.__name__ for command in app.registered_commands if command.callback}
COMMANDS |= {str(group.typer_instance.info.name) for group in app.registered_groups if group.typer_instance}


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of ``page`` in ``language``, without the margin of a list they stand in."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", page.read_text("utf-8"), re.M | re.S)
    return [re.sub(rf"^{margin}", "", text, flags=re.M) for margin, text in found]


def test_the_tutorial_runs(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(blocks(root / "docs" / "tutorials" / "first-mix.md", "python"))
    monkeypatch.chdir(root)
    names: dict[str, object] = {}
    exec(compile(code, "first-mix.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "The three key actions" in printed
    assert "deaths_averted_cumulative" in printed


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_scenarios_in_pages_are_valid(page: Path) -> None:
    for text in blocks(page, "yaml"):
        if "\ndesign: " in text:
            Sweep.model_validate(compose(text, page.name)[0].plain(), by_alias=True, by_name=False)  # type: ignore[union-attr]
        elif "\nreach:" in text:
            Target.model_validate(compose(text, page.name)[0].plain(), by_alias=True, by_name=False)  # type: ignore[union-attr]
        else:
            assert read_scenario_text(text, page.name).interventions


def test_the_how_to_shows_a_scenario(root: Path) -> None:
    assert blocks(root / "docs" / "how-to" / "write-a-scenario.md", "yaml")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_in_pages_exist(page: Path) -> None:
    lines = re.findall(r"python3 run\.py ([^\n`]*)", page.read_text("utf-8"))
    for words in map(shlex.split, lines):
        assert words[0] in COMMANDS | {"test", "install", "COMMAND"}
        for file in (word for word in words if word.startswith(("scenarios/", "tests/"))):
            assert (ROOT / file).exists(), f"{page.name} names {file}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_in_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_page_is_empty(page: Path) -> None:
    assert len(page.read_text("utf-8").split()) >= 15


def test_the_first_lines_are_the_three_sentences_and_the_two_commands(root: Path) -> None:
    readme = (root / "README.md").read_text("utf-8")
    sentences, commands = readme.split("\n\n")[:2]
    assert sentences.startswith("A **scenario file** says")
    assert commands == "```\npython3 run.py demo\npython3 run.py test\n```"
    assert (root / "CONTRIBUTING.md").read_text("utf-8").split("\n\n")[1] == sentences


def test_readme_lists_every_command(root: Path) -> None:
    table = (root / "README.md").read_text("utf-8").split("## Commands")[1].split("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == COMMANDS
