"""What both programs are given to work on."""

from pathlib import Path

import numpy as np

__all__ = [
    "ANSWER_TOKENS",
    "CONTEXT",
    "DECODE_TOKENS",
    "NUM_STREAMS",
    "PREFILL_TOKENS",
    "QUESTION",
    "SHORT_PROMPT_TOKENS",
    "SHORT_QUESTION",
    "STREAM_NEW_TOKENS",
    "STREAM_PROMPT_TOKENS",
    "noise",
    "prompt_ids",
    "write_noise",
]

PREFILL_TOKENS = (256, 1024)

SHORT_PROMPT_TOKENS = 16
DECODE_TOKENS = 64

QUESTION = "What is this?"
"""With Gemma's template and one image, 272 tokens: 256 of the image and 16 of text."""
ANSWER_TOKENS = 64

NUM_STREAMS = 8
STREAM_PROMPT_TOKENS = 100
STREAM_NEW_TOKENS = 32

SHORT_QUESTION = "Why?"

CONTEXT = 4096
"""Tokens that fresh processes have room for, in both programs."""


def noise(size_px: int, seed: int) -> np.ndarray:
    """A square of noise, [N, N, 3] uint8; a new seed gives an image that nobody has seen, and kept, before."""
    return np.random.default_rng(seed).integers(0, 256, (size_px, size_px, 3), dtype=np.uint8)


def write_noise(path: Path, size_px: int, seed: int) -> Path:
    """The same square as a PNG file."""
    from PIL import Image

    Image.fromarray(noise(size_px, seed)).save(path)
    return path


def prompt_ids(count: int, vocabulary_size: int, seed: int) -> np.ndarray:
    """Random token ids from the middle of the vocabulary, where no special tokens are: [T] int32."""
    generator = np.random.default_rng(seed)
    return generator.integers(vocabulary_size // 4, vocabulary_size // 2, count, dtype=np.int32)
