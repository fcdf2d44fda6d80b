"""Entries as a prompt has them: a block for each type, with what was computed of them, cut to a number of tokens.

::

    Observation: 240 entries in the record, 12 asked for
    = Haemoglobin: 12 entries, 2010-01-02 to 2020-03-01; … latest 13.5 g/dL on 2020-03-01 [Observation/12]
    - [Observation/1] 2010-01-02 Haemoglobin: 14.0 g/dL
    - …
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from osler.tasks.record.entry import Entry
from osler.tasks.record.request import Retrieval
from osler.tasks.record.search import Ranking

__all__ = ["Block", "Count", "Line", "block_of", "chunks", "fitting", "shares"]

Count = Callable[[str], int]
"""How many tokens a text has."""

LEAST_CHARACTERS = 3
"""A token has at least so many in most medical English; used to cut long texts before they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """An entry, a part of a long one, or a fact, as a prompt has it."""

    text: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """What is told of one type.

    Attributes:
        header: how many entries there are.
        summaries: what was computed, a line for each name of several entries.
        lines: the entries.
        num_left_out: entries that were asked for and are not told.
    """

    header: str
    summaries: tuple[str, ...]
    lines: tuple[Line, ...]
    num_left_out: int = 0

    @property
    def text(self) -> str:
        left_out = [f"({self.num_left_out} entries are not told here)"] if self.num_left_out else []
        return "\n".join([self.header, *self.summaries, *(line.text for line in self.lines), *left_out])


def block_of(retrieval: Retrieval) -> Block:
    """All that was fetched of a type."""
    header = f"{retrieval.kind}: {retrieval.total} {_noun(retrieval.total)} in the record"
    if retrieval.num_matching != retrieval.total:
        header += f", {retrieval.num_matching} asked for"
    summaries = tuple(group.summary for group in retrieval.groups if group.count > 1)
    lines = tuple(Line(text=entry.cited_line, entries=(entry,)) for entry in retrieval.entries)
    return Block(header=header, summaries=summaries, lines=lines)


def shares(sizes: Sequence[int], budget: int) -> list[int]:
    """A budget shared out: small ones get what they need, the others the same each.

    >>> shares([10, 500, 900], 610)
    [10, 300, 300]
    """
    given = [0] * len(sizes)
    left = budget
    for number, place in enumerate(sorted(range(len(sizes)), key=lambda place: sizes[place])):
        given[place] = min(sizes[place], left // (len(sizes) - number))
        left -= given[place]
    return given


def fitting(lines: Sequence[Line], budget: int, question: str, count: Count) -> tuple[Line, ...]:
    """The lines that have most to do with a question, of equals the later, as many as fit; in their own order."""
    scores = Ranking([line.text for line in lines]).scores(question)
    kept = []
    for place in sorted(range(len(lines)), key=lambda place: (-scores[place], -place)):
        budget -= count(lines[place].text) + 1
        if budget < 0:
            break
        kept.append(place)
    return tuple(lines[place] for place in sorted(kept))


def chunks(lines: Sequence[Line], size: int, count: Count) -> Iterator[tuple[Line, ...]]:
    """Lines in portions of at most `size` tokens; a line that is longer comes alone."""
    portion: list[Line] = []
    left = size
    for line in lines:
        needed = count(line.text) + 1
        if portion and needed > left:
            yield tuple(portion)
            portion, left = [], size
        portion.append(line)
        left -= needed
    if portion:
        yield tuple(portion)


def pieces(line: Line, size: int) -> Iterator[Line]:
    """A line in parts short enough to be read, each with the handle of its entry; most lines are one."""
    most = max(1, size * LEAST_CHARACTERS)
    if len(line.text) <= most:
        yield line
        return
    (entry,) = line.entries
    rest = entry.line
    while rest:
        end = len(rest) if len(rest) <= most else max(rest.rfind(" ", 1, most), 1 if most == 1 else most // 2)
        yield replace(line, text=f"- [{entry.handle}] (part) {rest[:end].strip()}")
        rest = rest[end:].strip()


def _noun(count: int) -> str:
    return "entry" if count == 1 else "entries"
