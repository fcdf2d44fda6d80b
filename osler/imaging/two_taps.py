"""Resizing as Big Vision's pipelines do it: each pixel from the four nearest ones, whatever the picture's size.

The numbers are those of ``tf.image.resize(…, "bilinear", antialias=False)`` cut to whole ones, which MedSigLIP was
trained with and its published scores need (reference/medgemma.md 8). Of a large picture most pixels are never looked
at; Pillow and Hugging Face's processor average over all of them instead.

Source: tensorflow/core/kernels/image/resize_bilinear_op.cc and image_resizer_state.h (HalfPixelScaler).
"""

import numpy as np

from osler.imaging.square import Square

__all__ = ["fit_two_taps"]


def fit_two_taps(pixels: np.ndarray, size_px: int, *, pad: bool = True) -> np.ndarray:
    """[Y, X, 3] uint8 to [N, N, 3] uint8.

    Args:
        pixels: the picture.
        size_px: N.
        pad: as if padded to a square with black first (`osler.imaging.square`); without, the picture is stretched.
    """
    height, width = pixels.shape[:2]
    square = Square(width_px=width, height_px=height)
    side = square.side_px
    top, bottom, down = _taps(side if pad else height, size_px)
    left, right, across = _taps(side if pad else width, size_px)
    shift_y, shift_x = (square.top_px, square.left_px) if pad else (0, 0)

    def at(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return _sample(pixels, rows - shift_y, columns - shift_x)

    def between(rows: np.ndarray) -> np.ndarray:
        first = at(rows, left)
        return first + (at(rows, right) - first) * across[None, :, None]

    upper = between(top)
    return (upper + (between(bottom) - upper) * down[:, None, None]).astype(np.uint8)


def _taps(source_px: int, size_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of N places: the pixels before and after it, and how far it lies between them, [N] each."""
    scale = np.float32(source_px) / np.float32(size_px)
    place = (np.arange(size_px, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    before = np.floor(place)
    low = np.maximum(before, 0).astype(np.int64)
    high = np.minimum(np.ceil(place), source_px - 1).astype(np.int64)
    return low, high, place - before


def _sample(pixels: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """[N, N, 3] float32; black where a row or column lies outside."""
    height, width = pixels.shape[:2]
    inside_y, inside_x = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    found = pixels[np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))].astype(np.float32)
    found[~inside_y] = 0
    found[:, ~inside_x] = 0
    return found
