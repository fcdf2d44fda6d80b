"""A tiny random Gemma 3 and what is asked of it: shared by the maker of golden files and the tests."""

import hashlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from parity.twins import Prompt, random_prompt

from osler.testing.random_weights import random_text, random_vision
from osler.testing.shape import TinyShape
from osler.weights.checkpoint import Checkpoint

FOLDER = Path(__file__).parent
LOGITS = FOLDER / "tiny_gemma3.npz"
NOTES = FOLDER / "tiny_gemma3.json"

SHAPE = TinyShape()
SEED = 0
COLUMNS = slice(None, None, 8)
"""Every eighth of the vocabulary's logits keeps the file small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A prompt of `tokens` ids with images from each of `starts` on; the last tokens are given one by one.

    Attributes:
        rows: positions whose logits are kept.
    """

    name: str
    tokens: int
    num_prompt: int
    starts: tuple[int, ...]
    seed: int
    rows: tuple[int, ...]

    def prompt(self, checkpoint: Checkpoint) -> Prompt:
        return random_prompt(checkpoint, self.tokens, self.starts, seed=self.seed)


CASES = (
    Case(name="text", tokens=120, num_prompt=110, starts=(), seed=10, rows=(0, 31, 32, 33, 90, 109, 110, 114, 119)),
    Case(name="one_image", tokens=100, num_prompt=90, starts=(12,), seed=11, rows=(12, 13, 15, 16, 50, 89, 90, 99)),
    Case(name="two_images", tokens=100, num_prompt=92, starts=(1, 40), seed=12, rows=(1, 4, 5, 40, 43, 91, 92, 93, 99)),
)
GREEDY_TOKENS = 24


def weights_sha256() -> str:
    """The digest of the tiny model's numbers: golden files belong to these and no others."""
    digest = hashlib.sha256()
    for name, values in chain(random_text(SHAPE, SEED), random_vision(SHAPE, SEED)):
        digest.update(name.encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
