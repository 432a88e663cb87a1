"""Print the table of docs/explanation/validation.md: hisim's figures beside published ones.

Run by the documentation's build, so that the page shows what the installed version computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from hisim.declare.files import read_scenario
from hisim.model.projection import project

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
NAMES = ("three-actions", "antihypertensives", "statins", "stop-smoking")


def averted(deaths: xr.DataArray, scenario: str, **where: object) -> float:
    """Deaths averted where ``where`` holds, added up over everything else."""
    chosen = deaths.sel(where)
    return float((chosen.sel(scenario="comparator") - chosen.sel(scenario=scenario)).sum())


def rows() -> Iterator[tuple[str, str, str]]:
    """What is compared, what hisim gives, what was published."""
    projection = project([read_scenario(SCENARIOS / f"{name}.yaml") for name in NAMES]).isel(draw=0)
    deaths, covered, cost = projection["deaths"], projection["covered"], projection["cost_gbp"]

    def served(scenario: str, item: str, year: int) -> float:
        return float(covered.sel(scenario=scenario, intervention=item, year=year).sum())

    year = 2014
    for scenario, item, words, published in (
        ("statins", "statins", "statins", "5,300 (abstract P448, England 2007, all growth of use since 2000)"),
        ("antihypertensives", "antihypertensives", "blood-pressure drugs",
         "1,800 (Guzman-Castillo 2015, England 2007, all growth of use since 2000)"),
    ):  # fmt: skip
        chd = averted(deaths, scenario, year=year, cause="ihd")
        more = served(scenario, item, year)
        yield (
            f"CHD deaths postponed in a year by more {words}",
            f"{chd:,.0f} in {year}, by {more / 1e6:.2f} million more people on treatment "
            f"({chd / more * 1e6:,.0f} per million)",
            published,
        )
    for scenario, item, words, published in (
        ("statins", "statins", "statins", "29 treated for 5 years after heart disease (McColl 1998)"),
        ("antihypertensives", "antihypertensives", "blood-pressure drugs",
         "63 treated for 4 years, in trials of hypertension (McColl 1998)"),
    ):  # fmt: skip
        five = deaths.sel(year=slice(2012, 2016))
        per = served(scenario, item, 2014) / averted(five, scenario)
        yield f"People on {words} for 5 years per death postponed", f"{per:,.0f} (all eligible people)", published
    quits = served("stop-smoking", "stop-smoking-services", 2014)
    lives = averted(deaths, "stop-smoking")
    yield (
        "Smokers who set a quit date per death postponed within 9 years",
        f"{quits * 9 / lives:,.0f} ({quits:,.0f} more a year)",
        "256 advised or treated per death in 1 year (McColl 1998, called a possible over-estimate there)",
    )
    first = averted(deaths.sel(year=slice(2011, 2015)), "three-actions", quintile=1)
    yield (
        "Share of the three actions' deaths postponed by 2015 in the most deprived fifth",
        f"{first / averted(deaths.sel(year=slice(2011, 2015)), 'three-actions'):.0%}",
        "treatments 'equitably distributed across all social groups' (Bajekal 2012); BP medication 270 in the most "
        "and 350 in the least deprived fifth (P448)",
    )
    at_scale = cost.sel(scenario="three-actions", year=2012)
    yield (
        "Cost of the three actions in a year",
        f"{float(at_scale.sum()) / 1e6:,.0f} million pounds in England in 2012, "
        f"{float(at_scale.sel(quintile=1).sum()) / 1e6:,.0f} million of it in the most deprived fifth",
        "about 24 million a year in the 70 Spearhead areas (National Audit Office HC 186, 2010)",
    )


def table() -> str:
    """The rows as a Markdown table."""
    lines = ["| what | hisim | published |", "|---|---|---|"]
    return "\n".join(lines + [f"| {what} | {ours} | {theirs} |" for what, ours, theirs in rows()]) + "\n"


if __name__ == "__main__":
    print(table())
