"""Pictures of uncertainty: what is drawn is what was given, and says so in words."""

from __future__ import annotations

import functools
import json
import re
import sys

import numpy as np
import pytest
import xarray as xr

from hisim.errors import HisimError, ImpossibleChartError, MissingPackageError, OutputError
from hisim.surfaces import charts
from hisim.surfaces.charts.look import GREY, PALETTE
from hisim.surfaces.charts.words import lines

AVERTED = {"units": "deaths", "long_name": "Deaths averted in the most deprived fifth by 2015"}
SCENARIOS = ["everything", "stop-smoking", "blood-pressure", "housing", "salt"]
RNG = np.random.default_rng(7)


def effects(low, high, central=1200.0):
    names = [f"service-{i}.success_12_months.level" for i in range(len(low))]
    data = {"low": ("parameter", np.asarray(low, float)), "high": ("parameter", np.asarray(high, float))}
    made = xr.Dataset({**data, "central": central}, {"parameter": names})
    made["central"].attrs = AVERTED
    return made


def indices(total):
    total = np.asarray(total, float)
    parts = {"total": total, "first_order": total * 0.6}
    data = {
        f"{name}{end}": ("parameter", values + shift)
        for name, values in parts.items()
        for end, shift in (("", 0.0), ("_low", -0.05), ("_high", 0.05))
    }
    made = xr.Dataset(data, {"parameter": [f"p{i}" for i in range(total.size)]}, {"long_name": "Deaths averted"})
    made["total"].attrs["units"] = "fraction"
    return made


def by_year(draws=200, **further):
    shape = (draws, 3, *map(len, further.values()))
    values = RNG.normal(1000.0, 100.0, shape).cumsum(axis=1)
    coordinates = {"draw": np.arange(draws), "year": [2011, 2012, 2013], **further}
    return xr.DataArray(values, coordinates, ("draw", "year", *further), attrs=AVERTED)


def running(sizes=(10, 100, 1000)):
    size = np.asarray(sizes)
    levels = {"mean": 1234.0, "low": 400.0, "high": 2600.0, "low_50": 800.0, "high_50": 1500.0}
    made = xr.Dataset({name: ("size", level + 300.0 / size) for name, level in levels.items()}, {"size": size})
    made["mean"].attrs = AVERTED
    return made


def by_scenario(mean, sd, draws=100, units="QALYs", scenarios=SCENARIOS):
    values = RNG.normal(mean, sd, (draws, len(scenarios)))
    coordinates = {"draw": np.arange(draws), "scenario": list(scenarios)}
    return xr.DataArray(values, coordinates, ("draw", "scenario"), attrs={"units": units})


def curve():
    shares = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    return xr.DataArray(
        shares, {"threshold": [0.0, 15000.0, 30000.0], "option": ["now", "mix"]}, ("threshold", "option")
    )


def data_of(chart, *fields):
    """Every row in the specification that has all of ``fields``."""
    rows = [row for rows in chart.to_dict()["datasets"].values() for row in rows]
    return [row for row in rows if set(fields) <= set(row)]


def order_of(chart, channel="y"):
    return chart.to_dict()["layer"][0]["encoding"][channel]["sort"]


def axis_titles(chart):
    found = re.findall(r'"title": (\[[^\]]*\]|"[^"]*")', json.dumps(chart.to_dict(), ensure_ascii=False))
    return {" ".join(title) if isinstance(title, list) else title for title in map(json.loads, found)}


QALYS, COST = by_scenario(5000.0, 1500.0), by_scenario(4e7, 3e7, units="GBP")
EVERY = {
    "tornado": (lambda: charts.tornado(effects([900, 1100], [1500, 1250])), "1,200 deaths"),
    "sobol_bars": (lambda: charts.sobol_bars(indices([0.2, 0.7])), "p1 (0.700 in total"),
    "fan": (lambda: charts.fan(by_year()), "2011 to 2013"),
    "fan_panels": (lambda: charts.fan(by_year(quintile=[1, 5])), "Fifth 1 (most deprived)"),
    "convergence": (lambda: charts.convergence(running()), "1,000 draws: mean 1,230 deaths"),
    "cost_effectiveness_plane": (
        lambda: charts.cost_effectiveness_plane(QALYS, COST, 2e4),
        "below 20,000 GBP per QALY",
    ),
    "equity_impact_plane": (lambda: charts.equity_impact_plane(QALYS, 0.2 * QALYS), "healthier and fairer"),
    "acceptability": (lambda: charts.acceptability(curve()), "now (90 %)"),
}
"""How each chart is made, and something its description says."""


@functools.cache
def chart_of(name):
    return EVERY[name][0]()


@pytest.mark.parametrize("name", EVERY)
def test_every_chart_is_valid_and_tells_what_it_shows(name):
    spec = chart_of(name).to_dict()
    assert EVERY[name][1] in spec["description"]
    said = " ".join(spec["title"]["subtitle"])
    assert spec["title"]["text"] and (
        "chance within a draw" in said or "Monte Carlo error is separate" in said or "of draws" in said
    )
    assert "http" not in json.dumps(spec).replace(spec["$schema"], "")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("tornado", "Deaths averted in the most deprived fifth by 2015 (deaths)"),
        ("sobol_bars", "Share of the variance (fraction)"),
        ("fan", "Deaths averted in the most deprived fifth by 2015 (deaths)"),
        ("fan_panels", "Deaths averted in the most deprived fifth by 2015 (deaths)"),
        ("convergence", "Deaths averted in the most deprived fifth by 2015 (deaths)"),
        ("cost_effectiveness_plane", "Net cost (GBP)"),
        ("cost_effectiveness_plane", "QALYs gained (QALYs)"),
        ("equity_impact_plane", "Narrowing of the gap (QALYs)"),
        ("acceptability", "What a QALY is worth (GBP per QALY)"),
    ],
)
def test_axes_carry_units(name, title):
    assert title in axis_titles(chart_of(name))


@pytest.mark.parametrize("name", [name for name in charts.__all__ if name.startswith("describe_")])
def test_every_chart_has_its_words(name):
    assert name.removeprefix("describe_") in charts.__all__


def test_tornado_is_sorted_by_swing_and_keeps_the_values():
    given = effects([1150, 900, 1300], [1250, 1600, 1400])
    chart = charts.tornado(given)
    names = [str(name) for name in given["parameter"].values]
    assert order_of(chart) == [names[1], names[2], names[0]], (
        "the swing is from the central value where both ends lie beyond"
    )
    drawn = {(row["parameter"], row["end"]): row["value"] for row in data_of(chart, "end")}
    assert drawn == {
        (name, f"{end} end"): float(given[end][i]) for i, name in enumerate(names) for end in ("low", "high")
    }


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (900, 1550, [("high", "right"), ("low", "left")]),
        (1550, 900, [("low", "right"), ("high", "left")]),
        (1300, 1400, [("high; low is nearer", "right"), ("", "left")]),
        (1100, 1000, [("high; low is nearer", "left"), ("", "right")]),
        (1200, 1000, [("high", "left"), ("low", "right")]),
        (1200, 1200, [("no change", "right"), ("", "left")]),
    ],
)
def test_ends_of_bars_are_named(low, high, labels):
    rows = data_of(charts.tornado(effects([low], [high])), "end")
    assert [(row["label"], row["side"]) for row in rows] == labels


def test_twenty_parameters_at_most_are_drawn():
    swings = np.arange(1.0, 41.0)
    chart = charts.tornado(effects(-swings, swings, central=0.0))
    assert order_of(chart) == [f"service-{i}.success_12_months.level" for i in range(39, 19, -1)]
    assert len(data_of(chart, "end")) == 40
    assert "The 20 of 40 parameters" in chart.to_dict()["title"]["subtitle"][0]
    assert "out of 40 parameters" in charts.describe_tornado(effects(-swings, swings, central=0.0))


def test_sobol_bars_are_sorted_by_total_with_intervals():
    given = indices([0.2, 0.7, 0.05])
    chart = charts.sobol_bars(given)
    assert order_of(chart) == ["p1", "p0", "p2"]
    total = next(row for row in data_of(chart, "kind") if row["parameter"] == "p1" and row["kind"].startswith("total"))
    assert [total[end] for end in ("low", "value", "high")] == pytest.approx([0.65, 0.7, 0.75])
    assert "First-order shares add up to 0.570" in charts.describe_sobol_bars(given)


@pytest.mark.parametrize("central", [True, False])
def test_fan_draws_the_quantiles_of_the_sampled_draws(central):
    values = by_year() if central else by_year().assign_coords(draw=np.arange(1, 201))
    sampled = values.values[1:] if central else values.values
    rows = data_of(charts.fan(values), "median")
    for i, row in enumerate(rows):
        expected = np.quantile(sampled[:, i], [0.025, 0.25, 0.5, 0.75, 0.975])
        assert [row[name] for name in ("low", "low_50", "median", "high_50", "high")] == pytest.approx(expected)
        assert row.get("central") == (values.values[0, i] if central else None)
    assert [row["year"] for row in rows] == [2011, 2012, 2013]
    low, middle, high = np.quantile(sampled[:, -1], [0.025, 0.5, 0.975])
    round_to = [f"{round(value, -1):,.0f}" for value in (middle, low, high)]
    assert "median {} deaths (95 % interval {} to {})".format(*round_to) in charts.describe_fan(values)


def test_fan_has_a_panel_a_scenario_with_its_own_colour():
    names = ["comparator", *SCENARIOS]
    spec = charts.fan(by_year(scenario=names), colours={"salt": "#123456"}).to_dict()
    scale = spec["spec"]["encoding"]["color"]["scale"]
    assert scale["domain"] == names
    assert scale["range"] == [GREY, *PALETTE[:4], "#123456"]


def test_fan_of_one_year_is_not_empty():
    chart = charts.fan(by_year(quintile=[1, 2, 3, 4, 5]).isel(year=[1]))
    assert {layer["mark"]["type"] for layer in chart.to_dict()["spec"]["layer"]} == {"rule", "point", "tick"}
    assert "by 2015, 2012, over" in chart.description


def test_convergence_marks_the_final_values_and_drops_what_is_missing():
    given = running((1, 10, 100, 1000))
    given["low"][0] = np.nan
    chart = charts.convergence(given)
    assert [row["size"] for row in data_of(chart, "mean")] == [10, 100, 1000]
    labels = {row["label"]: row["value"] for row in data_of(chart, "label")}
    assert labels["mean: 1,230 deaths"] == float(given["mean"][-1])
    assert list(labels) == sorted(labels, key=labels.get, reverse=True)


def test_convergence_holds_no_more_than_can_be_seen():
    sizes = [row["size"] for row in data_of(charts.convergence(running(np.arange(1, 10001))), "mean")]
    assert len(sizes) <= 400
    assert (sizes[0], sizes[-1]) == (1, 10000)


def test_labels_at_the_ends_do_not_overlap():
    close = running() * 0.0 + xr.Dataset({name: 5.0 for name in ("mean", "low", "high", "low_50", "high_50")})
    texts = [layer for layer in charts.convergence(close).to_dict()["layer"] if layer["mark"]["type"] == "text"]
    heights = sorted(layer["encoding"]["y"]["value"] for layer in texts)
    assert min(np.diff(heights)) >= 17.0 - 1e-9


def test_plane_draws_the_first_points_but_counts_all():
    qalys, cost = by_scenario(5000.0, 1500.0, 10001), by_scenario(9e7, 3e7, 10001, units="GBP")
    chart = charts.cost_effectiveness_plane(qalys, cost, 20000.0)
    rows = data_of(chart, "key")
    points, means = rows[:2000], rows[2000:]
    assert (points[0]["x"], points[0]["y"]) == (float(qalys[1, 0]), float(cost[1, 0])), "draw 0 is no sample"
    assert [mean["x"] for mean in means] == pytest.approx(qalys.values[1:].mean(axis=0))
    assert any("first 400 draws of each scenario" in line for line in chart.to_dict()["title"]["subtitle"])
    share = 100.0 * (cost.values[1:, 0] < 20000.0 * qalys.values[1:, 0]).mean()
    assert points[0]["key"] == f"everything ({share:.0f} %)"
    assert f"{share:.0f} % of draws below 20,000 GBP per QALY" in chart.description


def test_plane_names_its_quadrants_and_leaves_out_the_comparator():
    qalys = by_scenario(0.0, 10.0, scenarios=["comparator", "mix"])
    chart = charts.equity_impact_plane(qalys, -qalys)
    words = {row["words"].replace("\n", " ") for row in data_of(chart, "words")}
    assert words == {
        "healthier and fairer",
        "less healthy, fairer",
        "less healthy and less fair",
        "healthier, less fair",
    }
    assert {row["key"] for row in data_of(chart, "key")} == {"mix (0 %)"}


def test_line_of_the_threshold_goes_through_the_origin():
    chart = charts.cost_effectiveness_plane(QALYS, COST, 20000.0)
    ends = [row for row in data_of(chart, "x", "y") if set(row) == {"x", "y"}]
    assert [end["y"] for end in ends] == pytest.approx([20000.0 * end["x"] for end in ends])
    assert ends[0]["x"] < 0.0 < ends[1]["x"]


def test_acceptability_keeps_the_shares_and_names_the_best():
    chart = charts.acceptability(curve())
    drawn = [row["probability"] for row in data_of(chart, "probability") if row["option"] == "mix"]
    assert drawn == [0.1, 0.5, 0.8]
    assert "from 30,000 GBP per QALY it is mix (80 %)" in chart.description


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: charts.tornado(effects([np.nan], [1.0])), r"low: found 1 values that are no numbers"),
        (lambda: charts.tornado(effects([1.0], [1.0]).drop_vars("high")), "high: found no such variable"),
        (lambda: charts.tornado(effects([], [])), "low: found no values; allowed: at least one"),
        (lambda: charts.fan(by_year(2)), "fan: found 1 draw; allowed: 2 or more"),
        (lambda: charts.fan(by_year(a=[1], b=[1])), "found dimensions draw, year, a, b; allowed: draw, year and"),
        (lambda: charts.convergence(running() * np.nan), "found no size with every estimate; allowed: at least one"),
        (lambda: charts.cost_effectiveness_plane(QALYS, COST, 0.0), "threshold: found 0.0; allowed: a positive number"),
        (lambda: charts.cost_effectiveness_plane(QALYS, QALYS, 1.0), "found units QALYs and QALYs; allowed: QALYs"),
        (lambda: charts.equity_impact_plane(QALYS, QALYS[:, :2]), "found other draws or scenarios than"),
        (lambda: charts.acceptability(curve().rename(option="mix")), "found dimensions threshold, mix; allowed: t"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said(draw, message):
    with pytest.raises(ImpossibleChartError, match=message):
        draw()


@pytest.mark.parametrize("suffix", charts.SUFFIXES)
def test_save_writes_every_suffix(tmp_path, suffix):
    chart, path = chart_of("tornado"), tmp_path / f"tornado{suffix}"
    path.write_text("old")
    charts.save(chart, path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name], "no part is left behind"
    content = path.read_bytes()
    if suffix == ".png":
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        return
    text = content.decode()
    assert chart.description in text
    if suffix == ".json":
        assert json.loads(text) == chart.to_dict()
        return
    assert "What matters most for deaths averted" in text
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text), "nothing is fetched"


def test_names_cannot_break_out_of_a_page(tmp_path):
    given = effects([900], [1500]).assign_coords(parameter=["</script><b>"])
    charts.save(charts.tornado(given), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("</script>") == 2
    assert "<b>" not in page.rsplit("<script>", 1)[1]


@pytest.mark.parametrize(("name", "found"), [("chart.pdf", "suffix .pdf"), ("chart", "no suffix")])
def test_another_suffix_is_refused(tmp_path, name, found):
    with pytest.raises(OutputError, match=rf"{name}: found {found}; allowed: .json, .html, .svg, .png"):
        charts.save(chart_of("tornado"), tmp_path / name)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        charts.save(chart_of("tornado"), tmp_path / "missing" / "chart.json")


def test_a_missing_package_is_said_and_words_need_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    told = r"charts need the package altair; allowed: pip install 'hisim\[charts\]'"
    with pytest.raises(MissingPackageError, match=told):
        charts.tornado(effects([900], [1500]))
    assert issubclass(MissingPackageError, HisimError)
    assert "900 at its low end" in charts.describe_tornado(effects([900], [1500]))


def test_lines_are_about_equally_long():
    assert lines("one two three four five six", 24) == ["one two three", "four five six"]
    assert lines("a name that fits", 24) == ["a name that fits"]
    assert lines("within 95 % of them", 10) == ["within", "95\u00a0% of", "them"]
