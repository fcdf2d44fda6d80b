import pytest

from osler.tasks.labs.text_check import page_text

TEXT = """Haemoglobin      10.2  L   g/dL   13.0 - 17.0
WBC 4,5 x10³/µL 4 – 11
LDL 1113.5 mg/dL
TSH < 0.01 µIU/mL H
Sodium 140 mmol/L"""


@pytest.fixture
def page():
    return page_text(TEXT)


@pytest.mark.parametrize(
    "text, found",
    [
        ("10.2", "found"),
        ("haemoglobin", "found"),
        ("13.0-17.0", "found"),
        ("<0.01", "found"),
        ("μIU/mL", "found"),
        ("4.5", "respelt"),
        ("140.0", "respelt"),
        ("113.5", "missing"),
        ("0.2", "missing"),
        ("14", "missing"),
        ("10.2 mg", "missing"),
        ("Potassium", "missing"),
        (None, None),
        ("", None),
    ],
)
def test_a_text_is_found_whole_respelt_or_not_at_all(page, text, found):
    assert page.find(text) == found


def test_name_and_result_of_different_lines_are_not_in_one(page):
    assert page.check("Haemoglobin", "10.2", None, None).in_one_line
    assert not page.check("Sodium", "10.2", None, None).in_one_line


def test_the_flag_beside_the_result_is_the_report_s(page):
    assert page.check("Haemoglobin", "10.2", "g/dL", None).flag == "L"
    assert page.check("Sodium", "140", "mmol/L", None).flag is None


@pytest.mark.parametrize(
    "line, flag",
    [
        ("Sodium 149 mmol/L H 135-145", "H"),
        ("Sodium H 149 mmol/L 135-145", "H"),
        ("Sodium 149 mmol/L 135-145 *", "A"),
        ("Sodium 149H mmol/L 135-145", "H"),
        ("Sodium 149 mmol/L 135-145 Normal", None),
        ("Sodium 149 mmol/L 135-145", None),
        ("H Sodium 149 mmol/L 135-145", None),
    ],
)
def test_the_flag_stands_before_the_result_after_its_unit_or_at_the_end(line, flag):
    found = page_text(f"Electrolytes of blood\n{line}").check("Sodium", "149", "mmol/L", None)
    assert found.flag == flag


def test_a_letter_of_the_test_s_name_is_no_flag():
    assert page_text("Hepatitis and vitamins\nVitamin A 0.5 mg/L").check("Vitamin A", "0.5", "mg/L", None).flag is None


@pytest.mark.parametrize("text", ["", "\n \n", "Page 1 of 2", "12.03.24"])
def test_a_stamp_on_a_scan_is_no_text_layer(text):
    assert page_text(text) is None


def test_letters_of_a_pattern_are_only_letters(page):
    assert page.find("10.2|.*") == "missing"
    assert page.find("(") == "missing"
