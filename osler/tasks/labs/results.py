"""What a printed result says: a number, a bound such as "< 0.5", or words; and the report's own mark beside it.

========================  ==========  ========  =====  ==================
printed                   comparator  number    flag   words
========================  ==========  ========  =====  ==================
``13.5``                              13.5
``< 0.01``                ``<``       0.01
``10.2 L``, ``L 10.2``                10.2      L
``7.9* mg/dL``                        7.9       A      (unit ``mg/dL``)
``Negative``                                           negative
``1:40``, ``5-10 /hpf``                                as they are
========================  ==========  ========  =====  ==================
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from osler.tasks.labs.numbers import NUMBER, Mark, read_number
from osler.tasks.labs.units import unit_of

__all__ = ["COMPARATORS", "Comparator", "Flag", "Result", "flag_of", "plain_signs", "read_result"]

Comparator = Literal["", "<", "<=", ">", ">="]
Flag = Literal["H", "HH", "L", "LL", "A", "N"]
"""High, very high, low, very low, out of the ordinary, ordinary: codes of HL7's ObservationInterpretation."""

COMPARATORS: dict[str, Comparator] = {"": "", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "=>": ">="}

FLAGS: dict[str, Flag] = {
    **dict.fromkeys(("h", "hi", "high", "↑", "above", "elevated", "+h"), "H"),
    **dict.fromkeys(
        ("hh", "h*", "*h", "h!", "↑↑", "critical high", "critically high", "very high", "panic high"), "HH"
    ),
    **dict.fromkeys(("l", "lo", "low", "↓", "below"), "L"),
    **dict.fromkeys(("ll", "l*", "*l", "l!", "↓↓", "critical low", "critically low", "very low", "panic low"), "LL"),
    **dict.fromkeys(("*", "**", "!", "a", "abn", "abnormal", "aa"), "A"),
    **dict.fromkeys(("n", "normal", "within range"), "N"),
}
BARE = frozenset({"above", "below", "+h", "elevated"})
"""Words that are flags in a column of their own, but not beside a number."""

SIGNS = {
    "≤": "<=",
    "≥": ">=",
    "–": "-",
    "—": "-",
    "−": "-",
    "‐": "-",
    "‑": "-",
    "＜": "<",
    "＞": ">",
    "٫": ".",
    "٬": ",",
}
FOREIGN = re.compile(r"[^\x00-\x7f]")
MARKS = "|".join(re.escape(name) for name in sorted(FLAGS, key=len, reverse=True) if name not in BARE)
FORM = re.compile(
    rf"(?:[\[(]?(?P<before>{MARKS})[\])]?\s*(?![a-z]))?"
    rf"(?P<comparator><=|>=|=<|=>|<|>)?\s*(?P<sign>[+-]?)(?P<number>{NUMBER})"
    rf"(?:[\[(]?(?P<after>[*!↑↓]+)[\])]?)?\s*(?P<rest>.*)",
    re.IGNORECASE,
)
ENDING = re.compile(rf"(?P<unit>.*?)\s*(?:^|\s|(?<=[\d%])|(?=[\[(*↑↓!]))[\[(]?(?P<after>{MARKS})[\])]?", re.IGNORECASE)
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a result says.

    Attributes:
        number: None for words, and for numbers that could be read in two ways.
        comparator: "" for the number itself, or the side on which the true one lies.
        unit: a unit that was printed with the number.
        flag: the report's own mark.
        words: what it says where it is no number, in small letters with single spaces; "" for a number.
        is_ambiguous: whether digits were there that could be two numbers.
    """

    number: Decimal | None = None
    comparator: Comparator = ""
    unit: str | None = None
    flag: Flag | None = None
    words: str = ""
    is_ambiguous: bool = False


def read_result(text: str | None, mark: Mark | None = None) -> Result | None:
    """Read a result as it was printed; None where there is none.

    Args:
        text: such as "13.5 H".
        mark: what stands before decimals on this page.

    >>> read_result("< 0.01").comparator, read_result("10.2 L").flag, read_result("Negative").words
    ('<', 'L', 'negative')
    """
    plain = plain_signs(text)
    if not plain:
        return None
    found = FORM.fullmatch(plain[:LONGEST])
    if found is None:
        return Result(words=plain.lower())
    rest, after = _rest(found["rest"])
    if rest is not None and unit_of(rest) is None:
        return Result(words=plain.lower())
    number = read_number(found["number"], mark)
    if number is None:
        return Result(words=plain.lower(), is_ambiguous=read_number(found["number"], ".") is not None)
    return Result(
        number=-number if found["sign"] == "-" else number,
        comparator=COMPARATORS[found["comparator"] or ""],
        unit=rest,
        flag=flag_of(found["before"] or found["after"] or after),
    )


def flag_of(text: str | None) -> Flag | None:
    """The flag that a mark stands for.

    >>> flag_of("(H)"), flag_of("Low"), flag_of("*"), flag_of("mg/dL")
    ('H', 'L', 'A', None)
    """
    return FLAGS.get((text or "").strip(" []()").lower())


def plain_signs(text: str | None) -> str:
    """A text with one kind of dash, of comparison sign and of digits, and single spaces.

    >>> plain_signs("≤  ١٣٫٥ – 17")
    '<= 13.5 - 17'
    """
    return " ".join(FOREIGN.sub(_plain_sign, text or "").split())


def _plain_sign(found: re.Match[str]) -> str:
    digit = unicodedata.decimal(found[0], None)
    return SIGNS.get(found[0], found[0]) if digit is None else str(digit)


def _rest(text: str) -> tuple[str | None, str | None]:
    """What follows a number, as a unit and a flag."""
    if flag_of(text):
        return None, text
    found = ENDING.fullmatch(text)
    if found and (not found["unit"] or unit_of(found["unit"])):
        return found["unit"] or None, found["after"]
    return text or None, None
