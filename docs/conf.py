"""Sphinx settings. The reference pages are written from the code each time the documentation is built."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generate import write_pages  # noqa: E402

from hisim import __version__  # noqa: E402

write_pages(HERE / "reference" / "generated")

project = "hisim"
author = "The hisim authors"
copyright = "2026, the hisim authors. Code: MIT licence. Tables: Open Government Licence v3.0 and CC BY 4.0"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "none"
html_theme = "furo"
html_title = "hisim"
