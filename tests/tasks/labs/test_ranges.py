import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.tasks.labs.ranges import read_limits, standing
from osler.tasks.labs.results import read_result

GOLDEN = Path(__file__).parents[2] / "golden" / "lab_results.csv"
INDICATORS = {"LOW": "L", "NORMAL": "N", "HIGH": "H"}


@pytest.mark.parametrize(
    "printed, low, high",
    [
        ("13.0 – 17.0", "13.0", "17.0"),
        ("(3.5-5.1)", "3.5", "5.1"),
        ("Normal range: 70 - 99 mg/dL", "70", "99"),
        ("3.5 g/dL - 5.2 g/dL", "3.5", "5.2"),
        ("4,5 bis 11,0", "4.5", "11.0"),
        ("-2 to +3", "-2", "3"),
        ("4.0...10.0", "4.0", "10.0"),
        ("< 200", None, "200"),
        ("up to 40 U/L", None, "40"),
        ("≥ 60", "60", None),
        ("greater than 40", "40", None),
    ],
)
def test_a_range_of_one_meaning_is_read(printed, low, high):
    limits = read_limits(printed)
    assert (limits.low, limits.high) == (low and Decimal(low), high and Decimal(high))


@pytest.mark.parametrize(
    "printed",
    [
        None,
        "",
        "M: 13-17 F: 12-15",
        "Desirable < 200, borderline 200-239",
        "Adults: 3-5",
        "17 - 12",
        "4,000 - 11,000",
        "5.7-6.4 prediabetes",
        "see below",
        "1-2-3",
    ],
)
def test_a_range_of_several_meanings_or_none_decides_nothing(printed):
    assert read_limits(printed) is None
    assert standing(read_result("5"), read_limits(printed), None) is None


@pytest.mark.parametrize(
    "result, limits, expected",
    [
        ("10.2", "13.0-17.0", "L"),
        ("13.0", "13.0-17.0", "N"),
        ("17.0", "13.0-17.0", "N"),
        ("17.01", "13.0-17.0", "H"),
        ("200", "< 200", "H"),
        ("40", "up to 40", "N"),
        ("60", "> 60", "L"),
        ("<0.01", "0.27-4.2", "L"),
        ("<13", "13-17", "L"),
        ("<=13", "13-17", None),
        (">17", "13-17", "H"),
        ("<0.5", "0.3-4.2", None),
        ("<5", "0-10", "N"),
        ("<20", "0-10", None),
        (">90", "> 60", "N"),
        (">90", "10-60", "H"),
        (">50", "10-60", None),
        ("-3", "-2 to 3", "L"),
        ("Negative", "Non-reactive", "N"),
        ("Positive", "Negative", "A"),
        ("Trace", "Negative", None),
        ("Yellow", "Negative", None),
        ("5", "Negative", None),
    ],
)
def test_a_result_s_place_is_told_only_where_it_is_certain(result, limits, expected):
    assert standing(read_result(result), read_limits(limits), None) == expected


def test_a_range_in_another_unit_decides_nothing():
    limits = read_limits("70 - 99 mg/dL")
    assert standing(read_result("5.1"), limits, "mmol/L") is None
    assert standing(read_result("5.1"), limits, "MG/DL") == "L"
    assert standing(read_result("5.1"), limits, None) is None


@given(st.decimals(0, 999, places=1), st.decimals(0, 999, places=1), st.decimals(0, 999, places=1))
def test_every_number_is_below_inside_or_above(number, one, other):
    low, high = sorted((one, other))
    expected = "L" if number < low else "H" if number > high else "N"
    assert standing(read_result(str(number)), read_limits(f"{low} - {high}"), None) == expected


def test_real_results_stand_where_their_laboratory_said():
    with GOLDEN.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) > 200
    assert {row["indicator"] for row in rows} == set(INDICATORS)
    for row in rows:
        limits = read_limits(f"{row['low']} - {row['high']}")
        assert standing(read_result(row["result"]), limits, row["unit"]) == INDICATORS[row["indicator"]], row
