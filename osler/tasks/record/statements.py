"""Statements of a model with their sources: the form that it is held to, and what is checked of them.

The form lets it cite only entries that it was shown. That an entry exists does not make a statement true, so each
number of a statement is looked for in the entries that it cites.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from osler.tasks.record.entry import HANDLE, Entry
from osler.tasks.record.groups import Group
from osler.tasks.record.result import NOT_IN_RECORD, Citation, Statement
from osler.tasks.record.search import words_of

__all__ = ["checked", "citations_of", "said_in", "statements_schema", "written"]

MOST_STATEMENTS = 8
MOST_SOURCES = 6
LONGEST_STATEMENT = 400
NUMBER = re.compile(r"\d+(?:\.\d+)?")
DATE = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def statements_schema(handles: Sequence[str], *, key: str = "statements") -> dict[str, Any]:
    """The form of an answer: short texts, each with at least one of these entries as a source; or no texts at all."""
    sources = {"type": "array", "items": {"enum": list(handles)}, "minItems": 1, "maxItems": MOST_SOURCES}
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_STATEMENT}
    statement = {
        "type": "object",
        "properties": {"text": text, "sources": sources},
        "required": ["text", "sources"],
    }
    return {
        "type": "object",
        "properties": {key: {"type": "array", "items": statement, "maxItems": MOST_STATEMENTS}},
        "required": [key],
    }


def checked(
    answer: Iterable[Mapping[str, Any]], shown: Mapping[str, Entry], groups: Iterable[Group], known: str
) -> tuple[Statement, ...]:
    """A model's statements, with what is wrong with them; equal ones once, empty ones not at all.

    Args:
        answer: in the form of `statements_schema`.
        shown: the entries that the model was shown, by handle.
        groups: what was computed of them.
        known: what else a number may come from: today's date, who the patient is, the question.
    """
    computed = {entry.handle: group for group in groups if group.count > 1 for entry in group.entries}
    found: dict[str, Statement] = {}
    for given in answer:
        named = HANDLE.findall(given["text"])
        text = " ".join(HANDLE.sub("", given["text"]).split())
        handles = [handle for handle in dict.fromkeys([*given["sources"], *named]) if handle in shown]
        support = [known, *(shown[handle].line for handle in handles)]
        support += [computed[handle].summary for handle in handles if handle in computed]
        if re.search(r"\w", text):
            found.setdefault(
                text,
                Statement(
                    text=text,
                    sources=tuple(shown[handle].reference for handle in handles),
                    unfound_numbers=_unfound(text, support),
                    shares_words=_shares_words(text, [shown[handle].line for handle in handles]),
                    unfound_references=tuple(name for name in dict.fromkeys(named) if name not in shown),
                ),
            )
    return tuple(found.values())


def _unfound(text: str, support: Sequence[str]) -> tuple[str, ...]:
    """Numbers and dates of a text that do not stand in any other; a date is looked for as a whole where it is one."""
    there = HANDLE.sub("", " ".join(support))
    numbers = {float(number) for number in said_in(there)}
    days = [day for day in DATE.findall(text) if day not in there]
    rest = [number for number in said_in(DATE.sub(" ", text)) if float(number) not in numbers]
    return tuple(dict.fromkeys([*days, *rest]))


def _shares_words(text: str, lines: Sequence[str]) -> bool:
    """Whether a text has a word in common with any line; one of numbers alone has none to share, and passes."""
    words = {word for word in words_of(text) if any(map(str.isalpha, word))}
    return not words or not words.isdisjoint(words_of(" ".join(lines)))


def said_in(text: str) -> list[str]:
    """The numbers of a text; a date is three.

    >>> said_in("1,250 mg on 2020-03-01, HbA1c 7.2 %")
    ['1250', '2020', '03', '01', '1', '7.2']
    """
    return NUMBER.findall(THOUSANDS.sub("", text))


def citations_of(statements: Sequence[Statement], shown: Mapping[str, Entry]) -> tuple[Citation, ...]:
    """The entries that statements cite, once each, in the order in which they are cited."""
    by_reference = {entry.reference: entry for entry in shown.values()}
    cited = dict.fromkeys(source for statement in statements for source in statement.sources)
    return tuple(
        Citation(reference=reference, handle=entry.handle, day=entry.day, line=entry.line)
        for reference in cited
        for entry in (by_reference[reference],)
    )


def written(statements: Sequence[Statement]) -> str:
    """Statements as a text."""
    return "\n".join(statement.cited_text for statement in statements) or NOT_IN_RECORD
