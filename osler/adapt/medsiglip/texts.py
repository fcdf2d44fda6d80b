"""Captions as the tower of words reads them, one drawn for each use of a picture."""

from collections.abc import Iterable, Sequence

import numpy as np

from osler.adapt.medsiglip.pair import Caption, Pair
from osler.weights.medsiglip_tokenizer import MedSiglipTokenizer

__all__ = ["Texts"]


class Texts:
    """Ids of captions.

    Args:
        tokenizer: the model's.
        num_tokens: T, to which every text is filled up or cut.
        seed: of the drawing.
    """

    def __init__(self, tokenizer: MedSiglipTokenizer, num_tokens: int, *, seed: int) -> None:
        self._tokenizer, self.num_tokens, self._seed = tokenizer, num_tokens, seed

    def ids(self, texts: Sequence[str]) -> np.ndarray:
        """[texts, T] int32."""
        return self._tokenizer.encode(texts, self.num_tokens)

    def drawn(self, pairs: Sequence[Pair], step: int, part: int) -> tuple[list[Caption], np.ndarray]:
        """A caption for each row, and its ids [B, T]; what is drawn follows from seed, step and part."""
        places = np.random.default_rng((self._seed, step, part)).random(len(pairs))
        captions = [pair.captions[int(place * len(pair.captions))] for pair, place in zip(pairs, places, strict=True)]
        return captions, self.ids([caption.text for caption in captions])

    def first(self, pairs: Sequence[Pair]) -> tuple[list[Caption], np.ndarray]:
        """The first caption of each row, and its ids [B, T]: what is evaluated with."""
        captions = [pair.captions[0] for pair in pairs]
        return captions, self.ids([caption.text for caption in captions])

    def is_empty(self, text: str) -> bool:
        """Whether the tower would read nothing."""
        return not self._tokenizer.ids(text)

    def num_cut(self, texts: Iterable[str]) -> int:
        """How many are longer than what the tower reads."""
        return sum(len(self._tokenizer.ids(text)) > self.num_tokens - 1 for text in texts)
