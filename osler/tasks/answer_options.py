"""Which answers a question leaves open, and how a model may begin to write each of them."""

import re
from collections.abc import Sequence

from osler.errors import InputError

__all__ = ["YES_NO", "forms_of", "options_in", "refuse_bad_options"]

YES_NO = ("yes", "no")
MOST_OPTIONS = 26
LETTER = re.compile(r"(?:^|[\s(])([A-Z])(?:\)|[.:](?=\s))")
ASKS_YES_OR_NO = re.compile(
    r"(?i)\byes\s*(?:/|or|,)\s*no\b|(?:^|[.!?:\n]\s*)(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|"
    r"should)\s[^.!?]*\?"
)
HINT = 'name them, such as --options "effusion, no effusion"'


def options_in(question: str) -> tuple[str, ...]:
    """The options of a multiple-choice question, by their letters, or yes and no.

    >>> options_in("Which is it? (A) oedema (B) effusion (C) neither")
    ('A', 'B', 'C')
    >>> options_in("Is there a pleural effusion?")
    ('yes', 'no')

    Raises:
        InputError: the question is of neither kind.
    """
    letters: list[str] = []
    for found in LETTER.findall(question):
        if found == chr(ord("A") + len(letters)):
            letters.append(found)
    if len(letters) > 1:
        return tuple(letters)
    if ASKS_YES_OR_NO.search(question):
        return YES_NO
    raise InputError(
        "cannot tell how sure the answer is: the question is neither for yes or no nor one with options (A), (B), …",
        hint=HINT,
    )


def refuse_bad_options(options: Sequence[str]) -> tuple[str, ...]:
    """Options as they were named, if they make sense.

    Raises:
        InputError: there are fewer than two, too many, an empty one, or one twice.
    """
    if isinstance(options, str) or not all(isinstance(option, str) and option.strip() for option in options):
        raise InputError("cannot use the options: expected texts that are not empty", hint=HINT)
    named = tuple(option.strip() for option in options)
    if not 2 <= len(named) <= MOST_OPTIONS or len({option.casefold() for option in named}) < len(named):
        raise InputError(
            f"cannot use the options: expected 2 to {MOST_OPTIONS} that differ, got {len(named)}", hint=HINT
        )
    return named


def forms_of(option: str) -> tuple[str, ...]:
    """The ways of writing an option that count as it, at the beginning of an answer.

    >>> forms_of("yes")
    ('yes', 'Yes', 'YES', '**yes', '**Yes', '**YES')
    >>> forms_of("B")
    ('B', '(B)', '**B', '**(B)')
    """
    if len(option) == 1 and option.isalpha():
        plain = [option, f"({option})"]
    else:
        plain = [option, option.lower(), option[:1].upper() + option[1:]]
        plain += [option.upper()] if option.casefold() in YES_NO else []
    return tuple(dict.fromkeys([*plain, *(f"**{form}" for form in plain)]))
