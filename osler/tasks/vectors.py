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
from osler.tasks.vector_store import VectorStore

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

    The tower is built when the first image comes that has to be encoded. Vectors are kept by the digest of the pixels
    that the tower reads, in memory, the least recently used going first, and in a store on disk for the next process.
    Several threads may call it; one encodes at a time.

    Args:
        build: makes the tower.
        pace: how long an image takes.
        store: where vectors are kept from one run to the next, if they are.
        most_bytes: how much memory the kept vectors may take.
    """

    def __init__(
        self,
        build: Callable[[], Encoder],
        pace: Pace,
        *,
        store: VectorStore | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._build = build
        self._pace = pace
        self._store = store
        self._most_bytes = most_bytes
        self._encoder: Encoder | None = None
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, progress: Progress) -> None:
        """Build the tower now, if it is not there yet."""
        with self._lock:
            self._ready(progress)

    def are_kept(self, squares: Sequence[np.ndarray]) -> bool:
        """Whether none of these images, [N, N, 3] uint8 each, would have to be encoded."""
        with self._lock:
            return all(self._is_kept(pixels_sha256(square)) for square in squares)

    def of(self, squares: Sequence[np.ndarray], progress: Progress) -> list[np.ndarray]:
        """The vectors of images, [M, D] float32 each, read-only.

        Args:
            squares: [N, N, 3] uint8 each, as `osler.imaging.normalise.fit` makes them.
            progress: told of each image that has to be encoded.
        """
        with self._lock:
            digests = [pixels_sha256(square) for square in squares]
            found = {digest: vectors for digest in digests if (vectors := self._look_up(digest)) is not None}
            new = {digest: square for digest, square in zip(digests, squares, strict=True) if digest not in found}
            for number, (digest, square) in enumerate(new.items()):
                encoder = self._ready(progress)
                found[digest] = self._kept[digest] = self._encode(encoder, square, number, len(new), progress)
                if self._store is not None:
                    self._store.put(digest, found[digest])
            for digest in digests:
                self._kept.move_to_end(digest)
            self._forget()
        return [found[digest] for digest in digests]

    def _is_kept(self, digest: str) -> bool:
        return digest in self._kept or (self._store is not None and self._store.has(digest))

    def _look_up(self, digest: str) -> np.ndarray | None:
        """What is kept of an image, in memory from now on."""
        if digest not in self._kept and self._store is not None:
            stored = self._store.get(digest)
            if stored is not None:
                self._kept[digest] = stored
        return self._kept.get(digest)

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
