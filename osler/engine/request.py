"""What is asked of the engine, and the tokens it answers with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from osler.engine.sampling import GREEDY, Sampling
from osler.errors import InputError

__all__ = ["Request", "Span", "Token"]


class Span(NamedTuple):
    """Where an image stands in a prompt: tokens begin .. end - 1."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token.

    Attributes:
        id: the token's id.
        text: text that became certain with it; may be empty, and may hold characters of earlier tokens.
        logprob: natural-log probability, where `Sampling.logprobs` asks for it.
        top_logprobs: (id, log-probability) of the most probable tokens, most probable first.
    """

    id: int
    text: str = ""
    logprob: float | None = None
    top_logprobs: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """A prompt and how to go on from it.

    Attributes:
        ids: [T] int32, T >= 1; given as any sequence of whole numbers. What stands under an image is of no account.
        images: (offset, [M, D] float32 vectors that stand at ids offset .. offset + M), in order, at least one token
            between two of them.
        sampling: how tokens are chosen, and how many.
        score_from: None to generate; a position from 1 to T - 1 to get the log-probability of each token from there
            on instead, generating nothing.
        may_guess: whether tokens may be guessed ahead; it changes nothing but the time.
        adapter: which of the runner's adapters computes it, counted from 1; 0 for the model alone.
        watch: called with each scored position and the logits [V] float32 that predict it, as they are computed.

    Raises:
        InputError: the ids or images are not as described.
    """

    ids: np.ndarray
    images: tuple[tuple[int, np.ndarray], ...] = ()
    sampling: Sampling = GREEDY
    score_from: int | None = None
    may_guess: bool = True
    adapter: int = 0
    watch: Callable[[int, np.ndarray], None] | None = None

    def __post_init__(self) -> None:
        ids = np.array(self.ids)
        if ids.ndim != 1 or not len(ids) or ids.dtype.kind not in "iu":
            raise InputError(f"cannot read the prompt: expected a list of token ids, got {ids.dtype} {list(ids.shape)}")
        if ids.min() < 0 or ids.max() > np.iinfo(np.int32).max:
            raise InputError(
                "cannot read the prompt: expected token ids >= 0, got one that is negative or far too large"
            )
        object.__setattr__(self, "ids", ids.astype(np.int32))
        object.__setattr__(self, "images", tuple((int(at), np.asarray(image)) for at, image in self.images))
        self._check_images()
        if self.score_from is not None:
            self._check_scored(self.score_from)

    def spans(self) -> tuple[Span, ...]:
        """Where the images stand, in order."""
        return tuple(Span(at, at + len(image)) for at, image in self.images)

    def images_between(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """The images inside tokens start .. stop - 1, their offsets counted from `start`."""
        return ((at - start, image) for at, image in self.images if start <= at < stop)

    def _check_images(self) -> None:
        free_from = 0
        for number, (at, image) in enumerate(self.images, start=1):
            if image.ndim != 2 or not len(image) or image.dtype != np.float32:
                came = f"{image.dtype} {list(image.shape)}"
                raise InputError(f"cannot place image {number}: expected float32 [M, D] vectors, got {came}")
            if at < free_from or at + len(image) > len(self.ids):
                raise InputError(
                    f"cannot place image {number} at token {at}: expected room for {len(image)} vectors between "
                    f"token {free_from} and the end of the prompt, {len(self.ids)}"
                )
            free_from = at + len(image) + 1

    def _check_scored(self, start: int) -> None:
        last = len(self.ids) - 1
        if not 1 <= start <= last:
            raise InputError(f"cannot score from token {start}: expected a position from 1 to {last}, the last one")
        if any(span.end > last for span in self.spans()):
            raise InputError("cannot score a prompt that ends in an image: images have no probability")
