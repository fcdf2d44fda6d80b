"""Resizing from the four nearest pixels, held to its formula."""

import numpy as np
import pytest

from osler.imaging.square import pad_to_square
from osler.imaging.two_taps import fit_two_taps


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def column(values: list[int]) -> np.ndarray:
    """A square whose every row is `values`."""
    return np.repeat(np.tile(np.array(values, np.uint8), (len(values), 1))[:, :, None], 3, axis=2)


@pytest.mark.parametrize(
    ("values", "size", "wanted"),
    [
        ([0, 100], 4, [0, 25, 75, 100]),  # places -0.25, 0.25, 0.75, 1.25
        ([10, 20, 30, 40], 2, [15, 35]),  # 0.5 and 2.5: between two pixels
        ([9, 50, 9, 9, 70, 9], 2, [50, 70]),  # 1 and 4: what lies between is never looked at
        ([0, 1], 4, [0, 0, 0, 1]),  # cut, not rounded
    ],
)
def test_a_pixel_comes_from_its_two_neighbours_a_side(values, size, wanted):
    assert fit_two_taps(column(values), size)[0, :, 0].tolist() == wanted


@pytest.mark.parametrize("shape", [(448, 448), (300, 1000), (1001, 37), (5, 3), (1, 1)])
def test_padding_is_that_of_the_padded_square(shape):
    pixels = picture(*shape)
    assert np.array_equal(fit_two_taps(pixels, 56), fit_two_taps(pad_to_square(pixels), 56))


def test_without_padding_a_picture_is_stretched():
    pixels = np.full((10, 90, 3), 200, np.uint8)
    assert (fit_two_taps(pixels, 32, pad=False) == 200).all()
    assert (fit_two_taps(pixels, 32)[0] == 0).all()


def test_a_picture_of_the_right_size_stays_as_it_is():
    pixels = picture(56, 56)
    assert np.array_equal(fit_two_taps(pixels, 56), pixels)
