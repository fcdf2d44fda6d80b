"""Whether a text names the patient whose files are given. Their names and numbers never leave this module.

==================  ==================================================================================================
name                a word of the family name; a given name written as a name; given and family name close together.
                    Words that are mostly no names ("chest", "White", "patient") count only where they are written as
                    names within a sentence, or beside the other half
identifier          at least four letters and digits, with a digit among them, whatever stands between them:
                    patient's and other IDs, accession number, FHIR identifiers and ids, telephone and mail
date of birth       day, month and year in any usual order and form
==================  ==================================================================================================

A name that is only a word of every day in small letters, an identifier of letters alone and a year of birth alone are
not found: they cannot be told from the rest of a question.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from osler.formats.identity_text import Date, Word, dates_in, is_unspaced, words_in
from osler.formats.identity_words import NO_NAMES, PARTICLES, WEAK

__all__ = ["IdentifierKind", "Identity", "identity"]

IdentifierKind = Literal["name", "identifier", "date of birth"]

LEAST_IDENTIFIER = 4
LONGEST_IDENTIFIER = 64  # DICOM's LO
LONGEST_RUN = 10  # words that together may be one identifier
SEPARATORS = re.compile(r"[\s\-./:_#+|^()]{0,3}")
NEAR = 3  # words from a given name to the family name, at most
PASSES = 4  # of taking out: a name that is one of our own words in brackets would never come to an end
REPEATED = re.compile(r"\[(name|identifier|date of birth)\](?:[\s,]*\[\1\])+")


class Span(NamedTuple):
    """A part of a text that tells who somebody is."""

    start: int
    end: int
    kind: IdentifierKind


class FullName(NamedTuple):
    """A name's two halves, each in words."""

    family: str
    given: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identity:
    """Who one or several patients are, in a form that can be compared but is not shown."""

    families: frozenset[str] = frozenset()
    givens: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    unspaced: frozenset[str] = frozenset()
    identifiers: frozenset[str] = frozenset()
    birth_dates: frozenset[Date] = frozenset()

    def __repr__(self) -> str:
        return "Identity(…)"

    def __or__(self, other: "Identity") -> "Identity":
        return Identity(
            families=self.families | other.families,
            givens=self.givens | other.givens,
            pairs=self.pairs | other.pairs,
            unspaced=self.unspaced | other.unspaced,
            identifiers=self.identifiers | other.identifiers,
            birth_dates=self.birth_dates | other.birth_dates,
        )

    def kinds_in(self, text: str) -> frozenset[IdentifierKind]:
        """Which kinds of identification a text holds."""
        return frozenset(span.kind for span in self._spans(text))

    def redacted(self, text: str) -> str:
        """The text with "[name]", "[identifier]" and "[date of birth]" in the place of what it held.

        What is taken out may set free what was glued to it ("Quixote29.9.1947" holds no word "Quixote"), so it is
        looked at again.
        """
        for _ in range(PASSES):
            once = self._redacted_once(text)
            if once == text:
                break
            text = once
        return text

    def _redacted_once(self, text: str) -> str:
        pieces, end = [], 0
        for span in sorted(self._spans(text)):
            if span.end <= end:
                continue
            pieces += [text[end : max(end, span.start)], f"[{span.kind}]"]
            end = span.end
        return REPEATED.sub(r"[\1]", "".join(pieces) + text[end:])

    def _spans(self, text: str) -> Iterator[Span]:
        words = words_in(text)
        yield from self._names(words)
        for name in self.unspaced:
            yield from (Span(match.start(), match.end(), "name") for match in re.finditer(re.escape(name), text))
        if self.identifiers:
            yield from self._numbers(text, words)
        if self.birth_dates:
            for found in dates_in(text):
                if any(self._is_birth_date(reading) for reading in found.readings):
                    yield Span(found.start, found.end, "date of birth")

    def _names(self, words: list[Word]) -> Iterator[Span]:
        for index, word in enumerate(words):
            is_family = not word.forms.isdisjoint(self.families) and _may_name(word, is_family=True)
            is_given = not word.forms.isdisjoint(self.givens) and _may_name(word, is_family=False)
            if is_family or is_given:
                yield Span(word.start, word.end, "name")
            for other in words[index + 1 : index + 1 + NEAR]:
                if self._is_pair(word, other):
                    yield Span(word.start, other.end, "name")

    def _is_pair(self, one: Word, other: Word) -> bool:
        if not self.pairs or not (_stands_out(one) or _stands_out(other)):
            return False
        return any((a, b) in self.pairs or (b, a) in self.pairs for a in one.forms for b in other.forms)

    def _numbers(self, text: str, words: list[Word]) -> Iterator[Span]:
        for index, word in enumerate(words):
            run, end = "", word.start
            for following in words[index : index + LONGEST_RUN]:
                if not SEPARATORS.fullmatch(text, end, following.start):
                    break
                run, end = run + _compact(text[following.start : following.end]), following.end
                if run in self.identifiers:
                    yield Span(word.start, end, "identifier")

    def _is_birth_date(self, date: Date) -> bool:
        if date.year >= 100:
            return date in self.birth_dates
        return any((born.year % 100, born.month, born.day) == date for born in self.birth_dates)


def identity(
    names: Iterable[FullName] = (), identifiers: Iterable[str] = (), birth_dates: Iterable[str] = ()
) -> Identity:
    """Make what is known of patients comparable.

    Args:
        names: family and given names; one of the two may be empty.
        identifiers: patient numbers and the like; those too short to be told from other words are left out.
        birth_dates: "YYYYMMDD" or "YYYY-MM-DD"; shorter ones are left out.
    """
    full = list(names)
    spaced = [name for name in full if not is_unspaced(name.family + name.given)]
    halves = [(_name_words(name.family), _name_words(name.given)) for name in spaced]
    return Identity(
        families=frozenset(word for family, _ in halves for word in family),
        givens=frozenset(word for _, given in halves for word in given if len(word) > 2),
        pairs=frozenset((one, other) for family, given in halves for one in family for other in given),
        unspaced=frozenset(form for name in full for form in _unspaced_forms(name)),
        identifiers=frozenset(filter(None, map(_identifier, identifiers))),
        birth_dates=frozenset(filter(None, map(_birth_date, birth_dates))),
    )


def _may_name(word: Word, *, is_family: bool) -> bool:
    """Whether a word that is somebody's name is likely to name somebody here."""
    letters = word.letters
    if not letters[:1].isupper() and letters.lower() != letters.upper():
        return is_family and len(letters) > 2 and word.forms.isdisjoint(WEAK)
    if len(letters) <= 2 or not word.forms.isdisjoint(WEAK):
        return not word.begins and not (letters.isupper() and len(letters) > 1)
    return True


def _stands_out(word: Word) -> bool:
    """Whether it is no word of every day, or written as a name."""
    return word.forms.isdisjoint(WEAK) or word.letters.istitle()


def _name_words(half: str) -> tuple[str, ...]:
    """What of half a name can name somebody: no initials, no "van der", no "Anonymous"."""
    forms = [form for word in words_in(half) if len(word.letters) > 1 for form in word.forms]
    return tuple(form for form in forms if form not in PARTICLES and form not in NO_NAMES and not form.isdigit())


def _unspaced_forms(name: FullName) -> Iterator[str]:
    """A name as one writes it without spaces: both halves together, or a family name of more than one letter."""
    if not is_unspaced(name.family + name.given):
        return
    family, given = (re.sub(r"\s", "", half) for half in name)
    if family and given:
        yield from (family + given, f"{family} {given}", f"{family}　{given}")
    if len(family) > 1:
        yield family


def _compact(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _identifier(text: str) -> str | None:
    compact = _compact(text)
    fits = LEAST_IDENTIFIER <= len(compact) <= LONGEST_IDENTIFIER
    return compact if fits and any(letter.isdigit() for letter in compact) else None


def _birth_date(text: str) -> Date | None:
    digits = text.replace("-", "")[:8]
    if len(digits) < 8 or not digits.isascii() or not digits.isdigit():
        return None
    return Date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
