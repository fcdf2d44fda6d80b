"""Words and dates in a text, in the forms in which they can be compared with a patient's."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Date", "DateSpan", "Word", "dates_in", "fold", "is_unspaced", "words_in"]

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
POSSESSIVE = re.compile(r"['’]s$", re.I)
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts written without spaces, and Hangul, whose particles cling to names: Thai to Myanmar, Khmer, Kana, Han."""

BREAKS = ".!?:;\n\r([-–—•*"
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})

NUMBERS = re.compile(r"(?<!\d)(?=(\d{1,4})[-./ 年](\d{1,2})[-./ 月](\d{1,4})(?!\d))")
COMPACT = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.)?[ -](?:of |de )?([^\W\d_]{3,12})\.?,?[ -](?:de )?(\d{4})(?!\d)"
)
MONTH_FIRST = re.compile(r"(?<!\w)([^\W\d_]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?!\d)")
MONTHS: tuple[tuple[str, ...], ...] = (  # how a month begins in English, German, French, Spanish, Italian, Portuguese
    ("jan", "ene", "gen"),
    ("feb", "fev"),
    ("mar", "mae", "mrz"),
    ("apr", "avr", "abr"),
    ("may", "mai", "mag", "mei"),
    ("jun", "juin", "giu"),
    ("jul", "juil", "lug"),
    ("aug", "aou", "ago"),
    ("sep", "set"),
    ("oct", "okt", "out", "ott"),
    ("nov",),
    ("dec", "dez", "dic"),
)


class Date(NamedTuple):
    """A day; a year below 100 stands for every century."""

    year: int
    month: int
    day: int


class DateSpan(NamedTuple):
    """What may be a date, from `start` to `end` in a text, in every way it can be read."""

    start: int
    end: int
    readings: frozenset[Date]


class Word(NamedTuple):
    """A word of a text.

    Attributes:
        start, end: where it is.
        letters: as it is written, without a possessive 's.
        forms: what it is compared as; "Müller" is "muller" and "mueller".
        begins: whether it begins a sentence, an entry or half a compound, so that its capital says nothing.
    """

    start: int
    end: int
    letters: str
    forms: frozenset[str]
    begins: bool


def words_in(text: str) -> list[Word]:
    """The words of a text, in order; digits count as letters, hyphens and underscores divide."""
    found: list[Word] = []
    end = 0
    for match in WORD.finditer(text):
        between = text[end : match.start()]
        begins = not found or found[-1].letters.isdigit() or any(mark in between for mark in BREAKS)
        letters = POSSESSIVE.sub("", match[0])
        found.append(Word(match.start(), match.end(), letters, fold(letters), begins))
        end = match.end()
    return found


def fold(word: str) -> frozenset[str]:
    """A word without case, accents and apostrophes, and with umlauts written out as well.

    >>> sorted(fold("Müller")), sorted(fold("O'Neill"))
    (['mueller', 'muller'], ['oneill'])
    """
    if word.isascii():
        return frozenset((word.lower().replace("'", ""),))
    small = unicodedata.normalize("NFC", word).casefold()
    return frozenset((_plain(small), _plain(small.translate(UMLAUTS))))


def is_unspaced(text: str) -> bool:
    """Whether a name has to be looked for letter by letter, because no spaces set it apart."""
    return UNSPACED.search(text) is not None


def dates_in(text: str) -> Iterator[DateSpan]:
    """Everything in a text that can be read as a day."""
    for match in NUMBERS.finditer(text):
        readings = _readings(*match.groups())
        if readings:
            yield DateSpan(match.start(1), match.end(3), readings)
    for match in COMPACT.finditer(text):
        yield DateSpan(match.start(), match.end(), frozenset((Date(int(match[1]), int(match[2]), int(match[3])),)))
    for pattern, month, day in ((DAY_FIRST, 2, 1), (MONTH_FIRST, 1, 2)):
        for match in pattern.finditer(text):
            number = _month(match[month])
            if number:
                yield DateSpan(match.start(), match.end(), frozenset((Date(int(match[3]), number, int(match[day])),)))


def _readings(first: str, second: str, third: str) -> frozenset[Date]:
    """Three numbers as year, month and day in every order that is in use; none where no year is among them."""
    a, b, c = int(first), int(second), int(third)
    found = set()
    if len(first) in (2, 4) and len(third) <= 2:
        found |= {Date(a, b, c), Date(a, c, b)}
    if len(third) in (2, 4) and len(first) <= 2:
        found |= {Date(c, b, a), Date(c, a, b)}
    return frozenset(found)


def _month(name: str) -> int | None:
    """A month's number, None for other words.

    >>> _month("Sept"), _month("März"), _month("liver")
    (9, 3, None)
    """
    for form in fold(name):
        for number, beginnings in enumerate(MONTHS, start=1):
            if form.startswith(beginnings):
                return number
    return None


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.translate(LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("'", "")
