"""Whether a row's texts can fit a context at all, told without encoding texts of millions of tokens."""

from functools import cached_property
from typing import TYPE_CHECKING

from osler.adapt.data.row import Row, text_of
from osler.errors import ContextError

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Size"]

CHARACTERS_A_TOKEN = 8
"""Twice what English text has: a beginning of so many characters for each token of the context tells nearly always."""


class Size:
    """Measures rows for one model."""

    def __init__(self, model: "Model") -> None:
        self._model = model

    def check(self, row: Row) -> None:
        """Refuse a row whose texts alone have more tokens than the context holds; one that passes may still not fit.

        A token covers no more bytes than the longest of the vocabulary, so most texts that are far too long need not
        be encoded; of others the beginning is.

        Raises:
            ContextError: with the numbers.
        """
        context = self._model.context
        texts = [*map(text_of, row.messages), row.thinking or ""]
        characters = sum(map(len, texts))
        if characters <= context * CHARACTERS_A_TOKEN:
            return
        is_too_long = characters > context * self._longest_bytes
        if not is_too_long:
            beginning = "".join(texts)[: context * CHARACTERS_A_TOKEN]
            is_too_long = len(self._model.tokenize(beginning)) > context
        if is_too_long:
            raise ContextError(
                f"cannot fit the row: its texts of {characters:,} characters are more than {context:,} tokens, which "
                "is all that the context holds",
                hint="cut the text into several rows",
            )

    @cached_property
    def _longest_bytes(self) -> int:
        tokenizer = self._model.tokenizer
        return max((len(tokenizer.piece(token)) for token in range(tokenizer.size)), default=1)
