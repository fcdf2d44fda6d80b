import numpy as np
import pytest

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


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64])
@pytest.mark.parametrize("limits", [(-1024, 1024), (-135, 215), (0, 80), (-160.5, 239.5)])
def test_whole_and_real_numbers_give_the_same_levels(kind, limits):
    low, high = max(np.iinfo(kind).min, -2000), min(np.iinfo(kind).max, 2000)
    values = np.arange(low, high + 1).astype(kind)
    assert np.array_equal(window(values, *limits), window(values.astype(np.float64), *limits))


@pytest.mark.parametrize("limits", [(-3e9, 3e9), (2**40, 2**40 + 10), (0, 2**20)])
def test_windows_far_beyond_any_image_s_values_do_not_overflow(limits):
    values = np.array([-5, 0, 1000], np.int32)
    assert np.array_equal(window(values, *limits), window(values.astype(np.float64), *limits))


def test_a_rescale_is_applied_first():
    stored = np.array([[0, 100, 200]], np.uint16)
    assert window(stored, 0, 80, slope=0.5, intercept=-10).tolist() == [[0, 128, 255]]


def test_tall_pictures_are_windowed_throughout():
    values = np.repeat(np.arange(1000, dtype=np.int16)[:, None], 2, axis=1)
    assert np.array_equal(window(values, 0, 999)[:, 1], np.round(np.arange(1000) / 999 * 255))
