import numpy as np
import pytest

from osler.imaging.tiles import tile_regions


@pytest.mark.parametrize(("width", "height", "columns", "rows"), [(10, 10, 2, 2), (7, 5, 3, 2), (2500, 2048, 4, 3)])
def test_parts_cover_every_pixel_once(width, height, columns, rows):
    hits = np.zeros((height, width), int)
    for x, y, across, down in tile_regions(width, height, columns, rows):
        hits[y : y + down, x : x + across] += 1
    assert (hits == 1).all()


def test_parts_differ_by_one_pixel_at_most():
    widths = {width for _, _, width, _ in tile_regions(100, 10, 7, 1)}
    assert widths == {14, 15}


def test_rows_go_from_above_and_each_from_left_to_right():
    assert [(x, y) for x, y, _, _ in tile_regions(4, 4, 2, 2)] == [(0, 0), (2, 0), (0, 2), (2, 2)]
