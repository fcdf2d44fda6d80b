"""A tiny model and text about it, for the tests of this folder."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from osler.adapt.quantise.passages import Passage
from osler.testing.tiny import BLOCK_SHAPE, write_gguf
from osler.weights.checkpoint import Checkpoint, open_checkpoint

__all__ = ["passages", "tiny", "tiny_path"]


@cache
def tiny_path() -> Path:
    """A GGUF file of widths that blocks of 256 divide, in F16, with its projector; made once a run."""
    return write_gguf(Path(mkdtemp(prefix="osler-quantise-")) / "tiny.gguf", "F16", shape=BLOCK_SHAPE)


@cache
def tiny() -> Checkpoint:
    return open_checkpoint(tiny_path())


def passages(*lengths: int, image_at: int | None = None) -> list[Passage]:
    """Random tokens; an image of four vectors stands in the first passage where asked for."""
    generator = np.random.default_rng(11)
    found = []
    for number, length in enumerate(lengths):
        ids = generator.integers(20, 700, length).astype(np.int32)
        vectors = generator.standard_normal((4, BLOCK_SHAPE.width)).astype(np.float32)
        images = ((image_at, vectors),) if image_at is not None and number == 0 else ()
        found.append(Passage(document=f"d{number}", ids=ids, images=images))
    return found
