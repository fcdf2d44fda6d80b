"""Images to the vectors that stand for them in a prompt, each computed once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Protocol

import numpy as np

from osler.imaging.digest import pixels_sha256
from osler.imaging.normalise import normalise
from osler.tasks.pace import Pace
from osler.tasks.progress import READING_IMAGES, STARTING_VISION, Progress

__all__ = ["Encoder", "ImageVectors"]

MOST_BYTES = 512 * 1024 * 1024
"""About 200 images of MedGemma 4B (256 vectors of 2,560 float32 numbers each): two whole CT series."""


class Encoder(Protocol):
    """The vision tower, as `osler.engine.vision.VisionEncoder` is one."""

    def encode(self, pixels: np.ndarray, *, tick: Callable[[], None]) -> np.ndarray:
        """[I, 3, N, N] float32 in -1..1 to [I, M, D] float32; calls `tick` a few times a second."""
        ...


class ImageVectors:
    """Encodes images and keeps their vectors, so that the next question about a study encodes nothing.

    The tower is built when the first image comes. Vectors are kept by the digest of the pixels that the tower reads,
    the least recently used going first. Several threads may call it; one encodes at a time.

    Args:
        build: makes the tower.
        pace: how long an image takes.
        most_bytes: how much memory the kept vectors may take.
    """

    def __init__(self, build: Callable[[], Encoder], pace: Pace, *, most_bytes: int = MOST_BYTES) -> None:
        self._build = build
        self._pace = pace
        self._most_bytes = most_bytes
        self._encoder: Encoder | None = None
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, progress: Progress) -> None:
        """Build the tower now, if it is not there yet."""
        with self._lock:
            self._ready(progress)

    def of(self, squares: Sequence[np.ndarray], progress: Progress) -> list[np.ndarray]:
        """The vectors of images, [M, D] float32 each, read-only.

        Args:
            squares: [N, N, 3] uint8 each, as `osler.imaging.normalise.fit` makes them.
            progress: told of each image that has to be encoded.
        """
        with self._lock:
            digests = [pixels_sha256(square) for square in squares]
            found = {digest: self._kept[digest] for digest in digests if digest in self._kept}
            new = {digest: square for digest, square in zip(digests, squares, strict=True) if digest not in found}
            for number, (digest, square) in enumerate(new.items()):
                encoder = self._ready(progress)
                found[digest] = self._kept[digest] = self._encode(encoder, square, number, len(new), progress)
            for digest in digests:
                self._kept.move_to_end(digest)
            self._forget()
        return [found[digest] for digest in digests]

    def _ready(self, progress: Progress) -> Encoder:
        if self._encoder is None:
            progress(STARTING_VISION, 0, 1)
            self._encoder = self._build()
            progress(STARTING_VISION, 1, 1)
        return self._encoder

    def _forget(self) -> None:
        held = sum(vectors.nbytes for vectors in self._kept.values())
        while held > self._most_bytes:
            _, vectors = self._kept.popitem(last=False)
            held -= vectors.nbytes

    def _encode(self, encoder: Encoder, square: np.ndarray, number: int, total: int, progress: Progress) -> np.ndarray:
        """[N, N, 3] uint8 to [M, D] float32, read-only; it is image `number` (from 0) of `total` to be encoded."""
        begun = perf_counter()
        progress(READING_IMAGES, number, total)

        def tick() -> None:
            progress(READING_IMAGES, number + self._pace.share(perf_counter() - begun), total)

        vectors = np.array(encoder.encode(normalise(square[None]), tick=tick)[0])
        vectors.flags.writeable = False
        self._pace.note(perf_counter() - begun)
        progress(READING_IMAGES, number + 1, total)
        return vectors
