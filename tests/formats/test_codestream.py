import io

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.formats.codestream import CodestreamSize, rle_bytes, size_of, sound_scan

COLOUR = np.random.default_rng(0).integers(0, 256, (13, 21, 3), dtype=np.uint8)


def encoded(kind: str, pixels=COLOUR, **options) -> bytes:
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"comment": b"a long comment " * 50}])
def test_a_jpeg_s_size_is_found_among_its_markers(options):
    assert size_of(encoded("JPEG", **options)) == CodestreamSize(width_px=21, height_px=13, components=3)


@pytest.mark.parametrize("options", [{"no_jp2": True}, {"no_jp2": False}])
def test_a_jpeg_2000_s_size_is_found_with_and_without_boxes(options):
    assert size_of(encoded("JPEG2000", **options)) == CodestreamSize(width_px=21, height_px=13, components=3)


def test_grey_has_one_component():
    assert size_of(encoded("JPEG", COLOUR[:, :, 0])).components == 1


def test_fill_bytes_between_markers_are_passed_over():
    content = encoded("JPEG")
    assert size_of(content[:2] + b"\xff\xff\xff" + content[2:]) == size_of(content)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_a_beginning_that_is_cut_off_has_no_size(kind):
    content = encoded(kind)
    for length in range(24):
        assert size_of(content[:length]) is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x89PNG\r\n", b"\xff\xd8no marker", b"\0" * 100])
def test_anything_else_has_no_size(content):
    assert size_of(content) is None


def test_random_bytes_after_a_good_beginning_end_without_an_error():
    rng = np.random.default_rng(1)
    for beginning in (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "):
        for _ in range(50):
            size_of(beginning + rng.bytes(200))


def test_repeats_and_literals_are_counted():
    assert rle_bytes(bytes([3, 1, 2, 3, 4, 257 - 128, 7, 128, 0, 9]), 10**6) == 4 + 128 + 1


def test_counting_stops_once_the_limit_is_passed():
    assert rle_bytes(bytes([129, 0]) * 1000, 300) == 384


@pytest.mark.parametrize("pixels", [COLOUR, COLOUR[:, :, 0]])
def test_a_scan_header_of_zeros_is_set_right(pixels):
    content = encoded("JPEG", pixels)
    end = content.index(b"\x00\x3f\x00", content.index(b"\xff\xda")) + 3
    assert sound_scan(content[: end - 3] + b"\0\0\0" + content[end:]) == content
    assert sound_scan(content) == content


def test_other_scans_and_other_data_are_left_alone():
    for content in (encoded("JPEG", progressive=True), encoded("JPEG2000"), b"", b"\xff\xd8\xff\xda"):
        assert sound_scan(content) == content
