import logging
import traceback
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from osler.errors import InputError
from osler.formats.dicom import read_dicom
from osler.testing.dicom import PATIENT, make_dicom

FILM = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
COLOUR = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize("compression", ["none", "rle", "jpeg2000"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16])
def test_stored_values_come_out_as_they_went_in(tmp_path, kind, compression):
    values = (FILM // 8).astype(kind) - (100 if kind == np.int16 else 0)
    dicom = read_dicom(make_dicom(tmp_path / "film", values.astype(kind), compression=compression))
    assert dicom.stored.dtype == kind
    assert np.array_equal(dicom.stored, values)


@pytest.mark.parametrize("compression", ["none", "rle", "jpeg2000"])
def test_colour_comes_out_as_it_went_in(tmp_path, compression):
    path = make_dicom(tmp_path / "photo", COLOUR, photometric="RGB", compression=compression, modality="XC")
    dicom = read_dicom(path)
    assert (dicom.photometric, dicom.modality, dicom.bits) == ("RGB", "XC", 8)
    assert np.array_equal(dicom.stored, COLOUR)


def test_baseline_jpeg_is_decoded_and_turned_from_ybr_into_rgb(tmp_path):
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    dicom = read_dicom(make_dicom(tmp_path / "a", flat, photometric="YBR_FULL", compression="jpeg"))
    assert np.abs(dicom.stored.astype(int) - flat).max() < 6
    assert dicom.steps[-1] == "YBR turned into RGB"


def test_what_is_needed_to_read_the_values_comes_with_them(tmp_path):
    path = make_dicom(
        tmp_path / "a", FILM, photometric="MONOCHROME1", modality="CR", bits=12, RescaleSlope=0.5, RescaleIntercept=-3
    )
    dicom = read_dicom(path)
    assert (dicom.photometric, dicom.modality, dicom.bits) == ("MONOCHROME1", "CR", 12)
    assert (dicom.slope, dicom.intercept, dicom.looked_up) == (0.5, -3.0, None)
    assert dicom.steps == ("decoded DICOM (Explicit VR Little Endian): 50 × 40 pixels, uint16",)


def test_without_a_rescale_there_is_none(tmp_path):
    dicom = read_dicom(make_dicom(tmp_path / "a", FILM))
    assert (dicom.slope, dicom.intercept) == (None, None)


def test_an_enhanced_image_s_rescale_is_found_in_its_functional_groups(tmp_path):
    transformation, group = Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = 2, -1024
    group.PixelValueTransformationSequence = [transformation]
    dicom = read_dicom(make_dicom(tmp_path / "a", FILM, SharedFunctionalGroupsSequence=[group]))
    assert (dicom.slope, dicom.intercept) == (2.0, -1024.0)


def test_a_modality_lut_is_looked_up(tmp_path):
    table = Dataset()
    table.LUTDescriptor = [4, 0, 16]
    table.LUTData = np.array([10, 20, 30, 65_000], np.uint16).tobytes()
    table["LUTData"].VR = "OW"
    table.ModalityLUTType = "US"
    path = make_dicom(tmp_path / "a", np.array([[0, 3], [2, 9]], np.uint16), ModalityLUTSequence=[table])
    assert read_dicom(path).looked_up.tolist() == [[10, 65_000], [30, 65_000]]


def test_a_palette_is_looked_up(tmp_path):
    tables = {"Red": [0, 10, 20, 30], "Green": [1, 11, 21, 31], "Blue": [2, 12, 22, 255]}
    entries = {f"{name}PaletteColorLookupTableDescriptor": [4, 0, 8] for name in tables}
    entries |= {f"{name}PaletteColorLookupTableData": bytes(values) for name, values in tables.items()}
    path = make_dicom(tmp_path / "a", np.array([[0, 1, 3, 9]], np.uint8), photometric="PALETTE COLOR", **entries)
    dicom = read_dicom(path)
    assert dicom.stored.tolist() == [[[0, 1, 2], [10, 11, 12], [30, 31, 255], [30, 31, 255]]]
    assert dicom.photometric == "RGB"


def test_files_without_preamble_or_meta_information_are_read(tmp_path):
    path = make_dicom(tmp_path / "a", FILM)
    dataset = pydicom.dcmread(path)
    content = path.read_bytes()
    path.write_bytes(content[content.index(b"\x08\x00\x16\x00") :])
    assert np.array_equal(read_dicom(path).stored, dataset.pixel_array)


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "modality"),
    [
        ("CT_small.dcm", 128, 2191, "CT"),
        ("MR_small.dcm", 127, 2145, "MR"),
        ("MR_small_RLE.dcm", 127, 2145, "MR"),
        ("MR_small_bigendian.dcm", 127, 2145, "MR"),
        ("MR_small_jp2klossless.dcm", 127, 2145, "MR"),
        ("MR_small_jpeg_ls_lossless.dcm", 127, 2145, "MR"),
        ("JPGExtended.dcm", 0, 264, "NM"),
        ("image_dfl.dcm", 0, 255, "OT"),
    ],
)
def test_real_files_of_pydicom_s_are_read(name, lowest, highest, modality):
    dicom = read_dicom(Path(get_testdata_file(name)))
    assert (dicom.stored.min(), dicom.stored.max(), dicom.modality) == (lowest, highest, modality)


@pytest.mark.parametrize(
    "name", ["SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_rle.dcm", "SC_ybr_full_422_uncompressed.dcm", "SC_rgb_jpeg_gdcm.dcm"]
)
def test_real_colour_files_show_the_red_bar_at_their_top(name):
    """All are the same test card, written by different tools; its first rows are pure red."""
    stored = read_dicom(Path(get_testdata_file(name))).stored
    red, green, blue = stored[3, 50].astype(int)
    assert red > 240 and green < 20 and blue < 20


def test_any_frame_is_read_by_its_number(tmp_path):
    path = make_dicom(tmp_path / "cine", np.stack([FILM, FILM + 1, FILM + 2]), frames=3)
    assert np.array_equal(read_dicom(path).stored, FILM)
    last = read_dicom(path, 2)
    assert np.array_equal(last.stored, FILM + 2)
    assert (last.frame, last.num_frames, last.steps[1]) == (2, 3, "frame 3 of 3")


def test_a_frame_beyond_the_last_is_refused_with_the_number_there_is(tmp_path):
    path = make_dicom(tmp_path / "cine", np.stack([FILM] * 3), frames=3)
    with pytest.raises(InputError, match="expected one of its 3 frames, got frame 4"):
        read_dicom(path, 3)


def test_a_number_of_frames_of_one_is_a_single_frame(tmp_path):
    assert read_dicom(make_dicom(tmp_path / "a", FILM, NumberOfFrames=1)).stored.shape == (40, 50)


def test_a_file_without_an_image_is_refused_with_its_class():
    with pytest.raises(InputError, match=r"without one \(Basic Text SR Storage\)"):
        read_dicom(Path(get_testdata_file("reportsi.dcm")))


def test_a_class_that_is_several_values_is_left_out_of_the_message(tmp_path):
    path = make_dicom(tmp_path / "a", FILM, Rows=None, Columns=None, SOPClassUID=["1.2.3", "1.2.4"])
    with pytest.raises(InputError, match=r"a DICOM file without one$"):
        read_dicom(path)


def test_a_file_with_rows_but_no_pixels_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected \(7FE0,0010\) Pixel Data"):
        read_dicom(make_dicom(tmp_path / "a", FILM, PixelData=None))


def test_a_size_beyond_the_limit_is_refused_from_the_header(tmp_path):
    path = make_dicom(tmp_path / "a", FILM, Rows=60_000, Columns=60_000)
    with pytest.raises(InputError, match="60,000 × 60,000"):
        read_dicom(path)


@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_a_size_of_zero_is_refused(tmp_path, keyword):
    with pytest.raises(InputError, match="at least 1 × 1"):
        read_dicom(make_dicom(tmp_path / "a", FILM, **{keyword: 0}))


def test_missing_columns_are_named_by_tag(tmp_path):
    with pytest.raises(InputError, match=r"\(0028,0011\) Columns to be a whole number, got NoneType"):
        read_dicom(make_dicom(tmp_path / "a", FILM, Columns=None))


def test_four_samples_a_pixel_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"1 or 3 \(0028,0002\) Samples per Pixel, got 4"):
        read_dicom(make_dicom(tmp_path / "a", FILM, SamplesPerPixel=4))


def test_colour_that_calls_itself_grey_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_dicom(make_dicom(tmp_path / "a", COLOUR, photometric="MONOCHROME2"))


def test_a_rescale_that_is_no_number_is_refused_by_tag(tmp_path):
    path = make_dicom(tmp_path / "a", FILM, RescaleSlope="12345678", RescaleIntercept=0)
    path.write_bytes(path.read_bytes().replace(b"12345678", b"Quixote "))
    with pytest.raises(InputError, match=r"\(0028,1053\) Rescale Slope to be a finite number"):
        read_dicom(path)


def test_a_compression_that_is_not_read_is_named(tmp_path):
    path = make_dicom(tmp_path / "a", COLOUR, photometric="YBR_FULL", compression="jpeg")
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML
    dataset.save_as(path)
    with pytest.raises(InputError, match=r"compression \(MPEG2 Main Profile / Main Level\) is not read"):
        read_dicom(path)


@pytest.mark.parametrize("compression", ["none", "rle", "jpeg", "jpeg2000"])
def test_a_file_cut_off_anywhere_is_one_input_error(tmp_path, compression):
    noise = np.random.default_rng(2).integers(0, 256, (64, 64), dtype=np.uint8)
    whole = make_dicom(tmp_path / "whole", noise, compression=compression).read_bytes()
    path = tmp_path / "cut"
    for length in (140, 200, 300, 500, len(whole) // 2, len(whole) - 1000):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_dicom(path)


def test_no_patient_s_value_reaches_tracebacks_warnings_logs_or_the_terminal(tmp_path, recwarn, caplog, capfd):
    path = make_dicom(tmp_path / "a", FILM, modality="QUIXOTEALONSO", RescaleSlope="12345678", RescaleIntercept=0)
    content = path.read_bytes()
    broken = [
        content[: len(content) // 2],
        content.replace(b"12345678", b"Quixote "),
        content.replace(b"QUIXOTEALONSO", b"quixote^quijo").replace(
            b"1.2.840.10008.5.1.4.1.1.7", b"quixote.de.la.mancha.1605"
        ),
        content.replace(b"MONOCHROME2", b"QUIXOTE^ALO"),
        content.replace(b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00LO\x02\x00"),
    ]
    with caplog.at_level(logging.DEBUG):
        for number, damaged in enumerate(broken):
            target = tmp_path / str(number)
            target.write_bytes(damaged)
            told = ""
            try:
                read_dicom(target)
            except InputError as error:
                told = "".join(traceback.format_exception(error)).replace(str(tmp_path), "")
            spoken = " ".join(
                [told, caplog.text, *(str(warning.message) for warning in recwarn.list), *capfd.readouterr()]
            )
            for value in (*PATIENT.values(), "Quixote", "QUIXOTE", "quixote"):
                assert value not in spoken
