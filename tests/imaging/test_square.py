import numpy as np
import pytest

from osler.imaging.square import Square, pad_to_square, square_around


def test_the_smaller_half_of_the_padding_goes_first():
    wide = np.full((2, 5, 3), 9, np.uint8)
    assert pad_to_square(wide)[:, 0, 0].tolist() == [0, 9, 9, 0, 0]
    assert pad_to_square(wide.transpose(1, 0, 2))[0, :, 0].tolist() == [0, 9, 9, 0, 0]


def test_the_picture_itself_is_unchanged_and_type_and_channels_stay():
    picture = np.arange(1, 3 * 6 * 3 + 1, dtype=np.uint8).reshape(3, 6, 3)
    padded = pad_to_square(picture)
    assert (padded.shape, padded.dtype) == ((6, 6, 3), np.uint8)
    assert np.array_equal(padded[1:4], picture)
    assert not padded[0].any() and not padded[4:].any()


def test_a_square_is_not_copied():
    square = np.zeros((4, 4, 3), np.uint8)
    assert pad_to_square(square) is square


@pytest.mark.parametrize(("width", "height", "left", "top"), [(5, 2, 0, 1), (2, 5, 1, 0), (7, 7, 0, 0), (1, 8, 3, 0)])
def test_the_square_says_where_the_picture_stands(width, height, left, top):
    square = square_around(np.zeros((height, width, 3)))
    assert (square.left_px, square.top_px, square.side_px) == (left, top, max(width, height))


def test_a_marked_pixel_is_found_again_through_the_square():
    picture = np.zeros((30, 101, 3), np.uint8)
    picture[7, 90] = 255
    (row, column), *_ = np.argwhere(pad_to_square(picture)[:, :, 0])
    side = 101
    assert square_around(picture).to_image(column / side, row / side) == pytest.approx((90, 7))


def test_going_there_and_back_changes_nothing():
    square = Square(width_px=640, height_px=481)
    assert square.to_image(*square.from_image(123.5, 456.25)) == pytest.approx((123.5, 456.25))


def test_points_in_the_padding_are_clipped_to_the_edge():
    square = Square(width_px=100, height_px=50)
    assert square.to_image(1.5, 0.1) == (100.0, 0.0)
    assert square.to_image(-0.5, 0.9) == (0.0, 50.0)
