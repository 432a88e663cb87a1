"""Starsim again in its documented faster way: common random numbers switched off."""

from __future__ import annotations

import starsim as ss

ss.options(crn=False)

from starsim_runner import run  # noqa: E402

__all__ = ["run"]
