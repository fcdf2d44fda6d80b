"""Padding to a square, and back from its coordinates to the image's own.

The picture stands in the middle, black around it; of an odd number of missing pixels the smaller half goes first::

    5 × 2 pixels        ┌─────┐ 0
                        │░░░░░│       missing 3: 1 above, 2 below
                        │█████│ 1
                        │█████│ 2
                        │░░░░░│
                        │░░░░░│
                        └─────┘ 5

Source: pad_to_square of the official localisation notebook and container, "method performed in training"
(reference/medgemma.md 3, 10d, 11, 14). Hugging Face's processor stretches instead.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Square", "pad_to_square", "square_around"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """The padded square around an image of `width_px` × `height_px`."""

    width_px: int
    height_px: int

    @property
    def side_px(self) -> int:
        return max(self.width_px, self.height_px)

    @property
    def left_px(self) -> int:
        """Columns of padding before the image."""
        return (self.side_px - self.width_px) // 2

    @property
    def top_px(self) -> int:
        """Rows of padding above the image."""
        return (self.side_px - self.height_px) // 2

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """From fractions of the square (0 to 1) to the image's pixels, clipped to its edges.

        >>> Square(width_px=200, height_px=100).to_image(0.25, 0.75)
        (50.0, 100.0)
        """
        x_px = x * self.side_px - self.left_px
        y_px = y * self.side_px - self.top_px
        return min(max(x_px, 0.0), float(self.width_px)), min(max(y_px, 0.0), float(self.height_px))

    def from_image(self, x_px: float, y_px: float) -> tuple[float, float]:
        """From the image's pixels to fractions of the square.

        >>> Square(width_px=200, height_px=100).from_image(50, 100)
        (0.25, 0.75)
        """
        return (x_px + self.left_px) / self.side_px, (y_px + self.top_px) / self.side_px


def square_around(pixels: np.ndarray) -> Square:
    """The square around an image of [Y, X] or [Y, X, C]."""
    return Square(width_px=pixels.shape[1], height_px=pixels.shape[0])


def pad_to_square(pixels: np.ndarray) -> np.ndarray:
    """Pad [Y, X, C] with zeros to [S, S, C], S = max(Y, X); a square comes back as it is."""
    square = square_around(pixels)
    below = square.side_px - square.height_px - square.top_px
    right = square.side_px - square.width_px - square.left_px
    if not (square.top_px or square.left_px or below or right):
        return pixels
    return np.pad(pixels, ((square.top_px, below), (square.left_px, right), (0, 0)))
