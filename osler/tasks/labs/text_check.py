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
NOWHERE = re.compile(r"(?!)")
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
        if _pattern(text).search(self.whole):
            return "found"
        number = _lone_number(text)
        return "respelt" if number is not None and number in self.numbers else "missing"

    def check(self, name: str, result: str | None, unit: str | None, limits: str | None) -> TextCheck:
        """Look up the fields of a row."""
        line = self._line_of(name, result) if result else None
        return TextCheck(
            name=self.find(name),
            result=self.find(result),
            unit=self.find(unit),
            range=self.find(limits),
            in_one_line=line is not None,
            flag=_flag_beside(name, result, unit, line) if result and line else None,
        )

    def _line_of(self, name: str, result: str) -> str | None:
        """The first line that holds both."""
        first, second = _pattern(name), _pattern(result)
        return next((line for line in self.lines if first.search(line) and second.search(line)), None)


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


def _pattern(text: str) -> re.Pattern[str]:
    """Finds a text, its spaces apart, and not as a part of a longer word or number; a text of nothing nowhere.

    A unit or a flag may follow a number without a space.
    """
    folded = _folded(text)
    if not folded:
        return NOWHERE
    start = r"(?<![^\W_])(?<!\d[.,])" if FIRM.match(folded) else ""
    end = (r"(?!\d)(?![.,]\d)" if folded[-1].isdigit() else r"(?![^\W_])") if FIRM.match(folded[-1]) else ""
    return re.compile(start + r"\s*".join(re.escape(letter) for letter in folded if letter != " ") + end)


def _lone_number(text: str) -> Decimal | None:
    """The number of a text that is nothing else, but for a comparison sign."""
    alone = ALONE.fullmatch(plain_signs(text))
    return read_number(alone["number"], ".") if alone else None


def _flag_beside(name: str, result: str, unit: str | None, line: str) -> Flag | None:
    """The flag in the line of a result: before it, after it and its unit, or at the line's end."""
    named = _pattern(name).search(line)
    start = named.end() if named else 0
    found = _pattern(result).search(line, start)
    if found is None:
        return None
    after = line[found.end() :].strip()
    measured = _pattern(unit).match(after) if unit else None
    words = after[measured.end() if measured else 0 :].split()
    for word in (*words[:1], *words[-1:], *line[start : found.start()].split()[-1:]):
        if (flag := flag_of(word)) and flag != "N":
            return flag
    return None
