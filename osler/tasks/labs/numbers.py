"""Numbers as laboratories print them: with a decimal point or comma, and with or without marks for thousands.

"4,500" is four and a half in Lisbon and four and a half thousand in London. What a number alone does not tell, the
other numbers of its page may: `decimal_mark` asks all of them, and `read_number` gives None where they do not tell.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

__all__ = ["NUMBER", "Mark", "decimal_mark", "read_number"]

Mark = Literal[".", ","]

NUMBER = r"[0-9]+(?:[.,'’][0-9]+)*"
"""Digits with marks between them; no sign, no spaces."""

NUMBERS = re.compile(rf"(?<![\d.,/:]){NUMBER}(?![\d/:]|[.,]\d)")
THOUSANDS = re.compile(r"[0-9]{1,3}(?:([.,'’])[0-9]{3})(?:\1[0-9]{3})*")
LONGEST = 40


def read_number(text: str, mark: Mark | None = None) -> Decimal | None:
    """The number that digits with marks stand for; None where they may stand for two, or for none.

    Args:
        text: such as "13.5", "1,234.5", "0,7"; without a sign.
        mark: what stands before decimals on this page, as `decimal_mark` found it.

    >>> read_number("13,5"), read_number("1,234.5"), read_number("0,123"), read_number("12,345,678")
    (Decimal('13.5'), Decimal('1234.5'), Decimal('0.123'), Decimal('12345678'))
    >>> read_number("4,500"), read_number("4,500", "."), read_number("4,500", ",")
    (None, Decimal('4500'), Decimal('4.500'))
    """
    if len(text) > LONGEST or not re.fullmatch(NUMBER, text):
        return None
    own = _own_mark(text)
    if own is None and THOUSANDS.fullmatch(text) and text.count(",") == 1:
        if mark is None:
            return None
        own = mark
    if own is None:
        own = mark if mark == "," and THOUSANDS.fullmatch(text) else "."
    return _decimal(text, own)


def decimal_mark(texts: Iterable[str]) -> Mark | None:
    """What stands before the decimals in texts of one page; None where they do not tell, or contradict each other.

    >>> decimal_mark(["4,500", "4,5 - 11,0"]), decimal_mark(["4,500", "13.5"]), decimal_mark(["4,500", "7"])
    (',', '.', None)
    """
    found = {own for text in texts for number in NUMBERS.findall(text) if (own := _own_mark(number))}
    return found.pop() if len(found) == 1 else None


def _own_mark(text: str) -> Mark | None:
    """The decimal mark that a number's form alone proves."""
    marks = re.findall(r"[.,'’]", text)
    if not marks:
        return None
    last: Mark | None = "," if marks[-1] == "," else "." if marks[-1] == "." else None
    if len(set(marks)) > 1:
        return last
    if len(marks) > 1:  # 12.345.678, but not the day 12.03.2024: a number has decimals only once
        return None if not THOUSANDS.fullmatch(text) else "," if last == "." else "."
    return last if last and (text.startswith("0") or not THOUSANDS.fullmatch(text)) else None


def _decimal(text: str, mark: Mark) -> Decimal | None:
    """The number, where `mark` stands before decimals; None where the marks stand in places that make no number."""
    whole, _, decimals = text.partition(mark)
    if re.search(r"[^\d]", decimals) or (re.search(r"[^\d]", whole) and not THOUSANDS.fullmatch(whole)):
        return None
    return Decimal(f"{re.sub(r'[^0-9]', '', whole)}.{decimals}" if decimals else re.sub(r"[^0-9]", "", whole))
