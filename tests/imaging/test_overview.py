"""Patches in their places."""

import numpy as np

from osler.imaging.overview import BEYOND, GROUND, overview


def square(level: int) -> np.ndarray:
    return np.full((64, 64, 3), level, np.uint8)


def test_patches_lie_where_they_were_cut_out():
    picture = overview([square(200), square(90)], [(0, 0, 500, 500), (1500, 500, 500, 500)], (2000, 1000), 80)
    # 2000 × 1000 in 80 × 80: rows 20 to 60; a patch takes 20 × 20
    assert picture.shape == (80, 80, 3)
    assert (picture[20:40, 0:20] == 200).all()
    assert (picture[40:60, 60:80] == 90).all()
    assert (picture[20:40, 20:] == GROUND).all()
    assert (picture[:20] == BEYOND).all()
    assert (picture[60:] == BEYOND).all()


def test_a_tall_picture_stands_in_the_middle():
    picture = overview([], [], (1000, 4000), 80)
    assert (picture[:, 30:50] == GROUND).all()
    assert (picture[:, :30] == BEYOND).all()


def test_the_smallest_patch_is_a_pixel():
    picture = overview([square(200)], [(50_000, 50_000, 10, 10)], (100_000, 100_000), 100)
    assert (picture == 200).all(axis=-1).sum() == 1
