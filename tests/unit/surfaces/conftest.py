"""Commands as a person runs them."""

from __future__ import annotations

import pytest

from hisim.surfaces.cli import main


@pytest.fixture
def hisim(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder; returns exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return stopped.value.code or 0, output.out, output.err

    return run
