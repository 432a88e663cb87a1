"""Observed figures and filled templates: what is read, and every refusal word for word."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hisim.areas import find
from hisim.declare.aspired import read_aspired
from hisim.declare.cells import rows_of_cells
from hisim.declare.observed import CATEGORY_WORDS, MOST_ROWS, PERIODS, Known, Observed, read_observed
from hisim.errors import InvalidFileError

KNOWN = {
    "coverage-statins": Known(0, 100, True, True, "%"),
    "coverage-statins-gap-q5": Known(-inf, inf, False, False, "percentage points"),
    "life-expectancy-0": Known(0, 120, True, False, "years"),
    "under-75-cancer-rate": Known(0, inf, True, False, "deaths per 100,000 person-years"),
}
HEAD = "Indicator ID,Area Code,Sex,Category,Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Count,Denominator"
COUNTED = "coverage-statins,E92000001,Persons,1 (most deprived),2015,40,,,400,1000"
LONG_LIFE = "life-expectancy-0,,Male,all,2013-15,79.5,79.4,79.6,,"


def read(text: str) -> list[Observed]:
    return read_observed(text, "seen.csv", KNOWN, (2011, 2020), find("England")).figures


def refused(*lines: str, head: str = HEAD) -> list[str]:
    with pytest.raises(InvalidFileError, match=r"^seen\.csv:") as caught:
        read("\n".join([head, *lines]) + "\n")
    return str(caught.value).split("\n")


def test_rows_are_read_in_the_columns_of_the_field() -> None:
    first, second = read(f"# made up\n{HEAD}\n{COUNTED}\n\n{LONG_LIFE}\n")
    assert first == Observed("coverage-statins", "Persons", "1", 2015, 2015, 40, None, None, 400, 1000, 3)
    assert second == Observed("life-expectancy-0", "Male", "all", 2013, 2015, 79.5, 79.4, 79.6, None, None, 5)


@pytest.mark.parametrize(
    ("period", "years"),
    [("2015", (2015, 2015)), ("2015/16", (2015, 2015)), ("2013 - 15", (2013, 2015)), ("2013\u20132015", (2013, 2015))],
)
def test_periods_are_years_financial_years_and_several_years(period: str, years: tuple[int, int]) -> None:
    (one,) = read(f"{HEAD}\n{COUNTED.replace('2015', period)}\n")
    assert (one.first, one.last) == years


def test_a_mark_of_utf8_and_windows_lines_are_read_and_other_columns_passed_over() -> None:
    head = HEAD + ",Lower CI 99.8 limit,Recent Trend"
    assert len(read(f"\ufeff{head}\r\n{COUNTED},1,=cmd()\r\n")) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (COUNTED.replace("coverage-statins", "coverage-statin"),
         "2:1: Indicator ID: the unknown indicator 'coverage-statin'; allowed: an id that hisim aspirations --template "
         "writes for the scenario; did you mean 'coverage-statins'?"),
        (COUNTED.replace("1 (most deprived)", "6"), f"2:36: Category: '6'; allowed: {CATEGORY_WORDS}"),
        (COUNTED.replace("Persons", "persons"),
         "2:28: Sex: 'persons'; allowed: Persons, Female, Male; did you mean 'Persons'?"),
        (COUNTED.replace("2015", "2025"),
         "2:54: Time period: 2025; allowed: years from 2011 to 2020, which the scenario projects"),
        (COUNTED.replace("2015", "spring"), f"2:54: Time period: 'spring'; allowed: {PERIODS}"),
        (COUNTED.replace(",40,", ",forty,"), "2:59: Value: 'forty'; allowed: a number, such as 12.5"),
        (COUNTED.replace(",40,", ",=1+1,"), "2:59: Value: '=1+1'; allowed: a number, such as 12.5"),
        (COUNTED.replace(",40,", ",nan,"), "2:59: Value: 'nan'; allowed: a number, such as 12.5"),
        (COUNTED.replace(",40,", ",-4,"), "2:59: Value: -4; allowed: 0 to 100 (%)"),
        (COUNTED.replace(",40,", ",0.4,"),
         "2:59: Value: 0.4, but Count over Denominator is 40.0 %; allowed: per cent, the same as they give"),
        (COUNTED.replace("400,1000", "1400,1000"),
         "2:64: Count: 1400; allowed: at most the denominator, 1000"),
        (COUNTED.replace("400,1000", "-4,1000"), "2:64: Count: -4; allowed: 0 or more"),
        (COUNTED.replace("400,1000", "400,0"), "2:68: Denominator: 0; allowed: above 0"),
        (COUNTED.replace("400,1000", ","),
         "2:59: Value: 40 without its error; allowed: Lower CI 95.0 limit and Upper CI 95.0 limit, or Count and "
         "Denominator"),
        (COUNTED.replace("E92000001", "E10000016"),
         "2:18: Area Code: 'E10000016'; allowed: E92000001, the area of the scenario (England)"),
        (LONG_LIFE.replace("79.4,79.6", "79.6,79.4"),
         "2:42: Lower CI 95.0 limit: 79.6 to 79.4 around 79.5; allowed: a lower limit below the value, and an upper "
         "one above it"),
        (LONG_LIFE.replace("79.4,79.6", "79.4,"),
         "2:42: Lower CI 95.0 limit: Lower CI 95.0 limit without Upper CI 95.0 limit; allowed: both limits, or "
         "neither"),
        (LONG_LIFE.replace("79.4,79.6,,", ",,500,"),
         "2:37: Value: 79.5 years without its interval; allowed: Lower CI 95.0 limit and Upper CI 95.0 limit"),
        ("under-75-cancer-rate,,Persons,all,2015,140,,,9,",
         "2:46: Count: 9; allowed: 10 deaths or more, or an interval"),
        ("coverage-statins-gap-q5,,Persons,1,2015,-4,-5,-3,,",
         "2:34: Category: '1'; allowed: all, or nothing: a gap is between fifths"),
        ("coverage-statins-gap-q5,,Persons,,2015,-4,,,4,5",
         "2:40: Value: -4 without its error; allowed: Lower CI 95.0 limit and Upper CI 95.0 limit"),
        ("coverage-statins,,Persons", "2:1: 3 fields; allowed: 10, as in line 1"),
        ('coverage-statins,"',
         "2:1: not valid CSV: unexpected end of data; allowed: fields between commas, in one line"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_in_one_message(row: str, message: str) -> None:
    assert refused(row) == [f"seen.csv:{message}"]


def test_duplicates_are_refused_with_the_line_of_the_first() -> None:
    (message,) = refused(COUNTED, LONG_LIFE, COUNTED.replace("1 (most deprived)", "1"))
    assert message == (
        "seen.csv:4:1: the same indicator, category, sex and period a second time (see line 2); allowed: one row for "
        "each"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "seen.csv:1:1: an empty file; allowed: a line with the columns Indicator ID, Category, Sex, Time period, "
             "Value"),
        (HEAD, "seen.csv:1:1: no row; allowed: one row for each observed figure"),
        (HEAD.replace(",", ";"), "seen.csv:1:1: columns divided by ';'; allowed: columns divided by commas"),
        (HEAD.replace("Value", "value"), "seen.csv:1:1: Value: missing: this column is required; found 'value'"),
        (HEAD + ",Value",
         f"seen.csv:1:{len(HEAD) + 2}: Value: the column 'Value' a second time; allowed: each column once"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_in_one_message(text: str, message: str) -> None:
    with pytest.raises(InvalidFileError) as caught:
        read(text)
    assert str(caught.value) == message


def test_every_mistake_is_reported_and_a_flood_is_cut() -> None:
    assert len(refused(COUNTED.replace(",40,", ",x,"), LONG_LIFE.replace("Male", "M"))) == 2
    assert len(refused(*[COUNTED.replace(",40,", ",x,")] * 200)) == 50
    (message,) = refused(*["," * 9] * MOST_ROWS)
    assert f"more than {MOST_ROWS} rows" in message


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for head in ("", HEAD + "\n"):
        try:
            read(head + text)
        except InvalidFileError as error:
            assert str(error)


COLUMNS = "Indicator ID,Category,Sex,Baseline year,Target year,Local baseline,Local target,Lead,Notes"
FILLED = "coverage-statins,1 (most deprived),Persons,2012,2015,40,60,=Director,"


def aspired(*lines: str, head: str = COLUMNS) -> list[str]:
    with pytest.raises(InvalidFileError) as caught:
        read_aspired(
            rows_of_cells("\n".join([head, *lines]), "mine.csv", 100),
            "mine.csv",
            KNOWN,
            (2011, 2020),
            [find("England")],
        )
    return str(caught.value).split("\n")


def test_a_filled_template_is_read_without_its_empty_rows() -> None:
    text = "\n".join(
        [COLUMNS, FILLED, "coverage-statins,all,Persons,2012,2015,,,,", FILLED.replace("2015,40", "2016,")]
    )
    first, second = read_aspired(
        rows_of_cells(text, "mine.csv", 100), "mine.csv", KNOWN, (2011, 2020), [find("England")]
    )
    assert (first.baseline, first.target, first.fifth, first.lead) == (40, 60, "1", "=Director")
    assert (second.baseline, second.year) == (None, 2016)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (FILLED.replace("statins", "statin"),
         "2:1: Indicator ID: the unknown indicator 'coverage-statin'; allowed: an id of the template; did you mean "
         "'coverage-statins'?"),
        (FILLED.replace(",60,", ",=2*30,"), "2:57: Local target: '=2*30'; allowed: a number, such as 12.5"),
        (FILLED.replace(",60,", ",600,"), "2:57: Local target: 600; allowed: 0 to 100 (%)"),
        (FILLED.replace("2015", "2012"), "2:49: Target year: 2012; allowed: a year after the baseline, 2012"),
        (FILLED.replace("2015", "2031"), "2:49: Target year: '2031'; allowed: a projected year, 2011 to 2020"),
        (FILLED.replace("1 (most deprived)", "7"), f"2:18: Category: '7'; allowed: {CATEGORY_WORDS}"),
        (FILLED.replace("Persons", "Women"), "2:36: Sex: 'Women'; allowed: Persons, Female, Male"),
        (FILLED + "x" * 2001, "2:70: Notes: 2001 characters; allowed: at most 2000"),
        (FILLED.replace(",60,", ",,"),
         "Local target: no target filled in; allowed: a number in the column Local target"),
    ],
)  # fmt: skip
def test_a_bad_target_is_refused_in_one_message(row: str, message: str) -> None:
    (found,) = aspired(row)
    assert found.removeprefix("mine.csv:").strip() == message


def test_a_target_twice_and_a_template_without_its_columns() -> None:
    assert "a second time (see line 2); allowed: one target for each" in aspired(FILLED, FILLED)[0]
    assert aspired(FILLED, head=COLUMNS.replace("Local target", "local target")) == [
        "mine.csv:1:1: Local target: missing: this column is required; found 'local target'"
    ]
