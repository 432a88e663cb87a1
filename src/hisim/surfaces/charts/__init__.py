"""Pictures of uncertainty: labelled arrays in, Altair charts out, each with its main numbers in words.

Charts need the optional packages of ``hisim[charts]``; they are imported when the first chart is made. Titles and
units come from the attributes ``long_name`` and ``units`` of what is drawn. A ``describe_`` function beside each
chart gives the same findings as text, for who cannot see the picture, and needs no further package; the chart
carries it as its ``description``.

Wherever values have a dimension ``draw``, draw 0 holds the central values and is no sample: it is left out of
means, quantiles, shares and points.
"""

from hisim.surfaces.charts.accepting import acceptability, describe_acceptability
from hisim.surfaces.charts.frontier import describe_frontier, frontier
from hisim.surfaces.charts.missing import describe_misses, misses
from hisim.surfaces.charts.planes import (
    cost_effectiveness_plane,
    describe_cost_effectiveness_plane,
    describe_equity_impact_plane,
    equity_impact_plane,
)
from hisim.surfaces.charts.running import convergence, describe_convergence
from hisim.surfaces.charts.saving import SUFFIXES, save
from hisim.surfaces.charts.sensitivity import describe_sobol_bars, describe_tornado, sobol_bars, tornado
from hisim.surfaces.charts.years import describe_fan, fan

__all__ = [
    "SUFFIXES",
    "acceptability",
    "convergence",
    "cost_effectiveness_plane",
    "describe_acceptability",
    "describe_convergence",
    "describe_cost_effectiveness_plane",
    "describe_equity_impact_plane",
    "describe_fan",
    "describe_frontier",
    "describe_misses",
    "describe_sobol_bars",
    "describe_tornado",
    "equity_impact_plane",
    "fan",
    "frontier",
    "misses",
    "save",
    "sobol_bars",
    "tornado",
]
