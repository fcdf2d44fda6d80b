import numpy as np
import pytest

from osler.imaging.patches import PATCH_PX, cell_edges, grid_shape, random_choice, reduce_patch


@pytest.mark.parametrize(
    ("size", "expected"), [((1792, 896), (1, 2)), ((1791, 1792), (2, 1)), ((100, 100), (1, 1)), ((2700, 2000), (2, 3))]
)
def test_only_whole_patches_count_but_there_is_always_one(size, expected):
    assert grid_shape(*size, PATCH_PX) == expected


def test_edges_lie_evenly_and_may_be_fractions():
    np.testing.assert_allclose(cell_edges(3, 112.06), [0, 112.06, 224.12, 336.18])


def test_a_draw_is_in_order_without_repetition_and_hangs_on_its_seed():
    drawn = random_choice(1000, 125, seed=1)
    assert len(set(drawn)) == 125
    assert list(drawn) == sorted(drawn)
    assert drawn == random_choice(1000, 125, seed=1)
    assert drawn != random_choice(1000, 125, seed=2)


def test_a_draw_reaches_all_parts():
    assert {index // 100 for index in random_choice(1000, 125, seed=0)} == set(range(10))


def test_reducing_by_a_whole_factor_is_the_mean_of_blocks():
    pixels = np.random.default_rng(6).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    expected = pixels.reshape(8, 3, 8, 3, 3).mean(axis=(1, 3))
    assert np.abs(reduce_patch(pixels, 8) - expected).max() <= 1


def test_a_patch_of_the_right_size_is_left_alone():
    pixels = np.zeros((PATCH_PX, PATCH_PX, 3), np.uint8)
    assert reduce_patch(pixels) is pixels
