"""Monitoring of made-up trajectories: what is judged against what, gaps, and more activity with a wider gap."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from synthetic import make_scenario

from hisim.areas import find
from hisim.declare.observed import Observed
from hisim.outcomes.bands import QUINTILE_LABELS, SEX_LABELS
from hisim.outcomes.indicators import by_id, coverage_indicators, outcome_indicators
from hisim.studies.monitoring import Figure, Finding, activities, known, monitored, whole_error
from hisim.studies.trajectories import Trajectories
from hisim.studies.yearly import year_to_year

YEARS = (2011, 2012, 2013)
INDICATORS = by_id(coverage_indicators("pill", "Pills", "35+ yrs", per_year=False))


def trajectories_of(spread: float = 0.5) -> Trajectories:
    """As now 20 % in the most, 30 % in the least deprived fifth; the plan adds 10 and 5 points a year."""
    level = np.array([20.0, 24, 25, 26, 30, 25])
    more = np.array([10.0, 9, 8, 7, 5, 8])
    time = np.arange(len(YEARS))
    plan = level + time[:, None] * more
    values = np.stack([np.broadcast_to(level, plan.shape), plan])[..., None] * np.ones(len(SEX_LABELS))
    dims = ("scenario", "year", "quintile", "sex")
    coords = {"scenario": ["comparator", "mix"], "year": list(YEARS), "quintile": list(QUINTILE_LABELS),
              "sex": list(SEX_LABELS)}  # fmt: skip
    one = xr.DataArray(values, coords, dims)
    stray = np.random.default_rng(1).normal(0, spread, (2, 200, 1, 1, 1, 6, 1))
    added = values - values[:1]
    draws = xr.DataArray(values + stray[0, :, 0] + stray[1, :, 0] * added / 10, coords, ("draw", *dims))

    def whole(level: xr.DataArray) -> xr.Dataset:
        most = level.sel(quintile="1", drop=True)
        gaps = {f"coverage-pill-{name}": level.sel(quintile=other, drop=True) - most
                for name, other in (("gap-q5", "5"), ("gap-average", "all"))}  # fmt: skip
        return xr.Dataset({"coverage-pill": level, **gaps})

    scenario = make_scenario(end=2013)
    return Trajectories(find("England"), scenario, INDICATORS, whole(one), whole(draws), whole(one) * 0, xr.Dataset())


def seen(
    fifth: str, year: int, value: float, *, last: int = 0, error: float = 0.5, name: str = "coverage-pill"
) -> Observed:
    half = 1.96 * error
    return Observed(name, "Persons", fifth, year, last or year, value, value - half, value + half, None, None, 1)


def judged(*rows: Observed) -> dict[tuple[str, str, int], Finding]:
    found = monitored(rows, trajectories_of())
    return {(one.figure.indicator.id, one.figure.fifth, one.figure.first): one for one in found}


def test_change_since_the_earliest_period_is_judged_and_a_single_figure_by_its_level() -> None:
    found = judged(seen("1", 2011, 35), seen("1", 2013, 55), seen("5", 2013, 40))
    begun, later, alone = (found["coverage-pill", *key] for key in (("1", 2011), ("1", 2013), ("5", 2013)))
    assert begun.judged is None
    assert later.since == begun.figure and later.plan[0] == pytest.approx(55)
    assert later.as_now == pytest.approx((35, 35, 35))
    assert later.judged is not None and later.judged.verdict == "on track"
    assert alone.since is None and alone.plan[0] == pytest.approx(40)
    assert alone.judged is not None and alone.judged.verdict == "on track"


def test_periods_that_overlap_the_earliest_are_judged_by_level() -> None:
    found = judged(seen("1", 2011, 30, last=2012), seen("1", 2012, 35, last=2013))
    assert found["coverage-pill", "1", 2012].since is None
    assert found["coverage-pill", "1", 2012].plan[0] == pytest.approx(35), "the mean of two years"


def test_gaps_are_made_of_figures_with_their_errors_unless_they_are_given() -> None:
    gap = judged(seen("1", 2013, 40, error=3), seen("5", 2013, 40, error=4))["coverage-pill-gap-q5", "all", 2013].figure
    assert (gap.value, gap.derived) == (pytest.approx(0), True)
    assert gap.error == pytest.approx(5, rel=1e-3)
    given = judged(seen("1", 2013, 40), seen("5", 2013, 40), seen("all", 2013, 1, name="coverage-pill-gap-q5"))
    assert given["coverage-pill-gap-q5", "all", 2013].figure.value == 1
    average = judged(seen("1", 2013, 40), seen("all", 2013, 41))
    assert average["coverage-pill-gap-average", "all", 2013].figure.value == pytest.approx(1)


def test_power_grows_with_the_years_and_says_from_when() -> None:
    found = judged(seen("1", 2011, 20, error=3.0), seen("1", 2012, 30, error=3.0), seen("1", 2013, 40, error=3.0))
    powers = [found["coverage-pill", "1", year].judged.power for year in (2012, 2013)]  # type: ignore[union-attr]
    assert powers[0] < 0.8 < powers[1]
    assert {found["coverage-pill", "1", year].powerful_from for year in (2012, 2013)} == {2013}
    vague = judged(seen("1", 2011, 20, error=30), seen("1", 2013, 40, error=30))["coverage-pill", "1", 2013]
    assert vague.powerful_from is None


@pytest.mark.parametrize(
    ("most", "least", "widened", "beyond"), [(25, 45, True, True), (25, 36, True, False), (40, 40, False, False)]
)
def test_more_activity_with_a_wider_gap_is_found(most: float, least: float, widened: bool, beyond: bool) -> None:
    rows = [seen("1", 2011, 20), seen("5", 2011, 30), seen("1", 2013, most), seen("5", 2013, least)]
    (one,) = activities(monitored(rows, trajectories_of()))
    assert (one.was, one.now) == (25, (most + least) / 2), "without an average, the mean of the fifths that are there"
    assert (one.widened, one.beyond_chance) == (widened, beyond)


def test_nothing_to_say_of_activity_without_an_earlier_period() -> None:
    assert activities(monitored([seen("1", 2013, 40), seen("5", 2013, 40)], trajectories_of())) == []


def test_what_a_file_may_state() -> None:
    level, gap = known(INDICATORS)["coverage-pill"], known(INDICATORS)["coverage-pill-gap-q5"]
    assert (level.low, level.high, level.by_fifth, level.proportion) == (0, 100, True, True)
    assert (gap.by_fifth, gap.proportion, gap.unit) == (False, False, "percentage points")


def test_whole_years_add_to_the_error_of_health_and_less_so_over_several() -> None:
    life = by_id(outcome_indicators())["life-expectancy-0"]
    one = Figure(life, "Female", "all", 2013, 2013, 83.0, 0.03, False)
    spread = year_to_year()["life-expectancy-0", "Female", "all"]
    assert whole_error(one) == pytest.approx(np.hypot(0.03, spread))
    assert whole_error(one._replace(last=2015)) == pytest.approx(np.hypot(0.03, spread / np.sqrt(3)))
    assert whole_error(one._replace(indicator=INDICATORS["coverage-pill"])) == 0.03, "coverage has no winters"


def test_nothing_is_judged_where_the_model_says_nothing() -> None:
    found = trajectories_of()
    nobody = found.draws["quintile"] != "1"
    found = found._replace(draws=found.draws.where(nobody), central=found.central.where(nobody), empty=(1,))
    one = next(each for each in monitored([seen("1", 2013, 40)], found) if each.figure.fifth == "1")
    assert one.judged is not None and one.judged.verdict == "cannot tell yet" and one.judged.power == 0
    assert (one.powerful_from, one.why) == (None, "nobody lives in fifth 1 (most deprived) here")


def test_against_the_average_of_an_area_its_own_share_of_most_deprived_counts() -> None:
    people = xr.DataArray([400.0, 100, 100, 200, 200, 1000], {"quintile": list(QUINTILE_LABELS)}, "quintile")
    counts = xr.Dataset({"coverage-pill count": people / 4, "coverage-pill denominator": people})
    rows = [seen("1", 2013, 40, error=3), seen("all", 2013, 41, error=2)]

    def gap(found: Trajectories) -> float:
        return next(one.figure.error for one in monitored(rows, found) if one.figure.derived)

    assert gap(trajectories_of()) == pytest.approx((9 + 4 - 2 * 0.2 * 9) ** 0.5, rel=1e-3), "a fifth of England"
    assert gap(trajectories_of()._replace(counts=counts)) == pytest.approx((9 + 4 - 2 * 0.4 * 9) ** 0.5, rel=1e-3)
