"""From what a model read of a page to rows: numbers, units, ranges, flags, and the page's text held against them."""

from collections.abc import Sequence
from dataclasses import replace

from osler.tasks.labs.extraction import LabTest
from osler.tasks.labs.loinc import candidates
from osler.tasks.labs.numbers import Mark, decimal_mark
from osler.tasks.labs.ranges import Standing, read_limits, standing
from osler.tasks.labs.results import Flag, flag_of, plain_signs, read_result
from osler.tasks.labs.rows import OUTSIDE, LabRow
from osler.tasks.labs.text_check import PageText
from osler.tasks.labs.times import read_time
from osler.tasks.labs.units import unit_of

__all__ = ["rows_of", "without_doubles"]

AGREEING: dict[Standing, frozenset[Flag]] = {
    "L": frozenset({"L", "LL", "A"}),
    "H": frozenset({"H", "HH", "A"}),
    "A": frozenset({"A", "H", "HH"}),
    "N": frozenset({"N"}),
}
MISREAD = "the result does not stand in the page's text"
MISPLACED = "the result stands on the page, but not in the line of the test"
UNNAMED = "the test does not stand in the page's text"


def rows_of(tests: Sequence[LabTest], page: int, text: PageText | None) -> tuple[LabRow, ...]:
    """The rows of a page.

    Args:
        tests: what the model read, in order.
        page: its number, from 1.
        text: the page's text layer, None where it has none.
    """
    mark = decimal_mark(plain_signs(said) for test in tests for said in (test.result, test.range))
    rows = [_row(test, page, text, mark) for test in tests]
    in_lines = [row for row in rows if row.check and row.check.in_one_line]
    is_lined = 2 * len(in_lines) >= len(rows)
    has_flags = any(row.flag not in (None, "N") for row in rows)
    return tuple(replace(row, warnings=_warnings(row, is_lined=is_lined, has_flags=has_flags)) for row in rows)


def without_doubles(tests: Sequence[LabTest]) -> tuple[LabTest, ...]:
    """Tests without those that were said before, word for word: a model that goes round in circles says them again."""
    return tuple(dict.fromkeys(tests))


def _row(test: LabTest, page: int, text: PageText | None, mark: Mark | None) -> LabRow:
    result, limits = read_result(test.result, mark), read_limits(test.range, mark)
    check = text.check(test.name, test.result, test.unit, test.range) if text else None
    unit = unit_of(test.unit or (result.unit if result else None))
    return LabRow(
        page=page,
        printed=test,
        result=result,
        unit=unit,
        limits=limits,
        standing=standing(result, limits, test.unit),
        flag=flag_of(test.flag) or (result.flag if result else None) or (check.flag if check else None),
        collected=read_time(test.sample_collection_time),
        check=check,
        loinc=candidates(test, unit),
    )


def _warnings(row: LabRow, *, is_lined: bool, has_flags: bool) -> tuple[str, ...]:
    """What a person should look at.

    Args:
        is_lined: whether the page's text has a line for each test, so that another line is another test.
        has_flags: whether the report marks what is out of the ordinary.
    """
    printed, found = row.printed, []
    if printed.result is None:
        found.append("no result was read")
    elif row.result and row.result.is_ambiguous:
        found.append("the result can be read as two numbers: its mark may stand before decimals or thousands")
    if printed.unit and row.unit is None:
        found.append("the unit is not known to UCUM's common ones")
    return (*found, *_flag_warnings(row, has_flags), *_text_warnings(row, is_lined))


def _flag_warnings(row: LabRow, has_flags: bool) -> list[str]:
    if row.standing is None:
        return []
    if row.flag and row.flag not in AGREEING[row.standing]:
        where = OUTSIDE.get(row.standing, "inside the range")
        return [f"the report marks it {row.flag}, but it is {where}"]
    if row.flag is None and has_flags and row.is_outside:
        return [f"it is {OUTSIDE[row.standing]}, but the report does not mark it"]
    return []


def _text_warnings(row: LabRow, is_lined: bool) -> list[str]:
    check = row.check
    if check is None:
        return []
    if check.result == "missing":
        return [MISREAD]
    if check.name == "missing":
        return [UNNAMED]
    return [MISPLACED] if check.result and is_lined and not check.in_one_line else []
