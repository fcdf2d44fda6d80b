"""What the network is given of a row: the prompt as at inference, then the answer, and which tokens are learned.

::

    <bos> <start_of_turn> user \\n … <end_of_turn> \\n <start_of_turn> model \\n It is enlarged. <end_of_turn> \\n
    ·····································································  ###############################  ·

The prompt's ids come from `Model.prepare`, which also makes those of questions that are asked; the answer's are encoded
by themselves, as a model that answers writes them. Answers of earlier turns stand in the prompt, and are found in it
between the tokens of turns, with which nothing merges.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from osler.adapt.data.row import Row
from osler.adapt.data.shown import Shown
from osler.adapt.data.size import Size
from osler.errors import PromptError
from osler.prompt import ImageSpan, Tokenizer
from osler.prompt.special import CONTROL_TOKENS, END_OF_TURN, START_OF_TURN, THINKING_END, THINKING_START, required_id
from osler.prompt.thinking import LABEL
from osler.recent import Recent
from osler.tasks.prepare import Prepared, refuse_blind
from osler.tasks.study_options import StudyOptions

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Example", "Examples", "written_answer"]

KEPT = 8
KEPT_BYTES = 256 << 20
"""Examples that are kept: training looks at one several times in a row, such as for its length and its tokens."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Example:
    """What the network is given of a row; arrays are read-only.

    Attributes:
        row: it was made of.
        ids: [T] int32, the image's placeholder where its vectors stand (<image_soft_token>, or <pad> in vocabularies
            that end before it).
        learned: [T] bool: whether the token is learned, that is, predicted from what stands before it: tokens of
            answers and of thinking, and the <end_of_turn> behind an answer.
        squares: [S, S, 3] uint8 for each image, as the vision tower sees it.
        images: where in `ids` the vectors of each image stand.
    """

    row: Row
    ids: np.ndarray
    learned: np.ndarray
    squares: tuple[np.ndarray, ...]
    images: tuple[ImageSpan, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def num_learned(self) -> int:
        """Tokens that are learned."""
        return int(self.learned.sum())


class Examples(Sequence[Example]):
    """Rows as examples for one model, made when they are asked for; the same each time.

    Args:
        rows: what is to be learned.
        model: opened (`open_model`); its tokenizer, shape, context and recipes count, its weights are not read.
        study: what is chosen of studies, as in `Model.ask`.
        pad: whether pictures are padded to a square, as in `Model.ask`.
    """

    def __init__(
        self, rows: Sequence[Row], model: "Model", *, study: StudyOptions | None = None, pad: bool = True
    ) -> None:
        self.rows = rows
        self.model = model
        self._shown = Shown(model, study)
        self._size = Size(model)
        self._pad = pad
        self._kept = _kept_examples()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Example]:
        return (self[index] for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Example: ...

    @overload
    def __getitem__(self, index: slice) -> "Examples": ...

    def __getitem__(self, index: int | slice) -> "Example | Examples":
        """An example.

        Raises:
            OslerError: the row cannot be used; `osler.adapt.data.check` finds all such rows beforehand.
        """
        if isinstance(index, slice):
            some = copy(self)
            some.rows, some._kept = self.rows[index], _kept_examples()
            return some
        place = range(len(self.rows))[index]
        return self._kept.get(place) or self._kept.keep(place, self.make(self.rows[place]))

    def make(self, row: Row) -> Example:
        """The example of a row, which need not be among these.

        Raises:
            VisionError: the model reads no images.
            InputError: a file cannot be read, or a text names the patient of one.
            PromptError: the vocabulary or the conversation does not allow it.
            ContextError: it does not fit the model's context.
        """
        model, tokenizer = self.model, self.model.tokenizer
        refuse_blind(model.config, len(row.files), model.identity.vision_note)
        self._size.check(row)
        messages = self._shown.messages(row)
        answer = [*written_answer(row, tokenizer), required_id(tokenizer, END_OF_TURN)]
        behind = tokenizer.encode("\n")
        new_tokens = len(answer) + len(behind)
        think = row.thinking is not None
        prepared = model.prepare(messages[:-1], {"max_new_tokens": new_tokens}, think=think, pad=self._pad)
        prompt = prepared.prompt.ids
        ids = np.array([*prompt, *answer, *behind], np.int32)
        learned = np.zeros(len(ids), bool)
        learned[len(prompt) : len(prompt) + len(answer)] = True
        if row.learn == "all":
            for start, stop in earlier_answers(prepared, tokenizer):
                learned[start:stop] = True
        ids.flags.writeable = learned.flags.writeable = False
        return Example(row=row, ids=ids, learned=learned, squares=prepared.squares, images=prepared.prompt.images)


def _kept_examples() -> Recent[int, Example]:
    return Recent(KEPT_BYTES, lambda example: sum(square.nbytes for square in example.squares), most=KEPT)


def written_answer(row: Row, tokenizer: Tokenizer) -> list[int]:
    """The ids of the last answer as the model is to write it, with its thinking and without what ends the turn.

    Raises:
        PromptError: the vocabulary has no tokens for thinking, or reads others into the text.
    """
    if row.thinking is None:
        text, marks = row.answer, 0
    else:
        text, marks = f"{THINKING_START}{LABEL}{row.thinking.strip()}{THINKING_END}{row.answer}", 2
        required_id(tokenizer, THINKING_START), required_id(tokenizer, THINKING_END)
    ids = tokenizer.encode(text)
    control = {tokenizer.id_of(token) for token in CONTROL_TOKENS}
    if not ids or sum(token in control for token in ids) != marks:
        raise PromptError("cannot learn the answer: the tokenizer reads control tokens in it, or no token at all")
    return ids


def earlier_answers(prepared: Prepared, tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Where answers of a prompt stand, each with its <end_of_turn>: (first token, token behind the last).

    Turns of user and model alternate, the user first; the prompt ends with the beginning of the model's turn, which
    says how every turn of the model's begins.

    Raises:
        PromptError: the tokenizer merges an answer with what stands before it.
    """
    ids = prepared.prompt.ids
    begin, end = required_id(tokenizer, START_OF_TURN), required_id(tokenizer, END_OF_TURN)
    starts = [place for place, token in enumerate(ids) if token == begin]
    head = ids[starts[-1] :]
    spans = []
    for place in starts[1:-1:2]:
        first = place + len(head)
        if ids[place:first] != head:
            raise PromptError("cannot tell an earlier answer's tokens: the tokenizer merges them with what goes before")
        spans.append((first, ids.index(end, first) + 1))
    return spans
