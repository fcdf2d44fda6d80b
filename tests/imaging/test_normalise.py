import numpy as np

from osler.imaging.normalise import LEVELS, fit, network_pixels, normalise
from osler.imaging.resize import resize


def test_black_grey_and_white_become_minus_one_zero_and_one():
    assert (LEVELS[0], LEVELS[255]) == (-1.0, 1.0)
    assert abs(LEVELS[127] + LEVELS[128]) < 1e-7
    assert LEVELS.dtype == np.float32


def test_the_levels_are_those_of_transformers_bit_for_bit():
    """Values printed with Gemma3ImageProcessorPil of transformers 5.23.0 (tests/parity/test_pixels.py compares all)."""
    bits = LEVELS.view(np.uint32)
    assert [hex(bits[level]) for level in (1, 3, 85, 100, 200, 254)] == [
        *["0xbf7dfdfe", "0xbf79f9fa", "0xbeaaaaaa", "0xbe5cdcdc", "0x3f119192", "0x3f7dfdfe"],
    ]


def test_channels_come_before_rows_and_pixels_keep_their_places():
    squares = np.zeros((2, 4, 4, 3), np.uint8)
    squares[1, 2, 3] = (0, 255, 51)
    numbers = normalise(squares)
    assert (numbers.shape, numbers.dtype) == ((2, 3, 4, 4), np.float32)
    assert numbers[1, :, 2, 3].tolist() == [-1.0, 1.0, LEVELS[51]]
    assert (numbers[0] == -1).all()


def test_pictures_of_different_sizes_share_one_batch():
    pictures = [np.full((10, 20, 3), 255, np.uint8), np.full((5, 5, 3), 255, np.uint8)]
    numbers = network_pixels(pictures, 20)
    assert numbers.shape == (2, 3, 20, 20)
    assert numbers[0, 0, :, 0].tolist() == [-1.0] * 5 + [1.0] * 10 + [-1.0] * 5
    assert (numbers[1] == 1).all()


def test_no_pictures_make_an_empty_batch():
    assert network_pixels([], 8).shape == (0, 3, 8, 8)


def test_padding_can_be_turned_off():
    picture = np.full((10, 20, 3), 255, np.uint8)
    assert (network_pixels([picture], 20, pad=False) == 1).all()
    assert np.array_equal(fit(picture, 7, pad=False), resize(picture, 7))


def test_the_caller_s_pixels_are_left_alone():
    picture = np.full((3, 5, 3), 7, np.uint8)
    picture.flags.writeable = False
    network_pixels([picture], 4)
    network_pixels([picture], 4, pad=False)
    assert (picture == 7).all()
