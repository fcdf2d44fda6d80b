import csv
from importlib.resources import files
from typing import get_args

import pytest

from osler.tasks.labs.extraction import LabTest
from osler.tasks.labs.loinc import candidates
from osler.tasks.labs.unit_names import Kind
from osler.tasks.labs.units import unit_of


def codes(name, unit=None, **elements):
    return [one.code for one in candidates(LabTest(name=name, unit=unit, **elements), unit_of(unit))]


def entries():
    text = files("osler.tasks.labs").joinpath("loinc.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def check_digit(number: str) -> int:
    """LOINC's own (mod 10): every other digit from the last one doubled, sums of digits, up to the next ten."""
    doubled = "".join(str(int(digit) * (2 - index % 2)) for index, digit in enumerate(reversed(number)))
    return -sum(map(int, doubled)) % 10


def test_every_code_has_its_check_digit():
    for entry in entries():
        number, _, digit = entry["code"].partition("-")
        assert check_digit(number) == int(digit), entry["code"]


def test_no_code_stands_twice_and_every_kind_is_a_unit_s():
    found = entries()
    assert len({entry["code"] for entry in found}) == len(found)
    assert {entry["measures"] for entry in found} <= {*get_args(Kind), "words"}
    assert {entry["system"] for entry in found} == {"blood", "serum or plasma", "urine", "arterial blood"}


@pytest.mark.parametrize(
    "name, unit, code",
    [
        ("Haemoglobin (Hb)", "g/dL", "718-7"),
        ("S. Creatinine", "mg/dL", "2160-0"),
        ("CREATININE, SERUM", "µmol/L", "14682-9"),
        ("Glucose", "mmol/L", "14749-6"),
        ("SGPT (ALT)", "U/L", "1742-6"),
        ("Total Leucocyte Count", "/cumm", "6690-2"),
        ("Neutrophils", "%", "770-8"),
        ("Neutrophils", "10^9/L", "751-8"),
        ("HbA1c", "mmol/mol", "59261-8"),
        ("Triglycerides", "mg/dL", "2571-8"),
    ],
)
def test_the_unit_tells_codes_of_one_name_apart(name, unit, code):
    assert codes(name, unit) == [code]


def test_what_was_examined_tells_codes_apart():
    assert codes("Glucose", "mg/dL", specimen="Urine") == ["5792-7"]
    assert codes("Protein", panel="Urinalysis") == ["20454-5"]
    assert codes("pH", specimen="Arterial blood") == ["2744-1"]


def test_a_unit_that_does_not_fit_rules_a_code_out():
    assert codes("Haemoglobin", "fL") == []


def test_several_codes_of_one_kind_are_left_to_a_person():
    assert codes("ESR", "mm/hr") == ["30341-2", "4537-7"]


def test_without_a_known_unit_only_the_name_speaks():
    assert {one.because for one in candidates(LabTest(name="Sodium"), None)} == {"name"}


@pytest.mark.parametrize("name", ["Bananas", "", "()", "Hemoglobin electrophoresis comment"])
def test_an_unknown_name_has_no_candidate(name):
    assert codes(name, "g/dL") == []
