import numpy as np

from osler.imaging.window import window


def test_the_ends_of_a_window_are_black_and_white_and_all_beyond_is_clipped():
    hu = np.array([-3000, -1024, 1024, 3000], np.int32)
    assert window(hu, -1024, 1024).tolist() == [0, 0, 255, 255]


def test_levels_are_rounded_not_cut():
    assert window(np.array([0, 1, 2, 79, 80]), 0, 80).tolist() == [0, 3, 6, 252, 255]


def test_small_integer_types_do_not_overflow():
    assert window(np.array([-128, 127], np.int8), -1024, 1024).tolist() == [112, 143]


def test_shape_is_kept_and_the_input_untouched():
    hu = np.full((3, 4), 40, np.int16)
    assert window(hu, 0, 80).shape == (3, 4)
    assert (hu == 40).all()
