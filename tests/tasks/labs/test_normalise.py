from decimal import Decimal

import pytest

from osler.tasks.labs.extraction import LabTest
from osler.tasks.labs.normalise import rows_of, without_doubles
from osler.tasks.labs.text_check import page_text

HB = LabTest(name="Haemoglobin", result="10.2", unit="g/dL", range="13.0 - 17.0")
SODIUM = LabTest(name="Sodium", result="140", unit="mmol/L", range="135-145")


def row_of(text=None, **elements):
    (row,) = rows_of([LabTest(**{"name": "Haemoglobin", **elements})], 1, page_text(text) if text else None)
    return row


def test_what_was_printed_is_kept_beside_what_it_means():
    row = row_of(result="10,2 L", unit="gm/dl", range="13,0 - 17,0", sample_collection_time="05-06-2024 08:30:00")
    assert (row.printed.result, row.printed.unit, row.printed.range) == ("10,2 L", "gm/dl", "13,0 - 17,0")
    assert (row.result.number, row.unit.code, row.limits.high) == (Decimal("10.2"), "g/dL", 17)
    assert (row.standing, row.flag, row.collected) == ("L", "L", "2024-06-05T08:30:00")
    assert row.warnings == ()


def test_one_number_of_the_page_tells_how_another_is_read():
    rows = rows_of([LabTest(name="Platelets", result="250,000"), LabTest(name="MCV", result="88.5")], 1, None)
    assert [row.result.number for row in rows] == [250_000, Decimal("88.5")]


@pytest.mark.parametrize(
    "elements, warning",
    [
        ({"result": None}, "no result was read"),
        ({"result": "4,500"}, "the result can be read as two numbers: its mark may stand before decimals or thousands"),
        ({"result": "5", "unit": "bananas"}, "the unit is not known to UCUM's common ones"),
        ({"result": "14.0 L", "range": "13-17"}, "the report marks it L, but it is inside the range"),
        ({"result": "18 L", "range": "13-17"}, "the report marks it L, but it is above the range"),
    ],
)
def test_a_row_says_what_a_person_should_look_at(elements, warning):
    assert row_of(**elements).warnings == (warning,)


@pytest.mark.parametrize("result", ["18 H", "18*", "18 HH", "18"])
def test_a_flag_that_agrees_with_the_range_is_no_warning(result):
    row = row_of(result=result, range="13-17")
    assert (row.standing, row.warnings) == ("H", ())


def test_a_result_outside_without_a_flag_is_told_where_the_report_flags_others():
    flagged = LabTest(name="Potassium", result="6.1 H", range="3.5-5.1")
    rows = rows_of([HB, flagged], 1, None)
    assert [row.warnings for row in rows] == [("it is below the range, but the report does not mark it",), ()]


def test_a_result_that_is_not_in_the_text_is_marked():
    text = "Haemoglobin 10.2 g/dL 13.0 - 17.0\nSodium 140 mmol/L 135-145"
    misread = LabTest(name="Haemoglobin", result="12.0", unit="g/dL")
    moved = LabTest(name="Haemoglobin", result="140", unit="g/dL")
    invented = LabTest(name="Potassium", result="140", unit="mmol/L")
    for wrong, warning in [
        (misread, "the result does not stand in the page's text"),
        (moved, "the result stands on the page, but not in the line of the test"),
        (invented, "the test does not stand in the page's text"),
    ]:
        rows = rows_of([HB, SODIUM, wrong], 1, page_text(text))
        assert [row.warnings for row in rows] == [(), (), (warning,)]


def test_a_text_in_columns_marks_no_row_for_its_line():
    text = "Haemoglobin\nSodium\n10.2\n140\ng/dL\nmmol/L\n13.0 - 17.0\n135-145"
    assert [row.warnings for row in rows_of([HB, SODIUM], 1, page_text(text))] == [(), ()]


def test_the_flag_in_the_page_s_text_is_the_report_s():
    row = row_of("Haemoglobin 10.2 L g/dL 13.0 - 17.0", result="10.2", unit="g/dL", range="13.0 - 17.0")
    assert (row.flag, row.warnings) == ("L", ())


def test_rows_said_again_word_for_word_are_left_out():
    assert without_doubles([HB, SODIUM, HB, HB]) == (HB, SODIUM)
