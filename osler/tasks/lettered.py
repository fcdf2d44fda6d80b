"""Options with letters, as questions of multiple choice write them."""

from collections.abc import Sequence

__all__ = ["LETTERS", "Option", "lettered", "with_choices"]

Option = tuple[str, str]
"""A letter and its text, such as ("A", "Aspirin")."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lettered(texts: Sequence[str]) -> tuple[Option, ...]:
    """Options with letters from A on.

    >>> lettered(["aspirin", "heparin"])
    (('A', 'aspirin'), ('B', 'heparin'))
    """
    return tuple(zip(LETTERS, texts, strict=False))


def with_choices(question: str, options: Sequence[Option]) -> str:
    """A question with its options in one line, as MedXpertQA's authors distribute theirs; without options as it is.

    >>> with_choices("Which?", lettered(["this", "that"]))
    'Which?\\nAnswer Choices: (A) this (B) that'
    """
    if not options:
        return question
    choices = " ".join(f"({letter}) {text}" for letter, text in options)
    return f"{question.rstrip()}\nAnswer Choices: {choices}"
