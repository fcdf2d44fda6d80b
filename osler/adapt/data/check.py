"""Every row looked at before anything is trained: made into an example, and held against the others."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import sha256

import numpy as np

from osler.adapt.data.example import Example, Examples
from osler.adapt.data.faults import Fault, Faults, in_order
from osler.adapt.data.row import Row, Rows
from osler.errors import OslerError
from osler.imaging.digest import pixels_sha256
from osler.tasks.progress import Progress, no_progress

__all__ = ["CHECKING_ROWS", "check_rows"]

CHECKING_ROWS = "Checking rows"
EXCHANGED = 0.5
"""The share of answers that are questions, from which on the columns are taken to be exchanged."""
SELDOM = 0.1
FEWEST = 4
MANY = 5
"""Rows with an answer, from which on one that is nearly the same looks like a slip; also rows for each answer."""
LONG, NEARLY = 5, 0.85


def check_rows(
    rows: Rows,
    examples: Examples,
    *,
    progress: Progress = no_progress,
    watch: Callable[[int, Example], None] | None = None,
) -> Faults:
    """Look at every row; no weights are read.

    Found are lines that give no row (`Rows.faults`); files that cannot be read, images for a model without vision,
    texts that name the patient of a file, rows that do not fit the context; the same question with different answers;
    columns that seem to be exchanged; classes that seem to be misspelt.

    Args:
        rows: as `read_rows` gives them.
        examples: what makes examples of them; its own rows do not matter.
        progress: told of each row.
        watch: given each example with its place in `rows`, so that one reading of the files serves other things, too
            (`osler.adapt.data.duplicates`).
    """
    found = [*rows.faults, *_exchanged(rows), *_misspelt(rows)]
    answers: dict[str, Row] = {}
    progress(CHECKING_ROWS, 0, len(rows))
    for place, row in enumerate(rows):
        try:
            example = examples.make(row)
        except OslerError as error:
            found.append(Fault.of_error(row.number, row.where, _in_data(error)))
        else:
            found += _contradiction(row, answers.setdefault(_asked(example), row))
            if watch is not None:
                watch(place, example)
        progress(CHECKING_ROWS, place + 1, len(rows))
    num_rows = len({row.where for row in rows} | {fault.where for fault in rows.faults})
    return Faults(faults=in_order(found), num_rows=num_rows)


def _asked(example: Example) -> str:
    """The digest of all that stands before the last answer."""
    end = int(np.flatnonzero(example.learned)[-1])
    last = int(np.flatnonzero(~example.learned[:end])[-1])
    digest = sha256(example.ids[: last + 1].tobytes())
    for square in example.squares:
        digest.update(pixels_sha256(square).encode())
    return digest.hexdigest()


def _contradiction(row: Row, first: Row) -> Sequence[Fault]:
    """The same question with another answer; both rows are told, the later one first of all."""
    if first is row or _plain(first) == _plain(row):
        return ()
    reason = "it asks the same as {} and answers otherwise"
    return (
        Fault(number=row.number, where=row.where, reason=reason.format(first.where)),
        Fault(number=first.number, where=first.where, reason=reason.format(row.where)),
    )


def _plain(row: Row) -> str:
    return " ".join(row.answer.casefold().split()).rstrip(".")


def _exchanged(rows: Rows) -> Sequence[Fault]:
    """Whether most answers are questions, and few questions are."""
    if len(rows) < FEWEST:
        return ()
    asked = sum(row.question.rstrip().endswith("?") for row in rows) / len(rows)
    answered = sum(row.answer.endswith("?") for row in rows) / len(rows)
    if answered < EXCHANGED or asked > SELDOM:
        return ()
    reason = f"{answered:.0%} of the answers end with a question mark, {asked:.0%} of the questions do: are exchanged?"
    return (Fault(number=0, where="all rows", reason=reason.replace("are ex", "are `question` and `answer` ex")),)


def _in_data(error: OslerError) -> OslerError:
    """An error in the words of data: what speaks of asking is about learning here."""
    return OslerError(error.message.replace("cannot ask: the prompt holds", "a text of it holds"), hint=error.hint)


def _misspelt(rows: Rows) -> Sequence[Fault]:
    """Answers that stand in one row alone and are nearly those of many, where a question has few answers.

    Classes that were named (`Rows.classes`, options) are looked at when rows are read.
    """
    by_question: dict[str, list[Row]] = defaultdict(list)
    for row in rows if not rows.classes else ():
        if not row.options:
            by_question[row.question].append(row)
    return [fault for some in by_question.values() for fault in _odd_ones(some)]


def _odd_ones(rows: Sequence[Row]) -> Iterator[Fault]:
    counts = Counter(row.answer for row in rows)
    if len(counts) * MANY > len(rows):
        return
    common = [answer for answer, count in counts.items() if count >= MANY]
    for row in rows:
        if counts[row.answer] == 1 and any(_is_slip(row.answer, answer) for answer in common):
            reason = "its answer stands in no other row, and is nearly one that many have: is it misspelt?"
            yield Fault(number=row.number, where=row.where, reason=f"{reason} (--classes names what answers may be)")


def _is_slip(answer: str, other: str) -> bool:
    """Whether two answers differ in case and stops alone, or in a letter or two of a longer word without digits."""
    one, two = (text.casefold().strip(" .") for text in (answer, other))
    if one == two:
        return True
    has_digits = any(letter.isdigit() for letter in one + two)
    return not has_digits and min(len(one), len(two)) >= LONG and SequenceMatcher(None, one, two).ratio() >= NEARLY
