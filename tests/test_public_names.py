"""What hisim offers is what it says, and each of it is on the reference page."""

from __future__ import annotations

from pathlib import Path

import pytest

import hisim


@pytest.mark.parametrize("name", hisim.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(hisim, name) is not None


def test_nothing_is_offered_that_is_not_declared() -> None:
    homes = set(hisim._HOMES) | {"__version__"}
    assert homes == set(hisim.__all__)
    assert list(hisim.__all__) == sorted(hisim.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'hisim' has no attribute 'projekt'"):
        _ = hisim.projekt


@pytest.mark.parametrize("name", hisim.__all__)
def test_every_public_name_is_documented(name: str, root: Path) -> None:
    assert f"`hisim.{name}`" in (root / "docs" / "reference" / "python.md").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in hisim.__all__ if not name.startswith("_")])
def test_every_public_name_has_a_docstring(name: str) -> None:
    assert (getattr(hisim, name).__doc__ or "").strip()
