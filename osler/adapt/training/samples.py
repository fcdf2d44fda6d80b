"""The same questions to the engine before and after a tuning: what a user of the adapter will see."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osler.adapt.data.row import Row
from osler.adapt.data.shown import Shown
from osler.tasks.load import load
from osler.tasks.progress import Progress, no_progress

__all__ = ["Sample", "answered"]

ASKING = "Asking before and after"
TUNED = "tuned"
LONGER, AT_LEAST = 2, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row that was not learned from, asked twice.

    Attributes:
        row: whose question.
        before, after: what was answered.
    """

    row: Row
    before: str
    after: str

    def is_right(self, answer: str) -> bool:
        """Whether an answer is the row's, white space and case aside."""
        return " ".join(answer.casefold().split()) == " ".join(self.row.answer.casefold().split())


def answered(
    base: Path, tuned: Path, rows: Sequence[Row], *, is_adapter: bool, tell: Progress = no_progress, **loading: Any
) -> list[Sample]:
    """Ask each row's question, without and with what was tuned; answers are greedy.

    Args:
        base: the model.
        tuned: the adapter's folder, or that of the whole tuned model.
        rows: what is asked.
        is_adapter: which of these it is.
        tell: told of the progress.
        loading: further arguments of `osler.load`.
    """
    if is_adapter:
        with load(base, adapters={TUNED: tuned}, **loading) as model:
            before = _asked(model.adapted(None), rows, tell, 0)
            after = _asked(model.adapted(TUNED), rows, tell, len(rows))
    else:
        with load(base, **loading) as model:
            before = _asked(model, rows, tell, 0)
        with load(tuned, **loading) as model:
            after = _asked(model, rows, tell, len(rows))
    return [Sample(row=row, before=one, after=other) for row, one, other in zip(rows, before, after, strict=True)]


def _asked(model: Any, rows: Sequence[Row], tell: Progress, done: int) -> list[str]:
    shown, answers = Shown(model), []
    for row in rows:
        longest = LONGER * len(model.tokenize(row.answer)) + AT_LEAST
        answers.append(model.chat(shown.messages(row)[:-1], allow_phi=True, max_new_tokens=longest).text)
        tell(ASKING, done + len(answers), 2 * len(rows))
    return answers
