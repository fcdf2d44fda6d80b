"""What a tokenizer is; `osler.weights` makes them from tokenizer.json and from GGUF metadata."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

__all__ = ["Tokenizer"]


@runtime_checkable
class Tokenizer(Protocol):
    """Text to token ids and back.

    Special tokens written out in a text are recognised by `encode` and left out by `decode`.
    """

    size: int

    def encode(self, text: str) -> list[int]:
        """The ids of a text; special tokens in it are recognised, no <bos> is added."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; special tokens are left out, bytes that are no UTF-8 become U+FFFD."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; b"" for a special token."""
        ...

    def id_of(self, token: str) -> int | None:
        """The id of an exact token such as "<start_of_turn>", or None where the vocabulary has no such token."""
        ...
