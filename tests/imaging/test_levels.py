import numpy as np
import pytest

from osler.imaging.levels import colours
from osler.imaging.window import window

WINDOWS = ((-1024, 1024), (-135, 215), (0, 80))
VALUES = np.random.default_rng(0).integers(-3000, 3000, (40, 50)).astype(np.int32)


@pytest.mark.parametrize("windows", [WINDOWS, ((-135.5, 214.25),), ((-1225, 1025), (-135, 215), (0.5, 80))])
def test_each_window_is_a_channel_and_one_alone_is_grey(windows):
    levels = [window(VALUES, *limits) for limits in windows]
    expected = np.stack(levels if len(levels) == 3 else levels * 3, axis=-1)
    np.testing.assert_array_equal(colours(VALUES, windows), expected)


def test_real_numbers_are_windowed_as_they_are():
    assert colours(np.array([[0.5, 1.5]], np.float32), [(0, 2)])[0, :, 0].tolist() == [64, 191]


@pytest.mark.parametrize("limits", [(-(2**30), 2**30), (2**40, 2**40 + 4)])
def test_windows_too_wide_or_too_far_for_a_table_are_computed(limits):
    values = np.array([[-(2**30), 2**30]], np.int32)
    np.testing.assert_array_equal(colours(values, [limits])[..., 1], window(values.astype(np.float64), *limits))


def test_what_is_no_number_is_black_and_what_is_endless_is_at_the_end():
    values = np.array([[np.nan, -np.inf, np.inf]], np.float32)
    assert colours(values, [(-10, 10)])[0, :, 2].tolist() == [0, 0, 255]
