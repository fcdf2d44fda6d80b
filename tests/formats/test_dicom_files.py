"""Every DICOM file of pydicom's and pydicom-data's own test sets: an image, or an error that names the reason."""

import re

import numpy as np
import pydicom
import pytest

from osler.errors import InputError
from osler.formats.dicom_header import read_header
from osler.tasks.film import plan_film
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom_files import dicom_files

FILES = dicom_files()
UNNAMED = re.compile(r"damaged, cut off or of a variant that is not read \((\w+)\)")


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_file_is_an_image_or_an_error_that_names_the_reason(path):
    try:
        header = read_header(path)
        images = plan_film([header], StudyOptions()).develop(None).images
    except InputError as error:
        assert path.name in error.message
        assert not UNNAMED.search(error.message), error.message
        return
    for image in images:
        assert image.pixels.dtype == np.uint8
        assert image.pixels.shape == (header.rows, header.columns, 3)
        assert image.pixels.min() < image.pixels.max()


def test_both_sets_are_there():
    assert len(FILES) > 150


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stat().st_size < 3_000_000], ids=lambda path: path.name
)
def test_stored_values_are_those_of_pydicom_s_own_pixel_array(path):
    """The same values as pydicom decodes by the file as a whole, where it can."""
    from osler.formats.dicom import read_dicom

    try:
        stored = read_dicom(path).stored
        dataset = pydicom.dcmread(path, force=True)
        expected = dataset.pixel_array
    except Exception:
        pytest.skip("one of the two does not read it")
    first = expected[0] if int(dataset.get("NumberOfFrames") or 1) > 1 else expected
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        if not dataset.original_encoding[1]:
            pytest.skip("pydicom takes a big endian palette's words for little endian ones")
        first = pydicom.pixels.apply_color_lut(first, dataset)
    assert np.array_equal(stored, first)


TWINS = [
    ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm"),
    ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm"),
    ("SC_rgb.dcm", "SC_rgb_expb.dcm"),
    ("SC_rgb_16bit.dcm", "SC_rgb_expb_16bit.dcm"),
    ("SC_rgb_32bit.dcm", "SC_rgb_rle_32bit.dcm"),
    ("liver.dcm", "liver_expb.dcm"),
    ("rtdose.dcm", "rtdose_rle.dcm"),
    ("RG1_UNCR.dcm", "RG1_J2KR.dcm"),
    ("US1_UNCR.dcm", "US1_J2KR.dcm"),
    ("693_UNCR.dcm", "693_J2KR.dcm"),
    ("emri_small.dcm", "emri_small_jpeg_ls_lossless.dcm"),
    ("emri_small.dcm", "emri_small_big_endian.dcm"),
]


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_the_same_image_in_another_encoding_has_the_same_values(one, other):
    from osler.formats.dicom import read_dicom

    named = {path.name: path for path in FILES}
    for frame in range(min(2, read_header(named[one]).num_frames)):
        assert np.array_equal(read_dicom(named[one], frame).stored, read_dicom(named[other], frame).stored)
