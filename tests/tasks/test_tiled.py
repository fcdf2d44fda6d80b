import numpy as np
import pytest

from osler.errors import InputError
from osler.tasks.tiled import num_tiles, tiled
from osler.values import Image, Origin

PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def test_without_tiles_there_is_only_the_whole():
    image = Image(pixels=PIXELS)
    assert tiled(image, None) == (image,)
    assert tiled(image, (1, 1)) == (image,)
    assert num_tiles(None) == num_tiles((1, 1)) == 0


def test_parts_know_where_they_are_and_keep_what_was_done_to_the_whole():
    origin = Origin(kind="frame", number=2, total=3, windows=((0, 80),))
    parts = tiled(Image(pixels=PIXELS, steps=("decoded",), origin=origin), (2, 2))
    assert len(parts) == 5
    assert [(part.origin.number, part.origin.total) for part in parts[1:]] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert parts[4].steps == ("decoded", "part 4 of 4: 4 × 3 pixels from column 3, row 2")
    assert parts[4].origin.windows == ((0, 80),)


def test_parts_are_read_only():
    assert not any(part.pixels.flags.writeable for part in tiled(Image(pixels=PIXELS), (2, 2))[1:])


@pytest.mark.parametrize("tiles", [(0, 2), (2, 0), (-1, -1), (100, 100)])
def test_impossible_numbers_of_parts_are_refused(tiles):
    with pytest.raises(InputError, match="cannot cut"):
        num_tiles(tiles)


def test_fewer_pixels_than_parts_are_refused():
    with pytest.raises(InputError, match="7 × 5 pixels into 8 × 1 parts"):
        tiled(Image(pixels=PIXELS), (8, 1))
