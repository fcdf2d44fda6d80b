import numpy as np
import pytest

from osler.imaging.tissue import cell_means, is_tissue, luminance


def test_luminance_is_pillow_s_to_one_level():
    from PIL import Image as Pillow

    pixels = np.random.default_rng(3).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    expected = np.asarray(Pillow.fromarray(pixels).convert("L")).astype(int)
    assert np.abs(luminance(pixels).astype(int) - expected).max() <= 1


def test_means_of_whole_cells_are_block_means():
    values = np.random.default_rng(4).integers(0, 256, (6, 8))
    means = cell_means(values, np.arange(0, 7, 3), np.arange(0, 9, 4))
    np.testing.assert_allclose(means, values.reshape(2, 3, 2, 4).mean(axis=(1, 3)))


def test_a_pixel_on_a_line_counts_by_its_share():
    values = np.array([[0.0, 100.0, 0.0]])
    np.testing.assert_allclose(cell_means(values, np.array([0, 1]), np.array([0, 1.25, 3])), [[20.0, 75 / 1.75]])


def test_cells_need_not_begin_at_the_edge():
    values = np.arange(12.0).reshape(3, 4)
    means = cell_means(values, np.array([0.5, 1.5]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(means, [[(1.5 + 5.5) / 2]])


def test_fractional_cells_equal_the_means_of_a_picture_eight_times_as_large():
    values = np.random.default_rng(5).integers(0, 256, (7, 9)).astype(float)
    rows, columns = np.array([0, 2.125, 4.5, 7]), np.array([0.375, 3, 8.75])
    large = values.repeat(8, axis=0).repeat(8, axis=1)
    bounds = (rows * 8).astype(int), (columns * 8).astype(int)
    expected = [
        [large[top:bottom, left:right].mean() for left, right in zip(bounds[1], bounds[1][1:], strict=False)]
        for top, bottom in zip(bounds[0], bounds[0][1:], strict=False)
    ]
    np.testing.assert_allclose(cell_means(values, rows, columns), expected)


@pytest.mark.parametrize(("mean", "expected"), [(0.0, False), (1.0, True), (204.0, True), (205.0, False)])
def test_tissue_is_neither_black_nor_bright(mean, expected):
    assert bool(is_tissue(np.array(mean))) is expected
