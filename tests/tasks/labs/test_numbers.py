from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.tasks.labs.numbers import decimal_mark, read_number

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)


@given(AMOUNTS)
def test_a_number_is_read_as_it_was_written_in_london_lisbon_and_zurich(amount):
    london = f"{amount:,.2f}"
    lisbon = london.translate(str.maketrans(",.", ".,"))
    assert read_number(london) == read_number(lisbon) == read_number(london.replace(",", "'")) == amount


@given(st.integers(min_value=1000, max_value=999_999))
def test_one_mark_before_three_digits_is_read_only_with_the_page_s_mark(whole):
    text = f"{whole:,}"
    assert read_number(text) is None
    assert read_number(text, ".") == whole
    assert read_number(text, ",") == Decimal(whole) / 1000


def test_a_point_before_three_digits_stands_before_decimals_unless_the_page_has_commas():
    assert read_number("1.025") == Decimal("1.025")
    assert read_number("1.025", ",") == 1025


def test_zeros_at_the_end_are_kept():
    assert str(read_number("13.50")) == "13.50"


@pytest.mark.parametrize("text", ["", "12.03.2024", "1,23,456", "4..5", "abc", "1" * 50, "1.234,5.6", "12 000"])
def test_what_is_no_number_is_none(text):
    assert read_number(text) is None


@pytest.mark.parametrize(
    "texts, mark",
    [
        (["13.5", "4,500"], "."),
        (["4,5-11,0", "4,500"], ","),
        (["4,500", "150,000"], None),
        (["13.5", "4,5"], None),
        (["12.03.2024", "08:30"], None),
        (["1.234.567"], ","),
        (["1,234.5"], "."),
    ],
)
def test_the_numbers_of_a_page_tell_its_mark(texts, mark):
    assert decimal_mark(texts) == mark
