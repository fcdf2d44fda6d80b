"""Reference ranges as they are printed, and where a result lies in them.

Read are the forms that say one thing: "13.0 - 17.0", "< 200", "up to 40", "(3.5-5.1) mmol/L", "Negative". A range that
depends on whom it is for ("M: 13-17, F: 12-15"), or that has several steps, decides nothing here.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from osler.tasks.labs.numbers import NUMBER, Mark, read_number
from osler.tasks.labs.results import Result, plain_signs
from osler.tasks.labs.units import unit_of

__all__ = ["Limits", "Standing", "read_limits", "standing"]

Standing = Literal["L", "N", "H", "A"]
"""Below, inside or above the range; A for words that are not the expected ones."""

LABEL = re.compile(
    r"(?:biological\s+)?(?:normal|ref(?:erence)?\.?|expected)(?:\s+(?:range|interval|values?|limits?))?\s*[:=]?\s*",
    re.IGNORECASE,
)
SIGNED = rf"\(?(?P<{{}}>[+-]?\s?{NUMBER})\)?"
BETWEEN = re.compile(
    rf"{SIGNED.format('low')}\s*(?P<unit1>[^\d\s(+.~-][^\s\d-]*)?\s*(?:-|~|to|until|bis|\.{{2,3}})\s*"
    rf"{SIGNED.format('high')}\s*(?P<unit2>.*)",
    re.IGNORECASE,
)
BELOW = r"<=|=<|<|up\s*to:?|(?:less|lower)\s+than(?:\s+or\s+equal\s+to)?|below|under|until|bis|max\.?:?"
ABOVE = r">=|=>|>|(?:more|greater|higher)\s+than(?:\s+or\s+equal\s+to)?|above|over|at\s+least|min\.?:?"
SIDE = rf"(?:(?P<below>{BELOW})|(?P<above>{ABOVE}))"
ONE_SIDED = re.compile(rf"{SIDE}\s*(?P<number>{NUMBER})\s*(?P<unit>.*)", re.IGNORECASE)
INCLUSIVE = re.compile(r"=|up\s*to|until|bis|max|min|least|equal", re.IGNORECASE)

NEGATIVE = frozenset(
    {"negative", "neg", "neg.", "nil", "absent", "none", "not detected", "non reactive", "non-reactive", "nonreactive"}
    | {"not seen", "none seen", "not present", "undetected", "undetectable", "-", "(-)", "-ve", "no growth"}
)
POSITIVE = frozenset(
    {"positive", "pos", "pos.", "present", "detected", "reactive", "seen", "+", "++", "+++", "++++", "+ve", "trace"}
    | {"1+", "2+", "3+", "4+", "(+)", "weakly positive", "weak positive", "strongly positive", "traces"}
)
TRACES = frozenset({"trace", "traces"})
"""Neither the one nor the other to every laboratory."""

LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A reference range.

    Attributes:
        low, high: None where it is open on that side.
        includes_low, includes_high: whether the limit itself lies inside.
        unit: one that was printed with it.
        words: the expected result in small letters, where it is no number.
    """

    low: Decimal | None = None
    high: Decimal | None = None
    includes_low: bool = True
    includes_high: bool = True
    unit: str | None = None
    words: str = ""


def read_limits(text: str | None, mark: Mark | None = None) -> Limits | None:
    """Read a range as it was printed; None where there is none, or it says more than one thing.

    >>> read_limits("13.0 – 17.0").low, read_limits("< 200").high, read_limits("Negative").words
    (Decimal('13.0'), Decimal('200'), 'negative')
    >>> read_limits("M: 13-17, F: 12-15") is None
    True
    """
    plain = _bare(plain_signs(text))
    if not plain or len(plain) > LONGEST:
        return None
    if plain.lower() in NEGATIVE | POSITIVE:
        return Limits(words=plain.lower())
    return _between(plain, mark) or _one_sided(plain, mark)


def standing(result: Result | None, limits: Limits | None, unit: str | None) -> Standing | None:
    """Where a result lies in a range; None where that cannot be told.

    Args:
        result, limits: as they were read.
        unit: the row's unit as it was printed; a range in another one decides nothing.
    """
    if result is None or limits is None:
        return None
    if limits.words:
        return _standing_of_words(result, limits)
    if result.number is None or not _same_unit(limits.unit, result.unit or unit):
        return None
    if limits.low is not None and _is_below(result, limits.low, limits.includes_low):
        return "L"
    if limits.high is not None and _is_above(result, limits.high, limits.includes_high):
        return "H"
    return "N" if _is_inside(result, limits) else None


def _bare(text: str) -> str:
    """Without a label such as "Normal:", and without brackets around the whole."""
    label = LABEL.match(text)
    if label and label.end() < len(text):
        text = text[label.end() :]
    inner = re.fullmatch(r"[\[(]([^\[\]()]*)[\])]", text)
    return (inner[1] if inner else text).strip()


def _between(text: str, mark: Mark | None) -> Limits | None:
    found = BETWEEN.fullmatch(text)
    if found is None or (found["unit1"] and unit_of(found["unit1"]) is None):
        return None
    low, high = _signed(found["low"], mark), _signed(found["high"], mark)
    unit = found["unit2"].strip() or found["unit1"]
    if low is None or high is None or low > high or (unit and unit_of(unit) is None):
        return None
    return Limits(low=low, high=high, unit=unit or None)


def _one_sided(text: str, mark: Mark | None) -> Limits | None:
    found = ONE_SIDED.fullmatch(text)
    if found is None:
        return None
    number, unit = read_number(found["number"], mark), found["unit"].strip() or None
    if number is None or (unit and unit_of(unit) is None):
        return None
    is_inclusive = bool(INCLUSIVE.search(found["below"] or found["above"]))
    if found["below"]:
        return Limits(high=number, includes_high=is_inclusive, unit=unit)
    return Limits(low=number, includes_low=is_inclusive, unit=unit)


def _signed(text: str, mark: Mark | None) -> Decimal | None:
    number = read_number(text.lstrip("+- "), mark)
    return -number if number is not None and text.startswith("-") else number


def _standing_of_words(result: Result, limits: Limits) -> Standing | None:
    words = result.words
    if not words or (words not in NEGATIVE and words not in POSITIVE):
        return "N" if words and words == limits.words else None
    if words in TRACES:
        return None
    return "N" if (words in NEGATIVE) == (limits.words in NEGATIVE) else "A"


def _same_unit(one: str | None, other: str | None) -> bool:
    """Whether a range's unit, if it has one, is the result's."""
    if one is None:
        return True
    first, second = unit_of(one), unit_of(other)
    return first is not None and second is not None and first.code == second.code


def _is_below(result: Result, low: Decimal, includes_low: bool) -> bool:
    """Whether all that the result may be lies below the range."""
    assert result.number is not None
    if result.comparator in (">", ">="):
        return False
    if result.comparator == "<":
        return result.number <= low
    return result.number < low or (result.number == low and not includes_low)


def _is_above(result: Result, high: Decimal, includes_high: bool) -> bool:
    """Whether all that the result may be lies above the range."""
    assert result.number is not None
    if result.comparator in ("<", "<="):
        return False
    if result.comparator == ">":
        return result.number >= high
    return result.number > high or (result.number == high and not includes_high)


def _is_inside(result: Result, limits: Limits) -> bool:
    """Whether all that the result may be lies inside; what is below a number is still no less than nothing."""
    assert result.number is not None
    if result.comparator in ("<", "<="):
        return (limits.low is None or limits.low <= 0) and (limits.high is None or result.number <= limits.high)
    if result.comparator in (">", ">="):
        return limits.high is None and (limits.low is None or result.number >= limits.low)
    return True
