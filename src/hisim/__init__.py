"""hisim: what a mix of health interventions would do to deaths in each deprivation fifth, and to the gap.

A *scenario file* says what is done for whom; *input tables* say who lives where, with what risks, and
dies how fast. The *model* turns both into one labelled ``Projection``. Everything after that only reads
such datasets.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hisim.garbage import unsearched
from hisim.version import __version__

_HOMES = {
    "read_scenario": "hisim.declare.files",
    "load_inputs": "hisim.inputs.load",
    "project": "hisim.model.projection",
    "compare": "hisim.outcomes.comparison",
    "HisimError": "hisim.errors",
}
__all__ = ["HisimError", "__version__", "compare", "load_inputs", "project", "read_scenario"]

if TYPE_CHECKING:
    from hisim.declare.files import read_scenario
    from hisim.errors import HisimError
    from hisim.inputs.load import load_inputs
    from hisim.model.projection import project
    from hisim.outcomes.comparison import compare


def __getattr__(name: str) -> Any:
    """Import the public names when they are first asked for, so that ``import hisim`` stays fast."""
    if name in _HOMES:
        with unsearched():
            found = getattr(import_module(_HOMES[name]), name)
            if gc.get_freeze_count() == 0:
                gc.freeze()  # both together: what there is counts as old, and is not searched again at once
                gc.unfreeze()
        return found
    raise AttributeError(f"module 'hisim' has no attribute '{name}'")
