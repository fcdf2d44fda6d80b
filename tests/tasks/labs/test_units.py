from itertools import product

import pytest
from ucumvert import get_ucum_parser

from osler.tasks.labs.unit_names import ATOMS, FIELDS, NAMED
from osler.tasks.labs.units import unit_of


@pytest.mark.parametrize(
    "printed, code",
    [
        ("mg/dl", "mg/dL"),
        ("MG/DL", "mg/dL"),
        ("gm%", "g/dL"),
        ("gms/dl", "g/dL"),
        ("mcg/dL", "ug/dL"),
        ("µg/dL", "ug/dL"),
        ("μmol/L", "umol/L"),
        ("X10^3/µL", "10*3/uL"),
        ("10³/mm³", "10*3/uL"),
        ("x 10⁹/L", "10*9/L"),
        ("109/L", "10*9/L"),
        ("10^12/l", "10*12/L"),
        ("THOU/uL", "10*3/uL"),
        ("MILL/uL", "10*6/uL"),
        ("million/cumm", "10*6/uL"),
        ("lakhs/cumm", "10*5/uL"),
        ("/cu.mm", "/uL"),
        ("I.U./L", "[IU]/L"),
        ("µIU/mL", "u[IU]/mL"),
        ("mEq/L", "meq/L"),
        ("mm 1st hr", "mm/h"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("mg/g creat", "mg/g{creat}"),
        ("mg/24 hrs", "mg/(24.h)"),
        ("ng/mL (FEU)", "ng{FEU}/mL"),
        ("cells/hpf", "{cells}/[HPF]"),
        ("(mmol/L)", "mmol/L"),
    ],
)
def test_a_printed_unit_is_known_in_ucum(printed, code):
    assert unit_of(printed).code == code


@pytest.mark.parametrize("printed", ["G/L", "MU/L", "M/L", "", None, "NO UNITS", "bananas", "mg/", "100/uL", "x" * 99])
def test_what_is_unknown_or_could_mean_two_units_is_none(printed):
    assert unit_of(printed) is None


def known_codes() -> set[str]:
    """Every code that the tables can give: by name, alone, and as a quotient of two parts."""
    parts = sorted({code.lower() for code, _ in ATOMS.values()} | {field.lower() for field in FIELDS.values()})
    found = {unit_of(name) for name in NAMED} | {unit_of(f"{a}/{b}") for a, b in product([*parts, "10^9", ""], parts)}
    return {unit.code for unit in found if unit}


def test_every_code_is_ucum_by_its_own_grammar():
    parser = get_ucum_parser()
    codes = known_codes()
    assert len(codes) > 300
    for code in codes:
        parser.parse(code)


def test_a_code_means_itself():
    assert {code for code in known_codes() if "{" not in code and unit_of(code).code != code} == set()


def test_capitals_that_tell_a_million_from_a_thousandth_are_heeded():
    assert unit_of("T/L").code == "10*12/L"
    assert unit_of("g/L").kind == "mass/volume"
