from decimal import Decimal

import pytest

from osler.tasks.labs.results import flag_of, read_result


@pytest.mark.parametrize(
    "printed, number, comparator, flag, unit",
    [
        ("13.5", "13.5", "", None, None),
        ("< 0.01", "0.01", "<", None, None),
        ("≥60", "60", ">=", None, None),
        ("10.2 L", "10.2", "", "L", None),
        ("H 148", "148", "", "H", None),
        ("148 (High)", "148", "", "H", None),
        ("7.9*", "7.9", "", "A", None),
        ("7.9* mg/dL", "7.9", "", "A", "mg/dL"),
        ("14.2 g/dL (L)", "14.2", "", "L", "g/dL"),
        ("6.8 ↑", "6.8", "", "H", None),
        ("3.2 LL", "3.2", "", "LL", None),
        ("−2.5", "-2.5", "", None, None),
        ("5 L/min", "5", "", None, "L/min"),
    ],
)
def test_a_number_is_told_from_what_stands_beside_it(printed, number, comparator, flag, unit):
    result = read_result(printed)
    assert (result.number, result.comparator, result.flag, result.unit) == (Decimal(number), comparator, flag, unit)


@pytest.mark.parametrize(
    "printed",
    ["Negative", "1:40", "5-10 /hpf", "+++", "1+", "O Positive", "12.03.2024", "6.2 low-normal", "see note 3"],
)
def test_what_is_no_single_number_stays_words(printed):
    result = read_result(printed)
    assert (result.number, result.words) == (None, printed.lower())


def test_a_number_that_could_be_two_is_neither():
    assert read_result("4,500").number is None
    assert read_result("4,500").is_ambiguous
    assert read_result("4,500", ".").number == 4500


@pytest.mark.parametrize("printed", [None, "", "  "])
def test_nothing_printed_is_no_result(printed):
    assert read_result(printed) is None


@pytest.mark.parametrize(
    "mark, flag", [("(H)", "H"), ("Low", "L"), ("[LL]", "LL"), ("critical high", "HH"), ("g", None)]
)
def test_marks_of_reports_are_understood(mark, flag):
    assert flag_of(mark) == flag


def test_digits_of_other_scripts_are_digits():
    assert read_result("١٣٫٥ H").number == Decimal("13.5")
