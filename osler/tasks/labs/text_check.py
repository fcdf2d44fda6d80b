"""What the model read from a page's picture, looked up in the page's own text, where a PDF has any.

A picture can be misread, a text layer cannot: a value that does not stand in the text is marked. Where a page has no
text, nothing is known.

=============  ===================================================================
``found``      stands in the text as it was read, spaces and capitals aside
``respelt``    the same number stands there in another spelling ("13,5" for 13.5)
``missing``    does not stand in the text
=============  ===================================================================
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from osler.tasks.labs.numbers import NUMBER, Mark, read_number
from osler.tasks.labs.results import Flag, flag_of, plain_signs

__all__ = ["Found", "PageText", "TextCheck", "page_text"]

Found = Literal["found", "respelt", "missing"]

NUMBERS = re.compile(NUMBER)
ALONE = re.compile(rf"[<>=]*\s*(?P<number>{NUMBER})")
LETTER = re.compile(r"\w")
FIRM = re.compile(r"[^\W_]|[.,'’](?=\d)")
MARKS: tuple[Mark, ...] = (".", ",")
LEAST_LETTERS = 16
"""Fewer on a page are a page number or a stamp on a scan: no text layer to hold a reading against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCheck:
    """How a row's fields stand in the text of its page; None for a field that the row does not have.

    Attributes:
        in_one_line: whether name and result stand in one line; where they do not, the text may be laid out in columns.
        flag: the flag that is printed beside the result in that line.
    """

    name: Found | None
    result: Found | None
    unit: Found | None
    range: Found | None
    in_one_line: bool
    flag: Flag | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """A page's text, ready to be searched.

    Attributes:
        lines: without empty ones.
        whole: all lines as one.
        numbers: every number of the page, in each way in which it can be read.
    """

    lines: tuple[str, ...]
    whole: str
    numbers: frozenset[Decimal]

    def find(self, text: str | None) -> Found | None:
        """Where a text stands; None for no text."""
        if not text:
            return None
        if any(_stands_in(text, line) for line in (*self.lines, self.whole)):
            return "found"
        number = _lone_number(text)
        return "respelt" if number is not None and number in self.numbers else "missing"

    def check(self, name: str, result: str | None, unit: str | None, limits: str | None) -> TextCheck:
        """Look up the fields of a row."""
        named = (line for line in self.lines if _stands_in(name, line))
        line = next((line for line in named if result and _stands_in(result, line)), None)
        return TextCheck(
            name=self.find(name),
            result=self.find(result),
            unit=self.find(unit),
            range=self.find(limits),
            in_one_line=line is not None,
            flag=_flag_beside(result, line) if result and line else None,
        )


def page_text(text: str) -> PageText | None:
    """A page's text layer; None where it has too few letters to be one."""
    if len(LETTER.findall(text)) < LEAST_LETTERS:
        return None
    lines = tuple(folded for line in text.splitlines() if (folded := _folded(line)))
    whole = " ".join(lines)
    said = set(NUMBERS.findall(whole))
    read = (read_number(number, mark) for number in said for mark in MARKS)
    return PageText(lines=lines, whole=whole, numbers=frozenset(number for number in read if number is not None))


def _folded(text: str) -> str:
    """Small letters, one kind of dash and comparison sign, compatible letters made one, u for µ, single spaces."""
    return plain_signs(unicodedata.normalize("NFKC", text)).casefold().replace("μ", "u")


def _stands_in(text: str, line: str) -> bool:
    """Whether a text stands in a line, its spaces apart, and not as a part of a longer word or number."""
    wanted = [re.escape(letter) for letter in _folded(text) if letter != " "]
    if not wanted:
        return False
    start = r"(?<![^\W_])(?<!\d[.,])" if FIRM.match(_folded(text)) else ""
    end = r"(?![^\W_])(?![.,]\d)" if FIRM.match(_folded(text)[-1]) else ""
    return re.search(start + r"\s*".join(wanted) + end, line) is not None


def _lone_number(text: str) -> Decimal | None:
    """The number of a text that is nothing else, but for a comparison sign."""
    alone = ALONE.fullmatch(plain_signs(text))
    return read_number(alone["number"], ".") if alone else None


def _flag_beside(result: str, line: str) -> Flag | None:
    """The flag next to a result in its line: after it, else before it."""
    before, _, after = line.partition(_folded(result))
    for words in (after.split()[:1], before.split()[-1:]):
        if words and (flag := flag_of(words[0])) and flag != "N":
            return flag
    return None
