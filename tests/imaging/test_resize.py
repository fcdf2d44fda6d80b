import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.imaging import resize as module
from osler.imaging.resize import resize, resize_padded
from osler.imaging.square import pad_to_square


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_halving_takes_neighbours_into_account():
    """Pillow's antialiased triangle: of 4 columns to 2, the weights of the first are 3/7, 3/7, 1/7."""
    row = np.array([[10, 30, 110, 250]] * 4, np.uint8)
    halved = resize(np.repeat(row[:, :, None], 3, axis=2), 2)
    assert halved[0, :, 0].tolist() == [round((3 * 10 + 3 * 30 + 110) / 7), round((30 + 3 * 110 + 3 * 250) / 7)]


def test_a_picture_of_the_right_size_is_unchanged():
    picture = noise(8, 8)
    assert np.array_equal(resize(picture, 8), picture)


def test_without_padding_the_aspect_is_not_kept():
    picture = np.zeros((4, 8, 3), np.uint8)
    picture[:2] = 200
    assert resize(picture, 4)[:, 0, 0].tolist() == [200, 200, 0, 0]


@settings(deadline=None, max_examples=60)
@given(height=st.integers(1, 70), width=st.integers(1, 70), size=st.integers(1, 40), band=st.integers(1, 5000))
def test_banded_padding_equals_padding_first_bit_for_bit(height, width, size, band):
    picture = noise(height, width)
    before, module.BAND_PIXELS = module.BAND_PIXELS, band
    try:
        banded = resize_padded(picture, size)
    finally:
        module.BAND_PIXELS = before
    assert np.array_equal(banded, resize(pad_to_square(picture), size))


@pytest.mark.parametrize("shape", [(1500, 300), (300, 1500), (896, 896), (896, 500), (1, 1200)])
def test_pictures_of_real_sizes_are_padded_the_same_way(shape):
    picture = noise(*shape)
    assert np.array_equal(resize_padded(picture, 896), resize(pad_to_square(picture), 896))


def test_a_long_picture_needs_no_square_of_its_length():
    strip = np.full((8_000, 4, 3), 255, np.uint8)
    tracemalloc.start()
    small = resize_padded(strip, 32)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert small.shape == (32, 32, 3)
    assert peak < 60e6  # the square alone would take 192e6
