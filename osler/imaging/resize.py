"""Resizing to the network's square, as Pillow does it (bilinear, antialiased, on 8 bits)."""

import numpy as np
from PIL import Image as Pillow

from osler.imaging.square import square_around

__all__ = ["resize", "resize_padded"]

BAND_PIXELS = 2**22


def resize(pixels: np.ndarray, size_px: int) -> np.ndarray:
    """Stretch [Y, X, 3] uint8 to [N, N, 3] uint8."""
    return np.asarray(Pillow.fromarray(pixels).resize((size_px, size_px), Pillow.Resampling.BILINEAR))


def resize_padded(pixels: np.ndarray, size_px: int) -> np.ndarray:
    """`resize(pad_to_square(pixels))`, bit for bit, without ever holding the padded square.

    Pillow resizes columns first, then rows, and each of its first pass's rows depends on nothing but itself. So bands
    of rows are padded and narrowed one by one, and black rows, which stay black, are added afterwards: a picture of
    20,000 × 1,000 pixels costs 100 megabytes instead of 1.2 gigabytes.
    """
    square = square_around(pixels)
    narrowed = np.zeros((square.side_px, size_px, 3), np.uint8)  # [S, N, 3]
    step = max(1, BAND_PIXELS // square.side_px)
    for start in range(0, square.height_px, step):
        band = _pad_columns(pixels[start : start + step], square.left_px, square.side_px)
        rows = band.shape[0]
        resized = Pillow.fromarray(band).resize((size_px, rows), Pillow.Resampling.BILINEAR)
        narrowed[square.top_px + start : square.top_px + start + rows] = np.asarray(resized)
    return resize(narrowed, size_px)


def _pad_columns(band: np.ndarray, left_px: int, side_px: int) -> np.ndarray:
    """[rows, X, 3] to [rows, S, 3], black on both sides."""
    right = side_px - band.shape[1] - left_px
    return np.ascontiguousarray(band) if side_px == band.shape[1] else np.pad(band, ((0, 0), (left_px, right), (0, 0)))
