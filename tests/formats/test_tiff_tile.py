import io

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.formats.tiff_tile import TileForm, decode_tile

SMOOTH = np.stack(np.broadcast_arrays(np.arange(64)[:, None] * 3, np.arange(48)[None, :] * 5, 90), axis=-1)
TILE = SMOOTH.astype(np.uint8)


def stored(pixels: np.ndarray, compression: str, **options) -> tuple[bytes, TileForm]:
    """The one strip of a TIFF file that Pillow writes, and how it is written."""
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, "TIFF", compression=compression, **options)
    tags = Pillow.open(stream).tag_v2
    assert len(tags[273]) == 1
    form = TileForm(
        samples=tags.get(277, 1),
        compression=tags[259],
        photometric=tags[262],
        predictor=tags.get(317, 1),
        jpeg_tables=tags.get(347, b""),
    )
    return stream.getvalue()[tags[273][0] :][: tags[279][0]], form


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd"])
def test_lossless_tiles_come_out_as_they_went_in(compression):
    data, form = stored(TILE, compression, strip_size=10**6)
    np.testing.assert_array_equal(decode_tile(data, 48, 64, form), TILE)


def test_a_predictor_is_undone():
    data, form = stored(TILE, "tiff_lzw", strip_size=10**6, tiffinfo={317: 2})
    assert form.predictor == 2
    np.testing.assert_array_equal(decode_tile(data, 48, 64, form), TILE)


def test_a_jpeg_tile_with_tables_apart_is_decoded():
    data, form = stored(TILE, "jpeg", strip_size=10**6, quality=95)
    assert form.jpeg_tables
    assert np.abs(decode_tile(data, 48, 64, form).astype(int) - TILE).max() <= 6


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_tile_of_luminance_and_colour_becomes_rgb(subsampling):
    stream = io.BytesIO()
    Pillow.fromarray(TILE).save(stream, "JPEG", quality=95, subsampling=subsampling)
    form = TileForm(samples=3, compression=7, photometric=6, predictor=1, jpeg_tables=b"")
    assert np.abs(decode_tile(stream.getvalue(), 48, 64, form).astype(int) - TILE).mean() < 3


def test_a_jpeg_2000_tile_is_decoded():
    stream = io.BytesIO()
    Pillow.fromarray(TILE).save(stream, "JPEG2000", no_jp2=True, irreversible=False)
    form = TileForm(samples=3, compression=33005, photometric=2, predictor=1, jpeg_tables=b"")
    np.testing.assert_array_equal(decode_tile(stream.getvalue(), 48, 64, form), TILE)


def test_a_grey_tile_stays_grey():
    data, form = stored(TILE[:, :, 0], "tiff_lzw", strip_size=10**6)
    np.testing.assert_array_equal(decode_tile(data, 48, 64, form), TILE[:, :, 0])


def test_a_fourth_sample_is_left_out():
    data = np.dstack([TILE, np.full((64, 48), 7, np.uint8)]).tobytes()
    form = TileForm(samples=4, compression=1, photometric=2, predictor=1, jpeg_tables=b"")
    np.testing.assert_array_equal(decode_tile(data, 48, 64, form), TILE)


def test_a_jpeg_2000_tile_of_another_size_is_refused_before_it_is_decoded():
    stream = io.BytesIO()
    Pillow.fromarray(TILE).save(stream, "JPEG2000", no_jp2=True)
    form = TileForm(samples=3, compression=33005, photometric=2, predictor=1, jpeg_tables=b"")
    with pytest.raises(ValueError, match="another size"):
        decode_tile(stream.getvalue(), 40, 64, form)


@pytest.mark.parametrize("compression", [1, 5, 7, 8, 33005])
def test_damaged_tiles_raise(compression):
    form = TileForm(samples=3, compression=compression, photometric=2, predictor=1, jpeg_tables=b"")
    with pytest.raises((OSError, ValueError, SyntaxError)):
        decode_tile(b"\x00\x01 not a tile", 48, 64, form)
