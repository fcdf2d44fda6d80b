import numpy as np

from osler.imaging.digest import pixels_sha256

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def test_the_digest_is_that_of_header_and_bytes():
    from hashlib import sha256

    assert pixels_sha256(PIXELS) == sha256(b"|u1 2x4x3\n" + bytes(range(24))).hexdigest()


def test_memory_layout_makes_no_difference():
    assert pixels_sha256(np.asfortranarray(PIXELS)) == pixels_sha256(PIXELS)
    assert pixels_sha256(np.repeat(PIXELS, 2, axis=0)[::2]) == pixels_sha256(PIXELS)
    wide = PIXELS.astype(np.uint16)
    assert pixels_sha256(wide.astype(">u2")) == pixels_sha256(wide)


def test_shape_type_and_values_make_a_difference():
    changed = PIXELS.copy()
    changed[1, 1, 1] ^= 1
    others = [PIXELS.reshape(4, 2, 3), PIXELS.astype(np.int8), changed]
    assert len({pixels_sha256(pixels) for pixels in [PIXELS, *others]}) == 4
