import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.errors import InputError
from osler.formats.detect import detect
from osler.testing.dicom import make_dicom

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def written(path, content: bytes):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp", "bmp"])
def test_pictures_are_told_by_content_whatever_their_name(tmp_path, kind):
    path = tmp_path / "film.dcm"
    Pillow.fromarray(PIXELS).save(path, kind)
    assert detect(path) == kind


def test_dicom_is_told_by_its_mark_after_the_preamble(tmp_path):
    assert detect(make_dicom(tmp_path / "film.png", PIXELS[:, :, 0])) == "dicom"


def test_a_dicom_file_whose_preamble_is_a_tiff_header_is_dicom(tmp_path):
    path = make_dicom(tmp_path / "film", PIXELS[:, :, 0])
    content = path.read_bytes()
    assert detect(written(path, b"II*\0" + content[4:])) == "dicom"


@pytest.mark.parametrize("start", [128, 132], ids=["with its mark", "bare"])
def test_dicom_without_preamble_is_told_by_its_first_elements(tmp_path, start):
    path = make_dicom(tmp_path / "film", PIXELS[:, :, 0])
    content = path.read_bytes()
    if start == 128:
        content = b"\0" * 128 + content[128:]
        start = 0
    assert detect(written(path, content[start:])) == "dicom"


def test_implicit_and_big_endian_elements_are_told_too(tmp_path):
    implicit = struct.pack("<HHI", 8, 5, 10) + b"ISO_IR 100" + struct.pack("<HHI", 8, 8, 2) + b"A "
    big = struct.pack(">HH2sH", 8, 5, b"CS", 10) + b"ISO_IR 100" + struct.pack(">HH2sH", 8, 8, b"CS", 2) + b"A "
    assert detect(written(tmp_path / "a", implicit + b"\0" * 64)) == "dicom"
    assert detect(written(tmp_path / "b", big + b"\0" * 64)) == "dicom"


def test_text_that_begins_like_a_group_number_is_no_dicom(tmp_path):
    with pytest.raises(InputError):
        detect(written(tmp_path / "a", b"\x08\x00\x05\x00" + b"no DICOM at all, only prose " * 10))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"GIF89a" + b"\0" * 20, "a GIF"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x1f\x8b\x08\0", "gzip-compressed"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\0" * 344 + b"n+1\0", "a NIfTI volume"),
        (b"GGUF\3\0\0\0", "a GGUF checkpoint"),
        (b"\0\0\0\x18ftypheic", "a HEIC or AVIF picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    ],
)
def test_known_kinds_that_are_not_read_are_named_with_a_hint(tmp_path, content, name):
    with pytest.raises(InputError, match=f"got {name}") as caught:
        detect(written(tmp_path / "film.png", content))
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"x", b"just some words", b"BM is how this prose begins", bytes(400)])
def test_anything_else_is_refused_with_what_is_read(tmp_path, content):
    with pytest.raises(InputError, match="expected PNG, JPEG, TIFF, WebP, BMP or DICOM"):
        detect(written(tmp_path / "film.png", content))
