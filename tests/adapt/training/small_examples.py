"""Examples of random tokens and random pictures, as data would give them."""

from dataclasses import dataclass

import numpy as np

from osler.prompt import ImageSpan
from osler.testing.shape import TinyShape
from osler.testing.vocabulary import TINY_VOCABULARY

SHAPE = TinyShape()
SOFT = TINY_VOCABULARY.tokens.index("<image_soft_token>")
FIRST_WORD = TINY_VOCABULARY.tokens.index("<0x00>")


@dataclass(frozen=True)
class SmallExample:
    ids: np.ndarray
    learned: np.ndarray
    squares: tuple = ()

    @property
    def images(self):
        starts = np.flatnonzero(self.ids == SOFT)[:: SHAPE.image_tokens]
        return tuple(ImageSpan(offset=int(start), length=SHAPE.image_tokens) for start in starts)


def words(count: int, seed: int) -> list[int]:
    return np.random.default_rng(seed).integers(FIRST_WORD, SOFT, count).tolist()


def square(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SHAPE.image_px, SHAPE.image_px, 3), np.uint8)


def example(images: int = 0, *, answer: int = 5, seed: int = 0, between: int = 3) -> SmallExample:
    """Words, images with words between them, and an answer of some learned tokens."""
    ids = [2, *words(4, seed)]
    for number in range(images):
        ids += [SOFT] * SHAPE.image_tokens + words(between, seed + number + 1)
    learned = [False] * len(ids) + [True] * answer
    ids += words(answer, seed + 100)
    squares = tuple(square(seed * 10 + number) for number in range(images))
    return SmallExample(np.array(ids, np.int32), np.array(learned), squares)
