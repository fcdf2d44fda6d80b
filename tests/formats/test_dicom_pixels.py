import io
import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image as Pillow
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRBigEndian, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from osler.errors import InputError
from osler.formats.dicom import read_dicom
from osler.testing.dicom import make_dicom

FILM = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
ODD = np.random.default_rng(4).integers(0, 256, (3, 5, 7), dtype=np.uint8)


def compressed(path: Path, syntax: UID, *frames: bytes) -> Path:
    """The file with other, compressed pixels."""
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate(list(frames))
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = syntax
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    dataset.save_as(path)
    return path


def jpeg(pixels: np.ndarray, kind: str = "JPEG", **options) -> bytes:
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def big_endian(path: Path, form: str) -> Path:
    dataset = pydicom.dcmread(path)
    if form == "OW":
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset["PixelData"].VR = form
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset = pydicom.FileDataset("", Dataset(dataset), file_meta=dataset.file_meta, preamble=b"\0" * 128)
    pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=False)
    return path


@pytest.mark.parametrize("form", ["OB", "OW"])
@pytest.mark.parametrize("frame", range(3))
def test_8_bit_frames_of_odd_size_are_read_from_big_endian_words_and_bytes(tmp_path, form, frame):
    path = big_endian(make_dicom(tmp_path / "a", ODD, frames=3), form)
    assert np.array_equal(read_dicom(path, frame).stored, ODD[frame])


@pytest.mark.parametrize("frame", range(3))
def test_frames_of_one_bit_a_pixel_need_not_begin_at_a_byte(tmp_path, frame):
    bits = (ODD > 128).astype(np.uint8)
    path = make_dicom(tmp_path / "a", bits, frames=3)
    dataset = pydicom.dcmread(path)
    content = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset.save_as(path)
    image = read_dicom(path, frame)
    assert np.array_equal(image.stored, bits[frame])
    assert image.bits == 1


@pytest.mark.parametrize(("kind", "keyword"), [(np.float32, "FloatPixelData"), (np.float64, "DoubleFloatPixelData")])
def test_real_numbers_are_read(tmp_path, kind, keyword):
    values = np.linspace(-3, 5, 40 * 50, dtype=kind).reshape(40, 50)
    path = make_dicom(tmp_path / "a", FILM)
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.BitsAllocated = values.dtype.itemsize * 8
    setattr(dataset, keyword, values.tobytes())
    dataset.save_as(path)
    stored = read_dicom(path).stored
    assert stored.dtype == kind
    assert np.array_equal(stored, values)


@pytest.mark.parametrize("kind", [np.uint32, np.int32])
def test_32_bits_are_read(tmp_path, kind):
    values = (FILM.astype(np.int64) * 100_000 + (0 if kind == np.uint32 else -(2**30))).astype(kind)
    path = make_dicom(tmp_path / "a", FILM)
    dataset = pydicom.dcmread(path)
    dataset.BitsAllocated = dataset.BitsStored = 32
    dataset.HighBit, dataset.PixelRepresentation = 31, int(kind == np.int32)
    dataset.PixelData = values.tobytes()
    dataset.save_as(path)
    assert np.array_equal(read_dicom(path).stored, values)


def test_what_lies_in_unused_bits_is_cleared(tmp_path):
    path = make_dicom(tmp_path / "a", FILM | 0xF000, bits=12)
    assert np.array_equal(read_dicom(path).stored, FILM & 0x0FFF)


@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_values_that_stand_in_the_upper_bits_are_brought_down(tmp_path, kind):
    values = (FILM.astype(np.int32) - (1000 if kind == np.int16 else 0)).astype(kind)
    path = make_dicom(tmp_path / "a", (values << 4) | 0x0005, bits=12, HighBit=15)
    stored = read_dicom(path).stored
    assert stored.dtype == kind
    assert np.array_equal(stored, values)


def test_colour_in_planes_comes_out_as_colour_by_pixel(tmp_path):
    colour = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    path = make_dicom(tmp_path / "a", colour, photometric="RGB")
    dataset = pydicom.dcmread(path)
    dataset.PlanarConfiguration = 1
    dataset.PixelData = colour.transpose(2, 0, 1).tobytes()
    dataset.save_as(path)
    assert np.array_equal(read_dicom(path).stored, colour)


def test_halved_colour_that_is_not_halved_is_read_as_full(tmp_path):
    flat = np.full((4, 6, 3), (76, 85, 255), np.uint8)  # red in YBR_FULL
    path = make_dicom(tmp_path / "a", flat, photometric="YBR_FULL_422")
    red, green, blue = read_dicom(path).stored[2, 3].astype(int)
    assert red > 250 and green < 5 and blue < 5


@pytest.mark.parametrize("frame", range(3))
@pytest.mark.parametrize(("syntax", "kind"), [(JPEGBaseline8Bit, "JPEG"), (JPEG2000Lossless, "JPEG2000")])
def test_each_frame_of_a_compressed_file_is_found(tmp_path, frame, syntax, kind):
    levels = [np.full((16, 24), level, np.uint8) for level in (10, 120, 240)]
    path = make_dicom(tmp_path / "a", levels[0])
    compressed(
        path, syntax, *(jpeg(level, kind, **({"no_jp2": True} if kind == "JPEG2000" else {})) for level in levels)
    )
    assert np.abs(read_dicom(path, frame).stored.astype(int) - levels[frame]).max() < 3


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_a_compressed_frame_larger_than_its_header_says_is_never_decompressed(tmp_path, kind):
    syntax = JPEGBaseline8Bit if kind == "JPEG" else JPEG2000Lossless
    path = make_dicom(tmp_path / "a", np.zeros((16, 16), np.uint8))
    compressed(path, syntax, jpeg(np.zeros((3000, 2000), np.uint8), kind))
    with pytest.raises(
        InputError, match="header says 16 × 16 pixels of 1 values, its compressed data 2000 × 3000 of 1"
    ):
        read_dicom(path)


def test_compressed_data_that_is_none_is_named(tmp_path):
    path = compressed(make_dicom(tmp_path / "a", np.zeros((16, 16), np.uint8)), JPEGBaseline8Bit, b"no picture at all!")
    with pytest.raises(InputError, match="begins as none of JPEG, JPEG-LS and JPEG 2000"):
        read_dicom(path)


def test_run_lengths_that_unpack_to_gigabytes_are_refused(tmp_path):
    path = make_dicom(tmp_path / "a", np.zeros((16, 16), np.uint8))
    bomb = struct.pack("<16L", 1, 64, *[0] * 14) + bytes([129, 0]) * (9 * 2**19)
    compressed(path, RLELossless, bomb)
    with pytest.raises(InputError, match="unpacks to more than twice the 256 bytes"):
        read_dicom(path)


def test_compressed_data_under_an_uncompressed_syntax_is_named(tmp_path):
    path = make_dicom(tmp_path / "a", np.zeros((16, 16), np.uint8), compression="rle")
    content = path.read_bytes()
    rle, plain = b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0"
    path.write_bytes(content.replace(rle, plain))
    with pytest.raises(InputError, match="is compressed, its transfer syntax says that it is not"):
        read_dicom(path)


def test_missing_bytes_are_counted(tmp_path):
    path = make_dicom(tmp_path / "a", FILM)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        InputError, match=r"expected 4,000 bytes of \(7FE0,0010\) Pixel Data for 50 × 40 pixels, got 3,9"
    ):
        read_dicom(path)


def test_a_frame_is_read_even_where_later_ones_are_cut_off(tmp_path):
    path = make_dicom(tmp_path / "a", np.stack([FILM, FILM, FILM]), frames=3)
    path.write_bytes(path.read_bytes()[:-100])
    assert np.array_equal(read_dicom(path, 1).stored, FILM)
    with pytest.raises(InputError, match="3 frames of 50 × 40"):
        read_dicom(path, 2)


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("BitsAllocated", 12, r"expected 1 or 8 or 16 or 32 or 64 \(0028,0100\) Bits Allocated, got 12"),
        ("BitsStored", 17, r"expected 1 to 16 \(0028,0101\) Bits Stored, got 17"),
        ("PixelRepresentation", 2, r"expected 0 or 1 \(0028,0103\) Pixel Representation, got 2"),
        ("PlanarConfiguration", 3, r"expected 0 or 1 \(0028,0006\) Planar Configuration, got 3"),
        ("PhotometricInterpretation", "RGB", r"\(0028,0004\) Photometric Interpretation"),
        ("PhotometricInterpretation", "", r"\(0028,0004\) Photometric Interpretation"),
    ],
)
def test_impossible_numbers_are_named_by_tag(tmp_path, keyword, value, expected):
    with pytest.raises(InputError, match=expected):
        read_dicom(make_dicom(tmp_path / "a", FILM, **{keyword: value}))


@pytest.mark.parametrize("keyword", ["SamplesPerPixel", "PixelRepresentation", "BitsStored"])
def test_what_can_be_taken_for_granted_may_be_missing(tmp_path, keyword):
    assert np.array_equal(read_dicom(make_dicom(tmp_path / "a", FILM, **{keyword: None})).stored, FILM)


def test_pixels_that_would_take_gigabytes_are_refused_from_the_header(tmp_path):
    path = make_dicom(tmp_path / "a", FILM, Rows=12_000, Columns=12_000, BitsAllocated=64, BitsStored=64)
    with pytest.raises(InputError, match="12,000 × 12,000 pixels of 64 bits take 1,152,000,000 bytes a frame"):
        read_dicom(path)


def test_many_compressed_pixels_are_refused_from_the_header(tmp_path):
    path = make_dicom(tmp_path / "a", np.zeros((64, 64), np.uint8), compression="rle", Rows=13_000, Columns=13_000)
    with pytest.raises(InputError, match="13,000 × 13,000 compressed pixels"):
        read_dicom(path)


def test_a_file_s_second_version_is_not_taken_for_its_first(tmp_path):
    path = make_dicom(tmp_path / "a", FILM)
    assert read_dicom(path).stored.shape == (40, 50)
    make_dicom(path, FILM[:20])
    assert read_dicom(path).stored.shape == (20, 50)


def test_frames_of_a_real_enhanced_image_differ():
    path = Path(get_testdata_file("eCT_Supplemental.dcm"))
    first, second = read_dicom(path, 0), read_dicom(path, 1)
    assert (first.num_frames, first.modality, first.stored.shape) == (2, "CT", (512, 512))
    assert not np.array_equal(first.stored, second.stored)
