import numpy as np

from osler.imaging.proportions import square_pixels

RAMP = np.arange(12, dtype=np.int32).reshape(3, 4) * 10


def test_square_pixels_are_left_alone():
    assert square_pixels(RAMP, 0.7, 0.7) is RAMP
    assert square_pixels(RAMP, 0.7, 0.704) is RAMP


def test_coarse_rows_become_as_many_as_columns_are_fine():
    squared = square_pixels(RAMP, 4.0, 1.0)
    assert squared.shape == (12, 4)
    assert squared.dtype == np.int32
    assert squared[:, 0].tolist() == [0, 0, 5, 15, 25, 35, 45, 55, 65, 75, 80, 80]


def test_coarse_columns_become_as_many_as_rows_are_fine():
    np.testing.assert_array_equal(square_pixels(RAMP.T, 1.0, 4.0), square_pixels(RAMP, 4.0, 1.0).T)


def test_real_numbers_stay_real():
    squared = square_pixels(np.array([[0.0], [1.0]], np.float32), 2.0, 1.0)
    assert squared.dtype == np.float32
    assert squared[:, 0].tolist() == [0.0, 0.25, 0.75, 1.0]


def test_needles_do_not_take_memory():
    assert max(square_pixels(RAMP, 1e6, 1e-6).shape) <= 2048
