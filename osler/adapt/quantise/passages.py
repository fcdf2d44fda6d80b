"""What a model is measured on: token ids of texts and conversations, with the image vectors that stand in them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osler.errors import InputError

__all__ = ["Passage", "digest_of", "places_of", "split", "taken"]

CHECK_SHARE = 4
"""One document in so many is kept for checking."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passage:
    """One document, or a part of one.

    Attributes:
        document: what it is told from others by; parts of one document are drawn together.
        ids: [T] int32.
        images: (offset, [M, D] float32 vectors that stand there), in order.
    """

    document: str
    ids: np.ndarray
    images: tuple[tuple[int, np.ndarray], ...] = ()

    @property
    def is_text(self) -> np.ndarray:
        """[T] bool: False where image vectors stand."""
        marks = np.ones(len(self.ids), bool)
        for offset, vectors in self.images:
            marks[offset : offset + len(vectors)] = False
        return marks


def split(passages: Sequence[Passage]) -> tuple[list[Passage], list[Passage]]:
    """Passages to calibrate on, and others to check with: whole documents, drawn by their digest.

    Raises:
        InputError: there are too few documents for both.
    """
    ranked = sorted({passage.document for passage in passages}, key=_rank)
    held = set(ranked[: max(1, len(ranked) // CHECK_SHARE)])
    if len(ranked) < 2:
        raise InputError(
            f"cannot both calibrate on this text and check with it: expected at least two documents, got {len(ranked)}",
            hint="give more text, or other text with --check",
        )
    return (
        [passage for passage in passages if passage.document not in held],
        [passage for passage in passages if passage.document in held],
    )


def taken(passages: Sequence[Passage], tokens: int) -> list[Passage]:
    """As many passages as have about so many tokens, at least one, spread over documents by their digest."""
    found: list[Passage] = []
    total = 0
    for passage in sorted(passages, key=lambda one: _rank(one.document)):
        if found and total + len(passage.ids) > tokens:
            break
        found.append(passage)
        total += len(passage.ids)
    return found


def places_of(passage: Passage, stride: int) -> np.ndarray:
    """Positions where the next token's distribution is compared: every `stride`-th, between text and text."""
    is_text = passage.is_text
    found = np.arange(stride - 1, len(passage.ids) - 1, stride)
    return found[is_text[found] & is_text[found + 1]]


def digest_of(passages: Sequence[Passage]) -> str:
    """A short digest of all ids and image vectors."""
    digest = hashlib.sha256()
    for passage in passages:
        digest.update(passage.document.encode() + b"\0" + passage.ids.astype("<i4").tobytes())
        for offset, vectors in passage.images:
            digest.update(str(offset).encode() + np.ascontiguousarray(vectors).tobytes())
    return digest.hexdigest()[:16]


def _rank(document: str) -> bytes:
    return hashlib.sha256(document.encode()).digest()
