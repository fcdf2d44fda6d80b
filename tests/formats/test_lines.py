"""Rows of tables one at a time, bad ones as the errors that name them."""

import pytest

from osler.errors import InputError
from osler.formats.lines import Line, LineError, walk_lines

SECRET = "Doe"


def test_bad_lines_come_in_their_places_with_number_and_reason(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"a": 1}}\n\n{{"a": "{SECRET}\n[1]\n{{"a": 2}}\n')
    first, torn, listed, last = walk_lines(path)
    assert [line.number for line in (first, torn, listed, last)] == [1, 3, 4, 5]
    assert (first.values, last.values) == ({"a": 1}, {"a": 2})
    assert isinstance(torn, LineError)
    assert torn.why.startswith("it is no JSON")
    assert SECRET not in str(torn)
    assert (listed.where, listed.why) == ("`rows.jsonl`, line 4", "expected a JSON object")


def test_a_table_s_rows_are_numbered_by_their_lines(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('a,b\n1,"two\nlines"\n3\n5,6\n')
    rows = list(walk_lines(path))
    assert [row.number for row in rows] == [3, 4, 5]
    assert isinstance(rows[1], LineError)
    assert rows[1].why == "expected 2 cells, got another number"


def test_a_list_s_entries_are_numbered(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text('[{"a": 1}, 2]')
    good, bad = walk_lines(path)
    assert isinstance(good, Line)
    assert (good.number, bad.number, bad.why) == (1, 2, "expected an object")


def test_another_ending_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"expected \.jsonl"):
        walk_lines(tmp_path / "rows.xlsx")


def test_an_error_of_a_row_s_own_names_it():
    error = Line(where="`rows.csv`, line 7", values={}, number=7).wrong("it is empty")
    assert (error.number, error.why, error.message) == (7, "it is empty", "cannot use `rows.csv`, line 7: it is empty")
