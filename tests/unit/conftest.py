"""What tests of several floors share because it takes long."""

from __future__ import annotations

import pytest

from hisim.studies.validation import Study, validate


@pytest.fixture(scope="session")
def study() -> Study:
    """Every comparison with published results, at the size of the committed page."""
    return validate()
