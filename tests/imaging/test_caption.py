"""A line of text below a picture."""

import numpy as np
import pytest

from osler.imaging.caption import caption

PICTURE = np.full((60, 400, 3), 77, np.uint8)


def test_the_picture_itself_stays_as_it_is():
    assert (caption(PICTURE, "Not for medical use.")[:60] == PICTURE).all()


def test_the_strip_below_holds_black_letters_on_white():
    strip = caption(PICTURE, "Not for medical use.")[60:]
    assert strip.shape[0] > 0
    assert strip.min() == 0
    assert (strip[0] == 255).all()
    assert (caption(PICTURE, "")[60:] == 255).all()


@pytest.mark.parametrize("width", [200, 400, 900])
def test_the_line_ends_inside_the_picture(width):
    strip = caption(np.zeros((9, width, 3), np.uint8), "Demonstration model. Not for use.")[9:]
    assert (strip[:, -2:] == 255).all()


def test_the_letters_grow_with_a_large_picture():
    small, large = (caption(np.zeros((9, width, 3), np.uint8), "Not for use.")[9:] for width in (900, 3600))
    assert large.shape[0] > 3 * small.shape[0]
