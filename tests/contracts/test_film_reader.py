"""DICOM films and pictures of common formats keep to what every reader keeps to."""

import struct

import numpy as np
import pydicom
import pytest
from contracts.reader import PeakMemory, ReaderContract
from PIL import Image as Pillow

from osler.formats.detect import detect
from osler.formats.dicom import read_dicom
from osler.formats.dicom_header import read_header
from osler.tasks.film import plan_film
from osler.tasks.picture import plan_picture
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom import PATIENT, make_dicom

NOISE = np.random.default_rng(0).integers(0, 4096, (3, 48, 40), dtype=np.uint16)


def sparse(path, frames: int, side_px: int):
    """A sound file of so many black frames that takes no room on the disc."""
    make_dicom(path, np.zeros((2, 2), np.uint8))
    dataset = pydicom.dcmread(path)
    dataset.Rows = dataset.Columns = side_px
    dataset.NumberOfFrames = frames
    dataset.PixelData = b""
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path)
    content = path.read_bytes()
    size = frames * side_px * side_px
    path.write_bytes(content[:-4] + struct.pack("<I", size))
    with path.open("r+b") as file:
        file.truncate(len(content) + size)
    return path


class FilmContract(ReaderContract):
    secrets = (*PATIENT.values(), "Quixote")

    def open(self, path):
        return plan_film([read_header(path)], StudyOptions())

    def read_all(self, opened):
        return [image.pixels for image in opened.develop(None).images]

    @pytest.fixture
    def large(self, tmp_path):
        return sparse(tmp_path / "large.dcm", frames=300, side_px=1024)


class TestMovingFilmReader(FilmContract):
    @pytest.fixture
    def source(self, tmp_path):
        return make_dicom(tmp_path / "here" / "film.dcm", NOISE, frames=3)


class TestCompressedFilmReader(FilmContract):
    @pytest.fixture(params=["rle", "jpeg2000"])
    def source(self, tmp_path, request):
        return make_dicom(tmp_path / "here" / "film.dcm", NOISE[0], compression=request.param)


class PictureContract(ReaderContract):
    cuts = (0.02, 0.3, 0.8)

    def open(self, path):
        from osler.formats.files import check_file

        check_file(path)
        return plan_picture(path, detect(path), StudyOptions())

    def read_all(self, opened):
        return [image.pixels for image in opened.develop(None).images]


class TestPictureReader(PictureContract):
    @pytest.fixture(params=["png", "jpeg", "tiff", "webp", "bmp"])
    def source(self, tmp_path, request):
        path = tmp_path / "here" / "skin"
        path.parent.mkdir()
        Pillow.fromarray((NOISE.transpose(1, 2, 0) // 16).astype(np.uint8)).save(path, request.param)
        return path


def test_a_frame_of_a_large_file_is_read_without_the_others(tmp_path):
    path = sparse(tmp_path / "large.dcm", frames=300, side_px=1024)
    with PeakMemory() as memory:
        assert read_dicom(path, 299).stored.shape == (1024, 1024)
    assert memory.grown_bytes < 2**25


def test_a_film_is_developed_within_ten_bytes_a_pixel(tmp_path):
    """The largest that is read has 179 million pixels: all of it stays below two gigabytes."""
    path = make_dicom(tmp_path / "film.dcm", np.zeros((2, 2), np.uint16), RescaleSlope=0.5, RescaleIntercept=-3)
    content = path.read_bytes()
    pixels = 6_500 * 6_600
    assert content[-8:] == bytes(8)
    content = content[:-12] + struct.pack("<I", 2 * pixels)
    for keyword, number in ((b"\x28\x00\x10\x00", 6_500), (b"\x28\x00\x11\x00", 6_600)):
        place = content.index(keyword) + 8
        content = content[:place] + struct.pack("<H", number) + content[place + 2 :]
    path.write_bytes(content)
    with path.open("r+b") as file:
        file.truncate(len(content) + 2 * pixels)
    with PeakMemory() as memory:
        image = plan_film([read_header(path)], StudyOptions()).develop(None).images[0]
    assert image.pixels.shape == (6_500, 6_600, 3)
    assert memory.grown_bytes < 10 * pixels
