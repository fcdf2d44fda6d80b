import logging
import struct
import traceback
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from osler.errors import InputError
from osler.formats.dicom_header import read_header, uid_digest
from osler.testing.dicom import PATIENT, make_dicom

FILM = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
AXIAL = [1, 0, 0, 0, 1, 0]


def made(tmp_path, **elements):
    return read_header(make_dicom(tmp_path / "a", FILM, **elements))


def nested(**elements) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def test_a_header_tells_what_a_real_ct_slice_is():
    header = read_header(Path(get_testdata_file("CT_small.dcm")))
    assert (header.modality, header.sop_class) == ("CT", "1.2.840.10008.5.1.4.1.1.2")
    assert (header.rows, header.columns, header.num_frames, header.samples) == (128, 128, 1, 1)
    assert (header.slope, header.intercept, header.bits_allocated) == (1.0, -1024.0, 16)
    assert header.image_type == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert header.position_lps_mm == pytest.approx((-158.135803, -179.035797, -75.699997))
    assert header.orientation_lps == (1, 0, 0, 0, 1, 0)
    assert header.spacing_mm == (0.661468, 0.661468)
    assert header.thickness_mm == 5.0
    assert header.transfer_syntax == "1.2.840.10008.1.2.1"
    assert header.is_image


def test_identifiers_are_those_of_the_file(tmp_path):
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    header = made(tmp_path, StudyInstanceUID=study, SeriesInstanceUID=series, FrameOfReferenceUID=frame)
    assert (header.study_uid, header.series_uid, header.frame_of_reference_uid) == (study, series, frame)


def test_nothing_that_names_a_patient_or_a_study_is_printed_with_a_header(tmp_path):
    study = generate_uid()
    header = made(tmp_path, StudyInstanceUID=study, StudyDate="16050116", PatientComments="Rocinante")
    shown = repr(header)
    assert not any(value in shown for value in (*PATIENT.values(), study, header.sop_uid, "16050116", "Rocinante"))


def test_a_digest_is_twelve_digits_that_are_always_the_same():
    assert uid_digest("1.2.840") == uid_digest("1.2.840")
    assert len(uid_digest("1.2.840")) == 12
    assert uid_digest("1.2.840") != uid_digest("1.2.841")


def test_the_modality_is_told_by_the_class_where_the_file_does_not_say(tmp_path):
    assert made(tmp_path, modality="CT", Modality="").modality == "CT"


@pytest.mark.parametrize("value", ["QUIXOTE", "QUIXOTE ALONSO", "ct scan"])
def test_a_code_that_is_not_the_standard_s_is_left_out(tmp_path, value):
    header = made(
        tmp_path, modality="OT", Modality=value, ViewPosition=value, BodyPartExamined=value, ImageLaterality=value
    )
    assert (header.modality, header.view_position, header.body_part, header.laterality) == ("", "", "", "")


def test_codes_of_the_standard_s_are_kept(tmp_path):
    header = made(tmp_path, ViewPosition="PA", BodyPartExamined="CHEST", Laterality="L")
    assert (header.view_position, header.body_part, header.laterality) == ("PA", "CHEST", "L")


@pytest.mark.parametrize(
    ("keyword", "tag", "form"),
    [
        ("RescaleSlope", (0x28, 0x1053), b"DS"),
        ("SeriesNumber", (0x20, 0x11), b"IS"),
        ("SliceThickness", (0x18, 0x50), b"DS"),
    ],
)
def test_a_damaged_number_is_none_and_nothing_else_is_lost(tmp_path, keyword, tag, form):
    path = make_dicom(tmp_path / "a", FILM, **{keyword: "12345678"})
    path.write_bytes(
        path.read_bytes().replace(
            struct.pack("<HH2sH", *tag, form, 8) + b"12345678", struct.pack("<HH2sH", *tag, form, 8) + b"Quixote "
        )
    )
    header = read_header(path)
    assert (header.slope, header.series_number, header.thickness_mm) == (None, None, None)
    assert header.rows == 40


@pytest.mark.parametrize("position", [[1, 2], [1, 2, 3, 4], ["nan", 1, 2], None])
def test_a_position_that_is_not_three_numbers_is_none(tmp_path, position):
    elements = {} if position is None else {"ImagePositionPatient": position}
    assert made(tmp_path, **elements).position_lps_mm is None


@pytest.mark.parametrize("spacing", [[0, 1], [-1, 1]])
def test_a_spacing_that_is_not_positive_is_none(tmp_path, spacing):
    assert made(tmp_path, PixelSpacing=spacing).spacing_mm is None


def test_the_detector_s_spacing_stands_in(tmp_path):
    assert made(tmp_path, ImagerPixelSpacing=[0.2, 0.3]).spacing_mm == (0.2, 0.3)
    assert made(tmp_path, ImagerPixelSpacing=[0.2, 0.3], PixelSpacing=[0.1, 0.1]).spacing_mm == (0.1, 0.1)


@pytest.mark.parametrize("frames", [0, -3])
def test_there_is_at_least_one_frame(tmp_path, frames):
    assert made(tmp_path, NumberOfFrames=frames).num_frames == 1


def test_later_acquisitions_sort_after_earlier_ones(tmp_path):
    moments = [("20240101", "090000"), ("20240101", "101500.5"), ("20240102", "080000")]
    headers = [made(tmp_path, StudyDate=day, StudyTime=time) for day, time in reversed(moments)]
    ordered = sorted(headers, key=lambda header: header.time_order)
    assert ordered == headers[::-1]
    assert sorted(headers, key=lambda header: header.study_order) == headers[::-1]


def test_within_a_study_the_acquisition_s_time_decides(tmp_path):
    first = made(tmp_path, StudyDate="20240101", StudyTime="1200", AcquisitionDate="20240101", AcquisitionTime="1210")
    second = made(tmp_path, StudyDate="20240101", StudyTime="1200", AcquisitionDateTime="202401011220")
    assert first.study_order == second.study_order
    assert first.time_order < second.time_order


@pytest.fixture
def enhanced(tmp_path):
    """Six frames: two echoes of three slices, with a rescale that changes from frame to frame."""
    frames = []
    for number in range(6):
        frames.append(
            nested(
                PlanePositionSequence=[nested(ImagePositionPatient=[0, 0, 5.0 * (number % 3)])],
                FrameContentSequence=[nested(StackID="Quixote", InStackPositionNumber=number % 3 + 1)],
                MREchoSequence=[nested(EffectiveEchoTime=20.0 if number < 3 else 80.0)],
                PixelValueTransformationSequence=[nested(RescaleSlope=number + 1, RescaleIntercept=-number)],
            )
        )
    shared = nested(
        PlaneOrientationSequence=[nested(ImageOrientationPatient=AXIAL)],
        PixelMeasuresSequence=[nested(PixelSpacing=[0.5, 0.6], SliceThickness=4)],
    )
    return make_dicom(
        tmp_path / "enhanced",
        np.stack([FILM] * 6),
        frames=6,
        modality="MR",
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )


def test_each_frame_of_an_enhanced_image_has_its_place(enhanced):
    frames = read_header(enhanced).frames
    assert [frame.position_lps_mm for frame in frames[:3]] == [(0, 0, 0), (0, 0, 5), (0, 0, 10)]
    assert {frame.orientation_lps for frame in frames} == {tuple(map(float, AXIAL))}
    assert {frame.spacing_mm for frame in frames} == {(0.5, 0.6)}
    assert [(frame.slope, frame.intercept) for frame in frames[:2]] == [(1.0, 0.0), (2.0, -1.0)]
    assert frames[0].thickness_mm == 4.0


def test_frames_of_different_echoes_are_different_stacks(enhanced):
    assert [frame.stack for frame in read_header(enhanced).frames] == [0, 0, 0, 1, 1, 1]


def test_the_name_of_a_stack_is_not_printed(enhanced):
    assert "Quixote" not in repr(read_header(enhanced).frames)


def test_a_slide_s_hundred_thousand_frames_are_not_listed(enhanced):
    dataset = pydicom.dcmread(enhanced)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    dataset.save_as(enhanced)
    assert read_header(enhanced).frames == ()


def test_pixels_are_not_read(tmp_path):
    path = make_dicom(tmp_path / "a", FILM)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\xe0\x7f\x10\x00") + 12])
    assert read_header(path).has_pixels


@pytest.mark.parametrize("length", [0x7FFFFFF0, 0xFFFFFFF0])
def test_a_value_that_claims_gigabytes_takes_no_memory(tmp_path, length):
    path = make_dicom(tmp_path / "a", FILM)
    content = path.read_bytes()
    place = content.index(b"\x08\x00\x16\x00")
    claim = struct.pack("<HH2sHI", 8, 0x10, b"OB", 0, length)
    path.write_bytes(content[:place] + claim + content[place:])
    try:
        read_header(path)
    except InputError as error:
        assert str(path) in error.message


def test_a_header_of_countless_elements_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("osler.formats.dicom_stream.MAX_READS", 3_000)
    path = make_dicom(tmp_path / "a", FILM)
    content = path.read_bytes()
    place = content.index(b"\x08\x00\x16\x00")
    items = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 2_000
    sequence = struct.pack("<HH2sHI", 8, 6, b"SQ", 0, 0xFFFFFFFF) + items + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    path.write_bytes(content[:place] + sequence + content[place:])
    with pytest.raises(InputError, match="more data elements than are read"):
        read_header(path)


def test_a_deflated_file_is_inflated_only_as_far_as_needed():
    header = read_header(Path(get_testdata_file("image_dfl.dcm")))
    assert (header.rows, header.columns, header.modality, header.has_pixels) == (512, 512, "OT", True)


@pytest.mark.parametrize("content", [b"", b"no DICOM at all, only prose", b"\0" * 4000])
def test_anything_else_is_one_error(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        read_header(path)


def test_no_patient_s_value_reaches_errors_warnings_logs_or_the_terminal(tmp_path, recwarn, caplog, capfd):
    path = make_dicom(tmp_path / "a", FILM, RescaleSlope="12345678", StudyInstanceUID="1.2.3", ViewPosition="PA")
    content = path.read_bytes()
    broken = [
        content[:400],
        content.replace(b"12345678", b"Quixote "),
        content.replace(b"1.2.3", b"Quijo"),
        content.replace(b"MONOCHROME2", b"QUIXOTE^ALO"),
        content.replace(b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00PN\x02\x00"),
    ]
    recwarn.clear()
    with caplog.at_level(logging.DEBUG):
        for number, damaged in enumerate(broken):
            target = tmp_path / str(number)
            target.write_bytes(damaged)
            told = ""
            try:
                told = repr(read_header(target))
            except InputError as error:
                told = "".join(traceback.format_exception(error))
            told = told.replace(str(tmp_path), "")
            spoken = " ".join([told, caplog.text, *(str(one.message) for one in recwarn.list), *capfd.readouterr()])
            for value in (*PATIENT.values(), "Quixote", "QUIXOTE", "Quijo"):
                assert value not in spoken


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="got a folder"):
        read_header(tmp_path)
