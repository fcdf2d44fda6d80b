import io
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from pydicom.data import get_testdata_file

from osler.errors import InputError
from osler.tasks.images import open_image
from osler.testing.dicom import PATIENT, make_dicom
from osler.values import Image

COLOUR = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def test_a_picture_file_is_opened_with_its_record_and_steps(tmp_path):
    path = tmp_path / "film.png"
    Pillow.fromarray(COLOUR).save(path)
    image = open_image(str(path))
    assert np.array_equal(image.pixels, COLOUR)
    assert (image.file.name, image.file.kind) == ("film.png", "png")
    assert image.file.sha256 == sha256(path.read_bytes()).hexdigest()
    assert image.steps == ("decoded PNG: 7 × 5 pixels, RGB",)


def test_a_dicom_film_is_opened_and_every_step_is_told(tmp_path):
    path = make_dicom(tmp_path / "a.dcm", np.array([[0, 4095]], np.uint16), photometric="MONOCHROME1", bits=12)
    image = open_image(path)
    assert image.pixels.tolist() == [[[255] * 3, [0] * 3]]
    assert image.file.kind == "dicom"
    assert image.steps == (
        "decoded DICOM (Explicit VR Little Endian): 2 × 1 pixels, uint16",
        "whole range 0 to 4095 over 0 to 255, window not applied",
        "MONOCHROME1: low values are bright, turned round",
        "grey repeated in three channels",
    )


def test_a_real_ct_slice_is_opened_in_colour():
    image = open_image(get_testdata_file("CT_small.dcm"))
    assert image.pixels.shape == (128, 128, 3)
    assert (image.pixels[:, :, 0] != image.pixels[:, :, 2]).any()


def test_nothing_of_the_patient_is_in_the_image(tmp_path):
    image = open_image(make_dicom(tmp_path / "a.dcm", np.zeros((4, 4), np.uint16)))
    assert not any(value in str((image.file, image.steps)) for value in PATIENT.values())


def test_16_bit_grey_pictures_are_laid_over_the_whole_range(tmp_path):
    path = tmp_path / "deep.png"
    Pillow.fromarray(np.array([[1000, 2000, 3000]], np.uint16)).save(path)
    image = open_image(path)
    assert image.pixels[0, :, 0].tolist() == [0, 127, 255]
    assert "whole range 1000 to 3000 over 0 to 255" in image.steps


def test_a_float_picture_with_holes_is_refused(tmp_path):
    path = tmp_path / "f.tiff"
    Pillow.fromarray(np.array([[1.0, np.nan]], np.float32)).save(path)
    with pytest.raises(InputError, match="not finite"):
        open_image(path)


def test_a_pillow_picture_is_opened():
    image = open_image(Pillow.fromarray(COLOUR))
    assert np.array_equal(image.pixels, COLOUR)
    assert image.file is None


def test_a_damaged_pillow_picture_is_an_input_error():
    stream = io.BytesIO()
    Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8)).save(stream, "PNG")
    half = Pillow.open(io.BytesIO(stream.getvalue()[:2000]))
    with pytest.raises(InputError, match="cannot use the picture"):
        open_image(half)


def test_a_colour_array_is_opened_as_a_copy():
    source = COLOUR.copy()
    image = open_image(source)
    source[:] = 0
    assert np.array_equal(image.pixels, COLOUR)


def test_a_grey_array_is_repeated_in_three_channels():
    image = open_image(COLOUR[:, :, 0])
    assert np.array_equal(image.pixels[:, :, 2], COLOUR[:, :, 0])


def test_an_image_comes_back_as_it_is():
    image = Image(pixels=COLOUR)
    assert open_image(image) is image


@pytest.mark.parametrize("make", [lambda path: path, lambda _: COLOUR, lambda _: Pillow.fromarray(COLOUR)])
def test_pixels_are_read_only_and_contiguous(tmp_path, make):
    path = tmp_path / "film.png"
    Pillow.fromarray(COLOUR).save(path)
    pixels = open_image(make(path)).pixels
    assert pixels.flags.c_contiguous and not pixels.flags.writeable
    assert COLOUR.flags.writeable


@pytest.mark.parametrize("shape", [(5,), (5, 7, 1), (5, 7, 4), (3, 5, 7), (1, 5, 7, 3), (0, 5)])
def test_arrays_of_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="the array"):
        open_image(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(("kind", "hint"), [("float32", "255"), ("uint16", "which range"), ("bool", "which range")])
def test_arrays_of_other_types_are_refused_with_a_hint(kind, hint):
    with pytest.raises(InputError, match=f"expected uint8, got {kind}") as caught:
        open_image(np.zeros((4, 4), kind))
    assert hint in caught.value.hint


@pytest.mark.parametrize("source", [None, 5, b"bytes", [[1, 2]], {"image": "x"}])
def test_anything_else_is_refused_with_what_is_accepted(source):
    with pytest.raises(InputError, match=f"got {type(source).__name__}") as caught:
        open_image(source)
    assert "a path, a Pillow picture, or an array" in caught.value.message


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0" + b"\0" * 50])
def test_bad_files_are_one_input_error_that_names_the_path(tmp_path, content):
    path = tmp_path / "film.png"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_image(path)
    assert str(path) in caught.value.message


def test_a_path_object_and_its_text_give_the_same(tmp_path):
    path = tmp_path / "film.bmp"
    Pillow.fromarray(COLOUR).save(path)
    assert open_image(Path(path)).file == open_image(str(path)).file
