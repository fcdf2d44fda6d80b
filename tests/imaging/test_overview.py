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


def test_a_patch_far_larger_than_the_picture_shows_its_corner_alone():
    half_grey = square(90)
    half_grey[:32, :32] = 200
    side_px = 10**11  # enlarged whole, its sides would not fit 32 bits
    picture = overview([half_grey], [(0, 0, side_px, side_px)], (10, 10), 80)
    assert (picture == 200).all()


def test_what_lies_beyond_the_edge_is_left_out():
    half_grey = square(200)
    half_grey[:, 32:] = 90
    picture = overview([half_grey], [(500, 0, 1000, 1000)], (1000, 1000), 80)
    assert (picture[:, 40:] == 200).all()
    assert (picture[:, :40] == GROUND).all()
