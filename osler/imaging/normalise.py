"""Pixels to the numbers that the vision tower reads."""

from collections.abc import Sequence

import numpy as np

from osler.imaging.resize import resize, resize_padded

__all__ = ["fit", "network_pixels", "normalise"]

MEAN = np.float32(0.5)
DEVIATION = np.float32(0.5)


def _levels() -> np.ndarray:
    """The value of each of the 256 levels, from -1 to 1, in the arithmetic of transformers' PIL processor.

    There the product with 1/255 is made in float64 and rounded to float32, the rest in float32; mean and deviation
    are 0.5 in all three channels (Gemma3ImageProcessor, reference/medgemma.md 10d).
    """
    scaled = (np.arange(256, dtype=np.float64) * (1 / 255)).astype(np.float32)
    return (scaled - MEAN) / DEVIATION


LEVELS = _levels()
LEVELS.flags.writeable = False


def fit(pixels: np.ndarray, size_px: int, *, pad: bool = True) -> np.ndarray:
    """What the model will see of a picture: [Y, X, 3] uint8 to [N, N, 3] uint8.

    Args:
        pixels: the picture.
        size_px: N, the side of the network's input.
        pad: pad to a square first, as in training; without, the picture is stretched, as in transformers.
    """
    return resize_padded(pixels, size_px) if pad else resize(pixels, size_px)


def normalise(squares: np.ndarray) -> np.ndarray:
    """[I, N, N, 3] uint8 to [I, 3, N, N] float32 in -1..1."""
    return LEVELS[np.ascontiguousarray(squares.transpose(0, 3, 1, 2))]


def network_pixels(images: Sequence[np.ndarray], size_px: int, *, pad: bool = True) -> np.ndarray:
    """Pictures of any sizes ([Y, X, 3] uint8 each) to the network's [I, 3, N, N] float32."""
    squares = np.empty((len(images), size_px, size_px, 3), np.uint8)
    for index, pixels in enumerate(images):
        squares[index] = fit(pixels, size_px, pad=pad)
    return normalise(squares)
